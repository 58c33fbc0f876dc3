"""The books of a shared plan: parts, what is known of them, and the rows they share."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from allocator.parts.master import Bound, Choice, Master

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from allocator.parts.known import Known, Option, Weights
    from allocator.parts.part import Part
    from allocator.parts.shared import Limit

_LITTLE = 1e-9  # what a clause weighs beside money when a frontier is explored


class Ledger:
    """Parts and their rows: what is held so far, and what is shared.

    Parameters
    ----------
    parts
        In a fixed order.
    known
        What is known of each, by id.
    """

    def __init__(self, parts: Sequence[Part], known: dict[str, Known]) -> None:
        self.parts = tuple(parts)
        self.known = known
        self.limits = parts[0].limits
        self.stages = parts[0].stages
        self.held: list[Bound] = []
        # The same sum of money, once as an objective and once under a limit.
        last = len(parts[0].phases) - 1
        own = {"yearly_wan": "yearly_wan", "total_capital_wan": "capital_wan"}
        if last == 0:
            own["capital_wan"] = "capital_wan"
        self._twins = {
            len(self.stages) + number: self.stages.index(own[limit.name])
            for number, limit in enumerate(self.limits)
            if limit.is_money
            and limit.phase == last
            and own.get(limit.name) in self.stages
        }

    def apart(self, places: Iterable[int]) -> tuple[int, ...]:
        """Return each measure once: a budget may be an objective as well."""
        return tuple(sorted({self._twins.get(place, place) for place in places}))

    def present(self) -> set[str]:
        """Return the objectives that any part, or the whole, has."""
        names = {name for known in self.known.values() for name in known.present}
        if any(limit.strive for limit in self.limits):
            names.add("shortfall")
        return names

    def scarce(self) -> Weights:
        """Return weights of what is scarce: each budget in its own size."""
        weights = [0.0] * len(self.stages)
        for limit in self.limits:
            size = max(1.0, abs(limit.most))
            weights.append(1.0 / size if limit.is_money else _LITTLE / size)
        return tuple(weights)

    def bounds(
        self, stage: str | None = None, *, feasibility: bool = False
    ) -> list[Bound]:
        """Return the rows: what is held, then what is shared.

        A clause that is striven for may be missed: in the objective ``shortfall`` at a
        price, afterwards within what is held of it.
        """
        bounds = list(self.held)
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
        needed = sum(known.needed.get(limit.key, 0.0) for known in self.known.values())
        return max(1.0, needed, abs(limit.most))

    def master(self, bounds: Sequence[Bound], place: int | None) -> Master:
        """Return the choice among known plans; ``place`` None weighs slack alone."""
        count = len(self.stages) + len(self.limits)
        objective = [1.0 if n == place else 0.0 for n in range(count)]
        options = [self.known[part.id].options for part in self.parts]
        return Master(options, bounds, objective)

    def weights(
        self, bounds: Sequence[Bound], prices: Sequence[float], place: int | None
    ) -> Weights:
        """Return what every measure weighs at prices."""
        count = len(self.stages) + len(self.limits)
        weights = [1.0 if n == place else 0.0 for n in range(count)]
        for bound, price in zip(bounds, prices, strict=True):
            weights[bound.place] += price
        return tuple(weights)

    def most_open(self, weights: Weights, question: str, room: float) -> list[str]:
        """Return the parts that leave most open at some prices.

        Until what the others leave open together is within ``room``: one county that
        changed has a few asked, not all. A part that was asked the question is out.
        """
        open_by = {}
        for part in self.parts:
            known = self.known[part.id]
            if question not in known.asked:
                open_by[part.id] = max(0.0, known.best(weights) - known.least(weights))
        left = math.fsum(one for one in open_by.values() if one < math.inf)
        wanted = []
        for part_id in sorted(open_by, key=lambda one: (-open_by[one], one)):
            if open_by[part_id] < math.inf:
                if left <= room:
                    break
                left -= open_by[part_id]
            wanted.append(part_id)
        return wanted

    def prices(
        self, bounds: Sequence[Bound], weights: Weights, place: int
    ) -> tuple[float, ...] | None:
        """Return the prices that weights stand for; None where they stand for none.

        The price of what may be missed is no more than missing it costs.
        """
        by_place = {bound.place: bound for bound in bounds}
        if weights[place] != 1.0 or place in by_place:
            return None
        if any(
            weight < 0 or (weight and n != place and n not in by_place)
            for n, weight in enumerate(weights)
        ):
            return None
        found = tuple(weights[bound.place] for bound in bounds)
        counting = sum(w for w, b in zip(found, bounds, strict=True) if b.counts_slack)
        for price, bound in zip(found, bounds, strict=True):
            if bound.slack_cost is not None:
                most = bound.slack_cost + counting * bound.slack_share
                if price > most:
                    return None
        return found

    def bound(
        self,
        bounds: Sequence[Bound],
        prices: Sequence[float],
        weights: Weights,
        *,
        hoped: bool = False,
    ) -> float:
        """Return the bound at prices: what the parts reach at best, less the limits.

        Where ``hoped``, it is no bound but what one could become: a part of which no
        answer at these prices is known counts with the best of its known plans.
        """
        reached = []
        for part in self.parts:
            known = self.known[part.id]
            asked = not hoped or any(p.weights == weights for p in known.proofs)
            reached.append(known.least(weights) if asked else known.best(weights))
        pairs = zip(bounds, prices, strict=True)
        return math.fsum(reached) - math.fsum(p * bound.most for bound, p in pairs)

    def least_choice(
        self, rows: Sequence[Bound], place: int, places: Sequence[int]
    ) -> float:
        """Return what no choice among all plans can better.

        A plan that was not found may be better than a known one by a step in every
        measure: limits are loosened, and the value lowered, by as much for each part.
        """
        steps = {
            one: math.fsum(known.step(one) for known in self.known.values())
            for one in places
        }
        loose = [
            replace(b, most=b.most + steps[self.apart([b.place])[0]]) for b in rows
        ]
        return self.master(loose, place).least_choice() - steps[place]

    def chosen(self, choice: Choice) -> tuple[Option, ...]:
        """Return the plans that a choice takes."""
        return tuple(
            self.known[part.id].options[place]
            for part, place in zip(self.parts, choice.places, strict=True)
        )
