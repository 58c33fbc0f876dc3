"""Choosing one plan for each part so that shared limits hold: prices, and a choice.

In words: one of the known plans of every part is taken; what is shared is kept; the
objective in question is least. Formula, y[a, j] being 1 where part a takes its plan j:
min sum m[k, a, j] y[a, j], sum over j of y[a, j] = 1, and for every row r
sum m[r, a, j] y[a, j] - e[r] <= b[r]. With y in 0..1 its dual values are the prices of
what is shared (Dantzig and Wolfe 1960); with y in {0, 1} it is a multiple-choice
knapsack (Kellerer, Pferschy and Pisinger 2004, chapter 11).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, linprog, milp
from scipy.sparse import csc_array, hstack

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from scipy.optimize import OptimizeResult

    from allocator.parts.known import Option

_CHOICE_SECONDS = 30.0  # for one choice; what is not proven then is still a choice
_KEPT = 1e-9  # relative: how exactly a row must hold; the audit allows money 1e-6
_TRIES = 4
_FINEST = 1e-9  # relative gap


@dataclass(frozen=True)
class Bound:
    """One row: the sum of a measure over the parts is at most ``most``.

    Parameters
    ----------
    place
        Which measure.
    most
        The right-hand side.
    slack_cost
        What a unit above ``most`` costs in the objective; None: none is allowed.
    slack_share
        What a unit above ``most`` adds to the rows that count such units.
    counts_slack
        Whether this row does: it holds what is fallen short of.
    """

    place: int
    most: float
    slack_cost: float | None = None
    slack_share: float = 0.0
    counts_slack: bool = False

    @property
    def scale(self) -> float:
        """By what the row is divided, so that its right-hand side is about 1."""
        return max(1.0, abs(self.most))


@dataclass(frozen=True)
class Prices:
    """What the linear program over all known plans says.

    Parameters
    ----------
    value
        Its least value; None where the rows cannot be kept.
    prices
        By row, what one unit more would be worth, >= 0.
    """

    value: float | None
    prices: tuple[float, ...]


@dataclass(frozen=True)
class Choice:
    """One plan for each part, by its place among those known."""

    places: tuple[int, ...]
    slack: tuple[float, ...]
    value: float


class Master:
    """The known plans of all parts as columns, under rows that they share.

    Parameters
    ----------
    options
        Of every part, at least one.
    bounds
        The rows.
    objective
        Weights of the measures that are added up and minimised.
    """

    def __init__(
        self,
        options: Sequence[Sequence[Option]],
        bounds: Sequence[Bound],
        objective: Sequence[float],
    ) -> None:
        self.sizes = [len(of_part) for of_part in options]
        self.measures = np.array([o.measures for of_part in options for o in of_part])
        self.bounds = tuple(bounds)
        self._first = np.concatenate([[0], np.cumsum(self.sizes)[:-1]])
        cost = self.measures @ np.array(objective)
        # The scale of the objective: the solvers' tolerances are absolute.
        self._unit = max(1.0, float(np.abs(cost).max(initial=0.0)))
        self._soft = [n for n, b in enumerate(self.bounds) if b.slack_cost is not None]
        slack = [
            (self.bounds[n].slack_cost or 0.0) * self.bounds[n].scale
            for n in self._soft
        ]
        self._cost = np.concatenate([cost, slack]) / self._unit

    def prices(self) -> Prices:
        """Solve the linear program."""
        rows, most = self._rows(())
        found = linprog(
            self._cost,
            A_ub=rows if len(self.bounds) else None,
            b_ub=most if len(self.bounds) else None,
            A_eq=self._one_each(),
            b_eq=np.ones(len(self.sizes)),
            bounds=(0, None),
            method="highs",
        )
        if found.status != 0:
            return Prices(None, (0.0,) * len(self.bounds))
        marginals = found.ineqlin.marginals if len(self.bounds) else np.zeros(0)
        scales = np.array([b.scale for b in self.bounds])
        worth = np.maximum(0.0, -marginals * self._unit / scales)
        counting = sum(
            w for w, b in zip(worth, self.bounds, strict=True) if b.counts_slack
        )
        for n in self._soft:
            # Beyond this price being short is cheaper: so it is in the dual program.
            bound = self.bounds[n]
            most = (bound.slack_cost or 0.0) + counting * bound.slack_share
            worth[n] = min(worth[n], most)
        return Prices(float(found.fun) * self._unit, tuple(worth.tolist()))

    def choose(self, gap: float) -> Choice | None:
        """Choose whole plans; None where no choice keeps the rows.

        Rows are kept exactly: where a solver's tolerance was used up, they are drawn
        tighter and the choice is made again.

        Parameters
        ----------
        gap
            Relative gap at which the solver stops.
        """
        tighter = np.zeros(len(self.bounds))
        for _ in range(_TRIES):
            found = self._solve_whole(gap, tighter)
            if found.x is None:
                return None
            choice = self._read(found.x)
            over = self._over(choice)
            if not (over > 0).any():
                return choice
            tighter = tighter + 2.0 * over
        return None

    def least_choice(self) -> float:
        """Return what no choice can better, as the solver proved it."""
        found = self._solve_whole(_FINEST, np.zeros(len(self.bounds)))
        bound = getattr(found, "mip_dual_bound", None)
        return float("-inf") if bound is None else float(bound) * self._unit

    def _solve_whole(self, gap: float, tighter: NDArray[np.float64]) -> OptimizeResult:
        rows, most = self._rows(tighter)
        whole = np.concatenate([np.ones(len(self.measures)), np.zeros(len(self._soft))])
        limits = [LinearConstraint(self._one_each(), 1.0, 1.0)]
        if len(self.bounds):
            limits.append(LinearConstraint(rows, -np.inf, most))
        upper = np.where(whole == 1, 1.0, np.inf)
        return milp(
            self._cost,
            constraints=limits,
            integrality=whole,
            bounds=Bounds(np.zeros(self._cost.size), upper),
            options={"time_limit": _CHOICE_SECONDS, "mip_rel_gap": gap},
        )

    def _rows(
        self, tighter: Sequence[float] | NDArray[np.float64]
    ) -> tuple[csc_array, NDArray[np.float64]]:
        scales = np.array([b.scale for b in self.bounds])
        places = [b.place for b in self.bounds]
        body = (self.measures[:, places] / scales).T if places else np.zeros((0, 0))
        slack = np.zeros((len(places), len(self._soft)))
        for column, row in enumerate(self._soft):
            soft = self.bounds[row]
            slack[row, column] = -1.0
            for other, bound in enumerate(self.bounds):
                if bound.counts_slack:
                    slack[other, column] += soft.slack_share * soft.scale / bound.scale
        most = np.array([b.most for b in self.bounds])
        if len(tighter):
            most = most - np.asarray(tighter)
        return hstack([csc_array(body), csc_array(slack)], format="csc"), most / scales

    def _one_each(self) -> csc_array:
        part = np.repeat(np.arange(len(self.sizes)), self.sizes)
        columns = np.arange(len(part))
        shape = (len(self.sizes), self._cost.size)
        return csc_array((np.ones(len(part)), (part, columns)), shape=shape)

    def _read(self, x: NDArray[np.float64]) -> Choice:
        places = []
        for first, size in zip(self._first.tolist(), self.sizes, strict=True):
            places.append(int(np.argmax(x[first : first + size])))
        return self.choice(places)

    def choice(self, places: Sequence[int]) -> Choice:
        """Return what a choice comes to, with the slack that it takes."""
        rows = self._first + np.array(places)
        sums = self.measures[rows].sum(axis=0)
        slack = np.zeros(len(self.bounds))
        for n in self._soft:
            bound = self.bounds[n]
            slack[n] = max(0.0, sums[bound.place] - bound.most)
        costs = [self.bounds[n].slack_cost or 0.0 for n in range(len(self.bounds))]
        value = float(self._cost[rows].sum()) * self._unit + float(slack @ costs)
        return Choice(tuple(places), tuple(slack.tolist()), value)

    def _over(self, choice: Choice) -> NDArray[np.float64]:
        """Return by how much a choice breaks the rows that bind."""
        rows = self._first + np.array(choice.places)
        sums = self.measures[rows].sum(axis=0)
        short = self.short(choice)
        return np.array(
            [
                max(
                    0.0,
                    sums[b.place]
                    + (short if b.counts_slack else 0.0)
                    - b.most
                    - _KEPT * b.scale,
                )
                if b.slack_cost is None
                else 0.0
                for b in self.bounds
            ]
        )

    def short(self, choice: Choice) -> float:
        """Return what a choice falls short of, as rows count it."""
        pairs = zip(self.bounds, choice.slack, strict=True)
        return float(sum(bound.slack_share * slack for bound, slack in pairs))
