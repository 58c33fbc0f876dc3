"""``allocator audit``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from allocator.audit import AuditRow, Verdict
from allocator.cli.console import Console, TerminalProgress, print_table
from allocator.errors import Text
from allocator.export import audit_records
from allocator.pipeline import audit_run, audit_today, read_task

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_WIDEST = 34  # terminal columns of one cell; longer text is cut with an ellipsis


def audit(brief: Path, run: Path | None, console: Console) -> None:
    """Print one line a clause; with ``-v`` one a clause and unit.

    Raises
    ------
    AllocatorError
        When the brief cannot be read, or the plan of ``run`` fails its audit.
    """
    task = read_task(brief, progress=TerminalProgress(console))
    rows = audit_today(task) if run is None else audit_run(task, run)
    if console.as_json:
        console.data(audit_records(rows, console.language))
        return
    console.findings(task.findings)
    lines = _every_unit(rows, console) if console.verbose else _by_rule(rows, console)
    headings = [h.say(console.language) for h in _HEADINGS]
    print_table(console, headings, lines, _WIDEST)
    console.result()
    console.result(_summary(rows, console))


_HEADINGS = (
    Text("条款", "rule"),
    Text("原文", "words"),
    Text("判定", "verdict"),
    Text("要求", "required"),
    Text("实际", "found"),
    Text("缺口", "gap"),
)


def _every_unit(rows: Sequence[AuditRow], console: Console) -> list[list[str]]:
    return [
        [
            row.rule_id,
            f"{row.unit}: {row.quote}",
            row.verdict.text.say(console.language),
            row.required.say(console.language),
            row.found.say(console.language),
            row.gap.say(console.language),
        ]
        for row in rows
    ]


def _by_rule(rows: Sequence[AuditRow], console: Console) -> list[list[str]]:
    """Return one line a rule: its worst verdict, and how many units are short."""
    grouped: dict[str, list[AuditRow]] = {}
    for row in rows:
        grouped.setdefault(row.rule_id, []).append(row)
    lines = []
    for rule_id, units in grouped.items():
        worst = min(units, key=lambda row: _ORDER.index(row.verdict))
        short = [row for row in units if row.verdict is Verdict.NOT_MET]
        found = worst.found.say(console.language)
        gap = worst.gap.say(console.language)
        if len(units) > 1:
            found = f"{worst.unit}: {found}"
            if short:
                gap = Text(
                    f"{len(short)}/{len(units)} 个单元未达标",
                    f"{len(short)} of {len(units)} units not met",
                ).say(console.language)
        lines.append(
            [
                rule_id,
                worst.quote,
                worst.verdict.text.say(console.language),
                worst.required.say(console.language),
                found,
                gap,
            ]
        )
    return lines


_ORDER = (Verdict.NOT_MET, Verdict.UNDECIDABLE, Verdict.MET, Verdict.TRACKED)


def _summary(rows: Sequence[AuditRow], console: Console) -> str:
    counts = [
        f"{verdict.text.say(console.language)} "
        f"{sum(row.verdict is verdict for row in rows)}"
        for verdict in Verdict
    ]
    rules = len({row.rule_id for row in rows})
    return Text(
        f"{rules} 条条款, 按单元: {', '.join(counts)}",
        f"{rules} rules, by unit: {', '.join(counts)}",
    ).say(console.language)
