"""Zones, counties and places as plain data for the script of a page."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING

import numpy as np
import shapely

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

_DECIMALS = 5  # of a degree: about a metre
_FIRST_TOLERANCE = 0.0001  # degrees: about ten metres, less than a line's width
_MOST_OUTLINES = 450_000  # characters of all outlines together


def bounds(
    zones: gpd.GeoDataFrame, counties: gpd.GeoDataFrame, sites: pd.DataFrame
) -> list[list[float]]:
    """Return the south-western and north-eastern corner of all that is drawn."""
    corners = []
    for table in (zones, sites):
        if len(table):
            corners += [[table["lat"].min(), table["lon"].min()]]
            corners += [[table["lat"].max(), table["lon"].max()]]
    for units in (zones, counties):
        west, south, east, north = units.total_bounds
        if math.isfinite(west):
            corners += [[south, west], [north, east]]
    points = np.array(corners, dtype=float)
    low, high = points.min(axis=0) - 0.005, points.max(axis=0) + 0.005
    return [[round(float(v), _DECIMALS) for v in corner] for corner in (low, high)]


def outlines(
    zones: gpd.GeoDataFrame, counties: gpd.GeoDataFrame
) -> dict[str, list[object]]:
    """Return the outlines of zones and counties, coarse enough for one small file."""
    units = {"zones": zones, "counties": counties}
    tolerance = _FIRST_TOLERANCE
    while True:
        shapes = {name: _coarse(table, tolerance) for name, table in units.items()}
        if len(json.dumps(shapes)) <= _MOST_OUTLINES or tolerance > 1:
            return shapes
        tolerance *= 2


def _coarse(units: gpd.GeoDataFrame, tolerance: float) -> list[object]:
    """Simplify units together, so that neighbours keep one border."""
    shapes = units.geometry.to_numpy()
    there = ~shapely.is_missing(shapes)
    coarse = shapes.copy()
    if there.any():
        coarse[there] = shapely.coverage_simplify(shapes[there], tolerance)
    return [rings(shape) for shape in coarse]


def rings(shape: shapely.Geometry | None) -> list[list[list[list[float]]]] | None:
    """Return a shape as polygons of rings of latitude and longitude."""
    polygons = []
    for part in shapely.get_parts(shape) if shape is not None else ():
        if part.geom_type != "Polygon" or part.is_empty:
            continue
        found = []
        for ring in (part.exterior, *part.interiors):
            points = np.round(shapely.get_coordinates(ring)[:-1, ::-1], _DECIMALS)
            found.append(points.tolist())
        polygons.append(found)
    return polygons or None


def county_units(
    zones: gpd.GeoDataFrame, counties: gpd.GeoDataFrame, shapes: list[object]
) -> list[dict[str, object]]:
    """Return counties with the place of their names, in the order of the table."""
    middles = zones.groupby("county_id")[["lat", "lon"]].mean()
    units: list[dict[str, object]] = []
    for county, name, kind, shape, geometry in zip(
        counties.index,
        counties["name"],
        counties["kind"],
        shapes,
        counties.geometry,
        strict=True,
    ):
        point = None
        if shape is not None:
            inside = geometry.representative_point()
            point = place(inside.y, inside.x)
        elif county in middles.index:
            point = place(*middles.loc[county])
        units.append({"name": name, "kind": text(kind), "place": point, "shape": shape})
    return units


def place(lat: float, lon: float) -> list[float]:
    """Return a place as the pages hold it."""
    return [round(float(lat), _DECIMALS), round(float(lon), _DECIMALS)]


def text(value: object) -> str:
    """Return a text; empty for anything else."""
    return value if isinstance(value, str) else ""
