"""The same programs given to other solvers: the part ``solvers``.

HiGHS solves as the program does it. CBC and SCIP get the program stage by stage, each
stage held at what they themselves reached, and must reach the same values.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pulp
import pytest

from allocator.formulation import build_phases
from allocator.pipeline.task import read_task
from allocator.resources import samples_folder
from allocator.solve import Row, solve
from tests.factories import answer
from tests.property.briefs import briefs
from tests.trust.counting import figure_of, tally
from tests.trust.figures import Figure

if TYPE_CHECKING:
    from collections.abc import Callable

    from allocator.formulation import Formulation, Objective
    from allocator.solve import Stage
    from tests.factories import Case

BRIEFS = 200
# Held a little loosely: 1e-6 is what these solvers keep rows within.
HOLD = 1e-6
SAMPLES = ("jianggan", "xinjian", "nanchang")
SAMPLE_GAP = 1e-4
# SCIP says which limit ended it where the gap asked for did.
PROVEN = (pulp.LpSolveStatus.Optimal, pulp.LpSolveStatus.GapLimit)
SAMPLE_SECONDS = 120.0  # of each stage, for the other solver


def cbc(gap: float, seconds: float, *, warm: bool = False) -> Any:
    """Return CBC with exact gaps; ``warm``: from the values of the variables."""
    solver: Any = pulp.COIN_CMD
    return solver(
        msg=False,
        timeLimit=seconds,
        gapRel=gap,
        gapAbs=0.0,
        warmStart=warm,
    )


def scip(gap: float, seconds: float, *, warm: bool = False) -> Any:
    """Return SCIP with exact gaps; ``warm``: from the values of the variables."""
    solver: Any = pulp.SCIP_PY
    return solver(msg=False, timeLimit=seconds, gapRel=gap, warmStart=warm)


SOLVERS: dict[str, Callable[..., Any]] = {"CBC": cbc, "SCIP": scip}


def available(name: str) -> bool:
    """Return whether a solver is on this machine."""
    return bool(SOLVERS[name](0.0, 1.0).available())


def run_other(problem: pulp.LpProblem, solver: Any) -> pulp.LpSolveStats:
    """Run another solver; CBC again without its preprocessing where that aborts.

    The CBC at hand ends itself (SIGABRT) in the preprocessing of one small program in
    twenty, which HiGHS and SCIP solve, and so does CBC without it.
    """
    try:
        return problem.solve(solver)
    except pulp.PulpSolverError:
        if solver.name != "COIN_CMD":
            raise
        solver.options = ["preprocess off"]
        return problem.solve(solver)
    finally:
        solver.options = []


def values_of(
    formulation: Formulation, solver: Any, heard: Callable[[str, float], None]
) -> dict[str, float] | None:
    """Return what each stage comes to; None when there is no plan, or no proof.

    ``heard`` is told of every stage and its seconds.
    """
    problem = formulation.problem
    found: dict[str, float] = {}
    for objective in formulation.stages:
        started = time.monotonic()
        problem.setObjective(objective.expression)
        stats = run_other(problem, solver)
        heard(objective.name, time.monotonic() - started)
        if stats.status != pulp.LpSolveStatus.Optimal:
            return None
        value = float(objective.expression.value() or 0.0)
        row = Row(problem, objective.expression, f"held_{objective.name}_{len(found)}")
        row.at_most(value + HOLD * max(1.0, abs(value)))
        found[objective.name] = objective.show(value)
    return found


def check_with(name: str) -> Callable[[Case], str]:
    """Return a check of a random task against another solver."""

    def check(case: Case) -> str:
        mine, formulation = answer(case), case.build()
        if formulation.impossible:
            return "impossible before solving"
        theirs = values_of(formulation, SOLVERS[name](0.0, 60.0), lambda *_: None)
        assert mine.feasible == (theirs is not None)
        if theirs is None:
            return "infeasible"
        assert theirs == pytest.approx(mine.stated, rel=1e-4, abs=1e-2)
        return "feasible"

    return check


def compare_sample(sample: str, name: str) -> Figure:
    """Hold the stages of a bundled sample against another solver's, within the gap.

    Both are proven to ``SAMPLE_GAP``, so that two values may differ by twice that. The
    other begins each stage at the plan that HiGHS found, and its stages are held at
    what HiGHS reached: it then solves the same program at every stage. Where it proves
    nothing in the time, it must at least have found nothing better.
    """
    task = read_task(samples_folder() / sample / "brief.toml")
    formulation = build_phases(task.phases, task.travel)
    problem = formulation.problem
    mine = solve(formulation, time_limit_s=10 * SAMPLE_SECONDS, gap=SAMPLE_GAP)
    plan = [variable.varValue for variable in problem.variables()]
    wrong, unproven, said = 0, 0, []
    for objective, stage in zip(formulation.stages, mine.stages, strict=True):
        problem.setObjective(objective.expression)
        for variable, value in zip(problem.variables(), plan, strict=False):
            variable.varValue = value
        stats = problem.solve(SOLVERS[name](SAMPLE_GAP, SAMPLE_SECONDS, warm=True))
        proven = stats.status in PROVEN
        proven = proven and stage.status == "optimal"
        unproven += not proven
        if stats.has_solution:
            theirs = float(objective.expression.value() or 0.0)
            wrong += _differ(objective, stage, theirs, proven=proven)
            said.append(f"{objective.name} {objective.show(theirs):,.6g}")
        else:
            wrong += proven
            said.append(f"{objective.name}: none found")
        said[-1] += (not proven) * " (not proven)"
        limit = stage.limit
        assert limit is not None
        row = Row(problem, objective.expression, f"held_{len(said)}")
        row.at_most(limit + HOLD * max(1.0, abs(limit)))
    note = "; ".join(said)
    if unproven:
        note += f"; {unproven} of these not proven by {name}, but nothing better found"
    return Figure(
        f"stages of the sample {sample}, {name}", len(mine.stages), wrong, note
    )


def _differ(objective: Objective, stage: Stage, theirs: float, *, proven: bool) -> bool:
    """Return whether another solver's value is not that of HiGHS.

    Where the other proved nothing, only a better value than HiGHS called the best is.
    """
    shown = objective.show(theirs)
    room = 2 * SAMPLE_GAP * max(1.0, abs(stage.value)) + 1e-6
    if proven:
        return abs(shown - stage.value) > room
    better = objective.sign * (stage.value - shown)
    return stage.status == "optimal" and better > room


def figures(share: float) -> list[Figure]:
    """Hold 200 random tasks, and the samples, against CBC; SCIP where it is there."""
    found = []
    for name in SOLVERS:
        if not available(name):
            found.append(Figure(f"random tasks, {name}", 0, 0, "not on this machine"))
            continue
        kinds, wrong = tally(
            briefs(), check_with(name), examples=round(BRIEFS * share), start=3
        )
        what = f"random tasks, HiGHS against {name}"
        found.append(figure_of(what, kinds, wrong))
    samples = SAMPLES if share >= 1 else SAMPLES[:1]
    there = [name for name in SOLVERS if available(name)]
    return [*found, *(compare_sample(s, name) for s in samples for name in there)]
