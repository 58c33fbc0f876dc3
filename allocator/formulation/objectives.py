"""The objectives that a brief may order, as linear terms that are minimised."""

from __future__ import annotations

from typing import TYPE_CHECKING

from allocator.errors import Finding, InputError, Text
from allocator.formulation.coverage import county_by_zone, cover_terms
from allocator.formulation.equity import EQUITY_MAKERS
from allocator.formulation.membership import either
from allocator.formulation.objective import (
    Objective,
    Parts,
    nothing_to_measure,
    total,
)
from allocator.formulation.program import Program, RowTag, Term
from allocator.formulation.sites import change_costs, resource_prices
from allocator.formulation.tilt import elsewhere_terms
from allocator.policy import PopulationBand

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import pulp

    from allocator.formulation.serving import ServiceServing, Serving


def objectives(phases: Sequence[Parts]) -> list[Objective]:
    """Return the stages in the brief's order, after the shortfall of strive rules.

    Parameters
    ----------
    phases
        One or more, in the order of years. People and journeys are added up over
        them, the worst county and the longest trip are those of any, and cost and
        sites those when all is carried out.

    Raises
    ------
    InputError
        When an objective has nothing to measure in this brief, or cannot be measured
        exactly.
    """
    order = phases[0].program.terms.objective
    stages = shortfall_stages([parts.program for parts in phases])
    for name in order:
        if name in EQUITY_MAKERS:
            stages += EQUITY_MAKERS[name](phases)
        else:
            stages.append(_MAKERS[name](phases))
    return stages


def objective_named(name: str, phases: Sequence[Parts]) -> Objective:
    """Return one objective over the parts of the phases, in the order of years.

    Those about fairness are several stages each, and have no one expression.

    Raises
    ------
    InputError
        When it has nothing to measure, or cannot be measured exactly.
    """
    return _MAKERS[name](phases)


def shortfall_stages(programs: Sequence[Program]) -> list[Objective]:
    """Return the stages of the relative shortfalls; none where nothing is soft.

    First of what must hold, where that may be broken, then of what is striven for.
    """
    stages = []
    for name, must in (("must_shortfall", True), ("shortfall", False)):
        terms = [
            (s.variable, 1.0)
            for program in programs
            for s in program.shortfalls
            if s.must is must
        ]
        if terms:
            stages.append(Objective(name, total(terms)))
    return stages


def _uncovered_people(phases: Sequence[Parts]) -> Objective:
    """Count people out of reach over all coverage rules, plus people served nowhere."""
    terms: list[Term] = []
    constant = 0.0
    for parts in phases:
        for _, cover in parts.covers.values():
            for unit_id, people in cover.people.items():
                constant += people - cover.certain[unit_id]
                terms += [(c, -weight) for c, weight in cover.terms[unit_id]]
        for serving in parts.serving.services.values():
            constant += serving.unreachable_people()
            terms += serving.unserved_terms(None)[0]
    return Objective("uncovered_people", total(terms, constant))


def person_minutes(servings: Iterable[Serving]) -> Objective:
    """Return people x minutes of all journeys."""
    terms = [
        term
        for serving in servings
        for of_service in serving.services.values()
        for term in of_service.person_minutes()
    ]
    return Objective("person_minutes", total(terms))


def _worst_county_coverage(phases: Sequence[Parts]) -> Objective:
    """Maximise the smallest covered share of any county under any coverage rule."""
    if not any(parts.covers for parts in phases):
        raise nothing_to_measure("worst_county_coverage", "coverage")
    worst = phases[0].program.new_variable("worst_county_coverage", 0, 1)
    for parts in phases:
        program = parts.program
        for rule, _ in parts.covers.values():
            cover = cover_terms(program, rule, county_by_zone(program, rule))
            for county_id, people in cover.people.items():
                if people > 0:
                    terms = [*cover.terms[county_id], (worst, -people)]
                    program.add_row(
                        RowTag(rule.id, county_id, "worst"),
                        terms,
                        ">=",
                        -cover.certain[county_id],
                    )
    return Objective("worst_county_coverage", total([(worst, -1.0)]), sign=-1.0)


def _max_minutes(phases: Sequence[Parts]) -> Objective:
    """Minimise the longest trip of anyone served (p-center, Hakimi 1964)."""
    if not any(parts.serving.services for parts in phases):
        raise nothing_to_measure("max_minutes", "serves")
    for parts in phases:
        _refuse_split_trips(parts.program)
    longest = phases[0].program.new_variable("max_minutes", 0, None)
    for parts in phases:
        for serving in parts.serving.services.values():
            _bound_by_longest(parts.program, serving, longest)
    return Objective("max_minutes", total([(longest, 1.0)]))


def _refuse_split_trips(program: Program) -> None:
    """Stop where people may be split: a share of a longer trip would not be seen."""
    bound_services = {
        reading.service
        for rule in program.policy.rules
        for reading in rule.readings
        if isinstance(reading, PopulationBand)
    }
    capped = program.area.sites["capacity_people"].notna().any()
    if program.terms.split and (capped or bound_services):
        message = Text(
            "有人口区间或服务能力时, max_minutes 需要整点分配",
            "with a band or capacities, max_minutes needs whole demand points",
        )
        remedy = Text("在 [demand] 写 split = false", "set split = false in [demand]")
        raise InputError(
            [Finding("objective-needs-whole", message, column="order", remedy=remedy)]
        )


