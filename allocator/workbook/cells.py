"""The parts that every sheet is made of: words, formats, columns, cells."""

from __future__ import annotations

import datetime
import math
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, SupportsFloat

import pandas as pd
import xlsxwriter
from xlsxwriter.utility import xl_rowcol_to_cell

from allocator.decisions.headings import REVIEW_SHEETS
from allocator.errors import Text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from xlsxwriter.format import Format
    from xlsxwriter.workbook import Workbook
    from xlsxwriter.worksheet import Worksheet

    from allocator.errors import Language
    from allocator.outcome import Outcome

# What a reviewer can choose, and the verdict it stands for in decisions.csv.
VERDICT_WORDS = {
    "accept": Text("同意", "accept"),
    "reject": Text("不同意", "reject"),
    "lock": Text("锁定", "lock"),
    "defer": Text("缓建", "defer"),
    "move": Text("调整", "move"),
    "add": Text("增加", "add"),
}
ACTION_WORDS = {
    "build": Text("新建", "build"),
    "upgrade": Text("改扩建", "upgrade"),
    "keep": Text("保留", "keep"),
    "close": Text("撤并", "close"),
}
SHEETS = {
    "gaps": Text("缺口", "Gaps"),
    **REVIEW_SHEETS,
    "annex": Text("机构设置附表", "Annex"),
    "indicators": Text("指标表", "Indicators"),
    "audit": Text("条款评估", "Clauses"),
    "costs": Text("投资", "Investment"),
    "counties": Text("分县覆盖", "Counties"),
    "beds": Text("分县床位", "Beds"),
    "reach": Text("乡镇覆盖", "Reach"),
    "access": Text("可达性", "Access"),
    "allocations": Text("资源配置", "Resources"),
    "groups": Text("编组", "Groups"),
    "members": Text("机构归属", "Members"),
    "notes": Text("说明", "Notes"),
}

# Two runs must give the same bytes, so the file does not say when it was made.
_CREATED = datetime.datetime(2000, 1, 1, tzinfo=datetime.UTC)
_WIDEST = 46.0  # characters; longer text wraps
_WRAPPED = ("text", "input")  # styles whose text wraps
_LINE_POINTS = 14.0  # one line of 10.5 points
_FONT = "宋体"  # present in every Chinese Excel and WPS; others substitute it

_FILLS = {
    "met": "#E2F0D9",
    "not_met": "#F8CBAD",
    "undecidable": "#FFF2CC",
    "tracked": "#EDEDED",
}


