"""Planning many parts that share budgets and totals, with proof.

Every part is first planned by itself. Where that keeps what is shared, the plans
together are the plan of the whole. Where it does not, prices are put on what is shared
and moved until the parts' answers meet the limits (Dantzig and Wolfe 1960): at any
prices the sum of what the parts can reach at best, less the price of the limits, is a
bound that no plan of the whole can better (Lagrange; Geoffrion 1974), and the plans
found on the way are chosen among so that the limits hold. The distance between the two
is stated.

Objectives come in lexicographic order: each is so solved, and its sum then held while
the next is.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from allocator.errors import Finding, InfeasibleError, SolverError, Text
from allocator.parts.known import Known, Option, Weights, total_of, unit
from allocator.parts.master import Bound, Choice, Master
from allocator.parts.part import Question
from allocator.policy.terms import objective_words
from allocator.progress import SILENT
from allocator.solve import HOLD_TOLERANCE, Solution, Stage, solver_version

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from allocator.parts.part import Part
    from allocator.parts.shared import Limit
    from allocator.progress import Progress

    # Asks parts questions and takes in the answers.
    type Ask = Callable[[Mapping[str, Sequence[Question]]], None]

MAXIMISED = frozenset({"scores"})
_EXPLORED = 8  # plans of each part between its two ends, to begin with
_MOST_ROUNDS = 25  # of prices for one objective
_GENEROUS = 2.0  # times what is open: for when a part changes, and prices with it
_FILLS = 2  # how often what is left of the limits is offered to every part
_TIGHT = 0.25  # of the gap asked for is what unasked parts may leave open together
_FINEST = 1e-9


@dataclass(frozen=True)
class Shared:
    """What the parts come to together.

    Parameters
    ----------
    options
        The plan chosen for each part, in the order of the parts.
    solution
        What was proven of the whole, objective by objective.
    prices
        By limit, what one unit more of it is worth in the first objective that it
        binds; empty where no limit binds.
    method
        ``separate`` where the limits bind nothing, else ``prices``.
    rounds
        How often prices were put to the parts.
    """

    options: tuple[Option, ...]
    solution: Solution
    prices: dict[str, float]
    method: str
    rounds: int


@dataclass
class _Stage:
    """One objective while it is solved."""

    place: int
    name: str
    value: float = math.inf
    least: float = -math.inf
    started: float = field(default_factory=time.monotonic)
    stopped_by: str = "Optimal"
    weights: Weights = ()  # of the best bound

    @property
    def gap(self) -> float:
        if not math.isfinite(self.value) or not math.isfinite(self.least):
            return math.inf
        return max(0.0, self.value - self.least) / max(1.0, abs(self.value))


class Coordination:
    """Parts, what is known of them, and the limits that they share.

    Parameters
    ----------
    parts
        In a fixed order.
    known
        What is known of each, by id; grows as questions are answered.
    ask
        Asks the parts; what is answered is in ``known`` when it returns. A part that
        cannot be planned is raised from there.
    gap
        Relative gap at which an objective counts as proven.
    progress
        Told of rounds; when it is cancelled the best choice so far is kept.
    """

    def __init__(
        self,
        parts: Sequence[Part],
        known: dict[str, Known],
        ask: Ask,
        *,
        gap: float,
        progress: Progress = SILENT,
    ) -> None:
        self.parts = tuple(parts)
        self.known = known
        self.ask = ask
        self.gap = gap
        self.progress = progress
        self.limits = parts[0].limits
        self.stages = parts[0].stages
        self.rounds = 0
        self._held: list[Bound] = []
        self._best: Choice | None = None
        self._options: list[list[Option]] = []
        self._prices: dict[str, float] = {}

    def run(self) -> Shared:
        """Plan the parts, and share out what they share.

        Raises
        ------
        InfeasibleError
            When the limits cannot be kept together, as proven by prices.
        SolverError
            When no plan was found that keeps them.
        KeyboardInterrupt
            When it was stopped before any plan was there.
        """
        started = time.monotonic()
        self._ask_all([Question()])
        if any(not self.known[part.id].own for part in self.parts):
            raise KeyboardInterrupt
        apart = self._separate(started)
        if apart is not None:
            return apart
        self._ask_all([Question(), Question(self._scarce(), explore=_EXPLORED)])
        self._make_possible()
        found: list[Stage] = []
        for place, name in enumerate(self.stages):
            if name not in self._present():
                continue
            stage = self._solve(_Stage(place, name))
            found.append(self._record(stage))
        assert self._best is not None  # noqa: S101 (`_make_possible` leaves a choice)
        options = self._chosen(self._best)
        stages = self._with_final_values(found, options)
        proven = all(stage.status == "optimal" for stage in stages)
        solution = Solution(
            "optimal" if proven else "feasible",
            tuple(stages),
            time.monotonic() - started,
            solver_version(),
        )
        return Shared(options, solution, self._prices, "prices", self.rounds)

    # --- parts by themselves ------------------------------------------------------

    def _separate(self, started: float) -> Shared | None:
        """Return the parts' own plans where they keep every limit."""
        options = tuple(self.known[part.id].options[0] for part in self.parts)
        sums = total_of(options)
        count = len(self.stages)
        for number, limit in enumerate(self.limits):
            room = _FINEST * max(1.0, abs(limit.most))
            if sums[count + number] > limit.most + room:
                return None
        own = [
            {stage.name: stage for stage in self.known[part.id].own}
            for part in self.parts
        ]
        stages = []
        for place, name in enumerate(self.stages):
            there = [of_part[name] for of_part in own if name in of_part]
            if not there and name not in self._present():
                continue
            sign = -1.0 if name in MAXIMISED else 1.0
            value = sign * float(sums[place])
            bounds = [stage.bound for stage in there]
            bound = None if None in bounds else float(sum(b or 0.0 for b in bounds))
            gap = _gap(sign * value, None if bound is None else sign * bound)
            proven = all(stage.status == "optimal" for stage in there)
            status = "optimal" if proven and _within(gap, self.gap) else "feasible"
            stopped = "Optimal" if proven else "TimeLimit"
            stages.append(Stage(name, value, bound, gap, status, 0.0, stopped))
        proven = all(stage.status == "optimal" for stage in stages)
        solution = Solution(
            "optimal" if proven else "feasible",
            tuple(stages),
            time.monotonic() - started,
            solver_version(),
        )
        return Shared(options, solution, {}, "separate", self.rounds)

    def _present(self) -> set[str]:
        """Return the objectives that any part, or the whole, has."""
        names = {name for known in self.known.values() for name in known.present}
        if any(limit.strive for limit in self.limits):
            names.add("shortfall")
        return names

    def _scarce(self) -> Weights:
        """Return weights of what is scarce: each budget in its own size."""
        weights = [0.0] * len(self.stages)
        for limit in self.limits:
            size = max(1.0, abs(limit.most))
            weights.append(1.0 / size if limit.is_money else _FINEST / size)
        return tuple(weights)

    # --- prices -------------------------------------------------------------------

    def _make_possible(self) -> None:
        """Find a choice that keeps every limit.

        What is above a limit is minimised first, relative to it. When even the bound
        of that is above nothing, no plan exists.
        """
        for _ in range(_MOST_ROUNDS):
            bounds = self._bounds(feasibility=True)
            master = self._master(bounds, None)
            prices = master.prices()
            if (prices.value or 0.0) <= _FINEST:
                break
            weights = self._weights(bounds, prices.prices, None)
            if not self._ask_open(weights, prices.value or 0.0):
                least = self._bound(bounds, prices.prices, weights)
                if least > _FINEST * 10:
                    raise self._too_little(bounds, prices.prices, least)
                break
        self._best = self._master(self._bounds(), None).choose(self.gap)
        if self._best is None:
            raise _no_choice()

    def _solve(self, stage: _Stage) -> _Stage:
        """Solve one objective under what is held and shared."""
        self._tell(stage)
        asked = max(self.gap, _FINEST)
        self._settle_prices(stage)
        self._choose(stage)
        for improve in (self._offer_what_is_left, self._close):
            if stage.gap <= asked or self.progress.cancelled():
                break
            improve(stage)
        if stage.gap > asked:
            stopped = self.progress.cancelled()
            stage.stopped_by = "Interrupted" if stopped else "Converged"
        most = stage.value + HOLD_TOLERANCE * max(1.0, abs(stage.value))
        counts = stage.name == "shortfall"
        self._held.append(Bound(stage.place, most, counts_slack=counts))
        return stage

    def _settle_prices(self, stage: _Stage) -> None:
        """Move prices until no part has a plan that would be better at them."""
        for _ in range(_MOST_ROUNDS):
            bounds = self._bounds(stage.name)
            prices = self._master(bounds, stage.place).prices()
            if prices.value is None or self.progress.cancelled():
                return
            weights = self._weights(bounds, prices.prices, stage.place)
            more = self._ask_open(weights, prices.value)
            least = self._bound(bounds, prices.prices, weights)
            if least > stage.least:
                stage.least = least
                stage.weights = weights
                self._note_prices(bounds, prices.prices)
            near = max(self.gap, _FINEST) / 2 * max(1.0, abs(prices.value))
            if not more or prices.value - stage.least <= near:
                return

    def _choose(self, stage: _Stage) -> None:
        """Choose plans for the objective; the choice before it is kept if better."""
        master = self._master(self._bounds(stage.name), stage.place)
        choices = [master.choose(max(self.gap / 4, _FINEST))]
        if self._best is not None:
            choices.append(master.choice(self._best.places))
        best = min(
            (choice for choice in choices if choice is not None),
            key=lambda choice: choice.value,
        )
        self._best = best
        stage.value = best.value

    def _close(self, stage: _Stage) -> None:
        """Find every plan that a better whole could take; the best choice is then it.

        A part of a better whole has, at the prices of the best bound, a weighted sum
        that is above the least of that part by no more than value and bound are apart.
        """
        if not stage.weights:
            return
        open_by = stage.value - stage.least
        rows = self._bounds(stage.name)
        places = tuple(sorted({stage.place, *(bound.place for bound in rows)}))
        questions = {}
        for part in self.parts:
            known = self.known[part.id]
            least = known.least(stage.weights)
            if not known.is_closed(places, stage.weights, least + open_by):
                questions[part.id] = [
                    Question(
                        stage.weights,
                        closing=places,
                        cutoff=least + _GENEROUS * open_by,
                    )
                ]
        if questions:
            self._put(questions)
        self._choose(stage)
        if all(
            known.is_closed(
                places, stage.weights, known.least(stage.weights) + open_by
            )
            for known in self.known.values()
        ):
            stage.least = max(stage.least, self._least_choice(stage, rows, places))
            stage.least = min(stage.least, stage.value)

    def _least_choice(
        self, stage: _Stage, rows: Sequence[Bound], places: Sequence[int]
    ) -> float:
        """Return what no choice among all plans can better.

        A plan that was not found may be better than a known one by a step in every
        measure: limits are loosened, and the value lowered, by as much for each part.
        """
        steps = {
            place: math.fsum(known.step(place) for known in self.known.values())
            for place in places
        }
        loose = [replace(b, most=b.most + steps[b.place]) for b in rows]
        least = self._master(loose, stage.place).least_choice()
        return least - steps[stage.place]

    def _offer_what_is_left(self, stage: _Stage) -> None:
        """Ask every part for its best plan with all that is left of the limits."""
        for _ in range(_FILLS):
            assert self._best is not None  # noqa: S101 (a choice was made before)
            options = self._chosen(self._best)
            sums = total_of(options)
            weights = unit(len(sums), stage.place)
            rows = self._bounds(stage.name)
            questions: dict[str, list[Question]] = {}
            for part, option in zip(self.parts, options, strict=True):
                within: list[float | None] = [None] * len(sums)
                for row in rows:
                    left = max(0.0, row.most - float(sums[row.place]))
                    within[row.place] = option.measures[row.place] + left
                question = Question(weights, tuple(within))
                if question.name not in self.known[part.id].asked:
                    questions[part.id] = [question]
            if not questions:
                return
            self._put(questions)
            before = stage.value
            self._choose(stage)
            if stage.gap <= self.gap or not stage.value < before:
                return

    def _ask_open(self, weights: Weights, value: float) -> bool:
        """Ask the parts of which the answer at some prices is not known well enough.

        What all that are not asked leave open together is a part of the gap.
        """
        room = _TIGHT * max(self.gap, _FINEST) * max(1.0, abs(value)) / len(self.parts)
        question = Question(weights)
        questions = {}
        for part in self.parts:
            known = self.known[part.id]
            if question.name in known.asked:
                continue
            if known.best(weights) - known.least(weights) > room:
                questions[part.id] = [question]
        if questions:
            self._put(questions)
        return bool(questions)

    def _ask_all(self, questions: Sequence[Question]) -> None:
        wanted: dict[str, Sequence[Question]] = {
            part.id: list(questions)
            for part in self.parts
            if any(q.name not in self.known[part.id].asked for q in questions)
        }
        if wanted:
            self._put(wanted)

    def _put(self, questions: Mapping[str, Sequence[Question]]) -> None:
        self.rounds += 1
        self.ask(questions)

    # --- the linear program -------------------------------------------------------

    def _bounds(
        self, stage: str | None = None, *, feasibility: bool = False
    ) -> list[Bound]:
        """Return the rows: what is held, then what is shared.

        A clause that is striven for may be missed: in the objective ``shortfall`` at a
        price, afterwards within what is held of it.
        """
        bounds = list(self._held)
        for number, limit in enumerate(self.limits):
            place = len(self.stages) + number
            if limit.strive:
                share = 1.0 / self._whole(limit)
                cost = share if stage == "shortfall" else 0.0
                bounds.append(Bound(place, limit.most, cost, share))
            elif feasibility:
                cost = 1.0 / max(1.0, abs(limit.most))
                bounds.append(Bound(place, limit.most, cost))
            else:
                bounds.append(Bound(place, limit.most))
        return bounds

    def _whole(self, limit: Limit) -> float:
        """Return what a shortfall of a clause is measured against."""
        needed = sum(
            known.needed.get(limit.key, 0.0) for known in self.known.values()
        )
        return max(1.0, needed, abs(limit.most))

    def _master(self, bounds: Sequence[Bound], place: int | None) -> Master:
        count = len(self.stages) + len(self.limits)
        objective = [1.0 if n == place else 0.0 for n in range(count)]
        self._options = [list(self.known[part.id].options) for part in self.parts]
        return Master(self._options, bounds, objective)

    def _weights(
        self, bounds: Sequence[Bound], prices: Sequence[float], place: int | None
    ) -> Weights:
        """Return what every measure weighs at prices."""
        count = len(self.stages) + len(self.limits)
        weights = [1.0 if n == place else 0.0 for n in range(count)]
        for bound, price in zip(bounds, prices, strict=True):
            weights[bound.place] += price
        return tuple(weights)

    def _bound(
        self, bounds: Sequence[Bound], prices: Sequence[float], weights: Weights
    ) -> float:
        """Return the bound at prices: what the parts reach at best, less the limits."""
        reached = math.fsum(self.known[part.id].least(weights) for part in self.parts)
        pairs = zip(bounds, prices, strict=True)
        return reached - math.fsum(price * bound.most for bound, price in pairs)

    def _chosen(self, choice: Choice) -> tuple[Option, ...]:
        return tuple(
            self.known[part.id].options[place]
            for part, place in zip(self.parts, choice.places, strict=True)
        )

    # --- what is said -------------------------------------------------------------

    def _tell(self, stage: _Stage) -> None:
        words = objective_words(stage.name)
        self.progress.step(
            Text(
                f"分摊共有限额: {words.zh}",
                f"sharing out what is shared: {words.en}",
            )
        )

    def _note_prices(self, bounds: Sequence[Bound], prices: Sequence[float]) -> None:
        """Keep the prices of limits, of the first objective in which any binds."""
        offset = len(bounds) - len(self.limits)
        worth = dict(
            zip((limit.key for limit in self.limits), prices[offset:], strict=True)
        )
        if any(worth.values()) and not self._prices:
            self._prices = worth

    def _record(self, stage: _Stage) -> Stage:
        sign = -1.0 if stage.name in MAXIMISED else 1.0
        least = stage.least if math.isfinite(stage.least) else None
        bound = None if least is None else sign * least
        proven = stage.gap <= max(self.gap, _FINEST)
        return Stage(
            stage.name,
            sign * stage.value,
            bound,
            _gap(stage.value, least),
            "optimal" if proven else "feasible",
            time.monotonic() - stage.started,
            stage.stopped_by,
        )

    def _with_final_values(
        self, found: Sequence[Stage], options: Sequence[Option]
    ) -> list[Stage]:
        """Return the stages with the values of the plan that was chosen last."""
        sums = total_of(options)
        master = self._master(self._bounds("shortfall"), None)
        assert self._best is not None  # noqa: S101 (checked by the caller)
        short = master.short(master.choice(self._best.places))
        stages = []
        for stage in found:
            sign = -1.0 if stage.name in MAXIMISED else 1.0
            value = sign * float(sums[self.stages.index(stage.name)])
            value += short if stage.name == "shortfall" else 0.0
            least = None if stage.bound is None else sign * stage.bound
            stages.append(
                Stage(
                    stage.name,
                    value,
                    stage.bound,
                    _gap(sign * value, least),
                    stage.status,
                    stage.seconds,
                    stage.stopped_by,
                )
            )
        return stages

    def _too_little(
        self, bounds: Sequence[Bound], prices: Sequence[float], least: float
    ) -> InfeasibleError:
        """Return the error that names what is shared and does not go round."""
        offset = len(bounds) - len(self.limits)
        findings = [
            Finding(
                "infeasible",
                Text(
                    "各县单独都有方案, 但合起来守不住共有的限额",
                    "every county has a plan, but not within what they share",
                ),
            )
        ]
        for limit, price in zip(self.limits, prices[offset:], strict=True):
            if price > 0:
                findings.append(_short_of(limit, least))
        return InfeasibleError(findings)


