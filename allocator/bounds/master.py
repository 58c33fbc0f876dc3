"""Benders cuts in closed form, and the linear program that holds them.

Let theta_i be what demand point i costs. For any price D, opening site j saves i at
most ``max(0, D - c_ij)``, so

    theta_i >= D - sum_j max(0, D - c_ij) y_j

is valid. At a fractional y the deepest of these cuts is known without solving anything:
go through the list of i until the y of the sites passed sum to 1; D is the cost there
(the cap where they never do). Cuts of several points may be summed into one.

The duals of the cuts, as weights on their D, are Lagrangian prices; what these prove
(`allocator.bounds.lagrange.bound_at`) is no less than the value of the linear program.
Bounds are taken from there: they do not hang on the tolerances of a solver.

Sources: Duran-Mateluna, Ales and Elloumi 2023, An efficient Benders decomposition for
the p-median problem, European Journal of Operational Research 308, 84-96; Cordeau,
Furini and Ljubic 2019, Benders decomposition for very large scale partial set covering
and maximal covering location problems, European Journal of Operational Research 275,
882-896.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import highspy
import numpy as np

from allocator.bounds.compiled import compiled
from allocator.bounds.lists import (
    CLOSED,
    OPEN,
    Flags,
    Floats,
    Ints,
    Lists,
    States,
    least,
)

if TYPE_CHECKING:
    from allocator.bounds.left import Left

_VIOLATED = 1e-6  # of the cost of a group, at least: less is rounding
_AGE = 12  # solves without a dual after which a cut is dropped
_MANY_OLD = 0.3  # of the cuts are so old: then they are dropped
_MOST_ALONE = 4000  # points: each has its own cuts; more are dealt out to groups
_GROUPS = 300


@compiled
def deepest(lists: Lists, y: Floats, prices: Floats, values: Floats) -> None:
    """Write the price of the deepest cut of each point, and its value at y."""
    for i in range(len(lists.cap)):
        passed, value, price = 0.0, 0.0, lists.cap[i]
        for k in range(lists.start[i], lists.start[i + 1]):
            part = y[lists.site[k]]
            if part <= 0.0:
                continue
            if passed + part >= 1.0 - 1e-9:
                price = lists.cost[k]
                break
            passed += part
            value += part * lists.cost[k]
        prices[i] = price
        values[i] = value + (1.0 - passed) * price


class Deal(NamedTuple):
    """Which points make up each group, and which column each site has (-1 for none)."""

    members: Ints
    begin: Ints
    column: Ints


class Rows(NamedTuple):
    """Rows of cuts, to be filled in: where each begins, columns and coefficients."""

    start: Ints
    column: Ints
    value: Floats


@compiled
def _write(lists: Lists, prices: Floats, deal: Deal, wanted: Ints, rows: Rows) -> int:
    """Write the cuts of the wanted groups as rows; return how many entries they have.

    With no room for them (``rows.column`` empty) entries are only counted.
    """
    saving = np.zeros(len(deal.column))
    touched = np.empty(len(deal.column), np.int64)
    filled = 0
    for place in range(len(wanted)):
        count = _save(lists, prices, deal, wanted[place], (saving, touched))
        for j in touched[:count]:
            if len(rows.column) > 0:
                rows.column[filled] = deal.column[j]
                rows.value[filled] = saving[j]
            saving[j] = 0.0
            filled += 1
        rows.start[place + 1] = filled
    return filled


@compiled
def _save(
    lists: Lists, prices: Floats, deal: Deal, group: int, out: tuple[Floats, Ints]
) -> int:
    """Sum what each site saves a group; return how many sites save something."""
    saving, touched = out
    count = 0
    for i in deal.members[deal.begin[group] : deal.begin[group + 1]]:
        for k in range(lists.start[i], lists.start[i + 1]):
            saved = prices[i] - lists.cost[k]
            if saved <= 0.0:
                break
            j = lists.site[k]
            if deal.column[j] < 0:
                continue
            if saving[j] == 0.0:
                touched[count] = j
                count += 1
            saving[j] += saved
    return count


@dataclass(frozen=True)
class Relaxed:
    """An answer of the linear program.

    Parameters
    ----------
    value
        Its value.
    y
        How much of each site is open.
    theta
        What each group of points costs, by the cuts.
    prices
        Lagrangian prices that its duals give.
    """

    value: float
    y: Floats
    theta: Floats
    prices: Floats


class Master:
    """The linear program: sites, costs of groups of points, the room, and cuts.

    Parameters
    ----------
    left
        What is left; closed sites get no column, the first cuts are at its prices.
    until
        When to stop, on the monotonic clock.
    """

    def __init__(self, left: Left, *, until: float) -> None:
        self.lists = left.board.lists
        self.until = until
        points = len(self.lists.cap)
        self.sites = np.flatnonzero(left.board.states != CLOSED)
        column = np.full(len(left.board.states), -1, np.int64)
        column[self.sites] = np.arange(len(self.sites))
        groups = points if points <= _MOST_ALONE else _GROUPS
        self.group = np.arange(points) % groups
        counted = np.bincount(self.group, minlength=groups)
        begin = np.concatenate([[0], np.cumsum(counted)]).astype(np.int64)
        self.deal = Deal(np.argsort(self.group, kind="stable"), begin, column)
        self.lowest = least(self.lists)
        self.cuts = Cuts(np.empty(0, np.int64), np.empty(0, np.int64), [])
        self.program = _program(left, self.sites, self._summed(self.lowest))
        self._add(left.prices, np.arange(groups))

    def _summed(self, values: Floats) -> Floats:
        return np.bincount(
            self.group, weights=values, minlength=len(self.deal.begin) - 1
        )

    def solve(self, states: States) -> Relaxed | None:
        """Solve with sites as their states say; None when that did not end well."""
        kept = len(self.sites)
        here = states[self.sites]
        self.program.changeColsBounds(
            kept,
            np.arange(kept, dtype=np.int32),
            (here == OPEN).astype(np.float64),
            (here != CLOSED).astype(np.float64),
        )
        seconds = max(0.01, self.until - time.monotonic())
        spent = self.program.getRunTime()  # the limit counts from the first run
        self.program.setOptionValue("time_limit", spent + seconds)
        self.program.run()
        if self.program.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            return None
        answer = self.program.getSolution()
        values = np.asarray(answer.col_value)
        duals = np.maximum(np.asarray(answer.row_dual)[1:], 0.0)
        self.cuts = self.cuts.aged(duals)
        y = np.zeros(len(self.deal.column))
        y[self.sites] = np.clip(values[:kept], 0.0, 1.0)
        theta = values[kept:]
        return Relaxed(float(theta.sum()), y, theta, self._prices(duals))

    def separate(self, relaxed: Relaxed) -> int:
        """Add the cuts that an answer violates; return how many."""
        prices, values = np.empty(len(self.group)), np.empty(len(self.group))
        deepest(self.lists, relaxed.y, prices, values)
        cost = self._summed(values)
        slack = _VIOLATED * np.maximum(1.0, cost)
        wanted = np.flatnonzero(cost - relaxed.theta > slack)
        if len(wanted):
            self._add(prices, wanted)
        return len(wanted)

    def forget(self) -> None:
        """Drop cuts that have had no dual for long, once they are many."""
        old = self.cuts.age > _AGE
        if old.mean() < _MANY_OLD:
            return
        rows = np.flatnonzero(old).astype(np.int32) + 1
        self.program.deleteRows(len(rows), rows)
        self.cuts = self.cuts.without(old)

    def _add(self, prices: Floats, wanted: Ints) -> None:
        """Add the cuts of some groups at these prices."""
        start = np.zeros(len(wanted) + 1, np.int64)
        rows = Rows(start, np.empty(0, np.int64), np.empty(0))
        count = _write(self.lists, prices, self.deal, wanted, rows)
        rows = Rows(start, np.empty(count, np.int64), np.empty(count))
        _write(self.lists, prices, self.deal, wanted, rows)
        # Each row gets the column of its group behind its sites.
        column = np.insert(rows.column, start[1:], len(self.sites) + wanted)
        value = np.insert(rows.value, start[1:], 1.0)
        self.program.addRows(
            len(wanted),
            self._summed(prices)[wanted],
            np.full(len(wanted), np.inf),
            len(column),
            (start[:-1] + np.arange(len(wanted))).astype(np.int32),
            column.astype(np.int32),
            value,
        )
        members, begin, _ = self.deal
        parts = [prices[members[begin[g] : begin[g + 1]]] for g in wanted]
        self.cuts = self.cuts.with_more(wanted, parts)

    def _prices(self, duals: Floats) -> Floats:
        """Return the mean of the prices of the cuts, weighed by their duals."""
        groups = len(self.deal.begin) - 1
        weight = np.bincount(self.cuts.group, weights=duals, minlength=groups)
        prices = self.lowest * np.maximum(0.0, 1.0 - weight)[self.group]
        used = np.flatnonzero(duals > 0.0)
        if len(used):
            begin, group = self.deal.begin, self.cuts.group[used]
            length = begin[group + 1] - begin[group]
            parts = np.concatenate([self.cuts.prices[cut] for cut in used])
            owner = np.concatenate(
                [self.deal.members[begin[g] : begin[g + 1]] for g in group]
            )
            scale = np.repeat(duals[used] / np.maximum(weight, 1.0)[group], length)
            prices += np.bincount(owner, weights=scale * parts, minlength=len(prices))
        return np.minimum(prices, self.lists.cap)


@dataclass(frozen=True)
class Cuts:
    """The cuts in the program: group, solves since the last dual, prices of points."""

    group: Ints
    age: Ints
    prices: list[Floats]

    def with_more(self, group: Ints, prices: list[Floats]) -> Cuts:
        """Return these cuts and new ones behind them."""
        age = np.concatenate([self.age, np.zeros(len(group), np.int64)])
        return Cuts(np.concatenate([self.group, group]), age, self.prices + prices)

    def aged(self, duals: Floats) -> Cuts:
        """Return the cuts after a solve."""
        return Cuts(self.group, np.where(duals > 0.0, 0, self.age + 1), self.prices)

    def without(self, gone: Flags) -> Cuts:
        """Return the cuts that stay."""
        stay = [p for p, old in zip(self.prices, gone, strict=True) if not old]
        return Cuts(self.group[~gone], self.age[~gone], stay)


def _program(left: Left, sites: Ints, lowest: Floats) -> highspy.Highs:
    """Return the program before it has cuts: columns and the row of the room."""
    kept, groups = len(sites), len(lowest)
    program = highspy.Highs()  # type: ignore[no-untyped-call]
    for option, value in (
        ("output_flag", False),
        ("threads", 1),
        ("presolve", "off"),
        ("simplex_strategy", 1),  # dual: cuts and bounds leave a basis dual feasible
    ):
        program.setOptionValue(option, value)
    lp = highspy.HighsLp()
    lp.num_col_, lp.num_row_ = kept + groups, 1
    lp.col_cost_ = np.concatenate([np.zeros(kept), np.ones(groups)])
    lp.col_lower_ = np.concatenate([np.zeros(kept), lowest])
    lp.col_upper_ = np.concatenate([np.ones(kept), np.full(groups, np.inf)])
    lp.row_lower_, lp.row_upper_ = np.array([-np.inf]), np.array([left.board.room])
    lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    lp.a_matrix_.start_ = np.array([0, kept])
    lp.a_matrix_.index_ = np.arange(kept)
    lp.a_matrix_.value_ = left.board.need[sites]
    program.passModel(lp)
    return program
