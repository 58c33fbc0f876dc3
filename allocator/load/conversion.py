"""Coordinates of any system to degrees of CGCS2000, with what was found on the way."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyproj
from pyproj.exceptions import ProjError

from allocator.area import GEOGRAPHIC_CRS
from allocator.errors import Text
from allocator.load.axes import CHINA_LAT, CHINA_LON, straighten, within
from allocator.load.offsets import bd09_to_wgs84, gcj02_to_wgs84
from allocator.load.projected import detect

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from allocator.load.frames import Sheet
    from allocator.load.remarks import Remarks
    from allocator.load.statement import Around, Stated

    type Numbers = NDArray[np.float64]

MOST_LON, MOST_LAT = 180.0, 90.0
# These differ from ours by less than a metre.
SAME_AS_OURS = frozenset({4490, 4326, 4979})
# Datums that PROJ brings to CGCS2000 within a metre, though it knows no exact way.
SAME_DATUMS = (
    "CGCS2000",
    "China Geodetic Coordinate System 2000",
    "WGS 84",
    "World Geodetic System 1984",
    "ITRF",
)
# Some receivers and databases keep degrees as whole numbers of millionths.
MILLIONTHS = 1e6


def look_like_degrees(x: Numbers, y: Numbers) -> bool:
    """Whether most of these can be longitudes and latitudes, in either order.

    Most and not all, so that one mistyped degree is reported as just that.
    """
    known = np.isfinite(x) & np.isfinite(y)
    degrees = (np.abs(x[known]) <= MOST_LON) & (np.abs(y[known]) <= MOST_LON)
    return not degrees.size or bool(degrees.mean() > 1 / 2)


def convert(
    xy: tuple[Numbers, Numbers],
    sheet: Sheet,
    stated: Stated,
    *,
    keys: pd.Index,
    own: pyproj.CRS | None,
    around: Around,
) -> tuple[Numbers, Numbers]:
    """Convert coordinates by what the brief states for the file, else by the file.

    Else by ``[area] crs``, else by what the coordinates themselves say for certain.

    Parameters
    ----------
    xy
        Coordinates as given; NaN where there are none.
    sheet
        The file, whose remarks receive the findings.
    stated
        What the brief says of it.
    keys
        The row of each coordinate.
    own
        The system that the file states, or None.
    around
        What tells projections apart.

    Returns
    -------
    places
        Longitude and latitude, degrees of CGCS2000; NaN where they cannot be told.
    """
    x, y = xy
    remarks = sheet.remarks
    degrees = look_like_degrees(x, y)
    if own is not None and own.is_geographic and not degrees:
        own = None  # the file says degrees of what are none: its word is worth nothing
    if degrees or _is_transverse(stated.crs if stated.explicit else own or stated.crs):
        x, y = straighten(x, y, keys, remarks, metres=not degrees)
    if own is not None and not stated.explicit:
        return transform(x, y, own, remarks)
    if stated.explicit:
        _remark_override(own, stated, sheet)
        if not degrees and own is not None and not stated.is_projected:
            # A web map's metres, say: back to its degrees, which the brief is about.
            x, y = transform(x, y, own, remarks)
            degrees = True
    if not degrees and not stated.is_projected:
        return _from_metres(x, y, stated, sheet, around)
    return _by_statement(x, y, stated, sheet, degrees=degrees)


def _is_transverse(crs: pyproj.CRS | None) -> bool:
    """Whether metres can be of Gauss-Krüger or UTM; so where nothing is known."""
    if crs is None or not crs.is_projected or crs.coordinate_operation is None:
        return True
    return bool(crs.coordinate_operation.method_name == "Transverse Mercator")


def _remark_override(own: pyproj.CRS | None, stated: Stated, sheet: Sheet) -> None:
    """Say that the brief's word is taken against the file's."""
    claimed = own.name if own is not None else "WGS 84" if sheet.by_standard else ""
    if not claimed:
        return
    if (
        own is not None
        and stated.crs is not None
        and own.equals(stated.crs, ignore_axis_order=True)
    ):
        return
    sheet.remarks.note(
        "crs-overridden",
        Text(
            f"文件写的是 {claimed}, "
            f"按任务文件 [crs] {stated.layer} = {stated.text} 读取",
            f"the file says {claimed}: read by [crs] {stated.layer} = {stated.text}",
        ),
    )


def _by_statement(
    x: Numbers, y: Numbers, stated: Stated, sheet: Sheet, *, degrees: bool
) -> tuple[Numbers, Numbers]:
    """Convert by the brief; degrees that it says nothing of are taken as they are."""
    remarks = sheet.remarks
    if degrees and stated.is_projected:
        add = remarks.warning if stated.explicit else remarks.note
        add(
            "crs-not-used",
            Text(
                f"坐标是经纬度, 未按 {stated.text} 换算",
                f"these are degrees: not converted from {stated.text}",
            ),
        )
        return x, y
    if stated.offset:
        remarks.note(
            "crs-offset",
            Text(f"由 {stated.offset} 换算", f"converted from {stated.offset}"),
        )
        return (gcj02_to_wgs84 if stated.offset == "GCJ-02" else bd09_to_wgs84)(x, y)
    if stated.crs is not None:
        return transform(x, y, stated.crs, remarks)
    if sheet.is_layer and not sheet.by_standard:
        remarks.note(
            "crs-assumed",
            Text(
                "图层没有写明坐标系, 按 CGCS2000 经纬度(EPSG:4490)读取",
                "the layer states no coordinate system: read as EPSG:4490",
            ),
            remedy=Text("在任务文件 [area] crs 写明", "state it under [area] crs"),
        )
    return x, y


def _from_metres(
    x: Numbers, y: Numbers, stated: Stated, sheet: Sheet, around: Around
) -> tuple[Numbers, Numbers]:
    """Read coordinates beyond degrees that nothing states a projection for."""
    nothing = np.full_like(x, np.nan), np.full_like(y, np.nan)
    if not np.isfinite(x).any():
        return nothing  # every row was refused, with its reason
    if _in_millionths(x, y):
        _remark_metres(
            "degrees-in-millionths",
            Text(
                "经纬度放大了一百万倍(整数)",
                "these are degrees multiplied by a million",
            ),
            Text("除以 1000000 后重新给出", "divide them by 1000000"),
            (x, y, sheet),
        )
        return nothing
    if stated.explicit:
        _remark_metres(
            "crs-contradicted",
            Text(
                f"坐标是米, 与任务文件写明的 {stated.text} 不符",
                f"these are metres, which {stated.text} of the brief is not about",
            ),
            Text(
                f"改正 [crs] {stated.layer}, 或删去让程序判定",
                f"correct [crs] {stated.layer}, or remove it to have it found",
            ),
            (x, y, sheet),
        )
        return nothing
    before = len(sheet.remarks.findings)
    found = detect(
        x,
        y,
        layer=stated.layer or "sites",
        ground=around.ground,
        zone_ids=around.zone_ids,
        remarks=sheet.remarks,
    )
    if found is None and len(sheet.remarks.findings) == before:
        _remark_metres(
            "crs-missing",
            Text(
                "坐标不是经纬度, 也不像常用投影坐标(米), 且没有写明坐标系",
                "these are no degrees and fit no projection in use here; no system is "
                "stated",
            ),
            Text(
                "是投影坐标时请在任务文件 [area] crs 写明, 如 EPSG:4527",
                "state the system under [area] crs, EPSG:4527 say",
            ),
            (x, y, sheet),
        )
    return nothing if found is None else found


def _in_millionths(x: Numbers, y: Numbers) -> bool:
    """Whether most are degrees in China times a million, in either order."""
    known = np.isfinite(x) & np.isfinite(y)
    a, b = x[known] / MILLIONTHS, y[known] / MILLIONTHS
    there = within(a, CHINA_LON) & within(b, CHINA_LAT)
    there |= within(b, CHINA_LON) & within(a, CHINA_LAT)
    return bool(there.mean() > 1 / 2)


def _remark_metres(
    code: str, message: Text, remedy: Text, given: tuple[Numbers, Numbers, Sheet]
) -> None:
    x, y, sheet = given
    first = int(np.argmax((np.abs(x) > MOST_LON) | (np.abs(y) > MOST_LON)))
    pair = f"{x[first]:.10g}, {y[first]:.10g}"
    sheet.remarks.error(code, message, values=[pair], remedy=remedy)


def transform(
    x: Numbers, y: Numbers, crs: pyproj.CRS, remarks: Remarks
) -> tuple[Numbers, Numbers]:
    """Convert coordinates of a known system; NaN where it cannot place them.

    A datum that PROJ cannot bring to CGCS2000 is a warning in ``remarks``.
    """
    if crs.to_epsg() in SAME_AS_OURS:
        return x, y
    _remark_datum(crs, remarks)
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


def _remark_datum(crs: pyproj.CRS, remarks: Remarks) -> None:
    """Say that an old datum is taken over as it is, once for each file."""
    base = crs.geodetic_crs
    if base is None or base.name.startswith(SAME_DATUMS):
        return
    transformer = pyproj.Transformer.from_crs(crs, GEOGRAPHIC_CRS, always_xy=True)
    exact = "Ballpark" not in transformer.description
    if exact or any(finding.code == "crs-datum" for finding in remarks.findings):
        return
    remarks.warning(
        "crs-datum",
        Text(
            f"{base.name} 到 CGCS2000 没有公开的换算参数, 未作改正, 位置可能偏差数十米",
            f"there is no public shift from {base.name} to CGCS2000: none is applied, "
            "and places may be tens of metres off",
        ),
        remedy=Text(
            "需要精确时, 请测绘部门换算为 CGCS2000",
            "have it converted to CGCS2000 by a survey office where that matters",
        ),
    )
