"""The map for print: ``map.png`` at 300 dpi, and the same sheet as ``map.pdf``.

One A4 sheet, wide side down: the area with its zones by population, the services as
symbols, an enlarged window where sites crowd, a legend that counts what is drawn and
what is not, scale, north, and the assumptions that the figures rest on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from allocator.maps.frame import Window, crowded_window
from allocator.maps.labels import Box
from allocator.maps.layers import (
    Drawing,
    Sheet,
    draw_ground,
    draw_symbols,
    new_drawing,
)
from allocator.maps.legend import Counted, draw_legend
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
from allocator.maps.names import name_counties, name_sites, name_zones
from allocator.maps.style import placement_counts
from allocator.maps.words import heading, standing, subtitle

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from allocator.outcome import Outcome

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
    page, language = drawing.page, outcome.language
    words = standing(outcome.map_approval, language)
    bottom = draw_foot(page, words, outcome.area.notes, language)
    top = page.height - EDGE - HEAD_HEIGHT
    side = Box(page.width - EDGE - SIDE_WIDTH, bottom, page.width - EDGE, top)
    frame = Box(EDGE, bottom, side.left - 10.0, top)
    window = drawing.ground.window.fitted(
        (frame.right - frame.left) / (frame.top - frame.bottom)
    )
    draw_head(page, heading(outcome), subtitle(outcome))
    main = new_sheet(page, frame, window)
    draw_ground(drawing, main)
    inset_window = crowded_window(
        _drawn_points(drawing), window, size=SIDE_WIDTH / (frame.right - frame.left)
    )
    room = side
    if inset_window is not None:
        box = Box(side.left, side.top - SIDE_WIDTH, side.right, side.top)
        inset = new_sheet(page, box, inset_window, enlarged=_ENLARGED)
        draw_ground(drawing, inset)
        draw_inset_frame(page, main, inset_window, language)
        room = Box(side.left, side.bottom, side.right, box.bottom - 8.0)
        _draw_content(drawing, inset, labels=_MOST_LABELS // 2, zones=True)
    _draw_content(drawing, main, labels=_MOST_LABELS, skip=inset_window)
    draw_scale(page, main, language)
    draw_north(page, main, language)
    draw_legend(page, room, outcome, _counted(drawing), drawing.breaks)
    page.save(path)


def _drawn_points(drawing: Drawing) -> NDArray[np.float64]:
    ids = sorted(set(drawing.placements["site_id"]))
    return drawing.ground.sites(ids)


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
    name_counties(drawing.page, drawing.ground, sheet, skip)
    named = name_sites(drawing, sheet, points, most=labels, skip=skip)
    if zones:
        name_zones(drawing, sheet, named)


def _counted(drawing: Drawing) -> list[Counted]:
    counts = placement_counts(drawing.outcome)
    return [
        Counted(symbol, counts[service], service in drawing.drawn)
        for service, symbol in drawing.symbols.items()
    ]
