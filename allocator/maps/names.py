"""The names on a paper map: counties, what is new, and zones where there is room."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from allocator.maps.layers import SERVING_SIZE
from allocator.maps.style import NEW_ACTIONS
from allocator.maps.words import plan_names

if TYPE_CHECKING:
    from allocator.maps.frame import Ground, Window
    from allocator.maps.layers import Drawing, Sheet
    from allocator.maps.page import Page

_SMALL_COUNTY_SIZE = 6.6
_COUNTY_SIZE, _SITE_SIZE, _ZONE_SIZE = 9.5, 6.2, 5.4


def name_counties(
    page: Page,
    ground: Ground,
    sheet: Sheet,
    skip: Window | None,
    *,
    small: bool = False,
) -> None:
    """Write every county's name: inside it, beside the symbols where it fits.

    A county that lies in the window enlarged elsewhere is named there alone. On a
    ``small`` map names are smaller, and left out where they do not fit.
    """
    view, enlarged = _shape(sheet.window), _shape(skip) if skip else shapely.Polygon()
    for name, shape in zip(
        ground.counties["name"], ground.counties.geometry, strict=True
    ):
        if shape is None:
            continue
        whole = shapely.make_valid(shape)
        part = whole.intersection(view)
        elsewhere = whole.intersection(enlarged).area
        hidden = part.area < min(whole.area * 0.25, view.area * 0.04)
        if hidden or elsewhere > whole.area * 0.6:
            continue
        _name_county(page, sheet, str(name), part, small=small)


def _shape(window: Window) -> shapely.Polygon:
    return shapely.box(window.left, window.bottom, window.right, window.top)


def _name_county(
    page: Page, sheet: Sheet, name: str, part: shapely.Geometry, *, small: bool
) -> None:
    """Write one name at the free place of a grid that is nearest the middle."""
    polygon = _largest(part)
    if polygon is None:
        return
    circle = shapely.get_coordinates(shapely.maximum_inscribed_circle(polygon))
    left, bottom, right, top = polygon.bounds
    xs, ys = np.meshgrid(np.linspace(left, right, 25), np.linspace(bottom, top, 25))
    grid = np.column_stack([xs.ravel(), ys.ravel()])
    inside = grid[shapely.contains_xy(polygon, grid[:, 0], grid[:, 1])]
    away = np.hypot(*(inside - circle[0]).T)
    spots = [
        sheet.at(float(x), float(y))
        for x, y in (circle[0], *inside[np.argsort(away, kind="stable")])
    ]
    size = _SMALL_COUNTY_SIZE if small else _COUNTY_SIZE
    free = (s for s in spots if sheet.paper.centre(name, s, size) is not None)
    spot = next(free, None if small else spots[0])
    if spot is not None:
        x, y = spot
        page.text(x, y, name, size, ha="center", color="#16324f", halo=True, zorder=6.5)


def _largest(shape: shapely.Geometry) -> shapely.Polygon | None:
    """Return the largest polygon of a shape, None where it has none."""
    parts = [p for p in shapely.get_parts(shape) if isinstance(p, shapely.Polygon)]
    return max(parts, key=lambda part: part.area, default=None)


def name_sites(
    drawing: Drawing,
    sheet: Sheet,
    points: dict[str, tuple[float, float]],
    *,
    most: int,
    skip: Window | None,
) -> set[str]:
    """Write the names of sites with something new, as many as find a free place.

    Parameters
    ----------
    drawing, sheet
        What is drawn, and on which map.
    points
        Where each site of the map is, points.
    most
        Most names that are tried.
    skip
        A window whose sites are named elsewhere.

    Returns
    -------
    names
        The names tried.
    """
    named = sites_to_name(drawing, sheet.window, skip)[:most]
    for site_id, name in named:
        name_point(drawing.page, sheet, name, points[site_id])
    return {name for _, name in named}


def name_point(page: Page, sheet: Sheet, name: str, point: tuple[float, float]) -> None:
    """Write a name beside a symbol, where it finds a free place.

    Parameters
    ----------
    page, sheet
        The sheet of paper, and which map on it.
    name
        The name, one line.
    point
        Where the symbol is, points.
    """
    clear = SERVING_SIZE * sheet.enlarged / 2
    placed = sheet.paper.place(name, point, _SITE_SIZE, clear=clear)
    if placed is None:
        return
    if placed.leader is not None:
        xs, ys = zip(placed.leader, point, strict=True)
        page.line(xs, ys, lw=0.4, color="#555555", zorder=2.5)
    page.text(placed.x, placed.y, name, _SITE_SIZE, ha="center", halo=True, zorder=7)


def sites_to_name(
    drawing: Drawing, window: Window, skip: Window | None
) -> list[tuple[str, str]]:
    """Return the sites with something new, the most telling first.

    New buildings come before upgrades, rare services before common ones.
    """
    area, new = drawing.outcome.area, drawing.placements
    new = new[new["action"].isin(NEW_ACTIONS)]
    counts = new["service"].value_counts()
    ranks: dict[str, tuple[bool, int, str]] = {}
    for site, service, action in zip(
        new["site_id"], new["service"], new["action"], strict=True
    ):
        rank = (action != "build", int(counts[service]), str(site))
        ranks[site] = min(rank, ranks.get(site, rank))
    ids = sorted(ranks, key=ranks.__getitem__)
    points = drawing.ground.sites(ids)
    shown = window.holds(points)
    if skip is not None:
        shown &= ~skip.holds(points)
    held = [site for site, inside in zip(ids, shown, strict=True) if inside]
    names = area.sites.loc[held, "name"].tolist()
    return list(zip(held, plan_names(drawing.outcome, names), strict=True))


def name_zones(drawing: Drawing, sheet: Sheet, already: set[str]) -> None:
    """Write the names of zones that find a place, but those that stand there."""
    points = drawing.ground.zone_points
    inside = sheet.window.holds(points)
    for name, (x, y), held in zip(
        drawing.ground.zones["name"], points, inside, strict=True
    ):
        if not held or name in already:
            continue
        place = sheet.at(float(x), float(y))
        placed = sheet.paper.centre(name, place, _ZONE_SIZE, slide=9.0)
        if placed is not None:
            drawing.page.text(
                placed.x,
                placed.y,
                name,
                _ZONE_SIZE,
                ha="center",
                color="#4f5b66",
                halo=True,
                zorder=6,
            )
