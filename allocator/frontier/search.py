"""Finding the points of a frontier on one built program.

The program is built once, without a limit on the first objective. Each point is the
same program with other limits; it starts from the plan of a neighbour, and what was
proven under looser limits is not proven again.

Source of asking with limits: Haimes, Lasdon and Wismer (1971); that both objectives
are minimised one after the other, so that each point is efficient: Mavrotas and Florios
(2013), An improved version of the augmented epsilon-constraint method (AUGMECON2),
Applied Mathematics and Computation 219(18), 9652-9669. Boxes: `boxes`.
"""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import TYPE_CHECKING

from allocator.errors import SolverError
from allocator.frontier.boxes import (
    Box,
    after_guess,
    after_nothing,
    after_point,
    is_empty,
    largest,
    limit_to_try,
)
from allocator.frontier.nesting import nest
from allocator.frontier.points import Answer, Frontier
from allocator.frontier.solving import FINEST, Ends, Entry, Found, StoppedError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from allocator.frontier.solving import Solves


def at_limits[P](
    solves: Solves[P], limits: Sequence[float], *, nested: bool = False
) -> Frontier[P] | None:
    """Return the best plan under each limit on the first objective.

    Parameters
    ----------
    solves
        The program.
    limits
        Ascending, as minimised; at least one.
    nested
        Whether each plan keeps what the one before places.

    Returns
    -------
    frontier
        None when no plan exists under any limit.

    Raises
    ------
    SolverError
        When the solver finds no plan at all in the time of one point.
    """
    ends = solves.ends()
    if ends is None:
        return None
    entries: list[Entry[P]] = []
    try:
        for limit in limits:
            if solves.stopped():
                break
            entries.append(_entry(solves, limit, entries, ends, keep=not nested))
    except StoppedError:
        pass
    boxes = _between(solves, entries)
    return _conclude(solves, entries, boxes, ends, nested=nested, whole=False)


def exactly[P](
    solves: Solves[P], *, most: int | None, nested: bool = False
) -> Frontier[P] | None:
    """Return the frontier between its two ends, as far as points are asked for.

    Parameters
    ----------
    solves
        The program.
    most
        Points that are looked for, >= 2; None: until every efficient plan is known.
    nested
        Whether each plan keeps what the one before places.

    Returns
    -------
    frontier
        None when no plan exists.

    Raises
    ------
    SolverError
        When the solver finds no plan at all in the time of one point.
    """
    ends = solves.ends()
    if ends is None:
        return None
    entries: list[Entry[P]] = []
    boxes: list[Box] = []
    try:
        _add(solves, entries, ends.left, keep=not nested)
        if solves.differ(ends.left, ends.right):
            _add(solves, entries, ends.right, keep=not nested)
            boxes = _whole(solves, ends)
            _refine(solves, boxes, entries, ends, most, keep=not nested)
    except StoppedError:
        pass
    entries = _undominated(sorted(entries, key=Entry.place))
    return _conclude(solves, entries, boxes, ends, nested=nested, whole=True)


def _entry[P](
    solves: Solves[P],
    limit: float,
    before: Sequence[Entry[P]],
    ends: Ends,
    *,
    keep: bool,
) -> Entry[P]:
    """Return the best plan under a limit; ``before`` are those of smaller ones."""
    solves.tell_limit(limit)
    least = ends.least.bound(solves.first)
    if least is not None and limit < least - FINEST * max(1.0, abs(least)):
        return Entry(limit, "infeasible", None, None)
    known = [entry.found for entry in before if entry.found is not None]
    try:
        found = _under(solves, limit, known[-1] if known else ends.left, ends)
    except SolverError:
        return Entry(limit, "unknown", None, None)
    if found is None:
        return Entry(limit, "infeasible", None, None)
    point = None
    if keep:
        same = before[-1] if before else None
        if same and same.found and not solves.differ(same.found, found):
            point = same.point
        point = solves.place(found, limit) if point is None else point
    return Entry(limit, found.status, found, point)


def _under[P](
    solves: Solves[P], limit: float, start: Found, ends: Ends
) -> Found | None:
    if ends.right.proven and ends.settled and limit >= ends.right.x:
        return ends.right
    return solves.ask(
        (solves.second, solves.first),
        limit=limit,
        start=start if start.x <= limit else None,
        relaxation=ends.relaxation,
    )


