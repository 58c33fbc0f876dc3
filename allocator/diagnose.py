"""When no plan exists: which rules cannot hold, and how much is missing.

Every binding requirement is given a shortfall and the sum of relative shortfalls is
minimised. What is then missing is a way out; where bounds alone already show that a
rule cannot be met, that is said first.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from allocator.errors import Finding, InfeasibleError, SolverError, Text
from allocator.formulation import build_phases
from allocator.policy import (
    CountInUnit,
    Coverage,
    PopulationBand,
    Rate,
    Rule,
    ShareOfClass,
)
from allocator.policy.terms import Phase
from allocator.progress import SILENT
from allocator.solve import solve

if TYPE_CHECKING:
    from collections.abc import Sequence

    from allocator.area import PlanningArea
    from allocator.formulation import Formulation, Impossible, Shortfall
    from allocator.formulation.program import Relaxed
    from allocator.policy import Policy
    from allocator.policy.terms import Terms
    from allocator.progress import Progress
    from allocator.travel import Travel


@dataclass(frozen=True)
class Lack:
    """One rule in one unit that cannot hold, and the size of what is missing."""

    rule_id: str
    unit_id: str
    what: str
    needed: float
    missing: float
    sense: str = ">="
    year: int | None = None


def refuse_impossible(
    formulation: Formulation, area: PlanningArea, policy: Policy
) -> None:
    """Stop when bounds alone show that some rule cannot hold.

    Raises
    ------
    InfeasibleError
        One finding per rule and unit.
    """
    if not formulation.impossible:
        return
    dated = len(formulation.programs) > 1
    lacks = [_of_impossible(item, dated=dated) for item in formulation.impossible]
    raise InfeasibleError(_findings(lacks, area, policy, proven=True))


def explain_infeasible(
    area: PlanningArea,
    travel: Travel,
    policy: Policy,
    terms: Terms,
    *,
    time_limit_s: float,
    progress: Progress = SILENT,
) -> InfeasibleError:
    """Return the error that says what is missing when a task of one phase has no plan.

    Parameters
    ----------
    area, travel, policy, terms
        The task.
    time_limit_s, progress
        As in `explain_phases`.

    Raises
    ------
    SolverError
        When nothing is short after all: the solver contradicts itself.
    """
    phases = [Phase(area, policy, terms)]
    return explain_phases(phases, travel, time_limit_s=time_limit_s, progress=progress)


def explain_phases(
    phases: Sequence[Phase],
    travel: Travel,
    *,
    time_limit_s: float,
    progress: Progress = SILENT,
) -> InfeasibleError:
    """Return the error that says what is missing when a task has no plan.

    Parameters
    ----------
    phases, travel
        The task.
    time_limit_s
        Seconds for the search of a smallest total shortfall.
    progress
        Told of the search.

    Raises
    ------
    SolverError
        When nothing is short after all: the solver contradicts itself.
    """
    progress.step(Text("查找无法同时成立的条款", "finding the clauses that collide"))
    area, policy = phases[-1].area, phases[-1].policy
    # Money alone is the commonest way out and its least amount is exact, so it is
    # tried before rules are weighed against each other.
    choices: list[Relaxed] = ["everything"]
    if any(_has_budget(phase.terms) for phase in phases):
        choices.insert(0, "budget")
    for relaxed in choices:
        formulation = build_phases(phases, travel, relaxed=relaxed)
        if formulation.impossible:
            continue
        solution = solve(
            formulation, time_limit_s=time_limit_s, gap=_GAP, progress=progress
        )
        lacks = [
            _of_shortfall(shortfall, dated=len(phases) > 1)
            for shortfall in formulation.shortfalls
            if (shortfall.variable.varValue or 0.0) > _NOTHING * shortfall.needed
        ]
        if solution.status != "infeasible" and lacks:
            return InfeasibleError(_findings(lacks, area, policy, proven=False))
    raise _contradiction()


def _has_budget(terms: Terms) -> bool:
    limits = (terms.capital_wan, terms.yearly_wan, terms.total_capital_wan)
    return any(limit is not None for limit in limits)


_GAP = 1e-4  # relative, of the sum of shortfalls
_NOTHING = 1e-6  # relative: a shortfall below this is the solver's rounding


def _contradiction() -> SolverError:
    message = Text(
        "求解器称无解, 放宽后却没有缺口, 两者矛盾",
        "the solver calls the task infeasible, yet nothing is short when it is relaxed",
    )
    remedy = Text(
        "请检查数据的量级 (造价、人口是否相差悬殊)",
        "check the scale of the data (costs or people that differ by many magnitudes)",
    )
    return SolverError([Finding("solver-contradicts-itself", message, remedy=remedy)])


def _of_impossible(item: Impossible, *, dated: bool) -> Lack:
    year = item.year if dated else None
    return Lack(
        item.rule_id, item.unit_id, item.what, item.needed, item.lacking, year=year
    )


def _of_shortfall(item: Shortfall, *, dated: bool) -> Lack:
    return Lack(
        item.rule_id,
        item.unit_id,
        item.what,
        item.needed,
        item.variable.varValue or 0.0,
        item.sense,
        item.year if dated else None,
    )


def _findings(
    lacks: list[Lack], area: PlanningArea, policy: Policy, *, proven: bool
) -> list[Finding]:
    if not lacks:
        message = Text("没有满足全部条款的方案", "no plan keeps every rule")
        return [Finding("infeasible", message)]
    rules = {rule.id: rule for rule in policy.rules}
    head = (
        Text("这些条款无论如何都无法满足", "these rules cannot be met in any way")
        if proven
        else Text(
            "没有满足全部条款的方案; 缺口最小的一种出路如下",
            "no plan keeps every rule; the way out with the least shortfall is below",
        )
    )
    findings = [Finding("infeasible", head)]
    for lack in lacks:
        rule = rules.get(lack.rule_id)
        findings.append(
            Finding(
                "infeasible-rule"
                if rule
                else f"infeasible-{lack.rule_id.split(':')[0]}",
                _in_words(lack, rule, area),
                table=rule.file if rule else "",
                keys=(lack.rule_id,),
                remedy=_remedy(rule, lack),
            )
        )
    return findings


def _unit_name(unit_id: str, area: PlanningArea) -> str:
    for frame in (area.counties, area.zones, area.sites):
        if unit_id in frame.index:
            return str(frame.at[unit_id, "name"])
    return unit_id or area.name


def _in_words(lack: Lack, rule: Rule | None, area: PlanningArea) -> Text:
    """Say what is missing in the natural unit of the rule."""
    unit = _unit_name(lack.unit_id, area)
    if lack.year is not None:
        unit = f"{lack.year} {unit}"
    if rule is None:
        return _pseudo_rule(lack, unit)
    quote = f"“{rule.quote}”"
    number = _number(lack, rule)
    return Text(
        f"{unit}: {quote} 需要 {number[0].zh}, {number[1].zh}",
        f"{unit}: {quote} needs {number[0].en}, {number[1].en}",
    )


def _whole(amount: float) -> str:
    """Return how many whole people or places an amount needs: never too few."""
    return f"{math.ceil(amount - _NOTHING * max(1.0, amount)):,}"


def _number(lack: Lack, rule: Rule) -> tuple[Text, Text]:
    site_level = lack.what.split("_")[-1]
    missing, needed = lack.missing, lack.needed
    if isinstance(rule, CountInUnit):
        word = "多出" if lack.what.endswith("hi") else "缺"
        over = "too many" if lack.what.endswith("hi") else "missing"
        bound = "至多" if lack.what.endswith("hi") else "至少"
        return (
            Text(f"{bound} {needed:.0f} 所", f"{needed:.0f}"),
            Text(f"{word} {_whole(missing)} 所", f"{_whole(missing)} {over}"),
        )
    if isinstance(rule, ShareOfClass):
        number = _whole(missing / rule.exact_share.denominator)
        return (
            Text(f"{rule.share:.0%}", f"{rule.share:.0%}"),
            Text(f"缺 {number} 所", f"{number} missing"),
        )
    if isinstance(rule, PopulationBand):
        band = f"{rule.lo:,.0f}–{rule.hi:,.0f}"
        place = f"({site_level}) " if site_level not in ("served", "of") else ""
        return (
            Text(f"每所 {band} 人", f"{band} people each"),
            Text(
                f"{place}差 {_whole(missing)} 人",
                f"{place}{_whole(missing)} people off",
            ),
        )
    if isinstance(rule, Coverage):
        return (
            Text(f"覆盖 {needed:,.0f} 人", f"{needed:,.0f} people covered"),
            Text(
                f"{_whole(missing)} 人无法覆盖",
                f"{_whole(missing)} people out of reach",
            ),
        )
    amount = Text(f"{needed:,.1f}", f"{needed:,.1f}")
    word = "超出" if isinstance(rule, Rate) and lack.what == "hi" else "缺"
    return amount, Text(f"{word} {missing:,.1f}", f"{missing:,.1f} off")


def _pseudo_rule(lack: Lack, unit: str) -> Text:
    missing, needed = lack.missing, lack.needed
    if lack.rule_id == "budget":
        zh = "" if lack.year is None else f"{lack.year} 年"
        en = "" if lack.year is None else f"{lack.year}: "
        return Text(
            f"{zh}预算 {needed:,.2f} 万元不够, 至少还需 {missing:,.2f} 万元"
            f" ({lack.what})",
            f"{en}the budget of {needed:,.2f} 万元 is short by {missing:,.2f} 万元"
            f" ({lack.what})",
        )
    if lack.rule_id.startswith("serves:"):
        return Text(
            f"{_whole(missing)} 人没有可到达的 {lack.rule_id[7:]}",
            f"{_whole(missing)} people cannot reach any {lack.rule_id[7:]}",
        )
    return Text(
        f"{unit} 被锁定为必选, 但没有可设置的服务",
        f"{unit} is locked in, but no service can be placed there",
    )


def _remedy(rule: Rule | None, lack: Lack) -> Text:
    if lack.rule_id == "budget":
        return Text("提高 [budget] 或放宽条款", "raise the [budget] or relax a rule")
    if isinstance(rule, (CountInUnit, ShareOfClass)) and not lack.what.endswith("hi"):
        return Text(
            "在该单元增加备选点, 或核对 hosts 与类别",
            "add candidates in this unit, or check hosts and classes",
        )
    return Text(
        "增加备选点、放宽条款参数或改为 strive",
        "add candidates, relax the figure, or make the rule strive",
    )
