"""Solving one program for two objectives, and then for all, under a moving limit."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from allocator.errors import SolverError, Text
from allocator.frontier.boxes import Steps
from allocator.frontier.points import Point
from allocator.policy.terms import OBJECTIVES

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from allocator.formulation import Objective
    from allocator.frontier.points import AnswerStatus
    from allocator.solve import Session, Solution, Stage

    # What the caller makes of a plan while the variables hold it, the limit that was
    # asked for at hand.
    type Keep[P] = Callable[[Solution, float | None], P]

# Relative: what the solver cannot tell apart. It keeps rows to 1e-6, and a later
# objective may worsen an earlier one by 1e-8.
FINEST = 1e-6


@dataclass(frozen=True)
class Found:
    """The two objectives of a plan, before the rest is minimised.

    ``order`` and ``stages`` are as they were solved: what comes before the two
    objectives, and the two.
    """

    x: float
    y: float
    order: tuple[Objective, ...]
    stages: tuple[Stage, ...]
    seconds: float
    values: tuple[float | None, ...]

    @property
    def proven(self) -> bool:
        """Whether both objectives are proven within the gap asked for."""
        return all(stage.status == "optimal" for stage in self.stages)

    @property
    def status(self) -> AnswerStatus:
        """What is proven of the two objectives."""
        return "optimal" if self.proven else "feasible"

    def stage(self, objective: Objective) -> Stage:
        """Return what was found for one of the objectives."""
        names = [one.name for one in self.order]
        return self.stages[names.index(objective.name)]

    def bound(self, objective: Objective) -> float | None:
        """Return the best that one of the two could be, as proven and minimised."""
        bound = self.stage(objective).bound
        return None if bound is None else objective.sign * bound


@dataclass(frozen=True)
class Ends:
    """The best plan for the first objective, and that for the second.

    ``settled`` is False where the search was stopped before the second was there.
    ``least`` is the cheapest plan whatever comes before the two objectives.
    """

    left: Found
    right: Found
    settled: bool
    least: Found

    @property
    def relaxation(self) -> tuple[Stage, ...]:
        """What is proven of the second objective without any limit."""
        return self.right.stages if self.right is not self.left else ()


@dataclass(frozen=True)
class Entry[P]:
    """A limit that was asked for, or a point that was looked for, and its plan."""

    asked: float | None
    status: AnswerStatus
    found: Found | None
    point: Point[P] | None

    def place(self) -> tuple[float, float]:
        """Return where the plan lies."""
        if self.found is None:
            return (math.inf, math.inf)
        return (self.found.x, self.found.y)

    def limit(self, first: Objective) -> float:
        """Return what a nested plan's first objective is held within."""
        if self.asked is not None:
            return self.asked
        if self.found is None:
            return math.inf
        held = self.found.stage(first).limit
        return self.found.x if held is None else max(self.found.x, held)


class StoppedError(Exception):
    """The user stopped the search while a plan was looked for."""


