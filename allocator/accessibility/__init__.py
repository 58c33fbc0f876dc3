"""How well people reach services: the measures that planners expect of an audit.

Definitions, formulas and sources are in ``docs/accessibility.md``.
"""

from allocator.accessibility.bed_need import bed_need
from allocator.accessibility.catchment import (
    Decay,
    floating_catchment,
    gaussian,
    steps,
    thirds,
    uniform,
)
from allocator.accessibility.inequality import Theil, gini, people_quantile, theil
from allocator.accessibility.reach import AccessSettings
from allocator.accessibility.report import AccessReport, compare_access, measure_access
from allocator.accessibility.stock import missing_supply, supply_columns, title_of

__all__ = [
    "AccessReport",
    "AccessSettings",
    "Decay",
    "Theil",
    "bed_need",
    "compare_access",
    "floating_catchment",
    "gaussian",
    "gini",
    "measure_access",
    "missing_supply",
    "people_quantile",
    "steps",
    "supply_columns",
    "theil",
    "thirds",
    "title_of",
    "uniform",
]
