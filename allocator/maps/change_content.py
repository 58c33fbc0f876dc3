"""What the page of a comparison shows, as plain data for its script."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pandas as pd

from allocator.compare import (
    CHANGE_WORDS,
    SAME_MINUTES,
    VERDICT_CHANGE_WORDS,
    plan_standing,
    service_name,
    verdict_words,
)
from allocator.errors import Text
from allocator.maps.change_style import (
    ACTION_OF,
    CHANGE_COLOURS,
    HATCH_COLOUR,
    NO_COLOUR,
    change_breaks,
    change_class,
    change_heading,
    change_subtitle,
    change_symbols,
    class_words,
    drawn_changes,
    served_words,
    zone_changes,
)
from allocator.maps.outlines import bounds, county_units, outlines, place
from allocator.maps.style import ACTION_WORDS
from allocator.maps.words import standing

if TYPE_CHECKING:
    from allocator.compare import Comparison
    from allocator.errors import Language

_WORDS = {
    "map": Text("方案比较地图", "Map of what differs"),
    "close": Text("关闭", "Close"),
    "choose": Text("看哪项服务的时间变化", "Minutes of which service"),
    "figures": Text("总量对比", "Totals"),
    "figure": Text("指标", "Figure"),
    "difference": Text("差值", "Difference"),
    "legend": Text("图例", "Legend"),
    "ramp": Text(
        "乡镇(街道)平均单程分钟: 变近 ← → 变远(斜线)",
        "Mean one-way minutes: nearer ← → farther (hatched)",
    ),
    "blank": Text("无人可比", "nobody to compare"),
    "changes": Text("设置变化", "What changed"),
    "none": Text("没有变化", "Nothing changed"),
    "zones": Text("乡镇(街道)得失", "Zones that gain and lose"),
    "losers": Text("变远最多", "Lose most"),
    "gainers": Text("变近最多", "Gain most"),
    "verdicts": Text("条款判定变化", "Clauses judged differently"),
    "all": Text("全部显示 (#)", "Show all (#)"),
    "compared": Text("两案均服务", "served in both"),
    "mean": Text("平均分钟", "mean minutes"),
    "gain": Text("变近", "nearer"),
    "lose": Text("变远", "farther"),
    "largest": Text("最多变远(分钟)", "largest loss, minutes"),
    "newly": Text("新获得服务", "newly served"),
    "left": Text("不再获得服务", "no longer served"),
    "people": Text("人", "people"),
    "minutes": Text("分钟", "min"),
    "km": Text("千米", "km"),
    "to": Text("移至", "moved to"),
    "sources": Text(
        "离线文件 · 地图组件 Leaflet (BSD-2)", "Offline file · drawn by Leaflet (BSD-2)"
    ),
}
_READING = Text(
    "变近、变远只比较两个方案都服务的人, 按所分配机构的单程时间, 不超过 {} 分钟"
    "视为不变; 全部服务一栏各服务人次相加。移位: 同县区同一服务在一处取消、"
    "{} 千米以内另一处新增。",
    "Nearer and farther compare only people whom both plans serve, by one-way minutes "
    "to the site they are assigned to; up to {} minutes counts as unchanged; under all "
    "services trips add up. Moved: dropped at one site and opened at another of the "
    "same county within {} km.",
)


def comparison_data(comparison: Comparison) -> dict[str, object]:
    """Return everything that the page shows: only lists, texts, numbers and nulls."""
    area = comparison.place
    language = area.language
    shapes = outlines(area.zones, area.counties)
    words: dict[str, object] = {k: w.say(language) for k, w in _WORDS.items()}
    words["kinds"] = {k: w.say(language) for k, w in CHANGE_WORDS.items()}
    words["newlySign"], words["leftSign"] = served_words(language)
    services = list(comparison.services.index)
    reading = _READING.say(language)
    reading = reading.replace("{}", f"{SAME_MINUTES:g}", 1)
    sites = pd.concat([s.sites for s in (comparison.before, comparison.after)])
    return {
        "lang": language,
        "title": change_heading(comparison),
        "subtitle": change_subtitle(comparison),
        "standing": standing(area.map_approval, language),
        "notes": [
            reading.replace("{}", f"{comparison.move_km:g}", 1),
            *_standing_of_proof(comparison),
            *(note.say(language) for note in area.notes),
        ],
        "words": words,
        "labels": [comparison.before.label, comparison.after.label],
        "bounds": bounds(area.zones, area.counties, sites.dropna(subset=["lon"])),
        "colours": list(CHANGE_COLOURS),
        "blank": NO_COLOUR,
        "hatch": HATCH_COLOUR,
        "figures": [
            [f.heading.say(language), f.before, f.after, f.difference]
            for f in comparison.figures
        ],
        "counties": county_units(area.zones, area.counties, shapes["counties"]),
        "zones": _zones(comparison, shapes["zones"]),
        "services": [_service(comparison, service) for service in services],
        "symbols": _symbols(comparison),
        "changes": _changes(comparison, language),
        "verdicts": _verdicts(comparison, language),
    }


def _standing_of_proof(comparison: Comparison) -> list[str]:
    """Return how good each plan is proven to be."""
    language = comparison.place.language
    return [
        f"{side.label}: {words.say(language)}"
        for side in (comparison.before, comparison.after)
        for words in plan_standing(side)
    ]


def _zones(comparison: Comparison, shapes: list[object]) -> list[dict[str, object]]:
    area = comparison.place
    at = {county: number for number, county in enumerate(area.counties.index)}
    return [
        {
            "name": name,
            "county": at.get(county),
            "place": place(lat, lon),
            "shape": shape,
        }
        for name, county, lat, lon, shape in zip(
            area.zones["name"],
            area.zones["county_id"],
            area.zones["lat"],
            area.zones["lon"],
            shapes,
            strict=True,
        )
    ]


def _service(comparison: Comparison, service: str) -> dict[str, object]:
    """Return one service's changes: of the whole area, and of each zone by position."""
    area = comparison.place
    zones = zone_changes(comparison, service)
    breaks = change_breaks(zones["minutes_change"].tolist())
    rows = [
        None if pd.isna(row["rank"]) else _measures(row)
        for row in zones.to_dict("records")
    ]
    levels = [change_class(float(c), breaks) for c in zones["minutes_change"]]
    ranked = [
        (rank, at) for at, rank in enumerate(zones["rank"]) if not math.isnan(rank)
    ]
    return {
        "name": service_name(service, dict(area.services), area.language),
        "labels": class_words(breaks),
        "levels": levels,
        "zones": rows,
        "order": [at for _, at in sorted(ranked)],
        "whole": _measures(comparison.services.loc[service].to_dict()),
    }


