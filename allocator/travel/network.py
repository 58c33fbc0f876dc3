"""Roads as a graph, and places on it.

Lines meet where they share a vertex, and nowhere else: a bridge does not meet the road
below it. Places are put on the nearest road within a limit, between its ends where that
is nearest.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyproj
import shapely
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components

from allocator.travel.lines import geodesic_metres
from allocator.travel.straight import METRES_OF_ONE_KM, MINUTES_OF_ONE_HOUR

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from allocator.travel.lines import Roads

type Numbers = NDArray[np.float64]
type Places = NDArray[np.int64]
type Shapes = NDArray[np.object_]

DEGREES = "EPSG:4490"
# Vertices nearer than this are one: 1e-7 degrees are a centimetre.
_SAME_DEGREES = 1e-7
LEAST_MINUTES = 1e-9  # an edge of no length would be no edge to scipy


@dataclass(frozen=True)
class Network:
    """Roads as a graph.

    Parameters
    ----------
    nodes
        How many nodes there are.
    start, end
        Node at each end of every edge.
    there, back
        Minutes along the edge and against it; infinite where that is not allowed.
    km
        Length of each edge on the ellipsoid.
    joined
        Whether places beside the edge may be put on it.
    shapes
        The edges in metres of ``crs``.
    xy
        Place of each node, metres of ``crs``.
    crs
        A coordinate system in metres, to find the nearest road in.
    component
        Of each node, the part of the network it belongs to; 0 is the largest.
    """

    nodes: int
    start: Places
    end: Places
    there: Numbers
    back: Numbers
    km: Numbers
    joined: NDArray[np.bool_]
    shapes: Shapes
    xy: Numbers
    crs: str
    component: Places


def build_network(roads: Roads, crs: str) -> Network:
    """Split lines where they meet, and return the graph.

    Parameters
    ----------
    roads
        At least one line.
    crs
        A coordinate system in metres that fits the area.
    """
    xy, line = shapely.get_coordinates(roads.lines, return_index=True)
    vertex, node = _nodes(xy, line)
    at = np.flatnonzero(node[vertex] >= 0)
    pairs = np.flatnonzero(line[at[:-1]] == line[at[1:]])
    first, last = at[pairs], at[pairs + 1]
    along = np.append([0.0], np.cumsum(geodesic_metres(xy, line[:-1] == line[1:])))
    km = (along[last] - along[first]) / METRES_OF_ONE_KM
    of = line[first]
    minutes = _minutes(roads, of, km)
    transformer = pyproj.Transformer.from_crs(DEGREES, crs, always_xy=True)
    metres = np.column_stack(transformer.transform(xy[:, 0], xy[:, 1]))
    start, end = node[vertex[first]], node[vertex[last]]
    nodes = int(node.max()) + 1
    return Network(
        nodes,
        start,
        end,
        np.where(roads.forward[of], minutes, np.inf),
        np.where(roads.backward[of], minutes, np.inf),
        km,
        roads.joined[of],
        _edge_shapes(metres, first, last),
        _node_places(metres, vertex, node),
        crs,
        _components(nodes, start, end),
    )


def _nodes(xy: Numbers, line: Places) -> tuple[Places, Places]:
    """Return the vertex of each coordinate, and the node of each vertex, -1 for none.

    A vertex is a node where a line ends or where lines share it.
    """
    keys = np.round(xy / _SAME_DEGREES).astype(np.int64)
    # One number for both coordinates sorts far faster than two columns.
    packed = (keys[:, 0] + 2**31) * 2**32 + (keys[:, 1] + 2**31)
    _, vertex = np.unique(packed, return_inverse=True)
    times = np.bincount(vertex)
    is_end = np.ones(len(xy), dtype=bool)
    is_end[1:-1] = (line[1:-1] != line[:-2]) | (line[1:-1] != line[2:])
    chosen = times > 1
    chosen[vertex[is_end]] = True
    node = np.where(chosen, np.cumsum(chosen) - 1, -1)
    return vertex, node


def _minutes(roads: Roads, of: Places, km: Numbers) -> Numbers:
    """Return the minutes of each edge; what a whole line takes is shared out by km."""
    whole = np.bincount(of, weights=km, minlength=len(roads.lines))[of]
    share = np.divide(km, whole, out=np.zeros_like(km), where=whole > 0)
    total = roads.total_minutes[of] * share
    by_speed = km / roads.kmh[of] * MINUTES_OF_ONE_HOUR
    minutes = np.where(np.isnan(total), by_speed, total)
    return np.maximum(minutes + roads.extra_minutes[of] * share, LEAST_MINUTES)


def _node_places(metres: Numbers, vertex: Places, node: Places) -> Numbers:
    places = np.empty((int(node.max()) + 1, 2))
    number = node[vertex]
    places[number[number >= 0]] = metres[number >= 0]
    return places


def _edge_shapes(metres: Numbers, first: Places, last: Places) -> Shapes:
    """Return the part of a line between two nodes."""
    count = last - first + 1
    owner = np.repeat(np.arange(len(first)), count)
    within = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
    points = metres[np.repeat(first, count) + within]
    return np.asarray(shapely.linestrings(points, indices=owner))


def _components(nodes: int, start: Places, end: Places) -> Places:
    graph = csr_matrix((np.ones(len(start)), (start, end)), shape=(nodes, nodes))
    _, labels = connected_components(graph, directed=False)
    order = np.argsort(-np.bincount(labels), kind="stable")
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    component: Places = rank[labels]
    return component


@dataclass(frozen=True)
class Snapped:
    """Places on the network, one a place.

    Parameters
    ----------
    edge
        The nearest edge; -1 where none is near enough.
    share
        How far along the edge, 0 to 1.
    access_minutes, access_km
        The way to the road.
    xy
        The places themselves, metres of the network's system.
    """

    edge: Places
    share: Numbers
    access_minutes: Numbers
    access_km: Numbers
    xy: Numbers

    @property
    def found(self) -> NDArray[np.bool_]:
        """Which places are on the network."""
        return self.edge >= 0


def snap(
    network: Network, lon: Numbers, lat: Numbers, *, most_m: float, access_kmh: float
) -> Snapped:
    """Put places on their nearest road.

    Parameters
    ----------
    network
        The roads.
    lon, lat
        Degrees of CGCS2000.
    most_m
        Farther from any road, a place is not on the network; metres, inclusive.
    access_kmh
        Speed of the way to the road, km/h, > 0.
    """
    count = len(lon)
    edges = np.full(count, -1, dtype=np.int64)
    share, access = np.zeros(count), np.zeros(count)
    able = np.flatnonzero(network.joined)
    transformer = pyproj.Transformer.from_crs(DEGREES, network.crs, always_xy=True)
    xy = np.column_stack(transformer.transform(lon, lat))
    if not len(able) or not count:
        return Snapped(edges, share, access, access.copy(), xy)
    points = np.asarray(shapely.points(xy))
    tree = shapely.STRtree(network.shapes[able])
    (which, near), metres = tree.query_nearest(
        points, max_distance=most_m, return_distance=True, all_matches=True
    )
    # Of roads as near the first is taken, on every run.
    edge = able[near]
    order = np.lexsort((edge, which))
    which, edge, metres = which[order], edge[order], metres[order]
    which, first = np.unique(which, return_index=True)
    edge, metres = edge[first], metres[first]
    edges[which] = edge
    access[which] = metres / METRES_OF_ONE_KM
    lines = network.shapes[edge]
    length = shapely.length(lines)
    along = shapely.line_locate_point(lines, points[which])
    share[which] = np.divide(along, length, out=np.zeros_like(along), where=length > 0)
    return Snapped(
        edges,
        np.clip(share, 0.0, 1.0),
        access / access_kmh * MINUTES_OF_ONE_HOUR,
        access,
        xy,
    )
