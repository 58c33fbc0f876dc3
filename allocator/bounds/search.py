"""The chain: search, price, fix, cut, branch.

1. Random sets are improved by interchange; one, a little, where lists are very long.
2. Prices climb; sites they choose are improved too, the best set is shaken.
3. Sites and costs that no better set has are dropped.
4. What is left is branched on: by prices alone where few sites are open, else by
   linear programs with Benders cuts.

Each step ends as soon as the bound says that nothing better exists, or time is over:
what is proven until then holds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from allocator.bounds.branching import grow
from allocator.bounds.descent import descend
from allocator.bounds.incumbent import Incumbent
from allocator.bounds.interchange import Game
from allocator.bounds.lagrange import course
from allocator.bounds.left import Left
from allocator.bounds.lists import Board, Flags, Floats, least, size_of, turned
from allocator.bounds.pricing import advance

if TYPE_CHECKING:
    from allocator.bounds.clock import Clock

_STARTS = 3
_LARGEST_WHOLE = 1e11  # above, sums of prices are not exact to a part of 1
_STEPS = 100  # of prices between two looks at the clock, at most
_FEWEST_STEPS = 5
_STEPPED = 200_000_000  # entries of lists that steps may go through between two looks
_MANY = 10_000_000  # entries: prices find better sets than random starts do
_MOST_SHAKES = 10
_FEW = 20  # open sites: so few are branched on by prices first
_MOST_NODES = 1200  # branches by prices that are worth it


@dataclass(frozen=True)
class Answer:
    """What was found and proved of lists.

    Parameters
    ----------
    is_open
        The best set.
    cost
        Of the set, by the lists.
    bound
        No set costs less.
    optimal
        Whether bound and cost meet: within 1 where all costs are whole, within one part
        in ten million else; or within the gap that was asked for.
    nodes
        Branches looked at.
    prices
        Of each demand point, before any branching: what they prove alone
        (`allocator.bounds.lagrange`) is below the bound or equal to it.
    """

    is_open: Flags
    cost: float
    bound: float
    optimal: bool
    nodes: int
    prices: Floats


def solve_board(
    board: Board,
    *,
    clock: Clock,
    seed: int = 0,
    gap: float = 0.0,
    by_prices: bool = True,
) -> Answer:
    """Open sites so that the lists cost least.

    Parameters
    ----------
    board
        The question; sites that are open in any case take no more than the room.
    clock
        When to stop.
    seed
        Of random starts and shakes.
    gap
        Share of the cost that the bound may stay below it, >= 0: then the search ends.
    by_prices
        Whether few open sites are branched on by prices before linear programs.
    """
    lists, need, room, states = board
    whole = all(
        bool((part == np.floor(part)).all()) for part in (lists.cost, lists.cap)
    )
    whole = whole and float(lists.cap.sum()) < _LARGEST_WHOLE
    game = Game(lists, turned(lists, len(need)), need, room, states)
    best = Incumbent(game, whole=whole, seed=seed, clock=clock, gap=gap)
    own = board._replace(states=states.copy())
    left = Left(own, best.dearest, float(least(lists).sum()), np.zeros(len(need)))
    if clock.is_over or len(lists.site) > _MANY:
        best.sketch()
    else:
        best.begin(_STARTS)
    left.prices = best.dearest
    nodes = _chain(left, best, by_prices=by_prices)
    optimal = left.bound >= best.enough
    bound = min(left.bound, best.ceiling)
    if best.whole:
        bound = min(best.cost, float(np.ceil(bound - 1e-6)))
    return Answer(best.is_open, best.cost, bound, optimal, nodes, left.prices)


def _chain(left: Left, best: Incumbent, *, by_prices: bool) -> int:
    """Raise the bound step by step; return how many branches were looked at."""
    opened = size_of(left.board.need, left.board.room, left.board.states)
    shakes = int(min(_MOST_SHAKES, max(2, opened // 2)))
    for scale in (1.0, 0.2):
        _climb(left, best, scale, shakes)
        if left.bound >= best.enough or best.clock.is_over:
            return 0
        best.shake(5 * shakes)
        left.shrink(best.enough)
    nodes = 0
    if by_prices and opened < _FEW:
        bound, nodes = descend(left, best, most_nodes=_MOST_NODES)
        left.bound = max(left.bound, bound)
    if left.bound < best.enough and not best.clock.is_over:
        bound, more = grow(left, best)
        left.bound = max(left.bound, bound)
        nodes += more
    return nodes


def _climb(left: Left, best: Incumbent, scale: float, shakes: int) -> None:
    made = course(left.prices, len(left.board.states), scale)
    entries = max(1, len(left.board.lists.site))
    steps = min(_STEPS, max(_FEWEST_STEPS, _STEPPED // entries))
    done = 0
    while left.bound < best.enough:
        if not advance(left, best, made, steps) or best.clock.is_over:
            return
        done += steps
        if done < _STEPS:
            continue
        done = 0
        if len(best.game.lists.site) > _MANY:
            best.offer(left.rounded())
        else:
            best.shake(shakes)
