"""服务半径覆盖图: the share of each zone's people in reach, clause by clause."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import shapely
from matplotlib.collections import LineCollection

from allocator.errors import Text
from allocator.maps.canvas import MOST_PANELS, finish_canvas, mark_inset, open_canvas
from allocator.maps.fills import (
    NOBODY_COLOUR,
    NOBODY_HATCH,
    SHARE_COLOURS,
    fill_zones,
    share_colour,
    share_labels,
)
from allocator.maps.frame import METRES_OF_ONE_KM
from allocator.maps.keys import Key, border_keys, draw_keys
from allocator.maps.layers import draw_symbols
from allocator.maps.names import name_counties, name_sites, name_zones
from allocator.maps.style import ACTION_WORDS, NEW_ACTIONS
from allocator.maps.words import series_title
from allocator.policy import Coverage

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from typing import Literal

    import pandas as pd

    from allocator.maps.canvas import Canvas
    from allocator.maps.layers import Drawing, Sheet
    from allocator.outcome import Outcome

    type When = Literal["today", "plan"]

_RADIUS_COLOUR = "#7a3b00"
_MOST_LABELS = 40
_EMERGENCY_WORDS = ("急救", "emergency")


@dataclass(frozen=True)
class _Map:
    """One panel: a clause, or a service without one."""

    service: str
    rule: Coverage | None
    when: When


def covered_rules(outcome: Outcome) -> list[Coverage]:
    """Return the coverage clauses that were measured, at most as many as panels."""
    reach = outcome.reach
    if reach is None or reach.empty:
        return []
    measured = set(reach["rule_id"])
    rules = [
        rule
        for rule in outcome.policy.rules
        if isinstance(rule, Coverage) and rule.id in measured
    ]
    return rules[:MOST_PANELS]


def emergency_services(outcome: Outcome) -> list[str]:
    """Return the services of emergency care that the plan places anywhere."""
    placed = set(outcome.plan.placements["service"])
    return [
        service.id
        for service in outcome.policy.services.values()
        if service.id in placed
        and any(word in f"{service.id} {service.name}" for word in _EMERGENCY_WORDS)
    ]


def draw_reach(outcome: Outcome, path: Path, when: When) -> None:
    """Draw a panel for each coverage clause, today or with the plan."""
    words = {
        "today": Text("服务半径覆盖图(现状)", "people in reach today"),
        "plan": Text("服务半径覆盖图(规划)", "people in reach with the plan"),
    }[when]
    maps = [_Map(rule.service, rule, when) for rule in covered_rules(outcome)]
    _draw(outcome, path, words, maps)


def draw_emergency(outcome: Outcome, path: Path) -> None:
    """Draw the network of emergency care with the plan, on the whole sheet."""
    services = emergency_services(outcome)
    rules = {rule.service: rule for rule in reversed(covered_rules(outcome))}
    first = next((s for s in services if s in rules), services[0])
    words = Text("急救网络布局图", "emergency network")
    _draw(outcome, path, words, [_Map(first, rules.get(first), "plan")])


def _draw(outcome: Outcome, path: Path, words: Text, maps: Sequence[_Map]) -> None:
    # Groups are on a map of their own.
    plain = replace(outcome, plan=replace(outcome.plan, groups=outcome.plan.groups[:0]))
    titles = [_title(outcome, one) for one in maps]
    alone = len(maps) == 1
    line = titles[0] if alone else _under(outcome, maps)
    title = series_title(outcome, words)
    zones = [_addressed(outcome, one) for one in maps]
    canvas = open_canvas(plain, title, line, [""] if alone else titles, zones)
    for one, sheet in zip(maps, canvas.sheets, strict=True):
        _ground(canvas, sheet, one)
    if canvas.inset is not None:
        _ground(canvas, canvas.inset, maps[0])
    mark_inset(canvas)
    if canvas.inset is not None:
        _content(canvas, canvas.inset, maps[0], named=True)
    for one, sheet in zip(maps, canvas.sheets, strict=True):
        _content(canvas, sheet, one, named=alone)
    finish_canvas(canvas)
    draw_keys(
        canvas.drawing.page,
        canvas.room,
        outcome.language,
        _keys(canvas, maps),
        _left_out(outcome, maps),
    )
    canvas.drawing.page.save(path)


def _title(outcome: Outcome, one: _Map) -> str:
    name = outcome.policy.services[one.service].name
    if one.rule is None or outcome.reach is None:
        return name
    own = outcome.reach[outcome.reach["rule_id"] == one.rule.id]
    people, reached = float(own["people"].sum()), float(own[one.when].sum())
    share = f"{reached / people:.1%}" if people else "—"
    limit = limit_words(one.rule)
    return Text(
        f"{name} [{one.rule.id}] {limit.zh}: 覆盖 {share}",
        f"{name} [{one.rule.id}] {limit.en}: {share} in reach",
    ).say(outcome.language)


def limit_words(rule: Coverage) -> Text:
    """Return how far the people of a clause may be from the service."""
    town, country = rule.urban_km or rule.within_km, rule.rural_km or rule.within_km
    zh, en = "公里", "km"
    if rule.measure == "minutes":
        town = rule.urban_minutes or rule.within_minutes
        country = rule.rural_minutes or rule.within_minutes
        zh, en = "分钟", "min"
    if town == country:
        return Text(f"≤ {town:g} {zh}", f"≤ {town:g} {en}")
    return Text(
        f"城镇 ≤ {town:g}、乡村 ≤ {country:g} {zh}",
        f"urban ≤ {town:g}, rural ≤ {country:g} {en}",
    )


def _under(outcome: Outcome, maps: Sequence[_Map]) -> str:
    return Text(
        f"{len(maps)} 条覆盖条款, 按乡镇(街道)内覆盖人口的比例着色",
        f"{len(maps)} coverage clauses; zones filled by the share of people in reach",
    ).say(outcome.language)


def _left_out(outcome: Outcome, maps: Sequence[_Map]) -> str:
    if outcome.reach is None or any(one.rule is None for one in maps):
        return ""
    more = outcome.reach["rule_id"].nunique() - len(maps)
    if len(maps) == 1 or more <= 0:
        return ""
    return Text(
        f"另有 {more} 条覆盖条款未绘, 见报告的覆盖人口表。",
        f"{more} more coverage clauses are in the report's table.",
    ).say(outcome.language)


# --- What lies on a panel -------------------------------------------------------------


def _ground(canvas: Canvas, sheet: Sheet, one: _Map) -> None:
    drawing = canvas.drawing
    shares = _shares(drawing.outcome, one)
    hatched = [bool(np.isnan(share)) for share in shares]
    fill_zones(drawing.ground, sheet, [share_colour(s) for s in shares], hatched)
    _draw_radius(drawing, sheet, one)


def _shares(outcome: Outcome, one: _Map) -> list[float]:
    """Return the share in reach of every zone; NaN where nobody is addressed."""
    zones = outcome.area.zones.index
    if outcome.reach is None or one.rule is None:
        return [float("nan")] * len(zones)
    own = outcome.reach[outcome.reach["rule_id"] == one.rule.id].set_index("zone_id")
    share = (own[one.when] / own["people"]).reindex(zones)
    return [float(value) for value in share]


def _addressed(outcome: Outcome, one: _Map) -> list[str]:
    """Return the zones that a panel is about."""
    if outcome.reach is None or one.rule is None:
        return []
    own = outcome.reach[outcome.reach["rule_id"] == one.rule.id]
    return [str(zone) for zone in own["zone_id"]]


def _holders(outcome: Outcome, one: _Map) -> pd.DataFrame:
    rows = outcome.plan.placements
    rows = rows[rows["service"] == one.service]
    if one.when == "plan":
        return rows[rows["action"] != "close"]
    # Today everything that is held is drawn as it stands.
    held = rows[rows["action"].isin(["keep", "close"])]
    return held.assign(action="keep")


def _draw_radius(drawing: Drawing, sheet: Sheet, one: _Map) -> None:
    """Draw how far a clause in kilometres reaches from its holders."""
    if one.rule is None or one.rule.measure != "km":
        return
    outcome = drawing.outcome
    ids = sorted(set(_holders(outcome, one)["site_id"]))
    if not ids:
        return
    points = drawing.ground.sites(ids)
    for limit in sorted({_limit(one.rule, urban=u) for u in (True, False)}):
        discs = shapely.buffer(
            shapely.points(points), limit * METRES_OF_ONE_KM, quad_segs=24
        )
        together = shapely.union_all(discs)
        lines = [
            shapely.get_coordinates(ring)
            for part in shapely.get_parts(together)
            for ring in shapely.get_parts(shapely.boundary(part))
        ]
        drawn = LineCollection(
            lines, colors=_RADIUS_COLOUR, linewidths=0.8, linestyles="--", zorder=2.5
        )
        sheet.axes.add_collection(drawn, autolim=False)


def _limit(rule: Coverage, *, urban: bool) -> float:
    own = rule.urban_km if urban else rule.rural_km
    limit = rule.within_km if own is None else own
    return float(limit or 0.0)


def _content(canvas: Canvas, sheet: Sheet, one: _Map, *, named: bool) -> None:
    own = replace(canvas.drawing, placements=_holders(canvas.drawing.outcome, one))
    points = draw_symbols(own, sheet)
    skip = canvas.inset_window if sheet is canvas.main else None
    name_counties(own.page, own.ground, sheet, skip, small=not named)
    if named:
        names = name_sites(own, sheet, points, most=_MOST_LABELS, skip=skip)
        if sheet is canvas.inset:
            name_zones(own, sheet, names)


def _keys(canvas: Canvas, maps: Sequence[_Map]) -> list[Key]:
    outcome = canvas.drawing.outcome
    language = outcome.language
    keys = []
    for one in dict.fromkeys(replace(one, rule=None) for one in maps):
        rows = _holders(outcome, one)
        if one.service not in canvas.drawing.symbols:
            continue  # nobody holds it, today or in the plan
        symbol = canvas.drawing.symbols[one.service]
        new = int(rows["action"].isin(NEW_ACTIONS).sum())
        kept = len(rows) - new
        state = ACTION_WORDS["keep"].say(language) if one.when == "plan" else ""
        if one.when == "today":
            state = Text("现有", "today").say(language)
        name = symbol.service.name
        keys.append(Key(f"{name} ({state})", f"{kept:,}", symbol, "keep"))
        if one.when == "plan":
            fresh = Text("新建或改扩建", "new or upgraded").say(language)
            keys.append(Key(f"{name} ({fresh})", f"{new:,}", symbol, "build"))
    if any(one.rule is not None for one in maps):
        keys.append(Key(Text("覆盖人口占比", "share of people in reach").say(language)))
        keys += [
            Key(words, fill=colour)
            for words, colour in zip(share_labels(), SHARE_COLOURS, strict=True)
        ]
    nobody = Text("条款不适用, 或未测算", "not addressed, or not measured")
    keys.append(Key(nobody.say(language), fill=NOBODY_COLOUR, hatch=NOBODY_HATCH))
    if any(one.rule is not None and one.rule.measure == "km" for one in maps):
        radius = Text("服务半径(直线)", "radius of service").say(language)
        keys.append(Key(radius, line=(_RADIUS_COLOUR, 0.8, "--")))
    return [*keys, *border_keys(language)]
