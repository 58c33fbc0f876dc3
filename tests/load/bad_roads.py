"""What planners get wrong about roads, friction and single services' travel."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from tests.load.road_files import (
    EAST,
    NORTH,
    frame,
    geojson,
    good_roads,
    road,
    write_tif,
)

type Content = bytes | Callable[[Path], None]

ROADS = 'method = "network"\nfile = "roads.geojson"'
FRICTION = 'method = "friction"\nfile = "f.tif"'
POINT = {
    "type": "Feature",
    "properties": {"class": "国道"},
    "geometry": {"type": "Point", "coordinates": [115.9, 28.7]},
}
POLYGON = {
    "type": "Feature",
    "properties": {"class": "国道"},
    "geometry": {
        "type": "Polygon",
        "coordinates": [[[115.9, 28.5], [116, 28.5], [116, 28.6], [115.9, 28.5]]],
    },
}


@dataclass(frozen=True)
class BadRoads:
    """One mistake: its files, what ``[travel]`` says, and the findings it must give."""

    name: str
    files: dict[str, Content]
    travel: str
    codes: frozenset[str]
    refused: bool = True
    shown: str = field(default="")  # stands in the line that the planner reads


def bad(name, files, travel, *codes, refused=True, shown=""):
    return BadRoads(name, files, travel, frozenset(codes), refused, shown)


def warned(name, content, *codes, shown="", more=""):
    files = {"roads.geojson": content}
    return bad(name, files, f"{ROADS}\n{more}", *codes, refused=False, shown=shown)


def truncated_gpkg(path: Path) -> None:
    frame(NORTH, EAST, **{"class": ["国道", "县道"]}).to_file(path)
    path.write_bytes(path.read_bytes()[:3000])


def scaled(places, factor):
    return [(x * factor, y * factor) for x, y in places]


def swapped(places):
    return [(y, x) for x, y in places]


def of_service(text: str) -> str:
    return f"[travel.services.emergency_station]\n{text}"


CASES = (
    bad("no file", {}, ROADS, "file-missing"),
    bad("a file of 0 bytes", {"roads.geojson": b""}, ROADS, "file-empty"),
    bad(
        "a picture called gpkg",
        {"roads.gpkg": b"\x89PNG\r\n"},
        'method = "network"\nfile = "roads.gpkg"',
        "file-unreadable",
    ),
    bad(
        "half a gpkg",
        {"roads.gpkg": truncated_gpkg},
        'method = "network"\nfile = "roads.gpkg"',
        "file-unreadable",
    ),
    bad(
        "half a GeoJSON",
        {"roads.geojson": good_roads()[:120]},
        ROADS,
        "file-unreadable",
    ),
    bad(
        "a table",
        {"roads.csv": "编号,等级\n1,国道\n".encode()},
        'method = "network"\nfile = "roads.csv"',
        "format-unknown",
        shown=".csv",
    ),
    bad(
        "noise called osm.pbf",
        {"r.osm.pbf": b"\0\0\0\x0dnot an extract"},
        'method = "network"\nfile = "r.osm.pbf"',
        "file-unreadable",
    ),
    bad("only points", {"roads.geojson": geojson(POINT)}, ROADS, "road-lines-missing"),
    bad("no feature", {"roads.geojson": geojson()}, ROADS, "road-lines-missing"),
    bad(
        "metres that state no system",
        {"roads.geojson": geojson(road(*scaled(NORTH, 4000), **{"class": "国道"}))},
        ROADS,
        "crs-missing",
    ),
    bad(
        "latitude before longitude",
        {"roads.geojson": geojson(road(*swapped(NORTH), **{"class": "国道"}))},
        ROADS,
        "axes-swapped",
        refused=False,
    ),
    bad(
        "only footpaths to drive on",
        {"roads.geojson": good_roads(**{"class": "footway"})},
        ROADS,
        "road-none",
    ),
    bad(
        "only motorways to walk on",
        {"roads.geojson": good_roads(**{"class": "高速"})},
        f'{ROADS}\nmode = "walk"',
        "road-none",
    ),
    bad(
        "roads of the network",
        {},
        'method = "network"\nfile = "https://example.org/roads.gpkg"',
        "path-refused",
    ),
    bad(
        "a virtual file of one service",
        {"roads.geojson": good_roads()},
        f"{ROADS}\n" + of_service('file = "/vsicurl/x.gpkg"'),
        "path-refused",
    ),
    bad("no file named", {}, 'method = "network"', "key-missing"),
    bad(
        "no file named for a service",
        {},
        of_service('method = "friction"'),
        "key-missing",
    ),
    bad(
        "speeds of a class that there is not",
        {"roads.geojson": good_roads()},
        f'{ROADS}\nspeeds = {{ "国到" = 80 }}',
        "road-class-unknown",
        shown="国道",
    ),
    bad(
        "a word that means no class",
        {"roads.geojson": good_roads()},
        f'{ROADS}\nclasses = {{ 420301 = "县级道" }}',
        "road-class-unknown",
        shown="县道",
    ),
    bad("a speed of 0", {}, f'{ROADS}\nspeeds = {{ "国道" = 0 }}', "key-invalid"),
    bad("a limit below 0", {}, f"{ROADS}\nsnap_m = -1", "key-invalid"),
    bad("gaps of kilometres", {}, f"{ROADS}\nconnect_m = 5000", "key-invalid"),
    bad(
        "a service that there is not",
        {},
        "[travel.services.emergency_stations]\nmax_minutes = 20",
        "service-unknown",
        shown="emergency_station?",
    ),
    bad(
        "a key that a service has not",
        {},
        of_service("dispatch_minute = 3"),
        "key-unknown",
        shown="dispatch_minutes",
    ),
    bad(
        "dispatch for as long as the journey",
        {},
        of_service("dispatch_minutes = 20\nmax_minutes = 20"),
        "dispatch-too-long",
    ),
    bad("a mode that there is not", {}, 'mode = "fly"', "key-invalid"),
    bad("no surface", {}, FRICTION, "file-missing"),
    bad("a text called tif", {"f.tif": b"minutes"}, FRICTION, "file-unreadable"),
    bad("half a surface", {"f.tif": b"II*\0\x08\0\0\0"}, FRICTION, "file-unreadable"),
    bad(
        "a surface of elsewhere",
        {"f.tif": partial(write_tif, west=10.0)},
        FRICTION,
        "raster-elsewhere",
    ),
    bad(
        "a surface without a system",
        {"f.tif": partial(write_tif, crs=None)},
        FRICTION,
        "crs-missing",
    ),
    bad(
        "a rotated surface",
        {"f.tif": partial(write_tif, rotated=True)},
        FRICTION,
        "raster-rotated",
    ),
    bad(
        "a surface without values",
        {"f.tif": partial(write_tif, value=-9999.0)},
        FRICTION,
        "friction-values",
    ),
    bad(
        "a surface in other units",
        {"f.tif": partial(write_tif, value=4000.0)},
        FRICTION,
        "friction-values",
        shown="minutes_per_metre",
    ),
    bad(
        "a surface below 0",
        {"f.tif": partial(write_tif, value=-1.0)},
        FRICTION,
        "friction-not-positive",
        "friction-values",
    ),
    warned(
        "a class that is not known",
        good_roads(**{"class": "机耕路"}),
        "road-class-unknown",
        shown="机耕路 x 2",
    ),
    warned("no class at all", geojson(road(*NORTH), road(*EAST)), "road-class-unknown"),
    warned(
        "a speed in words", good_roads(maxspeed="快"), "road-speed-unknown", shown="快"
    ),
    warned("a speed below 0", good_roads(speed_kmh=-40), "road-speed-unknown"),
    warned("a speed of 900", good_roads(speed_kmh=900), "road-speed-unknown"),
    warned("a direction in doubt", good_roads(oneway="也许"), "road-oneway-unknown"),
    warned(
        "a ferry that takes long",
        good_roads(route="ferry", duration="很久"),
        "road-duration-unknown",
    ),
    warned(
        "an area among the lines",
        geojson(
            road(*NORTH, **{"class": "国道"}), road(*EAST, **{"class": "县道"}), POLYGON
        ),
        "road-not-a-line",
        shown="第3个要素",
    ),
    warned(
        "roads far from everyone",
        geojson(road((115.2, 28.0), (115.3, 28.0), **{"class": "国道"})),
        "demand-off-road",
        "site-off-road",
        "demand-unreachable",
    ),
    warned(
        "roads in two parts",
        geojson(
            road(*NORTH, **{"class": "国道"}),
            road((115.91, 28.5), *EAST[1:], **{"class": "县道"}),
        ),
        "road-parts",
    ),
)
