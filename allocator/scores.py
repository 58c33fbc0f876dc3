"""Choosing among equals, explained: a score for each site that may hold a service.

Where the text leaves open which township centre becomes a county sub-centre, planners
look at the people gained, the distance from the county hospital, and present beds and
level. The brief states the weights; the run shows every figure behind every score. No
national standard gives these weights: they are the planner's own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from pyproj import Geod

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from allocator.area import PlanningArea
    from allocator.policy import Policy
    from allocator.travel import Travel

CRITERIA = ("people", "distance", "beds", "level")
SCORE_COLUMNS = (
    "service",
    "site_id",
    "people_gained",
    "km_to_hospital",
    "beds",
    "level",
    "score",
)
_METRES_OF_ONE_KM = 1000.0
_HIGHEST_LEVEL = 3.0


@dataclass(frozen=True)
class ScoreRule:
    """How the sites of one service are scored.

    Parameters
    ----------
    service
        Whose sites.
    weights
        Weight of each of `CRITERIA`, >= 0, not all 0; what is not named weighs 0.
    within_minutes
        People gained are those within this time of the site, and not of a hospital.
    hospital_class, hospital_level
        Which existing facilities are the hospitals; a level that is not in the
        register counts as high enough.
    """

    service: str
    weights: Mapping[str, float]
    within_minutes: float = 30.0
    hospital_class: tuple[str, ...] = ("A100",)
    hospital_level: int = 2


def score_sites(
    area: PlanningArea, travel: Travel, policy: Policy, rules: Sequence[ScoreRule]
) -> pd.DataFrame:
    """Return the figures and the score of every site that a rule is about.

    Each criterion is divided by its largest value among the sites scored (the level by
    3), so that it runs from 0 to 1; the score is their weighted mean. A figure that
    the register does not have counts as 0 and is shown as blank.

    Returns
    -------
    scores
        `SCORE_COLUMNS`, sorted by service and falling score, then site.
    """
    frames = [_score(area, travel, policy, rule) for rule in rules]
    if not frames:
        return pd.DataFrame(columns=list(SCORE_COLUMNS))
    return pd.concat(frames, ignore_index=True)


def _score(
    area: PlanningArea, travel: Travel, policy: Policy, rule: ScoreRule
) -> pd.DataFrame:
    hosts = policy.services[rule.service].hosts
    sites = area.sites
    chosen = ~sites["branch"].astype(bool)
    if hosts is not None and hosts.facility_class:
        chosen &= sites["class"].isin(hosts.facility_class)
    places = sites[chosen]
    hospitals = _hospitals(area, rule)
    frame = pd.DataFrame(
        {
            "service": rule.service,
            "site_id": places.index,
            "people_gained": _people_gained(area, travel, rule, places, hospitals),
            "km_to_hospital": _km_to_nearest(places, hospitals),
            "beds": _numbers(places, "beds"),
            "level": _numbers(places, "level"),
        }
    )
    columns = dict(zip(CRITERIA, SCORE_COLUMNS[2:6], strict=True))
    total = sum(rule.weights.values())
    score = np.zeros(len(frame))
    for criterion, weight in rule.weights.items():
        values = frame[columns[criterion]].fillna(0.0).to_numpy(dtype=float)
        most = _HIGHEST_LEVEL if criterion == "level" else values.max(initial=0.0)
        score += weight / total * (values / most if most > 0 else values)
    frame["score"] = score.round(6)
    order = ["service", "score", "site_id"]
    return frame.sort_values(order, ascending=[True, False, True], ignore_index=True)


def _numbers(places: pd.DataFrame, column: str) -> np.ndarray:
    if column not in places:
        return np.full(len(places), np.nan)
    return pd.to_numeric(places[column]).to_numpy(dtype=float)


def _hospitals(area: PlanningArea, rule: ScoreRule) -> pd.DataFrame:
    sites = area.sites
    chosen = (sites["status"] == "existing") & sites["class"].isin(rule.hospital_class)
    if "level" in sites:
        level = pd.to_numeric(sites["level"])
        chosen &= level.isna() | (level >= rule.hospital_level)
    return sites[chosen]


def _people_gained(
    area: PlanningArea,
    travel: Travel,
    rule: ScoreRule,
    places: pd.DataFrame,
    hospitals: pd.DataFrame,
) -> np.ndarray:
    near = travel.of(rule.service).within(minutes=rule.within_minutes)
    reached = near.loc[near["site_id"].isin(hospitals.index), "demand_id"].unique()
    gained = near[near["site_id"].isin(places.index) & ~near["demand_id"].isin(reached)]
    people = gained["demand_id"].map(area.demand["people"])
    sums = people.groupby(gained["site_id"]).sum()
    return sums.reindex(places.index, fill_value=0).to_numpy(dtype=float)


def _km_to_nearest(places: pd.DataFrame, hospitals: pd.DataFrame) -> np.ndarray:
    """Return straight-line km to the nearest hospital; NaN where there is none."""
    nearest = np.full(len(places), np.nan)
    geodesic = Geod(ellps="GRS80")
    for lon, lat in zip(hospitals["lon"], hospitals["lat"], strict=True):
        _, _, metres = geodesic.inv(
            np.full(len(places), lon),
            np.full(len(places), lat),
            places["lon"].to_numpy(dtype=float),
            places["lat"].to_numpy(dtype=float),
        )
        nearest = np.fmin(nearest, np.asarray(metres) / _METRES_OF_ONE_KM)
    return nearest
