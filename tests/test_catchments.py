from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from allocator.area import PlanningArea
from allocator.catchments import find_catchments
from allocator.load import read_area, read_brief
from allocator.resources import samples_folder

CRS = "EPSG:4548"
LEFT, LOW = 500_000.0, 3_165_000.0  # metres: the middle of the system, near 28.6 N


def area_of(points):
    """Return two square zones of 10 km and demand points at (zone, x km, y km)."""
    squares = [
        shapely.box(LEFT + 10_000 * i, LOW, LEFT + 10_000 * (i + 1), LOW + 10_000)
        for i in range(2)
    ]
    zones = gpd.GeoDataFrame(
        {"county_id": ["c", "c"]}, geometry=squares, index=["z0", "z1"], crs=CRS
    ).to_crs(4490)
    counties = gpd.GeoDataFrame({"name": ["c"]}, geometry=[None], index=["c"], crs=4490)
    places = gpd.points_from_xy(
        [LEFT + 1000 * x for _, x, _ in points],
        [LOW + 1000 * y for _, _, y in points],
        crs=CRS,
    ).to_crs(4490)
    demand = pd.DataFrame(
        {
            "zone_id": [z for z, _, _ in points],
            "lon": places.x,
            "lat": places.y,
            "people": 10,
        },
        index=[f"d{i:03d}" for i in range(len(points))],
    )
    sites = pd.DataFrame({"zone_id": ["z0", "z1"]}, index=["s0", "s1"])
    return PlanningArea("a", zones, counties, sites, demand, None)


def found(area, rows):
    table = pd.DataFrame(rows, columns=["demand_id", "site_id", "service", "people"])
    layer = find_catchments(area, table, CRS)
    km2 = layer.to_crs(CRS).area.to_numpy() / 1e6
    keys = list(zip(layer["service"], layer["site_id"], strict=True))
    return dict(zip(keys, km2.tolist(), strict=True)), layer


def test_a_zone_with_one_demand_point_is_all_of_its_sites():
    area = area_of([("z0", 2, 2), ("z1", 15, 5)])
    km2, layer = found(area, [("d000", "s0", "k", 10), ("d001", "s0", "k", 10)])
    assert km2 == pytest.approx({("k", "s0"): 200}, rel=1e-5)
    assert layer["people"].tolist() == [20]
    assert layer["demand_points"].tolist() == [2]


def test_a_zone_is_parted_where_two_demand_points_are_as_near():
    area = area_of([("z0", 2, 5), ("z0", 4, 5)])
    km2, _ = found(area, [("d000", "s0", "k", 10), ("d001", "s1", "k", 10)])
    assert km2 == pytest.approx({("k", "s0"): 30, ("k", "s1"): 70}, rel=1e-5)


def test_nearness_does_not_cross_the_border_of_a_zone():
    area = area_of([("z0", 1, 5), ("z1", 10.5, 5)])
    km2, _ = found(area, [("d000", "s0", "k", 10), ("d001", "s1", "k", 10)])
    assert km2 == pytest.approx({("k", "s0"): 100, ("k", "s1"): 100}, rel=1e-5)


def test_a_shared_demand_point_is_the_sites_that_serves_most():
    area = area_of([("z0", 5, 5)])
    rows = [("d000", "s0", "k", 4), ("d000", "s1", "k", 6), ("d000", "s0", "m", 10)]
    km2, _ = found(area, rows)
    assert km2 == pytest.approx({("k", "s1"): 100, ("m", "s0"): 100}, rel=1e-5)


def test_many_points_leave_no_gap_and_no_overlap():
    rng = np.random.default_rng(3)
    points = [("z0", *rng.uniform(0.1, 9.9, 2)) for _ in range(200)]
    area = area_of([*points, points[0]])
    rows = [(f"d{i:03d}", f"s{i % 2}", "k", 10) for i in range(201)]
    km2, layer = found(area, rows)
    assert sum(km2.values()) == pytest.approx(100, rel=1e-5)
    first, second = layer.geometry
    assert first.intersection(second).area == pytest.approx(0, abs=1e-9)


def test_zones_without_a_polygon_have_no_ground():
    area = area_of([("z0", 5, 5), ("z1", 15, 5)])
    area.zones.loc["z1", "geometry"] = None
    km2, layer = found(area, [("d000", "s0", "k", 10), ("d001", "s1", "k", 10)])
    assert list(km2) == [("k", "s0")]
    assert layer.crs == area.zones.crs
    assert found(area, [])[0] == {}


def test_the_catchment_of_a_sample_served_at_one_site_is_all_its_ground():
    """Its demand points stand on a grid, of which GEOS makes cells that are invalid."""
    brief, _ = read_brief(samples_folder() / "jianggan" / "brief.toml")
    assert brief is not None
    area, _ = read_area(brief)
    assert area is not None
    crs = "EPSG:4549"
    served = pd.DataFrame({"demand_id": area.demand.index, "people": 1.0})
    found = find_catchments(area, served.assign(service="s", site_id="x"), crs)
    zones = area.zones.geometry.to_crs(crs)
    (shape,) = found.to_crs(crs).geometry
    assert shape.area == pytest.approx(zones.area.sum(), rel=1e-6)
