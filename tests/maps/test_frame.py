from __future__ import annotations

import numpy as np
import pytest
import shapely

from allocator.maps.frame import (
    Window,
    crowded_window,
    lay_out,
    map_crs,
    nice_length,
    outline,
)
from tests.outcomes import make_outcome

WHOLE = Window(0, 0, 100_000, 100_000)


@pytest.mark.parametrize(
    ("lon", "code"), [(115.9, 4548), (118.4, 4548), (118.6, 4549), (75.2, 4534)]
)
def test_china_is_drawn_in_the_zone_of_the_nearest_meridian(
    lon: float, code: int
) -> None:
    assert map_crs(lon, 28.7).to_epsg() == code


def test_elsewhere_is_drawn_in_a_plane_of_its_own() -> None:
    crs = map_crs(-122.4, 37.8)
    assert crs.is_projected
    assert "Azimuthal" in crs.to_wkt()


def test_distances_on_the_ground_are_metres() -> None:
    area = make_outcome().area
    ground = lay_out(area.zones, area.counties, area.sites)
    first, second = ground.sites(["S1", "S2"])
    # 0.23 degrees east and 0.03 south at 28.1 degrees north.
    expected = np.hypot(0.23 * 98.2, 0.03 * 110.8)
    assert np.hypot(*(first - second)) / 1000 == pytest.approx(expected, rel=0.01)
    assert ground.window.holds(ground.site_points).all()


def test_a_window_grows_to_the_shape_of_the_paper() -> None:
    window = Window(0, 0, 10, 10).fitted(2.0)
    assert (window.left, window.right, window.bottom, window.top) == (-5, 15, 0, 10)


def test_an_inset_shows_where_sites_crowd() -> None:
    rng = np.random.default_rng(1)
    spread = rng.uniform(0, 100_000, (30, 2))
    centre = rng.uniform(40_000, 42_000, (30, 2))
    window = crowded_window(np.vstack([spread, centre]), WHOLE, size=0.4)
    assert window is not None
    assert window.holds(centre).all()
    assert window.width == pytest.approx(window.height)


def test_an_even_map_has_no_inset() -> None:
    xs, ys = np.meshgrid(
        np.arange(5_000, 100_000, 10_000), np.arange(0, 100_000, 9_000)
    )
    points = np.column_stack([xs.ravel(), ys.ravel()]).astype(float)
    assert crowded_window(points, WHOLE, size=0.4) is None


def test_few_sites_need_no_inset() -> None:
    assert crowded_window(np.zeros((3, 2)), WHOLE, size=0.4) is None


def test_a_hole_stays_a_hole() -> None:
    ring = shapely.box(0, 0, 10, 10).difference(shapely.box(4, 4, 6, 6))
    path = outline(ring)
    assert path is not None
    outer, inner = (np.asarray(ring) for ring in path.to_polygons())
    # Rings in opposite directions: the fill rules of PNG and PDF leave the hole blank.
    assert shapely.LinearRing(outer).is_ccw
    assert not shapely.LinearRing(inner).is_ccw
    assert outline(shapely.Point(0, 0)) is None


@pytest.mark.parametrize(("most", "length"), [(7300, 5000), (2000, 2000), (1.9, 1)])
def test_a_scale_has_a_round_length(most: float, length: float) -> None:
    assert nice_length(most) == length
