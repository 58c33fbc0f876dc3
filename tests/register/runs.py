"""A run folder so small that every change that it makes is seen at a glance."""

from __future__ import annotations

import json
from pathlib import Path

from allocator.cli.main import run as command

PLACEMENTS = """site_id,name,county,zone,service,action,phase,lon,lat,\
capital_wan,yearly_wan,people_served,minutes_mean,clauses,decision,count
A1,北镇中心卫生院,甲区,北镇,emergency_station,upgrade,2025,115.9,28.801,130,60,,,R2,,1
A2,南镇中心卫生院,乙县,南镇,tcm_pavilion,keep,2025,116.101,28.5,0,0,,,,,1
A3,西乡卫生院,乙县,西乡,old_post,close,2025,116.001,28.5,5,0,,,R9,,1
B1,东街道备选一,甲区,东街道,community_health_center,build,2026,115.901,28.7,2000,300,\
40000,0.21,R1;R3,,1
"""
SITES = """site_id,status,class,zone_id,county_id
A1,existing,C210,360901100,360901
A2,existing,C210,360902100,360902
A3,existing,C220,360902200,360902
B1,candidate,B100,360901001,360901
"""
ALLOCATIONS = """site_id,resource,amount,capital_wan,yearly_wan,phase
A1,beds,20,100,5,2025
A1,ambulances,2,60,10,2025
"""
DECISIONS = """site_id,service,phase,verdict,reviewer,reason,date,lon,lat,name
A1,emergency_station,2025,accept,张三,,2026-03-01,,,
A2,tcm_pavilion,2025,accept,张三,,2026-03-01,,,
A3,old_post,2025,accept,李四,,2026-03-02,,,
B1,community_health_center,2026,lock,李四,,2026-03-02,,,
"""
SERVICES = {
    "emergency_station": "急救站",
    "tcm_pavilion": "中医阁",
    "old_post": "旧站",
    "community_health_center": "社区卫生服务中心",
}


def write_run(
    folder: Path,
    *,
    placements: str = PLACEMENTS,
    decisions: str = DECISIONS,
    allocations: str = ALLOCATIONS,
    sites: str | None = SITES,
    **certificate: object,
) -> Path:
    """Write what ``allocator apply`` reads of a run folder, and return the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    content = {"name": "小县试算", "services": SERVICES, "crs": "", **certificate}
    (folder / "run.json").write_text(json.dumps(content), encoding="utf-8")
    tables = {
        "placements": placements,
        "decisions": decisions,
        "allocations": allocations,
        "sites": sites,
    }
    for name, text in tables.items():
        if text is not None:
            (folder / f"{name}.csv").write_text(text, encoding="utf-8-sig")
    return folder


def apply(run: Path, register: Path, target: Path, *options: str) -> int:
    """Run the command; return its exit code."""
    return command(
        ["apply", str(run), "--register", str(register), "-o", str(target), *options]
    )
