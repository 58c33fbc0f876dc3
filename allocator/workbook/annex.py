"""The sheet 机构设置附表: one row per facility, as a facility plan annexes it.

What the register has no column for is left blank for the planner to fill in: who runs
it, address, areas of land and buildings; so are where the money comes from and who is
responsible. Such a heading is yellow and its note says why, the head of a printed page
names them, and so does the sheet 说明.
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
_LEVEL = Text("级别/等次", "Level")
_RUN_BY = Text("举办主体", "Run by")
_OWNERSHIP = Text("所有制", "Ownership")
_ADDRESS = Text("地址", "Address")
_LAND = Text("占地面积(㎡)", "Land (m²)")
_FLOOR = Text("建筑面积(㎡)", "Floor area (m²)")
_BEDS = Text("现有床位", "Beds today")
_FUNDING = Text("资金来源", "Funding")
_RESPONSIBLE = Text("责任单位", "Responsible")
_REMARKS = Text("备注", "Remarks")
# Columns that a plan document has and a register as the program reads it has not.
_UNKNOWN = (_RUN_BY, _ADDRESS, _LAND, _FLOOR)
# Columns that are filled where the register has them.
_OF_REGISTER = {"level": _LEVEL, "public": _OWNERSHIP, "beds": _BEDS}
_THEIRS = (_FUNDING, _RESPONSIBLE, _REMARKS)
_NOT_IN_REGISTER = Text("登记表无此列", "not in the register")
_TO_STATE = Text("由编制单位填写", "for the planner to state")
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
    why_blank = _why_blank(book.outcome)
    for at, column in enumerate(columns):
        why = why_blank.get(column.heading)
        if why is not None:
            heading = book.say(column.heading)
            sheet.write_string(0, at, heading, book.styles["head_input"])
            sheet.write_comment(0, at, book.say(why), {"x_scale": 1.2, "y_scale": 0.6})
    # In a header of a page & begins a code.
    words = book.say(blank_columns(book.outcome)).replace("&", "&&")
    sheet.set_header(f"&L&9{words}")


def blank_columns(outcome: Outcome) -> Text:
    """Return which columns are left blank, and why, in one line."""
    zh: dict[str, list[str]] = {}
    en: dict[str, list[str]] = {}
    for heading, why in _why_blank(outcome).items():
        zh.setdefault(why.zh, []).append(heading.zh)
        en.setdefault(why.en, []).append(heading.en)
    return Text(
        "; ".join(f"{why}: {'、'.join(found)}" for why, found in zh.items()),
        "; ".join(f"{why}: {', '.join(found)}" for why, found in en.items()),
    )


def _why_blank(outcome: Outcome) -> dict[Text, Text]:
    """Return the headings of the columns that are left blank, with the reason."""
    sites = outcome.area.sites
    lacking = [
        heading for name, heading in _OF_REGISTER.items() if name not in sites.columns
    ]
    return {
        **dict.fromkeys((*_UNKNOWN, *lacking), _NOT_IN_REGISTER),
        **dict.fromkeys(_THEIRS, _TO_STATE),
    }


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
        Column(_LEVEL, _levels(outcome, table), "centre"),
        Column(_RUN_BY, empty, "input"),
        Column(_OWNERSHIP, _ownership(outcome, table), "centre"),
        Column(_ADDRESS, empty, "input"),
        Column(Text("所属县区", "County"), table["county"].tolist(), "centre"),
        Column(Text("所属乡镇(街道)", "Zone"), table["zone"].tolist(), "centre"),
        Column(_LAND, empty, "input"),
        Column(_FLOOR, empty, "input"),
        Column(
            _BEDS,
            table["beds"].tolist(),
            "whole",
            total="sum",
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
        Column(_FUNDING, empty, "input"),
        Column(_RESPONSIBLE, empty, "input"),
        Column(
            Text("依据条款", "Clauses"),
            [_clauses(outcome, rules) for rules in table["clauses"]],
        ),
        Column(Text("判定", "Verdict"), _verdicts(book, table), "centre"),
        Column(_REMARKS, empty, "input"),
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
