"""Bound what is left by prices, offering what is met on the way."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from allocator.bounds.lagrange import (
    GOING,
    NOTHING,
    Course,
    bound_of,
    climb,
    course,
    found_cost,
)

if TYPE_CHECKING:
    from allocator.bounds.incumbent import Incumbent
    from allocator.bounds.left import Left


def price(left: Left, best: Incumbent, *, scale: float, steps: int) -> None:
    """Climb from the prices of a branch; raise its bound, fix sites.

    Parameters
    ----------
    left
        The branch; its bound is infinite afterwards where it holds no set.
    best
        The best set known.
    scale
        Of the first step, 2 at most.
    steps
        How many, at most.
    """
    made = course(left.prices, len(left.board.states), scale)
    advance(left, best, made, steps)


def advance(left: Left, best: Incumbent, made: Course, steps: int) -> bool:
    """Go on with a course; return whether more steps may help."""
    end = climb(left.board, made, best.cost, best.less, steps)
    if end == NOTHING:
        left.bound = np.inf
        return False
    if found_cost(made) < best.cost:
        best.offer(made.found)
    left.share = made.share
    if bound_of(made) > left.bound:
        left.bound, left.prices = bound_of(made), made.best.copy()
    return end == GOING
