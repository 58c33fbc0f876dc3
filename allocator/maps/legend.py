"""The legend of the paper map, which is also its table of numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from allocator.errors import Text
from allocator.maps.groups import border_words, line_of
from allocator.maps.labels import Box, text_width
from allocator.maps.style import (
    BORDER_COLOUR,
    GROUP_COLOUR,
    ZONE_BORDER_COLOUR,
    class_colours,
    class_labels,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from allocator.maps.page import Page
    from allocator.maps.style import Symbol
    from allocator.outcome import Outcome

_TITLE_SIZE, _TEXT_SIZE, _SMALL_SIZE = 9.5, 7.2, 6.2
_ROW = 14.0  # height of a row, points; less when there are many
_SYMBOL = 6.6
_RAMP_HEIGHT = 9.0
_FIXED = 84.0  # height of all but the rows and further lines of borders
_BORDER_ROW, _BORDER_SAMPLE = 11.0, 16.0  # height of a line; length of a sample
_BORDER_SLACK = 14.0  # blank at the end of a name that may lie outside

_HEADINGS = (
    Text("新建或\n改扩建", "new or\nupgraded"),
    Text("保留", "kept"),
    Text("撤并", "closed"),
)
_STATES = ("build", "keep", "close")


@dataclass(frozen=True, slots=True)
class Counted:
    """One row of the legend.

    Parameters
    ----------
    symbol
        The service.
    numbers
        Placements new or upgraded, kept, closed.
    drawn
        Whether they are on the map as symbols.
    """

    symbol: Symbol
    numbers: tuple[int, int, int]
    drawn: bool


def draw_legend(
    page: Page,
    room: Box,
    outcome: Outcome,
    rows: Sequence[Counted],
    breaks: Sequence[int],
) -> None:
    """Draw the legend into ``room``, from its top.

    Parameters
    ----------
    page, room
        The sheet and the place on it.
    outcome
        For its language.
    rows
        The services, drawn or only counted.
    breaks
        Upper bounds of the classes of population, people.
    """
    language = outcome.language
    left, y = room.left + 8.0, room.top - 12.0
    borders = _border_lines(outcome, Box(left, room.bottom, room.right, y))
    fixed = _FIXED + _BORDER_ROW * (len(borders) - 1)
    row = min(_ROW, (room.top - room.bottom - fixed) / max(len(rows) + 1, 1))
    page.text(left, y, Text("图例", "Legend").say(language), _TITLE_SIZE)
    columns = [room.right - 98.0, room.right - 60.0, room.right - 24.0]
    for x, words in zip(columns, _HEADINGS, strict=True):
        lines = words.say(language).split("\n")
        for at, line in enumerate(lines):
            height = y + 4.0 * (len(lines) - 1) - 8.0 * at
            page.text(x, height, line, _SMALL_SIZE, ha="center")
    y -= 16.0
    drawn = [counted for counted in rows if counted.drawn]
    others = [counted for counted in rows if not counted.drawn]
    for counted in drawn:
        _draw_row(page, counted, left, y, columns)
        y -= row
    if others:
        note = Text("以下服务数量多,未在图上标出", "Counted, not drawn:")
        page.text(left, y, note.say(language), _SMALL_SIZE, color="#555555")
        y -= row
        for counted in others:
            _draw_row(page, counted, left, y, columns)
            y -= row
    y -= 2.0
    y = _draw_ramp(page, outcome, Box(left, room.bottom, room.right - 8.0, y), breaks)
    y = _draw_borders(page, outcome, Box(left, room.bottom, room.right, y))
    page.box(Box(room.left, y - 12.0, room.right, room.top), lw=0.8)


def _draw_row(
    page: Page, counted: Counted, left: float, y: float, columns: list[float]
) -> None:
    name, room = counted.symbol.service.name, columns[0] - 16.0 - left
    size = _TEXT_SIZE * min(1.0, room / text_width(name, _TEXT_SIZE))
    page.text(left, y, name, size)
    for x, number, state in zip(columns, counted.numbers, _STATES, strict=True):
        if not number:
            page.text(x, y, "–", _TEXT_SIZE, ha="center", color="#777777")
            continue
        if counted.drawn:
            page.symbols(counted.symbol, [(x - 8.0, y)], _SYMBOL, state)
        page.text(x + 12.0, y, f"{number:,}", _TEXT_SIZE, ha="right")


def _draw_ramp(page: Page, outcome: Outcome, room: Box, breaks: Sequence[int]) -> float:
    """Draw the classes of population; return where the next thing goes."""
    zh = outcome.language == "zh"
    title = "乡镇(街道)常住人口 (万人)" if zh else "Population of zones (thousands)"
    y = room.top
    page.line((room.left, room.right), (y + 7.0, y + 7.0), color="#bbbbbb", lw=0.4)
    page.text(room.left, y - 2.0, title, _TEXT_SIZE)
    width = (room.right - room.left) / max(len(breaks), 1)
    top = y - 10.0
    colours = class_colours(len(breaks))
    labels = class_labels(breaks, in_wan=zh)
    for at, (colour, label) in enumerate(zip(colours, labels, strict=True)):
        x = room.left + at * width
        swatch = Box(x, top - _RAMP_HEIGHT, x + width, top)
        page.box(swatch, fc=colour, ec=ZONE_BORDER_COLOUR, lw=0.4)
        middle = x + width / 2
        page.text(middle, top - _RAMP_HEIGHT - 6.0, label, _SMALL_SIZE, ha="center")
    return top - _RAMP_HEIGHT - 20.0


def _draw_borders(page: Page, outcome: Outcome, room: Box) -> float:
    """Draw what the borders mean, line by line; return where the last line stands."""
    y = room.top
    for number, line in enumerate(_border_lines(outcome, room)):
        y -= _BORDER_ROW if number else 0.0
        start = room.left
        for border in line:
            ends = (start, start + _BORDER_SAMPLE)
            style = {"lw": border.width, "linestyle": border.style}
            page.line(ends, (y, y), color=border.colour, **style)
            page.text(start + _BORDER_SAMPLE + 4.0, y, border.name, _TEXT_SIZE)
            start += border.room
    return y


@dataclass(frozen=True, slots=True)
class _Border:
    """One kind of border in the legend."""

    name: str
    colour: str
    width: float
    style: str

    @property
    def room(self) -> float:
        """The points that its sample and its name take."""
        return _BORDER_SAMPLE + 18.0 + text_width(self.name, _TEXT_SIZE)


def _border_lines(outcome: Outcome, room: Box) -> list[list[_Border]]:
    """Return the borders of the map, as many on each line as there is room for."""
    kinds = [
        (Text("县区界", "county border"), BORDER_COLOUR, 1.2, "-"),
        (Text("乡镇(街道)界", "zone border"), ZONE_BORDER_COLOUR, 0.5, "-"),
    ]
    kinds += [
        (words, GROUP_COLOUR, *line_of(tier))
        for tier, words in border_words(outcome).items()
    ]
    lines: list[list[_Border]] = [[]]
    start = room.left
    for words, colour, width, style in kinds:
        border = _Border(words.say(outcome.language), colour, width, style)
        if lines[-1] and start + border.room > room.right + _BORDER_SLACK:
            lines.append([])
            start = room.left
        lines[-1].append(border)
        start += border.room
    return lines
