"""A province of many counties that share a budget: in parts, and as one.

    python benchmarks/province.py --out FILE [--counties 100] [--workers 1,2]
        [--points 1500] [--gap 1e-3] [--whole 1800] [--journeys] [--again]

Made, with seed 1: counties of 40 by 40 km side by side in a square, 15 zones and 1,500
demand points (``--points``) each (a place drawn for every zone, demand points around
it, people by a lognormal), two emergency stations of today and 18 places for more. A
station reaches everyone within 15 minutes (40 km/h, detour 1.4). The budget is 30 % of
what all places cost; people out of reach come first, then money. ``--journeys`` assigns
everyone to a station too and weighs their journeys second.

A row for each number of workers, every county planned anew, in a process of its own:
wall seconds of the sharing out, CPU seconds of the counties, the gap of the first
objective. ``--again`` plans once more after one county has changed. ``--whole`` solves
the one program of all counties for so many seconds.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
from measuring import Clock, show, write

from allocator.pipeline import Labour, make_plan, plan_in_parts, read_task

SIDE_KM = 40.0
DEGREES_OF_KM = 1 / 111.0
ZONES, PLACES, STATIONS = 15, 18, 2
BUDGET_SHARE = 0.3

PACK = """
[pack]
id = "province"
title = "province"
[[service]]
id = "station"
name = "station"
{serves}
[[rule]]
id = "P1"
quote = "within a quarter of an hour"
kind = "coverage"
service = "station"
within_minutes = 15
"""
BRIEF = """
[brief]
name = "province"
[area]
zones = "zones.csv"
counties = "counties.csv"
sites = "sites.csv"
costs = "costs.csv"
crs = "EPSG:4490"
[demand]
source = "points"
file = "points.csv"
[travel]
max_minutes = {minutes}
[policy]
packs = ["pack.toml"]
[budget]
capital_wan = {budget}
[objective]
order = {order}
[solver]
gap = {gap}
time_limit_s = {seconds}
{split}
"""
SPLIT = '[split]\nby = "county"\nborders = "closed"\n'
WIDTHS = {
    "what": 8,
    "workers": 8,
    "value": 14,
    "bound": 16,
    "gap_percent": 12,
    "seconds": 9,
    "cpu_seconds": 12,
    "solved": 7,
    "rounds": 7,
    "peak_mb": 9,
}


def make_province(folder: Path, counties: int, points: int, *, journeys: bool) -> float:
    """Write the tables of a province; return its budget, 万元."""
    random = np.random.default_rng(1)
    across = int(np.ceil(np.sqrt(counties)))
    tables: dict[str, list[tuple]] = {name: [] for name in _COLUMNS}
    for number in range(counties):
        west, south = (SIDE_KM * v for v in (number % across, number // across))
        county = f"{500001 + number}"
        tables["counties"].append((county, f"county {number}", "县"))
        centres = random.uniform(3, SIDE_KM - 3, (ZONES, 2))
        zone_ids = [f"{county}{100 + n:03}" for n in range(ZONES)]
        home = random.integers(0, ZONES, points)
        spots = centres[home] + random.normal(0, 3.0, (points, 2))
        spots = np.clip(spots, 0.1, SIDE_KM - 0.1)
        people = np.maximum(1, random.lognormal(5.0, 1.0, points)).astype(int)
        for n, (zone, (x, y)) in enumerate(zip(zone_ids, centres, strict=True)):
            total = int(people[home == n].sum())
            place = _degrees(west + x, south + y)
            tables["zones"].append((zone, f"zone {zone}", county, "镇", total, *place))
        for n, (x, y) in enumerate(spots):
            place = _degrees(west + x, south + y)
            zone = zone_ids[home[n]]
            tables["points"].append((f"{county}d{n:04}", zone, people[n], *place))
        _add_sites(tables, random, zone_ids, centres, (west, south))
    for name, rows in tables.items():
        frame = pd.DataFrame(rows, columns=_COLUMNS[name])
        frame.to_csv(folder / f"{name}.csv", index=False)
    serves = "serves = {}" if journeys else ""
    (folder / "pack.toml").write_text(PACK.format(serves=serves), "utf-8")
    costs = pd.DataFrame(tables["costs"], columns=_COLUMNS["costs"])
    return round(BUDGET_SHARE * float(costs["capital_wan"].sum()))


_COLUMNS = {
    "counties": ["county_id", "name", "kind"],
    "zones": ["zone_id", "name", "county_id", "kind", "population", "lon", "lat"],
    "points": ["demand_id", "zone_id", "people", "lon", "lat"],
    "sites": ["site_id", "name", "lon", "lat", "status", "zone_id", "services"],
    "costs": ["service", "action", "capital_wan", "yearly_wan", "site_id"],
}


def _add_sites(
    tables: dict[str, list[tuple]],
    random: np.random.Generator,
    zones: list[str],
    centres: np.ndarray,
    corner: tuple[float, float],
) -> None:
    for n in range(STATIONS + PLACES):
        at = int(random.integers(0, ZONES))
        x, y = np.clip(centres[at] + random.normal(0, 2.0, 2), 0.1, SIDE_KM - 0.1)
        site = f"{zones[0][:6]}s{n:02}"
        place = _degrees(corner[0] + x, corner[1] + y)
        today = n < STATIONS
        status, held = ("existing", "station") if today else ("candidate", "")
        tables["sites"].append((site, site, *place, status, zones[at], held))
        if not today:
            price = int(random.integers(60, 240))
            tables["costs"].append(("station", "build", price, price // 8, site))


def _degrees(x_km: float, y_km: float) -> tuple[float, float]:
    """Return a place near the equator of the made country, where a degree is 111 km."""
    return round(105 + x_km * DEGREES_OF_KM, 6), round(0.5 + y_km * DEGREES_OF_KM, 6)


def write_brief(folder: Path, budget: float, *, gap: float, seconds: float) -> None:
    """Write the brief in parts, and the one of the whole."""
    journeys = "serves" in (folder / "pack.toml").read_text("utf-8")
    second = ', "person_minutes"' if journeys else ""
    for name, split in (("brief", SPLIT), ("whole", "")):
        text = BRIEF.format(
            minutes=30 if journeys else 20,
            budget=budget,
            order=f'["uncovered_people"{second}, "capital_wan"]',
            gap=gap,
            seconds=seconds,
            split=split,
        )
        (folder / f"{name}.toml").write_text(text, "utf-8")


def plan_parts(folder: Path, workers: int, *, cached: bool) -> dict:
    """Plan in parts; return the row."""
    clock = Clock()
    task = read_task(folder / "brief.toml")
    read, _ = clock.read()
    outcome = plan_in_parts(task, Labour(workers, cached=cached))
    found = outcome.certificate
    first, times = found["objectives"][0], found["times"]
    return {
        "what": "parts",
        "workers": workers,
        "method": found["split"]["method"],
        "value": round(first["value"]),
        "bound": round(first["bound"], 1),
        "gap_percent": round(100 * first["gap"], 4),
        "objectives": found["objectives"],
        "seconds": times["solve"],
        "read_seconds": read,
        "audit_seconds": times["audit"],
        "cut_seconds": times["build"],
        "cpu_seconds": times["parts_cpu_seconds"],
        "parent_cpu_seconds": clock.read()[1],
        "solved": times["parts_solved"],
        "rounds": times["rounds"],
        "spent": found["totals"]["capital_wan"],
    }


def plan_whole(folder: Path) -> dict:
    """Plan as one program, borders closed in the same way; return the row."""
    task = read_task(folder / "brief.toml")
    outcome = make_plan(task)
    found = outcome.certificate
    first = found["objectives"][0]
    return {
        "what": "whole",
        "value": round(first["value"]),
        "bound": round(first["bound"], 1),
        "gap_percent": round(100 * first["gap"], 4),
        "objectives": found["objectives"],
        "seconds": found["times"]["solve"],
        "build_seconds": found["times"]["build"],
        "columns": found["model"]["columns"],
        "spent": found["totals"]["capital_wan"],
    }


def change_one(folder: Path) -> None:
    """Add a person to the first demand point."""
    points = pd.read_csv(folder / "points.csv")
    points.loc[0, "people"] += 1
    points.to_csv(folder / "points.csv", index=False)


def in_program(folder: Path, *what: object) -> dict:
    """Return the row of a program of its own: one that may have workers."""
    command = [sys.executable, __file__, "--row", str(folder), *map(str, what)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603
    return json.loads(done.stdout.splitlines()[-1])


def one_row(folder: str, what: str, workers: str = "1", cache: str = "anew") -> None:
    """Print one row as JSON, with the peak memory of this program without workers."""
    if what == "parts":
        row = plan_parts(Path(folder), int(workers), cached=cache == "kept")
    else:
        row = plan_whole(Path(folder))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps({**row, "peak_mb": round(peak / 2**10, 1)}))


def main() -> None:
    """Make the province, plan it, and write the rows."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", required=True)
    parser.add_argument("--counties", type=int, default=100)
    parser.add_argument("--points", type=int, default=1500)
    parser.add_argument("--workers", default="1,2")
    parser.add_argument("--gap", type=float, default=1e-3)
    parser.add_argument("--whole", type=float, default=0.0)
    parser.add_argument("--journeys", action="store_true")
    parser.add_argument("--again", action="store_true")
    options = parser.parse_args()
    rows: list[dict] = []

    def keep(*what: object) -> None:
        row = in_program(folder, *what)
        row["load"] = [round(load, 2) for load in os.getloadavg()]
        size = {"counties": options.counties, "points": options.points}
        rows.append({**size, "journeys": options.journeys, **row})
        show(row, WIDTHS)
        write(rows, options.out)

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ["ALLOCATOR_CACHE"] = str(folder / "cache")
        budget = make_province(
            folder, options.counties, options.points, journeys=options.journeys
        )
        write_brief(folder, budget, gap=options.gap, seconds=options.whole or 300)
        print(" ".join(f"{n:>{w}}" for n, w in WIDTHS.items()))
        for workers in map(int, options.workers.split(",")):
            keep("parts", workers, "anew")
        if options.again:
            keep("parts", 2, "kept")
            change_one(folder)
            keep("parts", 2, "kept")
        if options.whole:
            keep("whole")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--row"]:
        one_row(*sys.argv[2:])
    else:
        main()
