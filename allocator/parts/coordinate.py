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
from collections import Counter
from typing import TYPE_CHECKING

from allocator.errors import Text
from allocator.parts.known import Known, Option, Weights, total_of, unit
from allocator.parts.ledger import Ledger
from allocator.parts.master import Bound, Choice
from allocator.parts.part import Question
from allocator.parts.proof import (
    FINEST,
    Search,
    Shared,
    apart,
    no_choice,
    solution_of,
    too_little,
    with_final_values,
)
from allocator.policy.terms import SHORTFALLS, objective_words
from allocator.progress import SILENT
from allocator.solve import HOLD_TOLERANCE, Stage

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from allocator.parts.part import Part
    from allocator.progress import Progress

    # Asks parts questions and takes in the answers.
    type Ask = Callable[[Mapping[str, Sequence[Question]]], None]

_EXPLORED = 8  # plans of each part between its two ends, to begin with
_MOST_ROUNDS = 25  # of prices for one objective
_GENEROUS = 2.0  # times what is open: for when a part changes, and prices with it
_MOST_CLOSED = 5  # measures; among more, too few plans are as good as another
_REMEMBERED = 12  # prices of earlier runs that are looked at for one objective
_FILLS = 2  # how often what is left of the limits is offered to every part
_TIGHT = 0.25  # of the gap asked for is what unasked parts may leave open together
_IMPOSSIBLE = 1e-8  # relative: what limits are missed by for certain


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
        self.ledger = Ledger(parts, known)
        self.ask = ask
        self.gap = gap
        self.progress = progress
        self.rounds = 0
        self._prices: dict[str, float] = {}
        self._priced = ""

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
        ledger = self.ledger
        self._ask_all([Question()])
        if any(not ledger.known[part.id].own for part in ledger.parts):
            raise KeyboardInterrupt
        found = apart(ledger, self.gap)
        if found is not None:
            options, stages = found
            solution = solution_of(stages, started)
            return Shared(options, solution, {}, "", "separate", self.rounds)
        self._ask_all([Question(), Question(ledger.scarce(), explore=_EXPLORED)])
        best = self._make_possible()
        recorded: list[Stage] = []
        present = ledger.present()
        for place, name in enumerate(ledger.stages):
            if name in present:
                search = Search(place, name)
                best = self._solve(search, best)
                recorded.append(search.record(self.gap))
        options = ledger.chosen(best)
        master = ledger.master(ledger.bounds("shortfall"), None)
        short = master.short(master.choice(best.places))
        stages = with_final_values(ledger, recorded, options, short)
        solution = solution_of(stages, started)
        return Shared(
            options, solution, self._prices, self._priced, "prices", self.rounds
        )

    # --- prices -------------------------------------------------------------------

    def _make_possible(self) -> Choice:
        """Find a choice that keeps every limit.

        What is above a limit is minimised first, relative to it. When even the bound
        of that is above nothing, no plan exists.
        """
        ledger = self.ledger
        for _ in range(_MOST_ROUNDS):
            bounds = ledger.bounds(feasibility=True)
            prices = ledger.master(bounds, None).prices()
            value = prices.value or 0.0
            if value <= FINEST or self.progress.cancelled():
                break
            weights = ledger.weights(bounds, prices.prices, None)
            if not self._ask_open(weights, value):
                least = ledger.bound(bounds, prices.prices, weights)
                if least > _IMPOSSIBLE:
                    raise too_little(ledger.limits, prices.prices, least)
                break
        choice = ledger.master(ledger.bounds(), None).choose(self.gap)
        if choice is not None:
            return choice
        if self.progress.cancelled():
            raise KeyboardInterrupt
        raise no_choice()

    def _solve(self, search: Search, best: Choice) -> Choice:
        """Solve one objective under what is held and shared; return the choice."""
        self._tell(search)
        asked = max(self.gap, FINEST)
        self._remember(search)
        self._settle_prices(search)
        best = self._choose(search, best)
        if search.gap > asked:
            self._conclude(search)
        for improve in (self._offer_what_is_left, self._close):
            if search.gap <= asked or self.progress.cancelled():
                break
            best = improve(search, best)
        if search.gap > asked:
            stopped = self.progress.cancelled()
            search.stopped_by = "Interrupted" if stopped else "Converged"
        most = search.value + HOLD_TOLERANCE * max(1.0, abs(search.value))
        counts = search.name == "shortfall"
        self.ledger.held.append(Bound(search.place, most, counts_slack=counts))
        return best

    def _remember(self, search: Search) -> None:
        """Begin with the best bound at prices that most parts were asked at before.

        So a plan made again rests on what is known; after one county has changed, that
        county alone is asked at those prices.
        """
        ledger = self.ledger
        known = ledger.known.values()
        often = Counter(proof.weights for one in known for proof in one.proofs)
        rows = ledger.bounds(search.name)
        hopes = []
        for weights, count in often.most_common(_REMEMBERED):
            prices = ledger.prices(rows, weights, search.place)
            if 2 * count >= len(ledger.parts) and prices is not None:
                hope = ledger.bound(rows, prices, weights, hoped=True)
                hopes.append((hope, weights, prices))
                self._take(search, rows, prices, weights)
        if not hopes:
            return
        hope, weights, prices = max(hopes)
        if hope > search.least and self._ask_open(weights, hope):
            self._take(search, rows, prices, weights)

    def _take(
        self,
        search: Search,
        rows: Sequence[Bound],
        prices: Sequence[float],
        weights: Weights,
    ) -> None:
        """Take the bound at some prices where it is the best so far."""
        least = self.ledger.bound(rows, prices, weights)
        if least > search.least:
            search.least = least
            search.weights = weights
            self._note_prices(search, rows, prices)

    def _settle_prices(self, search: Search) -> None:
        """Move prices until no part has a plan that would be better at them."""
        for _ in range(_MOST_ROUNDS):
            bounds = self.ledger.bounds(search.name)
            prices = self.ledger.master(bounds, search.place).prices()
            if prices.value is None or self.progress.cancelled():
                return
            weights = self.ledger.weights(bounds, prices.prices, search.place)
            self._take(search, bounds, prices.prices, weights)
            near = max(self.gap, FINEST) / 2 * max(1.0, abs(prices.value))
            if prices.value - search.least <= near:
                return
            if not self._ask_open(weights, prices.value):
                return
            self._take(search, bounds, prices.prices, weights)

    def _choose(self, search: Search, before: Choice) -> Choice:
        """Choose plans for the objective; the choice before it is kept if better."""
        ledger = self.ledger
        master = ledger.master(ledger.bounds(search.name), search.place)
        best = master.choice(before.places)
        other = master.choose(max(self.gap / 4, FINEST))
        if other is not None and other.value < best.value:
            best = other
        search.value = best.value
        return best

    def _close(self, search: Search, best: Choice) -> Choice:
        """Find every plan that a better whole could take; the best choice is then it.

        A part of a better whole has, at the prices of the best bound, a weighted sum
        that is above the least of that part by no more than value and bound are apart.
        """
        if not search.weights or not math.isfinite(search.gap):
            return best
        open_by = search.value - search.least
        places = self._places(search)
        if len(places) > _MOST_CLOSED:
            return best
        all_found = self._closed(search)
        questions = {}
        for part in self.ledger.parts:
            if part.id not in all_found:
                least = self.ledger.known[part.id].least(search.weights)
                cutoff = least + _GENEROUS * open_by
                questions[part.id] = [
                    Question(search.weights, closing=places, cutoff=cutoff)
                ]
        if questions:
            self._put(questions)
        best = self._choose(search, best)
        self._conclude(search)
        return best

    def _places(self, search: Search) -> tuple[int, ...]:
        """Return the measures that matter: the objective, what is held and shared."""
        rows = self.ledger.bounds(search.name)
        return self.ledger.apart([search.place, *(bound.place for bound in rows)])

    def _closed(self, search: Search) -> set[str]:
        """Return the parts of which every plan that a better whole has is known."""
        if not search.weights or not math.isfinite(search.gap):
            return set()
        open_by = search.value - search.least
        places = self._places(search)
        return {
            part_id
            for part_id, known in self.ledger.known.items()
            if known.is_closed(
                places, search.weights, known.least(search.weights) + open_by
            )
        }

    def _conclude(self, search: Search) -> None:
        """Take the best choice for the best there is, where every plan is known."""
        if len(self._closed(search)) == len(self.ledger.parts):
            places = self._places(search)
            rows = self.ledger.bounds(search.name)
            least = self.ledger.least_choice(rows, search.place, places)
            search.least = min(max(search.least, least), search.value)

    def _offer_what_is_left(self, search: Search, best: Choice) -> Choice:
        """Ask every part for its best plan with all that is left of the limits."""
        for _ in range(_FILLS):
            questions = self._fillings(search, self.ledger.chosen(best))
            if not questions:
                break
            self._put(questions)
            before = search.value
            best = self._choose(search, best)
            if search.gap <= self.gap or not search.value < before:
                break
        return best

    def _fillings(
        self, search: Search, options: Sequence[Option]
    ) -> dict[str, list[Question]]:
        """Return what to ask: the least within what the part has and what is left."""
        sums = total_of(options)
        weights = unit(len(sums), search.place)
        rows = self.ledger.bounds(search.name)
        all_found = self._closed(search)
        questions: dict[str, list[Question]] = {}
        for part, option in zip(self.ledger.parts, options, strict=True):
            if part.id in all_found:
                continue
            within: list[float | None] = [None] * len(sums)
            for row in rows:
                left = max(0.0, row.most - float(sums[row.place]))
                within[row.place] = option.measures[row.place] + left
            question = Question(weights, tuple(within))
            if question.name not in self.ledger.known[part.id].asked:
                questions[part.id] = [question]
        return questions

    def _ask_open(self, weights: Weights, value: float) -> bool:
        """Ask the parts of which the answer at some prices is not known well enough."""
        question = Question(weights)
        room = _TIGHT * max(self.gap, FINEST) * max(1.0, abs(value))
        wanted = self.ledger.most_open(weights, question.name, room)
        if wanted:
            self._put({part_id: [question] for part_id in wanted})
        return bool(wanted)

    def _ask_all(self, questions: Sequence[Question]) -> None:
        wanted: dict[str, Sequence[Question]] = {
            part.id: list(questions)
            for part in self.ledger.parts
            if any(q.name not in self.ledger.known[part.id].asked for q in questions)
        }
        if wanted:
            self._put(wanted)

    def _put(self, questions: Mapping[str, Sequence[Question]]) -> None:
        self.rounds += 1
        self.ask(questions)

    # --- what is said -------------------------------------------------------------

    def _tell(self, search: Search) -> None:
        words = objective_words(search.name)
        self.progress.step(
            Text(
                f"分摊共有限额: {words.zh}",
                f"sharing out what is shared: {words.en}",
            )
        )

    def _note_prices(
        self, search: Search, bounds: Sequence[Bound], prices: Sequence[float]
    ) -> None:
        """Keep the prices of limits, of the first objective in which any binds.

        Prices of what is striven for are about shares of clauses, and say nothing.
        """
        if search.name in SHORTFALLS or self._priced not in ("", search.name):
            return
        offset = len(bounds) - len(self.ledger.limits)
        worth = dict(
            zip(
                (limit.key for limit in self.ledger.limits),
                prices[offset:],
                strict=True,
            )
        )
        if any(worth.values()):
            self._prices, self._priced = worth, search.name
