"""The best set known, and the search for better ones.

Every part of the chain offers what it meets here: each offer is improved by
interchange before it is compared.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from allocator.bounds.interchange import Game, Standing, improve, shake, standing
from allocator.bounds.lists import FREE, OPEN, Flags, Floats, cost_of

if TYPE_CHECKING:
    from allocator.bounds.clock import Clock

_TOLERANCE = 1e-7  # of the cost, where costs are not whole: what counts as proven
_SAMPLE = 1000  # sites
_WORK = 5e7  # entries of lists between two looks at the clock
_SKETCH = 1e9  # entries that are looked at for a sample of sites, at most
_ROUNDING = 1e-6  # what sums of prices may be off by
_ROUNDING_SHARE = 1e-12  # of the cost, beside it


class Incumbent:
    """The best set known.

    Parameters
    ----------
    game
        The problem as given, before anything is dropped from it.
    whole
        Whether all costs are whole, so that a better set is better by 1.
    seed
        Of the random numbers.
    clock
        When to stop improving sets.
    gap
        Share of the cost by which a better set must be better, to be looked for.
    """

    def __init__(
        self, game: Game, *, whole: bool, seed: int, clock: Clock, gap: float = 0.0
    ) -> None:
        self.game = game
        self.whole = whole
        self.clock = clock
        self.gap = gap
        self.cost = np.inf
        self._random = np.random.default_rng(seed)
        self._best = standing(game, game.states == OPEN)
        self._take(self._best)
        self._spare = standing(game, game.states == OPEN)
        self._is_rough = False

    @property
    def is_open(self) -> Flags:
        """The set, as a flag for each site."""
        return self._best.is_open.copy()

    @property
    def dearest(self) -> Floats:
        """Of each demand point, the cost of its second nearest open site or its cap."""
        return self._best.far.copy()

    @property
    def less(self) -> float:
        """How much cheaper a better set is at least, to count as better."""
        return max(self._least, self.gap * self.cost)

    @property
    def _least(self) -> float:
        """What counts as better where no gap is allowed."""
        if self.whole:
            return 1.0 - _ROUNDING - _ROUNDING_SHARE * self.cost
        return _TOLERANCE * max(1.0, self.cost)

    @property
    def ceiling(self) -> float:
        """The most that may be claimed as a bound: what was dropped costs no less."""
        return self.cost if self.less == self._least else self.enough

    @property
    def enough(self) -> float:
        """A bound from which on nothing better can exist."""
        return self.cost - self.less

    def begin(self, starts: int) -> None:
        """Improve some random sets.

        Among many sites swaps with some of them come first: they take a random set
        most of the way.
        """
        for _ in range(starts):
            now = standing(self.game, self._random_set())
            sites = len(now.is_open)
            if sites > _SAMPLE:
                self._sample(now)
                now.awake[:] = True
            self._improve(now, int(self._random.integers(sites)))
            self._take(now)

    def sketch(self) -> None:
        """Improve one random set a little; the first shake improves it in full."""
        now = standing(self.game, self._random_set())
        self._sample(now)
        self._take(now)
        self._is_rough = True

    def offer(self, is_open: Flags) -> None:
        """Improve a set, and keep it if it is better; one beyond the room is none."""
        game = self.game
        if float(game.need[is_open].sum()) > game.room + 1e-9 * max(1.0, game.room):
            return
        now = standing(self.game, is_open)
        self._improve(now, int(self._random.integers(len(is_open))))
        self._take(now)

    def shake(self, rounds: int) -> None:
        """Disturb the best set and improve it, so many times, while there is time."""
        if self._is_rough:
            self._is_rough = False
            self.offer(self.is_open)
        once = max(1, int(_WORK // max(1, len(self.game.lists.site))))
        for done in range(0, rounds, once):
            if self.clock.is_over:
                break
            few = min(once, rounds - done)
            shake(self.game, self._best, self._spare, few, self._random)
        self.cost = cost_of(self.game.lists, self._best.is_open)

    def _sample(self, now: Standing) -> None:
        """Try some sites, each once."""
        sites = len(now.is_open)
        now.awake[:] = False
        chosen = self._random.choice(sites, min(_SAMPLE, sites), replace=False)
        now.awake[chosen] = True
        improve(self.game, now, 0, _SKETCH, 0)

    def _improve(self, now: Standing, first: int) -> None:
        """Improve a set while there is time."""
        while first >= 0 and not self.clock.is_over:
            first = improve(self.game, now, first, _WORK)

    def _take(self, now: Standing) -> None:
        cost = cost_of(self.game.lists, now.is_open)
        if cost < self.cost:
            self.cost, self._best = cost, now

    def _random_set(self) -> Flags:
        game = self.game
        is_open: Flags = game.states == OPEN
        left = game.room - float(game.need[is_open].sum())
        for j in self._random.permutation(len(is_open)):
            if game.states[j] == FREE and game.need[j] <= left + 1e-9 * game.room:
                is_open[j] = True
                left -= game.need[j]
        return is_open