class Solves[P]:
    """One program, its two objectives and the limit on the first.

    Parameters
    ----------
    session
        A built program without a limit on the first objective.
    before
        What comes before the two objectives in every point: what is striven for.
    first, second
        The two objectives.
    rest
        What is minimised after them, most important first.
    time_limit_s
        Wall-clock seconds for one point.
    keep
        Called once for each point, while the variables hold its plan.
    """

    def __init__(
        self,
        session: Session,
        first: Objective,
        second: Objective,
        rest: Sequence[Objective],
        *,
        before: Sequence[Objective] = (),
        time_limit_s: float,
        keep: Keep[P],
    ) -> None:
        self.session = session
        self.before = tuple(before)
        self.first, self.second = first, second
        self.number = 0
        self.steps = Steps(1.0, 1.0)
        self._rest = tuple(rest)
        self._time_limit_s = time_limit_s
        self._keep = keep
        self._limit = session.new_row(first.expression)

    def ends(self) -> Ends | None:
        """Return the best plan for each of the two objectives alone.

        Raises
        ------
        KeyboardInterrupt
            When the search was stopped before either was there.
        """
        self._tell(Text("求前沿的两端", "solving the two ends of the frontier"))
        try:
            left = least = self.ask((self.first, self.second))
            if left is None:
                return None
            if self.before:
                least = self.ask((self.first,), start=left, plain=True) or left
        except StoppedError as stopped:
            raise KeyboardInterrupt from stopped
        try:
            right = self.ask((self.second, self.first), start=left) or left
            settled = True
        except StoppedError:
            right, settled = left, False
        finest = max(self.session.gap, FINEST)
        self.steps = Steps(
            finest * max(1.0, abs(left.x), abs(right.x)),
            finest * max(1.0, abs(left.y), abs(right.y)),
        )
        return Ends(left, right, settled, least or left)

    def ask(
        self,
        order: tuple[Objective, ...],
        *,
        limit: float | None = None,
        start: Found | tuple[float | None, ...] | None = None,
        relaxation: tuple[Stage, ...] = (),
        plain: bool = False,
    ) -> Found | None:
        """Minimise the two objectives under a limit; None when that has no solution.

        ``plain`` leaves out what comes before them.

        Raises
        ------
        SolverError
            When the time ran out before any plan was found.
        StoppedError
            When the user stopped it before the answer was proven.
        """
        session = self.session
        order = order if plain else (*self.before, *order)
        self.number += 1
        self._set(limit)
        if start is not None:
            session.give_values(start.values if isinstance(start, Found) else start)
        try:
            solution = session.solve(
                order,
                time_limit_s=self._time_limit_s,
                relaxation=relaxation,
                warm=start is not None,
                quiet=True,
            )
        except SolverError as error:
            if self.stopped():
                raise StoppedError from error
            raise
        if solution.status != "optimal" and self.stopped():
            raise StoppedError
        if solution.status == "infeasible":
            return None
        return Found(
            _value(self.first),
            _value(self.second),
            order,
            solution.stages,
            solution.seconds,
            self.present(),
        )

    def place(self, found: Found, limit: float | None) -> Point[P]:
        """Minimise the rest for a plan whose two objectives stand, and keep it."""
        session = self.session
        self._set(limit)
        session.give_values(found.values)
        left = max(0.0, self._time_limit_s - found.seconds)
        solution = session.solve(
            (*found.order, *self._rest),
            time_limit_s=left,
            warm=True,
            quiet=True,
            done=found.stages,
        )
        whole = replace(solution, seconds=solution.seconds + found.seconds)
        by_name = {stage.name: stage for stage in whole.stages}
        return Point(
            _value(self.first),
            _value(self.second),
            found.bound(self.first),
            found.bound(self.second),
            by_name[self.first.name],
            by_name[self.second.name],
            limit,
            whole,
            self._keep(whole, limit),
        )

    def _set(self, limit: float | None) -> None:
        if limit is None:
            self._limit.release()
        else:
            self._limit.at_most(limit)

    def present(self) -> tuple[float | None, ...]:
        """Return the present values of all variables."""
        return tuple(self.session.values())

    def differ(self, one: Found, other: Found) -> bool:
        """Return whether two plans count as two."""
        return (
            abs(one.x - other.x) > self.steps.x or abs(one.y - other.y) > self.steps.y
        )

    def stopped(self) -> bool:
        """Return whether the user wants the search to end."""
        return self.session.progress.cancelled()

    def _tell(self, text: Text) -> None:
        self.session.progress.step(text)

    def tell_limit(self, limit: float, known: int | None = None) -> None:
        """Say under which limit a plan is looked for, and how many are known."""
        name = OBJECTIVES.get(self.first.name, Text("", ""))
        shown = f"{self.first.sign * limit:,.6g}"
        have = Text("", "")
        if known is not None:
            have = Text(f" (已有 {known} 点)", f" ({known} points so far)")
        self._tell(
            Text(
                f"求前沿点: {name.zh} ≤ {shown}{have.zh}",
                f"solving a point: {name.en} <= {shown}{have.en}",
            )
        )


def _value(objective: Objective) -> float:
    """Return what is minimised, at the variables' present values."""
    return float(objective.expression.value() or 0.0)
