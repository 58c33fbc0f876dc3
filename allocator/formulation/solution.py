"""Reading plans out of the values of a solved program, one for every phase."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from allocator.formulation.sites import change_costs, resource_prices
from allocator.plan import (
    ALLOCATION_COLUMNS,
    ASSIGNMENT_COLUMNS,
    COUNTED_COLUMNS,
    Plan,
    empty_frame,
)

if TYPE_CHECKING:
    import pulp

    from allocator.formulation.build import Formulation
    from allocator.formulation.program import Program
    from allocator.formulation.serving import Serving

type Pair = tuple[str, str]
type Row = tuple[object, ...]

_SMALLEST_SHARE = 1e-6
_ON = 0.5  # a 0/1 variable above this is 1: solvers return 0.9999999


def read_plan(formulation: Formulation) -> Plan:
    """Read the plan of the last phase, which holds what all phases place."""
    return read_plans(formulation)[-1]


def read_plans(formulation: Formulation) -> tuple[Plan, ...]:
    """Read the plan of every phase: all that is placed up to and in it.

    A pair is held when its variable is above 0.5. Shares below one millionth are the
    solver's rounding and are dropped; the rest of a demand point is scaled to whole.
    Each row carries the year in which it is built, added or closed.
    """
    plans = []
    added: list[Row] = []
    closed: dict[Pair, Row] = {}
    bought: list[Row] = []
    counts = _counts_today(formulation.programs[0])
    amounts: dict[Pair, float] = {}
    first_year = formulation.programs[0].terms.year
    for program, serving in zip(
        formulation.programs, formulation.servings, strict=True
    ):
        adding = change_costs(program.area, program.holdings, adding=True)
        year = program.terms.year
        for pair in program.holds:
            before, now = counts.get(pair, 0), _count(program, pair)
            more = now - before
            if more > 0:
                new = "upgrade" if pair[0] in program.existing else "build"
                capital, yearly = adding[pair]
                added.append((*pair, new, year, more * capital, more * yearly, more))
            elif before and not now:
                closed[pair] = (*pair, "close", year, *program.costs[pair], before)
            counts[pair] = now
        bought += _bought(program, amounts)
        kept = [
            (*pair, "keep", first_year, 0.0, 0.0, count)
            for pair, count in _counts_today(program).items()
            if pair not in closed
        ]
        rows = sorted([*kept, *closed.values(), *added], key=lambda row: row[:2])
        placements = (
            pd.DataFrame(rows, columns=list(COUNTED_COLUMNS))
            if rows
            else empty_frame(COUNTED_COLUMNS)
        )
        assignments = _assignments(program, serving)
        plans.append(Plan(placements, assignments, _allocations(bought)))
    return tuple(plans)


def read_gaps(formulation: Formulation) -> tuple[frozenset[tuple[str, str]], ...]:
    """Return what the plan of each phase breaks: (rule id, unit id) of what binds.

    Empty unless the program was built with shortfalls for what must hold.
    """
    return tuple(
        frozenset(
            (short.rule_id, short.unit_id)
            for short in program.shortfalls
            if short.must and short.share > _SMALLEST_SHARE
        )
        for program in formulation.programs
    )


def _counts_today(program: Program) -> dict[Pair, int]:
    counted = program.holdings.counted_today
    return {pair: counted.get(pair, 1) for pair in program.holdings.today}


def _is_on(variable: pulp.LpVariable) -> bool:
    return (variable.varValue or 0.0) > _ON


def _count(program: Program, pair: Pair) -> int:
    if not _is_on(program.holds[pair]):
        return 0
    extra = program.extras.get(pair)
    return 1 + (0 if extra is None else round(extra.varValue or 0.0))


def _assignments(program: Program, of_services: Serving) -> pd.DataFrame:
    frames = []
    for name, serving in sorted(of_services.services.items()):
        share = pd.Series([x.varValue or 0.0 for x in serving.shares], dtype=float)
        rows = serving.pairs.assign(share=share, service=name)
        open_here = {
            site_id
            for (site_id, service), variable in program.holds.items()
            if service == name and _is_on(variable)
        }
        rows = rows[(rows["share"] > _SMALLEST_SHARE) & rows["site_id"].isin(open_here)]
        left_out = pd.Series(
            {i: u.varValue or 0.0 for i, u in serving.unserved.items()}, dtype=float
        ).reindex(rows["demand_id"].unique(), fill_value=0.0)
        total = rows.groupby("demand_id")["share"].sum()
        whole = (1.0 - left_out.where(left_out > _SMALLEST_SHARE, 0.0)) / total
        rows = rows.assign(
            people=rows["people"] * rows["share"] * rows["demand_id"].map(whole)
        )
        frames.append(rows.sort_values(["demand_id", "site_id"]))
    frames = [frame for frame in frames if len(frame)]
    if not frames:
        return empty_frame(ASSIGNMENT_COLUMNS)
    return pd.concat(frames, ignore_index=True)[list(ASSIGNMENT_COLUMNS)]


def _bought(program: Program, before: dict[Pair, float]) -> list[Row]:
    """Return what a phase adds to the amounts before it, and bring those up to date."""
    rows: list[Row] = []
    resources = {resource for _, resource in program.amounts}
    prices = {r: resource_prices(program.area, r) for r in resources}
    for (site_id, resource), variable in program.amounts.items():
        amount = variable.varValue or 0.0
        if program.policy.resources[resource].whole:
            amount = float(round(amount))
        more = amount - before.get((site_id, resource), 0.0)
        before[site_id, resource] = amount
        if more > _SMALLEST_SHARE:
            capital, yearly = prices[resource][site_id]
            costs = (more * capital, more * yearly)
            rows.append((site_id, resource, more, *costs, program.terms.year))
    return rows


def _allocations(rows: list[Row]) -> pd.DataFrame:
    if not rows:
        return empty_frame(ALLOCATION_COLUMNS)
    frame = pd.DataFrame(rows, columns=list(ALLOCATION_COLUMNS))
    return frame.sort_values(["resource", "site_id", "phase"], ignore_index=True)
