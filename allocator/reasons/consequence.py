"""What forbidding a placement, or forcing one, does to the objectives.

In words: the objectives are solved again in their order with one choice changed. The
replacement value of a placement is how much worse they then are; the cost of forcing a
candidate likewise.

Three questions are asked, the quick ones first:

1. Is there a plan as good in every objective within the neighbourhood of the base:
   where only pairs of the same service, of services tied to it, and of the same site
   may change? The bounds proved for the base then prove it the best.
2. What is the best value of an objective within the neighbourhood? A start for 3.
3. What is the best value of all plans?

Source: Cabeza M, Moilanen A (2006), Replacement cost: a practical measure of site value
for cost-effective reserve planning, Biological Conservation 132, 336-342.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import pulp

from allocator.errors import SolverError
from allocator.reasons.base import held_now
from allocator.reasons.difference import Difference, compare, not_looked_at
from allocator.reasons.neighbourhood import neighbourhood
from allocator.solve import Stage

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from allocator.formulation import Objective
    from allocator.reasons.base import Base, Pair

type Question = Literal["without", "with"]
type Verdict = Literal["as_good", "worse", "impossible", "unknown", "fixed"]
type Bounds = Mapping[pulp.LpVariable, tuple[float, float]]

_NEAR_SECONDS = 10.0  # for a neighbourhood; more is better spent on the whole program
_LEAST_SECONDS = 1.0


@dataclass(frozen=True)
class Consequence:
    """What one changed choice does.

    Parameters
    ----------
    pair
        The site and the service.
    question
        ``without``: the base places it, and it is forbidden; ``with``: the base does
        not, and it is forced.
    verdict
        ``as_good``: another plan is as good, within what is proved. ``worse``: the
        first objective that differs is proved to be worse. ``impossible``: no plan
        keeps all clauses then. ``unknown``: time ran out before either was proved.
        ``fixed``: held today and not to be given up; nothing is decided.
    differences
        One per objective, in their order; empty when impossible or fixed.
    gained, lost
        Decisions held in the plan found and not in the base, and the reverse, without
        the pair itself. Sorted.
    values
        The variables of the plan found; None where there is none.
    seconds
        Wall-clock.
    """

    pair: Pair
    question: Question
    verdict: Verdict
    differences: tuple[Difference, ...]
    gained: tuple[Pair, ...]
    lost: tuple[Pair, ...]
    values: tuple[float | None, ...] | None
    seconds: float

    @property
    def first(self) -> Difference | None:
        """The first objective that is not as good; None where all are."""
        return next((d for d in self.differences if not d.as_good), None)


def consequence(
    base: Base, pair: Pair, *, time_limit_s: float, full: bool = True
) -> Consequence:
    """Change one choice of the base plan and solve again.

    Parameters
    ----------
    base
        The plan and its program.
    pair
        A pair that the program may hold.
    time_limit_s
        Wall-clock seconds. When they are used up, what is proved by then is said.
    full
        Solve on after the first objective that gets worse.

    Raises
    ------
    SolverError
        When the solver returned values that are no plan.
    """
    question, bounds = opposite(base, pair)
    if not bounds:
        return Consequence(pair, question, "fixed", (), (), (), None, 0.0)
    change = Change(pair, question, bounds)
    return consequence_of(base, change, time_limit_s=time_limit_s, full=full)


@dataclass(frozen=True)
class Change:
    """What is changed in the program of a base plan.

    Parameters
    ----------
    pair
        The site and the service that it is about: what has nothing to do with them is
        left as it is in the first attempt. An empty service: everything may change.
    question
        As in `Consequence`.
    bounds
        The bounds of variables that the change sets.
    widened
        Whether it allows plans that the base was not chosen from, a new site say: what
        was proved of the base then proves nothing of the changed program.
    """

    pair: Pair
    question: Question
    bounds: Bounds
    widened: bool = False


def consequence_of(
    base: Base, change: Change, *, time_limit_s: float, full: bool = True
) -> Consequence:
    """Change the program of a base plan and solve again.

    Parameters
    ----------
    base, time_limit_s, full
        As in `consequence`.
    change
        What is changed.

    Raises
    ------
    SolverError
        When the solver returned values that are no plan.
    """
    started = time.monotonic()
    pair = change.pair
    search = _Search(base, change, started + time_limit_s)
    with base.session.bounded(change.bounds):
        verdict, differences = search.run(full=full)
    gained: tuple[Pair, ...] = ()
    lost: tuple[Pair, ...] = ()
    if search.found is not None:
        base.session.give_values(search.found)
        now, before = held_now(base.program), base.decided
        gained = tuple(p for p in sorted(now - before) if p != pair)
        lost = tuple(p for p in sorted(before - now) if p != pair)
    return Consequence(
        pair,
        change.question,
        verdict,
        tuple(differences),
        gained,
        lost,
        search.found,
        time.monotonic() - started,
    )


def as_good_elsewhere(
    base: Base, pair: Pair, found: Sequence[Consequence]
) -> Consequence | None:
    """Return what a plan found for another pair says of this one; None: nothing.

    A plan that is as good as the base and differs in this choice answers the question;
    of several, the one that changes least.
    """
    answers = [
        one
        for one in found
        if one.verdict == "as_good" and pair in {one.pair, *one.gained, *one.lost}
    ]
    if not answers:
        return None
    one = min(answers, key=lambda one: len(one.gained) + len(one.lost))
    turned = one.gained + ((one.pair,) if one.question == "with" else ())
    given_up = one.lost + ((one.pair,) if one.question == "without" else ())
    return replace(
        one,
        pair=pair,
        question="without" if pair in base.held else "with",
        gained=tuple(sorted(p for p in turned if p != pair)),
        lost=tuple(sorted(p for p in given_up if p != pair)),
        seconds=0.0,
    )


def opposite(base: Base, pair: Pair) -> tuple[Question, Bounds]:
    """Return the bounds that turn a choice of the base round; none where it is fixed.

    Of a counted service that is held today, what is decided is whether more is added.
    """
    program = base.program
    holds = program.holds[pair]
    if holds.lowBound != holds.upBound:
        on = pair in base.held
        value = 0.0 if on else 1.0
        return ("without" if on else "with"), {holds: (value, value)}
    extra = program.extras.get(pair)
    if extra is None or holds.upBound == 0:
        return ("without" if pair in base.held else "with"), {}
    today = float(program.holdings.counted_today.get(pair, 1) - 1)
    if base.more[pair] > today:
        return "without", {extra: (float(extra.lowBound), today)}
    if extra.upBound > today:
        return "with", {extra: (today + 1.0, float(extra.upBound))}
    return "with", {}


class _Search:
    """One changed choice, solved objective by objective."""

    def __init__(self, base: Base, change: Change, until: float) -> None:
        self.base = base
        self.session = base.session
        self.until = until
        self.widened = change.widened
        self.found: tuple[float | None, ...] | None = None
        site_id, service = change.pair
        self.near = neighbourhood(base, service, site_id) if service else None

    @property
    def left(self) -> float:
        return self.until - time.monotonic()

    def run(self, *, full: bool) -> tuple[Verdict, list[Difference]]:
        """Return the verdict, and one difference per objective."""
        base = self.base
        objectives, known = base.formulation.stages, base.solution.stages
        if not self.widened and self._as_good_nearby():
            differences = [
                compare(o, k, _here(o, k), as_good=True, subset=True)
                for o, k in zip(objectives, known, strict=True)
            ]
            return "as_good", differences
        differences = []
        held: list[float] = []
        for number, objective in enumerate(objectives):
            as_good = all(d.as_good for d in differences)
            if differences and (self.left <= 0 or not (as_good or full)):
                break
            proves = as_good and not self.widened
            with base.limited(held):
                stage = self._stage(number, known[number] if proves else None)
            if stage == "infeasible" and not held:
                return "impossible", []
            if not isinstance(stage, Stage) or stage.limit is None:
                break
            held.append(stage.limit)
            differences.append(
                compare(
                    objective,
                    known[number],
                    stage,
                    as_good=stage.limit <= base.limits[number],
                    subset=proves,
                )
            )
        differences += [not_looked_at(k) for k in known[len(differences) :]]
        return _verdict(differences), differences

    def _as_good_nearby(self) -> bool:
        """Return whether a plan of the neighbourhood is as good in every objective."""
        near = self.near or {}
        seconds = max(_LEAST_SECONDS, min(_NEAR_SECONDS, self.left))
        with self.base.limited(self.base.limits), self.session.bounded(near):
            self._forget()
            stage = self._solve(self.base.changes, None, seconds)
        if not isinstance(stage, Stage):
            return False
        self.found = tuple(self.session.values())
        return True

    def _stage(
        self, number: int, known: Stage | None
    ) -> Stage | Literal["infeasible", "stopped"]:
        """Minimise one objective: in the neighbourhood, then over all plans."""
        objective = self.base.formulation.stages[number]
        seconds = max(_LEAST_SECONDS, min(_NEAR_SECONDS, self.left))
        self._forget()
        near: Stage | Literal["infeasible", "stopped"] = "stopped"
        if self.near is not None:
            with self.session.bounded(self.near):
                near = self._solve(objective, known, seconds)
        started = isinstance(near, Stage)
        if isinstance(near, Stage):
            self.found = tuple(self.session.values())
            if known is not None and near.limit == known.limit:
                return _of_neighbourhood(near, known)
        else:
            self._forget()
        seconds = max(_LEAST_SECONDS, self.left)
        stage = self._solve(objective, known, seconds, warm=started, settle=True)
        if isinstance(stage, Stage):
            self.found = tuple(self.session.values())
            return stage
        if isinstance(near, Stage):
            self.session.give_values(self.found or ())
            return _of_neighbourhood(near, known)
        return stage

    def _solve(
        self,
        objective: Objective,
        known: Stage | None,
        seconds: float,
        *,
        warm: bool = False,
        settle: bool | None = None,
    ) -> Stage | Literal["infeasible", "stopped"]:
        if settle is None:  # journeys that no objective weighs are put right here
            settle = bool(self.base.formulation.last)
        try:
            solution = self.session.solve(
                [objective],
                time_limit_s=seconds,
                relaxation=[] if known is None else [known],
                warm=warm,
                settle=settle,
                quiet=True,
            )
        except SolverError as error:
            if any(f.code == "solver-no-plan" for f in error.findings):
                return "stopped"
            raise
        return "infeasible" if not solution.stages else solution.stages[0]

    def _forget(self) -> None:
        """Leave all values open, so that nothing is taken for a plan."""
        for variable in self.session.problem.variables():
            variable.varValue = None


def _here(objective: Objective, known: Stage) -> Stage:
    """Return the stage of a plan that is as good as the base, at present values."""
    value = objective.sign * float(objective.expression.value() or 0.0)
    return replace(known, value=value)


def _of_neighbourhood(near: Stage, known: Stage | None) -> Stage:
    """Return a stage without the bound that holds in the neighbourhood alone."""
    return replace(near, bound=None if known is None else known.bound)


def _verdict(differences: list[Difference]) -> Verdict:
    first = next((d for d in differences if not d.as_good), None)
    if first is None:
        return "as_good"
    return "worse" if first.kind == "worse" else "unknown"
