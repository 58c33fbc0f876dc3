"""Files to data: the brief, the planning area, travel tables.

Every reader returns what it read together with all findings; what planners give never
raises. ``read_brief`` comes first, then ``read_area`` and, where the brief names a
travel table, ``read_travel_table``.
"""

from allocator.load.area import inputs, read_area
from allocator.load.brief import Brief, read_brief
from allocator.load.growth import area_in_year, growth_of
from allocator.load.guess import Guess, guess_use
from allocator.load.travel_table import read_travel_table

__all__ = [
    "Brief",
    "Guess",
    "area_in_year",
    "growth_of",
    "guess_use",
    "inputs",
    "read_area",
    "read_brief",
    "read_travel_table",
]
