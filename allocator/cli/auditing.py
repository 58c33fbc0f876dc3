"""``allocator audit``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from allocator.audit import AuditRow, Verdict
from allocator.cli.access import Access, access_json, print_access, write_access
from allocator.cli.console import Console, TerminalProgress, print_table
from allocator.errors import Text
from allocator.export import audit_records
from allocator.pipeline import (
    Review,
    access_run,
    access_today,
    audit_run,
    audit_today,
    read_task,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_WIDEST = 34  # terminal columns of one cell; longer text is cut with an ellipsis


def audit(
    brief: Path,
    run: Path | None,
    console: Console,
    *,
    only_access: bool = False,
    table: Path | None = None,
    force: bool = False,
) -> None:
    """Print one line a clause, then how well people reach services.

    Parameters
    ----------
    brief, run
        The task, and a run folder whose plan is audited instead of today's facilities.
    console
        With ``-v`` one line a clause and unit, and access by zone. With ``--json`` a
        list of the audit's rows, or with ``only_access`` the access measures.
    only_access
        Print no clause.
    table, force
        Also write every access measure to this csv file, over an existing one only
        with ``force``.

    Raises
    ------
    AllocatorError
        When the brief cannot be read, the plan of ``run`` fails its audit, or the
        table cannot be written.
    """
    progress = TerminalProgress(console)
    task = read_task(brief, review=Review.of_run(run), progress=progress)
    rows = audit_today(task) if run is None else audit_run(task, run)
    today = access_today(task)
    access = Access(task, today, None if run is None else access_run(task, run))
    if table is not None:
        write_access(access, table, force=force)
    if console.as_json:
        if only_access:
            console.data(access_json(access, console.language))
        else:
            console.data(audit_records(rows, console.language))
        return
    console.findings(task.findings)
    if not only_access:
        _print_clauses(rows, console)
    print_access(access, console)
    if table is not None:
        console.say(Text(f"已写出 {table}", f"written: {table}"))


def _print_clauses(rows: Sequence[AuditRow], console: Console) -> None:
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
