"""What an audit says of one rule in one unit."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from allocator.errors import Text


class Verdict(StrEnum):
    """The four verdicts. A missing column is `UNDECIDABLE`, never a pass."""

    MET = "met"
    NOT_MET = "not_met"
    UNDECIDABLE = "undecidable"
    TRACKED = "tracked"

    @property
    def text(self) -> Text:
        """The verdict in words."""
        return _WORDS[self]


_WORDS = {
    Verdict.MET: Text("达标", "met"),
    Verdict.NOT_MET: Text("未达标", "not met"),
    Verdict.UNDECIDABLE: Text("无法判定", "undecidable"),
    Verdict.TRACKED: Text("仅监测", "tracked"),
}


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One rule in one unit.

    Parameters
    ----------
    rule_id, pack, clause, quote, priority, due
        The rule, as in its pack.
    unit_id, unit
        Id and name of the unit; ``""`` and the area's name for a rule of the whole
        area.
    required, found
        What the rule asks for and what was found, in words with units.
    verdict
        See `Verdict`.
    gap
        What is missing, in natural units ("缺 2 所"); empty when met.
    missing
        The size of the gap as a number in the unit of ``required``; 0 when met.
    source
        ``nanchang-2024`` where the figure is the text's own, else where it is from,
        with the way an ambiguous clause is read.
    """

    rule_id: str
    pack: str
    clause: str
    quote: str
    priority: str
    due: int | None
    unit_id: str
    unit: str
    required: Text
    found: Text
    verdict: Verdict
    gap: Text
    missing: float
    source: str
