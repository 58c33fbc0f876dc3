"""Opening population rasters, and reading them by windows."""

from __future__ import annotations

import warnings
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyproj
import rasterio
import shapely
from pyproj.exceptions import CRSError
from rasterio.errors import NotGeoreferencedWarning, RasterioError
from rasterio.windows import Window

from allocator.area import GEOGRAPHIC_CRS
from allocator.errors import Text
from allocator.load.coordinates import look_like_degrees
from allocator.load.geotiff import begins_as_geotiff
from allocator.load.shapes import ELLIPSOID

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from allocator.load.coordinates import Numbers, Stated
    from allocator.load.remarks import Remarks

KM2 = 1e-6
LEAST_CELL_M = 5.0  # the finest rasters of population have cells of 10 m
METRES_OF_DEGREE = 111_320.0  # of a great circle: 40,075 km / 360
MOST_PEOPLE_A_CELL = 1e9  # more than any cell of any raster holds: a fill value


@dataclass(frozen=True)
class Raster:
    """An open band of a raster, north up.

    Parameters
    ----------
    source
        The open file.
    band
        Number of the band, from 1.
    crs
        Its coordinate system.
    nodata
        A value that means no data beside the one that the file states; None: none.
    per_km2
        Whether values are people a square kilometre instead of people a cell.
    """

    source: Any
    band: int
    crs: pyproj.CRS
    nodata: float | None
    per_km2: bool

    @property
    def box(self) -> shapely.Geometry:
        """The land that the raster covers, in its own coordinates."""
        west, south, east, north = self.source.bounds
        return shapely.Polygon.from_bounds(west, south, east, north)

    @property
    def cell(self) -> tuple[float, float]:
        """Width and height of a cell, in units of the coordinate system."""
        return abs(self.source.transform.a), abs(self.source.transform.e)

    def window_of(self, bounds: tuple[float, float, float, float]) -> Window | None:
        """Return the whole cells around bounds, cut at the edge; None outside."""
        west, south, east, north = bounds
        box = self.source.bounds
        width, height = self.cell
        first = max(0, int(np.floor((west - box.left) / width)))
        last = min(self.source.width, int(np.ceil((east - box.left) / width)))
        top = max(0, int(np.floor((box.top - north) / height)))
        bottom = min(self.source.height, int(np.ceil((box.top - south) / height)))
        if first >= last or top >= bottom:
            return None
        return Window(first, top, last - first, bottom - top)

    def values(self, window: Window) -> Numbers:
        """Return the cells of a window; 0 where there is no data.

        Raises
        ------
        RasterValueError
            When a cell holds what cannot be people.
        """
        read = self.source.read(self.band, window=window, masked=True)
        given = np.ma.getdata(read)
        no_data = np.ma.getmaskarray(read)
        if self.nodata is not None:
            no_data = no_data | (given == self.nodata)
        values = given.astype(float)
        # The scale that the file states is for what is stored, nodata too.
        values *= self.source.scales[self.band - 1]
        values += self.source.offsets[self.band - 1]
        values[no_data | np.isnan(values)] = 0.0
        wrong = (values < 0) | (values > MOST_PEOPLE_A_CELL)
        if wrong.any():
            raise RasterValueError(float(values[wrong][0]))
        return values

    def bounds_of(self, window: Window) -> tuple[float, float, float, float]:
        """Return west, south, east and north of a window."""
        width, height = self.cell
        west = self.source.bounds.left + window.col_off * width
        north = self.source.bounds.top - window.row_off * height
        return west, north - window.height * height, west + window.width * width, north

    def cell_km2(self, x: Numbers, y: Numbers) -> Numbers:
        """Return the true area of the cell around each place, square kilometres.

        Parameters
        ----------
        x, y
            In the raster's own coordinates.
        """
        width, height = self.cell
        corners_x = np.add.outer(x, np.array([-1, 1, 1, -1]) * width / 2)
        corners_y = np.add.outer(y, np.array([-1, -1, 1, 1]) * height / 2)
        transformer = pyproj.Transformer.from_crs(
            self.crs, GEOGRAPHIC_CRS, always_xy=True
        )
        lon, lat = transformer.transform(corners_x, corners_y)
        areas = [
            abs(ELLIPSOID.polygon_area_perimeter(a, b)[0])
            for a, b in zip(lon, lat, strict=True)
        ]
        return np.asarray(areas, dtype=float) * KM2


class RasterValueError(Exception):
    """A cell holds a number that cannot be people."""

    def __init__(self, value: float) -> None:
        super().__init__(f"{value:g}")
        self.value = value


@contextmanager
def open_raster(
    path: Path,
    *,
    band: int,
    nodata: float | None,
    per_km2: bool,
    stated: Stated,
    remarks: Remarks,
) -> Iterator[Raster | None]:
    """Open a GeoTIFF; None with an error when it cannot be used.

    Parameters
    ----------
    path
        The file.
    band, nodata, per_km2
        As in `Raster`.
    stated
        What the brief says of files that state no coordinate system.
    remarks
        Receives the findings.
    """
    if not _is_geotiff(path, remarks):
        yield None
        return
    with warnings.catch_warnings():
        # A raster without a place is a finding.
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        try:
            source = rasterio.open(path, driver="GTiff")
        except RasterioError as error:
            remark_unreadable(error, remarks)
            yield None
            return
        with source:
            crs = _crs_of(source, stated, remarks)
            good = _check(source, band, remarks)
            good = good and (crs is None or _check_cell(source, crs, remarks))
            if crs is None or not good:
                yield None
            else:
                yield Raster(source, band, crs, nodata, per_km2)


