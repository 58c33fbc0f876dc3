"""``allocator plan``."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from click import UsageError

from allocator.errors import Finding, InputError, Text
from allocator.export import refuse_existing
from allocator.maps import FIGURES
from allocator.pipeline import (
    PARTS,
    Labour,
    Review,
    Shown,
    make_plan,
    plan_in_parts,
    read_task,
    unknown_figure,
    write_outcome,
)
from allocator.policy.terms import objective_words

if TYPE_CHECKING:
    from pathlib import Path

    from allocator.cli.console import Console, TerminalProgress
    from allocator.errors import Language
    from allocator.outcome import Outcome


def plan(
    brief: Path,
    target: Path,
    *,
    force: bool,
    best_effort: bool,
    review: Review,
    shown: Shown,
    labour: Labour | None = None,
    language: Language | None,
    console: Console,
    progress: TerminalProgress,
) -> None:
    """Solve, audit and write; then say what was proven and where the files are.

    Raises
    ------
    AllocatorError
        Of the kind of what stands in the way; nothing is written then.
    """
    refuse_existing(target, force=force)
    task = read_task(brief, review=review, progress=progress)
    if task.brief.split is None:
        _refuse_idle(labour)
        outcome = make_plan(task, best_effort=best_effort, progress=progress)
    elif best_effort:
        raise InputError([_no_best_effort(brief)])
    else:
        outcome = plan_in_parts(task, labour, progress=progress)
    if language is not None:
        outcome = _speaking(outcome, language)
    write_outcome(
        outcome,
        target,
        force=force,
        shown=shown,
        previous=review.run,
        progress=progress,
    )
    if console.as_json:
        console.data({"exit_code": 0, "folder": str(target), **outcome.certificate})
        return
    console.findings(outcome.findings)
    for line in _summary(outcome, console):
        console.result(line)
    for name in _RESULTS:
        if (target / name).exists():
            console.result(str(target / name))


def labour(workers: int | None, cluster: str | None, *, cached: bool) -> Labour:
    """Return who plans the parts of a task, from the options of the command line.

    Raises
    ------
    UsageError
        When the address is none of a Dask scheduler over TCP.
    """
    if cluster is not None and not re.fullmatch(r"tcp://[^/\s]+:\d{1,5}", cluster):
        raise UsageError(f"--cluster takes tcp://HOST:PORT; not {cluster}")
    if cluster is not None and workers is not None:
        raise UsageError("--cluster has workers of its own: give no --workers")
    return Labour(workers, cluster or "", cached)


def _refuse_idle(labour: Labour | None) -> None:
    """Stop where work is to be divided that the brief does not divide.

    Raises
    ------
    UsageError
        When there are options of ``[split]`` and no such section.
    """
    if labour not in (None, Labour()):
        raise UsageError(
            "--workers, --cluster and --no-cache are for a brief with [split]"
        )


def _no_best_effort(brief: Path) -> Finding:
    return Finding(
        "split-best-effort",
        Text("最大努力方案要对全域求解", "a plan by best effort is made of the whole"),
        table=brief.name,
        column="split",
        remedy=Text("先删去 [split]", "leave out [split] for it"),
    )


RENDERED = PARTS  # without --only
_RESULTS = (
    "map.html",
    "map.png",
    "report.docx",
    "report.pdf",
    "figures",
    "plan.xlsx",
    "plan.gpkg",
    "audit.csv",
)


def _speaking(outcome: Outcome, language: Language) -> Outcome:
    """Return the outcome with everything written in a language."""
    certificate = {**outcome.certificate, "language": language}
    return replace(outcome, language=language, certificate=certificate)


def chosen(only: str | None, figures: str | None) -> Shown:
    """Return what is to be rendered, from the options of the command line.

    Raises
    ------
    UsageError
        When a part or a map is not known.
    """
    parts = RENDERED if only is None else _listed(only)
    unknown = [part for part in parts if part not in PARTS]
    if unknown:
        known = ", ".join(PARTS)
        raise UsageError(f"--only takes {known}; not {', '.join(unknown)}")
    names = None if figures is None else _listed(figures)
    if names == ("all",):
        names = tuple(FIGURES)
    findings = [unknown_figure(name) for name in names or () if name not in FIGURES]
    if findings:
        raise InputError(findings)
    if names is not None and "figures" not in parts:
        parts = (*parts, "figures")
    return Shown(parts=parts, figures=names)


def _listed(words: str) -> tuple[str, ...]:
    return tuple(filter(None, (word.strip() for word in words.split(","))))


def _summary(outcome: Outcome, console: Console) -> list[str]:
    certificate = outcome.certificate
    totals, audit = certificate["totals"], certificate["audit"]
    lines = [_proof(certificate, stage) for stage in certificate["objectives"]]
    head = (
        Text("最优方案 (已证明)", "optimal plan (proven)")
        if certificate["status"] == "optimal"
        else Text("可行方案 (未证明最优)", "feasible plan (not proven optimal)")
    )
    lines = [
        *_gaps(outcome),
        head,
        *lines,
        Text(
            f"新增 {totals['new_placements']:.0f} 项设置, 投资 "
            f"{totals['capital_wan']:,.0f} 万元, 年运行费 "
            f"{totals['yearly_wan']:,.0f} 万元",
            f"{totals['new_placements']:.0f} new placements, capital "
            f"{totals['capital_wan']:,.0f} 万元, yearly "
            f"{totals['yearly_wan']:,.0f} 万元",
        ),
        Text(
            f"条款评估: 达标 {audit['met']}, 未达标 {audit['not_met']}, "
            f"无法判定 {audit['undecidable']}, 仅监测 {audit['tracked']}",
            f"audit: met {audit['met']}, not met {audit['not_met']}, "
            f"undecidable {audit['undecidable']}, tracked {audit['tracked']}",
        ),
    ]
    for phase in certificate["phases"]:
        figures = f"{phase['capital_wan']:,.0f}"
        lines.append(
            Text(
                f"  {phase['year']} 年: 投资 {figures} 万元, 新增 "
                f"{phase['new_placements']} 项, 当年未达标 {phase['not_met']} 条·单元",
                f"  {phase['year']}: capital {figures} 万元, "
                f"{phase['new_placements']} new, {phase['not_met']} not met that year",
            )
        )
    return [line.say(console.language) for line in lines]


def _gaps(outcome: Outcome) -> list[Text]:
    """Say first what a plan by best effort does not keep, every single one."""
    if not outcome.gaps:
        return []
    lines = [
        Text(
            f"最大努力方案: {len(outcome.gaps)} 处必须条款未满足",
            f"plan by best effort: {len(outcome.gaps)} binding clauses are not kept",
        )
    ]
    for row in outcome.gaps:
        quote = f"“{row.quote}”" if row.quote else ""
        lines.append(
            Text(
                f"  {row.rule_id} {row.unit}: {quote} {row.gap.zh}",
                f"  {row.rule_id} {row.unit}: {quote} {row.gap.en}",
            )
        )
    return lines


def _proof(certificate: dict[str, Any], stage: dict[str, Any]) -> Text:
    """Say what was found for one objective, and how near the best possible it is."""
    name = objective_words(stage["name"])
    value = f"{stage['value']:,.6g}"
    if stage["value"] >= 1000:  # noqa: PLR2004 (thousands read better whole)
        value = f"{stage['value']:,.0f}"
    if stage["status"] == "optimal":
        gap = certificate["terms"]["gap"]
        return Text(
            f"  {name.zh} = {value} (误差不超过 {gap:.2g})",
            f"  {name.en} = {value} (proven within {gap:.2g})",
        )
    if stage["gap"] is None:
        return Text(
            f"  {name.zh} = {value} (没有求得界)",
            f"  {name.en} = {value} (no bound was proven)",
        )
    return Text(
        f"  {name.zh} = {value}, 与最好可能值相差不超过 {stage['gap']:.2%}",
        f"  {name.en} = {value}, within {stage['gap']:.2%} of the best possible",
    )
