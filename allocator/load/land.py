"""Zones or counties on a plane on which their borders stay straight lines.

Where three zones meet, the long straight border of one runs past a corner of another.
A map projection bends straight lines, so that overlaps and gaps would appear there that
nobody drew; degrees that are only stretched to metres keep every line straight.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely

from allocator.load.repairs import people_on
from allocator.load.shapes import ELLIPSOID, area_m2

if TYPE_CHECKING:
    import geopandas as gpd

    from allocator.load.coordinates import Numbers, Shapes


@dataclass(frozen=True)
class Plane:
    """Degrees stretched to metres, true to scale in the middle of an area.

    Parameters
    ----------
    origin
        Longitude and latitude of the middle, degrees.
    metres
        Metres of a degree there, to the east and to the north.
    """

    origin: tuple[float, float]
    metres: tuple[float, float]

    def flat(self, shapes: Shapes) -> Shapes:
        """Return shapes in degrees on the plane; None stays None."""
        moved = shapely.transform(shapes, lambda xy: (xy - self.origin) * self.metres)
        return np.asarray(moved, dtype=object)

    def degrees(self, shapes: Shapes) -> Shapes:
        """Undo `flat`."""
        moved = shapely.transform(shapes, lambda xy: xy / self.metres + self.origin)
        return np.asarray(moved, dtype=object)

    def m2(self, shape: shapely.Geometry) -> float:
        """Return the true area of a shape on the plane, square metres."""
        return area_m2(self.degrees(np.array([shape], dtype=object))[0])


def plane_of(zones: gpd.GeoDataFrame) -> Plane:
    """Return the plane around the middle of the zones' centres."""
    lon = (zones["lon"].min() + zones["lon"].max()) / 2
    lat = (zones["lat"].min() + zones["lat"].max()) / 2
    east = ELLIPSOID.line_length([lon - 0.5, lon + 0.5], [lat, lat])
    north = ELLIPSOID.line_length([lon, lon], [lat - 0.5, lat + 0.5])
    return Plane((float(lon), float(lat)), (float(east), float(north)))


@dataclass(frozen=True)
class Land:
    """Units on a plane, in the order of their ids.

    Parameters
    ----------
    ids, names
        One a unit; ids sorted.
    people
        People of each, NaN where not given.
    shapes
        Valid polygons on the plane, None where there is none.
    plane
        Whose metres they are in.
    """

    ids: tuple[str, ...]
    names: tuple[str, ...]
    people: Numbers
    shapes: Shapes
    plane: Plane

    def label(self, position: int) -> str:
        """Return a unit as a planner knows it."""
        return f"{self.ids[position]} {self.names[position]}"

    def people_on(self, position: int, part: shapely.Geometry) -> int | None:
        """Return the people on a part of a unit, an estimate by area."""
        return people_on(
            float(shapely.area(part)),
            of_m2=float(shapely.area(self.shapes[position])),
            people=float(self.people[position]),
        )


def land_of(units: gpd.GeoDataFrame, plane: Plane) -> Land:
    """Return zones or counties with their shapes on a plane."""
    people = np.full(len(units), np.nan)
    if "population" in units:
        people = units["population"].to_numpy(dtype=float)
    shapes = np.asarray(units.geometry.to_numpy(), dtype=object)
    return Land(
        tuple(map(str, units.index)),
        tuple(map(str, units["name"])),
        people,
        plane.flat(shapes),
        plane,
    )
