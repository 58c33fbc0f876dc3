"""The chapters on clauses and on carrying the plan out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from allocator.audit import Verdict
from allocator.errors import Text
from allocator.policy import Indicator
from allocator.report import numbers, words
from allocator.report.present import CLAUSE, NUMBER, QUOTE
from allocator.report.values import listed
from allocator.summary import clauses as clause_words
from allocator.summary import clauses_of, verdict_counts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from allocator.audit import AuditRow
    from allocator.report.desk import Desk
    from allocator.report.model import Block, Chapter
    from allocator.summary import ClauseFigures

_MOST_NAMED = 4  # units without a verdict that are named
_VERDICT = Text("判定", "Verdict")
_UNIT = Text("单元", "Unit")
_REQUIRED = Text("要求", "Required")


def appraisal(desk: Desk) -> Chapter:
    """Return the chapter that judges the plan clause by clause."""
    figures = clauses_of(desk.outcome)
    undecided = _of(figures, Verdict.UNDECIDABLE)
    tracked = [f for f in _of(figures, Verdict.TRACKED) if not _has_found(f)]
    missed = _missed(desk, figures)
    return desk.chapter(
        "appraisal",
        [
            ("clauses", [*_counts(desk), *_clauses(desk, figures)]),
            ("missed", missed or desk.text("appraisal.missed.none")),
            (
                "undecidable",
                [
                    *desk.text("appraisal.undecidable.text"),
                    *_reasons(desk, undecided),
                ]
                if undecided
                else [],
            ),
            (
                "tracked",
                [*desk.text("appraisal.tracked.text"), *_tracked(desk, tracked)]
                if tracked
                else [],
            ),
        ],
        desk.text("appraisal.text"),
    )


def _of(figures: Sequence[ClauseFigures], verdict: Verdict) -> list[ClauseFigures]:
    return [one for one in figures if one.counted(verdict)[1]]


def _has_found(figures: ClauseFigures) -> bool:
    """Return whether a tracked clause has figures: it then stands in the main table."""
    return any(row.found.zh for row in figures.rows)


def _counts(desk: Desk) -> list[Block]:
    before = verdict_counts(desk.outcome.audit_today)
    after = verdict_counts(desk.outcome.audit)
    rows = [
        (
            desk.say(verdict.text),
            numbers.whole(before[verdict.value]),
            numbers.whole(after[verdict.value]),
        )
        for verdict in Verdict
    ]
    total = (
        desk.say(words.TOTAL),
        numbers.whole(sum(before.values())),
        numbers.whole(sum(after.values())),
    )
    columns = [
        desk.column(_VERDICT),
        desk.number(Text("现状", "Today")),
        desk.number(Text("规划", "With the plan")),
    ]
    return desk.table("verdicts", columns, [*rows, total], total=True)


def _clauses(desk: Desk, figures: Sequence[ClauseFigures]) -> list[Block]:
    language = desk.outcome.language
    papers = words.documents(desk.outcome)
    rows = []
    for one in figures:
        first = one.first
        rows.append(
            (
                first.rule_id,
                f"{papers.get(first.pack, first.pack)} {first.clause}",
                first.quote,
                desk.say(words.FORCES[str(first.priority)]),
                _unit(desk, one),
                clause_words.required(one, language),
                *clause_words.found(one, language),
                desk.say(one.verdict.text),
                clause_words.gap(one, language),
            )
        )
    columns = [
        desk.column(Text("编号", "Rule"), 0.7),
        desk.column(CLAUSE, 1.3),
        desk.column(QUOTE, 2.2),
        desk.column(Text("约束", "Force"), 0.5, "center"),
        desk.column(_UNIT, 0.9),
        desk.column(_REQUIRED, 1.6),
        desk.column(Text("现状", "Today"), 1.3),
        desk.column(Text("规划", "Planned"), 1.3),
        desk.column(_VERDICT, 0.7, "center"),
        desk.column(Text("缺口", "Gap"), 0.9),
    ]
    return desk.table("clauses", columns, rows, wide=True)


def _unit(desk: Desk, figures: ClauseFigures) -> str:
    if len(figures.rows) > 1:
        count = len(figures.rows)
        return desk.say(Text(f"{count} 个单元", f"{count} units"))
    first = figures.first
    return first.unit if first.unit_id else desk.say(words.WHOLE_AREA)


def _missed(desk: Desk, figures: Sequence[ClauseFigures]) -> list[Block]:
    """Return every unit where a clause is not kept, what binds first."""
    gaps = list(desk.outcome.gaps)
    rows = gaps + [
        row for one in figures for row in one.missed if row not in desk.outcome.gaps
    ]
    language = desk.outcome.language
    cells = [
        (
            str(number),
            row.quote,
            f"{row.clause} [{row.rule_id}]",
            desk.say(words.FORCES[str(row.priority)]),
            row.unit if row.unit_id else desk.say(words.WHOLE_AREA),
            row.required.say(language),
            row.found.say(language),
            row.gap.say(language),
        )
        for number, row in enumerate(rows, start=1)
    ]
    columns = [
        desk.column(NUMBER, 0.4, "center"),
        desk.column(QUOTE, 2.0),
        desk.column(CLAUSE, 1.2),
        desk.column(Text("约束", "Force"), 0.5, "center"),
        desk.column(_UNIT, 1.0),
        desk.column(_REQUIRED, 1.4),
        desk.column(Text("规划", "Planned"), 1.4),
        desk.column(Text("缺口", "Gap"), 1.1),
    ]
    return desk.table("missed", columns, cells, wide=True)


def _reasons(desk: Desk, figures: Sequence[ClauseFigures]) -> list[Block]:
    language = desk.outcome.language
    rows = []
    for number, one in enumerate(figures, start=1):
        open_rows = [r for r in one.rows if r.verdict is Verdict.UNDECIDABLE]
        said = dict.fromkeys(row.found.say(language) for row in open_rows)
        rows.append(
            (
                str(number),
                one.first.quote,
                f"{one.first.clause} [{one.first.rule_id}]",
                _units_open(desk, one, open_rows),
                "; ".join(said),
            )
        )
    columns = [
        desk.column(NUMBER, 0.5, "center"),
        desk.column(QUOTE, 2.4),
        desk.column(CLAUSE, 1.4),
        desk.column(_UNIT, 1.0),
        desk.column(Text("无法判定的原因", "Why"), 1.8),
    ]
    return desk.table("undecidable", columns, rows)


def _units_open(desk: Desk, figures: ClauseFigures, rows: Sequence[AuditRow]) -> str:
    if len(figures.rows) == 1:
        return _unit(desk, figures)
    if len(rows) <= _MOST_NAMED:
        return listed([row.unit for row in rows], desk.outcome.language)
    return desk.say(Text(f"{len(rows)} 个单元", f"{len(rows)} units"))


def _tracked(desk: Desk, figures: Sequence[ClauseFigures]) -> list[Block]:
    rules = {rule.id: rule for rule in desk.outcome.policy.rules}
    rows = []
    for number, one in enumerate(figures, start=1):
        first = one.first
        rule = rules.get(first.rule_id)
        target = rule.target if isinstance(rule, Indicator) else ""
        rows.append(
            (
                str(number),
                first.quote,
                f"{first.clause} [{first.rule_id}]",
                target or numbers.NONE,
                str(first.due or numbers.NONE),
            )
        )
    columns = [
        desk.column(NUMBER, 0.5, "center"),
        desk.column(QUOTE, 2.8),
        desk.column(CLAUSE, 1.4),
        desk.column(Text("目标值", "Target"), 1.4),
        desk.column(Text("期限", "Due"), 0.7, "center"),
    ]
    return desk.table("tracked", columns, rows)


# --- Carrying it out ------------------------------------------------------------------


def carrying(desk: Desk) -> Chapter:
    """Return the chapter on phases and review."""
    return desk.chapter(
        "carrying",
        [
            (
                "phases",
                [
                    *desk.text("carrying.phases.text"),
                    *_phases(desk),
                    *desk.figure("phases"),
                ],
            ),
            ("review", desk.text("carrying.review.text")),
        ],
    )


def _phases(desk: Desk) -> list[Block]:
    rows = []
    for phase in desk.outcome.certificate.get("phases", []):
        totals = phase["totals"]
        people = float(totals["people"])
        rows.append(
            (
                str(phase["year"]),
                numbers.money(phase["budget_wan"]),
                numbers.money(float(phase["capital_wan"])),
                numbers.whole(float(phase["new_placements"])),
                numbers.whole(float(totals["covered_people"])),
                numbers.percent(
                    numbers.share_of(float(totals["covered_people"]), people)
                ),
                numbers.whole(float(phase["not_met"])),
            )
        )
    columns = [
        desk.column(Text("年度", "Year"), 0.8, "center"),
        desk.number(Text("投资限额(万元)", "Limit (10,000 yuan)"), 1.2),
        desk.number(Text("投资(万元)", "Capital (10,000 yuan)"), 1.2),
        desk.number(Text("新增设置(项)", "New placements")),
        desk.number(Text("覆盖人口(人)", "People in reach"), 1.2),
        desk.number(Text("占比", "Share"), 0.8),
        desk.number(Text("未达标(项)", "Not met")),
    ]
    return desk.table("phases", columns, rows)
