"""From journeys by position to the table of pairs by id."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from allocator.travel.pairs import COLUMNS, Method, Travel
from allocator.travel.straight import geodesic_km

if TYPE_CHECKING:
    from allocator.area import PlanningArea
    from allocator.errors import Text
    from allocator.travel.fastest import Journeys


def from_journeys(
    area: PlanningArea,
    journeys: Journeys,
    method: Method,
    note: Text,
    *,
    straight: bool = False,
) -> Travel:
    """Make travel from computed journeys.

    Parameters
    ----------
    area
        The demand points and sites that positions refer to, sorted by id.
    journeys
        Sorted by demand point and site.
    method, note
        As in `Travel`.
    straight
        Whether km are as the crow flies (服务半径), and not along the way travelled.
    """
    km = journeys.km
    if straight:
        km = geodesic_km(area, journeys.demand, journeys.site)
    pairs = pd.DataFrame(
        {
            "demand_id": area.demand.index.take(journeys.demand),
            "site_id": area.sites.index.take(journeys.site),
            "minutes": journeys.minutes,
            "km": km,
        }
    )
    return Travel(pairs[list(COLUMNS)], method, note)
