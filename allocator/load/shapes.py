"""The shapes of a layer as valid polygons in degrees, with what was repaired."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyproj
import shapely

from allocator.errors import Severity, Text
from allocator.load.coordinates import locate_shapes
from allocator.load.repairs import NOISE_M2, Repair, people_on

if TYPE_CHECKING:
    from collections.abc import Callable

    from allocator.load.coordinates import Numbers, Shapes, Stated
    from allocator.load.frames import Sheet
    from allocator.load.repairs import Limits, Repairs

ELLIPSOID = pyproj.Geod(ellps="GRS80")
SHORT_DEGREES = 0.002  # 200 m: a geodesic is then within a millimetre of the line
POINT, POLYGON, MULTIPOLYGON, COLLECTION = 0, 3, 6, 7


def area_m2(shape: shapely.Geometry) -> float:
    """Return the area of a shape in degrees on the ellipsoid, square metres.

    Borders are straight in degrees, as they are drawn; a geodesic is a metre off such
    a line of 10 km, so that they are cut into short ones.
    """
    # Rings of either direction stand in files; their areas would cancel out.
    short = shapely.orient_polygons(_short(shape))
    area, _ = ELLIPSOID.geometry_area_perimeter(short)
    return abs(float(area))


def _short(shape: shapely.Geometry) -> shapely.Geometry:
    try:
        return shapely.segmentize(shape, SHORT_DEGREES)
    except shapely.errors.GEOSException:
        # A ring that is one point has no segments; nor has it an area.
        return shape


def read_polygons(
    sheet: Sheet, stated: Stated, limits: Limits, repairs: Repairs
) -> Shapes:
    """Return valid polygons in degrees; None for a point or where there is none.

    Heights are dropped. Rings that cross themselves are repaired with a warning that
    says by how much the area changed; lines are findings, and so is a shape of which
    too much depends on how it is read.
    """
    index, remarks = sheet.frame.index, sheet.remarks
    if not sheet.is_layer:
        return np.full(len(index), None, dtype=object)
    shapes = locate_shapes(sheet, stated)
    kinds = shapely.get_type_id(shapes)
    lines = ~np.isin(kinds, (-1, POINT, POLYGON, MULTIPOLYGON, COLLECTION))
    if lines.any():
        remarks.error(
            "geometry-kind",
            Text("应为面或点", "must be a polygon or a point"),
            keys=index[lines],
            column="geometry",
            remedy=Text("换成面图层", "give a layer of polygons"),
        )
    shapes[~np.isin(kinds, (POLYGON, MULTIPOLYGON, COLLECTION))] = None
    shapes[shapely.is_empty(shapes)] = None
    return _repair(shapes, sheet, limits, repairs)


def _repair(shapes: Shapes, sheet: Sheet, limits: Limits, repairs: Repairs) -> Shapes:
    present = ~shapely.is_missing(shapes)
    invalid = present & ~shapely.is_valid(shapes)
    # A collection may hold a polygon beside lines and points.
    invalid |= shapely.get_type_id(shapes) == COLLECTION
    if not invalid.any():
        return shapes
    before = shapes[invalid]
    after = polygons_of(
        shapely.make_valid(before, method="structure", keep_collapsed=False)
    )
    other = polygons_of(shapely.make_valid(before, method="linework"))
    rows = sheet.frame.index[invalid]
    _refuse_unclear(after, other, rows, sheet, limits)
    _tell(before, after, rows, sheet, repairs)
    shapes = shapes.copy()
    shapes[invalid] = after
    shapes[shapely.is_empty(shapes)] = None
    return shapes


def polygons_of(shapes: Shapes) -> Shapes:
    """Return only what has an area of each shape: lines and points are dropped."""
    result: Shapes = np.array(shapes, dtype=object)
    for position in np.flatnonzero(shapely.get_type_id(result) == COLLECTION):
        parts = shapely.get_parts(result[position])
        flat = np.isin(shapely.get_type_id(parts), (POLYGON, MULTIPOLYGON))
        result[position] = shapely.union_all(parts[flat])
    lines = ~np.isin(shapely.get_type_id(result), (-1, POLYGON, MULTIPOLYGON))
    result[lines] = shapely.Polygon()
    return result


def mended(shapes: Shapes) -> Shapes:
    """Return shapes valid again after they were moved to other coordinates.

    Rings that touch at a point may cross there by the last digit of a number.
    """
    result: Shapes = np.array(shapes, dtype=object)
    torn = ~shapely.is_missing(result) & ~shapely.is_valid(result)
    for position in np.flatnonzero(torn):
        result[position] = _mended(result[position])
    return result


def _mended(shape: shapely.Geometry) -> shapely.Geometry:
    """Return, of the ways to make a shape valid, the one that keeps its area best.

    A ring that touches itself holds a part of another's land by one reading; how much
    land there was before the last digit changed tells which is right.
    """
    ways: tuple[Callable[[shapely.Geometry], shapely.Geometry], ...] = (
        lambda s: shapely.make_valid(s, method="linework"),
        lambda s: shapely.make_valid(s, method="structure", keep_collapsed=False),
        lambda s: shapely.buffer(s, 0),
    )
    found = []
    for way in ways:
        try:
            (valid,) = polygons_of(np.array([way(shape)], dtype=object))
        except shapely.errors.GEOSException:
            # Rarely one of them fails on rings that cross by a last digit.
            continue
        if shapely.is_valid(valid):
            found.append(valid)
    area = shapely.area(shape)
    return min(
        found, key=lambda s: abs(shapely.area(s) - area), default=shapely.Polygon()
    )


def _refuse_unclear(
    after: Shapes, other: Shapes, rows: pd.Index, sheet: Sheet, limits: Limits
) -> None:
    """Refuse shapes that the two usual readings of a crossed ring see differently.

    By one reading everything inside the outermost line belongs to the shape, by the
    other a part that is circled twice does not. Where they agree, as for two triangles
    of a bow-tie, nothing is left to guess.
    """
    # In square degrees, of which only the ratio is used.
    differ = shapely.area(shapely.symmetric_difference(after, other))
    share = differ / np.maximum(shapely.area(after), np.finfo(float).tiny)
    unclear = (share > limits.most_repair_share) & ~shapely.is_empty(after)
    if unclear.any():
        sheet.remarks.error(
            "geometry-unclear",
            Text(
                f"图形自相交, 超过 {limits.most_repair_share:.0%} 的面积"
                "无法判断是否属于它",
                f"the ring crosses itself, and for more than "
                f"{limits.most_repair_share:.0%} of the area it cannot be said "
                "whether it belongs to it",
            ),
            keys=rows[unclear],
            column="geometry",
            values=[f"{value:.1%}" for value in share[unclear]],
            remedy=Text(
                "在 GIS 中改正, 或放宽 [area] most_repair_share",
                "draw it again in a GIS, or raise [area] most_repair_share",
            ),
        )


def _tell(
    before: Shapes, after: Shapes, rows: pd.Index, sheet: Sheet, repairs: Repairs
) -> None:
    """Report what the repair changed, in square metres and people."""
    frame = sheet.frame.loc[rows]
    key = frame.columns.intersection(["zone_id", "county_id"])[:1]
    ids = frame[key[0]] if len(key) else pd.Series("", index=rows)
    names = frame["name"] if "name" in frame else pd.Series("", index=rows)
    people = _numbers(frame, "population")
    found: list[tuple[object, Repair]] = []
    quiet: list[tuple[object, Repair]] = []
    for i, (old, new) in enumerate(zip(before, after, strict=True)):
        new_m2 = area_m2(new)
        change = new_m2 - area_m2(old)
        on_it = people_on(abs(change), of_m2=new_m2, people=people[i])
        repair = Repair(
            "geometry-repaired", str(ids.iloc[i]), str(names.iloc[i]), change, on_it
        )
        (found if abs(change) > NOISE_M2 else quiet).append((rows[i], repair))
    remedy = Text("在 GIS 中检查这些图形", "check these shapes in a GIS")
    for several, severity, text in (
        (
            found,
            Severity.WARNING,
            Text(
                "图形自相交, 已修复; 面积变化如下", "shape repaired; its area changed"
            ),
        ),
        (
            quiet,
            Severity.NOTE,
            Text("图形有毛刺或自接触, 已修复", "spikes or touching rings repaired"),
        ),
    ):
        repairs.tell(
            [repair for _, repair in several],
            text,
            severity,
            sheet.remarks,
            remedy=remedy,
            keys=[str(row) for row, _ in several],
        )


def _numbers(frame: pd.DataFrame, column: str) -> Numbers:
    if column not in frame:
        return np.full(len(frame), np.nan)
    return np.asarray(frame[column].to_numpy(dtype=float))
