"""A county of any size, whose plan is found at once: every facility stays."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_PACK = """
[pack]
id = "county"
title = "县办法"

[[service]]
id = "health_center"
name = "卫生院"
hosts = { class = ["C210"] }
held_by = { class = ["C210"] }
serves = { zone_kind = ["乡"] }

[[service]]
id = "emergency_station"
name = "急救站"
hosts = { class = ["C210"] }

[[rule]]
id = "K1"
clause = "一"
quote = "卫生院设立急救站"
kind = "share_of_class"
service = "emergency_station"
of = { class = ["C210"] }
share = 1.0
due = 2025
"""
_BRIEF = """
[brief]
name = "大县试算"
[area]
zones = "zones.csv"
counties = "counties.csv"
sites = "sites.csv"
costs = "costs.csv"
crs = "EPSG:4490"
[demand]
source = "points"
file = "demand.csv"
[travel]
max_minutes = 12
[policy]
packs = ["county.toml"]
[budget]
capital_wan = 100000
"""
_WIDTH = 1.0  # degrees of the square that the county is


def write_county(folder: Path, *, sites: int, cells: int) -> Path:
    """Write the files of a county and return its brief.

    Zones are a lattice of 36 points, facilities and cells lattices of their own.
    """
    folder.mkdir(parents=True)
    zones = ["zone_id,name,county_id,kind,population,urban,lon,lat"]
    zones += [
        f"360901{200 + n},第{n}乡,360901,乡,{cells // 36 * 100},否,{x:.5f},{y:.5f}"
        for n, (x, y) in enumerate(_lattice(36))
    ]
    facilities = ["site_id,name,lon,lat,status,zone_id,class"]
    facilities += [
        f"F{n:03d},第{n:03d}卫生院,{x:.5f},{y:.5f},existing,{_zone(x, y)},C210"
        for n, (x, y) in enumerate(_lattice(sites))
    ]
    demand = ["demand_id,zone_id,people,lon,lat"]
    demand += [
        f"D{n:04d},{_zone(x, y)},100,{x:.5f},{y:.5f}"
        for n, (x, y) in enumerate(_lattice(cells))
    ]
    costs = "service,action,capital_wan,yearly_wan\nemergency_station,upgrade,130,60\n"
    texts = {
        "zones.csv": "\n".join(zones),
        "counties.csv": "county_id,name,kind\n360901,大县,县",
        "sites.csv": "\n".join(facilities),
        "demand.csv": "\n".join(demand),
        "costs.csv": costs,
        "county.toml": _PACK,
        "brief.toml": _BRIEF,
    }
    for name, text in texts.items():
        (folder / name).write_text(f"{text}\n", encoding="utf-8")
    return folder / "brief.toml"


def _lattice(count: int) -> list[tuple[float, float]]:
    side = math.ceil(math.sqrt(count))
    step = _WIDTH / side
    return [
        (115.0 + (n % side + 0.5) * step, 28.0 + (n // side + 0.5) * step)
        for n in range(count)
    ]


def _zone(lon: float, lat: float) -> str:
    column = min(5, int((lon - 115.0) / _WIDTH * 6))
    row = min(5, int((lat - 28.0) / _WIDTH * 6))
    return f"360901{200 + row * 6 + column}"
