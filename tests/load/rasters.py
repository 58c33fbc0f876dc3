"""Small population rasters for tests, and their people counted another way.

The count is plain numpy: every cell is split into ``FINE`` x ``FINE`` points, and the
share of them inside a shape stands for the share of the cell's area.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyproj
import rasterio
import shapely
from rasterio.transform import Affine, from_origin

from tests.load.small_area import SIDE, SOUTH, WEST, brief_with

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

FINE = 12  # points a side of a cell: one cut cell is then right within some per cent


def write_raster(
    path: Path,
    values: NDArray[Any],
    *,
    west: float = WEST - 0.02,
    north: float = SOUTH + SIDE + 0.02,
    size: float = 0.005,
    crs: str | None = "EPSG:4326",
    **options: Any,
) -> Path:
    """Write a GeoTIFF of square cells; ``values`` is one band, or a stack of bands."""
    bands = values[np.newaxis] if values.ndim == 2 else values
    profile: dict[str, Any] = {
        "driver": "GTiff",
        "width": bands.shape[2],
        "height": bands.shape[1],
        "count": bands.shape[0],
        "dtype": bands.dtype.name,
        "crs": crs,
        "transform": from_origin(west, north, size, size),
    }
    with rasterio.open(path, "w", **(profile | options)) as target:
        target.write(bands)
    return path


def people_cells(seed: int = 7, rows: int = 28, columns: int = 88) -> NDArray[Any]:
    """Return cells of people: many empty, some dense, as in a real raster."""
    source = np.random.default_rng(seed)
    cells = source.gamma(0.3, 30.0, (rows, columns))
    return np.where(cells < 1, 0, cells).astype("float32")


def counted(path: Path, shape: shapely.Geometry, band: int = 1) -> float:
    """Return the people inside a shape (in degrees) by counting fine points."""
    with rasterio.open(path) as source:
        values = source.read(band, masked=True).filled(0).astype(float)
        transform, crs = source.transform, source.crs
    if crs is not None and not crs.is_projected:
        # Only the cells around the shape, to save time.
        west, south, east, north = shapely.bounds(shape)
        first = max(0, int((west - transform.c) / transform.a))
        top = max(0, int((north - transform.f) / transform.e))
        last = max(0, int((east - transform.c) / transform.a)) + 1
        bottom = max(0, int((south - transform.f) / transform.e)) + 1
        values = values[top:bottom, first:last]
        transform = transform @ Affine.translation(first, top)
    rows, columns = values.shape
    step = (np.arange(FINE) + 0.5) / FINE
    x = transform.c + (np.arange(columns)[:, None] + step).ravel() * transform.a
    y = transform.f + (np.arange(rows)[:, None] + step).ravel() * transform.e
    across, down = np.meshgrid(x, y)
    if crs is not None and crs.is_projected:
        to = pyproj.Transformer.from_crs(crs.to_wkt(), "EPSG:4490", always_xy=True)
        across, down = to.transform(across, down)
    inside = shapely.contains_xy(shape, across.ravel(), down.ravel())
    share = inside.reshape(rows, FINE, columns, FINE).mean(axis=(1, 3))
    return float((share * values).sum())


def raster_brief(keys: str = "", **area: str) -> str:
    """Return a brief whose demand comes from ``ppp.tif``."""
    text = f'[demand]\nsource = "raster"\nfile = "ppp.tif"\n{keys}'
    return brief_with(text, **area)
