"""How time and memory grow with demand points, sites, services and phases.

    python benchmarks/growth.py --out FILE [--chart FILE.svg] [--axes points sites ...]
        [--most N] [--profile]

Made, with seed 1: a square of 50 by 50 km with a zone for every 10 sites, places for a
facility drawn evenly, demand points around the middles of zones, and as many services
as asked for, each of which reaches, from a site, four of the places and so a demand
point some four sites. A fifth of the places holds every service today; a budget pays
for a third of the rest, and people out of reach come first, then money. One axis
grows at a time, the others stay as in `USUAL`.

Every row is a planner's command in a process of its own, step by step: tables read,
journeys measured, the program built and solved, the plan audited, tables written. A
slope is that of the logarithms of seconds and of size over the last three sizes: 1 is
proportional. What a step takes below 0.05 s is not part of a slope. Solving has no
slope that must hold: it is stopped at ``GAP``, or after ``SECONDS``.

``--profile`` names, for the largest size of every axis, the functions that most of the
time is spent in.
"""

from __future__ import annotations

import argparse
import cProfile
import math
import pstats
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np
import pandas as pd

from allocator import export
from allocator.formulation import build_phases
from allocator.pipeline import read_task
from allocator.pipeline.outcomes import make_outcome, read_found
from allocator.solve import solve
from benchmarks.measuring import Clock, in_own_process, show, write

if TYPE_CHECKING:
    from collections.abc import Iterator

    from matplotlib.axes import Axes

AXES = {
    "points": (100, 1_000, 10_000, 100_000, 1_000_000),
    "sites": (100, 1_000, 10_000, 100_000),
    "services": (1, 3, 10, 30, 100),
    "phases": (1, 2, 4, 8, 16, 32),
}
USUAL = {"points": 1_000, "sites": 100, "services": 1, "phases": 1}
# A thousand demand points would see less than one site each of a hundred thousand.
BESIDE = {"sites": {"points": 10_000}}
STEPS = ("read", "journeys", "build", "solve", "audit", "write")
SIDE_KM, NEAR = 50.0, 4.0
KMH, DETOUR = 40.0, 1.4
GAP, SECONDS = 1e-3, 120.0
LEAST_S, LAST = 0.05, 3  # of a slope: seconds that are counted, and how many sizes
WIDTHS = {"axis": 9, "size": 9, "pairs": 9, "columns": 9}
WIDTHS |= dict.fromkeys(STEPS, 9) | {"status": 9, "peak_mb": 9}

SERVICE = """
[[service]]
id = "s{n}"
name = "service {n}"
[[rule]]
id = "R{n}"
quote = "within reach"
kind = "coverage"
service = "s{n}"
within_minutes = {minutes}
"""
BRIEF = """
[brief]
name = "square"
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
speed_kmh = {kmh}
detour = {detour}
[policy]
packs = ["pack.toml"]
[objective]
order = ["uncovered_people", "capital_wan"]
[solver]
gap = {gap}
time_limit_s = {seconds}
{money}
"""


