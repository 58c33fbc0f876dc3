"""Where the people of each zone come from, before and after: one table."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from allocator.errors import Text

if TYPE_CHECKING:
    import geopandas as gpd

    from allocator.load.coordinates import Numbers

PEOPLE_COLUMNS = ("county_id", "name", "stated", "source", "factor", "people")
ESTIMATED = {"raster": "raster estimate", "points": "sum of points"}


def people_table(
    stated: pd.Series,
    zones: gpd.GeoDataFrame,
    demand: pd.DataFrame,
    source: Numbers | None = None,
) -> pd.DataFrame:
    """Return the people of each zone by every account.

    Parameters
    ----------
    stated
        Population as the zone table gives it, NaN where it does not.
    zones
        The zones of the area; the same index.
    demand
        The demand points.
    source
        People that the raster or the villages put into each zone; None: no such file.

    Returns
    -------
    table
        Index ``zone_id``; ``county_id``, ``name``, ``stated`` (whole people, missing
        where not given), ``source`` (NaN without a file), ``factor`` (people / source,
        NaN where there is none) and ``people`` (whole people at the demand points).
    """
    people = demand.groupby("zone_id")["people"].sum().reindex(zones.index).fillna(0)
    given = np.full(len(zones), np.nan) if source is None else source
    factor = np.full(len(zones), np.nan)
    np.divide(people.to_numpy(dtype=float), given, out=factor, where=given > 0)
    return pd.DataFrame(
        {
            "county_id": zones["county_id"],
            "name": zones["name"],
            "stated": stated.astype("float64").round().astype("Int64"),
            "source": given,
            "factor": factor,
            "people": people.astype("int64"),
        },
        index=zones.index,
    )


def by_county(table: pd.DataFrame, counties: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return the sums of `people_table` for each county, and the county's name."""
    sums = table.groupby("county_id")[["stated", "source", "people"]].sum(min_count=1)
    sums.insert(0, "name", counties["name"].reindex(sums.index))
    return sums


def people_note(table: pd.DataFrame, source: str, file: str, *, scaled: bool) -> Text:
    """Return one sentence on where the demand points' people come from."""
    found, people = table["source"].sum(), int(table["people"].sum())
    missing = int(table["stated"].isna().sum())
    thing = (
        Text("栅格", "the raster")
        if source == "raster"
        else Text("点表", "the points of")
    )
    zh = f"人口分布取自{thing.zh} {file}: 原 {found:,.0f} 人, "
    en = f"People are placed by {thing.en} {file}: {found:,.0f} people there, "
    if scaled:
        zh += f"按各乡镇级单元人口缩放为 {people:,} 人(估计)"
        en += f"scaled to the zones' population, {people:,} (an estimate)"
    else:
        zh += f"取整为 {people:,} 人, 未按单元人口缩放(估计)"
        en += f"{people:,} as whole persons, not scaled to the zones (an estimate)"
    if missing:
        zh += f"; {missing} 个单元没有人口数, 用其估计值"
        en += f"; {missing} zones state no population and take that estimate"
    return Text(zh, en)
