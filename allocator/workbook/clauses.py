"""The sheets 缺口 and 条款评估: clauses in every unit, today and with the plan."""

from __future__ import annotations

from typing import TYPE_CHECKING

from allocator.errors import Text
from allocator.workbook.cells import Book, Column, position, set_widths, write_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from allocator.audit import AuditRow
    from allocator.outcome import Outcome

_PRIORITY_WORDS = {
    "must": Text("必须", "must"),
    "strive": Text("力争", "strive"),
    "may": Text("可以", "may"),
}


def write_gaps(book: Book) -> None:
    """Write what a plan by best effort does not keep; no sheet where all is kept."""
    if book.outcome.gaps:
        _write(book, "gaps", book.outcome.gaps)


def write_clauses(book: Book) -> None:
    """Write the sheet."""
    _write(book, "audit", book.outcome.audit)


def _write(book: Book, name: str, rows: Sequence[AuditRow]) -> None:
    sheet = book.sheet(name)
    outcome, language = book.outcome, book.outcome.language
    today = {(row.rule_id, row.unit_id): row for row in outcome.audit_today}
    before = [today.get((row.rule_id, row.unit_id)) for row in rows]
    columns = [
        Column(Text("规则编号", "Rule"), [row.rule_id for row in rows]),
        Column(Text("文件", "Document"), _documents(outcome, rows)),
        Column(Text("条款", "Clause"), [row.clause for row in rows], "centre"),
        Column(Text("原文", "Words"), [row.quote for row in rows]),
        Column(Text("约束", "Force"), [_force(book, row) for row in rows], "centre"),
        Column(Text("期限", "Due"), [row.due or "" for row in rows], "year"),
        Column(Text("评估单元", "Unit"), [row.unit for row in rows], "centre"),
        Column(Text("要求", "Required"), [r.required.say(language) for r in rows]),
        Column(
            Text("现状", "Today"), [r.found.say(language) if r else "" for r in before]
        ),
        Column(
            Text("现状判定", "Verdict today"),
            [r.verdict.text.say(language) if r else "" for r in before],
            "centre",
            "today",
        ),
        Column(Text("规划后", "With the plan"), [r.found.say(language) for r in rows]),
        Column(
            Text("判定", "Verdict"),
            [row.verdict.text.say(language) for row in rows],
            "centre",
            "verdict",
        ),
        Column(Text("缺口", "Gap"), [row.gap.say(language) for row in rows]),
        Column(Text("数据来源与读法", "Source and reading"), [r.source for r in rows]),
    ]
    write_table(book, sheet, columns)
    set_widths(book, sheet, columns)
    for key, judged in (("today", before), ("verdict", list(rows))):
        at = position(columns, key)
        for line, row in enumerate(judged, start=1):
            if row is not None:
                words = row.verdict.text.say(language)
                sheet.write_string(line, at, words, book.styles[row.verdict.value])
    sheet.freeze_panes(1, 1)
    sheet.autofilter(0, 0, max(len(rows), 1), len(columns) - 1)
    sheet.repeat_rows(0)


def _force(book: Book, row: AuditRow) -> str:
    words = _PRIORITY_WORDS.get(str(row.priority))
    return book.say(words) if words else str(row.priority)


def _documents(outcome: Outcome, rows: Sequence[AuditRow]) -> list[str]:
    documents = {head.id: head.document or head.title for head in outcome.policy.packs}
    return [documents.get(row.pack, row.pack) for row in rows]
