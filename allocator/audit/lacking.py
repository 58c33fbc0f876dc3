"""Rules that cannot be decided because the register, or a table, lacks a column."""

from __future__ import annotations

from typing import TYPE_CHECKING

from allocator.audit.audit import CHECKS
from allocator.audit.facts import MissingColumnError
from allocator.policy import ShareOfClass

if TYPE_CHECKING:
    from allocator.audit.facts import Facts
    from allocator.policy import Rule


def lacking_columns(facts: Facts) -> dict[str, str]:
    """Return the column that each rule lacks, by rule id; those that lack none are out.

    One reading that lacks a column leaves the rule open. Checklists, which no plan
    decides, are left out.
    """
    found = {}
    for rule in facts.policy.rules:
        for reading in rule.readings:
            column = _lacking(reading, facts)
            if column is not None:
                found[rule.id] = column
                break
    return found


def _lacking(reading: Rule, facts: Facts) -> str | None:
    if isinstance(reading, ShareOfClass) and reading.service is None:
        return None
    try:
        CHECKS[type(reading)](reading, facts)
    except MissingColumnError as missing:
        return missing.column
    return None
