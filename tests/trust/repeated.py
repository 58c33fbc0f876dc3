"""The same input again, elsewhere and otherwise: the part ``repeated``."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from allocator.resources import samples_folder
from tests.cli.small_task import write_task
from tests.trust.figures import Figure

# What may differ between runs of one input: times, and what rests on them.
_TIMES = ("times", "seconds", "objectives", "files")
_SEEDS = ("0", "1", "4711")
SURROUNDINGS: dict[str, dict[str, str]] = {
    "again": {},
    **{f"hash seed {seed}": {"PYTHONHASHSEED": seed} for seed in _SEEDS},
    "locale C": {"LC_ALL": "C", "LANG": "C", "PYTHONUTF8": "0"},
    "locale zh_CN.GBK": {"LC_ALL": "zh_CN.GBK", "PYTHONUTF8": "0"},
    "time zone Shanghai": {"TZ": "Asia/Shanghai"},
    "time zone Honolulu": {"TZ": "Pacific/Honolulu"},
}
THREADS = (1, 2)
SAMPLES = ("jianggan", "xinjian")


def plan(brief: Path, out: Path, folder: Path, **environment: str) -> None:
    """Run ``allocator plan`` in a process of its own, in a folder."""
    command = [sys.executable, "-m", "allocator.cli", "plan", str(brief), "-q"]
    ran = subprocess.run(
        [*command, "-o", str(out), "--force", "--only", "map,workbook"],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])} | environment,
        capture_output=True,
        check=False,
    )
    if ran.returncode:
        raise RuntimeError(ran.stderr.decode(errors="replace")[-500:])


def contents(run: Path) -> dict[str, str]:
    """Return the SHA-256 of every file of a run; of run.json without its times."""
    found = {}
    for path in sorted(p for p in run.rglob("*") if p.is_file()):
        raw = path.read_bytes()
        if path.name == "run.json":
            certificate = json.loads(raw)
            said = [(s["name"], s["value"]) for s in certificate["objectives"]]
            for name in _TIMES:
                certificate.pop(name, None)
            raw = json.dumps([certificate, said], sort_keys=True).encode()
        found[path.name] = hashlib.sha256(raw).hexdigest()
    return found


def differing(one: dict[str, str], two: dict[str, str]) -> list[str]:
    """Return the names of files that differ."""
    return sorted(n for n in one.keys() | two.keys() if one.get(n) != two.get(n))


def try_surroundings(brief: Path, folder: Path) -> Figure:
    """Plan in every surrounding; each file must hold the same bytes."""
    first, wrong, said = folder / "first", 0, []
    plan(brief, first, folder)
    expected = contents(first)
    for number, (what, environment) in enumerate(SURROUNDINGS.items()):
        elsewhere = folder / f"elsewhere{number}"
        elsewhere.mkdir()
        plan(brief, elsewhere / "run", elsewhere, **environment)
        found = differing(expected, contents(elsewhere / "run"))
        wrong += bool(found)
        said += [f"{what}: {', '.join(found)}"] if found else []
    what = f"same bytes of {brief.parent.name} in other surroundings"
    return Figure(what, len(SURROUNDINGS), wrong, "; ".join(said or SURROUNDINGS))


def try_threads(brief: Path, folder: Path) -> Figure:
    """Plan on one and two threads; the plan must be the same."""
    text = brief.read_text(encoding="utf-8")
    plans = []
    for threads in THREADS:
        copy = folder / f"threads{threads}"
        shutil.copytree(brief.parent, copy)
        line = f"threads = {threads}"
        section = "[solver]\n"
        changed = (
            text.replace(section, f"{section}{line}\n")
            if section in text
            else f"{text}\n{section}{line}\n"
        )
        (copy / "brief.toml").write_text(changed, encoding="utf-8")
        plan(copy / "brief.toml", copy / "run", copy)
        plans.append(contents(copy / "run"))
    names = ("placements.csv", "assignments.csv", "allocations.csv", "audit.csv")
    found = [n for n in differing(*plans) if n in names]
    what = f"same plan of {brief.parent.name} on 1 and 2 threads"
    return Figure(what, 1, int(bool(found)), ", ".join(found))


def figures(share: float) -> list[Figure]:
    """Try the small task and two samples; the small one alone where share < 1."""
    found = []
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made).resolve()
        briefs = [write_task(folder / "small")]
        if share >= 1:
            for sample in SAMPLES:
                shutil.copytree(samples_folder() / sample, folder / sample)
                briefs.append(folder / sample / "brief.toml")
        for brief in briefs:
            runs = folder / f"runs of {brief.parent.name}"
            runs.mkdir()
            found += [try_surroundings(brief, runs), try_threads(brief, runs)]
    return found
