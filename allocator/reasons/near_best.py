"""The plans that are nearly as good: which placements are in all of them.

In words: a plan is near the best when every objective is within a stated share of the
base plan's value and every clause and budget holds. A placement is *no-regret* when
every near-best plan has it, a candidate is *never* chosen when none has.

Both are found as a backbone is: search for a near-best plan that drops as many as
possible of the placements not yet seen dropped; what is dropped is optional. When no
near-best plan drops even one of the rest, all the rest are in every near-best plan.

Formula: U the placements not yet seen dropped, e_j the objectives (minimised), v_j
their values in the base plan, w the tolerance:
    min sum_{p in U} h_p  with  sum_{p in U} h_p <= |U| - 1,  e_j <= v_j + w |v_j|.
Infeasible: U is the backbone. The shortfall of ``strive`` rules stays as it is (w = 0),
and an objective of value 0 stays 0.

Source: Janota M, Lynce I, Marques-Silva J (2015), Algorithms for computing backbones of
propositional formulae, AI Communications 28, 161-177 (core-based chunking).
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import pulp

from allocator.errors import SolverError, Text
from allocator.formulation import Objective
from allocator.policy.terms import SHORTFALLS
from allocator.reasons.base import decisions, held_now
from allocator.reasons.neighbourhood import neighbourhood

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from allocator.reasons.base import Base, Pair
    from allocator.solve import Session, Solution

_LOOSE_GAP = 0.3  # relative: one that drops nearly as many as possible will do
_LEAST_SECONDS = 1.0
_SERVICE_SECONDS = 20.0  # for one service; it need not be finished
_PAIR_SECONDS = 5.0  # for one pair: what a clause forces shows in less

type Nothing = Literal["none", "stopped"]  # proved that there is none; time ran out


@dataclass(frozen=True)
class Region:
    """The near-best plans.

    Parameters
    ----------
    base
        The plan that they are measured against.
    within
        The tolerance, as a share of each objective's value, >= 0.
    limits
        Of each objective's expression.
    """

    base: Base
    within: float
    limits: tuple[float, ...]

    @contextmanager
    def entered(self, *, gap: float) -> Iterator[Session]:
        """Hold the program within the region, and prove no more than ``gap``."""
        session = self.base.session
        before = session.gap
        session.gap = gap
        try:
            with self.base.limited(self.limits):
                yield session
        finally:
            session.gap = before


@dataclass(frozen=True)
class Seen:
    """What a search of the near-best plans has found.

    Parameters
    ----------
    decisions
        Every pair that a plan decides, sorted.
    pool
        The plans found, each as the decisions it holds; the base plan first.
    always, never
        Decisions that all plans found hold, or that none does; sorted.
    proven
        Those of them of which it is proved that every near-best plan there is holds
        them, or that none does.
    """

    decisions: tuple[Pair, ...]
    pool: tuple[frozenset[Pair], ...]
    always: tuple[Pair, ...]
    never: tuple[Pair, ...]
    proven: frozenset[Pair]

    @property
    def complete(self) -> bool:
        """Whether everything is proven."""
        return self.proven >= {*self.always, *self.never}


def near_best(base: Base, within: float) -> Region:
    """Return the plans whose objectives are within a share of the base plan's values.

    Raises
    ------
    ValueError
        When ``within`` is negative.
    """
    if not within >= 0:
        message = "within must be 0 or more"
        raise ValueError(message)
    limits = []
    for objective, stage, limit in zip(
        base.formulation.stages, base.solution.stages, base.limits, strict=True
    ):
        value = objective.sign * stage.value
        room = 0.0 if stage.name in SHORTFALLS else within * abs(value)
        limits.append(max(limit, value + room))
    return Region(base, within, tuple(limits))


def search_near_best(
    region: Region, *, time_limit_s: float, known: Sequence[frozenset[Pair]] = ()
) -> Seen:
    """Find which decisions all near-best plans share.

    Placements come first and get the time they need; what is left goes to candidates.

    Parameters
    ----------
    region
        The near-best plans.
    time_limit_s
        Wall-clock seconds. When they are used up, the rest is not proven.
    known
        Near-best plans found before.

    Raises
    ------
    SolverError
        When the solver returned values that are no plan.
    """
    until = time.monotonic() + time_limit_s
    base = region.base
    open_pairs = decisions(base.program)
    pool = list(dict.fromkeys([base.held & frozenset(open_pairs), *known]))
    proven = _drop(region, pool, until) | _take(region, pool, until)
    always = [p for p in open_pairs if all(p in plan for plan in pool)]
    never = [p for p in open_pairs if not any(p in plan for plan in pool)]
    return Seen(
        open_pairs,
        tuple(pool),
        tuple(always),
        tuple(never),
        frozenset(proven),
    )


def _drop(region: Region, pool: list[frozenset[Pair]], until: float) -> set[Pair]:
    """Add plans to the pool till no placement of all of them can be dropped."""

    def rest() -> list[Pair]:
        return sorted(frozenset.intersection(*pool))

    return _change(region, pool, until, rest, _DROPPING)


def _take(region: Region, pool: list[frozenset[Pair]], until: float) -> set[Pair]:
    """Add plans to the pool till no candidate that none of them holds can be taken."""
    open_pairs = frozenset(decisions(region.base.program))

    def rest() -> list[Pair]:
        return sorted(open_pairs - frozenset.union(*pool))

    return _change(region, pool, until, rest, _TAKING)


@dataclass(frozen=True)
class _Way:
    """Which way decisions are to change: the sign of the sum, and the words for it."""

    sign: float
    zh: str
    en: str


_DROPPING = _Way(1.0, "可能必选", "may still be no-regret")
_TAKING = _Way(-1.0, "可能从不入选", "may still be never chosen")


def _change(
    region: Region,
    pool: list[frozenset[Pair]],
    until: float,
    rest: Callable[[], list[Pair]],
    way: _Way,
) -> set[Pair]:
    """Add plans to the pool till none of the rest can change; return what is proved.

    Near the base plan first, service by service, which is quick and changes most; then
    one by one, where a clause that forces a placement shows at once; then all together.
    """
    base = region.base
    for service in sorted({service for _, service in rest()}):
        fixed = neighbourhood(base, service)
        while own := [pair for pair in rest() if pair[1] == service]:
            _tell(region, way, rest(), pool)
            with base.session.bounded(fixed):
                found = _search(region, own, _soon(until, _SERVICE_SECONDS), way)
            if isinstance(found, str):
                break
            pool.append(held_now(base.program))
    proven: set[Pair] = set()
    for pair in rest():
        if pair not in rest():
            continue
        region.base.session.progress.update(_words(way, rest(), pool))
        found = _search(region, [pair], _soon(until, _PAIR_SECONDS), way)
        if found == "none":
            proven.add(pair)
        elif not isinstance(found, str):
            pool.append(held_now(base.program))
    while left := [pair for pair in rest() if pair not in proven]:
        _tell(region, way, left, pool)
        found = _search(region, left, until, way)
        if isinstance(found, str):
            return proven.union(left if found == "none" else ())
        pool.append(held_now(base.program))
    return proven


def _soon(until: float, seconds: float) -> float:
    return min(until, time.monotonic() + seconds)


def _tell(
    region: Region, way: _Way, rest: Sequence[Pair], pool: Sequence[frozenset[Pair]]
) -> None:
    region.base.session.progress.step(_words(way, rest, pool))


def _words(way: _Way, rest: Sequence[Pair], pool: Sequence[frozenset[Pair]]) -> Text:
    count, plans = len(rest), len(pool)
    return Text(
        f"近优方案 {plans} 个, 尚有 {count} 项设置{way.zh}",
        f"{plans} near-best plans, {count} decisions {way.en}",
    )


def _search(
    region: Region, rest: Sequence[Pair], until: float, way: _Way
) -> Solution | Nothing:
    """Look for a near-best plan in which as many of the rest as can be change."""
    left = until - time.monotonic()
    base = region.base
    if left <= 0 or base.session.progress.cancelled():
        return "stopped"
    terms = [(base.program.holds[pair], way.sign) for pair in rest]
    most = len(rest) - 1.0 if way.sign > 0 else -1.0
    expression = pulp.lpSum_vars_coefs(terms)
    with region.entered(gap=_LOOSE_GAP) as session:
        cut = session.new_row(expression)
        cut.at_most(most)
        try:
            return search(session, Objective("changed", expression), left)
        finally:
            cut.release()


def search(
    session: Session, objective: Objective, seconds: float
) -> Solution | Nothing:
    """Minimise an objective of a search; the variables then hold the plan found.

    Raises
    ------
    SolverError
        When the solver returned values that are no plan.
    """
    try:
        solution = session.solve(
            [objective],
            time_limit_s=max(_LEAST_SECONDS, seconds),
            settle=False,
            quiet=True,
        )
    except SolverError as error:
        if any(f.code == "solver-no-plan" for f in error.findings):
            return "stopped"
        raise
    return "none" if solution.status == "infeasible" else solution
