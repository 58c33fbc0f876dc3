"""A program without the journeys that no good plan makes.

Where a task minimises journeys first, and so many sites at most hold the service, it is
a p-median problem with further rules. Prices u of that problem (all other rules left
out) bound every plan from below; a plan in which demand point i goes to site j costs at
least

    bound + max(0, c_ij - u_i) + max(0, rho_j - rho of the last site taken).

A journey for which that is above a limit is in no plan that costs the limit or less.
The program is built without those journeys. A plan that it finds within the limit is
then the best there is, whatever the further rules are; and so it is for later
objectives, which only look among plans that cost no more. Where the plan found is above
the limit, its cost is the next limit.

Source: Beasley 1985 (see `allocator.bounds.lagrange`), with rules beside.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from allocator.bounds.clock import Clock
from allocator.bounds.lists import CLOSED, FREE, OPEN
from allocator.bounds.median import solve_median
from allocator.bounds.warming import warm_up
from allocator.bounds.within import settle_within
from allocator.errors import SolverError, Text
from allocator.formulation import Formulation, build_phases
from allocator.progress import SILENT
from allocator.solve import Session, Solution, Stage
from allocator.textbook.journeys import Journeys, are_many, journeys_of
from allocator.textbook.relaxation import relaxation_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from allocator.bounds.lists import Floats, States
    from allocator.bounds.median import Located, Table
    from allocator.formulation.program import Program
    from allocator.policy.terms import Phase
    from allocator.progress import Progress
    from allocator.textbook.problem import Textbook
    from allocator.travel import Travel

_SHARE_OF_TIME = 0.25  # that prices may take
_WIDTHS = (0.0003, 0.003)  # of limits above the best set of the relaxation
_SHARE_OF_A_TRIAL = 0.4  # of the time left: a narrow program may hold no plan
_HELD = 1e-6  # relative: what later objectives may be given of a stage


@dataclass(frozen=True)
class Relaxed:
    """The p-median problem that a task is without its further rules, solved.

    Parameters
    ----------
    problem, journeys
        The problem, and who can go where.
    table
        Its costs, as the bounds take them.
    located
        The best set and its bound.
    """

    problem: Textbook
    journeys: Journeys
    table: Table
    located: Located


@dataclass(frozen=True)
class Narrow:
    """What plans within a limit cost at least, by what they do.

    Parameters
    ----------
    relaxed, limit
        The problem, and what such plans cost at most.
    bound
        No such plan costs less.
    least
        Of each journey, what a plan that makes it costs at least; above the limit where
        none within it does.
    states
        OPEN, CLOSED or FREE of each site in all plans within the limit.
    """

    relaxed: Relaxed
    limit: float
    bound: float
    least: Floats
    states: States

    def settle(self, program: Program) -> None:
        """Settle the sites that hold the service in all plans, or in none.

        A plan by the rest of the rules alone may still not exist: the program says so.
        """
        problem = self.relaxed.problem
        for site_id, state in zip(problem.sites, self.states, strict=True):
            variable = program.holds[site_id, problem.service.id]
            if state == CLOSED:
                variable.upBound = 0.0
            elif state == OPEN:
                variable.lowBound = 1.0

    def within(self, travel: Travel) -> Travel:
        """Return the journeys that plans within the limit may make."""
        journeys, problem = self.relaxed.journeys, self.relaxed.problem
        kept = self.least <= self.limit
        owner = np.repeat(np.arange(len(journeys.people)), np.diff(journeys.start))
        names = np.array(problem.sites, dtype=object)
        wanted = set(
            zip(
                journeys.demand.to_numpy()[owner[kept]],
                names[journeys.site[kept]],
                strict=True,
            )
        )
        own = travel.of(problem.service.id)
        ends = zip(own.pairs["demand_id"], own.pairs["site_id"], strict=True)
        rows = own.pairs[[pair in wanted for pair in ends]].reset_index(drop=True)
        one = replace(own, pairs=rows, services={})
        return replace(travel, services={**travel.services, problem.service.id: one})


def relax(
    problem: Textbook,
    phase: Phase,
    travel: Travel,
    *,
    seconds: float,
    gap: float,
    progress: Progress = SILENT,
) -> Relaxed | None:
    """Solve the problem without further rules; None where someone has no journey.

    Parameters
    ----------
    problem, phase, travel
        The relaxation of the task.
    seconds
        Wall-clock limit of the search.
    gap
        At which it ends, relative.
    progress
        When it is cancelled the search ends.
    """
    journeys = journeys_of(problem, phase, travel)
    if len(journeys.people) == 0 or not journeys.is_reachable.all():
        return None
    costs = journeys.costs
    beyond = 2.0 * journeys.dearest(costs) + 1.0
    table = journeys.table(costs, beyond, len(problem.sites))
    fixed, forbidden = problem.positions
    located = solve_median(
        table,
        problem.p,
        fixed=fixed,
        forbidden=forbidden,
        seconds=seconds,
        gap=gap,
        stopped=progress.cancelled,
    )
    return Relaxed(problem, journeys, table, located)


def narrow(relaxed: Relaxed, limit: float, clock: Clock) -> Narrow:
    """Price journeys and settle sites for plans within a limit.

    Parameters
    ----------
    relaxed
        The problem without further rules, solved.
    limit
        What a plan's journeys cost at most, inclusive.
    clock
        When prices stop.
    """
    problem, journeys = relaxed.problem, relaxed.journeys
    fixed, forbidden = problem.positions
    settled = settle_within(
        relaxed.table,
        problem.p or 0,
        relaxed.located,
        limit,
        clock=clock,
        fixed=fixed,
        forbidden=forbidden,
    )
    states, prices = settled.states, settled.prices
    free, opened = states == FREE, states == OPEN
    paid = journeys.costs - np.repeat(prices, np.diff(journeys.start))
    rho = np.bincount(journeys.site, np.minimum(paid, 0.0), minlength=len(states))
    ranked = np.sort(rho[free])
    taken = ranked[: (problem.p or 0) - int(opened.sum())]
    bound = float(prices.sum() + rho[opened].sum() + taken.sum())
    # A site that is not taken comes in place of the last that is.
    last = taken[-1] if len(taken) else -np.inf
    enters = np.where(free, np.maximum(rho - last, 0.0), np.where(opened, 0.0, np.inf))
    least = bound + np.maximum(paid, 0.0) + enters[journeys.site]
    slack = _HELD * abs(limit)  # what sums of prices may be off by, many times over
    return Narrow(relaxed, limit, bound, least - slack, states)


def solve_narrowly(
    phases: Sequence[Phase],
    travel: Travel,
    *,
    time_limit_s: float,
    gap: float,
    threads: int | None = None,
    fewest_pairs: int | None = None,
    progress: Progress = SILENT,
) -> tuple[Formulation, Solution] | None:
    """Solve a task whose journeys can be narrowed.

    Parameters
    ----------
    phases, travel
        The task.
    time_limit_s, gap, threads, progress
        As in `allocator.solve.solve`.
    fewest_pairs
        With fewer pairs of demand point and site nothing is done; None: where a
        program of so many pairs takes seconds.

    Returns
    -------
    formulation, solution
        None where the task cannot be narrowed, or no plan was found near the best set
        of the relaxation: the whole program is then to be solved.
    """
    if not are_many(travel, fewest_pairs):
        return None
    problem = relaxation_of(phases)
    if problem is None:
        return None
    progress.step(
        Text(
            "为出行定价, 略去好方案不用的路程(首次使用需编译, 约一分钟)",
            "pricing journeys, leaving out those of no good plan; compiled on first "
            "use, about a minute",
        )
    )
    warm_up()
    until = time.monotonic() + time_limit_s
    relaxed = relax(
        problem,
        phases[0],
        travel,
        seconds=_SHARE_OF_TIME * time_limit_s,
        gap=gap,
        progress=progress,
    )
    if relaxed is None:
        return None
    settings = Settings(until, gap, threads, progress)
    solved = None
    for width in _WIDTHS:
        limit = relaxed.located.cost * (1.0 + width)
        solved = _within(relaxed, phases, travel, limit, settings)
        if solved is not None:
            break
    if solved is None or solved.value <= limit:
        return None if solved is None else (solved.formulation, solved.solution)
    # What was found is a limit that a plan is within.
    limit = solved.value * (1.0 + max(gap, _HELD))
    again = _within(relaxed, phases, travel, limit, settings, start=solved)
    if again is None or again.value > limit:
        return None
    return again.formulation, again.solution


@dataclass(frozen=True)
class Settings:
    """How a narrowed program is solved; ``until`` is on the monotonic clock."""

    until: float
    gap: float
    threads: int | None
    progress: Progress

    @property
    def seconds(self) -> float:
        """What is left of the time, and a second at least."""
        return max(1.0, self.until - time.monotonic())


@dataclass(frozen=True)
class Solved:
    """A narrowed program, solved: in full only where the plan is within the limit."""

    formulation: Formulation
    solution: Solution

    @property
    def value(self) -> float:
        """What the journeys cost, with what later objectives may add."""
        return self.solution.stages[0].value * (1.0 + _HELD)


def _within(
    relaxed: Relaxed,
    phases: Sequence[Phase],
    travel: Travel,
    limit: float,
    settings: Settings,
    *,
    start: Solved | None = None,
) -> Solved | None:
    """Build and solve the program of what costs so much at most; None: no plan."""
    progress = settings.progress
    found = narrow(relaxed, limit, Clock(settings.until, progress.cancelled))
    formulation = build_phases(phases, found.within(travel), progress=progress)
    if formulation.impossible:
        return None
    found.settle(formulation.program)
    _begin(formulation, relaxed if start is None else start)
    session = Session(
        formulation, gap=settings.gap, threads=settings.threads, progress=progress
    )
    bound = relaxed.located.bound
    known = Stage("person_minutes", bound, bound, 0.0, "optimal", 0.0, "")
    try:
        first = session.solve(
            formulation.stages[:1],
            time_limit_s=settings.seconds * (1.0 if start else _SHARE_OF_A_TRIAL),
            relaxation=[replace(known, least=bound)],
            warm=True,
            settle=False,
        )
    except SolverError:
        return None  # too narrow perhaps: the next limit, or the whole program, may do
    if first.status == "infeasible":
        return None
    solved = Solved(formulation, first)
    if solved.value > limit:
        return solved
    solution = session.solve(
        time_limit_s=settings.seconds, warm=True, done=first.stages
    )
    return Solved(formulation, solution)


def _begin(formulation: Formulation, start: Relaxed | Solved) -> None:
    """Let the solver begin with the sites of a solved program, or of the relaxation.

    It looks for the rest; what breaks a rule it leaves alone.
    """
    holds = formulation.program.holds
    if isinstance(start, Solved):
        for pair, variable in start.formulation.program.holds.items():
            holds[pair].varValue = variable.varValue
        return
    problem = start.problem
    chosen = {problem.sites[position] for position in start.located.sites}
    for site_id in problem.sites:
        holds[site_id, problem.service.id].varValue = float(site_id in chosen)
