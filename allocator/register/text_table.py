"""Registers in csv, tsv and txt: changed in place, in their own encoding and dress."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from allocator.errors import Text
from allocator.load.files import FORMULA_GUARD
from allocator.load.texts import SEPARATORS
from allocator.register.changes import (
    LOG_HEADINGS,
    LOG_SUFFIX,
    read_changes,
)
from allocator.register.edits import shown
from allocator.register.text_cells import (
    Record,
    guarded,
    join_records,
    split_records,
    written,
)

if TYPE_CHECKING:
    from pathlib import Path

    from allocator.load.remarks import Remarks
    from allocator.register.changes import Change
    from allocator.register.edits import Edit, Edits
    from allocator.register.reading import Field, Register

BYTE_ORDER_MARKS = (
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
)


def log_path(path: Path) -> Path:
    """Return where the log of a text register stands: beside it."""
    return path.with_name(path.name + LOG_SUFFIX)


def read_text_log(path: Path) -> tuple[Change, ...]:
    """Read the log beside a register; nothing where there is none."""
    try:
        text = log_path(path).read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError):
        return ()
    rows = list(csv.reader(io.StringIO(text, newline="")))
    return read_changes([FORMULA_GUARD.sub("", c) for c in row] for row in rows[1:])


def write_text_log(changes: tuple[Change, ...], target: Path) -> None:
    """Write a log: UTF-8 with its mark, formulas made harmless."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([words.en for words in LOG_HEADINGS.values()])
    writer.writerows([guarded(cell) for cell in change.cells] for change in changes)
    target.write_bytes(text.getvalue().encode("utf-8-sig"))


def write_text(
    register: Register, edits: Edits, target: Path, remarks: Remarks
) -> None:
    """Write a changed copy of a text register.

    Encoding, its mark, separator, line endings, quotation marks and everything above
    the headings and below the data stay. New rows come below the last row of data.
    """
    raw = register.path.read_bytes()
    mark, encoding = _encoding(raw, register.account.encoding)
    text = raw[len(mark) :].decode(encoding)
    names = {name: sign for sign, name in SEPARATORS.items()}
    separator = names[register.account.separator]
    records = split_records(text, separator)
    if records is None or mark + text.encode(encoding) != raw:
        remarks.error(
            "register-not-plain",
            Text(
                "双引号或编码不规则, 不能原样更新",
                "quotation marks or bytes are irregular: it cannot be updated in place",
            ),
            remedy=Text("另存为 xlsx 或 UTF-8 的 csv", "save it as xlsx or UTF-8 csv"),
        )
        return
    _Table(register, edits, records, separator).change()
    target.write_bytes(mark + join_records(records, separator).encode(encoding))


def _encoding(raw: bytes, named: str) -> tuple[bytes, str]:
    for mark, encoding in BYTE_ORDER_MARKS:
        if raw.startswith(mark):
            return mark, encoding
    return b"", named.lower()


class _Table:
    """The rows of a file while they are changed."""

    def __init__(
        self, register: Register, edits: Edits, records: list[Record], separator: str
    ) -> None:
        self.register, self.edits = register, edits
        self.records, self.separator = records, separator
        self.heading = register.account.heading_rows
        self.width = len(register.fields) + len(edits.appended)
        self.quoted: dict[int, bool] = {}

    def change(self) -> None:
        numbers = self.register.numbers
        self._append_columns()
        last = max(numbers)
        new = {site_id: self._blank(last) for site_id in self.edits.new}
        for edit in self.edits.cells:
            if edit.site_id in new:
                cells = new[edit.site_id].cells
            else:
                cells = self.records[self.register.number(edit.site_id) - 1].cells
            self._set(cells, edit)
        if new:
            self._insert(list(new.values()), last)

    def _append_columns(self) -> None:
        """Add columns to headings and data, and to rows as wide as the headings."""
        if not self.edits.appended:
            return
        top = self.heading[0] - 1
        wide = max(len(self.records[row - 1].cells) for row in self.heading)
        base = len(self.register.fields)
        rows = {*self.heading, *self.register.numbers}
        for at, record in enumerate(self.records):
            if at + 1 in rows or len(record.cells) >= wide > 1:
                blank = self._blank_cell(record)
                record.cells += [blank] * (self.width - len(record.cells))
            if at == top:
                for field in self.edits.appended:
                    quoted = self._heading_quoted(record, base)
                    record.cells[field.position] = written(
                        guarded(field.heading), self.separator, quoted=quoted
                    )

    def _heading_quoted(self, record: Record, count: int) -> bool:
        return all(cell.startswith('"') for cell in record.cells[:count] if cell)

    def _set(self, cells: list[str], edit: Edit) -> None:
        value = edit.value
        text = guarded(value) if isinstance(value, str) else shown(value)
        position = edit.field.position
        cells += [""] * (position + 1 - len(cells))
        cells[position] = written(
            text, self.separator, quoted=self._is_quoted(edit.field)
        )

    def _is_quoted(self, field: Field) -> bool:
        """Whether the cells of a column stand in quotation marks; of new ones, all."""
        position = field.position
        if position not in self.quoted:
            rows = [self.records[n - 1].cells for n in self.register.numbers]
            own = [row[position] for row in rows if position < len(row)]
            if position >= len(self.register.fields):
                own = [cell for row in rows for cell in row]
            filled = [cell for cell in own if cell]
            self.quoted[position] = bool(filled) and all(
                cell.startswith('"') for cell in filled
            )
        return self.quoted[position]

    def _blank(self, last: int) -> Record:
        above = self.records[last - 1]
        width = max(len(above.cells), self.width if self.edits.appended else 0)
        return Record([self._blank_cell(above)] * width, above.end)

    def _blank_cell(self, record: Record) -> str:
        return '""' if all(cell.startswith('"') for cell in record.cells) else ""

    def _insert(self, new: list[Record], last: int) -> None:
        above = self.records[last - 1]
        if above.end == "":
            # The file ends without a line break, and does so again.
            ends = [record.end for record in self.records if record.end]
            above.end = ends[0] if ends else "\r\n"
            for record in new[:-1]:
                record.end = above.end
        self.records[last:last] = new
