"""Who is served where: assignment variables, only where they can matter.

For a service with people, x[i, s] is the share of demand point i served at site s, and
u[i] the share served nowhere: sum over s of x[i, s] + u[i] = 1, x[i, s] <= h[s].
A pair exists when it can be travelled, the service allows it (same county by default)
and the site may hold the service. Where neither band nor capacity binds the service, a
demand point that has a holder that stays never needs a site farther than that holder,
so those pairs are left out: an optimum uses none of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal

import numpy as np

from allocator.formulation.program import Program, Requirement, RowTag, Term
from allocator.formulation.units import zones_in_scope
from allocator.policy import PopulationBand, Unit

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    import pulp

    from allocator.policy import Service


@dataclass(frozen=True)
class ServiceServing:
    """The assignment of one service.

    Parameters
    ----------
    service
        Its id.
    demand
        Demand points addressed, indexed by id: ``zone_id``, ``people`` (float).
    pairs
        One row per x variable: ``demand_id``, ``site_id``, ``minutes``, ``people``.
    shares
        The x variables, aligned with ``pairs``.
    unserved
        The u variable of each demand point that has at least one pair but may be left
        out, by demand id.
    """

    service: str
    demand: pd.DataFrame
    pairs: pd.DataFrame
    shares: tuple[pulp.LpVariable, ...]
    unserved: Mapping[str, pulp.LpVariable]

    @cached_property
    def _rows_of_site(self) -> Mapping[str, list[int]]:
        rows: dict[str, list[int]] = {}
        for row, site_id in enumerate(self.pairs["site_id"]):
            rows.setdefault(site_id, []).append(row)
        return rows

    @cached_property
    def _unreachable(self) -> pd.DataFrame:
        reached = self.demand.index.isin(self.pairs["demand_id"].unique())
        return self.demand.loc[~reached]

    def people_terms(self, site_id: str) -> tuple[Term, ...]:
        """Return the people served at a site as terms."""
        people = self.pairs["people"].to_numpy()
        rows = self._rows_of_site.get(site_id, ())
        return tuple((self.shares[row], float(people[row])) for row in rows)

    def unserved_terms(
        self, zones: frozenset[str] | None
    ) -> tuple[tuple[Term, ...], float]:
        """Return the unserved people of ``zones`` as terms, and all their people."""
        inside = self.demand
        if zones is not None:
            inside = inside[inside["zone_id"].isin(zones)]
        terms = tuple(
            (self.unserved[str(i)], float(p))
            for i, p in inside["people"].items()
            if i in self.unserved
        )
        return terms, float(inside["people"].sum())

    def unreachable_people(self, zones: frozenset[str] | None = None) -> float:
        """Return the people whom no possible holder can serve."""
        lost = self._unreachable
        if zones is not None:
            lost = lost[lost["zone_id"].isin(zones)]
        return float(lost["people"].sum())

    def person_minutes(self) -> list[Term]:
        """Return people x minutes travelled as terms."""
        cost = (self.pairs["people"] * self.pairs["minutes"]).tolist()
        return [(x, c) for x, c in zip(self.shares, cost, strict=True) if c != 0]


@dataclass(frozen=True)
class Serving:
    """The assignments of all services that people are assigned to."""

    services: Mapping[str, ServiceServing]


def add_serving(program: Program) -> Serving:
    """Create the assignment variables and rows of every service with people.

    Everyone must be served unless ``uncovered_people`` is among the objectives, which
    then weighs those who are not.
    """
    banded = {
        reading.service
        for rule in program.policy.rules
        for reading in rule.readings
        if isinstance(reading, PopulationBand)
    }
    capacity = {
        str(site_id): float(most)
        for site_id, most in program.area.sites["capacity_people"].dropna().items()
    }
    services = {}
    for service in program.policy.services.values():
        if service.serves is None:
            continue
        capped = any(site_id in capacity for site_id, _ in program.holders(service.id))
        serving = _serve(
            program, service, prune=not capped and service.id not in banded
        )
        services[service.id] = serving
        if capped:
            _add_capacity(program, serving, capacity)
        _require_everyone(program, serving)
    return Serving(services)


def _serve(program: Program, service: Service, *, prune: bool) -> ServiceServing:
    demand = _addressed(program, service)
    pairs = _allowed_pairs(program, service, demand)
    certain = {
        site_id for site_id, holds in program.holders(service.id) if holds.lowBound == 1
    }
    if prune:
        pairs = _only_those_that_matter(pairs, certain)
    position = list(program.policy.services).index(service.id)
    category: Literal["Continuous", "Integer"] = (
        "Continuous" if program.terms.split else "Integer"
    )
    shares = program.new_variables(f"x_k{position}_", range(len(pairs)), category)
    reached = pairs["demand_id"].drop_duplicates().to_numpy()
    always = (
        set(pairs.loc[pairs["site_id"].isin(certain), "demand_id"]) if prune else ()
    )
    optional = [i for i in reached if i not in always]
    unserved = dict(
        zip(
            optional,
            program.new_variables(
                f"u_k{position}_", range(len(optional)), "Continuous"
            ),
            strict=True,
        )
    )
    serving = ServiceServing(service.id, demand, pairs, tuple(shares), unserved)
    _add_assignment_rows(program, serving, certain)
    return serving


def _addressed(program: Program, service: Service) -> pd.DataFrame:
    if service.serves is None:
        message = f"{service.id} serves nobody"
        raise ValueError(message)
    demand = program.area.demand
    zones = zones_in_scope(service.serves, program.area)
    chosen = demand[demand["zone_id"].isin(zones) & (demand["people"] > 0)]
    return chosen.assign(people=chosen["people"].astype(float))


def _allowed_pairs(
    program: Program, service: Service, demand: pd.DataFrame
) -> pd.DataFrame:
    """Return the pairs that can be travelled and that the service allows."""
    able = [site_id for site_id, _ in program.holders(service.id)]
    pairs = program.travel.of(service.id).pairs
    pairs = pairs[pairs["site_id"].isin(able) & pairs["demand_id"].isin(demand.index)]
    if service.assign_within is not Unit.AREA:
        level = "county_id" if service.assign_within is Unit.COUNTY else "zone_id"
        home = demand[level].reindex(pairs["demand_id"]).to_numpy()
        place = program.area.sites[level].reindex(pairs["site_id"]).to_numpy()
        pairs = pairs.loc[home == place].copy()
    pairs = pairs[["demand_id", "site_id", "minutes"]].reset_index(drop=True)
    people = demand["people"].reindex(pairs["demand_id"]).to_numpy()
    result: pd.DataFrame = pairs.assign(people=people)
    return result


def _only_those_that_matter(pairs: pd.DataFrame, certain: set[str]) -> pd.DataFrame:
    """Drop pairs that are no nearer than the nearest holder that stays."""
    stays = pairs["site_id"].isin(certain)
    nearest = (
        pairs[stays]
        .sort_values(["demand_id", "minutes", "site_id"])
        .drop_duplicates("demand_id")
        .set_index("demand_id")
    )
    limit = nearest["minutes"].reindex(pairs["demand_id"]).to_numpy()
    best = nearest["site_id"].reindex(pairs["demand_id"]).to_numpy()
    minutes = pairs["minutes"].to_numpy()
    keep = np.isnan(limit) | (minutes < limit) | (pairs["site_id"].to_numpy() == best)
    kept: pd.DataFrame = pairs[keep].reset_index(drop=True)
    return kept


def _add_assignment_rows(
    program: Program, serving: ServiceServing, certain: set[str]
) -> None:
    """Serve everyone once, and only where the service is held.

    The rows of x <= h are written in one go: there is one per pair.
    """
    tag = f"assign:{serving.service}"
    position = {i: n for n, i in enumerate(program.area.demand.index)}
    demand, sites = (
        serving.pairs["demand_id"].tolist(),
        serving.pairs["site_id"].tolist(),
    )
    by_demand: dict[str, list[Term]] = {}
    for share, demand_id in zip(serving.shares, demand, strict=True):
        by_demand.setdefault(demand_id, []).append((share, 1.0))
    program.add_limits(
        tag,
        (
            (
                site_id,
                f"open_{position[demand_id]}",
                share,
                program.holds[site_id, serving.service],
            )
            for share, demand_id, site_id in zip(
                serving.shares, demand, sites, strict=True
            )
            if site_id not in certain
        ),
    )
    for demand_id, terms in by_demand.items():
        if demand_id in serving.unserved:
            terms.append((serving.unserved[demand_id], 1.0))
        program.add_row(RowTag(tag, str(position[demand_id]), "once"), terms, "==", 1.0)


def _add_capacity(
    program: Program, serving: ServiceServing, capacity: Mapping[str, float]
) -> None:
    """Bind the people served at a site, by its stated capacity."""
    for site_id, holds in program.holders(serving.service):
        people = serving.people_terms(site_id)
        if site_id in capacity and people:
            terms = [*people, (holds, -capacity[site_id])]
            program.add_row(RowTag("capacity", site_id, "most"), terms, "<=", 0.0)


def _require_everyone(program: Program, serving: ServiceServing) -> None:
    if "uncovered_people" in program.terms.objective:
        return
    zones = frozenset(serving.demand["zone_id"])
    terms, people = serving.unserved_terms(zones)
    lost = serving.unreachable_people()
    if terms or lost:
        program.require(
            f"serves:{serving.service}",
            Requirement("", "everyone", terms, "<=", -lost, people),
            soft=program.softens("rule"),
        )
