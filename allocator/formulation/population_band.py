"""Rows of `allocator.policy.PopulationBand`.

In words: a site in unit u that holds the service k serves from lo to hi people, and
every person of the unit whom the service addresses is served somewhere.
Formula: lo h[s, k] <= sum over i of people[i] x[i, s, k] <= hi h[s, k] for s in u;
sum over i in u of people[i] u[i, k] <= 0, u being the unserved share.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from allocator.formulation.program import Program, Requirement
from allocator.formulation.units import units_of

if TYPE_CHECKING:
    from allocator.formulation.serving import Serving
    from allocator.policy import PopulationBand


def build(
    program: Program, rule: PopulationBand, serving: Serving
) -> list[Requirement]:
    """Return two requirements per possible holder, and one per unit for its people."""
    requirements = []
    service = serving.services[rule.service]
    for unit in units_of(rule, program.area):
        for site_id, holds in program.holders(rule.service, unit.zones):
            people = service.people_terms(site_id)
            if rule.lo > 0:
                terms = (*people, (holds, -rule.lo))
                requirements.append(
                    Requirement(unit.id, f"lo_{site_id}", terms, ">=", 0.0, rule.lo)
                )
            terms = (*people, (holds, -rule.hi))
            requirements.append(
                Requirement(unit.id, f"hi_{site_id}", terms, "<=", 0.0, rule.hi)
            )
        unserved, people_sum = service.unserved_terms(unit.zones)
        bound = -service.unreachable_people(unit.zones)
        if unserved or bound < 0:
            requirements.append(
                Requirement(unit.id, "served", unserved, "<=", bound, people_sum)
            )
    return requirements
