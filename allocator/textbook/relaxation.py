"""The p-median problem that a task with further rules holds within it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from allocator.formulation.sites import find_holdings
from allocator.formulation.units import units_of
from allocator.policy import CountInUnit, Coverage, PopulationBand, Priority, Unit
from allocator.textbook.problem import Textbook

if TYPE_CHECKING:
    from collections.abc import Sequence

    from allocator.policy import Rule, Service
    from allocator.policy.terms import Phase

# Objectives that see nothing of journeys but that they are no longer than can be.
_AFTER = frozenset({"capital_wan", "yearly_wan", "sites", "changes", "scores"})


def relaxation_of(phases: Sequence[Phase]) -> Textbook | None:
    """Return the p-median problem that a task is, with its further rules left out.

    None where journeys do not come first, where people may not go to the nearest
    (capacities, bands) or may be left out, or where nothing limits the sites.
    """
    if len(phases) != 1:
        return None
    phase = phases[0]
    first, *after = phase.terms.objective
    serving = [s for s in phase.policy.services.values() if s.serves is not None]
    if first != "person_minutes" or not _AFTER.issuperset(after) or len(serving) != 1:
        return None
    (service,) = serving
    rules = [r for r in phase.policy.rules if r.priority is not Priority.MAY]
    if any(_needs_journeys(rule, service) for rule in rules):
        return None
    holdings = find_holdings(phase.area, phase.policy)
    pairs = sorted(s for s, name in holdings.possible if name == service.id)
    sites = phase.area.sites.loc[pairs]
    if sites["capacity_people"].notna().any():
        return None
    open_to_people = tuple(sites.index[~sites["branch"].astype(bool)])
    p = _most(rules, service, phase, open_to_people)
    fixed, forbidden = _decided(phase, service, open_to_people)
    if p is None or not max(1, len(fixed)) <= p <= len(open_to_people) - len(forbidden):
        return None
    return Textbook("p-median", service, p, None, open_to_people, fixed, forbidden)


def _needs_journeys(rule: Rule, service: Service) -> bool:
    """Whether a rule looks at who travels where, or may give way."""
    if rule.priority is Priority.STRIVE:
        return True
    return any(
        isinstance(reading, PopulationBand | Coverage) and reading.service == service.id
        for reading in rule.readings
    )


def _most(
    rules: Sequence[Rule], service: Service, phase: Phase, sites: Sequence[str]
) -> int | None:
    """Return how many sites may hold the service, by the rule that says least."""
    homes = set(phase.area.sites.loc[list(sites), "zone_id"])
    found = []
    for rule in rules:
        if not isinstance(rule, CountInUnit) or rule.service != service.id:
            continue
        if rule.hi is None or rule.of is not None or rule.any_of:
            continue
        if rule.unit is Unit.SITE:
            continue
        units = units_of(rule, phase.area)
        if homes <= {zone for unit in units for zone in unit.zones}:
            here = [unit for unit in units if homes & unit.zones]
            found.append(rule.hi * len(here))
    most = min(found, default=None)
    return None if most is None else min(most, len(sites))


def _decided(
    phase: Phase, service: Service, sites: Sequence[str]
) -> tuple[frozenset[str], frozenset[str]]:
    """Return the sites that hold the service in every plan, and those that never do."""
    holdings = find_holdings(phase.area, phase.policy)
    fixed = {s for s, name in phase.terms.decided.held if name == service.id}
    if service.id not in phase.terms.closing:
        fixed |= {s for s, name in holdings.today if name == service.id}
    barred = {s for s, name in phase.terms.decided.barred if name == service.id}
    both = set(sites)
    return frozenset(fixed & both), frozenset((barred - fixed) & both)
