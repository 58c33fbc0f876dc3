"""A planner's own table of travel times."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from allocator.errors import Finding, Text, errors_in
from allocator.load.area import unheard
from allocator.load.frames import read_sheet
from allocator.load.references import follow
from allocator.load.remarks import Remarks
from allocator.tables import TRAVEL

if TYPE_CHECKING:
    from collections.abc import Callable

    from allocator.area import PlanningArea
    from allocator.load.account import Account
    from allocator.load.brief import Brief


def read_travel_table(
    brief: Brief,
    area: PlanningArea,
    file: str | None = None,
    heard: Callable[[Account], None] = unheard,
) -> tuple[pd.DataFrame | None, list[Finding]]:
    """Read the travel table that the brief names.

    Parameters
    ----------
    brief
        Its ``[travel] file`` is read.
    area
        The demand points and sites that the table refers to.
    file
        Another table than that of the brief, as written there.
    heard
        Called with the account of the file as soon as it is read.

    Returns
    -------
    pairs, findings
        Columns ``demand_id``, ``site_id``, ``minutes`` and, only where the table has
        it, ``km``; in the order of the file. None when any finding is an error.
    """
    file = file or brief.travel.file
    if file is None:
        return None, []
    path = brief.resolve(file)
    remarks = Remarks(path.name)
    sheet = read_sheet(path, TRAVEL, remarks)
    heard(remarks.account)
    if sheet is None:
        return None, remarks.findings
    names = [name for name in TRAVEL.names if name in sheet.frame]
    frame = sheet.frame[names].copy()
    targets = (
        ("demand_id", pd.Series("", area.demand.index), Text("需求点", "demand point")),
        ("site_id", pd.Series("", area.sites.index), Text("机构", "site")),
    )
    for column, names_of, unit in targets:
        code = f"{column.removesuffix('_id')}-unknown"
        frame[column] = follow(
            frame[column],
            names_of,
            column=column,
            code=code,
            unit=unit,
            remarks=remarks,
        )
    twice = frame.duplicated(["demand_id", "site_id"], keep=False)
    twice &= (frame["demand_id"] != "") & (frame["site_id"] != "")
    if twice.any():
        remarks.error(
            "pair-twice",
            Text("同一对需求点与机构写了多次", "the same pair more than once"),
            keys=frame.index[twice],
            values=frame.loc[twice, "demand_id"] + " " + frame.loc[twice, "site_id"],
            remedy=Text("每对只保留一行", "keep one row of each pair"),
        )
    if errors_in(remarks.findings):
        return None, remarks.findings
    return frame.reset_index(drop=True), remarks.findings
