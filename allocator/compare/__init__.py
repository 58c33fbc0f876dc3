"""Two plans of one area side by side: what changed, and who gains and who loses.

comparison = compare(place, before, after)

Frozen results; nothing is printed, drawn or written here.
"""

from allocator.compare.changes import CHANGE_COLUMNS, MOVE_KM
from allocator.compare.comparison import Comparison, compare
from allocator.compare.figures import Figure
from allocator.compare.minutes import ACCESS_COLUMNS, ALL_SERVICES, SAME_MINUTES
from allocator.compare.place import Place, Side, place_of, sites_of, strangers
from allocator.compare.tables import (
    changes_table,
    comparison_records,
    services_table,
    verdicts_table,
    zones_table,
)
from allocator.compare.verdicts import VERDICT_COLUMNS
from allocator.compare.words import (
    ALL_SERVICES_WORDS,
    CHANGE_WORDS,
    VERDICT_CHANGE_WORDS,
    plan_standing,
    service_name,
    verdict_words,
)

__all__ = [
    "ACCESS_COLUMNS",
    "ALL_SERVICES",
    "ALL_SERVICES_WORDS",
    "CHANGE_COLUMNS",
    "CHANGE_WORDS",
    "MOVE_KM",
    "SAME_MINUTES",
    "VERDICT_CHANGE_WORDS",
    "VERDICT_COLUMNS",
    "Comparison",
    "Figure",
    "Place",
    "Side",
    "changes_table",
    "compare",
    "comparison_records",
    "place_of",
    "plan_standing",
    "service_name",
    "services_table",
    "sites_of",
    "strangers",
    "verdict_words",
    "verdicts_table",
    "zones_table",
]
