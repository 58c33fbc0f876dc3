"""Registers, places and coordinates with one thing wrong in each."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pandas as pd
import pyproj
import shapely

from tests.load.small_area import SITES_CSV, counties_frame, zones_frame

if TYPE_CHECKING:
    from collections.abc import Callable

    import geopandas as gpd

TRUE = ([115.85, 115.95, 116.05], [28.65, 28.65, 28.65])
NO_PLACES = "site_id,name,status,zone_id\n"


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
        Keys of ``[area]`` with their values.
    expected
        Codes of the errors, all of them.
    warned
        Codes of warnings that must be among the findings.
    shown
        Words that the errors and warnings must show.
    """

    name: str
    files: dict[str, bytes | Callable[[], bytes]] = field(default_factory=dict)
    brief: str = ""
    area: dict[str, str] = field(default_factory=dict)
    expected: frozenset[str] = frozenset()
    warned: frozenset[str] = frozenset()
    shown: tuple[str, ...] = ()


def sites(x: list[str], y: list[str]) -> bytes:
    """Return the three sites with other coordinates."""
    frame = pd.read_csv(io.StringIO(SITES_CSV), dtype=str, keep_default_na=False)
    frame["lon"], frame["lat"] = x, y
    return frame.to_csv(index=False).encode()


def in_metres(epsg: int) -> tuple[list[str], list[str]]:
    """Return easting and northing of the three sites as text."""
    to = pyproj.Transformer.from_crs("EPSG:4490", f"EPSG:{epsg}", always_xy=True)
    x, y = to.transform(*TRUE)
    return [f"{v:.3f}" for v in x], [f"{v:.3f}" for v in y]


def one(values: list[str], others: list[str], at: int) -> list[str]:
    """Return ``values`` with one of ``others``."""
    return [*values[:at], others[at], *values[at + 1 :]]


def geojson(frame: gpd.GeoDataFrame) -> bytes:
    """Return a layer as GeoJSON."""
    return str(frame.to_json(drop_id=True)).encode()


def zones_in_millionths() -> bytes:
    zones = zones_frame()
    shapes = shapely.transform(zones.geometry.to_numpy(), lambda xy: xy * 1e6)
    return geojson(zones.set_geometry(shapes, crs=None))


def counties_partly_swapped() -> bytes:
    counties = counties_frame()
    shapes = counties.geometry.to_numpy().copy()
    shapes[1] = shapely.transform(shapes[1], lambda xy: xy[:, ::-1])
    return geojson(counties.set_geometry(shapes, crs=None))


def with_poi(
    sites_csv: str, poi: str, aliases: str = ""
) -> dict[str, bytes | Callable[[], bytes]]:
    """Return the files of a register to be joined."""
    files: dict[str, bytes | Callable[[], bytes]] = {
        "sites.csv": sites_csv.encode(),
        "poi.csv": poi.encode(),
    }
    return files | ({"aliases.csv": aliases.encode()} if aliases else {})


POI = {"locations": "poi.csv"}
X39, Y39 = in_metres(4527)
X117, Y117 = in_metres(4548)
LON, LAT = [str(v) for v in TRUE[0]], [str(v) for v in TRUE[1]]

