"""Finding the headings of a table: titles above, units above, several rows of them."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

from allocator.load.headings import plain, understand
from allocator.load.units import UNITS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from allocator.load.grids import Grid
    from allocator.tables import Table

HEADING_ROWS = 20  # titles, notes and units may stand above the headings
MOST_LEVELS = 3  # rows of one heading
UNIT_LINE = re.compile(r"^\(?(?:计量|数量|金额|货币)?单位:(.+?)\)?$")
UNIT_SEPARATORS = re.compile(r"[,、;/和及 ]+")
# Half a column: decides between readings that understand equally many columns.
TIE = 0.5


@dataclass(frozen=True)
class UnitLine:
    """A line such as ``单位：万元`` above the headings.

    Parameters
    ----------
    row
        Its row, from 0.
    units
        The units that are known, by the unit of the columns that they are for:
        ``{"万元": "亿元"}``.
    unknown
        Those of them that are a multiple of something and not known.
    """

    row: int
    units: dict[str, str]
    unknown: tuple[str, ...]


@dataclass(frozen=True)
class Head:
    """Where the headings of a table stand, and what they are.

    Parameters
    ----------
    top, levels
        The first row of headings, from 0, and how many rows they take.
    parts
        For every column its heading, from the uppermost level down; blank levels are
        left out.
    unit_lines
        What lines above say of units.
    score
        How many columns of the contract are understood.
    """

    top: int
    levels: int
    parts: list[tuple[str, ...]]
    unit_lines: tuple[UnitLine, ...]
    score: float


def heading_score(grid: Grid, table: Table) -> float:
    """Return how many columns the best row of headings lets understand."""
    return find_head(grid, table).score


def find_head(grid: Grid, table: Table) -> Head:
    """Return the heading rows by which most columns are understood.

    Of readings that are equally good the fewest and the uppermost rows are taken. Where
    nothing is understood, the first row that is not blank is taken.
    """
    best: Head | None = None
    count = min(len(grid.rows), HEADING_ROWS)
    for top in range(count):
        if not any(cell.strip() for cell in grid.rows[top]):
            continue
        for levels in range(1, min(MOST_LEVELS, len(grid.rows) - top) + 1):
            if levels > 1 and not _may_be_level(grid, top + levels - 1):
                break
            head = _head(grid, table, top, levels)
            if best is None or head.score > best.score:
                best = head
    if best is None:
        return Head(0, 1, [], (), 0.0)
    return best


def _may_be_level(grid: Grid, row: int) -> bool:
    """Whether a row below a heading can belong to it: words, and no numbers."""
    cells = [cell.strip() for cell in grid.rows[row] if cell.strip()]
    return bool(cells) and not any(_number(cell) for cell in cells)


def _number(text: str) -> bool:
    text = unicodedata.normalize("NFKC", text).replace(",", "")
    return bool(re.fullmatch(r"[-+]?\d+(\.\d+)?([eE][-+]?\d+)?%?", text))


def _head(grid: Grid, table: Table, top: int, levels: int) -> Head:
    parts = _parts(grid, top, levels)
    claims, _ = understand(parts, table, truncated=False)
    # Two claims to one column are worse than one: they may be two levels taken for one.
    names = {claim.column.name for claim in claims}
    score = float(len(names) - (len(claims) - len(names)))
    score -= TIE * sum(claim.certainty == "parent" for claim in claims)
    if levels > 1 and _holds_children(grid, table, top, levels):
        score += TIE
    lines = tuple(_unit_lines(grid, top))
    return Head(top, levels, parts, lines, max(score, 0.0))


def _holds_children(grid: Grid, table: Table, top: int, levels: int) -> bool:
    """Whether the lowest level only divides headings above, and has no key of its own.

    A row of data has something in the column of the key; a row of sub-headings has not,
    since the key's heading is not divided.
    """
    upper = _parts(grid, top, levels - 1)
    claims, _ = understand(upper, table, truncated=False)
    own = {c.position for c in claims if c.column.name in (table.key, "name")}
    row = top + levels - 1
    inside = {
        m.left for m in grid.merges if m.top < row <= m.bottom and m.left == m.right
    }
    blank = all(not grid.cell(row, p) or p in inside for p in own)
    return bool(own) and blank


def _parts(grid: Grid, top: int, levels: int) -> list[tuple[str, ...]]:
    rows = range(top, top + levels)
    width = max(len(grid.rows[row]) for row in rows)
    cells = {r: [grid.cell(r, c) for c in range(width)] for r in rows}
    for merge in grid.merges:
        if merge.top in cells:
            text = grid.cell(merge.top, merge.left)
            for row in range(merge.top, min(merge.bottom, rows[-1]) + 1):
                for column in range(merge.left, min(merge.right, width - 1) + 1):
                    cells[row][column] = text
    if levels > 1:
        for row in rows[:-1]:
            _spread(cells[row], cells[row + 1])
    while width and not any(cells[row][width - 1] for row in rows):
        width -= 1
    parts = []
    for column in range(width):
        levels_of = [cells[row][column] for row in rows if cells[row][column]]
        parts.append(tuple(dict.fromkeys(levels_of)))
    return parts


def _spread(upper: list[str], lower: list[str]) -> None:
    """Give a heading over several columns to all of them, where merges are unknown."""
    group = ""
    for column, text in enumerate(upper):
        if text:
            group = text if lower[column] and lower[column] != text else ""
        elif lower[column]:
            upper[column] = group
        else:
            group = ""


def _unit_lines(grid: Grid, top: int) -> list[UnitLine]:
    """Return what the lines above the headings say of units."""
    lines = []
    for row in range(top):
        for cell in grid.rows[row]:
            text = plain(cell)
            for piece in (text, *text.split(")")[1:], text.rpartition("(")[2]):
                match = UNIT_LINE.match(piece)
                if match is None:
                    continue
                line = _unit_line(row, match[1].strip("()"))
                if line is not None:
                    lines.append(line)
                break
    return lines


def _unit_line(row: int, text: str) -> UnitLine | None:
    words = [word for word in UNIT_SEPARATORS.split(text) if word]
    known: dict[str, str] = {}
    unknown = []
    for word in words:
        family = next((f for f, units in UNITS.items() if word in units), None)
        if family is not None:
            known.setdefault(family, word)
        elif re.fullmatch(r"[十百千万亿]+(人|元|张|床|公里|米)?", word):
            unknown.append(word)
    # 单位: 某某卫生院 names who fills in the table, and no unit.
    return UnitLine(row, known, tuple(unknown)) if known or unknown else None


def repeats(row: Sequence[str], grid: Grid, head: Head) -> bool:
    """Whether a row repeats one of the rows above the data, as after a page break."""
    cells = [plain(cell) for cell in row]
    while cells and not cells[-1]:
        cells.pop()
    if not cells:
        return False
    for above in range(head.top + head.levels):
        written = [plain(cell) for cell in grid.rows[above]]
        while written and not written[-1]:
            written.pop()
        if written == cells:
            return True
    return False
