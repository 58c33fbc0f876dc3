"""What is left of a problem with bands as one integer program, by HiGHS.

Formula: as in `allocator.bounds.band`, over the pairs and sites that are left. Few
pairs are left where points are many for each site, or prices prove much; then HiGHS
ends soon, else its bound may still be the best.

This bound is the solver's own: the one of the package that is not computed again.
A plan is checked; split, who is served where is solved again with the sites it opens.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import highspy
import numpy as np
from scipy import sparse

from allocator.bounds.catchments import ANY
from allocator.bounds.lists import CLOSED, OPEN

if TYPE_CHECKING:
    from allocator.bounds.ascent import Remaining
    from allocator.bounds.catchments import Field
    from allocator.bounds.lists import Floats, Ints
    from allocator.bounds.served import Served

# Every variable is bounded, so that "unbounded or infeasible" is infeasible.
_IMPOSSIBLE = (
    highspy.HighsModelStatus.kInfeasible,
    highspy.HighsModelStatus.kUnboundedOrInfeasible,
)
_HALF = 0.5  # above, a site is open or a pair served
_GAP = 2e-8  # of the cost: a fifth of what counts as proven
_ROUNDING = 1e-9  # of the cost: what is taken off the solver's bound


def finish(
    field: Field,
    left: Remaining,
    best: Served,
    *,
    seconds: float,
    until: float,
    first: bool = False,
) -> float:
    """Solve what is left; raise its bound and offer what is found.

    Parameters
    ----------
    field, left
        The problem and what is left of it.
    best
        The best plan known; the solver starts from it.
    seconds, until
        How long, and when to stop on the monotonic clock.
    first
        Whether to stop at the first plan.

    Returns
    -------
    bound
        No plan of this branch costs less, and none less than the best known.
    """
    model = _Model(field, left)
    if not model.is_complete:
        left.bound = np.inf
        return left.bound
    solver = model.solver(first=first)
    limit = max(0.01, min(seconds, until - time.monotonic()))
    solver.setOptionValue("time_limit", limit)
    solver.run()
    status, info = solver.getModelStatus(), solver.getInfo()
    if status in _IMPOSSIBLE:
        left.bound = np.inf
        return left.bound
    if info.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible:
        model.offer(np.asarray(solver.getSolution().col_value), best)
    bound = info.mip_dual_bound
    if np.isfinite(bound):
        left.bound = max(left.bound, bound - _ROUNDING * max(1.0, abs(bound)))
    return left.bound


class _Model:
    """The integer program: pairs that are left, then sites that are."""

    def __init__(self, field: Field, left: Remaining) -> None:
        self.field, self.states = field, left.branch.states
        length = np.diff(field.start)
        site = np.repeat(np.arange(len(length)), length)
        kept = left.branch.alive & (self.states[site] != CLOSED)
        self.pairs = np.flatnonzero(kept)
        self.names = np.flatnonzero(self.states != CLOSED)
        self.point = field.point[self.pairs]
        self.column = np.searchsorted(self.names, site[self.pairs])
        self.is_complete = len(np.unique(self.point)) == len(field.people)

    def solver(self, *, first: bool) -> highspy.Highs:
        """Return the solver with the program."""
        field, count = self.field, len(self.pairs)
        lp = highspy.HighsLp()
        matrix, lower, upper = self._rows()
        lp.num_row_, lp.num_col_ = matrix.shape
        lp.col_cost_ = np.append(field.cost[self.pairs], field.opening[self.names])
        lp.col_lower_ = np.append(np.zeros(count), self.states[self.names] == OPEN)
        lp.col_upper_ = np.ones(lp.num_col_)
        lp.row_lower_, lp.row_upper_ = lower, upper
        lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
        lp.a_matrix_.start_, lp.a_matrix_.index_ = matrix.indptr, matrix.indices
        lp.a_matrix_.value_ = matrix.data
        whole = highspy.HighsVarType.kInteger
        part = whole if field.whole else highspy.HighsVarType.kContinuous
        lp.integrality_ = [part] * count + [whole] * len(self.names)
        solver = highspy.Highs()  # type: ignore[no-untyped-call]
        for option, value in (
            ("output_flag", False),
            ("threads", 1),
            ("mip_rel_gap", _GAP),
            ("mip_abs_gap", 0.0),
            ("mip_max_improving_sols", 1 if first else 2**31 - 1),
        ):
            solver.setOptionValue(option, value)
        solver.passModel(lp)
        return solver

    def _rows(self) -> tuple[sparse.csc_matrix, Floats, Floats]:
        """Return rows: points once, bands, pairs of open sites only, the count."""
        field, pairs, sites = self.field, len(self.pairs), len(self.names)
        points = len(field.people)
        own = np.arange(pairs)
        people = field.people[self.point]
        served = _block(self.point, own, np.ones(pairs), (points, pairs))
        load = _block(self.column, own, people, (sites, pairs))
        opened = _block(self.column, own, np.ones(pairs), (sites, pairs)).T
        most, least = field.most[self.names], field.least[self.names]
        blocks = [
            [served, None],
            [load, -sparse.diags(most)],
            [load, -sparse.diags(least)],
            [sparse.identity(pairs), -opened],
        ]
        lower = [np.ones(points), np.full(sites, -np.inf), np.zeros(sites)]
        upper = [np.ones(points), np.zeros(sites), np.full(sites, np.inf)]
        lower.append(np.full(pairs, -np.inf))
        upper.append(np.zeros(pairs))
        if field.wanted != ANY:
            blocks.append([None, sparse.csr_matrix(np.ones((1, sites)))])
            lower.append(np.array([float(field.wanted)]))
            upper.append(np.array([float(field.wanted)]))
        matrix = sparse.bmat(blocks, format="csc")
        return matrix, np.concatenate(lower), np.concatenate(upper)

    def offer(self, values: Floats, best: Served) -> None:
        """Offer an answer of the solver."""
        is_open = np.zeros(len(self.states), np.bool_)
        is_open[self.names[values[len(self.pairs) :] > _HALF]] = True
        if not self.field.whole:
            best.offer(is_open)
            return
        used = values[: len(self.pairs)] > _HALF
        load = np.bincount(
            self.names[self.column[used]],
            weights=self.field.people[self.point[used]],
            minlength=len(is_open),
        )
        inside = (load >= self.field.least) & (load <= self.field.most)
        counted = np.bincount(self.point[used], minlength=len(self.field.people))
        opened = is_open[self.names[self.column[used]]]
        if inside[is_open].all() and (counted == 1).all() and opened.all():
            pairs = self.pairs[used]
            best.offer_served(self.field, pairs, np.ones(len(pairs)), is_open)


def _block(
    row: Ints, column: Ints, value: Floats, shape: tuple[int, int]
) -> sparse.csr_matrix:
    return sparse.csr_matrix((value, (row, column)), shape)
