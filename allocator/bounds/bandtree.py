"""Branch on what columns leave open, best bound first.

A branching is a site that is open or closed, or a point that is served by one half of
its sites or by the other (Ceselli and Righini 2005). Of some branchings the one is
taken whose program, without new columns, says most on both sides (strong branching).

Sources: Ceselli and Righini 2005, A branch-and-price algorithm for the capacitated
p-median problem, Networks 45, 125-142; Applegate, Bixby, Chvatal and Cook 1995, Finding
cuts in the TSP, DIMACS technical report 95-05 (strong branching).
"""

from __future__ import annotations

import heapq
import itertools
import time
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from allocator.bounds.ascent import Remaining, fix, room_for
from allocator.bounds.generation import generate
from allocator.bounds.lists import CLOSED, FREE, OPEN
from allocator.bounds.partition import Mixture, Pool, Program

if TYPE_CHECKING:
    from allocator.bounds.catchments import Field
    from allocator.bounds.lists import Floats, Ints
    from allocator.bounds.served import Served

_WHOLE = 1e-6  # shares so near to 0 or 1 are whole
_CANDIDATES = 6  # branchings of each kind that are tried


class Side(NamedTuple):
    """One side of a branching: a site and its state, or pairs that are dropped."""

    site: int
    state: int
    pairs: Ints


class Tree:
    """Branches by their bound, and one program that is restricted to each in turn.

    Parameters
    ----------
    field
        The problem, its points whole.
    best
        The best plan known; gains offers.
    pool
        Columns met so far.
    root
        What is branched on.
    """

    def __init__(self, field: Field, best: Served, pool: Pool, root: Remaining) -> None:
        self.field, self.best = field, best
        self.nodes = 0
        self.program = Program(pool, min(best.cost, best.dearest), until=np.inf)
        self._site = np.repeat(np.arange(len(field.opening)), np.diff(field.start))
        self._names = itertools.count()
        self._heap = [(root.bound, next(self._names), root)]
        self._floor = np.inf  # of what is done with

    @property
    def is_done(self) -> bool:
        """Whether nothing is left to branch on."""
        return not self._heap

    @property
    def bound(self) -> float:
        """No plan of the root below the best known costs less."""
        return min(self._floor, self._heap[0][0] if self._heap else np.inf)

    def grow(self, until: float) -> None:
        """Branch until nothing better is left, or until a time on the clock."""
        self.program.until = until
        while self.bound < self.best.enough and self._heap:
            if time.monotonic() > until:
                return
            _, _, left = heapq.heappop(self._heap)
            self.nodes += 1
            children, closed = self._branch(left)
            self._floor = min(self._floor, closed)
            for child in children:
                heapq.heappush(self._heap, (child.bound, next(self._names), child))

    def _branch(self, left: Remaining) -> tuple[list[Remaining], float]:
        """Return the branches of one, and a bound of what else there is of it."""
        self.program.restrict(left.branch)
        mixture = generate(self.field, left, self.best, self.program)
        if left.bound >= self.best.enough:
            return [], left.bound
        if mixture is None and time.monotonic() > self.program.until:
            return [left], np.inf
        if mixture is None:  # the program failed
            return self._on_any(left)
        sides = self._sides(mixture, left)
        if sides is None:
            return self._settled(mixture, left)
        fix(self.field, left, room_for(self.field), self.best.enough)
        return [_taken(left, side) for side in sides], np.inf

    def _settled(
        self, mixture: Mixture, left: Remaining
    ) -> tuple[list[Remaining], float]:
        """Offer a whole answer of the program; the branch is done with its value.

        What is broken in it shows that no plan has just these sites, or too few columns
        are known: then a site is branched on that is not fixed yet.
        """
        if mixture.broken > _WHOLE:
            return self._on_any(left)
        self._offer(mixture)
        return [], left.bound

    def _on_any(self, left: Remaining) -> tuple[list[Remaining], float]:
        """Branch on the first site that is free; without one, end with the bound."""
        free = np.flatnonzero(left.branch.states == FREE)
        if not len(free):
            return [], left.bound
        site, nothing = int(free[0]), np.empty(0, np.int64)
        sides = (Side(site, CLOSED, nothing), Side(site, OPEN, nothing))
        return [_taken(left, side) for side in sides], np.inf

    def _offer(self, mixture: Mixture) -> None:
        used = np.flatnonzero(mixture.share > _WHOLE)
        pool = self.program.pool
        is_open = np.zeros(len(self.field.opening), np.bool_)
        is_open[[pool.site[k] for k in used]] = True
        pairs = np.flatnonzero(self._served(mixture, used) > 1.0 - _WHOLE)
        self.best.offer_served(self.field, pairs, np.ones(len(pairs)), is_open)

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
            if time.monotonic() > self.program.until:
                break
        return chosen

    def _gain(self, mixture: Mixture, left: Remaining, side: Side) -> float:
        """Return by how much one side lifts the program, without new columns."""
        self.program.restrict(_taken(left, side).branch)
        answer = self.program.solve()
        if answer is None:
            return 0.0
        return min(answer.value, self.best.enough) - mixture.value

    def _candidates(self, mixture: Mixture, left: Remaining) -> list[tuple[Side, Side]]:
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
        return found + self._halves(self._served(mixture, used), left)

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
        side = int(
            sums[1] < sums[0]
            or (sums[0] == sums[1] and len(halves[1]) < len(halves[0]))
        )
        halves[side].append(int(pair))
        sums[side] += float(share)
    return np.array(halves[0], np.int64), np.array(halves[1], np.int64)


def _taken(left: Remaining, side: Side) -> Remaining:
    """Return one side of a branching."""
    child = left.child()
    if side.site >= 0:
        child.branch.states[side.site] = side.state
    child.branch.alive[side.pairs] = False
    return child
