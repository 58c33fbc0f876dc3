"""What the parts of an area share: budgets, and clauses about all of them together.

Everything else must stay inside one part, or the parts could not be planned apart. A
clause that reaches over several parts in a way that cannot be shared out is refused by
name: none is ever dropped.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from allocator.errors import Finding, Text
from allocator.policy import (
    CountInUnit,
    Coverage,
    Indicator,
    PopulationBand,
    Priority,
    Rate,
    Rule,
    ShareOfClass,
    Unit,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from allocator.area import PlanningArea
    from allocator.policy import Policy, Scope
    from allocator.policy.terms import Phase

MONEY = ("capital_wan", "yearly_wan", "total_capital_wan")

# Objectives that are the sum over the parts; the others are about the worst of all.
ADDED_UP = (
    "shortfall",
    "uncovered_people",
    "person_minutes",
    "capital_wan",
    "yearly_wan",
    "sites",
    "scores",
    "amounts_elsewhere",
    "changes",
)


@dataclass(frozen=True)
class Limit:
    """One limit that all parts share: the sum of what they add is at most ``most``.

    Parameters
    ----------
    phase
        Number of the phase, from 0.
    year
        Its year; None where the brief states none.
    name
        One of `MONEY`, or the id of a clause.
    what
        Which row of the clause; empty for money.
    most
        The right-hand side, in the unit of the quantity (万元 for money).
    strive
        Whether it may be missed, at the price of a shortfall.
    """

    phase: int
    year: int | None
    name: str
    what: str
    most: float
    strive: bool = False

    @property
    def key(self) -> str:
        """A name that no other limit has."""
        return f"{self.phase}:{self.name}:{self.what}"

    @property
    def is_money(self) -> bool:
        """Whether it is a budget."""
        return not self.what


@dataclass(frozen=True)
class Sharing:
    """What parts share, and what each is left to keep by itself.

    Parameters
    ----------
    limits
        In a fixed order: money first, then clauses in the order of the packs.
    totals
        By phase, the clauses about all parts together, with their shares.
    policies
        By phase, what every part keeps by itself.
    findings
        Clauses and objectives that cannot be shared out; nothing may be planned while
        there are any.
    """

    limits: tuple[Limit, ...]
    totals: tuple[tuple[Rule, ...], ...]
    policies: tuple[Policy, ...]
    findings: tuple[Finding, ...]


def find_sharing(
    phases: Sequence[Phase],
    part_of_county: Mapping[str, str],
    undecidable: Iterable[frozenset[str]],
) -> Sharing:
    """Find what the parts of a task share, and refuse what cannot be shared out.

    Parameters
    ----------
    phases
        The task, in the order of years.
    part_of_county
        The part of every county.
    undecidable
        By phase, ids of the rules that bind nothing in the whole, as a column is
        missing: they bind no part either.
    """
    findings = _other_objectives(phases[0].terms.objective)
    limits: list[Limit] = []
    totals, policies = [], []
    for number, (phase, unknown) in enumerate(zip(phases, undecidable, strict=True)):
        limits += _money(number, phase)
        kept: list[Rule] = []
        added: list[Rule] = []
        for rule in phase.policy.rules:
            if rule.id in unknown:
                continue
            if not _couples(rule, phase.area, part_of_county):
                kept.append(rule)
            elif problem := _cannot_be_shared(rule):
                findings.append(_refusal(rule, problem))
            else:
                added.append(rule)
                limits += _of_clause(number, phase, rule)
                if isinstance(rule, Coverage):
                    kept.append(replace(rule, share=None))
        totals.append(tuple(added))
        policies.append(replace(phase.policy, rules=tuple(kept)))
    limits.sort(key=lambda limit: not limit.is_money)
    return Sharing(tuple(limits), tuple(totals), tuple(policies), tuple(findings))


def _money(number: int, phase: Phase) -> list[Limit]:
    terms = phase.terms
    return [
        Limit(number, terms.year, name, "", limit)
        for name in MONEY
        if (limit := getattr(terms, name)) is not None
    ]


def _of_clause(number: int, phase: Phase, rule: Rule) -> list[Limit]:
    """Return the limits of one clause; a count's bound is that of all together."""
    strive = rule.priority is Priority.STRIVE
    bounds: dict[str, float] = {}
    if isinstance(rule, CountInUnit):
        if rule.lo:
            bounds["lo"] = -float(rule.lo)
        if rule.hi is not None:
            bounds["hi"] = float(rule.hi)
    elif isinstance(rule, Rate):
        bounds |= {} if rule.lo is None else {"lo": 0.0}
        bounds |= {} if rule.hi is None else {"hi": 0.0}
    else:
        bounds["share"] = 0.0
    year = phase.terms.year
    return [
        Limit(number, year, rule.id, what, most, strive)
        for what, most in bounds.items()
    ]


