"""Which decisions are safe: the near-best plans of a task, and some to show."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import pandas as pd

from allocator import export
from allocator.audit import Facts, totals
from allocator.errors import Text
from allocator.pipeline.bases import Pair, Planned, planned
from allocator.pipeline.outcomes import judge_today, make_outcome, read_found
from allocator.pipeline.planning import write_outcome
from allocator.progress import SILENT
from allocator.reasons import (
    Alternative,
    Seen,
    Spread,
    least_apart,
    near_best,
    search_near_best,
)

if TYPE_CHECKING:
    from pathlib import Path

    from allocator.outcome import Outcome
    from allocator.pipeline.task import Task
    from allocator.progress import Progress
    from allocator.solve import Solution

type Ended = Literal["count", "none", "stopped"]

MARKER = "alternatives.json"  # shows a folder to be one that may be replaced
SHARE_FOR_PLANS = 0.4  # of the time: for plans to show; the rest proves what is safe


@dataclass(frozen=True, kw_only=True)
class Search:
    """How near-best plans are searched.

    Parameters
    ----------
    within
        The tolerance, as a share of each objective's value, >= 0.
    count
        How many plans to show beside the base plan, >= 0.
    differ
        In how many decisions they must differ from one another; None: a share of the
        new placements. See `least_apart`.
    time_limit_s
        Wall-clock seconds after the base plan; None: the brief's.
    """

    within: float = 0.01
    count: int = 3
    differ: int | None = None
    time_limit_s: float | None = None


@dataclass(frozen=True)
class NearBest:
    """The near-best plans of a task.

    Parameters
    ----------
    planned
        The base plan.
    asked, apart
        What was asked, and how many decisions apart the plans shown are at least.
    seen
        What the search of the near-best plans found.
    alternatives
        The plans shown beside the base plan, each audited.
    ended
        Why there are no more: ``count`` as many as asked for, ``none`` proved that
        there is no other so far apart, ``stopped`` time ran out.
    """

    planned: Planned
    asked: Search
    apart: int
    seen: Seen
    alternatives: tuple[tuple[Alternative, Outcome], ...]
    ended: Ended


def find_alternatives(
    task: Task,
    asked: Search,
    *,
    run: Path | None = None,
    progress: Progress = SILENT,
) -> NearBest:
    """Search the near-best plans of a task.

    Parameters
    ----------
    task
        Its ``[solver]`` section applies to the base plan.
    asked
        How near, how many, how different, how long.
    run
        A run folder of the same task whose plan is the base; None: solve first.
    progress
        Told of each search; when it is cancelled what was found is kept.

    Raises
    ------
    InputError
        When the run is not of this task.
    InfeasibleError
        When the task has no plan.
    SolverError
        When the solver gave no usable answer.
    AuditError
        When an alternative breaks a rule: nothing is written then.
    """
    base = planned(task, run, progress)
    limit = asked.time_limit_s
    seconds = task.brief.solver.time_limit_s if limit is None else limit
    until = time.monotonic() + seconds
    region = near_best(base.base, asked.within)
    spread = Spread(region, least_apart(base.base, asked.differ))
    shown, ended = _to_show(base, spread, asked.count, seconds, progress)
    seen = search_near_best(
        region,
        time_limit_s=until - time.monotonic(),
        known=[one.held for one, _ in shown],
    )
    return NearBest(base, asked, spread.least, seen, tuple(shown), ended)


def _to_show(
    base: Planned, spread: Spread, count: int, seconds: float, progress: Progress
) -> tuple[list[tuple[Alternative, Outcome]], Ended]:
    """Find plans that differ, and audit each."""
    today = judge_today(base.task)
    shown: list[tuple[Alternative, Outcome]] = []
    for number in range(count):
        progress.step(
            Text(
                f"寻找不同的近优方案 {number + 1}/{count}",
                f"looking for a different near-best plan {number + 1}/{count}",
            )
        )
        if progress.cancelled():
            return shown, "stopped"
        found = spread.next(time_limit_s=seconds * SHARE_FOR_PLANS / count)
        if isinstance(found, str):
            return shown, found
        outcome = make_outcome(
            base.task,
            read_found(base.base.formulation),
            found.solution,
            today=today,
            progress=progress,
        )
        shown.append((found, outcome))
    return shown, "count"


def write_alternatives(
    found: NearBest, target: Path, *, force: bool, progress: Progress = SILENT
) -> None:
    """Write the tables and a run folder for every alternative, whole or not at all.

    Raises
    ------
    InputError
        When the folder exists and ``force`` is not set, or cannot be written.
    """
    with export.finish_run(target, force=force, marker=MARKER) as folder:
        export.write_csv(sites_table(found), folder / "sites.csv")
        export.write_csv(alternatives_table(found), folder / "alternatives.csv")
        for number, (_, outcome) in enumerate(found.alternatives, 1):
            write_outcome(
                outcome,
                folder / "alternatives" / f"{number:02d}",
                force=False,
                progress=progress,
            )
        export.write_json(as_data(found), folder / MARKER)


def sites_table(found: NearBest) -> pd.DataFrame:
    """Return ``sites.csv``: one row per decision, sorted by site and service.

    ``share_of_plans`` is over the plans found and no probability. ``verdict`` is
    ``no_regret`` (in all), ``optional`` or ``never`` (in none); ``proven`` says whether
    that is so in every near-best plan there is. What is optional was seen both ways.
    """
    seen, area = found.seen, found.planned.task.area
    services = found.planned.task.policy.services
    held = found.planned.base.held
    rows = []
    for pair in seen.decisions:
        number = sum(pair in plan for plan in seen.pool)
        verdict, proven = verdict_of(seen, pair)
        site = area.sites.loc[pair[0]]
        rows.append(
            {
                "site_id": pair[0],
                "name": site["name"],
                "service": pair[1],
                "service_name": services[pair[1]].name,
                "in_plan": int(pair in held),
                "plans_with": number,
                "plans_found": len(seen.pool),
                "share_of_plans": round(number / len(seen.pool), 4),
                "verdict": verdict,
                "proven": int(proven),
                "clauses": ";".join(found.planned.clauses[pair]),
                "lon": site["lon"],
                "lat": site["lat"],
            }
        )
    return pd.DataFrame(rows, columns=list(_SITE_COLUMNS))


_SITE_COLUMNS = (
    "site_id",
    "name",
    "service",
    "service_name",
    "in_plan",
    "plans_with",
    "plans_found",
    "share_of_plans",
    "verdict",
    "proven",
    "clauses",
    "lon",
    "lat",
)


def verdict_of(seen: Seen, pair: Pair) -> tuple[str, bool]:
    """Return the verdict on a decision, and whether it is proven."""
    if pair in seen.always:
        return "no_regret", pair in seen.proven
    if pair in seen.never:
        return "never", pair in seen.proven
    return "optional", True


def alternatives_table(found: NearBest) -> pd.DataFrame:
    """Return ``alternatives.csv``: a row per plan, the base plan first.

    Objectives and totals side by side; ``differs_<n>`` is in how many decisions the
    plan differs from plan n, ``apart`` the smallest of them to the plans before it,
    ``apart_at_most`` what was proved of it.
    """
    base = found.planned.base
    task, plan = found.planned.task, found.planned.plan
    shown = totals(Facts(task.area, task.travel, task.policy, plan))
    plans = [base.decided, *(one.held for one, _ in found.alternatives)]
    rows = [_plan_row(0, "", base.solution, shown)]
    for number, (one, outcome) in enumerate(found.alternatives, 1):
        row = _plan_row(
            number,
            f"alternatives/{number:02d}",
            one.solution,
            outcome.certificate["totals"],
        )
        rows.append(row | {"apart": one.apart, "apart_at_most": one.at_most})
    for row, held in zip(rows, plans, strict=True):
        row |= {f"differs_{n}": len(held ^ other) for n, other in enumerate(plans)}
    return pd.DataFrame(rows)


def _plan_row(
    number: int, folder: str, solution: Solution, shown: dict[str, float]
) -> dict[str, Any]:
    return {
        "plan": number,
        "folder": folder,
        **{stage.name: stage.value for stage in solution.stages},
        **{f"total_{name}": value for name, value in shown.items()},
        "apart": None,
        "apart_at_most": None,
    }


def _decision(seen: Seen, pair: Pair) -> dict[str, Any]:
    return {"site_id": pair[0], "service": pair[1], "proven": pair in seen.proven}


def as_data(found: NearBest) -> dict[str, Any]:
    """Return what was found as plain data."""
    base, seen = found.planned.base, found.seen
    return {
        "within": found.asked.within,
        "differ": found.apart,
        "plans_found": len(seen.pool),
        "no_regret": [_decision(seen, pair) for pair in seen.always],
        "never": [_decision(seen, pair) for pair in seen.never],
        "complete": seen.complete,
        "limits": {
            o.name: o.sign * limit
            for o, limit in zip(
                base.formulation.stages,
                near_best(base, found.asked.within).limits,
                strict=True,
            )
        },
        "base": {stage.name: stage.value for stage in base.solution.stages},
        "alternatives": [
            {
                "folder": f"alternatives/{number:02d}",
                "apart": one.apart,
                "apart_at_most": one.at_most,
                "farthest_proven": one.proven,
                "objectives": {s.name: s.value for s in one.solution.stages},
            }
            for number, (one, _) in enumerate(found.alternatives, 1)
        ],
        "ended": found.ended,
    }
