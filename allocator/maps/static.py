"""The map for print: ``map.png`` at 300 dpi, and the same sheet as ``map.pdf``.

One A4 sheet, wide side down: the area with its zones by population, the services as
symbols, an enlarged window where sites crowd, a legend that counts what is drawn and
what is not, scale, north, and the assumptions that the figures rest on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from matplotlib.patches import Polygon

from allocator.errors import Text
from allocator.maps.frame import METRES_OF_ONE_KM, Window, crowded_window, nice_length
from allocator.maps.labels import Box, Paper, text_width, wrapped
from allocator.maps.layers import (
    Drawing,
    Sheet,
    draw_ground,
    draw_symbols,
    new_drawing,
)
from allocator.maps.legend import Counted, draw_legend
from allocator.maps.names import name_counties, name_sites, name_zones
from allocator.maps.style import placement_counts
from allocator.maps.words import heading, standing, subtitle

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from allocator.maps.page import Page
    from allocator.outcome import Outcome

_EDGE = 26.0  # blank edge of the sheet, points
_SIDE_WIDTH = 232.0
_HEAD_HEIGHT = 44.0
_NOTE_SIZE, _NOTE_LEADING = 6.5, 8.6
_MOST_NOTE_LINES = 6
_MOST_LABELS = 40
_ENLARGED = 1.35  # symbols in the inset


def draw_map(outcome: Outcome, path: Path) -> None:
    """Draw the plan on one A4 sheet.

    Parameters
    ----------
    outcome
        What the run found.
    path
        The PNG to write; the same sheet is written beside it with the ending ``.pdf``.
    """
    drawing = new_drawing(outcome)
    page = drawing.page
    bottom = _draw_foot(drawing)
    top = page.height - _EDGE - _HEAD_HEIGHT
    side = Box(page.width - _EDGE - _SIDE_WIDTH, bottom, page.width - _EDGE, top)
    frame = Box(_EDGE, bottom, side.left - 10.0, top)
    window = drawing.ground.window.fitted(
        (frame.right - frame.left) / (frame.top - frame.bottom)
    )
    _draw_head(drawing)
    main = _sheet(page, frame, window)
    draw_ground(drawing, main)
    inset_window = crowded_window(
        _drawn_points(drawing), window, size=_SIDE_WIDTH / (frame.right - frame.left)
    )
    room = side
    if inset_window is not None:
        box = Box(side.left, side.top - _SIDE_WIDTH, side.right, side.top)
        inset = _sheet(page, box, inset_window, enlarged=_ENLARGED)
        draw_ground(drawing, inset)
        _draw_inset_frame(drawing, main, inset_window)
        room = Box(side.left, side.bottom, side.right, box.bottom - 8.0)
        _draw_content(drawing, inset, labels=_MOST_LABELS // 2, zones=True)
    _draw_content(drawing, main, labels=_MOST_LABELS, skip=inset_window)
    _draw_scale(drawing, main)
    _draw_north(drawing, main)
    draw_legend(page, room, outcome, _counted(drawing), drawing.breaks)
    page.save(path)


def _sheet(page: Page, frame: Box, window: Window, *, enlarged: float = 1.0) -> Sheet:
    axes = page.map_axes(frame, window)
    inner = Box(frame.left + 3, frame.bottom + 3, frame.right - 3, frame.top - 3)
    return Sheet(frame, window, Paper(inner), axes, enlarged)


def _drawn_points(drawing: Drawing) -> NDArray[np.float64]:
    ids = sorted(set(drawing.placements["site_id"]))
    return drawing.ground.sites(drawing.outcome.area, ids)


def _draw_content(
    drawing: Drawing,
    sheet: Sheet,
    *,
    labels: int,
    skip: Window | None = None,
    zones: bool = False,
) -> None:
    """Draw symbols, then names: of counties, of what is new, of zones where asked.

    Parameters
    ----------
    drawing, sheet
        What is drawn, and on which map.
    labels
        Most names of sites.
    skip
        A window whose sites are named elsewhere.
    zones
        Whether zones are named where there is room.
    """
    points = draw_symbols(drawing, sheet)
    name_counties(drawing, sheet, skip)
    named = name_sites(drawing, sheet, points, most=labels, skip=skip)
    if zones:
        name_zones(drawing, sheet, named)


def _counted(drawing: Drawing) -> list[Counted]:
    counts = placement_counts(drawing.outcome)
    return [
        Counted(symbol, counts[service], service in drawing.drawn)
        for service, symbol in drawing.symbols.items()
    ]


# --- Around the maps ------------------------------------------------------------------


def _draw_head(drawing: Drawing) -> None:
    page, outcome = drawing.page, drawing.outcome
    middle, top = page.width / 2, page.height - _EDGE
    title = heading(outcome)
    room = page.width - 2 * _EDGE
    size = min(18.0, 18.0 * room / text_width(title, 18.0))
    page.text(middle, top - 9.0, title, size, ha="center")
    line = subtitle(outcome)
    page.text(middle, top - 31.0, line, 8.5, ha="center", color="#444444")


def _draw_foot(drawing: Drawing) -> float:
    """Write the assumptions and the map's standing; return where the maps may begin."""
    page, outcome = drawing.page, drawing.outcome
    words = standing(outcome)
    page.text(page.width - _EDGE, _EDGE + 2.0, words, 9.0, ha="right")
    width = page.width - 2 * _EDGE - text_width(words, 9.0) - 20.0
    zh = outcome.language == "zh"
    start = "注:" if zh else "Notes: "
    notes = ("" if zh else " ").join(
        note.say(outcome.language) for note in outcome.area.notes
    )
    lines = wrapped(start + notes, _NOTE_SIZE, width) if notes else []
    if len(lines) > _MOST_NOTE_LINES:
        lines = lines[:_MOST_NOTE_LINES]
        lines[-1] += "……"
    for at, line in enumerate(reversed(lines)):
        height = _EDGE + at * _NOTE_LEADING
        page.text(_EDGE, height, line, _NOTE_SIZE, color="#444444")
    return _EDGE + max(len(lines), 2) * _NOTE_LEADING + 2.0


