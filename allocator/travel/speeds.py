"""How fast one travels on a road, by its class.

The figures are editable defaults: no Chinese study's table could be read. They follow
the design speeds of JTG B01-2014 (motorways 80 to 120, grade 2 60 to 80, grade 3 30 to
40, grade 4 20 to 30 km/h) and what planners use for urban roads; class speeds leave
congestion out.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

# km/h by class of road.
SPEEDS: Mapping[str, float] = MappingProxyType(
    {
        "高速": 100.0,
        "国道": 70.0,
        "省道": 60.0,
        "县道": 40.0,
        "乡道": 30.0,
        "村道": 20.0,
        "城市快速路": 60.0,
        "主干路": 40.0,
        "次干路": 30.0,
        "支路": 20.0,
        "轮渡": 15.0,
    }
)
FERRY = "轮渡"
OTHER = "支路"  # what a class that is not known is taken for
WALK_KMH = 5.0
# Nobody walks here.
NO_WALKING = frozenset({"高速", "城市快速路"})

# Other words for the classes; those of OpenStreetMap are its values of ``highway``.
WORDS: Mapping[str, str] = MappingProxyType(
    {
        "高速公路": "高速",
        "快速路": "城市快速路",
        "城市主干路": "主干路",
        "城市次干路": "次干路",
        "城市支路": "支路",
        "渡口": "轮渡",
        "motorway": "高速",
        "trunk": "国道",
        "primary": "省道",
        "secondary": "县道",
        "tertiary": "乡道",
        "unclassified": "村道",
        "residential": "支路",
        "living_street": "支路",
        "service": "支路",
        "road": "支路",
        "busway": "支路",
        "ferry": "轮渡",
    }
)
# Of OpenStreetMap: for those on foot only; wheels do not pass.
FOOT_ONLY = frozenset(
    {"footway", "path", "pedestrian", "steps", "track", "cycleway", "bridleway"}
)
# Of OpenStreetMap: nothing that can be travelled today.
NO_ROAD = frozenset({"proposed", "construction", "abandoned", "razed", "platform"})
