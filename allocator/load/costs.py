"""Unit costs: what placing a service or adding a resource costs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from allocator.errors import Text
from allocator.load.classes import read_classes
from allocator.load.references import follow

if TYPE_CHECKING:
    from allocator.load.frames import Sheet

COST_COLUMNS = [
    "service",
    "resource",
    "action",
    "class",
    "site_id",
    "capital_wan",
    "yearly_wan",
    "source",
    "year",
]
COST_KEY = ["service", "resource", "action", "class", "site_id"]
NUMBERS = ("capital_wan", "yearly_wan")


def build_costs(sheet: Sheet, sites: pd.DataFrame | None) -> pd.DataFrame | None:
    """Return the costs of a planning area; None when they cannot be used.

    Rows keep their order. A blank ``yearly_wan`` is 0. See
    `allocator.area.PlanningArea` for the columns.

    Parameters
    ----------
    sheet
        The costs file.
    sites
        The sites that costs may refer to; None when they could not be read.
    """
    remarks = sheet.remarks
    given = sheet.frame
    frame = pd.DataFrame(index=given.index)
    for name in COST_COLUMNS:
        if name in NUMBERS:
            column = given.get(name, pd.Series(0.0, index=given.index))
            frame[name] = column.fillna(0.0)
        else:
            frame[name] = given.get(name, pd.Series("", index=given.index, dtype=str))
    frame["class"] = read_classes(frame["class"], remarks)
    if sites is not None:
        frame["site_id"] = follow(
            frame["site_id"],
            sites["name"],
            column="site_id",
            code="site-unknown",
            unit=Text("机构", "site"),
            remarks=remarks,
        )
    wrong = (frame["service"] != "") == (frame["resource"] != "")
    if wrong.any():
        remarks.error(
            "cost-of-what",
            Text(
                "service 与 resource 应恰好填一个",
                "exactly one of service and resource must be given",
            ),
            keys=frame.index[wrong],
            column="service, resource",
            remedy=Text("每行只填其中一个", "give one of them in each row"),
        )
    twice = frame.duplicated(COST_KEY, keep=False) & ~wrong
    if twice.any():
        remarks.error(
            "cost-twice",
            Text("同一项造价写了多次", "the same cost more than once"),
            keys=frame.index[twice],
            values=frame.loc[twice, "service"] + frame.loc[twice, "resource"],
            remedy=Text("每项只保留一行", "keep one row of each"),
        )
    return None if remarks.failed() else frame.reset_index(drop=True)
