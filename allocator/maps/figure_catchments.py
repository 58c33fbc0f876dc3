"""服务范围图 and 医联体网格图: zones filled by whom they go to, or belong to."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.collections import LineCollection

from allocator.errors import Text
from allocator.maps.canvas import MOST_PANELS, finish_canvas, mark_inset, open_canvas
from allocator.maps.fills import (
    NOBODY_COLOUR,
    NOBODY_HATCH,
    colours_of_groups,
    fill_zones,
)
from allocator.maps.frame import projected
from allocator.maps.groups import border_lines
from allocator.maps.keys import Key, border_keys, draw_keys
from allocator.maps.labels import around
from allocator.maps.layers import draw_symbols
from allocator.maps.names import name_counties, name_point, name_zones
from allocator.maps.style import symbols_of
from allocator.maps.words import plan_names, series_title
from allocator.policy import Service

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import pandas as pd
    import shapely
    from numpy.typing import NDArray

    from allocator.errors import Language
    from allocator.maps.canvas import Canvas
    from allocator.maps.layers import Sheet
    from allocator.maps.style import Symbol
    from allocator.outcome import Outcome

_LINE_COLOUR = "#333333"
_LEAST_WIDTH, _MOST_WIDTH = 0.25, 1.2
_BORDER_COLOUR, _BORDER_WIDTH = "#1a1a1a", 0.8
_MOST_LABELS = 40
_LEAD_SIZE = 8.0


@dataclass(frozen=True)
class _Flows:
    """Who goes where for one service, zone by zone.

    Parameters
    ----------
    service
        The service.
    rows
        ``zone_id``, ``site_id``, ``people``, ``lon``, ``lat`` (the middle of these
        people); most people first within a zone.
    """

    service: str
    rows: pd.DataFrame

    @property
    def main(self) -> dict[str, str]:
        """The site that most people of each zone go to."""
        first = self.rows.drop_duplicates("zone_id")
        zones, sites = first["zone_id"], first["site_id"]
        return {str(z): str(s) for z, s in zip(zones, sites, strict=True)}


def served_services(outcome: Outcome) -> list[str]:
    """Return the services that people are assigned to, at most as many as panels."""
    assigned = set(outcome.plan.assignments["service"])
    found = [s for s in outcome.policy.services if s in assigned]
    return found[:MOST_PANELS]


def grouped_networks(outcome: Outcome) -> list[str]:
    """Return the networks that have groups, the lowest tier first."""
    held = set(outcome.plan.groups["network"])
    networks = [n for n in outcome.policy.networks if n in held]
    networks.sort(key=outcome.policy.tier)
    return networks[:MOST_PANELS]


def draw_catchments(outcome: Outcome, path: Path) -> None:
    """Draw who goes where, a panel for each service that people are assigned to."""
    flows = [_flows(outcome, service) for service in served_services(outcome)]
    titles = [_title(outcome, flow) for flow in flows]
    alone = len(flows) == 1
    line = titles[0] if alone else _under(outcome)
    plain = replace(outcome, plan=replace(outcome.plan, groups=outcome.plan.groups[:0]))
    title = series_title(outcome, Text("服务范围图", "catchments"))
    zones = [list(flow.main) for flow in flows]
    canvas = open_canvas(plain, title, line, [""] if alone else titles, zones)
    shown = list(zip(canvas.sheets, flows, strict=True))
    if canvas.inset is not None:
        shown.append((canvas.inset, flows[0]))
    for sheet, flow in shown:
        _fill(canvas, sheet, flow.main)
        _draw_lines(canvas, sheet, flow)
    mark_inset(canvas)
    for sheet, flow in reversed(shown):
        _draw_sites(canvas, sheet, flow)
    finish_canvas(canvas)
    draw_keys(canvas.drawing.page, canvas.room, outcome.language, _keys(canvas, flows))
    canvas.drawing.page.save(path)


def _title(outcome: Outcome, flow: _Flows) -> str:
    name = outcome.policy.services[flow.service].name
    sites, people = flow.rows["site_id"].nunique(), flow.rows["people"].sum()
    return Text(
        f"{name}: {sites:,} 所, 服务 {people:,.0f} 人",
        f"{name}: {sites:,} sites serve {people:,.0f} people",
    ).say(outcome.language)


def _under(outcome: Outcome) -> str:
    return Text(
        "同色为同一机构的服务范围, 相邻范围颜色不同; 连线为居民去向",
        "one colour is one catchment, neighbours differ; lines show who goes where",
    ).say(outcome.language)


def _flows(outcome: Outcome, service: str) -> _Flows:
    rows = outcome.plan.assignments
    rows = rows[rows["service"] == service]
    at = outcome.area.demand.loc[rows["demand_id"], ["zone_id", "lon", "lat"]]
    people = rows["people"].to_numpy()
    table = at.assign(
        site_id=rows["site_id"].to_numpy(),
        people=people,
        lon=at["lon"].to_numpy() * people,
        lat=at["lat"].to_numpy() * people,
    )
    sums = table.groupby(["zone_id", "site_id"])[["people", "lon", "lat"]].sum()
    sums[["lon", "lat"]] = sums[["lon", "lat"]].div(sums["people"], axis=0)
    flat = sums.reset_index()
    order = [True, False, True]
    return _Flows(
        service,
        flat.sort_values(["zone_id", "people", "site_id"], ascending=order),
    )


def _fill(canvas: Canvas, sheet: Sheet, group_of: dict[str, str]) -> None:
    ground = canvas.drawing.ground
    colours = colours_of_groups(ground.zones, group_of)
    groups = [group_of.get(str(zone)) for zone in ground.zones.index]
    fills = [NOBODY_COLOUR if g is None else colours[g] for g in groups]
    fill_zones(ground, sheet, fills, [group is None for group in groups])
    parts: dict[str, list[shapely.Geometry]] = {}
    for group, shape in zip(groups, ground.zones.geometry, strict=True):
        if group is not None and shape is not None:
            parts.setdefault(group, []).append(shape)
    # In grey two fills may look alike: the border says where one ends.
    borders = LineCollection(
        list(border_lines(parts.values())),
        colors=_BORDER_COLOUR,
        linewidths=_BORDER_WIDTH,
        zorder=1.9,
    )
    sheet.axes.add_collection(borders, autolim=False)


def _border_key(words: Text, language: Language) -> Key:
    return Key(words.say(language), line=(_BORDER_COLOUR, _BORDER_WIDTH, "-"))


def _draw_lines(canvas: Canvas, sheet: Sheet, flow: _Flows) -> None:
    ground, rows = canvas.drawing.ground, flow.rows
    start = projected(rows, ground.crs)
    end = ground.sites(rows["site_id"])
    people = rows["people"].to_numpy(dtype=float)
    share = np.sqrt(people / max(float(people.max()), 1.0)) if len(people) else people
    widths = _LEAST_WIDTH + (_MOST_WIDTH - _LEAST_WIDTH) * share
    lines: NDArray[np.float64] = np.stack([start, end], axis=1)
    drawn = LineCollection(
        list(lines), colors=_LINE_COLOUR, linewidths=widths.tolist(), zorder=2.5
    )
    sheet.axes.add_collection(drawn, autolim=False)


def _draw_sites(canvas: Canvas, sheet: Sheet, flow: _Flows) -> None:
    rows = canvas.drawing.outcome.plan.placements
    rows = rows[(rows["service"] == flow.service) & (rows["action"] != "close")]
    own = replace(canvas.drawing, placements=rows)
    draw_symbols(own, sheet)
    skip = canvas.inset_window if sheet is canvas.main else None
    small = len(canvas.sheets) > 1
    name_counties(own.page, own.ground, sheet, skip, small=small)
    if sheet is canvas.inset:
        name_zones(own, sheet, set())


def _keys(canvas: Canvas, flows: Sequence[_Flows]) -> list[Key]:
    language = canvas.drawing.outcome.language
    keys = []
    for flow in flows:
        symbol = canvas.drawing.symbols[flow.service]
        name = symbol.service.name
        kept = Text("保留", "kept").say(language)
        new = Text("新建或改扩建", "new or upgraded").say(language)
        keys += [
            Key(f"{name} ({kept})", "", symbol, "keep"),
            Key(f"{name} ({new})", "", symbol, "build"),
        ]
    going = Text("居民去向(线宽为人数)", "where people go; wider: more")
    nobody = Text("没有分配", "nobody is assigned")
    return [
        *keys,
        Key(going.say(language), line=(_LINE_COLOUR, 1.0, "-")),
        Key(nobody.say(language), fill=NOBODY_COLOUR, hatch=NOBODY_HATCH),
        _border_key(Text("服务范围界", "border of a catchment"), language),
        *border_keys(language),
    ]


# --- Networks -------------------------------------------------------------------------


def draw_networks(outcome: Outcome, path: Path) -> None:
    """Draw the groups of each network, with their leads."""
    networks = grouped_networks(outcome)
    titles = [_network_title(outcome, network) for network in networks]
    alone = len(networks) == 1
    line = titles[0] if alone else _network_line(outcome)
    title = series_title(outcome, Text("医联体网格图", "networks"))
    zones = [list(_groups(outcome, network)) for network in networks]
    canvas = open_canvas(outcome, title, line, [""] if alone else titles, zones)
    shown = list(zip(canvas.sheets, networks, strict=True))
    if canvas.inset is not None:
        shown.append((canvas.inset, networks[0]))
    for sheet, network in shown:
        _fill(canvas, sheet, _groups(outcome, network))
    mark_inset(canvas)
    for sheet, network in reversed(shown):
        _draw_leads(canvas, sheet, network)
    finish_canvas(canvas)
    language = outcome.language
    lead = Text("牵头机构", "lead").say(language)
    nobody = Text("不在编组范围", "in no group").say(language)
    draw_keys(
        canvas.drawing.page,
        canvas.room,
        language,
        [
            Key(lead, symbol=_lead_symbol(), action="build"),
            Key(nobody, fill=NOBODY_COLOUR, hatch=NOBODY_HATCH),
            _border_key(Text("组界", "border of a group"), language),
            *border_keys(language),
        ],
        _network_line(outcome),
    )
    canvas.drawing.page.save(path)


def _network_title(outcome: Outcome, network: str) -> str:
    rows = outcome.plan.groups
    groups = rows.loc[rows["network"] == network, "lead_id"].nunique()
    name = outcome.policy.networks[network].name
    return Text(f"{name}: {groups} 组", f"{name}: {groups} groups").say(
        outcome.language
    )


def _network_line(outcome: Outcome) -> str:
    return Text(
        "同色为同一组, 相邻组颜色不同; 星号为牵头机构",
        "one colour is one group, neighbours differ; stars are the leads",
    ).say(outcome.language)


def _groups(outcome: Outcome, network: str) -> dict[str, str]:
    rows = outcome.plan.groups
    rows = rows[rows["network"] == network]
    return {
        str(zone): str(lead)
        for zone, lead in zip(rows["zone_id"], rows["lead_id"], strict=True)
    }


_STAR = 3  # which of the symbols marks a lead


def _lead_symbol() -> Symbol:
    services = [Service(id=f"s{at}", name=f"s{at}") for at in range(_STAR + 1)]
    return symbols_of(services)[f"s{_STAR}"]


def _draw_leads(canvas: Canvas, sheet: Sheet, network: str) -> None:
    drawing = canvas.drawing
    outcome = drawing.outcome
    leads = sorted(set(_groups(outcome, network).values()))
    points = drawing.ground.sites(leads)
    skip = canvas.inset_window if sheet is canvas.main else None
    inside = sheet.window.holds(points)
    at = {
        lead: sheet.at(float(x), float(y))
        for lead, (x, y), held in zip(leads, points, inside, strict=True)
        if held
    }
    size = _LEAD_SIZE * sheet.enlarged
    drawing.page.symbols(_lead_symbol(), list(at.values()), size, "build")
    sheet.paper.take([around(x, y, size, size) for x, y in at.values()])
    small = len(canvas.sheets) > 1
    name_counties(drawing.page, drawing.ground, sheet, skip, small=small)
    shown = [lead for lead in at if skip is None or not _holds(canvas, lead)]
    shown = shown[:_MOST_LABELS]
    found = outcome.area.sites.loc[shown, "name"].tolist()
    names = plan_names(outcome, found)
    for lead, name in zip(shown, names, strict=True):
        name_point(drawing.page, sheet, name, at[lead])
    if sheet is canvas.inset:
        name_zones(drawing, sheet, set(names))


def _holds(canvas: Canvas, site: str) -> bool:
    window = canvas.inset_window
    return window is not None and bool(
        window.holds(canvas.drawing.ground.sites([site]))[0]
    )
