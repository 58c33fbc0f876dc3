"""Opening workbooks, and the sheet in them that logs what was changed."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import openpyxl
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.utils import get_column_letter

from allocator.errors import Text
from allocator.register.changes import (
    LOG_HEADINGS,
    LOG_SHEET,
    read_changes,
    shown_cells,
)
from allocator.register.text_cells import FORMULA_STARTS

if TYPE_CHECKING:
    from pathlib import Path

    from openpyxl import Workbook
    from openpyxl.worksheet.worksheet import Worksheet

    from allocator.load.remarks import Remarks
    from allocator.register.changes import Change

LOG_WIDTHS = (16, 22, 12, 16, 30, 30, 12, 70)  # characters


def open_workbook(path: Path, remarks: Remarks, *, values: bool) -> Workbook | None:
    """Open a workbook to edit it, or with ``values`` to read what formulas came to."""
    try:
        with warnings.catch_warnings():
            # What is lost was told from the parts of the file.
            warnings.simplefilter("ignore")
            return openpyxl.load_workbook(
                path,
                rich_text=not values,
                data_only=values,
                keep_vba=path.suffix.lower() == ".xlsm" and not values,
            )
    except Exception as error:  # a damaged file raises anything in openpyxl
        remark_damage(f"{type(error).__name__}: {error}", remarks)
        return None


def remark_damage(reason: str, remarks: Remarks) -> None:
    """Report a workbook that the readers understand and that cannot be edited."""
    remarks.error(
        "workbook-damaged",
        Text("工作簿无法编辑", "the workbook cannot be edited"),
        values=[reason],
        remedy=Text(
            "用表格软件打开并另存为新的 xlsx",
            "open it in a spreadsheet program and save it as a new xlsx",
        ),
    )


def _log_sheet(book: Workbook) -> Worksheet | None:
    """Return the sheet of the log: of its name, and with its headings."""
    headings = [words.zh for words in LOG_HEADINGS.values()]
    for sheet in book.worksheets:
        if not sheet.title.startswith(LOG_SHEET):
            continue
        first = [sheet.cell(1, at + 1).value for at in range(len(headings))]
        if first == headings:
            return sheet
    return None


def read_workbook_log(path: Path, remarks: Remarks) -> tuple[Change, ...]:
    """Read the sheet of changes; nothing where there is none."""
    book = open_workbook(path, remarks, values=True)
    sheet = None if book is None else _log_sheet(book)
    if sheet is None:
        return ()
    rows = sheet.iter_rows(min_row=2, max_col=len(LOG_HEADINGS), values_only=True)
    return read_changes(
        ["" if cell is None else str(cell) for cell in row] for row in rows
    )


def write_workbook_log(book: Workbook, changes: tuple[Change, ...]) -> None:
    """Add changes to the sheet of the log, made where there is none."""
    if not changes:
        return
    sheet = _log_sheet(book)
    if sheet is None:
        sheet = book.create_sheet(LOG_SHEET)
        for at, words in enumerate(LOG_HEADINGS.values()):
            sheet.cell(1, at + 1).value = words.zh
            letter = get_column_letter(at + 1)
            sheet.column_dimensions[letter].width = LOG_WIDTHS[at]
        sheet.freeze_panes = "A2"
    row = sheet.max_row + 1
    for change in changes:
        for at, text in enumerate(shown_cells(change)):
            cell = sheet.cell(row, at + 1)
            cell.value = ILLEGAL_CHARACTERS_RE.sub("", text) or None
            cell.number_format = "@"
            if text.startswith(FORMULA_STARTS):
                cell.data_type = "s"
                cell.quotePrefix = True
        row += 1
