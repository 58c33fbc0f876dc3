"""Running a solver through PuLP, and saying honestly what was proved."""

from allocator.solve.highs import Limits, run_highs, solver_version
from allocator.solve.lexicographic import (
    HOLD_TOLERANCE,
    Row,
    Session,
    Solution,
    Stage,
    solve,
)

__all__ = [
    "HOLD_TOLERANCE",
    "Limits",
    "Row",
    "Session",
    "Solution",
    "Stage",
    "run_highs",
    "solve",
    "solver_version",
]
