"""Solving a task, auditing the plan, and writing the run folder."""

from __future__ import annotations

import shutil
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from allocator import export, maps, report, workbook
from allocator.diagnose import as_error, refuse_impossible
from allocator.errors import InputError, Text
from allocator.formulation import build_phases
from allocator.pipeline.comparing import draw_changes
from allocator.pipeline.explaining import explain_task
from allocator.pipeline.outcomes import Found, make_outcome, read_found
from allocator.pipeline.sealing import seal_run
from allocator.progress import SILENT
from allocator.solve import solve
from allocator.textbook import Alone, solve_narrowly, solve_textbook

if TYPE_CHECKING:
    from allocator.outcome import Outcome
    from allocator.pipeline.task import Task
    from allocator.progress import Progress
    from allocator.solve import Solution


def make_plan(
    task: Task, *, best_effort: bool = False, progress: Progress = SILENT
) -> Outcome:
    """Solve a task, audit the plan, and return all that is to be written.

    A large task that is a textbook problem (`allocator.textbook`) is solved without an
    integer program; one that has no plan is left to the program, which says why.

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
    solved = None if best_effort else _without_the_whole(task, progress)
    if solved is None:
        spent_s = time.monotonic() - started
        solved = _by_program(task, progress, best_effort=best_effort, spent_s=spent_s)
    found, solution = solved
    build_s = time.monotonic() - started - solution.seconds
    return make_outcome(task, found, solution, build_s=build_s, progress=progress)


def _without_the_whole(task: Task, progress: Progress) -> tuple[Found, Solution] | None:
    """Solve a task that needs no integer program, or a small part of it."""
    settings = task.brief.solver
    alone = solve_textbook(
        task.phases,
        task.travel,
        time_limit_s=settings.time_limit_s,
        gap=settings.gap,
        progress=progress,
    )
    if alone is not None:
        return _found_alone(alone), alone.solution
    narrowed = solve_narrowly(
        task.phases,
        task.travel,
        time_limit_s=settings.time_limit_s,
        gap=settings.gap,
        threads=settings.threads,
        progress=progress,
    )
    if narrowed is None:
        return None
    return read_found(narrowed[0]), narrowed[1]


def _by_program(
    task: Task, progress: Progress, *, best_effort: bool, spent_s: float
) -> tuple[Found, Solution]:
    """Build the integer program and solve it, in what is left of the time.

    Raises
    ------
    InfeasibleError, SolverError
        As `make_plan`.
    """
    progress.step(Text("建立整数规划", "building the integer program"))
    formulation = build_phases(
        task.phases,
        task.travel,
        relaxed="rules" if best_effort else "nothing",
        progress=progress,
    )
    refuse_impossible(formulation, task.area, task.policy)
    settings = task.brief.solver
    left = settings.time_limit_s - spent_s
    solution = solve(
        formulation,
        time_limit_s=max(left, _LEAST_SHARE * settings.time_limit_s),
        gap=settings.gap,
        threads=settings.threads,
        progress=progress,
    )
    if solution.status == "infeasible":
        explanation = explain_task(task, ways_out=False, progress=progress)
        raise as_error(explanation, task.area, task.policy)
    return read_found(formulation), solution


def _found_alone(alone: Alone) -> Found:
    """Return a plan of a textbook problem: it breaks nothing and lacks no column."""
    size = {"textbook": alone.problem.name, "places": len(alone.problem.sites)}
    return Found((alone.plan,), (frozenset(),), {}, size)


# Of the time limit: what the program gets where a search without it took the rest.
_LEAST_SHARE = 0.5

PARTS = ("map", "report", "workbook", "figures")
# The maps that the report shows; those that do not apply to a plan are left out.
REPORT_FIGURES = tuple(maps.FIGURES)


@dataclass(frozen=True)
class Shown:
    """What a run folder holds beside its tables.

    Parameters
    ----------
    parts
        Of `PARTS`; the tables are always written.
    figures
        Which maps of the series go into ``figures``; None: those of the report.
    """

    parts: tuple[str, ...] = PARTS
    figures: tuple[str, ...] | None = None


# Where many plans are written at once, each has its tables, workbook and map.
BRIEFLY = Shown(parts=("map", "workbook"))


def write_outcome(
    outcome: Outcome,
    target: Path,
    *,
    force: bool,
    shown: Shown = BRIEFLY,
    previous: Path | None = None,
    progress: Progress = SILENT,
) -> None:
    """Write a run folder, whole or not at all.

    Parameters
    ----------
    outcome, target
        What to write, and where.
    force
        Whether an existing run is replaced.
    shown
        What is rendered.
    previous
        The run that this one follows, whose changes are drawn; None: none is.
    progress
        Told of each part, and of each map.

    Raises
    ------
    InputError
        When the folder exists and ``force`` is not set, or cannot be written; when the
        report's templates cannot be used.
    """
    with export.finish_run(target, force=force) as folder:
        progress.step(Text("写出结果表", "writing tables"))
        export.write_run(outcome, folder)
        if "workbook" in shown.parts:
            progress.step(Text("写出工作簿", "writing the workbook"))
            workbook.write_workbook(outcome, folder / "plan.xlsx")
        if "map" in shown.parts:
            progress.step(Text("绘制地图", "drawing maps"))
            maps.draw_map(outcome, folder / "map.png")
            maps.write_html(outcome, folder / "map.html")
        if {"figures", "report"} & set(shown.parts):
            seen = _with_changes(outcome, previous, folder, progress)
            _write_figures_and_report(seen, folder, shown, progress)
        seal_run(folder)


def _with_changes(
    outcome: Outcome, previous: Path | None, folder: Path, progress: Progress
) -> Outcome:
    """Return the outcome with what draws its changes, where plans can be compared.

    A previous run of an earlier version, or of another area, is no reason to lose the
    new plan: its map is left out.
    """
    if previous is None:
        return outcome
    try:
        changes = draw_changes(previous, folder, outcome.language)
    except InputError as error:
        words = error.findings[0].message
        progress.step(
            Text(
                f"不绘方案调整图: {words.zh}",
                f"no map of changes: {words.en}",
            )
        )
        return outcome
    return replace(outcome, changes=changes)


def _write_figures_and_report(
    outcome: Outcome, folder: Path, shown: Shown, progress: Progress
) -> None:
    """Draw the series, once for the folder and the report."""
    there = maps.figures_of(outcome)
    wanted = REPORT_FIGURES if shown.figures is None else shown.figures
    kept = [name for name in there if name in wanted and "figures" in shown.parts]
    drawn = list(there) if "report" in shown.parts else kept
    with tempfile.TemporaryDirectory() as name:
        pictures = {}
        for at, figure in enumerate(drawn, start=1):
            title = maps.FIGURES[figure].title
            count = f"({at}/{len(drawn)})"
            progress.step(
                Text(f"绘制{title.zh} {count}", f"drawing {title.en} {count}")
            )
            held = folder / "figures" if figure in kept else Path(name)
            held.mkdir(exist_ok=True)
            pictures[figure] = held / f"{figure}.png"
            _draw(outcome, figure, pictures[figure], folder)
        if "report" in shown.parts:
            progress.step(Text("写出报告", "writing the report"))
            report.write_report(outcome, pictures, folder)


def _draw(outcome: Outcome, figure: str, path: Path, folder: Path) -> None:
    """Draw a map of the series; what stands in the folder is not drawn twice."""
    ready = folder / "map.png"
    if figure == "proposed" and ready.exists():
        for ending in (".png", ".pdf"):
            shutil.copyfile(ready.with_suffix(ending), path.with_suffix(ending))
        return
    maps.draw_figure(outcome, figure, path)
