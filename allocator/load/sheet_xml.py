"""Sheets written as XML: how many cells and how much text they come to.

What is regular, as every spreadsheet program writes it, is counted quickly; anything
else goes through an XML parser.
"""

from __future__ import annotations

import re
from array import array
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from xml.parsers import expat

from allocator.errors import Text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

_NAME = rb"<(?:[^\s<>/:=\"']+:)?"
# Cells and merged blocks as every spreadsheet program writes them: no prefix, where
# they are before all else.
_CELL = re.compile(rb"<c[\s/>]")
_PLACED = re.compile(rb'<c r="([A-Z]{1,3})(\d{1,7})"([^<>]*>(?:</c>)?)')
_MORE = re.compile(rb'(?: (?:s|t|cm|vm|ph)="[^"<>]*")*\s*/?>(?:</c>)?')
_BLANK = (b"/>", b"></c>")
_MERGE = re.compile(rb"<mergeCell[\s/>]")
_MERGED = re.compile(
    rb'<mergeCell ref="(([A-Z]{1,3})(\d{1,7}):([A-Z]{1,3})(\d{1,7}))"\s*/?>'
)
_PREFIXED = re.compile(rb":(?:c|mergeCell)[\s/>]")
_RANGE = re.compile(r"\$?([A-Za-z]+)\$?(\d+):\$?([A-Za-z]+)\$?(\d+)")
_OF_SHEET, _OF_STRINGS = b"sheetData", re.compile(_NAME + rb"sst[\s>]")
_SHARED = re.compile(rb"\st\s*=\s*[\"']s[\"']")
_LONGEST_TAG = 1 << 16  # bytes between two "<" that are still regular


class TooLarge(Exception):  # noqa: N818 (a size, not a mistake)
    """A workbook is beyond a limit; ``what`` says which."""

    def __init__(self, what: Text) -> None:
        super().__init__(what.en)
        self.what = what


class Forbidden(Exception):  # noqa: N818 (a content, not a mistake)
    """A workbook holds what no spreadsheet program writes."""


@dataclass
class Measure:
    """What a sheet comes to.

    Parameters
    ----------
    cells
        From the first to the last that is filled, blanks among them.
    strings
        How many of its cells show a text of the list of texts, at most.
    shown
        Of each text of the list, how many cells show it; only where asked for.
    """

    cells: int = 0
    strings: int = 0
    shown: Counter[int] = field(default_factory=Counter)


@dataclass
class Strings:
    """The list of texts of a workbook.

    Parameters
    ----------
    inflated
        Bytes of the list.
    pieces
        Gives the list again.
    """

    inflated: int = 0
    pieces: Callable[[], Iterator[bytes]] = lambda: iter(())

    def longest(self) -> int:
        """Return what the longest text takes at most, bytes with its markup."""
        longest = running = 0
        for piece in self.pieces():
            first, *others = piece.split(b"<si")
            running += len(first)
            if others:
                longest = max(longest, running, *map(len, others[:-1]))
                running = len(others[-1])
        return max(longest, running)

    def lengths(self) -> Sequence[int]:
        """Return the length of each text, characters."""
        found = array("L")

        def start(name: str, _: dict[str, str]) -> None:
            if name.rpartition(":")[2] == "si":
                found.append(0)

        def text(data: str) -> None:
            if found:
                found[-1] += len(data)

        _parse(self.pieces(), start=start, text=text)
        return found


def check_cells(rows: int, columns: int, most: int) -> None:
    """Refuse a block of cells that is too large.

    Raises
    ------
    TooLarge
        When it has more than ``most`` cells.
    """
    if rows * columns > most:
        raise TooLarge(
            Text(
                f"单元格排到第 {rows:,} 行、第 {columns:,} 列, 多于 {most:,} 格",
                f"cells up to row {rows:,} and column {columns:,}: more than {most:,}",
            )
        )


def column_number(letters: str) -> int:
    """Return the number of a column, from 1: AA is 27."""
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - ord("A") + 1
    return number


