"""What a decision costs, as one sentence: people, money, and what is best instead."""

from __future__ import annotations

from typing import TYPE_CHECKING

from allocator.audit import limit_of
from allocator.errors import Text
from allocator.pipeline.pricing import service_names, site_name
from allocator.policy import Coverage, Priority
from allocator.reasons.words import figure, say_difference

if TYPE_CHECKING:
    from collections.abc import Sequence

    from allocator.pipeline.price_search import Price
    from allocator.pipeline.task import Task
    from allocator.reasons.difference import Difference

_SOMEBODY = 0.5  # people: less is the rounding of shares
_CENT = 1e-4  # 万元: tables hold as many decimals
_MOST_NAMED = 3

_DOING = {
    "accept": Text("同意", "accepting"),
    "reject": Text("不同意", "rejecting"),
    "lock": Text("锁定", "locking in"),
    "defer": Text("缓建", "deferring"),
    "move": Text("调整", "moving"),
    "add": Text("增加", "adding"),
}
_RESULTS = {
    "as_is": Text("方案本来如此, 没有代价", "the plan is like this: it costs nothing"),
    "kept": Text(
        "现有设置, 任务书没有允许撤销 ([policy] closing)",
        "held today, and the brief does not let it close ([policy] closing)",
    ),
    "impossible": Text(
        "没有满足全部条款和预算的方案", "no plan keeps all clauses and the budget"
    ),
    "unknown": Text("时间内没有定论", "time ran out before this was decided"),
    "as_good": Text("有同样好的方案", "another plan is as good"),
}
_MONEY = {
    "capital_wan": Text("投资", "capital"),
    "yearly_wan": Text("年运行费", "yearly cost"),
}
_BETTER = ("better", "perhaps_better")


def say_price(task: Task, one: Price) -> Text:
    """Return what a decision costs in people and money, and what is best instead.

    Parameters
    ----------
    task
        Names sites, services and how far people may go.
    one
        The price.
    """
    head = _head(task, one)
    people = _people(task, one)
    parts = [*_verdict(one), *people, *_weighed(one), *_instead(task, one)]
    said = Text("; ".join(p.zh for p in parts), "; ".join(p.en for p in parts))
    # "rejecting A leaves 11,200 people ...": the sentence goes on without a colon.
    verb = bool(people) and parts[0] is people[0] and parts[0].en.startswith("leaves")
    return Text(f"{head.zh}: {said.zh}", f"{head.en}{'' if verb else ':'} {said.en}")


def say_then(task: Task, one: Price) -> Text | None:
    """Return who then serves the people of a site; None where that is not known."""
    if one.reason is None or not one.reason.then:
        return None
    names = task.area.sites["name"]
    rows = one.reason.then[:_MOST_NAMED]
    zh = "、".join(f"{names[s] if s else '无人服务'} {n:,.0f} 人" for s, n in rows)
    en = ", ".join(f"{names[s] if s else 'nobody'} {n:,.0f}" for s, n in rows)
    return Text(f"其服务的人改由: {zh}", f"its people then go to: {en}")


def _head(task: Task, one: Price) -> Text:
    if one.all_together:
        return Text("全部意见一起", "all decisions together")
    first = one.decisions[0]
    services = "、".join(service_names(task, one.decisions))
    place = f"{site_name(task, first)} {services}".strip()
    who = f" ({first.reviewer})" if first.reviewer else ""
    word = _DOING[str(first.verdict)]
    return Text(f"{word.zh} {place}{who}", f"{word.en} {place}{who}")


def _verdict(one: Price) -> list[Text]:
    return [_RESULTS[one.result]] if one.result in _RESULTS else []


def _people(task: Task, one: Price) -> list[Text]:
    """Return how many people more or fewer are in reach; nothing where none is.

    Of the service that is decided on, where a clause says how near it must be; else of
    everything together.
    """
    services = {d.service for d in one.decisions} & set(one.beyond)
    if len(services) == 1 and not one.all_together:
        service = services.pop()
        left = one.beyond[service]
        if abs(left) > _SOMEBODY:
            return [_beyond(task, service, left)]
    change = 0.0 if one.more is None else one.more["covered_people"]
    if abs(change) <= _SOMEBODY:
        return []
    people = f"{abs(change):,.0f}"
    if change > 0:
        return [Text(f"多 {people} 人可达", f"{people} more people in reach")]
    return [Text(f"少 {people} 人可达", f"leaves {people} people out of reach")]


def _beyond(task: Task, service: str, left: float) -> Text:
    limit, people = _limit(task, service), f"{abs(left):,.0f}"
    if left > 0:
        return Text(
            f"{people} 人超出{limit.zh}", f"leaves {people} people beyond {limit.en}"
        )
    return Text(
        f"多 {people} 人在{limit.zh}之内", f"{people} more people within {limit.en}"
    )


def _limit(task: Task, service: str) -> Text:
    """Return how near a service must be; every figure, in town and country say."""
    limits = {
        (limit_of(reading, urban=urban), reading.measure)
        for rule in task.policy.rules
        if rule.priority is not Priority.MAY
        for reading in rule.readings
        if isinstance(reading, Coverage) and reading.service == service
        for urban in (True, False)
    }
    if len({measure for _, measure in limits}) > 1:
        return Text("规定的时限或距离", "what the clauses allow")
    figures = "/".join(f"{limit:g}" for limit, _ in sorted(limits))
    if any(measure == "km" for _, measure in limits):
        return Text(f" {figures} 公里", f"{figures} km")
    return Text(f" {figures} 分钟", f"{figures} minutes")


def _weighed(one: Price) -> list[Text]:
    """Return the first objective that gets worse, or what gets better."""
    if one.found is None:
        return []
    first = one.found.first
    if first is None:
        better = [d for d in one.found.differences if d.kind in _BETTER]
        return [_in_one_clause(d) for d in better]
    if first.name in ("uncovered_people", "capital_wan"):
        return []
    return [_in_one_clause(first)]


def _in_one_clause(difference: Difference) -> Text:
    said = say_difference(difference)
    return Text(said.zh.replace(": ", " ", 1), said.en.replace(": ", " ", 1))


def _instead(task: Task, one: Price) -> list[Text]:
    """Return the best substitutes and what the whole change costs, as one clause."""
    parts: list[Text] = []
    if one.reason is not None and one.reason.substitutes:
        parts.append(_substitutes(task, one.reason.substitutes))
    parts += _money(one)
    if not parts:
        return []
    return [Text(", ".join(p.zh for p in parts), ", ".join(p.en for p in parts))]


def _substitutes(task: Task, found: Sequence[tuple[str, float]]) -> Text:
    names = task.area.sites["name"]
    said = [f"{names[site_id]} ({km:.1f} km)" for site_id, km in found[:_MOST_NAMED]]
    return Text(f"最好的替代 {'、'.join(said)}", f"best substitute {', '.join(said)}")


def _money(one: Price) -> list[Text]:
    if one.more is None:
        return []
    said = []
    for name, words in _MONEY.items():
        change = one.more[name]
        if abs(change) > _CENT:
            amount = f"{'+' if change > 0 else '−'}{figure(abs(change))}"
            said.append(Text(f"{words.zh} {amount} 万元", f"{words.en} {amount} 万元"))
    return said
