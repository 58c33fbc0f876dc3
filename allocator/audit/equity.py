"""How fairly a plan serves people, measured from its assignments alone.

People whom a service addresses and nobody serves are taken to travel the minutes that
the task states for them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from allocator.audit.coverage import covered_people, nearest_holder
from allocator.audit.measures import coverage_readings
from allocator.policy.equity import (
    COUNTY_COVERAGE,
    KOLM_POLLAK,
    WORST_TAIL,
    leximin_rank,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from allocator.audit.facts import Facts
    from allocator.policy.equity import Equity

_NOBODY = 1e-6  # relative: fewer people than this are the rounding of shares
_WHOLE = 1e-9  # relative: the rounding of a sum of people


@dataclass(frozen=True, slots=True)
class Journey:
    """People of one demand point who travel alike for one service."""

    demand_id: str
    service: str
    county_id: str
    people: float
    minutes: float


def journeys(facts: Facts, unserved_minutes: float) -> list[Journey]:
    """Return how everyone travels whom a service addresses, the unserved included."""
    rows = facts.plan.assignments
    homes = {str(i): str(z) for i, z in facts.area.demand["zone_id"].items()}

    def county(demand_id: str) -> str:
        return str(facts.zones[homes[demand_id]]["county_id"])

    found = [
        Journey(demand_id, service, county(demand_id), people, minutes)
        for demand_id, service, people, minutes in zip(
            rows["demand_id"].tolist(),
            rows["service"].tolist(),
            rows["people"].tolist(),
            rows["minutes"].tolist(),
            strict=True,
        )
    ]
    for service in facts.policy.services:
        for demand_id, people, _ in facts.demand_rows(facts.addressed(service)):
            left = people - facts.received.get((demand_id, service), 0.0)
            if left > _NOBODY * max(1.0, people):
                home = county(demand_id)
                found.append(Journey(demand_id, service, home, left, unserved_minutes))
    return found


def mean_minutes(trips: Sequence[Journey]) -> float:
    """Return the mean of the minutes over people; 0 when nobody is addressed."""
    people = sum(trip.people for trip in trips)
    return sum(t.people * t.minutes for t in trips) / people if people else 0.0


def minutes_not_exceeded(trips: Sequence[Journey], share: float) -> float:
    """Return the smallest minutes that at least ``share`` of people do not exceed."""
    needed = share * sum(trip.people for trip in trips) * (1 - _WHOLE)
    reached = 0.0
    for trip in sorted(trips, key=lambda trip: trip.minutes):
        reached += trip.people
        if reached >= needed:
            return trip.minutes
    return 0.0


def equivalent_minutes(trips: Sequence[Journey], kappa: float) -> float:
    """Return the Kolm-Pollak equally-distributed equivalent; 0 when nobody travels.

    ``-1/kappa ln(1/P sum people exp(-kappa minutes))``, kappa below 0, 1/minute.
    Source: Sheriff and Maguire 2020, Risk Analysis 40.
    """
    people = sum(trip.people for trip in trips)
    if not people:
        return 0.0
    longest = max(
        trip.minutes for trip in trips
    )  # taken out, so that exp stays below 1
    weighed = sum(t.people * math.exp(-kappa * (t.minutes - longest)) for t in trips)
    return longest - math.log(weighed / people) / kappa


def tail_minutes(phases: Sequence[Sequence[Journey]], share: float) -> float:
    """Return the mean minutes of the worst-served ``share`` of people.

    A demand point counts, for each service and phase, with the mean of its own people.
    The last point of the tail counts in part.
    """
    points: list[tuple[float, float]] = []
    for trips in phases:
        sums: dict[tuple[str, str], tuple[float, float]] = {}
        for trip in trips:
            people, product = sums.get((trip.demand_id, trip.service), (0.0, 0.0))
            sums[trip.demand_id, trip.service] = (
                people + trip.people,
                product + trip.people * trip.minutes,
            )
        points += [(product / people, people) for people, product in sums.values()]
    wanted = share * sum(people for _, people in points)
    if not wanted:
        return 0.0
    left, found = wanted, 0.0
    for minutes, people in sorted(points, reverse=True):
        taken = min(left, people)
        found += taken * minutes
        left -= taken
        if left <= 0:
            break
    return found / wanted


def county_shares(facts: Facts) -> dict[str, float]:
    """Return the smallest covered share of each county under any coverage rule."""
    shares: dict[str, float] = {}
    for rule in coverage_readings(facts):
        nearest = nearest_holder(rule, facts)
        scope = [z for z in facts.zones if facts.zone_in_scope(z, rule.scope)]
        for county_id in facts.counties:
            zones = frozenset(
                z for z in scope if facts.zones[z]["county_id"] == county_id
            )
            people, covered = covered_people(rule, facts, zones, nearest)
            if people > 0:
                share = covered / people
                shares[county_id] = min(share, shares.get(county_id, 1.0))
    return shares


def county_minutes(trips: Sequence[Journey]) -> dict[str, float]:
    """Return the mean minutes of the journeys of each county's people."""
    by_county: dict[str, list[Journey]] = {}
    for trip in trips:
        by_county.setdefault(trip.county_id, []).append(trip)
    return {c: mean_minutes(own) for c, own in by_county.items()}


def equity_value(stage: str, phases: Sequence[Facts], equity: Equity) -> float | None:
    """Return what a stage about fairness achieves; None for any other stage.

    Parameters
    ----------
    stage
        A stage's name, as in the certificate.
    phases
        The plan of every phase. Journeys of all phases count together; a county
        counts with the worst of any.
    equity
        How the task weighs inequality.
    """
    ranked = leximin_rank(stage)
    if ranked is not None:
        name, k = ranked
        if name == COUNTY_COVERAGE:
            shares = [county_shares(facts) for facts in phases]
            worst_first = sorted(_of_any(shares, sign=1).values())
        else:
            lost = equity.unserved_minutes
            means = [county_minutes(journeys(facts, lost)) for facts in phases]
            worst_first = sorted(_of_any(means, sign=-1).values(), reverse=True)
        return worst_first[k - 1]
    if stage not in (KOLM_POLLAK, WORST_TAIL):
        return None
    trips = [journeys(facts, equity.unserved_minutes) for facts in phases]
    if stage == WORST_TAIL:
        return tail_minutes(trips, equity.tail_share)
    return equivalent_minutes([t for of_phase in trips for t in of_phase], equity.kappa)


def _of_any(phases: Sequence[dict[str, float]], *, sign: int) -> dict[str, float]:
    """Return the least value, times ``sign``, that each county has in any phase."""
    found: dict[str, float] = {}
    for of_phase in phases:
        for county_id, value in of_phase.items():
            before = found.get(county_id, value)
            found[county_id] = sign * min(sign * value, sign * before)
    return found
