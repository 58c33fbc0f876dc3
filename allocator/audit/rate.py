"""Check of `allocator.policy.Rate`: divide what there is by what it is stated for."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from allocator.audit.facts import MissingColumnError
from allocator.audit.finding import Found, judged
from allocator.errors import Text
from allocator.policy import Unit

if TYPE_CHECKING:
    from allocator.audit.facts import Facts, UnitFacts
    from allocator.policy import Members, Rate

RATE_TOLERANCE = 1e-9  # relative


def check(rule: Rate, facts: Facts) -> list[Found]:
    """Return one found per unit.

    Raises
    ------
    MissingColumnError
        When the register lacks a column, or a bound from above or a denominator would
        rest on blank cells.
    """
    if rule.unit is Unit.SITE:
        return _check_holders(rule, facts)
    return [_check_unit(rule, facts, unit) for unit in facts.units(rule)]


def _check_holders(rule: Rate, facts: Facts) -> list[Found]:
    """Return one found per holder of the denominator's service in scope."""
    resource = str(rule.resource)
    if resource not in facts.area.sites.columns:
        raise MissingColumnError(resource)
    zones = frozenset(z for z in facts.zones if facts.zone_in_scope(z, rule.scope))
    service = rule.denominator.removeprefix("service:")
    needed = (rule.lo or 0.0) / rule.per
    result = []
    for site_id in facts.holders_among(service, rule.of, zones):
        site = facts.sites[site_id]
        cell = site[resource] if site["status"] == "existing" else None
        there = 0.0 if cell is None or cell == "" or math.isnan(cell) else float(cell)
        there += facts.added.get((site_id, resource), 0.0)
        missing = max(0.0, needed - there)
        result.append(
            judged(
                site_id,
                str(site["name"]),
                Text(f"每所不少于 {needed:g}", f"at least {needed:g} each"),
                Text(f"{there:g}", f"{there:g}"),
                missing=missing,
                gap=Text(f"缺 {missing:g}", f"{missing:g} missing"),
            )
        )
    return result


def _check_unit(rule: Rate, facts: Facts, unit: UnitFacts) -> Found:
    quantity, today, blanks = _quantity(rule, facts, unit)
    base, base_today, base_blanks = _base(rule, facts, unit)
    if base_blanks:
        raise MissingColumnError(rule.denominator.partition(":")[2], blank=True)
    if blanks and rule.hi is not None:
        raise MissingColumnError(str(rule.resource), blank=True)
    low = rule.lo
    if rule.not_below_today and base_today > 0:
        figure = today / base_today * rule.per
        low = figure if low is None else max(low, figure)
    needed = (low or 0.0) * base / rule.per
    allowed = math.inf if rule.hi is None else rule.hi * base / rule.per
    room = RATE_TOLERANCE * max(1.0, quantity, needed)
    lacking = max(0.0, needed - quantity)
    excess = max(0.0, quantity - allowed)
    missing = max(lacking, excess)
    rate = f"{quantity / base * rule.per:.2f}" if base else "-"
    word = ("缺", "missing") if lacking >= excess else ("超出", "too many")
    return judged(
        unit.id,
        unit.name,
        _required(rule, low),
        Text(f"{rate} (共 {quantity:,.0f})", f"{rate} ({quantity:,.0f} in all)"),
        missing=missing if missing > room else 0.0,
        gap=Text(f"{word[0]} {missing:,.1f}", f"{missing:,.1f} {word[1]}"),
    )


def _required(rule: Rate, low: float | None) -> Text:
    parts = []
    if low is not None:
        parts.append(f"≥ {low:.2f}")
    if rule.hi is not None:
        parts.append(f"≤ {rule.hi:.2f}")
    figure = ", ".join(parts)
    today = " (不低于现状)" if rule.not_below_today else ""
    today_en = " (not below today)" if rule.not_below_today else ""
    return Text(
        f"{_per(rule)} {figure}{today}", f"per {rule.per:,.0f} {figure}{today_en}"
    )


# Planners count people by the thousand and by the ten thousand.
_HEADS = {1_000.0: "每千人口", 10_000.0: "每万人口"}


def _per(rule: Rate) -> str:
    """Return what a rate is stated for, in Chinese: 每千人口, or the bare number."""
    people = rule.denominator == "population"
    if people and rule.per in _HEADS:
        return _HEADS[rule.per]
    return f"每 {rule.per:,.0f} 人" if people else f"每 {rule.per:,.0f}"


def _quantity(rule: Rate, facts: Facts, unit: UnitFacts) -> tuple[float, float, bool]:
    """Return (with the plan, today, whether register cells were blank)."""
    if rule.service is not None:
        return _number_of_holders(rule.service, rule.of, facts, unit)
    return _amount(str(rule.resource), rule.of, facts, unit)


def _base(rule: Rate, facts: Facts, unit: UnitFacts) -> tuple[float, float, bool]:
    if rule.denominator == "population":
        people = float(sum(facts.zones[z]["population"] for z in unit.zones))
        return people, people, False
    kind, name = rule.denominator.split(":", 1)
    if kind == "zones":
        counted = _counted_in_zones(name, facts, unit)
        return counted, counted, False
    if kind == "service":
        return _number_of_holders(name, None, facts, unit)
    return _amount(name, rule.of, facts, unit)


def _counted_in_zones(column: str, facts: Facts, unit: UnitFacts) -> float:
    """Add up what the zones of a unit state in a column.

    Raises
    ------
    MissingColumnError
        When there is no such column, or a zone of the unit states no number.
    """
    if column not in facts.area.zones.columns:
        raise MissingColumnError(column)
    total = 0.0
    for zone_id in sorted(unit.zones):
        try:
            stated = float(facts.zones[zone_id][column])
        except (TypeError, ValueError):
            stated = math.nan
        if math.isnan(stated):
            raise MissingColumnError(column, blank=True)
        total += stated
    return total


def _number_of_holders(
    service: str, of: Members | None, facts: Facts, unit: UnitFacts
) -> tuple[float, float, bool]:
    number = facts.how_many(service, of, unit.zones)
    before = [
        site_id
        for site_id, name in facts.today
        if name == service
        and not facts.sites[site_id]["branch"]
        and facts.in_zones(site_id, unit.zones)
        and (
            of is None
            or facts.is_member(site_id, of, existing_only=True, holdings=facts.today)
        )
    ]
    today = sum(facts.count_today(site_id, service) for site_id in before)
    return float(number), float(today), False


def _amount(
    resource: str, of: Members | None, facts: Facts, unit: UnitFacts
) -> tuple[float, float, bool]:
    if resource not in facts.area.sites.columns:
        raise MissingColumnError(resource)
    today, known, blank = 0.0, 0, 0
    added = 0.0
    allowed = set(facts.sites)
    if of is not None:
        # Asked of the whole class first: one unknown member makes the sum unknown.
        everywhere = frozenset(facts.zones)
        allowed = set(facts.members(of, everywhere, existing_only=False))
    for site_id, site in facts.sites.items():
        if site_id not in allowed or not facts.in_zones(site_id, unit.zones):
            continue
        added += facts.added.get((site_id, resource), 0.0)
        if site["status"] != "existing":
            continue
        cell = site[resource]
        if cell is None or cell == "" or math.isnan(float(cell)):
            blank += 1
        else:
            known += 1
            today += float(cell)
    if blank and not known:
        raise MissingColumnError(resource, blank=True)
    return today + added, today, blank > 0
