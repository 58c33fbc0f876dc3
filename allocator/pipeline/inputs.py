"""Which bytes a run rests on: fingerprints before reading, held against those after."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from allocator.errors import Finding, Severity, Text
from allocator.provenance import fingerprint
from allocator.resources import packs_folder, samples_folder

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

type Fingerprint = dict[str, str | int]


def take_fingerprints(paths: Iterable[Path]) -> dict[Path, Fingerprint]:
    """Return the fingerprints of the files that are there; the others are left out.

    A file that cannot be read is reported by whoever reads it.
    """
    found: dict[Path, Fingerprint] = {}
    for path in paths:
        try:
            if path.is_file():
                found[path] = fingerprint(path)
        except OSError:
            continue
    return found


def changed_since(taken: Mapping[Path, Fingerprint]) -> list[Finding]:
    """Return a finding for each file that is not as it was before it was read.

    What was read is then neither the old nor the new file for certain, so that no
    fingerprint would be true.
    """
    now = take_fingerprints(taken)
    return [
        Finding(
            "input-changed-while-read",
            Text(
                "读取期间文件有改动, 无法确定所用内容",
                "the file changed while it was read: what was used is not certain",
            ),
            Severity.ERROR,
            path.name,
            value=str(path),
            remedy=Text(
                "等文件保存或同步完毕后再运行",
                "run again once it is saved or copied completely",
            ),
        )
        for path in taken
        if now.get(path) != taken[path]
    ]


def input_records(
    taken: Mapping[Path, Fingerprint], folder: Path
) -> tuple[dict[str, Any], ...]:
    """Return the fingerprints as ``run.json`` states them, sorted by name.

    Parameters
    ----------
    taken
        Fingerprints by path.
    folder
        Of the brief: ``path`` is relative to it; empty for what the program brings.
    """
    rows = [{**one, "path": _relative(path, folder)} for path, one in taken.items()]
    return tuple(sorted(rows, key=lambda row: (str(row["file"]), str(row["path"]))))


def _relative(path: Path, folder: Path) -> str:
    path, folder = path.resolve(), folder.resolve()
    if path.is_relative_to(folder):
        return path.relative_to(folder).as_posix()
    if any(path.is_relative_to(own) for own in (packs_folder(), samples_folder())):
        return ""
    try:
        return Path(os.path.relpath(path, folder)).as_posix()
    except ValueError:  # on another drive
        return path.as_posix()
