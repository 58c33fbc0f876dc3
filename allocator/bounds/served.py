"""The best plan known for a problem with bands, and offers to it."""

from __future__ import annotations

import time

import numpy as np

from allocator.bounds.assigning import (
    Draft,
    Table,
    draft_of,
    iterate,
    serve,
    settle,
    spread,
)
from allocator.bounds.catchments import ANY, Field
from allocator.bounds.lists import CLOSED, OPEN, Flags, Floats, Ints
from allocator.bounds.transport import pairs_of, transport

_TOLERANCE = 1e-7  # of the cost, where costs are not whole: what counts as proven
_ROUNDING = 1e-6  # what sums of prices may be off by
_ROUNDING_SHARE = 1e-12  # of the cost, beside it
_STARTS = 5
_AT_ONCE = 10  # shakes between two looks at the clock


class Served:
    """The best plan known.

    Parameters
    ----------
    field
        The problem as given, before anything is dropped from it.
    table
        The same as a table.
    whole
        Whether any two plans differ in cost by 1 at least, or not at all.
    until
        When to stop, on the monotonic clock.
    seed
        Of the random numbers.
    """

    def __init__(
        self, field: Field, table: Table, *, whole: bool, until: float, seed: int
    ) -> None:
        self.field, self.table = field, table
        self.whole, self.until = whole, until
        self.cost = np.inf
        self.pairs: Ints = np.empty(0, np.int64)
        self.shares: Floats = np.empty(0)
        self.is_open: Flags = np.zeros(len(field.opening), np.bool_)
        length = np.diff(field.start)
        self._site = np.repeat(np.arange(len(length)), length)  # of each pair
        self._draft: Draft | None = None
        self._draft_cost = np.inf
        self._tried: set[bytes] = set()
        self._random = np.random.default_rng(seed)
        finite = np.append(table.cost[np.isfinite(table.cost)], 0.0)
        people = max(float(table.people.mean()), 1e-9)
        self._penalty = max(float(np.median(finite)), 1e-6) / people
        # No plan costs more.
        reached = np.where(np.isfinite(table.cost), table.cost, 0.0).max(axis=0)
        self.dearest = float(reached.sum() + np.abs(table.opening).sum()) + 1.0

    @property
    def less(self) -> float:
        """How much cheaper a better plan is at least, to count as better."""
        if self.cost == np.inf:
            return 0.0
        if self.whole:
            return 1.0 - _ROUNDING - _ROUNDING_SHARE * self.cost
        return _TOLERANCE * max(1.0, abs(self.cost))

    @property
    def enough(self) -> float:
        """A bound from which on nothing better can exist."""
        return min(self.cost - self.less, self.dearest)

    def begin(self) -> None:
        """Try some random sets of sites."""
        states, table = self.table.states, self.table
        fixed = states == OPEN
        free = np.flatnonzero(states == 0)
        if table.wanted == ANY:
            mean = max(float(table.most[states != CLOSED].mean()), 1e-9)
            wanted = int(np.ceil(1.2 * table.people.sum() / mean))
        else:
            wanted = table.wanted
        more = min(max(0, wanted - int(fixed.sum())), len(free))
        for _ in range(_STARTS):
            if time.monotonic() > self.until:
                return
            is_open = fixed.copy()
            is_open[self._random.choice(free, more, replace=False)] = True
            self.offer(is_open)

    def offer(self, is_open: Flags) -> None:
        """Serve everyone from a set of sites or, the points whole, from one near it."""
        if not self._is_allowed(is_open):
            return
        key = np.packbits(is_open).tobytes()
        if key in self._tried:
            return
        self._tried.add(key)
        if not self.field.whole:
            self._offer_split(is_open)
        draft = draft_of(self.table, is_open)
        if spread(self.table, draft, self._penalty):
            self._keep(draft, settle(self.table, draft, self._penalty))

    def _is_allowed(self, is_open: Flags) -> bool:
        states, count = self.table.states, self.table.wanted
        if is_open[states == CLOSED].any() or not is_open[states == OPEN].all():
            return False
        return count in (ANY, int(is_open.sum()))

    def offer_sites(self, site: Ints, is_open: Flags) -> None:
        """Improve a plan that says where each point is served, -1 for not yet."""
        if not self._is_allowed(is_open):
            return
        draft = draft_of(self.table, is_open)
        draft.site[:] = site
        known = site >= 0
        draft.load[:] = np.bincount(
            site[known], weights=self.table.people[known], minlength=len(is_open)
        )
        if serve(self.table, draft, self._penalty):
            self._keep(draft, settle(self.table, draft, self._penalty))

    def offer_pairs(self, pairs: Ints, shares: Floats, is_open: Flags) -> None:
        """Keep a plan that is known to hold, if it is better.

        Where sites are not counted, one that serves nobody is not opened unless fixed.
        """
        if self.table.wanted == ANY:
            used = np.zeros(len(is_open), np.bool_)
            used[self._site[pairs]] = True
            is_open = is_open & (used | (self.table.states == OPEN))
        cost = float(self.field.cost[pairs] @ shares)
        cost += float(self.field.opening[is_open].sum())
        if cost < self.cost:
            self.cost, self.pairs, self.shares = cost, pairs, shares
            self.is_open = is_open.copy()
            if self.field.whole:
                self._adopt()

    def offer_served(
        self, field: Field, pairs: Ints, shares: Floats, is_open: Flags
    ) -> None:
        """Keep a plan whose pairs are those of a field from which some were dropped."""
        length = np.diff(field.start)
        site = np.repeat(np.arange(len(length)), length)[pairs]
        points = len(field.people)
        key = site * points + field.point[pairs]
        order = np.argsort(key)
        own = np.searchsorted(self._site * points + self.field.point, key[order])
        self.offer_pairs(own, shares[order], is_open)

    def _adopt(self) -> None:
        """Shake from the best plan from now on."""
        if self._draft_cost <= self.cost:
            return
        site = self._site[self.pairs]
        of_point = np.zeros(len(self.table.people), np.int64)
        of_point[self.field.point[self.pairs]] = site
        load = np.bincount(
            of_point, weights=self.table.people, minlength=len(self.is_open)
        )
        changed = np.ones(len(load), np.bool_)
        self._draft = Draft(of_point, load, self.is_open.copy(), changed)
        self._draft_cost = self.cost

    def improve(self, rounds: int, seconds: float = np.inf) -> None:
        """Shake the best plan of whole points so many times, or for so long."""
        until = min(self.until, time.monotonic() + seconds)
        for _ in range(-(-rounds // _AT_ONCE)):
            if self._draft is None or time.monotonic() > until:
                return
            draft = self._draft
            seed = int(self._random.integers(2**31))
            cost = iterate(self.table, draft, self._penalty, _AT_ONCE, seed)
            if cost < self._draft_cost:
                self._draft_cost = np.inf
                self._keep(draft, cost)

    def _keep(self, draft: Draft, cost: float) -> None:
        if cost >= self._draft_cost:
            return
        self._draft, self._draft_cost = draft, cost
        pairs, site = pairs_of(self.field, draft.is_open)
        pairs = pairs[draft.site[self.field.point[pairs]] == site]
        self.offer_pairs(pairs, np.ones(len(pairs)), draft.is_open)
        if not self.field.whole:
            self.offer(draft.is_open)

    def _offer_split(self, is_open: Flags) -> None:
        pairs, shares = transport(self.field, is_open, until=self.until)
        if len(pairs):
            self.offer_pairs(pairs, shares, is_open)
