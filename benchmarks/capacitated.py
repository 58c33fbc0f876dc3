"""Capacitated p-median on public instances, and bands on a county made by a seed.

    python benchmarks/capacitated.py DIR [DIR ...] --out FILE [--seconds 60] [--peer]

Each ``pmedcap*.txt`` (OR-Library: number and best known; n, p, capacity; then i, x, y,
demand; distances rounded down) and each ``*.dat`` (Lorena and Senne: n, p; then x, y,
capacity, demand; distances as they are) of the folders is solved, points whole, in a
process of its own. ``--county`` adds a county: 300 demand points, 900,000 people, 20
sites, each open one serving 30,000 to 100,000; points split and whole; sites counted
(12) or at a price.

FILE gets a list of rows ``instance solver objective bound gap optimal seconds peak_mb``
and more; ``gap`` is a share of the objective. ``seconds`` is wall-clock of reading and
solving; kernels are compiled (or read from numba's cache) before. ``cpu_seconds`` is
what a busy machine does not change, ``load`` how busy it was at the end of the row.

With ``--peer`` HiGHS solves the plain model of each as well, with the same limit.

Instances: Osman and Christofides 1994, International Transactions in Operational
Research 1, 317-336 (OR-Library); Lorena and Senne 2004, Computers and Operations
Research 31, 863-876.
"""

from __future__ import annotations

import argparse
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from compact import by_highs
from measuring import Clock, in_own_process, show, tidy, write

from allocator.bounds.band import solve_band
from allocator.bounds.warming import warm_up

if TYPE_CHECKING:
    from collections.abc import Callable

WIDTHS = {
    "instance": 18,
    "solver": 10,
    "points": 7,
    "p": 5,
    "known": 9,
    "objective": 15,
    "bound": 15,
    "gap": 10,
    "optimal": 8,
    "nodes": 6,
    "seconds": 8,
    "cpu_seconds": 12,
    "peak_mb": 8,
    "load": 5,
}
_ORLIB_HEAD, _DAT_HEAD = 5, 2  # numbers before the first demand point
# The county: sides in km, people, and the band of its centres.
_SIDE, _POINTS, _SITES, _PEOPLE = 60.0, 300, 20, 900_000
_LEAST, _MOST, _COUNT, _OPENING = 30_000.0, 100_000.0, 12, 200_000.0


def read(path: Path) -> dict:
    """Return the task of a file, as ``benchmarks/compact.py`` describes tasks.

    Raises
    ------
    ValueError
        When numbers are missing.
    """
    numbers = np.array(path.read_text().split(), dtype=np.float64)
    if path.suffix == ".dat":
        points, p = (int(number) for number in numbers[:_DAT_HEAD])
        body, known = numbers[_DAT_HEAD:], None
    else:
        points, p = int(numbers[2]), int(numbers[3])
        body, known = numbers[_ORLIB_HEAD:], float(numbers[1])
    if len(body) < 4 * points:
        message = f"{path.name}: {points} points were announced, fewer are there"
        raise ValueError(message)
    rows = body[: 4 * points].reshape(points, 4)
    if path.suffix == ".dat":
        places, most, people = rows[:, :2], rows[:, 2], rows[:, 3]
    else:
        places, people = rows[:, 1:3], rows[:, 3]
        most = np.full(points, numbers[4])
    across = places[:, None, :] - places[None, :, :]
    costs = np.hypot(across[:, :, 0], across[:, :, 1])
    return {
        "costs": costs if path.suffix == ".dat" else np.floor(costs),
        "people": people,
        "least": np.zeros(points),
        "most": most,
        "opening": np.zeros(points),
        "p": p,
        "split": False,
        "known": known,
    }


