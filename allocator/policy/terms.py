"""What a brief adds to the policy: budget, year, objectives, and what may be closed."""

from __future__ import annotations

from dataclasses import dataclass

# The objectives a brief may order, each minimised but for worst_county_coverage.
OBJECTIVES = (
    "uncovered_people",
    "person_minutes",
    "worst_county_coverage",
    "max_minutes",
    "capital_wan",
    "yearly_wan",
    "sites",
)
DEFAULT_ORDER = ("uncovered_people", "person_minutes", "capital_wan")


@dataclass(frozen=True, kw_only=True)
class Terms:
    """The terms of one planning task.

    Parameters
    ----------
    capital_wan, yearly_wan
        Most that the plan may cost, 万元, inclusive; None: no limit.
    year
        The year of the single phase; None where the brief states none.
    split
        Whether the people of one demand point may go to several sites.
    closing
        Services whose holders of today may be given up.
    objective
        Names of `OBJECTIVES`, most important first.
    """

    capital_wan: float | None = None
    yearly_wan: float | None = None
    year: int | None = None
    split: bool = True
    closing: frozenset[str] = frozenset()
    objective: tuple[str, ...] = DEFAULT_ORDER
