"""Running a solver through PuLP, and saying honestly what was proved.

Stages are solved in lexicographic order: each is minimised, then held within a stated
tolerance while the next is. A stage is ``optimal`` only when the solver says so and
the bound it proved is within the gap asked for.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, replace
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Literal

import highspy
import pulp

from allocator.errors import Finding, SolverError, Text
from allocator.progress import SILENT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from allocator.formulation import Formulation, Objective
    from allocator.progress import Progress

type Status = Literal["optimal", "feasible", "infeasible"]

HOLD_TOLERANCE = 1e-8  # relative: how much a later stage may worsen an earlier one
_ROUNDING = 1e-9  # relative: held exactly, but for the rounding of a sum
_INTEGRALITY = 1e-5  # a 0/1 variable farther from a whole number is not a solution
_LEAST_SECONDS = 1.0  # what a late stage gets even when the time is used up


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
        Why the solver stopped, in PuLP's word (``Optimal``, ``TimeLimit`` ...).
    """

    name: str
    value: float
    bound: float | None
    gap: float | None
    status: Status
    seconds: float
    stopped_by: str


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


def solver_version() -> str:
    """Return the solver's name and version, and PuLP's."""
    return f"HiGHS {version('highspy')} through PuLP {pulp.__version__}"


def solve(
    formulation: Formulation,
    *,
    time_limit_s: float,
    gap: float,
    threads: int | None = None,
    progress: Progress = SILENT,
) -> Solution:
    """Solve the stages of a formulation in order.

    Parameters
    ----------
    formulation
        Its problem gains a row per stage that is held.
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
    started = time.monotonic()
    stages: list[Stage] = []
    count = len(formulation.stages)
    for number, objective in enumerate(formulation.stages):
        progress.step(
            Text(
                f"求解目标 {number + 1}/{count}: {objective.name}",
                f"solving objective {number + 1}/{count}: {objective.name}",
            )
        )
        left = time_limit_s - (time.monotonic() - started)
        if number and (left <= 0 or progress.cancelled()):
            stages.append(_unsolved(objective))
            continue
        stage = _solve_stage(
            formulation.problem,
            objective,
            seconds=max(_LEAST_SECONDS, left),
            gap=gap,
            threads=threads,
            warm=number > 0,
            progress=progress,
        )
        if stage is None:
            if number == 0:
                elapsed = time.monotonic() - started
                return Solution("infeasible", (), elapsed, solver_version())
            stages.append(_unsolved(objective))
            continue
        stages.append(stage)
        _hold(formulation.problem, objective, objective.sign * stage.value)
    _settle(formulation, threads=threads)
    proven = all(stage.status == "optimal" for stage in stages)
    return Solution(
        "optimal" if proven else "feasible",
        tuple(_with_final_values(formulation.stages, stages)),
        time.monotonic() - started,
        solver_version(),
    )


def _solve_stage(
    problem: pulp.LpProblem,
    objective: Objective,
    *,
    seconds: float,
    gap: float,
    threads: int | None,
    warm: bool,
    progress: Progress,
) -> Stage | None:
    """Minimise one objective; None when it is infeasible (or no better plan came)."""
    problem.setObjective(objective.expression)
    before = [v.varValue for v in problem.variables()] if warm else None
    settings: dict[str, Any] = {
        "msg": False,
        "timeLimit": seconds,
        "gapRel": gap,
        "threads": threads,
        # After a restart HiGHS has called a solution optimal that was not.
        "mip_allow_restart": False,
        "callbackTuple": (_watch(progress), None),
        "callbacksToActivate": list(_CALLBACKS),
    }
    # Whole variables in no row never reach the solver, which then solves a linear
    # program and proves no bound of its own.
    is_mip = any(v.cat == pulp.LpInteger for v in problem.exported_variables())
    stats = _run_solver(problem, settings, warm=warm, is_mip=is_mip)
    if stats.status == pulp.LpSolveStatus.Infeasible and not warm:
        return None
    if not stats.has_solution:
        if before is not None:
            for variable, value in zip(problem.variables(), before, strict=True):
                variable.varValue = value
            return None
        raise _no_plan(stats)
    _check_values(problem)
    value = _value_of(objective)
    _make_whole(problem)
    bound = stats.best_bound if is_mip else value
    if stats.status != pulp.LpSolveStatus.Optimal and not is_mip:
        bound = None  # a linear program stopped half-way proves nothing
    if objective.expression.isNumericalConstant():
        bound = value  # PuLP leaves a lone constant out of the bound
    proven_gap = (
        None
        if bound is None or not math.isfinite(bound)
        else max(0.0, value - bound) / max(1.0, abs(value))
    )
    optimal = (
        stats.status == pulp.LpSolveStatus.Optimal
        and proven_gap is not None
        and proven_gap <= gap + 1e-9
    )
    return Stage(
        objective.name,
        objective.sign * value,
        None if bound is None else objective.sign * bound,
        proven_gap,
        "optimal" if optimal else "feasible",
        float(stats.time),
        stats.status_str,
    )


def _run_solver(
    problem: pulp.LpProblem, settings: dict[str, Any], *, warm: bool, is_mip: bool
) -> pulp.LpSolveStats:
    """Solve, and once more where HiGHS leaves open what it has proved.

    Raises
    ------
    SolverError
        When HiGHS cannot even take the program in.
    """
    try:
        stats = problem.solve(pulp.HiGHS(warmStart=warm, **settings))
    except (IndexError, pulp.PulpError) as error:
        raise _failed() from error  # PuLP reads rows that a failed HiGHS has not
    proven = stats.status == pulp.LpSolveStatus.Optimal
    if proven and warm and is_mip and stats.best_bound is None:
        # A warm start may be called optimal without any bound: solve without it.
        stats = problem.solve(pulp.HiGHS(**settings))
    if stats.status == pulp.LpSolveStatus.Undefined and not stats.has_solution:
        # Presolve may stop at "unbounded or infeasible" without saying which.
        stats = problem.solve(pulp.HiGHS(presolve="off", **settings))
    return stats


_CALLBACKS = (
    highspy.cb.HighsCallbackType.kCallbackMipInterrupt,
    highspy.cb.HighsCallbackType.kCallbackSimplexInterrupt,
    highspy.cb.HighsCallbackType.kCallbackMipLogging,
)


def _watch(progress: Progress) -> Any:  # noqa: ANN401 (highspy's callback type)
    """Return a callback that reports bounds and passes on a wish to stop."""

    def callback(
        kind: Any,  # noqa: ANN401
        message: str,
        data_out: Any,  # noqa: ANN401
        data_in: Any,  # noqa: ANN401
        user_data: object,
    ) -> None:
        if kind == highspy.cb.HighsCallbackType.kCallbackMipLogging:
            best, bound = data_out.mip_primal_bound, data_out.mip_dual_bound
            if math.isfinite(best):
                words = f"{best:,.6g}", f"{bound:,.6g}"
                progress.update(
                    Text(
                        f"已找到 {words[0]}, 下界 {words[1]}",
                        f"found {words[0]}, bound {words[1]}",
                    )
                )
        elif data_in is not None and progress.cancelled():
            data_in.user_interrupt = True

    return callback


def _value_of(objective: Objective) -> float:
    """Return what is minimised, at the variables' present values."""
    return float(objective.expression.value() or 0.0)


