"""What stands around a paper map: title, notes, scale, north, the inset's frame."""

from __future__ import annotations

from typing import TYPE_CHECKING

from matplotlib.patches import Polygon

from allocator.errors import Text
from allocator.maps.frame import METRES_OF_ONE_KM, Window, nice_length
from allocator.maps.labels import Box, Paper, text_width, wrapped
from allocator.maps.layers import Sheet

if TYPE_CHECKING:
    from collections.abc import Sequence

    from allocator.errors import Language
    from allocator.maps.page import Page

EDGE = 26.0  # blank edge of the sheet, points
SIDE_WIDTH = 232.0
HEAD_HEIGHT = 44.0
_NOTE_SIZE, _NOTE_LEADING = 6.5, 8.6
_MOST_NOTE_LINES = 6


def new_sheet(
    page: Page, frame: Box, window: Window, *, enlarged: float = 1.0
) -> Sheet:
    """Add a map to a page; ``enlarged`` is how much larger its symbols are."""
    axes = page.map_axes(frame, window)
    inner = Box(frame.left + 3, frame.bottom + 3, frame.right - 3, frame.top - 3)
    return Sheet(frame, window, Paper(inner), axes, enlarged)


def draw_head(page: Page, title: str, line: str) -> None:
    """Write the title, as large as fits, and one line below it."""
    middle, top = page.width / 2, page.height - EDGE
    room = page.width - 2 * EDGE
    size = min(18.0, 18.0 * room / max(text_width(title, 18.0), 1.0))
    page.text(middle, top - 9.0, title, size, ha="center")
    size = min(8.5, 8.5 * room / max(text_width(line, 8.5), 1.0))
    page.text(middle, top - 31.0, line, size, ha="center", color="#444444")


def draw_foot(
    page: Page, words: str, notes: Sequence[Text], language: Language
) -> float:
    """Write the assumptions and the map's standing; return where the maps may begin.

    Parameters
    ----------
    page
        The sheet.
    words
        示意图, or the approval number.
    notes
        The assumptions.
    language
        Of the notes.
    """
    page.text(page.width - EDGE, EDGE + 2.0, words, 9.0, ha="right")
    width = page.width - 2 * EDGE - text_width(words, 9.0) - 20.0
    zh = language == "zh"
    start = "注:" if zh else "Notes: "
    text = ("" if zh else " ").join(note.say(language) for note in notes)
    lines = wrapped(start + text, _NOTE_SIZE, width) if notes else []
    if len(lines) > _MOST_NOTE_LINES:
        lines = lines[:_MOST_NOTE_LINES]
        lines[-1] += "……"
    for at, line in enumerate(reversed(lines)):
        height = EDGE + at * _NOTE_LEADING
        page.text(EDGE, height, line, _NOTE_SIZE, color="#444444")
    return EDGE + max(len(lines), 2) * _NOTE_LEADING + 2.0


def draw_inset_frame(
    page: Page, main: Sheet, window: Window, language: Language
) -> None:
    """Mark on the map what the inset enlarges."""
    left, bottom = main.at(window.left, window.bottom)
    right, top = main.at(window.right, window.top)
    page.box(Box(left, bottom, right, top), ec="#b00020", lw=0.9, zorder=6)
    words = Text("见右上放大图", "enlarged at right").say(language)
    height = 5.6 * 1.2
    label = Box(left, top + 1.0, left + text_width(words, 5.6), top + 1.0 + height)
    main.paper.take([label])
    middle = label.bottom + height / 2
    page.text(left, middle, words, 5.6, color="#b00020", halo=True)


def draw_scale(page: Page, sheet: Sheet, language: Language) -> None:
    """Draw a scale bar in the lower left corner."""
    frame = sheet.frame
    per_point = sheet.window.width / (frame.right - frame.left)
    longest = min(110.0, (frame.right - frame.left) / 3)
    length = nice_length(per_point * longest)
    width = length / per_point
    x, y = frame.left + 14.0, frame.bottom + 14.0
    for part in range(4):
        left = x + part * width / 4
        fill = "#222222" if part % 2 == 0 else "white"
        page.box(Box(left, y, left + width / 4, y + 3.0), fc=fill, lw=0.5)
    for share in (0.0, 0.5, 1.0):
        words = f"{length * share / METRES_OF_ONE_KM:g}"
        page.text(x + share * width, y + 9.0, words, 6.2, ha="center", halo=True)
    kilometres = Text("千米", "km").say(language)
    page.text(x + width + 6.0, y + 1.5, kilometres, 6.2, halo=True)


def draw_north(page: Page, sheet: Sheet, language: Language) -> None:
    """Draw an arrow to the north in the upper left corner."""
    x, y = sheet.frame.left + 18.0, sheet.frame.top - 44.0
    left, right = (
        [(x, y + 24.0), (x - 6.0, y), (x, y + 5.0)],
        [
            (x, y + 24.0),
            (x + 6.0, y),
            (x, y + 5.0),
        ],
    )
    page.axes.add_patch(Polygon(left, fc="#222222", ec="#222222", lw=0.6))
    page.axes.add_patch(Polygon(right, fc="white", ec="#222222", lw=0.6))
    north = Text("北", "N").say(language)
    page.text(x, y + 32.0, north, 8.0, ha="center")