def _short_of(limit: Limit, least: float) -> Finding:
    missing = least * max(1.0, abs(limit.most))
    if limit.is_money:
        return Finding(
            "infeasible-shared",
            Text(
                f"预算 {limit.most:,.6g} 万元不够, 合计至少缺 {missing:,.6g} 万元",
                f"a budget of {limit.most:,.6g} 万元 is not enough: at least "
                f"{missing:,.6g} 万元 are missing",
            ),
            keys=(f"budget {limit.year or ''}".strip(),),
            column=limit.name,
            remedy=Text("增加预算, 或放宽条款", "raise the budget or relax clauses"),
        )
    return Finding(
        "infeasible-shared",
        Text(
            "按各县合计的条款与其他限额不能同时满足",
            "the clause about all counties cannot hold with the other limits",
        ),
        keys=(limit.name,),
    )


def _no_choice() -> SolverError:
    message = Text(
        "没有找到守住全部共有限额的组合, 也没有证明不存在",
        "no choice of plans was found that keeps what is shared, nor proven absent",
    )
    remedy = Text(
        "加大 [solver] time_limit_s, 或不写 [split]",
        "raise [solver] time_limit_s, or leave out [split]",
    )
    return SolverError([Finding("split-no-choice", message, remedy=remedy)])


def _gap(value: float, least: float | None) -> float | None:
    """Return the relative gap between a value and a bound, both as minimised."""
    if least is None or not math.isfinite(least):
        return None
    return max(0.0, value - least) / max(1.0, abs(value))


def _within(gap: float | None, asked: float) -> bool:
    return gap is not None and gap <= asked + _FINEST
