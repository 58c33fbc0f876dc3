"""What an area adds to limits that it shares with others.

A budget, or a clause about a whole province, binds the sum of many areas. Each limit is
written as "the sum of what every area adds is at most so much"; here is what one area
adds, as an expression over the variables of its own program. The rows themselves are
nobody's: they are kept by whoever shares the limits out (`allocator.parts`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from allocator.errors import Finding, PolicyError, Text
from allocator.formulation import coverage
from allocator.formulation.build import BUILDERS
from allocator.formulation.objective import total
from allocator.formulation.objectives import spending, spending_of_phase
from allocator.formulation.sites import UndecidableError
from allocator.policy import CountInUnit, Coverage

if TYPE_CHECKING:
    import pulp

    from allocator.area import PlanningArea
    from allocator.formulation.build import Formulation
    from allocator.formulation.program import Requirement
    from allocator.policy import Rule


@dataclass(frozen=True)
class Added:
    """What an area adds to a shared limit.

    Parameters
    ----------
    expression
        The quantity that is limited from above, constants included.
    needed
        The area's part of what the clause asks for, in the unit of the expression; the
        sum is what a shortfall is measured against. 0 for a budget, and for a count,
        which is asked of all areas together.
    """

    expression: pulp.LpAffineExpression
    needed: float = 0.0


def money_added(formulation: Formulation, phase: int, limit: str) -> Added:
    """Return what an area spends under a limit of `Terms`, 万元.

    Parameters
    ----------
    formulation
        Of the area.
    phase
        Number of the phase, from 0.
    limit
        ``capital_wan`` (of the phase), ``yearly_wan`` or ``total_capital_wan``.
    """
    program = formulation.programs[phase]
    if limit == "capital_wan":
        return Added(total(*spending_of_phase(program, 0)))
    return Added(total(*spending(program, 1 if limit == "yearly_wan" else 0)))


def clause_added(formulation: Formulation, phase: int, rule: Rule) -> dict[str, Added]:
    """Return what an area adds to a clause about many areas, by ``what`` of its rows.

    In words: sum >= bound is read as bound - sum <= 0, and both sides add up over
    areas. A count has one bound for all areas: its sum alone is what is added.

    Parameters
    ----------
    formulation
        Of the area; a clause of reach is in it without its share.
    phase
        Number of the phase, from 0.
    rule
        As it binds all areas together; one reading, at the level of the area.

    Raises
    ------
    PolicyError
        When the area alone lacks what the rule needs.
    """
    result = {}
    for one in _requirements(formulation, phase, rule):
        of_all = isinstance(rule, CountInUnit)
        sign = -1.0 if one.sense == ">=" else 1.0
        constant = 0.0 if of_all else -sign * one.bound
        terms = [(variable, sign * weight) for variable, weight in one.terms]
        needed = 0.0 if of_all else one.needed
        result[one.what] = Added(total(terms, constant), needed)
    return result


def _requirements(
    formulation: Formulation, phase: int, rule: Rule
) -> list[Requirement]:
    """Return the rows that a rule would have, none of which is added."""
    parts = formulation.parts[phase]
    if isinstance(rule, Coverage):
        if rule.id not in parts.covers:
            return []
        reading, cover = parts.covers[rule.id]
        return coverage.build(replace(reading, share=rule.share), cover)
    try:
        return BUILDERS[type(rule)](parts.program, rule)
    except UndecidableError as missing:
        raise _unknown_here(rule, parts.program.area, str(missing)) from missing


def _unknown_here(rule: Rule, area: PlanningArea, column: str) -> PolicyError:
    message = Text(
        f"按各县合计的条款, {area.name} 的机构表没有填 {column}",
        f"the clause adds up all counties, and {area.name} has blank cells in {column}",
    )
    remedy = Text("补齐该列, 或不写 [split]", "fill the column, or leave out [split]")
    return PolicyError(
        [Finding("split-undecidable", message, keys=(rule.id,), remedy=remedy)]
    )
