"""Who goes where once placements are fixed: the recourse of a scenario.

People go to the nearest holder that the service allows. Where a band or a capacity
binds a service that is not always possible: then a linear program shares them out,
first so that bands are missed as little as possible, then in the order of the brief.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pandas as pd

from allocator.audit import Facts, to_the_nearest
from allocator.formulation import bound_services, build_phases, read_plan
from allocator.plan import ASSIGNMENT_COLUMNS, empty_frame
from allocator.policy import PopulationBand, Priority
from allocator.policy.terms import Phase
from allocator.solve import Session

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pulp

    from allocator.formulation import Formulation
    from allocator.plan import Plan
    from allocator.policy import Policy, Rule
    from allocator.travel import Travel

# What the sharing out of people may weigh, in the brief's order.
_OF_PEOPLE = ("uncovered_people", "person_minutes", "max_minutes")
_SECONDS = 60.0  # a linear program of one service; whole demand points take longer


def reassigned(phase: Phase, travel: Travel, plan: Plan) -> Plan:
    """Return a plan with its people assigned anew.

    Parameters
    ----------
    phase, travel
        The task under the figures of a scenario.
    plan
        What is placed; its assignments are replaced.

    Raises
    ------
    SolverError
        When people could not be shared out in time.
    """
    bound = bound_services(phase.area, phase.policy)
    facts = Facts(phase.area, travel, phase.policy, plan)
    frames = [
        to_the_nearest(facts, name)
        for name in sorted(phase.policy.services)
        if name not in bound
    ]
    if bound:
        frames.append(_shared_out(phase, travel, plan, bound))
    frames = [frame for frame in frames if len(frame)]
    if not frames:
        return replace(plan, assignments=empty_frame(ASSIGNMENT_COLUMNS))
    rows = pd.concat(frames, ignore_index=True)
    rows = rows.sort_values(["service", "demand_id", "site_id"], ignore_index=True)
    return replace(plan, assignments=rows)


def _shared_out(
    phase: Phase, travel: Travel, plan: Plan, bound: Iterable[str]
) -> pd.DataFrame:
    """Return the assignments of services under a band or capacities."""
    bound = frozenset(bound)
    order = tuple(name for name in phase.terms.objective if name in _OF_PEOPLE)
    terms = replace(
        phase.terms,
        capital_wan=None,
        yearly_wan=None,
        total_capital_wan=None,
        closing=frozenset(phase.policy.services),
        objective=order or ("person_minutes",),
    )
    # No lock: every holding is given by the plan, and none is certain beforehand.
    area = replace(phase.area, sites=phase.area.sites.assign(locked=""))
    holders = {site_id for site_id, service in plan.held if service in bound}
    formulation = build_phases(
        [Phase(area, _only(phase.policy, bound), terms)],
        travel.only(holders),
        relaxed="rules",
    )
    session = Session(formulation, gap=1e-6, threads=1)
    with session.bounded(_held(formulation, plan)):
        session.solve(time_limit_s=_SECONDS, quiet=True)
        rows = read_plan(formulation).assignments
    return rows[rows["service"].isin(bound)]


def _held(
    formulation: Formulation, plan: Plan
) -> dict[pulp.LpVariable, tuple[float, float]]:
    """Return bounds that leave only the placements of a plan."""
    counts = plan.counts
    bounds = {}
    for pair, holds in formulation.program.holds.items():
        count = counts.get(pair, 0)
        bounds[holds] = (float(count > 0), float(count > 0))
        if pair in formulation.program.extras:
            more = float(max(0, count - 1))
            bounds[formulation.program.extras[pair]] = (more, more)
    return bounds


def _only(policy: Policy, bound: frozenset[str]) -> Policy:
    """Return the policy with only these services served, and only bands."""
    services = {
        name: service if name in bound else replace(service, serves=None)
        for name, service in policy.services.items()
    }
    rules = tuple(rule for rule in policy.rules if _has_band(rule))
    return replace(policy, services=services, resources={}, rules=rules, networks={})


def _has_band(rule: Rule) -> bool:
    return rule.priority is not Priority.MAY and any(
        isinstance(reading, PopulationBand) for reading in rule.readings
    )
