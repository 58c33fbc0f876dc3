"""Maximal covering: the sites that reach the most people.

In words: open p sites, or what a budget pays for, so that as many people as can be
are within reach of one. Formula: ``max sum_i w_i z_i`` with
``z_i <= sum_{j reaches i} y_j``, ``z_i <= 1``, ``sum_j y_j <= p`` (or
``sum_j f_j y_j <= B``), y in {0, 1}.

As lists: a point costs nothing at a site within reach, and its people where none is
open. What is least then is the people who are not reached. The closed-form cut of a
point reads ``theta_i >= w_i (1 - sum_{j reaches i} y_j)``: the cut of Cordeau, Furini
and Ljubic.

Sources: Church and ReVelle 1974, The maximal covering location problem, Papers of the
Regional Science Association 32, 101-118; Cordeau, Furini and Ljubic 2019 (see
`allocator.bounds.master`). How it is solved: `allocator.bounds.search`.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from allocator.bounds.clock import Clock, never
from allocator.bounds.lists import CLOSED, Board, Flags, Floats, Ints, Lists
from allocator.bounds.reach import Reach, grouped, reach_of
from allocator.bounds.rooms import filled, room_of
from allocator.bounds.search import solve_board

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


@dataclass(frozen=True)
class Covered:
    """What was found and proved.

    Parameters
    ----------
    sites
        Positions of the open sites, sorted.
    people
        Within reach of one of them.
    bound
        No allowed set reaches more.
    optimal
        Whether people and bound meet: where all people are whole, no better set
        exists; else within one part in ten million of those not reached.
    groups
        Different sets of sites that demand points see.
    nodes
        Branches looked at.
    seconds
        Wall-clock.
    """

    sites: Ints
    people: float
    bound: float
    optimal: bool
    groups: int
    nodes: int
    seconds: float


def solve_covering(
    reach: Reach | Flags,
    people: Floats,
    p: int | None = None,
    *,
    sites: int | None = None,
    fixed: Iterable[int] = (),
    forbidden: Iterable[int] = (),
    prices: Floats | None = None,
    budget: float | None = None,
    seconds: float = 300.0,
    gap: float = 0.0,
    stopped: Callable[[], bool] = never,
    seed: int = 0,
) -> Covered:
    """Solve a maximal covering problem.

    Parameters
    ----------
    reach
        The sites within reach of each demand point, or a table of flags.
    people
        Of each demand point, finite, >= 0.
    p
        How many sites are open, at least 1 and at most the sites allowed.
    sites
        How many sites there are; needed with a `Reach`.
    fixed, forbidden, prices, budget, seconds, stopped, seed
        As in `allocator.bounds.median.solve_median`.
    gap
        Share of those not reached that the bound may stay below them, >= 0.

    Raises
    ------
    ValueError
        When a number is out of its range, or no set is allowed.
    """
    started = time.monotonic()
    if not isinstance(reach, Reach):
        sites = reach.shape[1]
        reach = reach_of(reach)
    if sites is None:
        raise ValueError("say how many sites there are")
    weights = np.asarray(people, np.float64)
    is_sound = len(weights) == len(reach.start) - 1 and np.isfinite(weights).all()
    if not is_sound or (weights < 0).any():
        raise ValueError("people must be given for each point, finite and at least 0")
    room = room_of(
        sites, p, prices=prices, budget=budget, fixed=fixed, forbidden=forbidden
    )
    groups = grouped(reach, weights, room.states != CLOSED)
    lists = Lists(
        groups.reach.start,
        groups.reach.site,
        np.zeros(len(groups.reach.site)),
        groups.people,
    )
    board = Board(lists, room.need, room.room, room.states)
    answer = solve_board(
        board,
        clock=Clock(started + seconds, stopped),
        seed=seed,
        gap=gap,
        by_prices=False,
    )
    total = float(groups.people.sum())
    return Covered(
        np.flatnonzero(filled(answer.is_open, room)),
        total - answer.cost,
        total - answer.bound,
        answer.optimal,
        len(groups.people),
        answer.nodes,
        time.monotonic() - started,
    )
