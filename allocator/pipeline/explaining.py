"""Explaining a task that has no plan."""

from __future__ import annotations

from typing import TYPE_CHECKING

from allocator.diagnose import Explanation, explain
from allocator.progress import SILENT

if TYPE_CHECKING:
    from allocator.pipeline.task import Task
    from allocator.progress import Progress


def explain_task(
    task: Task, *, ways_out: bool = True, progress: Progress = SILENT
) -> Explanation:
    """Find the clauses of a task that collide, and the least relaxation of each.

    Parameters
    ----------
    task
        A task that was read; its ``[solver]`` and ``[explain]`` sections apply.
    ways_out
        Whether to look for the ways out one by one.
    progress
        Told of the search; when it is cancelled what was found is kept.

    Raises
    ------
    SolverError
        When the two solvers contradict each other.
    """
    settings = task.brief.solver
    return explain(
        task.phases,
        task.travel,
        seconds=settings.time_limit_s,
        give_way=task.brief.explain.give_way,
        ways_out=ways_out,
        threads=settings.threads,
        progress=progress,
    )
