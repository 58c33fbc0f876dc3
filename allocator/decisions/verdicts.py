"""What a reviewer can say of a placement."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """A verdict; the words are those of the ``decisions`` table."""

    ACCEPT = "accept"  # as proposed: held from the proposed year on
    REJECT = "reject"  # not here
    LOCK = "lock"  # here in any case
    DEFER = "defer"  # not in the proposed year, nor before
    MOVE = "move"  # at another point instead
    ADD = "add"  # a further candidate, at a point


@dataclass(frozen=True)
class Decision:
    """One row of a decisions table.

    Parameters
    ----------
    site_id
        The site; of ``add`` the id that the new candidate gets.
    service
        The service; empty: everything at the site.
    verdict
        What was decided.
    phase
        The year of the placement that was reviewed; None where it has none.
    reviewer, reason, date
        Who, why and when, as written.
    lon, lat
        Where to, degrees of CGCS2000; None but for ``move`` and ``add``.
    name
        Of a new candidate; may be empty.
    site_class
        Of a new candidate, WS 218; empty: none is needed, or only one fits.
    row
        The row as the planner knows it.
    """

    site_id: str
    service: str
    verdict: Verdict
    phase: int | None = None
    reviewer: str = ""
    reason: str = ""
    date: str = ""
    lon: float | None = None
    lat: float | None = None
    name: str = ""
    row: str = ""
    site_class: str = ""

    def cell(self, column: str) -> object:
        """Return what stands in a column of the ``decisions`` table."""
        return getattr(self, "site_class" if column == "class" else column)

    @property
    def moved_id(self) -> str:
        """The id of the candidate that a ``move`` makes."""
        return f"{self.site_id}-moved"
