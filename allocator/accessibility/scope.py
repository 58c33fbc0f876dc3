"""Which services are measured, and whom each is for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from allocator.policy import Coverage

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from allocator.area import PlanningArea
    from allocator.policy import Policy, Scope


def scopes_by_service(policy: Policy) -> dict[str, list[Scope]]:
    """Return the scopes of the people of every service that is measured, by id.

    A service is measured when people are assigned to it (``serves``) or a coverage
    rule of any priority is about it; it is for the people of all these scopes.
    """
    scopes = {
        service.id: [service.serves]
        for service in policy.services.values()
        if service.serves is not None
    }
    for rule in policy.rules:
        for reading in rule.readings:
            if isinstance(reading, Coverage):
                scopes.setdefault(reading.service, []).append(reading.scope)
    return dict(sorted(scopes.items()))


def zones_addressed(area: PlanningArea, scopes: list[Scope]) -> NDArray[np.bool_]:
    """Return which zones lie in any of the scopes, in the order of the zones."""
    found = np.zeros(len(area.zones), dtype=bool)
    for scope in scopes:
        found |= _zones_in(area, scope)
    return found


def _zones_in(area: PlanningArea, scope: Scope) -> NDArray[np.bool_]:
    zones = area.zones
    county = area.counties.loc[zones["county_id"]]
    inside = np.ones(len(zones), dtype=bool)
    if scope.county:
        named = county["name"].isin(scope.county) | county.index.isin(scope.county)
        inside &= named.to_numpy(dtype=bool)
    if scope.county_kind:
        inside &= county["kind"].isin(scope.county_kind).to_numpy(dtype=bool)
    if scope.zone_kind:
        inside &= zones["kind"].isin(scope.zone_kind).to_numpy(dtype=bool)
    if scope.urban is not None:
        inside &= zones["urban"].to_numpy(dtype=bool) == scope.urban
    people = zones["population"].to_numpy(dtype=float)
    if scope.people_below is not None:
        inside &= people < scope.people_below
    if scope.people_from is not None:
        inside &= people >= scope.people_from
    return inside
