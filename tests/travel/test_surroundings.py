"""Catchments and isochrones of plans, in the run folder and on the map."""

from __future__ import annotations

import csv
import io
import json
import re

import geopandas as gpd
import numpy as np
import pyogrio
import pyproj
import pytest
import shapely

from allocator.cli.main import run
from tests.cli.small_task import ZONES
from tests.load.bad_roads import ROADS
from tests.load.road_files import good_roads, road_task, write_tif

GEOD = pyproj.Geod(ellps="GRS80")
HALF = 0.03  # degrees: the zones are squares of 0.06


def km2(shape):
    return abs(GEOD.geometry_area_perimeter(shape)[0]) / 1e6


def planned(folder, travel, *, polygons=False):
    path = road_task(folder / "task", travel, roads__geojson=good_roads())
    write_tif(path.parent / "f.tif")
    if polygons:
        rows = list(csv.DictReader(io.StringIO(ZONES)))
        shapes = [
            shapely.box(x - HALF, y - HALF, x + HALF, y + HALF)
            for x, y in ((float(r["lon"]), float(r["lat"])) for r in rows)
        ]
        columns = {k: [r[k] for r in rows] for k in rows[0] if k not in ("lon", "lat")}
        layer = gpd.GeoDataFrame(columns, geometry=shapes, crs="EPSG:4490")
        layer.to_file(path.parent / "zones.geojson")
        text = path.read_text("utf-8").replace("zones.csv", "zones.geojson")
        path.write_text(text, "utf-8")
    target = folder / "run"
    assert run(["plan", str(path), "-o", str(target), "-q"]) == 0
    return target


def layers(target):
    path = target / "plan.gpkg"
    names = [str(n) for n in pyogrio.list_layers(path)[:, 0]]
    return {name: gpd.read_file(path, layer=name) for name in names}


def ground_of(target):
    page = (target / "map.html").read_text("utf-8")
    (data,) = re.findall(r'id="data">(.*?)</script>', page, re.DOTALL)
    return json.loads(data)["ground"]


def test_straight_lines_reach_a_disc_around_the_clinic_chosen(tmp_path):
    target = planned(tmp_path, "", polygons=True)
    found = layers(target)
    (row,) = found["isochrones"].to_dict("records")
    assert (row["service"], row["minutes"], row["rules"], row["holders"]) == (
        "community_health_center",
        15,
        "R3",
        1,
    )
    assert (row["method"], bool(row["estimate"])) == ("straight_line", False)
    radius = 15 * 40 / 1.4 / 60
    assert km2(row["geometry"]) == pytest.approx(np.pi * radius**2, rel=1e-3)
    (catchment,) = found["catchments"].to_dict("records")
    assert (catchment["site_name"], catchment["people"]) == ("东街道备选一", 40000)
    zone = found["zones"].set_index("zone_id").geometry["360901001"]
    assert km2(catchment["geometry"]) == pytest.approx(km2(zone), rel=1e-6)


def test_the_map_offers_both_and_says_how_coarse_they_are(tmp_path):
    ground = ground_of(planned(tmp_path, "", polygons=True))
    kinds = [layer["kind"] for layer in ground["layers"]]
    assert kinds == ["catchments", "isochrones"]
    names = [layer["name"] for layer in ground["layers"]]
    assert names == ["服务范围: 社区卫生服务中心", "社区卫生服务中心 15 分钟可达范围"]
    assert 50 <= ground["tolerance"] <= 60
    (shape,) = ground["layers"][0]["shapes"]
    corners = {tuple(point) for point in shape["shape"][0][0]}
    assert (28.67, 115.87) in corners  # latitude first, as Leaflet reads it


def test_along_roads_the_area_is_called_an_estimate(tmp_path):
    target = planned(tmp_path, ROADS)
    found = layers(target)
    (row,) = found["isochrones"].to_dict("records")
    assert (row["method"], bool(row["estimate"])) == ("network", True)
    # Fifteen minutes less 1.2 on foot at 70 km/h: 16 km down and the 11 km up to the
    # end of the road, 600 m wide.
    assert km2(row["geometry"]) == pytest.approx(0.6 * (16.1 + 11.08), rel=0.03)
    assert len(found["catchments"]) == 0  # zones without polygons have no ground
    (layer,) = ground_of(target)["layers"]
    assert layer["name"].endswith("(估算)")


def test_over_a_surface_the_cells_reached_are_the_area(tmp_path):
    found = layers(planned(tmp_path, 'method = "friction"\nfile = "f.tif"'))
    (row,) = found["isochrones"].to_dict("records")
    assert (row["method"], bool(row["estimate"])) == ("friction", True)
    # Ten kilometres at 1.5 minutes each, in steps of eight directions: an octagon in
    # the circle of that radius, of area 2 sqrt(2) r^2.
    assert km2(row["geometry"]) == pytest.approx(2 * np.sqrt(2) * 100, rel=0.05)


def test_an_own_way_of_the_service_counts(tmp_path):
    own = '[travel.services.community_health_center]\nmode = "walk"\ndetour = 1.0'
    (row,) = layers(planned(tmp_path, own))["isochrones"].to_dict("records")
    assert km2(row["geometry"]) == pytest.approx(np.pi * 1.25**2, rel=1e-3)


def test_two_runs_of_roads_differ_only_in_times_kept_or_not(tmp_path):
    path = road_task(tmp_path / "task", ROADS, roads__geojson=good_roads())
    for name in ("one", "two"):
        assert run(["plan", str(path), "-o", str(tmp_path / name), "-q"]) == 0
    for file in sorted((tmp_path / "one").iterdir()):
        first, second = file.read_bytes(), (tmp_path / "two" / file.name).read_bytes()
        if file.name != "run.json":
            assert first == second, file.name
            continue
        a, b = json.loads(first), json.loads(second)
        assert ("travel_kept" in a["times"], b["times"]["travel_kept"]) == (
            False,
            ["roads.geojson"],
        )
        assert a["travel"]["default"]["method"] == "network"
        for certificate in (a, b):
            del certificate["seconds"], certificate["times"]
        assert a == b
