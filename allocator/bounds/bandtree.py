"""The chain for bands: search, price, drop, generate columns, branch.

1. Random sets of sites are served and improved; prices climb, and what they choose is
   improved too (`assigning`, `ascent`).
2. Sites and pairs that no better plan has are dropped.
3. Columns are generated; HiGHS chooses among those met; again sites and pairs are
   dropped.
4. What is left is branched on, best bound first: a site is open or closed, or a point
   is served by one half of its sites or by the other (Ceselli and Righini 2005). Of
   some branchings the one is taken whose program, without new columns, says most on
   both sides.

Split points are branched on by sites alone: once sites are whole, the rest is linear.

Each step ends as soon as the bound says that nothing better exists, or time is over:
what is proven until then holds.
"""

from __future__ import annotations

import heapq
import itertools
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from allocator.bounds.ascent import Remaining, climb, fix, room_for
from allocator.bounds.catchments import Branch, Field
from allocator.bounds.generation import generate
from allocator.bounds.lists import CLOSED, OPEN
from allocator.bounds.partition import Mixture, Pool, Program
from allocator.bounds.picking import pick

if TYPE_CHECKING:
    from allocator.bounds.lists import Floats, Ints
    from allocator.bounds.served import Served

_WHOLE = 1e-6  # shares so near to 0 or 1 are whole
_CANDIDATES = 6  # branchings of each kind that are tried
_SHAKES = 200
_PICKING = 5.0  # seconds, of choosing among columns


class Side(NamedTuple):
    """One side of a branching: a site and its state, or pairs that are dropped."""

    site: int
    state: int
    pairs: Ints


@dataclass(frozen=True)
class Proved:
    """What was proved: no plan costs less than ``bound``; ``nodes`` branches seen."""

    bound: float
    nodes: int


