"""People in a later year, where the zone table foresees them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from allocator.errors import Finding, Severity, Text
from allocator.load.demand import share_out

if TYPE_CHECKING:
    from allocator.area import PlanningArea


def area_in_year(area: PlanningArea, year: int) -> tuple[PlanningArea, list[Finding]]:
    """Return the area with the population that its zones will have in a year.

    The column ``population_<year>`` of the zones is used where there is one; the people
    of each zone's demand points grow or shrink in proportion, as whole numbers that add
    up to the zone's figure. Without the column the area is returned as it is.

    Parameters
    ----------
    area
        The area with today's population.
    year
        The year of a phase.

    Returns
    -------
    area, findings
        A note when the column was used; an error when it does not hold whole numbers
        of people, or foresees people in a zone that has no demand point.
    """
    column = f"population_{year}"
    if column not in area.zones:
        return area, []
    figures = pd.to_numeric(area.zones[column], errors="coerce")
    wrong = figures.isna() | (figures < 0) | (figures != figures.round())
    bare = ~area.zones.index.isin(area.demand["zone_id"]) & (figures > 0)
    if (wrong | bare).any():
        message = Text(
            "应为不小于 0 的整数, 且该单元有需求点",
            "must be whole people, at least 0, in a zone with demand points",
        )
        keys = tuple(area.zones.index[wrong | bare])
        return area, [
            Finding(
                "population-of-year", message, table="zones", keys=keys, column=column
            )
        ]
    people = figures.astype(int)
    demand = area.demand.copy()
    order = np.argsort(demand["zone_id"].to_numpy(), kind="stable")
    owner = area.zones.index.get_indexer(demand["zone_id"].iloc[order])
    weight = demand["people"].to_numpy(dtype=float)[order]
    parts = np.zeros(len(demand), dtype=int)
    parts[order] = share_out(people.to_numpy(), owner, weight)
    demand["people"] = parts
    note = Finding(
        "population-of-year",
        Text(f"{year} 年按 {column} 列的人口规划", f"{year} is planned for {column}"),
        Severity.NOTE,
        "zones",
        column=column,
        value=f"{people.sum():,}",
    )
    return replace(area, zones=area.zones.assign(population=people), demand=demand), [
        note
    ]
