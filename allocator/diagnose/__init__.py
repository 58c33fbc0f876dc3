"""When no plan exists: which clauses collide, and the least that must give way."""

from allocator.diagnose.explain import Collision, Explanation, WayOut, explain
from allocator.diagnose.refusal import as_error, refuse_impossible

__all__ = [
    "Collision",
    "Explanation",
    "WayOut",
    "as_error",
    "explain",
    "refuse_impossible",
]
