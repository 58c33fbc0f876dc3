"""What is taken for an undeclared offset, and what is not.

Zones are a made-up city of 100 townships, 6 km wide; sites stand where towns do, in the
middle half, and some near the border. Every area is drawn from a fixed seed.
"""

from __future__ import annotations

import math

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from allocator.load.coordinates import Stated
from allocator.load.offset_evidence import (
    chance_of,
    check_layers_offset,
    check_sites_offset,
)
from allocator.load.offsets import wgs84_to_bd09, wgs84_to_gcj02
from allocator.load.places import lay_ground
from allocator.load.remarks import Remarks

WEST, SOUTH, SIDE, ACROSS = 115.6, 28.4, 0.06, 10
SHIFTS = {"GCJ-02": wgs84_to_gcj02, "BD-09": wgs84_to_bd09}
NOTHING = Stated(layer="sites")


def city(side=SIDE):
    """Return square zones and, for 25 of them each, a county."""
    rows, shapes = [], []
    for row in range(ACROSS):
        for column in range(ACROSS):
            west, south = WEST + column * side, SOUTH + row * side
            shapes.append(shapely.box(west, south, west + side, south + side))
            county = f"{row // 5}{column // 5}"
            rows.append((f"{row}{column}", county, west + side / 2, south + side / 2))
    frame = pd.DataFrame(rows, columns=["zone_id", "county_id", "lon", "lat"])
    return gpd.GeoDataFrame(frame, geometry=shapes, crs="EPSG:4490").set_index(
        "zone_id"
    )


def drawn(zones, rng, metres):
    """Return the zones with every corner put down up to so many metres wrong."""
    wrong = {}

    def blur(xy):
        corners = [tuple(point) for point in np.round(xy, 6).tolist()]
        for corner in corners:
            if corner not in wrong:
                wrong[corner] = rng.uniform(-metres, metres, 2) / 111_000
        return xy + np.array([wrong[corner] for corner in corners])

    finer = shapely.segmentize(zones.geometry.to_numpy(), SIDE / 4)
    return zones.set_geometry([shapely.transform(shape, blur) for shape in finer])


def sites_of(zones, rng, each, spread):
    """Return places of each zone, and their zones; ``spread`` is of its half width."""
    ids = np.repeat(zones.index.to_numpy(), each)
    centre = zones.loc[ids, ["lon", "lat"]].to_numpy()
    return centre + rng.uniform(-spread, spread, centre.shape) * SIDE / 2, pd.Series(
        ids
    )


def said(zones, xy, ids, stated=NOTHING):
    """Return the finding on these sites, or None."""
    remarks = Remarks("sites.csv")
    places = pd.DataFrame(xy, columns=["lon", "lat"])
    check_sites_offset(places, ids, lay_ground(zones), stated, remarks)
    return remarks.findings[0] if remarks.findings else None


@pytest.mark.parametrize("seed", range(40))
@pytest.mark.parametrize("metres", [0, 500, 1500])
def test_coarse_borders_alone_are_never_taken_for_an_offset(seed, metres):
    rng = np.random.default_rng(seed)
    zones = city()
    xy, ids = sites_of(zones, rng, each=3, spread=1.0)
    assert said(drawn(zones, rng, metres), xy, ids) is None


@pytest.mark.parametrize("seed", range(10))
def test_wrong_zones_in_the_register_are_never_taken_for_an_offset(seed):
    rng = np.random.default_rng(seed)
    zones = city()
    xy, ids = sites_of(zones, rng, each=3, spread=1.0)
    wrong = rng.random(len(ids)) < 0.3
    ids[wrong] = rng.permutation(ids[wrong].to_numpy())
    assert said(zones, xy, ids) is None


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("north", [0.006, -0.006])
def test_a_shift_of_another_direction_is_no_web_map(seed, north):
    rng = np.random.default_rng(seed)
    zones = city()
    xy, ids = sites_of(zones, rng, each=3, spread=1.0)
    # Straight north or south; the web maps shift to the south-east and the east here.
    assert said(zones, xy + np.array([0.0, north]), ids) is None


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("system", SHIFTS)
@pytest.mark.parametrize("metres", [0, 300])
def test_an_undeclared_offset_is_found_and_named(seed, system, metres):
    rng = np.random.default_rng(seed)
    zones = city()
    xy, ids = sites_of(zones, rng, each=3, spread=1.0)
    shifted = np.column_stack(SHIFTS[system](*xy.T))
    finding = said(drawn(zones, rng, metres), shifted, ids)
    assert finding is not None
    assert finding.code == "offset-suspected"
    assert finding.remedy is not None
    assert f'[crs] sites = "{system}"' in finding.remedy.zh


def test_the_message_holds_the_numbers_the_direction_and_the_distance():
    zones = city(side=0.012)  # streets of 1.2 km
    rng = np.random.default_rng(1)
    ids = np.repeat(zones.index.to_numpy(), 2)
    xy = zones.loc[ids, ["lon", "lat"]].to_numpy()
    xy = xy + rng.uniform(-0.5, 0.5, xy.shape) * 0.006
    shifted = np.column_stack(wgs84_to_gcj02(*xy.T))
    finding = said(zones, shifted, pd.Series(ids))
    assert finding is not None
    words = finding.message.en
    assert words == (
        "67 of 200 sites (34 %) lie outside their own zone, 11 to 176 m off, mostly to "
        "the east; 66 % lie inside as read, 100 % if the sites were GCJ-02 (a shift of "
        "617 m to the south-east): this looks like GCJ-02"
    )
    outside = 0
    for (x, y), zone_id in zip(shifted, ids, strict=True):
        outside += not zones.geometry[zone_id].covers(shapely.Point(x, y))
    assert outside == 67


