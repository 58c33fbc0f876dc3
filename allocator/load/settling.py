"""Zones as a clean division of the land: overlaps, slivers, gaps, and counties."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import shapely

from allocator.area import GEOGRAPHIC_CRS
from allocator.errors import Severity, Text
from allocator.load.coordinates import to_degrees, to_metres
from allocator.load.gaps import settle_gaps, settle_slivers
from allocator.load.overlaps import Land, overlapping_pairs, settle_overlaps
from allocator.load.places import lay_ground
from allocator.load.repairs import NOISE_M2, PEN_SHARE, Repair
from allocator.load.shapes import mended

if TYPE_CHECKING:
    import pyproj

    from allocator.load.coordinates import Shapes
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
    ground = lay_ground(zones)
    land = land_of(zones, ground.polygons)
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
    return _with_shapes(zones, changed, settled.shapes, ground.crs)


def land_of(units: gpd.GeoDataFrame, shapes: Shapes) -> Land:
    """Return zones or counties with their shapes in metres."""
    people = (
        units["population"].to_numpy(dtype=float)
        if "population" in units
        else np.full(len(units), np.nan)
    )
    return Land(
        tuple(map(str, units.index)), tuple(map(str, units["name"])), people, shapes
    )


def _with_shapes(
    zones: gpd.GeoDataFrame, changed: np.ndarray, shapes: Shapes, crs: pyproj.CRS
) -> gpd.GeoDataFrame:
    new = np.asarray(zones.geometry.to_numpy(), dtype=object).copy()
    new[changed] = mended(to_degrees(shapes[changed], crs))
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
    ground = lay_ground(zones)
    land = land_of(zones, ground.polygons)
    outlines = mended(to_metres(outlines, ground.crs))
    own = outlines[counties.index.get_indexer(zones["county_id"])]
    m2 = shapely.area(shapely.difference(land.shapes, own))
    share = np.nan_to_num(m2 / shapely.area(land.shapes))
    found: dict[Severity, list[Repair]] = {severity: [] for severity in Severity}
    for position in np.flatnonzero((share > PEN_SHARE) & (m2 > NOISE_M2)):
        severity = Severity.NOTE
        if share[position] > limits.most_outside_share:
            severity = Severity.ERROR
        elif share[position] > WARNED_SHARE:
            severity = Severity.WARNING
        place, there = int(position), float(m2[position])
        found[severity].append(_outside(land, place, there, counties, zones))
    _tell_outside(found, limits, remarks, repairs)
    _tell_counties(land_of(counties, outlines), remarks, repairs)


def _outside(
    land: Land,
    position: int,
    m2: float,
    counties: gpd.GeoDataFrame,
    zones: gpd.GeoDataFrame,
) -> Repair:
    county = str(zones["county_id"].iloc[position])
    return Repair(
        "zone-outside-county",
        land.ids[position],
        land.names[position],
        m2,
        land.people_on(position, m2),
        f"{county} {counties.loc[county, 'name']}",
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
        m2 = float(shapely.area(shapely.intersection(land.shapes[a], land.shapes[b])))
        if m2 > PEN_SHARE * shapely.area(land.shapes[[a, b]]).min():
            found.append(
                Repair(
                    "counties-overlap",
                    land.ids[a],
                    land.names[a],
                    m2,
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
