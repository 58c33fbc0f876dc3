"""Rows of `allocator.policy.Coverage`.

In words: at least the share p of the people of unit u have a holder in reach.
Formula: c[g] <= sum over s in reach of g of h[s, k], 0 <= c <= 1;
sum over g in u of people[g] c[g] >= p * people[u]. Demand points with the same reach in
the same unit are one group g; a group with a holder that stays is covered for certain.
Church and ReVelle 1974 (MCLP); Toregas et al. 1971 (LSCP) for p = 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from allocator.formulation.program import Program, Requirement, RowTag, Term
from allocator.formulation.sites import UndecidableError
from allocator.formulation.units import units_of, zones_in_scope

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from allocator.policy import Coverage


@dataclass(frozen=True)
class Cover:
    """The covered people of one coverage rule, unit by unit.

    Parameters
    ----------
    people
        All people of each unit, by unit id.
    certain
        People covered whatever is decided.
    terms
        (variable, people) of the groups that may be covered.
    """

    people: dict[str, float]
    certain: dict[str, float]
    terms: dict[str, tuple[Term, ...]]


def cover_terms(program: Program, rule: Coverage, unit_of_zone: pd.Series) -> Cover:
    """Create the cover variables of a rule and return the covered people per unit.

    Parameters
    ----------
    program
        Variables and rows are added to it.
    rule
        The coverage rule.
    unit_of_zone
        Unit id by zone id; demand in zones that are not in the index is left out.

    Raises
    ------
    UndecidableError
        When the rule is in km and the travel table has no distances.
    """
    demand = program.area.demand
    demand = demand[demand["zone_id"].isin(unit_of_zone.index)]
    unit = demand["zone_id"].map(unit_of_zone)
    people = demand["people"].astype(float)
    reach = pd.Series(dtype=object)
    if len(unit_of_zone):
        reach = _reach(program, rule, demand)
    groups = pd.DataFrame({"unit": unit, "people": people})
    groups["reach"] = reach.reindex(demand.index)
    total = people.groupby(unit).sum()
    sums = groups.dropna(subset=["reach"]).groupby(["unit", "reach"])["people"].sum()
    certain = dict.fromkeys(total.index, 0.0)
    terms: dict[str, list[Term]] = {unit_id: [] for unit_id in total.index}
    keys: list[tuple[str, tuple[str, ...]]] = sums.index.tolist()
    for (unit_id, sites), group_people in zip(keys, sums.tolist(), strict=True):
        if group_people == 0:
            continue
        holds = [program.holds[site_id, rule.service] for site_id in sites]
        if any(variable.lowBound == 1 for variable in holds):
            certain[unit_id] += group_people
            continue
        covered = program.new_variable(f"c_{len(program.rows)}", 0, 1)
        row = [(variable, 1.0) for variable in holds]
        tag = RowTag(rule.id, unit_id, "reach")
        program.add_row(tag, [*row, (covered, -1.0)], ">=", 0.0)
        terms[unit_id].append((covered, group_people))
    return Cover(
        {str(u): float(p) for u, p in total.items()},
        {str(u): float(p) for u, p in certain.items()},
        {str(u): tuple(t) for u, t in terms.items()},
    )


def _reach(program: Program, rule: Coverage, demand: pd.DataFrame) -> pd.Series:
    """Return, for each demand point with any, the sorted tuple of sites in reach."""
    pairs = program.travel.of(rule.service).pairs
    if rule.measure == "km" and pairs["km"].isna().any():
        raise UndecidableError("km")
    able = {site_id for site_id, service in program.holds if service == rule.service}
    pairs = pairs[pairs["site_id"].isin(able) & pairs["demand_id"].isin(demand.index)]
    urban: NDArray[np.bool_] = (
        demand["urban"].astype(bool).reindex(pairs["demand_id"]).to_numpy()
    )
    if rule.measure == "km":
        common, in_town, outside = rule.within_km, rule.urban_km, rule.rural_km
    else:
        common = rule.within_minutes
        in_town, outside = rule.urban_minutes, rule.rural_minutes
    town_limit = common if in_town is None else in_town
    rural_limit = common if outside is None else outside
    limits: NDArray[np.float64] = np.array([rural_limit, town_limit], dtype=float)
    near = pairs[pairs[rule.measure].to_numpy() <= limits[urban.astype(int)]]
    sites: dict[str, list[str]] = {}
    for demand_id, site_id in zip(near["demand_id"], near["site_id"], strict=True):
        sites.setdefault(demand_id, []).append(site_id)
    return pd.Series({i: tuple(sorted(s)) for i, s in sites.items()}, dtype=object)


def unit_by_zone(program: Program, rule: Coverage) -> pd.Series:
    """Return the unit id of every zone in the rule's scope, by zone id."""
    return pd.Series(
        {
            zone_id: unit.id
            for unit in units_of(rule, program.area)
            for zone_id in unit.zones
        },
        dtype=object,
    )


def county_by_zone(program: Program, rule: Coverage) -> pd.Series:
    """Return the county id of every zone in the rule's scope, by zone id."""
    zones = zones_in_scope(rule.scope, program.area)
    counties: pd.Series = program.area.zones.loc[zones, "county_id"]
    return counties


def build(rule: Coverage, cover: Cover) -> list[Requirement]:
    """Return one requirement per unit; none for a rule without a share."""
    if rule.share is None:
        return []
    requirements = []
    for unit_id, people in cover.people.items():
        needed = rule.share * people
        bound = needed - cover.certain[unit_id]
        requirements.append(
            Requirement(unit_id, "share", cover.terms[unit_id], ">=", bound, needed)
        )
    return requirements
