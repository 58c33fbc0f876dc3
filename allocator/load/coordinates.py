"""Coordinate systems: whatever a file holds, in degrees of CGCS2000."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd
import pyproj
import shapely
from pyproj.exceptions import CRSError, ProjError

from allocator.area import GEOGRAPHIC_CRS
from allocator.errors import Text
from allocator.load.offsets import bd09_to_wgs84, gcj02_to_wgs84

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from allocator.load.frames import Sheet
    from allocator.load.remarks import Remarks

type Numbers = NDArray[np.float64]
type Shapes = NDArray[np.object_]

# CGCS2000 3-degree Gauss-Krüger by central meridian: EPSG 4534 is 75 E (zone 25).
FIRST_ZONE, LAST_ZONE, EPSG_OF_ZONE_0 = 25, 45, 4509
UTM_NORTH, UTM_SOUTH = 32600, 32700
# China and a margin: within it a longitude cannot be a latitude, so a swap shows.
CHINA_LON = (73.0, 135.5)
CHINA_LAT = (18.0, 54.0)
MOST_LON, MOST_LAT = 180.0, 90.0
# These differ from ours by less than a metre.
SAME_AS_OURS = frozenset({4490, 4326, 4979})


@dataclass(frozen=True)
class Stated:
    """What ``[area] crs`` says of files that state nothing.

    Parameters
    ----------
    crs
        The coordinate system; None where the brief states none.
    offset
        Set when it is a web map's system instead.
    text
        As written in the brief.
    """

    crs: pyproj.CRS | None = None
    offset: Literal["", "GCJ-02", "BD-09"] = ""
    text: str = ""

    @property
    def is_projected(self) -> bool:
        """Whether coordinates are in metres."""
        return self.crs is not None and self.crs.is_projected


def read_crs(text: str | None, remarks: Remarks) -> Stated:
    """Understand ``[area] crs``; an unknown one is a finding."""
    if text is None:
        return Stated()
    plain = re.sub(r"[\s_-]", "", text).upper()
    if plain in {"GCJ02", "GCJ"}:
        return Stated(offset="GCJ-02", text=text)
    if plain in {"BD09", "BD09LL"}:
        return Stated(offset="BD-09", text=text)
    try:
        crs = pyproj.CRS.from_user_input(text)
        if crs.is_projected or crs.is_geographic:
            return Stated(crs, text=text)
    except CRSError:
        pass
    remarks.error(
        "crs-unknown",
        Text("不认识的坐标系", "the coordinate system is not known"),
        column="area.crs",
        values=[text],
        remedy=Text(
            "写 EPSG:4490、EPSG:4527 一类代码, 或 GCJ-02、BD-09",
            "write a code such as EPSG:4490 or EPSG:4527, or GCJ-02, BD-09",
        ),
    )
    return Stated()


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


def locate_points(sheet: Sheet, stated: Stated) -> pd.DataFrame:
    """Return ``lon`` and ``lat`` of every row, degrees of CGCS2000.

    Parameters
    ----------
    sheet
        A layer (of which the shapes count), or a table with ``lon`` and ``lat``.
    stated
        What the brief says of files that state nothing.

    Returns
    -------
    places
        Index of ``sheet.frame``; NaN where there is none. Wrong ones are findings in
        the sheet's remarks.
    """
    index = sheet.frame.index
    if sheet.is_layer:
        shapes = locate_shapes(sheet, stated)
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
    if sheet.crs is None:
        lon, lat = _convert(lon, lat, None, stated, sheet)
    elif not look_like_degrees(lon, lat):
        # The columns of a layer that states its system are in degrees, or in that.
        lon, lat = _transform(lon, lat, sheet.crs)
    lost = given & ~(np.isfinite(lon) & np.isfinite(lat))
    if lost.any() and not _explained(sheet):
        remark_outside(index[lost], sheet.remarks)
    lon, lat = check_degrees(lon, lat, index, sheet.remarks)
    return pd.DataFrame({"lon": lon, "lat": lat}, index=index)


def _remark_empty(keys: pd.Index, remarks: Remarks) -> None:
    remarks.error(
        "geometry-empty",
        Text("图形为空", "the shape is empty"),
        keys=keys,
        remedy=Text("补上图形, 或删去这一行", "draw the shape, or remove the row"),
    )


def locate_shapes(sheet: Sheet, stated: Stated) -> Shapes:
    """Return the shapes of a layer in degrees of CGCS2000, without heights.

    Shapes that cannot be placed become None, with a finding in the sheet's remarks.
    """
    shapes = shapely.force_2d(np.asarray(sheet.frame["geometry"], dtype=object))
    xy, owner = shapely.get_coordinates(shapes, return_index=True)
    lon, lat = _convert(xy[:, 0], xy[:, 1], sheet.crs, stated, sheet)
    good = np.isfinite(lon) & np.isfinite(lat)
    bad = np.zeros(len(shapes), dtype=bool)
    bad[owner[~good]] = True
    if bad.any() and not _explained(sheet):
        remark_outside(sheet.frame.index[bad], sheet.remarks)
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


def _explained(sheet: Sheet) -> bool:
    """Whether a finding already says why there are no coordinates."""
    return any(finding.code == "crs-missing" for finding in sheet.remarks.findings)


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


def look_like_degrees(x: Numbers, y: Numbers) -> bool:
    """Whether most of these can be longitudes and latitudes, in either order.

    Most and not all, so that one mistyped degree is reported as just that.
    """
    known = np.isfinite(x) & np.isfinite(y)
    degrees = (np.abs(x[known]) <= MOST_LON) & (np.abs(y[known]) <= MOST_LON)
    return not degrees.size or bool(degrees.mean() > 1 / 2)


def _convert(
    x: Numbers, y: Numbers, own: pyproj.CRS | None, stated: Stated, sheet: Sheet
) -> tuple[Numbers, Numbers]:
    """Convert coordinates by what the file states, else the brief, else assumption."""
    if own is not None:
        return _transform(x, y, own)
    degrees = look_like_degrees(x, y)
    if not degrees and not stated.is_projected:
        _remark_projected(x, y, sheet)
        return np.full_like(x, np.nan), np.full_like(y, np.nan)
    if degrees and stated.is_projected:
        sheet.remarks.note(
            "crs-not-used",
            Text(
                f"坐标是经纬度, 未按 {stated.text} 换算",
                f"these are degrees: not converted from {stated.text}",
            ),
        )
        return x, y
    if stated.offset:
        sheet.remarks.note(
            "crs-offset",
            Text(f"由 {stated.offset} 换算", f"converted from {stated.offset}"),
        )
        return (gcj02_to_wgs84 if stated.offset == "GCJ-02" else bd09_to_wgs84)(x, y)
    if stated.crs is not None:
        return _transform(x, y, stated.crs)
    if sheet.is_layer and not sheet.by_standard:
        sheet.remarks.note(
            "crs-assumed",
            Text(
                "图层没有写明坐标系, 按 CGCS2000 经纬度(EPSG:4490)读取",
                "the layer states no coordinate system: read as EPSG:4490",
            ),
            remedy=Text("在任务文件 [area] crs 写明", "state it under [area] crs"),
        )
    return x, y


def _transform(x: Numbers, y: Numbers, crs: pyproj.CRS) -> tuple[Numbers, Numbers]:
    if crs.to_epsg() in SAME_AS_OURS:
        return x, y
    try:
        transformer = pyproj.Transformer.from_crs(crs, GEOGRAPHIC_CRS, always_xy=True)
        lon, lat = transformer.transform(x, y)
    except ProjError:
        return np.full_like(x, np.nan), np.full_like(y, np.nan)
    known = np.isfinite(lon) & np.isfinite(lat)
    area = crs.area_of_use
    if crs.is_projected and area is not None and area.west < area.east:
        # Swapped eastings and northings still give degrees, but far from where the
        # projection is used.
        margin = 10.0
        known &= (lon > area.west - margin) & (lon < area.east + margin)
        known &= (lat > area.south - margin) & (lat < area.north + margin)
    return np.where(known, lon, np.nan), np.where(known, lat, np.nan)


def _remark_projected(x: Numbers, y: Numbers, sheet: Sheet) -> None:
    first = int(np.argmax((np.abs(x) > MOST_LON) | (np.abs(y) > MOST_LON)))
    sheet.remarks.error(
        "crs-missing",
        Text(
            "坐标是投影坐标(米), 不是经纬度, 且没有写明坐标系",
            "these are projected coordinates in metres and no system is stated",
        ),
        values=[f"{x[first]:.10g}, {y[first]:.10g}"],
        remedy=Text(
            "是投影坐标时请在任务文件 [area] crs 写明, 如 EPSG:4527",
            "state the system under [area] crs, EPSG:4527 say",
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
