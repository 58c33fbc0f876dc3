"""Everything that differs between two plans of one area, as one frozen result."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from allocator.compare.changes import MOVE_KM, amount_changes, placement_changes
from allocator.compare.figures import Figure, figures
from allocator.compare.minutes import service_access, trips_of, zone_access
from allocator.compare.verdicts import verdict_changes

if TYPE_CHECKING:
    from allocator.compare.place import Place, Side


@dataclass(frozen=True)
class Comparison:
    """Two plans side by side.

    Parameters
    ----------
    place
        The area that both are for.
    before, after
        The plans.
    move_km
        The widest distance of a move, km.
    figures
        Budget, totals and objectives.
    placements
        What opened, was dropped, moved or changed; see `placement_changes`.
    amounts
        Resources of which another amount is bought; see `amount_changes`.
    verdicts
        Rules and units with another verdict; see `verdict_changes`.
    services
        Who gains and loses minutes, by service; see `service_access`.
    zones
        The same by service and zone; see `zone_access`.
    """

    place: Place
    before: Side
    after: Side
    move_km: float
    figures: tuple[Figure, ...]
    placements: pd.DataFrame
    amounts: pd.DataFrame
    verdicts: pd.DataFrame
    services: pd.DataFrame
    zones: pd.DataFrame

    @property
    def changes(self) -> pd.DataFrame:
        """Placements and amounts in one table, columns `CHANGE_COLUMNS`."""
        tables = [t for t in (self.placements, self.amounts) if not t.empty]
        if not tables:
            return self.placements
        return pd.concat(tables, ignore_index=True)

    def count(self, change: str) -> int:
        """Return how many placements changed in a way: ``opened``, ``moved`` ..."""
        return int((self.placements["change"] == change).sum())


def compare(
    place: Place, before: Side, after: Side, *, move_km: float = MOVE_KM
) -> Comparison:
    """Compare two plans.

    Parameters
    ----------
    place
        The area that both are for: every demand point assigned is in it, which
        `strangers` checks for plans that come from elsewhere.
    before, after
        The plans, in the order in which changes are read.
    move_km
        The widest distance at which a service dropped and opened is read as moved, km,
        >= 0.
    """
    services = list(place.services)
    trips = trips_of(before.plan, after.plan, place.demand["zone_id"])
    return Comparison(
        place=place,
        before=before,
        after=after,
        move_km=move_km,
        figures=figures(before, after),
        placements=placement_changes(before, after, services=services, move_km=move_km),
        amounts=amount_changes(before, after, services=services),
        verdicts=verdict_changes(before.audit, after.audit),
        services=service_access(trips, services=services),
        zones=zone_access(trips, services=services),
    )