def _is_geotiff(path: Path, remarks: Remarks) -> bool:
    begins = begins_as_geotiff(
        path, remarks, lambda error: remark_unreadable(error, remarks)
    )
    if begins is not False:
        return begins is True
    remarks.error(
        "raster-format",
        Text("不是 GeoTIFF 栅格", "not a GeoTIFF raster"),
        remedy=Text("另存为 GeoTIFF(.tif)", "save it as GeoTIFF (.tif)"),
    )
    return False


def remark_unreadable(error: Exception, remarks: Remarks) -> None:
    """Report a raster that cannot be read."""
    reason = " ".join(str(error).split())[:200]
    remarks.error(
        "raster-unreadable",
        Text(f"栅格无法读取: {reason}", f"the raster cannot be read: {reason}"),
        remedy=Text(
            "文件可能损坏, 请重新下载或导出", "it may be damaged; export it again"
        ),
    )


def _check(source: Any, band: int, remarks: Remarks) -> bool:  # noqa: ANN401
    transform = source.transform
    if transform.is_identity:
        remarks.error(
            "raster-not-placed",
            Text("栅格没有地理位置", "the raster does not say where it lies"),
            remedy=Text("重新导出带坐标的 GeoTIFF", "export it with its georeference"),
        )
    elif transform.b or transform.d or transform.a <= 0 or transform.e >= 0:
        remarks.error(
            "raster-rotated",
            Text("栅格有旋转或不是上北", "the raster is rotated or not north up"),
            remedy=Text(
                "在 GIS 中重采样为上北的栅格(gdalwarp)",
                "warp it to north up in a GIS (gdalwarp)",
            ),
        )
    if band > source.count:
        remarks.error(
            "raster-band",
            Text(
                f"栅格只有 {source.count} 个波段",
                f"the raster has {source.count} bands",
            ),
            column="demand.band",
            values=[band],
            remedy=Text(f"写 1 到 {source.count}", f"give 1 to {source.count}"),
        )
    elif source.dtypes[band - 1].startswith("complex"):
        remarks.error(
            "raster-type",
            Text("栅格的值不是实数", "the values are not real numbers"),
            values=[source.dtypes[band - 1]],
            remedy=Text("另存为浮点或整数栅格", "save it as floats or integers"),
        )
    elif source.count > 1:
        remarks.note(
            "raster-band",
            Text(
                f"读取第 {band} 波段, 共 {source.count} 个",
                f"band {band} is read, of {source.count}",
            ),
            column="demand.band",
        )
    return not remarks.failed()


def _check_cell(source: Any, crs: pyproj.CRS, remarks: Remarks) -> bool:  # noqa: ANN401
    """Report cells so small that an area has more of them than can be added up."""
    metres = max(abs(source.transform.a), abs(source.transform.e))
    if crs.is_geographic:
        metres *= METRES_OF_DEGREE
    else:
        metres *= crs.axis_info[0].unit_conversion_factor
    if metres >= LEAST_CELL_M:
        return True
    remarks.error(
        "raster-too-fine",
        Text(
            f"栅格的单元只有 {metres:.2g} 米",
            f"its cells have {metres:.2g} m",
        ),
        remedy=Text(
            f"重采样到 {LEAST_CELL_M:g} 米以上, 如 100 米",
            f"resample it to {LEAST_CELL_M:g} m or more, 100 m say",
        ),
    )
    return False


def _crs_of(source: Any, stated: Stated, remarks: Remarks) -> pyproj.CRS | None:  # noqa: ANN401
    """Return what ``[crs]``, the file, or ``[area] crs`` states, else degrees."""
    if stated.explicit:
        return crs_of_brief(stated, remarks)
    if source.crs is not None:
        try:
            return pyproj.CRS.from_wkt(source.crs.to_wkt())
        except (CRSError, RasterioError) as error:
            remark_unreadable(error, remarks)
            return None
    box = source.bounds
    degrees = look_like_degrees(
        np.array([box.left, box.right]), np.array([box.bottom, box.top])
    )
    if stated.crs is not None and stated.is_projected != degrees:
        return stated.crs
    if degrees:
        remarks.note(
            "crs-assumed",
            Text(
                "栅格没有写明坐标系, 按 CGCS2000 经纬度(EPSG:4490)读取",
                "the raster states no coordinate system: read as EPSG:4490",
            ),
        )
        return pyproj.CRS.from_user_input(GEOGRAPHIC_CRS)
    remarks.error(
        "crs-missing",
        Text(
            "栅格坐标是米, 没有写明坐标系",
            "the raster is in metres and states no coordinate system",
        ),
        remedy=Text(
            "在任务文件 [area] crs 写明, 如 EPSG:4548",
            "state it under [area] crs, EPSG:4548 say",
        ),
    )
    return None


def crs_of_brief(stated: Stated, remarks: Remarks) -> pyproj.CRS | None:
    """Return what ``[crs] raster`` states; a web map's system is refused."""
    if stated.offset:
        remarks.error(
            "raster-offset",
            Text(
                f"栅格不能按 {stated.offset} 换算: 偏移处处不同",
                f"a raster cannot be read as {stated.offset}: it is not a shift",
            ),
            column="crs.raster",
            remedy=Text(
                "请先在 GIS 中纠正为 CGCS2000", "have it warped to CGCS2000 in a GIS"
            ),
        )
    return stated.crs
