"""Population bands: what is found and proved, against trying everything and HiGHS."""

from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from allocator.bounds import bandsearch
from allocator.bounds.band import solve_band
from tests.bounds.brute_band import cost_by_highs, holds, least_cost, on_a_square

costs = st.sampled_from([0.0, 1.0, 2.0, 3.0, 5.0, 9.0, np.inf])
few = st.integers(0, 4).map(float)
sevenths = st.integers(0, 28).map(lambda part: part / 7)
fractions = st.floats(0, 50, width=32)


def solved(task, *, split=False, **options):
    p = task["p"]
    names = ("most", "least", "opening", "fixed", "forbidden")
    chosen = {name: task[name] for name in names}
    return solve_band(
        task["costs"], task["people"], p, split=split, **chosen, **options
    )


@st.composite
def tasks(draw, cost=costs, people=few):
    points, sites = draw(st.integers(1, 5)), draw(st.integers(1, 4))

    def numbers(one, count):
        return np.array(draw(st.lists(one, min_size=count, max_size=count)), float)

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


@settings(max_examples=60, deadline=None)
@given(tasks())
def test_whole_points_cost_what_trying_every_plan_finds(task):
    agrees(task, split=False, optimum=least_cost(task, split=False))


@settings(max_examples=24, deadline=None)
@given(tasks(cost=fractions, people=sevenths))
def test_fractions_cost_what_trying_every_plan_finds(task):
    agrees(task, split=False, optimum=least_cost(task, split=False))


@settings(max_examples=40, deadline=None)
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


@pytest.mark.slow
def test_columns_and_branching_alone_prove_what_highs_finds(monkeypatch):
    # Without moments of HiGHS every step of the chain has to do its part.
    monkeypatch.setattr(bandsearch, "_FEW", 0)
    monkeypatch.setattr(bandsearch, "_MANY", 0)
    nodes = 0
    for seed in range(4):
        task = on_a_square(30, 30, seed, whole=seed % 2 == 0, p=5, tightness=0.95)
        agrees(task, split=False, optimum=cost_by_highs(task, split=False))
        nodes += solved(task).nodes
    assert nodes > 2


def test_weights_multiply_what_a_point_costs():
    task = on_a_square(12, 5, 3, p=2)
    weights = np.arange(12.0)
    found = solve_band(
        task["costs"], task["people"], 2, most=task["most"], weights=weights
    )
    task["costs"] = task["costs"] * weights[:, None]
    assert found.optimal
    assert found.cost == pytest.approx(cost_by_highs(task, split=False))
    holds(task, found, split=False)


def test_points_larger_than_every_site_fit_only_where_they_are_split():
    costs = np.array([[1.0, 2.0, 9.0]])
    whole = solve_band(costs, np.array([10.0]), most=5.0)
    assert whole.cost == whole.bound == np.inf
    assert whole.optimal
    split = solve_band(costs, np.array([10.0]), most=5.0, split=True)
    assert split.cost == pytest.approx(1.5)
    assert split.sites.tolist() == [0, 1]
    assert split.share.tolist() == pytest.approx([0.5, 0.5])


def test_a_lower_end_sends_people_farther_than_the_nearest():
    costs = np.array([[0.0, 9.0], [0.0, 5.0], [9.0, 0.0]])
    people = np.array([10.0, 10.0, 10.0])
    free = solve_band(costs, people, 2, most=30.0)
    assert (free.cost, free.site.tolist()) == (0.0, [0, 0, 1])
    bound = solve_band(costs, people, 2, most=30.0, least=np.array([0.0, 15.0]))
    assert (bound.cost, bound.site.tolist()) == (5.0, [0, 1, 1])


def test_no_plan_is_proven_where_bands_leave_none():
    costs, people = np.ones((3, 3)), np.array([4.0, 4.0, 4.0])
    for p, most, least in ((2, 5.0, 0.0), (3, 9.0, 5.0)):
        for split in (False, True):
            found = solve_band(costs, people, p, most=most, least=least, split=split)
            assert found.optimal
            assert found.cost == found.bound == np.inf
            assert len(found.sites) == 0


def test_the_same_task_gives_the_same_plan_twice():
    task = on_a_square(40, 20, 5, p=4)
    one, other = solved(task), solved(task)
    assert one.sites.tolist() == other.sites.tolist()
    assert one.site.tolist() == other.site.tolist()
    assert (one.cost, one.bound) == (other.cost, other.bound)


@pytest.mark.slow
def test_the_time_limit_is_kept_and_the_bound_holds():
    task = on_a_square(150, 150, 6, whole=False, p=15, tightness=0.97)
    for seconds in (0.0, 0.5, 2.0):
        started = time.monotonic()
        found = solved(task, seconds=seconds)
        assert time.monotonic() - started < seconds + 3
        assert 0 < found.bound <= found.cost
        if found.cost < np.inf:
            holds(task, found, split=False)
    assert found.cost < np.inf


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"costs": [[-1.0, 1.0]]}, "costs must be at least 0"),
        ({"costs": [[np.nan, 1.0]]}, "costs must be at least 0"),
        ({"costs": []}, "at least one of each"),
        ({"people": [1.0, 1.0]}, "people must be one number, or 1"),
        ({"people": [-1.0]}, "people must be finite"),
        ({"most": np.inf}, "most must be finite"),
        ({"least": 9.0}, "a least above its most"),
        ({"opening": [1.0, -1.0]}, "opening must be finite"),
        ({"weights": [np.inf]}, "weights must be finite"),
        ({"p": 3}, "p must be 0 to 2"),
        ({"fixed": [0], "forbidden": [0]}, "none both"),
        ({"fixed": [2]}, "0 to 1"),
    ],
)
def test_numbers_out_of_range_are_refused(change, word):
    task = {"costs": [[1.0, 2.0]], "people": [1.0], "most": 5.0} | change
    with pytest.raises(ValueError, match=word):
        solve_band(**task)
