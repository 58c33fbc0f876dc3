"""Bounds that follow from other bounds, and what is learnt."""

from __future__ import annotations

import pytest

from allocator.parts.known import Closed, Known, Option, Proof, unit


def test_a_bound_between_two_prices_follows_from_both():
    # Two plans, (0, 10) and (4, 2): the least weighted sum at (1, t) is
    # min(10 t, 4 + 2 t), which is concave in t.
    known = Known(proofs=[Proof((1.0, 0.25), 2.5), Proof((1.0, 0.75), 5.5)])
    assert known.least((1.0, 0.25)) == 2.5
    assert known.least((1.0, 0.5)) == pytest.approx(4.0, rel=1e-6)
    assert known.least((2.0, 0.5)) == pytest.approx(5.0)
    assert known.least((1.0, 0.5)) <= min(5.0, 5.0)


def test_a_price_beyond_those_proven_rests_on_the_ranges_of_measures():
    known = Known(
        proofs=[Proof(unit(2, 0), 0.0), Proof(unit(2, 1), 2.0), Proof((1.0, 0.5), 5.0)]
    )
    assert known.least((1.0, 1.0)) == pytest.approx(6.0)
    assert known.least((3.0, 0.5)) == pytest.approx(5.0)


def test_nothing_is_proven_where_nothing_was_asked():
    assert Known().least((1.0, 0.0)) == float("-inf")
    assert Known().best((1.0, 0.0)) == float("inf")
    known = Known(proofs=[Proof((1.0, 0.5), 5.0)])
    assert known.least((0.0, 1.0)) == float("-inf")


def test_a_plan_is_learnt_once():
    known = Known()
    known.learn(Known(options=[Option((1.0, 2.0), b"a")], seconds=1.0))
    known.learn(Known(options=[Option((1.0 + 1e-12, 2.0), b"b")], seconds=2.0))
    known.learn(Known(options=[Option((1.0, 3.0), b"c")]))
    assert [option.plans for option in known.options] == [b"a", b"c"]
    assert known.seconds == 3.0
    assert known.best((1.0, 1.0)) == 3.0


def test_what_was_closed_at_other_prices_counts_where_it_reaches_far_enough():
    ranges = [
        *(Proof(unit(2, n), 0.0) for n in range(2)),
        *(Proof(unit(2, n, -1.0), -10.0) for n in range(2)),
    ]
    known = Known(proofs=ranges, closed=[Closed((0, 1), (1.0, 1.0), 8.0)])
    assert known.is_closed((0, 1), (1.0, 1.0), 8.0)
    assert not known.is_closed((0, 1), (1.0, 1.0), 8.1)
    # At a price of 0.9 the other sum is higher by 0.1 of at most 10.
    assert known.is_closed((0, 1), (1.0, 0.9), 7.0)
    assert not known.is_closed((0, 1), (1.0, 0.9), 7.1)
    assert not known.is_closed((0,), (1.0, 1.0), 1.0)
