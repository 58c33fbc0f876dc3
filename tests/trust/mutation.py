"""Mutants of `allocator.formulation` and `allocator.audit`: does a test notice each?

What survives is either listed in ``equivalent.toml`` with the reason why it changes no
result, or it is a test that is missing, and counts as wrong.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import tomllib
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.trust.figures import Figure
from tests.trust.mutants import PACKAGES, ROOT, Mutant, mutant_of, sample

if TYPE_CHECKING:
    from collections.abc import Sequence

EQUIVALENT = Path(__file__).parent / "equivalent.toml"
MOST_SECONDS = 8.0  # of tests for one mutant, as long as they take without it
PART = 0.2  # of all places, at a share of 1: what has been looked at one by one
# Tests that neither build a program nor audit a plan, or only by the way of a command.
_ELSEWHERE = {
    "test_architecture",
    "test_charts",
    "test_comparison_workbook",
    "test_documentation",
    "test_export",
    "test_samples",
    "test_summary",
    "test_workbook",
}


@dataclass(frozen=True)
class Equivalent:
    """A mutant that no test can kill, as it changes no result, and why.

    Parameters
    ----------
    file
        The module, relative to the checkout.
    within, was, becomes
        As in `Mutant`.
    why
        The reason.
    """

    file: str
    within: str
    was: str
    becomes: str
    why: str


def equivalents() -> list[Equivalent]:
    """Return the mutants known to change no result."""
    with EQUIVALENT.open("rb") as stream:
        return [Equivalent(**entry) for entry in tomllib.load(stream)["equivalent"]]


def test_files() -> list[str]:
    """Return the files of the tests that judge, relative to the checkout."""
    folders = ("rules", "decisions", "reasons", "scenarios", ".")
    found = [p for f in folders for p in (ROOT / "tests" / f).glob("test_*.py")]
    kept = sorted(
        p.relative_to(ROOT).as_posix() for p in found if p.stem not in _ELSEWHERE
    )
    return [*kept, "tests/trust/drawn.py"]


def judge(
    mutants: Sequence[Mutant], files: Sequence[str], **settings: Any
) -> list[dict[str, Any]]:
    """Return what became of each mutant: whether it was ``killed``, and ``by`` what.

    Parameters
    ----------
    mutants
        What is judged, in this order.
    files
        The files of tests that may kill one.
    settings
        ``map``: a file that keeps what tests reach from one run to the next;
        ``log``: a file to which verdicts are added one by one.
    """
    job = {
        "mutants": [asdict(mutant) for mutant in mutants],
        "files": list(files),
        "seconds": MOST_SECONDS,
        **settings,
    }
    with tempfile.TemporaryDirectory() as folder:
        asked, said = Path(folder, "job.json"), Path(folder, "result.json")
        asked.write_text(json.dumps(job), encoding="utf-8")
        command = [sys.executable, "-m", "tests.trust.killing", str(asked), str(said)]
        subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
        verdicts: list[dict[str, Any]] = json.loads(said.read_text(encoding="utf-8"))
    return verdicts


def figures(share: float) -> list[Figure]:
    """Judge a share of every fifth place; a share of 5 is all, and takes hours."""
    places = sample(min(1.0, PART * share))
    mutants = [m for place in places if (m := mutant_of(place)) is not None]
    verdicts = judge(mutants, test_files())
    known = {(e.file, e.within, e.was, e.becomes) for e in equivalents()}
    found = []
    for package in PACKAGES:
        mine = [
            (mutant, verdict)
            for mutant, verdict in zip(mutants, verdicts, strict=True)
            if mutant.path.startswith(f"allocator/{package}/")
        ]
        alive = [mutant for mutant, verdict in mine if not verdict["killed"]]
        open_ = [m for m in alive if (m.path, m.within, m.was, m.becomes) not in known]
        for mutant in open_:
            sys.stderr.write(
                f"alive: {mutant.path}:{mutant.line}\n"
                f"  {mutant.was}\n  {mutant.becomes}\n"
            )
        note = (
            f"{len(mine) - len(alive)} noticed by a test, {len(alive)} not; "
            f"{len(alive) - len(open_)} of these change no result"
        )
        found.append(
            Figure(f"a wrong line in `{package}`", len(mine), len(open_), note)
        )
    return found
