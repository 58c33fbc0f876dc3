"""Travel estimated from straight lines on the ellipsoid."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyproj
from scipy.spatial import cKDTree

from allocator.errors import Text
from allocator.progress import SILENT
from allocator.travel.pairs import ROUNDING_MINUTES, Travel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from allocator.area import PlanningArea
    from allocator.progress import Progress

ELLIPSOID = pyproj.Geod(ellps="GRS80")
# The least radius of curvature of the ellipsoid, along the meridian at the equator. A
# journey of d km so spans at most d / this radians on the sphere of degrees, and a
# search by that angle misses nothing.
LEAST_RADIUS_KM = ELLIPSOID.a * (1 - ELLIPSOID.es) / 1000
METRES_OF_ONE_KM = 1000.0
MINUTES_OF_ONE_HOUR = 60.0
PAIRS_OF_ONE_STEP = 500_000


def straight_line(
    area: PlanningArea,
    *,
    speed_kmh: float,
    detour: float,
    max_minutes: float,
    progress: Progress = SILENT,
) -> Travel:
    """Estimate travel from geodesic distances on the ellipsoid.

    Minutes are ``km * detour / speed_kmh * 60``, where km is the distance as the crow
    flies: the 服务半径 of Chinese standards.

    Parameters
    ----------
    area
        Its demand points and sites.
    speed_kmh
        Mean speed, km/h, > 0.
    detour
        How much longer roads are than the straight line, >= 1.
    max_minutes
        Longer journeys are left out; inclusive.
    progress
        Told how far the work is.

    Returns
    -------
    travel
        The pairs within ``max_minutes``.

    Raises
    ------
    ValueError
        When a number is out of its range.
    """
    if not (speed_kmh > 0 and detour >= 1 and max_minutes >= 0):
        message = f"bad settings: {speed_kmh=} {detour=} {max_minutes=}"
        raise ValueError(message)
    progress.step(Text("计算出行时间", "computing travel times"))
    minutes_of_one_km = detour / speed_kmh * MINUTES_OF_ONE_HOUR
    demand, site = _near_pairs(area, max_minutes / minutes_of_one_km)
    km = geodesic_km(area, demand, site, progress)
    minutes = km * minutes_of_one_km
    keep = minutes <= max_minutes + ROUNDING_MINUTES
    pairs = pd.DataFrame(
        {
            "demand_id": area.demand.index.take(demand[keep]),
            "site_id": area.sites.index.take(site[keep]),
            "minutes": minutes[keep],
            "km": km[keep],
        }
    )
    note = Text(
        f"直线距离乘以绕行系数 {detour:g}, 平均时速 {speed_kmh:g} 公里, "
        f"单程不超过 {max_minutes:g} 分钟",
        f"straight-line distance times {detour:g} at {speed_kmh:g} km/h, "
        f"up to {max_minutes:g} minutes one way",
    )
    return Travel(pairs, "straight_line", note)


def _near_pairs(
    area: PlanningArea, most_km: float
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return positions of all pairs within a distance, and some that are just beyond.

    Sorted by demand point, then site.
    """
    # Chords through the sphere compare like the angles that they span.
    angle = min(most_km / LEAST_RADIUS_KM, np.pi)
    chord = 2 * np.sin(angle / 2) * (1 + 1e-9) + 1e-9
    trees = [cKDTree(_on_sphere(frame)) for frame in (area.demand, area.sites)]
    found = trees[0].sparse_distance_matrix(trees[1], chord, output_type="ndarray")
    order = np.lexsort((found["j"], found["i"]))
    return found["i"][order].astype(np.int64), found["j"][order].astype(np.int64)


def _on_sphere(frame: pd.DataFrame) -> NDArray[np.float64]:
    lon, lat = np.radians(frame["lon"].to_numpy()), np.radians(frame["lat"].to_numpy())
    return np.column_stack(
        [np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)]
    )


def geodesic_km(
    area: PlanningArea,
    demand: NDArray[np.integer[Any]],
    site: NDArray[np.integer[Any]],
    progress: Progress = SILENT,
) -> NDArray[np.float64]:
    """Return the distance of each pair of positions on the ellipsoid, km."""
    ends = [
        (frame["lon"].to_numpy(dtype=float), frame["lat"].to_numpy(dtype=float))
        for frame in (area.demand, area.sites)
    ]
    km = np.empty(len(demand))
    for start in range(0, len(demand), PAIRS_OF_ONE_STEP):
        part = slice(start, start + PAIRS_OF_ONE_STEP)
        i, j = demand[part], site[part]
        _, _, metres = ELLIPSOID.inv(
            ends[0][0][i], ends[0][1][i], ends[1][0][j], ends[1][1][j]
        )
        km[part] = np.asarray(metres) / METRES_OF_ONE_KM
        done = min(start + PAIRS_OF_ONE_STEP, len(demand))
        progress.update(Text(f"{done}/{len(demand)} 对", f"{done}/{len(demand)} pairs"))
    return km