def measure_sheet(
    pieces: Callable[[], Iterator[bytes]], *, most_cells: int, exact: bool = False
) -> Measure:
    """Measure a part that may be a sheet; of any other part nothing is found.

    Parameters
    ----------
    pieces
        Gives the part, from its beginning, each time it is called.
    most_cells
        How many cells a sheet may have from the first to the last.
    exact
        Whether the texts that its cells show are counted one by one.

    Raises
    ------
    TooLarge, Forbidden
        When it may not be read.
    """
    regular = None if exact else _measure_regular(pieces(), most_cells)
    if regular is not None:
        return regular
    reader = _Sheet(most_cells)
    try:
        _parse(
            pieces(), start=reader.start, end=reader.end, text=reader.text, doctype=True
        )
    except expat.ExpatError as error:
        # A picture is no XML; a sheet that is none might still be read as one.
        tail = b""
        for piece in pieces():
            if _OF_SHEET in tail + piece:
                raise Forbidden(f"XML: {error}") from error
            tail = piece[-len(_OF_SHEET) :]
    return reader.measure


def _measure_regular(pieces: Iterator[bytes], most_cells: int) -> Measure | None:
    """Measure a sheet by its references; None where they do not tell all."""
    measure, rows, columns, merged, tail = Measure(), 0, 0, 0, b""
    for piece in pieces:
        data = tail + piece
        cut = data.rfind(b"<")
        before = data.rfind(b"<", 0, max(cut, 0))
        # What follows the beginning of a cell tells whether there is anything in it.
        cut = before if data.startswith(b"<c ", before) else cut
        if cut < 0 or len(data) - cut > _LONGEST_TAG:
            return None
        data, tail = data[:cut], data[cut:]
        found, blocks = _PLACED.findall(data), _MERGED.findall(data)
        more = {cell[2] for cell in found}
        if (
            _is_odd(data)
            or len(found) != len(_CELL.findall(data))
            or len(blocks) != len(_MERGE.findall(data))
            or not all(_MORE.fullmatch(one) for one in more)
        ):
            return None
        merged += sum(_area(block[0].decode()) for block in blocks)
        check_cells(merged, 1, most_cells)
        # A cell without content, of which there is only the format, takes no room.
        if any(one.endswith(_BLANK) for one in more):
            found = [cell for cell in found if not cell[2].endswith(_BLANK)]
        if found:
            rows = max(rows, *map(int, {row for _, row, _ in found}))
            letters = {letters for letters, _, _ in found}
            columns = max(columns, *(column_number(x.decode()) for x in letters))
            measure.strings += data.count(b' t="s"')
            check_cells(rows, columns, most_cells)
    measure.cells = rows * columns
    is_whole = not (_is_odd(tail) or _CELL.search(tail) or _MERGE.search(tail))
    return measure if is_whole else None


def _is_odd(data: bytes) -> bool:
    """Whether there is what a spreadsheet program does not write into a sheet."""
    return b"<!" in data or b"\0" in data or _PREFIXED.search(data) is not None


def _area(block: str) -> int:
    """Return how many cells a range has; 1 for a single one."""
    match = _RANGE.fullmatch(block)
    if match is None:
        return 1
    left, top, right, bottom = match.groups()
    across = abs(column_number(right) - column_number(left)) + 1
    return across * (abs(int(bottom[:20]) - int(top[:20])) + 1)


class _Sheet:
    """What an XML parser tells of a sheet."""

    def __init__(self, most: int) -> None:
        self.most, self.measure = most, Measure()
        self.row = self.column = self.rows = self.columns = 0
        self.merged = 0
        self.is_shared = False
        self.held = ""

    def start(self, name: str, attributes: dict[str, str]) -> None:
        kind, place = name.rpartition(":")[2], attributes.get("r", "")
        if kind == "row":
            self.row, self.column = _number(place, self.row + 1), 0
        elif kind == "c":
            letters = place.rstrip("0123456789")
            self.column = column_number(letters) if letters else self.column + 1
            self.row = _number(place[len(letters) :], self.row)
            self.is_shared = attributes.get("t") == "s"
            self.measure.strings += self.is_shared
        elif kind in ("v", "is", "t"):
            self.rows = max(self.rows, self.row)
            self.columns = max(self.columns, self.column)
            check_cells(self.rows, self.columns, self.most)
            self.measure.cells = self.rows * self.columns
        elif kind == "mergeCell":
            self.merged += _area(attributes.get("ref", ""))
            check_cells(self.merged, 1, self.most)
        self.held = ""

    def text(self, data: str) -> None:
        self.held = (self.held + data)[:20]

    def end(self, name: str) -> None:
        if self.is_shared and name.rpartition(":")[2] == "v":
            self.measure.shown[_number(self.held.strip(), 0)] += 1


