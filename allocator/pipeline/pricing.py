"""What each decision of a review costs, solved one by one against the plan reviewed.

Every decision is priced by itself, as if it were the only change to the plan: so a
price is that of the decision and not of its company. What all of them together cost is
solved last. The program is built once; a decision is a change of bounds.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from allocator.audit import Facts, totals
from allocator.decisions import Decision, Verdict, bind, read_previous
from allocator.errors import InputError, Text, errors_in
from allocator.formulation import find_holdings, read_plan
from allocator.pipeline.bases import Planned, planned
from allocator.pipeline.deciding import Review
from allocator.pipeline.reasons import Reason, reason_of
from allocator.pipeline.runs import read_run
from allocator.pipeline.task import read_task
from allocator.policy.decided import Decided
from allocator.progress import SILENT
from allocator.reasons import Change, Consequence, consequence_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from allocator.decisions import Previous
    from allocator.formulation.program import Program
    from allocator.pipeline.task import Task
    from allocator.progress import Progress

type Pair = tuple[str, str]  # (site_id, service)
type Bounds = dict[Any, tuple[float, float]]

EACH_SECONDS = 60.0  # for one decision; what is proved by then is said


@dataclass(frozen=True)
class Price:
    """What a decision costs.

    Parameters
    ----------
    decision
        The decision; None: all together.
    result
        ``as_is`` (the plan is like this: it costs nothing), or as
        `allocator.reasons.Consequence.verdict`.
    found
        What was solved; None where nothing had to be.
    more
        Totals of the plan found less those of the plan reviewed, by name of the
        certificate's totals; None where no whole plan was found.
    reason
        Substitutes, and who then serves whom; None where that is not asked.
    seconds
        Wall-clock.
    """

    decision: Decision | None
    result: str
    found: Consequence | None = None
    more: Mapping[str, float] | None = None
    reason: Reason | None = None
    seconds: float = 0.0


@dataclass(frozen=True)
class Prices:
    """The prices of the decisions of a review.

    Parameters
    ----------
    planned
        The plan reviewed, with its program.
    prices
        In the order of the file; the last is that of all together where
        ``together``.
    obeyed
        How many decisions of the file the plan obeys already.
    complete
        Whether every decision was priced.
    """

    planned: Planned
    prices: tuple[Price, ...]
    obeyed: int
    complete: bool


def price_decisions(
    brief: Path,
    decisions: Path,
    previous: Path,
    *,
    each_s: float = EACH_SECONDS,
    progress: Progress = SILENT,
) -> Prices:
    """Price the decisions of a review one by one, then all together.

    Parameters
    ----------
    brief, decisions, previous
        The task, the decisions, and the run that was reviewed.
    each_s
        Wall-clock seconds for each decision.
    progress
        Told of each decision; when it is cancelled what is priced is kept.

    Raises
    ------
    InputError
        When a file cannot be used, a decision is stale, or the run is not of this
        task.
    SolverError
        When the solver gave no usable answer.
    """
    review = replace(Review.of_run(previous), tried=decisions)
    task = read_task(brief, review=review, progress=progress)
    tried = task.reviewed.tried
    obeyed_now = [phase.terms.decided for phase in task.phases]
    years = [phase.terms.year for phase in task.phases]
    before = read_previous(previous.resolve(), read_run(previous), years)
    asked = _Asked(task, before, decisions.name)
    changes = [asked.decided([decision]) for decision in tried]
    whole = asked.decided(tried)
    if asked.findings:
        raise InputError(dict.fromkeys(asked.findings))
    base = planned(_free(task), previous, progress)
    pricer = _Pricer(base, obeyed_now, tried)
    prices: list[Price] = []
    with base.base.session.bounded(pricer.outer):
        for number, (decision, decided) in enumerate(zip(tried, changes, strict=True)):
            if progress.cancelled():
                break
            progress.step(_asking(task, decision, number, len(tried)))
            prices.append(pricer.price([decision], decided, each_s))
        if len(tried) > 1 and len(prices) == len(tried) and not progress.cancelled():
            progress.step(Text("全部意见一起", "all decisions together"))
            prices.append(pricer.price(tried, whole, each_s))
    stopped = progress.cancelled()
    return Prices(base, tuple(prices), len(task.reviewed.decisions), not stopped)


def _free(task: Task) -> Task:
    """Return the task without what the plan obeys: that is kept by bounds instead."""
    phases = tuple(
        replace(phase, terms=replace(phase.terms, decided=Decided()))
        for phase in task.phases
    )
    return replace(task, phases=phases)


def _asking(task: Task, decision: Decision, number: int, count: int) -> Text:
    name, service = site_name(task, decision), service_name(task, decision.service)
    return Text(
        f"计算意见 {number + 1}/{count}: {name} {service}",
        f"pricing decision {number + 1}/{count}: {name} {service}",
    )


def site_name(task: Task, decision: Decision) -> str:
    """Return what the site of a decision is called."""
    known = task.area.sites["name"].get(decision.site_id)
    return str(decision.name or decision.site_id if known is None else known)


def service_name(task: Task, service: str) -> str:
    """Return what a service is called; empty for a whole site."""
    known = task.policy.services.get(service)
    return service if known is None else known.name


class _Asked:
    """What decisions fix in each phase, and what is wrong with them."""

    def __init__(self, task: Task, before: Previous, table: str) -> None:
        self.task, self.before, self.table = task, before, table
        self.findings: list[Any] = []

    def decided(self, decisions: Sequence[Decision]) -> tuple[Decided, ...]:
        """Return what decisions fix; what is wrong is added to the findings."""
        phases = self.task.phases
        found, problems = bind(
            decisions,
            self.before,
            years=[phase.terms.year for phase in phases],
            today=find_holdings(self.task.area, self.task.policy).today,
            table=self.table,
        )
        self.findings += errors_in(problems)
        return found


class _Pricer:
    """The program of the plan reviewed, and decisions as changes of its bounds."""

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
        new = {_new_site(d) for d in tried} - {None}
        kept = self._bounds(obeyed) or {}
        # By best effort the plan may not obey all: what it does not is left free.
        self.outer: Bounds = {v: b for v, b in kept.items() if self._within(v, b)}
        for program in self.programs:
            for of_pairs in (program.holds, program.extras):
                for pair, variable in of_pairs.items():
                    if pair[0] in new:
                        self.outer[variable] = (0.0, 0.0)
        self.totals = self._totals(base.base.values)

    def price(
        self, decisions: Sequence[Decision], decided: Sequence[Decided], seconds: float
    ) -> Price:
        """Solve with decisions added to what the plan obeys."""
        started = time.monotonic()
        single = decisions[0] if len(decisions) == 1 else None
        lifted = self._lifted(decisions)
        asked = self._bounds(decided)
        barred = self._barred_sites(decisions)
        if asked is None or barred is None:
            return Price(single, "impossible")
        bounds = {**{v: self.free[v] for v in lifted}, **asked, **barred}
        whole = self._whole_locks(decisions)
        if not lifted and not whole and all(map(self._within, bounds, bounds.values())):
            return Price(single, "as_is")
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
            single,
            found.verdict,
            found,
            self._more(found),
            self._reason(pair, found),
            time.monotonic() - started,
        )

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
            new = _new_site(decision)
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

    def _totals(self, values: Sequence[float | None]) -> dict[str, float]:
        task = self.base.task
        self.base.base.session.give_values(values)
        plan = read_plan(self.base.base.formulation)
        return totals(Facts(task.area, task.travel, task.policy, plan))

    def _more(self, found: Consequence) -> dict[str, float] | None:
        values = found.values
        if values is None or any(d.value is None for d in found.differences):
            return None
        now = self._totals(values)
        return {name: value - self.totals[name] for name, value in now.items()}

    def _reason(self, pair: Pair, found: Consequence) -> Reason | None:
        if pair not in self.base.base.program.holds:
            return None
        return reason_of(self.base, pair, found)


_HALF = 0.5  # whole variables this near a bound are on it


def _new_site(decision: Decision) -> str | None:
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
