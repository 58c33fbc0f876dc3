"""From a solved program to everything that a run leaves: plan, audit, certificate."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from functools import cache, partial
from typing import TYPE_CHECKING

from allocator.accessibility import AccessReport, bed_need
from allocator.audit import (
    AuditRow,
    Facts,
    audit,
    check_phases,
    clauses_for,
    gap_rows,
    other_values,
    plan_of_today,
    reach_by_zone,
    refuse_unless_sound,
)
from allocator.errors import AuditError, Finding, Text
from allocator.formulation import read_gaps, read_plans
from allocator.networks import GroupResult, form_groups
from allocator.outcome import Outcome, gap_note
from allocator.pipeline.access import measure_task
from allocator.pipeline.certificate import certificate, group_figures
from allocator.pipeline.surroundings import surroundings_of
from allocator.pipeline.task import Task, score_table, shown_findings
from allocator.progress import SILENT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from allocator.area import PlanningArea
    from allocator.formulation import Formulation
    from allocator.plan import Plan
    from allocator.policy.terms import Phase
    from allocator.progress import Progress
    from allocator.solve import Solution


@dataclass(frozen=True)
class Found:
    """What a plan was read from: a solved program, or a textbook problem.

    Parameters
    ----------
    plans
        Of every phase, in the order of years.
    broken
        What the plan of each phase is known to break, (rule id, unit id).
    undecidable
        Rules that bound nothing because a column is missing: rule id -> column.
    size
        How large what was solved is, for the certificate.
    """

    plans: tuple[Plan, ...]
    broken: tuple[frozenset[tuple[str, str]], ...]
    undecidable: Mapping[str, str]
    size: Mapping[str, int | str]


def read_found(formulation: Formulation) -> Found:
    """Read what a solved program holds."""
    return Found(
        read_plans(formulation),
        read_gaps(formulation),
        formulation.undecidable,
        formulation.size,
    )


@dataclass(frozen=True)
class Today:
    """Today's facilities, judged once for every plan of a task.

    Parameters
    ----------
    audit
        Today's facilities held against every clause.
    access
        Access to services today.
    plan
        Today's facilities as a plan: all is kept.
    """

    audit: tuple[AuditRow, ...]
    access: AccessReport
    plan: Plan


def judge_today(task: Task) -> Today:
    """Audit today's facilities and measure access to them."""
    before = plan_of_today(task.area, task.travel, task.policy, task.terms)
    rows = audit(Facts(task.area, task.travel, task.policy, before))
    return Today(rows, measure_task(task, before), before)


def make_outcome(
    task: Task,
    found: Found,
    solution: Solution,
    *,
    build_s: float = 0.0,
    today: Today | None = None,
    progress: Progress = SILENT,
) -> Outcome:
    """Audit the plan that was found and return all that is written.

    Parameters
    ----------
    task
        What the plan is held against; its terms may be narrower than those the
        program was built with.
    found
        The plan of each phase, and what it was read from.
    solution
        What was proven of it; not infeasible.
    build_s
        Seconds that building took, for the certificate.
    today
        Where several plans of one task are made: today's facilities, judged once.
    progress
        Told of the audit.

    Raises
    ------
    AuditError
        When the plan breaks a rule, or is not worth what the solver states.
    """
    progress.step(Text("逐条审核方案", "auditing the plan clause by clause"))
    audit_started = time.monotonic()
    plans = list(found.plans)
    formed = _groups(task, plans[-1], progress)
    if formed is not None:
        plans[-1] = replace(plans[-1], groups=formed.plan_rows)
    broken = found.broken
    audited = [
        _audited(task, phase, plan, gaps)
        for phase, plan, gaps in zip(task.phases, plans, broken, strict=True)
    ]
    stated = {s.name: s.value for s in solution.stages}
    problems = other_values([facts for facts, _ in audited], stated, task.terms)
    years = [phase.terms.year for phase in task.phases]
    problems += check_phases(list(zip(years, plans, strict=True)))
    scored = _chosen_scores(task, plans[-1])
    problems += _other_score(solution, scored)
    if problems:
        raise AuditError(problems)
    facts, rows = audited[-1]
    gaps = gap_rows(facts, rows, broken[-1])
    today = judge_today(task) if today is None else today
    seconds = {
        **task.seconds,
        "build": build_s,
        "solve": solution.seconds,
        "audit": time.monotonic() - audit_started,
    }
    return Outcome(
        area=_with_gaps_noted(task.area, gaps),
        travel=task.travel,
        policy=task.policy,
        plan=plans[-1],
        audit=_gaps_first(rows, gaps),
        audit_today=today.audit,
        certificate=certificate(
            task, found.size, solution, audited=audited, gaps=gaps, seconds=seconds
        )
        | group_figures(formed),
        clauses=clauses_for(facts),
        findings=_lasting(shown_findings(task, found.undecidable))
        + (formed.findings if formed is not None else ()),
        language=task.brief.language,
        map_approval=task.brief.map_approval or "",
        earlier={
            phase.terms.year or 0: audit_rows
            for phase, (_, audit_rows) in zip(task.phases, audited, strict=True)
            if phase is not task.phases[-1]
        },
        earlier_journeys={
            phase.terms.year or 0: plan.assignments
            for phase, plan in zip(task.phases[:-1], plans, strict=False)
        },
        scores=scored,
        decisions=task.reviewed.decisions,
        members=formed.groups if formed is not None else None,
        bed_need=bed_need(task.area),
        gaps=gaps,
        surroundings=cache(partial(surroundings_of, task, plans[-1])),
        access=(today.access, measure_task(task, plans[-1])),
        reach=reach_by_zone(_facts_of(facts, today.plan), facts),
        templates=task.brief.templates,
    )