CASES = (
    # --- Coordinates
    Case(
        "an unknown system for one layer",
        brief='[crs]\nsites = "北京五四"',
        expected=frozenset({"crs-unknown"}),
        shown=("crs.sites", "EPSG:4490"),
    ),
    Case(
        "an EPSG code that there is not",
        brief='[crs]\ncounties = "EPSG:99999"',
        expected=frozenset({"crs-unknown"}),
        shown=("crs.counties", "EPSG:99999"),
    ),
    Case(
        "a layer that the brief does not know",
        brief='[crs]\nhospitals = "GCJ-02"',
        expected=frozenset({"key-unknown"}),
        shown=("hospitals",),
    ),
    Case(
        "metres without a zone",
        {"sites.csv": sites(X117, Y117)},
        expected=frozenset({"crs-missing"}),
        shown=("EPSG:4548 (117°E): 3", "EPSG:32650", '[crs] sites = "EPSG:'),
    ),
    Case(
        "metres that lie in no zone whatever the meridian",
        {"sites.csv": sites(X117, ["5170000", "5170100", "5170200"])},
        expected=frozenset({"crs-missing"}),
        shown=("none that falls into the zones",),
    ),
    Case(
        "numbers that are neither degrees nor metres",
        {"sites.csv": sites(["1", "2000", "30000"], ["900", "12", "1e12"])},
        expected=frozenset({"crs-missing"}),
        shown=("fit no projection in use here",),
    ),
    Case(
        "eastings of the wrong zone",
        {"sites.csv": sites([x.replace("39", "38", 1) for x in X39], Y39)},
        expected=frozenset({"site-in-no-zone"}),
        warned=frozenset({"crs-detected"}),
        shown=("EPSG:4526",),
    ),
    Case(
        "metres where the brief says degrees",
        {"sites.csv": sites(X39, Y39)},
        brief='[crs]\nsites = "CGCS2000"',
        expected=frozenset({"crs-contradicted"}),
        shown=("CGCS2000", "[crs] sites"),
    ),
    Case(
        "metres where the brief says a web map",
        {"sites.csv": sites(X39, Y39)},
        brief='[crs]\nsites = "GCJ-02"',
        expected=frozenset({"crs-contradicted"}),
        shown=("GCJ-02",),
    ),
    Case(
        "a projection far from here",
        {"sites.csv": sites(X117, Y117)},
        brief='[crs]\nsites = "EPSG:4534"',
        expected=frozenset({"site-in-no-zone"}),
        shown=("S3",),
    ),
    Case(
        "easting and northing exchanged in one row",
        {"sites.csv": sites(one(X39, Y39, 1), one(Y39, X39, 1))},
        expected=frozenset({"axes-swapped"}),
        shown=("第3行 S2", "这些行"),
    ),
    Case(
        "longitude and latitude exchanged in one row",
        {"sites.csv": sites(one(LON, LAT, 1), one(LAT, LON, 1))},
        expected=frozenset({"axes-swapped"}),
        shown=("第3行 S2",),
    ),
    Case(
        "latitude first in one shape of a layer",
        {"counties.geojson": counties_partly_swapped},
        expected=frozenset({"axes-swapped"}),
        shown=("360121",),
    ),
    Case(
        "degrees as whole millionths",
        {"sites.csv": sites(["115850000"] * 3, ["28650000"] * 3)},
        expected=frozenset({"degrees-in-millionths"}),
        shown=("1000000", "115850000"),
    ),
    Case(
        "degrees as whole millionths, latitude first",
        {"sites.csv": sites(["28650000"] * 3, ["115850000"] * 3)},
        expected=frozenset({"degrees-in-millionths"}),
    ),
    Case(
        "zones in millionths of degrees",
        {"zones.geojson": zones_in_millionths},
        area={"counties": ""},
        expected=frozenset({"degrees-in-millionths"}),
    ),
    Case(
        "sixty minutes",
        {"sites.csv": sites(one(LON, ["115°60′"] * 3, 0), LAT)},
        expected=frozenset({"not-a-number"}),
        shown=("第2行 S1", "115°60′"),
    ),
    Case(
        "minutes without degrees",
        {"sites.csv": sites(one(LON, ["52′30″"] * 3, 0), LAT)},
        expected=frozenset({"not-a-number"}),
        shown=("52′30″",),
    ),
    Case(
        "one coordinate of two",
        {"sites.csv": sites(one(LON, [""] * 3, 1), LAT)},
        expected=frozenset({"value-missing"}),
        shown=("第3行 S2",),
    ),
    Case(
        "a longitude without a latitude column",
        {"sites.csv": b"site_id,name,lon,status,zone_id\nS1,A,115.85,existing,\n"},
        expected=frozenset({"column-missing"}),
        shown=("lat",),
    ),
    Case(
        "a raster of a web map",
        {"r.tif": b"II*\0"},
        brief='[crs]\nraster = "EPSG:0"',
        expected=frozenset({"crs-unknown"}),
        shown=("crs.raster",),
    ),
    # --- Joining
    Case(
        "no coordinates and nothing to tell a place by",
        {"sites.csv": (NO_PLACES + "S1,红旗卫生院,existing,\n").encode()},
        expected=frozenset({"site-without-place"}),
        shown=("第2行 S1", "红旗卫生院", "[area] locations"),
    ),
    Case(
        "no coordinates and a zone that there is not",
        {"sites.csv": (NO_PLACES + "S1,红旗卫生院,existing,戊镇\n").encode()},
        expected=frozenset({"zone-unknown", "site-without-place"}),
        shown=("戊镇",),
    ),
    Case(
        "a table of places that is not there",
        area=POI,
        expected=frozenset({"file-missing"}),
        shown=("poi.csv",),
    ),
    Case(
        "an address instead of a table of places",
        area={"locations": "https://example.org/poi.csv"},
        expected=frozenset({"path-refused"}),
        shown=("area.locations",),
    ),
    Case(
        "places without name or code",
        with_poi(SITES_CSV, "电话,lon,lat\n0791,115.9,28.6\n"),
        area=POI,
        expected=frozenset({"locations-nameless"}),
        shown=("poi.csv", "code"),
    ),
    Case(
        "places without coordinates",
        with_poi(SITES_CSV, "名称,地址\n甲中心,某路1号\n"),
        area=POI,
        expected=frozenset({"column-missing"}),
        shown=("poi.csv", "lon", "lat"),
    ),
    Case(
        "places whose coordinates are no numbers",
        with_poi(SITES_CSV, "名称,lon,lat\n甲中心,东,北\n"),
        area=POI,
        expected=frozenset({"not-a-number"}),
        shown=("poi.csv",),
    ),
    Case(
        "the only name alike is another institution's",
        with_poi(
            NO_PLACES + "S1,第一人民医院,existing,\n",
            "名称,lon,lat\n第二人民医院,115.95,28.65\n",
        ),
        area=POI,
        expected=frozenset({"site-without-place"}),
        warned=frozenset({"join-refused"}),
        shown=("第二人民医院 (第2行)",),
    ),
    Case(
        "two places of one name in different towns",
        with_poi(
            NO_PLACES + "S1,红旗卫生院,existing,\n",
            "名称,lon,lat\n红旗卫生院,115.95,28.65\n红旗卫生院,116.05,28.65\n",
        ),
        area=POI,
        expected=frozenset({"site-without-place"}),
        warned=frozenset({"join-ambiguous"}),
        shown=("红旗卫生院 (第2行); 红旗卫生院 (第3行)",),
    ),
    Case(
        "one place for two sites",
        with_poi(
            NO_PLACES + "S1,红旗卫生院,existing,\nS2,红旗卫生院,existing,\n",
            "名称,lon,lat\n红旗卫生院,115.95,28.65\n",
        ),
        area=POI,
        expected=frozenset({"site-without-place"}),
        warned=frozenset({"join-ambiguous"}),
        shown=("S1", "S2"),
    ),
    Case(
        "a code that two distant places have",
        with_poi(
            NO_PLACES + "S1,甲,existing,\n",
            "编号,lon,lat\nS1,115.95,28.65\nS1,116.05,28.65\n",
        ),
        area=POI,
        expected=frozenset({"site-without-place"}),
        warned=frozenset({"join-ambiguous"}),
    ),
    Case(
        "a place by code that lies in no zone",
        with_poi(NO_PLACES + "S1,甲,existing,\n", "编号,lon,lat\nS1,120.1,30.2\n"),
        area=POI,
        expected=frozenset({"site-in-no-zone"}),
        shown=("S1",),
    ),
    Case(
        "a place by code far outside the county that the register states",
        with_poi(
            NO_PLACES + "S1,甲,existing,360102001\n",
            "编号,lon,lat\nS1,116.15,28.65\n",
        ),
        area=POI,
        expected=frozenset({"site-outside-county"}),
        shown=("S1", "km"),
    ),
    Case(
        "places in metres without a zone",
        with_poi(
            NO_PLACES + "S1,红旗卫生院,existing,\n",
            f"名称,x,y\n红旗卫生院,{X117[0]},{Y117[0]}\n",
        ),
        area=POI,
        expected=frozenset({"crs-missing", "site-without-place"}),
        shown=("[crs] locations",),
    ),
    Case(
        "aliases without a column of aliases",
        with_poi(SITES_CSV, "名称,lon,lat\n甲,115.9,28.6\n", "name,备注\n甲,乙\n"),
        area=POI | {"aliases": "aliases.csv"},
        expected=frozenset({"column-missing"}),
        shown=("aliases.csv", "alias"),
    ),
    Case(
        "an alias that is blank",
        with_poi(SITES_CSV, "名称,lon,lat\n甲,115.9,28.6\n", "name,alias\n甲,\n"),
        area=POI | {"aliases": "aliases.csv"},
        expected=frozenset({"value-missing"}),
        shown=("aliases.csv",),
    ),
    Case(
        "an empty system",
        brief='[crs]\nsites = ""',
        expected=frozenset({"key-invalid"}),
    ),
    Case(
        "a zone's name that two zones have",
        {
            "zones.geojson": lambda: geojson(
                zones_frame().assign(name=["甲街道", "乙镇", "丙镇", "丙镇"])
            ),
            "sites.csv": (NO_PLACES + "S1,红旗卫生院,existing,丙镇\n").encode(),
        },
        expected=frozenset({"zone-ambiguous", "site-without-place"}),
        shown=("360121101, 360121201",),
    ),
)
