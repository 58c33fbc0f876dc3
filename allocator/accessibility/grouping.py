"""Units of one level, and sums over what lies in them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from allocator.area import PlanningArea


@dataclass(frozen=True)
class Level:
    """The units of one level, and which of them things lie in.

    Parameters
    ----------
    name
        ``area``, ``county`` or ``zone``.
    ids
        Ids of the units, sorted; the area is one unit with an empty id.
    of_demand, of_site, of_zone
        Position in ``ids`` of the unit of every demand point, site and zone.
    """

    name: str
    ids: pd.Index
    of_demand: NDArray[np.intp]
    of_site: NDArray[np.intp]
    of_zone: NDArray[np.intp]

    def sums(
        self, units: NDArray[np.intp], amounts: NDArray[np.float64] | NDArray[np.bool_]
    ) -> NDArray[np.float64]:
        """Return the sum of ``amounts`` in every unit."""
        return np.bincount(units, amounts, len(self.ids)).astype(float)

    def members(self, units: NDArray[np.intp]) -> Iterator[NDArray[np.intp]]:
        """Yield, for every unit, the positions of what lies in it."""
        order = np.argsort(units, kind="stable")
        yield from np.split(order, np.cumsum(np.bincount(units, minlength=len(self))))[
            : len(self)
        ]

    def each(
        self,
        units: NDArray[np.intp],
        measure: Callable[[NDArray[np.intp]], float],
    ) -> NDArray[np.float64]:
        """Return ``measure`` of the positions of what lies in every unit."""
        return np.array([measure(members) for members in self.members(units)], float)

    def __len__(self) -> int:
        return len(self.ids)


def levels_of(area: PlanningArea) -> tuple[Level, Level, Level]:
    """Return area, counties and zones."""
    demand, sites, zones = area.demand, area.sites, area.zones
    whole = Level(
        "area",
        pd.Index([""], name="unit_id"),
        *(np.zeros(len(frame), dtype=np.intp) for frame in (demand, sites, zones)),
    )
    # The county of a demand point or site is that of its zone.
    county_of_zone = area.counties.index.get_indexer(zones["county_id"])
    zone_of_demand = zones.index.get_indexer(demand["zone_id"])
    zone_of_site = zones.index.get_indexer(sites["zone_id"])
    county = Level(
        "county",
        area.counties.index,
        county_of_zone[zone_of_demand],
        county_of_zone[zone_of_site],
        county_of_zone,
    )
    own = np.arange(len(zones), dtype=np.intp)
    return whole, county, Level("zone", zones.index, zone_of_demand, zone_of_site, own)


def ratio(
    above: NDArray[np.float64], below: NDArray[np.float64], *, empty: float = np.nan
) -> NDArray[np.float64]:
    """Return ``above / below``, and ``empty`` where ``below`` is 0."""
    result = np.full(len(above), empty)
    np.divide(above, below, out=result, where=below != 0)
    return result
