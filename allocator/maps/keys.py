"""The legend of a map of the series: samples with words, and a number where counted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from allocator.errors import Text
from allocator.maps.labels import Box, text_width, wrapped
from allocator.maps.style import BORDER_COLOUR, ZONE_BORDER_COLOUR

if TYPE_CHECKING:
    from collections.abc import Sequence

    from allocator.errors import Language
    from allocator.maps.page import Page
    from allocator.maps.style import Symbol

_TITLE_SIZE, _TEXT_SIZE, _SMALL_SIZE = 9.5, 7.2, 6.2
_ROW, _LEAST_ROW = 13.0, 7.5
_SAMPLE = 16.0  # width of a sample, points
_SYMBOL = 6.6
_WIDE = 3.0  # a room so many times as wide as high holds columns
_LEAST_COLUMNS = 4


@dataclass(frozen=True, slots=True)
class Key:
    """One line of a legend.

    Parameters
    ----------
    words
        What it means; without a sample it is a heading.
    number
        What stands at the right; empty for nothing.
    symbol, action
        A symbol, and how it is drawn.
    fill, hatch
        A swatch.
    line
        Colour, width and style of a line.
    """

    words: str
    number: str = ""
    symbol: Symbol | None = None
    action: str = "build"
    fill: str = ""
    hatch: str = ""
    line: tuple[str, float, str] | None = None

    @property
    def is_heading(self) -> bool:
        """Whether it has no sample."""
        return self.symbol is None and not self.fill and self.line is None


def border_keys(language: Language) -> list[Key]:
    """Return the lines of a legend that every map ends with."""
    return [
        Key(
            Text("县区界", "county border").say(language),
            line=(BORDER_COLOUR, 1.2, "-"),
        ),
        Key(
            Text("乡镇(街道)界", "zone border").say(language),
            line=(ZONE_BORDER_COLOUR, 0.5, "-"),
        ),
    ]


def draw_keys(
    page: Page, room: Box, language: Language, keys: Sequence[Key], notes: str = ""
) -> None:
    """Draw a legend into a room, from its top; into a wide one in columns.

    Parameters
    ----------
    page, room, language
        The sheet, the place on it, the language of the title.
    keys
        Its lines.
    notes
        Small words under them.
    """
    left = room.left + 8.0
    width = room.right - left - 8.0
    if width > _WIDE * (room.top - room.bottom):
        _draw_columns(page, room, language, keys, notes)
        return
    lines = wrapped(notes, _SMALL_SIZE, width) if notes else []
    fixed = 30.0 + 8.4 * len(lines)
    row = (room.top - room.bottom - fixed) / max(len(keys), 1)
    row = max(min(_ROW, row), _LEAST_ROW)
    most = max(int((room.top - room.bottom - fixed) / row), 1)
    y = room.top - 12.0
    page.text(left, y, Text("图例", "Legend").say(language), _TITLE_SIZE)
    y -= 15.0
    shown = list(keys[:most])
    if len(keys) > most:
        left_out = len(keys) - most + 1
        more = Text(f"……另有 {left_out} 项", f"… and {left_out} more")
        shown = [*keys[: most - 1], Key(more.say(language))]
    for key in shown:
        _draw_key(page, key, left, y, room.right - 8.0)
        y -= row
    for line in lines:
        page.text(left, y, line, _SMALL_SIZE, color="#555555")
        y -= 8.4
    page.box(Box(room.left, y - 2.0, room.right, room.top), lw=0.8)


def _draw_columns(
    page: Page, room: Box, language: Language, keys: Sequence[Key], notes: str
) -> None:
    """Draw a legend into a wide room: as many columns as its lines need."""
    left, y = room.left + 8.0, room.top - 12.0
    title = Text("图例", "Legend").say(language)
    page.text(left, y, title, _TITLE_SIZE)
    beside = left + text_width(title, _TITLE_SIZE) + 14.0
    line = next(iter(wrapped(notes, _SMALL_SIZE, room.right - 8.0 - beside)), "")
    page.text(beside, y, line, _SMALL_SIZE, color="#555555")
    first = y - 15.0
    rows = max(int((first - room.bottom - 3.0) / _ROW) + 1, 1)
    columns = max(-(-len(keys) // rows), _LEAST_COLUMNS)
    rows = max(-(-len(keys) // columns), 1)
    step = (room.right - 8.0 - left) / columns
    for at, key in enumerate(keys):
        start = left + (at // rows) * step
        place = first - (at % rows) * _ROW
        _draw_key(page, key, start, place, start + step - 12.0)
    page.box(room, lw=0.8)


def _draw_key(page: Page, key: Key, left: float, y: float, right: float) -> None:
    start = left + (0.0 if key.is_heading else _SAMPLE + 6.0)
    if key.symbol is not None:
        page.symbols(key.symbol, [(left + _SAMPLE / 2, y)], _SYMBOL, key.action)
    elif key.fill:
        swatch = Box(left, y - 3.6, left + _SAMPLE, y + 3.6)
        look = {"fc": key.fill, "ec": ZONE_BORDER_COLOUR, "lw": 0.5}
        page.box(swatch, **look, **({"hatch": key.hatch} if key.hatch else {}))
    elif key.line is not None:
        colour, width, style = key.line
        ends = (left, left + _SAMPLE)
        page.line(ends, (y, y), color=colour, lw=width, linestyle=style)
    number = text_width(key.number, _TEXT_SIZE)
    room = right - start - number - 6.0
    size = min(
        _TEXT_SIZE, _TEXT_SIZE * room / max(text_width(key.words, _TEXT_SIZE), 1)
    )
    colour = "#444444" if key.is_heading else "#1a1a1a"
    page.text(start, y, key.words, size, color=colour)
    if key.number:
        page.text(right, y, key.number, _TEXT_SIZE, ha="right")
