"""p-median on OR-Library's instances, each in a process of its own.

    python benchmarks/orlib.py DIR --out FILE [--seconds 300] [--peers PYTHON]

Every ``pmed*.txt`` of DIR is solved: first line nodes, edges, p; then an edge a line
(two nodes, cost), a later one for the same pair in place of the earlier; distances are
shortest paths. FILE gets a list of rows with ``instance objective bound optimal seconds
peak_mb`` and more. ``seconds`` is wall-clock of shortest paths and solving together;
kernels are compiled (or read from numba's cache) before, which ``warm_up_seconds``
says, and ``cpu_seconds`` is what a busy machine does not change.

With ``--peers`` each instance is solved by three others as well, with the same limit:
see ``benchmarks/peers.py``.

Instances: Beasley 1990, OR-Library, Journal of the Operational Research Society 41,
1069-1072.
"""

from __future__ import annotations

import argparse
import re
import statistics
from pathlib import Path

import numpy as np
from measuring import Clock, in_own_process, proved, show, write
from peers import NAMES, by_peer
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import shortest_path

from allocator.bounds.median import solve_median
from allocator.bounds.warming import warm_up

WIDTHS = {
    "instance": 10,
    "solver": 10,
    "points": 7,
    "p": 5,
    "objective": 10,
    "bound": 10,
    "optimal": 8,
    "nodes": 6,
    "build_seconds": 14,
    "seconds": 9,
    "cpu_seconds": 12,
    "peak_mb": 8,
}


def read(path: Path) -> tuple[np.ndarray, int]:
    """Return distances between all nodes of an instance, and p.

    Raises
    ------
    ValueError
        When numbers are missing, or a node cannot be reached.
    """
    numbers = np.array(path.read_text().split(), dtype=np.float64)
    nodes, edges, p = (int(number) for number in numbers[:3])
    if len(numbers) < 3 + 3 * edges:
        message = f"{path.name}: {edges} edges were announced, fewer are there"
        raise ValueError(message)
    rows = numbers[3 : 3 + 3 * edges].reshape(edges, 3)
    one, other = np.sort(rows[:, :2].astype(np.int64) - 1, axis=1).T
    # The last line of a pair counts: the first of the reversed list.
    _, kept = np.unique((one * nodes + other)[::-1], return_index=True)
    kept = edges - 1 - kept
    graph = csr_matrix((rows[kept, 2], (one[kept], other[kept])), (nodes, nodes))
    distances = shortest_path(graph, directed=False)
    if not np.isfinite(distances).all():
        message = f"{path.name}: not every node can be reached"
        raise ValueError(message)
    return distances, p


def solve(path: Path, seconds: float) -> dict:
    """Solve an instance; return its row."""
    warmed = warm_up()
    clock = Clock()
    distances, p = read(path)
    built, _ = clock.read()
    found = solve_median(distances, p, seconds=seconds)
    wall, cpu = clock.read()
    return {
        "instance": path.stem,
        "solver": "allocator",
        "points": len(distances),
        "p": p,
        **proved(found),
        "seconds": wall,
        "build_seconds": built,
        "cpu_seconds": cpu,
        "warm_up_seconds": round(warmed, 3),
    }


def by_number(path: Path) -> tuple[int, str]:
    """Return what instances are sorted by."""
    digits = re.sub(r"\D", "", path.stem)
    return int(digits or 0), path.stem


def instances(folder: Path) -> list[Path]:
    """Return the instances of a folder; the list of optima is none."""
    return sorted(
        (p for p in folder.glob("pmed*.txt") if re.search(r"\d", p.stem)), key=by_number
    )


def main() -> None:
    """Solve all, print the table, write the rows."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--out", required=True)
    parser.add_argument("--seconds", type=float, default=300.0)
    parser.add_argument("--peers", metavar="PYTHON")
    options = parser.parse_args()
    files = instances(options.folder)
    if not files:
        parser.error(f"{options.folder} holds no pmed<number>.txt")
    show({name: name for name in WIDTHS}, WIDTHS)
    rows = []
    for path in files:
        rows.append(in_own_process(solve, path, options.seconds))
        show(rows[-1], WIDTHS)
        for name in NAMES if options.peers else ():
            distances, p = read(path)
            row = by_peer(options.peers, name, distances, p, options.seconds)
            rows.append(
                {"instance": path.stem, "points": len(distances), "p": p, **row}
            )
            show(rows[-1], WIDTHS)
        write(rows, options.out)
    summary(rows)


def summary(rows: list[dict]) -> None:
    """Print how many were proven, and how others compare."""
    own = {row["instance"]: row for row in rows if row["solver"] == "allocator"}
    wall = [row["seconds"] for row in own.values()]
    cpu = [row["cpu_seconds"] for row in own.values()]
    print(
        f"{sum(row['optimal'] for row in own.values())} of {len(own)} proven; mean "
        f"{statistics.mean(wall):.2f} s ({statistics.mean(cpu):.2f} s of CPU), longest "
        f"{max(wall):.2f} s"
    )
    for name in NAMES:
        ratios = [
            row["cpu_seconds"] / max(own[row["instance"]]["cpu_seconds"], 1e-3)
            for row in rows
            if row["solver"] == name and row["optimal"]
        ]
        if ratios:
            print(
                f"{name}: {len(ratios)} proven, in the median "
                f"{statistics.median(ratios):.0f} times the CPU seconds"
            )


if __name__ == "__main__":
    main()
