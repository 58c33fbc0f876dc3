"""Clauses whose verdict differs between two plans, by rule and unit."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

VERDICT_COLUMNS = (
    "change",
    "rule_id",
    "clause",
    "quote",
    "unit_id",
    "unit",
    "verdict_before",
    "verdict_after",
    "required_before",
    "required_after",
    "found_before",
    "found_after",
)
BETTER, WORSE, OTHER = "better", "worse", "other"
ONLY_BEFORE, ONLY_AFTER = "only_before", "only_after"
_ORDER = (WORSE, BETTER, OTHER, ONLY_BEFORE, ONLY_AFTER)


def verdict_changes(
    before: Iterable[Mapping[str, Any]], after: Iterable[Mapping[str, Any]]
) -> pd.DataFrame:
    """Return the rules and units that the plans are judged differently by.

    Parameters
    ----------
    before, after
        One mapping per rule and unit, as in ``audit.json``.

    Returns
    -------
    changes
        Columns `VERDICT_COLUMNS`. ``change`` is ``worse`` (met, then not met),
        ``better`` (not met, then met), ``other`` (to or from undecidable or tracked:
        neither is a pass), ``only_before`` or ``only_after`` (only one plan has the
        rule in that unit). Sorted by change, then in the order of the audits.
    """
    first, second = _by_unit(before), _by_unit(after)
    rows = []
    for key in dict.fromkeys([*first, *second]):
        old, new = first.get(key, {}), second.get(key, {})
        change = _change(old.get("verdict", ""), new.get("verdict", ""))
        if change:
            rows.append(_row(change, old, new))
    rows.sort(key=lambda row: _ORDER.index(row["change"]))
    return pd.DataFrame(rows, columns=list(VERDICT_COLUMNS))


def _by_unit(
    rows: Iterable[Mapping[str, Any]],
) -> dict[tuple[str, str, int], Mapping[str, Any]]:
    """Return rows by rule and unit; should one repeat, by its turn as well."""
    turns: Counter[tuple[str, str]] = Counter()
    found = {}
    for row in rows:
        key = (str(row["rule_id"]), str(row["unit_id"]))
        found[*key, turns[key]] = row
        turns[key] += 1
    return found


def _change(old: str, new: str) -> str:
    if old == new:
        return ""
    known = {
        ("met", "not_met"): WORSE,
        ("not_met", "met"): BETTER,
    }
    if not new:
        return ONLY_BEFORE
    return known.get((old, new), OTHER) if old else ONLY_AFTER


def _row(change: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    row = {"change": change}
    for name in ("rule_id", "clause", "quote", "unit_id", "unit"):
        row[name] = str((new or old).get(name, ""))
    for name in ("verdict", "required", "found"):
        row[f"{name}_before"] = str(old.get(name, ""))
        row[f"{name}_after"] = str(new.get(name, ""))
    return row
