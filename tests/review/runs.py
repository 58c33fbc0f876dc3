"""Runs of the small task, made once and copied: solving takes its time."""

from __future__ import annotations

import shutil
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

from allocator.cli.main import run
from tests.cli.small_task import write_task


@cache
def _made() -> Path:
    folder = Path(mkdtemp(prefix="allocator-review-"))
    brief = write_task(folder / "task")
    assert run(["plan", str(brief), "-o", str(folder / "r"), "-q"]) == 0
    return folder


def small_run(folder: Path) -> tuple[Path, Path]:
    """Return a run of the small task and its brief, both in the folder."""
    shutil.copytree(_made() / "task", folder / "task")
    shutil.copytree(_made() / "r", folder / "r")
    return folder / "r", folder / "task" / "brief.toml"
