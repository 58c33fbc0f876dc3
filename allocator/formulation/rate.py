"""Rows of `allocator.policy.Rate`.

In words: the quantity Q of unit u, per D / per, is from lo to hi.
Formula: per * Q >= lo * D and per * Q <= hi * D, with Q = sum (today[s, r] + q[s, r])
or sum h[s, k]; D = people of the unit (or of a part of them that the zones count), or a
sum of the same forms. For
``not_below_today`` lo is today's Q / D x per. With ``unit = "site"`` every holder of
the denominator's service has at least lo / per of the resource.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import pandas as pd

from allocator.formulation.membership import counted, either
from allocator.formulation.program import Program, Requirement, RowTag, Term
from allocator.formulation.sites import (
    UndecidableError,
    sites_known_to_match,
    sites_matching,
    sites_named,
)
from allocator.formulation.units import UnitZones, units_of, zones_in_scope
from allocator.policy import Unit

if TYPE_CHECKING:
    from allocator.policy import Members, Rate, Resource


@dataclass(frozen=True, slots=True)
class Quantity:
    """A sum that may be partly decided: ``constant`` plus ``terms``.

    ``today`` is its value before the plan. ``blanks`` says whether a register cell it
    needs is empty (counted as 0).
    """

    constant: float
    terms: tuple[Term, ...]
    today: float
    blanks: bool


def build(program: Program, rule: Rate) -> list[Requirement]:
    """Return one requirement per unit and bound.

    Raises
    ------
    UndecidableError
        When a column is not in the register, or a bound from above or a denominator
        would rest on blank cells.
    """
    if rule.unit is Unit.SITE:
        return _at_each_holder(program, rule)
    requirements = []
    for unit in units_of(rule, program.area):
        quantity = _numerator(program, rule, unit)
        base = _denominator(program, rule, unit)
        if base.blanks or (quantity.blanks and rule.hi is not None):
            raise UndecidableError(rule.resource or rule.denominator)
        low = rule.lo
        if rule.not_below_today and base.today > 0:
            today = quantity.today / base.today * rule.per
            low = today if low is None else max(low, today)
        if low is not None:
            requirements.append(
                _bounded(unit, "lo", ">=", quantity, base, per=rule.per, figure=low)
            )
        if rule.hi is not None:
            requirements.append(
                _bounded(unit, "hi", "<=", quantity, base, per=rule.per, figure=rule.hi)
            )
    return requirements


def _at_each_holder(program: Program, rule: Rate) -> list[Requirement]:
    """Return one requirement per possible holder: today[s] + q[s] >= lo / per h[s]."""
    sites = program.area.sites
    name = str(rule.resource)
    if name not in sites:
        raise UndecidableError(name)
    zones = frozenset(zones_in_scope(rule.scope, program.area))
    allowed = (
        set(sites.index)
        if rule.of is None
        else set(sites_matching(rule.of, program.area))
    )
    cells = pd.to_numeric(sites[name]).where(sites["status"] == "existing", 0.0)
    today = {str(site_id): float(cell) for site_id, cell in cells.fillna(0.0).items()}
    needed = float(rule.lo or 0.0) / rule.per
    requirements = []
    for site_id, holds in program.holders(rule.denominator.split(":")[1], zones):
        if site_id not in allowed:
            continue
        amount = program.amounts.get((site_id, name))
        terms: tuple[Term, ...] = ((holds, -needed),)
        if amount is not None:
            terms = ((amount, 1.0), *terms)
        requirements.append(
            Requirement(site_id, "lo", terms, ">=", -today[site_id], needed)
        )
    return requirements


def _bounded(
    unit: UnitZones,
    what: str,
    sense: str,
    quantity: Quantity,
    base: Quantity,
    *,
    per: float,
    figure: float,
) -> Requirement:
    """Return Q - figure / per * D (sense) 0 with constants on the right."""
    ratio = figure / per
    terms = (*quantity.terms, *((v, -ratio * c) for v, c in base.terms))
    bound = ratio * base.constant - quantity.constant
    needed = ratio * base.constant
    return Requirement(
        unit.id, what, terms, ">=" if sense == ">=" else "<=", bound, needed
    )


def _numerator(program: Program, rule: Rate, unit: UnitZones) -> Quantity:
    if rule.service is not None:
        return _holders(program, rule.service, rule.of, unit)
    return _resource(program, str(rule.resource), rule.of, unit)


def _denominator(program: Program, rule: Rate, unit: UnitZones) -> Quantity:
    kind, _, name = rule.denominator.partition(":")
    if kind == "population":
        zones = program.area.zones
        people = float(zones.loc[sorted(unit.zones), "population"].sum())
        return Quantity(people, (), people, blanks=False)
    if kind == "zones":
        return _of_zones(program, name, unit)
    if kind == "service":
        return _holders(program, name, None, unit)
    return _resource(program, name, rule.of, unit)


def _of_zones(program: Program, column: str, unit: UnitZones) -> Quantity:
    """Return the sum of a column of the zones; one blank cell leaves it unknown."""
    zones = program.area.zones
    if column not in zones:
        raise UndecidableError(column)
    cells = pd.to_numeric(zones.loc[sorted(unit.zones), column], errors="coerce")
    if cells.isna().any():
        raise UndecidableError(column)
    count = float(cells.sum())
    return Quantity(count, (), count, blanks=False)


def _holders(
    program: Program, service: str, of: Members | None, unit: UnitZones
) -> Quantity:
    variables = counted(program, service, of, unit.zones)
    before = program.holdings.today
    members = None if of is None else _members_today(program, of)
    today = sum(
        program.holdings.counted_today.get((site_id, service), 1)
        for site_id, _ in program.holders(service, unit.zones)
        if (site_id, service) in before and (members is None or site_id in members)
    )
    return Quantity(0.0, tuple((v, 1.0) for v in variables), float(today), blanks=False)


def _members_today(program: Program, of: Members) -> frozenset[str]:
    """Return the sites that are among ``of`` before the plan."""
    holders = {
        site_id for site_id, name in program.holdings.today if name in of.service
    }
    named = sites_named(of, program.area) - program.branches
    return frozenset(sites_matching(of, program.area)) | (holders & named)


def _resource(
    program: Program, name: str, of: Members | None, unit: UnitZones
) -> Quantity:
    sites = program.area.sites
    if name not in sites:
        raise UndecidableError(name)
    inside = sites["zone_id"].isin(unit.zones) & (sites["status"] == "existing")
    allowed = set(sites.index) if of is None else set(sites_matching(of, program.area))
    inside &= sites.index.isin(allowed)
    cells = pd.to_numeric(sites.loc[inside, name])
    if len(cells) and cells.isna().all():
        raise UndecidableError(name)
    today = float(cells.sum())
    terms = tuple(
        (variable, 1.0)
        for (site_id, resource), variable in program.amounts.items()
        if resource == name
        and site_id in allowed
        and program.zone_of[site_id] in unit.zones
    )
    return Quantity(today, terms, today, blanks=bool(cells.isna().any()))


def add_amounts(program: Program) -> None:
    """Create one variable per resource and site that may receive it.

    An amount at a site that must hold a service first is 0 unless the service is held.
    """
    for resource in program.policy.resources.values():
        if resource.at is None or resource.id not in program.area.sites:
            continue
        _add_resource(program, resource, resource.at)


def _add_resource(program: Program, resource: Resource, at: Members) -> None:
    sites = program.area.sites
    position = {site_id: i for i, site_id in enumerate(sites.index)}
    free = program.existing.intersection(sites_known_to_match(at, program.area))
    named = sites_named(at, program.area) & program.holdings.receiving
    category: Literal["Integer", "Continuous"] = (
        "Integer" if resource.whole else "Continuous"
    )
    most = resource.most_per_site or 0.0
    for site_id in sites.index:
        held = [
            program.holds[site_id, service]
            for service in at.service
            if (site_id, service) in program.holds
        ]
        if site_id not in named or (site_id not in free and not held):
            continue
        name = f"q_s{position[site_id]}_{resource.id}"
        amount = program.new_variable(name, 0, most, category)
        program.amounts[site_id, resource.id] = amount
        if site_id not in free:
            open_here = either(program, site_id, held)
            if not isinstance(open_here, int):
                program.add_row(
                    RowTag("link", site_id, resource.id),
                    [(amount, 1.0), (open_here, -most)],
                    "<=",
                    0.0,
                )
