"""The fastest journeys along roads, with a cut-off.

Journeys go from people to sites, or from sites to people for an ambulance. The way to
and from the road counts.

Method: Dijkstra 1959 (Numerische Mathematik 1, 269-271) with a cut-off, from each site,
on the reversed graph where people travel to it; scipy's implementation.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import dijkstra

from allocator.errors import Text
from allocator.progress import SILENT
from allocator.travel.network import LEAST_MINUTES
from allocator.travel.pairs import ROUNDING_MINUTES
from allocator.travel.straight import METRES_OF_ONE_KM

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from allocator.progress import Progress
    from allocator.travel.network import Network, Numbers, Places, Snapped

_MOST_SITES_OF_ONE_STEP = 128  # 1.5 kB for each node: minutes and predecessors
_STRETCH = 1.02  # a projection's lengths against those on the ellipsoid, at most


@dataclass(frozen=True)
class Journeys:
    """Pairs of positions that can be travelled, sorted by demand and site.

    Parameters
    ----------
    demand, site
        Positions in the area's frames.
    minutes, km
        Of the fastest way, the ways to and from the road included.
    """

    demand: NDArray[np.int32]
    site: NDArray[np.int32]
    minutes: Numbers
    km: Numbers


@dataclass(frozen=True)
class _Graph:
    """The directed graph that is searched, with a node for each site on it.

    ``keys`` are source times size plus target, sorted, aligned with ``km``.
    """

    matrix: csr_matrix
    keys: Places
    km: Numbers
    first_site: int
    size: int


@dataclass(frozen=True)
class _Doors:
    """Where people leave the graph: node, and what is left from there, by node.

    Rows ``bounds[n]:bounds[n + 1]`` belong to node n; ``by_edge`` holds the people on
    each edge in the same way.
    """

    bounds: Places
    person: NDArray[np.int32]
    minutes: Numbers
    km: Numbers
    edge_bounds: Places
    edge_person: NDArray[np.int32]


def fastest_journeys(
    network: Network,
    people: Snapped,
    sites: Snapped,
    *,
    max_minutes: float,
    to_people: bool = False,
    progress: Progress = SILENT,
) -> Journeys:
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
    """
    progress.step(Text("沿路网计算出行时间", "computing travel along roads"))
    there, back = network.there, network.back
    if not to_people:  # searched from the site, against the way that people take
        there, back = back, there
    graph = _graph(network, sites, there, back)
    doors = _doors(network, people, there, back)
    on_road = np.flatnonzero(sites.found)
    reach_m = _reach_m(network, max_minutes)
    parts: list[tuple[NDArray[np.int32], int, Numbers, Numbers]] = []
    done = 0
    for rows in _neighbours(sites.xy[on_road], reach_m):
        near = _near(network, sites, on_road[rows], reach_m)
        nodes = np.concatenate([near, graph.first_site + rows])
        minutes, before = dijkstra(
            graph.matrix[nodes][:, nodes],
            indices=len(near) + np.arange(len(rows)),
            limit=max_minutes,
            return_predecessors=True,
        )
        for row, position in enumerate(on_road[rows].tolist()):
            node, took, km = _reached(graph, nodes, minutes[row], before[row])
            found = _arrivals(node, took, km, doors)
            edge = int(sites.edge[position])
            whole = (float(there[edge]), float(back[edge]), float(network.km[edge]))
            found += _beside(edge, people.share, sites.share[position], doors, whole)
            parts.append(_best(found, people, sites, position, max_minutes))
        done += len(rows)
        said = f"{done}/{len(on_road)}"
        progress.update(Text(f"{said} 个机构", f"{said} sites"))
    return _joined(parts)


def _reach_m(network: Network, max_minutes: float) -> float:
    """Return how far anyone gets in the time, as the crow flies, metres.

    Nobody is faster than the fastest edge; the projection may stretch lengths a little.
    """
    minutes = np.minimum(network.there, network.back)
    speeds = network.km / minutes  # km a minute; 0 where nobody may travel
    fastest = float(speeds.max(initial=0.0))
    return fastest * max_minutes * _STRETCH * METRES_OF_ONE_KM + 1.0


