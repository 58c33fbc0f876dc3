from __future__ import annotations

import numpy as np
import prcoords
import pyproj
import pytest
from hypothesis import given
from hypothesis import strategies as st

from allocator.load.offsets import (
    bd09_to_wgs84,
    gcj02_to_bd09,
    gcj02_to_wgs84,
    wgs84_to_bd09,
    wgs84_to_gcj02,
)

ELLIPSOID = pyproj.Geod(ellps="GRS80")


@pytest.fixture
def places():
    """Return 2000 places all over China."""
    rng = np.random.default_rng(20241109)
    return rng.uniform(75, 134, 2000), rng.uniform(18, 53, 2000)


def test_the_formula_gives_the_published_values():
    # From the readme of wandergis/coordtransform.
    lon, lat = wgs84_to_gcj02(np.array([116.404]), np.array([39.915]))
    assert (lon[0], lat[0]) == pytest.approx((116.41024449916938, 39.91640428150164))
    lon, lat = gcj02_to_bd09(np.array([116.404]), np.array([39.915]))
    assert (lon[0], lat[0]) == pytest.approx((116.41036949371029, 39.92133699351021))


def test_gcj02_comes_back(places):
    lon, lat = gcj02_to_wgs84(*wgs84_to_gcj02(*places))
    assert np.abs(lon - places[0]).max() < 1e-9
    assert np.abs(lat - places[1]).max() < 1e-9


def test_bd09_comes_back(places):
    lon, lat = bd09_to_wgs84(*gcj02_to_bd09(*wgs84_to_gcj02(*places)))
    assert np.abs(lon - places[0]).max() < 1e-9
    assert np.abs(lat - places[1]).max() < 1e-9


def test_places_abroad_do_not_move():
    lon, lat = np.array([-122.4, 2.3]), np.array([37.8, 48.9])
    for shifted in (wgs84_to_gcj02(lon, lat), gcj02_to_wgs84(lon, lat)):
        assert shifted[0].tolist() == lon.tolist()
        assert shifted[1].tolist() == lat.tolist()


def test_the_shifts_agree_with_another_implementation_all_over_china():
    lon, lat = np.meshgrid(np.arange(73.5, 135.0, 1.5), np.arange(18.5, 53.5, 1.5))
    lon, lat = lon.ravel(), lat.ravel()
    ours = np.column_stack([*wgs84_to_gcj02(lon, lat), *wgs84_to_bd09(lon, lat)])
    pairs = list(zip(lat.tolist(), lon.tolist(), strict=True))
    theirs = [
        (*reversed(prcoords.wgs_gcj(pair)), *reversed(prcoords.wgs_bd(pair)))
        for pair in pairs
    ]
    # A nanodegree is a tenth of a millimetre.
    assert np.abs(ours - np.array(theirs)).max() < 1e-9


def test_the_inverse_agrees_with_another_implementation():
    back = gcj02_to_wgs84(np.array([116.41024449916938]), np.array([39.91640428150164]))
    theirs = prcoords.gcj_wgs_bored((39.91640428150164, 116.41024449916938))
    # Their search stops within its own tolerance of 1e-5 degrees of the map.
    assert back[0][0] == pytest.approx(theirs.lon, abs=1e-6)
    assert back[1][0] == pytest.approx(theirs.lat, abs=1e-6)


@given(st.floats(73.0, 135.0), st.floats(18.0, 54.0))
def test_any_place_comes_back_within_a_millimetre(lon, lat):
    place = np.array([lon]), np.array([lat])
    for there, back in (
        (wgs84_to_gcj02, gcj02_to_wgs84),
        (wgs84_to_bd09, bd09_to_wgs84),
    ):
        found = back(*there(*place))
        metres = ELLIPSOID.inv(lon, lat, found[0][0], found[1][0])[2]
        assert metres < 0.001
