"""Branch on prices alone: for few open sites, where a linear program is slow.

Depth first: a site is closed in one branch and open in the other, each is bounded by
some steps of prices that begin from those of its parent, and the better one is looked
at first. Few open sites mean long lists: a step of prices takes a fraction of a
millisecond there, a linear program a thousand times as long.

Each branch counts as half of its parent. After some hundred branches the part of the
tree that is closed tells how large the whole is; where that is too large, linear
programs are better.

Sources: Beasley 1985 (see `allocator.bounds.lagrange`); Knuth 1975, Estimating the
efficiency of backtrack programs, Mathematics of Computation 29, 121-136.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from allocator.bounds.lists import CLOSED, FREE, OPEN
from allocator.bounds.pricing import price

if TYPE_CHECKING:
    from allocator.bounds.incumbent import Incumbent
    from allocator.bounds.left import Left

_STEPS = 80
_SCALE = 0.3
_TRIAL = 400  # branches after which the size of the tree is estimated
_SHRINK = 0.3  # of the entries belong to closed sites: then lists are made anew


def descend(root: Left, best: Incumbent, *, most_nodes: int) -> tuple[float, int]:
    """Branch until nothing better can exist, or time or nodes are over.

    Parameters
    ----------
    root
        What is left; not changed.
    best
        The best set known; gains what is found.
    most_nodes
        How many branches are worth looking at.

    Returns
    -------
    bound, nodes
        What is proven, infinite where nothing better exists; branches looked at.
    """
    stack = [(root, 1.0)]
    nodes, closed = 0, 0.0
    while stack:
        is_hopeless = nodes >= _TRIAL and closed < nodes / most_nodes
        if best.clock.is_over or is_hopeless:
            return min(left.bound for left, _ in stack), nodes
        left, share = stack.pop()
        if left.bound >= best.enough:
            closed += share
            continue
        free = np.flatnonzero(left.board.states == FREE)
        if len(free) == 0:
            closed += share
            best.offer(left.board.states == OPEN)
            continue
        if (left.board.states[left.board.lists.site] == CLOSED).mean() > _SHRINK:
            left.shrink(best.enough)
        site = int(free[np.argmin(np.abs(left.share[free] - 0.5))])
        children = [left.child(site, state) for state in (CLOSED, OPEN)]
        for child in children:
            price(child, best, scale=_SCALE, steps=_STEPS)
        nodes += len(children)
        children.sort(key=lambda child: -child.bound)
        stack += [(child, share / 2.0) for child in children]
    return np.inf, nodes