def _neighbours(xy: Numbers, reach_m: float) -> Iterator[Places]:
    """Return the positions of sites in groups that lie close together, in order."""
    if not np.isfinite(reach_m):
        reach_m = float(np.ptp(xy, axis=0).max(initial=0.0)) + 1.0
    cell = np.floor(xy / reach_m).astype(np.int64)
    order = np.lexsort((cell[:, 0], cell[:, 1]))
    change = (cell[order][1:] != cell[order][:-1]).any(axis=1)
    for group in np.split(order, np.flatnonzero(change) + 1):
        for begin in range(0, len(group), _MOST_SITES_OF_ONE_STEP):
            part = np.sort(group[begin : begin + _MOST_SITES_OF_ONE_STEP])
            if len(part):
                yield part


def _near(network: Network, sites: Snapped, group: Places, reach_m: float) -> Places:
    """Return the nodes that any site of a group may reach in the time."""
    margin = reach_m + float(sites.access_km[group].max()) * METRES_OF_ONE_KM
    low, high = (
        sites.xy[group].min(axis=0) - margin,
        sites.xy[group].max(axis=0) + margin,
    )
    inside = ((network.xy >= low) & (network.xy <= high)).all(axis=1)
    return np.flatnonzero(inside)


def _joined(
    parts: list[tuple[NDArray[np.int32], int, Numbers, Numbers]],
) -> Journeys:
    demand = np.concatenate([p[0] for p in parts] or [np.empty(0, np.int32)])
    site = np.concatenate(
        [np.full(len(p[0]), p[1], np.int32) for p in parts] or [np.empty(0, np.int32)]
    )
    minutes = np.concatenate([p[2] for p in parts] or [np.empty(0)])
    km = np.concatenate([p[3] for p in parts] or [np.empty(0)])
    order = np.lexsort((site, demand))
    return Journeys(demand[order], site[order], minutes[order], km[order])


def _part(share: Numbers, minutes: Numbers) -> Numbers:
    """Return the minutes of a part of an edge: none takes none, allowed or not."""
    result: Numbers = np.where(share > 0, share, 1.0) * minutes
    return np.where(share > 0, result, 0.0)


def _graph(network: Network, sites: Snapped, there: Numbers, back: Numbers) -> _Graph:
    on_road = np.flatnonzero(sites.found)
    edge, share = sites.edge[on_road], sites.share[on_road]
    own = network.nodes + np.arange(len(on_road))
    source = np.concatenate([network.start, network.end, own, own])
    target = np.concatenate(
        [network.end, network.start, network.end[edge], network.start[edge]]
    )
    parts = [there, back, _part(1 - share, there[edge]), _part(share, back[edge])]
    minutes = np.maximum(np.concatenate(parts), LEAST_MINUTES)
    km = np.concatenate(
        [
            network.km,
            network.km,
            (1 - share) * network.km[edge],
            share * network.km[edge],
        ]
    )
    good = np.isfinite(minutes)
    source, target, minutes, km = source[good], target[good], minutes[good], km[good]
    size = network.nodes + len(on_road)
    keys = source * size + target
    # Of several roads between two nodes the fastest counts; scipy would add them up.
    order = np.lexsort((km, minutes, keys))
    keys, minutes, km = keys[order], minutes[order], km[order]
    first = np.append([True], keys[1:] != keys[:-1])[: len(keys)]
    keys, minutes, km = keys[first], minutes[first], km[first]
    bounds = np.searchsorted(keys, np.arange(size + 1) * size).astype(np.int32)
    matrix = csr_matrix(
        (minutes, (keys % size).astype(np.int32), bounds), shape=(size, size)
    )
    return _Graph(matrix, keys, km, network.nodes, size)


def search_graph(
    network: Network, sites: Snapped, there: Numbers, back: Numbers
) -> tuple[csr_matrix, int]:
    """Return the graph that is searched, and the node of the first site on it."""
    graph = _graph(network, sites, there, back)
    return graph.matrix, graph.first_site


