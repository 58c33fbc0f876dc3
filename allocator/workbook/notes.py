"""The sheet 说明: what the figures rest on, and how good the plan is proven to be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from allocator.errors import Text
from allocator.outcome import TOTAL_NAMES
from allocator.policy.equity import equity_words
from allocator.policy.terms import OBJECTIVES, SHORTFALLS
from allocator.workbook.annex import blank_columns
from allocator.workbook.cells import SHEETS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from allocator.workbook.cells import Book

_STATUS = {
    "optimal": Text("已证明最优", "proven best"),
    "feasible": Text(
        "可行方案: 是已找到的最好方案, 未证明最优, 与最优的差距见下",
        "feasible: the best found, not proven best; see the gaps below",
    ),
}
_NAMES = {**OBJECTIVES, **SHORTFALLS, **TOTAL_NAMES}


def write_notes(book: Book) -> None:
    """Write the sheet."""
    sheet = book.sheet("notes")
    sheet.set_column(0, 0, 26)
    sheet.set_column(1, 1, 100)
    plain, section = book.styles["plain"], book.styles["section"]
    sheet.write_string(0, 0, book.outcome.area.name, book.styles["title"])
    row = 2
    for title, lines in _sections(book):
        sheet.write_string(row, 0, book.say(title), section)
        row += 1
        for label, words in lines:
            sheet.write_string(row, 0, label, plain)
            sheet.write_string(row, 1, words, plain)
            row += 1
        row += 1


def _sections(book: Book) -> Iterator[tuple[Text, list[tuple[str, str]]]]:
    """Yield the sections that have something to say."""
    outcome, language = book.outcome, book.outcome.language
    certificate = outcome.certificate
    notes = [("", note.say(language)) for note in outcome.area.notes]
    packs = [
        (head.id, f"{head.title} {head.document}") for head in outcome.policy.packs
    ]
    found = [(f.code, f.say(language)) for f in outcome.findings]
    annexed = (book.say(SHEETS["annex"]), book.say(blank_columns(outcome)))
    sections = [
        (Text("数据假设", "Assumptions about the data"), notes),
        (Text("政策文件", "Policy texts"), packs),
        (Text("求解结果", "How good the plan is"), list(_proof(book, certificate))),
        (Text("合计", "Totals"), list(_totals(book, certificate))),
        (Text("数据检查提示", "Findings about the data"), found),
        (Text("读表说明", "How to read the sheets"), [*_READING[language], annexed]),
    ]
    return ((title, lines) for title, lines in sections if lines)


def _proof(book: Book, certificate: dict[str, Any]) -> Iterator[tuple[str, str]]:
    status = str(certificate.get("status", ""))
    words = _STATUS.get(status)
    yield book.say(Text("状态", "Status")), book.say(words) if words else status
    several = bool(certificate.get("phases"))
    over_all = book.say(Text(" 各期之和", ", over all phases")) if several else ""
    for goal in certificate.get("objectives", ()):
        name = str(goal.get("name", ""))
        summed = over_all if name in ("uncovered_people", "person_minutes") else ""
        yield _label(book, name) + summed, _goal(book, goal)


def _goal(book: Book, goal: dict[str, Any]) -> str:
    value, bound, gap = (_figure(goal.get(k)) for k in ("value", "bound", "gap"))
    if isinstance(goal.get("gap"), float | int):
        gap = f"{goal['gap']:.2%}"
    return book.say(
        Text(
            f"结果 {value}; 已证明不会好于 {bound}; 差距 {gap}",
            f"value {value}; proven bound {bound}; gap {gap}",
        )
    )


def _totals(book: Book, certificate: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in certificate.get("totals", {}).items():
        yield _label(book, name), _figure(value)


def _label(book: Book, name: str) -> str:
    words = equity_words(name) or _NAMES.get(name)
    return book.say(words) if words else name


def _figure(value: object) -> str:
    if isinstance(value, float | int):
        return f"{value:,.2f}".removesuffix(".00")
    return "—" if value is None else str(value)


_READING = {
    "zh": [
        ("投资", "按服务、县区、年度的合计是公式, 随机构设置一览表中的金额更新。"),
        ("年运行费", "因本方案每年新增的运行费; 保留的服务为 0。"),
        ("服务人口", "按方案分配到该机构的人数; 空白表示该服务不分配人口。"),
        ("判定", "达标、未达标、无法判定 (缺数据, 不算达标)、仅监测。"),
        (
            "审核意见",
            "对应 decisions.csv 的 accept、reject、lock、defer、move, 依次。",
        ),
    ],
    "en": [
        ("Investment", "Sums are formulas over the sheet of facilities."),
        ("Yearly cost", "What the plan adds a year; 0 for what is kept."),
        ("People served", "People assigned to it; blank: nobody is for this service."),
        ("Verdict", "met, not met, undecidable (data missing: no pass), tracked."),
        ("Review", "The drop-down holds the verdicts of decisions.csv."),
    ],
}
