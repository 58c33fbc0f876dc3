"""What a review decided, and the plan that it was about, as part of a task."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from allocator.decisions import (
    Decision,
    Previous,
    Verdict,
    add_sites,
    bind,
    read_decisions,
    read_previous,
    with_classes,
)
from allocator.errors import Finding, InputError, Severity, Text, errors_in
from allocator.formulation import find_holdings
from allocator.pipeline.runs import read_run

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from allocator.area import PlanningArea
    from allocator.policy import Policy
    from allocator.policy.terms import Phase


DECIDED_FILE = "decided.csv"  # in a run folder: the decisions that the run obeys


@dataclass(frozen=True)
class Review:
    """The files of a review, as a command names them.

    Parameters
    ----------
    decisions
        The table of decisions; None: nothing was decided.
    previous
        The run folder that the review was about; None: the folder of the decisions
        where that is a run, and otherwise no plan.
    tried
        Decisions that do not bind: the places that they ask for become candidates.
    """

    decisions: Path | None = None
    previous: Path | None = None
    tried: Path | None = None

    @classmethod
    def of_run(cls, run: Path | None) -> Review:
        """Return what a run folder was told to obey: its sites may come from there."""
        if run is None or not (run / DECIDED_FILE).is_file():
            return cls()
        return cls(run / DECIDED_FILE)

    @property
    def files(self) -> tuple[Path, ...]:
        """The files of the review that are inputs of the next run."""
        return () if self.decisions is None else (self.decisions,)

    @property
    def run(self) -> Path | None:
        """The run folder that was reviewed."""
        if self.previous is not None or self.decisions is None:
            return self.previous
        folder = self.decisions.resolve().parent
        reviewed = self.decisions.name in ("decisions.csv", "plan.xlsx")
        return folder if reviewed and (folder / "run.json").is_file() else None


@dataclass(frozen=True)
class Reviewed:
    """What a review says.

    Parameters
    ----------
    decisions
        In the order of the file.
    file
        The file that they are from; None where there is none.
    previous
        The plan that was reviewed; None where there is none.
    tried
        The decisions that do not bind, without those that are obeyed already.
    """

    decisions: tuple[Decision, ...] = ()
    file: Path | None = None
    previous: Previous | None = None
    tried: tuple[Decision, ...] = ()


def read_review(
    review: Review, area: PlanningArea, policy: Policy, findings: list[Finding]
) -> tuple[PlanningArea, tuple[Decision, ...]]:
    """Read decisions and put the candidates that they ask for into the area.

    ``findings`` receives what is wrong.
    """
    if review.decisions is None:
        return area, ()
    names = {service.id: service.name for service in policy.services.values()}
    table = review.decisions.name
    decisions, problems = read_decisions(review.decisions, names)
    decisions, of_classes = with_classes(decisions, policy, table=table)
    area, of_sites = add_sites(area, decisions, table=table)
    findings += problems + of_classes + of_sites
    return area, decisions


def read_tried(
    review: Review,
    area: PlanningArea,
    policy: Policy,
    obeyed: Sequence[Decision],
    findings: list[Finding],
) -> tuple[PlanningArea, tuple[Decision, ...]]:
    """Read decisions that are only tried; their places become candidates of the area.

    ``findings`` receives what is wrong.
    """
    if review.tried is None:
        return area, ()
    names = {service.id: service.name for service in policy.services.values()}
    table = review.tried.name
    decisions, problems = read_decisions(review.tried, names)
    decisions, of_classes = with_classes(decisions, policy, table=table)
    known = {what_is_asked(decision) for decision in obeyed}
    tried = tuple(d for d in decisions if what_is_asked(d) not in known)
    # Locks of whole sites would bind: of them only the site is looked for.
    there = [
        decision
        if decision.verdict in (Verdict.MOVE, Verdict.ADD)
        else replace(decision, verdict=Verdict.ACCEPT)
        for decision in tried
    ]
    area, of_sites = add_sites(area, there, table=table)
    findings += problems + of_classes + of_sites
    return area, tried


def what_is_asked(decision: Decision) -> tuple[object, ...]:
    """Return what a decision asks of a plan, whoever made it and why."""
    place = (decision.lon, decision.lat)
    kind = decision.verdict, decision.site_class
    return decision.site_id, decision.service, *kind, *place


def with_review(
    review: Review,
    decisions: tuple[Decision, ...],
    phases: tuple[Phase, ...],
    findings: list[Finding],
) -> tuple[tuple[Phase, ...], Reviewed]:
    """Give the phases what was decided, and the plan that changes are counted from.

    Raises
    ------
    InputError
        When the run that was reviewed cannot be read.
    """
    years = [phase.terms.year for phase in phases]
    previous = _previous(review, years) if review.run is not None else None
    table = "" if review.decisions is None else review.decisions.name
    last = phases[-1]
    # Most tasks have no decisions: what is held today is then not asked for.
    today = find_holdings(last.area, last.policy).today if decisions else frozenset()
    decided, problems = bind(decisions, previous, years=years, today=today, table=table)
    findings += problems
    if errors_in(problems):
        return phases, Reviewed(decisions, review.decisions, previous)
    order = _order(last.terms.objective, previous, findings)
    counts = None if previous is None else previous.counts
    phases = tuple(
        replace(
            phase,
            terms=replace(phase.terms, decided=own, previous=counts, objective=order),
        )
        for phase, own in zip(phases, decided, strict=True)
    )
    return phases, Reviewed(decisions, review.decisions, previous)


def _previous(review: Review, years: list[int | None]) -> Previous:
    folder = review.run
    assert folder is not None  # noqa: S101 (the caller looked)
    plan = read_run(folder)
    try:
        return read_previous(folder.resolve(), plan, years)
    except OSError as error:
        text = Text("运行文件夹没有 run.json", "the run folder has no run.json")
        found = Finding("run-unreadable", text, table=str(folder))
        raise InputError([found]) from error


def _order(
    order: tuple[str, ...], previous: Previous | None, findings: list[Finding]
) -> tuple[str, ...]:
    """Count changes last where the brief does not say when, and never of nothing."""
    if previous is not None:
        return order if "changes" in order else (*order, "changes")
    if "changes" not in order:
        return order
    findings.append(
        Finding(
            "changes-of-nothing",
            Text("没有上一版方案, 不计变动", "no previous plan: changes do not count"),
            Severity.NOTE,
            column="objective.order",
        )
    )
    return tuple(name for name in order if name != "changes") or ("capital_wan",)
