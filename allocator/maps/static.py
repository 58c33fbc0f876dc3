"""The map for print: ``map.png`` at 300 dpi, and the same sheet as ``map.pdf``.

One A4 sheet, wide side down: the area with its zones by population, the services as
symbols, an enlarged window where sites crowd, a legend that counts what is drawn and
what is not, scale, north, and the assumptions that the figures rest on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from allocator.maps.canvas import finish_canvas, mark_inset, open_canvas
from allocator.maps.layers import Drawing, Sheet, draw_ground, draw_symbols
from allocator.maps.legend import Counted, draw_legend
from allocator.maps.names import name_counties, name_sites, name_zones
from allocator.maps.style import placement_counts
from allocator.maps.words import heading, subtitle

if TYPE_CHECKING:
    from pathlib import Path

    from allocator.maps.frame import Window
    from allocator.outcome import Outcome

_MOST_LABELS = 40


def draw_map(outcome: Outcome, path: Path) -> None:
    """Draw the plan on one A4 sheet.

    Parameters
    ----------
    outcome
        What the run found.
    path
        The PNG to write; the same sheet is written beside it with the ending ``.pdf``.
    """
    canvas = open_canvas(outcome, heading(outcome), subtitle(outcome))
    drawing, window = canvas.drawing, canvas.inset_window
    for sheet in canvas.all_sheets:
        draw_ground(drawing, sheet)
    mark_inset(canvas)
    if canvas.inset is not None:
        _draw_content(drawing, canvas.inset, labels=_MOST_LABELS // 2, zones=True)
    _draw_content(drawing, canvas.main, labels=_MOST_LABELS, skip=window)
    finish_canvas(canvas)
    draw_legend(drawing.page, canvas.room, outcome, _counted(drawing), drawing.breaks)
    drawing.page.save(path)


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
