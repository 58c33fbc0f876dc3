"""What a plan achieves, measured from the plan alone.

The certificate's totals come from here, and every objective value that a solver states
is compared with the same quantity measured here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from allocator.audit.coverage import covered_people, nearest_holder, out_of_reach
from allocator.audit.facts import Facts, MissingColumnError
from allocator.policy import Coverage, Priority

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def coverage_readings(facts: Facts) -> Iterator[Coverage]:
    """Yield the coverage rules that count: one reading a rule, ``may`` rules left out.

    A rule that cannot be decided (km without distances) counts nothing.
    """
    for rule in facts.policy.rules:
        if rule.priority is Priority.MAY:
            continue
        for reading in rule.readings:
            if isinstance(reading, Coverage):
                try:
                    nearest_holder(reading, facts)
                except MissingColumnError:
                    continue
                yield reading
                break


def uncovered_people(facts: Facts) -> float:
    """Return people out of reach over all coverage rules, plus people unserved."""
    total = 0.0
    for rule in coverage_readings(facts):
        nearest = nearest_holder(rule, facts)
        for unit in facts.units(rule):
            people, covered = covered_people(rule, facts, unit.zones, nearest)
            total += people - covered
    return total + sum(_unserved(facts).values())


def people_out_of_reach(facts: Facts) -> dict[str, float]:
    """Return the people out of reach of each service that a coverage rule is about.

    Everybody counts once for a service, whichever of its rules is not kept for them.
    """
    found: dict[str, dict[str, float]] = {}
    for rule in coverage_readings(facts):
        nearest = nearest_holder(rule, facts)
        own = found.setdefault(rule.service, {})
        for unit in facts.units(rule):
            own |= out_of_reach(rule, facts, unit.zones, nearest)
    return {service: sum(people.values()) for service, people in found.items()}


def _unserved(facts: Facts) -> dict[tuple[str, str], float]:
    """Return the unserved people of each (demand_id, service)."""
    result = {}
    for service in facts.policy.services.values():
        zones = facts.addressed(service.id)
        for demand_id, people, _ in facts.demand_rows(zones):
            key = (demand_id, service.id)
            left = people - facts.received.get(key, 0.0)
            if left > 1e-6 * max(1.0, people):
                result[key] = left
    return result


def unserved_people(facts: Facts, service: str) -> float:
    """Return the people whom a service addresses and who are served nowhere."""
    return sum(
        people for (_, name), people in _unserved(facts).items() if name == service
    )


def person_minutes(facts: Facts) -> float:
    """Return people times one-way minutes, over all assignments."""
    rows = facts.plan.assignments
    return float((rows["people"] * rows["minutes"]).sum())


def worst_county_coverage(facts: Facts) -> float:
    """Return the smallest covered share of any county under any coverage rule."""
    worst = 1.0
    for rule in coverage_readings(facts):
        nearest = nearest_holder(rule, facts)
        scope = [z for z in facts.zones if facts.zone_in_scope(z, rule.scope)]
        for county_id in facts.counties:
            zones = frozenset(
                z for z in scope if facts.zones[z]["county_id"] == county_id
            )
            people, covered = covered_people(rule, facts, zones, nearest)
            if people > 0:
                worst = min(worst, covered / people)
    return worst


def max_minutes(facts: Facts) -> float:
    """Return the longest trip of anyone who is assigned; 0 when nobody is."""
    rows = facts.plan.assignments
    return float(rows["minutes"].max()) if len(rows) else 0.0


def _spent(facts: Facts, column: str) -> float:
    plan = facts.plan
    return float(plan.placements[column].sum() + plan.allocations[column].sum())


def sites(facts: Facts) -> float:
    """Return the number of sites that hold any service."""
    return float(len({site_id for site_id, _ in facts.held}))


MEASURES: dict[str, Callable[[Facts], float]] = {
    "uncovered_people": uncovered_people,
    "person_minutes": person_minutes,
    "worst_county_coverage": worst_county_coverage,
    "max_minutes": max_minutes,
    "capital_wan": lambda facts: _spent(facts, "capital_wan"),
    "yearly_wan": lambda facts: _spent(facts, "yearly_wan"),
    "sites": sites,
}


def totals(facts: Facts) -> dict[str, float]:
    """Return the totals of the certificate.

    ``covered_people`` are those in reach under every coverage rule that addresses
    them and served by every service that does; ``placements`` counts the rows of the
    plan, ``new_placements`` those that are built or upgraded.
    """
    demand = facts.area.demand
    uncovered = {demand_id: 0.0 for demand_id, _ in _unserved(facts)}
    for (demand_id, _), left in _unserved(facts).items():
        uncovered[demand_id] = max(uncovered[demand_id], left)
    for rule in coverage_readings(facts):
        nearest = nearest_holder(rule, facts)
        for unit in facts.units(rule):
            uncovered.update(out_of_reach(rule, facts, unit.zones, nearest))
    actions = facts.plan.placements["action"]
    return {
        "capital_wan": _spent(facts, "capital_wan"),
        "yearly_wan": _spent(facts, "yearly_wan"),
        "people": float(demand["people"].sum()),
        "covered_people": float(demand["people"].sum()) - sum(uncovered.values()),
        "person_minutes": person_minutes(facts),
        "placements": float(len(actions)),
        "new_placements": float(actions.isin(["build", "upgrade"]).sum()),
    }
