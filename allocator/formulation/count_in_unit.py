"""Rows of `allocator.policy.CountInUnit`.

In words: in every unit u, from lo to hi countable sites hold the service k.
Formula: lo <= sum over s in u of h[s, k] <= hi.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from allocator.formulation.membership import counted
from allocator.formulation.program import Program, Requirement
from allocator.formulation.units import units_of

if TYPE_CHECKING:
    from allocator.policy import CountInUnit


def build(program: Program, rule: CountInUnit) -> list[Requirement]:
    """Return one requirement per unit and bound."""
    requirements = []
    for unit in units_of(rule, program.area):
        holders = counted(program, rule.service, rule.of, unit.zones)
        terms = tuple((variable, 1.0) for variable in holders)
        if rule.lo:
            low = float(rule.lo)
            requirements.append(Requirement(unit.id, "lo", terms, ">=", low, low))
        if rule.hi is not None:
            high = float(rule.hi)
            requirements.append(Requirement(unit.id, "hi", terms, "<=", high, high))
    return requirements
