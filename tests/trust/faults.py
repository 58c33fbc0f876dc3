"""Killed, starved and refused at any moment: the part ``faults``.

A server process that has read the program forks a child for every attempt, so that a
kill falls into the work and not into the start of Python.
"""

from __future__ import annotations

import ctypes
import hashlib
import json
import multiprocessing
import os
import random
import resource
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.cli.small_task import write_task
from tests.trust.figures import Figure

if TYPE_CHECKING:
    from collections.abc import Callable

KILLS = 50
_SERVER = multiprocessing.get_context("forkserver")
_SERVER.set_forkserver_preload(["tests.trust.preloaded"])
_SERVICES = {"clinic": "x"}


# --- children -------------------------------------------------------------------------


def _command(arguments: list[str], said: str, start: str) -> None:
    """Run one command in a child; what it says goes to a file."""
    from allocator.cli.main import run  # noqa: PLC0415 (in the child)

    os.setpgid(0, 0)
    handle = os.open(said, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(handle, 1)
    os.dup2(handle, 2)
    getattr(sys.modules[__name__], start)()
    os._exit(run(arguments))


def as_it_is() -> None:
    """Change nothing."""


def as_nobody() -> None:
    """Give up every right, as a user who may write nowhere."""
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)


def starved() -> None:
    """Leave little more memory than the program has taken already."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    most = pages * os.sysconf("SC_PAGE_SIZE") + 24 * 2**20
    resource.setrlimit(resource.RLIMIT_AS, (most, most))


def started(arguments: list[str], said: Path, start: str = "as_it_is") -> Any:
    """Start a command in a child."""
    child = _SERVER.Process(target=_command, args=(arguments, str(said), start))
    child.start()
    return child


def ended(arguments: list[str], said: Path, start: str = "as_it_is") -> tuple[int, str]:
    """Run a command to its end; return its exit code and what it said."""
    child = started(arguments, said, start)
    child.join()
    code = child.exitcode
    return int(code), said.read_text(encoding="utf-8", errors="replace")


def stopped(arguments: list[str], said: Path, after: float, with_signal: int) -> int:
    """Send a command a signal after so many seconds; return how it ended."""
    child = started(arguments, said)
    child.join(after)
    if child.is_alive():
        os.kill(child.pid, with_signal)
    child.join()
    return int(child.exitcode)


# --- what is looked at ----------------------------------------------------------------


def digest(folder: Path) -> str:
    """Return what a run folder says, without its times; empty where there is none."""
    if not (folder / "run.json").exists():
        return ""
    said = hashlib.sha256()
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        said.update(path.name.encode())
        if path.name == "run.json":
            content = json.loads(path.read_text(encoding="utf-8"))
            for name in ("times", "objectives", "seconds", "files"):
                content.pop(name, None)
            said.update(json.dumps(content, sort_keys=True).encode())
        elif path.suffix == ".csv":
            said.update(path.read_bytes())
    return said.hexdigest()


class Plans:
    """Two plans of one small task, to be replaced by one another."""

    def __init__(self, folder: Path) -> None:
        self.said = folder / "said.txt"
        self.out = folder / "run"
        budgets = {"old": "capital_wan = 5000", "new": "capital_wan = 9000"}
        self.briefs = {
            word: write_task(folder / word, brief=("capital_wan = 5000", text))
            for word, text in budgets.items()
        }
        self.digests, self.seconds = {}, 0.0
        for word in ("new", "old"):
            began = time.monotonic()
            assert ended(self.command(word), self.said)[0] == 0
            self.seconds = time.monotonic() - began
            self.digests[word] = digest(self.out)

    def command(self, word: str, *more: str) -> list[str]:
        """Return the command that makes one of the plans."""
        brief = str(self.briefs[word])
        return ["plan", brief, "-o", str(self.out), "--force", "--only", "map", *more]


def kill_plan(folder: Path, times: int, draw: random.Random) -> tuple[int, str]:
    """Kill `plan --force` at random; the folder must hold one plan or the other."""
    plans, wrong, seen = Plans(folder), 0, dict.fromkeys(("old", "new", "between"), 0)
    words = {value: word for word, value in plans.digests.items()}
    for number in range(times):
        word = ("new", "old")[number % 2]
        moment = draw.uniform(0.0, plans.seconds * 1.05)
        stopped(plans.command(word), plans.said, moment, signal.SIGKILL)
        here = words.get(digest(plans.out), "")
        if not here:
            # Killed between two moves: the next command brings the old one back.
            ended(["verify", str(plans.out), "-q"], plans.said)
            here = words.get(digest(plans.out), "")
            seen["between"] += 1
        wrong += not here
        seen[here or "between"] += 1
    code, _ = ended(plans.command("new"), plans.said)
    wrong += code != 0 or digest(plans.out) != plans.digests["new"]
    return wrong, f"{seen['old']} held the plan before, {seen['new']} the next one"


def interrupt_plan(folder: Path, times: int, draw: random.Random) -> tuple[int, str]:
    """Send `plan` Ctrl-C at random; it must end in words, with a plan or with none."""
    plans, wrong, early = Plans(folder), 0, 0
    codes: dict[int, int] = {}
    for _ in range(times):
        moment = draw.uniform(0.0, plans.seconds)
        code = stopped(plans.command("new"), plans.said, moment, signal.SIGINT)
        codes[code] = codes.get(code, 0) + 1
        said = plans.said.read_text(encoding="utf-8", errors="replace")
        whole = ended(["verify", str(plans.out), "-q"], plans.said)[0] == 0
        wrong += "Traceback" in said or not whole or code not in (0, 130)
        early += "未证明" in said
    ends = ", ".join(f"{n} ended with {c}" for c, n in sorted(codes.items()))
    return wrong, f"{ends}; {early} with the best plan so far, which says so"


def kill_apply(folder: Path, times: int, draw: random.Random) -> tuple[int, str]:
    """Kill `apply` at random; the register is whole or not there at all."""
    plans = Plans(folder)
    register, out = plans.briefs["old"].parent / "sites.csv", folder / "register.csv"
    accept_everything(plans.out)
    command = ["apply", str(plans.out), "--register", str(register), "-o", str(out)]
    began = time.monotonic()
    assert ended(command, plans.said)[0] == 0
    seconds, whole = time.monotonic() - began, out.read_bytes()
    log = out.with_name(f"{out.name}.changes.csv")
    before, wrong, there = register.read_bytes(), 0, 0
    for _ in range(times):
        out.unlink(missing_ok=True)
        log.unlink(missing_ok=True)
        moment = draw.uniform(0.0, seconds * 1.05)
        stopped(command, plans.said, moment, signal.SIGKILL)
        there += out.exists()
        wrong += out.exists() and (out.read_bytes() != whole or not log.exists())
        wrong += register.read_bytes() != before
    code, _ = ended([*command, "--force"], plans.said)
    wrong += code != 0 or out.read_bytes() != whole
    return wrong, f"{there} times it was written before the kill"


def accept_everything(run: Path) -> None:
    """Accept every placement in a run's review form."""
    form = run / "decisions.csv"
    head, *rows = form.read_text(encoding="utf-8-sig").splitlines()
    verdict = head.split(",").index("verdict")
    filled = []
    for row in rows:
        cells = row.split(",")
        cells[verdict] = "accept"
        filled.append(",".join(cells))
    form.write_text("\n".join([head, *filled]) + "\n", encoding="utf-8-sig")