def _draw_inset_frame(drawing: Drawing, main: Sheet, window: Window) -> None:
    """Mark on the map what the inset enlarges."""
    left, bottom = main.at(window.left, window.bottom)
    right, top = main.at(window.right, window.top)
    drawing.page.box(Box(left, bottom, right, top), ec="#b00020", lw=0.9, zorder=6)
    words = Text("见右上放大图", "enlarged at right").say(drawing.outcome.language)
    height = 5.6 * 1.2
    label = Box(left, top + 1.0, left + text_width(words, 5.6), top + 1.0 + height)
    main.paper.take([label])
    middle = label.bottom + height / 2
    drawing.page.text(left, middle, words, 5.6, color="#b00020", halo=True)


def _draw_scale(drawing: Drawing, sheet: Sheet) -> None:
    """Draw a scale bar in the lower left corner."""
    page, frame = drawing.page, sheet.frame
    per_point = sheet.window.width / (frame.right - frame.left)
    length = nice_length(per_point * 110.0)
    width = length / per_point
    x, y = frame.left + 14.0, frame.bottom + 14.0
    for part in range(4):
        left = x + part * width / 4
        fill = "#222222" if part % 2 == 0 else "white"
        page.box(Box(left, y, left + width / 4, y + 3.0), fc=fill, lw=0.5)
    for share in (0.0, 0.5, 1.0):
        words = f"{length * share / METRES_OF_ONE_KM:g}"
        page.text(x + share * width, y + 9.0, words, 6.2, ha="center", halo=True)
    kilometres = Text("千米", "km").say(drawing.outcome.language)
    page.text(x + width + 6.0, y + 1.5, kilometres, 6.2, halo=True)


def _draw_north(drawing: Drawing, sheet: Sheet) -> None:
    """Draw an arrow to the north in the upper left corner."""
    page = drawing.page
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
    north = Text("北", "N").say(drawing.outcome.language)
    page.text(x, y + 32.0, north, 8.0, ha="center")
