"""Bad shapes, rasters and figures of people, one thing wrong in each."""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from rasterio.errors import NotGeoreferencedWarning
from rasterio.io import MemoryFile
from rasterio.transform import Affine, from_origin

from tests.load.small_area import (
    SIDE,
    SOUTH,
    WEST,
    counties_frame,
    square,
    zones_csv,
    zones_frame,
)

if TYPE_CHECKING:
    from collections.abc import Callable

PLACED = from_origin(WEST - 0.02, SOUTH + SIDE + 0.02, 0.005, 0.005)


@dataclass(frozen=True)
class Case:
    """One bad input.

    Parameters
    ----------
    name
        What is wrong.
    files
        Content by file name, or what makes it.
    brief
        Sections at the end of the brief.
    area
        Keys of ``[area]``, as written, besides the files'.
    expected
        Codes of the errors, all of them.
    shown
        Words that the findings must show.
    """

    name: str
    files: dict[str, bytes | Callable[[], bytes]] = field(default_factory=dict)
    brief: str = ""
    area: tuple[str, ...] = ()
    expected: frozenset[str] = frozenset()
    shown: tuple[str, ...] = ()


def layer(frame: gpd.GeoDataFrame) -> Callable[[], bytes]:
    def write() -> bytes:
        target = io.BytesIO()
        frame.to_file(target, driver="GeoJSON")
        return target.getvalue()

    return write


def zones(position: int = 0, shape: Any = None, **columns: Any) -> Callable[[], bytes]:
    """Return the small area's zones with another shape or other columns."""
    frame = zones_frame().assign(**columns)
    if shape is not None:
        shapes = list(frame.geometry)
        shapes[position] = shape
        frame = frame.set_geometry(gpd.GeoSeries(shapes, crs="EPSG:4490"))
    return layer(frame)


def zones_and(**changes: Any) -> Callable[[], bytes]:
    """Return the zones and the first once more, changed."""
    frame = zones_frame()
    again = frame.iloc[[0]].assign(**changes)
    return layer(gpd.GeoDataFrame(pd.concat([frame, again], ignore_index=True)))


def raster(cells: Any = None, **options: Any) -> Callable[[], bytes]:
    def write() -> bytes:
        values = np.full((28, 88), 1.0, "float32") if cells is None else cells
        profile: dict[str, Any] = {
            "driver": "GTiff",
            "width": values.shape[1],
            "height": values.shape[0],
            "count": 1,
            "dtype": values.dtype.name,
            "crs": "EPSG:4326",
            "transform": PLACED,
        }
        profile |= options
        if profile["transform"] is None:
            del profile["transform"]
        with MemoryFile() as memory, warnings.catch_warnings():
            warnings.simplefilter("ignore", NotGeoreferencedWarning)
            with memory.open(**profile) as target:
                target.write(values, 1)
            return bytes(memory.read())

    return write


