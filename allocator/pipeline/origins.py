"""Where a run comes from: its brief, found again, and its files, as they are now."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from allocator.errors import Finding, InputError, Severity, Text
from allocator.load import read_brief
from allocator.pipeline.certificate import input_files
from allocator.provenance import fingerprint, fingerprints
from allocator.resources import packs_folder, samples_folder

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

type State = Literal["same", "changed", "missing"]

_MOST_FILES = 200  # files looked at in one folder
_IS_BRIEF = re.compile(r"^\s*\[brief\]", re.MULTILINE)


@dataclass(frozen=True)
class Input:
    """A file that a run rests on, and what has become of it.

    Parameters
    ----------
    file
        Its name.
    path
        Where it was looked for; None where the brief was not found.
    state
        ``same`` bytes, ``changed``, or ``missing``.
    """

    file: str
    path: Path | None
    state: State


def input_rows(certificate: Mapping[str, Any], table: str) -> list[dict[str, str]]:
    """Return the fingerprints that a certificate states.

    Raises
    ------
    InputError
        When they are not as the program writes them.
    """
    try:
        return [
            {
                "file": str(one["file"]),
                "sha256": str(one["sha256"]),
                "path": str(one.get("path", one["file"])),
            }
            for one in certificate["inputs"]
        ]
    except (KeyError, TypeError, AttributeError) as error:
        text = Text(
            "证书中的文件清单损坏", "the certificate's list of files is damaged"
        )
        remedy = Text(
            "给出 allocator plan 写出且未改过的文件夹",
            "give a folder as allocator plan wrote it",
        )
        found = Finding(
            "run-unreadable", text, table=table, column="inputs", remedy=remedy
        )
        raise InputError([found]) from error


def find_brief(
    run: Path,
    certificate: Mapping[str, Any],
    places: Sequence[Path] = (),
    *,
    unchanged: bool = False,
) -> Path | None:
    """Return the brief that a run was made from; None where it is not found.

    Looked at are the toml files of its name in the folders around the run, in
    ``places``, in the folders right inside these, and in the bundled samples. One that
    is as it was, with all the files that it names, is taken first: a copy beside other
    data is another task. Then one with its bytes, then one that was changed since,
    which is known by files beside it that are as they were.

    Parameters
    ----------
    run, certificate, places
        The run folder, its ``run.json``, and folders to look in.
    unchanged
        Whether only one is wanted that is as it was, with all that it names.
    """
    rows = input_rows(certificate, run.name)
    stated = str(certificate.get("brief", ""))
    names = {r["file"] for r in rows if r["file"].endswith(".toml")}
    if stated:
        names &= {stated}
    known = {(row["file"], row["sha256"]) for row in rows}
    digests = {digest for _, digest in known}
    home = run.resolve()
    around = [home.parent, home.parent.parent, *places, samples_folder()]
    same: Path | None = None
    changed: Path | None = None
    for path in briefs_near(around, names):
        if str(fingerprint(path)["sha256"]) in digests:
            if _named_by(path) <= known:
                return path
            same = same or path
        elif _has_inputs(rows, path):
            changed = changed or path
    return None if unchanged else same or changed


def _named_by(path: Path) -> set[tuple[str, str]]:
    """Return name and SHA-256 of a brief and all that it names."""
    unknown = {(path.name, "")}
    brief, _ = read_brief(path)
    if brief is None:
        return unknown
    try:
        files = fingerprints(input_files(brief))
    except OSError:
        return unknown
    return {(str(one["file"]), str(one["sha256"])) for one in files}


def _has_inputs(rows: Sequence[dict[str, str]], brief: Path) -> bool:
    """Whether any file of the planner's own is where a brief would name it."""
    return any(row["path"] and _input(row, brief, {}).state == "same" for row in rows)


def briefs_near(folders: Sequence[Path], names: set[str]) -> Iterator[Path]:
    """Yield the briefs of some names in folders and right inside these, no packs."""
    for folder in dict.fromkeys(path.resolve() for path in folders):
        for pattern in ("*.toml", "*/*.toml"):
            found = (path for path in folder.glob(pattern) if path.name in names)
            for _, path in zip(range(_MOST_FILES), found, strict=False):
                try:
                    if _IS_BRIEF.search(path.read_text("utf-8")):
                        yield path
                except (OSError, UnicodeDecodeError):
                    continue


def input_states(
    certificate: Mapping[str, Any],
    brief: Path | None,
    table: str,
    known: dict[Path, str] | None = None,
) -> tuple[Input, ...]:
    """Return what has become of every file that a run rests on.

    Parameters
    ----------
    certificate
        Of the run.
    brief
        The brief, from whose folder files are named; None where it is not found.
    table
        Name of the certificate, for findings.
    known
        SHA-256 by path, for runs of the same files; it is added to.

    Raises
    ------
    InputError
        When the certificate's list of files is damaged.
    """
    known = {} if known is None else known
    return tuple(_input(row, brief, known) for row in input_rows(certificate, table))


def _input(row: dict[str, str], brief: Path | None, known: dict[Path, str]) -> Input:
    path = _place(row, brief)
    if path is None or not path.is_file():
        return Input(row["file"], path, "missing")
    if path not in known:
        try:
            known[path] = str(fingerprint(path)["sha256"])
        except OSError:
            return Input(row["file"], path, "missing")
    same = known[path] == row["sha256"]
    return Input(row["file"], path, "same" if same else "changed")


def _place(row: dict[str, str], brief: Path | None) -> Path | None:
    bundled = packs_folder() / row["file"]
    if not row["path"]:
        return bundled
    if brief is None:
        return None
    if row["file"] == brief.name and row["path"] == brief.name:
        return brief
    found = brief.parent / row["path"]
    # Certificates of earlier versions state no path: a pack may be a bundled one.
    return bundled if not found.exists() and bundled.is_file() else found


def input_findings(states: Sequence[Input], run: str) -> list[Finding]:
    """Return a finding for each file that is not as the run was made from."""
    words = {
        "changed": (
            "input-changed",
            Text("文件在求解后改过", "the file was changed since the run"),
            Text("用现在的文件重新求解, 或恢复原文件", "plan again, or restore it"),
        ),
        "missing": (
            "input-missing",
            Text("找不到当时所用的文件", "a file that the run rests on is not there"),
            Text("放回原处, 或用 --brief 指明任务书", "put it back, or give --brief"),
        ),
    }
    findings = []
    for one in states:
        if one.state == "same":
            continue
        code, message, remedy = words[one.state]
        place = "" if one.path is None else str(one.path)
        findings.append(
            Finding(
                code,
                message,
                Severity.ERROR,
                f"{run}/run.json",
                (one.file,),
                "inputs",
                place,
                remedy,
            )
        )
    return findings
