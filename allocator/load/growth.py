"""People in a later year: as the zone table foresees them, else by yearly growth."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from allocator.errors import Finding, Severity, Text
from allocator.load.demand import share_out
from allocator.load.demand_keys import OTHER
from allocator.tables import AGE_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from allocator.area import PlanningArea


@dataclass(frozen=True)
class Growth:
    """How people grow in years that the zone table does not foresee.

    Parameters
    ----------
    percent
        Per cent a year, by county id or name; ``other`` is for all not named, who else
        stay as they are.
    base_year
        The year of the zones' ``population``.
    """

    percent: Mapping[str, float]
    base_year: int


def growth_of(
    percent: Mapping[str, float] | None, base_year: int | None
) -> Growth | None:
    """Return the growth that ``[demand]`` states; None where it states none."""
    if percent is None or base_year is None:
        return None
    return Growth(dict(percent), base_year)


def area_in_year(
    area: PlanningArea, year: int, growth: Growth | None = None
) -> tuple[PlanningArea, list[Finding]]:
    """Return the area with the population that its zones will have in a year.

    The column ``population_<year>`` of the zones is used where there is one; the people
    of each zone's demand points grow or shrink in proportion, as whole numbers that add
    up to the zone's figure. Without the column people grow by ``growth``; without that
    too the area is returned as it is. Age bands keep their share of the population.

    Growth is P (1 + r / 100)^n of a county's people, n years after the base year,
    rounded to whole people and shared out over its zones by today's.

    Parameters
    ----------
    area
        The area with today's population.
    year
        The year of a phase.
    growth
        For a year without a column.

    Returns
    -------
    area, findings
        A note when people changed; an error when a column does not hold whole numbers
        of people, or foresees people in a zone that has no demand point.
    """
    column = f"population_{year}"
    if column in area.zones:
        return _by_column(area, year, column)
    if growth is None:
        return area, []
    unknown = _unknown_counties(area, growth)
    if unknown:
        return area, unknown
    people = _grown(area, growth, year)
    text = Text(
        f"{year} 年的人口按年增长率由 {growth.base_year} 年推算(估计), "
        "年龄段按现有比例推算",
        f"people of {year} are an estimate: yearly growth from {growth.base_year}, "
        "age bands in today's shares",
    )
    note = Finding(
        "population-estimated",
        text,
        Severity.NOTE,
        "zones",
        column="demand.growth_yearly_percent",
        value=f"{area.zones['population'].sum():,} -> {people.sum():,}",
    )
    changed = _with_people(area, people)
    # The estimate is said wherever results of it are shown.
    total = Text(f"{text.zh}: {people.sum():,} 人", f"{text.en}: {people.sum():,}")
    return replace(changed, notes=(*area.notes, total)), [note]


def _by_column(
    area: PlanningArea, year: int, column: str
) -> tuple[PlanningArea, list[Finding]]:
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
    people = figures.to_numpy().astype(np.int64)
    note = Finding(
        "population-of-year",
        Text(f"{year} 年按 {column} 列的人口规划", f"{year} is planned for {column}"),
        Severity.NOTE,
        "zones",
        column=column,
        value=f"{people.sum():,}",
    )
    return _with_people(area, people), [note]


def _with_people(area: PlanningArea, people: NDArray[np.int64]) -> PlanningArea:
    """Return the area with other people, demand points in proportion."""
    zones = area.zones
    demand = area.demand.copy()
    order = np.argsort(demand["zone_id"].to_numpy(), kind="stable")
    owner = zones.index.get_indexer(demand["zone_id"].iloc[order])
    weight = demand["people"].to_numpy(dtype=float)[order]
    parts = np.zeros(len(demand), dtype=int)
    parts[order] = share_out(people, owner, weight)
    demand["people"] = parts
    before = zones["population"].to_numpy(dtype=float)
    factor = np.divide(people, before, out=np.ones(len(before)), where=before > 0)
    bands = {band: zones[band] * factor for band in AGE_COLUMNS if band in zones}
    return replace(area, zones=zones.assign(population=people, **bands), demand=demand)


def _grown(area: PlanningArea, growth: Growth, year: int) -> NDArray[np.int64]:
    """Return the people of each zone; each county's sum is its own, rounded once."""
    zones = area.zones
    years = year - growth.base_year
    result = np.zeros(len(zones), dtype=np.int64)
    today = zones["population"].to_numpy()
    for county, rows in sorted(zones.groupby("county_id").indices.items()):
        total = int(today[rows].sum())
        if not total:
            continue
        name = str(area.counties.loc[county, "name"])
        named = growth.percent.get(str(county), growth.percent.get(name))
        percent = growth.percent.get(OTHER, 0.0) if named is None else named
        grown = round(total * (1 + percent / 100) ** years)
        owner = np.zeros(len(rows), dtype=np.int64)
        parts = share_out(np.array([grown]), owner, today[rows].astype(float))
        result[rows] = parts
    return result


def _unknown_counties(area: PlanningArea, growth: Growth) -> list[Finding]:
    known = {*map(str, area.counties.index), *area.counties["name"], OTHER}
    unknown = sorted(set(growth.percent) - known)
    if not unknown:
        return []
    return [
        Finding(
            "county-unknown",
            Text("没有这个县区", "there is no such county"),
            keys=tuple(unknown),
            column="demand.growth_yearly_percent",
            remedy=Text(
                "写县区代码或名称, 其余写 other",
                "give ids or names of counties, other for the rest",
            ),
        )
    ]
