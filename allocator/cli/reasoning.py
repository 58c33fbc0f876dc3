"""``allocator explain --site``, ``--rule`` and ``--sites all``: why, solved again."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from allocator.errors import Text
from allocator.export import plain_json, refuse_existing
from allocator.pipeline import (
    Review,
    explain_rule,
    explain_site,
    explain_sites,
    read_task,
    reasons_table,
    write_reasons,
)
from allocator.pipeline.reasons import REASONS_MARKER
from allocator.reasons.words import (
    figure,
    objective_name,
    say_difference,
    say_verdict,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from allocator.cli.console import Console, TerminalProgress
    from allocator.pipeline import ClauseReason, Reason, Reasons, Task

_MOST_NAMED = 5  # sites or placements of one line; more are only counted


def explain_one_site(
    brief: Path,
    site_id: str,
    run: Path | None,
    console: Console,
    progress: TerminalProgress,
) -> None:
    """Say why each service is placed at a site, or not, and what changing that does.

    Raises
    ------
    AllocatorError
        When brief, site or run cannot be used, or the task has no plan.
    """
    task = read_task(brief, review=Review.of_run(run), progress=progress)
    found = explain_site(task, site_id, run=run, progress=progress)
    if console.as_json:
        console.data(plain_json(_site_data(task, site_id, found, console)))
        return
    console.findings(task.findings)
    name = str(task.area.sites.loc[site_id, "name"])
    console.result(f"{site_id} {name}")
    for reason in found.reasons:
        for line in _reason_lines(task, reason):
            console.result(line.say(console.language))
    if not found.complete:
        console.result(_INTERRUPTED.say(console.language))


_INTERRUPTED = Text("已中断, 以下未求解", "interrupted: the rest was not looked at")


def _reason_lines(task: Task, reason: Reason) -> list[Text]:
    service = task.policy.services[reason.pair[1]].name
    action = _ACTIONS[reason.action]
    lines = [Text(f"{service} ({action.zh})", f"{service} ({action.en})")]
    clauses = ", ".join(reason.clauses)
    asked = Text(f"依据条款: {clauses or '无'}", f"clauses: {clauses or 'none'}")
    money = f"{reason.capital_wan:,.0f}", f"{reason.yearly_wan:,.0f}"
    cost = Text(
        f"投资 {money[0]} 万元, 年运行费 {money[1]} 万元",
        f"capital {money[0]} 万元, yearly {money[1]} 万元",
    )
    details = [asked, cost]
    if reason.served is not None:
        people, minutes = f"{reason.served.people:,.0f}", reason.served.minutes
        details.append(
            Text(
                f"服务 {people} 人, 平均 {minutes:.1f} 分钟",
                f"serves {people} people, {minutes:.1f} minutes on average",
            )
        )
    if reason.found is not None:
        details.append(say_verdict(reason.found))
        details += [
            _indented(say_difference(difference))
            for difference in reason.found.differences
        ]
    details += _other_sites(task, reason)
    return lines + [_indented(line) for line in details]


_ACTIONS = {
    "build": Text("新建", "build"),
    "upgrade": Text("提升", "upgrade"),
    "keep": Text("保留", "keep"),
    "close": Text("撤销", "close"),
    "": Text("未入选", "not chosen"),
}


def _indented(text: Text) -> Text:
    return Text(f"  {text.zh}", f"  {text.en}")


def _other_sites(task: Task, reason: Reason) -> list[Text]:
    """Name the substitutes, who serves the people then, and what else changes."""
    names = task.area.sites["name"]
    lines = []
    if reason.substitutes:
        words = [f"{s} {names[s]} ({km:.1f} km)" for s, km in reason.substitutes]
        lines.append(_listed("替代", "instead", words))
    if reason.then:
        words = [
            f"{s} {names[s]}: {n:,.0f}" if s else f"-: {n:,.0f}" for s, n in reason.then
        ]
        lines.append(_listed("其服务的人改由", "its people then go to", words))
    if reason.found is not None:
        lost = [f"{s} {k}" for s, k in reason.found.lost]
        gained = [f"{s} {k}" for s, k in reason.found.gained if k != reason.pair[1]]
        if lost:
            lines.append(_listed("随之退出", "drop out then", lost))
        if gained:
            lines.append(_listed("随之增加", "come in then", gained))
    return lines


def _listed(zh: str, en: str, words: Sequence[str]) -> Text:
    shown = "; ".join(words[:_MOST_NAMED])
    more = len(words) - _MOST_NAMED
    if more > 0:
        return Text(f"{zh}: {shown}; 另 {more} 项", f"{en}: {shown}; {more} more")
    return Text(f"{zh}: {shown}", f"{en}: {shown}")


def _site_data(
    task: Task, site_id: str, found: Reasons, console: Console
) -> dict[str, Any]:
    return {
        "exit_code": 0,
        "site_id": site_id,
        "name": task.area.sites.loc[site_id, "name"],
        "complete": found.complete,
        "services": [_reason_data(reason, console) for reason in found.reasons],
    }


def _reason_data(reason: Reason, console: Console) -> dict[str, Any]:
    found = reason.found
    data: dict[str, Any] = {
        "service": reason.pair[1],
        "action": reason.action or None,
        "clauses": list(reason.clauses),
        "capital_wan": reason.capital_wan,
        "yearly_wan": reason.yearly_wan,
        "people_served": reason.served.people if reason.served else None,
        "minutes_mean": reason.served.minutes if reason.served else None,
        "substitutes": [{"site_id": s, "km": km} for s, km in reason.substitutes],
        "then": [{"site_id": s or None, "people": n} for s, n in reason.then],
    }
    if found is not None:
        data |= {
            "question": found.question,
            "verdict": found.verdict,
            "words": say_verdict(found).say(console.language),
            "gained": [{"site_id": s, "service": k} for s, k in found.gained],
            "lost": [{"site_id": s, "service": k} for s, k in found.lost],
            "seconds": round(found.seconds, 3),
            "differences": [
                {
                    **asdict(d),
                    "kind": d.kind,
                    "words": say_difference(d).say(console.language),
                }
                for d in found.differences
            ],
        }
    return data


def explain_all_sites(
    brief: Path,
    run: Path | None,
    target: Path,
    *,
    full: bool,
    force: bool,
    time_limit_s: float,
    console: Console,
    progress: TerminalProgress,
) -> None:
    """Write ``reasons.csv``: every placement and candidate, and what changing it does.

    Raises
    ------
    AllocatorError
        When brief, run or folder cannot be used, or the task has no plan.
    """
    refuse_existing(target, force=force, marker=REASONS_MARKER)
    task = read_task(brief, review=Review.of_run(run), progress=progress)
    found = explain_sites(
        task, run=run, full=full, time_limit_s=time_limit_s, progress=progress
    )
    write_reasons(found, target, force=force)
    verdicts = reasons_table(found)["verdict"].value_counts().sort_index()
    counts = {str(name): int(number) for name, number in verdicts.items()}
    if console.as_json:
        console.data(
            {
                "exit_code": 0,
                "folder": str(target),
                "complete": found.complete,
                "verdicts": counts,
            }
        )
        return
    console.findings(task.findings)
    for name, number in counts.items():
        console.result(f"{_COUNTED[name].say(console.language)}: {number}")
    console.result(str(target / "reasons.csv"))


_COUNTED = {
    "as_good": Text("可以替代或更换, 方案同样好", "another plan is as good"),
    "worse": Text(
        "改变后方案变差 (已证明)", "changing it makes the plan worse (proven)"
    ),
    "impossible": Text("改变后无可行方案", "changing it leaves no plan"),
    "unknown": Text("时间内没有定论", "not decided in the time"),
    "fixed": Text("不作决策", "no decision"),
    "not_examined": Text("未求解", "not looked at"),
}


def explain_one_rule(
    brief: Path,
    rule_id: str,
    run: Path | None,
    console: Console,
    progress: TerminalProgress,
) -> None:
    """Say what a clause costs and gives: the plan with it beside the plan without it.

    Raises
    ------
    AllocatorError
        When brief, rule or run cannot be used, or the task has no plan.
    """
    task = read_task(brief, review=Review.of_run(run), progress=progress)
    found = explain_rule(task, rule_id, run=run, progress=progress)
    if console.as_json:
        console.data(plain_json(_rule_data(found, console)))
        return
    console.findings(task.findings)
    for line in _rule_lines(task, found):
        console.result(line.say(console.language))


def _rule_lines(task: Task, found: ClauseReason) -> list[Text]:
    rule = found.rule
    lines = [Text(f"{rule.id} {rule.quote}", f"{rule.id} {rule.quote}")]
    if found.binds is not None:
        lines.append(found.binds)
    else:
        proven = (
            Text("两个方案均已证明最优", "both plans are proven optimal")
            if found.proven
            else Text(
                "未证明最优, 差别仅供参考", "not proven optimal: indications only"
            )
        )
        lines += [
            proven,
            _figure_line(Text("有此条款", "with"), Text("无此条款", "without")),
        ]
        for name, (with_it, without) in found.figures.items():
            words, said = _figure_name(name), _change(task, with_it - without, with_it)
            both = f"{figure(with_it)} / {figure(without)}"
            lines.append(
                Text(
                    f"  {words.zh}: {both} ({said.zh})",
                    f"  {words.en}: {both} ({said.en})",
                )
            )
    names = task.area.sites["name"]
    for zh, en, pairs in (
        ("只有此条款要求的设置", "placements that only it asks for", found.only),
        ("因此条款而设", "placed because of it", found.gained),
        ("无此条款则设", "placed without it", found.lost),
    ):
        if pairs:
            lines.append(_listed(zh, en, [f"{s} {names[s]} {k}" for s, k in pairs]))
    return lines


def _change(task: Task, change: float, figure_with: float) -> Text:
    """Say a difference; one that is smaller than what is proved is none, not 0."""
    if abs(change) <= task.brief.solver.gap * max(1.0, abs(figure_with)):
        return Text("在求解误差内无差别", "no difference within the gap solved to")
    return Text(f"差 {figure(change)}", f"difference {figure(change)}")


def _figure_line(one: Text, other: Text) -> Text:
    return Text(f"  {one.zh} / {other.zh}", f"  {one.en} / {other.en}")


def _figure_name(name: str) -> Text:
    return _TOTALS[name] if name in _TOTALS else objective_name(name)


_TOTALS = {
    "covered_people": Text("全部可达的人", "people covered throughout"),
    "placements": Text("设置数", "placements"),
    "new_placements": Text("新增设置数", "new placements"),
    "yearly_wan": Text("年运行费(万元)", "yearly cost, 万元"),
}


def _rule_data(found: ClauseReason, console: Console) -> dict[str, Any]:
    def named(pairs: tuple[tuple[str, str], ...]) -> list[dict[str, str]]:
        return [{"site_id": s, "service": k} for s, k in pairs]

    return {
        "exit_code": 0,
        "rule_id": found.rule.id,
        "quote": found.rule.quote,
        "binds": found.binds is None,
        "reason": None if found.binds is None else found.binds.say(console.language),
        "proven": found.proven,
        "figures": {
            name: {"with": w, "without": wo, "difference": w - wo}
            for name, (w, wo) in found.figures.items()
        },
        "only_this_rule": named(found.only),
        "placed_because_of_it": named(found.gained),
        "placed_without_it": named(found.lost),
    }
