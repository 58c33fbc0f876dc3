"""A textbook brief both ways: by the integer program, and by the bounds alone.

    python benchmarks/textbook.py --out FILE [--pack p-median] [--points 2000]
        [--sites 2000] [--p 50] [--seconds 300] [--ways alone,program]

``--pack ordinary`` is no textbook problem but p-median with further rules: at most p
sites, from 2 to p / 4 in each of six counties, a budget for about p sites of mean
price, and the cost as a second objective. Its first way leaves out the journeys of no
good plan before the program is built.

Points and sites lie at random on a square of 60 by 60 km, travel is straight; people
are 1 to 400 a point. Each way is one process that reads the brief, solves it and audits
the plan, as ``allocator plan`` does, and writes nothing. ``seconds`` is wall-clock of
all that, ``solve_seconds`` of the search (of building, too, for the program), kernels
compiled before. ``peak_mb`` is that of the process. A way that dies, or takes longer
than four times the limit, has a row that says so.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from measuring import Clock, in_own_process, show, write

from allocator.bounds.warming import warm_up
from allocator.errors import AllocatorError
from allocator.pipeline import make_plan, read_task
from allocator.textbook import journeys

WIDTHS = {
    "pack": 9,
    "points": 7,
    "sites": 6,
    "p": 4,
    "way": 8,
    "status": 9,
    "value": 14,
    "bound": 14,
    "gap_percent": 12,
    "solve_seconds": 14,
    "seconds": 8,
    "cpu_seconds": 12,
    "peak_mb": 8,
}
SIDE_DEGREES = 0.54  # about 60 km
WITHIN_MINUTES = 12
BRIEF = """
[brief]
name = "textbook"
language = "en"
[area]
zones = "zones.csv"
sites = "sites.csv"
costs = "costs.csv"
[demand]
source = "points"
file = "demand.csv"
[travel]
method = "straight_line"
speed_kmh = 40
max_minutes = 240
[policy]
packs = ["{pack}"]
[policy.parameters]
{parameters}
{budget}
[solver]
time_limit_s = {seconds}
"""
ORDINARY = """
[pack]
id = "ordinary"
title = "p-median with further rules"
objective = ["person_minutes", "capital_wan"]
[[service]]
id = "facility"
name = "facility"
serves = {{}}
assign_within = "area"
[[rule]]
id = "most"
quote = "at most"
kind = "count_in_unit"
service = "facility"
hi = {p}
[[rule]]
id = "county"
quote = "in each county"
kind = "count_in_unit"
unit = "county"
service = "facility"
lo = 2
hi = {quarter}
"""
COUNTIES = 6
MEAN_WAN = 100
PARAMETERS = {
    "ordinary": "",
    "p-median": "p = {p}",
    "p-center": "p = {p}",
    "mclp": "p = {p}\nwithin_minutes = {within}",
    "lscp": "within_minutes = {within}",
}


def write_brief(
    folder: Path, pack: str, *, points: int, sites: int, p: int, seconds: float
) -> Path:
    """Write a brief and its tables; return its path."""
    random = np.random.default_rng(1)

    def places(count: int) -> np.ndarray:
        return np.round((115.0, 28.0) + SIDE_DEGREES * random.random((count, 2)), 6)

    demand, people = places(points), random.integers(1, 401, points)

    def zones_of(at: np.ndarray) -> np.ndarray:
        place = np.minimum((at - (115.0, 28.0)) / SIDE_DEGREES * (3, 2), (2.9, 1.9))
        return (place.astype(int) * (1, 3)).sum(axis=1)

    homes = zones_of(demand)
    lines = ["demand_id,zone_id,people,lon,lat"]
    lines += [
        f"d{i:06},3601{homes[i]:02}001,{people[i]},{lon},{lat}"
        for i, (lon, lat) in enumerate(demand)
    ]
    (folder / "demand.csv").write_text("\n".join(lines) + "\n", "utf-8")
    at = places(sites)
    lines = ["site_id,name,lon,lat,status,zone_id"]
    lines += [
        f"s{j:05},site {j},{lon},{lat},candidate,3601{zone:02}001"
        for j, ((lon, lat), zone) in enumerate(zip(at, zones_of(at), strict=True))
    ]
    (folder / "sites.csv").write_text("\n".join(lines) + "\n", "utf-8")
    lines = ["zone_id,name,county_id,kind,population,lon,lat"]
    lines += [
        f"3601{c:02}001,zone {c},3601{c:02},other,{there},115.27,28.27"
        for c in range(COUNTIES)
        for there in [people[homes == c].sum()]
    ]
    (folder / "zones.csv").write_text("\n".join(lines) + "\n", "utf-8")
    prices = random.integers(MEAN_WAN // 2, 2 * MEAN_WAN - MEAN_WAN // 2, sites)
    lines = ["service,action,site_id,capital_wan,yearly_wan"]
    lines += [f"facility,build,s{j:05},{price},0" for j, price in enumerate(prices)]
    (folder / "costs.csv").write_text("\n".join(lines) + "\n", "utf-8")
    (folder / "ordinary.toml").write_text(
        ORDINARY.format(p=p, quarter=max(3, p // 4)), "utf-8"
    )
    parameters = PARAMETERS[pack].format(p=p, within=WITHIN_MINUTES)
    path = folder / "brief.toml"
    text = BRIEF.format(
        pack="ordinary.toml" if pack == "ordinary" else pack,
        parameters=parameters,
        seconds=seconds,
        budget=f"[budget]\ncapital_wan = {p * MEAN_WAN}" if pack == "ordinary" else "",
    )
    path.write_text(text, "utf-8")
    return path


def plan(brief: Path, way: str) -> dict:
    """Read, solve and audit; return the row."""
    warm_up()
    journeys.FEWEST_PAIRS = 0 if way == "alone" else sys.maxsize
    clock = Clock()
    try:
        outcome = make_plan(read_task(brief))
    except AllocatorError as error:
        wall, cpu = clock.read()
        words = error.findings[0].message.en if error.findings else str(error)
        return {"way": way, "status": words, "seconds": wall, "cpu_seconds": cpu}
    wall, cpu = clock.read()
    stage = outcome.certificate["objectives"][0]
    times = outcome.certificate["times"]
    return {
        "way": way,
        "status": outcome.certificate["status"],
        "value": round(stage["value"], 3),
        "bound": round(stage["bound"], 3),
        "gap_percent": round(100 * stage["gap"], 4),
        "solve_seconds": round(times["build"] + times["solve"], 2),
        "seconds": wall,
        "cpu_seconds": cpu,
    }


def in_time(brief: Path, way: str, seconds: float) -> dict:
    """Return the row of a way, run by another interpreter that may die."""
    command = [sys.executable, __file__, "--one", str(brief), "--ways", way]
    command += ["--out", ""]
    try:
        done = subprocess.run(  # noqa: S603 (this file)
            command, capture_output=True, text=True, check=True, timeout=4 * seconds
        )
    except subprocess.TimeoutExpired:
        return {"way": way, "status": "late"}
    except subprocess.CalledProcessError as error:
        return {"way": way, "status": f"died ({error.returncode})"}
    return json.loads(done.stdout.splitlines()[-1])


def main() -> None:
    """Plan both ways, print the table, write the rows."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", required=True)
    parser.add_argument("--pack", choices=sorted(PARAMETERS), default="p-median")
    parser.add_argument("--points", type=int, default=2000)
    parser.add_argument("--sites", type=int, default=2000)
    parser.add_argument("--p", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=300.0)
    parser.add_argument("--ways", default="alone,program", help="with commas between")
    parser.add_argument("--one", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(in_own_process(plan, options.one, options.ways)))
        return
    size = {name: getattr(options, name) for name in ("points", "sites", "p")}
    show({name: name for name in WIDTHS}, WIDTHS)
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        brief = write_brief(Path(folder), options.pack, **size, seconds=options.seconds)
        for way in options.ways.split(","):
            row = in_time(brief, way, options.seconds)
            rows.append({"pack": options.pack, **size, **row})
            show(rows[-1], WIDTHS)
            write(rows, options.out)


if __name__ == "__main__":
    main()