def torn() -> bytes:
    whole = raster(np.random.default_rng(1).random((28, 88)).astype("float32"))()
    return whole[: len(whole) // 2]


def with_value(value: float) -> Callable[[], bytes]:
    cells = np.full((28, 88), 1.0, "float32")
    cells[10, 10] = value
    return raster(cells)


RASTER = '[demand]\nsource = "raster"\nfile = "ppp.tif"\n'
POINTS = '[demand]\nsource = "points"\nfile = "d.csv"\n'
HEAD = "demand_id,zone_id,people,lon,lat\n"
BOTH_SIDES = [(0, 0), (100, 0), (100, 100), (0, 100), (0, 0), (20, 20), (80, 20)]
TWICE = shapely.Polygon(
    [
        (WEST + x * 1e-3, SOUTH + y * 1e-3)
        for x, y in [*BOTH_SIDES, (80, 80), (20, 80), (20, 20), (0, 0)]
    ]
)


def bad(*codes: str) -> frozenset[str]:
    return frozenset(codes)


def _raster_case(
    name: str,
    content: bytes | Callable[[], bytes] | None,
    code: str,
    *shown: str,
    keys: str = "",
    area: tuple[str, ...] = (),
) -> Case:
    files = {} if content is None else {"ppp.tif": content}
    return Case(name, files, RASTER + keys, area, bad(code), shown)


def _zones_case(
    name: str,
    content: Callable[[], bytes],
    code: str,
    *shown: str,
    brief: str = "",
    area: tuple[str, ...] = (),
) -> Case:
    return Case(name, {"zones.geojson": content}, brief, area, bad(code), shown)


AGES: dict[str, Any] = {
    "population_65": [200, 90, 60, 40],
    "population_0_14": [150, 80, 50, 30],
}

CASES = (
    # --- shapes
    _zones_case("a ring circled twice", zones(0, TWICE), "geometry-unclear", "36.0%"),
    _zones_case(
        "a line",
        zones(0, shapely.LineString([(115.8, 28.6), (115.9, 28.7)])),
        "geometry-kind",
    ),
    _zones_case("a shape of no area", zones(0, shapely.Polygon()), "geometry-empty"),
    _zones_case(
        "one shape for two zones",
        zones(1, square(0)),
        "zones-identical",
        "360102001 甲街道 / 360102101 乙镇",
    ),
    _zones_case(
        "a zone over its neighbour",
        zones(0, square(0, columns=2)),
        "zones-overlap",
        "at most 100.0%",
        "500 人",
    ),
    _zones_case(
        "a zone inside another",
        zones(1, square(0).buffer(-0.02)),
        "zones-overlap",
        "100.0%",
        "most_overlap_share",
    ),
    _zones_case(
        "an overlap above the planner's own limit",
        zones(0, shapely.box(WEST, SOUTH, WEST + SIDE * 1.005, SOUTH + SIDE)),
        "zones-overlap",
        area=("most_overlap_share = 0.001",),
    ),
    _zones_case("two names for one id", zones_and(name="戊街道"), "id-twice", "name"),
    _zones_case(
        "two populations for one id", zones_and(population=7), "id-twice", "population"
    ),
    _zones_case("two counties for one id", zones_and(county_id="360121"), "id-twice"),
    Case(
        "zones in another county",
        {
            "counties.geojson": layer(
                counties_frame().assign(county_id=["360121", "360102"])
            )
        },
        expected=bad("zone-outside-county"),
        shown=("2,000 people", "county_id"),
    ),
    Case(
        "two counties of one id",
        {"counties.geojson": layer(counties_frame().assign(county_id="360102"))},
        expected=bad("id-twice"),
    ),
    # --- people
    _zones_case(
        "more old people than people",
        zones(population_65=[1001, 0, 0, 0]),
        "age-more-than-people",
        "1,001 > 1,000",
        "population_65",
    ),
    _zones_case(
        "more small children than children",
        zones(population_0_6=[50, 1, 1, 1], population_0_14=[40, 9, 9, 9]),
        "age-more-than-people",
        "50 > 40",
    ),
    _zones_case(
        "young and old together exceed the people",
        zones(**AGES | {"population_0_14": [900, 80, 50, 30]}),
        "age-more-than-people",
        "1,100 > 1,000",
    ),
    _zones_case(
        "old people below zero",
        zones(population_65=[-1, 0, 0, 0]),
        "number-negative",
        "population_65",
    ),
    _zones_case(
        "a zone without population",
        zones(population=[None, 5, 5, 5]),
        "value-missing",
        "population",
    ),
    _zones_case(
        "growth of an unknown kind",
        zones(),
        "key-invalid",
        brief='[demand]\ngrowth_yearly_percent = "2%"\npopulation_year = 2020',
    ),
    _zones_case(
        "growth faster than any",
        zones(),
        "key-invalid",
        brief="[demand]\ngrowth_yearly_percent = 45.0\npopulation_year = 2020",
    ),
    _zones_case(
        "growth from no year",
        zones(),
        "key-missing",
        "population_year",
        brief="[demand]\ngrowth_yearly_percent = 1.0",
    ),
    Case(
        "villages that nobody lives in",
        {"d.csv": (HEAD + "V1,360102001,0,115.85,28.65\n").encode()},
        POINTS,
        expected=bad("no-people"),
    ),
    Case(
        "villages of no zone and no people column",
        {"d.csv": b"demand_id,lon,lat\nV1,115.85,28.65\n"},
        POINTS,
        expected=bad("column-missing"),
        shown=("people",),
    ),
    # --- rasters
    _raster_case("no raster there", None, "file-missing", "ppp.tif"),
    _raster_case("text called tif", b"ncols 4\nnrows 4\n", "raster-format"),
    _raster_case(
        "a virtual raster called tif",
        b'<VRTDataset rasterXSize="1" rasterYSize="1"></VRTDataset>',
        "raster-format",
    ),
    _raster_case("half a raster", torn, "raster-unreadable"),
    _raster_case("a head and no body", b"II*\0" + b"\0" * 40, "raster-unreadable"),
    _raster_case(
        "a raster without a place",
        raster(transform=None, crs=None),
        "raster-not-placed",
    ),
    _raster_case(
        "a raster in metres of no system",
        raster(transform=from_origin(379_000, 3_181_000, 500, 500), crs=None),
        "crs-missing",
        "[area] crs",
    ),
    _raster_case(
        "a rotated raster",
        raster(transform=PLACED @ Affine.rotation(10)),
        "raster-rotated",
    ),
    _raster_case(
        "a raster upside down",
        raster(transform=Affine(0.005, 0, WEST, 0, 0.005, SOUTH)),
        "raster-rotated",
    ),
    _raster_case(
        "a band that is not there", raster(), "raster-band", "1", keys="band = 3"
    ),
    _raster_case(
        "a raster of complex numbers",
        raster(np.ones((28, 88), "complex64")),
        "raster-type",
        "complex64",
    ),
    _raster_case(
        "nodata that nobody declared",
        with_value(-99999),
        "raster-value",
        "nodata = -99999",
    ),
    _raster_case(
        "a fill value of the largest float", with_value(3.4e38), "raster-value"
    ),
    _raster_case("an infinite cell", with_value(np.inf), "raster-value", "inf"),
    _raster_case(
        "a raster of another place",
        raster(transform=from_origin(100, 30, 0.005, 0.005)),
        "raster-elsewhere",
    ),
    _raster_case(
        "cells finer than memory holds", raster(), "key-invalid", keys="cell_m = 1"
    ),
    _raster_case("a band below the first", raster(), "key-invalid", keys="band = 0"),
    _raster_case(
        "units that are unknown",
        raster(),
        "key-invalid",
        keys='units = "people_per_acre"',
    ),
    Case(
        "a raster but no file named",
        {"ppp.tif": raster()},
        '[demand]\nsource = "raster"',
        expected=bad("key-missing"),
        shown=("demand.file",),
    ),
    Case(
        "a raster on the network",
        {},
        '[demand]\nsource = "raster"\nfile = "https://example.org/ppp.tif"',
        expected=bad("path-refused"),
    ),
    Case(
        "nobody in the raster, nor in the table",
        {
            "ppp.tif": raster(np.zeros((28, 88), "float32")),
            "zones.geojson": zones(population=[None] * 4),
        },
        RASTER,
        expected=bad("no-people"),
    ),
    Case(
        "a centre of which nothing is known",
        {
            "ppp.tif": raster(),
            "zones.geojson": zones(
                3, shapely.Point(116.15, 28.65), population=[1, 1, 1, None]
            ),
        },
        RASTER,
        expected=bad("population-unknown"),
        shown=("360121201",),
    ),
    Case(
        "only centres for a raster",
        {"ppp.tif": raster(), "zones.csv": zones_csv().encode()},
        RASTER,
        ('zones = "zones.csv"', 'counties = ""'),
        bad("raster-no-shapes"),
    ),
)