def _number(text: str, otherwise: int) -> int:
    return int(text[:20]) if text.isascii() and text.isdigit() else otherwise


def measure_strings(pieces: Callable[[], Iterator[bytes]]) -> Strings:
    """Return a part as the list of texts; an empty one where it is another part."""
    count, tail, found = 0, b"", False
    for piece in pieces():
        count += len(piece)
        found = found or _OF_STRINGS.search(tail + piece) is not None
        tail = piece[-64:]
    return Strings(count, pieces) if found else Strings()


def measure_ods(
    pieces: Callable[[], Iterator[bytes]], *, most_cells: int, most_text: int
) -> None:
    """Measure a part of an OpenDocument spreadsheet.

    Raises
    ------
    TooLarge, Forbidden
        When it may not be read.
    """
    reader = _Ods(most_cells, most_text)
    try:
        _parse(
            pieces(), start=reader.start, end=reader.end, text=reader.text, doctype=True
        )
    except expat.ExpatError:
        return  # a picture, or what the reader will not read either


class _Ods:
    """What an XML parser tells of an OpenDocument spreadsheet: repeats multiply."""

    def __init__(self, most_cells: int, most_text: int) -> None:
        self.most_cells, self.most_text = most_cells, most_text
        self.cells = self.shown = 0  # of all rows so far
        self.row_cells = self.row_text = self.letters = 0
        self.row_times = self.times = 1
        self.is_filled = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        kind = name.rpartition(":")[2]
        if kind == "table-row":
            self.row_times = _repeats(attributes, "number-rows-repeated")
            self.row_cells = self.row_text = 0
        elif kind in ("table-cell", "covered-table-cell"):
            self.times = _repeats(attributes, "number-columns-repeated")
            self.letters = sum(map(len, attributes.values()))
            self.is_filled = any(key.endswith("value-type") for key in attributes)
        elif kind == "s":
            self.letters += _repeats(attributes, "c")
        if self.letters > self.most_text:
            self._refuse(0, self.letters)

    def text(self, data: str) -> None:
        self.letters += len(data)

    def end(self, name: str) -> None:
        kind = name.rpartition(":")[2]
        if kind in ("table-cell", "covered-table-cell"):
            if self.is_filled or self.letters > 0:
                self.row_cells += self.times
                self.row_text += self.times * self.letters
        elif kind == "table-row":
            self.cells += self.row_times * self.row_cells
            self.shown += self.row_times * self.row_text
            self._refuse(self.cells, self.shown)

    def _refuse(self, cells: int, text: int) -> None:
        if cells > self.most_cells:
            raise TooLarge(Text(f"{cells:,} 个单元格", f"{cells:,} cells"))
        if text > self.most_text:
            raise TooLarge(Text(f"文字 {text:,} 字符", f"{text:,} characters of text"))


def _repeats(attributes: dict[str, str], name: str) -> int:
    for key, value in attributes.items():
        if key.rpartition(":")[2] == name:
            return max(1, _number(value, 1))
    return 1


def _parse(
    pieces: Iterator[bytes],
    *,
    start: Callable[[str, dict[str, str]], None],
    text: Callable[[str], None],
    end: Callable[[str], None] | None = None,
    doctype: bool = False,
) -> None:
    """Let an XML parser tell what is in a part; nothing outside it is ever looked up.

    Raises
    ------
    Forbidden
        When ``doctype`` and the part declares its own document type: entities that
        multiply or point elsewhere are declared there.
    """
    parser = expat.ParserCreate()
    parser.StartElementHandler = start
    parser.CharacterDataHandler = text
    parser.EndElementHandler = end

    def refuse(*_: object) -> None:
        raise Forbidden("<!DOCTYPE>")

    if doctype:
        parser.StartDoctypeDeclHandler = refuse
    for piece in pieces:
        parser.Parse(piece, False)  # noqa: FBT003 (not the last)
    parser.Parse(b"", True)  # noqa: FBT003 (the last)
