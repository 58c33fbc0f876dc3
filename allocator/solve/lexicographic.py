"""Solving objectives in their order, many times over on one program.

Stages are solved in lexicographic order: each is minimised, then held within a stated
tolerance while the next is. A stage is ``optimal`` only when the solver says so and
the bound it proved is within the gap asked for.

A `Session` keeps one built program and solves it again with other bounds, other limits
and other objectives. What an earlier, less restricted solve has proved still holds
then: a plan that is as good is at once known to be the best.
"""

from __future__ import annotations

import functools
import math
import time
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import pulp

from allocator.errors import Finding, SolverError, Text
from allocator.progress import SILENT
from allocator.solve.highs import (
    Limits,
    check_values,
    make_whole,
    run_highs,
    solver_version,
)
from allocator.solve.matrix import Matrix

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from allocator.formulation import Formulation, Objective
    from allocator.progress import Progress

type Status = Literal["optimal", "feasible", "infeasible"]
type Bounds = Mapping[pulp.LpVariable, tuple[float, float]]

HOLD_TOLERANCE = 1e-8  # relative: how much a later stage may worsen an earlier one
_WIDER = 10.0  # times HOLD_TOLERANCE, where that leaves a later stage nothing
_ROUNDING = 1e-9  # relative: held exactly, but for the rounding of a sum
_LEAST_SECONDS = 1.0  # what a late stage gets even when the time is used up
_FREE = 1e30  # HiGHS and CBC read a right-hand side from 1e20 on as no limit


@dataclass(frozen=True)
class Stage:
    """What was found and proved for one objective.

    Parameters
    ----------
    name
        The objective.
    value
        Its value in the plan, in its own unit and sense.
    bound
        The best value that could exist, as proved; None where the solver gave none.
    gap
        abs(value - bound) / max(1, abs(value)); None without a bound.
    status
        ``optimal`` with a proven gap within the one asked for, else ``feasible``.
    seconds
        Wall-clock seconds of this stage.
    stopped_by
        Why the solver stopped, in PuLP's word (``Optimal``, ``TimeLimit`` ...), or
        ``Known`` where a bound proved earlier made a run unnecessary.
    limit
        What the expression of the objective was held within in the stages that
        followed; None where nothing was found.
    least
        What the expression was proved to be at least: ``bound``, but as minimised.
    """

    name: str
    value: float
    bound: float | None
    gap: float | None
    status: Status
    seconds: float
    stopped_by: str
    limit: float | None = None
    least: float | None = None


@dataclass(frozen=True)
class Solution:
    """All stages; the variables of the formulation hold the values of the last.

    ``status`` is ``optimal`` when every stage is, ``infeasible`` when the program has
    no solution (``stages`` is then empty), else ``feasible``.
    """

    status: Status
    stages: tuple[Stage, ...]
    seconds: float
    solver: str


def solve(
    formulation: Formulation,
    *,
    time_limit_s: float,
    gap: float,
    threads: int | None = None,
    progress: Progress = SILENT,
) -> Solution:
    """Solve the stages of a formulation in order, once.

    Parameters
    ----------
    formulation
        Its variables receive the values of the last stage.
    time_limit_s
        Wall-clock seconds for all stages together.
    gap
        Relative gap at which a stage counts as proven, >= 0.
    threads
        Threads of the solver; None leaves the choice to it.
    progress
        Told of stages and bounds; when it is cancelled the best plan found is kept.

    Raises
    ------
    SolverError
        When the solver stops without any plan, or returns values that are not one.
    """
    session = Session(formulation, gap=gap, threads=threads, progress=progress)
    return session.solve(time_limit_s=time_limit_s)


class Row:
    """A limit on an expression that can be moved, and taken back.

    Parameters
    ----------
    problem
        Gains one row.
    expression
        What is limited from above.
    name
        Of the row; unique in the problem.
    """

    def __init__(
        self, problem: pulp.LpProblem, expression: pulp.LpAffineExpression, name: str
    ) -> None:
        problem.addConstraint(expression <= _FREE, name)
        row = problem.get_constraint_by_name(name)
        if row is None:  # pragma: no cover (it was added just now)
            raise KeyError(name)
        self._row = row
        self._constant = float(expression.constant)

    def at_most(self, limit: float) -> None:
        """Limit the expression, inclusive."""
        self._row.changeRHS(limit - self._constant)

    def release(self) -> None:
        """Take the limit back."""
        self._row.changeRHS(_FREE)


