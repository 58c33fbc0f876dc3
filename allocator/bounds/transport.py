"""Who is served where once it is known which sites are open, points split.

In words: at given open sites serve every point at the least cost within the bands.
Formula: ``min sum_ij c_ij x_ij`` with ``sum_j x_ij = 1`` and ``L_j <= sum_i d_i x_ij
<= U_j``, x >= 0: a transportation problem, solved as a linear program by HiGHS.

Source: Hitchcock 1941, The distribution of a product from several sources to numerous
localities, Journal of Mathematics and Physics 20, 224-230.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import highspy
import numpy as np

if TYPE_CHECKING:
    from allocator.bounds.catchments import Field
    from allocator.bounds.lists import Flags, Floats, Ints

_PART = 1e-9  # smaller shares are rounding
_LEAST_SECONDS = 0.5  # so that what was found as time ran out is not lost


def pairs_of(field: Field, is_open: Flags) -> tuple[Ints, Ints]:
    """Return the pairs of open sites, and the site of each."""
    length = np.diff(field.start)
    site = np.repeat(np.arange(len(length)), length)
    pairs = np.flatnonzero(is_open[site])
    return pairs, site[pairs]


def transport(field: Field, is_open: Flags, *, until: float) -> tuple[Ints, Floats]:
    """Serve everyone from the open sites.

    Parameters
    ----------
    field
        The problem.
    is_open
        Which sites are open.
    until
        When to stop, on the monotonic clock.

    Returns
    -------
    pairs, shares
        Pairs that are used and the share of the point that each serves; empty where no
        plan was found.
    """
    nothing = np.empty(0, np.int64), np.empty(0)
    pairs, site = pairs_of(field, is_open)
    point = field.point[pairs]
    points = len(field.people)
    names = np.flatnonzero(is_open)
    if len(np.unique(point)) < points:
        return nothing
    row = np.searchsorted(names, site) + points
    lp = highspy.HighsLp()
    lp.num_col_, lp.num_row_ = len(pairs), points + len(names)
    lp.col_cost_ = field.cost[pairs]
    lp.col_lower_, lp.col_upper_ = np.zeros(len(pairs)), np.ones(len(pairs))
    lp.row_lower_ = np.concatenate([np.ones(points), field.least[names]])
    lp.row_upper_ = np.concatenate([np.ones(points), field.most[names]])
    lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    lp.a_matrix_.start_ = np.arange(0, 2 * len(pairs) + 1, 2)
    lp.a_matrix_.index_ = np.stack([point, row], axis=1).ravel()
    lp.a_matrix_.value_ = np.stack(
        [np.ones(len(pairs)), field.people[point]], axis=1
    ).ravel()
    solver = highspy.Highs()  # type: ignore[no-untyped-call]
    limit = max(_LEAST_SECONDS, until - time.monotonic())
    for option, value in (
        ("output_flag", False),
        ("threads", 1),
        ("time_limit", limit),
    ):
        solver.setOptionValue(option, value)
    solver.passModel(lp)
    solver.run()
    if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        return nothing
    share = np.asarray(solver.getSolution().col_value)
    used = np.flatnonzero(share > _PART)
    return pairs[used], np.minimum(share[used], 1.0)
