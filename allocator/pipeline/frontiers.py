"""What money buys: a frontier of plans, each audited, and its folder."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from allocator import charts, export
from allocator.charts import FrontierReport
from allocator.diagnose import as_error, refuse_impossible
from allocator.errors import InputError, Text, errors_in
from allocator.formulation import build_phases
from allocator.frontier import Solves, at_limits, exactly
from allocator.pipeline.explaining import explain_task
from allocator.pipeline.outcomes import judge_today, make_outcome, read_found
from allocator.pipeline.planning import write_outcome
from allocator.pipeline.task import Task, cost_findings, shown_findings
from allocator.policy.terms import SHORTFALLS
from allocator.progress import SILENT
from allocator.provenance import versions
from allocator.solve import Session, solver_version

if TYPE_CHECKING:
    from pathlib import Path

    from allocator.formulation import Formulation, Objective
    from allocator.frontier import Frontier
    from allocator.outcome import Outcome
    from allocator.policy.terms import Terms
    from allocator.progress import Progress
    from allocator.solve import Solution

_MONEY = ("capital_wan", "yearly_wan")


@dataclass(frozen=True)
class FrontierRequest:
    """Which trade-off is asked for.

    Parameters
    ----------
    objectives
        Two different names of `OBJECTIVES`.
    budgets
        Limits on the first objective, ascending; empty: the frontier is explored
        between its two ends.
    most_points
        Points that are looked for without budgets, >= 2; None: until every efficient
        plan is known.
    nested
        Whether each plan keeps what the one for less places.
    """

    objectives: tuple[str, str] = ("capital_wan", "uncovered_people")
    budgets: tuple[float, ...] = ()
    most_points: int | None = 9
    nested: bool = False


def find_frontier(
    task: Task, request: FrontierRequest, *, progress: Progress = SILENT
) -> FrontierReport:
    """Find the points of a frontier, audit the plan of each, and say what is proven.

    The brief's limits on the two objectives are lifted: with several phases also
    those of each, so that a budget is one for all phases together. All else binds.

    Raises
    ------
    InputError
        When the two objectives cannot be weighed in this task.
    InfeasibleError
        When no plan keeps every rule, whatever it costs.
    SolverError
        When the solver gave no usable answer.
    AuditError
        When a plan found breaks a rule.
    KeyboardInterrupt
        When it was stopped before any plan was there.
    """
    started = time.monotonic()
    task = _opened(task, request)
    progress.step(Text("建立整数规划", "building the integer program"))
    formulation = build_phases(task.phases, task.travel, progress=progress)
    refuse_impossible(formulation, task.area, task.policy)
    build_s = time.monotonic() - started
    settings = task.brief.solver
    today = judge_today(task)

    def keep(solution: Solution, limit: float | None) -> Outcome:
        return make_outcome(
            _limited(task, request, limit),
            read_found(formulation),
            solution,
            build_s=build_s,
            today=today,
            progress=progress,
        )

    session = Session(
        formulation, gap=settings.gap, threads=settings.threads, progress=progress
    )
    first, second = (_stage(formulation, name) for name in request.objectives)
    others = [o for o in formulation.stages if o.name not in request.objectives]
    before = [o for o in others if o.name in SHORTFALLS]
    rest = [o for o in others if o.name not in SHORTFALLS]
    solves = Solves(
        session,
        first,
        second,
        rest,
        before=before,
        time_limit_s=settings.time_limit_s,
        keep=keep,
    )
    frontier: Frontier[Outcome] | None
    if request.budgets:
        frontier = at_limits(solves, request.budgets, nested=request.nested)
    else:
        frontier = exactly(solves, most=request.most_points, nested=request.nested)
    if frontier is None:
        explanation = explain_task(task, ways_out=False, progress=progress)
        raise as_error(explanation, task.area, task.policy)
    seconds = {
        **task.seconds,
        "build": build_s,
        "search": time.monotonic() - started - build_s,
    }
    return FrontierReport(
        name=task.brief.name,
        language=task.brief.language,
        objectives=(first.name, second.name),
        signs=(first.sign, second.sign),
        frontier=frontier,
        nested=request.nested,
        budgets=request.budgets,
        findings=shown_findings(task, formulation.undecidable),
        certificate={
            "terms": {
                "objective": [o.name for o in (*before, first, second, *rest)],
                "budgets": list(request.budgets),
                "most_points": None if request.budgets else request.most_points,
                "nested": request.nested,
                "time_limit_s": settings.time_limit_s,
                "gap": settings.gap,
            },
            "model": formulation.size,
            "solver": solver_version(),
            "versions": versions(),
            "inputs": list(task.inputs),
            "seconds": round(sum(seconds.values()), 3),
            "times": {name: round(value, 3) for name, value in seconds.items()},
        },
    )


def _opened(task: Task, request: FrontierRequest) -> Task:
    """Return the task without limits on the two objectives, which it orders first.

    Raises
    ------
    InputError
        When money is weighed and something has no price.
    """
    names = request.objectives

    def opened(terms: Terms) -> Terms:
        rest = tuple(name for name in terms.objective if name not in names)
        terms = replace(terms, objective=(*names, *rest))
        if "capital_wan" in names:
            terms = replace(terms, capital_wan=None, total_capital_wan=None)
        if "yearly_wan" in names:
            terms = replace(terms, yearly_wan=None)
        return terms

    phases = [replace(phase, terms=opened(phase.terms)) for phase in task.phases]
    if set(_MONEY) & set(names):
        _refuse_without_prices(task)
    return replace(task, phases=tuple(phases))


def _refuse_without_prices(task: Task) -> None:
    """Stop where a price is missing: what costs nothing would be built first."""
    limited = [
        replace(phase, terms=replace(phase.terms, capital_wan=0.0))
        for phase in task.phases
    ]
    findings = errors_in(cost_findings(task.area, task.policy, limited))
    if findings:
        raise InputError(findings)


def _stage(formulation: Formulation, name: str) -> Objective:
    return next(stage for stage in formulation.stages if stage.name == name)


def _limited(task: Task, request: FrontierRequest, limit: float | None) -> Task:
    """Return the task whose budget is the limit, for the audit of a plan under it."""
    if limit is None or request.objectives[0] not in _MONEY:
        return task
    several = len(task.phases) > 1

    def bound(terms: Terms) -> Terms:
        if request.objectives[0] == "yearly_wan":
            return replace(terms, yearly_wan=limit)
        if several:
            return replace(terms, total_capital_wan=limit)
        return replace(terms, capital_wan=limit)

    phases = tuple(replace(p, terms=bound(p.terms)) for p in task.phases)
    return replace(task, phases=phases)


def write_frontier(
    report: FrontierReport,
    target: Path,
    *,
    force: bool,
    plans: bool = True,
    progress: Progress = SILENT,
) -> None:
    """Write the folder of a frontier, whole or not at all.

    Parameters
    ----------
    report
        What was found.
    target
        The folder.
    force
        Whether an existing frontier is replaced.
    plans
        Whether the plan of each point gets a run folder, ``points/NN``.
    progress
        Told of each folder.

    Raises
    ------
    InputError
        When the folder exists and ``force`` is not set, or cannot be written.
    """
    with export.finish_run(target, force=force, marker=charts.MARKER) as folder:
        charts.write_frontier(report, folder, linked=plans)
        if not plans:
            return
        for number, outcome in charts.plans_of(report):
            progress.step(
                Text(f"写出方案 {number:02}", f"writing the plan of point {number:02}")
            )
            write_outcome(outcome, folder / "points" / f"{number:02}", force=False)
