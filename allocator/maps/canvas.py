"""The sheet that every map of the series is drawn on: one extent, one inset."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely

from allocator.maps.frame import LEAST_SPAN_M, Window, crowded_window
from allocator.maps.labels import Box, text_width
from allocator.maps.layers import Drawing, Sheet, new_drawing
from allocator.maps.margins import (
    EDGE,
    HEAD_HEIGHT,
    SIDE_WIDTH,
    draw_foot,
    draw_head,
    draw_inset_frame,
    draw_north,
    draw_scale,
    new_sheet,
)
from allocator.maps.words import standing

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from allocator.maps.frame import Ground
    from allocator.outcome import Outcome

_ENLARGED = 1.35  # symbols in the inset
_GAP = 8.0  # between panels, points
_PANEL_TITLE, _PANEL_HEIGHT = 7.4, 13.0
MOST_PANELS = 4
_PAIR = 2  # panels that have their legend below them
_STRIP_HEIGHT = 72.0  # of that legend, points
_SMALL_PART = 0.5  # of the area, below which a panel shows its own zones alone
_MARGIN = 0.04  # of their extent


@dataclass(frozen=True)
class Canvas:
    """A sheet with its maps and the room for the legend.

    Parameters
    ----------
    drawing
        What is drawn from, with the page.
    sheets
        The maps: one, or a panel for each of several.
    inset
        The window enlarged at the side; None where nothing crowds, or with panels.
    inset_window
        What it shows.
    room
        Where the legend goes.
    """

    drawing: Drawing
    sheets: tuple[Sheet, ...]
    inset: Sheet | None
    inset_window: Window | None
    room: Box

    @property
    def main(self) -> Sheet:
        """The first map."""
        return self.sheets[0]

    @property
    def all_sheets(self) -> tuple[Sheet, ...]:
        """Every map, the inset last."""
        return (*self.sheets, self.inset) if self.inset is not None else self.sheets


def open_canvas(
    outcome: Outcome,
    title: str,
    line: str,
    panels: Sequence[str] = ("",),
    zones: Sequence[Collection[str]] = (),
) -> Canvas:
    """Return a sheet with title, notes and empty maps.

    Every sheet of an outcome shows the same ground in the same place, so that the maps
    of a series can be laid side by side.

    Parameters
    ----------
    outcome
        What the run found.
    title, line
        What stands above.
    panels
        The titles of the maps; one without a title fills the sheet.
    zones
        Of panels: the zones that each is about. Where they take up a small part of the
        area the panel shows that part alone, and says so by a scale of its own.
    """
    drawing = new_drawing(outcome)
    page, language = drawing.page, outcome.language
    words = standing(outcome.map_approval, language)
    bottom = draw_foot(page, words, outcome.area.notes, language)
    top = page.height - EDGE - HEAD_HEIGHT
    side = Box(page.width - EDGE - SIDE_WIDTH, bottom, page.width - EDGE, top)
    frame = Box(EDGE, bottom, side.left - 10.0, top)
    if len(panels) == _PAIR:
        # Side by side on the whole width, each is nearly square: as large as can be.
        side = Box(EDGE, bottom, page.width - EDGE, bottom + _STRIP_HEIGHT)
        frame = Box(EDGE, side.top + _GAP, page.width - EDGE, top)
    draw_head(page, title, line)
    frames = _split(frame, len(panels))
    sheets = []
    about = zones or [()] * len(panels)
    for title_of_panel, box, own in zip(panels, frames, about, strict=True):
        inner = box
        if title_of_panel:
            inner = Box(box.left, box.bottom, box.right, box.top - _PANEL_HEIGHT)
            room = box.right - box.left
            size = _PANEL_TITLE * min(
                1.0, room / max(text_width(title_of_panel, _PANEL_TITLE), 1.0)
            )
            page.text(box.left, box.top - 5.0, title_of_panel, size)
        aspect = (inner.right - inner.left) / (inner.top - inner.bottom)
        window = _focus(drawing.ground, own) if len(panels) > 1 else None
        shown = drawing.ground.window if window is None else window
        sheets.append(new_sheet(page, inner, shown.fitted(aspect)))
    inset, window, room_left = None, None, side
    if len(panels) == 1:
        inset, window, room_left = _inset(drawing, sheets[0], side, frame)
    return Canvas(drawing, tuple(sheets), inset, window, room_left)


def _focus(ground: Ground, zones: Collection[str]) -> Window | None:
    """Return the window of some zones; None where it is no small part of the area."""
    held = ground.zones.index.isin(list(zones))
    if not held.any():
        return None
    corners = [
        shapely.bounds(shape)
        for shape in ground.zones.geometry[held]
        if shape is not None
    ]
    points = ground.zone_points[held]
    low = np.vstack([points, *(c[:2] for c in corners)]).min(axis=0)
    high = np.vstack([points, *(c[2:] for c in corners)]).max(axis=0)
    margin = max(float((high - low).max()), LEAST_SPAN_M) * _MARGIN
    window = Window(*(low - margin).tolist(), *(high + margin).tolist())
    part = window.width * window.height
    whole = ground.window.width * ground.window.height
    return window if part < _SMALL_PART * whole else None


def _split(frame: Box, count: int) -> list[Box]:
    """Return the frames of 1 to 4 panels: whole, side by side, two by two."""
    if count == 1:
        return [frame]
    across = 2
    down = -(-count // across)
    width = (frame.right - frame.left - (across - 1) * _GAP) / across
    height = (frame.top - frame.bottom - (down - 1) * _GAP) / down
    boxes = []
    for at in range(count):
        left = frame.left + (at % across) * (width + _GAP)
        top = frame.top - (at // across) * (height + _GAP)
        boxes.append(Box(left, top - height, left + width, top))
    return boxes


def _inset(
    drawing: Drawing, main: Sheet, side: Box, frame: Box
) -> tuple[Sheet | None, Window | None, Box]:
    """Return the enlarged window, what it shows, and the room that is left."""
    ids = sorted(set(drawing.placements["site_id"]))
    window = crowded_window(
        drawing.ground.sites(ids),
        main.window,
        size=SIDE_WIDTH / (frame.right - frame.left),
    )
    if window is None:
        return None, None, side
    page = drawing.page
    box = Box(side.left, side.top - SIDE_WIDTH, side.right, side.top)
    inset = new_sheet(page, box, window, enlarged=_ENLARGED)
    room = Box(side.left, side.bottom, side.right, box.bottom - 8.0)
    return inset, window, room


def finish_canvas(canvas: Canvas) -> None:
    """Draw a scale on every map and the north on the first."""
    page, language = canvas.drawing.page, canvas.drawing.outcome.language
    for sheet in canvas.sheets:
        draw_scale(page, sheet, language)
    draw_north(page, canvas.main, language)


def mark_inset(canvas: Canvas) -> None:
    """Mark on the map what the inset enlarges, before names are placed."""
    if canvas.inset_window is not None:
        page, language = canvas.drawing.page, canvas.drawing.outcome.language
        draw_inset_frame(page, canvas.main, canvas.inset_window, language)
