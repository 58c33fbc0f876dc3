"""Cutting a task into parts: groups of counties with all that lies in them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from allocator.area import GEOGRAPHIC_CRS
from allocator.policy import Coverage, Unit
from allocator.policy.decided import Decided

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from allocator.area import PlanningArea
    from allocator.policy import Policy
    from allocator.policy.terms import Phase, Terms
    from allocator.travel import Travel


@dataclass(frozen=True)
class Crossing:
    """Journeys over county borders that a plan could rest on.

    Parameters
    ----------
    counties
        Pairs of counties (home, place), sorted.
    people
        People at demand points with such a journey, each counted once.
    services
        What is reached over a border, sorted.
    """

    counties: tuple[tuple[str, str], ...]
    people: int
    services: tuple[str, ...]


def find_crossings(area: PlanningArea, travel: Travel, policy: Policy) -> Crossing:
    """Find the journeys over county borders that any clause or service counts.

    Within reach of a clause every holder counts, in whatever county; people are
    assigned over borders where a service says ``assign_within = "area"``.
    """
    counted: dict[str, float] = {}
    for rule in policy.rules:
        for reading in rule.readings:
            if isinstance(reading, Coverage):
                most = max(counted.get(reading.service, 0.0), _farthest(reading))
                counted[reading.service] = most
    for service in policy.services.values():
        if service.serves is not None and service.assign_within is Unit.AREA:
            counted[service.id] = np.inf
    found: set[tuple[str, str]] = set()
    points: set[str] = set()
    services = []
    for name, most in sorted(counted.items()):
        pairs = _over_borders(area, travel.of(name).pairs)
        pairs = pairs[(pairs["minutes"] <= most) | pairs["minutes"].isna()]
        if pairs.empty:
            continue
        services.append(name)
        points |= set(pairs["demand_id"])
        found |= set(zip(pairs["home"], pairs["place"], strict=True))
    people = area.demand["people"].reindex(sorted(points)).sum()
    return Crossing(tuple(sorted(found)), int(people), tuple(services))


def _farthest(rule: Coverage) -> float:
    """Return the longest journey that counts, minutes; without limit where in km."""
    minutes = (rule.within_minutes, rule.urban_minutes, rule.rural_minutes)
    return max((m for m in minutes if m is not None), default=np.inf)


def _over_borders(area: PlanningArea, pairs: pd.DataFrame) -> pd.DataFrame:
    home = area.demand["county_id"].reindex(pairs["demand_id"]).to_numpy()
    place = area.sites["county_id"].reindex(pairs["site_id"]).to_numpy()
    crossing: pd.DataFrame = pairs.assign(home=home, place=place)[home != place]
    return crossing


def closed_borders(area: PlanningArea, travel: Travel) -> Travel:
    """Return the journeys that stay inside their county."""

    def inside(one: Travel) -> pd.DataFrame:
        home = area.demand["county_id"].reindex(one.pairs["demand_id"]).to_numpy()
        place = area.sites["county_id"].reindex(one.pairs["site_id"]).to_numpy()
        kept: pd.DataFrame = one.pairs[home == place]
        return kept

    return travel.with_pairs(inside)


def group_counties(
    area: PlanningArea, joined: Sequence[tuple[str, str]]
) -> dict[str, str]:
    """Return the part of every county: those that are joined are one part.

    A part is called by the first county in it.
    """
    counties = sorted(set(area.zones["county_id"]))
    position = {county: number for number, county in enumerate(counties)}
    ends = np.array([(position[a], position[b]) for a, b in joined], dtype=int)
    ends = ends.reshape(-1, 2)
    links = coo_array(
        (np.ones(len(ends)), (ends[:, 0], ends[:, 1])),
        shape=(len(counties), len(counties)),
    )
    _, labels = connected_components(links, directed=False)
    first: dict[int, str] = {}
    for county, label in zip(counties, labels.tolist(), strict=True):
        first.setdefault(label, county)
    return {c: first[n] for c, n in zip(counties, labels.tolist(), strict=True)}


def narrow_phase(phase: Phase, counties: Collection[str], policy: Policy) -> Phase:
    """Return a phase as it is in some counties, without money and without shapes.

    Parameters
    ----------
    phase
        Of the whole area.
    counties
        What is kept.
    policy
        What binds the part by itself.
    """
    area = narrow_area(phase.area, counties, tuple(phase.policy.resources))
    return replace(
        phase, area=area, policy=policy, terms=_terms(phase.terms, area.sites.index)
    )


def narrow_area(
    area: PlanningArea, counties: Collection[str], amounts: Collection[str] = ()
) -> PlanningArea:
    """Return the area in some counties; shapes decide nothing and are left out.

    Parameters
    ----------
    area
        The whole.
    counties
        What is kept.
    amounts
        Columns of the register in which a blank cell counts as 0: so it does in every
        rule that binds, and a county of blank cells is then no unknown.
    """
    zones = area.zones[area.zones["county_id"].isin(counties)]
    units = area.counties[area.counties.index.isin(counties)]
    sites = _filled(area.sites[area.sites["county_id"].isin(counties)], amounts)
    costs = area.costs
    if costs is not None:
        here = costs["site_id"].isin(["", *sites.index])
        costs = costs[here].reset_index(drop=True)
    return replace(
        area,
        name=", ".join(units["name"]),
        zones=_shapeless(zones),
        counties=_shapeless(units),
        sites=sites,
        demand=area.demand[area.demand["county_id"].isin(counties)],
        costs=costs,
        notes=(),
        repairs=None,
        people_by_zone=None,
        joins=None,
    )


def _filled(sites: pd.DataFrame, amounts: Collection[str]) -> pd.DataFrame:
    numbers = {
        name: pd.to_numeric(sites[name]).fillna(0.0)
        for name in amounts
        if name in sites
    }
    return sites.assign(**numbers)


def _shapeless(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    plain = pd.DataFrame(frame.drop(columns="geometry"))
    return gpd.GeoDataFrame(plain, geometry=[None] * len(plain), crs=GEOGRAPHIC_CRS)


def _terms(terms: Terms, sites: pd.Index) -> Terms:
    """Return the terms without shared money, and about the sites of a part alone."""
    here = set(sites)
    decided = terms.decided
    previous = terms.previous
    scores = {pair: s for pair, s in terms.scores.items() if pair[0] in here}
    order = tuple(name for name in terms.objective if scores or name != "scores")
    return replace(
        terms,
        capital_wan=None,
        yearly_wan=None,
        total_capital_wan=None,
        objective=order,
        scores=scores,
        decided=Decided(
            {pair: n for pair, n in decided.held.items() if pair[0] in here},
            frozenset(pair for pair in decided.barred if pair[0] in here),
        ),
        previous=None
        if previous is None
        else tuple(
            {pair: n for pair, n in one.items() if pair[0] in here} for one in previous
        ),
    )


def split_travel(
    area: PlanningArea, travel: Travel, part_of_county: Mapping[str, str]
) -> dict[str, Travel]:
    """Return the journeys inside each part, by part.

    Parameters
    ----------
    area, travel
        The whole.
    part_of_county
        The part of every county; each gets its journeys, if only none.
    """
    parts = sorted(set(part_of_county.values()))
    code = {part: number for number, part in enumerate(parts)}
    homes = area.demand["county_id"].map(part_of_county).map(code)
    places = area.sites["county_id"].map(part_of_county).map(code)

    def divide(one: Travel) -> dict[str, Travel]:
        home = homes.reindex(one.pairs["demand_id"]).to_numpy()
        place = places.reindex(one.pairs["site_id"]).to_numpy()
        rows = np.flatnonzero(home == place)
        order = rows[np.argsort(home[rows], kind="stable")]
        edges = np.searchsorted(home[order], np.arange(len(parts) + 1))
        others = {name: divide(way) for name, way in one.services.items()}
        return {
            part: replace(
                one,
                pairs=one.pairs.iloc[order[edges[n] : edges[n + 1]]].reset_index(
                    drop=True
                ),
                services={name: ways[part] for name, ways in others.items()},
            )
            for n, part in enumerate(parts)
        }

    return divide(travel)
