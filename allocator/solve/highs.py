"""One run of HiGHS through PuLP: settings, progress, and what may be believed.

Every program of the package, plans and groups alike, goes to the solver here.
"""

from __future__ import annotations

import functools
import math
import os
import sys
from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import highspy
import pulp

from allocator.errors import Finding, SolverError, Text
from allocator.progress import SILENT
from allocator.solve.matrix import KeptHiGHS, Matrix

if TYPE_CHECKING:
    from allocator.progress import Progress

_INTEGRALITY = 1e-5  # a 0/1 variable farther from a whole number is not a solution

_ROUNDING = 1e-6  # relative; HiGHS itself stops at an absolute gap of 1e-6


@dataclass(frozen=True)
class Limits:
    """When a run stops.

    Parameters
    ----------
    seconds
        Wall-clock limit; None: none.
    gap
        Relative gap at which a solution counts as proven, >= 0.
    threads
        Threads of the solver; None leaves the choice to it.
    target
        A value good enough to stop at; None: none.
    progress
        Told of bounds; when it is cancelled the best solution found is kept.
    """

    seconds: float | None = None
    gap: float = 1e-4
    threads: int | None = None
    target: float | None = None
    progress: Progress = SILENT


def solver_version() -> str:
    """Return the solver's name and version, and PuLP's."""
    return f"HiGHS {version('highspy')} through PuLP {pulp.__version__}"


def run_highs(
    problem: pulp.LpProblem,
    limits: Limits,
    *,
    warm: bool = False,
    matrix: Matrix | None = None,
) -> pulp.LpSolveStats:
    """Minimise the problem's objective; once more where HiGHS leaves open what it has.

    Parameters
    ----------
    problem
        With its objective set; its variables receive the values found.
    limits
        When to stop.
    warm
        Start from the values of the variables; those that are None are left open.
    matrix
        Of the problem, kept from an earlier run; None: made anew.

    Raises
    ------
    SolverError
        When HiGHS cannot even take the program in.
    """
    _hush()
    _start_threads(limits.threads)
    settings: dict[str, Any] = {
        "msg": False,
        "timeLimit": limits.seconds,
        "gapRel": limits.gap,
        "threads": limits.threads,
        # After a restart HiGHS 1.11 to 1.15 may call optimal what is not: seed 415 of
        # tests/test_networks.py.
        "mip_allow_restart": False,
        "callbackTuple": (_watch(limits.progress), None),
        "callbacksToActivate": list(_CALLBACKS),
    }
    if limits.target is not None:
        settings["objective_target"] = limits.target
    kept = Matrix(problem) if matrix is None else matrix
    try:
        stats = problem.solve(KeptHiGHS(kept, warmStart=warm, **settings))
    except (IndexError, pulp.PulpError) as error:
        raise _failed() from error
    proven = stats.status == pulp.LpSolveStatus.Optimal
    if proven and warm and problem.isMIP() and not _borne_out(problem, stats, limits):
        # A warm start may be called optimal without any bound, or come back with the
        # bound of a better solution that presolve saw: solve without it.
        stats = problem.solve(KeptHiGHS(kept, **settings))
    if stats.status == pulp.LpSolveStatus.Undefined and not stats.has_solution:
        # Presolve may stop at "unbounded or infeasible" without saying which.
        stats = problem.solve(KeptHiGHS(kept, presolve="off", **settings))
    return stats


def _borne_out(
    problem: pulp.LpProblem, stats: pulp.LpSolveStats, limits: Limits
) -> bool:
    """Return whether the values are as good as the bound said to be reached."""
    if stats.best_bound is None or problem.objective is None:
        return False
    value = float(problem.objective.value() or 0.0)
    if limits.target is not None and value <= limits.target:
        return True  # stopping early leaves a gap by intent
    return value - stats.best_bound <= (limits.gap + _ROUNDING) * max(1.0, abs(value))


@functools.lru_cache(maxsize=1)
def _start_threads(threads: int | None) -> None:
    """Let HiGHS take another number of threads than in the run before.

    Its threads live as long as the process: a run that asks for another number is
    refused until they are ended. The cache of one leaves them alone otherwise.
    """
    solver: Any = highspy.Highs
    solver.resetGlobalScheduler(True)  # noqa: FBT003 (positional only: wait for them)
    del threads


@functools.cache
def _hush() -> None:
    """Let HiGHS say its name once, where it does not mix with results.

    From 1.16 on it prints two lines to the standard output of the process the first
    time any option is set, even the one that turns printing off.
    """
    sys.stdout.flush()
    kept = os.dup(1)
    try:
        sink = os.open(os.devnull, os.O_WRONLY)
        os.dup2(sink, 1)
        os.close(sink)
        solver: Any = highspy.Highs
        solver().setOptionValue("mip_rel_gap", 0.0)
    finally:
        os.dup2(kept, 1)
        os.close(kept)


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


def check_values(problem: pulp.LpProblem) -> None:
    """Refuse values that are missing, infinite, out of bounds or not whole.

    Raises
    ------
    SolverError
        When any variable is so.
    """
    bad = []
    for variable in problem.variables():
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


def make_whole(problem: pulp.LpProblem) -> None:
    """Give whole variables whole values; `check_values` has seen that they are near."""
    for variable in problem.variables():
        if variable.cat == pulp.LpInteger:
            variable.varValue = float(round(variable.varValue or 0.0))


def _failed() -> SolverError:
    message = Text("求解器无法处理该模型", "the solver cannot take this program in")
    remedy = Text(
        "请检查数据的量级 (造价、人口是否相差悬殊)",
        "check the scale of the data (costs or people that differ by many magnitudes)",
    )
    return SolverError([Finding("solver-failed", message, remedy=remedy)])
