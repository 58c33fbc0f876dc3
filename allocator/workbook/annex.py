"""The sheet 机构设置附表: one row per facility, as a facility plan annexes it.

What the register does not say is left blank for the planner to fill in: who runs it,
address, areas of land and buildings, where the money comes from, who is responsible.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from allocator.audit import Verdict
from allocator.errors import Text
from allocator.outcome import service_names
from allocator.summary import site_table
from allocator.tables import FACILITY_CLASSES
from allocator.workbook.cells import ACTION_WORDS, Book, Column, set_widths, write_table
from allocator.workbook.facilities import LEVELS

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from allocator.outcome import Outcome

_PUBLIC = {True: Text("公立", "public"), False: Text("非公立", "not public")}
_WORST = (Verdict.NOT_MET, Verdict.UNDECIDABLE, Verdict.MET)


def write_annex(book: Book) -> None:
    """Write the sheet."""
    sheet = book.sheet("annex")
    table = site_table(book.outcome)
    columns = _columns(book, table)
    write_table(book, sheet, columns)
    set_widths(book, sheet, columns)
    sheet.set_row(0, 48)
    sheet.freeze_panes(1, 2)
    sheet.autofilter(0, 0, max(len(table), 1), len(columns) - 1)
    sheet.repeat_rows(0)


def _columns(book: Book, table: pd.DataFrame) -> list[Column]:
    outcome, count = book.outcome, len(table)
    empty = [""] * count
    names = service_names(outcome)
    people = [sum(served) if served else "" for served in table["people"]]
    total = book.say(Text("合计", "Total"))
    return [
        Column(Text("序号", "No."), range(1, count + 1), "year", total=total),
        Column(Text("机构名称", "Facility"), table["name"].tolist()),
        Column(Text("类别", "Class"), [_class(outcome, c) for c in table["class"]]),
        Column(Text("级别/等次", "Level"), _levels(outcome, table), "centre"),
        Column(Text("举办主体", "Run by"), empty, "input"),
        Column(Text("所有制", "Ownership"), _ownership(outcome, table), "centre"),
        Column(Text("地址", "Address"), empty, "input"),
        Column(Text("所属县区", "County"), table["county"].tolist(), "centre"),
        Column(Text("所属乡镇(街道)", "Zone"), table["zone"].tolist(), "centre"),
        Column(Text("占地面积(㎡)", "Land (m²)"), empty, "input"),
        Column(Text("建筑面积(㎡)", "Floor area (m²)"), empty, "input"),
        Column(
            Text("现有床位", "Beds today"), table["beds"].tolist(), "whole", total="sum"
        ),
        Column(
            Text("规划床位", "Beds planned"),
            table["planned_beds"].tolist(),
            "whole",
            total="sum",
        ),
        Column(Text("服务人口", "People served"), people, "whole", total="sum"),
        Column(
            Text("服务半径(最远, 分钟)", "Longest journey (min)"),
            table["minutes"].tolist(),
            "tenth",
        ),
        Column(
            Text("建设性质", "Action"),
            [book.say(ACTION_WORDS[action]) for action in table["action"]],
            "centre",
        ),
        Column(Text("新增服务", "New services"), _services(names, table["new"])),
        Column(Text("保留服务", "Services kept"), _services(names, table["kept"])),
        Column(
            Text("建设时序(起止年)", "Years"),
            [_span(years) for years in table["years"]],
            "centre",
        ),
        Column(
            Text("投资估算(万元)", "Capital (10,000 yuan)"),
            table["capital_wan"].tolist(),
            "money",
            total="sum",
        ),
        Column(
            Text("年运行费(万元)", "Yearly cost (10,000 yuan)"),
            table["yearly_wan"].tolist(),
            "money",
            total="sum",
        ),
        Column(Text("资金来源", "Funding"), empty, "input"),
        Column(Text("责任单位", "Responsible"), empty, "input"),
        Column(
            Text("依据条款", "Clauses"),
            [_clauses(outcome, rules) for rules in table["clauses"]],
        ),
        Column(Text("判定", "Verdict"), _verdicts(book, table), "centre"),
        Column(Text("备注", "Remarks"), empty, "input"),
        Column(Text("机构编号", "site_id"), [str(i) for i in table.index], "id"),
    ]


def _class(outcome: Outcome, code: str) -> str:
    known = FACILITY_CLASSES.get(code)
    return known.say(outcome.language) if known else code


def _levels(outcome: Outcome, table: pd.DataFrame) -> list[str]:
    known = [LEVELS.get(level) for level in table["level"]]
    return [words.say(outcome.language) if words else "" for words in known]


def _ownership(outcome: Outcome, table: pd.DataFrame) -> list[str]:
    sites = outcome.area.sites
    if "public" not in sites:
        return [""] * len(table)
    cells = []
    for value in sites.loc[table.index, "public"]:
        known = value in (True, False)
        cells.append(_PUBLIC[bool(value)].say(outcome.language) if known else "")
    return cells


def _services(names: dict[str, str], held: pd.Series) -> list[str]:
    return ["、".join(names.get(s, s) for s in services) for services in held]


def _span(years: Sequence[int]) -> str:
    return "–".join(str(year) for year in sorted({*years[:1], *years[-1:]}))


def _clauses(outcome: Outcome, rules: Sequence[str]) -> str:
    clauses = {rule.id: rule.clause for rule in outcome.policy.rules}
    words = [f"{clauses[i]} [{i}]" if clauses.get(i) else i for i in rules]
    return "; ".join(words)


def _verdicts(book: Book, table: pd.DataFrame) -> list[str]:
    """Return the worst verdict of a facility's clauses where it stands.

    Its own zone, its county and the whole area count; a clause that is only tracked
    judges nothing.
    """
    outcome = book.outcome
    found = {(row.rule_id, row.unit_id): row.verdict for row in outcome.audit}
    sites = outcome.area.sites
    cells = []
    for site, rules in zip(table.index, table["clauses"], strict=True):
        units = ("", sites["county_id"][site], sites["zone_id"][site])
        met = {found.get((rule, unit)) for rule in rules for unit in units}
        worst = next((verdict for verdict in _WORST if verdict in met), None)
        cells.append(book.say(worst.text) if worst is not None else "")
    return cells
