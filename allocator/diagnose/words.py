"""What is missing, in the natural unit of the clause: people, places, 万元."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from allocator.diagnose.names import BUDGETS
from allocator.diagnose.relaxation import NOTHING
from allocator.errors import Finding, Text
from allocator.policy import (
    CountInUnit,
    Coverage,
    PopulationBand,
    Rate,
    Rule,
    ShareOfClass,
)
from allocator.policy.decided import DECIDED

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from allocator.diagnose.explain import Collision
    from allocator.diagnose.names import Names
    from allocator.diagnose.relaxation import Amount, Clause
    from allocator.formulation import Impossible


@dataclass(frozen=True)
class Lack:
    """One rule in one unit that cannot hold, and the size of what is missing.

    ``lacking`` is the part of it that no plan avoids: too few sites, or people whom
    nothing reaches.
    """

    rule_id: str
    unit_id: str
    what: str
    needed: float
    missing: float
    sense: str = ">="
    year: int | None = None
    lacking: float = 0.0


def of_impossible(item: Impossible, *, dated: bool) -> Lack:
    """Return what bounds alone show to be missing."""
    year = item.year if dated else None
    return Lack(
        item.rule_id,
        item.unit_id,
        item.what,
        item.needed,
        item.lacking,
        year=year,
        lacking=item.lacking,
    )


def of_amount(item: Amount, *, dated: bool) -> Lack:
    """Return what a plan of a relaxation leaves missing."""
    short = item.shortfall
    return Lack(
        short.rule_id,
        short.unit_id,
        short.what,
        short.needed,
        item.amount,
        short.sense,
        short.year if dated else None,
        short.lacking,
    )


def findings_of(lacks: Iterable[Lack], names: Names) -> list[Finding]:
    """Return one finding per rule and unit that gives way, with its remedy."""
    findings = []
    for lack in lacks:
        rule = names.rules.get(lack.rule_id)
        findings.append(
            Finding(
                "infeasible-rule"
                if rule
                else f"infeasible-{lack.rule_id.split(':')[0]}",
                in_words(lack, names),
                table=rule.file if rule else "",
                keys=(lack.rule_id,),
                remedy=_remedy(rule, lack),
            )
        )
    return findings


def in_words(lack: Lack, names: Names) -> Text:
    """Say what is missing in the natural unit of the rule."""
    rule = names.rules.get(lack.rule_id)
    unit = names.unit(lack.unit_id)
    if lack.year is not None:
        unit = f"{lack.year} {unit}"
    if rule is None:
        return _pseudo_rule(lack, unit, names)
    quote = f"“{rule.quote}”"
    number = _number(lack, rule, names)
    return Text(
        f"{unit}: {quote} 需要 {number[0].zh}, {number[1].zh}",
        f"{unit}: {quote} needs {number[0].en}, {number[1].en}",
    )


def _whole(amount: float) -> str:
    """Return how many whole people or places an amount needs: never too few."""
    return f"{math.ceil(amount - NOTHING * max(1.0, amount)):,}"


def _number(lack: Lack, rule: Rule, names: Names) -> tuple[Text, Text]:
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
        site = _site_of(lack.what, names)
        place = f"({site}) " if site else ""
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


def _site_of(what: str, names: Names) -> str:
    """Return the name of the site that a row of a band is about; empty for none."""
    site_id = what.partition("_")[2]
    return names.unit(site_id) if site_id in names.area.sites.index else ""


def _pseudo_rule(lack: Lack, unit: str, names: Names) -> Text:
    missing, needed = lack.missing, lack.needed
    if lack.rule_id == "budget":
        kind = BUDGETS[lack.what]
        zh = "" if lack.year is None else f"{lack.year} 年"
        en = "" if lack.year is None else f"{lack.year}: "
        return Text(
            f"{zh}预算 {needed:,.2f} 万元不够, 至少还需 {missing:,.2f} 万元"
            f" ({kind.zh})",
            f"{en}the budget of {needed:,.2f} 万元 is short by {missing:,.2f} 万元"
            f" ({kind.en})",
        )
    if lack.rule_id.startswith("serves:"):
        service = names.service(lack.rule_id[7:])
        return Text(
            f"{_whole(missing)} 人没有可到达的{service}",
            f"{_whole(missing)} people cannot reach any {service}",
        )
    if lack.rule_id == DECIDED:
        return Text(
            f"{unit} 的评审决定无法执行",
            f"what was decided of {unit} cannot be carried out",
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


# --- clauses, conflicts and ways out --------------------------------------------------

_MOST_UNITS = 6  # named before the rest is only counted


def clause_in_words(clause: Clause, units: Sequence[str], names: Names) -> Text:
    """Return a clause as a planner knows it: its words, and the units concerned."""
    rule = names.rules.get(clause.rule_id)
    if rule is None:
        return _pseudo_clause(clause, units, names)
    there = units_in_words(units, names)
    year = f"{clause.year} " if clause.year is not None else ""
    return Text(
        f"{year}{there.zh}: “{rule.quote}”", f"{year}{there.en}: “{rule.quote}”"
    )


def units_in_words(units: Sequence[str], names: Names) -> Text:
    """Return the names of units; beyond a few they are counted."""
    known = [names.unit(unit_id) for unit_id in units]
    shown = known[:_MOST_UNITS]
    more = len(known) - len(shown)
    zh, en = "、".join(shown), ", ".join(shown)
    return (
        Text(f"{zh} 等 {len(known)} 处", f"{en} and {more} more")
        if more
        else Text(zh, en)
    )


def _pseudo_clause(clause: Clause, units: Sequence[str], names: Names) -> Text:
    if clause.rule_id == "budget":
        kind = BUDGETS[clause.what]
        zh = "" if clause.year is None else f"{clause.year} 年"
        en = "" if clause.year is None else f" of {clause.year}"
        return Text(f"{zh}预算上限 ({kind.zh})", f"the budget{en} ({kind.en})")
    if clause.rule_id.startswith("serves:"):
        service = names.service(clause.rule_id[7:])
        return Text(f"所有人都由{service}服务", f"everyone is served by {service}")
    there = units_in_words(units, names)
    if clause.rule_id == DECIDED:
        return Text(f"评审决定: {there.zh}", f"decided in the review: {there.en}")
    return Text(f"锁定为必选: {there.zh}", f"locked in: {there.en}")


def proof_in_words(collision: Collision) -> Text:
    """Say what was proved of a set of clauses that collide, and who confirms it."""
    if collision.by_bounds:
        return Text(
            "该条单独就无法满足, 不经求解即可看出",
            "it cannot be met even alone, as is seen without solving",
        )
    count = len(collision.clauses)
    what = {
        "smallest": Text(
            f"共 {count} 条, 没有更小的冲突, 去掉任何一条其余可行",
            f"{count} clauses, no conflict is smaller, without any one the rest holds",
        ),
        "irreducible": Text(
            f"共 {count} 条, 去掉任何一条其余可行",
            f"{count} clauses, without any one the rest holds",
        ),
        "infeasible": Text(
            f"共 {count} 条不能同时成立, 限时内未证明每条都必需",
            f"{count} clauses collide; not each was shown to be needed in the time",
        ),
    }[collision.proof]
    second = {
        "confirmed": Text("CBC 复核无解", "CBC confirms it"),
        "unanswered": Text("CBC 限时内未能复核", "CBC did not answer in the time"),
        "missing": Text("未安装 CBC, 未复核", "not confirmed: CBC is not installed"),
    }[collision.confirmed or "missing"]
    return Text(f"{what.zh}; {second.zh}", f"{what.en}; {second.en}")


def way_in_words(lacks: Sequence[Lack], names: Names) -> Text:
    """Return how a clause gives way, in natural units: 预算增加 320 万元."""
    said = [_give_way(lack, names) for lack in lacks]
    if not said:
        return Text("不需让步", "nothing gives way")
    shown = said[:_MOST_UNITS]
    zh = "; ".join(text.zh for text in shown)
    en = "; ".join(text.en for text in shown)
    more = len(said) - len(shown)
    if more:
        return Text(f"{zh} 等 {len(said)} 处", f"{en} and {more} more")
    return Text(zh, en)


def _give_way(lack: Lack, names: Names) -> Text:
    rule = names.rules.get(lack.rule_id)
    unit = names.unit(lack.unit_id)
    year = f"{lack.year} " if lack.year is not None else ""
    if rule is None:
        words = _pseudo_way(lack, unit, names)
    elif isinstance(rule, (CountInUnit, ShareOfClass)):
        words = _places_way(lack, rule, unit)
    elif isinstance(rule, Coverage):
        people = _whole(lack.missing)
        reach = _reach(rule)
        words = Text(
            f"{unit} 允许 {people} 人在{reach.zh}之外",
            f"{people} people beyond {reach.en} in {unit}",
        )
    elif isinstance(rule, PopulationBand):
        words = _band_way(lack, rule, unit, names)
    else:
        word = "多" if lack.what == "hi" else "少"
        over = "above" if lack.what == "hi" else "below"
        amount = f"{lack.missing:,.1f}"
        words = Text(
            f"{unit} 允许{word} {amount}", f"{amount} {over} the figure in {unit}"
        )
    return Text(f"{year}{words.zh}", f"{year}{words.en}")


def _reach(rule: Coverage) -> Text:
    """Return the reach of a coverage rule; town and country apart where they differ."""
    minutes = rule.measure == "minutes"
    unit = Text("分钟", "minutes") if minutes else Text("公里", "km")
    common = rule.within_minutes if minutes else rule.within_km
    urban = rule.urban_minutes if minutes else rule.urban_km
    rural = rule.rural_minutes if minutes else rule.rural_km
    town = common if urban is None else urban
    country = common if rural is None else rural
    if town == country:
        return Text(f" {town:g} {unit.zh}", f"{town:g} {unit.en}")
    return Text(
        f" {town:g} {unit.zh} (乡村 {country:g})",
        f"{town:g} {unit.en} ({country:g} in the country)",
    )


def _places_way(lack: Lack, rule: CountInUnit | ShareOfClass, unit: str) -> Text:
    if isinstance(rule, ShareOfClass):
        number = _whole(lack.missing / rule.exact_share.denominator)
    else:
        number = _whole(lack.missing)
    if lack.what.endswith("hi"):
        return Text(f"{unit} 允许多设 {number} 所", f"{number} more allowed in {unit}")
    if lack.lacking >= lack.missing * (1 - NOTHING):
        return Text(
            f"{unit} 再有 {number} 个可用的备选点",
            f"{number} more candidate(s) in {unit}",
        )
    return Text(f"{unit} 允许少 {number} 所", f"{number} fewer in {unit}")


def _band_way(lack: Lack, rule: PopulationBand, unit: str, names: Names) -> Text:
    people = _whole(lack.missing)
    site = _site_of(lack.what, names)
    if not site:
        return Text(f"{unit} 允许 {people} 人无人服务", f"{people} unserved in {unit}")
    if lack.what.startswith("lo") or "_lo_" in lack.what:
        return Text(
            f"{site} 服务人口允许比 {rule.lo:,.0f} 少 {people} 人",
            f"{people} people fewer than {rule.lo:,.0f} at {site}",
        )
    return Text(
        f"{site} 服务人口允许比 {rule.hi:,.0f} 多 {people} 人",
        f"{people} people more than {rule.hi:,.0f} at {site}",
    )


def _pseudo_way(lack: Lack, unit: str, names: Names) -> Text:
    if lack.rule_id == "budget":
        kind = BUDGETS[lack.what]
        more, whole = math.ceil(lack.missing * 100 - NOTHING) / 100, lack.needed
        return Text(
            f"预算 ({kind.zh}) 增加 {more:,.2f} 万元, 到 {whole + more:,.2f}",
            f"budget ({kind.en}) +{more:,.2f} 万元, to {whole + more:,.2f}",
        )
    if lack.rule_id.startswith("serves:"):
        people = _whole(lack.missing)
        service = names.service(lack.rule_id[7:])
        return Text(
            f"允许 {people} 人没有可到达的{service}",
            f"{people} people without any {service}",
        )
    if lack.rule_id == DECIDED:
        return Text(f"收回对 {unit} 的决定", f"take back what was decided of {unit}")
    return Text(f"{unit} 不再锁定", f"{unit} is no longer locked in")