def _whole[P](solves: Solves[P], ends: Ends) -> list[Box]:
    """Return the box between the ends: from what is proven of either."""
    left, right = ends.left, ends.right
    x, y = left.bound(solves.first), right.bound(solves.second)
    whole = Box(
        left.x if x is None else min(x, left.x),
        right.x,
        right.y if y is None else min(y, right.y),
        left.y,
    )
    return [] if is_empty(whole, solves.steps) else [whole]


def _refine[P](
    solves: Solves[P],
    boxes: list[Box],
    entries: list[Entry[P]],
    ends: Ends,
    most: int | None,
    *,
    keep: bool,
) -> None:
    """Find points in the largest boxes until there are enough of them."""
    width, height = ends.right.x - ends.left.x, ends.left.y - ends.right.y
    while most is None or len(entries) < most:
        box = largest(boxes, width=width, height=height)
        if box is None or solves.stopped():
            return
        limit = limit_to_try(box, solves.steps)
        solves.tell_limit(limit, len(entries))
        near = [e.found for e in entries if e.found and e.found.x <= limit]
        start = max(near, key=lambda found: found.x, default=None)
        try:
            found = solves.ask(
                (solves.second, solves.first),
                limit=limit,
                start=start,
                relaxation=ends.relaxation,
            )
        except SolverError:
            found = None
        boxes.remove(box)
        if found is not None and found.x > limit + solves.steps.x / 2.0:
            found = None  # the solver took its tolerance for room: no answer
        boxes += _parts(solves, box, limit, found)
        if found is not None and found.y < box.high - solves.steps.y:
            _add(solves, entries, found, keep=keep)


def _parts[P](
    solves: Solves[P], box: Box, limit: float, found: Found | None
) -> list[Box]:
    """Return what is left of a box after one more solve."""
    if found is None:
        return [replace(box, stuck=True)]
    if found.y >= box.high - solves.steps.y:
        if found.proven:
            return after_nothing(box, limit, solves.steps)
        return [replace(box, stuck=True)]
    if found.proven:
        return after_point(box, limit, x=found.x, y=found.y, steps=solves.steps)
    bound = found.bound(solves.second)
    return after_guess(box, limit, y=found.y, bound=bound, steps=solves.steps)


def _add[P](
    solves: Solves[P], entries: list[Entry[P]], found: Found, *, keep: bool
) -> None:
    point = solves.place(found, None) if keep else None
    entries.append(Entry(None, found.status, found, point))


def _conclude[P](
    solves: Solves[P],
    entries: Sequence[Entry[P]],
    boxes: Sequence[Box],
    ends: Ends,
    *,
    nested: bool,
    whole: bool,
) -> Frontier[P]:
    if nested:
        answers = nest(solves, entries)
    else:
        answers = tuple(Answer(e.asked, e.status, e.point) for e in entries)
    return Frontier(
        answers=answers,
        boxes=tuple(sorted(boxes)),
        steps=solves.steps,
        least=ends.least.x,
        least_bound=ends.least.bound(solves.first),
        enough=ends.right.x if ends.settled and ends.right.proven else None,
        whole=whole,
        interrupted=solves.stopped(),
        solves=solves.number,
    )


def _between[P](solves: Solves[P], entries: Sequence[Entry[P]]) -> list[Box]:
    """Return where efficient plans may lie between limits that were asked for.

    Up to a limit nothing is better than the plan found there, as far as proven. Nothing
    is said between limits that differ in what comes before the two objectives.
    """
    boxes = []
    known = [(e.asked, e.found) for e in entries if e.found is not None]
    for (limit, one), (next_limit, other) in itertools.pairwise(known):
        if not _alike(solves, one, other):
            continue
        proven = other.proven
        low = other.y if proven else other.bound(solves.second)
        box = Box(
            one.x if limit is None else limit,
            other.x if proven or next_limit is None else next_limit,
            other.y if low is None else min(other.y, low),
            one.y,
        )
        if not is_empty(box, solves.steps):
            boxes.append(box)
    return boxes


def _alike[P](solves: Solves[P], one: Found, other: Found) -> bool:
    """Return whether two plans are equal in what comes before the two objectives."""
    return all(
        abs(one.stage(goal).value - other.stage(goal).value) <= FINEST
        for goal in solves.before
    )


def _undominated[P](entries: Sequence[Entry[P]]) -> list[Entry[P]]:
    """Drop plans that another is better than: only an unproven one can be so."""
    kept: list[Entry[P]] = []
    for entry in entries:  # the first objective ascending
        if not kept or entry.place()[1] < kept[-1].place()[1]:
            kept.append(entry)
    return kept
