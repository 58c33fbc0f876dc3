"""Solving a task, auditing the plan, and writing the run folder."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from allocator import export, maps, workbook
from allocator.diagnose import as_error, refuse_impossible
from allocator.errors import Text
from allocator.formulation import build_phases
from allocator.pipeline.explaining import explain_task
from allocator.pipeline.outcomes import make_outcome
from allocator.progress import SILENT
from allocator.solve import solve

if TYPE_CHECKING:
    from pathlib import Path

    from allocator.outcome import Outcome
    from allocator.pipeline.task import Task
    from allocator.progress import Progress


def make_plan(
    task: Task, *, best_effort: bool = False, progress: Progress = SILENT
) -> Outcome:
    """Solve a task, audit the plan, and return all that is to be written.

    Parameters
    ----------
    task
        A task that was read.
    best_effort
        Break binding clauses as little as possible where they cannot all be kept: the
        sum of what is missing, each relative to what it asks for, is least. The budget
        is kept. What is broken stands first in the outcome.
    progress
        Told of each step.

    Raises
    ------
    InfeasibleError
        When no plan keeps every rule.
    SolverError
        When the solver gave no usable answer.
    AuditError
        When the plan found breaks a rule: it is never written.
    """
    started = time.monotonic()
    progress.step(Text("建立整数规划", "building the integer program"))
    formulation = build_phases(
        task.phases,
        task.travel,
        relaxed="rules" if best_effort else "nothing",
        progress=progress,
    )
    refuse_impossible(formulation, task.area, task.policy)
    build_s = time.monotonic() - started
    settings = task.brief.solver
    solution = solve(
        formulation,
        time_limit_s=settings.time_limit_s,
        gap=settings.gap,
        threads=settings.threads,
        progress=progress,
    )
    if solution.status == "infeasible":
        explanation = explain_task(task, ways_out=False, progress=progress)
        raise as_error(explanation, task.area, task.policy)
    return make_outcome(task, formulation, solution, build_s=build_s, progress=progress)


def write_outcome(
    outcome: Outcome, target: Path, *, force: bool, progress: Progress = SILENT
) -> None:
    """Write a run folder, whole or not at all.

    Raises
    ------
    InputError
        When the folder exists and ``force`` is not set, or cannot be written.
    """
    with export.finish_run(target, force=force) as folder:
        progress.step(Text("写出结果表", "writing tables"))
        export.write_run(outcome, folder)
        workbook.write_workbook(outcome, folder / "plan.xlsx")
        progress.step(Text("绘制地图", "drawing maps"))
        maps.draw_map(outcome, folder / "map.png")
        maps.write_html(outcome, folder / "map.html")
