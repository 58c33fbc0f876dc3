from __future__ import annotations

import time

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from allocator.errors import Severity
from allocator.load.coordinates import metric_crs, to_degrees, to_metres
from allocator.load.demand import share_out
from allocator.load.grid import demand_of_grid
from allocator.load.places import lay_ground
from allocator.load.remarks import Remarks
from tests.load.small_area import (
    area_of,
    brief_with,
    codes,
    only,
    read_all,
    write_area,
    zones_csv,
    zones_frame,
)

POINTS = brief_with('[demand]\nsource = "points"\nfile = "d.csv"')
VILLAGES = """demand_id,zone_id,people,lon,lat
V3,360102101,500,115.95,28.65
V1,,600,115.84,28.65
V2,,400,115.86,28.65
V4,,300,116.05,28.65
V5,,200,116.15,28.65
V6,,0,116.15,28.66
"""


def zones_of(polygons, people):
    ids = [f"{i:09d}" for i in range(len(polygons))]
    centres = [p.representative_point() for p in polygons]
    return gpd.GeoDataFrame(
        {
            "name": ids,
            "county_id": "c",
            "population": people,
            "urban": False,
            "lon": [p.x for p in centres],
            "lat": [p.y for p in centres],
        },
        geometry=polygons,
        index=pd.Index(ids, name="zone_id"),
        crs="EPSG:4490",
    )


def triangle(values):
    corners = [(115 + x / 1000, 28 + y / 1000) for x, y in values]
    return shapely.Polygon(corners)


corner = st.tuples(st.integers(0, 300), st.integers(0, 300))
shape = st.lists(corner, min_size=3, max_size=6, unique=True).map(
    lambda corners: triangle(corners).convex_hull
)
polygon = shape.filter(lambda s: s.geom_type == "Polygon" and s.area > 1e-6)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(st.tuples(polygon, st.integers(0, 3_000_000)), min_size=1, max_size=4),
    st.sampled_from([1000.0, 2500.0, 10_000.0]),
)
def test_a_grid_keeps_every_person_of_every_zone(parts, cell_m):
    polygons, people = zip(*parts, strict=True)
    zones = zones_of(list(polygons), list(people))
    ground = lay_ground(zones)
    demand = demand_of_grid(zones, ground, cell_m, Remarks(""))
    assert demand is not None
    sums = demand.groupby("zone_id")["people"].sum().reindex(zones.index, fill_value=0)
    assert sums.tolist() == list(people)
    assert (demand["people"] > 0).all()
    assert demand.index.is_unique
    assert demand.index.is_monotonic_increasing
    points = ground.points(demand["lon"].to_numpy(), demand["lat"].to_numpy())
    own = ground.polygons[zones.index.get_indexer(demand["zone_id"])]
    assert shapely.distance(points, own).max(initial=0) < 1e-3


@given(
    st.lists(st.integers(0, 10**9), min_size=1, max_size=5),
    st.lists(st.floats(1e-3, 1e9), min_size=5, max_size=30),
)
def test_shares_sum_exactly_and_miss_by_less_than_one(people, weights):
    owner = np.sort(np.arange(len(weights)) % len(people))
    weight = np.array(weights)
    parts = share_out(np.array(people), owner, weight)
    total = np.bincount(owner, weights=weight)
    fair = np.array(people)[owner] * weight / total[owner]
    assert np.bincount(owner, weights=parts).tolist() == people
    assert (np.abs(parts - fair) < 1 + 1e-6).all()


def test_left_over_people_go_to_the_largest_remainders():
    parts = share_out(np.array([10]), np.zeros(3, dtype=int), np.array([1.0, 2.0, 4.0]))
    assert parts.tolist() == [1, 3, 6]
    parts = share_out(np.array([11]), np.zeros(3, dtype=int), np.array([0.1, 0.1, 0.1]))
    assert parts.tolist() == [4, 4, 3]


