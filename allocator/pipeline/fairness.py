"""What fairness costs: one task solved for efficiency and for each kind of fairness.

Every plan keeps the same rules and budgets and differs only in its order of objectives.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

import pandas as pd

from allocator import export
from allocator.audit import Facts, audit, other_values, refuse_unless_sound
from allocator.audit.equity import (
    county_minutes,
    county_shares,
    equivalent_minutes,
    journeys,
    mean_minutes,
    minutes_not_exceeded,
    tail_minutes,
)
from allocator.audit.measures import totals
from allocator.diagnose import as_error, refuse_impossible
from allocator.errors import (
    AuditError,
    Finding,
    InputError,
    Severity,
    SolverError,
    Text,
)
from allocator.formulation import build_phases, read_plans
from allocator.pipeline.certificate import stage_records
from allocator.pipeline.explaining import explain_task
from allocator.policy.equity import COUNTY_COVERAGE, EQUITY_OBJECTIVES, leximin_rank
from allocator.policy.terms import DEFAULT_ORDER
from allocator.progress import SILENT
from allocator.provenance import versions
from allocator.solve import solve

if TYPE_CHECKING:
    from pathlib import Path

    from allocator.pipeline.task import Task
    from allocator.plan import Plan
    from allocator.policy.terms import Terms
    from allocator.progress import Progress
    from allocator.solve import Solution, Stage

EFFICIENT = "efficient"
OWN = "brief"
VARIANTS = {
    EFFICIENT: Text("不考虑公平", "no fairness"),
    OWN: Text("任务书的目标顺序", "the brief's own order"),
    **EQUITY_OBJECTIVES,
}
P90 = 0.9


@dataclass(frozen=True)
class FairPlan:
    """One plan: an order of objectives, what was proved, and what it achieves.

    Parameters
    ----------
    variant
        A key of `VARIANTS`.
    order
        The objectives it was solved for.
    solution
        What was found and proved for each.
    plan
        The plan of the last phase; it has passed its audit.
    figures
        Measured from the plan, of the last phase, people served nowhere counted with
        ``unserved_minutes``: ``mean_minutes``, ``p90_minutes`` (the smallest m that
        90 % of people do not exceed), ``tail_minutes``, ``kolm_pollak_minutes``,
        ``worst_county_minutes``, ``worst_county_coverage`` (NaN without any coverage
        rule), ``unserved_people``, ``capital_wan``, ``new_placements``.
    """

    variant: str
    order: tuple[str, ...]
    solution: Solution
    plan: Plan
    figures: dict[str, float]

    @property
    def goal(self) -> tuple[Stage, ...]:
        """The stages of the objective that the variant is about; else all of them."""
        own = tuple(
            stage
            for stage in self.solution.stages
            if (leximin_rank(stage.name) or (stage.name,))[0] == self.variant
        )
        return own or self.solution.stages


def widest_gap(stages: tuple[Stage, ...]) -> float | None:
    """Return the widest proven gap of stages; None where one has no bound."""
    gaps = [stage.gap for stage in stages if stage.gap is not None]
    return max(gaps, default=0.0) if len(gaps) == len(stages) else None


def price_of_fairness(
    task: Task, *, seconds: float, progress: Progress = SILENT
) -> tuple[tuple[FairPlan, ...], tuple[Finding, ...]]:
    """Solve a task without and with each objective about fairness.

    Parameters
    ----------
    task
        Its rules, budgets and other objectives are the same for all plans.
    seconds
        Most that each plan may take to solve, and no more than the brief's own limit.
    progress
        Told of each plan; when it is cancelled the plans solved so far are kept.

    Returns
    -------
    plans, findings
        The efficient plan first; why a variant has no plan, as warnings.

    Raises
    ------
    InfeasibleError
        When no plan keeps every rule.
    SolverError
        When not even the efficient plan was found in time.
    AuditError
        When a plan breaks a rule, or is not what its solver said: nothing is shown.
    """
    found: list[FairPlan] = []
    findings: list[Finding] = []
    orders = variant_orders(task.terms.objective)
    for number, (variant, order) in enumerate(orders.items()):
        if found and progress.cancelled():
            break
        words = VARIANTS[variant]
        place = f"{number + 1}/{len(orders)}"
        progress.step(Text(f"方案 {place}: {words.zh}", f"plan {place}: {words.en}"))
        try:
            found.append(_solved(task, variant, order, seconds, progress))
        except (InputError, SolverError) as error:
            if variant == EFFICIENT:
                raise
            findings += [replace(f, severity=Severity.WARNING) for f in error.findings]
    return tuple(found), tuple(findings)


def variant_orders(order: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    """Return the order of objectives of every variant, the efficient one first.

    An objective about fairness stands where the brief has it, else right before the
    objective that adds the same quantity up over all people: coverage of counties
    before ``uncovered_people``, minutes before ``person_minutes``; where that is not
    ordered, before all others but ``uncovered_people``.
    """
    rest = tuple(n for n in order if n not in EQUITY_OBJECTIVES) or DEFAULT_ORDER
    orders = {EFFICIENT: rest}
    variants = {name: _placed(order, rest, name) for name in EQUITY_OBJECTIVES}
    if order != rest and order not in variants.values():
        orders[OWN] = order
    return orders | variants


def _placed(
    order: tuple[str, ...], rest: tuple[str, ...], name: str
) -> tuple[str, ...]:
    if name in order:
        before = order[: order.index(name)]
        at = sum(n not in EQUITY_OBJECTIVES for n in before)
    elif name == COUNTY_COVERAGE:
        at = rest.index("uncovered_people") if "uncovered_people" in rest else 0
    elif "person_minutes" in rest:
        at = rest.index("person_minutes")
    else:
        at = rest.index("uncovered_people") + 1 if "uncovered_people" in rest else 0
    return (*rest[:at], name, *rest[at:])


def _solved(
    task: Task,
    variant: str,
    order: tuple[str, ...],
    seconds: float,
    progress: Progress,
) -> FairPlan:
    """Solve, read and audit one variant."""
    phases = tuple(
        replace(phase, terms=replace(phase.terms, objective=order))
        for phase in task.phases
    )
    formulation = build_phases(phases, task.travel)
    refuse_impossible(formulation, task.area, task.policy)
    settings = task.brief.solver
    solution = solve(
        formulation,
        time_limit_s=min(seconds, settings.time_limit_s),
        gap=settings.gap,
        threads=settings.threads,
        progress=progress,
    )
    if solution.status == "infeasible":
        explanation = explain_task(task, ways_out=False, progress=progress)
        raise as_error(explanation, task.area, task.policy)
    plans = read_plans(formulation)
    audited = []
    for phase, plan in zip(phases, plans, strict=True):
        facts = Facts(phase.area, task.travel, phase.policy, plan)
        refuse_unless_sound(facts, phase.terms, audit(facts), {})
        audited.append(facts)
    stated = {stage.name: stage.value for stage in solution.stages}
    problems = other_values(audited, stated, phases[-1].terms)
    if problems:
        raise AuditError(problems)
    figures = _figures(audited[-1], phases[-1].terms)
    return FairPlan(variant, order, solution, plans[-1], figures)


def _figures(facts: Facts, terms: Terms) -> dict[str, float]:
    equity = terms.equity
    trips = journeys(facts, equity.unserved_minutes)
    people = sum(trip.people for trip in trips)
    shares = county_shares(facts).values()
    of_plan = totals(facts)
    return {
        "mean_minutes": mean_minutes(trips),
        "p90_minutes": minutes_not_exceeded(trips, P90),
        "tail_minutes": tail_minutes([trips], equity.tail_share),
        "kolm_pollak_minutes": equivalent_minutes(trips, equity.kappa),
        "worst_county_minutes": max(county_minutes(trips).values(), default=0.0),
        "worst_county_coverage": min(shares, default=float("nan")),
        "unserved_people": people - float(facts.plan.assignments["people"].sum()),
        "capital_wan": of_plan["capital_wan"],
        "new_placements": of_plan["new_placements"],
    }


def fairness_table(plans: tuple[FairPlan, ...]) -> pd.DataFrame:
    """Return ``fairness.csv``: a row a plan, and what it costs in mean minutes.

    ``mean_minutes_more`` and ``capital_wan_more`` are against the efficient plan, the
    first. ``status`` is ``optimal`` only where every objective is; ``gap`` is the
    widest of all objectives and ``goal_gap`` that of the variant's own, blank where
    one has no bound.
    """
    first = plans[0].figures
    rows = []
    for one in plans:
        row: dict[str, Any] = {
            "variant": one.variant,
            "order": ";".join(one.order),
            "status": one.solution.status,
            "gap": widest_gap(one.solution.stages),
            "goal_gap": widest_gap(one.goal),
            **one.figures,
        }
        for name in ("mean_minutes", "capital_wan"):
            row[f"{name}_more"] = one.figures[name] - first[name]
        rows.append(row)
    table = pd.DataFrame(rows)
    return table.astype({"gap": float, "goal_gap": float})


def write_fairness(
    task: Task, plans: tuple[FairPlan, ...], target: Path, *, force: bool
) -> None:
    """Write a folder with the comparison, whole or not at all.

    ``fairness.csv``, ``placements_<variant>.csv`` for each plan, and ``run.json`` with
    what was proved.

    Raises
    ------
    InputError
        When the folder exists and ``force`` is not set, or cannot be written.
    """
    names = task.area.sites["name"]
    with export.finish_run(target, force=force) as folder:
        export.write_csv(fairness_table(plans), folder / "fairness.csv")
        for one in plans:
            rows = one.plan.placements
            table = rows.assign(name=names.reindex(rows["site_id"]).to_numpy())
            export.write_csv(table, folder / f"placements_{one.variant}.csv")
        export.write_json(fairness_record(task, plans), folder / "run.json")


def fairness_record(task: Task, plans: tuple[FairPlan, ...]) -> dict[str, Any]:
    """Return what was compared and proved, for ``run.json`` and ``--json``."""
    return {
        "name": task.brief.name,
        "kind": "fairness",
        "equity": asdict(task.terms.equity),
        "gap": task.brief.solver.gap,
        "plans": [
            {
                "variant": one.variant,
                "order": list(one.order),
                "status": one.solution.status,
                "objectives": stage_records(one.solution),
                "figures": one.figures,
                "mean_minutes_more": one.figures["mean_minutes"]
                - plans[0].figures["mean_minutes"],
                "seconds": round(one.solution.seconds, 3),
            }
            for one in plans
        ],
        "solver": plans[0].solution.solver,
        "versions": versions(),
        "inputs": list(task.inputs),
    }
