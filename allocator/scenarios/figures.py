"""The task and its plans under the figures of a scenario.

Only figures change: who lives where, which sites there are and what may be placed stay
as they are, so that one set of placements is a plan under every scenario.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from allocator.plan import Plan, empty_frame
from allocator.tables import AGE_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from allocator.area import PlanningArea
    from allocator.policy.terms import Phase
    from allocator.scenarios.definitions import Factors, Scenario
    from allocator.travel import Travel

type Pair = tuple[str, str]


@dataclass(frozen=True)
class World:
    """A task under one scenario.

    Parameters
    ----------
    scenario
        Its figures.
    phases, travel
        The task with these figures, in the order of years.
    """

    scenario: Scenario
    phases: tuple[Phase, ...]
    travel: Travel


def under(
    scenario: Scenario,
    phases: Sequence[Phase],
    travel: Travel,
    *,
    max_minutes: float | None = None,
) -> World:
    """Return a task under a scenario.

    Parameters
    ----------
    scenario
        What is multiplied by what.
    phases, travel
        The task as it is.
    max_minutes
        The longest journey of the task: what takes longer under the scenario cannot
        be travelled, inclusive. None: no limit. Journeys that the task itself leaves
        out do not come back when travel is faster.
    """
    return World(
        scenario,
        tuple(replace(phase, area=_area(scenario, phase.area)) for phase in phases),
        travel if scenario.travel == 1 else travel.slower(scenario.travel, max_minutes),
    )


def _area(scenario: Scenario, area: PlanningArea) -> PlanningArea:
    """Return the area with its people and prices multiplied.

    People are not rounded: a factor then holds exactly for every sum of them. Age bands
    grow and shrink with the whole.
    """
    changed = area
    if scenario.population.changes:
        zones, demand = area.zones.copy(), area.demand.copy()
        bands = [(zones, band) for band in AGE_COLUMNS if band in zones]
        for frame, column in ((zones, "population"), *bands, (demand, "people")):
            factors = frame["county_id"].map(scenario.population.of).astype(float)
            frame[column] = frame[column].astype(float) * factors
        changed = replace(changed, zones=zones, demand=demand)
    if scenario.costs.changes and area.costs is not None:
        changed = replace(changed, costs=_costs(area.costs, scenario.costs))
    return changed


def _costs(costs: pd.DataFrame, factors: Factors) -> pd.DataFrame:
    named = costs["service"].where(costs["service"] != "", costs["resource"])
    by = named.map(factors.of).astype(float)
    return costs.assign(
        capital_wan=costs["capital_wan"].astype(float) * by,
        yearly_wan=costs["yearly_wan"].astype(float) * by,
    )


def plan_in_year(plan: Plan, phase: Phase, *, last: bool) -> Plan:
    """Return what of a plan is carried out by the year of a phase.

    Assignments are those of the last phase: they are made anew under a scenario.

    Parameters
    ----------
    plan
        With all phases, each row carrying its year.
    phase
        The phase.
    last
        Whether it is the last one: then all of the plan.
    """
    year = phase.terms.year
    if last or year is None:
        return plan
    rows = plan.placements
    years = pd.to_numeric(rows["phase"])
    early = (years <= year).to_numpy()
    kept = (rows["action"] == "close").to_numpy() & ~early
    action = np.where(kept, "keep", rows["action"])
    money = {
        name: np.where(kept, 0.0, rows[name]) for name in ("capital_wan", "yearly_wan")
    }
    then = rows.assign(action=action, **money)[early | kept]
    bought = plan.allocations
    bought = bought[(pd.to_numeric(bought["phase"]) <= year).to_numpy()]
    return Plan(then.reset_index(drop=True), plan.assignments, bought, plan.groups)


def placed_under(scenario: Scenario, plan: Plan) -> Plan:
    """Return the plan at the prices of a scenario, without anybody assigned."""
    placements, bought = plan.placements, plan.allocations
    if scenario.costs.changes:
        placements = _repriced(placements, "service", scenario.costs)
        bought = _repriced(bought, "resource", scenario.costs)
    nobody = empty_frame(tuple(plan.assignments.columns))
    return Plan(placements, nobody, bought, plan.groups)


def _repriced(frame: pd.DataFrame, column: str, factors: Factors) -> pd.DataFrame:
    if frame.empty:
        return frame
    by = frame[column].map(factors.of).astype(float)
    return frame.assign(
        capital_wan=frame["capital_wan"] * by, yearly_wan=frame["yearly_wan"] * by
    )


def without(plan: Plan, pairs: frozenset[Pair]) -> Plan:
    """Return a plan in which some (site_id, service) pairs hold nothing."""
    if not pairs:
        return plan
    rows = plan.placements
    gone = [
        pair in pairs for pair in zip(rows["site_id"], rows["service"], strict=True)
    ]
    left = rows[~np.array(gone, dtype=bool)].reset_index(drop=True)
    return replace(plan, placements=left)


def pairs_out(scenario: Scenario, services: Sequence[str]) -> frozenset[Pair]:
    """Return the (site_id, service) pairs that a scenario names as out of service.

    Parameters
    ----------
    scenario
        Its sites, and the service that it narrows the outage to.
    services
        What goes out of service where it narrows nothing.
    """
    names = services if scenario.service is None else (scenario.service,)
    return frozenset((s, k) for s in scenario.out_of_service for k in names)