def _keep_storing(folder: str) -> None:
    import numpy as np  # noqa: PLC0415 (in the child)

    from allocator.travel.cache import store_journeys  # noqa: PLC0415
    from allocator.travel.fastest import Journeys  # noqa: PLC0415

    os.environ["ALLOCATOR_CACHE"] = folder
    number = 0
    while True:
        rows = np.arange(200_000, dtype=np.int32)
        minutes = rows.astype(np.float64) + number
        journeys = Journeys(rows, rows, minutes, minutes / 2)
        store_journeys(f"key{number % 3}", journeys, [])
        number += 1


def kill_cache(folder: Path, times: int, draw: random.Random) -> tuple[int, str]:
    """Kill a writer of the cache at random; every entry there is whole or absent."""
    from allocator.travel.cache import load_journeys  # noqa: PLC0415

    wrong = entries = 0
    before = os.environ.get("ALLOCATOR_CACHE")
    os.environ["ALLOCATOR_CACHE"] = str(folder / "cache")
    try:
        for _ in range(times):
            child = _SERVER.Process(
                target=_keep_storing, args=(str(folder / "cache"),), daemon=True
            )
            child.start()
            child.join(draw.uniform(0.05, 0.6))
            child.kill()
            child.join()
            for number in range(3):
                found, _, damaged = load_journeys(f"key{number}")
                entries += found is not None
                wrong += damaged
    finally:
        os.environ.pop("ALLOCATOR_CACHE")
        if before is not None:
            os.environ["ALLOCATOR_CACHE"] = before
    return wrong, f"{entries} entries read"


