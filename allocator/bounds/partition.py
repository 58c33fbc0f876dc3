"""Plans as a choice of catchments: the linear program over those met so far.

In words: a column is a site with the points that it serves; columns are chosen so that
every point is served once, no site twice, and p sites are open. Formula: ``min sum_k
c_k l_k`` with ``sum_k a_ik l_k = 1`` for each point, ``sum_{k of j} l_k <= 1`` for each
site, ``sum_k l_k = p``, l >= 0. Its duals are prices; sites pack the columns that these
ask for (`allocator.bounds.catchments`), until none is missing. Prices are tried not at
the duals but between these and the best prices known (Wentges 1997): fewer rounds.

A bound is never taken from the program, but from what its prices prove.

Sources: Gilmore and Gomory 1961, A linear programming approach to the cutting-stock
problem, Operations Research 9, 849-859 (columns); Wentges 1997, Weighted Dantzig-Wolfe
decomposition for linear mixed-integer programming, International Transactions in
Operational Research 4, 151-162 (smoothing); Ceselli and Righini 2005, A
branch-and-price algorithm for the capacitated p-median problem, Networks 45, 125-142.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import highspy
import numpy as np

from allocator.bounds.catchments import ANY
from allocator.bounds.lists import CLOSED, OPEN

if TYPE_CHECKING:
    from allocator.bounds.catchments import Branch, Field, Priced
    from allocator.bounds.lists import Flags, Floats, Ints

_HALF = 0.5  # of a site open: then it counts as open
_ATTEMPTS = 2  # of solving one program


@dataclass(frozen=True)
class Mixture:
    """An answer of the linear program.

    Parameters
    ----------
    value
        Of the program.
    share
        Of each column.
    prices
        Duals of the points.
    site_dual
        Of each site: what its column may cost more than the points that it serves.
    broken
        How much is left unserved, or open too much or too little.
    """

    value: float
    share: Floats
    prices: Floats
    site_dual: Floats
    broken: float


class Pool:
    """Columns, each a site with pairs: which, what share of each, and what it costs."""

    def __init__(self, field: Field) -> None:
        self.field = field
        self.site: list[int] = []
        self.cost: list[float] = []
        self.pairs: list[Ints] = []
        self.shares: list[Floats] = []
        self._known: set[bytes] = set()

    def add(self, site: int, pairs: Ints, shares: Floats) -> bool:
        """Add a column; return False where it is known."""
        key = np.int64(site).tobytes() + pairs.tobytes() + shares.tobytes()
        if key in self._known:
            return False
        self._known.add(key)
        self.site.append(site)
        self.pairs.append(pairs)
        self.shares.append(shares)
        cost = float(self.field.cost[pairs] @ shares) + float(self.field.opening[site])
        self.cost.append(cost)
        return True

    def from_priced(self, out: Priced, sites: Ints) -> list[int]:
        """Add what some sites pack; return the positions of new columns."""
        added = []
        for j in sites:
            low, high = self.field.start[j], self.field.start[j + 1]
            served = out.served[low:high]
            inside = np.flatnonzero(served > 0.0)
            if self.add(int(j), low + inside, served[inside].copy()):
                added.append(len(self.site) - 1)
        return added

    def allowed(self, branch: Branch) -> Flags:
        """Return which columns a branch allows."""
        sites = np.array(self.site, np.int64)
        is_allowed: Flags = branch.states[sites] != CLOSED
        if len(sites):
            length = np.array([len(p) for p in self.pairs])
            owner = np.repeat(np.arange(len(sites)), length)
            gone = owner[~branch.alive[np.concatenate(self.pairs)]]
            is_allowed[gone] = False
        return is_allowed


class Program:
    """The linear program over a pool; columns join it as they come.

    Parameters
    ----------
    pool
        The columns.
    dear
        What a point left unserved, or a site too many or too few, costs: as much as any
        plan of interest.
    """

    def __init__(self, pool: Pool, dear: float, *, until: float) -> None:
        self.pool = pool
        self.until = until
        field = pool.field
        self.points, self.sites = len(field.people), len(field.opening)
        self.held = 0
        self.solver = _empty(field, dear)
        self.extra = self.solver.getNumCol()
        self.extend()

    def extend(self) -> None:
        """Take in the columns that the pool has gained."""
        pool, field = self.pool, self.pool.field
        new = range(self.held, len(pool.site))
        if not new:
            return
        index, value, start = [], [], [0]
        for k in new:
            ends = [self.points + pool.site[k]]
            if field.wanted != ANY:
                ends.append(self.points + self.sites)
            index += [field.point[pool.pairs[k]], np.array(ends)]
            value += [pool.shares[k], np.ones(len(ends))]
            start.append(start[-1] + len(pool.pairs[k]) + len(ends))
        count = len(new)
        self.solver.addCols(
            count,
            np.array(pool.cost[self.held :]),
            np.zeros(count),
            np.full(count, np.inf),
            start[-1],
            np.array(start[:-1], np.int32),
            np.concatenate(index).astype(np.int32),
            np.concatenate(value),
        )
        self.held = len(pool.site)

    def restrict(self, branch: Branch) -> None:
        """Allow the columns of a branch, and ask for its open sites."""
        is_allowed = self.pool.allowed(branch)
        self.solver.changeColsBounds(
            self.held,
            np.arange(self.extra, self.extra + self.held, dtype=np.int32),
            np.zeros(self.held),
            np.where(is_allowed, np.inf, 0.0),
        )
        lower = (branch.states == OPEN).astype(np.float64)
        for j in range(self.sites):
            self.solver.changeRowBounds(self.points + j, lower[j], 1.0)

    def likely(self, mixture: Mixture) -> Flags:
        """Return the sites that an answer opens most: as many as are counted."""
        field = self.pool.field
        site = np.array(self.pool.site[: len(mixture.share)], np.int64)
        share = np.bincount(site, weights=mixture.share, minlength=self.sites)
        if field.wanted == ANY:
            is_likely: Flags = share > _HALF
            return is_likely
        is_likely = np.zeros(self.sites, np.bool_)
        is_likely[np.argsort(-share, kind="stable")[: field.wanted]] = True
        return is_likely

    def solve(self) -> Mixture | None:
        """Solve; None when that did not end well."""
        for _ in range(_ATTEMPTS):
            seconds = max(0.01, self.until - time.monotonic())
            self.solver.setOptionValue("time_limit", self.solver.getRunTime() + seconds)
            self.solver.run()
            if self.solver.getModelStatus() == highspy.HighsModelStatus.kOptimal:
                return self._mixture()
            # From the old basis this did not end well: once more from none.
            self.solver.clearSolver()
        return None

    def _mixture(self) -> Mixture:
        answer = self.solver.getSolution()
        every = np.asarray(answer.col_value)
        duals = np.asarray(answer.row_dual)
        site_dual = duals[self.points : self.points + self.sites].copy()
        if self.pool.field.wanted != ANY:
            site_dual += duals[self.points + self.sites]
        value = self.solver.getInfo().objective_function_value
        return Mixture(
            value,
            every[self.extra :],
            duals[: self.points],
            site_dual,
            float(every[: self.extra].sum()),
        )


def _empty(field: Field, dear: float) -> highspy.Highs:
    """Return the program without columns but those that stand for what is broken."""
    points, sites = len(field.people), len(field.opening)
    counted = field.wanted != ANY
    rows = points + sites + counted
    solver = highspy.Highs()  # type: ignore[no-untyped-call]
    for option, value in (("output_flag", False), ("threads", 1), ("presolve", "off")):
        solver.setOptionValue(option, value)
    # One column for each row, and one more for too many sites.
    columns = rows + counted
    lp = highspy.HighsLp()
    lp.num_col_, lp.num_row_ = columns, rows
    lp.col_cost_ = np.full(columns, dear)
    lp.col_lower_, lp.col_upper_ = np.zeros(columns), np.full(columns, np.inf)
    exactly = np.concatenate([np.ones(points), np.zeros(sites)])
    ends = np.ones(points + sites)
    if counted:
        exactly, ends = np.append(exactly, field.wanted), np.append(ends, field.wanted)
    lp.row_lower_, lp.row_upper_ = exactly, ends
    lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    lp.a_matrix_.start_ = np.arange(columns + 1)
    lp.a_matrix_.index_ = np.minimum(np.arange(columns), rows - 1)
    lp.a_matrix_.value_ = np.where(np.arange(columns) < rows, 1.0, -1.0)
    solver.passModel(lp)
    return solver
