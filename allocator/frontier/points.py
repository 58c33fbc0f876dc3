"""Points of a frontier, and what is proven of all of them together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from allocator.frontier.boxes import Box, Steps
    from allocator.solve import Solution, Stage

# `optimal` and `feasible` as for any solve; `infeasible`: proven that no plan exists
# under the limit; `unknown`: the time ran out before any plan was found.
type AnswerStatus = Literal["optimal", "feasible", "infeasible", "unknown"]


@dataclass(frozen=True)
class Point[P]:
    """One plan and where it lies.

    Parameters
    ----------
    x, y
        Its two objectives, as minimised.
    x_bound, y_bound
        The best that each could be, as proven: the second under the limit, the first
        with this second one; as minimised, None where nothing was proven.
    first, second
        What was found and proven for each.
    limit
        What the first objective was held within; None: nothing.
    solution
        All objectives of the plan, these two among them.
    plan
        What the caller made of it.
    """

    x: float
    y: float
    x_bound: float | None
    y_bound: float | None
    first: Stage
    second: Stage
    limit: float | None
    solution: Solution
    plan: P

    @property
    def proven(self) -> bool:
        """Whether both objectives are proven within the gap asked for."""
        return self.first.status == "optimal" and self.second.status == "optimal"


@dataclass(frozen=True)
class Answer[P]:
    """What a limit that was asked for leads to.

    Parameters
    ----------
    asked
        The limit on the first objective; None where none was asked for.
    status
        Of the two objectives.
    point
        The plan; None where there is none.
    free
        With nesting: the best second objective without it, as minimised.
    """

    asked: float | None
    status: AnswerStatus
    point: Point[P] | None
    free: float | None = None


@dataclass(frozen=True)
class Frontier[P]:
    """All points found, and what may lie between them.

    Parameters
    ----------
    answers
        By the first objective, ascending.
    boxes
        Where further efficient plans may lie; none: every efficient plan is known.
    steps
        How far plans must differ to count as two.
    least, least_bound
        The first objective of the cheapest plan found, and the proven bound below
        which no plan exists; as minimised.
    enough
        The first objective from which the second no longer improves; None where
        that was not settled.
    whole
        Whether points were looked for between both ends, not under limits alone.
    interrupted
        Whether the search was stopped before it was through.
    solves
        How often the program was solved.
    """

    answers: tuple[Answer[P], ...]
    boxes: tuple[Box, ...]
    steps: Steps
    least: float
    least_bound: float | None
    enough: float | None
    whole: bool
    interrupted: bool
    solves: int

    @property
    def points(self) -> tuple[Point[P], ...]:
        """The points alone."""
        return tuple(a.point for a in self.answers if a.point is not None)

    @property
    def exact(self) -> bool:
        """Whether every efficient plan is proven to be among the points."""
        proven = all(point.proven for point in self.points)
        settled = self.whole and not self.interrupted
        return proven and settled and not self.boxes
