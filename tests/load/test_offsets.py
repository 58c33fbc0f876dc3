from __future__ import annotations

import numpy as np
import pytest

from allocator.load.offsets import (
    bd09_to_wgs84,
    gcj02_to_bd09,
    gcj02_to_wgs84,
    wgs84_to_gcj02,
)


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
