"""Decisions as changes of bounds in the program of the plan reviewed, solved again."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from allocator.audit import Facts, people_out_of_reach, totals
from allocator.decisions import Decision, Verdict
from allocator.formulation import read_plan
from allocator.pipeline.reasons import Reason, reason_of
from allocator.reasons import Change, Consequence, consequence_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from allocator.formulation.program import Program
    from allocator.pipeline.bases import Planned
    from allocator.policy.decided import Decided

type Pair = tuple[str, str]  # (site_id, service)
type Bounds = dict[Any, tuple[float, float]]


@dataclass(frozen=True)
class Price:
    """What a decision costs.

    Parameters
    ----------
    decisions
        What is priced as one: a decision, or those on one site that move, or add, to
        one point.
    result
        ``as_is`` (the plan is like this: it costs nothing), ``kept`` (held today, and
        the task does not let it close), or as `allocator.reasons.Consequence.verdict`.
    found
        What was solved; None where nothing had to be.
    more
        Totals of the plan found less those of the plan reviewed, by name of the
        certificate's totals; None where no whole plan was found.
    beyond
        People whom no holder of a service is in reach of, of the plan found less those
        of the plan reviewed, by service that a coverage rule is about.
    reason
        Substitutes, and who then serves whom; None where that is not asked.
    seconds
        Wall-clock.
    all_together
        Whether it is the price of all decisions of a review.
    """

    decisions: tuple[Decision, ...]
    result: str
    found: Consequence | None = None
    more: Mapping[str, float] | None = None
    beyond: Mapping[str, float] = field(default_factory=dict)
    reason: Reason | None = None
    seconds: float = 0.0
    all_together: bool = False


class Pricer:
    """The program of the plan reviewed, and decisions as changes of its bounds.

    Parameters
    ----------
    base
        The plan reviewed.
    obeyed
        What it obeys, phase by phase: kept by bounds, so that it can give way.
    tried
        Decisions whose new places are in the program; closed until they are asked for.
    """

    def __init__(
        self, base: Planned, obeyed: Sequence[Decided], tried: Sequence[Decision]
    ) -> None:
        self.base = base
        self.programs = base.base.formulation.programs
        self.values = dict(
            zip(
                (v.id for v in base.base.session.problem.variables()),
                base.base.values,
                strict=True,
            )
        )
        self.free: Bounds = {
            v: (v.lowBound, v.upBound)
            for program in self.programs
            for of_pairs in (program.holds, program.extras)
            for v in of_pairs.values()
        }
        self.obeyed = frozenset(
            pair for one in obeyed for pair in (*one.held, *one.barred)
        )
        new = {new_site(d) for d in tried} - {None}
        kept = self._bounds(obeyed) or {}
        # By best effort the plan may not obey all: what it does not is left free.
        self.outer: Bounds = {v: b for v, b in kept.items() if self._within(v, b)}
        for program in self.programs:
            for of_pairs in (program.holds, program.extras):
                for pair, variable in of_pairs.items():
                    if pair[0] in new:
                        self.outer[variable] = (0.0, 0.0)
        self.totals, self.beyond = self._measured(base.base.values)

    def price(
        self, decisions: Sequence[Decision], decided: Sequence[Decided], seconds: float
    ) -> Price:
        """Solve with decisions added to what the plan obeys."""
        started = time.monotonic()
        single = decisions[0] if len(decisions) == 1 else None
        own = tuple(decisions)
        if any(map(self._is_kept, own)):
            return Price(own, "kept")
        lifted = self._lifted(decisions)
        asked = self._bounds(decided)
        barred = self._barred_sites(decisions)
        if asked is None or barred is None:
            return Price(own, "impossible")
        bounds = {**{v: self.free[v] for v in lifted}, **asked, **barred}
        whole = self._whole_locks(decisions)
        if not lifted and not whole and all(map(self._within, bounds, bounds.values())):
            return Price(own, "as_is")
        pair = ("", "") if single is None else (single.site_id, single.service)
        held = pair in self.base.base.held
        change = Change(pair, "without" if held else "with", bounds, bool(lifted))
        rows = [self.base.base.session.new_row(expression) for expression in whole]
        try:
            for row in rows:
                row.at_most(-1.0)
            found = consequence_of(
                self.base.base, change, time_limit_s=seconds, full=True
            )
        finally:
            for row in rows:
                row.release()
        return Price(
            own,
            found.verdict,
            found,
            *self._more(found),
            self._reason(pair, found),
            time.monotonic() - started,
        )

    def _is_kept(self, decision: Decision) -> bool:
        """Whether a decision gives up what is held today and must stay."""
        pair = (decision.site_id, decision.service)
        program = self.programs[-1]
        held = program.holds.get(pair)
        if decision.verdict is not Verdict.REJECT or held is None:
            return False
        return pair in program.holdings.today and self.free[held][0] > 0

    # --- decisions as bounds ----------------------------------------------------------

    def _bounds(self, decided: Iterable[Decided]) -> Bounds | None:
        """Return the bounds that hold and bar pairs; None where none can."""
        found: Bounds = {}
        for program, one in zip(self.programs, decided, strict=True):
            for variable, bounds in _of_phase(program, one):
                if variable is None:
                    return None
                low, high = self.free[variable]
                if bounds[0] > high or bounds[1] < low:
                    return None
                found[variable] = bounds
        return found

    def _lifted(self, decisions: Iterable[Decision]) -> list[Any]:
        """Return the variables that decisions set free: new places, and second looks.

        A place that was moved to may hold the service that was moved, a site that was
        added everything; what the plan obeys of a pair gives way to a new verdict.
        """
        pairs: set[Pair] = set()
        for decision in decisions:
            new = new_site(decision)
            pairs |= {
                pair
                for program in self.programs
                for pair in program.holds
                if pair[0] == new
                and (decision.verdict is Verdict.ADD or pair[1] == decision.service)
            }
            pair = (decision.site_id, decision.service)
            if pair in self.obeyed:
                pairs.add(pair)
        return [
            of_pairs[pair]
            for program in self.programs
            for of_pairs in (program.holds, program.extras)
            for pair in sorted(pairs)
            if pair in of_pairs
        ]

    def _barred_sites(self, decisions: Iterable[Decision]) -> Bounds | None:
        """Return bounds that let sites receive nothing that they do not hold today."""
        sites = {
            d.site_id
            for d in decisions
            if d.verdict is Verdict.REJECT and not d.service
        }
        found: Bounds = {}
        for program in self.programs:
            for pair, variable in program.holds.items():
                if pair[0] in sites and pair not in program.holdings.today:
                    if self.free[variable][0] > 0:
                        return None
                    found[variable] = (0.0, 0.0)
        return found

    def _whole_locks(self, decisions: Iterable[Decision]) -> list[Any]:
        """Return, for each site that must hold something, minus what it holds."""
        sites = sorted(
            d.site_id for d in decisions if d.verdict is Verdict.LOCK and not d.service
        )
        holds = self.base.base.program.holds
        rows = []
        for site_id in sites:
            own = [v for pair, v in holds.items() if pair[0] == site_id]
            if any((self.values[v.id] or 0.0) > _HALF for v in own):
                continue
            rows.append(sum(-1.0 * v for v in own))
        return [row for row in rows if not isinstance(row, int)]

    def _within(self, variable: Any, bounds: tuple[float, float]) -> bool:  # noqa: ANN401
        """Whether the plan reviewed is within bounds."""
        value = self.values[variable.id] or 0.0
        return bounds[0] - _HALF < value < bounds[1] + _HALF

    # --- what is found ----------------------------------------------------------------

    def _measured(
        self, values: Sequence[float | None]
    ) -> tuple[dict[str, float], dict[str, float]]:
        """Return the totals of a plan, and the people out of reach by service."""
        task = self.base.task
        self.base.base.session.give_values(values)
        plan = read_plan(self.base.base.formulation)
        facts = Facts(task.area, task.travel, task.policy, plan)
        return totals(facts), people_out_of_reach(facts)

    def _more(
        self, found: Consequence
    ) -> tuple[dict[str, float] | None, dict[str, float]]:
        """Return by how much totals and people out of reach differ; none if unknown."""
        values = found.values
        if values is None or any(d.value is None for d in found.differences):
            return None, {}
        now, beyond = self._measured(values)
        return (
            {name: value - self.totals[name] for name, value in now.items()},
            {name: people - self.beyond[name] for name, people in beyond.items()},
        )

    def _reason(self, pair: Pair, found: Consequence) -> Reason | None:
        if pair not in self.base.base.program.holds:
            return None
        return reason_of(self.base, pair, found)


_HALF = 0.5  # whole variables this near a bound are on it


def new_site(decision: Decision) -> str | None:
    """Return the id of the place that a decision asks for; None where it needs none."""
    if decision.verdict is Verdict.MOVE:
        return decision.moved_id
    return decision.site_id if decision.verdict is Verdict.ADD else None


def _of_phase(
    program: Program, decided: Decided
) -> Iterator[tuple[Any, tuple[float, float]]]:
    """Yield variables and their bounds; None for a pair that no plan may hold."""
    for pair, number in sorted(decided.held.items()):
        yield program.holds.get(pair), (1.0, 1.0)
        if number is not None and pair in program.extras:
            yield program.extras[pair], (number - 1.0, number - 1.0)
    for pair in sorted(decided.barred):
        if pair in program.holds:
            yield program.holds[pair], (0.0, 0.0)
