"""Finding every plan of a part that could be part of a better whole.

What is left to search is described by upper corners: a plan that is still to be found
is below one of them in every measure. Each plan found cuts the corners above it, into
one for each measure; a corner below which there is no plan is done with. Source:
Klamroth, Lacour and Vanderpooten 2015, "On the representation of the search region in
multi-objective optimization".
"""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING

from allocator.errors import SolverError
from allocator.parts.known import Closed, Known, Option, unit

if TYPE_CHECKING:
    from collections.abc import Callable

    from allocator.parts.part import Question

    # Finds the plan with the least weighted sum within limits, one a measure and one on
    # the weighted sum itself; None where there is none.
    type Find = Callable[[tuple[float | None, ...]], Option | None]

type Corner = tuple[float, ...]

MOST_SOLVES = 80  # for one part; what is then left open is said to be


def close(find: Find, question: Question, known: Known, *, seconds: float) -> None:
    """Find the plans, and say that they are all, where that was so.

    Parameters
    ----------
    find
        Looks for one plan; what it finds is added to ``known`` by itself.
    question
        Its ``closing`` names the measures, ``cutoff`` limits the weighted sum.
    known
        Where it is said that all plans were found.
    seconds
        When it is given up, wall-clock.
    """
    places = question.closing
    count = len(question.weights)
    steps = {place: known.step(place) for place in places}
    floors = {place: known.least(unit(count, place)) for place in places}
    ends = time.monotonic() + seconds
    corners: list[Corner] = [(math.inf,) * len(places)]
    for _ in range(MOST_SOLVES):
        if not corners:
            known.closed.append(Closed(places, question.weights, question.cutoff))
            return
        if time.monotonic() > ends:
            return
        corner = corners.pop()
        if any(
            most - steps[place] < floors[place]
            for place, most in zip(places, corner, strict=True)
        ):
            continue  # nothing is so low
        within: list[float | None] = [None] * (count + 1)
        within[-1] = question.cutoff
        for place, most in zip(places, corner, strict=True):
            if math.isfinite(most):
                within[place] = most - steps[place]
        try:
            found = find(tuple(within))
        except SolverError:
            return
        if found is None:
            continue
        values = tuple(found.measures[place] for place in places)
        corners = cut_corners([*corners, corner], values)
        if corner in corners:
            return  # found again what was cut off: a solver's tolerance is no progress


def cut_corners(corners: list[Corner], values: Corner) -> list[Corner]:
    """Return the corners that are left once a plan with these measures is known."""
    above = [c for c in corners if all(v < u for v, u in zip(values, c, strict=True))]
    kept = [c for c in corners if c not in above]
    new = [
        (*corner[:n], values[n], *corner[n + 1 :])
        for corner in above
        for n in range(len(values))
    ]
    for corner in sorted(set(new), reverse=True):
        if not any(_below(corner, other) for other in kept):
            kept.append(corner)
    return kept


def _below(corner: Corner, other: Corner) -> bool:
    return all(a <= b for a, b in zip(corner, other, strict=True))
