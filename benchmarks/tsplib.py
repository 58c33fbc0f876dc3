"""p-median on the places of a TSPLIB file, each p in a process of its own.

    python benchmarks/tsplib.py FILE.tsp --p 10,100,500 --out FILE [--seconds 60]

Every place is a demand point and a site; distances are Euclidean and rounded **down**,
as those of the literature on p-median are (TSPLIB itself rounds to the nearest). No
table of all distances is kept: rows are computed when they are asked for.
``build_seconds`` is for reading, ``seconds`` for all; kernels are compiled before, as
``warm_up_seconds`` says. ``peak_mb`` is that of the process.

Instances: Reinelt 1991, TSPLIB, ORSA Journal on Computing 3, 376-384; as p-median:
Garcia, Labbe and Marin 2011, INFORMS Journal on Computing 23, 546-556.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from measuring import Clock, in_own_process, proved, show, write

from allocator.bounds.median import Table, solve_median
from allocator.bounds.warming import warm_up

WIDTHS = {
    "instance": 10,
    "points": 7,
    "p": 5,
    "objective": 11,
    "bound": 11,
    "gap_percent": 12,
    "optimal": 8,
    "nodes": 6,
    "seconds": 9,
    "cpu_seconds": 12,
    "peak_mb": 8,
}


def read(path: Path) -> np.ndarray:
    """Return the coordinates of a file of type EUC_2D.

    Raises
    ------
    ValueError
        When it is of another type, or lines are missing.
    """
    head, found, body = path.read_text().partition("NODE_COORD_SECTION")
    fields = dict(
        (part.strip() for part in line.split(":", 1))
        for line in head.splitlines()
        if ":" in line
    )
    if not found or fields.get("EDGE_WEIGHT_TYPE") != "EUC_2D":
        message = f"{path.name} is not of type EUC_2D with coordinates"
        raise ValueError(message)
    lines = [line.split() for line in body.partition("EOF")[0].splitlines()]
    places = np.array([line[1:3] for line in lines if line], dtype=np.float64)
    if len(places) != int(fields["DIMENSION"]):
        message = f"{path.name}: {len(places)} places, {fields['DIMENSION']} announced"
        raise ValueError(message)
    return places


def table_of(places: np.ndarray) -> Table:
    """Return distances between all places, rounded down, computed when asked for."""
    x, y = np.ascontiguousarray(places.T)

    def rows(low: int, high: int) -> np.ndarray:
        across, up = x[low:high, None] - x, y[low:high, None] - y
        across *= across
        up *= up
        across += up
        return np.floor(np.sqrt(across, out=across), out=across)

    return Table(len(places), len(places), rows)


def solve(path: Path, p: int, seconds: float) -> dict:
    """Solve an instance for one p; return its row."""
    warmed = warm_up()
    clock = Clock()
    table = table_of(read(path))
    built, _ = clock.read()
    found = solve_median(table, p, seconds=seconds)
    wall, cpu = clock.read()
    return {
        "instance": path.stem,
        "points": table.points,
        "p": p,
        **proved(found),
        "build_seconds": built,
        "seconds": wall,
        "cpu_seconds": cpu,
        "warm_up_seconds": round(warmed, 3),
    }


def main() -> None:
    """Solve for every p, print the table, write the rows."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", type=Path, nargs="+")
    parser.add_argument("--p", default="10,50,100,500", help="with commas between")
    parser.add_argument("--out", required=True)
    parser.add_argument("--seconds", type=float, default=60.0)
    options = parser.parse_args()
    show({name: name for name in WIDTHS}, WIDTHS)
    rows = []
    for path in options.files:
        for p in (int(part) for part in options.p.split(",")):
            rows.append(in_own_process(solve, path, p, options.seconds))
            show(rows[-1], WIDTHS)
            write(rows, options.out)


if __name__ == "__main__":
    main()
