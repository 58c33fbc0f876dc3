"""What is known of a part: plans it could have, and what no plan of it can better.

Both stay true whatever the other parts do, and whatever is shared: so they are kept
from run to run, by what the part itself is made of (`allocator.parts.memory`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import linprog

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

type Weights = tuple[float, ...]

_STEP_OF_NO_END = 1e-4
_ROUNDING = 1e-13
SAME = 1e-9  # relative: plans whose measures differ by less are one plan


@dataclass(frozen=True)
class Option:
    """A plan that a part could have.

    Parameters
    ----------
    measures
        What it is worth under each measure: the objectives in their order, as they are
        minimised, then what it adds to each shared limit.
    plans
        Its plan of every phase, packed (`allocator.parts.packing`).
    """

    measures: tuple[float, ...]
    plans: bytes


@dataclass(frozen=True)
class Proof:
    """No plan of a part has a lower weighted sum of measures than ``least``."""

    weights: Weights
    least: float


@dataclass(frozen=True)
class Closed:
    """Every plan that counts is known where a weighted sum is at most ``cutoff``.

    Any plan there is, in the measures at ``places``, no better than some known plan by
    more than a `Known.step`.
    """

    places: tuple[int, ...]
    weights: Weights
    cutoff: float


@dataclass(frozen=True)
class OwnStage:
    """What was proven of an objective where the part is planned by itself."""

    name: str
    value: float
    bound: float | None
    status: str


@dataclass(frozen=True)
class Size:
    """How large the program of a part is."""

    rows: int = 0
    columns: int = 0
    integers: int = 0


@dataclass
class Known:
    """All that is known of a part so far.

    Parameters
    ----------
    options
        Plans, none of them twice.
    proofs
        Bounds on weighted sums; those of the bounds of variables among them.
    closed
        Where every plan is known.
    own
        The stages of the part planned by itself; empty: it was not.
    needed
        Its part of what each shared clause asks for, by limit.
    present
        Objectives that the part has: it has a shortfall only where clauses strive.
    size
        Of its program.
    asked
        Questions that were answered, by name.
    seconds
        CPU seconds that answers took, added up.
    """

    options: list[Option] = field(default_factory=list)
    proofs: list[Proof] = field(default_factory=list)
    closed: list[Closed] = field(default_factory=list)
    own: tuple[OwnStage, ...] = ()
    needed: dict[str, float] = field(default_factory=dict)
    present: tuple[str, ...] = ()
    size: Size = field(default_factory=Size)
    asked: set[str] = field(default_factory=set)
    seconds: float = 0.0
    _computed: dict[tuple[Weights, int], float] = field(
        default_factory=dict, repr=False, compare=False
    )

    def learn(self, other: Known) -> None:
        """Take in what an answer says."""
        for option in other.options:
            if not any(_alike(option, known) for known in self.options):
                self.options.append(option)
        self.proofs += [proof for proof in other.proofs if proof not in self.proofs]
        self.closed += [one for one in other.closed if one not in self.closed]
        self.own = other.own or self.own
        self.needed |= other.needed
        self.present = other.present or self.present
        self.size = other.size if other.size.rows else self.size
        self.asked |= other.asked
        self.seconds += other.seconds

    def best(self, weights: Weights) -> float:
        """Return the lowest weighted sum of any known plan; inf where none is known."""
        rows = [option.measures for option in self.options]
        if not rows:
            return float("inf")
        return float((np.array(rows) @ np.array(weights)).min())

    def least(self, weights: Weights) -> float:
        """Return the best bound on a weighted sum that follows from all proofs.

        The least weighted sum L(w) over all plans is concave in w and grows in
        proportion with it, so that L(sum t[i] w[i]) >= sum t[i] L(w[i]) for t >= 0. The
        best such combination of what is proven is a small linear program.
        """
        wanted = np.array(weights)
        if not self.proofs:
            return float("-inf")
        place = weights, len(self.proofs)
        if place not in self._computed:
            rows = np.array([proof.weights for proof in self.proofs])
            bounds = np.array([proof.least for proof in self.proofs])
            self._computed[place] = _combined(rows, bounds, wanted)
        return self._computed[place]

    def step(self, place: int) -> float:
        """Return by how much a plan must be better in a measure to be another plan.

        Solvers keep rows, and whole numbers whole, to 1e-6: a measure is a sum of
        people or money over such numbers. Costs are stated to 1 元 at the finest.
        A shortfall, which has no end, is a sum of shares.
        """
        count = len(self.proofs[0].weights)
        most = -self.least(unit(count, place, -1.0))
        width = most - self.least(unit(count, place))
        return max(1e-5, 1e-6 * width) if math.isfinite(width) else _STEP_OF_NO_END

    def is_closed(self, places: tuple[int, ...], weights: Weights, most: float) -> bool:
        """Return whether every plan of a weighted sum up to ``most`` is known.

        It is where all such plans lie inside what was closed with other weights: their
        other weighted sum is higher by no more than the ranges of the measures allow.
        """
        for closed in self.closed:
            if closed.places != places:
                continue
            other = np.array(closed.weights) - np.array(weights)
            rise = 0.0
            for position, change in enumerate(other.tolist()):
                if change:
                    sign = 1.0 if change > 0 else -1.0
                    side = unit(len(other), position, -sign)
                    rise -= abs(change) * self.least(side)
            if most + rise <= closed.cutoff:
                return True
        return False


def _combined(
    rows: NDArray[np.float64], bounds: NDArray[np.float64], wanted: NDArray[np.float64]
) -> float:
    exact = np.flatnonzero(np.all(rows == wanted, axis=1))
    if len(exact):
        return float(bounds[exact].max())
    scale = np.maximum(np.abs(rows).max(axis=0), np.abs(wanted))
    scale[scale == 0] = 1.0
    sizes = np.abs(bounds).max(initial=1.0)
    found = linprog(
        -bounds / sizes,
        A_eq=(rows / scale).T,
        b_eq=wanted / scale,
        bounds=(0, None),
        method="highs",
    )
    if found.status != 0:
        return float("-inf")
    # The combination meets the weights but for rounding: what is left over is weighed
    # at what the bounds of the variables allow, the first proofs of every part.
    mix = np.maximum(found.x, 0.0)
    rest = wanted - mix @ rows
    rest[np.abs(rest) <= _ROUNDING * scale] = 0.0  # as fine as the sums themselves
    floor = _floor(rows, bounds, rest)
    return float(mix @ bounds + floor)


def _floor(
    rows: NDArray[np.float64], bounds: NDArray[np.float64], rest: NDArray[np.float64]
) -> float:
    """Return a bound on a weighted sum with tiny weights from those of one measure."""
    total = 0.0
    for position, weight in enumerate(rest.tolist()):
        unit = np.zeros(len(rest))
        unit[position] = 1.0 if weight >= 0 else -1.0
        alone = np.flatnonzero(np.all(rows == unit, axis=1))
        if not len(alone):
            return float("-inf") if weight else total
        total += abs(weight) * float(bounds[alone].max())
    return total


def unit(count: int, position: int, sign: float = 1.0) -> Weights:
    """Return the weights of one measure alone."""
    return tuple(sign if n == position else 0.0 for n in range(count))


def _alike(one: Option, other: Option) -> bool:
    pairs = zip(one.measures, other.measures, strict=True)
    return all(abs(a - b) <= SAME * max(1.0, abs(a), abs(b)) for a, b in pairs)


def total_of(options: Sequence[Option]) -> NDArray[np.float64]:
    """Return the sum of each measure."""
    return np.array([option.measures for option in options]).sum(axis=0)
