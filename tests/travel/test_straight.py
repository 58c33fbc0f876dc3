from __future__ import annotations

import time

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import pytest
import shapely

from allocator.area import PlanningArea
from allocator.errors import Severity
from allocator.travel import check_travel, from_pairs, straight_line


def make_area(demand, sites):
    """Return an area of one zone from (lon, lat) of demand points and sites."""
    zones = gpd.GeoDataFrame(
        {"county_id": ["c"]}, geometry=[shapely.box(0, 0, 1, 1)], index=["z"], crs=4490
    )
    counties = gpd.GeoDataFrame(
        {"name": ["c"]}, geometry=[shapely.box(0, 0, 1, 1)], index=["c"], crs=4490
    )
    frames = []
    for letter, places in (("d", demand), ("s", sites)):
        index = pd.Index([f"{letter}{i:05d}" for i in range(len(places))])
        lon, lat = np.asarray(places, dtype=float).T
        columns = {"zone_id": "z", "lon": lon, "lat": lat, "people": 10}
        frames.append(pd.DataFrame(columns, index=index))
    return PlanningArea("test", zones, counties, frames[1], frames[0], None)


@pytest.mark.parametrize(
    ("box", "most_km"),
    [
        ((115.0, 28.0, 116.5, 29.5), 15.0),
        ((-80.0, -0.5, -79.0, 0.5), 40.0),
        ((10.0, 78.0, 30.0, 80.0), 150.0),
        ((-180.0, -90.0, 180.0, 90.0), 5000.0),
    ],
)
def test_straight_line_equals_trying_every_pair(box, most_km):
    rng = np.random.default_rng(7)
    demand = rng.uniform(box[:2], box[2:], (120, 2))
    sites = rng.uniform(box[:2], box[2:], (40, 2))
    area = make_area(demand, sites)
    most = most_km * 1.4 / 40 * 60
    travel = straight_line(area, speed_kmh=40, detour=1.4, max_minutes=most)
    geod = pyproj.Geod(ellps="GRS80")
    expected = []
    for i, (lon, lat) in enumerate(demand):
        for j, (site_lon, site_lat) in enumerate(sites):
            km = geod.inv(lon, lat, site_lon, site_lat)[2] / 1000
            if km <= most_km:
                expected.append((f"d{i:05d}", f"s{j:05d}", km * 1.4 / 40 * 60, km))
    assert len(expected) > 20
    assert travel.pairs["demand_id"].tolist() == [row[0] for row in expected]
    assert travel.pairs["site_id"].tolist() == [row[1] for row in expected]
    found = travel.pairs[["minutes", "km"]].to_numpy()
    assert np.abs(found - [row[2:] for row in expected]).max() < 1e-6


def test_a_journey_of_exactly_the_limit_counts():
    area = make_area([(115.0, 28.0)], [(115.1, 28.0)])
    km = pyproj.Geod(ellps="GRS80").inv(115.0, 28.0, 115.1, 28.0)[2] / 1000
    minutes = km * 1.4 / 40 * 60
    for most, pairs in ((minutes, 1), (minutes - 1e-6, 0), (minutes + 1e-6, 1)):
        travel = straight_line(area, speed_kmh=40, detour=1.4, max_minutes=most)
        assert len(travel.pairs) == pairs
    travel = straight_line(area, speed_kmh=40, detour=1.4, max_minutes=60)
    assert len(travel.within(minutes=minutes)) == 1
    assert len(travel.within(km=km)) == 1
    assert len(travel.within(minutes=60, km=km - 1e-6)) == 0
    assert len(travel.within(minutes=minutes - 1e-6)) == 0
    assert len(travel.within()) == 1


def test_the_same_place_takes_no_time():
    area = make_area([(115.0, 28.0)], [(115.0, 28.0)])
    travel = straight_line(area, speed_kmh=40, detour=1.4, max_minutes=0)
    assert travel.pairs[["minutes", "km"]].to_numpy().tolist() == [[0, 0]]


@pytest.mark.parametrize("limit", [-1.0, float("nan")])
def test_a_bad_limit_is_refused(limit):
    area = make_area([(115.0, 28.0)], [(115.0, 28.0)])
    travel = straight_line(area, speed_kmh=40, detour=1.4, max_minutes=5)
    with pytest.raises(ValueError, match="must be 0 or more"):
        travel.within(minutes=limit)


def test_a_table_is_sorted_and_cut_and_makes_no_distances():
    area = make_area([(115.0, 28.0)] * 2, [(115.0, 28.0)] * 2)
    rows = [
        ("d00001", "s00000", 9.0),
        ("d00000", "s00001", 60.0),
        ("d00000", "s00000", 61.0),
    ]
    table = pd.DataFrame(rows, columns=["demand_id", "site_id", "minutes"])
    travel = from_pairs(area, table, max_minutes=60)
    assert travel.pairs["demand_id"].tolist() == ["d00000", "d00001"]
    assert travel.pairs["minutes"].tolist() == [60, 9]
    assert travel.pairs["km"].isna().all()
    assert not travel.knows_km
    assert travel.within(km=1000).empty
    assert len(from_pairs(area, table).pairs) == 3
    known = from_pairs(area, table.assign(km=[1, 2, 3]))
    assert known.knows_km
    assert known.pairs["km"].tolist() == [3, 2, 1]


@pytest.mark.parametrize(
    "rows",
    [
        [("d00009", "s00000", 1.0)],
        [("d00000", "s00009", 1.0)],
        [("d00000", "s00000", -1.0)],
        [("d00000", "s00000", float("nan"))],
        [("d00000", "s00000", 1.0), ("d00000", "s00000", 2.0)],
    ],
)
def test_an_unchecked_table_is_refused(rows):
    area = make_area([(115.0, 28.0)], [(115.0, 28.0)])
    table = pd.DataFrame(rows, columns=["demand_id", "site_id", "minutes"])
    with pytest.raises(ValueError, match="must"):
        from_pairs(area, table)


def test_people_out_of_reach_are_counted():
    area = make_area([(115.0, 28.0), (117.0, 28.0), (118.0, 28.0)], [(115.0, 28.0)])
    travel = straight_line(area, speed_kmh=40, detour=1.4, max_minutes=60)
    (finding,) = check_travel(area, travel)
    assert finding.code == "demand-unreachable"
    assert finding.severity is Severity.WARNING
    assert finding.keys == ("d00001", "d00002")
    assert "20" in finding.message.en
    near = straight_line(area, speed_kmh=40, detour=1.4, max_minutes=900)
    assert check_travel(area, near) == []


def test_a_city_takes_a_few_seconds():
    rng = np.random.default_rng(1)
    area = make_area(
        rng.uniform((115, 28), (116.5, 29.5), (7000, 2)),
        rng.uniform((115, 28), (116.5, 29.5), (400, 2)),
    )
    start = time.perf_counter()
    travel = straight_line(area, speed_kmh=40, detour=1.4, max_minutes=60)
    assert time.perf_counter() - start < 5
    assert travel.pairs["minutes"].max() <= 60
