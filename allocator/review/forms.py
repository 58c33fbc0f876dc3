"""``decisions.csv`` of a run: rows that others wrote, and writing it anew."""

from __future__ import annotations

import math
import os
import secrets
from dataclasses import replace
from typing import TYPE_CHECKING

import pandas as pd

from allocator import export
from allocator.decisions import Verdict
from allocator.errors import Finding, InputError, Text, errors_in
from allocator.load.classes import read_classes
from allocator.load.frames import read_sheet
from allocator.load.references import follow
from allocator.load.remarks import Remarks
from allocator.review.entries import WITHDRAWN, Entry, Key, clean, new_entry
from allocator.tables import DECISIONS, Kind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_TEXTS = (
    "site_id",
    "service",
    "reviewer",
    "reason",
    "name",
    "verdict",
    "date",
    "site_class",
)
_PLACED = (Verdict.MOVE, Verdict.ADD)


def read_form(path: Path, services: Mapping[str, str]) -> list[Entry]:
    """Return the rows of a form as entries, those without a verdict too.

    Parameters
    ----------
    path
        ``decisions.csv``, as written by a run or saved again by a spreadsheet.
    services
        Name by id: a row may give either.

    Raises
    ------
    InputError
        When the file cannot be read, a verdict is no known one, a place is missing, or
        two rows differ on one placement.
    """
    remarks = Remarks(path.name)
    sheet = read_sheet(path, DECISIONS, remarks)
    if sheet is None:
        raise InputError(remarks.findings)
    frame = sheet.frame
    for column in DECISIONS.columns:
        if column.name not in frame:
            numeric = column.kind in (Kind.NUMBER, Kind.DEGREES)
            frame[column.name] = math.nan if numeric else ""
    frame["service"] = follow(
        frame["service"].astype(str),
        pd.Series(dict(services), dtype=str),
        column="service",
        code="service-unknown",
        unit=Text("服务", "service"),
        remarks=remarks,
    )
    frame["class"] = read_classes(frame["class"].astype(str), remarks)
    named = frame.rename(columns={"class": "site_class"})
    rows = [_entry(row) for row in named.itertuples() if getattr(row, "site_id", "")]
    entries = [entry for entry in rows if entry is not None]
    if len(entries) < len(rows):
        text = Text("移位或增加需要经纬度", "to move or add takes a place")
        remarks.error("decision-without-place", text, column="lon, lat")
    _refuse_twice(path.name, entries, remarks)
    if errors_in(remarks.findings):
        raise InputError(remarks.findings)
    return entries


def _entry(row: object) -> Entry | None:
    text = {
        name: _without_apostrophe(clean(str(getattr(row, name)))) for name in _TEXTS
    }
    lon, lat = float(getattr(row, "lon")), float(getattr(row, "lat"))  # noqa: B009
    phase = float(getattr(row, "phase"))  # noqa: B009 (a row has any columns)
    try:
        made = new_entry(
            text["reviewer"],
            (text["site_id"], text["service"]),
            text["verdict"],
            why=text["reason"],
            phase=int(phase) if math.isfinite(phase) else None,
            place=(lon, lat) if text["verdict"] in _PLACED else None,
            name=text["name"],
            site_class=text["site_class"],
        )
    except ValueError:
        return None
    return replace(made, when=text["date"] or made.when)


def _without_apostrophe(cell: str) -> str:
    """Undo what keeps a spreadsheet from running a text as a formula."""
    return cell[1:] if cell[:1] == "'" and cell[1:2] in tuple("=+-@") else cell


def _refuse_twice(table: str, entries: Sequence[Entry], remarks: Remarks) -> None:
    said: dict[Key, set[tuple[object, ...]]] = {}
    for entry in entries:
        if entry.verdict != WITHDRAWN:
            words = (entry.verdict, entry.lon, entry.lat)
            said.setdefault(entry.key, set()).add(words)
    twice = [" ".join(key).strip() for key, words in said.items() if len(words) > 1]
    if twice:
        text = Text("同一项设置有不同意见", "different verdicts on one placement")
        remedy = Text("协商后只保留一条", "agree, and keep one row")
        finding = Finding(
            "decision-twice", text, table=table, keys=tuple(twice), remedy=remedy
        )
        remarks.findings.append(finding)


def written(entry: Entry) -> tuple[object, ...]:
    """Return what of an entry stands in the form: equal rows say the same."""
    place = (entry.lon, entry.lat)
    new = entry.name, entry.site_class
    return (*entry.key, entry.verdict, entry.who, entry.why, *place, *new)


def write_form(
    path: Path, rows: Sequence[Entry], stands: Mapping[Key, Entry]
) -> list[Entry]:
    """Write a form with what stands: the whole file or none of it.

    Parameters
    ----------
    path
        ``decisions.csv``.
    rows
        What the form holds now, in its order: each row stays in its place.
    stands
        What is decided, by site and service.

    Returns
    -------
    rows
        What the form holds then: what `read_form` would say of it.

    Raises
    ------
    OSError
        When it cannot be written; the old file is then as it was.
    """
    order = dict.fromkeys([*(row.key for row in rows), *stands])
    shown = {row.key: row for row in reversed(rows)} | dict(stands)
    years = {row.key: row.phase for row in rows}
    added = {row.key for row in rows if row.verdict == Verdict.ADD}
    records, now = [], []
    for key in order:
        entry = shown[key]
        blank = entry.verdict == WITHDRAWN
        if blank and (key in added or key not in years):
            continue  # a site that is no longer added, or nothing to take back
        phase = entry.phase if entry.phase is not None else years.get(key)
        record: dict[str, object] = dict.fromkeys(export.DECISION_COLUMNS, "")
        record |= {"site_id": key[0], "service": key[1], "phase": phase}
        if not blank:
            record |= {
                "verdict": entry.verdict,
                "reviewer": entry.who,
                "reason": entry.why,
                "date": entry.when[:10],
                "lon": entry.lon,
                "lat": entry.lat,
                "name": entry.name,
                "class": entry.site_class,
            }
        records.append(record)
        now.append(entry if entry.phase == phase else replace(entry, phase=phase))
    table = pd.DataFrame(records, columns=list(export.DECISION_COLUMNS), dtype=object)
    _replace(path, table)
    return now


def _replace(path: Path, table: pd.DataFrame) -> None:
    beside = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
    try:
        export.write_csv(table, beside)
        with beside.open("rb+") as file:
            os.fsync(file.fileno())
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