class Session:
    """One built program, to be solved as often as needed.

    Parameters
    ----------
    formulation
        Its problem gains rows that are free between solves.
    gap
        Relative gap at which a stage counts as proven, >= 0.
    threads
        Threads of the solver; None leaves the choice to it.
    progress
        Told of stages and bounds; when it is cancelled the best plan found is kept.
    """

    def __init__(
        self,
        formulation: Formulation,
        *,
        gap: float,
        threads: int | None = None,
        progress: Progress = SILENT,
    ) -> None:
        self.formulation = formulation
        self.problem = formulation.problem
        self.gap = gap
        self.threads = threads
        self.progress = progress
        self._holds: dict[int, tuple[Objective, Row]] = {}
        self._rows = 0
        self._matrix = Matrix(self.problem)

    # --- what is asked ------------------------------------------------------------

    def solve(
        self,
        stages: Sequence[Objective] | None = None,
        *,
        time_limit_s: float,
        relaxation: Sequence[Stage] = (),
        warm: bool = False,
        settle: bool = True,
        quiet: bool = False,
        done: Sequence[Stage] = (),
    ) -> Solution:
        """Solve objectives in order under the bounds and limits of the moment.

        Parameters
        ----------
        stages
            What is minimised, most important first; None: the formulation's own.
        time_limit_s
            Wall-clock seconds for all stages together.
        relaxation
            Stages of a solve of the same objectives under fewer or looser bounds and
            limits. As long as a plan is as good as there, what was proved there
            proves it the best here too.
        warm
            Begin from the present values of the variables (None: left open).
        settle
            Settle the plan around its whole variables; a plan that is only asked for
            what it reaches need not be.
        quiet
            Say nothing of the stages.
        done
            What a solve of the first of these objectives found under the same bounds
            and limits, its values being those of the variables: they are held and not
            solved again.

        Raises
        ------
        SolverError
            When the solver stops without any plan, or returns values that are none.
        """
        started = time.monotonic()
        objectives = self.formulation.stages if stages is None else tuple(stages)
        found = list(done)
        try:
            self._hold_done(objectives, done)
            for number, objective in enumerate(objectives):
                if number < len(done):
                    continue
                if not quiet:
                    self._tell(objective, number, len(objectives))
                left = time_limit_s - (time.monotonic() - started)
                if number and (left <= 0 or self.progress.cancelled()):
                    found.append(_unsolved(objective))
                    continue
                stage = self._stage(
                    objective,
                    _still_known(relaxation, found),
                    seconds=max(_LEAST_SECONDS, left),
                    warm=warm or number > 0,
                    widen=functools.partial(self._widen, objectives, tuple(found)),
                    first=number == 0,
                )
                if stage is None and number == 0:
                    elapsed = time.monotonic() - started
                    return Solution("infeasible", (), elapsed, solver_version())
                if stage is None or stage.limit is None:
                    found.append(_unsolved(objective))
                    continue
                found.append(stage)
                if settle or number + 1 < len(objectives):
                    self._hold(objective).at_most(stage.limit)
            if settle:
                self._settle(objectives)
        finally:
            for _, row in self._holds.values():
                row.release()
        proven = all(stage.status == "optimal" for stage in found)
        return Solution(
            "optimal" if proven else "feasible",
            tuple(_with_final_values(objectives, found)),
            time.monotonic() - started,
            solver_version(),
        )

    def settle(self) -> None:
        """Settle the plan that the variables hold: all objectives, in their order."""
        try:
            self._settle(self.formulation.stages)
        finally:
            for _, row in self._holds.values():
                row.release()

    @contextmanager
    def bounded(self, bounds: Bounds) -> Iterator[None]:
        """Give variables other bounds for a while; both are inclusive."""
        before = [(v, v.lowBound, v.upBound) for v in bounds]
        try:
            for variable, (low, high) in bounds.items():
                variable.lowBound, variable.upBound = low, high
            yield
        finally:
            for variable, low, high in before:
                variable.lowBound, variable.upBound = low, high

    def new_row(self, expression: pulp.LpAffineExpression) -> Row:
        """Return a limit on an expression, free at first."""
        self._rows += 1
        return Row(self.problem, expression, f"limit_{self._rows}")

    def values(self) -> list[float | None]:
        """Return the values of all variables, in the problem's order."""
        return [v.varValue for v in self.problem.variables()]

    def give_values(self, values: Iterable[float | None]) -> None:
        """Give all variables values, in the problem's order."""
        for variable, value in zip(self.problem.variables(), values, strict=False):
            variable.varValue = value

    # --- how it is done -----------------------------------------------------------

    def _tell(self, objective: Objective, number: int, count: int) -> None:
        self.progress.step(
            Text(
                f"求解目标 {number + 1}/{count}: {objective.name}",
                f"solving objective {number + 1}/{count}: {objective.name}",
            )
        )

    def _hold(self, objective: Objective) -> Row:
        """Return the row of an objective; two of one name have a row each."""
        key = id(objective)
        if key not in self._holds:
            name = f"hold_{objective.name}_{len(self._holds)}"
            row = Row(self.problem, objective.expression, name)
            self._holds[key] = objective, row
        return self._holds[key][1]

    def _hold_done(
        self, objectives: Sequence[Objective], done: Sequence[Stage]
    ) -> None:
        for objective, stage in zip(objectives, done, strict=False):
            if stage.limit is not None:
                self._hold(objective).at_most(stage.limit)

    def _widen(self, objectives: Sequence[Objective], found: Sequence[Stage]) -> bool:
        """Hold the stages found less tightly; False when none is held.

        A stage may reach its value with all the room of the stages before it and the
        solver's own tolerance on top. Nothing is left to the next one then.
        """
        held = [
            (objective, stage.limit)
            for objective, stage in zip(objectives, found, strict=False)
            if stage.limit is not None
        ]
        for objective, limit in held:
            room = (_WIDER - 1) * HOLD_TOLERANCE * max(1.0, abs(limit))
            self._hold(objective).at_most(limit + room)
        return bool(held)

    def _stage(
        self,
        objective: Objective,
        known: Stage | None,
        *,
        seconds: float,
        warm: bool,
        widen: Callable[[], bool],
        first: bool,
    ) -> Stage | None:
        """Minimise one objective; None when it is infeasible (or nothing better came).

        Raises
        ------
        SolverError
            When the solver stops without any plan, or returns values that are none.
        """
        started = time.monotonic()
        self.problem.setObjective(objective.expression)
        before = self.values() if warm else None
        whole = bool(self.problem.isMIP())
        bound = None if known is None else known.least
        asked = self.gap * objective.finer
        room = 0.0 if bound is None else asked * max(1.0, abs(bound))
        limits = Limits(
            seconds,
            asked,
            self.threads,
            None if bound is None or not whole else bound + room,
            self.progress,
        )
        stats = run_highs(self.problem, limits, warm=warm, matrix=self._matrix)
        if stats.status == pulp.LpSolveStatus.Infeasible and widen():
            if before is not None:
                self.give_values(before)
            stats = run_highs(self.problem, limits, warm=warm, matrix=self._matrix)
        if stats.status == pulp.LpSolveStatus.Infeasible and not stats.has_solution:
            return None
        if not stats.has_solution:
            # What the variables held before the first stage need not be a plan here.
            if first or before is None or any(value is None for value in before):
                raise _no_plan(stats)
            self.give_values(before)
            return None
        check_values(self.problem)
        value = _value_of(objective)
        make_whole(self.problem)
        proved = stats.best_bound if whole else value
        if stats.status != pulp.LpSolveStatus.Optimal and not whole:
            proved = None  # a linear program stopped half-way proves nothing
        if objective.expression.isNumericalConstant():
            proved = value  # PuLP leaves a lone constant out of the bound
        if bound is not None:
            proved = bound if proved is None else max(proved, bound)
        gap = _gap(value, proved)
        finished = stats.status == pulp.LpSolveStatus.Optimal or bound is not None
        optimal = finished and gap is not None and gap <= asked + 1e-9
        held = max(value, _value_of(objective))
        shown = objective.show(value)
        shown_bound = None
        if proved is not None and math.isfinite(proved):
            shown_bound = objective.show(proved)
        return Stage(
            objective.name,
            shown,
            shown_bound,
            _shown_gap(objective, shown, shown_bound),
            "optimal" if optimal else "feasible",
            time.monotonic() - started,
            stats.status_str,
            _limit(held, known),
            proved,
        )

    def _settle(self, objectives: Sequence[Objective]) -> None:
        """Fix whole variables at whole numbers and settle the others around them.

        A solver's 0.999999 would leave shares that add up to slightly less, and a
        stage that is only held may use up the room it is held within. So the
        objectives are minimised once more in their order, exactly, around the sites
        that are chosen: what is stated is then what the plan achieves. Where the
        objectives leave open where people go, they go to the nearest holder.
        """
        whole = [v for v in self.problem.variables() if v.cat == pulp.LpInteger]
        if not whole:
            return
        fixed = {v: (x := float(round(v.varValue or 0.0)), x) for v in whole}
        for _, row in self._holds.values():
            row.release()  # what is held exactly below is as good, but for tolerances
        with self.bounded(fixed):
            for objective in (*objectives, *self.formulation.last):
                if not self._settle_one(objective):
                    break

    def _settle_one(self, objective: Objective) -> bool:
        """Minimise one objective around fixed whole variables; False when it fails."""
        if all(v.cat == pulp.LpInteger for v in objective.expression.keys()):  # noqa: SIM118
            return True  # a constant here
        self.problem.setObjective(objective.expression)
        before = self.values()
        stats = run_highs(
            self.problem,
            Limits(gap=0.0, threads=self.threads),
            matrix=self._matrix,
        )
        if stats.status != pulp.LpSolveStatus.Optimal:
            self.give_values(before)
            return False
        make_whole(self.problem)  # fixed, but a solver need not be exact
        value = _value_of(objective)
        self._hold(objective).at_most(value + _ROUNDING * max(1.0, abs(value)))
        return True


