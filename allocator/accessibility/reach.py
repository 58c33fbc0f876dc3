"""How far people are from the nearest holder, and what supply they reach."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from allocator.accessibility.catchment import gaussian, thirds, two_steps, uniform
from allocator.accessibility.grouping import ratio
from allocator.accessibility.inequality import gini, people_quantile, theil
from allocator.accessibility.stock import PER_PEOPLE
from allocator.errors import Text

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from allocator.accessibility.catchment import Decay
    from allocator.accessibility.grouping import Level

HIGH_SHARE = 0.9  # of the people, for minutes_p90


@dataclass(frozen=True, kw_only=True)
class AccessSettings:
    """What a report measures with.

    Parameters
    ----------
    supply
        Column of the register whose amounts are shared out in catchments; None: none.
    minutes
        Limits of the shares of people in reach, minutes, inclusive, ascending.
    catchment_minutes
        Longest journey of the floating catchments, minutes, inclusive.
    sigma_minutes
        None: the Gaussian of Dai (2010); a number: that of PySAL's ``access``.
    """

    supply: str | None
    minutes: tuple[float, ...]
    catchment_minutes: float
    sigma_minutes: float | None

    def __post_init__(self) -> None:
        """Refuse limits that mean nothing.

        Raises
        ------
        ValueError
            When a number is out of its range or limits are not ascending.
        """
        limits = self.minutes
        if not all(0 <= m < np.inf for m in limits):
            message = f"minutes must be 0 or more: {limits}"
            raise ValueError(message)
        if any(a >= b for a, b in pairwise(limits)):
            message = f"minutes must ascend: {limits}"
            raise ValueError(message)
        if not 0 < self.catchment_minutes < np.inf:
            message = f"catchment_minutes must be above 0: {self.catchment_minutes}"
            raise ValueError(message)

    @property
    def methods(self) -> dict[str, Decay]:
        """The floating catchments by name, with how much a journey counts."""
        return {
            "2sfca": uniform(self.catchment_minutes),
            "2sfca_gaussian": gaussian(
                self.catchment_minutes, sigma_minutes=self.sigma_minutes
            ),
            "e2sfca": thirds(self.catchment_minutes),
        }


@dataclass(frozen=True)
class Journeys:
    """The pairs that can be travelled, by position in the area's frames."""

    demand: NDArray[np.intp]
    site: NDArray[np.intp]
    minutes: NDArray[np.float64]

    def to(self, sites: NDArray[np.bool_]) -> Journeys:
        """Return the journeys to some of the sites."""
        keep = sites[self.site]
        return Journeys(self.demand[keep], self.site[keep], self.minutes[keep])


@dataclass(frozen=True)
class ServiceReach:
    """One service, as people find it.

    Parameters
    ----------
    people
        People of every demand point whom the service is for; 0 outside its scope.
    addressed
        Which demand points it is for.
    holders
        Which sites hold it.
    supply
        Amount of the supply at every site; 0 at sites that do not hold it.
    nearest_minutes
        To the nearest holder; infinite where none can be reached.
    nearest_site
        Its position, the first by id of several; -1 where none can be reached.
    scores
        Supply per thousand people at every demand point, by method.
    """

    people: NDArray[np.float64]
    addressed: NDArray[np.bool_]
    holders: NDArray[np.bool_]
    supply: NDArray[np.float64]
    nearest_minutes: NDArray[np.float64]
    nearest_site: NDArray[np.intp]
    scores: dict[str, NDArray[np.float64]] = field(default_factory=dict)


def reach_of(
    journeys: Journeys,
    people: NDArray[np.float64],
    *,
    addressed: NDArray[np.bool_],
    holders: NDArray[np.bool_],
    supply: NDArray[np.float64],
    settings: AccessSettings,
) -> ServiceReach:
    """Return how people find one service; ``people`` are 0 where not ``addressed``."""
    supply = np.where(holders, supply, 0.0)
    near = journeys.to(holders)
    minutes = np.full(len(people), np.inf)
    np.minimum.at(minutes, near.demand, near.minutes)
    site = np.full(len(people), len(holders), dtype=np.intp)
    least = near.minutes == minutes[near.demand]
    np.minimum.at(site, near.demand[least], near.site[least])
    site[site == len(holders)] = -1
    scores = {}
    if settings.supply is not None:
        some = near.to(supply > 0)
        for name, decay in settings.methods.items():
            weights = decay(some.minutes)
            per_person = two_steps(some.demand, some.site, weights, people, supply)
            scores[name] = PER_PEOPLE * per_person
    return ServiceReach(people, addressed, holders, supply, minutes, site, scores)


def by_demand(
    reach: ServiceReach, demand: pd.Index, sites: pd.Index, settings: AccessSettings
) -> pd.DataFrame:
    """Return one row per demand point whom the service is for."""
    rows = np.flatnonzero(reach.addressed)
    minutes, site = reach.nearest_minutes[rows], reach.nearest_site[rows]
    names = np.append(sites.to_numpy(dtype=object), "")
    columns: dict[str, NDArray[np.float64] | NDArray[np.object_]] = {
        "people": reach.people[rows],
        "minutes_nearest": np.where(np.isfinite(minutes), minutes, np.nan),
        "nearest_site_id": names[site],  # position -1 is the blank at the end
    }
    for method, score in reach.scores.items():
        columns[_score(settings, method)] = score[rows]
    return pd.DataFrame(columns, index=demand[rows])


