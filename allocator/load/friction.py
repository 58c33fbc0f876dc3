"""A friction surface: what crossing each cell of a raster takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyproj
import rasterio
from pyproj.exceptions import CRSError
from rasterio.errors import RasterioError, RasterioIOError
from rasterio.windows import Window

from allocator.area import GEOGRAPHIC_CRS
from allocator.errors import Text
from allocator.load.geotiff import begins_as_geotiff
from allocator.load.raster import crs_of_brief
from allocator.load.remarks import Remarks
from allocator.load.statement import read_statements

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd
    from numpy.typing import NDArray

    from allocator.area import PlanningArea
    from allocator.errors import Finding
    from allocator.load.brief import Brief

# Ways may leave the rectangle of all places by so much: a share of its longer side.
_MARGIN_SHARE = 0.25
_LEAST_MARGIN_CELLS = 10
MOST_CELLS = 25_000_000
_METRES_OF_ONE_KM = 1000.0
_MINUTES = {
    "minutes_per_metre": 1.0,
    "minutes_per_km": 1 / _METRES_OF_ONE_KM,
    "seconds_per_metre": 1 / 60.0,
}
_MINUTES_OF_ONE_HOUR = 60.0
# Crossing a metre in more than an hour is not friction but another unit.
MOST_MINUTES_PER_METRE = 60.0


@dataclass(frozen=True)
class Friction:
    """The part of a friction surface around an area.

    Parameters
    ----------
    minutes_per_metre
        By row and column; infinite where nobody passes.
    width_m, height_m
        Size of a cell by row, metres.
    demand_cell, site_cell
        Cell (row times columns plus column) of every place; -1 outside the raster.
    frame
        Left and top edge, width and (negative) height of a cell, in ``crs``.
    crs
        The raster's own coordinate system.
    """

    minutes_per_metre: NDArray[np.float64]
    width_m: NDArray[np.float64]
    height_m: NDArray[np.float64]
    demand_cell: NDArray[np.int64]
    site_cell: NDArray[np.int64]
    frame: tuple[float, float, float, float]
    crs: str


def read_friction(
    brief: Brief, area: PlanningArea, text: str
) -> tuple[Friction | None, list[Finding]]:
    """Read the part of a friction surface around an area.

    Parameters
    ----------
    brief
        Its ``[travel] units`` say what the raster holds.
    area
        The places that must lie on it.
    text
        The GeoTIFF, as written in the brief.

    Returns
    -------
    friction, findings
        None when any finding is an error.
    """
    path = brief.resolve(text)
    remarks = Remarks(path.name)
    if not _is_geotiff(path, remarks):
        return None, remarks.findings
    try:
        with rasterio.open(path, driver="GTiff") as raster:
            friction = _read(raster, area, brief, remarks)
    except (RasterioError, RasterioIOError, CRSError, ValueError) as error:
        reason = " ".join(str(error).split())[:200]
        remarks.error(
            "file-unreadable",
            Text(f"文件无法读取: {reason}", f"the file cannot be read: {reason}"),
            remedy=Text("重新导出为 GeoTIFF", "export it again as GeoTIFF"),
        )
        return None, remarks.findings
    return (None if remarks.failed() else friction), remarks.findings


def _is_geotiff(path: Path, remarks: Remarks) -> bool:
    def unreadable(error: OSError) -> None:
        reason = error.strerror or str(error)
        remarks.error(
            "file-unreadable",
            Text(f"文件无法读取: {reason}", f"the file cannot be read: {reason}"),
        )

    begins = begins_as_geotiff(path, remarks, unreadable)
    if begins is not False:
        return begins is True
    remarks.error(
        "file-unreadable",
        Text("不是 GeoTIFF 文件", "this is no GeoTIFF"),
        remedy=Text("把阻力面另存为 GeoTIFF (.tif)", "save the surface as GeoTIFF"),
    )
    return False


def _crs_of(
    raster: Any,  # noqa: ANN401 (rasterio has no types)
    brief: Brief,
    remarks: Remarks,
) -> pyproj.CRS | None:
    """Return what ``[crs] raster`` states, else the file; neither is a finding."""
    stated = read_statements(brief, Remarks(brief.path.name))["raster"]
    if stated.explicit:
        return crs_of_brief(stated, remarks)
    if raster.crs is not None:
        return pyproj.CRS.from_user_input(raster.crs)
    remarks.error(
        "crs-missing",
        Text("阻力面没有写明坐标系", "the surface states no coordinate system"),
        remedy=Text(
            "导出时写入, 或写明 [crs] raster",
            "export it with its system, or state [crs] raster",
        ),
    )
    return None


def _read(
    raster: Any,  # noqa: ANN401 (rasterio has no types)
    area: PlanningArea,
    brief: Brief,
    remarks: Remarks,
) -> Friction | None:
    crs = _crs_of(raster, brief, remarks)
    if crs is None:
        return None
    if raster.transform.b or raster.transform.d:
        remarks.error(
            "raster-rotated",
            Text("栅格是旋转的", "the raster is rotated"),
            remedy=Text("重采样为正北朝上", "warp it so that north is up"),
        )
        return None
    cells = [_cells(frame, raster, crs) for frame in (area.demand, area.sites)]
    window = _window(np.concatenate(cells), raster)
    if window is None or window.width * window.height > MOST_CELLS:
        _remark_window(window, remarks)
        return None
    data = raster.read(1, window=window, masked=True)
    values = np.ma.filled(data.astype(np.float64), np.nan)
    friction = _minutes_per_metre(values, brief, remarks)
    width_m, height_m = _cell_size(raster, crs, window)
    numbers = [_numbers(rows_columns, window) for rows_columns in cells]
    at = raster.transform
    left, top = at.c + window.col_off * at.a, at.f + window.row_off * at.e
    return Friction(
        friction,
        width_m,
        height_m,
        numbers[0],
        numbers[1],
        (left, top, at.a, at.e),
        crs.to_wkt(),
    )


def _cells(
    frame: pd.DataFrame,
    raster: Any,  # noqa: ANN401
    crs: pyproj.CRS,
) -> NDArray[np.int64]:
    """Return row and column of every place, -1 where it is outside."""
    transformer = pyproj.Transformer.from_crs(GEOGRAPHIC_CRS, crs, always_xy=True)
    x, y = transformer.transform(frame["lon"].to_numpy(), frame["lat"].to_numpy())
    at = raster.transform
    column, row = (np.asarray(x) - at.c) / at.a, (np.asarray(y) - at.f) / at.e
    found = np.column_stack([row, column])
    inside = np.isfinite(found).all(axis=1) & (found >= 0).all(axis=1)
    inside &= (found < [raster.height, raster.width]).all(axis=1)
    result = np.full(found.shape, -1, dtype=np.int64)
    result[inside] = np.floor(found[inside]).astype(np.int64)
    return result


def _window(cells: NDArray[np.int64], raster: Any) -> Window | None:  # noqa: ANN401
    inside = cells[cells[:, 0] >= 0]
    if not len(inside):
        return None
    low, high = inside.min(axis=0), inside.max(axis=0) + 1
    margin = max(_LEAST_MARGIN_CELLS, int(_MARGIN_SHARE * (high - low).max()))
    top, left = np.maximum(low - margin, 0)
    bottom, right = np.minimum(high + margin, [raster.height, raster.width])
    return Window(int(left), int(top), int(right - left), int(bottom - top))


def _remark_window(window: Window | None, remarks: Remarks) -> None:
    if window is None:
        remarks.error(
            "raster-elsewhere",
            Text(
                "没有任何需求点或机构落在阻力面上",
                "no demand point and no site lies on the surface",
            ),
            remedy=Text("检查范围与坐标系", "check its extent and coordinate system"),
        )
        return
    count = int(window.width * window.height)
    remarks.error(
        "raster-too-large",
        Text(
            f"区域内有 {count} 个格网, 超过 {MOST_CELLS}",
            f"{count} cells around the area, more than {MOST_CELLS}",
        ),
        remedy=Text("重采样为较粗的格网", "resample it to larger cells"),
    )


def _minutes_per_metre(
    values: NDArray[np.float64], brief: Brief, remarks: Remarks
) -> NDArray[np.float64]:
    """Return the friction; cells without a value, and of 0 or less, are impassable."""
    units = brief.travel.units
    known = np.isfinite(values)
    wrong = known & (values <= 0)
    if wrong.any():
        remarks.warning(
            "friction-not-positive",
            Text(
                f"{int(wrong.sum())} 个格网的值不大于 0, 视为不可通行",
                f"{int(wrong.sum())} cells are 0 or less: taken as impassable",
            ),
            column="travel.units",
            values=[f"{values[wrong][0]:g}"],
        )
    good = known & ~wrong
    result = np.full(values.shape, np.inf)
    if units == "kmh":
        result[good] = _MINUTES_OF_ONE_HOUR / _METRES_OF_ONE_KM / values[good]
    else:
        result[good] = values[good] * _MINUTES[units]
    if not good.any() or np.median(result[good]) > MOST_MINUTES_PER_METRE:
        remarks.error(
            "friction-values",
            Text(
                "阻力面没有可用的值, 或单位不对",
                "the surface has no usable values, or other units",
            ),
            column="travel.units",
            values=[units],
            remedy=Text(
                "检查 [travel] units: minutes_per_metre minutes_per_km "
                "seconds_per_metre kmh",
                "check [travel] units: minutes_per_metre, minutes_per_km, "
                "seconds_per_metre or kmh",
            ),
        )
    return result


def _cell_size(
    raster: Any,  # noqa: ANN401
    crs: pyproj.CRS,
    window: Window,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return width and height of the cells of each row, metres on the ellipsoid."""
    rows = np.arange(int(window.height)) + window.row_off + 0.5
    middle = window.col_off + window.width / 2
    width, height = abs(raster.transform.a), abs(raster.transform.e)
    if not crs.is_geographic:
        unit = crs.axis_info[0].unit_conversion_factor
        return np.full(len(rows), width * unit), np.full(len(rows), height * unit)
    lon = np.full(len(rows), raster.transform.c + middle * raster.transform.a)
    lat = raster.transform.f + rows * raster.transform.e
    geod = pyproj.Geod(ellps="GRS80")
    _, _, wide = geod.inv(lon - width / 2, lat, lon + width / 2, lat)
    _, _, high = geod.inv(lon, lat - height / 2, lon, lat + height / 2)
    return np.asarray(wide), np.asarray(high)


def _numbers(cells: NDArray[np.int64], window: Window) -> NDArray[np.int64]:
    row, column = cells[:, 0] - window.row_off, cells[:, 1] - window.col_off
    number = row * int(window.width) + column
    return np.where(cells[:, 0] >= 0, number, -1).astype(np.int64)
