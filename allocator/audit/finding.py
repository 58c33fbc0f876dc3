"""What the check of one reading says of one unit, before it becomes an audit row."""

from __future__ import annotations

from dataclasses import dataclass

from allocator.audit.verdict import Verdict
from allocator.errors import Text

NOTHING = Text("", "")


@dataclass(frozen=True, slots=True)
class Found:
    """The verdict on one reading in one unit.

    ``missing`` is the size of the gap in the unit of ``required``, 0 when met.
    """

    unit_id: str
    unit: str
    required: Text
    found: Text
    verdict: Verdict
    gap: Text = NOTHING
    missing: float = 0.0


def same(words: str) -> Text:
    """Return a text that reads alike in both languages: figures, symbols."""
    return Text(words, words)


def whole(number: float) -> str:
    """Return a number of people or things with thousands separators."""
    return f"{number:,.0f}"


def judged(
    unit_id: str,
    unit: str,
    required: Text,
    found: Text,
    *,
    missing: float,
    gap: Text,
) -> Found:
    """Return a found that is met when nothing is missing."""
    if missing > 0:
        return Found(unit_id, unit, required, found, Verdict.NOT_MET, gap, missing)
    return Found(unit_id, unit, required, found, Verdict.MET)
