"""Backup coverage: who loses a facility, and has no other.

In words: a facility is the more critical, the more people have nobody else within the
limits of the clauses when it is out of service; then the more minutes they lose.
Formula: lost(j) = sum over coverage rules of the people whose only holder in reach is
j, plus, over services, the people for whom j is the only holder they may go to;
more(j) = sum over people whose nearest holder is j of people x (second nearest -
nearest) minutes. Backup: the share of people with at least two holders in reach.

Source: Hogan and ReVelle 1986, Concepts and applications of backup coverage,
Management Science 32, 1434-1444 (BACOP1: people covered twice).

Bands and capacities are left out here: whether the others could take the people on is
seen where the worst outage is held against every clause.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from allocator.audit import Facts, allowed_pairs, coverage_readings, limit_of
from allocator.formulation import find_holdings

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from allocator.area import PlanningArea
    from allocator.policy import Coverage, Policy


@dataclass(frozen=True)
class Critical:
    """What is lost when one facility is out of service.

    Parameters
    ----------
    site_id
        The facility.
    services
        What goes out of service there.
    people_lost
        People out of reach by it, over all coverage rules, plus people served nowhere.
    people_served
        People who go there, over all services.
    person_minutes_more
        What those of them who have another holder travel more, person-minutes.
    """

    site_id: str
    services: tuple[str, ...]
    people_lost: float
    people_served: float
    person_minutes_more: float


@dataclass(frozen=True)
class Backup:
    """How many people have a second holder.

    Parameters
    ----------
    name
        A coverage rule's id, or ``serves:<service>``.
    service
        The service.
    people, once, twice
        People addressed; those with a holder in reach; those with at least two.
    """

    name: str
    service: str
    people: float
    once: float
    twice: float

    @property
    def share_twice(self) -> float:
        """The share of people with at least two holders in reach, 0..1."""
        return self.twice / self.people if self.people > 0 else 0.0


def decided_services(area: PlanningArea, policy: Policy) -> tuple[str, ...]:
    """Return the services that a plan may place anew, in the order of the packs."""
    holdings = find_holdings(area, policy)
    new = {pair[1] for pair in set(holdings.possible) - holdings.today}
    return tuple(name for name in policy.services if name in new)


def rank_outages(facts: Facts, services: Sequence[str]) -> tuple[Critical, ...]:
    """Return every facility that holds one of the services, the most critical first.

    Parameters
    ----------
    facts
        The plan, under the figures of a scenario.
    services
        What goes out of service, together, where a facility holds several.
    """
    lost: dict[str, float] = {}
    more: dict[str, float] = {}
    served: dict[str, float] = {}
    for reading in coverage_readings(facts):
        if reading.service in services:
            _add(lost, _alone(_in_reach(reading, facts)))
    for name in services:
        pairs = allowed_pairs(facts, name)
        first, second = _nearest_two(pairs)
        only = ~first.index.isin(second.index)
        _add(lost, first[only].groupby("site_id")["people"].sum())
        _add(served, first.groupby("site_id")["people"].sum())
        both = first[~only]
        extra = second["minutes"].reindex(both.index) - both["minutes"]
        _add(more, (both["people"] * extra).groupby(both["site_id"]).sum())
    held: dict[str, list[str]] = {}
    for site_id, service in facts.held:
        if service in services:
            held.setdefault(site_id, []).append(service)
    found = [
        Critical(
            site_id,
            tuple(name for name in services if name in held[site_id]),
            lost.get(site_id, 0.0),
            served.get(site_id, 0.0),
            more.get(site_id, 0.0),
        )
        for site_id in sorted(held)
    ]
    found.sort(key=lambda c: (-c.people_lost, -c.person_minutes_more, c.site_id))
    return tuple(found)


def backups(facts: Facts, services: Sequence[str]) -> tuple[Backup, ...]:
    """Return how many people have a second holder, by coverage rule and service."""
    result = []
    for reading in coverage_readings(facts):
        if reading.service in services:
            people = _people_in_scope(reading, facts)
            found = _backup(
                reading.id, reading.service, people, _in_reach(reading, facts)
            )
            result.append(found)
    for name in services:
        zones = facts.addressed(name)
        demand = facts.area.demand
        people = demand.loc[demand["zone_id"].isin(zones), "people"].astype(float)
        if len(people):
            result.append(
                _backup(f"serves:{name}", name, people, allowed_pairs(facts, name))
            )
    return tuple(result)


def _backup(
    name: str, service: str, people: pd.Series[float], pairs: pd.DataFrame
) -> Backup:
    holders = pairs.groupby("demand_id").size().reindex(people.index, fill_value=0)
    return Backup(
        name,
        service,
        float(people.sum()),
        float(people[(holders >= 1).to_numpy()].sum()),
        float(people[(holders >= 2).to_numpy()].sum()),  # noqa: PLR2004 (a second one)
    )


def _add(totals: dict[str, float], more: pd.Series[float]) -> None:
    for site_id, amount in more.items():
        totals[str(site_id)] = totals.get(str(site_id), 0.0) + float(amount)


def _people_in_scope(reading: Coverage, facts: Facts) -> pd.Series[float]:
    zones = {z for unit in facts.units(reading) for z in unit.zones}
    demand = facts.area.demand
    people: pd.Series[float] = demand.loc[
        demand["zone_id"].isin(zones), "people"
    ].astype(float)
    return people


def _in_reach(reading: Coverage, facts: Facts) -> pd.DataFrame:
    """Return the pairs (demand_id, site_id, people) within the limits of a rule."""
    people = _people_in_scope(reading, facts)
    holders = [s for s, name in facts.held if name == reading.service]
    pairs = facts.travel.of(reading.service).pairs
    pairs = pairs[
        pairs["site_id"].isin(holders) & pairs["demand_id"].isin(people.index)
    ]
    urban = facts.area.demand["urban"].astype(bool)
    in_town = urban.reindex(pairs["demand_id"]).to_numpy(dtype=bool)
    limits = np.where(
        in_town, limit_of(reading, urban=True), limit_of(reading, urban=False)
    )
    near = pairs[pairs[reading.measure].to_numpy() <= limits]
    return near.assign(people=people.reindex(near["demand_id"]).to_numpy())


def _alone(pairs: pd.DataFrame) -> pd.Series[float]:
    """Return the people whose only holder is a site, by site."""
    single = pairs[~pairs["demand_id"].duplicated(keep=False)]
    return single.groupby("site_id")["people"].sum()


def _nearest_two(pairs: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the nearest and the second nearest holder, by demand point."""
    rows = pairs.sort_values(["demand_id", "minutes", "site_id"])
    order = rows.groupby("demand_id").cumcount().to_numpy()
    first, second = rows[order == 0], rows[order == 1]
    return first.set_index("demand_id"), second.set_index("demand_id")
