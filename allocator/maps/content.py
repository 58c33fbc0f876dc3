"""What the page of the map shows, as plain data for its script."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pandas as pd
import shapely

from allocator.errors import Text
from allocator.maps.fills import SHARE_COLOURS, share_labels
from allocator.maps.ground import ground
from allocator.maps.groups import borders_of, line_of, site_words, zone_words
from allocator.maps.outlines import bounds, county_units, outlines, place, text
from allocator.maps.style import (
    ACTION_WORDS,
    class_colours,
    class_labels,
    drawn_services,
    placement_counts,
    population_breaks,
    population_class,
    symbols,
)
from allocator.maps.words import heading, standing, subtitle
from allocator.outcome import placements_table
from allocator.tables import FACILITY_CLASSES, LOCATION_BASES

if TYPE_CHECKING:
    from allocator.outcome import Outcome

_MOST_ZONES_NAMED = 6  # zones named for one service of a site

_WORDS = {
    "map": Text("规划布局地图", "Map of the proposed layout"),
    "people": Text("常住人口", "population"),
    "close": Text("关闭", "Close"),
    "year": Text("建设时序", "Year"),
    "capital": Text("投资估算", "Capital"),
    "yearly": Text("年运行费", "Yearly cost"),
    "wan": Text("万元", "× 10,000 yuan"),
    "served": Text("服务人口", "People served"),
    "minutes": Text("平均时间(分钟)", "Mean minutes"),
    "from": Text("主要来自", "Mostly from"),
    "comma": Text("、", ", "),
    "locationBasis": Text("位置依据", "Location basis"),
    "populationBasis": Text("人口依据", "Population basis"),
    "search": Text("查找机构、乡镇(街道)、县区", "Find a facility, a zone or a county"),
    "nothing": Text("没有找到", "Nothing found"),
    "more": Text("还有 # 个, 请输入更多字", "# more: type more"),
    "legend": Text("图例", "Legend"),
    "counts": Text("新增 / 保留 / 撤并", "new / kept / closed"),
    "ramp": Text("乡镇(街道)常住人口 (万人)", "Population of zones (thousands)"),
    "belongs": Text("归属", "Belongs to"),
    "groups": Text("编组界", "Borders of groups"),
    "view": Text("显示", "Show"),
    "planned": Text("规划", "plan"),
    "today": Text("现状", "today"),
    "fill": Text("底图着色", "Zones filled by"),
    "ofPeople": Text("常住人口", "population"),
    "reach": Text("覆盖人口占比", "share of people in reach"),
    "notAddressed": Text("条款不适用", "not addressed"),
    "ground": Text(
        "服务范围与可达范围 (轮廓简化至 # 米)",
        "Catchments and areas within reach (outlines within # m)",
    ),
    "sources": Text(
        "离线文件 · 地图组件 Leaflet (BSD-2)", "Offline file · drawn by Leaflet (BSD-2)"
    ),
}
_STATES = {
    "new": Text("新建或改扩建", "new or upgraded"),
    "keep": Text("保留", "kept"),
    "close": Text("撤并", "closed"),
}
_BASIS_COLUMNS = ("location_basis", "basis")  # the first that a table has is shown
# Words for the bases that the bundled samples carry; others are shown as they are.
_BASES = {
    "census": Text("普查", "census"),
    "reported": Text("公开报道", "reported"),
    "estimated": Text("估算", "estimated"),
    "geonames": Text("GeoNames 地名库", "GeoNames"),
    "wikipedia": Text("维基百科", "Wikipedia"),
    "county_centre": Text("县区中心", "centre of the county"),
    "schematic": Text("示意布点", "schematic"),
    "surveyed": Text("实测", "surveyed"),
    **LOCATION_BASES,
}


def page_data(outcome: Outcome) -> dict[str, object]:
    """Return everything that the page shows: only lists, texts, numbers and nulls."""
    language = outcome.language
    area = outcome.area
    zones = area.zones
    breaks = population_breaks([int(people) for people in zones["population"]])
    words: dict[str, object] = {k: w.say(language) for k, w in _WORDS.items()}
    words["actions"] = {k: w.say(language) for k, w in ACTION_WORDS.items()}
    words["states"] = {k: w.say(language) for k, w in _STATES.items()}
    shapes = outlines(zones, area.counties)
    return {
        "lang": language,
        "title": heading(outcome),
        "subtitle": subtitle(outcome),
        "standing": standing(outcome.map_approval, language),
        "notes": [note.say(language) for note in outcome.area.notes],
        "words": words,
        "bounds": bounds(zones, area.counties, area.sites),
        "colours": class_colours(len(breaks)),
        "labels": class_labels(breaks, in_wan=language == "zh"),
        "services": _services(outcome),
        "reach": _reach(outcome),
        "shares": {"colours": list(SHARE_COLOURS), "labels": share_labels()},
        "rules": _rules(outcome),
        "counties": county_units(zones, area.counties, shapes["counties"]),
        "zones": _zones(outcome, shapes["zones"], breaks),
        "borders": _borders(outcome, shapes),
        "sites": _sites(outcome),
        "ground": ground(outcome),
    }


def _reach(outcome: Outcome) -> list[dict[str, object]]:
    """Return the shares of people in reach by clause: zone by zone, today and then.

    A share is null where the clause addresses nobody in the zone.
    """
    reach = outcome.reach
    if reach is None or reach.empty:
        return []
    names = {s.id: s.name for s in outcome.policy.services.values()}
    quotes = {rule.id: rule.quote for rule in outcome.policy.rules}
    found: list[dict[str, object]] = []
    for rule, rows in reach.groupby("rule_id", sort=False):
        own = rows.set_index("zone_id").reindex(outcome.area.zones.index)
        service = str(rows["service"].iloc[0])
        shares = {
            when: [_rounded(share, 3) for share in (own[when] / own["people"]).tolist()]
            for when in ("today", "plan")
        }
        people = float(rows["people"].sum())
        found.append(
            {
                "name": f"{names.get(service, service)} [{rule}]",
                "quote": quotes.get(str(rule), ""),
                **shares,
                "totals": [
                    _rounded(float(rows[when].sum()) / people, 3)
                    for when in ("today", "plan")
                ],
            }
        )
    return found


def _borders(
    outcome: Outcome, outlines: dict[str, list[Any]]
) -> list[dict[str, object]]:
    """Return the networks that have borders as the zones are drawn, lowest first."""
    drawn = zip(outcome.area.zones.index, outlines["zones"], strict=True)
    found: list[dict[str, object]] = []
    for border in borders_of(outcome, {zone: _shape(rings) for zone, rings in drawn}):
        width, style = line_of(border.tier)
        found.append(
            {
                "name": outcome.policy.networks[border.network].name,
                "width": width,
                "dashed": style == "--",
                "lines": [[place(*point) for point in line] for line in border.lines],
            }
        )
    return found


def _shape(polygons: list[list[list[list[float]]]] | None) -> shapely.Geometry | None:
    """Return an outline as a shape again, its points still latitude and longitude."""
    if polygons is None:
        return None
    parts = [shapely.Polygon(outer, holes) for outer, *holes in polygons]
    return shapely.union_all([shapely.make_valid(part) for part in parts])


def _services(outcome: Outcome) -> list[dict[str, object]]:
    counts, drawn = placement_counts(outcome), drawn_services(outcome)
    return [
        {
            "name": symbol.service.name,
            # Screens count y downwards.
            "outline": " ".join(f"{x:.2f},{-y:.2f}" for x, y in symbol.outline),
            "colour": symbol.colour,
            "drawn": service in drawn,
            "counts": list(counts[service]),
        }
        for service, symbol in symbols(outcome).items()
    ]


def _rules(outcome: Outcome) -> dict[str, dict[str, str]]:
    """Return the clauses that any placement rests on, with their words."""
    used = {rule for rules in outcome.clauses.values() for rule in rules}
    documents = {head.id: head.document or head.title for head in outcome.policy.packs}
    return {
        rule.id: {
            "clause": rule.clause,
            "quote": rule.quote,
            "document": documents.get(rule.pack, rule.pack),
        }
        for rule in outcome.policy.rules
        if rule.id in used
    }


def _zones(
    outcome: Outcome, shapes: list[object], breaks: list[int]
) -> list[dict[str, object]]:
    area = outcome.area
    columns = area.zones.columns
    units: list[dict[str, object]] = []
    groups, chains = _groups(outcome), zone_words(outcome)
    for (zone_id, zone), shape in zip(area.zones.iterrows(), shapes, strict=True):
        unit: dict[str, object] = {
            "name": zone["name"],
            "county": int(area.counties.index.get_loc(zone["county_id"])),
            "kind": "" if zone["kind"] == "other" else text(zone["kind"]),
            "people": int(zone["population"]),
            "level": population_class(zone["population"], breaks),
            "place": place(zone["lat"], zone["lon"]),
            "shape": shape,
        }
        for key, name in (
            ("populationBasis", "population_basis"),
            ("locationBasis", "location_basis"),
        ):
            if name in columns:
                unit[key] = _basis(outcome, zone[name])
        unit["groups"] = groups.get(str(zone_id), [])
        unit["chains"] = chains.get(str(zone_id), [])
        units.append(unit)
    return units


def _groups(outcome: Outcome) -> dict[str, list[list[str]]]:
    """Return, for each zone in a group, (network, lead) in words, lowest tier first."""
    names, tier = outcome.area.sites["name"], outcome.policy.tier
    result: dict[str, list[list[str]]] = {}
    rows = outcome.plan.groups.itertuples(index=False, name=None)
    for network, zone_id, lead in sorted(rows, key=lambda row: (tier(row[0]), row)):
        words = [outcome.policy.networks[network].name, str(names[lead])]
        result.setdefault(zone_id, []).append(words)
    return result


def _basis(outcome: Outcome, value: object) -> str:
    known = _BASES.get(text(value))
    return known.say(outcome.language) if known else text(value)


def _sites(outcome: Outcome) -> list[dict[str, object]]:
    """Return the sites that the plan places anything at, with their services."""
    area = outcome.area
    order = {service: at for at, service in enumerate(symbols(outcome))}
    zones = _zones_served(outcome)
    chains = site_words(outcome)
    units: list[dict[str, object]] = []
    for site_id, rows in placements_table(outcome).groupby("site_id", sort=True):
        site: pd.Series[Any] = area.sites.loc[str(site_id)]  # type: ignore[assignment]
        known = FACILITY_CLASSES.get(text(site["class"]))
        services = [_row(row, order, zones) for _, row in rows.iterrows()]
        services.sort(key=lambda row: row["service"])
        units.append(
            {
                "id": str(site_id),
                "name": site["name"],
                "place": place(site["lat"], site["lon"]),
                "county": rows["county"].iloc[0],
                "zone": rows["zone"].iloc[0],
                "kind": known.say(outcome.language) if known else "",
                "basis": _basis(outcome, _first(site, _BASIS_COLUMNS)),
                "chains": chains.get(str(site_id), []),
                "rows": services,
            }
        )
    return units


def _first(row: pd.Series[Any], names: tuple[str, ...]) -> object:
    return next((row[name] for name in names if name in row.index), "")


def _row(
    row: pd.Series[Any],
    order: dict[str, int],
    zones: dict[tuple[str, str], list[list[int]]],
) -> dict[str, Any]:
    return {
        "service": order[row["service"]],
        "action": row["action"],
        "year": None if pd.isna(row["phase"]) else int(row["phase"]),
        "capital": round(float(row["capital_wan"]), 4),
        "yearly": round(float(row["yearly_wan"]), 4),
        "people": _rounded(row["people_served"], 0),
        "minutes": _rounded(row["minutes_mean"], 1),
        "rules": [rule for rule in row["clauses"].split(";") if rule],
        "zones": zones.get((row["site_id"], row["service"]), []),
    }


def _rounded(value: float, decimals: int) -> float | None:
    return None if math.isnan(value) else round(value, decimals)


def _zones_served(outcome: Outcome) -> dict[tuple[str, str], list[list[int]]]:
    """Return for each site and service the zones that most people come from."""
    area = outcome.area
    rows = outcome.plan.assignments.join(area.demand["zone_id"], on="demand_id")
    keys = ["site_id", "service", "zone_id"]
    sums: pd.DataFrame = rows.groupby(keys)[["people"]].sum().reset_index()
    order = [True, True, False, True]
    sums = sums.sort_values([*keys[:2], "people", "zone_id"], ascending=order)
    sums = sums.groupby(keys[:2]).head(_MOST_ZONES_NAMED)
    positions = area.zones.index.get_indexer(sums["zone_id"])
    served: dict[tuple[str, str], list[list[int]]] = {}
    for site, service, at, people in zip(
        sums["site_id"], sums["service"], positions, sums["people"], strict=True
    ):
        served.setdefault((site, service), []).append([int(at), round(people)])
    return served
