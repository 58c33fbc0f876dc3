"""A plan checked against every rule, by code that shares nothing with the builder."""

from allocator.audit.audit import (
    allowed_pairs,
    audit,
    clauses_for,
    measure,
    other_values,
    plan_of_today,
    refuse_unless_sound,
    to_the_nearest,
)
from allocator.audit.coverage import limit_of
from allocator.audit.facts import Facts, column_words
from allocator.audit.gaps import gap_rows
from allocator.audit.lacking import lacking_columns
from allocator.audit.measures import (
    MEASURES,
    coverage_readings,
    people_out_of_reach,
    totals,
)
from allocator.audit.phases import check_phases
from allocator.audit.reach import REACH_COLUMNS, reach_by_zone
from allocator.audit.tilt import amounts_elsewhere
from allocator.audit.verdict import AuditRow, Verdict

__all__ = [
    "MEASURES",
    "REACH_COLUMNS",
    "AuditRow",
    "Facts",
    "Verdict",
    "allowed_pairs",
    "amounts_elsewhere",
    "audit",
    "check_phases",
    "clauses_for",
    "column_words",
    "coverage_readings",
    "gap_rows",
    "lacking_columns",
    "limit_of",
    "measure",
    "other_values",
    "people_out_of_reach",
    "plan_of_today",
    "reach_by_zone",
    "refuse_unless_sound",
    "to_the_nearest",
    "totals",
]
