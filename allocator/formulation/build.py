"""Putting the integer program together, phase by phase."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Literal

from allocator.errors import Text
from allocator.formulation import (
    count_in_unit,
    coverage,
    indicator,
    population_band,
    rate,
    share_of_class,
)
from allocator.formulation.decided import add_decisions
from allocator.formulation.objective import Objective, Parts
from allocator.formulation.objectives import (
    objectives,
    person_minutes,
    shortfall_stages,
    spending,
    spending_of_phase,
)
from allocator.formulation.program import (
    Impossible,
    Program,
    Requirement,
    RowTag,
    Shortfall,
    Term,
)
from allocator.formulation.serving import Serving, add_serving
from allocator.formulation.sites import sites_named
from allocator.policy import (
    CountInUnit,
    Coverage,
    Indicator,
    PopulationBand,
    Rate,
    ShareOfClass,
)
from allocator.policy.terms import Phase
from allocator.progress import SILENT

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

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
    programs, servings
        The program and the assignments of each phase, in the order of years.
    parts
        What the objectives are made of, phase by phase.
    """

    problem: pulp.LpProblem
    stages: tuple[Objective, ...]
    last: tuple[Objective, ...]
    rows: Mapping[str, RowTag]
    shortfalls: tuple[Shortfall, ...]
    impossible: tuple[Impossible, ...]
    undecidable: Mapping[str, str]
    programs: tuple[Program, ...]
    servings: tuple[Serving, ...]
    parts: tuple[Parts, ...]

    @property
    def program(self) -> Program:
        """The program of the last phase."""
        return self.programs[-1]

    @property
    def serving(self) -> Serving:
        """The assignments of the last phase."""
        return self.servings[-1]

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
    """Build the integer program of a planning task of one phase.

    Parameters
    ----------
    area, travel, policy, terms
        What is planned, how people travel, what binds, and the task's own terms.
    relaxed, progress
        As in `build_phases`.

    Raises
    ------
    InputError
        When an objective has nothing to measure.
    """
    phase = Phase(area, policy, terms)
    return build_phases([phase], travel, relaxed=relaxed, progress=progress)


def build_phases(
    phases: Sequence[Phase],
    travel: Travel,
    *,
    relaxed: Relaxed = "nothing",
    progress: Progress = SILENT,
) -> Formulation:
    """Build one integer program for all phases of a task.

    What a phase builds, later phases keep; each pays what it adds.

    Parameters
    ----------
    phases
        In the order of years, at least one. Sites, services and prices are the same
        in all; people, figures of rules and budgets may differ.
    travel
        How people travel.
    relaxed
        With ``everything`` every binding requirement has a shortfall, and only the
        shortfalls are minimised. With ``rules`` every clause has one; those of what
        must hold come first, then what is striven for and the objectives.
    progress
        Told of each rule.

    Raises
    ------
    InputError
        When an objective has nothing to measure.
    """
    built: list[Parts] = []
    for phase in phases:
        before = built[-1].program if built else None
        program = Program(
            phase.area, travel, phase.policy, phase.terms, relaxed, before
        )
        built.append(_build_phase(program, progress))
    programs = [parts.program for parts in built]
    servings = [parts.serving for parts in built]
    stages = (
        shortfall_stages(programs) if relaxed == "everything" else objectives(built)
    )
    undecidable = {rule: why for p in programs for rule, why in p.undecidable.items()}
    return Formulation(
        problem=programs[0].problem,
        stages=tuple(stages),
        last=_last(phases[0].terms, servings),
        rows={name: tag for p in programs for name, tag in p.rows.items()},
        shortfalls=tuple(s for p in programs for s in p.shortfalls),
        impossible=tuple(i for p in programs for i in p.impossible),
        undecidable=undecidable,
        programs=tuple(programs),
        servings=tuple(servings),
        parts=tuple(built),
    )


