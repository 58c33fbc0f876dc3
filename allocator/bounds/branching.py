"""Branch and cut: what reduction leaves, decided site by site.

Each node is a linear program with Benders cuts (`allocator.bounds.master`), which
all nodes share; the node of least bound is looked at first. The bound of a node is what
the prices of its duals prove, and sites that they fix stay fixed below it. A branch is
first bounded by a few steps of prices: many need no linear program.

Source: Duran-Mateluna, Ales and Elloumi 2023 (see `allocator.bounds.master`).
"""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING

import numpy as np

from allocator.bounds.lists import CLOSED, FREE, OPEN
from allocator.bounds.master import Master
from allocator.bounds.pricing import price

if TYPE_CHECKING:
    from allocator.bounds.incumbent import Incumbent
    from allocator.bounds.left import Left

_ROUNDS = 60  # of cuts at the root
_ROUNDS_BELOW = 6
_PROGRESS = 0.02  # of the gap: a round that closes less is the last
_WHOLE = 1e-6
_STEPS = 30  # of prices, before a branch gets its linear program
_SCALE = 0.15
_SHAKES = 5  # of the best set, at each node
_HALF = 0.5


def grow(root: Left, best: Incumbent) -> tuple[float, int]:
    """Branch until nothing better can exist or time is over.

    Parameters
    ----------
    root
        What is left.
    best
        The best set known; gains what is found.

    Returns
    -------
    bound, nodes
        What is proven, infinite where nothing better exists; branches looked at.
    """
    master = Master(root, until=best.clock.until)
    heap = [(root.bound, 0, root)]
    number, nodes = 0, 0
    while heap and heap[0][0] < best.enough:
        if best.clock.is_over:
            return heap[0][0], nodes
        left = heapq.heappop(heap)[-1]
        relax(left, best, master, _ROUNDS_BELOW if nodes else _ROUNDS)
        nodes += 1
        for child in _children(left, best):
            number += 1
            heapq.heappush(heap, (child.bound, number, child))
        master.forget()
        best.shake(_SHAKES)
    return np.inf, nodes


def relax(left: Left, best: Incumbent, master: Master, rounds: int) -> None:
    """Bound a branch by rounds of cuts; its states gain what is fixed."""
    last = -np.inf
    for _ in range(rounds):
        relaxed = master.solve(left.board.states)
        if relaxed is None:
            return
        left.share = relaxed.y
        left.prove(relaxed.prices, best.enough)
        if left.bound >= best.enough or not master.separate(relaxed):
            return
        if relaxed.value - last < _PROGRESS * (best.enough - relaxed.value):
            return
        last = relaxed.value


def _children(left: Left, best: Incumbent) -> list[Left]:
    """Return the branches in which something better may be."""
    y = left.share
    if left.bound >= best.enough:
        return []
    free = np.flatnonzero(left.board.states == FREE)
    if len(free) == 0:
        best.offer(left.board.states == OPEN)
        return []
    best.offer(left.rounded())
    if (np.abs(y - np.round(y)) < _WHOLE).all() and left.bound >= best.enough:
        return []
    site = int(free[np.argmin(np.abs(y[free] - _HALF))])
    children = [left.child(site, state) for state in (CLOSED, OPEN)]
    for child in children:
        price(child, best, scale=_SCALE, steps=_STEPS)
        child.share = y
    return [child for child in children if child.bound < best.enough]
