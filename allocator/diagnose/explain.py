"""Why a task has no plan: which clauses collide, and the least that must give way."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from allocator.diagnose.conflict import (
    Conflict,
    OutOfTimeError,
    Proof,
    find_conflict,
    make_irreducible,
)
from allocator.diagnose.relaxation import Amount, Clause, Element, Relaxation
from allocator.diagnose.words import Lack, of_amount
from allocator.errors import Finding, SolverError, Text
from allocator.solve import Confirmation, confirm_infeasible

if TYPE_CHECKING:
    from collections.abc import Sequence

    from allocator.policy.terms import Phase
    from allocator.progress import Progress
    from allocator.travel import Travel

_MOST_CONFLICTS = 5  # that share no clause; a planner mends one after the other anyway
_FOR_CONFLICTS = 0.5  # share of the time
_FOR_CONFIRMING = 0.2  # share of the time, for the second solver


@dataclass(frozen=True)
class Collision:
    """Clauses that no plan keeps together, narrowed to the units that matter.

    Parameters
    ----------
    elements
        Clause by unit, in the order of the packs.
    proof
        What was proved of the set of clauses: see `Conflict`.
    unit_proof
        ``irreducible`` where no unit can be left out either.
    by_bounds
        Whether it is seen without solving that each of them alone cannot be kept.
    confirmed
        What the second solver says; None where none was needed.
    """

    elements: tuple[Element, ...]
    proof: Proof
    unit_proof: Proof
    by_bounds: bool
    confirmed: Confirmation | None

    @property
    def clauses(self) -> tuple[Clause, ...]:
        """The clauses, in the order of the packs."""
        return tuple(dict.fromkeys(element.clause for element in self.elements))


@dataclass(frozen=True)
class WayOut:
    """The least by which one clause must give way when all others are kept.

    Parameters
    ----------
    clause
        What gives way.
    lacks
        By how much in each unit.
    total, bound
        The sum over the units, and what was proved that it cannot be below; both in
        the natural unit of the clause.
    proven
        Whether it is the least within the gap of 1e-4.
    relative
        The sum of the shares by which the requirements are missed, to compare ways.
    """

    clause: Clause
    lacks: tuple[Lack, ...]
    total: float
    bound: float | None
    proven: bool
    relative: float


@dataclass(frozen=True)
class Explanation:
    """Why a task has no plan.

    Parameters
    ----------
    collisions
        Sets of clauses that share none; empty when every clause can be kept, or when
        none was found in the time (``complete`` is then false).
    ways
        Clauses that can give way alone, the most willing first.
    stuck
        Clauses of the collisions that cannot be the only one to give way.
    least
        What a plan with the least total shortfall leaves missing.
    complete
        Whether all questions were answered in the time.
    """

    collisions: tuple[Collision, ...]
    ways: tuple[WayOut, ...]
    stuck: tuple[Clause, ...]
    least: tuple[Lack, ...]
    complete: bool

    @property
    def feasible(self) -> bool:
        """Whether every binding clause can be kept."""
        return self.complete and not self.collisions and not self.least


def explain(
    phases: Sequence[Phase],
    travel: Travel,
    *,
    seconds: float,
    give_way: Sequence[str] = (),
    ways_out: bool = True,
    threads: int | None = None,
    progress: Progress,
) -> Explanation:
    """Find the clauses that collide, and the least relaxation for each way out.

    Parameters
    ----------
    phases, travel
        The task.
    seconds
        Wall-clock limit for everything.
    give_way
        Rule ids (``budget``, ``serves:<service>`` and ``locked`` too) that may give
        way, the most willing first; the others follow by the size of what is missing.
    ways_out
        Whether to look for the ways out one by one.
    threads, progress
        As in `allocator.solve.Session`.

    Raises
    ------
    SolverError
        When the two solvers contradict each other.
    """
    progress.step(Text("查找无法同时成立的条款", "finding the clauses that collide"))
    relaxation = Relaxation(
        phases, travel, seconds * _FOR_CONFLICTS, threads=threads, progress=progress
    )
    dated = len(phases) > 1
    search = _Search(relaxation, progress)
    complete = search.collide()
    found = [
        _confirmed(collision, own, search, seconds * _FOR_CONFIRMING)
        for collision, own in zip(search.found, search.let_go, strict=True)
    ]
    ways: list[WayOut] = []
    stuck: list[Clause] = []
    least: tuple[Lack, ...] = ()
    relaxation.allow(seconds * (1 - _FOR_CONFLICTS))
    try:
        if found or not complete:
            progress.step(Text("求最小总缺口", "finding the least total shortfall"))
            least = _least(relaxation, dated=dated)
        if ways_out and found:
            ways, stuck = _ways_out(relaxation, search, dated=dated)
    except OutOfTimeError:
        complete = False
    ways.sort(key=lambda way: _willing(way, give_way))
    return Explanation(tuple(found), tuple(ways), tuple(stuck), least, complete)


@dataclass
class _Search:
    """The search for collisions, one after the other."""

    relaxation: Relaxation
    progress: Progress

    def __post_init__(self) -> None:
        self.found: list[Collision] = []
        self.let_go: list[frozenset[Element]] = []  # by each collision
        self.given_up: frozenset[Element] = frozenset()

    def collide(self) -> bool:
        """Find collisions; return whether the search came to its end."""
        self._by_bounds()
        try:
            for _ in range(_MOST_CONFLICTS):
                conflict = self._next()
                if conflict is None:
                    return True
                self._add(conflict)
        except OutOfTimeError:
            return False
        return True

    def _by_bounds(self) -> None:
        """Take what bounds alone show to be impossible, each by itself."""
        certain: dict[Clause, list[Element]] = {}
        for element, shortfalls in self.relaxation.shortfalls.items():
            if any(s.lacking > 0 for s in shortfalls):
                certain.setdefault(element.clause, []).append(element)
        for elements in certain.values():
            self._let_go(frozenset(elements))
            self.found.append(
                Collision(
                    tuple(elements),
                    "smallest",
                    "irreducible",
                    by_bounds=True,
                    confirmed=None,
                )
            )

    def _next(self) -> Conflict[Clause] | None:
        counted = 0

        def breaks(kept: frozenset[Clause]) -> frozenset[Clause] | None:
            nonlocal counted
            counted += 1
            words = Text(f"第 {counted} 次核对", f"check {counted}")
            self.progress.update(words)
            all_left = frozenset(self.relaxation.elements) - self.given_up
            must = self.relaxation.of(kept) - self.given_up
            broken = self.relaxation.breaks(must, all_left - must)
            if broken is None:
                return None
            return frozenset(e.clause for e in broken - self.given_up)

        left = [
            clause
            for clause in self.relaxation.clauses
            if not self.relaxation.of([clause]) <= self.given_up
        ]
        return find_conflict(left, breaks)

    def _add(self, conflict: Conflict[Clause]) -> None:
        """Narrow a conflict to units, note it, and let its clauses go."""
        inside = self.relaxation.of(conflict.members) - self.given_up
        ordered = [e for e in self.relaxation.elements if e in inside]

        def breaks(kept: frozenset[Element]) -> frozenset[Element] | None:
            return self.relaxation.breaks(kept, inside - kept)

        units = make_irreducible(ordered, breaks)
        self.found.append(
            Collision(
                units.members,
                conflict.proof,
                units.proof,
                by_bounds=False,
                confirmed=None,
            )
        )
        self._let_go(inside)

    def _let_go(self, elements: frozenset[Element]) -> None:
        self.let_go.append(elements)
        self.given_up |= elements


def _confirmed(
    collision: Collision, own: frozenset[Element], search: _Search, seconds: float
) -> Collision:
    """Have the second solver look at a collision that only the first has seen.

    The units that matter alone can be harder to decide than all units of the clauses,
    and these harder than the whole task; each is asked in turn for a third of the time.
    Whichever it denies, no plan keeps every clause.
    """
    if collision.by_bounds:
        return collision
    relaxation = search.relaxation
    whole = frozenset(relaxation.elements) - (search.given_up - own)
    answer: Confirmation = "unanswered"
    for kept in (frozenset(collision.elements), own, whole):
        answer = confirm_infeasible(
            relaxation.keeping(kept), seconds=seconds / 3.0, threads=relaxation.threads
        )
        if answer != "unanswered":
            break
    return replace(collision, confirmed=answer)


def _least(relaxation: Relaxation, *, dated: bool) -> tuple[Lack, ...]:
    """Return the least that is missing: of money alone where that suffices."""
    budgets = [c for c in relaxation.clauses if c.rule_id == "budget"]
    if budgets:
        kept = frozenset(relaxation.elements) - relaxation.of(budgets)
        answer = relaxation.least(budgets, kept)
        if answer is not None:
            return _lacks(answer[1], dated=dated)
    _, amounts = relaxation.least_of_all()
    return _lacks(amounts, dated=dated)


def _lacks(amounts: Sequence[Amount], *, dated: bool) -> tuple[Lack, ...]:
    return tuple(of_amount(amount, dated=dated) for amount in amounts)


def _ways_out(
    relaxation: Relaxation, search: _Search, *, dated: bool
) -> tuple[list[WayOut], list[Clause]]:
    """Return the ways out by one clause, and the clauses that are none.

    Where there are several collisions, what the others let go is of no concern: each
    has to be resolved in a way of its own.
    """
    ways: list[WayOut] = []
    stuck: list[Clause] = []
    everything = frozenset(relaxation.elements)
    for collision, own in zip(search.found, search.let_go, strict=True):
        left = everything - (search.given_up - own)
        for clause in collision.clauses:
            words = Text(f"出路: {clause.rule_id}", f"way out: {clause.rule_id}")
            search.progress.step(words)
            answer = relaxation.least([clause], left - relaxation.of([clause]))
            if answer is None:
                stuck.append(clause)
                continue
            stage, amounts = answer
            relative = sum(a.amount / max(1.0, a.shortfall.needed) for a in amounts)
            ways.append(
                WayOut(
                    clause,
                    _lacks(amounts, dated=dated),
                    stage.value,
                    stage.bound,
                    stage.status == "optimal",
                    relative,
                )
            )
    return ways, stuck


def _willing(way: WayOut, give_way: Sequence[str]) -> tuple[int, float, Clause]:
    rule_id = way.clause.rule_id
    place = list(give_way).index(rule_id) if rule_id in give_way else len(give_way)
    return place, way.relative, way.clause


def contradiction() -> SolverError:
    """Return the error of a solver that calls infeasible what nothing makes so."""
    message = Text(
        "求解器称无解, 放宽后却没有缺口, 两者矛盾",
        "the solver calls the task infeasible, yet nothing is short when it is relaxed",
    )
    remedy = Text(
        "请检查数据的量级 (造价、人口是否相差悬殊)",
        "check the scale of the data (costs or people that differ by many magnitudes)",
    )
    return SolverError([Finding("solver-contradicts-itself", message, remedy=remedy)])
