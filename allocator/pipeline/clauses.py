"""What one clause costs and gives: the plan without it beside the plan with it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from allocator.audit import MEASURES, Facts, column_words, totals
from allocator.errors import Finding, PolicyError, Text, nearest
from allocator.formulation import build_phases, read_plan
from allocator.pipeline.bases import Pair, Planned, planned
from allocator.policy import Indicator, Priority
from allocator.progress import SILENT
from allocator.solve import solve

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from allocator.pipeline.task import Task
    from allocator.plan import Plan
    from allocator.policy import Rule
    from allocator.progress import Progress
    from allocator.solve import Solution


@dataclass(frozen=True)
class ClauseReason:
    """What a clause costs and gives.

    Parameters
    ----------
    planned
        The plan with the clause.
    rule
        The clause.
    binds
        Why it binds nothing; None where it binds.
    without
        The solution without the clause; None where that is the plan itself.
    figures
        Name -> (with, without): each objective that a plan can be measured by, and the
        totals of the certificate. Both plans are measured by the same clauses, those
        of the task, from the plans alone.
    only
        Placements of the plan that no other clause asks for. Sorted.
    gained, lost
        New placements with the clause and not without it, and the reverse. Sorted.
    """

    planned: Planned
    rule: Rule
    binds: Text | None
    without: Solution | None
    figures: Mapping[str, tuple[float, float]]
    only: tuple[Pair, ...]
    gained: tuple[Pair, ...]
    lost: tuple[Pair, ...]

    @property
    def proven(self) -> bool:
        """Whether both plans are proven optimal."""
        stated = self.planned.base.solution.status == "optimal"
        return stated and (self.without is None or self.without.status == "optimal")


def explain_rule(
    task: Task, rule_id: str, *, run: Path | None = None, progress: Progress = SILENT
) -> ClauseReason:
    """Solve a task without one clause and compare.

    Parameters
    ----------
    task
        Its ``[solver]`` time limit holds for each of the two plans.
    rule_id
        The clause.
    run
        A run folder of the same task whose plan is the one with the clause; None:
        solve first.
    progress
        Told of the solves; when it is cancelled the best plans found are compared.

    Raises
    ------
    PolicyError
        When no pack has such a clause.
    InputError
        When the run is not of this task.
    InfeasibleError
        When the task has no plan.
    SolverError
        When the solver gave no usable answer.
    """
    rules = {rule.id: rule for rule in task.policy.rules}
    if rule_id not in rules:
        raise PolicyError([_no_rule(task, rule_id)])
    base = planned(task, run, progress)
    rule = rules[rule_id]
    binds = _binds_not(base, rule)
    only = tuple(
        pair
        for pair in sorted(_new(base.plan))
        if base.clauses.get(pair, ()) == (rule_id,)
    )
    if binds is not None:
        plan, without = base.plan, None
    else:
        progress.step(Text(f"不含 {rule_id} 求解", f"solving without {rule_id}"))
        plan, without = _without(base, rule_id, progress)
    return ClauseReason(
        base,
        rule,
        binds,
        without,
        _figures(task, base.plan, plan),
        only,
        tuple(sorted(_new(base.plan) - _new(plan))),
        tuple(sorted(_new(plan) - _new(base.plan))),
    )


def _binds_not(base: Planned, rule: Rule) -> Text | None:
    """Return why a clause binds nothing, or None where it does."""
    if isinstance(rule, Indicator):
        return Text("仅监测, 不约束方案", "it is tracked and binds nothing")
    if rule.priority is Priority.MAY:
        return Text("可选条款, 不约束方案", "it is optional (may) and binds nothing")
    column = base.base.formulation.undecidable.get(rule.id)
    if column is not None:
        return Text(
            f"缺列 {column_words(column, base.task.policy).zh}, 没有约束方案",
            f"without the column {column} it binds nothing",
        )
    return None


def _without(base: Planned, rule_id: str, progress: Progress) -> tuple[Plan, Solution]:
    task = base.task
    phases = [
        replace(
            phase,
            policy=replace(
                phase.policy,
                rules=tuple(r for r in phase.policy.rules if r.id != rule_id),
            ),
        )
        for phase in task.phases
    ]
    formulation = build_phases(
        phases, task.travel, relaxed=base.relaxed, progress=progress
    )
    settings = task.brief.solver
    solution = solve(
        formulation,
        time_limit_s=settings.time_limit_s,
        gap=settings.gap,
        threads=settings.threads,
        progress=progress,
    )
    return read_plan(formulation), solution


def _new(plan: Plan) -> set[Pair]:
    rows = plan.placements[plan.placements["action"].isin(["build", "upgrade"])]
    return set(zip(rows["site_id"], rows["service"], strict=True))


def _figures(task: Task, plan: Plan, other: Plan) -> dict[str, tuple[float, float]]:
    """Measure both plans by the clauses of the task."""
    measured = []
    for one in (plan, other):
        facts = Facts(task.area, task.travel, task.policy, one)
        figures = {
            name: MEASURES[name](facts)
            for name in task.terms.objective
            if name in MEASURES
        }
        figures |= {name: v for name, v in totals(facts).items() if name != "people"}
        measured.append(figures)
    return {name: (measured[0][name], measured[1][name]) for name in measured[0]}


def _no_rule(task: Task, rule_id: str) -> Finding:
    close = nearest(rule_id, [rule.id for rule in task.policy.rules])
    return Finding(
        "rule-unknown",
        Text(f"没有条款 {rule_id}", f"there is no rule {rule_id}"),
        table=task.brief.path.name,
        column="rule_id",
        value=rule_id,
        remedy=Text(f"是否应为 {close}?", f"did you mean {close}?") if close else None,
    )
