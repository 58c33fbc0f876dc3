"""Compile every kernel before a clock starts."""

from __future__ import annotations

import time

import numpy as np

from allocator.bounds.median import solve_median


def warm_up() -> float:
    """Solve a small problem of each kind; return how many seconds that took.

    Where kernels are in numba's cache this takes well below a second, else they are
    compiled, which takes some tens.
    """
    started = time.monotonic()
    # Costs without any geometry are the hardest: every part of the chain is needed. Few
    # and many sites are branched on in different ways.
    random = np.random.default_rng(0)
    for points, p in ((30, 4), (50, 20)):
        solve_median(np.floor(random.random((points, points)) * 100), p)
    return time.monotonic() - started