@dataclass(frozen=True, slots=True)
class Formula:
    """A formula, and the number that it gives for the plan as written."""

    text: str
    value: float


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a sheet: its heading, its values and how they are shown.

    Parameters
    ----------
    heading
        What stands above it.
    cells
        Text, numbers, `Formula`, or empty text.
    style
        Name of a format, see `styles`.
    key
        Name by which formulas find the column; empty where none does.
    total
        What the last row holds: ``sum``, or text.
    total_cell
        A formula that the last row holds instead.
    """

    heading: Text
    cells: Sequence[object]
    style: str = "text"
    key: str = ""
    total: str = ""
    total_cell: object = ""


@dataclass(frozen=True)
class Pages:
    """A workbook being written, with its language and its formats."""

    file: Workbook
    language: Language
    styles: Mapping[str, Format]

    def say(self, text: Text) -> str:
        """Return the text in the language of the workbook."""
        return text.say(self.language)

    def add_sheet(self, title: Text) -> Worksheet:
        """Add a sheet, to be printed on A3."""
        sheet = self.file.add_worksheet(self.say(title))
        sheet.set_landscape()
        sheet.set_paper(8)
        sheet.fit_to_pages(1, 0)
        return sheet


@dataclass(frozen=True)
class Book(Pages):
    """The workbook of a plan."""

    outcome: Outcome

    def sheet(self, name: str) -> Worksheet:
        """Add the sheet that `SHEETS` calls ``name``."""
        return self.add_sheet(SHEETS[name])


def new_file(path: Path, title: str) -> Workbook:
    """Return a new workbook in which text never becomes a formula or a link.

    Parameters
    ----------
    path
        The file to write; one that exists is replaced.
    title
        The document's title.
    """
    options = {"strings_to_formulas": False, "strings_to_urls": False}
    file = xlsxwriter.Workbook(path, options)
    file.set_properties({"title": title, "created": _CREATED})
    return file


def styles(file: Workbook) -> dict[str, Format]:
    """Return the formats of the workbook by name."""
    base = {"font_name": _FONT, "font_size": 10.5, "valign": "vcenter", "border": 1}
    base["border_color"] = "#BFBFBF"
    kinds: dict[str, dict[str, object]] = {
        "text": {"text_wrap": True},
        "centre": {"align": "center"},
        "whole": {"num_format": "#,##0"},
        "tenth": {"num_format": "#,##0.0"},
        "money": {"num_format": "#,##0.0"},
        "hundredth": {"num_format": "#,##0.00"},
        "figure": {"num_format": "[>=1000]#,##0;[<=-1000]-#,##0;General"},
        "degrees": {"num_format": "0.00000"},
        "percent": {"num_format": "0.0%"},
        "thousandth": {"num_format": "0.000"},
        "year": {"num_format": "0", "align": "center"},
        "input": {"bg_color": "#FFFDE7", "text_wrap": True},
        "input_degrees": {"bg_color": "#FFFDE7", "num_format": "0.00000"},
        "id": {"font_color": "#7F7F7F", "font_size": 9},
        "head": {
            "bold": True,
            "text_wrap": True,
            "align": "center",
            "bg_color": "#DCE6F1",
        },
        "head_input": {
            "bold": True,
            "text_wrap": True,
            "align": "center",
            "bg_color": "#FFF2CC",
        },
        "total": {"bold": True, "num_format": "#,##0.0", "top": 2},
        "total_whole": {"bold": True, "num_format": "#,##0", "top": 2},
        "total_hundredth": {"bold": True, "num_format": "#,##0.00", "top": 2},
        "total_percent": {"bold": True, "num_format": "0.0%", "top": 2},
        "total_text": {"bold": True, "top": 2},
        "title": {"bold": True, "font_size": 16, "border": 0},
        "plain": {"border": 0, "text_wrap": True, "valign": "top"},
        "section": {"border": 0, "bold": True, "font_size": 12},
    }
    for verdict, fill in _FILLS.items():
        kinds[verdict] = {"bg_color": fill, "align": "center"}
    return {name: file.add_format({**base, **more}) for name, more in kinds.items()}


def position(columns: Sequence[Column], key: str) -> int:
    """Return the place of the column that formulas call ``key``."""
    return next(i for i, column in enumerate(columns) if column.key == key)


def write_table(
    book: Pages, sheet: Worksheet, columns: Sequence[Column], *, first_row: int = 0
) -> int:
    """Write headings, values and totals.

    Returns
    -------
    next_row
        The first row below the table.
    """
    rows = max((len(column.cells) for column in columns), default=0)
    totals = any(column.total for column in columns)
    for at, column in enumerate(columns):
        heading = book.say(column.heading)
        sheet.write_string(first_row, at, heading, book.styles["head"])
        style = book.styles[column.style]
        for row, value in enumerate(column.cells, start=first_row + 1):
            write_cell(sheet, (row, at), value, style)
        if totals:
            place = (first_row + 1 + rows, at)
            _write_total(book, sheet, column, place, rows)
    sheet.set_row(first_row, 32)
    _set_heights(sheet, columns, first_row, rows)
    return first_row + 1 + rows + int(totals)


def _write_total(
    book: Pages, sheet: Worksheet, column: Column, place: tuple[int, int], rows: int
) -> None:
    row, at = place
    if column.total_cell:
        style = book.styles[f"total_{column.style}"]
        write_cell(sheet, (row, at), column.total_cell, style)
        return
    if column.total != "sum":
        sheet.write_string(row, at, column.total, book.styles["total_text"])
        return
    whole = column.style == "whole"
    style = book.styles["total_whole" if whole else "total"]
    if not rows:
        sheet.write_number(row, at, 0, style)
        return
    cells = f"{xl_rowcol_to_cell(row - rows, at)}:{xl_rowcol_to_cell(row - 1, at)}"
    sheet.write_formula(row, at, f"=SUM({cells})", style, column_sum(column))


def column_sum(column: Column) -> float:
    """Return the total of a column, as SUM gives it."""
    return math.fsum(_value(value) for value in column.cells)


def _value(value: object) -> float:
    """Return a cell's number as SUM sees it: text counts nothing."""
    if isinstance(value, Formula):
        return value.value
    if isinstance(value, SupportsFloat) and math.isfinite(value):
        return float(value)
    return 0.0


