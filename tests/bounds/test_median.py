"""p-median: what is found and proved, against every set and against HiGHS."""

from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from allocator.bounds import search
from allocator.bounds.clock import Clock
from allocator.bounds.incumbent import Incumbent
from allocator.bounds.interchange import Game
from allocator.bounds.lists import CLOSED, FREE, OPEN, Board, nearest, turned
from allocator.bounds.median import Table, solve_median
from allocator.bounds.within import settle_within
from tests.bounds.brute import (
    cost_of,
    least_cost,
    median_by_highs,
    on_a_square,
    sets_of,
    sets_within,
)

SITES = 7

# Few different values: ties and zeros are the rule.
few = st.integers(0, 4).map(float)
tables = arrays(np.float64, st.tuples(st.integers(1, 9), st.just(SITES)), elements=few)


@settings(max_examples=60, deadline=None)
@given(tables, st.integers(1, SITES))
def test_ties_and_zeros_cost_what_trying_every_set_finds(costs, p):
    found = solve_median(costs, p)
    assert found.optimal
    assert found.cost == found.bound == least_cost(costs, sets_of(SITES, p))
    assert len(set(found.sites)) == p
    assert cost_of(costs, found.sites) == found.cost


@settings(max_examples=40, deadline=None)
@given(
    tables,
    st.sets(st.integers(0, SITES - 1), max_size=3),
    st.sets(st.integers(0, SITES - 1), max_size=3),
    st.integers(1, SITES),
)
def test_fixed_sites_open_and_forbidden_ones_never(costs, fixed, forbidden, p):
    forbidden -= fixed
    p = min(max(p, len(fixed), 1), SITES - len(forbidden))
    found = solve_median(costs, p, fixed=fixed, forbidden=forbidden)
    sets = sets_of(SITES, p, fixed=tuple(fixed), forbidden=forbidden)
    assert found.cost == found.bound == least_cost(costs, sets)
    assert tuple(found.sites) in sets


@settings(max_examples=40, deadline=None)
@given(
    tables,
    arrays(np.float64, SITES, elements=st.sampled_from([0.0, 1.0, 2.5, 3.0, 7.0])),
    st.sampled_from([0.0, 1.0, 3.0, 5.5, 9.0, 30.0]),
)
def test_a_budget_buys_the_set_that_trying_every_set_finds(costs, prices, budget):
    sets = sets_within(prices, budget)
    if not sets:
        with pytest.raises(ValueError, match="pays for no set"):
            solve_median(costs, prices=prices, budget=budget)
        return
    found = solve_median(costs, prices=prices, budget=budget)
    assert found.cost == found.bound == least_cost(costs, sets)
    assert tuple(found.sites) in sets


@settings(max_examples=40, deadline=None)
@given(
    arrays(np.float64, (8, SITES), elements=st.floats(0, 1e4)),
    arrays(np.float64, 8, elements=st.floats(0, 1e5)),
    st.integers(1, SITES),
)
def test_weights_and_fractions_cost_what_trying_every_set_finds(costs, weights, p):
    found = solve_median(costs, p, weights=weights)
    best = least_cost(costs * weights[:, None], sets_of(SITES, p))
    assert found.optimal
    assert found.cost == pytest.approx(best, rel=2e-7, abs=1e-6)
    assert found.bound <= best * (1 + 1e-12) + 1e-9


@pytest.mark.parametrize("whole", [True, False])
@pytest.mark.parametrize("p", [1, 2, 5, 12, 40])
def test_places_on_a_square_cost_what_highs_finds(p, whole):
    costs = on_a_square(40, 40, p, whole=whole)
    found = solve_median(costs, p)
    assert found.optimal
    assert found.cost == pytest.approx(median_by_highs(costs, p), rel=1e-6)


@pytest.mark.parametrize("p", [1, 3, 8])
def test_short_lists_lose_nothing(p, monkeypatch):
    monkeypatch.setattr("allocator.bounds.median._LISTED", 1)
    monkeypatch.setattr("allocator.bounds.median._LEAST_LISTED", 2)
    costs = on_a_square(30, 12, 5, whole=True)
    found = solve_median(costs, p)
    assert found.optimal
    assert found.cost == least_cost(costs, sets_of(12, p))


