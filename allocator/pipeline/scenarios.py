"""What if the numbers are wrong: plans held against scenarios, and robust ones."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from allocator.audit import Facts
from allocator.diagnose import as_error, refuse_impossible
from allocator.errors import Finding, InputError, Severity, Text, errors_in
from allocator.formulation import build_phases
from allocator.pipeline.explaining import explain_task
from allocator.pipeline.outcomes import judge_today, make_outcome, read_found
from allocator.pipeline.runs import audit_run, read_run
from allocator.pipeline.scenario_input import check_scenarios, scenarios_of
from allocator.pipeline.task import shown_findings
from allocator.progress import SILENT
from allocator.provenance import versions
from allocator.scenarios import (
    GIVEN,
    NOMINAL,
    PLAN_WORDS,
    REGRET,
    WORST,
    Best,
    Choice,
    Copies,
    Evaluation,
    Held,
    Scenario,
    ScenarioReport,
    Search,
    World,
    backups,
    decided_services,
    evaluate,
    placed_under,
    rank_outages,
    refuse_broken_promise,
    under,
)
from allocator.solve import Session, solver_version

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from allocator.formulation import Formulation, Impossible, Objective
    from allocator.outcome import Outcome
    from allocator.pipeline.outcomes import Today
    from allocator.pipeline.task import Task
    from allocator.plan import Plan
    from allocator.progress import Progress
    from allocator.scenarios import Backup, Critical
    from allocator.solve import Solution


@dataclass
class _Work:
    """What the steps of one study share."""

    task: Task
    scenarios: tuple[Scenario, ...]
    progress: Progress
    worlds: dict[Scenario, World] = field(default_factory=dict)
    held: list[Held] = field(default_factory=list)

    def world(self, scenario: Scenario) -> World:
        """Return the task under a scenario, made once."""
        if scenario not in self.worlds:
            self.worlds[scenario] = under(
                scenario,
                self.task.phases,
                self.task.travel,
                max_minutes=self.task.brief.travel.max_minutes,
            )
        return self.worlds[scenario]


def study_scenarios(
    task: Task,
    *,
    run: Path | None = None,
    robust: bool = True,
    progress: Progress = SILENT,
) -> ScenarioReport:
    """Hold plans against the scenarios of a brief, and choose robust ones.

    Parameters
    ----------
    task
        A task that was read.
    run
        A run folder whose plan is held against the scenarios too.
    robust
        Whether robust plans are looked for.
    progress
        Told of each step; when it is cancelled, what is done till then is kept.

    Raises
    ------
    InputError
        When a scenario names what the task does not have, or the run cannot be read.
    InfeasibleError
        When no plan keeps every rule with the figures as given.
    SolverError
        When the solver gave no plan for the figures as given.
    AuditError
        When a plan found breaks a rule.
    """
    started = time.monotonic()
    findings = check_scenarios(task)
    if errors_in(findings):
        raise InputError(findings)
    work = _Work(task, (NOMINAL, *scenarios_of(task)), progress)
    if run is not None:
        audit_run(task, run)
        _hold(work, GIVEN, read_run(run), None)
    formulation, session, nominal, outcome, today = _solve_nominal(work)
    _hold(work, NOMINAL.name, outcome.plan, outcome)
    best: Mapping[str, Best] = {}
    choices: list[Choice[Outcome]] = []
    if robust:
        search, impossible = _search(work, session, nominal, today)
        choices, best, more = _choose(work, search, impossible)
        findings += more
    settings = task.brief.solver
    return ScenarioReport(
        name=task.brief.name,
        language=task.brief.language,
        area=task.area,
        policy=task.policy,
        scenarios=work.scenarios,
        signs={s.name: s.sign for s in _ordered(task, formulation)},
        plans=tuple(work.held),
        best=best,
        choices=tuple(choices),
        findings=(*shown_findings(task, formulation.undecidable), *findings),
        gap=settings.gap,
        interrupted=progress.cancelled(),
        certificate={
            "terms": {
                "objective": list(task.terms.objective),
                "time_limit_s": settings.time_limit_s,
                "gap": settings.gap,
            },
            "model": formulation.size,
            "solver": solver_version(),
            "versions": versions(),
            "inputs": list(task.inputs),
            "seconds": round(time.monotonic() - started, 3),
        },
    )


def _ordered(task: Task, formulation: Formulation) -> tuple[Objective, ...]:
    """Return the brief's objectives, without the shortfalls before them."""
    return formulation.stages[-len(task.terms.objective) :]


def _solve_nominal(
    work: _Work,
) -> tuple[Formulation, Session, Solution, Outcome, Today]:
    """Plan the task as it is, on a program that the scenarios then join."""
    task, progress = work.task, work.progress
    started = time.monotonic()
    progress.step(Text("建立整数规划", "building the integer program"))
    formulation = build_phases(task.phases, task.travel, progress=progress)
    refuse_impossible(formulation, task.area, task.policy)
    build_s = time.monotonic() - started
    settings = task.brief.solver
    session = Session(
        formulation, gap=settings.gap, threads=settings.threads, progress=progress
    )
    solution = session.solve(time_limit_s=settings.time_limit_s)
    if solution.status == "infeasible":
        explanation = explain_task(task, ways_out=False, progress=progress)
        raise as_error(explanation, task.area, task.policy)
    today = judge_today(task)
    outcome = make_outcome(
        task,
        read_found(formulation),
        solution,
        build_s=build_s,
        today=today,
        progress=progress,
    )
    return formulation, session, solution, outcome, today