def _hold(problem: pulp.LpProblem, objective: Objective, found: float) -> None:
    """Keep a solved objective from getting worse in the stages that follow."""
    value = max(found, _value_of(objective))
    room = HOLD_TOLERANCE * max(1.0, abs(value))
    row = objective.expression <= value + room
    problem.addConstraint(row, f"{_HOLD}{objective.name}")


_HOLD = "hold_"


def _make_whole(problem: pulp.LpProblem) -> None:
    """Give whole variables whole values; they are within `_INTEGRALITY` of them."""
    for variable in problem.variables():
        if variable.cat == pulp.LpInteger:
            variable.varValue = float(round(variable.varValue or 0.0))


def _settle(formulation: Formulation, *, threads: int | None) -> None:
    """Fix whole variables at whole numbers and settle the others around them.

    A solver's 0.999999 would leave shares that add up to slightly less, and a stage
    that is only held may use up the room it is held within. So the objectives are
    minimised once more in their order, exactly, around the sites that are chosen: what
    is stated is then what the plan achieves. Where the objectives leave open where
    people go, they go to the nearest holder.
    """
    problem = formulation.problem
    whole = [v for v in problem.variables() if v.cat == pulp.LpInteger]
    if not whole:
        return
    bounds = [(v, v.lowBound, v.upBound) for v in whole]
    for variable in whole:
        value = float(round(variable.varValue or 0.0))
        variable.lowBound = value
        variable.upBound = value
    for objective in (*formulation.stages, *formulation.last):
        if not _settle_one(problem, objective, threads=threads):
            break
    for variable, low, high in bounds:
        variable.lowBound, variable.upBound = low, high


