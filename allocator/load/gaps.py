"""Land that no zone claims, and parts of zones that are slips of the pen."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import shapely

from allocator.errors import Severity, Text
from allocator.load.repairs import NOISE_M2, Repair
from allocator.load.shapes import polygons_of

if TYPE_CHECKING:
    from allocator.load.coordinates import Numbers, Shapes
    from allocator.load.land import Land
    from allocator.load.remarks import Remarks
    from allocator.load.repairs import Limits, Repairs

# Borders that run together to five centimetres are one: far below any survey's error,
# far above what projecting and cutting leave behind.
TOUCH_M = 0.05
# A corner sharper than 23 degrees (twice the arcsine of 1/5) is cut off when shapes are
# widened and narrowed again.
MITRE_LIMIT = 5.0


def mean_width_m(shapes: Shapes) -> Numbers:
    """Return twice the area over the perimeter: the width of a long thin shape."""
    perimeter = shapely.length(shapes)
    return np.asarray(
        2 * shapely.area(shapes) / np.maximum(perimeter, np.finfo(float).tiny)
    )


def settle_slivers(
    land: Land, limits: Limits, remarks: Remarks, repairs: Repairs
) -> Land:
    """Give thin detached parts of a zone to the zone that they lie along.

    A part is one when it is smaller than ``gap_m2`` and narrower than ``gap_width_m``,
    is not the largest of its zone, and borders on another zone. Islands are no slivers:
    they border on nothing.
    """
    shapes = land.shapes.copy()
    found = []
    several = np.flatnonzero(
        (shapely.get_num_geometries(shapes) > 1) & ~shapely.is_missing(shapes)
    )
    for position in several:
        parts = shapely.get_parts(shapes[position])
        area = shapely.area(parts)
        thin = (area < limits.gap_m2) & (mean_width_m(parts) < limits.gap_width_m)
        thin[np.argmax(area)] = False
        for part in parts[thin]:
            neighbours = _neighbours(part, shapes)
            neighbours.pop(int(position), None)
            if not neighbours:
                continue
            to = _longest(neighbours)
            m2 = land.plane.m2(part)
            if m2 > NOISE_M2:
                people = land.people_on(int(position), part)
                found.append(
                    Repair(
                        "sliver-moved",
                        land.ids[to],
                        land.names[to],
                        m2,
                        people,
                        land.label(int(position)),
                        share=float(shapely.area(part) / area.sum()),
                    )
                )
            shapes[to] = _joined(shapes[to], part)
            shapes[position] = _only(shapely.difference(shapes[position], part))
    repairs.tell_changes(
        found,
        Text(
            "后一单元的零碎细条已归相邻的前一单元",
            "thin detached strips of the second zone went to the first, beside them",
        ),
        remarks,
        remedy=Text("在 GIS 中核对边界", "check these borders in a GIS"),
    )
    return replace(land, shapes=shapes)


def settle_gaps(land: Land, limits: Limits, remarks: Remarks, repairs: Repairs) -> Land:
    """Fill small gaps between zones, and report the large ones.

    A gap is a hole in the union of all zones, or a slit between two of them that is
    open to the outside and nowhere wider than ``gap_width_m``. One that is smaller than
    ``gap_m2``, or on average narrower than ``gap_width_m``, goes to the zone with the
    longest common border; on a tie to the lowest id. Larger holes may be lakes.
    """
    present = ~shapely.is_missing(land.shapes)
    if not present.any():
        return land
    whole = shapely.union_all(land.shapes[present])
    holes = _holes(whole)
    gaps = np.concatenate([holes, _slits(whole, limits.gap_width_m)])
    is_hole = np.arange(len(gaps)) < len(holes)
    area = np.array([land.plane.m2(gap) for gap in gaps])
    kept = area > NOISE_M2
    gaps, is_hole, area = gaps[kept], is_hole[kept], area[kept]
    small = (area < limits.gap_m2) | (mean_width_m(gaps) < limits.gap_width_m)
    shapes = land.shapes.copy()
    filled: list[Repair] = []
    left: list[Repair] = []
    for gap, m2, is_small, enclosed in zip(
        gaps, area.tolist(), small, is_hole, strict=True
    ):
        neighbours = _neighbours(gap, land.shapes)
        # A bay of one zone, or a lake inside it, is no slit between two.
        if not neighbours or (len(neighbours) == 1 and not enclosed):
            continue
        to = _longest(neighbours)
        code = "gap-filled" if is_small else "gap-left"
        repair = Repair(
            code,
            land.ids[to],
            land.names[to],
            m2,
            land.people_on(to, gap) if is_small else None,
            changed=bool(is_small),
            share=float(shapely.area(gap) / shapely.area(land.shapes[to])),
        )
        (filled if is_small else left).append(repair)
        if is_small:
            shapes[to] = _joined(shapes[to], gap)
    _tell(filled, left, remarks, repairs)
    return replace(land, shapes=shapes)


def _tell(
    filled: list[Repair], left: list[Repair], remarks: Remarks, repairs: Repairs
) -> None:
    repairs.tell_changes(
        filled,
        Text(
            "单元之间的小缝隙已归共同边界最长的单元",
            "small gaps between zones went to the zone with the longest common border",
        ),
        remarks,
        remedy=Text("在 GIS 中核对边界", "check these borders in a GIS"),
    )
    repairs.tell(
        left,
        Text(
            "单元之间有不属于任何单元的空地(可能是湖泊), 未改动",
            "land between zones that belongs to none (a lake, perhaps): left as it is",
        ),
        Severity.NOTE,
        remarks,
    )


def _holes(whole: shapely.Geometry) -> Shapes:
    parts = shapely.get_parts(whole)
    rings = shapely.get_rings(parts)
    outer = shapely.get_exterior_ring(parts)
    inner = rings[~np.isin(shapely.to_wkb(rings), shapely.to_wkb(outer))]
    return np.asarray(shapely.polygons(inner), dtype=object)


def _slits(whole: shapely.Geometry, width_m: float) -> Shapes:
    """Return what closes when the outline is widened by half of that, and narrowed."""
    outlines = shapely.polygons(shapely.get_exterior_ring(shapely.get_parts(whole)))
    filled = shapely.union_all(outlines)
    wide = shapely.buffer(
        filled, width_m / 2, join_style="mitre", mitre_limit=MITRE_LIMIT
    )
    closed = shapely.buffer(
        wide, -width_m / 2, join_style="mitre", mitre_limit=MITRE_LIMIT
    )
    rest = _only(shapely.difference(closed, filled))
    return np.asarray(shapely.get_parts(rest), dtype=object)


def _neighbours(part: shapely.Geometry, shapes: Shapes) -> dict[int, float]:
    """Return the length of common border with each shape that has one, metres."""
    around = shapely.buffer(part, TOUCH_M)
    near = np.flatnonzero(shapely.intersects(shapes, around))
    # Only the surroundings of the part: zones may have borders of many thousand points.
    frame = shapely.box(*shapely.bounds(around))
    close = shapely.intersection(shapely.boundary(shapes[near]), frame)
    border = shapely.boundary(part)
    wide = shapely.buffer(close, TOUCH_M)
    lengths = shapely.length(shapely.intersection(wide, border))
    # Touching at a corner leaves twice the tolerance.
    return {
        int(position): round(float(length), 2)
        for position, length in zip(near, lengths, strict=True)
        if length > 4 * TOUCH_M
    }


def _longest(neighbours: dict[int, float]) -> int:
    return min(neighbours, key=lambda position: (-neighbours[position], position))


def _joined(shape: shapely.Geometry, part: shapely.Geometry) -> shapely.Geometry:
    return _only(shapely.union(shape, part))


def _only(shape: shapely.Geometry) -> shapely.Geometry:
    only: shapely.Geometry = polygons_of(np.array([shape], dtype=object))[0]
    return only