def by_unit(
    reach: ServiceReach, level: Level, counties: Level, settings: AccessSettings
) -> pd.DataFrame:
    """Return one row per unit of a level."""
    of, people = level.of_demand, reach.people
    everyone = level.sums(of, people)
    reached = np.isfinite(reach.nearest_minutes)
    able = level.sums(of, people * reached)
    columns = {
        "people": everyone,
        "holders": level.sums(level.of_site, reach.holders),
        "people_unreachable": level.sums(of, people * ~reached),
    }
    for limit in settings.minutes:
        inside = people * (reach.nearest_minutes <= limit)
        columns[_share(limit)] = ratio(level.sums(of, inside), everyone)
    spent = people * np.where(reached, reach.nearest_minutes, 0.0)
    columns["minutes_mean"] = ratio(level.sums(of, spent), able)
    high = level.each(
        of,
        lambda rows: people_quantile(
            reach.nearest_minutes[rows], people[rows], share=HIGH_SHARE
        ),
    )
    columns["minutes_p90"] = np.where(np.isfinite(high), high, np.nan)
    if settings.supply is not None:
        columns |= _supply_columns(reach, level, counties, settings)
    return pd.DataFrame(columns, index=level.ids)


def _supply_columns(
    reach: ServiceReach, level: Level, counties: Level, settings: AccessSettings
) -> dict[str, NDArray[np.float64]]:
    of, people = level.of_demand, reach.people
    everyone = level.sums(of, people)
    empty = reach.holders & ~(reach.supply > 0)
    columns = {
        f"{settings.supply}_at_holders": level.sums(level.of_site, reach.supply),
        f"holders_without_{settings.supply}": level.sums(level.of_site, empty),
    }
    for method, score in reach.scores.items():
        name = _score(settings, method)
        columns[name] = ratio(level.sums(of, people * score), everyone)
        if level.name != "zone":
            columns |= _inequality(name, reach, score, level, counties)
    return columns


def _inequality(
    name: str,
    reach: ServiceReach,
    score: NDArray[np.float64],
    level: Level,
    counties: Level,
) -> dict[str, NDArray[np.float64]]:
    """Return Gini and Theil among the people of every unit."""
    people, county = reach.people, counties.of_demand
    units = list(level.members(level.of_demand))
    parts = [theil(score[rows], people[rows], county[rows]) for rows in units]
    columns = {
        f"{name}_gini": np.array([gini(score[rows], people[rows]) for rows in units]),
        f"{name}_theil": np.array([part.total for part in parts]),
    }
    if level.name == "area":
        within = np.array([part.within for part in parts])
        between = np.array([part.between for part in parts])
        columns |= {
            f"{name}_theil_within_counties": within,
            f"{name}_theil_between_counties": between,
        }
    return columns


def _share(limit: float) -> str:
    return f"within_{limit:g}_minutes_share"


def _score(settings: AccessSettings, method: str) -> str:
    return f"{settings.supply}_{method}_per_1000"


def titles(settings: AccessSettings, supply: Text | None) -> dict[str, Text]:
    """Return the heading of every column."""
    words = {
        "people": Text("服务对象人口(人)", "people"),
        "holders": Text("机构数", "holders"),
        "people_unreachable": Text(
            "无法到达任何机构的人口(人)", "people with no holder in reach"
        ),
        "minutes_mean": Text("到最近机构平均时间(分钟)", "mean minutes to the nearest"),
        "minutes_p90": Text(
            "90%人口到最近机构时间(分钟)", "minutes to the nearest, 90 % of people"
        ),
        "minutes_nearest": Text("到最近机构时间(分钟)", "minutes to the nearest"),
        "nearest_site_id": Text("最近机构编号", "nearest holder"),
    }
    for limit in settings.minutes:
        words[_share(limit)] = Text(
            f"{limit:g}分钟内人口占比", f"share of people within {limit:g} min"
        )
    if supply is None:
        return words
    words[f"{settings.supply}_at_holders"] = Text(
        f"机构{supply.zh}", f"{supply.en} at holders"
    )
    words[f"holders_without_{settings.supply}"] = Text(
        f"没有{supply.zh}的机构数", f"holders without {supply.en}"
    )
    for method, label in _METHODS.items():
        words |= _score_titles(_score(settings, method), label, supply)
    return words


_METHODS = {
    "2sfca": Text("两步移动搜索法", "2SFCA"),
    "2sfca_gaussian": Text("高斯两步移动搜索法", "Gaussian 2SFCA"),
    "e2sfca": Text("增强两步移动搜索法", "E2SFCA"),
}


def _score_titles(name: str, method: Text, supply: Text) -> dict[str, Text]:
    zh = f"每千人可及{supply.zh}({method.zh})"
    en = f"{supply.en} in reach per 1000 people ({method.en})"
    return {
        name: Text(zh, en),
        f"{name}_gini": Text(f"{zh} 基尼系数", f"{en}, Gini"),
        f"{name}_theil": Text(f"{zh} 泰尔指数", f"{en}, Theil"),
        f"{name}_theil_within_counties": Text(
            f"{zh} 泰尔指数 县区内", f"{en}, Theil within counties"
        ),
        f"{name}_theil_between_counties": Text(
            f"{zh} 泰尔指数 县区间", f"{en}, Theil between counties"
        ),
    }
