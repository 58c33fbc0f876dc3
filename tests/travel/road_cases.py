"""Road networks small enough to be computed by hand, and one found by trying all."""

from __future__ import annotations

import heapq
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyproj
import shapely

from allocator.travel.fastest import Journeys, fastest_journeys
from allocator.travel.lines import RoadSettings, make_roads
from allocator.travel.network import Network, Snapped, build_network, snap

CRS = "EPSG:4548"  # CGCS2000, 3 degrees around 117 E
WEST, SOUTH = 117.0, 28.6
GEOD = pyproj.Geod(ellps="GRS80")


def at(x_km: float, y_km: float) -> tuple[float, float]:
    """Return the degrees of a place so many km east and north of the corner."""
    lon, lat, _ = GEOD.fwd(WEST, SOUTH, 90, x_km * 1000)
    lon, lat, _ = GEOD.fwd(lon, lat, 0, y_km * 1000)
    return float(lon), float(lat)


def line(*places: tuple[float, float], **columns: Any) -> dict[str, Any]:
    """Return one road through places in km, as the reader of roads returns it."""
    return {
        "class": "县道",
        "speed_kmh": math.nan,
        "forward": None,
        "backward": None,
        "roundabout": False,
        "ferry": False,
        "closed": False,
        "duration_minutes": math.nan,
        "geometry": shapely.LineString([at(*place) for place in places]),
    } | columns


ONE_WAY = {"forward": True, "backward": False}


def network_of(*lines: dict[str, Any], **settings: Any) -> Network:
    frame = pd.DataFrame(list(lines))
    roads, findings = make_roads(
        frame, RoadSettings(**settings), table="roads", crs=CRS
    )
    assert roads is not None, findings
    return build_network(roads, CRS)


def on(network: Network, *places: tuple[float, float], **options: Any) -> Snapped:
    lon, lat = np.array([at(*place) for place in places]).T
    return snap(network, lon, lat, **{"most_m": 1000.0, "access_kmh": 5.0} | options)


def trips(
    network: Network,
    people: Sequence[tuple[float, float]],
    sites: Sequence[tuple[float, float]],
    **options: Any,
) -> dict[tuple[int, int], tuple[float, float]]:
    """Return minutes and km by positions of person and site."""
    found: Journeys = fastest_journeys(
        network,
        on(network, *people),
        on(network, *sites),
        **{"max_minutes": 60.0} | options,
    )
    pairs = zip(found.demand.tolist(), found.site.tolist(), strict=True)
    return dict(
        zip(
            pairs,
            zip(found.minutes.tolist(), found.km.tolist(), strict=True),
            strict=True,
        )
    )


def shortest(edges: dict[tuple[Any, Any], float], source: Any) -> dict[Any, float]:
    """Dijkstra's algorithm from the book, over a dictionary of edges."""
    out: dict[Any, list[tuple[Any, float]]] = {}
    for (a, b), minutes in edges.items():
        out.setdefault(a, []).append((b, minutes))
    best = {source: 0.0}
    queue: list[tuple[float, int, Any]] = [(0.0, 0, source)]
    count = 0
    while queue:
        took, _, node = heapq.heappop(queue)
        if took > best[node]:
            continue
        for other, minutes in out.get(node, []):
            if took + minutes < best.get(other, math.inf):
                best[other] = took + minutes
                count += 1
                heapq.heappush(queue, (best[other], count, other))
    return best
