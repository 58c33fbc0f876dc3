"""Which zones touch on the map, and how parts that do not touch are joined.

Two zones touch when at least `LEAST_BORDER_M` of the border of one lies within
`TOLERANCE_M` of the other: slivers and gaps of a digitised map do not part them, and
zones that meet in a corner do not touch. A zone of which only the centre is known
touches the zones that are its neighbours in the Gabriel graph of all centres: no third
centre lies in or on the circle that has the two centres as its diameter.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import shapely

from allocator.area import GEOGRAPHIC_CRS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from allocator.area import PlanningArea

TOLERANCE_M = 10.0  # slivers and gaps between neighbours, metres
LEAST_BORDER_M = 50.0  # a shorter common border is a corner, metres
_ON_THE_CIRCLE = 1e-6  # relative: rounding must not move a centre off a circle

type Shapes = NDArray[Any]  # of shapely geometries, metres
type Neighbours = dict[str, frozenset[str]]


@dataclass(frozen=True, slots=True)
class Link:
    """A join between two parts that do not touch: the nearest two zones of them."""

    first: str
    second: str
    metres: float


@dataclass(frozen=True)
class Joined:
    """Some of the zones as one connected graph.

    Parameters
    ----------
    neighbours
        The neighbours of each zone among them, links included.
    parts
        The connected parts before joining, the part with most zones first.
    links
        What joins the parts; one fewer than there are parts.
    """

    neighbours: Neighbours
    parts: tuple[frozenset[str], ...]
    links: tuple[Link, ...]


@dataclass(frozen=True)
class Adjacency:
    """The zones of an area, or unions of them, and which of them touch.

    Parameters
    ----------
    neighbours
        The zones that each zone touches.
    by_centre
        Zones without a polygon, sorted.
    shapes
        Polygon, or centre where there is none, of each zone; metres.
    """

    neighbours: Mapping[str, frozenset[str]]
    by_centre: tuple[str, ...]
    shapes: Mapping[str, Any]

    def joined(self, zones: Iterable[str]) -> Joined:
        """Return the graph of ``zones`` alone, its parts joined where they are nearest.

        Parts are joined by the shortest gaps first, until all hang together: a
        least spanning tree of the parts.
        """
        chosen = frozenset(zones)
        graph = {z: self.neighbours[z] & chosen for z in sorted(chosen)}
        parts = connected_parts(graph)
        links = self._links(parts)
        for link in links:
            graph[link.first] |= {link.second}
            graph[link.second] |= {link.first}
        return Joined(graph, parts, links)

    def merged(self, items: Mapping[str, Collection[str]]) -> Adjacency:
        """Return which unions of zones touch: those of which two zones do.

        Parameters
        ----------
        items
            The zones of each union, none of them in two; a union is one whatever the
            gaps inside it.
        """
        item_of = {zone: item for item, zones in items.items() for zone in zones}
        neighbours: dict[str, set[str]] = {item: set() for item in items}
        for zone, item in item_of.items():
            near = {item_of[n] for n in self.neighbours[zone] if n in item_of}
            neighbours[item] |= near - {item}
        return Adjacency(
            {item: frozenset(near) for item, near in neighbours.items()},
            (),
            {
                item: shapely.union_all([self.shapes[z] for z in sorted(zones)])
                for item, zones in items.items()
            },
        )

    def _links(self, parts: Sequence[frozenset[str]]) -> tuple[Link, ...]:
        """Return the least spanning tree of the parts, shortest gap first."""
        if len(parts) < 2:  # noqa: PLR2004 (one part needs no link)
            return ()
        part_of = {z: number for number, part in enumerate(parts) for z in part}
        ids = sorted(part_of)
        shapes = np.array([self.shapes[z] for z in ids], dtype=object)
        gaps: set[tuple[float, str, str]] = set()
        # Each pair of parts has one that is not the largest: zones of those suffice.
        for zone in ids:
            if part_of[zone] == 0:
                continue
            distances = shapely.distance(self.shapes[zone], shapes).tolist()
            gaps |= {
                (gap, min(zone, other), max(zone, other))
                for other, gap in zip(ids, distances, strict=True)
                if part_of[other] != part_of[zone]
            }
        links = []
        for metres, first, second in sorted(gaps):
            old, new = part_of[second], part_of[first]
            if old == new:
                continue
            links.append(Link(first, second, metres))
            part_of = {z: new if p == old else p for z, p in part_of.items()}
        return tuple(links)


def find_adjacency(area: PlanningArea) -> Adjacency:
    """Return which zones of an area touch."""
    ids = [str(z) for z in area.zones.index]
    shapes, missing = _in_metres(area)
    pairs = _touching(shapes, missing) | _gabriel(_flat_centres(area), missing)
    neighbours: dict[str, set[str]] = {z: set() for z in ids}
    for i, j in pairs:
        neighbours[ids[i]].add(ids[j])
        neighbours[ids[j]].add(ids[i])
    return Adjacency(
        {z: frozenset(found) for z, found in neighbours.items()},
        tuple(z for z, without in zip(ids, missing, strict=True) if without),
        dict(zip(ids, shapes, strict=True)),
    )


def connected_parts(graph: Mapping[str, Iterable[str]]) -> tuple[frozenset[str], ...]:
    """Return the connected parts of a graph, the largest first, then by least id."""
    left = set(graph)
    parts = []
    while left:
        part, edge = set(), {min(left)}
        while edge:
            part |= edge
            edge = {n for z in edge for n in graph[z]} - part
        parts.append(frozenset(part))
        left -= part
    return tuple(sorted(parts, key=lambda part: (-len(part), min(part))))


def _in_metres(area: PlanningArea) -> tuple[Shapes, NDArray[np.bool_]]:
    """Return every zone's shape in metres, and which have their centre for a shape."""
    zones = area.zones
    lon, lat = zones["lon"].to_numpy(float), zones["lat"].to_numpy(float)
    shapes = zones.geometry.to_numpy().copy()
    missing = shapely.is_missing(shapes) | shapely.is_empty(shapes)
    shapes[missing] = shapely.points(lon[missing], lat[missing])
    crs = (
        f"+proj=laea +lon_0={lon.mean():.4f} +lat_0={lat.mean():.4f} "
        "+ellps=GRS80 +units=m"
    )
    series = gpd.GeoSeries(shapes, crs=zones.crs or GEOGRAPHIC_CRS).to_crs(crs)
    return series.to_numpy(), np.asarray(missing, dtype=bool)


