"""Rows of `allocator.policy.ShareOfClass`.

In words: of the n members of the class in unit u, at least the share p (rounded up)
hold the service k. Members may be decided by the plan (m[s] is then a variable).
Formula, for p = a / b in whole numbers: b * sum h[s, k] m[s] >= a * sum m[s]. The left
side being a whole number of holders, this is the rounding up.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from allocator.formulation.membership import both, memberships
from allocator.formulation.program import Program, Requirement, Term
from allocator.formulation.units import units_of

if TYPE_CHECKING:
    from allocator.policy import ShareOfClass


def build(program: Program, rule: ShareOfClass) -> list[Requirement]:
    """Return one requirement per unit; none for a checklist over an attribute.

    Raises
    ------
    UndecidableError
        When the class needs a column that the register lacks.
    """
    if rule.service is None:
        return []
    share = rule.exact_share
    units = units_of(rule, program.area)
    members = memberships(program, rule.of, existing_only=True) if units else {}
    requirements = []
    for unit in units:
        inside = [s for s in members if program.zone_of[s] in unit.zones]
        if not inside:
            continue
        terms: list[Term] = []
        bound = 0.0
        for site_id in inside:
            member = members[site_id]
            if isinstance(member, int):
                bound += float(share.numerator)
            else:
                terms.append((member, -float(share.numerator)))
            holds = program.holds.get((site_id, rule.service))
            if holds is not None:
                joint = both(program, site_id, holds, member)
                terms.append((joint, float(share.denominator)))
        needed = float(share.numerator * len(inside))
        requirements.append(
            Requirement(unit.id, "share", _merged(terms), ">=", bound, needed)
        )
    return requirements


def _merged(terms: list[Term]) -> tuple[Term, ...]:
    """Add up the coefficients of each variable: a holder may be its own member."""
    total: dict[int, Term] = {}
    for variable, coefficient in terms:
        before = total[variable.id][1] if variable.id in total else 0.0
        total[variable.id] = (variable, before + coefficient)
    return tuple(total.values())
