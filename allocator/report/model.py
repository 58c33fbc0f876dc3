"""The report as plain data: chapters, paragraphs, tables and figures.

Word and PDF are rendered from the same content, so that they say the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from allocator.errors import Language

# Widths of a map (A4 on its long side) that leave room for the caption, and for a
# heading with two lines of text.
_ALONE_MM, _SHARED_MM = 222.0, 176.0

type Align = Literal["left", "center", "right"]


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Running text; a ``note`` is set small, under what it belongs to."""

    text: str
    note: bool = False


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table.

    Parameters
    ----------
    heading
        What stands above it.
    width
        Its share of the table, relative to the other columns.
    align
        How its cells stand.
    """

    heading: str
    width: float = 1.0
    align: Align = "left"


@dataclass(frozen=True, slots=True)
class Table:
    """A table with its number and caption.

    Parameters
    ----------
    number, caption
        Counted through the whole report; stands above it.
    columns, rows
        Every row has a text for every column.
    total
        Whether the last row is a total.
    wide
        Whether it needs a page on its long side.
    """

    number: int
    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]
    total: bool = False
    wide: bool = False

    def __post_init__(self) -> None:
        """Refuse rows that do not fit the columns.

        Raises
        ------
        ValueError
            When a row has more or fewer cells than there are columns.
        """
        if any(len(row) != len(self.columns) for row in self.rows):
            message = f"a row of the table {self.caption!r} does not fit its columns"
            raise ValueError(message)


@dataclass(frozen=True, slots=True)
class Figure:
    """A map with its number and caption.

    Parameters
    ----------
    number, caption
        As of a table; they stand below it.
    picture
        Its name in the series.
    shares_page
        Whether a heading and text stand on its page above it.
    """

    number: int
    caption: str
    picture: str
    shares_page: bool = False

    @property
    def width_mm(self) -> float:
        """How wide it can be with what else is on its page."""
        return _SHARED_MM if self.shares_page else _ALONE_MM


type Block = Paragraph | Table | Figure


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a chapter with a heading of its own."""

    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Chapter:
    """A chapter: what stands before its sections, and these."""

    title: str
    blocks: tuple[Block, ...]
    sections: tuple[Section, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """The whole report.

    Parameters
    ----------
    title, lines
        On the cover: the title, and lines under it.
    contents
        The heading of the table of contents.
    table_word, figure_word
        What stands before the numbers: 表, 图.
    chapters
        In their order.
    language
        Of all its texts.
    """

    title: str
    lines: tuple[str, ...]
    contents: str
    table_word: str
    figure_word: str
    chapters: tuple[Chapter, ...]
    language: Language


def is_wide(block: Block) -> bool:
    """Return whether a block needs a page on its long side: wide tables, and maps."""
    return isinstance(block, Figure) or (isinstance(block, Table) and block.wide)


def begins_wide(blocks: tuple[Block, ...]) -> bool:
    """Return whether the first thing below a heading's text needs a wide page."""
    first = next((b for b in blocks if not isinstance(b, Paragraph)), None)
    return first is not None and is_wide(first)


def blocks_of(report: Report) -> list[Block]:
    """Return every block of a report in its order."""
    found: list[Block] = []
    for chapter in report.chapters:
        found += chapter.blocks
        for section in chapter.sections:
            found += section.blocks
    return found