def _couples(rule: Rule, area: PlanningArea, part_of_county: Mapping[str, str]) -> bool:
    """Return whether a rule binds several parts together."""
    if rule.unit is not Unit.AREA or rule.priority is Priority.MAY:
        return False
    if all(_adds_nothing(reading) for reading in rule.readings):
        return False
    return any(
        len({part_of_county[c] for c in _counties(reading.scope, area)}) > 1
        for reading in rule.readings
    )


def _adds_nothing(rule: Rule) -> bool:
    """Return whether a rule of the whole area holds when it holds in every part.

    What every member, or everyone, must have, each part's members must have: that is
    so for what must hold. What is striven for is measured against the whole.
    """
    must = rule.priority is Priority.MUST
    if isinstance(rule, Indicator):
        return True
    if isinstance(rule, PopulationBand):
        return must
    if isinstance(rule, Coverage):
        return rule.share is None or (must and rule.share == 1)
    if isinstance(rule, ShareOfClass):
        return rule.service is None or (must and rule.exact_share == 1)
    return False


def _counties(scope: Scope, area: PlanningArea) -> set[str]:
    """Return the counties that a scope may be about, by its conditions on counties.

    Conditions on zones can only leave some of them out: a rule that then lies in one
    county is still shared out, which is right and no more than slower.
    """
    counties = area.counties
    chosen = counties["name"].notna()
    if scope.county:
        chosen &= counties["name"].isin(scope.county) | counties.index.isin(
            scope.county
        )
    if scope.county_kind:
        chosen &= counties["kind"].isin(scope.county_kind)
    return set(counties.index[chosen]) & set(area.zones["county_id"])


def _cannot_be_shared(rule: Rule) -> Text | None:
    """Return why a clause about several parts cannot be shared out; None if it can."""
    if len(rule.readings) > 1:
        return Text(
            "全域有多种读法, 选哪一种要对全域一起决定",
            "has several readings for the whole, of which one is chosen for all",
        )
    if isinstance(rule, PopulationBand):
        return Text("力争的人口区间", "is a population band that is striven for")
    if isinstance(rule, Rate) and rule.not_below_today:
        return Text(
            "不低于现状的比率对全域计算", "is bound by today's rate of the whole"
        )
    return None


def _refusal(rule: Rule, why: Text) -> Finding:
    return Finding(
        "split-rule-couples",
        Text(
            f"该条款把各县连在一起, 不能分县求解: {why.zh}",
            f"this clause ties counties together and cannot be split: {why.en}",
        ),
        table=rule.file,
        keys=(rule.id,),
        value=rule.quote,
        remedy=Text(
            '把条款写成 unit = "county", 或不写 [split] 而整体求解',
            'write the clause with unit = "county", or leave out [split]',
        ),
    )


def _other_objectives(order: Iterable[str]) -> list[Finding]:
    return [
        Finding(
            "split-objective",
            Text(
                f"目标 {name} 不是各县之和, 不能分县求解",
                f"objective {name} is no sum over counties and cannot be split",
            ),
            column="objective.order",
            value=name,
            remedy=Text(
                f"只用 {', '.join(ADDED_UP[1:])}, 或不写 [split]",
                f"order only {', '.join(ADDED_UP[1:])}, or leave out [split]",
            ),
        )
        for name in order
        if name not in ADDED_UP
    ]
