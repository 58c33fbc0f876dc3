"""People of a raster inside shapes.

A cell that a border cuts counts by the share of its area on each side (exactextract),
so that pieces which divide the land also divide the people of the raster.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely
from exactextract import exact_extract
from exactextract.feature import FeatureSource, JSONFeature
from exactextract.raster import NumPyRasterSource
from rasterio.windows import Window

if TYPE_CHECKING:
    from collections.abc import Iterator

    from allocator.load.coordinates import Numbers, Shapes
    from allocator.load.raster import Raster

# As doubles these take 128 MB: a raster of any size is read in windows of at most that.
MOST_WINDOW_CELLS = 16_000_000


class _Feature(JSONFeature):  # type: ignore[misc]
    """A shape as exactextract takes it; bytes are many times faster than GeoJSON."""

    def __init__(self, wkb: bytes) -> None:
        super().__init__()
        self.wkb = wkb

    def geometry(self) -> bytes:
        return self.wkb


class _Features(FeatureSource):  # type: ignore[misc]
    def __init__(self, shapes: Shapes) -> None:
        super().__init__()
        self.wkb = shapely.to_wkb(shapes)

    def __iter__(self) -> Iterator[_Feature]:
        for wkb in self.wkb:
            yield _Feature(wkb)

    def count(self) -> int:
        return len(self.wkb)

    def srs_wkt(self) -> None:
        return None


def people_in(raster: Raster, shapes: Shapes) -> Numbers:
    """Return the people of the raster inside each shape; 0 where it does not reach.

    Parameters
    ----------
    raster
        The open raster.
    shapes
        Polygons in the raster's own coordinates.

    Raises
    ------
    RasterValueError
        When a cell holds what cannot be people.
    RasterioError
        When the file is damaged.
    """
    people = np.zeros(len(shapes))
    # A sliver may vanish when it is moved to the raster's coordinates.
    present = np.flatnonzero(~shapely.is_empty(shapes))
    if not len(present):
        return people
    boxes = shapely.bounds(shapes)
    for group in _groups(raster, boxes, present):
        bounds = (*boxes[group, :2].min(axis=0), *boxes[group, 2:].max(axis=0))
        window = raster.window_of(bounds)
        if window is not None:
            people[group] = _sums(raster, shapes[group], window)
    if raster.per_km2:
        middle = shapely.centroid(shapes[present])
        x, y = shapely.get_x(middle), shapely.get_y(middle)
        people[present] *= raster.cell_km2(x, y)
    return people


def _groups(
    raster: Raster, boxes: Numbers, members: np.ndarray
) -> Iterator[np.ndarray]:
    """Yield groups of neighbouring shapes, each small enough for one window."""
    own = boxes[members]
    bounds = (*own[:, :2].min(axis=0), *own[:, 2:].max(axis=0))
    window = raster.window_of(bounds)
    small = window is None or window.width * window.height <= MOST_WINDOW_CELLS
    if small or len(members) == 1:
        yield members
        return
    middle = (own[:, :2] + own[:, 2:]) / 2
    axis = 0 if bounds[2] - bounds[0] >= bounds[3] - bounds[1] else 1
    order = members[np.argsort(middle[:, axis], kind="stable")]
    half = len(order) // 2
    yield from _groups(raster, boxes, order[:half])
    yield from _groups(raster, boxes, order[half:])


def _sums(raster: Raster, shapes: Shapes, window: Window) -> Numbers:
    values = raster.values(window)
    source = NumPyRasterSource(values, *raster.bounds_of(window))
    found = exact_extract(source, _Features(shapes), ["sum"], output="geojson")
    sums = [feature["properties"]["sum"] for feature in found]
    return np.array([0.0 if s is None else float(s) for s in sums])


def people_in_box(raster: Raster, bounds: tuple[float, float, float, float]) -> float:
    """Return the people of all whole cells that meet a box.

    Raises
    ------
    RasterValueError, RasterioError
        As `people_in`.
    """
    window = raster.window_of(bounds)
    if window is None:
        return 0.0
    rows = max(1, MOST_WINDOW_CELLS // window.width)
    total = 0.0
    for first in range(0, window.height, rows):
        height = min(rows, window.height - first)
        strip = Window(window.col_off, window.row_off + first, window.width, height)
        by_row = raster.values(strip).sum(axis=1)
        if raster.per_km2:
            by_row = by_row * _row_km2(raster, strip)
        total += float(by_row.sum())
    return total


def _row_km2(raster: Raster, strip: Window) -> Numbers:
    """Return the area of a cell in the middle of each row, square kilometres."""
    west, south, east, north = raster.bounds_of(strip)
    half = raster.cell[1] / 2
    at = np.linspace(north - half, south + half, min(strip.height, 65))
    known = raster.cell_km2(np.full(len(at), (west + east) / 2), at)
    y = north - half - np.arange(strip.height) * raster.cell[1]
    return np.asarray(np.interp(-y, -at, known))
