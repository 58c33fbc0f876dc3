"""Evidence that a layer is in a web map's system although nobody says so.

Two sources of one fact are compared: where a site lies and the zone that the register
states for it, or zones and counties. Undoing an offset that is there brings them
together; undoing one that is not there does not. Nothing is changed: the planner is
asked, with the numbers and the line to write.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely
from shapely.errors import GEOSException

from allocator.errors import Text
from allocator.load.offsets import (
    bd09_to_wgs84,
    gcj02_to_wgs84,
    wgs84_to_bd09,
    wgs84_to_gcj02,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import geopandas as gpd
    from numpy.typing import NDArray

    from allocator.load.coordinates import Numbers, Shapes, Stated
    from allocator.load.places import Ground
    from allocator.load.remarks import Remarks

# Coarse boundaries put some sites outside, in all directions; neighbours share the
# same piece of boundary, so that sites of one zone within a square of this side count
# as one observation.
SQUARE_M = 2_000.0
# One-sided sign test over observations that change: were there no offset, as many
# would leave their zone as enter it. At least ten must change, all for the better.
MOST_CHANCE = 0.001
LEAST_FIXED = 0.6  # of the sites outside: an offset of another cause fixes half
LEAST_GAIN = 0.05  # of all sites
# For layers: what must vanish of the area outside, and how much is worth looking at.
LEAST_AREA_FIXED = 0.75
LEAST_AREA_OUTSIDE = 0.002
LEAST_ZONES = 4
FOR_EACH_AGAINST = 4  # zones that get better for each that gets worse
CHANGED_SHARE = 1e-4  # of a zone's area: less is no change
COMPASS = (
    Text("北", "north"),
    Text("东北", "north-east"),
    Text("东", "east"),
    Text("东南", "south-east"),
    Text("南", "south"),
    Text("西南", "south-west"),
    Text("西", "west"),
    Text("西北", "north-west"),
)


@dataclass(frozen=True)
class Suspicion:
    """One offset that may be there.

    Parameters
    ----------
    of_first
        Whether the first layer (sites; zones) is shifted; else the other one.
    system
        The web map's system.
    move
        What brings the first layer to where it belongs, relative to the other.
    """

    of_first: bool
    system: str
    move: Callable[[Numbers, Numbers], tuple[Numbers, Numbers]]


SUSPICIONS = (
    Suspicion(of_first=True, system="GCJ-02", move=gcj02_to_wgs84),
    Suspicion(of_first=True, system="BD-09", move=bd09_to_wgs84),
    Suspicion(of_first=False, system="GCJ-02", move=wgs84_to_gcj02),
    Suspicion(of_first=False, system="BD-09", move=wgs84_to_bd09),
)


def chance_of(better: int, worse: int) -> float:
    """Return how likely at least ``better`` of all changes are for the better by luck.

    The one-sided sign test: sum over k >= b of C(n, k) / 2^n, n = b + w.
    """
    n = better + worse
    return float(sum(math.comb(n, k) for k in range(better, n + 1)) / 2**n)


def check_sites_offset(
    places: pd.DataFrame,
    zone_ids: pd.Series,
    ground: Ground,
    stated: Stated,
    remarks: Remarks,
) -> None:
    """Warn where undoing an offset puts clearly more sites into their own zones.

    Parameters
    ----------
    places
        ``lon``, ``lat``, degrees of CGCS2000 as read, no NaN.
    zone_ids
        The zone of each by the register's words; empty where it has none.
    ground
        The zones in metres. Those without a shape say nothing.
    stated
        What the brief says of the sites.
    remarks
        Receives the warning.
    """
    position = {zone_id: at for at, zone_id in enumerate(ground.zone_ids)}
    own = np.array([position.get(zone_id, -1) for zone_id in zone_ids], dtype=int)
    own = np.where(own >= 0, own, 0)
    known = zone_ids.isin(position).to_numpy(dtype=bool) & ~shapely.is_missing(
        ground.polygons[own]
    )
    if not known.any():
        return
    lon, lat = (places[name].to_numpy(dtype=float)[known] for name in ("lon", "lat"))
    shapes = ground.polygons[own[known]]
    shapely.prepare(shapes)
    points = ground.points(lon, lat)
    before = shapely.intersects(shapes, points)
    if before.all():
        return
    squares = np.floor(shapely.get_coordinates(points) / SQUARE_M)
    unit = pd.MultiIndex.from_arrays([own[known], squares[:, 0], squares[:, 1]])
    found: list[tuple[int, Suspicion, Shapes]] = []
    for one in SUSPICIONS:
        moved = ground.points(*one.move(lon, lat))
        after = shapely.intersects(shapes, moved)
        if _convincing(before, after, unit):
            found.append((int(after.sum()), one, moved))
    if found:
        inside, one, moved = max(found, key=lambda each: each[0])
        shift = shapely.get_coordinates(points) - shapely.get_coordinates(moved)
        seen = before, shapes, points, np.median(shift, axis=0)
        _warn_of_sites(one, inside, seen, stated, remarks)


def _convincing(
    before: NDArray[np.bool_], after: NDArray[np.bool_], unit: pd.MultiIndex
) -> bool:
    """Whether moving sites fixes too much to be luck."""
    fixed = int((after & ~before).sum())
    net = int(after.sum()) - int(before.sum())
    if fixed < LEAST_FIXED * int((~before).sum()) or net < LEAST_GAIN * len(before):
        return False
    change = pd.Series(after.astype(int) - before.astype(int)).groupby(unit).sum()
    better, worse = int((change > 0).sum()), int((change < 0).sum())
    return better + worse > 0 and chance_of(better, worse) < MOST_CHANCE


def _warn_of_sites(
    one: Suspicion,
    inside: int,
    seen: tuple[NDArray[np.bool_], Shapes, Shapes, Numbers],
    stated: Stated,
    remarks: Remarks,
) -> None:
    before, shapes, points, shift = seen
    # Sites lie off by the shift; zones that are shifted lie off the other way.
    offset = shift if one.of_first else -shift
    lines = shapely.shortest_line(shapes[~before], points[~before])
    ends = shapely.get_coordinates(lines).reshape(-1, 2, 2)
    away = ends[:, 1] - ends[:, 0]
    low, high = np.percentile(np.hypot(*away.T), [10, 90])
    towards = _compass(away.mean(axis=0))
    n, out = len(before), int((~before).sum())
    given, moved = 100 * (n - out) / n, 100 * inside / n
    layer, what = ("sites", "机构") if one.of_first else ("zones", "单元边界")
    line = f'[crs] {layer} = "{one.system}"'
    wrong = not one.of_first and bool(stated.offset)
    remedy = Text(
        f"核实后在任务文件写明 {line}; 确非偏移则不必理会",
        f"if so, write {line} into the brief; if not, ignore this",
    )
    if wrong:
        remedy = Text(
            f"核实机构坐标是否真为 {stated.offset}, 否则改正 crs",
            f"check whether the sites really are {stated.offset}, or correct crs",
        )
    remarks.warning(
        "offset-suspected",
        Text(
            f"{n} 个机构中有 {out} 个({100 * out / n:.0f}%)在所属单元之外, 多向"
            f"{towards.zh}偏 {low:.0f} 至 {high:.0f} 米; 现有 {given:.0f}% 在本单元内, "
            f"若{what}按 {one.system} 换算则有 {moved:.0f}%"
            f"(向{_compass(offset).zh}偏 {np.hypot(*offset):.0f} 米): "
            f"像是 {one.system} 坐标",
            f"{out} of {n} sites ({100 * out / n:.0f} %) lie outside their own zone, "
            f"{low:.0f} to {high:.0f} m off, mostly to the {towards.en}; {given:.0f} % "
            f"lie inside as read, {moved:.0f} % if the {layer} were {one.system} (a "
            f"shift of {np.hypot(*offset):.0f} m to the {_compass(offset).en}): this "
            f"looks like {one.system}",
        ),
        column="lon, lat",
        remedy=remedy,
    )


def _compass(vector: NDArray[np.float64]) -> Text:
    bearing = math.degrees(math.atan2(vector[0], vector[1])) % 360
    return COMPASS[round(bearing / 45) % 8]


def check_layers_offset(
    zones: gpd.GeoDataFrame,
    counties: gpd.GeoDataFrame,
    stated: Mapping[str, Stated],
    remarks: Remarks,
) -> None:
    """Warn where undoing an offset brings zones into the counties they belong to.

    Parameters
    ----------
    zones, counties
        With shapes in degrees of CGCS2000, or None where they have none.
    stated
        What the brief says of each layer.
    remarks
        Receives the warning.
    """
    at = counties.index.get_indexer(zones["county_id"])
    own = np.asarray(counties.geometry.to_numpy(), dtype=object)[at]
    shapes = np.asarray(zones.geometry.to_numpy(), dtype=object)
    known = (at >= 0) & ~shapely.is_missing(shapes) & ~shapely.is_missing(own)
    shapes, own = shapes[known], own[known]
    if len(shapes) < LEAST_ZONES:
        return
    try:
        found, before, area = _compare_layers(shapes, own)
    except GEOSException:
        return  # shapes that were repaired may still be beyond this; no evidence then
    if found is None:
        return
    left, one = found
    _warn_of_layers(one, (left, before, area), stated, remarks)


def _compare_layers(
    shapes: Shapes, own: Shapes
) -> tuple[tuple[float, Suspicion] | None, float, float]:
    """Return the suspicion that fixes most, with what it leaves, and the areas."""
    area = shapely.area(shapes)
    before = shapely.area(shapely.difference(shapes, own))
    if before.sum() < LEAST_AREA_OUTSIDE * area.sum():
        return None, float(before.sum()), float(area.sum())
    found: list[tuple[float, Suspicion]] = []
    for one in SUSPICIONS:
        after = shapely.area(shapely.difference(_moved(shapes, one), own))
        change = (before - after) / area
        better = int((change > CHANGED_SHARE).sum())
        worse = int((change < -CHANGED_SHARE).sum())
        if after.sum() <= (1 - LEAST_AREA_FIXED) * before.sum() and better >= max(
            LEAST_ZONES, FOR_EACH_AGAINST * worse
        ):
            found.append((float(after.sum()), one))
    best = min(found, key=lambda pair: pair[0]) if found else None
    return best, float(before.sum()), float(area.sum())


def _warn_of_layers(
    one: Suspicion,
    areas: tuple[float, float, float],
    stated: Mapping[str, Stated],
    remarks: Remarks,
) -> None:
    left, before, total = areas
    layer = "zones" if one.of_first else "counties"
    line = f'[crs] {layer} = "{one.system}"'
    said = stated["counties" if one.of_first else "zones"].offset
    remarks.warning(
        "offset-suspected",
        Text(
            f"单元面积有 {100 * before / total:.1f}% 落在所属县区之外; "
            f"若 {layer} 按 {one.system} 换算只剩 {100 * left / total:.1f}%: "
            f"{layer} 像是 {one.system} 坐标",
            f"{100 * before / total:.1f} % of the zones' area lies outside their "
            f"county; {100 * left / total:.1f} % if the {layer} were {one.system}: the "
            f"{layer} look like {one.system}",
        ),
        column="geometry",
        remedy=Text(
            f"核实后在任务文件写明 {line}"
            + (f", 或核实另一图层的 {said}" * bool(said)),
            f"if so, write {line} into the brief"
            + (f", or check whether the other layer really is {said}" * bool(said)),
        ),
    )


def _moved(shapes: Shapes, one: Suspicion) -> Shapes:
    moved = shapes.copy()
    xy = shapely.get_coordinates(moved)
    shifted = np.column_stack(one.move(xy[:, 0], xy[:, 1]))
    return np.asarray(shapely.set_coordinates(moved, shifted), dtype=object)
