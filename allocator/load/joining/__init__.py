"""Joining a register to places: by code, by name, by similar name, by zone.

A register often has no coordinates. Its rows are then looked up in a table of
locations, and where that fails put at the centre of their zone. Every join is a row of
a table with its basis and a confidence; nothing is joined silently.
"""

from allocator.load.joining.locations import Locations, read_aliases, read_locations
from allocator.load.joining.place import JOIN_COLUMNS, Placed, place_sites
from allocator.load.joining.units import UnitNames, name_units
from allocator.load.joining.words import Joining, Words, read_words

__all__ = [
    "JOIN_COLUMNS",
    "Joining",
    "Locations",
    "Placed",
    "UnitNames",
    "Words",
    "name_units",
    "place_sites",
    "read_aliases",
    "read_locations",
    "read_words",
]
