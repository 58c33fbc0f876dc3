"""Zones as a clean division of the land: overlaps, slivers, gaps, and counties."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import shapely

from allocator.area import GEOGRAPHIC_CRS
from allocator.errors import Severity, Text
from allocator.load.gaps import settle_gaps, settle_slivers
from allocator.load.land import land_of, plane_of
from allocator.load.overlaps import overlapping_pairs, settle_overlaps
from allocator.load.repairs import NOISE_M2, PEN_SHARE, Repair
from allocator.load.shapes import mended

if TYPE_CHECKING:
    from allocator.load.coordinates import Shapes
    from allocator.load.land import Land, Plane
    from allocator.load.remarks import Remarks
    from allocator.load.repairs import Limits, Repairs

# Outlines of counties and of zones are rarely drawn at one scale.
WARNED_SHARE = 0.01


def settle_zones(
    zones: gpd.GeoDataFrame, limits: Limits, remarks: Remarks, repairs: Repairs
) -> gpd.GeoDataFrame:
    """Return the zones as a division of the land: no overlap, no small gap.

    Zones that needed nothing keep their shapes to the last digit. Centres that no
    longer lie in their zone are moved inside it.

    Parameters
    ----------
    zones
        Valid shapes in degrees.
    limits
        From which size on something is refused, or left alone.
    remarks, repairs
        Receive what was done.
    """
    shapes = np.asarray(zones.geometry.to_numpy(), dtype=object)
    if shapely.is_missing(shapes).all():
        return zones
    plane = plane_of(zones)
    land = land_of(zones, plane)
    settled = settle_overlaps(land, limits, remarks, repairs)
    if remarks.failed():
        return zones
    settled = settle_slivers(settled, limits, remarks, repairs)
    settled = settle_gaps(settled, limits, remarks, repairs)
    changed = np.array(
        [new is not old for new, old in zip(settled.shapes, land.shapes, strict=True)]
    )
    if not changed.any():
        return zones
    return _with_shapes(zones, changed, settled.shapes, plane)


def _with_shapes(
    zones: gpd.GeoDataFrame, changed: np.ndarray, shapes: Shapes, plane: Plane
) -> gpd.GeoDataFrame:
    new = np.asarray(zones.geometry.to_numpy(), dtype=object).copy()
    new[changed] = mended(plane.degrees(shapes[changed]))
    zones = zones.set_geometry(gpd.GeoSeries(new, zones.index, GEOGRAPHIC_CRS))
    centres = shapely.points(zones["lon"], zones["lat"])
    outside = changed & ~shapely.intersects(new, centres)
    inside = shapely.point_on_surface(new[outside])
    zones.loc[outside, "lon"] = shapely.get_x(inside)
    zones.loc[outside, "lat"] = shapely.get_y(inside)
    return zones


def compare_with_counties(
    zones: gpd.GeoDataFrame,
    counties: gpd.GeoDataFrame,
    limits: Limits,
    remarks: Remarks,
    repairs: Repairs,
) -> None:
    """Report zones that stick out of their county, and counties that overlap.

    Nothing is changed: the zones are what is planned with, and which county a zone
    belongs to is what its table says.
    """
    outlines = np.asarray(counties.geometry.to_numpy(), dtype=object)
    if shapely.is_missing(outlines).all():
        return
    plane = plane_of(zones)
    land, around = land_of(zones, plane), land_of(counties, plane)
    own = around.shapes[counties.index.get_indexer(zones["county_id"])]
    outside = shapely.difference(land.shapes, own)
    share = np.nan_to_num(shapely.area(outside) / shapely.area(land.shapes))
    found: dict[Severity, list[Repair]] = {severity: [] for severity in Severity}
    for position in np.flatnonzero(share > PEN_SHARE):
        severity = Severity.NOTE
        if share[position] > limits.most_outside_share:
            severity = Severity.ERROR
        elif share[position] > WARNED_SHARE:
            severity = Severity.WARNING
        county = str(zones["county_id"].iloc[position])
        label = f"{county} {counties.loc[county, 'name']}"
        repair = _outside(land, int(position), outside[position], label)
        if repair.m2 > NOISE_M2:
            found[severity].append(repair)
    _tell_outside(found, limits, remarks, repairs)
    _tell_counties(around, remarks, repairs)


def _outside(land: Land, position: int, part: shapely.Geometry, county: str) -> Repair:
    return Repair(
        "zone-outside-county",
        land.ids[position],
        land.names[position],
        land.plane.m2(part),
        land.people_on(position, part),
        county,
        changed=False,
    )


def _tell_outside(
    found: dict[Severity, list[Repair]],
    limits: Limits,
    remarks: Remarks,
    repairs: Repairs,
) -> None:
    text = Text("单元超出所属县区的范围", "zones stick out of their county")
    remedy = Text(
        "核对 county_id 与两个图层的边界", "check county_id and the two layers' borders"
    )
    repairs.tell(found[Severity.NOTE], text, Severity.NOTE, remarks)
    repairs.tell(
        found[Severity.WARNING], text, Severity.WARNING, remarks, remedy=remedy
    )
    repairs.tell(
        found[Severity.ERROR],
        Text(
            f"单元超过 {limits.most_outside_share:.0%} 的面积在所属县区之外",
            f"more than {limits.most_outside_share:.0%} of a zone lies outside "
            "its county",
        ),
        Severity.ERROR,
        remarks,
        remedy=Text(
            "改正 county_id 或图形, 或放宽 [area] most_outside_share",
            "correct county_id or the shapes, or raise [area] most_outside_share",
        ),
    )


def _tell_counties(land: Land, remarks: Remarks, repairs: Repairs) -> None:
    found = []
    for a, b in overlapping_pairs(land.shapes):
        both = shapely.intersection(land.shapes[a], land.shapes[b])
        smaller = shapely.area(land.shapes[[a, b]]).min()
        if shapely.area(both) > PEN_SHARE * smaller:
            found.append(
                Repair(
                    "counties-overlap",
                    land.ids[a],
                    land.names[a],
                    land.plane.m2(both),
                    None,
                    land.label(b),
                    changed=False,
                )
            )
    repairs.tell(
        found,
        Text(
            "县区图形互相重叠; 单元归属以其 county_id 为准",
            "counties overlap; zones belong where their county_id says",
        ),
        Severity.WARNING,
        remarks,
        remedy=Text("在 GIS 中核对县界", "check these borders in a GIS"),
    )
