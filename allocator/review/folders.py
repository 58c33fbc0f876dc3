"""Where a review finds the brief of a run, its next runs, and a name for another."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from allocator.errors import Finding, InputError, Text
from allocator.export import RUN_MARKER
from allocator.load import read_brief
from allocator.pipeline.bases import read_certificate
from allocator.pipeline.certificate import input_files
from allocator.pipeline.origins import briefs_near
from allocator.provenance import fingerprint, fingerprints
from allocator.resources import samples_folder

if TYPE_CHECKING:
    from collections.abc import Sequence
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


def find_brief(
    run: Path, certificate: dict[str, Any], places: Sequence[Path]
) -> Path | None:
    """Return the brief that a run was made from, known by its SHA-256.

    Looked at are the toml files in the folder of the run, in ``places``, in the folders
    right inside these, and in the bundled samples. A brief is only taken with all the
    files that it names as they were: a copy beside other data is another task.
    """
    wanted = {(one["file"], one["sha256"]) for one in certificate["inputs"]}
    names = {str(name) for name, _ in wanted if str(name).endswith(".toml")}
    for path in briefs_near([run.parent, *places, samples_folder()], names):
        if _inputs_of(path) <= wanted:
            return path
    return None


def _inputs_of(path: Path) -> set[tuple[str | int, str | int]]:
    """Return name and SHA-256 of a brief and all that it names."""
    unknown: set[tuple[str | int, str | int]] = {(path.name, "")}
    brief, _ = read_brief(path)
    if brief is None:
        return unknown
    try:
        files = fingerprints(input_files(brief))
    except OSError:
        return unknown
    return {(one["file"], one["sha256"]) for one in files}


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
