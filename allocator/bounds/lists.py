"""Whom a demand point can turn to: its sites by cost, nearest first, up to a cap.

Every problem of this package is one question about such lists: **open sites so that
the sum over demand points of the cost of the first open site in their list is least; a
point with no open site in its list costs its cap**.

- p-median: all sites are listed, at people times distance.
- p-median too large for memory: the nearest sites are listed, and the cap is the cost
  of the first that is not. No set costs less than the lists say, so a bound holds.
- Maximal covering: the sites within reach are listed at cost 0, the cap is the people.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from allocator.bounds.compiled import compiled

if TYPE_CHECKING:
    from collections.abc import Callable

type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]
type Short = NDArray[np.int32]
type Flags = NDArray[np.bool_]
type States = NDArray[np.int8]

FREE, CLOSED, OPEN = 0, -1, 1

_BLOCK = 4_000_000  # costs sorted at a time: bounds what sorting takes of memory


class Lists(NamedTuple):
    """Sites of each demand point by cost.

    Parameters
    ----------
    start
        Where the list of each demand point begins in ``site`` and ``cost``; one more
        entry than there are points, the last being the length of all lists.
    site, cost
        Positions of sites and what they cost this point, nearest first, each below its
        cap or equal to it.
    cap
        What a point costs that no open site in its list serves.
    """

    start: Ints
    site: Short
    cost: Floats
    cap: Floats


class Board(NamedTuple):
    """The question: lists, and which sets of sites are allowed.

    Parameters
    ----------
    lists
        Whom each demand point can turn to.
    need, room
        What each site takes, above 0 where it is free, and how much may be taken: 1
        each and p, or prices and a budget.
    states
        FREE, CLOSED (never open) or OPEN (always open) of each site.
    """

    lists: Lists
    need: Floats
    room: float
    states: States


class Turned(NamedTuple):
    """The same pairs by site: the demand points that list it, and their costs."""

    start: Ints
    point: Short
    cost: Floats


def nearest(
    rows: Callable[[int, int], Floats], points: int, sites: int, listed: int
) -> Lists:
    """Return lists of the nearest sites.

    Parameters
    ----------
    rows
        Returns the costs of the demand points from one position up to another, for all
        sites: finite, >= 0.
    points, sites
        How many there are.
    listed
        How many sites each list holds.
    """
    keep = min(listed, sites)
    site = np.empty((points, keep), np.int32)
    cost = np.empty((points, keep))
    cap = np.empty(points)
    step = max(1, _BLOCK // sites)
    for low in range(0, points, step):
        high = min(points, low + step)
        site[low:high], cost[low:high], cap[low:high] = nearest_in(
            rows(low, high), keep
        )
    start = np.arange(points + 1, dtype=np.int64) * keep
    return Lists(start, site.ravel(), cost.ravel(), cap)


def nearest_in(costs: Floats, keep: int) -> tuple[Short, Floats, Floats]:
    """Return the nearest sites of some rows, their costs and the next cost after them.

    Where all sites are kept the last return is the dearest cost. Ties are broken by
    position, so that the same table gives the same lists.
    """
    if keep == costs.shape[1]:
        order = np.argsort(costs, axis=1, kind="stable")
        ranked = np.take_along_axis(costs, order, axis=1)
        return order.astype(np.int32), ranked, ranked[:, -1].copy()
    found = np.argpartition(costs, keep, axis=1)
    cap = np.take_along_axis(costs, found[:, keep : keep + 1], axis=1)[:, 0]
    near = np.sort(found[:, :keep], axis=1)
    values = np.take_along_axis(costs, near, axis=1)
    order = np.argsort(values, axis=1, kind="stable")
    return (
        np.take_along_axis(near, order, axis=1).astype(np.int32),
        np.take_along_axis(values, order, axis=1),
        cap,
    )


def reduced(lists: Lists, keep: Flags, cap: Floats) -> Lists:
    """Return the lists without some sites and without what costs the cap or more.

    Parameters
    ----------
    lists
        As they are.
    keep
        Which sites stay in the lists; positions do not change.
    cap
        The new caps; where one is above the old, the old one stays.
    """
    start, site, cost, old = lists
    new = np.minimum(cap, old)
    owner = np.repeat(np.arange(len(old)), np.diff(start))
    kept = keep[site] & (cost < new[owner])
    length = np.bincount(owner[kept], minlength=len(old))
    return Lists(_starts(length), site[kept], cost[kept], new)


def _starts(length: Ints) -> Ints:
    start = np.zeros(len(length) + 1, np.int64)
    np.cumsum(length, out=start[1:])
    return start


def turned(lists: Lists, sites: int) -> Turned:
    """Return the pairs by site."""
    count = np.bincount(lists.site, minlength=sites)
    start = _starts(count)
    point = np.empty(len(lists.site), np.int32)
    cost = np.empty(len(lists.site))
    _turn(lists, start[:-1].copy(), point, cost)
    return Turned(start, point, cost)


@compiled
def _turn(lists: Lists, place: Ints, point: Short, cost: Floats) -> None:
    for i in range(len(lists.cap)):
        for k in range(lists.start[i], lists.start[i + 1]):
            j = lists.site[k]
            point[place[j]] = i
            cost[place[j]] = lists.cost[k]
            place[j] += 1


@compiled
def cost_of(lists: Lists, is_open: Flags) -> float:
    """Return what a set of open sites costs, by the lists."""
    total = 0.0
    for i in range(len(lists.cap)):
        here = lists.cap[i]
        for k in range(lists.start[i], lists.start[i + 1]):
            if is_open[lists.site[k]]:
                here = lists.cost[k]
                break
        total += here
    return total


def least(lists: Lists) -> Floats:
    """Return the least that each demand point can cost."""
    cost = lists.cap.copy()
    listed = np.flatnonzero(np.diff(lists.start) > 0)
    cost[listed] = lists.cost[lists.start[listed]]
    return cost


def size_of(need: Floats, room: float, states: States) -> float:
    """Return how many sites a set has, about: the open ones, and mean ones beside."""
    opened = states == OPEN
    free = need[states == FREE]
    left = max(0.0, room - float(need[opened].sum()))
    more = min(left / float(free.mean()), len(free)) if len(free) else 0
    return float(opened.sum()) + more
