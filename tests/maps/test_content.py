from __future__ import annotations

import dataclasses
import json

import geopandas as gpd
import numpy as np
import shapely

from allocator.maps.content import page_data
from tests.outcomes import make_outcome, with_tiers


def test_the_data_is_plain_json() -> None:
    data = page_data(make_outcome())
    assert json.loads(json.dumps(data, allow_nan=False)) == data


def test_everything_lies_within_the_bounds() -> None:
    data = page_data(make_outcome())
    assert data["bounds"] == [[27.995, 114.995], [28.405, 115.405]]


def test_many_corners_are_made_fewer_and_neighbours_keep_one_border() -> None:
    outcome = make_outcome()
    area = outcome.area
    angles = np.linspace(0, 2 * np.pi, 40_000)
    radius = 0.2 + 0.02 * np.sin(50 * angles)
    disc = shapely.Polygon(
        np.column_stack(
            [115.2 + radius * np.cos(angles), 28.2 + radius * np.sin(angles)]
        )
    )
    cuts = [
        shapely.box(114, 27, 115.2, 30),
        shapely.box(115.2, 27, 117, 28.2),
        shapely.box(115.2, 28.2, 117, 30),
    ]
    zones = gpd.GeoDataFrame(
        area.zones.drop(columns="geometry"),
        geometry=[disc.intersection(cut) for cut in cuts],
        crs=area.zones.crs,
    )
    area = dataclasses.replace(area, zones=zones)
    data = json.loads(json.dumps(page_data(dataclasses.replace(outcome, area=area))))
    assert len(json.dumps(data)) < 1_000_000
    corners = [set(map(tuple, zone["shape"][0][0])) for zone in data["zones"]]
    assert (28.2, 115.2) in corners[1] & corners[2]


def test_tiers_are_borders_of_their_own_with_chains_in_words() -> None:
    data = json.loads(json.dumps(page_data(with_tiers(make_outcome()))))
    assert [(b["name"], b["dashed"]) for b in data["borders"]] == [
        ("片区", True),
        ("集团", False),
    ]
    assert data["borders"][0]["width"] < data["borders"][1]["width"]
    points = [point for b in data["borders"] for line in b["lines"] for point in line]
    assert min(points) == [28.0, 115.0]  # latitude first, as Leaflet reads it
    west = next(zone for zone in data["zones"] if zone["name"] == "新城乡")
    assert west["groups"] == [
        ["片区", "新城乡卫生院"],
        ["集团", "东风社区卫生服务中心"],
    ]
    assert west["chains"] == ["新城乡卫生院 → 东风社区卫生服务中心"]
    site = next(site for site in data["sites"] if site["id"] == "S4")
    assert site["chains"] == ["白马卫生院分院 → 白马中心卫生院"]