def _value_of(objective: Objective) -> float:
    """Return what is minimised, at the variables' present values."""
    return float(objective.expression.value() or 0.0)


def _still_known(relaxation: Sequence[Stage], found: Sequence[Stage]) -> Stage | None:
    """Return the next stage of a relaxation while all before it are as good here."""
    number = len(found)
    if number >= len(relaxation) or relaxation[number].bound is None:
        return None
    for stage, known in zip(found, relaxation, strict=False):
        if stage.limit is None or known.limit is None or stage.limit > known.limit:
            return None
    return relaxation[number]


def _limit(value: float, known: Stage | None) -> float:
    """Return what a value found is held within: as in the relaxation, if as good."""
    limit = value + HOLD_TOLERANCE * max(1.0, abs(value))
    if known is not None and known.limit is not None and value <= known.limit:
        return known.limit
    return limit


def _gap(value: float, bound: float | None) -> float | None:
    if bound is None or not math.isfinite(bound):
        return None
    return max(0.0, value - bound) / max(1.0, abs(value))


def _shown_gap(objective: Objective, value: float, bound: float | None) -> float | None:
    """Return the gap between a value and a bound as they are shown."""
    return _gap(
        objective.sign * value, None if bound is None else objective.sign * bound
    )


def _no_plan(stats: pulp.LpSolveStats) -> SolverError:
    message = Text(
        f"求解器停止时没有任何方案 (原因: {stats.status_str})",
        f"the solver stopped without any plan (reason: {stats.status_str})",
    )
    remedy = Text(
        "加大 [solver] time_limit_s, 或减小问题规模",
        "raise [solver] time_limit_s, or make the task smaller",
    )
    return SolverError([Finding("solver-no-plan", message, remedy=remedy)])


def _unsolved(objective: Objective) -> Stage:
    value = objective.show(_value_of(objective))
    return Stage(objective.name, value, None, None, "feasible", 0.0, "NotStarted")


def _with_final_values(
    objectives: Sequence[Objective], stages: Sequence[Stage]
) -> list[Stage]:
    """Return the stages with the values of the final plan, gaps accordingly."""
    result = []
    for objective, stage in zip(objectives, stages, strict=True):
        value = objective.show(_value_of(objective))
        gap = _shown_gap(objective, value, stage.bound)
        result.append(replace(stage, value=value, gap=gap))
    return result
