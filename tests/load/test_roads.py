from __future__ import annotations

import numpy as np
import pytest
import shapely

from allocator.errors import Severity
from allocator.load import read_brief, read_roads
from allocator.load.roads import read_duration, read_speed
from tests.load.osm_file import osm_pbf
from tests.load.road_files import (
    EAST,
    NORTH,
    frame,
    geojson,
    good_roads,
    road,
    road_task,
)
from tests.load.small_area import codes


def read(folder, name, content=None, travel=""):
    path = road_task(folder / "task", f'method = "network"\nfile = "{name}"\n{travel}')
    if isinstance(content, bytes):
        (path.parent / name).write_bytes(content)
    elif content is not None:
        content(path.parent / name)
    brief, findings = read_brief(path)
    assert brief is not None, findings
    return read_roads(brief, name)


@pytest.mark.parametrize(
    ("text", "kmh"),
    [
        ("60", 60),
        ("60 km/h", 60),
        ("30mph", 48.28032),
        ("80.5", 80.5),
        ("0", None),
        ("201", None),
        ("none", None),
        ("cn:urban", None),
        ("-5", None),
    ],
)
def test_speeds_are_read_as_they_are_written(text, kmh):
    found = read_speed(text)
    assert np.isnan(found) if kmh is None else found == pytest.approx(kmh)


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("20", 20),
        ("00:20", 20),
        ("1:05", 65),
        ("00:10:30", 10.5),
        ("pt1h20m", 80),
        ("pt", None),
        ("long", None),
        ("0", None),
    ],
)
def test_durations_are_read_as_they_are_written(text, minutes):
    found = read_duration(text)
    assert np.isnan(found) if minutes is None else found == pytest.approx(minutes)


@pytest.mark.parametrize(
    ("words", "ways"),
    [
        (["yes", "是", "1", "true", "T"], (True, False)),
        (["-1", "反向", "reverse"], (False, True)),
        (["no", "双向", "0", "reversible"], (True, True)),
        (["", None], (None, None)),
    ],
)
def test_directions_are_read_in_both_languages(tmp_path, words, ways):
    features = [road(*NORTH, **{"class": "国道", "单行": word}) for word in words]
    # "T" alone is "true": only beside Geofabrik's other letters is it a direction.
    features.append(road(*EAST, **{"class": "国道", "单行": "no"}))
    roads, findings = read(tmp_path, "r.geojson", geojson(*features))
    assert roads is not None, findings
    assert codes(findings) == set()
    found = roads[["forward", "backward"]].iloc[:-1].to_numpy(dtype=object).tolist()
    assert found == [list(ways)] * len(words)


def test_the_letters_of_geofabrik_are_directions_from_and_to(tmp_path):
    features = [road(*NORTH, fclass="primary", oneway=letter) for letter in "FTB"]
    roads, _ = read(tmp_path, "r.geojson", geojson(*features))
    assert roads is not None
    assert roads["forward"].tolist() == [True, False, True]
    assert roads["backward"].tolist() == [False, True, True]


def test_a_shapefile_in_gbk_is_read_as_it_was_meant(tmp_path):
    def write(path):
        lines = frame(NORTH, EAST, 等级=["国道", "县道"])
        lines.to_file(path, encoding="GBK")
        path.with_suffix(".cpg").unlink()

    roads, findings = read(tmp_path, "r.shp", write)
    assert roads is not None
    assert roads["class"].tolist() == ["国道", "县道"]
    assert codes(findings) == {"file-encoding"}


def test_a_geopackage_in_metres_is_read_in_degrees(tmp_path):
    def write(path):
        frame(NORTH, EAST, **{"class": ["国道", "县道"]}).to_crs(4548).to_file(path)

    roads, findings = read(tmp_path, "r.gpkg", write)
    assert roads is not None
    assert findings == []
    xy = np.array(roads["geometry"].iloc[0].coords)
    assert xy == pytest.approx(np.array(NORTH), abs=1e-7)


def test_an_extract_of_openstreetmap_is_read_with_its_tags(tmp_path):
    nodes = {1: NORTH[0], 2: NORTH[1], 3: NORTH[2], 4: EAST[1]}
    ways = [
        ([1, 2], {"highway": "primary", "maxspeed": "60", "oneway": "-1"}),
        ([2, 3], {"route": "ferry", "duration": "00:20"}),
        ([1, 4, 2, 1], {"highway": "tertiary", "junction": "roundabout"}),
        ([1, 4], {"waterway": "river"}),
        ([1, 4], {"highway": "service", "access": "no"}),
    ]
    roads, findings = read(tmp_path, "r.osm.pbf", osm_pbf(nodes, ways))
    assert findings == []
    assert roads is not None
    assert roads["class"].tolist() == ["primary", "", "tertiary", "service"]
    assert roads["forward"].tolist() == [False, None, None, None]
    assert roads["backward"].tolist() == [True, None, None, None]
    assert roads["ferry"].tolist() == [False, True, False, False]
    assert roads["roundabout"].tolist() == [False, False, True, False]
    assert roads["closed"].tolist() == [False, False, False, True]
    assert roads["speed_kmh"].fillna(0).tolist() == [60, 0, 0, 0]
    assert roads["duration_minutes"].fillna(0).tolist() == [0, 20, 0, 0]
    xy = np.array(roads["geometry"].iloc[0].coords)
    assert xy == pytest.approx(np.array([NORTH[0], NORTH[1]]), abs=1e-7)


def test_lines_of_several_parts_are_several_roads(tmp_path):
    parts = {
        "type": "Feature",
        "properties": {"class": "国道"},
        "geometry": {
            "type": "MultiLineString",
            "coordinates": [[list(p) for p in NORTH], [list(p) for p in EAST]],
        },
    }
    roads, _ = read(tmp_path, "r.geojson", geojson(parts))
    assert roads is not None
    assert roads["class"].tolist() == ["国道", "国道"]


def test_speeds_that_cannot_be_read_are_counted(tmp_path):
    roads, findings = read(tmp_path, "r.geojson", good_roads(maxspeed="walk"))
    assert roads is not None
    assert roads["speed_kmh"].isna().all()
    (finding,) = findings
    assert (finding.code, finding.severity) == ("road-speed-unknown", Severity.WARNING)
    assert finding.message.en.startswith("the speed of 2 lines")


def test_roads_of_a_web_map_are_shifted_back_whatever_the_file_says(tmp_path):
    plain, _ = read(tmp_path / "a", "roads.geojson", good_roads())
    crs = '[crs]\nroads = "GCJ-02"'
    shifted, findings = read(tmp_path / "b", "roads.geojson", good_roads(), crs)
    assert plain is not None
    assert shifted is not None
    assert {"crs-offset", "crs-overridden"} <= codes(findings)
    there, here = (
        shapely.get_coordinates(roads["geometry"].to_numpy())
        for roads in (plain, shifted)
    )
    moved = there - here
    # About 500 m to the east there.
    assert (moved[:, 0] > 0.004).all()
    assert (moved[:, 0] < 0.006).all()