def _settle_one(
    problem: pulp.LpProblem, objective: Objective, *, threads: int | None
) -> bool:
    """Minimise one objective around fixed whole variables; False when it fails."""
    if all(v.cat == pulp.LpInteger for v in objective.expression.keys()):  # noqa: SIM118
        return True  # a constant here
    problem.setObjective(objective.expression)
    before = [(v, v.varValue) for v in problem.variables()]
    stats = problem.solve(pulp.HiGHS(msg=False, threads=threads))
    if stats.status != pulp.LpSolveStatus.Optimal:
        for variable, value in before:
            variable.varValue = value
        return False
    value = _value_of(objective)
    row = objective.expression <= value + _ROUNDING * max(1.0, abs(value))
    problem.addConstraint(row, f"settle_{objective.name}")
    return True


def _check_values(problem: pulp.LpProblem) -> None:
    """Refuse values that are missing, infinite, out of bounds or not whole.

    A variable in no row and no objective never reaches the solver; it is at its lower
    bound then.

    Raises
    ------
    SolverError
        When any variable is so.
    """
    bad = []
    seen = {variable.id for variable in problem.exported_variables()}
    for variable in problem.variables():
        if variable.id not in seen:
            variable.varValue = variable.lowBound
        value = variable.varValue
        if value is None or not math.isfinite(value):
            bad.append(variable.name)
            continue
        room = _INTEGRALITY * max(1.0, abs(value))
        if not variable.lowBound - room <= value <= variable.upBound + room or (
            variable.cat == pulp.LpInteger and abs(value - round(value)) > room
        ):
            bad.append(variable.name)
    if bad:
        message = Text(
            f"求解器返回了 {len(bad)} 个不合理的值",
            f"the solver returned {len(bad)} values that are no solution",
        )
        raise SolverError([Finding("solver-values", message, value=", ".join(bad[:5]))])


def _failed() -> SolverError:
    message = Text("求解器无法处理该模型", "the solver cannot take this program in")
    remedy = Text(
        "请检查数据的量级 (造价、人口是否相差悬殊)",
        "check the scale of the data (costs or people that differ by many magnitudes)",
    )
    return SolverError([Finding("solver-failed", message, remedy=remedy)])


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
    value = objective.sign * _value_of(objective)
    return Stage(objective.name, value, None, None, "feasible", 0.0, "NotStarted")


def _with_final_values(
    objectives: Sequence[Objective], stages: Sequence[Stage]
) -> list[Stage]:
    """Return the stages with the values of the final plan, gaps accordingly."""
    result = []
    for objective, stage in zip(objectives, stages, strict=True):
        value = objective.sign * _value_of(objective)
        gap = (
            None
            if stage.bound is None
            else max(0.0, objective.sign * (value - stage.bound)) / max(1.0, abs(value))
        )
        result.append(replace(stage, value=value, gap=gap))
    return result
