"""From area, travel and policy to an integer program, one file per rule kind.

Nothing here is seen by `allocator.audit`, nor the other way round: the two read the
rules independently.
"""

from allocator.formulation.beside import (
    OF_MONEY,
    OF_PLACEMENTS,
    add_certain_service,
    add_people,
    add_prices,
    bound_services,
)
from allocator.formulation.build import Formulation, build, build_phases
from allocator.formulation.objective import Objective, Parts
from allocator.formulation.objectives import objective_named
from allocator.formulation.program import Impossible, RowTag, Shortfall
from allocator.formulation.sites import find_holdings, unpriced
from allocator.formulation.solution import read_gaps, read_plan, read_plans
from allocator.formulation.totals import Added, clause_added, money_added

__all__ = [
    "OF_MONEY",
    "OF_PLACEMENTS",
    "Added",
    "Formulation",
    "Impossible",
    "Objective",
    "Parts",
    "RowTag",
    "Shortfall",
    "add_certain_service",
    "add_people",
    "add_prices",
    "bound_services",
    "build",
    "build_phases",
    "clause_added",
    "find_holdings",
    "money_added",
    "objective_named",
    "read_gaps",
    "read_plan",
    "read_plans",
    "unpriced",
]