def make_square(
    folder: Path, *, points: int, sites: int, services: int, phases: int
) -> None:
    """Write the tables and the brief of a square."""
    draw = np.random.default_rng(1)
    zones = max(1, sites // 10)
    middles = draw.uniform(2, SIDE_KM - 2, (zones, 2))
    codes = (f"500001{100 + n // 900:03}{1 + n % 900:03}" for n in range(zones))
    zone_ids = np.array(list(codes))
    home = draw.integers(0, zones, points)
    spots = np.clip(middles[home] + draw.normal(0, 2.0, (points, 2)), 0, SIDE_KM)
    people = np.maximum(1, draw.lognormal(4.0, 1.0, points)).astype(int)
    places = draw.uniform(0, SIDE_KM, (sites, 2))
    nearest = _nearest(middles, places)
    today = np.arange(sites) % 5 == 0
    ids = [f"s{n}" for n in range(1, services + 1)]
    totals = np.bincount(home, weights=people, minlength=zones).astype(int)
    pd.DataFrame(
        {
            "zone_id": zone_ids,
            "name": [f"zone {n}" for n in range(zones)],
            "county_id": "500001",
            "kind": "镇",
            "population": totals,
            **_degrees(middles),
        }
    ).to_csv(folder / "zones.csv", index=False)
    pd.DataFrame({"county_id": ["500001"], "name": ["county"], "kind": ["县"]}).to_csv(
        folder / "counties.csv", index=False
    )
    pd.DataFrame(
        {
            "demand_id": [f"d{n:07}" for n in range(points)],
            "zone_id": zone_ids[home],
            "people": people,
            **_degrees(spots),
        }
    ).to_csv(folder / "points.csv", index=False)
    pd.DataFrame(
        {
            "site_id": [f"p{n:06}" for n in range(sites)],
            "name": [f"place {n}" for n in range(sites)],
            **_degrees(places),
            "status": np.where(today, "existing", "candidate"),
            "zone_id": zone_ids[nearest],
            "services": np.where(today, ";".join(ids), ""),
        }
    ).to_csv(folder / "sites.csv", index=False)
    pd.DataFrame(
        {
            "service": ids,
            "action": "build",
            "capital_wan": 100 + 7 * np.arange(services),
            "yearly_wan": 10,
        }
    ).to_csv(folder / "costs.csv", index=False)
    money = sum(100 + 7 * n for n in range(services)) * int((~today).sum()) / 3
    minutes = round(_reach_km(sites) * DETOUR / KMH * 60, 6)
    pack = '[pack]\nid = "square"\ntitle = "square"\n' + "".join(
        SERVICE.format(n=n, minutes=minutes) for n in range(1, services + 1)
    )
    (folder / "pack.toml").write_text(pack, encoding="utf-8")
    brief = BRIEF.format(
        minutes=minutes,
        kmh=KMH,
        detour=DETOUR,
        gap=GAP,
        seconds=SECONDS,
        money=_budget(money, phases),
    )
    (folder / "brief.toml").write_text(brief, encoding="utf-8")


def _reach_km(sites: int) -> float:
    """Return the radius of a circle that holds `NEAR` of so many sites."""
    return SIDE_KM * math.sqrt(NEAR / (math.pi * sites))


def _nearest(middles: np.ndarray, places: np.ndarray) -> np.ndarray:
    from scipy.spatial import KDTree  # noqa: PLC0415 (only this step needs it)

    found: np.ndarray = KDTree(middles).query(places)[1]
    return found


def _degrees(km: np.ndarray) -> dict[str, np.ndarray]:
    """Return places near the equator of a made country: a degree is 111 km."""
    return {
        "lon": np.round(105 + km[:, 0] / 111.0, 6),
        "lat": np.round(0.5 + km[:, 1] / 111.0, 6),
    }


def _budget(money: float, phases: int) -> str:
    """Return the whole budget, in as many equal parts as there are phases."""
    if phases == 1:
        return f"[budget]\ncapital_wan = {round(money)}\n"
    years = (
        f"[[phase]]\nyear = {2026 + n}\ncapital_wan = {round(money / phases)}\n"
        for n in range(phases)
    )
    return "".join(years)


def planned(folder: str) -> dict:
    """Take a square through every step; return what each took, seconds."""
    clock = Clock()
    task = read_task(Path(folder) / "brief.toml")
    taken = {"read": clock.read()[0] - task.seconds["travel"]}
    taken["journeys"] = task.seconds["travel"]
    clock = Clock()
    formulation = build_phases(task.phases, task.travel)
    taken["build"] = clock.read()[0]
    clock = Clock()
    solution = solve(formulation, time_limit_s=SECONDS, gap=GAP)
    taken["solve"] = clock.read()[0]
    clock = Clock()
    outcome = make_outcome(task, read_found(formulation), solution)
    taken["audit"] = clock.read()[0]
    clock = Clock()
    with export.finish_run(Path(folder) / "run", force=False) as run:
        export.write_run(outcome, run)
    taken["write"] = clock.read()[0]
    return {
        "pairs": len(task.travel.pairs),
        "columns": formulation.size["columns"],
        "rows": formulation.size["rows"],
        **{step: round(seconds, 3) for step, seconds in taken.items()},
        "status": solution.status,
        "gap": max(stage.gap or 0.0 for stage in solution.stages),
    }


def profiled(folder: str) -> dict:
    """Return the functions of allocator in which most time is spent, each with it."""
    profile = cProfile.Profile()
    profile.runcall(planned, folder)
    root = str(Path(export.__file__).parent)
    spent = [
        (row[3], f"{Path(place[0]).relative_to(root)}:{place[2]}")
        for place, row in pstats.Stats(profile).stats.items()  # type: ignore[attr-defined]
        if place[0].startswith(root)
    ]
    return {"most": [[name, round(s, 2)] for s, name in sorted(spent)[::-1][:25]]}


def measured(axis: str, size: int, *, profile: bool) -> dict:
    """Return the row of one size of one axis."""
    sizes = USUAL | BESIDE.get(axis, {}) | {axis: size}
    with tempfile.TemporaryDirectory() as folder:
        make_square(Path(folder), **sizes)
        row = in_own_process(profiled if profile else planned, folder)
    return {"axis": axis, "size": size, **sizes, **row}


def slopes(rows: list[dict], axis: str) -> dict[str, float | None]:
    """Return the slope of every step, and of memory, on one axis."""
    mine = [row for row in rows if row["axis"] == axis]
    found = {}
    for name in (*STEPS, "peak_mb"):
        least = LEAST_S if name in STEPS else 0.0
        of = [(row["size"], row[name]) for row in mine if row[name] >= least][-LAST:]
        found[name] = _slope(of) if len(of) > 1 else None
    return found


def _slope(of: list[tuple[float, float]]) -> float:
    sizes, values = np.log(np.array(of, dtype=float)).T
    return round(float(np.polyfit(sizes, values, 1)[0]), 2)


def draw(rows: list[dict], path: str) -> None:
    """Draw seconds and memory against every axis, with slopes in the legends."""
    import matplotlib as mpl  # noqa: PLC0415 (only the chart needs it)

    mpl.use("svg")
    mpl.rcParams["svg.hashsalt"] = "growth"
    from matplotlib.figure import Figure  # noqa: PLC0415

    axes = [axis for axis in AXES if any(row["axis"] == axis for row in rows)]
    figure = Figure(figsize=(4.2 * len(axes), 6.4), layout="constrained")
    grid = figure.subplots(
        2, len(axes), squeeze=False, height_ratios=[2, 1], sharex="col"
    )
    for place, axis in enumerate(axes):
        mine = [row for row in rows if row["axis"] == axis]
        steep = slopes(rows, axis)
        _lines(grid[0][place], mine, STEPS, steep)
        _lines(grid[1][place], mine, ("peak_mb",), steep)
        grid[1][place].set_xlabel(axis)
    grid[0][0].set_ylabel("seconds")
    grid[1][0].set_ylabel("MB, the largest")
    figure.savefig(path, format="svg", metadata={"Date": None})


def _lines(
    ax: Axes, rows: list[dict], names: tuple[str, ...], steep: dict[str, float | None]
) -> None:
    sizes = [row["size"] for row in rows]
    for name in names:
        slope = steep[name]
        word = "memory" if name == "peak_mb" else name
        label = word if slope is None else f"{word} ({slope:g})"
        style = "--" if name == "solve" else "-"
        ax.plot(
            sizes, [row[name] for row in rows], style, marker="o", ms=3, label=label
        )
    ax.set_xscale("log")
    ax.set_yscale("log")
    ax.grid(visible=True, alpha=0.3)
    ax.legend(fontsize=8)


def sizes_of(axis: str, most: float) -> Iterator[int]:
    """Yield the sizes of an axis up to the most asked for."""
    yield from (size for size in AXES[axis] if size <= most)


def main() -> None:
    """Measure the axes asked for, a line for each size."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--out", required=True)
    parser.add_argument("--chart")
    parser.add_argument("--axes", nargs="*", choices=AXES, default=list(AXES))
    parser.add_argument("--most", type=float, default=math.inf)
    parser.add_argument("--profile", action="store_true")
    asked = parser.parse_args()
    rows: list[dict] = []
    show({name: name for name in WIDTHS}, WIDTHS)
    for axis in asked.axes:
        for size in sizes_of(axis, asked.most):
            rows.append(measured(axis, size, profile=False))
            show(rows[-1], WIDTHS)
            write(rows, asked.out)
        print(f"slopes of {axis}: {slopes(rows, axis)}", flush=True)
        if asked.profile:
            most = max(sizes_of(axis, asked.most))
            for name, seconds in measured(axis, most, profile=True)["most"]:
                print(f"  {seconds:9.2f} s  {name}", flush=True)
    if asked.chart:
        draw(rows, asked.chart)


if __name__ == "__main__":
    main()
