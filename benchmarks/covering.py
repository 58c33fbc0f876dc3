"""Maximal covering on instances made as by Cordeau, Furini and Ljubic.

    python benchmarks/covering.py --out FILE [--largest 1000000] [--seconds 300]

Demand points and sites are spread evenly over a square of 30 by 30, people are whole
numbers from 1 to 100, a site reaches everyone within a radius. Each instance has a
process of its own. ``build_seconds`` is for finding who is within reach, ``seconds``
for that and solving together; kernels are compiled before, as ``warm_up_seconds`` says.

Source: Cordeau, Furini and Ljubic 2019, European Journal of Operational Research 275,
882-896, section 5 (here sites need not cost the same kind of money: p is counted).
"""

from __future__ import annotations

import argparse

import numpy as np
from measuring import Clock, in_own_process, show, tidy, write

from allocator.bounds.covering import solve_covering
from allocator.bounds.reach import reach_within
from allocator.bounds.warming import warm_up

SIDE = 30.0

# Demand points, sites, radius, p.
INSTANCES = [
    (10_000, 100, 5.5, 10),
    (10_000, 100, 6.25, 10),
    (100_000, 100, 5.75, 10),
    (100_000, 500, 2.0, 30),
    (500_000, 100, 6.0, 10),
    (1_000_000, 100, 5.5, 10),
    (1_000_000, 100, 6.25, 10),
    (1_000_000, 1_000, 1.5, 30),
]
WIDTHS = {
    "points": 8,
    "sites": 6,
    "radius": 7,
    "p": 4,
    "groups": 7,
    "people": 11,
    "bound": 11,
    "optimal": 8,
    "nodes": 6,
    "build_seconds": 14,
    "seconds": 9,
    "cpu_seconds": 12,
    "peak_mb": 8,
}


def solve(points: int, sites: int, radius: float, p: int, seconds: float) -> dict:
    """Make an instance and solve it; return its row."""
    random = np.random.default_rng(points + sites)
    place = random.random((sites, 2)) * SIDE
    demand = random.random((points, 2)) * SIDE
    people = random.integers(1, 101, points).astype(np.float64)
    warmed = warm_up()
    clock = Clock()
    reach = reach_within(demand, place, radius)
    built, _ = clock.read()
    found = solve_covering(reach, people, p, sites=sites, seconds=seconds)
    wall, cpu = clock.read()
    return {
        "points": points,
        "sites": sites,
        "radius": radius,
        "p": p,
        "groups": found.groups,
        "people": tidy(found.people),
        "bound": tidy(found.bound),
        "gap_percent": round(100 * (found.bound / found.people - 1), 5),
        "optimal": found.optimal,
        "nodes": found.nodes,
        "build_seconds": built,
        "seconds": wall,
        "cpu_seconds": cpu,
        "warm_up_seconds": round(warmed, 3),
    }


def main() -> None:
    """Solve all, print the table, write the rows."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", required=True)
    parser.add_argument("--largest", type=int, default=1_000_000, metavar="POINTS")
    parser.add_argument("--seconds", type=float, default=300.0)
    options = parser.parse_args()
    show({name: name for name in WIDTHS}, WIDTHS)
    rows = []
    for points, sites, radius, p in INSTANCES:
        if points > options.largest:
            continue
        rows.append(in_own_process(solve, points, sites, radius, p, options.seconds))
        show(rows[-1], WIDTHS)
        write(rows, options.out)


if __name__ == "__main__":
    main()
