"""Reading a brief and all that it names into a task that can be planned."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from allocator.audit import column_words
from allocator.diagnose import refuse_impossible
from allocator.errors import (
    Finding,
    InputError,
    PolicyError,
    Severity,
    Text,
    errors_in,
    nearest,
)
from allocator.formulation import (
    build_phases,
    find_holdings,
    unpriced,
)
from allocator.load import (
    Account,
    Brief,
    area_in_year,
    growth_of,
    read_area,
    read_brief,
    unheard,
)
from allocator.pipeline.amounts import unweighed_amounts
from allocator.pipeline.borders import within_borders
from allocator.pipeline.certificate import input_files
from allocator.pipeline.deciding import (
    Review,
    Reviewed,
    read_review,
    read_tried,
    with_review,
)
from allocator.pipeline.inequality import weigh_inequality
from allocator.pipeline.inputs import (
    changed_since,
    input_records,
    take_fingerprints,
)
from allocator.pipeline.tilts import check_tilts, ordered, tilts_of
from allocator.pipeline.travelling import reach_findings, read_travel
from allocator.policy import (
    Policy,
    Priority,
    check_policy,
    read_policy,
)
from allocator.policy.decided import DECIDED
from allocator.policy.terms import DEFAULT_ORDER, Phase, Terms
from allocator.progress import SILENT
from allocator.report import check_templates
from allocator.scores import ScoreRule, score_sites

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    import pandas as pd

    from allocator.area import PlanningArea
    from allocator.progress import Progress
    from allocator.travel import Travel


@dataclass(frozen=True)
class Task:
    """A brief with everything it names, read and checked.

    Parameters
    ----------
    brief, travel
        The task and how people travel.
    phases
        In the order of years, at least one.
    findings
        Warnings and notes.
    seconds
        What reading took, by step.
    reviewed
        What a review decided, and the plan that it was about.
    base
        The area as the files give it, before any year's figures.
    accounts
        How each table was understood, in the order of reading.
    inputs
        Fingerprints of every file, as they were read; see `input_records`.
    """

    brief: Brief
    travel: Travel
    phases: tuple[Phase, ...]
    findings: tuple[Finding, ...]
    seconds: dict[str, float]
    base: PlanningArea
    accounts: tuple[Account, ...] = ()
    reviewed: Reviewed = field(default_factory=Reviewed)
    inputs: tuple[dict[str, Any], ...] = ()

    @property
    def area(self) -> PlanningArea:
        """The area as it is in the last phase."""
        return self.phases[-1].area

    @property
    def policy(self) -> Policy:
        """The policy as it binds in the last phase."""
        return self.phases[-1].policy

    @property
    def terms(self) -> Terms:
        """The terms of the last phase."""
        return self.phases[-1].terms


def read_task(
    path: Path,
    *,
    review: Review | None = None,
    progress: Progress = SILENT,
    heard: Callable[[Account], None] = unheard,
) -> Task:
    """Read a brief and all that it names.

    Parameters
    ----------
    path
        The brief.
    review
        What was decided of an earlier plan of the same brief.
    progress
        Told of each step.
    heard
        Called with the account of each table as soon as it is read, also of those that
        cannot be used.

    Raises
    ------
    InputError
        With every finding of all files, when any file cannot be used.
    PolicyError
        The same, when only the policy packs cannot be used.
    """
    started = time.monotonic()
    progress.step(Text("读取任务书和数据", "reading the brief and its files"))
    taken = take_fingerprints([path])
    brief, findings = read_brief(path)
    if brief is None:
        raise InputError(findings)
    review = review or Review()
    named = [*input_files(brief), *review.files]
    taken |= take_fingerprints(file for file in named if file not in taken)
    of_templates = check_templates(brief.templates)
    accounts: list[Account] = []

    def keep(account: Account) -> None:
        accounts.append(account)
        heard(account)

    area, of_area = read_area(brief, keep)
    policy, of_policy = read_policy(
        brief.policy.packs, brief.policy.parameters, brief.folder
    )
    if area is not None and policy is not None:
        of_policy += check_policy(policy, area)
    findings = findings + of_templates + of_area + of_policy
    if area is None or errors_in(of_area) or errors_in(of_templates):
        raise InputError(findings)
    if policy is None or errors_in(of_policy):
        raise PolicyError(findings)
    base = area
    area, decisions = read_review(review, area, policy, findings)
    area, tried = read_tried(review, area, policy, decisions, findings)
    if errors_in(findings):
        raise InputError(findings)
    read_s = time.monotonic() - started
    phases = _phases(brief, area, policy, findings)
    phases, reviewed = with_review(review, decisions, phases, findings)
    reviewed = replace(reviewed, tried=tried)
    travel = read_travel(brief, area, policy, findings, progress=progress, heard=keep)
    travel = within_borders(brief, area, travel, findings)
    phases = _scored(brief, phases, travel, findings)
    phases = weigh_inequality(brief, phases, travel)
    findings += cost_findings(area, policy, phases)
    findings += reach_findings(brief, policy)
    findings += unweighed_amounts(area, policy, phases[-1].terms)
    findings += changed_since(taken)
    if errors_in(findings):
        raise InputError(findings)
    seconds = {"read": read_s, "travel": time.monotonic() - started - read_s}
    return Task(
        brief,
        travel,
        phases,
        tuple(findings),
        seconds,
        base,
        tuple(accounts),
        reviewed,
        input_records(taken, brief.folder),
    )


def _phases(
    brief: Brief, area: PlanningArea, policy: Policy, findings: list[Finding]
) -> tuple[Phase, ...]:
    """Return people, rules and terms of every phase; one where the brief names none."""
    _check_closing(brief, policy, findings)
    _check_give_way(brief, policy, findings)
    findings += check_tilts(brief, area, policy)
    whole, several = brief.budget, len(brief.phases) > 1
    phases = []
    for section in brief.phases or (None,):
        year = section.year if section else None
        last = section is None or section is brief.phases[-1]
        own = (section.capital_wan, section.yearly_wan) if section else (None, None)
        terms = Terms(
            capital_wan=_least(own[0], None if several else whole.capital_wan),
            yearly_wan=_least(own[1], whole.yearly_wan),
            total_capital_wan=whole.capital_wan if several else None,
            year=year,
            split=brief.demand.split,
            closing=frozenset(brief.policy.closing),
            objective=ordered(
                brief, brief.objective.order or policy.objective or DEFAULT_ORDER
            ),
            tilts=tilts_of(brief),
        )
        there = area
        problems: list[Finding] = []
        if year is not None:
            demand = brief.demand
            growth = growth_of(demand.growth_yearly_percent, demand.population_year)
            there, problems = area_in_year(area, year, growth)
        findings += problems
        binding = policy.at_year(year) if last else policy.before_last(year or 0)
        phases.append(Phase(there, binding, terms))
    return tuple(phases)


def _scored(
    brief: Brief, phases: tuple[Phase, ...], travel: Travel, findings: list[Finding]
) -> tuple[Phase, ...]:
    """Give the phases the scores that the brief asks for, weighed last if not named."""
    last = phases[-1]
    _check_scored(brief, last.policy, findings)
    if not brief.scores or errors_in(findings):
        return phases
    table = score_table(brief, last, travel)
    scores = {
        (str(site_id), str(service)): float(score)
        for site_id, service, score in zip(
            table["site_id"], table["service"], table["score"], strict=True
        )
    }
    order = last.terms.objective
    if "scores" not in order:
        order = (*order, "scores")
    return tuple(
        replace(phase, terms=replace(phase.terms, scores=scores, objective=order))
        for phase in phases
    )


def score_table(brief: Brief, phase: Phase, travel: Travel) -> pd.DataFrame:
    """Return the figures and scores of all sites that the brief scores."""
    rules = [ScoreRule(**dict(section)) for section in brief.scores]
    return score_sites(phase.area, travel, phase.policy, rules)


def _check_scored(brief: Brief, policy: Policy, findings: list[Finding]) -> None:
    findings += [
        _no_service(brief, "score.service", section.service, policy)
        for section in brief.scores
        if section.service not in policy.services
    ]


def _no_service(brief: Brief, column: str, name: str, policy: Policy) -> Finding:
    close = nearest(name, policy.services)
    return Finding(
        "service-unknown",
        Text(f"没有服务 {name}", f"there is no service {name}"),
        table=brief.path.name,
        column=column,
        value=name,
        remedy=Text(f"是否应为 {close}?", f"did you mean {close}?") if close else None,
    )


def _least(*limits: float | None) -> float | None:
    return min((limit for limit in limits if limit is not None), default=None)


def _check_closing(brief: Brief, policy: Policy, findings: list[Finding]) -> None:
    findings += [
        _no_service(brief, "policy.closing", name, policy)
        for name in brief.policy.closing
        if name not in policy.services
    ]


def _check_give_way(brief: Brief, policy: Policy, findings: list[Finding]) -> None:
    """Warn of what is named as willing to give way and does not exist."""
    known = [rule.id for rule in policy.rules]
    known += [
        "budget",
        "locked",
        DECIDED,
        *(f"serves:{name}" for name in policy.services),
    ]
    for name in brief.explain.give_way:
        if name in known:
            continue
        close = nearest(name, known)
        findings.append(
            Finding(
                "rule-unknown",
                Text(f"没有条款 {name}", f"there is no rule {name}"),
                Severity.WARNING,
                table=brief.path.name,
                column="explain.give_way",
                value=name,
                remedy=Text(f"是否应为 {close}?", f"did you mean {close}?")
                if close
                else None,
            )
        )


def cost_findings(
    area: PlanningArea, policy: Policy, phases: Sequence[Phase]
) -> list[Finding]:
    """Find services without a price, and prices of nothing."""
    limits = [
        limit
        for terms in (phase.terms for phase in phases)
        for limit in (terms.capital_wan, terms.yearly_wan, terms.total_capital_wan)
        if limit is not None
    ]
    if area.costs is None:
        if not limits:
            return []
        message = Text("有预算但没有造价表", "there is a budget but no cost table")
        remedy = Text("在 [area] 写 costs = ...", "give costs = ... in [area]")
        return [Finding("costs-missing", message, column="area.costs", remedy=remedy)]
    findings = []
    for (service, action), sites in unpriced(area, find_holdings(area, policy)).items():
        findings.append(
            Finding(
                "cost-missing",
                Text(
                    f"{service} 没有 {action} 的造价, 方案可能在这些点设置它",
                    f"{service} has no price for {action}, which a plan may take there",
                ),
                Severity.ERROR if limits else Severity.WARNING,
                "costs",
                tuple(sites),
                column="action",
                remedy=Text(
                    f"在造价表中补一行 {service}, {action} (不花钱的写 0)",
                    f"add a row {service}, {action} (0 where it costs nothing)",
                ),
            )
        )
    for column, known in (("service", policy.services), ("resource", policy.resources)):
        for name in sorted(set(area.costs[column]) - set(known) - {""}):
            close = nearest(name, known)
            findings.append(
                Finding(
                    f"cost-{column}-unknown",
                    Text("造价表中的名称没有政策包声明", "no pack declares this name"),
                    Severity.WARNING,
                    "costs",
                    column=column,
                    value=name,
                    remedy=Text(f"是否应为 {close}?", f"did you mean {close}?")
                    if close
                    else None,
                )
            )
    return findings


def check_task(
    path: Path,
    *,
    progress: Progress = SILENT,
    heard: Callable[[Account], None] = unheard,
) -> Task:
    """Read everything, and find what no plan could meet.

    Parameters are those of `read_task`.

    Raises
    ------
    InputError, PolicyError
        As `read_task`.
    InfeasibleError
        When some rule cannot be met by any plan, seen without solving.
    """
    task = read_task(path, progress=progress, heard=heard)
    progress.step(Text("检查能否满足", "checking what can be met"))
    formulation = build_phases(task.phases, task.travel)
    refuse_impossible(formulation, task.area, task.policy)
    return replace(task, findings=shown_findings(task, formulation.undecidable))


def shown_findings(task: Task, undecidable: Mapping[str, str]) -> tuple[Finding, ...]:
    """Return the task's warnings, and the rules that could not bind.

    ``undecidable`` says which, by id, and the column that each lacks.
    """
    unbound = tuple(
        Finding(
            "rule-undecidable",
            Text(
                f"缺列 {column_words(column, task.policy).zh}, 该条款没有约束方案",
                f"without the column {column} this rule binds nothing",
            ),
            Severity.WARNING,
            keys=(rule_id,),
        )
        for rule_id, column in undecidable.items()
        if any(
            rule.id == rule_id and rule.priority is not Priority.MAY
            for rule in task.policy.rules
        )
    )
    return task.findings + unbound
