"""Which zone a place lies in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely

from allocator.load.coordinates import metric_crs, to_metres
from allocator.load.shapes import mended

if TYPE_CHECKING:
    import geopandas as gpd
    import pyproj
    from numpy.typing import NDArray

    from allocator.load.coordinates import Numbers, Shapes

NEAR_ZONE_M = 2_000.0  # coarse boundaries leave places outside that belong inside
NEAR_CENTRE_M = 50_000.0  # farther from every centre, a place is not in the area


@dataclass(frozen=True)
class Ground:
    """Zones in metres, to find places in.

    Parameters
    ----------
    crs
        The coordinate system in metres of all shapes here.
    zone_ids
        Ids of the zones, sorted.
    polygons
        Shapes of the zones, None where only the centre is known.
    centres
        Centres of the zones.
    """

    crs: pyproj.CRS
    zone_ids: NDArray[np.object_]
    polygons: Shapes
    centres: Shapes

    def points(self, lon: Numbers, lat: Numbers) -> Shapes:
        """Return points in metres for degrees of CGCS2000."""
        return to_metres(shapely.points(lon, lat), self.crs)

    def covers(
        self, lon: Numbers, lat: Numbers, zone_ids: NDArray[np.object_] | None = None
    ) -> NDArray[np.bool_]:
        """Return which places lie in a zone; in their own, where ``zone_ids`` says so.

        Parameters
        ----------
        lon, lat
            Degrees of CGCS2000, no NaN.
        zone_ids
            The zone of each place; empty or unknown: any zone will do. A zone without
            a shape covers what is near its centre.
        """
        points = self.points(lon, lat)
        # Far from where this projection is used there is no distance in metres.
        points[~np.isfinite(shapely.get_x(points))] = None
        position = {zone_id: at for at, zone_id in enumerate(self.zone_ids)}
        stated = [""] * len(points) if zone_ids is None else zone_ids
        own = np.array([position.get(zone_id, -1) for zone_id in stated], dtype=int)
        near = [c if p is None else None for p, c in self._pairs()]
        areas = np.where(
            shapely.is_missing(self.polygons),
            shapely.buffer(np.array(near, dtype=object), NEAR_CENTRE_M),
            self.polygons,
        )
        inside = np.zeros(len(points), dtype=bool)
        has_own = own >= 0
        inside[has_own] = shapely.intersects(areas[own[has_own]], points[has_own])
        which, _ = shapely.STRtree(areas).query(points, predicate="intersects")
        anywhere = np.zeros(len(points), dtype=bool)
        anywhere[which] = True
        return np.where(has_own, inside, anywhere)

    def _pairs(self) -> zip[tuple[object, object]]:
        return zip(self.polygons, self.centres, strict=True)

    def find(self, lon: Numbers, lat: Numbers) -> Found:
        """Return the zone of every place; degrees of CGCS2000, no NaN."""
        points = self.points(lon, lat)
        zones = np.full(len(points), -1)
        distance_m = np.zeros(len(points))
        has_shape = np.flatnonzero(~shapely.is_missing(self.polygons))
        tree = shapely.STRtree(self.polygons[has_shape])
        which, zone = tree.query(points, predicate="intersects")
        # On a common border the zone with the lowest id is taken, on every run.
        for position, at in zip(which[::-1], has_shape[zone[::-1]], strict=True):
            zones[position] = at if zones[position] < 0 else min(at, zones[position])
        self._nearest(points, zones, distance_m, self.polygons, NEAR_ZONE_M)
        without_shape = shapely.is_missing(self.polygons)
        centres = self.centres.copy()
        centres[~without_shape] = None
        by_centre = zones < 0
        self._nearest(points, zones, distance_m, centres, NEAR_CENTRE_M)
        ids = np.array(
            [self.zone_ids[z] if z >= 0 else "" for z in zones], dtype=object
        )
        by_centre &= zones >= 0
        return Found(ids, distance_m, by_centre)

    @staticmethod
    def _nearest(
        points: Shapes,
        zones: NDArray[np.int_],
        distance_m: Numbers,
        shapes: Shapes,
        most_m: float,
    ) -> None:
        """Give places without a zone the nearest shape's, if near enough; in place."""
        lost = np.flatnonzero(zones < 0)
        have = np.flatnonzero(~shapely.is_missing(shapes))
        if not len(lost) or not len(have):
            return
        tree = shapely.STRtree(shapes[have])
        (which, nearest), how_far = tree.query_nearest(
            points[lost], max_distance=most_m, return_distance=True, all_matches=False
        )
        zones[lost[which]] = have[nearest]
        distance_m[lost[which]] = how_far


@dataclass(frozen=True)
class Found:
    """Where places lie, one a place.

    Parameters
    ----------
    zone_ids
        Text; empty where no zone is near.
    distance_m
        How far outside the zone the place is; 0 inside. From the centre where
        ``by_centre``.
    by_centre
        Whether the zone was found by the nearest centre.
    """

    zone_ids: NDArray[np.object_]
    distance_m: Numbers
    by_centre: NDArray[np.bool_]


def lay_ground(zones: gpd.GeoDataFrame) -> Ground:
    """Return the zones in metres, in a system chosen from their middle."""
    lon = zones["lon"].to_numpy(dtype=float)
    lat = zones["lat"].to_numpy(dtype=float)
    crs = metric_crs((lon.min() + lon.max()) / 2, (lat.min() + lat.max()) / 2)
    return Ground(
        crs,
        zones.index.to_numpy(dtype=object),
        mended(to_metres(zones.geometry.to_numpy(), crs)),
        to_metres(shapely.points(lon, lat), crs),
    )
