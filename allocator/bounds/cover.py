"""Location set covering: the fewest, or cheapest, sites that reach everyone.

In words: open as few sites as can be so that everyone is within reach of one. Formula:
``min sum_j f_j y_j`` with ``sum_{j reaches i} y_j >= 1``, y in {0, 1}.

Demand points that see the same sites are one row; rows and sites that others dominate
are dropped; HiGHS solves the rest, from a greedy cover that loses what it can spare.

Sources: Toregas, Swain, ReVelle and Bergman 1971, The location of emergency service
facilities, Operations Research 19, 1363-1373; Toregas and ReVelle 1973, Binary logic
solutions to a class of location problem, Geographical Analysis 5, 145-155 (dominance).
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import highspy
import numpy as np

from allocator.bounds.dominance import (
    turned_reach,
    undominated_groups,
    undominated_sites,
)
from allocator.bounds.lists import CLOSED, OPEN, Flags, Floats, Ints, States
from allocator.bounds.reach import Reach, grouped, reach_of
from allocator.bounds.rooms import states_of

if TYPE_CHECKING:
    from collections.abc import Iterable

_WHOLE = 1e-6
_HALF = 0.5


@dataclass(frozen=True)
class Cover:
    """What was found and proved.

    Parameters
    ----------
    sites
        Positions of the open sites, sorted.
    cost
        How many they are, or what they cost.
    bound
        No cover costs less.
    optimal
        Whether cost and bound meet, or are within the gap that was asked for.
    rows
        Groups of demand points that were left to HiGHS.
    seconds
        Wall-clock.
    """

    sites: Ints
    cost: float
    bound: float
    optimal: bool
    rows: int
    seconds: float


def solve_cover(
    reach: Reach | Flags,
    *,
    sites: int | None = None,
    prices: Floats | None = None,
    fixed: Iterable[int] = (),
    forbidden: Iterable[int] = (),
    seconds: float = 300.0,
    gap: float = 0.0,
) -> Cover:
    """Solve a location set covering problem.

    Parameters
    ----------
    reach
        The sites within reach of each demand point, or a table of flags.
    sites
        How many sites there are; needed with a `Reach`.
    prices
        Of each site, finite, > 0; 1 each where not given.
    fixed, forbidden, seconds, gap
        As in `allocator.bounds.median.solve_median`.

    Raises
    ------
    ValueError
        When a number is out of its range, or someone is within reach of no site that
        may open.
    """
    started = time.monotonic()
    if not isinstance(reach, Reach):
        sites = reach.shape[1]
        reach = reach_of(reach)
    if sites is None:
        raise ValueError("say how many sites there are")
    values = np.ones(sites) if prices is None else np.asarray(prices, np.float64)
    if len(values) != sites or not np.isfinite(values).all() or (values <= 0).any():
        raise ValueError("prices must be given for each site, finite and above 0")
    states = states_of(sites, fixed, forbidden)
    rows, lost = rows_of(reach, states)
    if lost:
        message = f"{lost} demand points are within reach of no site that may open"
        raise ValueError(message)
    is_open, bound = _solved(rows, values, states, seconds, gap)
    cost = float(values[is_open].sum())
    if (values == np.floor(values)).all():
        bound = float(np.ceil(bound - _WHOLE))
    bound = min(bound, cost)
    return Cover(
        np.flatnonzero(is_open),
        cost,
        bound,
        bound >= cost * (1.0 - max(gap, 1e-9)),
        len(rows.start) - 1,
        time.monotonic() - started,
    )


def rows_of(reach: Reach, states: States) -> tuple[Reach, int]:
    """Return the rows that fixed sites leave, and how many points no site reaches."""
    points = len(reach.start) - 1
    sites = len(states)
    groups = grouped(reach, np.ones(points), states != CLOSED)
    lost = points - int(groups.people.sum())
    made = groups.reach
    owner = np.repeat(np.arange(len(groups.people)), np.diff(made.start))
    is_met = np.zeros(len(groups.people), np.bool_)
    is_met[owner[(states == OPEN)[made.site]]] = True
    return picked(made, ~is_met, np.ones(sites, np.bool_)), lost


def picked(reach: Reach, rows: Flags, keep: Flags) -> Reach:
    """Return some rows, among some sites."""
    owner = np.repeat(np.arange(len(rows)), np.diff(reach.start))
    kept = rows[owner] & keep[reach.site]
    length = np.bincount(owner[kept], minlength=len(rows))[rows]
    start = np.zeros(len(length) + 1, np.int64)
    np.cumsum(length, out=start[1:])
    return Reach(start, reach.site[kept])


def _solved(
    rows: Reach, prices: Floats, states: States, seconds: float, gap: float
) -> tuple[Flags, float]:
    """Return a cover, fixed sites included, and a bound on what it costs."""
    fixed: Flags = states == OPEN
    spent = float(prices[fixed].sum())
    if len(rows.start) == 1:
        return fixed, spent
    keep = undominated_sites(rows, prices)
    rows = picked(rows, np.ones(len(rows.start) - 1, np.bool_), keep)
    rows = picked(rows, undominated_groups(rows), np.ones(len(keep), np.bool_))
    greedy = greedy_cover(rows, prices)
    found, bound = _by_highs(rows, prices, greedy, seconds, gap)
    return fixed | found, spent + bound


def greedy_cover(rows: Reach, prices: Floats) -> Flags:
    """Return the cover that takes what reaches the most rows for its price.

    What the others cover without it is given up again, dearest first.
    """
    sites = len(prices)
    groups = turned_reach(rows, sites)
    owner = np.repeat(np.arange(len(rows.start) - 1), np.diff(rows.start))
    gain = np.bincount(rows.site, minlength=sites).astype(np.float64)
    covered = np.zeros(len(rows.start) - 1, np.int64)
    is_open = np.zeros(sites, np.bool_)
    while (covered == 0).any():
        j = int(np.argmax(gain / prices))
        is_open[j] = True
        reached = groups.site[groups.start[j] : groups.start[j + 1]]
        fresh = np.zeros(len(covered), np.bool_)
        fresh[reached] = covered[reached] == 0
        covered[reached] += 1
        gain -= np.bincount(rows.site[fresh[owner]], minlength=sites)
    for j in np.flatnonzero(is_open)[np.argsort(-prices[is_open], kind="stable")]:
        reached = groups.site[groups.start[j] : groups.start[j + 1]]
        if (covered[reached] > 1).all():
            covered[reached] -= 1
            is_open[j] = False
    return is_open


def _by_highs(
    rows: Reach, prices: Floats, known: Flags, seconds: float, gap: float
) -> tuple[Flags, float]:
    """Return the best cover and a bound, never worse than the one that is known."""
    sites, count = len(prices), len(rows.start) - 1
    lp = highspy.HighsLp()
    lp.num_col_, lp.num_row_ = sites, count
    lp.col_cost_ = prices
    lp.col_lower_, lp.col_upper_ = np.zeros(sites), np.ones(sites)
    lp.row_lower_, lp.row_upper_ = np.ones(count), np.full(count, np.inf)
    lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    lp.a_matrix_.start_, lp.a_matrix_.index_ = rows.start, rows.site
    lp.a_matrix_.value_ = np.ones(len(rows.site))
    lp.integrality_ = [highspy.HighsVarType.kInteger] * sites
    solver = highspy.Highs()  # type: ignore[no-untyped-call]
    for option, value in (
        ("output_flag", False),
        ("time_limit", max(0.01, seconds)),
        ("mip_rel_gap", gap),
        ("mip_abs_gap", 1e-9),
    ):
        solver.setOptionValue(option, value)
    solver.passModel(lp)
    start = highspy.HighsSolution()
    start.col_value = known.astype(np.float64).tolist()
    solver.setSolution(start)
    solver.run()
    info = solver.getInfo()
    bound = max(float(info.mip_dual_bound), float(prices.min()))
    values = np.asarray(solver.getSolution().col_value)
    found = values > _HALF if len(values) == sites else known
    if not _covers(rows, found) or prices[found].sum() > prices[known].sum():
        found = known
    return found, min(bound, float(prices[found].sum()))


def _covers(rows: Reach, is_open: Flags) -> bool:
    hits = np.add.reduceat(is_open[rows.site].astype(np.int64), rows.start[:-1])
    return bool((hits > 0).all())