def _bound_by_longest(
    program: Program, serving: ServiceServing, longest: pulp.LpVariable
) -> None:
    by_demand: dict[str, list[Term]] = {}
    for share, demand_id, minutes in zip(
        serving.shares,
        serving.pairs["demand_id"],
        serving.pairs["minutes"],
        strict=True,
    ):
        by_demand.setdefault(demand_id, []).append((share, -float(minutes)))
    for position, terms in enumerate(by_demand.values()):
        tag = RowTag(f"assign:{serving.service}", str(position), "longest")
        program.add_row(tag, [(longest, 1.0), *terms], ">=", 0.0)


def spending(program: Program, which: int) -> tuple[list[Term], float]:
    """Return the cost of a plan as terms and a constant, 万元.

    All that is carried out up to and in the phase is paid for.

    Parameters
    ----------
    program
        Holdings, amounts and their prices.
    which
        0 for the capital cost, 1 for the yearly cost.
    """
    terms: list[Term] = []
    constant = 0.0
    for pair, variable in program.holds.items():
        cost = program.costs[pair][which]
        if cost == 0:
            continue
        if pair in program.holdings.today:
            constant += cost
            terms.append((variable, -cost))
        else:
            terms.append((variable, cost))
    if program.extras:
        adding = change_costs(program.area, program.holdings, adding=True)
        for pair, extra in program.extras.items():
            cost = adding[pair][which]
            there = program.holdings.counted_today.get(pair, 1) - 1
            terms += [(extra, cost), (program.holds[pair], -cost * there)]
    resources = {resource for _, resource in program.amounts}
    prices = {r: resource_prices(program.area, r) for r in sorted(resources)}
    for (site_id, resource), amount in program.amounts.items():
        cost = prices[resource][site_id][which]
        if cost:
            terms.append((amount, cost))
    return terms, constant


def spending_of_phase(program: Program, which: int) -> tuple[list[Term], float]:
    """Return what a phase itself adds to the cost: `spending` less that before it."""
    terms, constant = spending(program, which)
    if program.before is None:
        return terms, constant
    earlier, paid = spending(program.before, which)
    return [*terms, *((variable, -cost) for variable, cost in earlier)], constant - paid


def _capital_wan(phases: Sequence[Parts]) -> Objective:
    return Objective("capital_wan", total(*spending(phases[-1].program, 0)))


def _yearly_wan(phases: Sequence[Parts]) -> Objective:
    return Objective("yearly_wan", total(*spending(phases[-1].program, 1)))


def _sites(phases: Sequence[Parts]) -> Objective:
    """Count the sites that hold any service (LSCP, Toregas et al. 1971)."""
    program = phases[-1].program
    by_site: dict[str, list[pulp.LpVariable]] = {}
    for (site_id, _), variable in program.holds.items():
        by_site.setdefault(site_id, []).append(variable)
    terms: list[Term] = []
    constant = 0.0
    for site_id, variables in by_site.items():
        in_use = either(program, site_id, variables)
        if isinstance(in_use, int):
            constant += in_use
        else:
            terms.append((in_use, 1.0))
    return Objective("sites", total(terms, constant))


def _scores(phases: Sequence[Parts]) -> Objective:
    """Maximise the scores of the pairs that are newly placed."""
    program = phases[-1].program
    if not program.terms.scores:
        raise nothing_to_measure("scores", "[[score]]")
    terms = [
        (variable, -program.terms.scores[pair])
        for pair, variable in program.holds.items()
        if pair in program.terms.scores and pair not in program.holdings.today
    ]
    return Objective("scores", total(terms), sign=-1.0)


def _amounts_elsewhere(phases: Sequence[Parts]) -> Objective:
    """Minimise what is added elsewhere than where the brief wants it first."""
    program = phases[-1].program
    if not program.terms.tilts:
        raise nothing_to_measure("amounts_elsewhere", "[[tilt]]")
    return Objective("amounts_elsewhere", total(elsewhere_terms(program)))


def _changes(phases: Sequence[Parts]) -> Objective:
    """Count where a plan differs from the previous one, phase by phase.

    What counts is by how much the number that a pair holds differs, 0 being a number.
    """
    every = phases[0].program.terms.previous
    if every is None:
        raise nothing_to_measure("changes", "--previous")
    terms: list[Term] = []
    constant = 0.0
    for parts, previous in zip(phases, every, strict=True):
        program = parts.program
        constant += sum(previous.values())
        for pair, variable in program.holds.items():
            before = previous.get(pair, 0)
            extra = program.extras.get(pair)
            if not before:
                terms += [
                    (variable, 1.0),
                    *([(extra, 1.0)] if extra is not None else []),
                ]
            elif extra is None:
                terms.append((variable, -1.0))
            else:
                constant -= before
                terms.append((_apart(program, pair, before), 1.0))
    return Objective("changes", total(terms, constant))


def _apart(program: Program, pair: tuple[str, str], before: int) -> pulp.LpVariable:
    """Return how far the number held is from the number before, as a variable."""
    apart = program.new_variable(f"apart_{len(program.rows)}", 0, None)
    number = [(program.holds[pair], 1.0), (program.extras[pair], 1.0)]
    less = [(variable, -weight) for variable, weight in number]
    tag = RowTag("changes", pair[0], pair[1])
    program.add_row(tag, [(apart, 1.0), *number], ">=", float(before))
    program.add_row(tag, [(apart, 1.0), *less], ">=", -float(before))
    return apart


_MAKERS = {
    "changes": _changes,
    "uncovered_people": _uncovered_people,
    "person_minutes": lambda phases: person_minutes([p.serving for p in phases]),
    "worst_county_coverage": _worst_county_coverage,
    "max_minutes": _max_minutes,
    "capital_wan": _capital_wan,
    "yearly_wan": _yearly_wan,
    "sites": _sites,
    "scores": _scores,
    "amounts_elsewhere": _amounts_elsewhere,
}