def _doors(network: Network, people: Snapped, there: Numbers, back: Numbers) -> _Doors:
    who = np.flatnonzero(people.found).astype(np.int32)
    edge, share = people.edge[who], people.share[who]
    node = np.concatenate([network.start[edge], network.end[edge]])
    minutes = np.concatenate([_part(share, there[edge]), _part(1 - share, back[edge])])
    km = np.concatenate([share, 1 - share]) * np.tile(network.km[edge], 2)
    person = np.tile(who, 2)
    good = np.isfinite(minutes)
    node, minutes, km, person = node[good], minutes[good], km[good], person[good]
    order = np.argsort(node, kind="stable")
    by_edge = np.argsort(edge, kind="stable")
    return _Doors(
        np.searchsorted(node[order], np.arange(network.nodes + 1)),
        person[order],
        minutes[order],
        km[order],
        np.searchsorted(edge[by_edge], np.arange(len(network.km) + 1)),
        who[by_edge],
    )


def _reached(
    graph: _Graph, nodes: Places, minutes: Numbers, before: NDArray[np.int32]
) -> tuple[Places, Numbers, Numbers]:
    """Return the nodes reached from one site, with minutes and km along the way.

    ``minutes`` and ``before`` are about ``nodes``, by position.
    """
    node = np.flatnonzero(np.isfinite(minutes))
    place = np.zeros(len(nodes), dtype=np.int32)
    place[node] = np.arange(len(node), dtype=np.int32)
    root = before[node] < 0  # the site itself
    parent = np.where(root, node, before[node])
    at = np.searchsorted(graph.keys, nodes[parent] * graph.size + nodes[node])
    km = np.where(root, 0.0, graph.km[np.minimum(at, len(graph.km) - 1)])
    up = place[parent]
    # Each round adds the way of the node that the way so far leads to: twice as far.
    while (up[up] != up).any():
        km, up = km + km[up], up[up]
    return nodes[node], minutes[node], km


def _arrivals(
    node: Places, took: Numbers, km: Numbers, doors: _Doors
) -> list[tuple[NDArray[np.int32], Numbers, Numbers]]:
    """Return the people at the nodes reached; the same may come twice."""
    inside = node < len(doors.bounds) - 1
    node, took, km = node[inside], took[inside], km[inside]
    begin = doors.bounds[node]
    count = doors.bounds[node + 1] - begin
    owner = np.repeat(np.arange(len(node)), count)
    rows = np.arange(len(owner)) - np.repeat(np.cumsum(count) - count, count)
    rows += begin[owner]
    return [
        (
            doors.person[rows],
            took[owner] + doors.minutes[rows],
            km[owner] + doors.km[rows],
        )
    ]


def _beside(
    edge: int,
    share: Numbers,
    own_share: float,
    doors: _Doors,
    whole: tuple[float, float, float],
) -> list[tuple[NDArray[np.int32], Numbers, Numbers]]:
    """Return the people on the site's own road, who need not go by its ends.

    ``share`` is how far along their road people are, ``own_share`` the site;
    ``whole`` holds the minutes of the edge there and back, and its km.
    """
    who = doors.edge_person[doors.edge_bounds[edge] : doors.edge_bounds[edge + 1]]
    if not len(who):
        return []
    ahead = share[who] - own_share
    there, back, km = whole
    minutes = np.where(
        ahead >= 0,
        _part(ahead, np.full(len(who), there)),
        _part(-ahead, np.full(len(who), back)),
    )
    return [(who, minutes, np.abs(ahead) * km)]


def _best(
    found: list[tuple[NDArray[np.int32], Numbers, Numbers]],
    people: Snapped,
    sites: Snapped,
    site: int,
    max_minutes: float,
) -> tuple[NDArray[np.int32], int, Numbers, Numbers]:
    """Return the fastest way of everyone found, in order, within the cut-off."""
    person, minutes, km = (
        np.concatenate(column) for column in zip(*found, strict=True)
    )
    minutes = minutes + people.access_minutes[person] + sites.access_minutes[site]
    km = km + people.access_km[person] + sites.access_km[site]
    near = minutes <= max_minutes + ROUNDING_MINUTES
    person, minutes, km = person[near], minutes[near], km[near]
    order = np.lexsort((km, minutes, person))
    person, minutes, km = person[order], minutes[order], km[order]
    first = np.ones(len(person), dtype=bool)
    first[1:] = person[1:] != person[:-1]
    return person[first], site, minutes[first], km[first]
