"""``allocator scenarios``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from allocator.cli.console import print_table
from allocator.errors import Text
from allocator.export import plain_json, refuse_existing
from allocator.pipeline import read_task, study_scenarios, write_scenarios
from allocator.pipeline.scenario_folder import MARKER
from allocator.policy.terms import OBJECTIVES
from allocator.scenarios import (
    PLAN_WORDS,
    REGRET,
    STATE_WORDS,
    changes,
    price_of,
    scenario_records,
    state_of,
)

if TYPE_CHECKING:
    from pathlib import Path

    from allocator.cli.console import Console, TerminalProgress
    from allocator.outcome import Outcome
    from allocator.scenarios import Choice, Evaluation, Held, ScenarioReport

_WIDEST = 26  # terminal columns of one cell
_MOST_CRITICAL = 5
_WHOLE_FROM = 1000  # thousands read better whole


def scenarios(
    brief: Path,
    target: Path,
    *,
    run: Path | None,
    robust: bool,
    force: bool,
    console: Console,
    progress: TerminalProgress,
) -> None:
    """Hold plans against scenarios and write the folder; then say what was found.

    Raises
    ------
    AllocatorError
        Of the kind of what stands in the way; nothing is written then.
    """
    refuse_existing(target, force=force, marker=MARKER)
    task = read_task(brief, progress=progress)
    report = study_scenarios(task, run=run, robust=robust, progress=progress)
    write_scenarios(report, target, force=force, progress=progress)
    if console.as_json:
        records = scenario_records(report)
        console.data(plain_json({"exit_code": 0, "folder": str(target), **records}))
        return
    console.findings(report.findings)
    _print(report, console)
    console.result()
    for name in ("scenarios.csv", "critical.csv", "changes.csv", "changes.html"):
        if (target / name).exists():
            console.result(str(target / name))


def _print(report: ScenarioReport, console: Console) -> None:
    if report.interrupted:
        words = Text(
            "已中断: 以下为中断前完成的部分", "stopped: what was done till then"
        )
        console.result(words.say(console.language))
    _print_table(report, console)
    for choice in report.choices:
        _print_choice(report, choice, console)
    _print_critical(report, console)


def _print_table(report: ScenarioReport, console: Console) -> None:
    """Print one row per plan and scenario."""
    heads = [
        Text("方案", "plan"),
        Text("情景", "scenario"),
        Text("未覆盖", "uncovered"),
        Text("后悔值", "regret"),
        Text("平均分钟", "mean minutes"),
        Text("投资", "capital"),
        Text("超预算", "over budget"),
        Text("未守条款", "broken"),
    ]
    first = next(iter(report.signs))
    rows = []
    for held in report.plans:
        for scenario in report.scenarios:
            found = held.evaluations.get(scenario.name)
            if found is None:
                continue
            regret = report.regret(held, scenario, first)
            rows.append(
                [
                    PLAN_WORDS[held.kind].say(console.language),
                    report.say(scenario),
                    *_cells(found, regret),
                ]
            )
    print_table(console, [h.say(console.language) for h in heads], rows, _WIDEST)


def _cells(found: Evaluation, regret: float | None) -> list[str]:
    over = found.over_capital_wan + found.over_yearly_wan
    return [
        f"{found.uncovered_people:,.0f}",
        "" if regret is None else _shown(regret),
        f"{found.minutes_mean:.2f}",
        f"{found.capital_wan:,.0f}",
        f"{over:,.0f}" if over else "",
        str(len(found.broken)) if found.broken else "",
    ]


def _shown(value: float) -> str:
    value += 0.0 if abs(value) > 1e-9 else -value  # noqa: PLR2004 (no "-0")
    return f"{value:,.0f}" if abs(value) >= _WHOLE_FROM else f"{value:,.4g}"


def _print_choice(
    report: ScenarioReport, choice: Choice[Outcome], console: Console
) -> None:
    """Say what was proven of a robust plan, and what it gives up."""
    state = STATE_WORDS[state_of(report, choice)]
    label = PLAN_WORDS[choice.kind]
    lines = [Text(f"{label.zh}: {state.zh}", f"{label.en}: {state.en}")]
    nominal = report.held("nominal")
    for proof in report.proofs(choice):
        name = OBJECTIVES[proof.name]
        kind = Text("最大后悔", "largest regret in")
        if choice.kind != REGRET:
            kind = Text("最坏", "worst")
        before = (
            None if nominal is None else _before(report, nominal, choice, proof.name)
        )
        then = "" if before is None else _shown(before)
        gap = "" if proof.gap is None else f"{proof.gap:.2%}"
        lines.append(
            Text(
                f"  {kind.zh}{name.zh} = {_shown(proof.value)} (原方案 {then}; "
                + (f"与最好可能值相差不超过 {gap})" if gap else "没有求得界)"),
                f"  {kind.en} {name.en} = {_shown(proof.value)} (nominal {then}; "
                + (f"within {gap} of the best possible)" if gap else "no bound)"),
            )
        )
    price = price_of(report, choice.kind)
    if price:
        given_up = [(OBJECTIVES[name], _shown(worse)) for name, worse in price.items()]
        zh = "; ".join(f"{words.zh} {worse}" for words, worse in given_up)
        en = "; ".join(f"{words.en} {worse}" for words, worse in given_up)
        number = len(changes(report, choice.kind))
        lines.append(
            Text(
                f"  现有数据下的代价 (正数为变差): {zh}; 设置不同 {number} 处",
                f"  its price with the figures as given (above 0 is worse): {en}; "
                f"{number} placements differ",
            )
        )
    console.result()
    for line in lines:
        console.result(line.say(console.language))


def _before(
    report: ScenarioReport, nominal: Held, choice: Choice[Outcome], name: str
) -> float | None:
    return report.largest(nominal, choice.kind, name)


def _print_critical(report: ScenarioReport, console: Console) -> None:
    """Name the facilities of the first plan whose loss hurts most."""
    held = report.plans[0]
    label = PLAN_WORDS[held.kind]
    for scenario, ranked in held.critical.items():
        console.result()
        title = Text(
            f"{label.zh}中最关键的机构 ({scenario})",
            f"most critical facilities of the {label.en} ({scenario})",
        )
        console.result(title.say(console.language))
        for one in ranked[:_MOST_CRITICAL]:
            name = str(report.area.sites.loc[one.site_id, "name"])
            line = Text(
                f"  {name} ({one.site_id}): {one.people_lost:,.0f} 人失去覆盖或服务, "
                f"其余多行 {one.person_minutes_more:,.0f} 人·分钟",
                f"  {name} ({one.site_id}): {one.people_lost:,.0f} people lose reach "
                f"or service, others travel {one.person_minutes_more:,.0f} "
                "person-minutes more",
            )
            console.result(line.say(console.language))
        for backup in held.backups[scenario]:
            share = f"{backup.share_twice:.1%}"
            line = Text(
                f"  {backup.name}: {share} 的人有第二处可达",
                f"  {backup.name}: {share} of the people have a second one in reach",
            )
            console.result(line.say(console.language))
