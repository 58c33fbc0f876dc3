"""The same placements held against other figures, in one integer program.

A planner decides before it is known how many people there will be, how fast they
travel, what things cost, or which facility fails. Placements and amounts are decided
once (the first stage); who goes where is decided afterwards, for each set of figures by
itself (the recourse). A copy of what people and money depend on is therefore built for
each set of figures, and all copies share the holdings.

Source: the deterministic equivalent of a two-stage program, Birge and Louveaux 2011,
Introduction to Stochastic Programming, section 2.4.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from allocator.formulation.build import add_budget, add_rules
from allocator.formulation.objective import Parts
from allocator.formulation.program import Program, RowTag
from allocator.formulation.serving import ServiceServing, Serving, add_serving
from allocator.policy import Coverage, PopulationBand, Priority
from allocator.progress import SILENT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from allocator.area import PlanningArea
    from allocator.formulation.build import Formulation
    from allocator.policy import Policy, Rule
    from allocator.policy.terms import Phase, Terms
    from allocator.progress import Progress
    from allocator.travel import Travel

# Objectives that are about placements alone: the same under all figures.
OF_PLACEMENTS = frozenset({"sites", "scores", "amounts_elsewhere"})
OF_MONEY = frozenset({"capital_wan", "yearly_wan"})


def add_people(
    formulation: Formulation,
    phases: Sequence[Phase],
    travel: Travel,
    *,
    label: str,
    binding: bool = False,
    without: frozenset[tuple[str, str]] = frozenset(),
    progress: Progress = SILENT,
) -> tuple[Parts, ...]:
    """Add reach and assignments under other figures to the program of a task.

    Parameters
    ----------
    formulation
        The task as it is planned; its problem grows.
    phases, travel
        The same task under other figures: sites, services and the order of years are
        the same.
    label
        What the names of the copy begin with; unique in the problem.
    binding
        Whether rules must hold under these figures too. If not, nothing is asked for;
        capacities bind in any case, bands do not.
    without
        Pairs out of service: nobody is served there, whatever is placed.
    progress
        Told of each rule.
    """
    built: list[Parts] = []
    for phase, nominal in zip(phases, formulation.programs, strict=True):
        program = Program(
            phase.area,
            travel,
            phase.policy if binding else _without_requirements(phase.policy),
            phase.terms if binding else _weighing_everyone(phase),
            beside=nominal,
            label=label,
            without=without,
        )
        built.append(add_rules(program, add_serving(program), progress=progress))
    return tuple(built)


def add_prices(
    formulation: Formulation,
    phases: Sequence[Phase],
    travel: Travel,
    *,
    label: str,
    binding: bool = False,
) -> tuple[Parts, ...]:
    """Price the placements of a task anew, phase by phase; nothing is out of service.

    Parameters
    ----------
    formulation, phases, travel, label
        As in `add_people`.
    binding
        Whether the budgets must hold at these prices too.
    """
    built: list[Parts] = []
    for phase, nominal in zip(phases, formulation.programs, strict=True):
        program = Program(
            phase.area,
            travel,
            phase.policy,
            phase.terms,
            before=built[-1].program if built else None,
            beside=nominal,
            label=label,
        )
        if binding:
            add_budget(program)
        built.append(Parts(program, {}, Serving({})))
    return tuple(built)


def _weighing_everyone(phase: Phase) -> Terms:
    """Return the terms such that people who are not served are no breach."""
    order = phase.terms.objective
    if "uncovered_people" in order:
        return phase.terms
    return replace(phase.terms, objective=("uncovered_people", *order))


def _without_requirements(policy: Policy) -> Policy:
    """Return the policy with reach weighed, and nothing asked for."""
    rules = [weighed for rule in policy.rules if (weighed := _weighed(rule))]
    return replace(policy, rules=tuple(rules))


def _weighed(rule: Rule) -> Rule | None:
    """Return the readings of a rule that count people in reach, without a share."""
    readings = [
        replace(reading, id=rule.id, priority=rule.priority, share=None, any_of=())
        for reading in rule.readings
        if isinstance(reading, Coverage)
    ]
    return replace(readings[0], any_of=tuple(readings[1:])) if readings else None


def add_certain_service(program: Program, serving: Serving) -> None:
    """Leave nobody out who has a holder, where neither band nor capacity binds.

    Formula: u[i, k] + h[s, k] <= 1 for every site s that i may go to. Of several
    copies one is the worst; without these rows the others could leave people out to
    save journeys, which nobody would.
    """
    bound = bound_services(program.area, program.policy)
    for of_service in serving.services.values():
        if of_service.service not in bound:
            _serve_for_certain(program, of_service)


def _serve_for_certain(program: Program, serving: ServiceServing) -> None:
    position = {i: n for n, i in enumerate(program.area.demand.index)}
    for demand_id, site_id in zip(
        serving.pairs["demand_id"], serving.pairs["site_id"], strict=True
    ):
        if demand_id not in serving.unserved:
            continue
        tag = RowTag(
            f"assign:{serving.service}", site_id, f"certain_{position[demand_id]}"
        )
        holds = program.holds[site_id, serving.service]
        terms = [(serving.unserved[demand_id], 1.0), (holds, 1.0)]
        program.add_row(tag, terms, "<=", 1.0)


def bound_services(area: PlanningArea, policy: Policy) -> frozenset[str]:
    """Return the services whose people cannot simply go to the nearest holder.

    Those under a band that binds or is striven for, and all where a site has a stated
    capacity.
    """
    served = {s.id for s in policy.services.values() if s.serves is not None}
    if area.sites["capacity_people"].notna().any():
        return frozenset(served)
    return frozenset(
        reading.service
        for rule in policy.rules
        if rule.priority is not Priority.MAY
        for reading in rule.readings
        if isinstance(reading, PopulationBand)
    )
