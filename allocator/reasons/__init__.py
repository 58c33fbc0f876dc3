"""Why a plan is as it is: what each choice is worth, and which choices are safe.

Every figure comes from solving again with one choice forbidden or forced, or from
searching the plans that are nearly as good; nothing is estimated.
"""

from allocator.reasons.base import (
    Base,
    base_of_plan,
    decisions,
    journeys,
    solve_base,
)
from allocator.reasons.consequence import (
    Change,
    Consequence,
    as_good_elsewhere,
    consequence,
    consequence_of,
)
from allocator.reasons.difference import Difference
from allocator.reasons.diverse import Alternative, Spread, least_apart
from allocator.reasons.near_best import Region, Seen, near_best, search_near_best

__all__ = [
    "Alternative",
    "Base",
    "Change",
    "Consequence",
    "Difference",
    "Region",
    "Seen",
    "Spread",
    "as_good_elsewhere",
    "base_of_plan",
    "consequence",
    "consequence_of",
    "decisions",
    "journeys",
    "least_apart",
    "near_best",
    "search_near_best",
    "solve_base",
]
