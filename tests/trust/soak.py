"""Plan, review and apply, over and over: the part ``soak``."""

from __future__ import annotations

import contextlib
import gc
import io
import os
import tempfile
from pathlib import Path

from allocator.cli.main import run
from allocator.review.journal import Journal
from tests.cli.small_task import write_task
from tests.trust.figures import Figure
from tests.trust.users import SECONDS, USERS, together

CYCLES = 500
WARM = 40  # cycles until caches of libraries have filled
MOST_GROWTH_MB = 40.0  # over all cycles: less than 100 KB a cycle is no leak of a run
_PAGE_MB = os.sysconf("SC_PAGE_SIZE") / 1e6
_SERVICES = {
    "community_health_center": "社区卫生服务中心",
    "emergency_station": "急救站",
}


def resident_mb() -> float:
    """Return the memory of this process, MB."""
    gc.collect()
    pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
    return int(pages) * _PAGE_MB


def open_files() -> int:
    """Return how many files this process has open."""
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def cycle(folder: Path, number: int) -> list[str]:
    """Plan, decide, plan again, and apply; return what went wrong."""
    brief, out = folder / "task" / "brief.toml", folder / "run"
    second, register = folder / "second", folder / "register.csv"
    register.unlink(missing_ok=True)
    register.with_name("register.csv.changes.csv").unlink(missing_ok=True)
    common = ["--force", "-q", "--only", "map"]
    codes = [run(["plan", str(brief), "-o", str(out), *common])]
    journal = Journal(out, _SERVICES)
    verdict = ("accept", "lock")[number % 2]
    journal.decide("张三", ("A1", "emergency_station"), verdict)
    journal.decide("李四", ("A2", "emergency_station"), "accept")
    decisions = ["--decisions", str(out / "decisions.csv"), "--previous", str(out)]
    codes.append(run(["plan", str(brief), "-o", str(second), *decisions, *common]))
    sites = folder / "task" / "sites.csv"
    target = ["--register", str(sites), "-o", str(register), "-q"]
    codes.append(run(["apply", str(out), *target]))
    return [f"cycle {number}: exit {code}" for code in codes if code]


def cycles(number: int) -> list[Figure]:
    """Run so many cycles in this process; look at memory, files and folders."""
    wrong: list[str] = []
    before = tempfile.tempdir
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made).resolve()
        spare = folder / "tmp"
        spare.mkdir()
        write_task(folder / "task")
        tempfile.tempdir = str(spare)
        memory, files = 0.0, 0
        try:
            for done in range(number):
                if done == min(WARM, number // 2):
                    memory, files = resident_mb(), open_files()
                with contextlib.redirect_stdout(io.StringIO()):
                    wrong += cycle(folder, done)
        finally:
            tempfile.tempdir = before
        grown, more = resident_mb() - memory, open_files() - files
        left = sorted(p.name for p in spare.iterdir())
        hidden = sorted(p.name for p in folder.iterdir() if p.name.startswith("."))
    return [
        Figure("cycles of plan, review, plan again, apply", number, len(wrong)),
        Figure(
            "growth of memory over them",
            1,
            int(grown > MOST_GROWTH_MB),
            f"{memory:.0f} MB after {min(WARM, number // 2)}, {grown:+.1f} MB since",
        ),
        Figure(
            "files left open or lying about",
            1,
            int(more > 0 or bool(left or hidden)),
            ", ".join([*left, *hidden][:4]) or "none",
        ),
    ]


def figures(share: float) -> list[Figure]:
    """Run 500 cycles, and let 20 people review for 10 minutes."""
    people = together(max(2, round(USERS * share)), max(5.0, SECONDS * share))
    return [*cycles(max(4, round(CYCLES * share))), *people]
