"""Sheets written as records (xls, xlsb): how far their cells reach."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from allocator.load.sheet_xml import check_cells

if TYPE_CHECKING:
    from collections.abc import Iterator

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_HEADER = struct.Struct("<24xHHHHH6xIIIIIIIII")  # [MS-CFB] 2.2
_SECTOR_SIZES = (512, 4096)
_LAST_CHAIN = 0xFFFFFFFA  # sector numbers from here on mean something else
_ENTRY = 128  # bytes of an entry of the directory
_STREAMS = ("Workbook", "Book")
# Records of [MS-XLS] 2.4 that hold cells and begin with row and column: FORMULA, BLANK,
# NUMBER, LABEL, BOOLERR, RSTRING, LABELSST, RK; and rows of them: MULRK, MULBLANK.
_CELLS = {0x06, 0x0201, 0x0203, 0x0204, 0x0205, 0xD6, 0xFD, 0x027E, 0xBD, 0xBE}
_MULTIPLE = {0xBD, 0xBE}
_BEGIN = 0x0809  # BOF: a sheet begins
_PLACE = struct.Struct("<HH")
_NUMBER = struct.Struct("<I")
# Records of [MS-XLSB] 2.3: a row, and the cells in it.
_ROW, _ROW_CELLS, _BEGIN_ROWS = 0, {*range(1, 12), 62}, 145


def measure_xls(raw: bytes, *, most_cells: int) -> None:
    """Measure the sheets of an Excel 97 workbook.

    Parameters
    ----------
    raw
        The file.
    most_cells
        How many cells a sheet may have from the first to the last.

    Raises
    ------
    TooLarge
        When a sheet has more.
    ValueError, struct.error
        When it is no such workbook.
    """
    book = _Compound(raw).book() if raw.startswith(_OLE) else raw
    rows = columns = at = 0
    while at + 4 <= len(book):
        kind, size = struct.unpack_from("<HH", book, at)
        if kind == _BEGIN:
            rows = columns = 0
        elif kind in _CELLS and size >= _PLACE.size:
            row, last = _PLACE.unpack_from(book, at + 4)
            if kind in _MULTIPLE:
                (last,) = struct.unpack_from("<H", book, at + 2 + size)
            rows, columns = max(rows, row + 1), max(columns, last + 1)
            check_cells(rows, columns, most_cells)
        at += 4 + size


class _Compound:
    """A compound file: streams in sectors, and tables of which sector follows."""

    def __init__(self, raw: bytes) -> None:
        self.raw = raw
        fields = _HEADER.unpack_from(raw)
        self.size, self.small = 1 << fields[3], 1 << fields[4]
        if self.size not in _SECTOR_SIZES or self.small >= self.size:
            raise ValueError("sector size")
        self.first_entry, self.cutoff = fields[7], fields[9]
        listed, more = _numbers(raw[_HEADER.size : 512]), fields[12]
        for _ in range(len(raw) // self.size):
            if more >= _LAST_CHAIN:
                break
            *part, more = _numbers(self.sector(more)) or [_LAST_CHAIN]
            listed += part
        self.table: list[int] = []
        for number in listed:
            if number < _LAST_CHAIN:
                self.table += _numbers(self.sector(number))
        self.minor = _numbers(self.joined(fields[10]))

    def sector(self, number: int) -> bytes:
        return self.raw[(number + 1) * self.size : (number + 2) * self.size]

    def joined(self, first: int) -> bytes:
        """Return a chain of sectors."""
        return b"".join(self.sector(n) for n in _chain(first, self.table))

    def book(self) -> bytes:
        """Return the stream of the workbook."""
        entries = self.joined(self.first_entry)
        root = None
        for at in range(0, len(entries) - _ENTRY + 1, _ENTRY):
            entry = entries[at : at + _ENTRY]
            start, length = struct.unpack_from("<II", entry, 116)
            root = start if root is None else root
            name = entry[: max(0, min(64, entry[64]) - 2)]
            if name.decode("utf-16-le", "replace") not in _STREAMS:
                continue
            if length >= self.cutoff:
                return self.joined(start)[:length]
            held, small = self.joined(root), self.small
            parts = _chain(start, self.minor)
            return b"".join(held[n * small : (n + 1) * small] for n in parts)[:length]
        raise ValueError("no workbook in it")


def _numbers(data: bytes) -> list[int]:
    count = len(data) // 4
    return list(struct.unpack_from(f"<{count}I", data))


def _chain(first: int, following: list[int]) -> Iterator[int]:
    for _ in range(len(following)):
        if first >= len(following):
            return
        yield first
        first = following[first]


def measure_records(pieces: Iterator[bytes], *, most_cells: int) -> None:
    """Measure a part of an xlsb workbook that may be a sheet.

    Raises
    ------
    TooLarge
        When it has more than ``most_cells`` cells from the first to the last.
    """
    data = b"".join(pieces)
    at = row = rows = columns = 0
    has_begun = False  # other parts, pictures say, may look like rows
    while at < len(data):
        kind, at = _varying(data, at, 2)
        size, at = _varying(data, at, 4)
        has_begun = has_begun or kind == _BEGIN_ROWS
        if has_begun and (kind == _ROW or kind in _ROW_CELLS):
            if size < _NUMBER.size or at + size > len(data):
                return
            (number,) = _NUMBER.unpack_from(data, at)
            if kind == _ROW:
                row = number + 1
            else:
                rows, columns = max(rows, row), max(columns, number + 1)
                check_cells(rows, columns, most_cells)
        at += size


def _varying(data: bytes, at: int, most: int) -> tuple[int, int]:
    """Return a number of seven bits a byte, and where it ends."""
    number = 0
    for place in range(most):
        if at >= len(data):
            break
        byte = data[at]
        at += 1
        number |= (byte & 0x7F) << (7 * place)
        if not byte & 0x80:
            break
    return number, at
