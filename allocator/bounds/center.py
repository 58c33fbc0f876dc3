"""p-center: the sites from which the farthest is served as near as can be.

In words: open p sites so that the greatest cost of anyone to the nearest is least.
Formula: ``min max_i min_{j open} c_ij`` with p open sites. A radius will do when p
sites reach everyone within it; the least radius that does is one of the costs, and
found by halving the costs that are still possible.

Source: Minieka 1970, The m-center problem, SIAM Review 12, 138-139 (covers for growing
radii); Hakimi 1964, Optimum locations of switching centers, Operations Research 12,
450-459 (the problem).
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from allocator.bounds.clock import Clock, never
from allocator.bounds.cover import Cover, solve_cover
from allocator.bounds.lists import CLOSED, OPEN, Flags, Floats, Ints
from allocator.bounds.rooms import filled, room_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


@dataclass(frozen=True)
class Centered:
    """What was found and proved.

    Parameters
    ----------
    sites
        Positions of the open sites, sorted.
    cost
        The greatest cost of anyone to the nearest of them.
    bound
        No allowed set has a lesser one.
    optimal
        Whether both are equal, or within the gap that was asked for.
    radii
        How many radii were tried.
    seconds
        Wall-clock.
    """

    sites: Ints
    cost: float
    bound: float
    optimal: bool
    radii: int
    seconds: float


def solve_center(
    costs: Floats,
    p: int,
    *,
    fixed: Iterable[int] = (),
    forbidden: Iterable[int] = (),
    seconds: float = 300.0,
    gap: float = 0.0,
    stopped: Callable[[], bool] = never,
) -> Centered:
    """Solve a p-center problem.

    Parameters
    ----------
    costs
        Demand points by sites, finite, >= 0: distances, weighed or not.
    p
        How many sites are open, at least 1 and at most the sites allowed.
    fixed, forbidden, seconds, gap, stopped
        As in `allocator.bounds.median.solve_median`.

    Raises
    ------
    ValueError
        When ``p`` or a cost is out of its range.
    """
    started = time.monotonic()
    clock = Clock(started + seconds, stopped)
    costs = np.asarray(costs, np.float64)
    if costs.size == 0 or not np.isfinite(costs).all() or costs.min() < 0:
        raise ValueError("costs must be finite and at least 0")
    fixed, forbidden = list(fixed), list(forbidden)
    room = room_of(
        costs.shape[1], p, prices=None, budget=None, fixed=fixed, forbidden=forbidden
    )
    allowed = room.states != CLOSED
    best = filled(_spread(costs, p, room.states == OPEN, allowed), room)
    cost = _farthest(costs, best)
    # Everyone is at least as far as the nearest site that may open.
    radii = np.unique(costs[:, allowed])
    low = int(np.searchsorted(radii, costs[:, allowed].min(axis=1).max()))
    high = int(np.searchsorted(radii, cost))
    tried = 0
    while radii[high] - radii[low] > gap * radii[high] and not clock.is_over:
        middle = (low + high) // 2
        tried += 1
        cover = solve_cover(
            costs <= radii[middle],
            fixed=fixed,
            forbidden=forbidden,
            seconds=clock.until - time.monotonic(),
        )
        if cover.cost <= p:
            best = filled(_flags(cover, len(allowed)), room)
            cost = _farthest(costs, best)
            high = int(np.searchsorted(radii, cost))
        elif cover.bound > p:
            low = middle + 1
        else:
            break  # time was over before either was proven
    return Centered(
        np.flatnonzero(best),
        cost,
        float(radii[low]),
        bool(radii[high] - radii[low] <= gap * radii[high]),
        tried,
        time.monotonic() - started,
    )


def _flags(cover: Cover, sites: int) -> Flags:
    is_open = np.zeros(sites, np.bool_)
    is_open[cover.sites] = True
    return is_open


def _farthest(costs: Floats, is_open: Flags) -> float:
    return float(costs[:, is_open].min(axis=1).max())


def _spread(costs: Floats, p: int, is_open: Flags, allowed: Flags) -> Flags:
    """Return sites that are put, one by one, where the farthest is nearest."""
    chosen = is_open.copy()
    near = np.full(len(costs), np.inf)
    if chosen.any():
        near = costs[:, chosen].min(axis=1)
    names = np.flatnonzero(allowed)
    while chosen.sum() < p:
        farthest = int(np.argmax(near))
        j = int(names[np.argmin(costs[farthest, names])])
        if chosen[j]:
            break
        chosen[j] = True
        near = np.minimum(near, costs[:, j])
    return chosen
