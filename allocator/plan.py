"""A plan: what is placed where, who goes where, what is bought.

Frozen data; no solver, no files. The same object holds today's state (only ``keep``
placements), so that an audit of today and of a plan is one piece of code.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import pandas as pd

PLACEMENT_COLUMNS = (
    "site_id",
    "service",
    "action",
    "phase",
    "capital_wan",
    "yearly_wan",
)
COUNTED_COLUMNS = (*PLACEMENT_COLUMNS, "count")
ASSIGNMENT_COLUMNS = ("demand_id", "site_id", "service", "people", "minutes")
ALLOCATION_COLUMNS = (
    "site_id",
    "resource",
    "amount",
    "capital_wan",
    "yearly_wan",
    "phase",
)
GROUP_COLUMNS = ("network", "zone_id", "lead_id")


@dataclass(frozen=True)
class Plan:
    """Placements, assignments and allocations.

    Parameters
    ----------
    placements
        Sorted by (site_id, service). ``action`` is ``build`` (a service at a
        candidate), ``upgrade`` (a new service at an existing facility), ``keep`` (held
        today and kept) or ``close`` (held today and given up). ``phase`` is the year,
        None where the brief states none. ``capital_wan`` once and ``yearly_wan`` a
        year, 万元; 0 for ``keep``. ``count`` is how many of a counted service; 1
        where the frame does not say. A counted service may stand in two rows: what
        is kept, and what is added.
    assignments
        Sorted by (service, demand_id, site_id). ``people`` (float, > 0) of the demand
        point that are served at the site; ``minutes`` one way.
    allocations
        Sorted by (resource, site_id). ``amount`` added to what is there before, in
        the year ``phase``; None where the frame does not say.
    groups
        Sorted by (network, zone_id). The site that leads the group of the zone; an
        institution belongs to the group of its zone, a lead to its own.
    """

    placements: pd.DataFrame
    assignments: pd.DataFrame
    allocations: pd.DataFrame
    groups: pd.DataFrame = field(default_factory=lambda: empty_frame(GROUP_COLUMNS))

    def __post_init__(self) -> None:
        """Check the columns.

        Raises
        ------
        ValueError
            When a frame has other columns than the contract, or others in order.
        """
        if "count" not in self.placements:
            counted = self.placements.assign(count=1)
            object.__setattr__(self, "placements", counted)
        if "phase" not in self.allocations:
            dated = self.allocations.assign(phase=None)
            object.__setattr__(self, "allocations", dated)
        for name, columns in (
            ("placements", COUNTED_COLUMNS),
            ("assignments", ASSIGNMENT_COLUMNS),
            ("allocations", ALLOCATION_COLUMNS),
            ("groups", GROUP_COLUMNS),
        ):
            if tuple(getattr(self, name).columns) != columns:
                message = f"{name} must have the columns {columns}"
                raise ValueError(message)

    @property
    def held(self) -> frozenset[tuple[str, str]]:
        """The (site_id, service) pairs that are held once the plan is carried out."""
        return frozenset(self.counts)

    @property
    def counts(self) -> dict[tuple[str, str], int]:
        """How many of a service each (site_id, service) pair then holds."""
        rows = self.placements[self.placements["action"] != "close"]
        counts: dict[tuple[str, str], int] = {}
        for site_id, service, count in zip(
            rows["site_id"], rows["service"], rows["count"], strict=True
        ):
            pair = (site_id, service)
            counts[pair] = counts.get(pair, 0) + int(count)
        return counts


def empty_frame(columns: tuple[str, ...]) -> pd.DataFrame:
    """Return a frame without rows that has ``columns``, numbers typed as float."""
    numeric = {"count", "people", "minutes", "amount", "capital_wan", "yearly_wan"}
    return pd.DataFrame(
        {c: pd.Series(dtype=float if c in numeric else object) for c in columns}
    )
