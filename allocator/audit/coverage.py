"""Check of `allocator.policy.Coverage`: who has a holder near enough."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from allocator.audit.facts import MissingColumnError
from allocator.audit.finding import Found, judged, whole
from allocator.audit.verdict import Verdict
from allocator.errors import Text

if TYPE_CHECKING:
    from allocator.audit.facts import Facts, UnitFacts
    from allocator.policy import Coverage

SHARE_TOLERANCE = 1e-9  # relative to the people asked for: the rounding of a product


def check(rule: Coverage, facts: Facts) -> list[Found]:
    """Return one found per unit with people; tracked where no share is asked for.

    Raises
    ------
    MissingColumnError
        When the rule is in km and the travel table has no distances.
    """
    units = facts.units(rule)
    if not units:
        return []
    nearest = nearest_holder(rule, facts)
    result = []
    for unit in units:
        people, covered = covered_people(rule, facts, unit.zones, nearest)
        if people > 0:
            result.append(_judge(rule, unit, people, covered))
    return result


def _judge(rule: Coverage, unit: UnitFacts, people: float, covered: float) -> Found:
    left = whole(people - covered)
    found = Text(
        f"{covered / people:.1%} ({whole(covered)} 人, 未覆盖 {left} 人)",
        f"{covered / people:.1%} ({whole(covered)}, {left} out of reach)",
    )
    reach = _reach(rule)
    if rule.share is None:
        return Found(unit.id, unit.name, reach, found, Verdict.TRACKED)
    needed = rule.share * people
    missing = needed - covered
    if missing <= SHARE_TOLERANCE * needed:
        missing = 0.0
    required = Text(f"{rule.share:.0%} 人口 {reach.zh}", f"{rule.share:.0%} {reach.en}")
    return judged(
        unit.id,
        unit.name,
        required,
        found,
        missing=missing,
        gap=Text(
            f"还差 {whole(math.ceil(missing))} 人",
            f"{whole(math.ceil(missing))} people",
        ),
    )


def _reach(rule: Coverage) -> Text:
    town, country = limit_of(rule, urban=True), limit_of(rule, urban=False)
    zh, en = ("分钟", "min") if rule.measure == "minutes" else ("公里", "km")
    if town == country:
        return Text(f"≤ {town:g} {zh}", f"≤ {town:g} {en}")
    return Text(
        f"城镇 ≤ {town:g} {zh}, 乡村 ≤ {country:g} {zh}",
        f"urban ≤ {town:g} {en}, rural ≤ {country:g} {en}",
    )


def nearest_holder(rule: Coverage, facts: Facts) -> dict[str, float]:
    """Return the distance to the nearest holder, minutes or km, by demand id.

    A demand point without any holder that can be travelled to is not in it.
    """
    pairs = facts.travel.of(rule.service).pairs
    if rule.measure == "km" and pairs["km"].isna().any():
        raise MissingColumnError("km")
    holders = [site_id for site_id, name in facts.held if name == rule.service]
    near = pairs[pairs["site_id"].isin(holders)]
    smallest = near.groupby("demand_id")[rule.measure].min()
    return {str(i): float(d) for i, d in smallest.items()}


def limit_of(rule: Coverage, *, urban: bool) -> float:
    """Return how far an urban or rural person may be from a holder; inclusive."""
    if rule.measure == "minutes":
        common = rule.within_minutes
        own = rule.urban_minutes if urban else rule.rural_minutes
    else:
        common = rule.within_km
        own = rule.urban_km if urban else rule.rural_km
    limit = common if own is None else own
    # The rule's own check guarantees that one of the two is given.
    return -1.0 if limit is None else limit


def out_of_reach(
    rule: Coverage, facts: Facts, zones: frozenset[str], nearest: dict[str, float]
) -> dict[str, float]:
    """Return the people of every demand point in ``zones`` without one in reach."""
    return {
        demand_id: people
        for demand_id, people, urban in facts.demand_rows(zones)
        if not nearest.get(demand_id, math.inf) <= limit_of(rule, urban=urban)
    }


def covered_people(
    rule: Coverage, facts: Facts, zones: frozenset[str], nearest: dict[str, float]
) -> tuple[float, float]:
    """Return (people, people in reach) of the demand points in ``zones``."""
    people = sum(number for _, number, _ in facts.demand_rows(zones))
    return people, people - sum(out_of_reach(rule, facts, zones, nearest).values())