def test_a_grid_cell_holds_people_by_its_area(tmp_path):
    brief = brief_with('[demand]\nsource = "grid"\ncell_m = 2000')
    area = area_of(write_area(tmp_path, brief__toml=brief))
    ground = lay_ground(area.zones)
    assert ground.crs.to_epsg() == 4548  # central meridian 117 E, zone 39
    demand = area.demand[area.demand["zone_id"] == "360102001"]
    name, column, row = demand.index[len(demand) // 2].rsplit("-", 2)
    west, south = int(column) * 2000, int(row) * 2000
    cell = shapely.box(west, south, west + 2000, south + 2000)
    zone = ground.polygons[0]
    fair = 1000 * cell.intersection(zone).area / zone.area
    assert name == "360102001"
    assert abs(demand.loc[f"{name}-{column}-{row}", "people"] - fair) < 1


def test_a_grid_puts_people_of_zones_without_a_shape_at_the_centre(tmp_path):
    brief = brief_with('[demand]\nsource = "grid"', zones="zones.csv", counties="")
    area, findings = read_all(
        write_area(tmp_path, zones__csv=zones_csv(), brief__toml=brief)
    )
    assert area is not None
    assert area.demand["people"].tolist() == [1000, 500, 300, 200]
    assert only(findings, "grid-at-centre").severity is Severity.NOTE


def test_too_fine_a_grid_is_refused():
    zones = zones_of([shapely.box(110, 25, 114, 29)], [5])
    remarks = Remarks("brief.toml")
    assert demand_of_grid(zones, lay_ground(zones), 100.0, remarks) is None
    assert codes(remarks.findings) == {"grid-too-fine"}


def test_a_city_is_gridded_in_time():
    angle = np.linspace(0, 2 * np.pi, 200, endpoint=False)
    ring = np.column_stack([np.cos(angle), np.sin(angle)]) * 0.045
    polygons = [
        shapely.Polygon(ring + np.array([115 + 0.09 * (i % 12), 28 + 0.09 * (i // 12)]))
        for i in range(139)
    ]
    zones = zones_of(polygons, [45_000] * 139)
    start = time.perf_counter()
    demand = demand_of_grid(zones, lay_ground(zones), 1000.0, Remarks(""))
    assert demand is not None
    assert len(demand) > 7000
    assert time.perf_counter() - start < 3


def test_zones_are_demand_points_unless_empty(tmp_path):
    zones = zones_frame().assign(population=[1000, 0, 300, 200])
    area = area_of(write_area(tmp_path, zones__geojson=zones))
    assert area.demand.index.tolist() == ["360102001", "360121101", "360121201"]
    assert area.demand["county_id"].tolist() == ["360102", "360121", "360121"]


def test_villages_find_their_zone(tmp_path):
    area, findings = read_all(write_area(tmp_path, d__csv=VILLAGES, brief__toml=POINTS))
    assert area is not None
    assert area.demand["zone_id"].tolist() == [
        "360102001",
        "360102001",
        "360102101",
        "360121101",
        "360121201",
    ]
    assert area.demand["people"].tolist() == [600, 400, 500, 300, 200]
    assert area.demand["urban"].tolist() == [True, True, False, False, False]
    assert only(findings, "demand-without-people").keys == ("第7行 V6",)
    assert "demand-total" not in codes(findings)


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("116.15,28.65", "119.15,28.65", "demand-in-no-zone"),
        ("V2,", "V1,", "id-twice"),
        ("360102101", "360102111", "zone-unknown"),
        ("600", "-6", "number-negative"),
        ("600", "", "value-missing"),
    ],
)
def test_a_bad_demand_point_is_an_error(tmp_path, old, new, code):
    text = VILLAGES.replace(old, new, 1)
    area, findings = read_all(write_area(tmp_path, d__csv=text, brief__toml=POINTS))
    assert area is None
    wrong = {f.code for f in findings if f.severity is Severity.ERROR}
    assert wrong == {code}


def test_totals_that_differ_are_warned_of(tmp_path):
    text = VILLAGES.replace("600", "700")
    area, findings = read_all(write_area(tmp_path, d__csv=text, brief__toml=POINTS))
    assert area is not None
    finding = only(findings, "demand-total")
    assert (finding.keys, finding.value) == (("360102001 甲街道",), "1100 / 1000")


@pytest.mark.parametrize(
    ("lon", "lat", "epsg"),
    [
        (115.9, 28.7, 4548),
        (100.2, 26.9, 4542),
        (-122.4, 37.8, 32610),
        (18.4, -34, 32734),
    ],
)
def test_metres_suit_the_place(lon, lat, epsg):
    assert metric_crs(lon, lat).to_epsg() == epsg


def test_metres_and_back():
    point = shapely.Point(115.9, 28.7)
    crs = metric_crs(115.9, 28.7)
    back = to_degrees(to_metres([point, None], crs), crs)
    assert back[0].equals_exact(point, 1e-9)
    assert back[1] is None
