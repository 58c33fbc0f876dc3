"""Clauses of different texts that cannot both hold, found before anything is solved.

Only what the figures alone show: two bounds on the same thing that exclude each other
where their scopes meet. Collisions that arise from sites and money are the solver's.
"""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

from allocator.errors import Finding, Severity, Text
from allocator.policy.rules import (
    CountInUnit,
    PopulationBand,
    Priority,
    Rate,
    Rule,
    Scope,
    ShareOfClass,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from allocator.area import PlanningArea


def find_contradictions(rules: Iterable[Rule], area: PlanningArea) -> list[Finding]:
    """Return one finding per pair of rules whose figures exclude each other.

    Rules with other readings are left out: another reading may hold. The finding is
    an error where both rules bind, else a warning, and quotes both.

    Parameters
    ----------
    rules
        All rules of a brief.
    area
        Its county names and ids are taken as the same thing.
    """
    county_ids = {str(name): str(i) for i, name in area.counties["name"].items()}
    plain = [r for r in rules if not r.any_of and r.priority is not Priority.MAY]
    findings = []
    for one, other in combinations(plain, 2):
        if not _about_the_same(one, other):
            continue
        if not _scopes_meet(one.scope, other.scope, county_ids):
            continue
        for low, high in ((one, other), (other, one)):
            if _figure(low, "lo") > _figure(high, "hi"):
                findings.append(_contradiction(low, high))
                break
    return findings


def find_paths(rules: Iterable[Rule], area: PlanningArea) -> list[Finding]:
    """Return a note for each pair of clauses that are one target path by year.

    Two texts ask for a share of the same service in places that meet, the later year
    for more: 70 % of a district by 2023 and 90 % of its city by 2025. Each binds from
    its own year on; the note says that they are read together, and quotes both.

    Parameters
    ----------
    rules
        All rules of a brief.
    area
        Its county names and ids are taken as the same thing.
    """
    county_ids = {str(name): str(i) for i, name in area.counties["name"].items()}
    shares = [
        rule
        for rule in rules
        if isinstance(rule, ShareOfClass)
        and rule.service is not None
        and rule.due is not None
        and rule.priority is Priority.MUST
    ]
    return [
        _path(*sorted((one, other), key=lambda rule: rule.due or 0))
        for one, other in combinations(shares, 2)
        if one.service == other.service
        and one.pack != other.pack
        and ((one.due or 0) < (other.due or 0)) is (one.share < other.share)
        and one.due != other.due
        and one.share != other.share
        and _scopes_meet(one.scope, other.scope, county_ids)
    ]


def _path(early: ShareOfClass, late: ShareOfClass) -> Finding:
    steps = f"{{{early.due} = {early.share:g}, {late.due} = {late.share:g}}}"
    return Finding(
        "rules-one-path",
        Text(
            f"“{early.quote}”与“{late.quote}”合为一条分年路径 {steps}, "
            "各从其年份起约束",
            f"“{early.quote}” and “{late.quote}” are one path {steps}; each binds from "
            "its year on",
        ),
        Severity.NOTE,
        ", ".join(dict.fromkeys((early.file, late.file))),
        (early.id, late.id),
    )


def _figure(rule: Rule, key: str) -> float:
    value = getattr(rule, key)
    if value is None:
        return float("-inf") if key == "lo" else float("inf")
    return float(value) / getattr(rule, "per", 1.0)


def _about_the_same(one: Rule, other: Rule) -> bool:
    """Return whether two rules bound the same quantity of the same units."""
    if type(one) is not type(other):
        return False
    if isinstance(one, CountInUnit) and isinstance(other, CountInUnit):
        # A count over a larger unit bounds another number.
        same = (one.service, one.of, one.unit) == (other.service, other.of, other.unit)
        return same and (one.unit != "area" or one.scope == other.scope)
    if isinstance(one, PopulationBand) and isinstance(other, PopulationBand):
        return one.service == other.service
    if isinstance(one, Rate) and isinstance(other, Rate):
        keys = ("resource", "service", "of", "denominator", "unit")
        same = all(getattr(one, key) == getattr(other, key) for key in keys)
        return same and (one.unit != "area" or one.scope == other.scope)
    return False


def _scopes_meet(one: Scope, other: Scope, county_ids: Mapping[str, str]) -> bool:
    """Return False when no zone can be in both scopes."""
    for key in ("county", "county_kind", "zone_kind"):
        first = {county_ids.get(v, v) for v in getattr(one, key)}
        second = {county_ids.get(v, v) for v in getattr(other, key)}
        if first and second and not first & second:
            return False
    if one.urban is not None and other.urban is not None and one.urban != other.urban:
        return False
    return all(
        below is None or least is None or least < below
        for below, least in (
            (one.people_below, other.people_from),
            (other.people_below, one.people_from),
        )
    )


def _contradiction(low: Rule, high: Rule) -> Finding:
    binding = low.priority is high.priority is Priority.MUST
    return Finding(
        "rules-contradict",
        Text(
            f"“{low.quote}”至少 {getattr(low, 'lo'):g}, "  # noqa: B009 (a Rule's kind)
            f"“{high.quote}”至多 {getattr(high, 'hi'):g}, 不能同时成立",  # noqa: B009
            f"“{low.quote}” asks for at least {getattr(low, 'lo'):g}, "  # noqa: B009
            f"“{high.quote}” for at most {getattr(high, 'hi'):g}",  # noqa: B009
        ),
        Severity.ERROR if binding else Severity.WARNING,
        ", ".join(dict.fromkeys((low.file, high.file))),
        (low.id, high.id),
        remedy=Text(
            "确定以哪一文件为准, 去掉另一条或改其参数",
            "decide which text stands; drop the other clause or change its figure",
        ),
    )