def test_a_table_is_asked_for_rows_and_gives_the_same():
    costs = on_a_square(50, 30, 3, whole=True)
    table = Table(50, 30, lambda low, high: costs[low:high])
    assert solve_median(table, 4).cost == solve_median(costs, 4).cost


def without_prices(monkeypatch):
    """Leave the proof to linear programs, from the worst prices there are."""
    monkeypatch.setattr(search, "_FEW", 0)
    monkeypatch.setattr(search, "_climb", lambda *_: None)


def without_programs(monkeypatch):
    """Leave the proof to branching by prices."""
    monkeypatch.setattr(search, "_FEW", 100)
    monkeypatch.setattr(search, "_climb", lambda *_: None)
    monkeypatch.setattr(search, "_MOST_NODES", 100_000)
    monkeypatch.setattr(search, "grow", None)


@pytest.mark.parametrize("alone", [without_prices, without_programs])
@pytest.mark.parametrize("whole", [True, False])
@pytest.mark.parametrize("seed", range(4))
def test_each_way_of_branching_proves_it_alone(alone, whole, seed, monkeypatch):
    alone(monkeypatch)
    costs = on_a_square(25, 11, seed, whole=whole)
    found = solve_median(costs, 4)
    assert found.optimal
    assert found.nodes > 0
    assert found.cost == pytest.approx(least_cost(costs, sets_of(11, 4)), rel=2e-7)


@pytest.mark.parametrize("alone", [without_prices, without_programs])
def test_a_budget_is_proved_by_each_way_of_branching(alone, monkeypatch):
    alone(monkeypatch)
    costs = on_a_square(25, 11, 9, whole=True)
    prices = np.random.default_rng(2).integers(1, 9, 11).astype(float)
    found = solve_median(costs, prices=prices, budget=17.0)
    assert found.optimal
    assert found.cost == least_cost(costs, sets_within(prices, 17.0))


def test_a_set_beyond_the_budget_is_never_taken():
    costs = on_a_square(12, 6, 9, whole=True)
    board = Board(
        nearest(lambda low, high: costs[low:high], 12, 6, 6),
        np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0]),
        7.0,
        np.zeros(6, np.int8),
    )
    game = Game(board.lists, turned(board.lists, 6), *board[1:])
    best = Incumbent(game, whole=True, seed=0, clock=Clock(np.inf))
    best.offer(np.array([True, True, False, False, True, False]))
    assert best.cost == costs.max(axis=1).sum()
    best.offer(np.array([True, False, False, False, True, False]))
    assert best.cost < costs.max(axis=1).sum()
    assert board.need[best.is_open].sum() <= 7.0


def stopping_clock(monkeypatch, looks):
    """Make time be over after so many looks at the clock."""
    left = iter([0.0] * looks)
    monkeypatch.setattr(time, "monotonic", lambda: next(left, 1e9))


@pytest.mark.parametrize("looks", [1, 2, 3, 4, 5, 7, 10, 15, 25])
@pytest.mark.parametrize("few", [0, 100])
def test_stopped_at_any_moment_the_bound_holds(looks, few, monkeypatch):
    costs = on_a_square(25, 11, 1, whole=False)
    best = least_cost(costs, sets_of(11, 4))
    monkeypatch.setattr(search, "_FEW", few)
    monkeypatch.setattr(search, "_STEPS", 2)
    stopping_clock(monkeypatch, looks)
    found = solve_median(costs, 4)
    assert found.bound <= best * (1 + 1e-12)
    assert found.cost >= best * (1 - 1e-12)
    assert found.cost == pytest.approx(cost_of(costs, found.sites))
    assert not found.optimal or found.cost == pytest.approx(best, rel=2e-7)


def test_the_time_limit_is_kept():
    costs = on_a_square(600, 600, 0, whole=False)
    solve_median(costs[:20, :20], 3)  # compiled before the clock starts
    started = time.monotonic()
    found = solve_median(costs, 150, seconds=0.0)
    assert time.monotonic() - started < 5
    assert not found.optimal
    assert 0 < found.bound < found.cost


