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

    from allocator.formulation import Formulation
    from tests.factories import Case

BRIEFS = 200
# Held a little loosely: 1e-6 is what these solvers keep rows within.
HOLD = 1e-6
SAMPLES = ("jianggan", "xinjian", "nanchang")
SAMPLE_GAP = 1e-4
SAMPLE_SECONDS = 1200.0


def cbc(gap: float, seconds: float) -> Any:
    """Return CBC with exact gaps."""
    solver: Any = pulp.COIN_CMD
    return solver(msg=False, timeLimit=seconds, gapRel=gap, gapAbs=0.0, threads=1)


def scip(gap: float, seconds: float) -> Any:
    """Return SCIP with exact gaps."""
    solver: Any = pulp.SCIP_PY
    return solver(msg=False, timeLimit=seconds, gapRel=gap)


SOLVERS: dict[str, Callable[[float, float], Any]] = {"CBC": cbc, "SCIP": scip}


def available(name: str) -> bool:
    """Return whether a solver is on this machine."""
    return bool(SOLVERS[name](0.0, 1.0).available())


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
        stats = problem.solve(solver)
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

    Both are proven to ``SAMPLE_GAP``, so that two values may differ by twice that. Each
    of the other solver's stages is held at what HiGHS reached: it then solves the same
    program at every stage.
    """
    task = read_task(samples_folder() / sample / "brief.toml")
    formulation = build_phases(task.phases, task.travel)
    mine = solve(formulation, time_limit_s=SAMPLE_SECONDS, gap=SAMPLE_GAP)
    wrong, unproven, said = 0, 0, []
    for objective, stage in zip(formulation.stages, mine.stages, strict=True):
        formulation.problem.setObjective(objective.expression)
        solver = SOLVERS[name](SAMPLE_GAP, SAMPLE_SECONDS)
        stats = formulation.problem.solve(solver)
        proven = stats.status == pulp.LpSolveStatus.Optimal
        shown = objective.show(float(objective.expression.value() or 0.0))
        room = 2 * SAMPLE_GAP * max(1.0, abs(stage.value)) + 1e-6
        if stage.status != "optimal" or not proven:
            unproven += 1
        elif abs(shown - stage.value) > room:
            wrong += 1
        said.append(f"{objective.name} {shown:,.6g}" + (not proven) * " (not proven)")
        limit = stage.limit
        assert limit is not None
        row = Row(formulation.problem, objective.expression, f"held_{len(said)}")
        row.at_most(limit + HOLD * max(1.0, abs(limit)))
    note = "; ".join(said)
    if unproven:
        note += f"; {unproven} stages not compared"
    compared = len(mine.stages) - unproven
    return Figure(f"stages of the sample {sample}, {name}", compared, wrong, note)


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
    return [*found, *(compare_sample(sample, "CBC") for sample in samples)]
