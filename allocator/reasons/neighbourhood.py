"""Near the base plan: what may change with one service, and what stays as it is.

Source: Fischetti M, Lodi A (2003), Local branching, Mathematical Programming 98, 23-47,
for searching near a plan that is known before searching everywhere.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pulp

    from allocator.formulation.program import Program
    from allocator.reasons.base import Base


def neighbourhood(
    base: Base, service: str, site_id: str | None = None
) -> dict[pulp.LpVariable, tuple[float, float]]:
    """Return bounds that fix what has nothing to do with a service at a site.

    Parameters
    ----------
    base
        Its values are those that are fixed.
    service
        Its pairs, and those of services tied to it, stay free everywhere.
    site_id
        All pairs of this site stay free too; None: of no site.
    """
    of_value = dict(
        zip((v.id for v in base.session.problem.variables()), base.values, strict=False)
    )
    services = _tied(base.program, service)
    at_site = {k for s, k in base.program.holds if s == site_id}
    fixed = {}
    for variable, place, name in _whole(base):
        touched = name in services or (place is not None and place == site_id)
        if place is None:
            touched = name in services | at_site
        value = of_value[variable.id]
        if not touched and value is not None:
            whole = float(round(value))
            fixed[variable] = (whole, whole)
    return fixed


def _whole(base: Base) -> Iterator[tuple[pulp.LpVariable, str | None, str]]:
    """Yield the whole variables that belong to a service: (variable, site, service)."""
    formulation = base.formulation
    for program, serving in zip(
        formulation.programs, formulation.servings, strict=True
    ):
        for of_pairs in (program.holds, program.extras):
            for (site_id, service), variable in of_pairs.items():
                if variable.lowBound != variable.upBound:
                    yield variable, site_id, service
        if not program.terms.split:
            for service, of_service in serving.services.items():
                for variable in (*of_service.shares, *of_service.unserved.values()):
                    yield variable, None, service


def _tied(program: Program, service: str) -> frozenset[str]:
    """Return a service with those that it needs at its site, and that need it."""
    services = program.policy.services

    def needs(name: str) -> set[str]:
        hosts = services[name].hosts
        return {*services[name].requires, *(hosts.service if hosts else ())}

    tied = {service, *needs(service)}
    tied |= {name for name in services if service in needs(name)}
    return frozenset(tied)
