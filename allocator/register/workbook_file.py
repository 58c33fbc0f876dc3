"""Registers in workbooks: changed in place, formats and formulas kept."""

from __future__ import annotations

import re
import warnings
from copy import copy
from datetime import date, datetime, time
from typing import TYPE_CHECKING, Any

from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE, MergedCell
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.table import TableColumn

from allocator.errors import Text
from allocator.register.archive import finish_workbook, read_modified
from allocator.register.formulas import Insertion, copied
from allocator.register.insertion import insert_rows
from allocator.register.text_cells import FORMULA_STARTS
from allocator.register.workbook_log import (
    open_workbook,
    remark_damage,
    write_workbook_log,
)

if TYPE_CHECKING:
    from pathlib import Path

    from openpyxl import Workbook
    from openpyxl.worksheet.worksheet import Worksheet

    from allocator.load.remarks import Remarks
    from allocator.register.archive import Value
    from allocator.register.edits import Edit, Edits
    from allocator.register.reading import Field, Register

MOST_DIGITS = 15  # of a whole number that a spreadsheet keeps
ORDINALS = ("序号", "编号序号", "no", "no.")


def write_workbook(
    register: Register, edits: Edits, target: Path, remarks: Remarks
) -> None:
    """Write a changed copy of a workbook, with its log.

    New rows take the formats and simple formulas of the last row of data and stand
    below it, above totals and notes. Nothing is written where a finding is an error.
    """
    book = open_workbook(register.path, remarks, values=False)
    values = open_workbook(register.path, remarks, values=True)
    if book is None or values is None:
        return
    title = register.account.sheet
    if title not in book.sheetnames or title not in values.sheetnames:
        remark_damage(title, remarks)
        return
    sheet = book[title]
    work = _Sheet(register, edits, book, sheet, remarks)
    work.change()
    if remarks.failed():
        return
    write_workbook_log(book, edits.changes)
    if book.calculation is not None:
        book.calculation.fullCalcOnLoad = True
    kept = work.values_of(values)
    saved = target.with_name(f"{target.name}.saved")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            book.save(saved)
        finish_workbook(saved, target, kept, read_modified(register.path))
    finally:
        saved.unlink(missing_ok=True)


