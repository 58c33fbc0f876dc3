"""From area, travel and policy to an integer program, one file per rule kind.

Nothing here is seen by `allocator.audit`, nor the other way round: the two read the
rules independently.
"""

from allocator.formulation.build import Formulation, build, build_phases
from allocator.formulation.objective import Objective
from allocator.formulation.program import Impossible, RowTag, Shortfall
from allocator.formulation.sites import find_holdings, unpriced
from allocator.formulation.solution import read_gaps, read_plan, read_plans

__all__ = [
    "Formulation",
    "Impossible",
    "Objective",
    "RowTag",
    "Shortfall",
    "build",
    "build_phases",
    "find_holdings",
    "read_gaps",
    "read_plan",
    "read_plans",
    "unpriced",
]
