from __future__ import annotations

import dataclasses
import json

import geopandas as gpd
import numpy as np
import shapely

from allocator.maps.content import page_data
from tests.outcomes import make_outcome


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
