"""Warming up leaves nothing to compile."""

from __future__ import annotations

import numpy as np

from allocator.bounds import (
    dominance,
    interchange,
    lagrange,
    lists,
    master,
    reach,
    warming,
)
from allocator.bounds.cover import solve_cover
from allocator.bounds.covering import solve_covering
from allocator.bounds.median import solve_median
from tests.bounds.brute import on_a_square


def compiled_forms():
    """Return how many signatures each kernel has been compiled for."""
    return {
        (module.__name__, name): len(kernel.signatures)
        for module in (dominance, interchange, lagrange, lists, master, reach)
        for name, kernel in vars(module).items()
        if hasattr(kernel, "signatures")
    }


def test_no_kernel_is_compiled_after_warming_up():
    assert warming.warm_up() > 0
    before = compiled_forms()
    assert before
    for p in (3, 30):
        solve_median(on_a_square(60, 60, p, whole=True), p)
        solve_median(on_a_square(60, 60, p, whole=False), p, forbidden=[1])
    prices = np.random.default_rng(1).integers(1, 9, 60).astype(float)
    solve_median(on_a_square(60, 60, 1, whole=True), prices=prices, budget=40.0)
    within = on_a_square(300, 60, 2, whole=False) < 30
    solve_covering(within, np.arange(300.0), 5)
    solve_cover(within)
    assert compiled_forms() == before
