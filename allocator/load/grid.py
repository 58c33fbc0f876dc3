"""Demand points on a grid: every zone's people spread over its cells by area."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

from allocator.errors import Text
from allocator.load.coordinates import to_degrees
from allocator.load.demand import share_out, with_units

if TYPE_CHECKING:
    import geopandas as gpd

    from allocator.load.coordinates import Shapes
    from allocator.load.places import Ground
    from allocator.load.remarks import Remarks

MOST_CELLS = 3_000_000  # of the boxes around the zones: what memory holds with ease


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
    polygons = ground.polygons[shaped]
    bounds = np.floor(shapely.bounds(polygons) / cell_m).astype(np.int64)
    size = bounds[:, 2:] - bounds[:, :2] + 1
    if size.prod(axis=1).sum() > MOST_CELLS:
        remarks.error(
            "grid-too-fine",
            Text("格网过密", "the grid is too fine for an area of this size"),
            column="demand.cell_m",
            values=[f"{cell_m:g}"],
            remedy=Text("增大 cell_m", "use larger cells"),
        )
        return None
    owner, cells = _cells_of(bounds, size)
    pieces = _cut(polygons, owner, cells, cell_m)
    area_m2 = shapely.area(pieces)
    kept = area_m2 > 0
    owner, cells, pieces, area_m2 = (
        owner[kept],
        cells[kept],
        pieces[kept],
        area_m2[kept],
    )
    parts = share_out(people[shaped], owner, area_m2)
    lived_in = parts > 0
    owner, cells, pieces = owner[lived_in], cells[lived_in], pieces[lived_in]
    points = to_degrees(_points_inside(pieces), ground.crs)
    zone_ids = ground.zone_ids[shaped][owner]
    frame = pd.DataFrame(
        {
            "zone_id": zone_ids,
            "people": parts[lived_in],
            "lon": shapely.get_x(points),
            "lat": shapely.get_y(points),
        },
        index=pd.Index(
            [
                f"{z}-{c}-{r}"
                for z, (c, r) in zip(zone_ids, cells.tolist(), strict=True)
            ],
            name="demand_id",
        ),
    )
    frame = pd.concat([frame, _centres(zones, ground, remarks)])
    return with_units(frame.rename_axis("demand_id"), zones)


def _cells_of(bounds: np.ndarray, size: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the cells of the box around each zone.

    Parameters
    ----------
    bounds
        First and last column and row of each zone: column, row, column, row.
    size
        Number of columns and rows of each zone.

    Returns
    -------
    owner, cells
        Position of the zone, ascending, and (column, row) of each cell.
    """
    counts = size.prod(axis=1)
    owner = np.repeat(np.arange(len(counts)), counts)
    within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    column, row = np.divmod(within, size[owner, 1])
    return owner, bounds[owner, :2] + np.column_stack([column, row])


def _cut(
    polygons: Shapes, owner: np.ndarray, cells: np.ndarray, cell_m: float
) -> Shapes:
    """Return what lies of each cell inside its zone; empty where nothing does."""
    low = cells * cell_m
    boxes = shapely.box(low[:, 0], low[:, 1], low[:, 0] + cell_m, low[:, 1] + cell_m)
    pieces: Shapes = np.asarray(boxes, dtype=object)
    shapely.prepare(polygons)
    whole = shapely.contains_properly(polygons[owner], boxes)
    touched = ~whole & shapely.intersects(polygons[owner], boxes)
    pieces[~whole & ~touched] = shapely.Polygon()
    # Only cells on a border need the costly cut.
    pieces[touched] = shapely.intersection(polygons[owner[touched]], boxes[touched])
    return pieces


def _points_inside(pieces: Shapes) -> Shapes:
    points: Shapes = shapely.centroid(pieces)
    outside = ~shapely.intersects(pieces, points)
    points[outside] = shapely.point_on_surface(pieces[outside])
    return points


def _centres(zones: gpd.GeoDataFrame, ground: Ground, remarks: Remarks) -> pd.DataFrame:
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
