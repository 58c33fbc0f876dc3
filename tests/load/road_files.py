"""Files of roads and friction around the small task of `tests.cli.small_task`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import rasterio
import shapely
from rasterio.transform import from_origin

from tests.cli.small_task import write_task

if TYPE_CHECKING:
    from pathlib import Path

NORTH = [(115.9, 28.5), (115.9, 28.7), (115.9, 28.8)]
EAST = [(115.9, 28.5), (116.0, 28.5), (116.1, 28.5)]


def road(*places: tuple[float, float], **properties: Any) -> dict[str, Any]:
    """Return one feature of GeoJSON."""
    geometry = {"type": "LineString", "coordinates": [list(p) for p in places]}
    return {"type": "Feature", "properties": properties, "geometry": geometry}


def geojson(*features: dict[str, Any]) -> bytes:
    content = {"type": "FeatureCollection", "features": list(features)}
    return json.dumps(content, ensure_ascii=False).encode()


def good_roads(**properties: Any) -> bytes:
    """Return the two roads of the small task: 国道 to the north, 县道 to the east."""
    return geojson(
        road(*NORTH, **{"class": "国道"} | properties),
        road(*EAST, **{"class": "县道"} | properties),
    )


def frame(*lines: list[tuple[float, float]], **columns: list[Any]) -> gpd.GeoDataFrame:
    shapes = [shapely.LineString(places) for places in lines]
    return gpd.GeoDataFrame(columns, geometry=shapes, crs="EPSG:4490")


def write_tif(
    path: Path,
    value: float = 0.0015,
    *,
    west: float = 115.8,
    north: float = 28.9,
    crs: str | None = "EPSG:4326",
    rotated: bool = False,
) -> None:
    """Write a friction surface of one value, 0.01 degrees a cell, 40 by 50 cells."""
    transform = from_origin(west, north, 0.01, 0.01)
    if rotated:
        transform = transform @ rasterio.Affine.rotation(10)
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        height=50,
        width=40,
        count=1,
        dtype="float32",
        crs=crs,
        transform=transform,
        nodata=-9999.0,
    ) as raster:
        raster.write(np.full((50, 40), value, np.float32), 1)


def road_task(folder: Path, travel: str, **files: bytes) -> Path:
    """Write the small task with a ``[travel]`` section and further files.

    Of a file's name, ``__`` means the dot.
    """
    path = write_task(folder, brief=("[policy]", f"[travel]\n{travel}\n[policy]"))
    for name, content in files.items():
        (folder / name.replace("__", ".")).write_bytes(content)
    return path
