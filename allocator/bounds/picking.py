"""Choose among the columns met: a plan from packings, by HiGHS.

Formula: as in `allocator.bounds.partition`, with whole columns; where no band has a
lower end a point may be in several, and is served by the nearest. The answer is a plan,
no bound: columns that were never met are not in it.

Source: Barnhart et al. 1998, Branch-and-price: column generation for solving huge
integer programs, Operations Research 46, 316-329 (restricted master as a heuristic).
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import highspy
import numpy as np

from allocator.bounds.catchments import ANY

if TYPE_CHECKING:
    from allocator.bounds.ascent import Remaining
    from allocator.bounds.partition import Pool
    from allocator.bounds.served import Served

_MOST = 20_000  # columns that are chosen among


def pick(
    pool: Pool, left: Remaining, best: Served, *, seconds: float, until: float
) -> None:
    """Offer the best plan whose catchments are columns of a pool.

    Parameters
    ----------
    pool
        The columns.
    left
        The problem; columns that its prices rule out are not tried.
    best
        The best plan known; gains the offer. Nothing happens where points are split.
    seconds, until
        How long, and when to stop on the monotonic clock.
    """
    field = pool.field
    if not field.whole:
        return
    names = np.flatnonzero(pool.allowed(left.branch))
    reduced = np.array(
        [pool.cost[k] - left.prices[field.point[pool.pairs[k]]].sum() for k in names]
    )
    names = names[np.argsort(reduced, kind="stable")[:_MOST]]
    points, sites = len(field.people), len(field.opening)
    index = [
        np.append(field.point[pool.pairs[k]], [points + pool.site[k], points + sites])
        for k in names
    ]
    solver = highspy.Highs()  # type: ignore[no-untyped-call]
    limit = max(0.01, min(seconds, until - time.monotonic()))
    for option, value in (
        ("output_flag", False),
        ("threads", 1),
        ("time_limit", limit),
        ("mip_rel_gap", 0.0),
    ):
        solver.setOptionValue(option, value)
    lp = highspy.HighsLp()
    lp.num_col_, lp.num_row_ = len(names), points + sites + 1
    lp.col_cost_ = np.array([pool.cost[k] for k in names])
    lp.col_lower_, lp.col_upper_ = np.zeros(len(names)), np.ones(len(names))
    count = (0.0, np.inf) if field.wanted == ANY else (field.wanted, field.wanted)
    lp.row_lower_ = np.concatenate(
        [np.ones(points), (left.branch.states == 1).astype(np.float64), [count[0]]]
    )
    once = 1.0 if field.least.any() else np.inf
    lp.row_upper_ = np.concatenate([np.full(points, once), np.ones(sites), [count[1]]])
    lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    lp.a_matrix_.start_ = np.cumsum([0, *(len(part) for part in index)])
    lp.a_matrix_.index_ = np.concatenate(index) if index else np.empty(0, np.int64)
    lp.a_matrix_.value_ = np.ones(len(lp.a_matrix_.index_))
    lp.integrality_ = [highspy.HighsVarType.kInteger] * len(names)
    solver.passModel(lp)
    solver.run()
    answer = np.asarray(solver.getSolution().col_value)
    status = solver.getInfo().primal_solution_status
    if status != highspy.SolutionStatus.kSolutionStatusFeasible or not len(answer):
        return
    chosen = names[answer > 0.5]  # noqa: PLR2004 (whole numbers, up to rounding)
    site = np.full(points, -1, np.int64)
    cost = np.full(points, np.inf)
    is_open = np.zeros(sites, np.bool_)
    for k in chosen:
        is_open[pool.site[k]] = True
        pairs = pool.pairs[k]
        nearer = pairs[field.cost[pairs] < cost[field.point[pairs]]]
        cost[field.point[nearer]] = field.cost[nearer]
        site[field.point[nearer]] = pool.site[k]
    best.offer_sites(site, is_open)
