"""How long journeys take: by straight line, by road, over a friction surface, or given.

Every way ends in a `Travel`: the sparse table of the pairs that can be travelled.
"""

from allocator.travel.lines import RoadSettings
from allocator.travel.made import from_journeys
from allocator.travel.pairs import COLUMNS, Travel, check_travel, from_pairs
from allocator.travel.straight import ELLIPSOID, straight_line

__all__ = [
    "COLUMNS",
    "ELLIPSOID",
    "RoadSettings",
    "Travel",
    "check_travel",
    "from_journeys",
    "from_pairs",
    "straight_line",
]