def _touching(shapes: Shapes, missing: NDArray[np.bool_]) -> set[tuple[int, int]]:
    """Return the pairs of polygons that share a border."""
    tree = shapely.STRtree(shapes)
    one, other = tree.query(shapes, predicate="dwithin", distance=TOLERANCE_M)
    keep = (one < other) & ~missing[one] & ~missing[other]
    one, other = one[keep], other[keep]
    borders, grown = shapely.boundary(shapes), shapely.buffer(shapes, TOLERANCE_M)
    metres = np.maximum(
        shapely.length(shapely.intersection(borders[one], grown[other])),
        shapely.length(shapely.intersection(borders[other], grown[one])),
    )
    long = metres >= LEAST_BORDER_M
    return set(zip(one[long].tolist(), other[long].tolist(), strict=True))


def _flat_centres(area: PlanningArea) -> NDArray[np.float64]:
    """Return centres in degrees of latitude: a grid in degrees stays rectangular."""
    lon = area.zones["lon"].to_numpy(dtype=float)
    lat = area.zones["lat"].to_numpy(dtype=float)
    return np.column_stack([lon * math.cos(math.radians(lat.mean())), lat])


def _gabriel(
    centres: NDArray[np.float64], missing: NDArray[np.bool_]
) -> set[tuple[int, int]]:
    """Return the Gabriel pairs that have an end without a polygon.

    A third centre k parts i and j when d(i,k)^2 + d(k,j)^2 <= d(i,j)^2: Thales. One
    that lies at i or j parts nothing.
    """
    if not missing.any():
        return set()
    square = ((centres[:, None, :] - centres[None, :, :]) ** 2).sum(axis=2)
    apart = square > 0
    pairs = set()
    for i in np.flatnonzero(missing):
        through = square[i][:, None] + square  # rows: the third centre
        parts = through <= square[i][None, :] * (1 + _ON_THE_CIRCLE)
        parts &= apart[i][:, None] & apart
        for j in np.flatnonzero(~parts.any(axis=0)):
            if j != i:
                pairs.add((int(min(i, j)), int(max(i, j))))
    return pairs
