"""From open sites to a plan: what is built, kept and closed, and who goes where."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from allocator.formulation.sites import change_costs, find_holdings
from allocator.plan import (
    ALLOCATION_COLUMNS,
    ASSIGNMENT_COLUMNS,
    PLACEMENT_COLUMNS,
    Plan,
    empty_frame,
)

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from allocator.policy.terms import Phase
    from allocator.textbook.journeys import Journeys
    from allocator.textbook.problem import Textbook


def place(
    problem: Textbook, phase: Phase, is_open: NDArray[np.bool_], journeys: Journeys
) -> Plan:
    """Return the plan that holds the service at the open sites.

    Parameters
    ----------
    problem, phase
        The task.
    is_open
        Of each site of the problem.
    journeys
        Everyone goes to the nearest, where the service serves people.
    """
    rows = _placements(problem, phase, is_open)
    placements = empty_frame(PLACEMENT_COLUMNS)
    if rows:
        placements = pd.DataFrame(rows, columns=list(PLACEMENT_COLUMNS))
    assignments = empty_frame(ASSIGNMENT_COLUMNS)
    if problem.service.serves is not None:
        assignments = _assignments(problem, journeys, is_open)
    return Plan(placements, assignments, empty_frame(ALLOCATION_COLUMNS))


def _placements(
    problem: Textbook, phase: Phase, is_open: NDArray[np.bool_]
) -> list[tuple[object, ...]]:
    """Return rows by site: what of today stays and goes, and what is added."""
    area, year = phase.area, phase.terms.year
    holdings = find_holdings(area, phase.policy)
    costs = change_costs(area, holdings)
    existing = set(area.sites.index[area.sites["status"] == "existing"])
    rows: list[tuple[object, ...]] = []
    for site_id, opened in zip(problem.sites, is_open, strict=True):
        pair = (site_id, problem.service.id)
        if pair in holdings.today and opened:
            rows.append((*pair, "keep", year, 0.0, 0.0))
        elif pair in holdings.today:
            rows.append((*pair, "close", year, *costs[pair]))
        elif opened:
            action = "upgrade" if site_id in existing else "build"
            rows.append((*pair, action, year, *costs[pair]))
    return rows


def _assignments(
    problem: Textbook, journeys: Journeys, is_open: NDArray[np.bool_]
) -> pd.DataFrame:
    pairs = journeys.nearest(is_open)
    sites = pd.Index(problem.sites, dtype=object)
    table = pd.DataFrame(
        {
            "demand_id": journeys.demand,
            "site_id": sites[journeys.site[pairs]],
            "service": problem.service.id,
            "people": journeys.people,
            "minutes": journeys.minutes[pairs],
        }
    )
    return table[list(ASSIGNMENT_COLUMNS)]
