"""The figures of a plan in sums: by county, class, service, year, clause and site.

Report and workbook take them from here, so that a figure is added up once. Frames are
plain: one row per thing, a figure a column, units in the names.
"""

from allocator.summary.clauses import (
    ClauseFigures,
    clauses_of,
    indicator_words,
    indicators_of,
    kind_word,
    verdict_counts,
)
from allocator.summary.planned import (
    costs_by_county,
    costs_by_year,
    reach_table,
    resource_table,
    service_table,
    site_table,
)
from allocator.summary.present import PEOPLE_OF_ONE_WAN, class_table, county_table

__all__ = [
    "PEOPLE_OF_ONE_WAN",
    "ClauseFigures",
    "class_table",
    "clauses_of",
    "costs_by_county",
    "costs_by_year",
    "county_table",
    "indicator_words",
    "indicators_of",
    "kind_word",
    "reach_table",
    "resource_table",
    "service_table",
    "site_table",
    "verdict_counts",
]
