"""Compile every kernel before a clock starts."""

from __future__ import annotations

import time

import numpy as np

from allocator.bounds.band import solve_band
from allocator.bounds.cover import solve_cover
from allocator.bounds.covering import solve_covering
from allocator.bounds.median import solve_median
from allocator.bounds.reach import reach_within


def warm_up() -> float:
    """Solve a small problem of each kind; return how many seconds that took.

    Where kernels are in numba's cache this takes well below a second, else they are
    compiled, which takes some tens.
    """
    started = time.monotonic()
    # Costs without any geometry are the hardest: every part of the chain is needed. Few
    # and many sites are branched on in different ways.
    for points, sites, p in ((30, 30, 4), (100, 60, 20)):
        random = np.random.default_rng(2)
        costs = random.integers(0, 100, (points, sites)).astype(np.float64)
        solve_median(costs, p)
    within = costs < np.median(costs) / 5.0
    within[:, 0] = True
    solve_covering(within, np.ones(len(within)), 3)
    solve_cover(within)
    _warm_bands(random)
    reach_within(costs[:, :2], costs[:, :2], 5.0)
    return time.monotonic() - started


def _warm_bands(random: np.random.Generator) -> None:
    costs = random.integers(0, 100, (12, 6)).astype(np.float64)
    # Two sites always have room, and a band of their size is hard to fill.
    people = random.integers(1, 9, 12).astype(np.float64)
    most = np.ceil(0.55 * people.sum())
    for split in (False, True):
        solve_band(costs, people, 2, most=most, least=0.8 * most, split=split)
        solve_band(costs, people, most=most, opening=30.0, split=split)
