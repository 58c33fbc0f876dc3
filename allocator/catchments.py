"""The catchment of each site: the ground around the demand points that it serves.

Every zone is parted among its demand points, each taking what is nearest to it (a
Voronoi diagram, clipped to the zone). A demand point that is served at several sites
counts as the site's that serves most of its people.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from allocator.area import PlanningArea

COLUMNS = ("service", "site_id", "people", "demand_points")


def find_catchments(
    area: PlanningArea, assignments: pd.DataFrame, crs: str
) -> gpd.GeoDataFrame:
    """Return the ground that each site serves, one row a service and site.

    Parameters
    ----------
    area
        Zones, some perhaps without a polygon: these have no ground.
    assignments
        ``demand_id``, ``site_id``, ``service``, ``people``.
    crs
        A coordinate system in metres that fits the area, so that "nearest" is.

    Returns
    -------
    catchments
        ``service``, ``site_id``, ``people`` and ``demand_points`` (of which the ground
        is), ``geometry`` in the system of the zones; sorted by service and site.
    """
    ground = _ground(area, crs)
    rows = assignments[assignments["people"] > 0]
    rows = rows.sort_values(
        ["service", "demand_id", "people", "site_id"],
        ascending=[True, True, False, True],
    )
    most = rows.drop_duplicates(["service", "demand_id"])
    most = most[most["demand_id"].isin(ground.index)]
    found, shapes = [], []
    for (service, site_id), part in most.groupby(["service", "site_id"], sort=True):
        found.append(
            {
                "service": service,
                "site_id": site_id,
                "people": round(float(part["people"].sum()), 2),
                "demand_points": len(part),
            }
        )
        pieces = ground.loc[part["demand_id"]].to_numpy()
        shapes.append(_polygons(shapely.union_all(pieces)))
    frame = pd.DataFrame(found, columns=list(COLUMNS))
    return gpd.GeoDataFrame(frame, geometry=shapes, crs=crs).to_crs(area.zones.crs)


def _ground(area: PlanningArea, crs: str) -> pd.Series:
    """Return the piece of its zone that is nearest to each demand point, in metres."""
    zones = area.zones.geometry.to_crs(crs)
    points = gpd.points_from_xy(
        area.demand["lon"], area.demand["lat"], crs=area.zones.crs
    )
    places = pd.Series(np.asarray(points.to_crs(crs)), index=area.demand.index)
    ids: list[str] = []
    pieces: list[shapely.Geometry] = []
    for zone_id, members in area.demand.groupby("zone_id", sort=True):
        shape = zones[zone_id]
        if shape is None or shape.is_empty:
            continue
        ids += list(members.index)
        pieces += list(_parted(shape, np.asarray(places[members.index], object)))
    return pd.Series(pieces, index=pd.Index(ids), dtype=object)


def _parted(zone: shapely.Geometry, points: NDArray[np.object_]) -> NDArray[np.object_]:
    """Part a zone among points; of points at one place the first has the ground."""
    if len(points) == 1:
        return np.array([zone], dtype=object)
    pieces = np.full(len(points), shapely.Polygon(), dtype=object)
    _, first = np.unique(shapely.get_coordinates(points), axis=0, return_index=True)
    if len(first) == 1:
        pieces[first[0]] = zone
        return pieces
    cells = shapely.get_parts(
        shapely.voronoi_polygons(
            shapely.MultiPoint(list(points[first])), extend_to=zone
        )
    )
    # Of points on a grid GEOS makes some cells that cross themselves by a rounding.
    cells = shapely.make_valid(cells)
    cell, at = shapely.STRtree(points[first]).query(cells, predicate="contains")
    # Only cells on the border need the costly cut.
    cut = ~shapely.contains_properly(zone, cells)
    cells[cut] = shapely.intersection(zone, cells[cut])
    pieces[first[at]] = cells[cell]
    return pieces


def _polygons(shape: shapely.Geometry) -> shapely.MultiPolygon:
    parts = shapely.get_parts(shape)
    return shapely.MultiPolygon([p for p in parts if p.geom_type == "Polygon"])
