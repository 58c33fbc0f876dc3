"""Which sites every set within a limit opens, and which none does.

Where a p-median problem has further rules, sets dearer than the best count too, up to
some limit. Prices climb as they do in search of a proof, and fix sites on the way, but
only those that a set within the limit cannot do without, or cannot have: a site is
fixed when its other state lifts the bound above the limit.

Source: Beasley 1985 (see `allocator.bounds.lagrange`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from allocator.bounds.lagrange import GOING, climb, course, found_cost
from allocator.bounds.lists import Board, Floats, States, nearest
from allocator.bounds.median import first_length
from allocator.bounds.rooms import room_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from allocator.bounds.clock import Clock
    from allocator.bounds.median import Located, Table

_STEPS = 50  # between two looks at the clock
_MOST_STEPS = 1000


@dataclass(frozen=True)
class Within:
    """What holds for all sets that cost a limit or less.

    Parameters
    ----------
    states
        OPEN, CLOSED or FREE of each site, as in `allocator.bounds.lists`.
    prices
        Of each demand point, that prove most of such sets.
    """

    states: States
    prices: Floats


def settle_within(
    costs: Table,
    p: int,
    found: Located,
    limit: float,
    *,
    clock: Clock,
    fixed: Iterable[int] = (),
    forbidden: Iterable[int] = (),
) -> Within:
    """Settle sites for all sets within a limit.

    Parameters
    ----------
    costs, p, fixed, forbidden
        As in `allocator.bounds.median.solve_median`; p is the most.
    found
        What that returned.
    limit
        Cost of a set, inclusive.
    clock
        When to stop.
    """
    room = room_of(
        costs.sites, p, prices=None, budget=None, fixed=fixed, forbidden=forbidden
    )
    lists = nearest(costs.rows, costs.points, costs.sites, first_length(costs, room))
    board = Board(lists, room.need, room.room, room.states.copy())
    made = course(np.minimum(found.prices, lists.cap), costs.sites, 1.0)
    # Sets met on the way may be cheaper than the one found, yet none than its bound:
    # with so much added, what is enough is never below the limit.
    beyond = max(0.0, limit - found.bound) * (1.0 + 1e-9) + 1e-9 * abs(limit)
    for _ in range(0, _MOST_STEPS, _STEPS):
        end = climb(board, made, found.cost, -beyond, _STEPS)
        if end != GOING or clock.is_over:
            break
    # By lists that are short a set may seem to cost less than the bound of longer ones.
    is_sound = found_cost(made) >= found.bound * (1.0 - 1e-9)
    return Within(board.states if is_sound else room.states, made.best)
