"""分期实施图: what is new in each phase, a panel a year."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from allocator.errors import Text
from allocator.maps.canvas import MOST_PANELS, finish_canvas, open_canvas
from allocator.maps.figure_present import population_keys
from allocator.maps.keys import Key, border_keys, draw_keys
from allocator.maps.layers import draw_ground, draw_symbols
from allocator.maps.names import name_counties, name_sites
from allocator.maps.style import ACTION_WORDS, NEW_ACTIONS
from allocator.maps.words import series_title

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from allocator.outcome import Outcome

_MOST_LABELS = 20


def phase_years(outcome: Outcome) -> list[int]:
    """Return the years in which anything changes."""
    rows = outcome.plan.placements
    years = rows.loc[rows["action"] != "keep", "phase"].dropna()
    return sorted({int(year) for year in years})


def draw_phases(outcome: Outcome, path: Path) -> None:
    """Draw a panel a year: new filled, what stood before hollow.

    With more years than panels the last panel holds the rest.
    """
    years = phase_years(outcome)
    parts = [[year] for year in years[: MOST_PANELS - 1]]
    parts += [years[MOST_PANELS - 1 :]] if years[MOST_PANELS - 1 :] else []
    plain = replace(outcome, plan=replace(outcome.plan, groups=outcome.plan.groups[:0]))
    titles = [_title(outcome, part) for part in parts]
    title = series_title(outcome, Text("分期实施图", "phases"))
    line = Text(
        "当期新增为实心, 此前已有为空心, 撤并为打叉",
        "new in the year: filled; there before: hollow; closed: crossed out",
    ).say(outcome.language)
    canvas = open_canvas(plain, title, line, titles)
    for part, sheet in zip(parts, canvas.sheets, strict=True):
        draw_ground(canvas.drawing, sheet)
        own = replace(
            canvas.drawing, placements=_as_of(canvas.drawing.placements, part)
        )
        points = draw_symbols(own, sheet)
        name_counties(own.page, own.ground, sheet, None, small=True)
        name_sites(own, sheet, points, most=_MOST_LABELS, skip=None)
    finish_canvas(canvas)
    drawing = canvas.drawing
    changed = drawing.placements[drawing.placements["action"].isin(NEW_ACTIONS)]
    counts = changed["service"].value_counts()
    keys = [
        Key(symbol.service.name, f"{int(counts.get(service, 0)):,}", symbol)
        for service, symbol in drawing.symbols.items()
        if service in drawing.drawn
    ]
    hidden = len(drawing.symbols) - len(keys)
    note = Text(
        f"另有 {hidden} 项服务数量多, 未在图上标出。", f"{hidden} services not drawn."
    )
    draw_keys(
        drawing.page,
        canvas.room,
        outcome.language,
        [*keys, *population_keys(canvas), *border_keys(outcome.language)],
        note.say(outcome.language) if hidden else "",
    )
    drawing.page.save(path)


def _title(outcome: Outcome, years: list[int]) -> str:
    plan = outcome.plan
    rows = plan.placements[plan.placements["phase"].isin(years)]
    new = int(rows["action"].isin(NEW_ACTIONS).sum())
    closed = int((rows["action"] == "close").sum())
    bought = plan.allocations[plan.allocations["phase"].isin(years)]["capital_wan"]
    cost = float(rows["capital_wan"].sum() + bought.sum())
    span = f"{years[0]}" if len(years) == 1 else f"{years[0]}–{years[-1]}"
    given_up = ACTION_WORDS["close"]
    zh = f"{span} 年: 新增 {new} 项, 投资 {cost:,.0f} 万元"
    en = f"{span}: {new} new, capital {cost:,.0f} × 10,000 yuan"
    if closed:
        zh, en = f"{zh}, {given_up.zh} {closed} 项", f"{en}, {closed} closed"
    return Text(zh, en).say(outcome.language)


def _as_of(placements: pd.DataFrame, years: list[int]) -> pd.DataFrame:
    """Return the placements as they stand in a phase, its own changes marked."""
    year = placements["phase"].astype(float)
    action = placements["action"]
    changed = action != "keep"
    later = changed & (year > years[-1]) & action.isin(NEW_ACTIONS)
    gone = (action == "close") & (year < years[0])
    shown = placements[~later & ~gone].copy()
    year, action = shown["phase"].astype(float), shown["action"]
    before = action.isin(NEW_ACTIONS) & (year < years[0])
    still = (action == "close") & (year > years[-1])
    shown["action"] = action.mask(before | still, "keep")
    return shown
