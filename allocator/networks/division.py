"""One task of division: what is divided, the leads that divide it, and the cost.

What is divided are items: zones, or, in a network above another, the groups of that
one, each as a whole. Whoever divides them need not know which.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from allocator.formulation.sites import sites_matching, sites_named
from allocator.formulation.units import zones_in_scope

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from allocator.area import PlanningArea
    from allocator.networks.adjacency import Neighbours
    from allocator.plan import Plan
    from allocator.policy import Members, Network
    from allocator.travel import Travel

# A journey that is not in the travel table counts as this many times its longest one.
UNKNOWN_JOURNEY = 2.0


@dataclass(frozen=True, slots=True)
class Window:
    """Least and most people of a group, inclusive."""

    least: int
    most: int

    def excess(self, people: int) -> int:
        """Return how many people a group of that size is outside the window."""
        return max(0, people - self.most, self.least - people)


@dataclass(frozen=True)
class Division:
    """Zones to be divided among leads; positions stand for ids.

    Where groups of another network are divided, read "group" for "zone" here and in
    what works on a division: it is an item with people, minutes and neighbours.

    Parameters
    ----------
    items
        Ids of the zones, or of the leads of the groups that are divided; sorted.
    leads
        Ids, sorted.
    homes
        The item in which each lead stands, as a position.
    people
        Population of each item.
    minutes
        Person-minutes from each item (row) to each lead (column), with the penalty for
        journeys that are not known.
    neighbours
        The items that each item touches, or is joined to, as sorted positions.
    """

    items: tuple[str, ...]
    leads: tuple[str, ...]
    homes: tuple[int, ...]
    people: tuple[int, ...]
    minutes: NDArray[np.float64]
    neighbours: tuple[tuple[int, ...], ...]

    @property
    def shared(self) -> frozenset[int]:
        """The leads, as positions, that stand in one zone with another lead."""
        return frozenset(
            lead for lead, home in enumerate(self.homes) if self.homes.count(home) > 1
        )

    def entrances(self, lead: int) -> tuple[int, ...]:
        """Return the zones of which a group must hold one.

        Its lead's own zone; where leads share a zone, also the zones that touch it.
        """
        home = self.homes[lead]
        if lead not in self.shared:
            return (home,)
        return tuple(sorted({home, *self.neighbours[home]}))

    def sizes(self, owners: Sequence[int]) -> list[int]:
        """Return the people of each group, given the lead of each zone."""
        sizes = [0] * len(self.leads)
        for people, owner in zip(self.people, owners, strict=True):
            sizes[owner] += people
        return sizes

    def value(self, owners: Sequence[int]) -> float:
        """Return the person-minutes of a division, penalties included."""
        return float(self.minutes[np.arange(len(self.items)), list(owners)].sum())

    def is_sound(self, owners: Sequence[int]) -> bool:
        """Return whether every group is contiguous and holds an entrance."""
        for home in set(self.homes):
            if self.homes[owners[home]] != home:
                return False
        return all(
            len(pieces := self.pieces(lead, owners)) == 1
            and not pieces[0].isdisjoint(self.entrances(lead))
            for lead in range(len(self.leads))
        )

    def pieces(self, lead: int, owners: Sequence[int]) -> list[frozenset[int]]:
        """Return the connected pieces of a group, by their least zone."""
        left = {z for z, owner in enumerate(owners) if owner == lead}
        pieces = []
        while left:
            edge = {min(left)}
            piece: set[int] = set()
            while edge:
                piece |= edge
                near = {n for z in edge for n in self.neighbours[z]}
                edge = (near & left) - piece
            pieces.append(frozenset(piece))
            left -= piece
        return pieces

    def widest(self, owners: Sequence[int]) -> Fraction:
        """Return the largest relative deviation of a group's people from the mean."""
        mean = Fraction(sum(self.people), len(self.leads))
        if not mean:
            return Fraction(0)
        return max(abs(size - mean) / mean for size in self.sizes(owners))

    def window(self, deviation: Fraction) -> Window:
        """Return the whole numbers of people that deviate no more from the mean."""
        mean = Fraction(sum(self.people), len(self.leads))
        return Window(
            max(0, math.ceil(mean * (1 - deviation))),
            math.floor(mean * (1 + deviation)),
        )