def county(*, split: bool, counted: bool) -> dict:
    """Return a county: villages of log-normal size, costs in person-kilometres."""
    random = np.random.default_rng(1)
    villages = random.random((_POINTS, 2)) * _SIDE
    sites = random.random((_SITES, 2)) * _SIDE
    people = np.exp(random.normal(7.6, 0.9, _POINTS))
    people = np.round(people * _PEOPLE / people.sum())
    across = villages[:, None, :] - sites[None, :, :]
    return {
        "costs": np.hypot(across[:, :, 0], across[:, :, 1]) * people[:, None],
        "people": people,
        "least": np.full(_SITES, _LEAST),
        "most": np.full(_SITES, _MOST),
        "opening": np.full(_SITES, 0.0 if counted else _OPENING),
        "p": _COUNT if counted else None,
        "split": split,
        "known": None,
    }


def solve(make: Callable[[], dict], seconds: float) -> dict:
    """Solve a task by the package; return what was found."""
    warmed = warm_up()
    clock = Clock()
    task = make()
    names = ("most", "least", "opening", "split")
    options = {name: task[name] for name in names}
    found = solve_band(
        task["costs"], task["people"], task["p"], seconds=seconds, **options
    )
    wall, cpu = clock.read()
    return {
        "solver": "allocator",
        "objective": tidy(found.cost) if np.isfinite(found.cost) else None,
        "bound": tidy(found.bound) if np.isfinite(found.bound) else None,
        "gap": round((found.cost - found.bound) / found.cost, 8) if found.cost else 0.0,
        "optimal": found.optimal,
        "nodes": found.nodes,
        "seconds": wall,
        "cpu_seconds": cpu,
        "warm_up_seconds": round(warmed, 3),
    }


def solve_by_peer(make: Callable[[], dict], seconds: float) -> dict:
    """Solve a task by HiGHS on the plain model; return what was found."""
    clock = Clock()
    row = by_highs(make(), seconds)
    wall, cpu = clock.read()
    return {**row, "seconds": wall, "cpu_seconds": cpu}


class FromFile:
    """A task that is read when it is asked for."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __call__(self) -> dict:
        """Return the task."""
        return read(self.path)


class OfCounty:
    """A county that is made when it is asked for."""

    def __init__(self, *, split: bool, counted: bool) -> None:
        self.split, self.counted = split, counted

    def __call__(self) -> dict:
        """Return the task."""
        return county(split=self.split, counted=self.counted)


def by_number(path: Path) -> tuple[str, int, str]:
    """Return what instances are sorted by."""
    digits = re.findall(r"\d+", path.stem)
    return path.suffix, int(digits[-1]) if digits else 0, path.stem


def instances(folders: list[Path]) -> dict[str, FromFile]:
    """Return the instances of some folders, by name."""
    files = [
        path
        for folder in folders
        for path in [*folder.glob("pmedcap*.txt"), *folder.glob("*.dat")]
    ]
    return {
        path.stem: FromFile(path)
        for path in sorted(
            files, key=lambda path: (path.suffix == ".dat", by_number(path))
        )
    }


def counties() -> dict[str, OfCounty]:
    """Return the four counties, by name."""
    return {
        f"county-{'split' if split else 'whole'}-{'12' if counted else 'priced'}": (
            OfCounty(split=split, counted=counted)
        )
        for split in (True, False)
        for counted in (True, False)
    }


def main() -> None:
    """Solve all, print the table, write the rows."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", type=Path, nargs="*")
    parser.add_argument("--out", required=True)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--peer", action="store_true")
    parser.add_argument("--county", action="store_true")
    options = parser.parse_args()
    tasks: dict[str, Callable[[], dict]] = dict(instances(options.folders))
    if options.county:
        tasks.update(counties())
    if not tasks:
        parser.error("no pmedcap*.txt and no *.dat was found, and no county asked for")
    show({name: name for name in WIDTHS}, WIDTHS)
    rows = []
    for name, make in tasks.items():
        task = make()
        for solver in (solve, solve_by_peer) if options.peer else (solve,):
            found = in_own_process(solver, make, options.seconds)
            known = {"points": len(task["people"]), "p": task["p"]}
            if task["known"] is not None:
                known["known"] = tidy(task["known"])
            load = round(os.getloadavg()[0], 1)
            rows.append({"instance": name, **known, **found, "load": load})
            show(rows[-1], WIDTHS)
            write(rows, options.out)


if __name__ == "__main__":
    main()
