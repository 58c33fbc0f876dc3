"""What each decision of a review costs, solved one by one against the plan reviewed.

Every decision is priced by itself, as if it were the only change to the plan: so a
price is that of the decision and not of its company. What all of them together cost is
solved last. The program is built once; a decision is a change of bounds.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from allocator.decisions import Decision, bind, read_previous
from allocator.errors import InputError, Text, errors_in
from allocator.formulation import find_holdings
from allocator.pipeline.bases import Planned, planned
from allocator.pipeline.deciding import Review
from allocator.pipeline.price_search import Price, Pricer, new_site
from allocator.pipeline.runs import read_run
from allocator.pipeline.task import read_task
from allocator.policy.decided import Decided
from allocator.progress import SILENT

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from allocator.decisions import Previous
    from allocator.pipeline.task import Task
    from allocator.progress import Progress

EACH_SECONDS = 60.0  # for one decision; what is proved by then is said


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
    pricing = Pricing(brief, previous, decisions, progress=progress)
    task, tried = pricing.task, pricing.tried
    questions = moved_together(tried)
    prices: list[Price] = []
    for number, own in enumerate(questions):
        if progress.cancelled():
            break
        progress.step(_asking(task, own[0], number, len(questions)))
        prices.append(pricing.ask(own, each_s))
    whole = len(questions) > 1 and len(prices) == len(questions)
    if whole and not progress.cancelled():
        progress.step(Text("全部意见一起", "all decisions together"))
        price = pricing.ask(tried, each_s)
        prices.append(replace(price, all_together=True))
    obeyed, stopped = len(task.reviewed.decisions), progress.cancelled()
    return Prices(pricing.base, tuple(prices), obeyed, not stopped)


def moved_together(decisions: Iterable[Decision]) -> list[tuple[Decision, ...]]:
    """Return decisions in the groups that are priced as one, in their order.

    Services that move from one site to one point move together, and what is added at
    one new site stands there together: priced one by one, each would pay for a place
    of its own.
    """
    groups: dict[tuple[object, ...], list[Decision]] = {}
    for decision in decisions:
        place = (decision.lon, decision.lat)
        alone = () if new_site(decision) else (decision.service, decision.verdict)
        key = (decision.site_id, new_site(decision), place, *alone)
        groups.setdefault(key, []).append(decision)
    return [tuple(own) for own in groups.values()]


class Pricing:
    """The plan reviewed with its program; it can be asked again and again.

    Parameters
    ----------
    brief, previous
        The task, and the run that was reviewed.
    tried
        A table of decisions that do not bind: the places that they ask for are in the
        program; None: only what needs no new place can be asked.
    progress
        Told of each step.

    Raises
    ------
    InputError
        When a file cannot be used, a decision is stale, or the run is not of this
        task.
    SolverError
        When the solver gave no usable answer.
    """

    def __init__(
        self,
        brief: Path,
        previous: Path,
        tried: Path | None = None,
        *,
        progress: Progress = SILENT,
    ) -> None:
        review = replace(Review.of_run(previous), tried=tried)
        self.task = read_task(brief, review=review, progress=progress)
        self.tried = self.task.reviewed.tried
        years = [phase.terms.year for phase in self.task.phases]
        before = read_previous(previous.resolve(), read_run(previous), years)
        self._asked = _Asked(self.task, before, "" if tried is None else tried.name)
        for own in (*([one] for one in self.tried), self.tried):
            self._asked.decided(own)
        self._asked.refuse()
        obeyed = [phase.terms.decided for phase in self.task.phases]
        self.base = planned(_free(self.task), previous, progress)
        self._pricer = Pricer(self.base, obeyed, self.tried)

    def ask(self, decisions: Sequence[Decision], seconds: float) -> Price:
        """Return what decisions cost together, as the only change to the plan.

        Parameters
        ----------
        decisions
            One or more.
        seconds
            Wall-clock; when they are used up, what is proved by then is said.

        Raises
        ------
        InputError
            When a decision is stale.
        SolverError
            When the solver gave no usable answer.
        """
        decided = self._asked.decided(decisions)
        self._asked.refuse()
        with self.base.base.session.bounded(self._pricer.outer):
            return self._pricer.price(decisions, decided, seconds)


def _free(task: Task) -> Task:
    """Return the task without what the plan obeys: that is kept by bounds instead."""
    phases = tuple(
        replace(phase, terms=replace(phase.terms, decided=Decided()))
        for phase in task.phases
    )
    return replace(task, phases=phases)


def _asking(task: Task, decision: Decision, number: int, count: int) -> Text:
    name = site_name(task, decision)
    service = "、".join(service_names(task, [decision]))
    return Text(
        f"计算意见 {number + 1}/{count}: {name} {service}",
        f"pricing decision {number + 1}/{count}: {name} {service}",
    )


def site_name(task: Task, decision: Decision) -> str:
    """Return what the site of a decision is called."""
    known = task.area.sites["name"].get(decision.site_id)
    return str(decision.name or decision.site_id if known is None else known)


def service_names(task: Task, decisions: Iterable[Decision]) -> list[str]:
    """Return what the services of decisions are called; none for a whole site."""
    known = task.policy.services
    ids = [decision.service for decision in decisions]
    return [known[name].name if name in known else name for name in ids if name]


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

    def refuse(self) -> None:
        """Stop when anything is wrong.

        Raises
        ------
        InputError
            With every finding since the last time.
        """
        findings, self.findings = dict.fromkeys(self.findings), []
        if findings:
            raise InputError(findings)
