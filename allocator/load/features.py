"""Layers too large to be read as text: roads, with their columns as they are."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyogrio
import pyogrio.errors

from allocator.load.files import check_file
from allocator.load.grids import remark_unreadable
from allocator.load.layers import check_magic, read_frame, states_crs

if TYPE_CHECKING:
    from pathlib import Path

    import geopandas as gpd
    import pyproj

    from allocator.load.remarks import Remarks


@dataclass(frozen=True)
class Features:
    """A layer as GDAL reads it, for layers too large to be read as text.

    Parameters
    ----------
    frame
        Typed columns and ``geometry``.
    crs
        The coordinate system that the file states, or None.
    by_standard
        As in `Raw`.
    """

    frame: gpd.GeoDataFrame
    crs: pyproj.CRS | None
    by_standard: bool


def read_features(path: Path, remarks: Remarks) -> Features | None:
    """Read a layer with its columns as they are; None when it cannot be read.

    Parameters
    ----------
    path
        A file of one of `LAYERS`.
    remarks
        Receives the findings.
    """
    if not (check_file(path, remarks) and check_magic(path, remarks)):
        return None
    frame = read_frame(path, remarks)
    if frame is None:
        return None
    is_geojson = path.suffix.lower() in {".geojson", ".json"}
    crs = None if is_geojson and not states_crs(path) else getattr(frame, "crs", None)
    return Features(frame, crs, is_geojson)


# A block of OpenStreetMap data begins with the length of its header, then this.
_OSM_MAGIC = b"\x0a\x09OSMHeader"


def read_osm_lines(path: Path, where: str, remarks: Remarks) -> Features | None:
    """Read the lines of an OpenStreetMap extract (``.osm.pbf``).

    Parameters
    ----------
    path
        The extract.
    where
        Which lines, in GDAL's SQL.
    remarks
        Receives the findings.
    """
    if not check_file(path, remarks):
        return None
    try:
        with path.open("rb") as file:
            head = file.read(32)
        if not head[4:].startswith(_OSM_MAGIC):
            remark_unreadable(".osm.pbf 的文件头不对 / wrong file header", remarks)
            return None
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            frame = pyogrio.read_dataframe(path, layer="lines", where=where)
    except (
        OSError,
        pyogrio.errors.DataSourceError,
        pyogrio.errors.DataLayerError,
        pyogrio.errors.FeatureError,
        pyogrio.errors.GeometryError,
        ValueError,
    ) as error:
        remark_unreadable(str(error), remarks)
        return None
    return Features(frame, frame.crs, by_standard=True)
