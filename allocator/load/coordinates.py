"""Coordinate systems: whatever a file holds, in degrees of CGCS2000."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyproj
import shapely

from allocator.area import GEOGRAPHIC_CRS
from allocator.errors import Text
from allocator.load.axes import CHINA_LAT, CHINA_LON
from allocator.load.conversion import (
    MOST_LAT,
    MOST_LON,
    convert,
    look_like_degrees,
    transform,
)
from allocator.load.statement import NOWHERE, Around, Stated, read_crs

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from allocator.load.frames import Sheet
    from allocator.load.remarks import Remarks

__all__ = [
    "NOWHERE",
    "Around",
    "Stated",
    "check_degrees",
    "locate_points",
    "locate_shapes",
    "look_like_degrees",
    "metric_crs",
    "read_crs",
    "remark_outside",
    "to_degrees",
    "to_metres",
]

type Numbers = NDArray[np.float64]
type Shapes = NDArray[np.object_]

# CGCS2000 3-degree Gauss-Krüger by central meridian: EPSG 4534 is 75 E (zone 25).
FIRST_ZONE, LAST_ZONE, EPSG_OF_ZONE_0 = 25, 45, 4509
UTM_NORTH, UTM_SOUTH = 32600, 32700


def metric_crs(lon: float, lat: float) -> pyproj.CRS:
    """Return the coordinate system in metres for an area around a point.

    CGCS2000 3-degree Gauss-Krüger inside China, UTM elsewhere.
    """
    zone = round(lon / 3)
    if FIRST_ZONE <= zone <= LAST_ZONE and 0 < lat < CHINA_LAT[1] + 1:
        return pyproj.CRS.from_epsg(EPSG_OF_ZONE_0 + zone)
    utm_zone = int((lon + 180) // 6) % 60 + 1
    return pyproj.CRS.from_epsg((UTM_NORTH if lat >= 0 else UTM_SOUTH) + utm_zone)


def to_metres(shapes: object, crs: pyproj.CRS) -> Shapes:
    """Project shapes in degrees of CGCS2000; None stays None."""
    return _move(shapes, GEOGRAPHIC_CRS, crs)


def to_degrees(shapes: object, crs: pyproj.CRS) -> Shapes:
    """Undo `to_metres`."""
    return _move(shapes, crs, GEOGRAPHIC_CRS)


def _move(shapes: object, source: pyproj.CRS | str, target: pyproj.CRS | str) -> Shapes:
    moved: Shapes = np.array(shapes, dtype=object)
    transformer = pyproj.Transformer.from_crs(source, target, always_xy=True)
    xy = shapely.get_coordinates(moved)
    x, y = transformer.transform(xy[:, 0], xy[:, 1])
    return np.asarray(shapely.set_coordinates(moved, np.column_stack([x, y])))


def locate_points(
    sheet: Sheet, stated: Stated, around: Around = NOWHERE
) -> pd.DataFrame:
    """Return ``lon`` and ``lat`` of every row, degrees of CGCS2000.

    Parameters
    ----------
    sheet
        A layer (of which the shapes count), or a table with ``lon`` and ``lat``.
    stated
        What the brief says of this file.
    around
        The zones, where known: they tell projections apart.

    Returns
    -------
    places
        Index of ``sheet.frame``; NaN where there is none. Wrong ones are findings in
        the sheet's remarks.
    """
    index = sheet.frame.index
    if sheet.is_layer:
        shapes = locate_shapes(sheet, stated, around)
        points = shapely.point_on_surface(shapes)
        # An empty or missing shape has no point, and so NaN coordinates.
        lon, lat = shapely.get_x(points), shapely.get_y(points)
        given = np.asarray(sheet.frame["geometry"], dtype=object)
        empty = shapely.is_missing(given) | shapely.is_empty(given)
        if empty.any():
            _remark_empty(index[empty], sheet.remarks)
        return pd.DataFrame({"lon": lon, "lat": lat}, index=index)
    lon = sheet.frame["lon"].to_numpy(dtype=float)
    lat = sheet.frame["lat"].to_numpy(dtype=float)
    given = np.isfinite(lon) & np.isfinite(lat)
    if sheet.crs is None or stated.explicit:
        own = None if look_like_degrees(lon, lat) else sheet.crs
        lon, lat = convert(
            (lon, lat), sheet, stated, keys=index, own=own, around=around
        )
    elif not look_like_degrees(lon, lat):
        # The columns of a layer that states its system are in degrees, or in that.
        lon, lat = transform(lon, lat, sheet.crs, sheet.remarks)
    _check_lost(index[given & ~(np.isfinite(lon) & np.isfinite(lat))], sheet)
    lon, lat = check_degrees(lon, lat, index, sheet.remarks)
    return pd.DataFrame({"lon": lon, "lat": lat}, index=index)


def _remark_empty(keys: pd.Index, remarks: Remarks) -> None:
    remarks.error(
        "geometry-empty",
        Text("图形为空", "the shape is empty"),
        keys=keys,
        remedy=Text("补上图形, 或删去这一行", "draw the shape, or remove the row"),
    )


def locate_shapes(sheet: Sheet, stated: Stated, around: Around = NOWHERE) -> Shapes:
    """Return the shapes of a layer in degrees of CGCS2000, without heights.

    Shapes that cannot be placed become None, with a finding in the sheet's remarks.
    """
    shapes = shapely.force_2d(np.asarray(sheet.frame["geometry"], dtype=object))
    xy, owner = shapely.get_coordinates(shapes, return_index=True)
    keys, here = sheet.frame.index[owner], around.of(owner)
    pair = xy[:, 0], xy[:, 1]
    lon, lat = convert(pair, sheet, stated, keys=keys, own=sheet.crs, around=here)
    good = np.isfinite(lon) & np.isfinite(lat)
    bad = np.zeros(len(shapes), dtype=bool)
    bad[owner[~good]] = True
    _check_lost(sheet.frame.index[bad], sheet)
    # A ring with NaN is not closed, so these shapes go before the others are moved.
    shapes[bad] = None
    kept = ~bad[owner]
    shapes = shapely.set_coordinates(shapes, np.column_stack([lon[kept], lat[kept]]))
    shapes = np.asarray(shapes, dtype=object)
    bounds = shapely.bounds(shapes)
    middle = (bounds[:, :2] + bounds[:, 2:]) / 2
    x, _ = check_degrees(middle[:, 0], middle[:, 1], sheet.frame.index, sheet.remarks)
    shapes[np.isnan(x)] = None
    return shapes


def _check_lost(keys: pd.Index, sheet: Sheet) -> None:
    """Report rows whose coordinates were lost, unless a finding already says why."""
    findings = sheet.remarks.findings
    if any(finding.code in _LOSE_ALL for finding in findings):
        return
    reported = {key for finding in findings for key in finding.keys}
    fresh = [key for key in keys if str(key) not in reported]
    if fresh:
        remark_outside(pd.Index(fresh), sheet.remarks)


# Findings on a whole file that leave it without coordinates.
_LOSE_ALL = frozenset({"crs-missing", "crs-contradicted", "degrees-in-millionths"})


def remark_outside(keys: pd.Index, remarks: Remarks) -> None:
    """Report coordinates that the coordinate system cannot place."""
    remarks.error(
        "coordinates-outside",
        Text("坐标超出坐标系的范围", "the coordinates lie outside their system"),
        keys=keys,
        remedy=Text(
            "检查坐标系, 以及东坐标与北坐标是否颠倒",
            "check the coordinate system, and whether easting and northing are swapped",
        ),
    )


def check_degrees(
    lon: Numbers, lat: Numbers, index: pd.Index, remarks: Remarks
) -> tuple[Numbers, Numbers]:
    """Report places that cannot be; return the others, NaN in their stead."""
    swapped = (lon >= CHINA_LAT[0]) & (lon <= CHINA_LAT[1])
    swapped &= (lat >= CHINA_LON[0]) & (lat <= CHINA_LON[1])
    outside = ((np.abs(lon) > MOST_LON) | (np.abs(lat) > MOST_LAT)) & ~swapped
    for code, message, rows, remedy in (
        (
            "axes-swapped",
            Text("经纬度可能颠倒", "longitude and latitude may be swapped"),
            swapped,
            Text("对调两列", "swap the two columns"),
        ),
        (
            "degrees-range",
            Text("经纬度超出范围", "not a longitude and latitude"),
            outside,
            Text(
                "改正经纬度; 投影坐标(米)请在 [area] crs 写明坐标系",
                "correct them; for coordinates in metres state [area] crs",
            ),
        ),
    ):
        if rows.any():
            pairs = zip(lon[rows], lat[rows], strict=True)
            remarks.error(
                code,
                message,
                keys=index[rows],
                column="lon, lat",
                values=[f"{x:.8g} {y:.8g}" for x, y in pairs],
                remedy=remedy,
            )
    bad = swapped | outside
    return np.where(bad, np.nan, lon), np.where(bad, np.nan, lat)
