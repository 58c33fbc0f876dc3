"""When no plan exists: which rules cannot hold, and how much is missing.

Every binding requirement is given a shortfall and the sum of relative shortfalls is
minimised. What is then missing is a way out; where bounds alone already show that a
rule cannot be met, that is said first.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from allocator.errors import Finding, InfeasibleError, SolverError, Text
from allocator.formulation import build
from allocator.policy import (
    CountInUnit,
    Coverage,
    PopulationBand,
    Priority,
    Rate,
    Rule,
    ShareOfClass,
)
from allocator.progress import SILENT
from allocator.solve import solve

if TYPE_CHECKING:
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
    lacks = [_of_impossible(item) for item in formulation.impossible]
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
    """Return the error that says what is missing when a task has no plan.

    Parameters
    ----------
    area, travel, policy, terms
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
    strive = {rule.id for rule in policy.rules if rule.priority is Priority.STRIVE}
    # Money alone is the commonest way out and its least amount is exact, so it is
    # tried before rules are weighed against each other.
    choices: list[Relaxed] = ["everything"]
    if terms.capital_wan is not None or terms.yearly_wan is not None:
        choices.insert(0, "budget")
    for relaxed in choices:
        formulation = build(area, travel, policy, terms, relaxed=relaxed)
        if formulation.impossible:
            continue
        solution = solve(
            formulation, time_limit_s=time_limit_s, gap=_GAP, progress=progress
        )
        lacks = [
            _of_shortfall(shortfall)
            for shortfall in formulation.shortfalls
            if shortfall.rule_id not in strive
            and (shortfall.variable.varValue or 0.0) > _NOTHING * shortfall.needed
        ]
        if solution.status != "infeasible" and lacks:
            return InfeasibleError(_findings(lacks, area, policy, proven=False))
    raise _contradiction()


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


def _of_impossible(item: Impossible) -> Lack:
    return Lack(item.rule_id, item.unit_id, item.what, item.needed, item.lacking)


def _of_shortfall(item: Shortfall) -> Lack:
    missing = item.variable.varValue or 0.0
    return Lack(item.rule_id, item.unit_id, item.what, item.needed, missing, item.sense)


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
                table=f"{rule.pack}.toml" if rule else "",
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
    if rule is None:
        return _pseudo_rule(lack, unit)
    quote = f"“{rule.quote}”"
    number = _number(lack, rule)
    return Text(
        f"{unit}: {quote} 需要 {number[0].zh}, {number[1].zh}",
        f"{unit}: {quote} needs {number[0].en}, {number[1].en}",
    )


def _number(lack: Lack, rule: Rule) -> tuple[Text, Text]:
    site_level = lack.what.split("_")[-1]
    missing, needed = lack.missing, lack.needed
    if isinstance(rule, CountInUnit):
        word = "多出" if lack.what.endswith("hi") else "缺"
        over = "too many" if lack.what.endswith("hi") else "missing"
        bound = "至多" if lack.what.endswith("hi") else "至少"
        return (
            Text(f"{bound} {needed:.0f} 所", f"{needed:.0f}"),
            Text(f"{word} {missing:.0f} 所", f"{missing:.0f} {over}"),
        )
    if isinstance(rule, ShareOfClass):
        number = max(1.0, missing / rule.exact_share.denominator)
        return (
            Text(f"{rule.share:.0%}", f"{rule.share:.0%}"),
            Text(f"缺 {number:.0f} 所", f"{number:.0f} missing"),
        )
    if isinstance(rule, PopulationBand):
        band = f"{rule.lo:,.0f}–{rule.hi:,.0f}"
        place = f"({site_level}) " if site_level not in ("served", "of") else ""
        return (
            Text(f"每所 {band} 人", f"{band} people each"),
            Text(f"{place}差 {missing:,.0f} 人", f"{place}{missing:,.0f} people off"),
        )
    if isinstance(rule, Coverage):
        return (
            Text(f"覆盖 {needed:,.0f} 人", f"{needed:,.0f} people covered"),
            Text(f"{missing:,.0f} 人无法覆盖", f"{missing:,.0f} people out of reach"),
        )
    amount = Text(f"{needed:,.1f}", f"{needed:,.1f}")
    word = "超出" if isinstance(rule, Rate) and lack.what == "hi" else "缺"
    return amount, Text(f"{word} {missing:,.1f}", f"{missing:,.1f} off")


def _pseudo_rule(lack: Lack, unit: str) -> Text:
    missing, needed = lack.missing, lack.needed
    if lack.rule_id == "budget":
        return Text(
            f"预算 {needed:,.0f} 万元不够, 至少还需 {missing:,.0f} 万元 ({lack.what})",
            f"the budget of {needed:,.0f} 万元 is short by {missing:,.0f} 万元"
            f" ({lack.what})",
        )
    if lack.rule_id.startswith("serves:"):
        return Text(
            f"{missing:,.0f} 人没有可到达的 {lack.rule_id[7:]}",
            f"{missing:,.0f} people cannot reach any {lack.rule_id[7:]}",
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
