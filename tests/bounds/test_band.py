"""Population bands: what is found and proved, against trying everything and HiGHS."""

from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from allocator.bounds.band import solve_band
from tests.bounds.brute_band import cost_by_highs, holds, least_cost, on_a_square

costs = st.sampled_from([0.0, 1.0, 2.0, 3.0, 5.0, 9.0, np.inf])
fractions = st.floats(0, 50, width=32)


def solved(task, *, split=False, **options):
    p = task["p"]
    names = ("most", "least", "opening", "fixed", "forbidden")
    chosen = {name: task[name] for name in names}
    return solve_band(
        task["costs"], task["people"], p, split=split, **chosen, **options
    )


@st.composite
def tasks(draw, cost=costs, people=st.integers(0, 4).map(float)):
    points, sites = draw(st.integers(1, 5)), draw(st.integers(1, 4))
    numbers = lambda one, count: np.array(  # noqa: E731
        draw(st.lists(one, min_size=count, max_size=count)), float
    )
    most = numbers(st.integers(0, 9), sites)
    lower = numbers(st.sampled_from([0.0, 0.0, 0.5, 1.0]), sites)
    names = st.sets(st.integers(0, sites - 1), max_size=1)
    fixed = draw(names)
    forbidden = draw(names) - fixed
    left = sites - len(forbidden)
    return {
        "costs": numbers(cost, points * sites).reshape(points, sites),
        "people": numbers(people, points),
        "most": most,
        "least": np.floor(lower * most),
        "opening": numbers(st.integers(0, 4), sites),
        "p": draw(st.none() | st.integers(len(fixed), left)),
        "fixed": sorted(fixed),
        "forbidden": sorted(forbidden),
    }


def agrees(task, *, split, optimum):
    found = solved(task, split=split)
    assert found.optimal
    if optimum == np.inf:
        assert found.cost == found.bound == np.inf
        assert len(found.sites) == len(found.point) == 0
        return
    assert np.isclose(found.cost, optimum, rtol=1e-6, atol=1e-6)
    assert found.bound <= found.cost
    assert found.bound == pytest.approx(found.cost, rel=1e-6, abs=1e-6)
    holds(task, found, split=split)


@settings(max_examples=150, deadline=None)
@given(tasks())
def test_whole_points_cost_what_trying_every_plan_finds(task):
    agrees(task, split=False, optimum=least_cost(task, split=False))


@settings(max_examples=60, deadline=None)
@given(tasks(cost=fractions, people=st.floats(0, 4, width=16)))
def test_fractions_cost_what_trying_every_plan_finds(task):
    agrees(task, split=False, optimum=least_cost(task, split=False))


@settings(max_examples=100, deadline=None)
@given(tasks())
def test_split_points_cost_what_trying_every_set_finds(task):
    agrees(task, split=True, optimum=least_cost(task, split=True))


@pytest.mark.parametrize("split", [False, True])
@pytest.mark.parametrize("least", [0.0, 0.6, 0.9])
@pytest.mark.parametrize("p", [None, 4])
@pytest.mark.parametrize("seed", range(3))
def test_places_on_a_square_cost_what_highs_finds(seed, p, least, split):
    task = on_a_square(18, 9, seed, whole=seed != 1, least=least, p=p)
    agrees(task, split=split, optimum=cost_by_highs(task, split=split))