class _Sheet:
    """The sheet of the register while it is changed."""

    def __init__(
        self,
        register: Register,
        edits: Edits,
        book: Workbook,
        sheet: Worksheet,
        remarks: Remarks,
    ) -> None:
        self.register, self.edits, self.remarks = register, edits, remarks
        self.book, self.sheet = book, sheet
        self.numbers = register.numbers
        self.last = max(self.numbers)
        self.insertion = Insertion(
            sheet.title, min(self.numbers), self.last, len(edits.new)
        )
        self.columns = self._columns()
        self.new = {s: self.last + 1 + at for at, s in enumerate(edits.new)}
        self.touched: set[int] = set()
        self.sums: dict[str, float] = {}

    def change(self) -> None:
        self._check_merges()
        self._check_totals()
        if self.remarks.failed():
            return
        if self.new:
            insert_rows(self.book, self.sheet, self.insertion)
            for row in self.new.values():
                self._copy_row(row)
        self._append_columns()
        for edit in self.edits.cells:
            self._set(edit)
        for at, row in enumerate(self.new.values()):
            self._number(row, at)

    # --- Before anything is written ---------------------------------------------------

    def _columns(self) -> dict[int, int]:
        """Return the column of the sheet of each field; new ones behind everything."""
        columns = {f.position: f.position + 1 for f in self.register.fields}
        used = [
            cell.column
            for cell in self.sheet._cells.values()  # noqa: SLF001 (only cells there are)
            if cell.row >= self.register.account.heading_rows[0]
            and cell.value is not None
        ]
        behind = max([len(self.register.fields), *used])
        for at, field in enumerate(self.edits.appended):
            columns[field.position] = behind + 1 + at
        return columns

    def _check_merges(self) -> None:
        wrong = []
        for edit in self.edits.cells:
            if edit.site_id in self.new:
                continue
            row = self.register.number(edit.site_id)
            cell = self.sheet.cell(row, self.columns[edit.field.position])
            block = self._block(cell.coordinate)
            if isinstance(cell, MergedCell) or (block and block.max_row > row):
                wrong.append((f"第{row}行 {edit.site_id}", edit.field.heading))
        if wrong:
            self.remarks.error(
                "cell-merged",
                Text(
                    "要改的单元格与其他行合并在一起",
                    "a cell to be changed is merged with other rows",
                ),
                keys=dict.fromkeys(row for row, _ in wrong),
                values=[heading for _, heading in wrong],
                remedy=Text(
                    "拆开合并单元格, 逐行填写", "unmerge and give each row its own"
                ),
            )

    def _block(self, coordinate: str) -> Any:  # noqa: ANN401 (openpyxl has no types)
        for block in self.sheet.merged_cells.ranges:
            if coordinate in block:
                return block
        return None

    def _check_totals(self) -> None:
        """Warn of totals that are figures: nobody adds them up again."""
        stale = []
        for row in self.register.totals:
            for edit in self.edits.cells:
                column = self.columns[edit.field.position]
                value = self.sheet.cell(row, column).value
                if edit.change.what == "amount" and isinstance(value, int | float):
                    stale.append(f"第{row}行")
        if stale:
            remark_totals(stale, self.remarks)

    # --- Rows and columns -------------------------------------------------------------

    def _copy_row(self, row: int) -> None:
        sheet = self.sheet
        for column in range(1, sheet.max_column + 1):
            above = sheet.cell(self.last, column)
            if isinstance(above, MergedCell):
                continue
            cell = sheet.cell(row, column)
            cell._style = copy(above._style)  # noqa: SLF001 (the way openpyxl copies)
            if above.data_type == "f" and isinstance(above.value, str):
                formula = copied(
                    above.value, sheet.title, above.coordinate, cell.coordinate
                )
                if formula is not None:
                    cell.value = formula

    def _append_columns(self) -> None:
        if not self.edits.appended:
            return
        heads = self.register.account.heading_rows
        model = len(self.register.fields)
        rows = [*self.numbers, *self.new.values()]
        for field in self.edits.appended:
            column = self.columns[field.position]
            for row in heads:
                self._like(row, model, column)
            self.sheet.cell(heads[0], column).value = field.heading
            if len(heads) > 1:
                self.sheet.merge_cells(
                    start_row=heads[0],
                    end_row=heads[-1],
                    start_column=column,
                    end_column=column,
                )
            for row in rows:
                self._like(row, model, column)
                self.sheet.cell(row, column).number_format = "General"
            width = self.sheet.column_dimensions[get_column_letter(model)].width
            self.sheet.column_dimensions[get_column_letter(column)].width = width
        self._widen_tables()

    def _like(self, row: int, model: int, column: int) -> None:
        source = self.sheet.cell(row, model)
        target = self.sheet.cell(row, column)
        if not isinstance(target, MergedCell):
            target._style = copy(source._style)  # noqa: SLF001 (the way openpyxl copies)

    def _widen_tables(self) -> None:
        """Give a table of the spreadsheet the columns that were put beside it."""
        first = self.columns[self.edits.appended[0].position]
        for table in self.sheet.tables.values():
            start, _, end = table.ref.partition(":")
            letters, row = re.sub(r"\d", "", end), re.sub(r"\D", "", end)
            if letters != get_column_letter(first - 1):
                continue
            last = get_column_letter(first + len(self.edits.appended) - 1)
            table.ref = f"{start}:{last}{row}"
            if table.autoFilter is not None:
                table.autoFilter.ref = table.ref
            ids = max(column.id for column in table.tableColumns)
            for at, field in enumerate(self.edits.appended):
                name = self.sheet.cell(
                    self.register.account.heading_rows[-1],
                    self.columns[field.position],
                ).value
                table.tableColumns.append(
                    TableColumn(id=ids + 1 + at, name=name or field.heading)
                )

    # --- Cells ------------------------------------------------------------------------

    def _set(self, edit: Edit) -> None:
        row = self.new.get(edit.site_id) or self.register.number(edit.site_id)
        column = self.columns[edit.field.position]
        cell = self.sheet.cell(row, column)
        self.touched.add(row)
        if cell.data_type == "f" and edit.added is not None:
            cell.value = f"{cell.value}+{edit.added:.10g}"
            self.sums[cell.coordinate] = float(edit.value)
            return
        value = edit.value
        if isinstance(value, str):
            self._set_text(cell, value, edit.field)
        else:
            number = int(value) if float(value).is_integer() else value
            like = self._example(edit.field)
            cell.value = str(number) if isinstance(like, str) else number

    def _set_text(self, cell: Any, value: str, field: Field) -> None:  # noqa: ANN401
        text = ILLEGAL_CHARACTERS_RE.sub("", value)
        whole = text.isdigit() and not (text[0] == "0" and len(text) > 1)
        may_count = whole and len(text) <= MOST_DIGITS and field.column != "name"
        if may_count and isinstance(self._example(field), int):
            cell.value = int(text)
            return
        cell.value = text
        if text.startswith(FORMULA_STARTS):
            # openpyxl takes a text with an equals sign for a formula.
            cell.data_type = "s"
            cell.quotePrefix = True

    def _example(self, field: Field) -> object:
        """Return what the last filled row of data has in a column."""
        column = self.columns[field.position]
        for row in reversed(self.numbers):
            cell = self.sheet.cell(row, column)
            if cell.value is not None and cell.data_type != "f":
                return cell.value
        return None

    def _number(self, row: int, at: int) -> None:
        """Go on counting in a column of ordinal numbers."""
        field = self.register.find(*ORDINALS)
        if field is None or field.column == "site_id":
            return
        held = [self.sheet.cell(n, field.position + 1).value for n in self.numbers]
        whole = [value for value in held if isinstance(value, int)]
        if len(whole) == len(held):
            self.sheet.cell(row, field.position + 1).value = max(whole) + 1 + at

    # --- Values of formulas -----------------------------------------------------------

    def values_of(self, before: Workbook) -> dict[str, dict[str, Value]]:
        """Return what formulas came to, where nothing that changed can alter it.

        Formulas of the rows that changed and of totals are left to the spreadsheet.
        """
        found: dict[str, dict[str, Value]] = {}
        for at, sheet in enumerate(self.book.worksheets):
            if sheet.title not in before.sheetnames:
                continue
            part = f"xl/worksheets/sheet{at + 1}.xml"
            old = before[sheet.title]
            here = sheet is self.sheet
            found[part] = {}
            for cell in list(sheet._cells.values()):  # noqa: SLF001 (cells there are)
                if cell.data_type != "f" or (here and self._may_change(cell.row)):
                    continue
                value = _plain(old.cell(cell.row, cell.column).value)
                if value is not None:
                    found[part][cell.coordinate] = value
            if here:
                found[part] |= self.sums
        return found

    def _may_change(self, row: int) -> bool:
        return row in self.touched or not self.insertion.holds(row)


def _plain(value: object) -> Value | None:
    if isinstance(value, bool | str | int | float):
        return value
    if isinstance(value, datetime | date | time) or value is None:
        return None
    return None


def remark_totals(rows: list[str], remarks: Remarks) -> None:
    """Warn of totals that are written as figures."""
    remarks.warning(
        "total-stale",
        Text(
            "合计行是数字不是公式, 没有重新计算",
            "totals are figures and not formulas: they were not added up again",
        ),
        keys=dict.fromkeys(rows),
        remedy=Text("改为求和公式, 或重新填写", "use a formula, or fill them in again"),
    )