def test_asked_to_stop_it_returns_what_it_has():
    costs = on_a_square(200, 200, 0, whole=False)
    asked = iter(range(1000))
    found = solve_median(costs, 30, stopped=lambda: next(asked) > 3)
    exact = solve_median(costs, 30)
    assert not found.optimal
    assert next(asked) < 100
    assert found.bound <= exact.cost <= found.cost


@pytest.mark.parametrize("gap", [0.001, 0.05, 0.3])
@pytest.mark.parametrize("whole", [True, False])
def test_a_gap_is_enough_and_its_bound_holds(gap, whole):
    costs = on_a_square(60, 40, 2, whole=whole)
    found, exact = solve_median(costs, 8, gap=gap), solve_median(costs, 8)
    assert found.optimal
    assert found.bound <= exact.cost * (1 + 1e-12) <= found.cost * (1 + 1e-12)
    assert found.cost - found.bound <= gap * found.cost + 1e-9


def test_very_long_lists_are_priced_before_sets_are_improved(monkeypatch):
    monkeypatch.setattr(search, "_MANY", 100)
    monkeypatch.setattr(search, "_STEPS", 10)
    costs = on_a_square(40, 40, 3, whole=True)
    found = solve_median(costs, 5)
    assert found.optimal
    assert found.cost == pytest.approx(median_by_highs(costs, 5), rel=1e-6)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("width", [0.0, 0.02, 0.3])
def test_what_is_settled_holds_for_every_set_within_the_limit(seed, width):
    costs = on_a_square(25, 11, seed, whole=seed % 2 == 0)
    table = Table(25, 11, lambda low, high: costs[low:high])
    found = solve_median(table, 4, fixed=[3])
    limit = found.cost * (1.0 + width)
    clock = Clock(np.inf)
    settled = settle_within(table, 4, found, limit, clock=clock, fixed=[3])
    sets = [
        chosen
        for count in (1, 2, 3, 4)
        for chosen in sets_of(11, count, fixed=(3,))
        if cost_of(costs, chosen) <= limit
    ]
    assert sets
    for chosen in sets:
        is_open = np.isin(np.arange(11), chosen)
        assert (settled.states[is_open] != CLOSED).all()
        assert (settled.states[~is_open] != OPEN).all()
    if width == 0.0:
        assert (settled.states != FREE).sum() > 1


def test_the_same_task_gives_the_same_sites_twice():
    costs = on_a_square(60, 60, 4, whole=True)
    first, second = solve_median(costs, 7), solve_median(costs, 7)
    assert (first.sites == second.sites).all()
    assert first.nodes == second.nodes


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ({}, "give p"),
        ({"p": 0}, "p must be 1 to 3"),
        ({"p": 4}, "p must be 1 to 3"),
        ({"p": 1, "fixed": [0, 1]}, "p must be 2 to 3"),
        ({"p": 3, "forbidden": [0]}, "p must be 1 to 2"),
        ({"p": 1, "fixed": [3]}, "0 to 2"),
        ({"p": 1, "fixed": [1], "forbidden": [1]}, "none both"),
        ({"p": 1, "budget": 3.0}, "give p"),
        ({"prices": np.array([1.0, 2.0]), "budget": 3.0}, "finite"),
        ({"prices": np.array([1.0, 2.0, -1.0]), "budget": 3.0}, "finite"),
        ({"prices": np.array([4.0, 5.0, 6.0]), "budget": 3.0}, "pays for no set"),
        ({"p": 1, "weights": np.array([1.0, -1.0])}, "at least 0"),
    ],
)
def test_what_cannot_be_is_refused(options, word):
    with pytest.raises(ValueError, match=word):
        solve_median(np.ones((2, 3)), **options)


@pytest.mark.parametrize("bad", [np.inf, np.nan, -1.0])
def test_costs_out_of_range_are_refused(bad):
    costs = np.ones((2, 3))
    costs[1, 2] = bad
    with pytest.raises(ValueError, match="finite and at least 0"):
        solve_median(costs, 1)
