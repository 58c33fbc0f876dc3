"""Travel along roads: the fastest way over a network, with a cut-off.

Lines meet where they share a vertex, and nowhere else: a bridge does not meet the road
below it. Places are put on the nearest road within a limit, between its ends where that
is nearest; the way to the road counts at walking speed. Journeys go from people to
sites, or from sites to people for an ambulance.

Method: Dijkstra 1959 with a cut-off, from each site, on the reversed graph where people
travel to it; scipy's implementation.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyproj
import shapely
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components, dijkstra

from allocator.errors import Text
from allocator.progress import SILENT
from allocator.travel.pairs import ROUNDING_MINUTES
from allocator.travel.straight import ELLIPSOID, METRES_OF_ONE_KM, MINUTES_OF_ONE_HOUR

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from allocator.progress import Progress

type Numbers = NDArray[np.float64]
type Places = NDArray[np.int64]
type Shapes = NDArray[np.object_]

DEGREES = "EPSG:4490"
# Vertices nearer than this are one: 1e-7 degrees are a centimetre.
_SAME_DEGREES = 1e-7
_CELLS_OF_ONE_STEP = 40_000_000  # nodes times sites looked at together: 320 MB
_LEAST_MINUTES = 1e-9  # an edge of no length would be no edge to scipy


@dataclass(frozen=True)
class Roads:
    """Lines that can be travelled, one row each.

    Parameters
    ----------
    lines
        LineStrings, degrees of CGCS2000.
    kmh
        Speed on each line, km/h, > 0.
    forward, backward
        Whether one may travel in the direction of the line, and against it.
    extra_minutes
        What a line takes beyond its length by its speed: waiting for a ferry.
    """

    lines: Shapes
    kmh: Numbers
    forward: NDArray[np.bool_]
    backward: NDArray[np.bool_]
    extra_minutes: Numbers


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
    shapes
        The edges in metres of ``crs``.
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
    shapes: Shapes
    crs: pyproj.CRS
    component: Places


def build_network(roads: Roads, crs: pyproj.CRS) -> Network:
    """Split lines where they meet, and return the graph.

    Parameters
    ----------
    roads
        At least one line.
    crs
        A coordinate system in metres that fits the area.
    """
    xy, line = shapely.get_coordinates(roads.lines, return_index=True)
    keys = np.round(xy / _SAME_DEGREES).astype(np.int64)
    _, vertex = np.unique(keys, axis=0, return_inverse=True)
    vertex = vertex.ravel()
    times = np.bincount(vertex)
    is_end = np.ones(len(xy), dtype=bool)
    inner = (line[1:-1] == line[:-2]) & (line[1:-1] == line[2:])
    is_end[1:-1] = ~inner
    is_node = is_end | (times[vertex] > 1)
    # A vertex that is a node on one line is one on all.
    node_vertices = np.zeros(len(times), dtype=bool)
    node_vertices[vertex[is_node]] = True
    number = np.cumsum(node_vertices) - 1
    at = np.flatnonzero(is_node)
    pairs = np.flatnonzero(line[at[:-1]] == line[at[1:]])
    first, last = at[pairs], at[pairs + 1]
    same = line[:-1] == line[1:]
    metres = np.zeros(len(xy))
    _, _, lengths = ELLIPSOID.inv(
        xy[:-1, 0][same], xy[:-1, 1][same], xy[1:, 0][same], xy[1:, 1][same]
    )
    metres[1:][same] = lengths
    along = np.cumsum(metres)
    km = (along[last] - along[first]) / METRES_OF_ONE_KM
    of = line[first]
    whole = np.bincount(of, weights=km, minlength=len(roads.lines))
    share = np.divide(km, whole[of], out=np.zeros_like(km), where=whole[of] > 0)
    minutes = km / roads.kmh[of] * MINUTES_OF_ONE_HOUR
    minutes = np.maximum(minutes + roads.extra_minutes[of] * share, _LEAST_MINUTES)
    start, end = number[vertex[first]], number[vertex[last]]
    nodes = int(node_vertices.sum())
    return Network(
        nodes,
        start,
        end,
        np.where(roads.forward[of], minutes, np.inf),
        np.where(roads.backward[of], minutes, np.inf),
        _edge_shapes(xy, first, last, crs),
        crs,
        _components(nodes, start, end),
    )


def _edge_shapes(xy: Numbers, first: Places, last: Places, crs: pyproj.CRS) -> Shapes:
    """Return the part of a line between two nodes, in metres."""
    count = last - first + 1
    owner = np.repeat(np.arange(len(first)), count)
    within = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
    points = xy[np.repeat(first, count) + within]
    transformer = pyproj.Transformer.from_crs(DEGREES, crs, always_xy=True)
    x, y = transformer.transform(points[:, 0], points[:, 1])
    return np.asarray(shapely.linestrings(np.column_stack([x, y]), indices=owner))


def _components(nodes: int, start: Places, end: Places) -> Places:
    graph = csr_matrix((np.ones(len(start)), (start, end)), shape=(nodes, nodes))
    _, labels = connected_components(graph, directed=False)
    order = np.argsort(-np.bincount(labels), kind="stable")
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    return rank[labels]


@dataclass(frozen=True)
class Snapped:
    """Places on the network, one a place.

    Parameters
    ----------
    edge
        The nearest edge; -1 where none is near enough.
    share
        How far along the edge, 0 to 1.
    access_minutes
        The way to the road.
    """

    edge: Places
    share: Numbers
    access_minutes: Numbers

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
    transformer = pyproj.Transformer.from_crs(DEGREES, network.crs, always_xy=True)
    points = shapely.points(*transformer.transform(lon, lat))
    tree = shapely.STRtree(network.shapes)
    (which, edge), metres = tree.query_nearest(
        points, max_distance=most_m, return_distance=True, all_matches=True
    )
    # Of roads as near the first is taken, on every run.
    order = np.lexsort((edge, which))
    which, edge, metres = which[order], edge[order], metres[order]
    _, first = np.unique(which, return_index=True)
    which, edge, metres = which[first], edge[first], metres[first]
    edges = np.full(len(points), -1, dtype=np.int64)
    share = np.zeros(len(points))
    access = np.zeros(len(points))
    edges[which] = edge
    access[which] = metres / METRES_OF_ONE_KM / access_kmh * MINUTES_OF_ONE_HOUR
    lines = network.shapes[edge]
    length = shapely.length(lines)
    along = shapely.line_locate_point(lines, points[which])
    share[which] = np.divide(along, length, out=np.zeros_like(along), where=length > 0)
    return Snapped(edges, np.clip(share, 0.0, 1.0), access)


def journeys(
    network: Network,
    people: Snapped,
    sites: Snapped,
    *,
    max_minutes: float,
    to_people: bool = False,
    progress: Progress = SILENT,
) -> pd.DataFrame:
    """Return the fastest journeys between people and sites.

    Parameters
    ----------
    network
        The roads.
    people, sites
        Where they are on it.
    max_minutes
        Longer journeys are left out, inclusive.
    to_people
        Whether the site sends somebody, as an ambulance; else people travel to it.
    progress
        Told how far the work is.

    Returns
    -------
    pairs
        ``demand``, ``site`` (positions) and ``minutes``; sorted by both.
    """
    progress.step(Text("沿路网计算出行时间", "computing travel along roads"))
    graph, first_site = _graph(network, sites, outward=to_people)
    on_road = np.flatnonzero(sites.found)
    ends = _ends(network, people, outward=to_people)
    parts = []
    for chunk in _chunks(len(on_road), network.nodes):
        rows = np.arange(chunk.start, chunk.stop)
        minutes = dijkstra(graph, indices=first_site + rows, limit=max_minutes)
        for row, position in enumerate(on_road[rows]):
            found = _reached(network, people, ends, minutes[row], sites, int(position))
            total = found + people.access_minutes + sites.access_minutes[position]
            near = np.flatnonzero(total <= max_minutes + ROUNDING_MINUTES)
            parts.append((near, np.full(len(near), position), total[near]))
        done = f"{chunk.stop}/{len(on_road)}"
        progress.update(Text(f"{done} 个机构", f"{done} sites"))
    columns = (
        [np.concatenate(c) for c in zip(*parts, strict=True)] if parts else [()] * 3
    )
    pairs = pd.DataFrame(dict(zip(("demand", "site", "minutes"), columns, strict=True)))
    pairs = pairs.astype({"demand": np.int64, "site": np.int64, "minutes": float})
    return pairs.sort_values(["demand", "site"], ignore_index=True)


def _graph(
    network: Network, sites: Snapped, *, outward: bool
) -> tuple[csr_matrix, int]:
    """Return the graph with a node for each site on it, and the first of these.

    It is searched from the sites: reversed where people travel to them.
    """
    there, back = (
        (network.there, network.back) if outward else (network.back, network.there)
    )
    on_road = np.flatnonzero(sites.found)
    edge, share = sites.edge[on_road], sites.share[on_road]
    own = network.nodes + np.arange(len(on_road))
    source = np.concatenate([network.start, network.end, own, own])
    target = np.concatenate(
        [network.end, network.start, network.end[edge], network.start[edge]]
    )
    minutes = np.concatenate(
        [there, back, (1 - share) * there[edge], share * back[edge]]
    )
    minutes = np.maximum(minutes, _LEAST_MINUTES)
    good = np.isfinite(minutes)
    source, target, minutes = source[good], target[good], minutes[good]
    # Of several roads between two nodes the fastest counts; scipy would add them up.
    order = np.lexsort((minutes, target, source))
    source, target, minutes = source[order], target[order], minutes[order]
    first = np.ones(len(source), dtype=bool)
    first[1:] = (source[1:] != source[:-1]) | (target[1:] != target[:-1])
    size = network.nodes + len(on_road)
    graph = csr_matrix((minutes[first], (source[first], target[first])), (size, size))
    return graph, network.nodes


def _ends(
    network: Network, people: Snapped, *, outward: bool
) -> tuple[Places, Places, Numbers, Numbers]:
    """Return both ends of everyone's road, and the minutes between there and them."""
    there, back = (
        (network.there, network.back) if outward else (network.back, network.there)
    )
    edge = np.where(people.found, people.edge, 0)
    from_start = people.share * there[edge]
    from_end = (1 - people.share) * back[edge]
    from_start[~people.found] = from_end[~people.found] = np.inf
    return network.start[edge], network.end[edge], from_start, from_end


