"""Running a solver through PuLP, and saying honestly what was proved."""

from allocator.solve.highs import Limits, run_highs, solver_version
from allocator.solve.lexicographic import (
    HOLD_TOLERANCE,
    Bounds,
    Row,
    Session,
    Solution,
    Stage,
    solve,
)
from allocator.solve.second import Confirmation, confirm_infeasible

__all__ = [
    "HOLD_TOLERANCE",
    "Bounds",
    "Confirmation",
    "Limits",
    "Row",
    "Session",
    "Solution",
    "Stage",
    "confirm_infeasible",
    "run_highs",
    "solve",
    "solver_version",
]
