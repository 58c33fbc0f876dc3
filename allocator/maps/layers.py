"""What lies on a paper map: the ground and the symbols of the services."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from matplotlib.collections import LineCollection, PathCollection

from allocator.maps.frame import Window, lay_out, outline
from allocator.maps.groups import borders_of, line_of
from allocator.maps.labels import Box, Paper, around
from allocator.maps.page import Page, new_page
from allocator.maps.style import (
    BORDER_COLOUR,
    GROUP_COLOUR,
    ZONE_BORDER_COLOUR,
    Symbol,
    class_colours,
    drawn_services,
    population_breaks,
    population_class,
    symbols,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.path import Path as Outline

    from allocator.maps.frame import Ground
    from allocator.outcome import Outcome

WIDTH_IN, HEIGHT_IN = 11.69, 8.27  # A4
SERVING_SIZE = 5.4  # diameter of the symbols of services that people are assigned to
_OTHER_SIZE = 5.0  # and of the others, points
_PER_ROW = 3  # symbols beside each other at one site
_DOT_MOST = 22.0  # diameter of the largest zone where zones have no polygons


@dataclass(frozen=True)
class Drawing:
    """What a map is drawn from."""

    outcome: Outcome
    ground: Ground
    page: Page
    breaks: list[int]
    drawn: tuple[str, ...]
    symbols: dict[str, Symbol]
    placements: pd.DataFrame


@dataclass(frozen=True)
class Sheet:
    """One map on the sheet: its frame, the ground it shows, and what lies on it."""

    frame: Box
    window: Window
    paper: Paper
    axes: Axes
    enlarged: float = 1.0

    def at(self, x: float, y: float) -> tuple[float, float]:
        """Return the place on the sheet, points, of a place on the ground."""
        scale = (self.frame.right - self.frame.left) / self.window.width
        return (
            self.frame.left + (x - self.window.left) * scale,
            self.frame.bottom + (y - self.window.bottom) * scale,
        )


def new_drawing(outcome: Outcome) -> Drawing:
    """Return what the maps of an outcome are drawn from, with a blank sheet."""
    area = outcome.area
    ground = lay_out(area.zones, area.counties, area.sites)
    placements = outcome.plan.placements
    drawn = drawn_services(outcome)
    return Drawing(
        outcome,
        ground,
        new_page(WIDTH_IN, HEIGHT_IN),
        population_breaks([int(p) for p in area.zones["population"]]),
        drawn,
        symbols(outcome),
        placements[placements["service"].isin(drawn)],
    )


def draw_ground(drawing: Drawing, sheet: Sheet) -> None:
    """Fill zones by population and draw the borders of zones and counties."""
    ground = drawing.ground
    colours = class_colours(len(drawing.breaks))
    zones = ground.zones
    for at, colour in enumerate(colours):
        held = [
            population_class(people, drawing.breaks) == at
            for people in zones["population"]
        ]
        shapes = [outline(s) for s in zones.geometry[held] if s is not None]
        style = {"facecolors": colour, "edgecolors": ZONE_BORDER_COLOUR}
        add_paths(sheet.axes, shapes, linewidths=0.35, zorder=1, **style)
    borders = [outline(s) for s in ground.counties.geometry if s is not None]
    style = {"facecolors": "none", "edgecolors": BORDER_COLOUR}
    add_paths(sheet.axes, borders, linewidths=1.2, zorder=2, **style)
    _draw_groups(drawing, sheet)
    _draw_dots(drawing, sheet, colours)


def _draw_groups(drawing: Drawing, sheet: Sheet) -> None:
    """Draw the borders of groups, those of higher tiers wider and over the others."""
    zones = drawing.ground.zones.geometry
    shapes = dict(zip(zones.index, zones, strict=True))
    for border in borders_of(drawing.outcome, shapes):
        width, style = line_of(border.tier)
        lines = LineCollection(
            list(border.lines),
            colors=GROUP_COLOUR,
            linewidths=width,
            linestyles=style,
            zorder=3 + 0.01 * border.tier,
        )
        sheet.axes.add_collection(lines, autolim=False)


def add_paths(axes: Axes, shapes: Sequence[Outline | None], **style: object) -> None:
    """Draw outlines in one style; None stands for what has none."""
    paths = [shape for shape in shapes if shape is not None]
    if paths:
        collection = PathCollection(paths, **style)  # type: ignore[arg-type]
        axes.add_collection(collection, autolim=False)


def _draw_dots(drawing: Drawing, sheet: Sheet, colours: Sequence[str]) -> None:
    """Draw zones that have no polygon as discs, their area by population."""
    zones = drawing.ground.zones
    bare = zones.geometry.isna().to_numpy()
    if not bare.any():
        return
    people = zones["population"].to_numpy(dtype=float)
    classes = [population_class(p, drawing.breaks) for p in people[bare]]
    points = drawing.ground.zone_points[bare]
    sheet.axes.scatter(
        points[:, 0],
        points[:, 1],
        s=_DOT_MOST**2 * people[bare] / max(people.max(), 1.0),
        c=[colours[c] for c in classes],
        edgecolors=ZONE_BORDER_COLOUR,
        linewidths=0.4,
        zorder=1,
    )


def draw_symbols(drawing: Drawing, sheet: Sheet) -> dict[str, tuple[float, float]]:
    """Draw the services of each site side by side; return where each site is."""
    ids = list(dict.fromkeys(drawing.placements["site_id"]))
    ground = drawing.ground.sites(ids)
    inside = sheet.window.holds(ground)
    at = {
        site: sheet.at(float(x), float(y))
        for site, (x, y), held in zip(ids, ground, inside, strict=True)
        if held
    }
    groups: dict[tuple[str, str], list[tuple[float, float]]] = {}
    for site, rows in drawing.placements.groupby("site_id", sort=True):
        if site not in at:
            continue
        x, y = at[str(site)]
        beside = spots(len(rows), (SERVING_SIZE + 0.6) * sheet.enlarged)
        for (dx, dy), service, action in zip(
            beside, rows["service"], rows["action"], strict=True
        ):
            groups.setdefault((service, action), []).append((x + dx, y + dy))
    for (service, action), points in groups.items():
        symbol = drawing.symbols[service]
        serving = symbol.service.serves is not None
        size = (SERVING_SIZE if serving else _OTHER_SIZE) * sheet.enlarged
        drawing.page.symbols(symbol, points, size, action)
        side = size + 1.0
        sheet.paper.take([around(x, y, side, side) for x, y in points])
    return at


def spots(count: int, step: float) -> list[tuple[float, float]]:
    """Return where the symbols of one site go, from its place, points."""
    places: list[tuple[float, float]] = []
    for start in range(0, count, _PER_ROW):
        held = min(_PER_ROW, count - start)
        down = -(start // _PER_ROW) * step
        places += [((i - (held - 1) / 2) * step, down) for i in range(held)]
    return places
