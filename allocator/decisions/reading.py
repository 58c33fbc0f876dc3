"""Reading decisions: csv, or the workbook of a run that was sent round."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pandas as pd

from allocator.decisions.returned import EARLIER, WORKBOOKS, read_returned
from allocator.decisions.verdicts import Decision, Verdict
from allocator.errors import Finding, Text, errors_in
from allocator.load.classes import read_classes
from allocator.load.frames import read_sheet
from allocator.load.references import follow
from allocator.load.remarks import Remarks
from allocator.tables import DECISIONS, Kind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_PLACED = (Verdict.MOVE, Verdict.ADD)
_MOST_LON, _MOST_LAT = 180.0, 90.0


def read_decisions(
    path: Path, services: Mapping[str, str]
) -> tuple[tuple[Decision, ...], list[Finding]]:
    """Read a decisions table; rows without a verdict say nothing.

    Parameters
    ----------
    path
        csv in UTF-8 or GB18030, or a workbook.
    services
        Name by id of the services of the task: a table may give either.

    Returns
    -------
    decisions, findings
        In the order of the file, a repeated row once. Two verdicts on one placement,
        a move without a place and an unknown service are errors.
    """
    decisions, findings = read_opinions(path, services)
    findings += contradictions(path.name, decisions)
    if errors_in(findings):
        return (), findings
    return _each_once(decisions), findings


def read_opinions(
    path: Path, services: Mapping[str, str] | None
) -> tuple[tuple[Decision, ...], list[Finding]]:
    """Read every row of a decisions table that has a verdict.

    Parameters
    ----------
    path
        As in `read_decisions`.
    services
        Name by id; None where they are not known, so that ids are taken as written.

    Returns
    -------
    decisions, findings
        In the order of the file; none where any finding is an error. Several verdicts
        on one placement stand side by side.
    """
    remarks = Remarks(path.name)
    frame = _read_rows(path, remarks)
    if frame is None:
        return (), remarks.findings
    frame = frame[frame["verdict"] != ""].copy()
    if services is not None:
        frame["service"] = follow(
            frame["service"].astype(str),
            pd.Series(services, dtype=str),
            column="service",
            code="service-unknown",
            unit=Text("服务", "service"),
            remarks=remarks,
        )
    frame["class"] = read_classes(frame["class"].astype(str), remarks)
    _check_rows(frame, remarks)
    frame = _without_replaced(frame, remarks)
    decisions = tuple(
        _decision(row)
        for row in frame.rename(columns={"class": "site_class"})
        .rename_axis("row")
        .reset_index()
        .itertuples()
    )
    return (() if remarks.failed() else decisions), remarks.findings


def _read_rows(path: Path, remarks: Remarks) -> pd.DataFrame | None:
    """Return the rows with all columns of the table; None with a finding."""
    is_workbook = path.suffix.lower() in WORKBOOKS
    frame = read_returned(path, remarks) if is_workbook else None
    if frame is None:
        sheet = read_sheet(path, DECISIONS, remarks)
        if sheet is None:
            return None
        frame = sheet.frame
    for column in DECISIONS.columns:
        if column.name not in frame:
            numeric = column.kind in (Kind.NUMBER, Kind.DEGREES)
            frame[column.name] = math.nan if numeric else ""
        elif column.kind in (Kind.TEXT, Kind.ID) and not is_workbook:
            frame[column.name] = frame[column.name].map(_without_apostrophe)
    return frame


def _without_apostrophe(cell: str) -> str:
    """Undo what keeps a spreadsheet from running a text of the form as a formula."""
    return cell[1:] if cell[:1] == "'" and cell[1:2] in tuple("=+-@\t\r") else cell


def _without_replaced(frame: pd.DataFrame, remarks: Remarks) -> pd.DataFrame:
    """Leave out what an earlier review said of a placement that has a new verdict."""
    if EARLIER not in frame:
        return frame
    pairs = pd.Series(
        list(zip(frame["site_id"], frame["service"], strict=True)), index=frame.index
    )
    earlier = frame[EARLIER].astype(bool)
    replaced = earlier & pairs.isin(set(pairs[~earlier]))
    if replaced.any():
        remarks.note(
            "decision-replaced",
            Text("前次意见由新的意见代替", "a new verdict replaces the earlier one"),
            keys=frame.index[replaced],
            column="verdict",
        )
    return frame[~replaced]


def _check_rows(frame: pd.DataFrame, remarks: Remarks) -> None:
    bare = frame["site_id"] == ""
    if bare.any():
        remarks.error(
            "value-missing",
            Text("没有机构编号", "no site is named"),
            keys=frame.index[bare],
            column="site_id",
            remedy=Text("填写编号, 或删去这一行", "give its id, or remove the row"),
        )
    placed = frame["verdict"].isin(_PLACED)
    known = frame["lon"].abs().le(_MOST_LON) & frame["lat"].abs().le(_MOST_LAT)
    lost = placed & ~known
    if lost.any():
        remarks.error(
            "decision-without-place",
            Text(
                "移位或增加需要经纬度", "to move or add takes a longitude and latitude"
            ),
            keys=frame.index[lost],
            column="lon, lat",
            remedy=Text("填写新位置", "say where to"),
        )
    whole = (frame["verdict"].isin(["move", "defer"])) & (frame["service"] == "")
    if whole.any():
        remarks.error(
            "decision-without-service",
            Text("移位或暂缓须写明服务", "to move or defer takes a service"),
            keys=frame.index[whole],
            column="service",
            remedy=Text("每项服务写一行", "one row for each service"),
        )


def _decision(row: object) -> Decision:
    verdict = Verdict(str(getattr(row, "verdict")))  # noqa: B009 (a row has any columns)
    text = {
        name: str(getattr(row, name))
        for name in ("site_id", "service", "reviewer", "reason", "date", "name", "row")
    }
    site_class = str(getattr(row, "site_class"))  # noqa: B009
    lon, lat = float(getattr(row, "lon")), float(getattr(row, "lat"))  # noqa: B009
    placed = verdict in _PLACED
    phase = float(getattr(row, "phase"))  # noqa: B009
    return Decision(
        verdict=verdict,
        phase=int(phase) if math.isfinite(phase) else None,
        lon=lon if placed else None,
        lat=lat if placed else None,
        site_class=site_class if verdict is Verdict.ADD else "",
        **text,
    )


def contradictions(table: str, decisions: Sequence[Decision]) -> list[Finding]:
    """Return a finding for each placement on which there are different verdicts."""
    by_pair: dict[tuple[str, str], list[Decision]] = {}
    for decision in decisions:
        by_pair.setdefault((decision.site_id, decision.service), []).append(decision)
    findings = []
    for pair, several in sorted(by_pair.items()):
        if len({(d.verdict, d.lon, d.lat) for d in several}) == 1:
            continue
        said = "; ".join(f"{d.reviewer or '?'}: {d.verdict}" for d in several)
        findings.append(
            Finding(
                "decision-twice",
                Text("同一项设置有不同意见", "different verdicts on one placement"),
                table=table,
                keys=tuple(d.row for d in several),
                column="verdict",
                value=f"{' '.join(pair).strip()}: {said}",
                remedy=Text("协商后只保留一条", "agree, and keep one row"),
            )
        )
    return findings


def _each_once(decisions: Sequence[Decision]) -> tuple[Decision, ...]:
    found: dict[tuple[str, str], Decision] = {}
    for decision in decisions:
        found.setdefault((decision.site_id, decision.service), decision)
    return tuple(found.values())
