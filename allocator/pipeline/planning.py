"""Solving a task, auditing the plan, and writing the run folder."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

from allocator import export, maps, workbook
from allocator.accessibility import bed_need
from allocator.audit import (
    AuditRow,
    Facts,
    audit,
    clauses_for,
    other_values,
    plan_of_today,
    refuse_unless_sound,
)
from allocator.diagnose import as_error, refuse_impossible
from allocator.errors import (
    AuditError,
    Finding,
    Text,
)
from allocator.formulation import build_phases, read_plans
from allocator.networks import GroupResult, form_groups
from allocator.outcome import Outcome
from allocator.pipeline.access import measure_task
from allocator.pipeline.certificate import certificate, group_figures
from allocator.pipeline.explaining import explain_task
from allocator.pipeline.task import Task, score_table, shown_findings
from allocator.progress import SILENT
from allocator.solve import Solution, solve

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from allocator.plan import (
        Plan,
    )
    from allocator.policy.terms import Phase
    from allocator.progress import Progress


def make_plan(task: Task, *, progress: Progress = SILENT) -> Outcome:
    """Solve a task, audit the plan, and return all that is to be written.

    Raises
    ------
    InfeasibleError
        When no plan keeps every rule.
    SolverError
        When the solver gave no usable answer.
    AuditError
        When the plan found breaks a rule: it is never written.
    """
    started = time.monotonic()
    progress.step(Text("建立整数规划", "building the integer program"))
    formulation = build_phases(task.phases, task.travel, progress=progress)
    refuse_impossible(formulation, task.area, task.policy)
    build_s = time.monotonic() - started
    settings = task.brief.solver
    solution = solve(
        formulation,
        time_limit_s=settings.time_limit_s,
        gap=settings.gap,
        threads=settings.threads,
        progress=progress,
    )
    if solution.status == "infeasible":
        explanation = explain_task(task, ways_out=False, progress=progress)
        raise as_error(explanation, task.area, task.policy)
    progress.step(Text("逐条审核方案", "auditing the plan clause by clause"))
    audit_started = time.monotonic()
    plans = list(read_plans(formulation))
    formed = _groups(task, plans[-1], progress)
    if formed is not None:
        plans[-1] = replace(plans[-1], groups=formed.plan_rows)
    audited = [
        _audited(task, phase, plan)
        for phase, plan in zip(task.phases, plans, strict=True)
    ]
    stated = {s.name: s.value for s in solution.stages}
    problems = other_values([facts for facts, _ in audited], stated, task.terms)
    scored = _chosen_scores(task, plans[-1])
    problems += _other_score(solution, scored)
    if problems:
        raise AuditError(problems)
    facts, rows = audited[-1]
    before = plan_of_today(task.area, task.travel, task.policy, task.terms)
    today = audit(Facts(task.area, task.travel, task.policy, before))
    seconds = {
        **task.seconds,
        "build": build_s,
        "solve": solution.seconds,
        "audit": time.monotonic() - audit_started,
    }
    return Outcome(
        area=task.area,
        travel=task.travel,
        policy=task.policy,
        plan=plans[-1],
        audit=rows,
        audit_today=today,
        certificate=certificate(
            task, formulation, solution, audited=audited, seconds=seconds
        )
        | group_figures(formed),
        clauses=clauses_for(facts),
        findings=shown_findings(task, formulation)
        + (formed.findings if formed is not None else ()),
        language=task.brief.language,
        map_approval=task.brief.map_approval or "",
        earlier={
            phase.terms.year or 0: audit_rows
            for phase, (_, audit_rows) in zip(task.phases, audited, strict=True)
            if phase is not task.phases[-1]
        },
        scores=scored,
        bed_need=bed_need(task.area),
        access=(measure_task(task, before), measure_task(task, plans[-1])),
    )


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


def _audited(
    task: Task, phase: Phase, plan: Plan
) -> tuple[Facts, tuple[AuditRow, ...]]:
    """Hold the plan of a phase against every clause that binds in it.

    Raises
    ------
    AuditError
        When it breaks one.
    """
    facts = Facts(phase.area, task.travel, phase.policy, plan)
    rows = audit(facts)
    refuse_unless_sound(facts, phase.terms, rows, {})
    return facts, rows


def write_outcome(
    outcome: Outcome, target: Path, *, force: bool, progress: Progress = SILENT
) -> None:
    """Write a run folder, whole or not at all.

    Raises
    ------
    InputError
        When the folder exists and ``force`` is not set, or cannot be written.
    """
    with export.finish_run(target, force=force) as folder:
        progress.step(Text("写出结果表", "writing tables"))
        export.write_run(outcome, folder)
        workbook.write_workbook(outcome, folder / "plan.xlsx")
        progress.step(Text("绘制地图", "drawing maps"))
        maps.draw_map(outcome, folder / "map.png")
        maps.write_html(outcome, folder / "map.html")
