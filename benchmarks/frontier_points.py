"""Seconds for each point of a frontier: one session against a new program each time.

    python benchmarks/frontier_points.py BRIEF 80000,92000,100000

Both solve uncovered people, then capital, under each budget; no later objective, no
audit. "New" builds the program anew and starts from nothing; "one session" builds it
once and starts each point from the plan of the one before. The two ends, which a
frontier solves first, are counted apart.
"""

from __future__ import annotations

import sys
import time
from dataclasses import replace
from pathlib import Path

from allocator.formulation import build_phases
from allocator.frontier import Solves, at_limits
from allocator.pipeline import Task, read_task
from allocator.solve import Session

ORDER = ("uncovered_people", "capital_wan")


def phases_of(task: Task, budget: float | None) -> list:
    """Return the phases under one budget for all of them together."""
    return [
        replace(
            phase,
            terms=replace(
                phase.terms,
                capital_wan=None,
                total_capital_wan=budget,
                objective=ORDER,
            ),
        )
        for phase in task.phases
    ]


def new_each_time(task: Task, budgets: list[float]) -> list[tuple[float, ...]]:
    """Build and solve a program for each budget; print the seconds of each."""
    values = []
    for budget in budgets:
        started = time.perf_counter()
        formulation = build_phases(phases_of(task, budget), task.travel)
        by_name = {stage.name: stage for stage in formulation.stages}
        session = Session(formulation, gap=task.brief.solver.gap)
        found = session.solve([by_name[n] for n in ORDER], time_limit_s=300)
        values.append(tuple(stage.value for stage in found.stages))
        print(f"new         {budget:>12,.0f}  {time.perf_counter() - started:6.1f} s")
    return values


def one_session(task: Task, budgets: list[float]) -> list[tuple[float, ...]]:
    """Build once and solve under each budget; print the seconds of each."""
    started = time.perf_counter()
    formulation = build_phases(phases_of(task, None), task.travel)
    by_name = {stage.name: stage for stage in formulation.stages}
    session = Session(formulation, gap=task.brief.solver.gap)
    marks: list[float] = []

    def keep(solution: object, limit: float | None) -> None:
        del solution
        now = time.perf_counter()
        print(f"one session {limit or 0:>12,.0f}  {now - marks[-1]:6.1f} s")
        marks.append(now)

    solves = Solves(
        session, by_name[ORDER[1]], by_name[ORDER[0]], (), time_limit_s=300, keep=keep
    )
    ends = solves.ends
    built = time.perf_counter()
    print(f"build once  {'':>12}  {built - started:6.1f} s")

    def timed_ends() -> object:
        found = ends()
        marks.append(time.perf_counter())
        print(f"two ends    {'':>12}  {marks[-1] - built:6.1f} s")
        return found

    solves.ends = timed_ends  # type: ignore[method-assign,assignment]
    frontier = at_limits(solves, budgets)
    if frontier is None:
        return []
    return [(point.y, point.x) for point in frontier.points]


def main() -> None:
    """Time both ways, and show that they find the same."""
    task = read_task(Path(sys.argv[1]))
    budgets = [float(budget) for budget in sys.argv[2].split(",")]
    first = new_each_time(task, budgets)
    second = one_session(task, budgets)
    for budget, one, other in zip(budgets, first, second, strict=True):
        print(f"{budget:>12,.0f}  {one}  {other}")


if __name__ == "__main__":
    main()
