"""The plan that reasons are given for, with the program that it solves."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pulp

from allocator.formulation import Objective
from allocator.solve import HOLD_TOLERANCE, Row, Session, Solution, Stage

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import pandas as pd

    from allocator.formulation import Formulation
    from allocator.formulation.program import Program
    from allocator.plan import Plan
    from allocator.solve.lexicographic import Status

type Pair = tuple[str, str]  # (site_id, service)

_ON = 0.5  # a 0/1 variable above this is 1


@dataclass(frozen=True)
class Base:
    """A plan, what was proved of it, and its program to be solved again.

    Parameters
    ----------
    session
        The program; between calls no limit of this class binds it.
    solution
        The stages of the plan.
    values
        Of all variables, in the problem's order.
    rows
        One limit per objective, free between calls.
    held
        The pairs that are held once the plan is carried out.
    more
        How many beyond the first each counted pair then holds.
    changes
        How many pairs are held here and not there, or there and not here: what is
        minimised to find the substitute that changes least.
    """

    session: Session
    solution: Solution
    values: tuple[float | None, ...]
    rows: tuple[Row, ...]
    held: frozenset[Pair]
    more: Mapping[Pair, int]
    changes: Objective

    @property
    def formulation(self) -> Formulation:
        """The program's formulation."""
        return self.session.formulation

    @property
    def program(self) -> Program:
        """The program of the last phase: what is held when all is carried out."""
        return self.formulation.program

    @property
    def decided(self) -> frozenset[Pair]:
        """The pairs held that the plan could have left out."""
        return self.held & frozenset(decisions(self.program))

    @property
    def limits(self) -> tuple[float, ...]:
        """What keeps each objective as good as here, as the expression's value."""
        return tuple(
            stage.limit
            if stage.limit is not None
            else objective.sign * stage.value
            + HOLD_TOLERANCE * max(1.0, abs(stage.value))
            for stage, objective in zip(
                self.solution.stages, self.formulation.stages, strict=True
            )
        )

    @contextmanager
    def limited(self, limits: Sequence[float]) -> Iterator[None]:
        """Hold the first objectives within limits for a while."""
        try:
            for row, limit in zip(self.rows, limits, strict=False):
                row.at_most(limit)
            yield
        finally:
            for row in self.rows:
                row.release()


def solve_base(session: Session, *, time_limit_s: float) -> Base | None:
    """Solve the task; None when it has no plan.

    Raises
    ------
    SolverError
        When the solver gave no usable answer.
    """
    solution = session.solve(time_limit_s=time_limit_s)
    return None if solution.status == "infeasible" else _base(session, solution)


def base_of_plan(
    session: Session,
    plan: Plan,
    proved: Mapping[str, float | None],
    *,
    time_limit_s: float,
) -> Base | None:
    """Take a plan of an earlier run as the base; None when the program refuses it.

    Its placements are fixed and people are sent anew, as well as can be.

    Parameters
    ----------
    session
        The program of the same task.
    plan
        Its placements are read, each in its phase.
    proved
        The bound that the earlier run proved of each objective; None: none.
    time_limit_s
        Wall-clock seconds.

    Raises
    ------
    SolverError
        When the solver gave no usable answer.
    """
    with session.bounded(placing(session.formulation, plan)):
        solution = session.solve(time_limit_s=time_limit_s, quiet=True)
    if solution.status == "infeasible":
        return None
    stages = tuple(
        _with_bound(stage, objective, proved.get(stage.name), session.gap)
        for stage, objective in zip(
            solution.stages, session.formulation.stages, strict=True
        )
    )
    proven = all(stage.status == "optimal" for stage in stages)
    status: Status = "optimal" if proven else "feasible"
    return _base(session, replace(solution, stages=stages, status=status))


def _with_bound(
    stage: Stage, objective: Objective, bound: float | None, most: float
) -> Stage:
    """Return a stage with the bound that an earlier run proved."""
    value = objective.sign * stage.value
    limit = value + HOLD_TOLERANCE * max(1.0, abs(value))
    if bound is None:
        return replace(stage, bound=None, gap=None, status="feasible", limit=limit)
    # A plan is never better than what can exist, but for the rounding of a file.
    best = min(objective.sign * bound, value)
    gap = (value - best) / max(1.0, abs(value))
    return replace(
        stage,
        bound=objective.sign * best,
        gap=gap,
        status="optimal" if gap <= most + 1e-9 else "feasible",
        limit=limit,
    )