def _keep_deciding(run: str, told: str) -> None:
    from allocator.review.journal import Journal  # noqa: PLC0415 (in the child)

    journal = Journal(Path(run), _SERVICES)
    with Path(told).open("a", encoding="ascii") as file:
        for number in range(100_000):
            journal.decide("w", (f"s{number}", "clinic"), "accept")
            file.write(f"{number}\n")
            file.flush()


def kill_review(folder: Path, times: int, draw: random.Random) -> tuple[int, str]:
    """Kill a review at random; no decision that was confirmed may be missing."""
    from allocator.review.journal import Journal  # noqa: PLC0415

    wrong = confirmed = 0
    for number in range(times):
        run, told = folder / f"run{number}", folder / f"told{number}"
        run.mkdir()
        (run / "decisions.csv").write_text(
            "site_id,service,phase,verdict,reviewer,reason,date,lon,lat,name\n",
            encoding="utf-8-sig",
        )
        child = _SERVER.Process(target=_keep_deciding, args=(str(run), str(told)))
        child.start()
        child.join(draw.uniform(0.2, 0.9))
        child.kill()
        child.join()
        journal = Journal(run, _SERVICES)
        journal.take_in()
        stands = {site for site, _ in journal.stands()}
        lines = told.read_text(encoding="ascii").split() if told.exists() else []
        confirmed += len(lines)
        wrong += len({f"s{line}" for line in lines} - stands)
    return wrong, f"{confirmed:,} decisions confirmed before the kills"


# --- what the machine refuses ---------------------------------------------------------


def _in_words(result: tuple[int, str], code: str) -> bool:
    return result[0] == 3 and code in result[1] and "Traceback" not in result[1]


def full_disk(folder: Path, times: int, draw: random.Random) -> tuple[int, str]:
    """Write to a disk of a few KiB; told in words, and nothing half-written is left."""
    plans, wrong, sizes = Plans(folder), 0, []
    small = folder / "small"
    small.mkdir()
    for _ in range(times):
        kib = draw.choice([16, 32, 64, 96, 128])
        sizes.append(kib)
        mounted = _mount(small, kib)
        if not mounted:
            return 0, "no small disk could be made here: not tried"
        command = ["plan", str(plans.briefs["old"]), "-o", str(small / "run")]
        result = ended([*command, "--only", "map", "--json"], plans.said)
        wrong += not _in_words(result, "disk-full")
        wrong += any(small.iterdir())
        _unmount(small)
    return wrong, f"{min(sizes)} to {max(sizes)} KiB"


def _mount(folder: Path, kib: int) -> bool:
    libc = ctypes.CDLL(None)
    options = f"size={kib}k".encode()
    failed: int = libc.mount(b"tmpfs", os.fsencode(folder), b"tmpfs", 0, options)
    return failed == 0


def _unmount(folder: Path) -> None:
    ctypes.CDLL(None).umount(os.fsencode(folder))


