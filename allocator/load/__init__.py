"""Files to data: the brief, the planning area, travel tables.

Every reader returns what it read together with all findings; what planners give never
raises. ``read_brief`` comes first, then ``read_area`` and, where the brief names
them, ``read_travel_table`` or ``read_roads``.
"""

from allocator.load.account import Account, Certainty, HeadingAccount
from allocator.load.area import inputs, read_area, unheard
from allocator.load.brief import Brief, read_brief
from allocator.load.friction import read_friction
from allocator.load.grids import cell_text
from allocator.load.growth import area_in_year, growth_of
from allocator.load.guess import Guess, guess_locations, guess_use
from allocator.load.roads import read_roads
from allocator.load.travel_section import Way
from allocator.load.travel_table import read_travel_table

__all__ = [
    "Account",
    "Brief",
    "Certainty",
    "Guess",
    "HeadingAccount",
    "Way",
    "area_in_year",
    "cell_text",
    "growth_of",
    "guess_locations",
    "guess_use",
    "inputs",
    "read_area",
    "read_brief",
    "read_friction",
    "read_roads",
    "read_travel_table",
    "unheard",
]
