"""Choosing a plan for each part: prices, choices, and limits that may be missed."""

from __future__ import annotations

import itertools
import random

import pytest

from allocator.parts.known import Option
from allocator.parts.master import Bound, Master


def drawn(seed):
    chance = random.Random(seed)  # noqa: S311 (no secret)
    return [
        [
            Option((float(chance.randint(0, 99)), float(chance.randint(1, 50))), b"")
            for _ in range(4)
        ]
        for _ in range(4)
    ]


def by_trying_all(options, most):
    sums = [
        [sum(o.measures[n] for o in choice) for n in range(2)]
        for choice in itertools.product(*options)
    ]
    within = [value for value, spent in sums if spent <= most]
    return min(within) if within else None


@pytest.mark.parametrize("seed", range(12))
def test_the_choice_is_that_of_trying_all_and_prices_are_below(seed):
    options = drawn(seed)
    master = Master(options, [Bound(1, 80.0)], (1.0, 0.0))
    best = by_trying_all(options, 80.0)
    choice = master.choose(0.0)
    if best is None:
        assert choice is None
        return
    assert choice is not None
    assert choice.value == pytest.approx(best)
    prices = master.prices()
    assert prices.value is not None
    assert prices.value <= best + 1e-9
    assert master.least_choice() == pytest.approx(best)
    # The dual value of the linear program is the same from its prices alone.
    price = prices.prices[0]
    reached = sum(
        min(o.measures[0] + price * o.measures[1] for o in part) for part in options
    )
    assert reached - price * 80.0 == pytest.approx(prices.value)


def test_a_soft_row_costs_what_it_is_missed_by():
    options = [[Option((5.0, 1.0), b"")], [Option((7.0, 2.0), b"")]]
    row = Bound(1, 2.0, slack_cost=10.0, slack_share=0.5)
    master = Master(options, [row], (1.0, 0.0))
    choice = master.choose(0.0)
    assert choice is not None
    assert choice.slack == (1.0,)
    assert choice.value == pytest.approx(22.0)
    assert master.short(choice) == 0.5
    assert list(master.prices().prices) == pytest.approx([10.0])


def test_what_is_held_counts_what_is_fallen_short_of():
    options = [[Option((0.0, 3.0), b""), Option((1.0, 1.0), b"")]]
    soft = Bound(1, 1.0, slack_cost=0.0, slack_share=0.5)
    free = Master(options, [Bound(0, 1.0, counts_slack=True), soft], (1.0, 0.0))
    choice = free.choose(0.0)
    assert choice is not None
    assert choice.places == (0,)
    held = Master(options, [Bound(0, 0.9, counts_slack=True), soft], (-1.0, 0.0))
    assert held.choose(0.0) is None
