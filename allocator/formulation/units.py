"""From the scope and unit of a rule to sets of zones, for building rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from allocator.policy import Unit

if TYPE_CHECKING:
    import pandas as pd

    from allocator.area import PlanningArea
    from allocator.policy import Rule, Scope


@dataclass(frozen=True, slots=True)
class UnitZones:
    """One unit in which a rule holds: its id (``""`` for the area) and its zones."""

    id: str
    zones: frozenset[str]


def zones_in_scope(scope: Scope, area: PlanningArea) -> pd.Index:
    """Return the ids of the zones that a scope is about, sorted."""
    zones = area.zones
    inside = zones["population"].notna()
    if scope.county or scope.county_kind:
        counties = area.counties
        chosen = counties["name"].notna()
        if scope.county:
            named = counties["name"].isin(scope.county)
            chosen &= named | counties.index.isin(scope.county)
        if scope.county_kind:
            chosen &= counties["kind"].isin(scope.county_kind)
        inside &= zones["county_id"].isin(counties.index[chosen])
    if scope.zone_kind:
        inside &= zones["kind"].isin(scope.zone_kind)
    if scope.urban is not None:
        inside &= zones["urban"] == scope.urban
    if scope.people_below is not None:
        inside &= zones["population"] < scope.people_below
    if scope.people_from is not None:
        inside &= zones["population"] >= scope.people_from
    found: pd.Index = zones.index[inside]
    return found


def units_of(rule: Rule, area: PlanningArea) -> list[UnitZones]:
    """Return the units in which a rule holds; a unit without zones in scope is none.

    A rule that holds at every holder has no units of zones.
    """
    if rule.unit is Unit.SITE:
        return []
    ids = zones_in_scope(rule.scope, area)
    if len(ids) == 0:
        return []
    if rule.unit is Unit.AREA:
        return [UnitZones("", frozenset(ids))]
    if rule.unit is Unit.ZONE:
        return [UnitZones(zone_id, frozenset((zone_id,))) for zone_id in ids]
    by_county = area.zones.loc[ids].groupby("county_id").groups
    return [UnitZones(str(c), frozenset(by_county[c])) for c in sorted(by_county)]