def write_cell(
    sheet: Worksheet, place: tuple[int, int], value: object, style: Format
) -> None:
    """Write a value as what it is: text never becomes a formula or a link."""
    if isinstance(value, Formula):
        sheet.write_formula(*place, value.text, style, value.value)
    elif isinstance(value, str):
        sheet.write_string(*place, value, style)
    elif isinstance(value, SupportsFloat) and math.isfinite(value):
        sheet.write_number(*place, float(value), style)
    else:
        sheet.write_blank(*place, None, style)


def set_widths(book: Pages, sheet: Worksheet, *tables: Sequence[Column]) -> None:
    """Make each column as wide as its text in all the tables of the sheet.

    A heading may take two lines; longer text wraps.
    """
    for at in range(max(len(columns) for columns in tables)):
        needed = [8.0]
        for column in (columns[at] for columns in tables if at < len(columns)):
            needed.append(math.ceil(_width(book.say(column.heading)) / 2) + 3.0)
            needed += [_width(_shown(v, column.style)) + 3.0 for v in column.cells]
        sheet.set_column(at, at, min(max(needed), _WIDEST))


def _set_heights(
    sheet: Worksheet, columns: Sequence[Column], first_row: int, rows: int
) -> None:
    """Make each row as high as its longest text, in columns that `set_widths` sets.

    A file may leave heights out, but not every program works them out: there, text
    over several lines would run into the row below.
    """
    for row in range(rows):
        lines = max(
            _lines(column.cells[row]) if column.style in _WRAPPED else 1
            for column in columns
            if row < len(column.cells)
        )
        if lines > 1:
            sheet.set_row(first_row + 1 + row, lines * _LINE_POINTS + 2.0)


def _lines(value: object) -> int:
    """Return how many lines a text takes in the widest column there is."""
    text = value if isinstance(value, str) else ""
    return max(1, math.ceil((_width(text) + 1.0) / (_WIDEST - 3.0)))


def _shown(value: object, style: str) -> str:
    if isinstance(value, Formula):
        value = value.value
    if isinstance(value, str):
        return value
    if style in ("degrees", "input_degrees"):
        return "000.00000"
    if style == "year":
        return str(value)
    return f"{value:,.{0 if style == 'whole' else 1}f}"


def _width(text: str) -> int:
    """Return the width of a text in columns: a Chinese character takes two."""
    return sum(2 if unicodedata.east_asian_width(c) in "WFA" else 1 for c in text)


def blank(value: object) -> object:
    """Return the value, or empty text where there is none."""
    return "" if pd.isna(value) else value  # type: ignore[call-overload]


def numbers(table: pd.DataFrame, name: str) -> list[object]:
    """Return a column's values, blanks where the table does not have it."""
    if name not in table:
        return [""] * len(table)
    return [blank(value) for value in table[name]]
