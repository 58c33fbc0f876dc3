"""Where one is within a time of the nearest of several sites, as areas.

Along straight lines these are exact: discs on the ellipsoid, put together. Along roads
they are estimates: the parts of roads that are reached, widened by a stated breadth.
Over a friction surface they are the cells reached.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyproj
import shapely
from scipy.sparse import block_array, csr_matrix
from scipy.sparse.csgraph import dijkstra

from allocator.travel.fastest import search_graph
from allocator.travel.friction import grid_graph
from allocator.travel.network import DEGREES, LEAST_MINUTES
from allocator.travel.straight import ELLIPSOID, METRES_OF_ONE_KM, MINUTES_OF_ONE_HOUR

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from allocator.travel.friction import Surface
    from allocator.travel.network import Network, Numbers, Snapped

CORNERS = 128  # of the polygon that stands for a disc: 0.04 % less than its area


def discs(lon: Numbers, lat: Numbers, km: float) -> shapely.Geometry:
    """Return all places within a distance of any site, degrees of CGCS2000.

    Parameters
    ----------
    lon, lat
        The sites, degrees.
    km
        Distance on the ellipsoid, > 0.
    """
    bearing = np.linspace(0, 360, CORNERS, endpoint=False)
    sites = np.repeat(np.arange(len(lon)), CORNERS)
    turns = np.tile(bearing, len(lon))
    metres = np.full(len(sites), km * METRES_OF_ONE_KM)
    x, y, _ = ELLIPSOID.fwd(lon[sites], lat[sites], turns, metres)
    rings = np.column_stack([x, y]).reshape(len(lon), CORNERS, 2)
    return shapely.union_all(shapely.polygons(rings))


def along_roads_within(
    network: Network,
    sites: Snapped,
    *,
    minutes: float,
    to_people: bool,
    breadth_m: float,
) -> shapely.Geometry:
    """Return the surroundings of the roads that are reached, degrees of CGCS2000.

    Parameters
    ----------
    network, sites
        The roads, and the sites on them.
    minutes
        Longest journey, the way between site and road included.
    to_people
        Whether the site sends somebody to people.
    breadth_m
        How far beside a road is taken to be reached, metres.
    """
    there, back = network.there, network.back
    if not to_people:
        there, back = back, there
    graph, first = search_graph(network, sites, there, back)
    late = np.maximum(sites.access_minutes[sites.found], LEAST_MINUTES)
    best = _from_any(graph, first + np.arange(len(late)), late, minutes)
    parts = _parts(network, best, (there, back), minutes)
    parts += _beside(network, sites, (there, back), minutes)
    lines = np.array(parts, dtype=object)
    area = shapely.union_all(shapely.buffer(lines, breadth_m, quad_segs=4))
    return _degrees(area, network.crs)


def _from_any(
    graph: csr_matrix, sources: NDArray[np.int64], late: Numbers, minutes: float
) -> Numbers:
    """Return the minutes to each node from the best of several sources.

    One node more leads to every source, and takes what that one is late.
    """
    size = graph.shape[0]
    out = csr_matrix((late, (np.zeros(len(sources), int), sources)), shape=(1, size))
    blocks = [[graph, csr_matrix((size, 1))], [out, csr_matrix((1, 1))]]
    whole = csr_matrix(block_array(blocks))
    found: Numbers = dijkstra(whole, indices=size, limit=minutes)[:size]
    return found


def _parts(
    network: Network, best: Numbers, directions: tuple[Numbers, Numbers], minutes: float
) -> list[shapely.Geometry]:
    """Return what is reached of each edge from either end."""
    parts = []
    for node, whole, ahead in (
        (network.start, directions[0], True),
        (network.end, directions[1], False),
    ):
        left = minutes - best[node]
        edge = np.flatnonzero((left > 0) & np.isfinite(whole))
        share = np.minimum(left[edge] / whole[edge], 1.0)
        for line, part in zip(network.shapes[edge], share.tolist(), strict=True):
            begin, end = (0.0, part) if ahead else (1 - part, 1.0)
            parts.append(line if part >= 1 else _between(line, begin, end))
    return parts


def _beside(
    network: Network,
    sites: Snapped,
    directions: tuple[Numbers, Numbers],
    minutes: float,
) -> list[shapely.Geometry]:
    """Return what is reached of each site's own edge, from the site itself."""
    parts = []
    for site in np.flatnonzero(sites.found).tolist():
        edge, share = int(sites.edge[site]), float(sites.share[site])
        left = minutes - float(sites.access_minutes[site])
        if left < 0:
            continue
        ahead, behind = (left / float(whole[edge]) for whole in directions)
        begin, end = max(share - behind, 0.0), min(share + ahead, 1.0)
        parts.append(_between(network.shapes[edge], begin, end))
    return parts


def _between(line: Any, begin: float, end: float) -> shapely.Geometry:  # noqa: ANN401
    """Return a part of a LineString, by shares of its length."""
    xy = shapely.get_coordinates(line)
    along = np.append([0.0], np.cumsum(np.hypot(*np.diff(xy, axis=0).T)))
    low, high = begin * along[-1], end * along[-1]
    ends = [
        shapely.get_coordinates(shapely.line_interpolate_point(line, at))
        for at in (low, high)
    ]
    inner = xy[(along > low) & (along < high)]
    return shapely.LineString(np.vstack([ends[0], inner, ends[1]]))


def cells_within(
    surface: Surface, cells: NDArray[np.int64], minutes: float
) -> shapely.Geometry:
    """Return the cells of a surface that are reached, degrees of CGCS2000."""
    graph, _ = grid_graph(surface)
    sources = np.unique(cells[cells >= 0])
    if not len(sources):
        return shapely.Polygon()
    best = dijkstra(graph, indices=sources, limit=minutes, min_only=True)
    reached = np.isfinite(best).reshape(surface.minutes_per_metre.shape)
    left, top, width, height = surface.frame
    boxes = []
    for row in np.flatnonzero(reached.any(axis=1)).tolist():
        edges = np.diff(np.concatenate([[0], reached[row].astype(np.int8), [0]]))
        begin, end = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)
        low, high = top + (row + 1) * height, top + row * height
        lows, highs = np.full(len(begin), low), np.full(len(begin), high)
        boxes.append(shapely.box(left + begin * width, lows, left + end * width, highs))
    area = shapely.union_all(np.concatenate(boxes))
    return _degrees(area, surface.crs)


def _degrees(shape: shapely.Geometry, crs: str) -> shapely.Geometry:
    transformer = pyproj.Transformer.from_crs(crs, DEGREES, always_xy=True)

    def move(xy: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.column_stack(transformer.transform(xy[:, 0], xy[:, 1]))

    return shapely.transform(shape, move)


def km_within(minutes: float, *, speed_kmh: float, detour: float) -> float:
    """Return how far a straight line reaches in a time, km."""
    return minutes * speed_kmh / detour / MINUTES_OF_ONE_HOUR
