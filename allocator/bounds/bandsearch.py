"""The chain for bands: search, price, drop, solve what is left.

0. Where points are split and pairs few, HiGHS may solve it all at once.
1. Random sets of sites are served and improved; prices climb, and what they choose is
   improved too (`allocator.bounds.assigning`, `allocator.bounds.ascent`).
2. Sites and pairs that no better plan has are dropped.
3. What is left goes to HiGHS as one integer program: for all the time where points are
   split, since the rest is linear once sites are whole; else for a moment, which is
   longer where prices prove little.
4. Columns are generated, HiGHS chooses among those met, again sites and pairs are
   dropped, and again HiGHS has a moment.
5. What is left is branched on (`allocator.bounds.bandtree`). From time to time HiGHS
   has another moment, each twice as long: it is better where few sites have narrow
   bands.

Where no plan was found by then, HiGHS looks for the first, or proves that there is
none.

Each step ends as soon as the bound says that nothing better exists, or time is over:
what is proven until then holds.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np

from allocator.bounds.ascent import Remaining, climb, fix, room_for
from allocator.bounds.bandtree import Tree
from allocator.bounds.catchments import Branch, Field
from allocator.bounds.compact import finish
from allocator.bounds.generation import generate
from allocator.bounds.lists import CLOSED
from allocator.bounds.partition import Pool, Program
from allocator.bounds.picking import pick

if TYPE_CHECKING:
    from allocator.bounds.served import Served

_SHAKES = 200
_SHAKING = 0.05  # of the time left, for shakes at the start
_PICKING = 0.02  # of the time left, for choosing among columns
_MOMENT = 1.0  # seconds, of HiGHS on few pairs
_NARROW = 0.01  # of the cost: a gap that columns are good for
_SHARE = 0.25  # of the time left, for HiGHS on a wider gap
_FEW = 10_000  # pairs
_MANY = 50_000


def prove_band(
    field: Field, left: Remaining, best: Served, *, until: float
) -> tuple[float, int]:
    """Find plans and raise the bound until they meet, or time is over.

    Parameters
    ----------
    field
        The problem.
    left
        All of it; its bound and prices rise, sites are fixed.
    best
        The best plan known; gains offers.
    until
        When to stop, on the monotonic clock.

    Returns
    -------
    bound
        No plan below the best known costs less.
    nodes
        Branches looked at.
    """
    if not field.whole and len(field.cost) <= _FEW:
        finish(field, left, best, seconds=_moment(left, best, until), until=until)
        if _is_over(left, best, until):
            return left.bound, 0
    best.begin()
    best.improve(_SHAKES, seconds=_SHAKING * (until - time.monotonic()))
    pool = Pool(field)
    climb(field, left, best, pool, until=until)
    if best.cost == np.inf and left.bound < best.enough:
        _first_plan(field, left, best, until)
    if _is_over(left, best, until):
        return left.bound, 0
    field, pool = drop(field, left, best, pool)
    if not field.whole:
        finish(field, left, best, seconds=np.inf, until=until)
    elif len(field.cost) <= _FEW:
        finish(field, left, best, seconds=_moment(left, best, until), until=until)
    if _is_over(left, best, until) or not field.whole:
        return left.bound, 0
    return _by_columns(field, left, best, pool, until)


def _moment(left: Remaining, best: Served, until: float) -> float:
    """Return how long HiGHS may try, seconds: longer where prices prove little.

    Columns prove hardly more than prices do, and branching on them is then long.
    """
    if best.cost < np.inf and best.cost - left.bound <= _NARROW * abs(best.cost):
        return _MOMENT
    return max(_MOMENT, _SHARE * (until - time.monotonic()))


def _first_plan(field: Field, left: Remaining, best: Served, until: float) -> None:
    """Look for a plan where none was found, and climb again from there."""
    finish(field, left, best, seconds=np.inf, until=until, first=True)
    if best.cost < np.inf:
        best.improve(_SHAKES, seconds=_SHAKING * (until - time.monotonic()))
        climb(field, left, best, None, until=until)


def _is_over(left: Remaining, best: Served, until: float) -> bool:
    return left.bound >= best.enough or time.monotonic() > until


def _by_columns(
    field: Field, left: Remaining, best: Served, pool: Pool, until: float
) -> tuple[float, int]:
    """Generate columns, choose among them, and branch."""
    program = Program(pool, min(best.cost, best.dearest), until=until)
    program.restrict(left.branch)
    generate(field, left, best, program)
    if not _is_over(left, best, until):
        seconds = max(_MOMENT, _PICKING * (until - time.monotonic()))
        pick(pool, left, best, seconds=seconds, until=until)
        field, pool = drop(field, left, best, pool)
    if len(field.cost) <= _FEW and not _is_over(left, best, until):
        finish(field, left, best, seconds=_MOMENT, until=until)
    if _is_over(left, best, until):
        return left.bound, 0
    tree = Tree(field, best, pool, left)
    moment = _MOMENT
    while not _is_over(left, best, until):
        tree.grow(min(until, time.monotonic() + 2.0 * moment))
        left.bound = max(left.bound, tree.bound)
        moment *= 2.0
        is_small = len(field.cost) <= _MANY
        if is_small and not _is_over(left, best, until):
            before = left.bound, best.cost
            finish(field, left, best, seconds=moment, until=until)
            is_small = before != (left.bound, best.cost)
        if tree.is_done and not is_small:
            break  # neither gets on
    return left.bound, tree.nodes


def drop(field: Field, left: Remaining, best: Served, pool: Pool) -> tuple[Field, Pool]:
    """Drop sites and pairs that no better plan has, and the columns that have them."""
    if best.cost == np.inf:
        return field, pool
    fix(field, left, room_for(field), best.enough)
    length = np.diff(field.start)
    site = np.repeat(np.arange(len(length)), length)
    kept = left.branch.alive & (left.branch.states[site] != CLOSED)
    ends = np.cumsum(np.bincount(site[kept], minlength=len(length)))
    smaller = field._replace(
        start=np.concatenate([[0], ends]).astype(np.int64),
        point=field.point[kept],
        cost=field.cost[kept],
    )
    place = np.cumsum(kept) - 1
    fewer = Pool(smaller)
    for k in np.flatnonzero(pool.allowed(Branch(left.branch.states, kept))):
        fewer.add(pool.site[k], place[pool.pairs[k]], pool.shares[k])
    left.branch = Branch(left.branch.states, np.ones(int(kept.sum()), np.bool_))
    return smaller, fewer
