"""The run in order: what the command line and notebooks call.

task = read_task(Path("brief.toml"))
outcome = make_plan(task)
write_outcome(outcome, Path("run"), force=False)
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from allocator import export, maps, workbook
from allocator.accessibility import AccessReport, measure_access, supply_columns
from allocator.audit import (
    MEASURES,
    AuditRow,
    Facts,
    audit,
    clauses_for,
    other_values,
    plan_of_today,
    refuse_unless_sound,
    totals,
)
from allocator.diagnose import explain_phases, refuse_impossible
from allocator.errors import (
    AllocatorError,
    AuditError,
    Finding,
    InputError,
    PolicyError,
    Severity,
    Text,
    errors_in,
    nearest,
)
from allocator.formulation import Formulation, build_phases, read_plans
from allocator.load import (
    Brief,
    area_in_year,
    inputs,
    read_area,
    read_brief,
    read_travel_table,
)
from allocator.outcome import Outcome
from allocator.plan import (
    ALLOCATION_COLUMNS,
    ASSIGNMENT_COLUMNS,
    COUNTED_COLUMNS,
    Plan,
    empty_frame,
)
from allocator.policy import (
    Coverage,
    Policy,
    Priority,
    check_policy,
    pack_path,
    read_policy,
)
from allocator.policy.terms import DEFAULT_ORDER, Phase, Terms
from allocator.progress import SILENT
from allocator.provenance import fingerprints, versions
from allocator.solve import Solution, solve
from allocator.travel import Travel, check_travel, from_pairs, straight_line

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from allocator.area import PlanningArea
    from allocator.progress import Progress


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
    """

    brief: Brief
    travel: Travel
    phases: tuple[Phase, ...]
    findings: tuple[Finding, ...]
    seconds: dict[str, float]

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


def read_task(path: Path, *, progress: Progress = SILENT) -> Task:
    """Read a brief and all that it names.

    Raises
    ------
    InputError
        With every finding of all files, when any file cannot be used.
    PolicyError
        The same, when only the policy packs cannot be used.
    """
    started = time.monotonic()
    progress.step(Text("读取任务书和数据", "reading the brief and its files"))
    brief, findings = read_brief(path)
    if brief is None:
        raise InputError(findings)
    area, of_area = read_area(brief)
    policy, of_policy = read_policy(
        brief.policy.packs, brief.policy.parameters, brief.folder
    )
    if area is not None and policy is not None:
        of_policy += check_policy(policy, area)
    findings = findings + of_area + of_policy
    if area is None or errors_in(of_area):
        raise InputError(findings)
    if policy is None or errors_in(of_policy):
        raise PolicyError(findings)
    read_s = time.monotonic() - started
    phases = _phases(brief, area, policy, findings)
    travel = _travel(brief, area, findings, progress)
    findings += _cost_findings(area, policy, phases)
    findings += _reach_findings(brief, policy)
    if errors_in(findings):
        raise InputError(findings)
    seconds = {"read": read_s, "travel": time.monotonic() - started - read_s}
    return Task(brief, travel, phases, tuple(findings), seconds)


def _phases(
    brief: Brief, area: PlanningArea, policy: Policy, findings: list[Finding]
) -> tuple[Phase, ...]:
    """Return people, rules and terms of every phase; one where the brief names none."""
    _check_closing(brief, policy, findings)
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
            objective=brief.objective.order or policy.objective or DEFAULT_ORDER,
        )
        there = area
        problems: list[Finding] = []
        if year is not None:
            there, problems = area_in_year(area, year)
        findings += problems
        binding = policy.at_year(year) if last else policy.before_last(year or 0)
        phases.append(Phase(there, binding, terms))
    return tuple(phases)


def _least(*limits: float | None) -> float | None:
    return min((limit for limit in limits if limit is not None), default=None)