def _facts_of(facts: Facts, plan: Plan) -> Facts:
    """Return the facts of another plan of the same area under the same policy."""
    return Facts(facts.area, facts.travel, facts.policy, plan)


def _lasting(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """Leave out what is only about this run, so that two runs write the same files."""
    return tuple(f for f in findings if f.code not in ("cache-used", "cache-damaged"))


def _chosen_scores(task: Task, plan: Plan) -> pd.DataFrame | None:
    """Return the figures behind every score, and which sites were chosen."""
    if not task.brief.scores:
        return None
    table = score_table(task.brief, task.phases[-1], task.travel)
    rows = plan.placements
    new = rows[rows["action"].isin(["build", "upgrade"])]
    placed = set(zip(new["site_id"], new["service"], strict=True))
    pairs = zip(table["site_id"], table["service"], strict=True)
    names = task.area.sites["name"].reindex(table["site_id"]).to_numpy()
    return table.assign(name=names, chosen=[pair in placed for pair in pairs])


def _other_score(solution: Solution, scored: pd.DataFrame | None) -> list[Finding]:
    """Return a finding when the solver's sum of scores is not that of the plan."""
    stated = {s.name: s.value for s in solution.stages}.get("scores")
    if stated is None or scored is None:
        return []
    measured = float(scored.loc[scored["chosen"], "score"].sum())
    if abs(measured - stated) <= 1e-5 * max(1.0, abs(measured)):
        return []
    words = f"{stated:.6g} / {measured:.6g}"
    return [Finding("plan-value", Text(f"评分之和 {words}", f"sum of scores {words}"))]


def _groups(task: Task, plan: Plan, progress: Progress) -> GroupResult | None:
    """Form the groups that the packs ask for; None where they ask for none."""
    if not task.policy.networks:
        return None
    progress.step(Text("划分医联体", "forming groups"))
    settings = task.brief.solver
    return form_groups(
        task.area,
        task.travel,
        task.policy,
        plan,
        time_limit_s=settings.time_limit_s,
        gap=settings.gap,
        progress=progress,
    )


def _with_gaps_noted(area: PlanningArea, gaps: Sequence[AuditRow]) -> PlanningArea:
    """Return the area with what is not kept as its first note, for every output."""
    return replace(area, notes=(gap_note(gaps), *area.notes)) if gaps else area


def _gaps_first(
    rows: Sequence[AuditRow], gaps: Sequence[AuditRow]
) -> tuple[AuditRow, ...]:
    return (*gaps, *(row for row in rows if row not in gaps))


def _audited(
    task: Task, phase: Phase, plan: Plan, gaps: frozenset[tuple[str, str]]
) -> tuple[Facts, tuple[AuditRow, ...]]:
    """Hold the plan of a phase against every clause that binds in it.

    ``gaps`` are the (rule id, unit id) that a plan by best effort is known to break.

    Raises
    ------
    AuditError
        When it breaks one.
    """
    facts = Facts(phase.area, task.travel, phase.policy, plan)
    rows = audit(facts)
    refuse_unless_sound(facts, phase.terms, rows, {}, gaps=gaps)
    return facts, rows
