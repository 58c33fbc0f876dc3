"""A task's journeys as arrays: who can turn to which site, and how far that is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from allocator.bounds.median import Table
from allocator.formulation.units import zones_in_scope
from allocator.policy import Unit

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from allocator.policy import Coverage
    from allocator.policy.terms import Phase
    from allocator.textbook.problem import Textbook
    from allocator.travel import Travel

    type Floats = NDArray[np.float64]
    type Ints = NDArray[np.int64]
    type Short = NDArray[np.int32]


FEWEST_PAIRS = 20_000  # a program of fewer is built and solved in seconds


def are_many(travel: Travel, fewest: int | None) -> bool:
    """Return whether there are so many pairs; None: more than a program takes fast."""
    return len(travel.pairs) >= (FEWEST_PAIRS if fewest is None else fewest)


@dataclass(frozen=True)
class Journeys:
    """Pairs of demand point and site, demand point by demand point.

    Parameters
    ----------
    demand
        Ids of the demand points addressed, sorted.
    people
        Of each, above 0.
    start
        Where the pairs of each demand point begin; one more entry than points.
    site, minutes
        Of each pair: the position of the site among those of the problem, ascending
        within a demand point, and the minutes of the journey.
    """

    demand: pd.Index
    people: Floats
    start: Ints
    site: Short
    minutes: Floats

    @property
    def is_reachable(self) -> NDArray[np.bool_]:
        """Whether a demand point has any pair."""
        return np.diff(self.start) > 0

    @property
    def costs(self) -> Floats:
        """Of each pair, people times minutes."""
        return self.minutes * np.repeat(self.people, np.diff(self.start))

    def dearest(self, costs: Floats) -> Floats:
        """Return the dearest pair of each demand point, all of which have one."""
        found: Floats = np.maximum.reduceat(costs, self.start[:-1])
        return found

    def table(self, costs: Floats, beyond: Floats, sites: int) -> Table:
        """Return what each site costs each demand point.

        Parameters
        ----------
        costs
            Of each pair.
        beyond
            Of each demand point, what a site costs that it cannot turn to.
        sites
            How many there are.
        """
        owner = np.repeat(np.arange(len(self.people)), np.diff(self.start))

        def rows(low: int, high: int) -> Floats:
            block = np.repeat(beyond[low:high, None], sites, axis=1)
            pairs = slice(self.start[low], self.start[high])
            block[owner[pairs] - low, self.site[pairs]] = costs[pairs]
            return block

        return Table(len(self.people), sites, rows)

    def nearest(self, is_open: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Return the pair of each demand point with its nearest open site, -1 if none.

        Of sites as near as each other the first is taken.
        """
        pairs = np.flatnonzero(is_open[self.site])
        owner = np.repeat(np.arange(len(self.people)), np.diff(self.start))[pairs]
        order = np.lexsort((pairs, self.minutes[pairs], owner))
        found = np.full(len(self.people), -1, np.int64)
        points, first = np.unique(owner[order], return_index=True)
        found[points] = pairs[order][first]
        return found


def journeys_of(problem: Textbook, phase: Phase, travel: Travel) -> Journeys:
    """Return the journeys that the service allows, between people and its sites.

    Everyone whom the service serves is there, with or without a journey.
    """
    service = problem.service
    if service.serves is None:
        message = f"{service.id} serves nobody"
        raise ValueError(message)
    zones = zones_in_scope(service.serves, phase.area)
    demand = _with_people(phase, zones)
    pairs = travel.of(service.id).pairs
    if service.assign_within is not Unit.AREA:
        level = "county_id" if service.assign_within is Unit.COUNTY else "zone_id"
        home = demand[level].reindex(pairs["demand_id"]).to_numpy()
        place = phase.area.sites[level].reindex(pairs["site_id"]).to_numpy()
        pairs = pairs[home == place]
    return _arrays(problem, demand, pairs)


def reach_within(
    problem: Textbook, rule: Coverage, phase: Phase, travel: Travel
) -> Journeys | None:
    """Return the journeys that count as reach; None where a distance is not known.

    Everyone in the scope of the rule is there, in reach of a site or not.
    """
    demand = _with_people(phase, zones_in_scope(rule.scope, phase.area))
    pairs = travel.of(problem.service.id).pairs
    if rule.measure == "km" and pairs["km"].isna().any():
        return None
    urban = demand["urban"].astype(bool).reindex(pairs["demand_id"], fill_value=False)
    town, country = _limits(rule)
    limit = np.where(urban.to_numpy(), town, country)
    return _arrays(problem, demand, pairs[pairs[rule.measure].to_numpy() <= limit])


def _limits(rule: Coverage) -> tuple[float, float]:
    """Return the limits in town and in the country; one at least is common, or both."""
    if rule.measure == "km":
        common, town, country = rule.within_km, rule.urban_km, rule.rural_km
    else:
        common = rule.within_minutes
        town, country = rule.urban_minutes, rule.rural_minutes
    town = common if town is None else town
    country = common if country is None else country
    # A rule without a common limit states both others.
    return (np.nan if town is None else town, np.nan if country is None else country)


def _with_people(phase: Phase, zones: pd.Index) -> pd.DataFrame:
    demand = phase.area.demand
    chosen: pd.DataFrame = demand[demand["zone_id"].isin(zones)]
    return chosen[chosen["people"] > 0]


def _arrays(problem: Textbook, demand: pd.DataFrame, pairs: pd.DataFrame) -> Journeys:
    point = demand.index.get_indexer(pd.Index(pairs["demand_id"]))
    site = _positions(problem.sites, pairs["site_id"])
    kept = (point >= 0) & (site >= 0)
    point, site = point[kept], site[kept]
    minutes = pairs["minutes"].to_numpy(dtype=np.float64)[kept]
    order = np.lexsort((site, point))
    start = np.zeros(len(demand) + 1, np.int64)
    np.cumsum(np.bincount(point, minlength=len(demand)), out=start[1:])
    return Journeys(
        demand.index,
        demand["people"].to_numpy(dtype=np.float64),
        start,
        site[order].astype(np.int32),
        minutes[order],
    )


def _positions(sites: tuple[str, ...], names: pd.Series) -> Ints:
    found: Ints = pd.Index(sites).get_indexer(pd.Index(names))
    return found
