"""The land of zones cut by the cells of a regular grid in metres."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

from allocator.errors import Text
from allocator.load.coordinates import to_degrees
from allocator.load.shapes import polygons_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from allocator.load.coordinates import Numbers, Shapes
    from allocator.load.places import Ground
    from allocator.load.remarks import Remarks

MOST_CELLS = 3_000_000  # of the boxes around the zones: what memory holds with ease


@dataclass(frozen=True)
class Pieces:
    """What lies of each cell inside one zone; only pieces with an area.

    Parameters
    ----------
    owner
        Position of the zone among those cut, ascending.
    cells
        Column and row of the cell.
    shapes
        Polygons in metres.
    area_m2
        Their areas, > 0.
    """

    owner: NDArray[np.int64]
    cells: NDArray[np.int64]
    shapes: Shapes
    area_m2: Numbers

    def where(self, kept: NDArray[np.bool_]) -> Pieces:
        """Return only these pieces."""
        return Pieces(
            self.owner[kept], self.cells[kept], self.shapes[kept], self.area_m2[kept]
        )


def cut_zones(polygons: Shapes, cell_m: float, remarks: Remarks) -> Pieces | None:
    """Return the pieces of zones; None with an error when there would be too many.

    Parameters
    ----------
    polygons
        Zones in metres.
    cell_m
        Side of a cell, metres; cells lie on whole multiples of it.
    remarks
        Receives the error.
    """
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
    shapes = _cut(polygons, owner, cells, cell_m)
    pieces = Pieces(owner, cells, shapes, np.asarray(shapely.area(shapes)))
    return pieces.where(pieces.area_m2 > 0)


def points_of(
    pieces: Pieces,
    people: NDArray[np.int64],
    zone_ids: NDArray[np.object_],
    ground: Ground,
) -> pd.DataFrame:
    """Return one demand point for each piece that has people.

    A piece's point is its centroid, or a point inside it where the centroid is not.

    Parameters
    ----------
    pieces
        The pieces.
    people
        Whole people of each.
    zone_ids
        Ids of the zones that were cut.
    ground
        Whose metres the pieces are in.

    Returns
    -------
    points
        Index ``demand_id``, ``<zone_id>-<column>-<row>``; ``zone_id``, ``people``,
        ``lon``, ``lat``.
    """
    lived_in = people > 0
    pieces, people = pieces.where(lived_in), people[lived_in]
    points = to_degrees(_points_inside(pieces.shapes), ground.crs)
    owners = zone_ids[pieces.owner]
    cells = pieces.cells.tolist()
    ids = [f"{z}-{c}-{r}" for z, (c, r) in zip(owners, cells, strict=True)]
    return pd.DataFrame(
        {
            "zone_id": owners,
            "people": people,
            "lon": shapely.get_x(points),
            "lat": shapely.get_y(points),
        },
        index=pd.Index(ids, name="demand_id", dtype=object),
    )


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
    cut = shapely.intersection(polygons[owner[touched]], boxes[touched])
    pieces[touched] = polygons_of(cut)
    return pieces


def _points_inside(pieces: Shapes) -> Shapes:
    points: Shapes = shapely.centroid(pieces)
    outside = ~shapely.intersects(pieces, points)
    points[outside] = shapely.point_on_surface(pieces[outside])
    return points
