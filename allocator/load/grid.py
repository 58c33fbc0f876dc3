"""Demand points on a grid: every zone's people spread over its cells by area."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

from allocator.errors import Text
from allocator.load.demand import share_out, with_units
from allocator.load.pieces import cut_zones, points_of

if TYPE_CHECKING:
    import geopandas as gpd

    from allocator.load.places import Ground
    from allocator.load.remarks import Remarks


def demand_of_grid(
    zones: gpd.GeoDataFrame, ground: Ground, cell_m: float, remarks: Remarks
) -> pd.DataFrame | None:
    """Return demand points, one for each piece of a cell inside one zone.

    The grid lies in the metres of ``ground``, on whole multiples of the cell size. A
    zone's people are shared out over its pieces by area; their sum is exactly the
    zone's population. A piece's point is its centroid, or a point inside it where the
    centroid is not. A zone without a shape keeps its people at its centre.

    Parameters
    ----------
    zones
        The zones of the planning area.
    ground
        The same in metres.
    cell_m
        Side of a cell, metres.
    remarks
        Receives the findings.

    Returns
    -------
    demand
        As in `allocator.area.PlanningArea`; ids are ``<zone_id>-<column>-<row>``.
        None when there would be too many cells.
    """
    people = zones["population"].to_numpy()
    shaped = np.flatnonzero(~shapely.is_missing(ground.polygons) & (people > 0))
    pieces = cut_zones(ground.polygons[shaped], cell_m, remarks)
    if pieces is None:
        return None
    parts = share_out(people[shaped], pieces.owner, pieces.area_m2)
    frame = points_of(pieces, parts, ground.zone_ids[shaped], ground)
    frame = pd.concat([frame, at_centres(zones, ground, remarks)])
    return with_units(frame.rename_axis("demand_id"), zones)


def at_centres(
    zones: gpd.GeoDataFrame, ground: Ground, remarks: Remarks
) -> pd.DataFrame:
    """Return one point for each zone that has people but no shape."""
    alone = zones[shapely.is_missing(ground.polygons) & (zones["population"] > 0)]
    if len(alone):
        remarks.note(
            "grid-at-centre",
            Text(
                "这些单元没有图形, 人口放在中心",
                "no shape: people are put at the centre",
            ),
            keys=[f"{zone} {name}" for zone, name in alone["name"].items()],
        )
    return pd.DataFrame(
        {
            "zone_id": alone.index.to_numpy(dtype=object),
            "people": alone["population"].to_numpy(),
            "lon": alone["lon"].to_numpy(),
            "lat": alone["lat"].to_numpy(),
        },
        index=alone.index.rename("demand_id"),
    )
