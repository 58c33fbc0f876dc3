"""``allocator fairness``."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from allocator.cli.console import Console, TerminalProgress, print_table
from allocator.errors import Text
from allocator.export import refuse_existing
from allocator.pipeline import read_task
from allocator.pipeline.fairness import (
    VARIANTS,
    FairPlan,
    fairness_record,
    price_of_fairness,
    write_fairness,
)

if TYPE_CHECKING:
    from pathlib import Path

_WIDEST = 44  # terminal columns of one cell


def fairness(
    brief: Path,
    target: Path | None,
    *,
    seconds: float,
    force: bool,
    console: Console,
    progress: TerminalProgress,
) -> None:
    """Solve the brief without and with each kind of fairness; print one table.

    Raises
    ------
    AllocatorError
        Of the kind of what stands in the way.
    """
    if target is not None:
        refuse_existing(target, force=force)
    task = read_task(brief, progress=progress)
    plans, findings = price_of_fairness(task, seconds=seconds, progress=progress)
    if target is not None:
        write_fairness(task, plans, target, force=force)
    if console.as_json:
        console.data({"exit_code": 0, **fairness_record(task, plans)})
        return
    console.findings((*task.findings, *findings))
    headings = [h.say(console.language) for h in _HEADINGS]
    rows = [_row(one, plans[0], console) for one in plans]
    print_table(console, headings, rows, _WIDEST)
    equity = task.terms.equity
    note = Text(
        f"分钟按人、按服务平均; 无人服务者按 {equity.unserved_minutes:g} 分钟计; "
        f"最远人群为最远的 {equity.tail_share:.0%}; "
        f"kappa = {equity.kappa:.4f} 每分钟. 多付 = 平均分钟比第一行多多少",
        f"minutes are means over people and services; the unserved count as "
        f"{equity.unserved_minutes:g}; the tail is the farthest "
        f"{equity.tail_share:.0%}; kappa = {equity.kappa:.4f} a minute; 'more' is mean "
        "minutes above the first row",
    )
    console.result(note.say(console.language))
    if target is not None:
        console.result(str(target / "fairness.csv"))


_HEADINGS = (
    Text("方案", "plan"),
    Text("平均分钟", "mean min"),
    Text("多付", "more"),
    Text("P90", "P90"),
    Text("最远人群", "tail"),
    Text("公平等价", "EDE"),
    Text("最差县分钟", "worst county min"),
    Text("最差县覆盖", "worst county cover"),
    Text("投资(万元)", "capital 万元"),
    Text("证明", "proof"),
)


def _row(one: FairPlan, first: FairPlan, console: Console) -> list[str]:
    figures = one.figures
    more = figures["mean_minutes"] - first.figures["mean_minutes"]
    covered = figures["worst_county_coverage"]
    return [
        VARIANTS[one.variant].say(console.language),
        f"{figures['mean_minutes']:.2f}",
        "" if one is first else f"{more:+.2f}",
        f"{figures['p90_minutes']:.1f}",
        f"{figures['tail_minutes']:.2f}",
        f"{figures['kolm_pollak_minutes']:.2f}",
        f"{figures['worst_county_minutes']:.2f}",
        "-" if math.isnan(covered) else f"{covered:.1%}",
        f"{figures['capital_wan']:,.0f}",
        _proof(one).say(console.language),
    ]


def _proof(one: FairPlan) -> Text:
    """Say what was proved of the variant's own objective, and of those after it."""
    if one.solution.status == "optimal":
        return Text("已证明", "proven")
    proven = all(stage.status == "optimal" for stage in one.goal)
    widest = max((s.gap for s in one.goal if s.gap is not None), default=None)
    zh, en = ("已证明", "proven") if proven else ("没有界", "no bound")
    if not proven and widest is not None:
        zh, en = f"差距 ≤ {widest:.2%}", f"within {widest:.2%}"
    late = sum(stage.gap is None for stage in one.goal)
    if late:
        zh, en = f"{zh}, {late} 步未及求解", f"{en}, {late} stages not reached"
    if len(one.goal) < len(one.solution.stages):
        zh, en = f"{zh}; 其余未全证明", f"{en}; the rest not all proven"
    return Text(zh, en)