def _base(session: Session, solution: Solution) -> Base:
    formulation = session.formulation
    program = formulation.program
    held = frozenset(p for p, v in program.holds.items() if _is_on(v))
    more = {p: round(v.varValue or 0.0) for p, v in program.extras.items()}
    rows = tuple(session.new_row(o.expression) for o in formulation.stages)
    values = tuple(session.values())
    changes = Objective("changed_pairs", distance(program, held))
    return Base(session, solution, values, rows, held, more, changes)


def distance(program: Program, held: frozenset[Pair]) -> pulp.LpAffineExpression:
    """Return in how many decisions a plan differs from the pairs held.

    Hamming distance over the decisions: a site replaced by another counts two.
    """
    terms = []
    constant = 0.0
    for pair in decisions(program):
        if pair in held:
            constant += 1.0
            terms.append((program.holds[pair], -1.0))
        else:
            terms.append((program.holds[pair], 1.0))
    return pulp.lpSum_vars_coefs(terms) + constant


def decisions(program: Program) -> tuple[Pair, ...]:
    """Return the pairs that a plan decides: to place, or to give up. Sorted."""
    return tuple(
        pair
        for pair in sorted(program.holds)
        if program.holds[pair].lowBound != program.holds[pair].upBound
    )


def held_now(program: Program) -> frozenset[Pair]:
    """Return the decisions that the present values of the variables hold."""
    return frozenset(p for p in decisions(program) if _is_on(program.holds[p]))


def _is_on(variable: pulp.LpVariable) -> bool:
    return (variable.varValue or 0.0) > _ON


def placing(
    formulation: Formulation, plan: Plan
) -> dict[pulp.LpVariable, tuple[float, float]]:
    """Return the bounds that fix what a plan places, phase by phase."""
    bounds: dict[pulp.LpVariable, tuple[float, float]] = {}
    for program in formulation.programs:
        counts = _counts(plan, program.terms.year)
        for pair, variable in program.holds.items():
            if variable.lowBound != variable.upBound:
                on = float(counts.get(pair, 0) > 0)
                bounds[variable] = (on, on)
        for pair, extra in program.extras.items():
            more = float(max(0, counts.get(pair, 0) - 1))
            bounds[extra] = (more, more)
    return bounds


def _counts(plan: Plan, year: int | None) -> dict[Pair, int]:
    """Return how many of a service each pair holds once a phase is carried out."""
    counts: dict[Pair, int] = {}
    rows = plan.placements
    for site_id, service, action, phase, count in zip(
        rows["site_id"],
        rows["service"],
        rows["action"],
        rows["phase"],
        rows["count"],
        strict=True,
    ):
        done = year is None or phase is None or not phase > year
        if action == "keep" or done != (action == "close"):
            pair = (str(site_id), str(service))
            counts[pair] = counts.get(pair, 0) + int(count)
    return counts


def journeys(
    base: Base, service: str, values: Sequence[float | None]
) -> pd.DataFrame | None:
    """Return who goes where for a service, by the values of all variables.

    Returns
    -------
    journeys
        Columns ``demand_id``, ``site_id``, ``minutes``, ``people`` (of the demand
        point) and ``going`` (of them, to the site); None where nobody is assigned.
    """
    serving = base.formulation.serving.services.get(service)
    if serving is None:
        return None
    of_value = np.array([0.0 if v is None else v for v in values])
    position = {v.id: n for n, v in enumerate(base.session.problem.variables())}
    share = of_value[[position[x.id] for x in serving.shares]]
    trips = serving.pairs.assign(going=serving.pairs["people"] * share)
    kept: pd.DataFrame = trips[share > _SMALLEST_SHARE]
    return kept


_SMALLEST_SHARE = 1e-6  # below it is the solver's rounding
