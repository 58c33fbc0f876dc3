"""Figures of a curve of points: the knee, and what the next unit buys."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_LEAST_POINTS = 3  # two points are a line and have no knee
_FLAT = 1e-9  # distance from the chord that is rounding


def knee(points: Sequence[tuple[float, float]]) -> int | None:
    """Return the position of the knee: the point farthest below the chord.

    Both axes are scaled to 0..1 between the first and the last point; the knee is the
    point with the greatest distance from the line between these two, on the side
    where both objectives are better. None with fewer than three different points, or
    where no point lies below the line.

    Parameters
    ----------
    points
        (first, second) objective, both minimised; the first ascending.

    Notes
    -----
    Source: Das (1999), On characterizing the "knee" of the Pareto curve based on
    normal-boundary intersection, Structural Optimization 18, 107-115.
    """
    if len(set(points)) < _LEAST_POINTS:
        return None
    (x0, y0), (x1, y1) = points[0], points[-1]
    if x1 <= x0 or y0 <= y1:
        return None
    # On the unit square the chord is x + y = 1.
    below = [
        (1.0 - (x - x0) / (x1 - x0) - (y - y1) / (y0 - y1)) / math.sqrt(2.0)
        for x, y in points
    ]
    best = max(range(len(points)), key=lambda i: (below[i], -i))
    return best if below[best] > _FLAT else None


def marginal_values(points: Sequence[tuple[float, float]]) -> list[float | None]:
    """Return what one unit of the first objective buys from each point's predecessor.

    Improvement of the second objective divided by the increase of the first. None for
    the first point and where the first objective does not increase.

    Parameters
    ----------
    points
        (first, second) objective, both minimised; the first ascending.
    """
    values: list[float | None] = [None] if points else []
    for (x0, y0), (x1, y1) in itertools.pairwise(points):
        values.append((y0 - y1) / (x1 - x0) if x1 > x0 else None)
    return values
