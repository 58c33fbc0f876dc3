"""Where a review finds a run, its next runs, and a name for another."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from allocator.errors import Finding, InputError, Text
from allocator.export import RUN_MARKER
from allocator.pipeline.bases import read_certificate
from allocator.provenance import fingerprint

if TYPE_CHECKING:
    from pathlib import Path

_ROUND = re.compile(r"^(.+)-(\d{1,2})$")


def open_run(run: Path) -> dict[str, Any]:
    """Return the certificate of a run folder.

    Raises
    ------
    InputError
        When it is no run folder.
    """
    if not (run / RUN_MARKER).is_file():
        text = Text(
            f"不是方案文件夹 (没有 {RUN_MARKER})",
            f"it is no run folder (no {RUN_MARKER})",
        )
        remedy = Text(
            "给出 allocator plan 写出的文件夹", "give a folder that plan wrote"
        )
        raise InputError([Finding("run-missing", text, table=str(run), remedy=remedy)])
    return read_certificate(run)


def next_folder(run: Path) -> Path:
    """Return a folder beside a run that does not exist: ``RUN-2``, ``RUN-3`` ..."""
    match = _ROUND.match(run.name)
    stem = match.group(1) if match else run.name
    number = int(match.group(2)) + 1 if match else 2
    while (found := run.with_name(f"{stem}-{number}")).exists():
        number += 1
    return found


def later_runs(run: Path) -> list[Path]:
    """Return the runs beside a run that a review of it led to, round by round.

    A run says in its certificate which run was reviewed, by SHA-256.
    """
    beside: dict[str, list[Path]] = {}
    for path in sorted(run.parent.glob(f"*/{RUN_MARKER}")):
        if path.parent.name.startswith("."):
            continue
        try:
            parent = read_certificate(path.parent).get("parent")
        except InputError:
            continue
        if isinstance(parent, dict):
            beside.setdefault(str(parent.get("run_sha256")), []).append(path.parent)
    found: list[Path] = []
    ahead = [run]
    while ahead:
        digest = str(fingerprint(ahead.pop(0) / RUN_MARKER)["sha256"])
        children = [one for one in beside.pop(digest, []) if one not in found]
        found += children
        ahead += children
    return found
