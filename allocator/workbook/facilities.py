"""The sheet 机构设置一览表: every placement, and the drop-downs of the review."""

from __future__ import annotations

from typing import TYPE_CHECKING

from allocator.decisions.headings import REVIEW_HEADINGS
from allocator.errors import Text
from allocator.outcome import placements_table, service_names
from allocator.tables import FACILITY_CLASSES, LOCATION_BASES
from allocator.workbook.cells import (
    ACTION_WORDS,
    Book,
    Column,
    blank,
    numbers,
    set_widths,
    write_table,
)
from allocator.workbook.review import (
    earlier_decisions,
    offer_verdicts,
    review_columns,
)

if TYPE_CHECKING:
    import pandas as pd

    from allocator.errors import Language
    from allocator.outcome import Outcome

LEVELS = {
    1.0: Text("一级", "level 1"),
    2.0: Text("二级", "level 2"),
    3.0: Text("三级", "level 3"),
}


def facilities(outcome: Outcome) -> pd.DataFrame:
    """Return the placements by county, zone and site, with the sites' own columns."""
    table = placements_table(outcome)
    sites = outcome.area.sites.loc[table["site_id"]].reset_index(drop=True)
    for name in sites.columns.difference(table.columns):
        table[name] = sites[name]
    table["phase"] = table["phase"].where(table["action"] != "keep")
    return table.sort_values(
        ["county_id", "zone_id", "site_id", "service"], ignore_index=True
    )


def facility_columns(outcome: Outcome, table: pd.DataFrame) -> list[Column]:
    """Return the columns of the annex; ``table`` as `facilities` gives it."""
    names = service_names(outcome)
    language = outcome.language
    rows = len(table)
    said, _ = earlier_decisions(outcome.decisions, table)
    actions = [ACTION_WORDS[action].say(language) for action in table["action"]]
    return [
        Column(Text("序号", "No."), range(1, rows + 1), "year"),
        Column(Text("机构名称", "Facility"), numbers(table, "name")),
        Column(Text("类别", "Class"), _class_words(outcome, table)),
        Column(Text("级别/等次", "Level"), _level_words(outcome, table), "centre"),
        Column(
            Text("所属县区", "County"), numbers(table, "county"), "centre", "county"
        ),
        Column(Text("所属乡镇(街道)", "Zone"), numbers(table, "zone"), "centre"),
        Column(Text("服务", "Service"), [names.get(s, s) for s in table["service"]]),
        Column(Text("建设性质", "Action"), actions, "centre", "action"),
        Column(Text("数量", "Number"), numbers(table, "count"), "whole"),
        Column(REVIEW_HEADINGS["phase"], numbers(table, "phase"), "year", "phase"),
        Column(Text("现有床位", "Beds today"), numbers(table, "beds"), "whole"),
        Column(
            Text("服务人口", "People served"), numbers(table, "people_served"), "whole"
        ),
        Column(
            Text("平均时间(分钟)", "Mean minutes"),
            numbers(table, "minutes_mean"),
            "tenth",
        ),
        Column(
            Text("投资估算(万元)", "Capital (10,000 yuan)"),
            numbers(table, "capital_wan"),
            "money",
            "capital",
        ),
        Column(
            Text("年运行费(万元)", "Yearly cost (10,000 yuan)"),
            numbers(table, "yearly_wan"),
            "money",
            "yearly",
        ),
        Column(Text("依据条款", "Clauses"), _clause_words(outcome, table)),
        *_basis_column(table, outcome.language),
        *review_columns(said, language),
        Column(Text("经度", "Longitude"), numbers(table, "lon"), "degrees"),
        Column(Text("纬度", "Latitude"), numbers(table, "lat"), "degrees"),
        Column(REVIEW_HEADINGS["site_id"], numbers(table, "site_id"), "id", "site_id"),
        Column(REVIEW_HEADINGS["service"], numbers(table, "service"), "id", "service"),
    ]


def _basis_column(table: pd.DataFrame, language: Language) -> list[Column]:
    headings = {
        "location_basis": Text("位置依据", "Location basis"),
        "basis": Text("数据依据", "Basis of the data"),
    }
    return [
        Column(
            heading, [_basis_words(value, language) for value in numbers(table, name)]
        )
        for name, heading in headings.items()
        if name in table
    ]


def _basis_words(value: object, language: Language) -> object:
    known = LOCATION_BASES.get(str(value))
    return known.say(language) if known else value


def _class_words(outcome: Outcome, table: pd.DataFrame) -> list[str]:
    words = []
    for code in table["class"]:
        known = FACILITY_CLASSES.get(code)
        words.append(known.say(outcome.language) if known else str(blank(code)))
    return words


def _level_words(outcome: Outcome, table: pd.DataFrame) -> list[object]:
    words: list[object] = []
    for value in numbers(table, "level"):
        known = LEVELS.get(float(value)) if isinstance(value, float | int) else None
        words.append(known.say(outcome.language) if known else value)
    return words


def _clause_words(outcome: Outcome, table: pd.DataFrame) -> list[str]:
    """Return "clause (rule id)" for each rule that asks for a placement."""
    clauses = {rule.id: rule.clause for rule in outcome.policy.rules}
    cells = []
    for ids in table["clauses"]:
        words = [
            f"{clauses[i]} [{i}]" if clauses.get(i) else i for i in ids.split(";") if i
        ]
        cells.append("; ".join(words))
    return cells


def write_facilities(book: Book, table: pd.DataFrame) -> None:
    """Write the sheet; ``table`` as `facilities` gives it."""
    sheet = book.sheet("facilities")
    columns = facility_columns(book.outcome, table)
    write_table(book, sheet, columns)
    set_widths(book, sheet, columns)
    last = max(len(table), 1)
    sheet.freeze_panes(1, 2)
    sheet.autofilter(0, 0, last, len(columns) - 1)
    sheet.repeat_rows(0)
    offer_verdicts(book, sheet, columns, last)