def _search(
    work: _Work, session: Session, nominal: Solution, today: Today
) -> tuple[Search[Outcome], list[Impossible]]:
    """Add the scenarios to the program; with what no plan can meet under them."""
    work.progress.step(Text("加入情景", "adding the scenarios"))
    copies = Copies(session.formulation, work.world, work.progress)
    weighed = [copies.weigh(s) for s in work.scenarios if not s.any_out]

    def keep(solution: Solution) -> Outcome:
        return make_outcome(
            work.task,
            read_found(session.formulation),
            solution,
            today=today,
            progress=work.progress,
        )

    search = Search(
        session,
        weighed,
        nominal,
        keep=keep,
        time_limit_s=work.task.brief.solver.time_limit_s,
    )
    return search, copies.impossible


def _choose(
    work: _Work, search: Search[Outcome], impossible: list[Impossible]
) -> tuple[list[Choice[Outcome]], Mapping[str, Best], list[Finding]]:
    """Look for the robust plans, hold each against the scenarios."""
    if impossible:
        none: list[Choice[Outcome]] = [
            Choice(kind, "infeasible") for kind in (WORST, REGRET)
        ]
        return none, {}, [_beyond(one) for one in impossible]
    choices = [search.choose(WORST)]
    best: Mapping[str, Best] = {}
    if choices[0].state == "infeasible":
        choices.append(Choice(REGRET, "infeasible"))
    elif search.find_best():
        best = search.best
        choices.append(search.choose(REGRET))
    else:
        choices.append(Choice(REGRET, "not_found"))
    for choice in choices:
        if choice.plan is None:
            continue
        outcome = _said_robust(choice.plan, choice)
        _hold(work, choice.kind, outcome.plan, outcome)
        for scenario in work.scenarios:
            if scenario.must_hold:
                found = work.held[-1].evaluations[scenario.name]
                refuse_broken_promise(found, choice.kind)
    return choices, best, []


def _beyond(one: Impossible) -> Finding:
    return Finding(
        "scenario-impossible",
        Text(
            "要求成立的情景下, 任何方案都满足不了这一条款",
            "under a scenario that requires it, no plan can meet this clause",
        ),
        Severity.WARNING,
        keys=(one.rule_id, *((one.unit_id,) if one.unit_id else ())),
        remedy=Text("删去 must_hold, 或放宽条款", "remove must_hold, or the clause"),
    )


def _said_robust(outcome: Outcome, choice: Choice[Outcome]) -> Outcome:
    """Return the outcome of a robust plan with how it was chosen."""
    return replace(
        outcome,
        certificate={
            **outcome.certificate,
            "robust": {
                "criterion": choice.kind,
                "state": choice.state,
                "objectives": [
                    {"name": s.name, "value": s.value, "bound": s.bound, "gap": s.gap}
                    for s in choice.stages
                ],
            },
        },
    )


# --- Holding a plan against all scenarios ---------------------------------------------


def _hold(work: _Work, kind: str, plan: Plan, outcome: Outcome | None) -> None:
    """Hold a plan against every scenario; one that is like another is not held anew."""
    for held in work.held:
        if _places_the_same(held.plan, plan):
            work.held.append(replace(held, kind=kind, plan=plan, outcome=outcome))
            return
    evaluations: dict[str, Evaluation] = {}
    critical: dict[str, tuple[Critical, ...]] = {}
    found_backups: dict[str, tuple[Backup, ...]] = {}
    label = PLAN_WORDS[kind]
    work.progress.step(
        Text(f"逐情景评估: {label.zh}", f"holding against scenarios: {label.en}")
    )
    for scenario in work.scenarios:
        name = scenario.name
        work.progress.update(Text(f"情景 {name}", f"scenario {name}"))
        world = work.world(scenario)
        if not scenario.any_out:
            evaluations[name] = evaluate(world, plan)
            continue
        critical[name], found_backups[name] = _outages(world, plan)
        evaluations[name] = _with_worst_out(world, plan, critical[name])
    work.held.append(Held(kind, plan, outcome, evaluations, critical, found_backups))


def _places_the_same(one: Plan, other: Plan) -> bool:
    """Return whether two plans place and buy the same in the same years."""
    return all(
        getattr(one, name)
        .reset_index(drop=True)
        .equals(getattr(other, name).reset_index(drop=True))
        for name in ("placements", "allocations")
    )


def _outages(
    world: World, plan: Plan
) -> tuple[tuple[Critical, ...], tuple[Backup, ...]]:
    """Rank the facilities of a plan by what their outage loses."""
    phase = world.phases[-1]
    placed = placed_under(world.scenario, plan)
    facts = Facts(phase.area, world.travel, phase.policy, placed)
    services = (
        decided_services(phase.area, phase.policy)
        if world.scenario.service is None
        else (world.scenario.service,)
    )
    return rank_outages(facts, services), backups(facts, services)


def _with_worst_out(
    world: World, plan: Plan, ranked: tuple[Critical, ...]
) -> Evaluation:
    """Hold a plan against the loss of its most critical facility."""
    if not ranked:
        return evaluate(world, plan)
    worst = ranked[0]
    gone = frozenset((worst.site_id, service) for service in worst.services)
    return evaluate(world, plan, out=gone, site=worst.site_id)
