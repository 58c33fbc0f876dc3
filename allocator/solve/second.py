"""A second solver, CBC, that is asked before anything is called infeasible."""

from __future__ import annotations

from typing import Any, Literal

import pulp

from allocator.errors import Finding, SolverError, Text

type Confirmation = Literal["confirmed", "unanswered", "missing"]

_TOLERANCE = 1e-6  # absolute, of a row: the feasibility tolerance of both solvers


def confirm_infeasible(
    problem: pulp.LpProblem, *, seconds: float, threads: int | None = None
) -> Confirmation:
    """Ask CBC whether a program that HiGHS calls infeasible has no solution.

    Parameters
    ----------
    problem
        With bounds and limits as HiGHS saw them. Values of variables are lost.
    seconds
        Time limit of CBC.
    threads
        Threads of CBC; None leaves the choice to it.

    Returns
    -------
    confirmation
        ``confirmed`` when CBC proves it too, ``unanswered`` when it does not in the
        time, ``missing`` when there is no CBC on this machine.

    Raises
    ------
    SolverError
        When CBC finds a solution that keeps every row: one of the two is wrong.
    """
    cbc: Any = pulp.COIN_CMD
    solver = cbc(msg=False, timeLimit=max(1.0, seconds), threads=threads)
    if not solver.available():
        return "missing"
    whole = pulp.lpSum_vars_coefs([]) + 0.0
    problem.setObjective(whole)
    try:
        stats = problem.solve(solver)
    except (pulp.PulpError, OSError):
        return "unanswered"
    if stats.status == pulp.LpSolveStatus.Infeasible and not stats.has_solution:
        return "confirmed"
    if stats.has_solution and problem.valid(_TOLERANCE):
        raise SolverError(
            [
                Finding(
                    "solvers-disagree",
                    Text(
                        "HiGHS 称无解, CBC 却找到满足所有约束的解",
                        "HiGHS calls the task infeasible, CBC has a solution of it",
                    ),
                    remedy=Text(
                        "请检查数据的量级 (造价、人口是否相差悬殊), 并报告此问题",
                        "check the scale of the data (costs or people that differ by "
                        "many magnitudes), and report this",
                    ),
                )
            ]
        )
    return "unanswered"
