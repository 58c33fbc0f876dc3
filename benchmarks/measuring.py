"""Run something in a process of its own; say what it took."""

from __future__ import annotations

import json
import multiprocessing
import resource
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable


def in_own_process(function: Callable[..., dict], *arguments: object) -> dict:
    """Return what a function returned, with its peak memory.

    Parameters
    ----------
    function
        At the top of a module; returns a dictionary.
    arguments
        What it is called with.

    Returns
    -------
    row
        The dictionary and ``peak_mb``: resident memory of the process at its largest,
        interpreter and libraries included.
    """
    context = multiprocessing.get_context("spawn")
    with context.Pool(1, maxtasksperchild=1) as pool:
        return pool.apply(_measured, (function, arguments))


def _measured(function: Callable[..., dict], arguments: tuple) -> dict:
    row = function(*arguments)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    scale = 2**20 if sys.platform == "darwin" else 2**10  # bytes there, kilobytes here
    return {**row, "peak_mb": round(peak / scale, 1)}


class Proved(Protocol):
    """What solvers of `allocator.bounds` return."""

    cost: float
    bound: float
    optimal: bool
    nodes: int


class Clock:
    """Wall-clock and CPU seconds since it was made."""

    def __init__(self) -> None:
        self.wall, self.cpu = time.perf_counter(), time.process_time()

    def read(self) -> tuple[float, float]:
        """Return both, rounded to milliseconds."""
        wall = time.perf_counter() - self.wall
        return round(wall, 3), round(time.process_time() - self.cpu, 3)


def proved(found: Proved) -> dict:
    """Return objective, bound, gap and whether it is proven, of what was found."""
    gap = (found.cost - found.bound) / found.cost if found.cost else 0.0
    return {
        "objective": tidy(found.cost),
        "bound": tidy(found.bound),
        "gap_percent": round(100 * gap, 5),
        "optimal": found.optimal,
        "nodes": found.nodes,
    }


def tidy(value: float) -> float | int:
    """Return whole numbers as such."""
    return int(value) if float(value).is_integer() else round(value, 6)


def show(row: dict, widths: dict[str, int]) -> None:
    """Print the columns of a row that the table has."""
    cells = [f"{row.get(name, '')!s:>{width}}" for name, width in widths.items()]
    print(" ".join(cells), flush=True)


def write(rows: list[dict], path: str) -> None:
    """Write rows as JSON."""
    Path(path).write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
