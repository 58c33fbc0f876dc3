"""A text table cut into cells exactly as they are written, and put together again.

Every cell keeps its own quotation marks and every row its own ending, so that rows that
nobody changes stay the same to the byte.
"""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass

LARGEST_FIELD = 100_000  # as the readers take it
# A spreadsheet takes a cell that starts with one of these for a formula.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


@dataclass
class Record:
    """One row: its cells as written, quotation marks included, and its ending."""

    cells: list[str]
    end: str


def split_records(text: str, separator: str) -> list[Record] | None:
    """Cut a text into rows; None when a csv reader would see other cells."""
    pattern = re.compile(
        rf'("(?:[^"]|"")*"[^{re.escape(separator)}\r\n]*|[^{re.escape(separator)}\r\n]*)'
        rf"({re.escape(separator)}|\r\n|\n|\r|\Z)"
    )
    records: list[Record] = []
    cells: list[str] = []
    at = 0
    while at < len(text) or cells:
        match = pattern.match(text, at)
        if match is None:
            return None
        cells.append(match[1])
        at = match.end()
        if match[2] != separator:
            records.append(Record(cells, match[2]))
            cells = []
    return records if _as_read(records) == _read(text, separator) else None


def _as_read(records: list[Record]) -> list[list[str]]:
    rows = [[unquoted(cell) for cell in record.cells] for record in records]
    return [[] if row == [""] else row for row in rows]


def _read(text: str, separator: str) -> list[list[str]]:
    csv.field_size_limit(LARGEST_FIELD)
    rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator))
    return [[] if row == [""] else row for row in rows]


def unquoted(cell: str) -> str:
    """Return what a cell as written means."""
    match = re.match(r'"((?:[^"]|"")*)"', cell)
    return cell if match is None else match[1].replace('""', '"') + cell[match.end() :]


def written(value: str, separator: str, *, quoted: bool) -> str:
    """Return a value as a cell is written, with quotation marks where needed."""
    if quoted or any(sign in value for sign in (separator, '"', "\r", "\n")):
        doubled = value.replace('"', '""')
        return f'"{doubled}"'
    return value


def guarded(value: str) -> str:
    """Return a text that a spreadsheet does not run: readers drop the apostrophe."""
    return f"'{value}" if value.startswith(FORMULA_STARTS) else value


def join_records(records: list[Record], separator: str) -> str:
    """Undo `split_records`."""
    return "".join(separator.join(record.cells) + record.end for record in records)
