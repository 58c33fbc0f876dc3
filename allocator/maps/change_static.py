"""The printed map of two plans: ``compare.png``, and the same sheet as PDF.

Zones by the minutes that their people gain or lose, and the sites where a service was
opened, dropped or moved, the last with an arrow from the old place to the new one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from matplotlib.patches import FancyArrowPatch, Rectangle

from allocator.compare import plan_standing
from allocator.errors import Text
from allocator.maps.change_legend import SIGN_SIZE, draw_change_legend, draw_sign
from allocator.maps.change_style import (
    ACTION_OF,
    CHANGE_COLOURS,
    DRAWN_CHANGES,
    HATCH_COLOUR,
    LEFT_COLOUR,
    NEWLY_COLOUR,
    NO_COLOUR,
    change_breaks,
    change_class,
    change_heading,
    change_subtitle,
    change_symbols,
    drawn_changes,
    zone_changes,
)
from allocator.maps.frame import (
    Ground,
    Window,
    crowded_window,
    lay_out,
    outline,
    projected,
)
from allocator.maps.labels import Box, around
from allocator.maps.layers import (
    HEIGHT_IN,
    SERVING_SIZE,
    WIDTH_IN,
    Sheet,
    add_paths,
    spots,
)
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
from allocator.maps.names import name_counties, name_point
from allocator.maps.page import Page, new_page
from allocator.maps.style import BORDER_COLOUR, ZONE_BORDER_COLOUR, Symbol
from allocator.maps.words import short_names, standing

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from allocator.compare import Comparison

_LEAST_PEOPLE = 0.5  # newly or no longer served, for a sign on the map
_MOST_LABELS = 40
_ENLARGED = 1.35
_ARROW_COLOUR = "#111111"
_DOT = 9.0  # diameter of zones without polygons, points
_LEAST_ARROW = 6.0  # points: shorter ones would hide under their symbols


@dataclass(frozen=True)
class Change:
    """A symbol on the map: a service at a site, opened, dropped or moved.

    Parameters
    ----------
    service, action
        The service, and how it is drawn.
    site_id, name
        The site, for its label.
    place
        Where, metres.
    origin
        Where a moved service was, metres; None for others.
    """

    service: str
    action: str
    site_id: str
    name: str
    place: tuple[float, float]
    origin: tuple[float, float] | None = None


@dataclass(frozen=True)
class _Drawing:
    comparison: Comparison
    ground: Ground
    page: Page
    zones: pd.DataFrame
    breaks: tuple[float, float]
    symbols: dict[str, Symbol]
    changes: list[Change]


def draw_comparison(comparison: Comparison, path: Path) -> None:
    """Draw what differs between two plans on one A4 sheet.

    Parameters
    ----------
    comparison
        The plans side by side.
    path
        The PNG to write; the same sheet is written beside it with the ending ``.pdf``.
    """
    drawing = _new_drawing(comparison)
    page, place = drawing.page, comparison.place
    language = place.language
    words = standing(place.map_approval, language)
    notes = [*_standings(comparison), *place.notes]
    bottom = draw_foot(page, words, notes, language)
    top = page.height - EDGE - HEAD_HEIGHT
    side = Box(page.width - EDGE - SIDE_WIDTH, bottom, page.width - EDGE, top)
    frame = Box(EDGE, bottom, side.left - 10.0, top)
    window = drawing.ground.window.fitted(
        (frame.right - frame.left) / (frame.top - frame.bottom)
    )
    draw_head(page, change_heading(comparison), change_subtitle(comparison))
    main = new_sheet(page, frame, window)
    _draw_zones(drawing, main)
    points = np.array([c.place for c in drawing.changes], dtype=float).reshape(-1, 2)
    share = SIDE_WIDTH / (frame.right - frame.left)
    inset_window = crowded_window(np.unique(points, axis=0), window, size=share)
    room = side
    if inset_window is not None:
        box = Box(side.left, side.top - SIDE_WIDTH, side.right, side.top)
        inset = new_sheet(page, box, inset_window, enlarged=_ENLARGED)
        _draw_zones(drawing, inset)
        draw_inset_frame(page, main, inset_window, language)
        room = Box(side.left, side.bottom, side.right, box.bottom - 8.0)
        _draw_changes(drawing, inset, labels=_MOST_LABELS // 2, skip=None)
    _draw_changes(drawing, main, labels=_MOST_LABELS, skip=inset_window)
    draw_scale(page, main, language)
    draw_north(page, main, language)
    draw_change_legend(page, room, comparison, drawing.symbols, drawing.breaks)
    page.save(path)


def _standings(comparison: Comparison) -> list[Text]:
    """Return what was proven of each plan, and what it breaks."""
    return [
        Text(f"{side.label}: {words.zh}。", f"{side.label}: {words.en}.")
        for side in (comparison.before, comparison.after)
        for words in plan_standing(side)
    ]


def _new_drawing(comparison: Comparison) -> _Drawing:
    place = comparison.place
    sites = [
        side.sites[["name", "lon", "lat"]]
        for side in (comparison.before, comparison.after)
    ]
    every = pd.concat(sites).dropna()
    ground = lay_out(place.zones, place.counties, every)
    zones = zone_changes(comparison)
    names = [side["name"].tolist() for side in sites]
    return _Drawing(
        comparison,
        ground,
        new_page(WIDTH_IN, HEIGHT_IN),
        zones,
        change_breaks(zones["minutes_change"].tolist()),
        change_symbols(comparison),
        _changes(comparison, ground, names[0] + names[1]),
    )


def _changes(
    comparison: Comparison, ground: Ground, all_names: list[str]
) -> list[Change]:
    """Return what is drawn as symbols; a moved service twice: where it was, and is."""
    rows = comparison.placements
    rows = rows[rows["service"].isin(drawn_changes(comparison))]
    rows = rows[rows["change"].isin(DRAWN_CHANGES) & rows["lon"].notna()]
    services = list(comparison.place.services.values())
    old = _points(rows, ground, "lon", "lat")
    new = _points(rows, ground, "to_lon", "to_lat")
    found: list[Change] = []
    for at, row in enumerate(rows.to_dict("records")):
        first = (float(old[at, 0]), float(old[at, 1]))
        names = short_names([row["name"], row["to_name"]], services, all_names)
        service, site = str(row["service"]), str(row["site_id"])
        if row["change"] != "moved":
            action = ACTION_OF[row["change"]]
            found.append(Change(service, action, site, names[0], first))
            continue
        second = (float(new[at, 0]), float(new[at, 1]))
        found.append(Change(service, "close", site, names[0], first))
        found.append(
            Change(service, "build", str(row["to_site_id"]), names[1], second, first)
        )
    return found


def _points(
    rows: pd.DataFrame, ground: Ground, lon: str, lat: str
) -> NDArray[np.float64]:
    places = pd.DataFrame({"lon": rows[lon], "lat": rows[lat]}).astype(float)
    return projected(places.fillna(places.mean()).fillna(0.0), ground.crs)


# --- The ground -----------------------------------------------------------------------


def _draw_zones(drawing: _Drawing, sheet: Sheet) -> None:
    """Fill zones by change, hatch losses, mark who is newly or no longer served."""
    ground = drawing.ground
    classes = [
        change_class(float(change), drawing.breaks)
        for change in drawing.zones["minutes_change"]
    ]
    for level in (None, *range(len(CHANGE_COLOURS))):
        held = [found == level for found in classes]
        colour = NO_COLOUR if level is None else CHANGE_COLOURS[level]
        shapes = [outline(s) for s in ground.zones.geometry[held] if s is not None]
        style = {"facecolors": colour, "edgecolors": ZONE_BORDER_COLOUR}
        add_paths(sheet.axes, shapes, linewidths=0.35, zorder=1, **style)
        if level is not None and level > len(CHANGE_COLOURS) // 2:
            style = {"facecolors": "none", "edgecolors": HATCH_COLOUR}
            add_paths(
                sheet.axes, shapes, linewidths=0.0, zorder=1.5, hatch="////", **style
            )
    borders = [outline(s) for s in ground.counties.geometry if s is not None]
    style = {"facecolors": "none", "edgecolors": BORDER_COLOUR}
    add_paths(sheet.axes, borders, linewidths=1.2, zorder=2, **style)
    _draw_dots(drawing, sheet, classes)
    _draw_served(drawing, sheet)


def _draw_dots(drawing: _Drawing, sheet: Sheet, classes: list[int | None]) -> None:
    """Draw zones that have no polygon as discs; losses are crossed."""
    bare = drawing.ground.zones.geometry.isna().to_numpy()
    for (x, y), level in zip(
        drawing.ground.zone_points[bare],
        [level for level, none in zip(classes, bare, strict=True) if none],
        strict=True,
    ):
        loses = level is not None and level > len(CHANGE_COLOURS) // 2
        sheet.axes.scatter(
            [x],
            [y],
            s=_DOT**2,
            c=NO_COLOUR if level is None else CHANGE_COLOURS[level],
            edgecolors=HATCH_COLOUR if loses else ZONE_BORDER_COLOUR,
            linewidths=1.0 if loses else 0.4,
            hatch="////" if loses else None,
            zorder=1,
        )


def _draw_served(drawing: _Drawing, sheet: Sheet) -> None:
    """Put + where people are newly served and − where they no longer are."""
    inside = sheet.window.holds(drawing.ground.zone_points)
    for sign, column, colour, beside in (
        ("+", "newly_served", NEWLY_COLOUR, -5.5),
        ("−", "no_longer_served", LEFT_COLOUR, 5.5),
    ):
        many = drawing.zones[column].fillna(0.0).to_numpy() > _LEAST_PEOPLE
        for x, y in drawing.ground.zone_points[inside & many]:
            left, middle = sheet.at(float(x), float(y))
            draw_sign(drawing.page, left + beside, middle, sign, colour)
            side = SIGN_SIZE + 1.0
            sheet.paper.take([around(left + beside, middle, side, side)])


# --- What changed ---------------------------------------------------------------------


def _draw_changes(
    drawing: _Drawing, sheet: Sheet, *, labels: int, skip: Window | None
) -> None:
    """Draw arrows and symbols, then the names of counties and of sites."""
    places = _side_by_side(drawing, sheet)
    ends = {id(change): at for change, at in places}
    for change in drawing.changes:
        if change.origin is not None:
            at = ends.get(id(change), sheet.at(*change.place))
            _draw_arrow(drawing.page, sheet, sheet.at(*change.origin), at)
    for change, at in places:
        size = SERVING_SIZE * sheet.enlarged
        symbol = drawing.symbols[change.service]
        drawing.page.symbols(symbol, [at], size, change.action)
        sheet.paper.take([around(*at, size + 1.0, size + 1.0)])
    name_counties(drawing.page, drawing.ground, sheet, skip)
    named: set[str] = set()
    for change, at in places:
        hidden = skip is not None and skip.holds(np.array([change.place])).all()
        if change.site_id in named or hidden or len(named) >= labels:
            continue
        named.add(change.site_id)
        name_point(drawing.page, sheet, change.name, at)


def _side_by_side(
    drawing: _Drawing, sheet: Sheet
) -> list[tuple[Change, tuple[float, float]]]:
    """Return where each symbol of the sheet goes: those of one site side by side."""
    at_site: dict[tuple[float, float], list[Change]] = {}
    for change in drawing.changes:
        if sheet.window.holds(np.array([change.place])).all():
            at_site.setdefault(change.place, []).append(change)
    found = []
    for place, changes in at_site.items():
        x, y = sheet.at(*place)
        step = (SERVING_SIZE + 0.6) * sheet.enlarged
        for change, (dx, dy) in zip(changes, spots(len(changes), step), strict=True):
            found.append((change, (x + dx, y + dy)))
    return found


def _draw_arrow(
    page: Page, sheet: Sheet, start: tuple[float, float], at: tuple[float, float]
) -> None:
    """Draw an arrow, cut off at the map's frame."""
    if np.hypot(at[0] - start[0], at[1] - start[1]) < _LEAST_ARROW:
        return
    arrow = FancyArrowPatch(
        start,
        at,
        arrowstyle="-|>",
        mutation_scale=7.0,
        shrinkA=2.5,
        shrinkB=3.0,
        lw=1.0,
        color=_ARROW_COLOUR,
        zorder=3.5,
    )
    page.axes.add_patch(arrow)
    frame = sheet.frame
    size = (frame.right - frame.left, frame.top - frame.bottom)
    arrow.set_clip_path(
        Rectangle((frame.left, frame.bottom), *size, transform=page.axes.transData)
    )
