"""Which sets of sites are allowed: so many, or what a budget pays for.

Costs never rise when one more site opens, so "p sites" is solved as "at most
p", and the answer filled up.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from allocator.bounds.lists import CLOSED, FREE, OPEN, Flags, Floats, States

if TYPE_CHECKING:
    from collections.abc import Iterable

_SLACK = 1e-9  # of a budget: sums of prices may be off by so much


@dataclass(frozen=True)
class Room:
    """What each site takes, and how much may be taken.

    Parameters
    ----------
    need
        Of each site; 1 each where sites are counted.
    room
        The number of sites, or the budget.
    states
        FREE, CLOSED (forbidden, or too dear) or OPEN (fixed, or free of charge).
    count
        How many sites an answer has; None under a budget.
    """

    need: Floats
    room: float
    states: States
    count: int | None


def room_of(
    sites: int,
    p: int | None,
    *,
    prices: Floats | None,
    budget: float | None,
    fixed: Iterable[int],
    forbidden: Iterable[int],
) -> Room:
    """Check and return the room; options as in `allocator.bounds.median.solve_median`.

    Raises
    ------
    ValueError
        When a number is out of its range, or no set is allowed.
    """
    states = states_of(sites, fixed, forbidden)
    if p is not None and prices is None and budget is None:
        least, most = max(1, int((states == OPEN).sum())), int((states != CLOSED).sum())
        if not least <= p <= most:
            message = f"p must be {least} to {most}, is {p}"
            raise ValueError(message)
        return Room(np.ones(sites), float(p), states, p)
    if p is not None or prices is None or budget is None:
        raise ValueError("give p, or prices and a budget")
    return _under(np.asarray(prices, np.float64), float(budget), states)


def states_of(sites: int, fixed: Iterable[int], forbidden: Iterable[int]) -> States:
    """Check and return the state of each site.

    Raises
    ------
    ValueError
        When a position is out of range, or fixed and forbidden.
    """
    opened, closed = set(fixed), set(forbidden)
    if not all(0 <= j < sites for j in opened | closed) or opened & closed:
        message = f"fixed and forbidden sites must be 0 to {sites - 1}, none both"
        raise ValueError(message)
    states = np.full(sites, FREE, np.int8)
    states[sorted(closed)] = CLOSED
    states[sorted(opened)] = OPEN
    return states


def _under(prices: Floats, budget: float, states: States) -> Room:
    is_sound = np.isfinite(prices).all() and prices.min() >= 0 and np.isfinite(budget)
    if len(prices) != len(states) or not is_sound:
        raise ValueError("prices and budget must be finite, prices at least 0")
    states = states.copy()
    states[(states == FREE) & (prices == 0.0)] = OPEN
    left = budget - float(prices[states == OPEN].sum())
    left += _SLACK * max(1.0, budget)
    states[(states == FREE) & (prices > left)] = CLOSED
    if left < 0 or (states == CLOSED).all():
        raise ValueError("the budget pays for no set of sites")
    return Room(prices, budget, states, None)


def filled(is_open: Flags, room: Room) -> Flags:
    """Return the set with so many more sites as the count asks for, by position.

    Under a budget one site is opened where none was.
    """
    full = is_open.copy()
    closed = np.flatnonzero(~is_open & (room.states != CLOSED))
    if room.count is not None:
        full[closed[: room.count - int(is_open.sum())]] = True
    elif not is_open.any():
        full[closed[0]] = True
    return full
