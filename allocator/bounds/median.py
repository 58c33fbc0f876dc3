"""p-median: the sites from which everyone is served at the least cost.

In words: open p sites so that the cost of serving everyone from the nearest is least.
Formula: ``min sum_ij w_i c_ij x_ij`` with ``sum_j x_ij = 1``, ``x_ij <= y_j``,
``sum_j y_j = p``, y in {0, 1}; under a budget, ``sum_j f_j y_j <= B`` in place of p.

Source: ReVelle and Swain 1970, Central facilities location, Geographical Analysis 2,
30-42. How it is solved: `allocator.bounds.search`.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from allocator.bounds.clock import Clock, never
from allocator.bounds.lists import Board, Flags, Floats, Ints, nearest, size_of
from allocator.bounds.rooms import Room, filled, room_of
from allocator.bounds.search import Answer, solve_board

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_LISTED = 8  # times the demand points of a mean site: how long lists are
_LEAST_LISTED = 50
_BLOCK = 4_000_000  # costs looked at in one piece
_MOST_ENTRIES = 50_000_000  # of all lists together: about 1.3 GB


@dataclass(frozen=True)
class Table:
    """Costs that need not be in memory all at once.

    Parameters
    ----------
    points, sites
        How many there are.
    rows
        Returns the costs of the demand points from one position up to another:
        finite, >= 0.
    """

    points: int
    sites: int
    rows: Callable[[int, int], Floats]


@dataclass(frozen=True)
class Located:
    """What was found and proved.

    Parameters
    ----------
    sites
        Positions of the open sites, sorted.
    cost
        Of serving everyone from the nearest of them.
    bound
        No allowed set costs less.
    optimal
        Whether bound and cost meet: where all costs are whole, no better set exists;
        else the bound is within one part in ten million, or the gap asked for.
    nodes
        Branches looked at.
    seconds
        Wall-clock.
    prices
        Of each demand point, the prices that prove most without branching.
    """

    sites: Ints
    cost: float
    bound: float
    optimal: bool
    nodes: int
    seconds: float
    prices: Floats


def solve_median(
    costs: Floats | Table,
    p: int | None = None,
    *,
    weights: Floats | None = None,
    fixed: Iterable[int] = (),
    forbidden: Iterable[int] = (),
    prices: Floats | None = None,
    budget: float | None = None,
    seconds: float = 300.0,
    gap: float = 0.0,
    stopped: Callable[[], bool] = never,
    seed: int = 0,
) -> Located:
    """Solve a p-median problem, or one with a budget in place of p.

    Parameters
    ----------
    costs
        Demand points by sites, finite, >= 0: distance, or people times distance.
    p
        How many sites are open, at least 1 and at most the sites allowed.
    weights
        Of each demand point, finite, >= 0: multiplies its costs.
    fixed, forbidden
        Positions of sites that are open in any case, and of sites that never are.
    prices, budget
        What each site costs, >= 0, and what may be spent: in place of ``p``.
    seconds
        Wall-clock limit; what is proven until then is returned.
    gap
        Share of the cost that the bound may stay below it, >= 0: that is then enough.
    stopped
        Asked now and then, cheap: True ends the search as the limit does.
    seed
        Of the random starts.

    Raises
    ------
    ValueError
        When a number is out of its range, or no set is allowed.
    """
    started = time.monotonic()
    table = _table(costs, weights)
    room = room_of(
        table.sites, p, prices=prices, budget=budget, fixed=fixed, forbidden=forbidden
    )
    clock = Clock(started + seconds, stopped)
    listed = first_length(table, room)
    while True:
        lists = nearest(table.rows, table.points, table.sites, listed)
        board = Board(lists, room.need, room.room, room.states)
        answer = solve_board(board, clock=clock, seed=seed, gap=gap)
        is_open = filled(answer.is_open, room)
        cost = _cost_of(table, is_open)
        longer = _longer(table, listed)
        is_short = cost > answer.cost * (1.0 + 1e-12) and listed < table.sites
        if not is_short or longer == listed or clock.is_over:
            break
        listed = longer
    return _located(answer, is_open, cost, time.monotonic() - started)


def _table(costs: Floats | Table, weights: Floats | None) -> Table:
    """Return the costs as a table, weighed and checked."""
    if isinstance(costs, Table):
        if weights is not None:
            raise ValueError("rows of a table are weighed already")
        return costs
    full = np.ascontiguousarray(costs, dtype=np.float64)
    if weights is not None:
        full = full * np.asarray(weights, np.float64)[:, None]
    if full.ndim != 2 or full.size == 0:  # noqa: PLR2004 (demand points by sites)
        raise ValueError("costs must be demand points by sites, at least one of each")
    if not np.isfinite(full).all() or full.min() < 0:
        raise ValueError("costs and weights must be finite and at least 0")
    points, sites = full.shape
    return Table(points, sites, lambda low, high: full[low:high])


def first_length(table: Table, room: Room) -> int:
    """Return how long lists are at first: what a mean site serves, some times over."""
    opened = size_of(room.need, room.room, room.states)
    wanted = max(_LEAST_LISTED, int(np.ceil(_LISTED * table.sites / max(opened, 1.0))))
    return max(1, min(wanted, table.sites, _MOST_ENTRIES // table.points))


def _longer(table: Table, listed: int) -> int:
    return max(listed, min(2 * listed, table.sites, _MOST_ENTRIES // table.points))


def _cost_of(table: Table, is_open: Flags) -> float:
    """Return what a set costs, from the table and not from lists."""
    sites = np.flatnonzero(is_open)
    step = max(1, _BLOCK // table.sites)
    total = 0.0
    for low in range(0, table.points, step):
        rows = table.rows(low, min(table.points, low + step))
        total += float(rows[:, sites].min(axis=1).sum())
    return total


def _located(answer: Answer, is_open: Flags, cost: float, seconds: float) -> Located:
    bound = min(answer.bound, cost)
    return Located(
        np.flatnonzero(is_open),
        cost,
        bound,
        answer.optimal and cost <= answer.cost * (1.0 + 1e-12),
        answer.nodes,
        seconds,
        answer.prices,
    )
