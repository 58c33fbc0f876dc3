"""Plans to show beside the base plan: nearly as good, and truly different.

In words: each next plan is the near-best plan whose smallest distance to all plans
shown so far is greatest. Distance counts decisions that differ (Hamming): one site in
place of another counts two, so that plans three apart are never one swap apart.

Formula: max z with z <= d(h, h_j) for every plan j shown, h near-best, where
d(h, h_j) = sum_{p in h_j} (1 - h_p) + sum_{p not in h_j} h_p.

Source: Danna E, Fenelon M, Gu Z, Wunderling R (2007), Generating multiple solutions for
mixed integer programming problems, IPCO 2007, LNCS 4513, 280-294; Tsai J-F, Lin M-H,
Hu Y-C (2008), Finding multiple solutions to general integer linear programs, European
Journal of Operational Research 184, 802-809.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pulp

from allocator.formulation import Objective
from allocator.reasons.base import decisions, distance, held_now
from allocator.reasons.near_best import search
from allocator.solve import Solution

if TYPE_CHECKING:
    from allocator.reasons.base import Base, Pair
    from allocator.reasons.near_best import Nothing, Region
    from allocator.solve import Row, Stage
    from allocator.solve.lexicographic import Status

LEAST_APART = 3  # decisions; two may be one site in place of another
SHARE_APART = 0.2  # of the new placements: what counts as different unless told
_GAP = 0.02  # relative: of the distance


@dataclass(frozen=True)
class Alternative:
    """A near-best plan that differs, with people sent as well as can be.

    Parameters
    ----------
    held
        The decisions that it holds.
    apart
        The smallest distance to a plan shown before, decisions.
    at_most
        The greatest smallest distance there can be, as proved; None: nothing proved.
    solution
        Its objectives; the bounds are those of the base plan as far as they apply.
    """

    held: frozenset[Pair]
    apart: int
    at_most: int | None
    solution: Solution

    @property
    def proven(self) -> bool:
        """Whether no near-best plan is farther from those shown before."""
        return self.at_most is not None and self.apart >= self.at_most


def least_apart(base: Base, asked: int | None) -> int:
    """Return how many decisions an alternative must differ in.

    `SHARE_APART` of the new placements unless asked otherwise, never fewer than
    `LEAST_APART`.
    """
    if asked is not None:
        return max(LEAST_APART, asked)
    new = base.held - base.program.holdings.today
    return max(LEAST_APART, math.ceil(SHARE_APART * len(new)))


class Spread:
    """The plans shown so far, and the search for one far from all of them.

    Parameters
    ----------
    region
        The near-best plans; the base plan is the first that is shown.
    least
        How many decisions apart a plan must be, >= `LEAST_APART`.
    """

    def __init__(self, region: Region, least: int) -> None:
        program = region.base.program
        self.region = region
        self.least = least
        count = len(decisions(program))
        number = region.base.session.problem.numConstraints()
        self._apart = program.new_variable(f"apart_{number}", 0, count)
        self._rows: list[Row] = []
        self._shown: list[frozenset[Pair]] = []
        self.show(region.base.held & frozenset(decisions(program)))

    def show(self, held: frozenset[Pair]) -> None:
        """Keep away from a plan from now on."""
        base = self.region.base
        self._shown.append(held)
        self._rows.append(
            base.session.new_row(self._apart - distance(base.program, held))
        )

    def next(self, *, time_limit_s: float) -> Alternative | Nothing:
        """Return the next plan, ``none`` (proved) or ``stopped``.

        Parameters
        ----------
        time_limit_s
            Wall-clock seconds; the best found by then is returned, unproven.

        Raises
        ------
        SolverError
            When the solver returned values that are no plan.
        """
        base = self.region.base
        started = time.monotonic()
        farthest = Objective("apart", pulp.lpSum_vars_coefs([(self._apart, -1.0)]))
        bounds = {self._apart: (float(self.least), float(self._apart.upBound))}
        with self.region.entered(gap=_GAP) as session:
            for row in self._rows:
                row.at_most(0.0)
            try:
                with session.bounded(bounds):
                    found = search(session, farthest, time_limit_s)
            finally:
                for row in self._rows:
                    row.release()
            if isinstance(found, str):
                return found
            bound = found.stages[0].bound
        held = held_now(base.program)
        solution = send_people(self.region, started)
        apart = min(len(held ^ other) for other in self._shown)
        self.show(held)
        at_most = None if bound is None else math.floor(-bound + _ROUNDING)
        return Alternative(held, apart, at_most, solution)


_ROUNDING = 1e-6


def send_people(region: Region, started: float) -> Solution:
    """Solve the objectives around the placements of the moment, within the region.

    Bounds are those of the base plan, as long as every objective before is as good.
    """
    base = region.base
    session = base.session
    whole = [v for v in session.problem.variables() if v.cat == pulp.LpInteger]
    fixed = {v: (x := float(round(v.varValue or 0.0)), x) for v in whole}
    with region.entered(gap=session.gap), session.bounded(fixed):
        solution = session.solve(time_limit_s=_SENDING_SECONDS, quiet=True)
    stages = []
    as_good = True
    for stage, objective, known, limit in zip(
        solution.stages,
        base.formulation.stages,
        base.solution.stages,
        base.limits,
        strict=True,
    ):
        stages.append(_of_alternative(stage, known if as_good else None, session.gap))
        as_good = as_good and objective.sign * stage.value <= limit
    proven = all(stage.status == "optimal" for stage in stages)
    return Solution(
        "optimal" if proven else "feasible",
        tuple(stages),
        time.monotonic() - started,
        solution.solver,
    )


def _of_alternative(stage: Stage, known: Stage | None, most: float) -> Stage:
    """Return a stage with the bound of the base plan, where that still holds."""
    if known is None or known.bound is None:
        return replace(stage, bound=None, gap=None, status="feasible")
    gap = abs(stage.value - known.bound) / max(1.0, abs(stage.value))
    status: Status = "optimal" if gap <= most + 1e-9 else "feasible"
    return replace(stage, bound=known.bound, gap=gap, status=status)


_SENDING_SECONDS = 60.0
