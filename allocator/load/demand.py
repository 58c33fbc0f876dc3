"""Demand points: where people are taken to be."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from allocator.errors import Text
from allocator.load.coordinates import locate_points
from allocator.load.sites import check_located, place_in_zones

if TYPE_CHECKING:
    import geopandas as gpd

    from allocator.load.coordinates import Numbers, Stated
    from allocator.load.frames import Sheet
    from allocator.load.places import Ground
    from allocator.load.remarks import Remarks

DEMAND_COLUMNS = ["zone_id", "county_id", "people", "urban", "lon", "lat"]
# Village figures and township figures of one year rarely agree to the last person.
MOST_DIFFERENCE = 0.05


def demand_of_zones(zones: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return one demand point at the centre of every zone that has people."""
    lived_in = zones[zones["population"] > 0]
    frame = pd.DataFrame(
        {
            "zone_id": lived_in.index,
            "people": lived_in["population"],
            "lon": lived_in["lon"],
            "lat": lived_in["lat"],
        },
        index=lived_in.index.rename("demand_id"),
    )
    return with_units(frame, zones)


def with_units(frame: pd.DataFrame, zones: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return demand points, sorted, with the county and ``urban`` of their zone."""
    frame = frame.assign(
        county_id=frame["zone_id"].map(zones["county_id"]),
        urban=frame["zone_id"].map(zones["urban"]).astype(bool),
        people=frame["people"].astype("int64"),
    )
    return frame[DEMAND_COLUMNS].sort_index()


def demand_of_points(
    sheet: Sheet,
    stated: Stated,
    zones: gpd.GeoDataFrame | None,
    ground: Ground | None,
    *,
    scale: bool = False,
) -> tuple[pd.DataFrame, gpd.GeoDataFrame, Numbers] | None:
    """Return the demand points of a file; None when they cannot be used.

    Parameters
    ----------
    sheet
        The file.
    stated
        What the brief says of files that state no coordinate system.
    zones, ground
        None when they could not be read: everything else is then still checked.
    scale
        Whether the people of a zone's points share out its population, as whole
        persons; a zone with people but no point then has one at its centre.

    Returns
    -------
    demand, zones, source
        The points, the zones with the sum of their points where they state no
        population, and the file's people in each zone.
    """
    remarks = sheet.remarks
    frame = sheet.frame.drop(columns="geometry", errors="ignore")
    places = locate_points(sheet, stated)
    check_located(sheet)
    frame[["lon", "lat"]] = places
    if zones is None or ground is None:
        return None
    frame["zone_id"] = place_in_zones(
        frame,
        zones,
        ground,
        remarks,
        code="demand-in-no-zone",
        what=Text("需求点", "demand point"),
    )
    if remarks.failed():
        return None
    nobody = frame["people"] == 0
    if nobody.any():
        remarks.note(
            "demand-without-people",
            Text(
                "没有人口的需求点不参与计算",
                "demand points without people are left out",
            ),
            keys=frame.index[nobody],
        )
    frame = frame[~nobody].set_index("demand_id")
    source = _people_of(frame, zones)
    _check_totals(source, zones, remarks, scale=scale)
    if remarks.failed():
        return None
    population = zones["population"].astype(float)
    zones = zones.assign(population=population.fillna(source).astype("int64"))
    if scale:
        frame = _scaled(frame, zones, remarks)
    return with_units(frame, zones), zones, source.to_numpy(dtype=float)


def _people_of(frame: pd.DataFrame, zones: gpd.GeoDataFrame) -> pd.Series:
    return frame.groupby("zone_id")["people"].sum().reindex(zones.index).fillna(0)


def _scaled(
    frame: pd.DataFrame, zones: gpd.GeoDataFrame, remarks: Remarks
) -> pd.DataFrame:
    """Return points whose people add up to each zone's population, to the person."""
    order = np.argsort(zones.index.get_indexer(frame["zone_id"]), kind="stable")
    frame = frame.iloc[order][["zone_id", "people", "lon", "lat"]]
    owner = zones.index.get_indexer(frame["zone_id"])
    people = zones["population"].to_numpy()
    weight = frame["people"].to_numpy(dtype=float)
    frame = frame.assign(people=share_out(people, owner, weight))
    bare = (people > 0) & ~zones.index.isin(frame["zone_id"])
    if bare.any():
        remarks.warning(
            "zone-without-points",
            Text(
                "这些单元没有需求点, 人口放在中心",
                "no demand point: people are put at the centre",
            ),
            keys=[f"{zone} {name}" for zone, name in zones["name"][bare].items()],
            values=[f"{count:,} 人" for count in people[bare]],
            remedy=Text("补上这些单元的点", "add points of these zones"),
        )
        alone = zones.loc[bare, ["lon", "lat"]].assign(
            zone_id=zones.index[bare], people=people[bare]
        )
        alone.index = alone.index + "-centre"
        frame = pd.concat([frame, pd.DataFrame(alone)])
    return frame[frame["people"] > 0].rename_axis("demand_id")


def _check_totals(
    people: pd.Series, zones: gpd.GeoDataFrame, remarks: Remarks, *, scale: bool
) -> None:
    """Compare the people of a zone's demand points with its population."""
    if not people.sum():
        remarks.error(
            "no-people",
            Text("需求点没有人口", "the demand points have no people"),
            column="people",
            remedy=Text("检查人数列", "check the column of people"),
        )
        return
    population = zones["population"]
    differs = (people - population).abs() > MOST_DIFFERENCE * population
    if differs.any():
        named = zones["name"][differs]
        pairs = zip(people[differs], population[differs], strict=True)
        remarks.warning(
            "demand-total",
            Text(
                "需求点人数之和与单元人口相差超过 5%",
                "people of the demand points differ from the zone's by more than 5 %",
            ),
            keys=[f"{zone} {name}" for zone, name in named.items()],
            column="people",
            values=[f"{found:.0f} / {stated}" for found, stated in pairs],
            remedy=Text("核对两个表的口径与年份", "compare their definitions and years")
            if scale
            else Text(
                "核对两个表的口径与年份; 写 [demand] scale = true 即按单元人口缩放",
                "compare their definitions and years; [demand] scale = true scales "
                "them to the zones",
            ),
        )


def share_out(people: np.ndarray, owner: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Share whole people out by weight, so that every owner's sum is exact.

    Largest remainder: everyone gets the whole part of their share, and those left over
    go to the largest fractions; of equal fractions, to the earlier.

    Parameters
    ----------
    people
        Whole people of each owner.
    owner
        Position of the owner of each part, sorted ascending.
    weight
        Weight of each part, > 0 in sum for every owner that has parts.

    Returns
    -------
    parts
        Whole people of each part.
    """
    total = np.bincount(owner, weights=weight, minlength=len(people))
    share = people[owner] * (weight / total[owner])
    whole = np.floor(share)
    left = people - np.bincount(owner, weights=whole, minlength=len(people))
    # Rounded, since arithmetic makes equal fractions differ in their last digits.
    fraction = np.round(share - whole, 9)
    order = np.lexsort((np.arange(len(owner)), -fraction, owner))
    first = np.searchsorted(owner, np.arange(len(people)))
    rank = np.empty(len(owner), dtype=np.int64)
    rank[order] = np.arange(len(owner)) - first[owner[order]]
    parts: np.ndarray = (whole + (rank < left[owner])).astype(np.int64)
    return parts