@pytest.mark.parametrize("system", SHIFTS)
def test_zones_of_a_web_map_are_told_from_sites_of_one(system):
    rng = np.random.default_rng(3)
    zones = city()
    xy, ids = sites_of(zones, rng, each=3, spread=1.0)
    shapes = [
        shapely.transform(
            s, lambda p: np.column_stack(SHIFTS[system](p[:, 0], p[:, 1]))
        )
        for s in zones.geometry
    ]
    finding = said(zones.set_geometry(shapes), xy, ids)
    assert finding is not None
    assert finding.remedy is not None
    assert f'[crs] zones = "{system}"' in finding.remedy.en


def test_an_offset_undone_by_mistake_is_told_as_that():
    rng = np.random.default_rng(4)
    zones = city()
    xy, ids = sites_of(zones, rng, each=3, spread=1.0)
    # The brief says GCJ-02 of sites that were none: they lie north-west of the truth.
    undone = xy - (np.column_stack(wgs84_to_gcj02(*xy.T)) - xy)
    finding = said(zones, undone, ids, Stated(offset="GCJ-02", layer="sites"))
    assert finding is not None
    assert finding.remedy is not None
    assert "really are GCJ-02" in finding.remedy.en


def test_few_sites_are_no_evidence():
    zones = city()
    rng = np.random.default_rng(5)
    xy, ids = sites_of(zones.iloc[:6], rng, each=1, spread=1.0)
    shifted = np.column_stack(wgs84_to_gcj02(*xy.T))
    assert said(zones, shifted, ids) is None


def test_many_sites_at_one_place_are_one_observation():
    zones = city()
    # A hundred sites of one village just inside its border.
    xy = np.tile([WEST + 2 * SIDE - 0.001, SOUTH + SIDE / 2], (100, 1))
    shifted = np.column_stack(wgs84_to_gcj02(*xy.T))
    assert said(zones, shifted, pd.Series(["01"] * 100)) is None


def test_zones_without_shapes_and_sites_without_zones_say_nothing():
    zones = city()
    rng = np.random.default_rng(6)
    xy, ids = sites_of(zones, rng, each=3, spread=1.0)
    shifted = np.column_stack(wgs84_to_gcj02(*xy.T))
    assert said(zones, shifted, pd.Series([""] * len(ids))) is None
    bare = zones.set_geometry([None] * len(zones), crs="EPSG:4490")
    assert said(bare, shifted, ids) is None


def test_the_chance_is_that_of_fair_coins():
    assert chance_of(10, 0) == pytest.approx(0.5**10)
    assert chance_of(0, 3) == 1.0
    tail = sum(math.comb(20, k) for k in range(15, 21)) / 2**20
    assert chance_of(15, 5) == pytest.approx(tail)


# --- Two layers -----------------------------------------------------------------------


def counties_of(zones, shift=None):
    zones = zones.set_geometry(shapely.make_valid(zones.geometry.to_numpy()))
    outlines = zones.dissolve("county_id")[["geometry"]]
    if shift is not None:
        shapes = [
            shapely.transform(s, lambda p: np.column_stack(shift(p[:, 0], p[:, 1])))
            for s in outlines.geometry
        ]
        outlines = outlines.set_geometry(shapes)
    return outlines


def compared(zones, counties):
    remarks = Remarks("zones.geojson")
    stated = {"zones": Stated(layer="zones"), "counties": Stated(layer="counties")}
    check_layers_offset(zones, counties, stated, remarks)
    return remarks.findings[0] if remarks.findings else None


@pytest.mark.parametrize("system", SHIFTS)
def test_counties_of_a_web_map_are_found(system):
    zones = city()
    finding = compared(zones, counties_of(zones, SHIFTS[system]))
    assert finding is not None
    assert finding.remedy is not None
    assert f'[crs] counties = "{system}"' in finding.remedy.zh


@pytest.mark.parametrize("system", SHIFTS)
def test_zones_of_a_web_map_are_found(system):
    zones = city()
    shapes = [
        shapely.transform(
            s, lambda p: np.column_stack(SHIFTS[system](p[:, 0], p[:, 1]))
        )
        for s in zones.geometry
    ]
    finding = compared(zones.set_geometry(shapes), counties_of(zones))
    assert finding is not None
    assert finding.remedy is not None
    assert f'[crs] zones = "{system}"' in finding.remedy.en


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("metres", [0, 300, 700])
def test_layers_drawn_coarsely_are_not_taken_for_an_offset(seed, metres):
    rng = np.random.default_rng(seed)
    zones = city()
    counties = counties_of(drawn(zones, rng, metres))
    assert compared(zones, counties) is None


def test_layers_shifted_otherwise_are_not_taken_for_a_web_map():
    zones = city()
    north = counties_of(zones, lambda x, y: (x, y + 0.006))
    assert compared(zones, north) is None