def prove_band(field: Field, left: Remaining, best: Served, *, until: float) -> Proved:
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
    """
    best.begin()
    best.improve(_SHAKES)
    pool = Pool(field)
    climb(field, left, best, pool, until=until)
    field, pool = _drop(field, left, best, pool)
    bound = left.bound
    if bound >= best.enough or time.monotonic() > until:
        return Proved(bound, 0)
    program = Program(pool, best.dearest, until=until)
    program.restrict(left.branch)
    mixture = generate(field, left, best, program)
    if left.bound >= best.enough or mixture is None:
        return Proved(left.bound, 0)
    pick(pool, left, best, seconds=_PICKING, until=until)
    field, pool = _drop(field, left, best, pool)
    if left.bound >= best.enough:
        return Proved(left.bound, 0)
    return Tree(field, best, pool, until=until).grow(left)


def _drop(
    field: Field, left: Remaining, best: Served, pool: Pool
) -> tuple[Field, Pool]:
    """Drop sites and pairs, and the columns that have them."""
    if best.cost == np.inf:
        return field, pool
    fix(field, left, room_for(field), best.enough)
    return compress(field, left, pool)


def compress(field: Field, left: Remaining, pool: Pool) -> tuple[Field, Pool]:
    """Return the field and the pool without what is dropped; ``left`` follows."""
    length = np.diff(field.start)
    site = np.repeat(np.arange(len(length)), length)
    kept = left.branch.alive & (left.branch.states[site] != CLOSED)
    start = np.concatenate([[0], np.cumsum(np.bincount(site[kept], minlength=len(length)))])
    smaller = field._replace(
        start=start.astype(np.int64), point=field.point[kept], cost=field.cost[kept]
    )
    place = np.cumsum(kept) - 1
    fewer = Pool(smaller)
    for k in np.flatnonzero(pool.allowed(Branch(left.branch.states, kept))):
        fewer.add(pool.site[k], place[pool.pairs[k]], pool.shares[k])
    alive = np.ones(int(kept.sum()), np.bool_)
    left.branch = Branch(left.branch.states, alive)
    return smaller, fewer


class Tree:
    """Branches by their bound, and one program that is restricted to each in turn."""

    def __init__(self, field: Field, best: Served, pool: Pool, *, until: float) -> None:
        self.field, self.best, self.until = field, best, until
        self.program = Program(pool, best.dearest, until=until)
        self._site = np.repeat(np.arange(len(field.opening)), np.diff(field.start))

    def grow(self, root: Remaining) -> Proved:
        """Branch until nothing better is left, or time is over."""
        names = itertools.count()
        heap = [(root.bound, next(names), root)]
        nodes, floor = 0, np.inf
        while heap and time.monotonic() < self.until:
            bound, _, left = heapq.heappop(heap)
            if bound >= self.best.enough:
                floor = min(floor, bound)
                heap = []
                break
            nodes += 1
            children, closed = self._branch(left)
            floor = min(floor, closed)
            for child in children:
                heapq.heappush(heap, (child.bound, next(names), child))
        if heap:
            floor = min(floor, heap[0][0])
        return Proved(min(floor, max(self.best.enough, root.bound)), nodes)

    def _branch(self, left: Remaining) -> tuple[list[Remaining], float]:
        """Return the branches of one, and what else of it is proven to cost at least."""
        self.program.restrict(left.branch)
        mixture = generate(self.field, left, self.best, self.program)
        if left.bound >= self.best.enough:
            return [], left.bound
        if mixture is None:  # time was over
            return [left], np.inf
        sides = self._sides(mixture, left)
        if sides is None:
            return self._settled(mixture, left)
        fix(self.field, left, room_for(self.field), self.best.enough)
        children = []
        for side in sides:
            child = left.child()
            apply(child.branch, side)
            children.append(child)
        return children, np.inf

    def _settled(
        self, mixture: Mixture, left: Remaining
    ) -> tuple[list[Remaining], float]:
        """Offer a whole answer of the program; the branch is done with its value."""
        self._offer(mixture)
        return [], left.bound

    def _offer(self, mixture: Mixture) -> None:
        used = np.flatnonzero(mixture.share > _WHOLE)
        pool = self.program.pool
        x = self._served(mixture, used)
        is_open = np.zeros(len(self.field.opening), np.bool_)
        is_open[[pool.site[k] for k in used]] = True
        pairs = np.flatnonzero(x > _WHOLE)
        self.best.offer_served(self.field, pairs, x[pairs], is_open)

    def _served(self, mixture: Mixture, used: Ints) -> Floats:
        """Return how much of each pair the program uses."""
        pool = self.program.pool
        x = np.zeros(len(self.field.cost))
        for k in used:
            x[pool.pairs[k]] += mixture.share[k] * pool.shares[k]
        return x

    def _sides(self, mixture: Mixture, left: Remaining) -> tuple[Side, Side] | None:
        """Return the branching that says most; None where the answer is whole."""
        candidates = self._candidates(mixture, left)
        if len(candidates) <= 1:
            return candidates[0] if candidates else None
        best, chosen = -1.0, candidates[0]
        for sides in candidates:
            gains = [self._gain(mixture, left, side) for side in sides]
            score = max(gains[0], 1e-6) * max(gains[1], 1e-6)
            if score > best:
                best, chosen = score, sides
            if time.monotonic() > self.until:
                break
        return chosen

    def _gain(self, mixture: Mixture, left: Remaining, side: Side) -> float:
        """Return by how much one side lifts the program, without new columns."""
        child = left.child()
        apply(child.branch, side)
        self.program.restrict(child.branch)
        answer = self.program.solve()
        if answer is None:
            return 0.0
        return min(answer.value, self.best.enough) - mixture.value

    def _candidates(
        self, mixture: Mixture, left: Remaining
    ) -> list[tuple[Side, Side]]:
        used = np.flatnonzero(mixture.share > _WHOLE)
        pool = self.program.pool
        y = np.bincount(
            np.array([pool.site[k] for k in used], np.int64),
            weights=mixture.share[used],
            minlength=len(self.field.opening),
        )
        nothing = np.empty(0, np.int64)
        order = np.argsort(np.abs(y - 0.5), kind="stable")[:_CANDIDATES]
        found = [
            (Side(int(j), CLOSED, nothing), Side(int(j), OPEN, nothing))
            for j in order
            if _WHOLE < y[j] < 1.0 - _WHOLE
        ]
        if self.field.whole:
            found += self._halves(self._served(mixture, used), left)
        return found

    def _halves(self, x: Floats, left: Remaining) -> list[tuple[Side, Side]]:
        """Return branchings of the points that are served most by halves."""
        points = len(self.field.people)
        top = np.zeros(points)
        np.maximum.at(top, self.field.point, x)
        order = np.argsort(top, kind="stable")[:_CANDIDATES]
        found = []
        for i in order:
            if top[i] > 1.0 - _WHOLE:
                break
            pairs = np.flatnonzero((self.field.point == i) & left.branch.alive)
            pairs = pairs[left.branch.states[self._site[pairs]] != CLOSED]
            pairs = pairs[np.argsort(-x[pairs], kind="stable")]
            one, other = _dealt(pairs, x[pairs])
            found.append((Side(-1, 0, one), Side(-1, 0, other)))
        return found


def _dealt(pairs: Ints, x: Floats) -> tuple[Ints, Ints]:
    """Deal pairs out to two halves of nearly the same share."""
    halves: tuple[list[int], list[int]] = ([], [])
    sums = [0.0, 0.0]
    for pair, share in zip(pairs, x, strict=True):
        side = int(sums[1] < sums[0] or (sums[0] == sums[1] and len(halves[1]) < len(halves[0])))
        halves[side].append(int(pair))
        sums[side] += float(share)
    return np.array(halves[0], np.int64), np.array(halves[1], np.int64)


def apply(branch: Branch, side: Side) -> None:
    """Take one side of a branching."""
    if side.site >= 0:
        branch.states[side.site] = side.state
    branch.alive[side.pairs] = False
