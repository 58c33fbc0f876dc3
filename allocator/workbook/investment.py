"""The sheet 投资: what the plan costs, by service, by county, by resource and by year.

Figures of facilities are sums over the sheet of facilities, so that a cost or an
action changed there is carried here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from xlsxwriter.utility import quote_sheetname, xl_col_to_name, xl_rowcol_to_cell

from allocator.errors import Text
from allocator.outcome import service_names
from allocator.workbook.cells import (
    ACTION_WORDS,
    SHEETS,
    Book,
    Column,
    Formula,
    column_sum,
    position,
    set_widths,
    write_cell,
    write_table,
)
from allocator.workbook.facilities import facility_columns

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from xlsxwriter.worksheet import Worksheet

_CAPITAL = Text("投资估算(万元)", "Capital (10,000 yuan)")
_YEARLY = Text("年运行费(万元)", "Yearly cost (10,000 yuan)")
_TOTAL = Text("合计", "Total")
_COST_KEYS = {"capital_wan": "capital", "yearly_wan": "yearly"}


@dataclass(frozen=True)
class _Facilities:
    """The sheet of facilities as formulas see it.

    Parameters
    ----------
    book, table
        The workbook, and the facilities as `facilities.facilities` gives them.
    columns
        The columns of the sheet.
    """

    book: Book
    table: pd.DataFrame
    columns: Sequence[Column]

    def cells(self, key: str) -> str:
        """Return the reference to a column of the sheet."""
        sheet = quote_sheetname(self.book.say(SHEETS["facilities"]))
        letter = xl_col_to_name(position(self.columns, key))
        return f"{sheet}!${letter}$2:${letter}${max(len(self.table), 1) + 1}"

    def counts(self, by: str, keys: Sequence[object], row: int) -> list[Column]:
        """Return one column per action: how many facilities each key has.

        Parameters
        ----------
        by
            The column that holds the keys, of the table and of the sheet.
        keys
            The values counted; they stand in the second column of the new table.
        row
            The row of the new table's headings.
        """
        columns = []
        for at, (action, words) in enumerate(ACTION_WORDS.items(), start=2):
            heading = xl_rowcol_to_cell(row, at, row_abs=True)
            having = self.table["action"] == action
            values = [
                Formula(
                    f"=COUNTIFS({self.cells(by)},{_key(line)},"
                    f"{self.cells('action')},{heading})",
                    float((having & (self.table[by] == key)).sum()),
                )
                for line, key in enumerate(keys, start=row + 1)
            ]
            columns.append(Column(words, values, "whole", total="sum"))
        return columns

    def sums(
        self, by: str, keys: Sequence[object], row: int, cost: str
    ) -> list[Formula]:
        """Return the sum of a cost for each key; parameters as in `counts`."""
        return [
            Formula(
                f"=SUMIFS({self.cells(_COST_KEYS[cost])},{self.cells(by)},{_key(line)})",
                float(self.table.loc[self.table[by] == key, cost].sum()),
            )
            for line, key in enumerate(keys, start=row + 1)
        ]


def _key(row: int) -> str:
    return str(xl_rowcol_to_cell(row, 1, col_abs=True))


def write_investment(book: Book, table: pd.DataFrame) -> None:
    """Write the sheet; ``table`` as `facilities.facilities` gives it."""
    sheet = book.sheet("costs")
    listed = _Facilities(book, table, facility_columns(book.outcome, table))
    sections = [
        (Text("按服务", "By service"), _by_service),
        (Text("按县区 (机构)", "By county (facilities)"), _by_county),
    ]
    if book.outcome.plan.placements["phase"].notna().any():
        sections.append((Text("按年度 (机构)", "By year (facilities)"), _by_year))
    if len(book.outcome.plan.allocations):
        sections.append((Text("资源配置", "Resources"), _by_resource))
    tables, ends = [], []
    row = 0
    for number, (title, build) in enumerate(sections, start=1):
        words = f"{number}. {book.say(title)}"
        sheet.write_string(row, 0, words, book.styles["section"])
        columns = build(listed, row + 1)
        end = write_table(book, sheet, columns, first_row=row + 1)
        tables.append(columns)
        ends.append(end - 1)
        row = end + 1
    if len(book.outcome.plan.allocations):
        _write_sum(book, sheet, row, (tables[0], tables[-1]), (ends[0], ends[-1]))
    set_widths(book, sheet, *tables)


def _write_sum(
    book: Book,
    sheet: Worksheet,
    row: int,
    tables: tuple[list[Column], list[Column]],
    ends: tuple[int, int],
) -> None:
    """Write what facilities and resources cost together, from the two totals."""
    words = book.say(Text("总计 (机构与资源)", "Facilities and resources"))
    sheet.write_string(row, 0, words, book.styles["total_text"])
    for key in _COST_KEYS:
        places = [position(columns, key) for columns in tables]
        cells = [
            xl_rowcol_to_cell(end, at) for end, at in zip(ends, places, strict=True)
        ]
        value = sum(
            column_sum(columns[at]) for columns, at in zip(tables, places, strict=True)
        )
        formula = f"={cells[0]}+{cells[1]}"
        write_cell(
            sheet, (row, places[0]), Formula(formula, value), book.styles["total"]
        )


def _costs(
    listed: _Facilities, by: str, keys: Sequence[object], row: int
) -> list[Column]:
    return [
        Column(
            heading, listed.sums(by, keys, row, cost), "money", key=cost, total="sum"
        )
        for heading, cost in ((_CAPITAL, "capital_wan"), (_YEARLY, "yearly_wan"))
    ]


def _by_service(listed: _Facilities, row: int) -> list[Column]:
    names = service_names(listed.book.outcome)
    placed = set(listed.table["service"])
    keys = [service for service in names if service in placed]
    total = listed.book.say(_TOTAL)
    return [
        Column(Text("服务", "Service"), [names[key] for key in keys], total=total),
        Column(Text("服务编号", "service"), keys, "id"),
        *listed.counts("service", keys, row),
        *_costs(listed, "service", keys, row),
    ]


def _by_county(listed: _Facilities, row: int) -> list[Column]:
    counties = listed.book.outcome.area.counties
    total = listed.book.say(_TOTAL)
    return [
        Column(Text("县区代码", "county_id"), list(counties.index), "id", total=total),
        Column(Text("县区", "County"), list(counties["name"])),
        *listed.counts("county", list(counties["name"]), row),
        *_costs(listed, "county", list(counties["name"]), row),
    ]


def _by_year(listed: _Facilities, row: int) -> list[Column]:
    changed = listed.table[listed.table["action"] != "keep"]
    keys = sorted(changed["phase"].dropna().unique().tolist())
    total = listed.book.say(_TOTAL)
    return [
        Column(Text("序号", "No."), range(1, len(keys) + 1), "year", total=total),
        Column(Text("建设时序", "Year"), keys, "year"),
        *listed.counts("phase", keys, row),
        *_costs(listed, "phase", keys, row),
    ]


def _by_resource(listed: _Facilities, row: int) -> list[Column]:
    """Return what is added of each resource; ``row`` is not needed: no formulas."""
    del row
    outcome = listed.book.outcome
    sums = outcome.plan.allocations.groupby("resource")[
        ["amount", "capital_wan", "yearly_wan"]
    ].sum()
    resources = [outcome.policy.resources.get(str(key)) for key in sums.index]
    names = [
        resource.name if resource else str(key)
        for key, resource in zip(sums.index, resources, strict=True)
    ]
    total = listed.book.say(_TOTAL)
    return [
        Column(Text("资源", "Resource"), names, total=total),
        Column(Text("资源编号", "resource"), list(sums.index), "id"),
        Column(Text("单位", "Unit"), [r.unit if r else "" for r in resources]),
        Column(Text("新增数量", "Added"), sums["amount"].tolist(), "tenth"),
        Column(_CAPITAL, sums["capital_wan"].tolist(), "money", "capital_wan", "sum"),
        Column(_YEARLY, sums["yearly_wan"].tolist(), "money", "yearly_wan", "sum"),
    ]
