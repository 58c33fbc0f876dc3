"""Parts that nothing couples: solved apart they cost what they cost together."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from allocator.bounds.parts import parts_of, solve_parts
from tests.bounds.brute_band import holds, least_cost, on_a_square
from tests.bounds.test_band import solved, tasks


def apart(task, **options):
    names = ("most", "least", "opening", "fixed", "forbidden")
    return solve_parts(
        task["costs"], task["people"], **{n: task[n] for n in names}, **options
    )


def test_parts_are_what_pairs_connect():
    costs = np.full((4, 4), np.inf)
    costs[0, 2] = costs[1, 2] = costs[2, 0] = 1.0
    of_point, of_site = parts_of(costs)
    assert of_point[0] == of_point[1] == of_site[2]
    assert of_point[2] == of_site[0]
    alone = [of_point[0], of_point[2], of_point[3], of_site[1], of_site[3]]
    assert len(set(alone)) == 5


@settings(max_examples=40, deadline=None)
@given(tasks(), st.booleans())
def test_parts_cost_what_trying_every_plan_finds(task, split):
    task["p"] = None
    found = apart(task, split=split)
    optimum = least_cost(task, split=split)
    assert found.optimal
    assert np.isclose(found.cost, optimum, atol=1e-6)
    assert found.bound <= found.cost
    if optimum < np.inf:
        holds(task, found, split=split)
    else:
        assert found.bound == np.inf
        assert len(found.sites) == 0


def test_two_counties_apart_cost_what_they_cost_together():
    one, other = (on_a_square(14, 6, seed, least=0.3) for seed in (1, 2))
    task = {
        name: np.concatenate([one[name], other[name]])
        for name in ("people", "most", "least", "opening")
    } | {"p": None, "fixed": [1], "forbidden": [7]}
    costs = np.full((28, 12), np.inf)
    costs[:14, :6], costs[14:, 6:] = one["costs"], other["costs"]
    task["costs"] = costs
    found = apart(task)
    assert found.optimal
    assert found.cost == solved(task).cost
    holds(task, found, split=False)


def test_a_count_over_all_is_refused():
    with pytest.raises(TypeError):
        solve_parts(np.ones((1, 1)), np.ones(1), p=1, most=1.0)  # type: ignore[call-arg]
