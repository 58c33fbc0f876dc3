from __future__ import annotations

import numpy as np
import pytest

from allocator.travel.friction import grid_graph, over_friction
from tests.travel.grids import Grid
from tests.travel.road_cases import shortest
from tests.travel.test_straight import make_area


def brute(friction, width_m, height_m):
    """Every step of the surface, one by one."""
    rows, columns = friction.shape
    edges = {}
    for r in range(rows):
        for c in range(columns):
            for dr in (-1, 0, 1):
                for dc in (-1, 0, 1):
                    s, d = r + dr, c + dc
                    inside = 0 <= s < rows and 0 <= d < columns
                    if (dr, dc) == (0, 0) or not inside:
                        continue
                    wide = (width_m[r] + width_m[s]) / 2 * abs(dc)
                    high = (height_m[r] + height_m[s]) / 2 * abs(dr)
                    minutes = (friction[r, c] + friction[s, d]) / 2
                    if np.isfinite(minutes):
                        metres = np.hypot(wide, high)
                        edges[(r, c), (s, d)] = minutes * metres
    return edges


@pytest.mark.parametrize("seed", range(4))
def test_least_times_equal_those_of_trying_every_step(seed):
    rng = np.random.default_rng(seed)
    rows, columns = 9, 13
    friction = rng.uniform(0.001, 0.02, (rows, columns))
    friction[rng.random((rows, columns)) < 0.2] = np.inf
    friction[4, 6] = 0.002
    width = np.linspace(700, 760, rows)
    height = np.full(rows, 900.0)
    cells = np.flatnonzero(np.isfinite(friction).ravel())
    here = 4 * columns + 6
    # Places far apart on the globe, so that none counts as within one cell by chance.
    area = make_area([(115 + i / 100, 28) for i in range(len(cells))], [(116.5, 29)])
    surface = Grid(friction, width, height, cells, np.array([here]))
    found, findings = over_friction(area, surface, max_minutes=1e6, table="f.tif")
    best = shortest(brute(friction, width, height), (4, 6))
    expected = {
        i: best[divmod(int(cell), columns)]
        for i, cell in enumerate(cells)
        if divmod(int(cell), columns) in best and cell != here
    }
    got = dict(zip(found.demand.tolist(), found.minutes.tolist(), strict=True))
    got = {i: m for i, m in got.items() if cells[i] != here}
    assert got.keys() == expected.keys()
    assert len(got) > 60
    assert [got[i] for i in expected] == pytest.approx(list(expected.values()))
    assert findings == []


def test_an_even_surface_takes_its_friction_by_the_metre():
    friction = np.full((3, 11), 0.01)
    size = np.full(3, 1000.0)
    area = make_area([(115, 28), (115.05, 28)], [(115.1, 28)])
    surface = Grid(friction, size, size, np.array([11, 16]), np.array([21]))
    found, _ = over_friction(area, surface, max_minutes=60, table="f.tif")
    assert found.demand.tolist() == [1]
    assert found.minutes.tolist() == pytest.approx([50.0])
    assert found.km.tolist() == pytest.approx([5.0])
    farther, _ = over_friction(area, surface, max_minutes=100, table="f.tif")
    assert farther.minutes.tolist() == pytest.approx([100.0, 50.0])


def test_within_a_cell_the_straight_distance_counts():
    friction = np.full((1, 1), 0.01)
    size = np.full(1, 5000.0)
    area = make_area([(115, 28)], [(115, 28.01)])
    surface = Grid(friction, size, size, np.array([0]), np.array([0]))
    found, _ = over_friction(area, surface, max_minutes=60, table="f.tif")
    assert found.km.tolist() == pytest.approx([1.1082], rel=1e-3)
    assert found.minutes.tolist() == pytest.approx([11.082], rel=1e-3)


def test_places_where_nobody_passes_are_named():
    friction = np.array([[0.01, np.inf, 0.01]])
    size = np.full(1, 100.0)
    area = make_area([(115, 28), (115.001, 28), (115.002, 28)], [(115, 28)])
    cells = np.array([0, 1, 2])
    surface = Grid(friction, size, size, cells, np.array([0]))
    found, findings = over_friction(area, surface, max_minutes=60, table="f.tif")
    assert found.demand.tolist() == [0]
    assert [(f.code, f.keys) for f in findings] == [
        ("demand-off-surface", ("d00001",)),
    ]


def test_a_step_across_corners_is_the_longer_for_it():
    size = np.full(2, 300.0), np.full(2, 400.0)
    surface = Grid(np.full((2, 2), 0.01), *size, np.empty(0), np.empty(0))
    minutes, metres = grid_graph(surface)
    assert metres[0, 3] == pytest.approx(500)
    assert metres[1, 2] == pytest.approx(500)
    assert minutes[0, 3] == pytest.approx(5)
    assert (metres[0, 1], metres[0, 2]) == pytest.approx((300, 400))