def _reached(
    network: Network,
    people: Snapped,
    ends: tuple[Places, Places, Numbers, Numbers],
    minutes: Numbers,
    sites: Snapped,
    site: int,
) -> Numbers:
    """Return the minutes on the road between one site and everyone."""
    start, end, from_start, from_end = ends
    found: Numbers = np.minimum(minutes[start] + from_start, minutes[end] + from_end)
    # On the site's own road nobody need go by its ends.
    same = np.flatnonzero(people.edge == sites.edge[site])
    if len(same):
        apart = people.share[same] - sites.share[site]
        edge = sites.edge[site]
        per_share = _along(network, edge, apart, from_start, from_end, same)
        found[same] = np.minimum(found[same], np.abs(apart) * per_share)
    return found


def _along(
    network: Network,
    edge: int,
    apart: Numbers,
    from_start: Numbers,
    from_end: Numbers,
    same: Places,
) -> Numbers:
    """Return the minutes of a whole edge in the direction between site and people.

    ``from_start`` and ``from_end`` are infinite in a direction that is not allowed,
    also where the share is 0 or 1.
    """
    forward = np.isfinite(from_start[same])
    backward = np.isfinite(from_end[same])
    minutes = min(float(network.there[edge]), float(network.back[edge]))
    allowed = np.where(apart >= 0, forward, backward)
    return np.where(allowed, minutes, np.inf)


def _chunks(count: int, nodes: int) -> Iterator[slice]:
    size = max(1, min(_CELLS_OF_ONE_STEP // max(1, nodes), 512))
    for begin in range(0, count, size):
        yield slice(begin, min(begin + size, count))