def _check_closing(brief: Brief, policy: Policy, findings: list[Finding]) -> None:
    for name in brief.policy.closing:
        if name not in policy.services:
            close = nearest(name, policy.services)
            findings.append(
                Finding(
                    "service-unknown",
                    Text(f"没有服务 {name}", f"there is no service {name}"),
                    table=brief.path.name,
                    column="policy.closing",
                    value=name,
                    remedy=Text(f"是否应为 {close}?", f"did you mean {close}?")
                    if close
                    else None,
                )
            )


def _travel(
    brief: Brief, area: PlanningArea, findings: list[Finding], progress: Progress
) -> Travel:
    settings = brief.travel
    if settings.method == "table":
        pairs, problems = read_travel_table(brief, area)
        findings += problems
        if pairs is None or errors_in(problems):
            raise InputError(findings)
        travel = from_pairs(area, pairs, max_minutes=settings.max_minutes)
    else:
        travel = straight_line(
            area,
            speed_kmh=settings.speed_kmh,
            detour=settings.detour,
            max_minutes=settings.max_minutes or 0.0,
            progress=progress,
        )
    findings += check_travel(area, travel)
    return travel


def _cost_findings(
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
    priced = set(area.costs["service"])
    free = [name for name in policy.services if name not in priced]
    if free:
        findings.append(
            Finding(
                "cost-missing",
                Text("这些服务没有造价", "these services have no cost"),
                Severity.ERROR if limits else Severity.WARNING,
                "costs",
                tuple(free),
                remedy=Text(
                    "在造价表中补上 (不花钱的写 0)",
                    "add them to the cost table (0 where it costs nothing)",
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


def _reach_findings(brief: Brief, policy: Policy) -> list[Finding]:
    """Find coverage rules that reach farther than the travel cut-off."""
    settings = brief.travel
    if settings.max_minutes is None:
        return []
    minutes_of_km = settings.detour / settings.speed_kmh * 60.0
    findings = []
    for rule in policy.rules:
        for reading in rule.readings:
            if not isinstance(reading, Coverage):
                continue
            minutes = (
                reading.within_minutes,
                reading.urban_minutes,
                reading.rural_minutes,
            )
            km = (reading.within_km, reading.urban_km, reading.rural_km)
            if settings.method == "table":
                km = (None, None, None)
            reach = [m for m in minutes if m is not None]
            reach += [d * minutes_of_km for d in km if d is not None]
            if max(reach, default=0.0) > settings.max_minutes + 1e-9:
                findings.append(
                    Finding(
                        "reach-beyond-cut-off",
                        Text(
                            f"该条款的范围约 {max(reach):.0f} 分钟, 超过出行时间上限",
                            f"the rule reaches about {max(reach):.0f} minutes, "
                            "beyond the travel cut-off",
                        ),
                        table=brief.path.name,
                        keys=(rule.id,),
                        column="travel.max_minutes",
                        value=f"{settings.max_minutes:g}",
                        remedy=Text("加大 max_minutes", "raise max_minutes"),
                    )
                )
    return findings


def check_task(path: Path, *, progress: Progress = SILENT) -> Task:
    """Read everything, and find what no plan could meet.

    Raises
    ------
    InputError, PolicyError
        As `read_task`.
    InfeasibleError
        When some rule cannot be met by any plan, seen without solving.
    """
    task = read_task(path, progress=progress)
    progress.step(Text("检查能否满足", "checking what can be met"))
    formulation = build_phases(task.phases, task.travel)
    refuse_impossible(formulation, task.area, task.policy)
    return task


def audit_today(task: Task) -> tuple[AuditRow, ...]:
    """Hold today's facilities against every clause."""
    plan = plan_of_today(task.area, task.travel, task.policy, task.terms)
    return audit(Facts(task.area, task.travel, task.policy, plan))


def audit_run(task: Task, folder: Path) -> tuple[AuditRow, ...]:
    """Hold the plan of a run folder against every clause of a task.

    Raises
    ------
    InputError
        When the folder holds no plan that can be read.
    AuditError
        When the plan breaks a binding rule, or its figures do not hold.
    """
    plan = read_run(folder)
    _refuse_strangers(task, plan, folder)
    facts = Facts(task.area, task.travel, task.policy, plan)
    rows = audit(facts)
    refuse_unless_sound(facts, task.terms, rows, {})
    return rows


def read_run(folder: Path) -> Plan:
    """Read the plan of a run folder back from its csv files.

    Raises
    ------
    InputError
        When a file is missing, damaged, or lacks a column.
    """
    frames = {}
    for name, columns in (
        ("placements", COUNTED_COLUMNS),
        ("assignments", ASSIGNMENT_COLUMNS),
        ("allocations", ALLOCATION_COLUMNS),
    ):
        path = folder / f"{name}.csv"
        try:
            frame = pd.read_csv(
                path, encoding="utf-8-sig", dtype=dict.fromkeys(_IDS, str)
            )
            frames[name] = _typed(frame[list(columns)], columns)
        except (OSError, ValueError, KeyError) as error:
            message = Text("不是可读的方案文件", "not a plan that can be read")
            raise InputError(
                [
                    Finding(
                        "run-unreadable",
                        message,
                        table=str(path),
                        value=str(error)[:80],
                        remedy=Text(
                            "给出 allocator plan 写出的文件夹",
                            "give a folder that allocator plan wrote",
                        ),
                    )
                ]
            ) from error
    return Plan(**frames)


_IDS = ("site_id", "demand_id", "service", "action", "resource")


def _typed(frame: pd.DataFrame, columns: tuple[str, ...]) -> pd.DataFrame:
    if frame.empty:
        return empty_frame(columns)
    return frame


def _refuse_strangers(task: Task, plan: Plan, folder: Path) -> None:
    """Stop when a plan names sites or demand points that the task does not have."""
    findings = []
    for frame, column, known in (
        (plan.placements, "site_id", task.area.sites.index),
        (plan.assignments, "site_id", task.area.sites.index),
        (plan.assignments, "demand_id", task.area.demand.index),
        (plan.assignments, "service", list(task.policy.services)),
        (plan.allocations, "site_id", task.area.sites.index),
    ):
        strangers = tuple(dict.fromkeys(frame.loc[~frame[column].isin(known), column]))
        if strangers:
            findings.append(
                Finding(
                    "run-other-task",
                    Text(
                        "方案中的编号不在任务书里", "ids that the brief does not have"
                    ),
                    table=str(folder),
                    column=column,
                    keys=tuple(map(str, strangers)),
                    remedy=Text(
                        "方案与任务书应属同一地区", "use the brief of that plan"
                    ),
                )
            )
    if findings:
        raise InputError(findings)


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
        raise explain_phases(
            task.phases,
            task.travel,
            time_limit_s=settings.time_limit_s,
            progress=progress,
        )
    progress.step(Text("逐条审核方案", "auditing the plan clause by clause"))
    audit_started = time.monotonic()
    plans = read_plans(formulation)
    audited = [
        _audited(task, phase, plan)
        for phase, plan in zip(task.phases, plans, strict=True)
    ]
    stated = {s.name: s.value for s in solution.stages if s.name in MEASURES}
    problems = other_values([facts for facts, _ in audited], stated)
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
        certificate=_certificate(
            task, formulation, solution, audited=audited, seconds=seconds
        ),
        clauses=clauses_for(facts),
        findings=_shown_findings(task, formulation),
        language=task.brief.language,
        map_approval=task.brief.map_approval or "",
        earlier={
            phase.terms.year or 0: audit_rows
            for phase, (_, audit_rows) in zip(task.phases, audited, strict=True)
            if phase is not task.phases[-1]
        },
        access=(_access(task, before), _access(task, plans[-1])),
    )


def _access(task: Task, plan: Plan) -> AccessReport:
    """Measure access to services; supply is beds where the register has them."""
    supply = "beds" if "beds" in supply_columns(task.area, task.policy) else None
    return measure_access(task.area, task.travel, task.policy, plan, supply=supply)


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


def _shown_findings(task: Task, formulation: Formulation) -> tuple[Finding, ...]:
    """Return the task's warnings, and the rules that could not bind."""
    unbound = tuple(
        Finding(
            "rule-undecidable",
            Text(
                f"缺列 {column}, 该条款没有约束方案",
                f"without the column {column} this rule binds nothing",
            ),
            Severity.WARNING,
            keys=(rule_id,),
        )
        for rule_id, column in formulation.undecidable.items()
        if any(
            rule.id == rule_id and rule.priority is not Priority.MAY
            for rule in task.policy.rules
        )
    )
    return task.findings + unbound


def _certificate(
    task: Task,
    formulation: Formulation,
    solution: Solution,
    *,
    audited: Sequence[tuple[Facts, tuple[AuditRow, ...]]],
    seconds: dict[str, float],
) -> dict[str, Any]:
    """Return the content of ``run.json``."""
    facts, rows = audited[-1]
    verdicts = [str(row.verdict) for row in rows]
    brief, terms = task.brief, task.terms
    return {
        "name": brief.name,
        "status": solution.status,
        "objectives": [
            {
                "name": stage.name,
                "value": stage.value,
                "bound": stage.bound,
                "gap": stage.gap,
                "status": stage.status,
                "stopped_by": stage.stopped_by,
            }
            for stage in solution.stages
        ],
        "totals": totals(facts),
        "audit": {
            verdict: verdicts.count(verdict)
            for verdict in ("met", "not_met", "undecidable", "tracked")
        },
        "terms": {
            "capital_wan": terms.capital_wan,
            "yearly_wan": terms.yearly_wan,
            "total_capital_wan": terms.total_capital_wan,
            "year": terms.year,
            "split": terms.split,
            "closing": sorted(terms.closing),
            "objective": list(terms.objective),
            "time_limit_s": brief.solver.time_limit_s,
            "gap": brief.solver.gap,
        },
        "phases": [
            _phase_figures(phase, facts, rows)
            for phase, (facts, rows) in zip(task.phases, audited, strict=True)
            if len(task.phases) > 1
        ],
        "model": {
            **formulation.size,
            "demand_points": len(task.area.demand),
            "sites": len(task.area.sites),
            "pairs": len(task.travel.pairs),
        },
        "solver": solution.solver,
        "versions": versions(),
        "inputs": fingerprints(_input_files(brief)),
        "seconds": round(sum(seconds.values()), 3),
        "times": {
            **{name: round(value, 3) for name, value in seconds.items()},
            "objectives": {s.name: round(s.seconds, 3) for s in solution.stages},
        },
    }


def _phase_figures(
    phase: Phase, facts: Facts, rows: tuple[AuditRow, ...]
) -> dict[str, Any]:
    """Return what a phase costs by itself, and what is reached once it is done."""
    placements = facts.plan.placements
    own = placements[placements["phase"] == phase.terms.year]
    amounts = facts.plan.allocations
    bought = amounts[amounts["phase"] == phase.terms.year]
    new = own["action"].isin(["build", "upgrade"])
    verdicts = [str(row.verdict) for row in rows]
    return {
        "year": phase.terms.year,
        "budget_wan": phase.terms.capital_wan,
        "capital_wan": float(own["capital_wan"].sum() + bought["capital_wan"].sum()),
        "new_placements": int(new.sum()),
        "totals": totals(facts),
        "not_met": verdicts.count("not_met"),
    }


def _input_files(brief: Brief) -> list[Path]:
    files = [brief.path, *inputs(brief)]
    for name in brief.policy.packs:
        path, _ = pack_path(name, brief.folder)
        if path is not None:
            files.append(path)
    return files


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


__all__ = [
    "AllocatorError",
    "Task",
    "audit_run",
    "audit_today",
    "check_task",
    "make_plan",
    "read_run",
    "read_task",
    "write_outcome",
]
