"""Seconds and memory of travel along roads, by size.

    python benchmarks/road_travel.py            # the full size
    python benchmarks/road_travel.py 0.1        # a tenth of everything

A made-up country: a crooked grid of two-way streets with main roads, 500,000 edges,
200,000 demand points and 5,000 sites at random, 30 minutes as the cut-off. The area
grows with the size, so that everyone has as many sites in reach at every size, as in
reality. Each size runs in a process of its own, since memory is measured at its peak.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import time

import numpy as np
import pandas as pd
import shapely

from allocator.travel.fastest import fastest_journeys
from allocator.travel.lines import RoadSettings, make_roads
from allocator.travel.network import build_network, snap

EDGES, PEOPLE, SITES = 500_000, 200_000, 5_000
MAX_MINUTES = 30.0
SPACING_DEGREES = 0.01  # about a kilometre
CRS = "EPSG:4548"
KIB_OF_ONE_GIB = 2**20


def roads(side: int, rng: np.random.Generator) -> pd.DataFrame:
    """Return a grid of side x side crossings; every tenth line is a main road."""
    x, y = np.meshgrid(np.arange(side), np.arange(side), indexing="ij")
    xy = np.stack([x, y], axis=-1) + rng.uniform(-0.3, 0.3, (side, side, 2))
    xy = xy * SPACING_DEGREES + [116.0, 24.0]
    lines, classes = [], []
    for first, last, number in (
        (xy[:-1], xy[1:], np.broadcast_to(y[:-1], (side - 1, side))),
        (xy[:, :-1], xy[:, 1:], np.broadcast_to(x[:, :-1], (side, side - 1))),
    ):
        ends = np.stack([first.reshape(-1, 2), last.reshape(-1, 2)], axis=1)
        lines.append(shapely.linestrings(ends))
        classes.append(np.where(number.ravel() % 10 == 0, "国道", "乡道"))
    count = sum(map(len, lines))
    return pd.DataFrame(
        {
            "class": pd.Series(np.concatenate(classes), dtype=object),
            "speed_kmh": np.full(count, np.nan),
            "forward": pd.Series([None] * count, dtype=object),
            "backward": pd.Series([None] * count, dtype=object),
            "roundabout": False,
            "ferry": False,
            "closed": False,
            "duration_minutes": np.full(count, np.nan),
            "geometry": pd.Series(list(np.concatenate(lines)), dtype=object),
        }
    )


def measure(size: float) -> None:
    """Build, snap and travel at one size; print one row."""
    rng = np.random.default_rng(1)
    side = int(np.sqrt(EDGES * size / 2))
    frame = roads(side, rng)
    span = side * SPACING_DEGREES
    places = [
        rng.uniform([116.0, 24.0], [116.0 + span, 24.0 + span], (int(n * size), 2))
        for n in (PEOPLE, SITES)
    ]
    started = time.perf_counter()
    made, _ = make_roads(frame, RoadSettings(), table="", crs=CRS)
    if made is None:
        message = "no roads"
        raise SystemExit(message)
    network = build_network(made, CRS)
    built = time.perf_counter()
    people, sites = (
        snap(network, p[:, 0], p[:, 1], most_m=1000.0, access_kmh=5.0) for p in places
    )
    snapped = time.perf_counter()
    found = fastest_journeys(network, people, sites, max_minutes=MAX_MINUTES)
    done = time.perf_counter()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / KIB_OF_ONE_GIB
    print(
        f"{size:>6.2f} {len(network.start):>9,} {len(places[0]):>9,} "
        f"{len(places[1]):>7,} {len(found.demand):>12,} {built - started:>8.1f} "
        f"{snapped - built:>7.1f} {done - snapped:>9.1f} {done - started:>8.1f} "
        f"{peak:>6.2f}"
    )


def main() -> None:
    """Measure the sizes asked for, or a tenth, a third and the whole."""
    if len(sys.argv) > 2 and sys.argv[1] == "--one":  # noqa: PLR2004
        measure(float(sys.argv[2]))
        return
    print(
        "  size     edges    people   sites        pairs  build s  snap s  "
        "travel s  total s    GiB",
        flush=True,
    )
    for size in sys.argv[1:] or ["0.1", "0.33", "1"]:
        command = [sys.executable, __file__, "--one", size]
        subprocess.run(command, check=True)  # noqa: S603


if __name__ == "__main__":
    main()
