"""Solving a textbook problem by `allocator.bounds`, and saying what was proven.

Where someone cannot turn to any open site there is no plan, as in the integer program:
everyone must be served (p-median, p-center) or reached (covering everyone). A site out
of reach is given a price that no journey has. A set that leaves nobody out is then as
good as it is without that price, and what no set beats with it none beats without.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from allocator.bounds.center import solve_center
from allocator.bounds.cover import solve_cover
from allocator.bounds.covering import solve_covering
from allocator.bounds.median import solve_median
from allocator.bounds.reach import Reach
from allocator.bounds.warming import warm_up
from allocator.errors import Text
from allocator.progress import SILENT
from allocator.solve import Solution, Stage
from allocator.textbook.journeys import Journeys, are_many, journeys_of, reach_within
from allocator.textbook.placing import place
from allocator.textbook.problem import Textbook, textbook_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from allocator.bounds.lists import Flags, Ints
    from allocator.plan import Plan
    from allocator.policy.terms import Phase
    from allocator.progress import Progress
    from allocator.travel import Travel

_ROUNDING = 1e-9  # of the gap: so that what is enough is within it
_MOST_ENTRIES = 50_000_000  # of the full table that p-center needs: 400 MB


@dataclass(frozen=True)
class Alone:
    """A plan made without an integer program.

    Parameters
    ----------
    problem
        Which problem the task is.
    plan, solution
        The plan, and what was proven of it.
    """

    problem: Textbook
    plan: Plan
    solution: Solution


class Found(NamedTuple):
    """Positions of the open sites, what they are worth, and what no set beats."""

    sites: Ints
    value: float
    bound: float


@dataclass(frozen=True)
class Limits:
    """When to stop: seconds, a relative gap that is enough, and who may ask for it."""

    seconds: float
    gap: float
    stopped: Callable[[], bool]


def solve_textbook(
    phases: Sequence[Phase],
    travel: Travel,
    *,
    time_limit_s: float,
    gap: float,
    fewest_pairs: int | None = None,
    progress: Progress = SILENT,
) -> Alone | None:
    """Solve a task that is a textbook problem.

    Parameters
    ----------
    phases, travel
        The task.
    time_limit_s
        Wall-clock seconds of the search; compiling it, once on each machine, is not
        counted.
    gap
        Relative gap at which the plan counts as proven, >= 0.
    fewest_pairs
        With fewer pairs of demand point and site nothing is done; None: where a
        program of so many pairs takes seconds.
    progress
        Told of the step; when it is cancelled the best plan found is kept.

    Returns
    -------
    alone
        None where the task is none of the problems, is small, or where no plan was
        found that serves or reaches everyone.
    """
    if not are_many(travel, fewest_pairs):
        return None
    problem = textbook_of(phases)
    if problem is None:
        return None
    progress.step(
        Text(
            f"按教科书问题 {problem.name} 求解(首次使用需编译, 约一分钟)",
            f"solving the textbook problem {problem.name}; compiled on first use, "
            "about a minute",
        )
    )
    warm_up()
    started = time.monotonic()
    (phase,) = phases
    journeys = _journeys(problem, phase, travel)
    if journeys is None or len(journeys.people) == 0:
        return None
    limits = Limits(time_limit_s, gap * (1.0 - _ROUNDING), progress.cancelled)
    found = _SOLVERS[problem.name](problem, journeys, limits)
    if found is None:
        return None
    plan = place(problem, phase, _open(problem, found.sites), journeys)
    seconds = time.monotonic() - started
    return Alone(problem, plan, _solution(phase, found, gap, seconds))


def _journeys(problem: Textbook, phase: Phase, travel: Travel) -> Journeys | None:
    if problem.reach is None:
        return journeys_of(problem, phase, travel)
    return reach_within(problem, problem.reach, phase, travel)


def _solution(phase: Phase, found: Found, asked: float, seconds: float) -> Solution:
    """Say what was proven, in the words of the integer program."""
    bound = min(found.bound, found.value)
    gap = (found.value - bound) / max(1.0, abs(found.value))
    proven = gap <= asked + 1e-9
    stage = Stage(
        phase.terms.objective[0],
        found.value,
        bound,
        gap,
        "optimal" if proven else "feasible",
        seconds,
        "Optimal" if proven else "TimeLimit",
        least=bound,
    )
    return Solution(stage.status, (stage,), seconds, solver_words())


def solver_words() -> str:
    """Return what solves textbook problems, with versions."""
    return (
        f"allocator.bounds {version('health-allocator')} "
        f"(numba {version('numba')}, HiGHS {version('highspy')})"
    )


def _open(problem: Textbook, sites: Ints | list[int]) -> Flags:
    is_open = np.zeros(len(problem.sites), np.bool_)
    is_open[np.asarray(sites, np.int64)] = True
    return is_open


def _median(problem: Textbook, journeys: Journeys, limits: Limits) -> Found | None:
    """Solve p-median, first with a modest price for being left out, then a sure one."""
    if not journeys.is_reachable.all():
        return None
    until = time.monotonic() + limits.seconds
    fixed, forbidden = problem.positions
    costs = journeys.costs
    dearest = journeys.dearest(costs)
    modest = 2.0 * dearest + 1.0
    sure = np.full(len(dearest), float(dearest.sum()) + 1.0)
    for beyond in (modest, sure):
        located = solve_median(
            journeys.table(costs, beyond, len(problem.sites)),
            problem.p,
            fixed=fixed,
            forbidden=forbidden,
            seconds=max(0.0, until - time.monotonic()),
            gap=limits.gap,
            stopped=limits.stopped,
        )
        pairs = journeys.nearest(_open(problem, located.sites))
        if (pairs >= 0).all():
            value = float(costs[pairs].sum())
            return Found(located.sites, value, located.bound)
    return None


def _center(problem: Textbook, journeys: Journeys, limits: Limits) -> Found | None:
    """Solve p-center; a site out of reach is farther than any journey."""
    points, sites = len(journeys.people), len(problem.sites)
    if not journeys.is_reachable.all() or points * sites > _MOST_ENTRIES:
        return None
    fixed, forbidden = problem.positions
    beyond = np.full(points, 2.0 * float(journeys.minutes.max()) + 1.0)
    table = journeys.table(journeys.minutes, beyond, sites)
    centered = solve_center(
        table.rows(0, points),
        problem.p or 0,
        fixed=fixed,
        forbidden=forbidden,
        seconds=limits.seconds,
        gap=limits.gap,
        stopped=limits.stopped,
    )
    if centered.cost >= beyond[0]:
        return None
    return Found(centered.sites, centered.cost, centered.bound)


def _covering(problem: Textbook, journeys: Journeys, limits: Limits) -> Found:
    """Solve maximal covering; what is least is the people who are not reached."""
    fixed, forbidden = problem.positions
    covered = solve_covering(
        Reach(journeys.start, journeys.site),
        journeys.people,
        problem.p,
        sites=len(problem.sites),
        fixed=fixed,
        forbidden=forbidden,
        seconds=limits.seconds,
        gap=limits.gap,
        stopped=limits.stopped,
    )
    pairs = journeys.nearest(_open(problem, covered.sites))
    lost = float(journeys.people[pairs < 0].sum())
    # People in reach of no site at all are in neither figure.
    never = float(journeys.people[~journeys.is_reachable].sum())
    reachable = float(journeys.people[journeys.is_reachable].sum())
    return Found(covered.sites, lost, never + max(0.0, reachable - covered.bound))


def _cover(problem: Textbook, journeys: Journeys, limits: Limits) -> Found | None:
    """Solve covering everyone; None where someone is in reach of no site."""
    fixed, forbidden = problem.positions
    allowed = ~_open(problem, forbidden)
    if (journeys.nearest(allowed) < 0).any():
        return None
    cover = solve_cover(
        Reach(journeys.start, journeys.site),
        sites=len(problem.sites),
        fixed=fixed,
        forbidden=forbidden,
        seconds=limits.seconds,
        gap=limits.gap,
    )
    return Found(cover.sites, cover.cost, cover.bound)


_SOLVERS: dict[str, Callable[[Textbook, Journeys, Limits], Found | None]] = {
    "p-median": _median,
    "p-center": _center,
    "mclp": _covering,
    "lscp": _cover,
}
