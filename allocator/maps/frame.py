"""The paper map's geometry: projection, window of the inset, outlines as paths."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyproj
import shapely
from matplotlib.path import Path as Outline
from scipy.spatial import cKDTree

from allocator.area import GEOGRAPHIC_CRS

if TYPE_CHECKING:
    from collections.abc import Iterable

    import geopandas as gpd
    from numpy.typing import NDArray

    from allocator.plan import Plan

# CGCS2000 / 3-degree Gauss-Kruger by central meridian: EPSG:4534 is 75 degrees east,
# EPSG:4554 is 135 degrees east (EPSG registry).
_FIRST_MERIDIAN, _LAST_MERIDIAN, _FIRST_CODE = 75, 135, 4534
_ZONE_DEGREES = 3

METRES_OF_ONE_KM = 1000.0

# The inset is drawn this many times larger than the map.
_MAGNIFIED = 3.2
# An inset is worth its room when its window holds this many sites, and this share of
# all: far more than its share of the ground.
_LEAST_SITES, _LEAST_SHARE = 12, 0.15
_MARGIN = 0.03  # of the area's extent, left blank around it
LEAST_SPAN_M = 2000.0  # a map of one point still has a scale


def map_crs(lon: float, lat: float) -> pyproj.CRS:
    """Return the plane that a place is drawn in.

    In China the CGCS2000 3-degree zone of the nearest central meridian; elsewhere an
    equal-area plane around the place.

    Parameters
    ----------
    lon, lat
        Middle of the area, degrees.
    """
    meridian = round(lon / _ZONE_DEGREES) * _ZONE_DEGREES
    if _FIRST_MERIDIAN <= meridian <= _LAST_MERIDIAN and lat > 0:
        number = (meridian - _FIRST_MERIDIAN) // _ZONE_DEGREES
        return pyproj.CRS.from_epsg(_FIRST_CODE + number)
    return pyproj.CRS.from_proj4(
        f"+proj=laea +lon_0={lon:.4f} +lat_0={lat:.4f} +ellps=GRS80 +units=m"
    )


@dataclass(frozen=True, slots=True)
class Window:
    """A rectangle on the ground, metres in the map's plane."""

    left: float
    bottom: float
    right: float
    top: float

    @property
    def width(self) -> float:
        """Its width, metres."""
        return self.right - self.left

    @property
    def height(self) -> float:
        """Its height, metres."""
        return self.top - self.bottom

    def holds(self, points: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Return which of the points (rows of x, y) lie in it."""
        x, y = points[:, 0], points[:, 1]
        inside: NDArray[np.bool_] = (
            (x >= self.left) & (x <= self.right) & (y >= self.bottom) & (y <= self.top)
        )
        return inside

    def fitted(self, aspect: float) -> Window:
        """Return the smallest window around it with width / height = ``aspect``."""
        width = max(self.width, self.height * aspect)
        height = width / aspect
        x, y = (self.left + self.right) / 2, (self.bottom + self.top) / 2
        return Window(x - width / 2, y - height / 2, x + width / 2, y + height / 2)


@dataclass(frozen=True)
class Ground:
    """What is drawn, in metres.

    Parameters
    ----------
    zones, counties
        In the map's plane; geometry may be missing.
    zone_points, site_points
        A point in each zone and each site: rows of x, y, in the order of the tables.
    site_ids
        The sites, in that order.
    crs
        The map's plane.
    window
        The whole area with a margin.
    """

    zones: gpd.GeoDataFrame
    counties: gpd.GeoDataFrame
    zone_points: NDArray[np.float64]
    site_points: NDArray[np.float64]
    site_ids: pd.Index[str]
    crs: pyproj.CRS
    window: Window

    def sites(self, ids: Iterable[str]) -> NDArray[np.float64]:
        """Return the points of sites by id."""
        return self.site_points[self.site_ids.get_indexer(pd.Index(list(ids)))]


def lay_out(
    zones: gpd.GeoDataFrame, counties: gpd.GeoDataFrame, sites: pd.DataFrame
) -> Ground:
    """Project an area.

    Parameters
    ----------
    zones, counties, sites
        As in a planning area: indexed by id; zones and sites with ``lon`` and ``lat``.
    """
    lon = np.concatenate([zones["lon"], sites["lon"]]).astype(float)
    lat = np.concatenate([zones["lat"], sites["lat"]]).astype(float)
    middle = ((lon.min() + lon.max()) / 2, (lat.min() + lat.max()) / 2)
    crs = map_crs(*middle)
    zones, counties = zones.to_crs(crs), counties.to_crs(crs)
    zone_points, site_points = projected(zones, crs), projected(sites, crs)
    points = np.concatenate([zone_points, site_points])
    shapes = [*zones.geometry, *counties.geometry]
    corners = [shapely.bounds(shape) for shape in shapes if shape is not None]
    low = np.vstack([points, *(c[:2] for c in corners)]).min(axis=0)
    high = np.vstack([points, *(c[2:] for c in corners)]).max(axis=0)
    margin = max(float((high - low).max()), LEAST_SPAN_M) * _MARGIN
    window = Window(*(low - margin).tolist(), *(high + margin).tolist())
    return Ground(zones, counties, zone_points, site_points, sites.index, crs, window)


def projected(table: pd.DataFrame, crs: pyproj.CRS) -> NDArray[np.float64]:
    """Return the places of a table with ``lon``, ``lat``: rows of x, y, metres."""
    change = pyproj.Transformer.from_crs(GEOGRAPHIC_CRS, crs, always_xy=True)
    x, y = change.transform(
        table["lon"].to_numpy(dtype=float), table["lat"].to_numpy(dtype=float)
    )
    points: NDArray[np.float64] = np.column_stack([x, y])
    return points


def crowded_window(
    points: NDArray[np.float64], shown: Window, *, size: float
) -> Window | None:
    """Return the window that holds most points, when it holds enough to be worth it.

    Parameters
    ----------
    points
        Sites drawn: rows of x, y, one per site.
    shown
        What the map shows.
    size
        Side of the inset as a share of the map's width on paper; the inset is square.

    Returns
    -------
    window
        A square, or None when the map is not crowded anywhere.
    """
    if len(points) < _LEAST_SITES:
        return None
    half = shown.width * size / _MAGNIFIED / 2
    tree = cKDTree(points)
    counts = tree.query_ball_point(points, half, p=np.inf, return_length=True)
    best = int(np.argmax(counts))
    if counts[best] < max(_LEAST_SITES, _LEAST_SHARE * len(points)):
        return None
    held = points[tree.query_ball_point(points[best], half, p=np.inf)]
    x, y = ((held.min(axis=0) + held.max(axis=0)) / 2).tolist()
    return Window(x - half, y - half, x + half, y + half)


def outline(shape: shapely.Geometry) -> Outline | None:
    """Return a polygon, its holes and its parts as one path; None for anything else."""
    paths = []
    for part in shapely.get_parts(shape):
        if part.geom_type != "Polygon" or part.is_empty:
            continue
        # Rings in opposite directions leave the holes blank whatever the fill rule.
        turned = shapely.geometry.polygon.orient(part)
        rings = (turned.exterior, *turned.interiors)
        paths += [Outline(shapely.get_coordinates(r), closed=True) for r in rings]
    return Outline.make_compound_path(*paths) if paths else None


def nice_length(most: float) -> float:
    """Return the longest of 1, 2 or 5 times a power of ten that is at most ``most``."""
    power = 10.0 ** math.floor(math.log10(most))
    return max(step * power for step in (1.0, 2.0, 5.0) if step * power <= most)


def new_plan_years(plan: Plan) -> tuple[int, int] | None:
    """Return the first and last year of what changes, or None when nothing does."""
    changed = plan.placements[plan.placements["action"] != "keep"]
    years = changed["phase"].dropna()
    if not len(years):
        return None
    return int(years.min()), int(years.max())
