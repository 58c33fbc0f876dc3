"""现状图: today's facilities by class."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from allocator.errors import Text
from allocator.maps.canvas import finish_canvas, mark_inset, open_canvas
from allocator.maps.keys import Key, border_keys, draw_keys
from allocator.maps.labels import around
from allocator.maps.layers import SERVING_SIZE, draw_ground
from allocator.maps.names import name_counties, name_point, name_zones
from allocator.maps.style import (
    MOST_OWN_POINTS,
    class_colours,
    class_labels,
    symbols_of,
)
from allocator.maps.words import plan_names, series_title
from allocator.plan import GROUP_COLUMNS, empty_frame
from allocator.policy import Service
from allocator.tables import FACILITY_CLASSES

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from allocator.maps.canvas import Canvas
    from allocator.maps.layers import Sheet
    from allocator.maps.style import Symbol
    from allocator.outcome import Outcome

_MOST_LABELS = 40
_SMALL = 3.2  # symbols of a class with very many facilities, points
_UNKNOWN = Text("类别未注明", "class not stated")
_HOSPITALS = "A"  # their names are written first (WS 218-2002)


def draw_present(outcome: Outcome, path: Path) -> None:
    """Draw today's facilities, a symbol for every class."""
    language = outcome.language
    sites = outcome.area.sites
    there = sites[sites["status"] == "existing"]
    beds = float(there["beds"].sum()) if "beds" in there else 0.0
    line = Text(
        f"现有机构 {len(there):,} 所" + (f" · 床位 {beds:,.0f} 张" if beds else ""),
        f"{len(there):,} facilities" + (f" · {beds:,.0f} beds" if beds else ""),
    ).say(language)
    title = series_title(outcome, Text("现状图", "facilities today"))
    # Groups belong to the plan; today's map does not show them.
    bare = replace(outcome.plan, groups=empty_frame(GROUP_COLUMNS))
    canvas = open_canvas(replace(outcome, plan=bare), title, line)
    symbols = _symbols(outcome, there)
    for sheet in canvas.all_sheets:
        draw_ground(canvas.drawing, sheet)
    mark_inset(canvas)
    for sheet in reversed(canvas.all_sheets):
        _draw(canvas, sheet, there, symbols)
    finish_canvas(canvas)
    keys = [
        Key(symbol.service.name, f"{int((there['class'] == code).sum()):,}", symbol)
        for code, symbol in symbols.items()
    ]
    draw_keys(
        canvas.drawing.page,
        canvas.room,
        language,
        [*keys, *population_keys(canvas), *border_keys(language)],
    )
    canvas.drawing.page.save(path)


def population_keys(canvas: Canvas) -> list[Key]:
    """Return the classes of population as lines of a legend."""
    language, breaks = canvas.drawing.outcome.language, canvas.drawing.breaks
    zh = language == "zh"
    title = "乡镇(街道)常住人口 (万人)" if zh else "Population of zones (thousands)"
    labels = class_labels(breaks, in_wan=zh)
    colours = class_colours(len(breaks))
    return [
        Key(title),
        *(Key(w, fill=c) for w, c in zip(labels, colours, strict=True)),
    ]


def _symbols(outcome: Outcome, there: pd.DataFrame) -> dict[str, Symbol]:
    """Return a symbol for each class, in the order of the standard, unknown last."""
    codes = sorted(set(there["class"]), key=lambda code: (not code, code))
    services = []
    for code in codes:
        known = FACILITY_CLASSES.get(code)
        words = known if known is not None else Text(code, code) if code else _UNKNOWN
        services.append(Service(id=code or "-", name=words.say(outcome.language)))
    return dict(zip(codes, symbols_of(services).values(), strict=True))


def _draw(
    canvas: Canvas, sheet: Sheet, there: pd.DataFrame, symbols: dict[str, Symbol]
) -> None:
    drawing = canvas.drawing
    skip = canvas.inset_window if sheet is canvas.main else None
    ground = drawing.ground.sites(there.index)
    inside = sheet.window.holds(ground)
    at = {
        str(site): sheet.at(float(x), float(y))
        for site, (x, y), held in zip(there.index, ground, inside, strict=True)
        if held
    }
    for code, symbol in symbols.items():
        own = there.index[there["class"] == code]
        points = [at[str(site)] for site in own if str(site) in at]
        if not points:
            continue
        size = (SERVING_SIZE if len(own) <= MOST_OWN_POINTS else _SMALL) * (
            sheet.enlarged
        )
        drawing.page.symbols(symbol, points, size, "build")
        sheet.paper.take([around(x, y, size + 1, size + 1) for x, y in points])
    name_counties(drawing.page, drawing.ground, sheet, skip)
    named = _name(canvas, sheet, there, at)
    if sheet is canvas.inset:
        name_zones(drawing, sheet, named)


def _name(
    canvas: Canvas,
    sheet: Sheet,
    there: pd.DataFrame,
    at: dict[str, tuple[float, float]],
) -> set[str]:
    """Write names, of hospitals first and those with most beds among them."""
    drawing, window = canvas.drawing, canvas.inset_window
    held = there.loc[sorted(at)]
    if window is not None and sheet is canvas.main:
        held = held[~window.holds(drawing.ground.sites(held.index))]
    beds = held["beds"].fillna(0.0) if "beds" in held else 0.0
    order = held.assign(
        other=~held["class"].str.startswith(_HOSPITALS), few=-beds, id=held.index
    ).sort_values(["other", "few", "id"])
    order = order.head(_MOST_LABELS)
    names = plan_names(drawing.outcome, order["name"].tolist())
    for site, name in zip(order.index, names, strict=True):
        name_point(drawing.page, sheet, name, at[str(site)])
    return set(names)
