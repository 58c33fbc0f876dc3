"""How long journeys take: a sparse table of the pairs that can be travelled."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd
import pyproj
from scipy.spatial import cKDTree

from allocator.errors import Finding, Severity, Text
from allocator.progress import SILENT

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from allocator.area import PlanningArea
    from allocator.progress import Progress

COLUMNS = ("demand_id", "site_id", "minutes", "km")
ELLIPSOID = pyproj.Geod(ellps="GRS80")
# The least radius of curvature of the ellipsoid, along the meridian at the equator. A
# journey of d km so spans at most d / this radians on the sphere of degrees, and a
# search by that angle misses nothing.
LEAST_RADIUS_KM = ELLIPSOID.a * (1 - ELLIPSOID.es) / 1000
METRES_OF_ONE_KM = 1000.0
MINUTES_OF_ONE_HOUR = 60.0
ROUNDING_MINUTES = 1e-9  # what arithmetic may add to a journey of exactly the limit
PAIRS_OF_ONE_STEP = 500_000


@dataclass(frozen=True)
class Travel:
    """The pairs of demand point and site that can be travelled.

    Parameters
    ----------
    pairs
        Columns ``demand_id``, ``site_id`` (text), ``minutes`` (one way) and ``km``
        (NaN where unknown); sorted by (demand_id, site_id), index 0, 1, ... A pair
        that is not here cannot be travelled.
    method
        How the times were found.
    note
        The same in words, for reports.
    """

    pairs: pd.DataFrame
    method: Literal["straight_line", "table"]
    note: Text

    @property
    def knows_km(self) -> bool:
        """Whether every pair has its distance; if not, rules in km are undecidable."""
        return bool(self.pairs["km"].notna().all())

    def within(
        self, *, minutes: float | None = None, km: float | None = None
    ) -> pd.DataFrame:
        """Return the pairs within a time, a distance, or both.

        Parameters
        ----------
        minutes
            Longest one-way journey, minutes, inclusive; None is no limit.
        km
            Longest distance, km, inclusive; None is no limit. Pairs of which the
            distance is not known are then left out.

        Returns
        -------
        pairs
            Rows of `pairs`, in the same order and with their index.

        Raises
        ------
        ValueError
            When a limit is negative or NaN.
        """
        keep = np.ones(len(self.pairs), dtype=bool)
        for column, limit in (("minutes", minutes), ("km", km)):
            if limit is None:
                continue
            if not limit >= 0:
                message = f"{column} must be 0 or more, not {limit}"
                raise ValueError(message)
            keep &= self.pairs[column].to_numpy() <= limit + ROUNDING_MINUTES
        return self.pairs[keep]


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
    km = _geodesic_km(area, demand, site, progress)
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


def _geodesic_km(
    area: PlanningArea,
    demand: NDArray[np.int64],
    site: NDArray[np.int64],
    progress: Progress,
) -> NDArray[np.float64]:
    """Return the distance of each pair on the ellipsoid."""
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


def from_pairs(
    area: PlanningArea, pairs: pd.DataFrame, *, max_minutes: float | None = None
) -> Travel:
    """Make travel from a planner's own table of minutes.

    Parameters
    ----------
    area
        Its demand points and sites.
    pairs
        ``demand_id``, ``site_id``, ``minutes`` and perhaps ``km``, checked already.
    max_minutes
        Longer journeys are left out, inclusive; None keeps all.

    Returns
    -------
    travel
        Where the table has no distances, km is NaN: none are made up.

    Raises
    ------
    ValueError
        When a pair names a demand point or site that is not in the area, stands twice,
        or takes a negative or unknown time: readers report such input as findings.
    """
    for column, target in (("demand_id", area.demand), ("site_id", area.sites)):
        if not pairs[column].isin(target.index).all():
            message = f"{column} must be in the area"
            raise ValueError(message)
    if pairs.duplicated(["demand_id", "site_id"]).any():
        message = "pairs must not be repeated"
        raise ValueError(message)
    if not (pairs["minutes"] >= 0).all():
        message = "minutes must be 0 or more"
        raise ValueError(message)
    frame = pairs.assign(km=pairs["km"].astype(float) if "km" in pairs else np.nan)
    if max_minutes is not None:
        frame = frame[frame["minutes"] <= max_minutes + ROUNDING_MINUTES]
    frame = frame.sort_values(["demand_id", "site_id"], ignore_index=True)
    limit_zh = "" if max_minutes is None else f", 单程不超过 {max_minutes:g} 分钟"
    limit_en = "" if max_minutes is None else f", up to {max_minutes:g} minutes one way"
    note = Text(
        f"用户提供的出行时间表{limit_zh}", f"the planner's travel table{limit_en}"
    )
    return Travel(frame[list(COLUMNS)], "table", note)


def check_travel(area: PlanningArea, travel: Travel) -> list[Finding]:
    """Return a warning when demand points can reach no site at all."""
    alone = ~area.demand.index.isin(travel.pairs["demand_id"])
    if not alone.any():
        return []
    people = int(area.demand["people"][alone].sum())
    count = int(alone.sum())
    return [
        Finding(
            "demand-unreachable",
            Text(
                f"{count} 个需求点(共 {people} 人)到不了任何机构或备选点",
                f"{count} demand points ({people} people) can reach no site",
            ),
            Severity.WARNING,
            keys=tuple(area.demand.index[alone]),
            remedy=Text(
                "增加备选点, 或放宽 [travel] max_minutes",
                "add candidates, or raise [travel] max_minutes",
            ),
        )
    ]
