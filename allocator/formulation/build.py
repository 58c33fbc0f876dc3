"""Putting the integer program together, and reading a plan out of its solution."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import pandas as pd

from allocator.errors import Text
from allocator.formulation import (
    count_in_unit,
    coverage,
    indicator,
    population_band,
    rate,
    share_of_class,
)
from allocator.formulation.objectives import (
    Objective,
    Parts,
    objectives,
    person_minutes,
    shortfall_stages,
    spending,
)
from allocator.formulation.program import (
    Impossible,
    Program,
    Requirement,
    RowTag,
    Shortfall,
)
from allocator.formulation.serving import Serving, add_serving
from allocator.formulation.sites import change_costs, resource_prices
from allocator.plan import (
    ALLOCATION_COLUMNS,
    ASSIGNMENT_COLUMNS,
    COUNTED_COLUMNS,
    Plan,
    empty_frame,
)
from allocator.policy import (
    CountInUnit,
    Coverage,
    Indicator,
    PopulationBand,
    Rate,
    ShareOfClass,
)
from allocator.progress import SILENT

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import pulp

    from allocator.area import PlanningArea
    from allocator.formulation.program import Relaxed
    from allocator.policy import Policy, Rule
    from allocator.policy.terms import Terms
    from allocator.progress import Progress
    from allocator.travel import Travel


@dataclass(frozen=True)
class Formulation:
    """A built integer program and the way back from its variables to a plan.

    Parameters
    ----------
    problem
        The program, without an objective.
    stages
        What is minimised, most important first.
    last
        What is minimised after that among the plans that are equally good, without
        being reported: journeys, so that people go to the nearest holder.
    rows
        What every row stands for, by row name.
    shortfalls
        The soft requirements.
    impossible
        Binding requirements that no plan can meet, seen without solving.
    undecidable
        Rules that bind nothing because a column is missing: rule id -> column.
    """

    problem: pulp.LpProblem
    stages: tuple[Objective, ...]
    last: tuple[Objective, ...]
    rows: Mapping[str, RowTag]
    shortfalls: tuple[Shortfall, ...]
    impossible: tuple[Impossible, ...]
    undecidable: Mapping[str, str]
    program: Program
    serving: Serving

    @property
    def size(self) -> dict[str, int]:
        """Rows, columns and integer columns of the program."""
        variables = self.problem.variables()
        return {
            "rows": self.problem.numConstraints(),
            "columns": len(variables),
            "integers": sum(v.cat == "Integer" for v in variables),
        }


def build(
    area: PlanningArea,
    travel: Travel,
    policy: Policy,
    terms: Terms,
    *,
    relaxed: Relaxed = "nothing",
    progress: Progress = SILENT,
) -> Formulation:
    """Build the integer program of a planning task.

    Parameters
    ----------
    area, travel, policy, terms
        What is planned, how people travel, what binds, and the task's own terms.
    relaxed
        Give every binding requirement, or the budget alone, a shortfall, and minimise
        the shortfalls only.
    progress
        Told of each rule.

    Raises
    ------
    InputError
        When an objective has nothing to measure.
    """
    program = Program(area, travel, policy, terms, relaxed=relaxed)
    rate.add_amounts(program)
    serving = add_serving(program)
    _add_links(program)
    covers: dict[str, tuple[Coverage, coverage.Cover]] = {}
    for rule in policy.rules:
        progress.update(Text(f"建模 {rule.id}", f"building {rule.id}"))
        program.add_rule(rule, partial(_build_reading, serving, covers))
    _add_budget(program)
    stages = (
        shortfall_stages(program)
        if relaxed != "nothing"
        else objectives(Parts(program, covers, serving))
    )
    return Formulation(
        program.problem,
        tuple(stages),
        _last(terms, serving),
        program.rows,
        tuple(program.shortfalls),
        tuple(program.impossible),
        program.undecidable,
        program,
        serving,
    )


def _last(terms: Terms, serving: Serving) -> tuple[Objective, ...]:
    """Return journeys, where people are assigned and the brief weighs journeys not."""
    if not serving.services or "person_minutes" in terms.objective:
        return ()
    return (person_minutes(serving),)


# The builders that need nothing but the program; the other two are in _build_reading.
BUILDERS: Mapping[type[Rule], Callable[..., list[Requirement]]] = {
    CountInUnit: count_in_unit.build,
    ShareOfClass: share_of_class.build,
    PopulationBand: population_band.build,
    Rate: rate.build,
    Coverage: coverage.build,
    Indicator: indicator.build,
}


def _build_reading(
    serving: Serving,
    covers: dict[str, tuple[Coverage, coverage.Cover]],
    program: Program,
    reading: Rule,
) -> list[Requirement]:
    """Turn one reading of a rule into requirements."""
    if isinstance(reading, PopulationBand):
        return population_band.build(program, reading, serving)
    if isinstance(reading, Coverage):
        zones = coverage.unit_by_zone(program, reading)
        cover = coverage.cover_terms(program, reading, zones)
        covers.setdefault(reading.id, (reading, cover))
        return coverage.build(reading, cover)
    return BUILDERS[type(reading)](program, reading)


def _add_links(program: Program) -> None:
    """Tie new holdings to what makes them possible, and honour locks."""
    holdings = program.holdings
    for (site_id, name), variable in program.holds.items():
        if (site_id, name) in holdings.today:
            continue
        service = program.policy.services[name]
        tag = RowTag("link", site_id, name)
        if (site_id, name) not in holdings.by_class and service.hosts:
            hosts = [
                (program.holds[site_id, host], 1.0)
                for host in service.hosts.service
                if (site_id, host) in program.holds
            ]
            program.add_row(tag, [*hosts, (variable, -1.0)], ">=", 0.0)
        for needed in service.requires:
            other = program.holds[site_id, needed]
            program.add_row(tag, [(other, 1.0), (variable, -1.0)], ">=", 0.0)
    for site_id in sorted(program.locked_in):
        new = [
            (variable, 1.0)
            for (site, name), variable in program.holds.items()
            if site == site_id
        ]
        program.require(
            "locked",
            Requirement(site_id, "in", tuple(new), ">=", 1.0, 1.0),
            soft=program.softens("rule"),
        )


def _add_budget(program: Program) -> None:
    for which, name in enumerate(("capital_wan", "yearly_wan")):
        limit = getattr(program.terms, name)
        if limit is None:
            continue
        terms, constant = spending(program, which)
        requirement = Requirement("", name, tuple(terms), "<=", limit - constant, limit)
        program.require("budget", requirement, soft=program.softens("budget"))


def read_plan(formulation: Formulation) -> Plan:
    """Read the plan out of the variables' values.

    A pair is held when its variable is above 0.5. Shares below one millionth are the
    solver's rounding and are dropped; the rest of a demand point is scaled to whole.
    """
    program = formulation.program
    held = {p for p, variable in program.holds.items() if _is_on(variable)}
    phase = program.terms.year
    placements = []
    adding = change_costs(program.area, program.holdings, adding=True)
    for pair, variable in program.holds.items():
        stays = _is_on(variable)
        before = int(pair in program.holdings.today)
        before = program.holdings.counted_today.get(pair, before)
        extra = program.extras.get(pair)
        after = (
            1 + (0 if extra is None else round(extra.varValue or 0.0)) if stays else 0
        )
        if before:
            action = "keep" if stays else "close"
            cost = (0.0, 0.0) if stays else program.costs[pair]
            placements.append((*pair, action, phase, *cost, before))
        if after > before:
            new, more = (
                "upgrade" if pair[0] in program.existing else "build",
                after - before,
            )
            capital, yearly = adding[pair]
            placements.append((*pair, new, phase, more * capital, more * yearly, more))
    frame = (
        pd.DataFrame(placements, columns=list(COUNTED_COLUMNS))
        if placements
        else empty_frame(COUNTED_COLUMNS)
    )
    return Plan(frame, _assignments(formulation, held), _allocations(program))


_SMALLEST_SHARE = 1e-6
_ON = 0.5  # a 0/1 variable above this is 1: solvers return 0.9999999


def _is_on(variable: pulp.LpVariable) -> bool:
    return (variable.varValue or 0.0) > _ON


def _assignments(formulation: Formulation, held: set[tuple[str, str]]) -> pd.DataFrame:
    frames = []
    for name, serving in sorted(formulation.serving.services.items()):
        share = pd.Series([x.varValue or 0.0 for x in serving.shares], dtype=float)
        rows = serving.pairs.assign(share=share, service=name)
        open_here = {site_id for site_id, service in held if service == name}
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


def _allocations(program: Program) -> pd.DataFrame:
    rows = []
    for (site_id, resource), variable in sorted(
        program.amounts.items(), key=lambda item: (item[0][1], item[0][0])
    ):
        amount = variable.varValue or 0.0
        if program.policy.resources[resource].whole:
            amount = float(round(amount))
        if amount > _SMALLEST_SHARE:
            capital, yearly = resource_prices(program.area, resource)[site_id]
            rows.append((site_id, resource, amount, amount * capital, amount * yearly))
    if not rows:
        return empty_frame(ALLOCATION_COLUMNS)
    return pd.DataFrame(rows, columns=list(ALLOCATION_COLUMNS))
