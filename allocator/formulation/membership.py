"""Classes that the plan itself decides: membership of sites as linear terms.

A site is a member for certain (by its class), never, or when it holds one of several
services in the plan. The last is a 0/1 quantity tied to the holdings by rows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulp

from allocator.formulation.program import Program, RowTag
from allocator.formulation.sites import sites_matching, sites_named

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from allocator.policy import Members

# A membership: 1 for certain, or a 0/1 variable of the program.
type Membership = pulp.LpVariable | int

_LINK = "link"


def memberships(
    program: Program, members: Members, *, existing_only: bool
) -> Mapping[str, Membership]:
    """Return the sites that are, or may become, members.

    Parameters
    ----------
    program
        Rows that tie decided membership to holdings are added to it.
    members
        Classes, services and conditions.
    existing_only
        Whether a candidate of the class is left out: it is not a facility yet.

    Raises
    ------
    UndecidableError
        When level or ownership is asked for and not in the register.
    """
    sites = program.area.sites
    result: dict[str, Membership] = {}
    for site_id in sites_matching(members, program.area, existing_only=existing_only):
        result[site_id] = 1
    named = sites_named(members, program.area) - program.branches
    for site_id in sites.index:
        if site_id in result or site_id not in named:
            continue
        held = [
            program.holds[site_id, service]
            for service in members.service
            if (site_id, service) in program.holds
        ]
        if held:
            result[site_id] = either(program, site_id, held)
    return result


def either(
    program: Program, site_id: str, variables: Iterable[pulp.LpVariable]
) -> Membership:
    """Return a 0/1 quantity that is 1 exactly when any of the 0/1 variables is."""
    choices = list(variables)
    if any(variable.lowBound == 1 for variable in choices):
        return 1
    if len(choices) == 1:
        return choices[0]
    name = f"either_{len(program.rows)}"
    result = program.new_variable(name, 0, 1)
    tag = RowTag(_LINK, site_id, "either")
    for variable in choices:
        program.add_row(tag, [(result, 1.0), (variable, -1.0)], ">=", 0.0)
    terms = [(variable, 1.0) for variable in choices]
    program.add_row(tag, [*terms, (result, -1.0)], ">=", 0.0)
    return result


def both(
    program: Program, site_id: str, holds: pulp.LpVariable, member: Membership
) -> pulp.LpVariable:
    """Return a 0/1 quantity that is 1 exactly when ``holds`` and ``member`` are."""
    if isinstance(member, int) or member.id == holds.id:
        return holds
    name = f"both_{len(program.rows)}"
    result = program.new_variable(name, 0, 1)
    tag = RowTag(_LINK, site_id, "both")
    program.add_row(tag, [(holds, 1.0), (result, -1.0)], ">=", 0.0)
    program.add_row(tag, [(member, 1.0), (result, -1.0)], ">=", 0.0)
    terms = [(holds, 1.0), (member, 1.0), (result, -1.0)]
    program.add_row(tag, terms, "<=", 1.0)
    return result


def counted(
    program: Program, service: str, of: Members | None, zones: frozenset[str]
) -> list[pulp.LpVariable]:
    """Return quantities whose sum is the number of holders among ``of``.

    Candidates of a class count here: they hold the service only once built. Of a
    counted service every one counts; its class is then by facility, never decided.

    Raises
    ------
    UndecidableError
        When ``of`` needs a column that the register lacks.
    """
    holders = program.holders(service, zones)
    members = None if of is None else memberships(program, of, existing_only=False)
    quantities = []
    for site_id, variable in holders:
        if members is None:
            quantities.append(variable)
        elif site_id in members:
            quantities.append(both(program, site_id, variable, members[site_id]))
        else:
            continue
        if (site_id, service) in program.extras:
            quantities.append(program.extras[site_id, service])
    return quantities
