"""A plan, or today's facilities, held against every clause; no solver."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pandas as pd

from allocator.audit import (
    count_in_unit,
    coverage,
    indicator,
    population_band,
    rate,
    share_of_class,
)
from allocator.audit.decided import changes
from allocator.audit.equity import equity_value
from allocator.audit.facts import Facts, MissingColumnError, services_today
from allocator.audit.finding import NOTHING, Found, same
from allocator.audit.integrity import check_integrity
from allocator.audit.measures import MEASURES
from allocator.audit.networks import check_network, group_breaches
from allocator.audit.tilt import TILT, amounts_elsewhere
from allocator.audit.verdict import AuditRow, Verdict
from allocator.errors import AuditError, Finding, Text
from allocator.plan import (
    ALLOCATION_COLUMNS,
    ASSIGNMENT_COLUMNS,
    PLACEMENT_COLUMNS,
    Plan,
    empty_frame,
)
from allocator.policy import (
    CountInUnit,
    Coverage,
    Indicator,
    PopulationBand,
    Priority,
    Rate,
    ShareOfClass,
    Unit,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from allocator.area import PlanningArea
    from allocator.policy import Members, Policy, Rule
    from allocator.policy.terms import Terms
    from allocator.travel import Travel

CHECKS: Mapping[type[Rule], Callable[..., list[Found]]] = {
    CountInUnit: count_in_unit.check,
    ShareOfClass: share_of_class.check,
    PopulationBand: population_band.check,
    Rate: rate.check,
    Coverage: coverage.check,
    Indicator: indicator.check,
}


def audit(facts: Facts) -> tuple[AuditRow, ...]:
    """Return one row per rule and unit, in the order of the packs.

    A rule that names a unit outside the county table, or that needs a column the
    register lacks, gets an `Verdict.UNDECIDABLE` row that says so.
    """
    return tuple(
        _row(rule, found)
        for rule in facts.policy.rules
        for found in _founds(rule, facts)
    )


def _founds(rule: Rule, facts: Facts) -> list[Found]:
    result: list[Found] = []
    by_unit: dict[str, list[Found]] = {}
    missing: list[Text] = []
    for reading in rule.readings:
        try:
            founds = CHECKS[type(reading)](reading, facts)
        except MissingColumnError as error:
            missing.append(error.text(facts.policy))
            continue
        if rule.any_of:
            founds = _in_every_unit(reading, founds, facts)
        for found in founds:
            by_unit.setdefault(found.unit_id, []).append(found)
    result += [_best(founds, undecided=bool(missing)) for founds in by_unit.values()]
    if isinstance(rule, ShareOfClass) and rule.network is not None and not missing:
        # Not readings of the rule: each question about its groups stands by itself.
        result += check_network(facts.policy.networks[rule.network], facts)
    if missing and not by_unit:
        reasons = list(dict.fromkeys(missing))
        zh = "; ".join(reason.zh for reason in reasons)
        en = "; ".join(reason.en for reason in reasons)
        result.append(_undecidable(facts.area.name, zh, en))
    for name in facts.units_not_here(rule):
        result.append(
            _undecidable(name, "县区表中没有这个单元", "not in the county table")
        )
    if not result:
        result.append(_nothing_in_scope(rule, facts))
    return result


def _in_every_unit(reading: Rule, founds: Sequence[Found], facts: Facts) -> list[Found]:
    """Return one found per unit of a reading that stands beside others.

    A reading that has nothing to ask for in a unit (a class without members there, a
    target that is only tracked) is met there, and with it the rule.
    """
    by_unit = {found.unit_id: found for found in founds}
    whole_area = by_unit.get("")
    result = []
    for unit in facts.units(reading):
        found = by_unit.get(unit.id)
        if found is None and whole_area is not None:
            found = replace(whole_area, unit_id=unit.id, unit=unit.name)
        if found is None:
            words = Text("没有适用对象", "nothing it applies to")
            found = Found(unit.id, unit.name, NOTHING, words, Verdict.MET)
        result.append(found)
    return result


def _best(founds: Sequence[Found], *, undecided: bool) -> Found:
    """Return the reading that is met, else the first; undecided if one could not be."""
    for found in founds:
        if found.verdict is not Verdict.NOT_MET:
            return found
    first = founds[0]
    if undecided:
        return Found(
            first.unit_id, first.unit, first.required, first.found, Verdict.UNDECIDABLE
        )
    return first


def _undecidable(unit: str, zh: str, en: str) -> Found:
    return Found("", unit, NOTHING, Text(zh, en), Verdict.UNDECIDABLE)


def _nothing_in_scope(rule: Rule, facts: Facts) -> Found:
    """Return the row of a rule that holds in no unit: nobody and nothing to judge."""
    found = Text("范围内没有对象", "nothing in its scope")
    if rule.priority is Priority.MAY or isinstance(rule, Indicator):
        return Found("", facts.area.name, NOTHING, found, Verdict.TRACKED)
    return Found("", facts.area.name, NOTHING, found, Verdict.UNDECIDABLE)


def _row(rule: Rule, found: Found) -> AuditRow:
    source = rule.source or rule.pack
    if rule.note:
        source = f"{source}: {rule.note}"
    return AuditRow(
        rule_id=rule.id,
        pack=rule.pack,
        clause=rule.clause,
        quote=rule.quote,
        priority=str(rule.priority),
        due=rule.due,
        unit_id=found.unit_id,
        unit=found.unit,
        required=found.required,
        found=found.found,
        verdict=found.verdict,
        gap=found.gap if found.verdict is Verdict.NOT_MET else same(""),
        missing=found.missing,
        source=source,
    )


VALUE_TOLERANCE = 1e-5  # relative: objective values are sums over many people


def refuse_unless_sound(
    facts: Facts,
    terms: Terms,
    rows: Sequence[AuditRow],
    values: Mapping[str, float],
    *,
    gaps: Collection[tuple[str, str]] = (),
) -> None:
    """Stop when a plan breaks a binding rule, or is not what its solver said.

    Parameters
    ----------
    facts, terms
        The plan and the task.
    rows
        Its audit.
    values
        Objective values stated by the solver, by name.
    gaps
        (rule id, unit id) of what the plan is known to break: a plan by best effort.
        ``serves:<service>`` and ``locked`` are named as rules.

    Raises
    ------
    AuditError
        With one finding per breach that is not a known gap.
    """
    findings = check_integrity(facts, terms, gaps) + group_breaches(facts)
    beyond = {rule.id for rule in facts.policy.rules if _is_beyond_plans(rule)}
    findings += [
        Finding(
            "plan-breaks-rule",
            Text(
                f"方案未通过审核: {row.unit} {row.gap.zh}",
                f"the plan fails its audit: {row.unit} {row.gap.en}",
            ),
            table=row.pack,
            keys=(row.rule_id,),
        )
        for row in rows
        if row.verdict is Verdict.NOT_MET
        and row.priority == Priority.MUST
        and row.rule_id not in beyond
        and (row.rule_id, row.unit_id) not in gaps
    ]
    findings += other_values([facts], values, terms)
    if findings:
        raise AuditError(findings)


def _last(found: Sequence[float]) -> float:
    return found[-1]


# How a measure of several phases is put together; the others are of the last phase.
_OVER_PHASES: Mapping[str, Callable[[Sequence[float]], float]] = {
    "uncovered_people": sum,
    "person_minutes": sum,
    "worst_county_coverage": min,
    "max_minutes": max,
}


def measure(name: str, phases: Sequence[Facts], terms: Terms) -> float | None:
    """Return what a plan is worth under an objective; None where it is not measured.

    Parameters
    ----------
    name
        Of the objective, or of one of its stages.
    phases, terms
        As in `other_values`.
    """
    if name == "changes":
        return changes(phases, terms)
    if name == TILT:
        return amounts_elsewhere(phases[-1], terms)
    if name not in MEASURES:
        return equity_value(name, phases, terms.equity)
    together = _OVER_PHASES.get(name, _last)
    return float(together([MEASURES[name](facts) for facts in phases]))


def other_values(
    phases: Sequence[Facts], values: Mapping[str, float], terms: Terms
) -> list[Finding]:
    """Return a finding for each objective whose stated value is not what is measured.

    Parameters
    ----------
    phases
        The plan of every phase, in the order of years.
    values
        Objective values stated by the solver, by name.
    terms
        Where resources are to go first, and how the task weighs inequality.
    """
    findings = []
    for name, stated in values.items():
        measured = measure(name, phases, terms)
        if measured is None:
            continue
        if abs(measured - stated) > VALUE_TOLERANCE * max(1.0, abs(measured)):
            text = Text(
                f"目标 {name} 求解器报 {stated:,.6g}, 实测 {measured:,.6g}",
                f"objective {name}: the solver says {stated:,.6g}, "
                f"measured {measured:,.6g}",
            )
            findings.append(Finding("plan-value", text))
    return findings


def _is_beyond_plans(rule: Rule) -> bool:
    """Return whether no placement decides a rule: a checklist, or groups.

    A checklist is over the register. Groups are formed after the sites; what they fall
    short of is reported, as the text is about how institutions work together.
    """
    return any(
        isinstance(reading, ShareOfClass) and reading.service is None
        for reading in rule.readings
    )


def plan_of_today(
    area: PlanningArea, travel: Travel, policy: Policy, terms: Terms
) -> Plan:
    """Return today's state as a plan: everything kept, everyone at the nearest holder.

    Assignment to the nearest holder is an assumption about where people go; bands and
    mean times of today rest on it.
    """
    held = sorted(services_today(area, policy))
    phase = terms.year
    placements = (
        pd.DataFrame(
            [(s, k, "keep", phase, 0.0, 0.0) for s, k in held],
            columns=list(PLACEMENT_COLUMNS),
        )
        if held
        else empty_frame(PLACEMENT_COLUMNS)
    )
    plan = Plan(
        placements, empty_frame(ASSIGNMENT_COLUMNS), empty_frame(ALLOCATION_COLUMNS)
    )
    facts = Facts(area, travel, policy, plan)
    frames = [
        frame
        for name in sorted(policy.services)
        if len(frame := to_the_nearest(facts, name))
    ]
    if not frames:
        return plan
    return Plan(placements, pd.concat(frames, ignore_index=True), plan.allocations)


def to_the_nearest(facts: Facts, service: str) -> pd.DataFrame:
    """Assign everyone whom a service addresses to its nearest holder in bounds."""
    pairs = allowed_pairs(facts, service)
    nearest = pairs.sort_values(["demand_id", "minutes", "site_id"]).drop_duplicates(
        "demand_id"
    )
    return nearest.assign(service=service)[list(ASSIGNMENT_COLUMNS)]


def allowed_pairs(facts: Facts, service: str) -> pd.DataFrame:
    """Return the journeys on which a service lets people go to its holders.

    Rows of the travel table, with the ``people`` of the demand point.
    """
    zones = facts.addressed(service)
    demand = facts.area.demand
    demand = demand[demand["zone_id"].isin(zones) & (demand["people"] > 0)]
    holders = [
        s for s, name in facts.held if name == service and not facts.sites[s]["branch"]
    ]
    pairs = facts.travel.of(service).pairs
    pairs = pairs[
        pairs["site_id"].isin(holders) & pairs["demand_id"].isin(demand.index)
    ]
    within = facts.policy.services[service].assign_within
    if within is not Unit.AREA:
        column = "county_id" if within is Unit.COUNTY else "zone_id"
        home = pairs["demand_id"].map(demand[column])
        pairs = pairs[home == pairs["site_id"].map(facts.area.sites[column])]
    return pairs.assign(people=pairs["demand_id"].map(demand["people"]).astype(float))


def _is_among(reading: Rule, site_id: str, facts: Facts) -> bool:
    """Return whether a reading counts the site: it is among ``of``, where that is."""
    of: Members | None = getattr(reading, "of", None)
    if of is None:
        return True
    try:
        existing_only = isinstance(reading, ShareOfClass)
        return facts.is_member(site_id, of, existing_only=existing_only)
    except MissingColumnError:
        return False


def clauses_for(facts: Facts) -> dict[tuple[str, str], tuple[str, ...]]:
    """Return, for each pair held in the plan, the rules that ask for such a holder.

    A rule asks for a pair when one of its readings is about the service, counts the
    site, and the site lies in a unit of the reading (for coverage: anywhere).
    """
    result: dict[tuple[str, str], list[str]] = {pair: [] for pair in facts.held}
    for rule in facts.policy.rules:
        for reading in rule.readings:
            service = getattr(reading, "service", None)
            if service is None:
                continue
            zones = {z for unit in facts.units(reading) for z in unit.zones}
            anywhere = isinstance(reading, Coverage)
            for site_id, name in facts.held:
                if name != service or rule.id in result[site_id, name]:
                    continue
                in_place = anywhere or facts.sites[site_id]["zone_id"] in zones
                if in_place and _is_among(reading, site_id, facts):
                    result[site_id, name].append(rule.id)
    return {pair: tuple(ids) for pair, ids in result.items()}
