"""The legend of the printed map of two plans, which is also its table of numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from matplotlib.patches import FancyArrowPatch

from allocator.errors import Text
from allocator.maps.change_style import (
    ACTION_OF,
    CHANGE_COLOURS,
    DRAWN_CHANGES,
    HATCH_COLOUR,
    LEFT_COLOUR,
    NEWLY_COLOUR,
    NO_COLOUR,
    class_words,
    drawn_changes,
    served_words,
)
from allocator.maps.labels import Box, text_width
from allocator.maps.style import BORDER_COLOUR, ZONE_BORDER_COLOUR

if TYPE_CHECKING:
    from collections.abc import Mapping

    from allocator.compare import Comparison
    from allocator.errors import Language
    from allocator.maps.page import Page
    from allocator.maps.style import Symbol

_TITLE_SIZE, _TEXT_SIZE, _SMALL_SIZE, _TINY_SIZE = 9.5, 7.2, 6.2, 5.2
_ROW = 14.0  # height of a row, points; less when there are many
_SYMBOL = 6.6
SIGN_SIZE = 8.6  # diameter of the signs + and −
_RAMP_HEIGHT = 9.0
_FIXED = 121.0  # height of all but the rows
_HEADINGS = {
    "opened": Text("新增", "opened"),
    "dropped": Text("取消", "dropped"),
    "moved": Text("移位", "moved"),
}
_RAMP_TITLE = Text(
    "平均单程时间变化 (分钟, 全部服务; 斜线: 变远)",
    "Change of mean one-way minutes, all services (hatched: farther)",
)


def draw_change_legend(
    page: Page,
    room: Box,
    comparison: Comparison,
    symbols: Mapping[str, Symbol],
    breaks: tuple[float, float],
) -> None:
    """Draw the legend into ``room``, from its top.

    Parameters
    ----------
    page, room
        The sheet and the place on it.
    comparison
        For its language and its numbers.
    symbols
        Of the services that opened, were dropped or moved.
    breaks
        Of the classes of change, minutes.
    """
    language = comparison.place.language
    rows = max(len(symbols) + 1, 1)
    row = min(_ROW, (room.top - room.bottom - _FIXED) / rows)
    left, y = room.left + 8.0, room.top - 12.0
    page.text(left, y, Text("图例", "Legend").say(language), _TITLE_SIZE)
    columns = dict(
        zip(
            ("opened", "dropped", "moved"),
            (room.right - 98.0, room.right - 60.0, room.right - 24.0),
            strict=True,
        )
    )
    for change, x in columns.items():
        words = _HEADINGS[change].say(language)
        page.text(x, y, words, _SMALL_SIZE, ha="center")
    y -= 16.0
    drawn = drawn_changes(comparison)
    for service, symbol in symbols.items():
        name = symbol.service.name
        if service not in drawn:
            name += Text(" (未在图上标出)", " (not drawn)").say(language)
        width = min(columns.values()) - 16.0 - left
        size = _TEXT_SIZE * min(1.0, width / text_width(name, _TEXT_SIZE))
        page.text(left, y, name, size)
        _draw_numbers(page, comparison, symbol, columns, y)
        y -= row
    y -= 2.0
    y = _draw_ramp(page, Box(left, room.bottom, room.right - 8.0, y), breaks, language)
    y = _draw_signs(page, left, y, language)
    page.box(Box(room.left, y - 12.0, room.right, room.top), lw=0.8)


def _draw_numbers(
    page: Page,
    comparison: Comparison,
    symbol: Symbol,
    columns: Mapping[str, float],
    y: float,
) -> None:
    rows = comparison.placements
    for change in DRAWN_CHANGES:
        x = columns[change]
        own = (rows["service"] == symbol.service.id) & (rows["change"] == change)
        number = int(own.sum())
        if not number:
            page.text(x, y, "–", _TEXT_SIZE, ha="center", color="#777777")
            continue
        page.symbols(symbol, [(x - 8.0, y)], _SYMBOL, ACTION_OF[change])
        if change == "moved":
            _draw_arrow(page, x - 19.0, x - 11.0, y)
        page.text(x + 12.0, y, f"{number:,}", _TEXT_SIZE, ha="right")


def _draw_arrow(page: Page, left: float, right: float, y: float) -> None:
    arrow = FancyArrowPatch(
        (left, y),
        (right, y),
        arrowstyle="-|>",
        mutation_scale=5.0,
        lw=0.8,
        color="#111111",
        shrinkA=0,
        shrinkB=0,
    )
    page.axes.add_patch(arrow)


def _draw_ramp(
    page: Page, room: Box, breaks: tuple[float, float], language: Language
) -> float:
    """Draw the classes of change; return where the next thing goes."""
    y = room.top
    page.line((room.left, room.right), (y + 7.0, y + 7.0), color="#bbbbbb", lw=0.4)
    title, width = _RAMP_TITLE.say(language), room.right - room.left
    size = _TEXT_SIZE * min(1.0, width / text_width(title, _TEXT_SIZE))
    page.text(room.left, y - 2.0, title, size)
    step = width / len(CHANGE_COLOURS)
    top = y - 10.0
    for at, (colour, label) in enumerate(
        zip(CHANGE_COLOURS, class_words(breaks), strict=True)
    ):
        x = room.left + at * step
        swatch = Box(x, top - _RAMP_HEIGHT, x + step, top)
        page.box(swatch, fc=colour, ec=ZONE_BORDER_COLOUR, lw=0.4)
        if at > len(CHANGE_COLOURS) // 2:
            page.box(swatch, fc="none", ec=HATCH_COLOUR, lw=0.0, hatch="////")
        middle = x + step / 2
        page.text(middle, top - _RAMP_HEIGHT - 6.0, label, _TINY_SIZE, ha="center")
    ends = Text("变近", "nearer"), Text("变远", "farther")
    y = top - _RAMP_HEIGHT - 14.0
    page.text(room.left, y, f"← {ends[0].say(language)}", _SMALL_SIZE)
    page.text(room.right, y, f"{ends[1].say(language)} →", _SMALL_SIZE, ha="right")
    return y - 13.0


def draw_sign(page: Page, x: float, y: float, sign: str, colour: str) -> None:
    """Draw + or − in a circle, its middle at a place, points."""
    page.axes.scatter(
        [x],
        [y],
        s=SIGN_SIZE**2,
        facecolors="white",
        edgecolors=colour,
        linewidths=0.9,
        zorder=3,
    )
    arm = SIGN_SIZE * 0.28
    page.line((x - arm, x + arm), (y, y), color=colour, lw=1.2, zorder=3.1)
    if sign == "+":
        page.line((x, x), (y - arm, y + arm), color=colour, lw=1.2, zorder=3.1)


def _draw_signs(page: Page, left: float, y: float, language: Language) -> float:
    """Explain signs, blank zones and borders; return the last line's place."""
    newly, no_longer = served_words(language)
    x = left
    for sign, meaning, colour in (
        ("+", newly, NEWLY_COLOUR),
        ("−", no_longer, LEFT_COLOUR),
    ):
        draw_sign(page, x + 5.0, y, sign, colour)
        page.text(x + 13.0, y, meaning, _TEXT_SIZE)
        x += 25.0 + text_width(meaning, _TEXT_SIZE)
    y -= 13.0
    swatch = Box(left, y - 4.0, left + 14.0, y + 4.0)
    page.box(swatch, fc=NO_COLOUR, ec=ZONE_BORDER_COLOUR, lw=0.5)
    blank = Text("无人可比", "nobody to compare").say(language)
    page.text(left + 18.0, y, blank, _TEXT_SIZE)
    y -= 13.0
    start = left
    for words, colour, width in (
        (Text("县区界", "county border"), BORDER_COLOUR, 1.2),
        (Text("乡镇(街道)界", "zone border"), ZONE_BORDER_COLOUR, 0.5),
    ):
        page.line((start, start + 14.0), (y, y), color=colour, lw=width)
        name = words.say(language)
        page.text(start + 18.0, y, name, _TEXT_SIZE)
        start += 28.0 + text_width(name, _TEXT_SIZE)
    return y
