"""A task so small that it is solved in a blink: two counties, four zones, six sites."""

from __future__ import annotations

from pathlib import Path

ZONES = """zone_id,name,county_id,kind,population,urban,lon,lat
360901001,东街道,360901,街道,40000,是,115.900,28.700
360901100,北镇,360901,镇,20000,否,115.900,28.800
360902100,南镇,360902,镇,30000,否,116.100,28.500
360902200,西乡,360902,乡,10000,否,116.000,28.500
"""
COUNTIES = """county_id,name,kind
360901,甲区,区
360902,乙县,县
"""
SITES = """site_id,name,lon,lat,status,zone_id,class
A1,北镇中心卫生院,115.900,28.801,existing,360901100,C210
A2,南镇中心卫生院,116.101,28.500,existing,360902100,C210
A3,西乡卫生院,116.001,28.500,existing,360902200,C220
B1,东街道备选一,115.901,28.700,candidate,360901001,B100
B2,东街道备选二,115.910,28.710,candidate,360901001,B100
"""
COSTS = """service,action,capital_wan,yearly_wan
community_health_center,build,2000,300
emergency_station,upgrade,130,60
"""
PACK = """
[pack]
id = "small"
title = "小县办法"

[[service]]
id = "community_health_center"
name = "社区卫生服务中心"
hosts = { class = ["B100"] }
held_by = { class = ["B100"] }
serves = { zone_kind = ["街道"] }

[[service]]
id = "emergency_station"
name = "急救站"
hosts = { class = ["C210"] }

[[rule]]
id = "R1"
clause = "一"
quote = "每个街道设置一所社区卫生服务中心"
kind = "count_in_unit"
service = "community_health_center"
unit = "zone"
scope = { zone_kind = ["街道"] }
lo = 1

[[rule]]
id = "R2"
clause = "二"
quote = "在中心乡镇卫生院设立急救站"
kind = "share_of_class"
service = "emergency_station"
of = { class = ["C210"] }
share = 1.0
due = 2025

[[rule]]
id = "R3"
clause = "三"
quote = "社区卫生服务中心十五分钟可达"
kind = "coverage"
service = "community_health_center"
scope = { zone_kind = ["街道"] }
within_minutes = 15
"""
BRIEF = """
[brief]
name = "小县试算"
[area]
zones = "zones.csv"
counties = "counties.csv"
sites = "sites.csv"
costs = "costs.csv"
crs = "EPSG:4490"
[demand]
source = "zones"
[policy]
packs = ["small.toml"]
[budget]
capital_wan = 5000
"""
FILES = {
    "zones.csv": ZONES,
    "counties.csv": COUNTIES,
    "sites.csv": SITES,
    "costs.csv": COSTS,
    "small.toml": PACK,
    "brief.toml": BRIEF,
}


def write_task(folder: Path, **changes: tuple[str, str]) -> Path:
    """Write the files of the small task and return the brief.

    ``changes`` maps a file's stem to (old text, new text), replaced once; the old text
    must be there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in FILES.items():
        stem = name.partition(".")[0]
        text = content
        if stem in changes:
            old, new = changes[stem]
            assert old in text, f"{old!r} is not in {name}"
            text = text.replace(old, new, 1)
        (folder / name).write_text(text, encoding="utf-8")
    return folder / "brief.toml"
