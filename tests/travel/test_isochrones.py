from __future__ import annotations

import numpy as np
import pyproj
import pytest
import shapely

from allocator.travel.isochrones import (
    along_roads_within,
    cells_within,
    discs,
    km_within,
)
from tests.travel.grids import Grid
from tests.travel.road_cases import ONE_WAY, at, line, network_of, on

GEOD = pyproj.Geod(ellps="GRS80")


def km2(shape):
    return abs(GEOD.geometry_area_perimeter(shape)[0]) / 1e6


def test_a_disc_has_the_area_of_a_disc():
    shape = discs(np.array([115.9]), np.array([28.7]), 10.0)
    assert km2(shape) == pytest.approx(np.pi * 100, rel=1e-3)


def test_discs_that_overlap_are_counted_once():
    lon, lat = np.array([at(0, 0), at(10, 0), at(100, 0)]).T
    # Two circles of radius r at distance r share 2 r^2 (pi / 3 - sqrt(3) / 4).
    lens = 2 * 100 * (np.pi / 3 - np.sqrt(3) / 4)
    shape = discs(lon, lat, 10.0)
    assert km2(shape) == pytest.approx(3 * np.pi * 100 - lens, rel=2e-3)


def test_a_straight_line_reaches_by_speed_and_detour():
    assert km_within(15, speed_kmh=40, detour=1.4) == pytest.approx(10 / 1.4)


def test_roads_are_reached_as_far_as_the_time_goes():
    # 60 km/h: a kilometre a minute; a cross of four roads of 10 km.
    arms = [
        line((0, 0), end, speed_kmh=60.0)
        for end in ((10, 0), (-10, 0), (0, 10), (0, -10))
    ]
    network = network_of(*arms)
    shape = along_roads_within(
        network, on(network, (0, 0)), minutes=5, to_people=False, breadth_m=100
    )
    # Two bars of 10 km by 200 m that cross, with round ends.
    expected = 2 * 10 * 0.2 - 0.04 + 2 * np.pi * 0.01
    assert km2(shape) == pytest.approx(expected, rel=0.02)
    assert shapely.contains(shape, shapely.Point(at(4.9, 0)))
    assert not shapely.contains(shape, shapely.Point(at(5.2, 0)))


def test_directions_bind_the_reach_of_an_ambulance_and_of_patients():
    network = network_of(line((0, 0), (10, 0), speed_kmh=60.0, **ONE_WAY))
    middle = on(network, (5, 0))
    reach = {
        to_people: along_roads_within(
            network, middle, minutes=2, to_people=to_people, breadth_m=50
        )
        for to_people in (False, True)
    }
    ahead, behind = shapely.Point(at(6, 0)), shapely.Point(at(4, 0))
    # The edge itself begins and ends at its nodes, both farther than two minutes.
    assert not shapely.contains(reach[True], behind)
    assert not shapely.contains(reach[False], ahead)
    assert shapely.contains(reach[True], ahead)
    assert shapely.contains(reach[False], behind)


def test_cells_are_reached_as_far_as_the_time_goes():
    size = np.full(21, 1000.0)
    here = np.array([10 * 21 + 10])
    grid = Grid(
        np.full((21, 21), 0.001),
        size,
        size,
        here,
        here,
    )
    # A minute a kilometre, 1.414 across corners: 2.9 minutes reach the centre, 4 + 4
    # beside it, 8 two steps on, and the 4 corners of two diagonal steps (2.83).
    expected = sum(
        max(abs(x), abs(y)) + (np.sqrt(2) - 1) * min(abs(x), abs(y)) <= 2.9
        for x in range(-3, 4)
        for y in range(-3, 4)
    )
    shape = cells_within(grid, here, 2.9)
    assert expected == 21 + 4
    assert km2(shape) == pytest.approx(expected, rel=2e-3)
    assert shapely.bounds(shape)[0] == pytest.approx(117.0817, abs=1e-3)
