"""What one site serves best, against every subset and against a linear program."""

from __future__ import annotations

from itertools import product

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from allocator.bounds.packing import (
    Span,
    pack,
    pack_branches,
    pack_sums,
    relaxed,
    sorted_items,
    without,
)

worths = st.integers(-6, 4).map(float)
sizes = st.integers(0, 5).map(float)
stocks = st.lists(st.tuples(worths, sizes), max_size=7)
spans = st.tuples(st.integers(0, 9), st.integers(0, 9)).map(
    lambda ends: Span(float(min(ends)), float(max(ends)))
)


def items_of(stock):
    table = np.array(stock, float).reshape(len(stock), 2)
    return sorted_items(np.arange(len(stock)), table[:, 0].copy(), table[:, 1].copy())


def best_whole(stock, span):
    """Return the least worth of all subsets within a band; infinite without any."""
    values = [np.inf]
    for taken in product((False, True), repeat=len(stock)):
        size = sum(s for (_, s), t in zip(stock, taken, strict=True) if t)
        if span.need <= size <= span.room:
            values.append(sum(w for (w, _), t in zip(stock, taken, strict=True) if t))
    return min(values)


def best_split(stock, span):
    if not stock:
        return 0.0 if span.need <= 0 else np.inf
    worth, size = np.array(stock).T
    answer = linprog(
        worth, A_ub=[size, -size], b_ub=[span.room, -span.need], bounds=(0, 1)
    )
    return answer.fun if answer.status == 0 else np.inf


@settings(max_examples=100, deadline=None)
@given(stocks, spans)
def test_split_items_are_worth_what_a_linear_program_finds(stock, span):
    found = relaxed(items_of(stock), 0, span.need, span.room)
    assert np.isclose(found.value, best_split(stock, span), atol=1e-9)


@settings(max_examples=150, deadline=None)
@given(stocks, spans)
def test_whole_items_are_worth_what_the_best_subset_is(stock, span):
    items, wanted = items_of(stock), best_whole(stock, span)
    count = len(items.worth)
    for way in ("branches", "sums", "both"):
        taken = np.ones(count, np.bool_)
        if way == "branches":
            value, is_exact = pack_branches(items, span, np.inf, 10_000, taken)
        elif way == "sums":
            value, is_exact = pack_sums(items, span, np.inf, taken), True
        else:
            value, is_exact = pack(items, span, np.inf, taken)
        assert is_exact
        assert np.isclose(value, wanted), way
        if wanted < np.inf:
            assert np.isclose(items.worth[taken].sum(), wanted), way
            assert span.need <= items.size[taken].sum() <= span.room, way
        else:
            assert not taken.any()


@settings(max_examples=50, deadline=None)
@given(stocks, spans, st.integers(0, 4))
def test_a_search_that_gives_up_says_no_more_than_split_items_prove(stock, span, most):
    items, wanted = items_of(stock), best_whole(stock, span)
    taken = np.zeros(len(items.worth), np.bool_)
    value, is_exact = pack_branches(items, span, np.inf, most, taken)
    assert value <= wanted + 1e-9
    assert not is_exact or np.isclose(value, wanted)


@settings(max_examples=50, deadline=None)
@given(stocks, spans, worths)
def test_nothing_from_the_cutoff_on_is_looked_for(stock, span, cutoff):
    items, wanted = items_of(stock), best_whole(stock, span)
    for way in ("branches", "sums"):
        taken = np.ones(len(items.worth), np.bool_)
        if way == "branches":
            value, _ = pack_branches(items, span, cutoff, 10_000, taken)
        else:
            value = pack_sums(items, span, cutoff, taken)
        assert np.isclose(value, min(cutoff, wanted))
        assert taken.any() <= (wanted < cutoff)


@settings(deadline=None)
@given(
    st.lists(st.tuples(worths, st.integers(1, 5).map(float)), min_size=1, max_size=6)
)
def test_without_one_item_the_others_stay_in_order(stock):
    items = items_of(stock)
    rest = without(items, 0)
    assert sorted(rest.name) == list(range(1, len(stock)))
    ratio = rest.worth / rest.size
    assert (np.diff(ratio) >= 0).all()
    assert rest.sizes[-1] == rest.size.sum()
    assert rest.gains == (rest.worth < 0).sum()
