"""Maximal covering, covering everyone, and p-center, against every set of sites."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from allocator.bounds import master, search
from allocator.bounds.center import solve_center
from allocator.bounds.cover import solve_cover
from allocator.bounds.covering import solve_covering
from allocator.bounds.dominance import undominated_groups, undominated_sites
from allocator.bounds.reach import grouped, reach_of, reach_within
from tests.bounds.brute import on_a_square, sets_of, sets_within

SITES = 6
flags = arrays(np.bool_, st.tuples(st.integers(1, 10), st.just(SITES)))
chosen_sites = st.sets(st.integers(0, SITES - 1), max_size=2)


def people_of(points, *, whole=True):
    random = np.random.default_rng(points)
    return random.integers(0, 5, points) + (0.0 if whole else 0.375)


def reached(within, people, chosen):
    return people[within[:, list(chosen)].any(axis=1)].sum()


@settings(max_examples=30, deadline=None)
@given(flags, st.integers(1, SITES), st.booleans(), chosen_sites, chosen_sites)
def test_as_many_are_reached_as_by_any_set(within, p, whole, fixed, forbidden):
    forbidden -= fixed
    p = min(max(p, len(fixed), 1), SITES - len(forbidden))
    people = people_of(len(within), whole=whole)
    found = solve_covering(within, people, p, fixed=fixed, forbidden=forbidden)
    sets = sets_of(SITES, p, fixed=tuple(fixed), forbidden=forbidden)
    best = max(reached(within, people, chosen) for chosen in sets)
    assert found.optimal
    assert found.people == pytest.approx(best)
    assert found.bound == pytest.approx(best)
    assert tuple(found.sites) in sets
    assert reached(within, people, found.sites) == pytest.approx(best)


@pytest.mark.parametrize("gap", [0.01, 0.2])
def test_a_gap_is_enough_for_covering_and_for_centers(gap):
    costs = on_a_square(40, 20, 6, whole=True)
    within, people = costs < 25, people_of(40)
    exact = solve_covering(within, people, 3)
    found = solve_covering(within, people, 3, gap=gap)
    lost = people.sum() - found.people
    assert found.people <= exact.people <= found.bound
    assert found.bound - found.people <= gap * lost + 1e-9
    center, best = solve_center(costs, 3, gap=gap), solve_center(costs, 3)
    assert center.optimal
    assert center.bound <= best.cost <= center.cost
    assert center.cost - center.bound <= gap * center.cost + 1e-9
    cover, least = solve_cover(costs < 40, gap=gap), solve_cover(costs < 40)
    assert cover.bound <= least.cost <= cover.cost
    assert cover.cost - cover.bound <= gap * cover.cost + 1e-9


@settings(max_examples=20, deadline=None)
@given(flags, st.sampled_from([1.0, 2.0, 4.0, 7.5, 20.0]))
def test_a_budget_reaches_as_many_as_any_set_it_pays_for(within, budget):
    prices = np.array([1.0, 2.5, 0.0, 3.0, 2.0, 4.0])
    people = people_of(len(within))
    found = solve_covering(within, people, prices=prices, budget=budget)
    sets = sets_within(prices, budget)
    assert found.people == max(reached(within, people, chosen) for chosen in sets)
    assert tuple(found.sites) in sets


@pytest.mark.parametrize("alone", [1, 4000])
@pytest.mark.parametrize("seed", range(3))
def test_cuts_of_groups_and_of_points_prove_the_same(alone, seed, monkeypatch):
    monkeypatch.setattr(master, "_MOST_ALONE", alone)
    monkeypatch.setattr(master, "_GROUPS", 7)
    monkeypatch.setattr(search, "_climb", lambda *_: None)
    within = on_a_square(60, 12, seed, whole=False) < 22
    people = np.random.default_rng(seed).integers(1, 100, 60).astype(float)
    found = solve_covering(within, people, 4)
    best = max(reached(within, people, chosen) for chosen in sets_of(12, 4))
    assert found.optimal
    assert found.nodes > 0
    assert found.people == found.bound == best


def test_stopped_at_once_the_bound_holds():
    within = on_a_square(60, 12, 1, whole=False) < 22
    people = np.random.default_rng(1).integers(1, 100, 60).astype(float)
    found = solve_covering(within, people, 4, seconds=0.0)
    best = max(reached(within, people, chosen) for chosen in sets_of(12, 4))
    assert found.people <= best <= found.bound


@settings(max_examples=30, deadline=None)
@given(flags)
def test_points_are_brought_together_when_they_see_the_same(within):
    people = people_of(len(within))
    keep = np.array([True, True, False, True, True, True])
    groups = grouped(reach_of(within), people, keep)
    expected: dict[tuple[int, ...], float] = {}
    for row, number in zip(within & keep, people, strict=True):
        if row.any():
            key = tuple(np.flatnonzero(row).tolist())
            expected[key] = expected.get(key, 0.0) + number
    ends = groups.reach.start
    made = {
        tuple(groups.reach.site[a:b].tolist()): number
        for a, b, number in zip(ends[:-1], ends[1:], groups.people, strict=True)
    }
    assert made == expected


def test_reach_in_a_plane_is_what_distances_say():
    random = np.random.default_rng(3)
    demand, sites = (
        random.integers(0, 12, (80, 2)).astype(float),
        random.random((9, 2)) * 12,
    )
    sites[:4] = np.floor(sites[:4])  # distances of exactly the radius occur
    distance = np.hypot(*(demand[:, None] - sites[None]).transpose(2, 0, 1))
    made, expected = reach_within(demand, sites, 5.0), reach_of(distance <= 5.0)
    assert (distance == 5.0).any()
    assert made.start.tolist() == expected.start.tolist()
    assert made.site.tolist() == expected.site.tolist()


def fewest(within, prices, fixed, forbidden):
    sets = [
        chosen
        for k in range(SITES + 1)
        for chosen in combinations(range(SITES), k)
        if fixed <= set(chosen) and not forbidden & set(chosen)
    ]
    costs = [
        sum(prices[j] for j in chosen)
        for chosen in sets
        if within[:, list(chosen)].any(axis=1).all()
    ]
    return min(costs, default=None)


@settings(max_examples=40, deadline=None)
@given(
    flags,
    arrays(np.float64, SITES, elements=st.sampled_from([1.0, 1.5, 2.0])),
    chosen_sites,
    chosen_sites,
)
def test_everyone_is_covered_as_cheaply_as_by_any_set(within, prices, fixed, forbidden):
    forbidden -= fixed
    best = fewest(within, prices, fixed, forbidden)
    if best is None:
        with pytest.raises(ValueError, match="no site that may open"):
            solve_cover(within, prices=prices, fixed=fixed, forbidden=forbidden)
        return
    found = solve_cover(within, prices=prices, fixed=fixed, forbidden=forbidden)
    assert found.optimal
    assert found.cost == pytest.approx(best)
    assert found.bound == pytest.approx(best)
    assert fixed <= set(found.sites)
    assert not forbidden & set(found.sites)
    assert within[:, found.sites].any(axis=1).all()


def test_a_cover_that_time_does_not_allow_has_a_bound_that_holds():
    within = on_a_square(400, 200, 2, whole=False) < 9
    within[np.arange(400), np.arange(400) % 200] = True
    whole, stopped = solve_cover(within), solve_cover(within, seconds=0.0)
    assert whole.optimal
    assert stopped.bound <= whole.cost <= stopped.cost
    assert within[:, stopped.sites].any(axis=1).all()


@settings(max_examples=40, deadline=None)
@given(flags)
def test_what_is_dominated_is_what_pairs_of_sets_say(within):
    within = within[within.any(axis=1)]
    reach = reach_of(within)
    prices = np.array([1.0, 1.0, 1.0, 2.0, 2.0, 1.5])
    keep = undominated_sites(reach, prices)
    for j in range(SITES):
        replaced = [
            other
            for other in np.flatnonzero(keep)
            if other != j
            and prices[other] <= prices[j]
            and not (within[:, j] & ~within[:, other]).any()
        ]
        assert keep[j] == (within[:, j].any() and not replaced)
    rows = undominated_groups(reach)
    for i in range(len(within)):
        asked = [k for k in np.flatnonzero(rows) if not (within[k] & ~within[i]).any()]
        assert rows[i] == (asked == [i])


@settings(max_examples=30, deadline=None)
@given(
    arrays(
        np.float64,
        st.tuples(st.integers(1, 8), st.just(SITES)),
        elements=st.integers(0, 6).map(float),
    ),
    st.integers(1, SITES),
    chosen_sites,
    chosen_sites,
)
def test_the_farthest_is_as_near_as_with_any_set(costs, p, fixed, forbidden):
    forbidden -= fixed
    p = min(max(p, len(fixed), 1), SITES - len(forbidden))
    found = solve_center(costs, p, fixed=fixed, forbidden=forbidden)
    sets = sets_of(SITES, p, fixed=tuple(fixed), forbidden=forbidden)
    best = min(costs[:, list(chosen)].min(axis=1).max() for chosen in sets)
    assert found.optimal
    assert found.cost == found.bound == best
    assert tuple(found.sites) in sets
    assert costs[:, found.sites].min(axis=1).max() == best


def test_a_center_that_time_does_not_allow_has_a_bound_that_holds():
    costs = on_a_square(60, 40, 6, whole=False)
    whole, stopped = solve_center(costs, 5), solve_center(costs, 5, seconds=0.0)
    assert whole.optimal
    assert stopped.bound <= whole.cost < stopped.cost


@pytest.mark.parametrize(
    ("call", "word"),
    [
        (lambda: solve_covering(np.ones((2, 3), bool), np.ones(3), 1), "for each"),
        (lambda: solve_covering(np.ones((2, 3), bool), -np.ones(2), 1), "at least 0"),
        (lambda: solve_covering(np.ones((2, 3), bool), np.ones(2), 4), "1 to 3"),
        (
            lambda: solve_covering(reach_of(np.ones((2, 3), bool)), np.ones(2), 1),
            "how many sites",
        ),
        (lambda: solve_cover(reach_of(np.ones((2, 3), bool))), "how many sites"),
        (lambda: solve_cover(np.ones((2, 3), bool), prices=np.zeros(3)), "above 0"),
        (lambda: solve_center(np.full((2, 3), np.inf), 1), "finite"),
        (lambda: solve_center(np.ones((2, 3)), 4), "1 to 3"),
    ],
)
def test_what_cannot_be_is_refused(call, word):
    with pytest.raises(ValueError, match=word):
        call()
