"""Where efficient plans may still lie: rectangles between neighbouring points.

Both axes are minimised. A plan is efficient when no plan is better in one objective and
as good in the other. Between two neighbouring efficient points any other one lies in
the open rectangle that they span; each further solve finds one there or proves a part
of the rectangle empty. Source: the balanced box method of Boland, Charkhgard and
Savelsbergh (2015), INFORMS Journal on Computing 27(4), 735-754; limits on one objective
while the other is minimised: Haimes, Lasdon and Wismer (1971), IEEE Transactions on
Systems, Man, and Cybernetics 1(3), 296-297.
"""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True, order=True)
class Box:
    """An open rectangle in which efficient points may lie that are not known.

    Parameters
    ----------
    left, right
        Of the first objective, exclusive, as minimised.
    low, high
        Of the second objective, exclusive, as minimised.
    halved
        Whether its better half was just found empty: what is asked next settles it.
    stuck
        Whether a solve of it ran out of time: it is not tried again.
    """

    left: float
    right: float
    low: float
    high: float
    halved: bool = False
    stuck: bool = False


@dataclass(frozen=True)
class Steps:
    """How far plans must differ to count as two.

    Parameters
    ----------
    x, y
        Of the first and second objective, > 0: plans nearer than this are one, since
        the solver's proof is no finer.
    """

    x: float
    y: float


def is_empty(box: Box, steps: Steps) -> bool:
    """Return whether no plan that counts as another one fits into the box."""
    return box.right - box.left <= steps.x or box.high - box.low <= steps.y


def limit_to_try(box: Box, steps: Steps) -> float:
    """Return the limit on the first objective under which the second is minimised.

    The middle first. When nothing better lies left of it, just less than the right
    end: what that finds is the neighbour of the right end, or nothing lies between.
    """
    if box.halved:
        return box.right - steps.x
    return (box.left + box.right) / 2.0


def after_nothing(box: Box, limit: float, steps: Steps) -> list[Box]:
    """Return what is left of a box in which nothing lies up to a limit."""
    if box.halved:
        return []  # the limit was as near to the right end as can be told apart
    rest = replace(box, left=limit, halved=True)
    return [] if is_empty(rest, steps) else [rest]


def after_point(
    box: Box, limit: float, *, x: float, y: float, steps: Steps
) -> list[Box]:
    """Return what is left of a box after its best point up to a limit is proven.

    Parameters
    ----------
    box
        The box.
    limit
        The first objective was held at most here.
    x, y
        The point: the least second objective, and the least first one for it.
    steps
        Boxes in which nothing fits are left out.
    """
    parts = [
        Box(box.left, x, y, box.high),
        Box(limit, box.right, box.low, y),
    ]
    return [part for part in parts if not is_empty(part, steps)]


def after_guess(
    box: Box, limit: float, *, y: float, bound: float | None, steps: Steps
) -> list[Box]:
    """Return what is left after a point was found but not proven best.

    Left of the limit anything above the bound remains possible, and is not tried
    again; right of the limit only what is better than the point.
    """
    low = box.low if bound is None else max(box.low, bound)
    parts = [
        Box(box.left, limit, low, box.high, stuck=True),
        Box(limit, box.right, box.low, y),
    ]
    return [part for part in parts if not is_empty(part, steps)]


def largest(boxes: list[Box], *, width: float, height: float) -> Box | None:
    """Return the box with the largest share of the area that is worth trying.

    Parameters
    ----------
    boxes
        Open boxes.
    width, height
        Of the whole frontier, > 0.
    """
    tryable = [box for box in boxes if not box.stuck]
    if not tryable:
        return None
    return max(
        tryable,
        key=lambda b: ((b.right - b.left) / width * (b.high - b.low) / height, -b.left),
    )