def no_permission(folder: Path, times: int, draw: random.Random) -> tuple[int, str]:
    """Write where one may not, and read what one may not."""
    del draw
    if os.getuid() != 0:
        return 0, "only root can become nobody: not tried"
    plans, wrong = Plans(folder), 0
    for path in (folder, *folder.parents):
        if str(path).startswith(tempfile.gettempdir() + os.sep):
            path.chmod(0o755)
    closed = folder / "closed"
    closed.mkdir(mode=0o755)
    plans.said.chmod(0o666)
    for _ in range(times):
        brief = plans.briefs["old"]
        result = ended(
            ["plan", str(brief), "-o", str(closed / "run"), "--json"],
            plans.said,
            "as_nobody",
        )
        wrong += not _in_words(result, "run-not-writable") or any(closed.iterdir())
        sites = brief.parent / "sites.csv"
        sites.chmod(0o600)
        result = ended(["check", str(brief), "--json"], plans.said, "as_nobody")
        wrong += not _in_words(result, "file-")
        sites.chmod(0o644)
    return wrong, "a closed folder, and a file that only root may read"


def no_memory(folder: Path, times: int, draw: random.Random) -> tuple[int, str]:
    """Take memory away; told in words and nothing is written."""
    del draw
    plans, wrong = Plans(folder), 0
    for number in range(times):
        out = folder / f"starved{number}"
        command = ["plan", str(plans.briefs["old"]), "-o", str(out), "--json"]
        code, said = ended(command, plans.said, "starved")
        wrong += code != 3 or "memory-exhausted" not in said or out.exists()
    return wrong, "24 MiB more than the program had taken"


def two_at_once(folder: Path, times: int, draw: random.Random) -> tuple[int, str]:
    """Let two runs write to one folder; one whole plan is there in the end."""
    del draw
    plans, wrong = Plans(folder), 0
    for number in range(times):
        said = [folder / f"said{number}{word}" for word in ("a", "b")]
        pairs = zip(("old", "new"), said, strict=True)
        children = [started(plans.command(word), path) for word, path in pairs]
        for child in children:
            child.join()
        codes = sorted(int(child.exitcode) for child in children)
        text = "".join(path.read_text(encoding="utf-8") for path in said)
        wrong += digest(plans.out) not in plans.digests.values()
        wrong += "Traceback" in text or codes not in ([0, 0], [0, 3])
    return wrong, "one of the two plans each time"


def changed_while_read(
    folder: Path, times: int, draw: random.Random
) -> tuple[int, str]:
    """Change a file while it is read; the fingerprints must notice."""
    from allocator.errors import InputError  # noqa: PLC0415
    from allocator.pipeline.task import read_task  # noqa: PLC0415

    wrong = 0
    for number in range(times):
        brief = write_task(folder / f"task{number}")
        name = draw.choice(["zones.csv", "sites.csv", "costs.csv", "small.toml"])
        path = brief.parent / name

        def change(account: object, path: Path = path) -> None:
            del account
            path.write_bytes(path.read_bytes() + b"\n")

        try:
            read_task(brief, heard=change)
        except InputError as error:
            wrong += not any(
                f.code == "input-changed-while-read" for f in error.findings
            )
        else:
            wrong += 1
    return wrong, ""


FAULTS: dict[str, tuple[Callable[[Path, int, random.Random], tuple[int, str]], float]]
FAULTS = {
    "`plan --force` killed (SIGKILL)": (kill_plan, 1.0),
    "`plan` interrupted (Ctrl-C)": (interrupt_plan, 1.0),
    "`apply` killed": (kill_apply, 1.0),
    "writer of the cache killed": (kill_cache, 1.0),
    "review killed while people decide": (kill_review, 1.0),
    "disk full": (full_disk, 0.4),
    "no permission": (no_permission, 0.2),
    "no memory": (no_memory, 0.2),
    "two runs into one folder": (two_at_once, 0.4),
    "a file changed while it is read": (changed_while_read, 1.0),
}


def try_fault(what: str, share: float) -> Figure:
    """Try one fault; 50 times, or as many as its part of that is."""
    attempt, part = FAULTS[what]
    times = max(1, round(KILLS * part * share))
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made).resolve()
        wrong, note = attempt(folder, times, random.Random(what))  # noqa: S311
    tried = 0 if note.endswith("not tried") else times
    return Figure(what, tried, wrong, note)


def figures(share: float) -> list[Figure]:
    """Try every fault."""
    return [try_fault(what, share) for what in FAULTS]
