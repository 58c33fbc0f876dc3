"""Putting rows into a sheet, with everything that refers to the rows below."""

from __future__ import annotations

import re
from copy import copy
from typing import TYPE_CHECKING, Any

from openpyxl.formatting.formatting import ConditionalFormattingList
from openpyxl.utils import range_boundaries
from openpyxl.worksheet.cell_range import CellRange, MultiCellRange
from openpyxl.worksheet.formula import ArrayFormula

from allocator.register.formulas import shifted

if TYPE_CHECKING:
    from collections.abc import Iterable

    from openpyxl import Workbook
    from openpyxl.worksheet.worksheet import Worksheet

    from allocator.register.formulas import Insertion

SERIES_PARTS = ("val", "cat", "xVal", "yVal", "bubbleSize", "tx")


def insert_rows(book: Workbook, sheet: Worksheet, insertion: Insertion) -> None:
    """Make room below the last row of data; everything below moves down whole.

    Formulas of every sheet, names, merged cells, heights, conditional formats,
    validations, tables, filters, print areas, pictures and charts follow. Ranges that
    end with the last row of data, as of totals, take the new rows in.
    """
    _move_cells(sheet, insertion)
    _move_heights(sheet, insertion)
    _shift_formulas(book, sheet, insertion)
    _shift_names(book, insertion)
    for each in book.worksheets:
        _shift_rules(each, insertion, here=each is sheet)
        _shift_charts(each, insertion)
    _shift_places(sheet, insertion)


def _move_cells(sheet: Worksheet, insertion: Insertion) -> None:
    cells = sheet._cells  # noqa: SLF001 (insert_rows of openpyxl moves cells alone)
    for row, column in sorted(
        (k for k in cells if k[0] > insertion.after), reverse=True
    ):
        cell = cells.pop((row, column))
        cell.row = row + insertion.count
        cells[cell.row, column] = cell
        if getattr(cell, "hyperlink", None) is not None:
            cell.hyperlink.ref = cell.coordinate
    merged = MultiCellRange()
    for block in sheet.merged_cells.ranges:
        first, last = insertion.row(block.min_row), insertion.row(block.max_row)
        merged.add(
            CellRange(
                min_col=block.min_col,
                max_col=block.max_col,
                min_row=first,
                max_row=last,
            )
        )
    sheet.merged_cells = merged


def _move_heights(sheet: Worksheet, insertion: Insertion) -> None:
    heights = sheet.row_dimensions
    for row in sorted((r for r in heights if r > insertion.after), reverse=True):
        dimension = heights.pop(row)
        dimension.index = row + insertion.count
        heights[dimension.index] = dimension
    if insertion.after in heights:
        above = heights[insertion.after]
        for row in range(insertion.after + 1, insertion.after + insertion.count + 1):
            heights[row] = copy(above)
            heights[row].index = row


def _shift_formulas(book: Workbook, sheet: Worksheet, insertion: Insertion) -> None:
    for each in book.worksheets:
        for cell in list(each._cells.values()):  # noqa: SLF001 (only cells there are)
            # What a row of data looks at, it goes on looking at.
            extend = each is not sheet or not insertion.holds(cell.row)
            value = getattr(cell, "value", None)
            if isinstance(value, ArrayFormula):
                value.text = shifted(value.text, each.title, insertion, extend=extend)
                if each is sheet:
                    value.ref = _ranges(value.ref, insertion)
            elif getattr(cell, "data_type", "") == "f" and isinstance(value, str):
                cell.value = shifted(value, each.title, insertion, extend=extend)


def _shift_names(book: Workbook, insertion: Insertion) -> None:
    groups: list[Any] = [book.defined_names]
    groups += [each.defined_names for each in book.worksheets]
    for names in groups:
        for name in names.values():
            if name.attr_text:
                text = shifted(f"={name.attr_text}", "", insertion, extend=True)
                name.attr_text = text[1:]


def _shift_rules(sheet: Worksheet, insertion: Insertion, *, here: bool) -> None:
    """Move conditional formats and validations, with the formulas in them."""
    old = sheet.conditional_formatting
    sheet.conditional_formatting = ConditionalFormattingList()
    for block in old:
        where = str(block.sqref)
        for rule in block.rules:
            rule.formula = [
                shifted(f"={f}", sheet.title, insertion, extend=False)[1:]
                for f in rule.formula
            ]
            sheet.conditional_formatting.add(
                _ranges(where, insertion) if here else where, rule
            )
    for validation in sheet.data_validations.dataValidation:
        if here:
            validation.sqref = MultiCellRange(_ranges(str(validation.sqref), insertion))
        for name in ("formula1", "formula2"):
            formula = getattr(validation, name)
            if formula and not re.match(r'^"', formula):
                text = shifted(f"={formula}", sheet.title, insertion, extend=True)
                setattr(validation, name, text[1:])


def _ranges(text: str, insertion: Insertion) -> str:
    """Return ranges of the sheet, blanks between, after rows were put in."""
    return " ".join(_range(part, insertion) for part in text.split())


def _range(text: str, insertion: Insertion) -> str:
    left, top, right, bottom = range_boundaries(text)
    if top is None or bottom is None or left is None or right is None:
        return text  # whole rows or columns
    first, last = insertion.rows(top, bottom)
    block = CellRange(min_col=left, max_col=right, min_row=first, max_row=last)
    return str(block.coord)


def _shift_charts(sheet: Worksheet, insertion: Insertion) -> None:
    for chart in _parts_of(sheet._charts):  # noqa: SLF001 (no other way to them)
        for series in chart.series:
            for part in SERIES_PARTS:
                held = getattr(series, part, None)
                for kind in ("numRef", "strRef"):
                    reference = getattr(held, kind, None)
                    if reference is not None and reference.f:
                        text = shifted(f"={reference.f}", "", insertion, extend=True)
                        reference.f = text[1:]


def _parts_of(charts: Iterable[Any]) -> list[Any]:
    """Return charts with those that are laid over them; openpyxl lists itself first."""
    return [part for chart in charts for part in getattr(chart, "_charts", [chart])]


def _shift_places(sheet: Worksheet, insertion: Insertion) -> None:
    """Move what is anchored to rows of the sheet."""
    for item in (*sheet._charts, *sheet._images):  # noqa: SLF001 (no other way)
        for end in ("_from", "to"):
            marker = getattr(item.anchor, end, None)
            if marker is not None and marker.row >= insertion.after:
                marker.row += insertion.count
    for table in sheet.tables.values():
        table.ref = _range(table.ref, insertion)
        if table.autoFilter is not None and table.autoFilter.ref:
            table.autoFilter.ref = _range(table.autoFilter.ref, insertion)
    if sheet.auto_filter.ref:
        sheet.auto_filter.ref = _range(sheet.auto_filter.ref, insertion)
    if sheet.print_area:
        areas = str(sheet.print_area).split(",")
        plain = [area.rpartition("!")[2].replace("$", "") for area in areas]
        sheet.print_area = ",".join(_range(area, insertion) for area in plain)
    for broken in sheet.row_breaks.brk:
        broken.id = insertion.row(broken.id)