def _build_phase(program: Program, progress: Progress) -> Parts:
    rate.add_amounts(program)
    serving = add_serving(program)
    _add_links(program)
    if program.before is not None:
        _add_nesting(program, program.before)
    parts = add_rules(program, serving, progress=progress)
    add_budget(program)
    return parts


def add_rules(
    program: Program, serving: Serving, *, progress: Progress = SILENT
) -> Parts:
    """Add the rows of every rule, and return what objectives are made of."""
    covers: dict[str, tuple[Coverage, coverage.Cover]] = {}
    for rule in program.policy.rules:
        progress.update(Text(f"建模 {rule.id}", f"building {rule.id}"))
        program.add_rule(rule, partial(_build_reading, serving, covers))
    return Parts(program, covers, serving)


def _last(terms: Terms, servings: Sequence[Serving]) -> tuple[Objective, ...]:
    """Return journeys, where people are assigned and the brief weighs journeys not."""
    assigned = any(serving.services for serving in servings)
    if not assigned or "person_minutes" in terms.objective:
        return ()
    return (person_minutes(servings),)


def _add_nesting(program: Program, before: Program) -> None:
    """Keep what the phase before built, and leave closed what it closed."""
    for pair, variable in program.holds.items():
        if program.stays(pair):
            continue
        sense: Literal["<=", ">="] = "<=" if pair in program.holdings.today else ">="
        terms = [(variable, 1.0), (before.holds[pair], -1.0)]
        program.add_row(RowTag("link", pair[0], f"{pair[1]}_kept"), terms, sense, 0.0)
    for pair in program.extras:
        # What was added stays; the number of today may be given up where none was.
        now, then = program.news(pair)[0], before.news(pair)[0]
        if pair not in program.holdings.today:
            now, then = [(program.extras[pair], 1.0)], [(before.extras[pair], 1.0)]
        tag = RowTag("link", pair[0], f"{pair[1]}_kept")
        terms = [*now, *((variable, -weight) for variable, weight in then)]
        program.add_row(tag, terms, ">=", 0.0)
    for pair, variable in program.amounts.items():
        terms = [(variable, 1.0), (before.amounts[pair], -1.0)]
        tag = RowTag("link", pair[0], f"{pair[1]}_kept")
        program.add_row(tag, terms, ">=", 0.0)


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
    for pair in program.holds:
        new, most = program.news(pair)
        if most > 0:
            _link(program, pair, [(v, -weight) for v, weight in new], most)
    add_decisions(program)
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


def _link(
    program: Program, pair: tuple[str, str], less_new: list[Term], most: float
) -> None:
    """Allow what is new of a pair only beside a host and all that it requires."""
    site_id, name = pair
    service = program.policy.services[name]
    tag = RowTag("link", site_id, name)
    if pair not in program.holdings.by_class and service.hosts:
        named = site_id in sites_named(service.hosts, program.area)
        makers = program.holdings.once_built.get(pair, frozenset())
        beside = makers | (set(service.hosts.service) if named else set())
        hosts = [
            (program.holds[site_id, host], most)
            for host in sorted(beside)
            if (site_id, host) in program.holds
        ]
        program.add_row(tag, [*hosts, *less_new], ">=", 0.0)
    for needed in service.requires:
        other = program.holds.get((site_id, needed))
        there = [] if other is None else [(other, most)]
        program.add_row(tag, [*there, *less_new], ">=", 0.0)


def add_budget(program: Program) -> None:
    """Limit what may be spent by the budgets of the phase."""
    terms = program.terms
    limits = (
        ("capital_wan", terms.capital_wan, spending_of_phase(program, 0)),
        ("yearly_wan", terms.yearly_wan, spending(program, 1)),
        ("total_capital_wan", terms.total_capital_wan, spending(program, 0)),
    )
    for name, limit, (spent, constant) in limits:
        if limit is None:
            continue
        requirement = Requirement("", name, tuple(spent), "<=", limit - constant, limit)
        program.require("budget", requirement, soft=program.softens("budget"))