def _measures(row: dict[Any, Any]) -> list[float | None]:
    """Return the measures in the order in which the script reads them."""
    names = (
        ("people_compared", 0),
        ("minutes_before", 2),
        ("minutes_after", 2),
        ("minutes_change", 2),
        ("people_gain", 0),
        ("people_lose", 0),
        ("largest_loss", 1),
        ("newly_served", 0),
        ("no_longer_served", 0),
        ("person_minutes", 0),
    )
    return [_rounded(float(row[name]), decimals) for name, decimals in names]


def _rounded(value: float, decimals: int) -> float | None:
    return None if math.isnan(value) else round(value, decimals)


def _symbols(comparison: Comparison) -> dict[str, dict[str, object]]:
    drawn = drawn_changes(comparison)
    return {
        service: {
            "name": symbol.service.name,
            # Screens count y downwards.
            "outline": " ".join(f"{x:.2f},{-y:.2f}" for x, y in symbol.outline),
            "colour": symbol.colour,
            "drawn": service in drawn,
        }
        for service, symbol in change_symbols(comparison).items()
    }


def _changes(comparison: Comparison, language: Language) -> list[dict[str, object]]:
    names = dict(comparison.place.services)
    units: list[dict[str, object]] = []
    for row in comparison.changes.to_dict("records"):
        moved = row["change"] == "moved"
        here, there = _point(row["lat"], row["lon"]), None
        if moved:
            there = _point(row["to_lat"], row["to_lon"])
        units.append(
            {
                "kind": row["change"],
                "service": row["service"],
                "name": names.get(row["service"], row["service"]),
                "action": ACTION_OF.get(row["change"]),
                "site": row["name"],
                "county": row["county"],
                "to": row["to_name"],
                "km": _rounded(float(row["km"]), 1),
                "place": here,
                "toPlace": there,
                "was": _state(row, "before", language),
                "is": _state(row, "after", language),
            }
        )
    return units


def _point(lat: float, lon: float) -> list[float] | None:
    return None if math.isnan(lat) or math.isnan(lon) else place(lat, lon)


def _state(row: dict[Any, Any], when: str, language: Language) -> str:
    """Return what a plan does there in a few words; a dash for nothing."""
    action, phase, count = (row[f"{n}_{when}"] for n in ("action", "phase", "count"))
    words = ACTION_WORDS.get(action)
    parts = [words.say(language)] if words else []
    if phase:
        parts.append(str(phase))
    if count > 1 or (row["change"] == "amount" and count):
        parts.append(f"× {count:g}")
    return " ".join(parts) or "—"


def _verdicts(comparison: Comparison, language: Language) -> list[dict[str, object]]:
    return [
        {
            "kind": VERDICT_CHANGE_WORDS[row["change"]].say(language),
            "rule": row["rule_id"],
            "clause": row["clause"],
            "quote": row["quote"],
            "unit": row["unit"],
            "verdicts": [
                verdict_words(row[f"verdict_{when}"], language)
                for when in ("before", "after")
            ],
            "found": [row["found_before"], row["found_after"]],
        }
        for row in comparison.verdicts.to_dict("records")
    ]