def make_division(
    area: PlanningArea,
    journeys: Journeys,
    items: Mapping[str, Sequence[str]],
    homes: Mapping[str, str],
    neighbours: Neighbours,
) -> Division:
    """Put items, leads and their costs together.

    Parameters
    ----------
    area, journeys
        Where people live, and how long they travel.
    items
        The zones of each item; a zone that is divided itself is its only one.
    homes
        The item in which each lead stands.
    neighbours
        A connected graph of the items.
    """
    ids, leads = sorted(items), sorted(homes)
    position = {item: number for number, item in enumerate(ids)}
    population = area.zones["population"]
    return Division(
        items=tuple(ids),
        leads=tuple(leads),
        homes=tuple(position[homes[lead]] for lead in leads),
        people=tuple(int(population.loc[list(items[item])].sum()) for item in ids),
        minutes=np.array(
            [journeys.person_minutes(items[item], leads).sum(axis=0) for item in ids]
        ),
        neighbours=tuple(
            tuple(sorted(position[n] for n in neighbours[item])) for item in ids
        ),
    )


@dataclass(frozen=True)
class Journeys:
    """People-weighted travel from zones to leads.

    Parameters
    ----------
    people
        People at the demand points of each zone.
    known_people, known_minutes
        By (zone, lead): people of whom the journey is known, and their
        person-minutes.
    penalty_minutes
        What a journey counts that is not known.
    """

    people: pd.Series
    known_people: Mapping[tuple[str, str], float]
    known_minutes: Mapping[tuple[str, str], float]
    penalty_minutes: float

    def person_minutes(
        self, zones: Sequence[str], leads: Sequence[str]
    ) -> NDArray[np.float64]:
        """Return the costs, zones by leads."""
        return np.array(
            [
                [
                    self.known_minutes.get((zone, lead), 0.0)
                    + self.unknown_people(zone, lead) * self.penalty_minutes
                    for lead in leads
                ]
                for zone in zones
            ]
        )

    def unknown_people(self, zone: str, lead: str) -> float:
        """Return the people of a zone whose journey to a lead is not known."""
        everyone = float(self.people.get(zone, 0.0))
        return everyone - self.known_people.get((zone, lead), 0.0)

    def mean_minutes(self, zone: str, lead: str) -> float:
        """Return the mean of the known journeys of people; NaN when there are none."""
        people = self.known_people.get((zone, lead), 0.0)
        return self.known_minutes[zone, lead] / people if people else float("nan")


def find_journeys(area: PlanningArea, travel: Travel, leads: pd.Index) -> Journeys:
    """Add up the journeys of each zone's people to each lead."""
    demand = area.demand
    pairs = travel.pairs[travel.pairs["site_id"].isin(leads)]
    people = pairs["demand_id"].map(demand["people"]).astype(float)
    rows = pd.DataFrame(
        {
            "zone_id": pairs["demand_id"].map(demand["zone_id"]),
            "site_id": pairs["site_id"],
            "people": people,
            "minutes": people * pairs["minutes"],
        }
    )
    keys = ["zone_id", "site_id"]
    sums = rows.groupby(keys, as_index=False)[["people", "minutes"]].sum()
    ends = list(zip(sums["zone_id"], sums["site_id"], strict=True))
    longest = float(travel.pairs["minutes"].max()) if len(travel.pairs) else 0.0
    return Journeys(
        people=demand.groupby("zone_id")["people"].sum(),
        known_people=dict(zip(ends, sums["people"].astype(float), strict=True)),
        known_minutes=dict(zip(ends, sums["minutes"].astype(float), strict=True)),
        penalty_minutes=UNKNOWN_JOURNEY * max(longest, 1.0),
    )


def members_in(members: Members, area: PlanningArea, plan: Plan) -> list[str]:
    """Return the sites of a class, and the holders of its services in the plan.

    Raises
    ------
    UndecidableError
        When level or ownership is asked for and not known.
    """
    found = set(sites_matching(members, area, existing_only=True))
    if members.service:
        named = sites_named(members, area)
        branch = area.sites["branch"].astype(bool)
        found |= {
            site_id
            for site_id, service in plan.held
            if service in members.service and site_id in named and not branch[site_id]
        }
    return sorted(str(site_id) for site_id in found)


def zones_of(network: Network, area: PlanningArea) -> dict[str, list[str]]:
    """Return the zones to be divided: by county where groups stay within one.

    The key is the county's id, or ``""`` where groups may cross county borders.
    """
    zones = [str(z) for z in zones_in_scope(network.scope, area)]
    if not network.within_county:
        return {"": zones} if zones else {}
    county = area.zones["county_id"]
    result: dict[str, list[str]] = {}
    for zone in zones:
        result.setdefault(str(county[zone]), []).append(zone)
    return dict(sorted(result.items()))
