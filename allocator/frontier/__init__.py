"""What two objectives cost one another: points that are each a proven plan.

The points are found on one built program whose limits move; `Frontier` says what is
proven of the points and of what lies between them.
"""

from allocator.frontier.boxes import Box
from allocator.frontier.curve import knee, marginal_values
from allocator.frontier.points import Answer, Frontier, Point
from allocator.frontier.search import at_limits, exactly
from allocator.frontier.solving import Solves

__all__ = [
    "Answer",
    "Box",
    "Frontier",
    "Point",
    "Solves",
    "at_limits",
    "exactly",
    "knee",
    "marginal_values",
]
