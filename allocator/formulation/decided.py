"""Rows of what a review decided: pairs that are held, and pairs that are not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from allocator.formulation.program import Requirement
from allocator.policy.decided import DECIDED, Pair, unit_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from allocator.formulation.program import Program, Term


def add_decisions(program: Program) -> None:
    """Require what the decisions of the phase fix; by best effort they may give way.

    In words: h = 1 where a pair is held, h + e = n where exactly n of a counted
    service are, h = 0 where it is not. A pair that no plan may hold has no variable:
    what it lacks is then seen without solving.
    """
    soft = program.softens("rule")
    for requirement in _requirements(program):
        program.require(DECIDED, requirement, soft=soft)


def _requirements(program: Program) -> Iterator[Requirement]:
    decided = program.terms.decided
    for pair, number in sorted(decided.held.items()):
        terms = _number(program, pair)
        least = float(number or 1)
        yield Requirement(unit_of(pair), "held", terms, ">=", least, least)
        if number is not None and pair in program.extras:
            yield Requirement(unit_of(pair), "exact", terms, "<=", least, least)
    for pair in sorted(decided.barred):
        if pair in program.holds:
            terms = _number(program, pair)
            yield Requirement(unit_of(pair), "barred", terms, "<=", 0.0, 1.0)


def _number(program: Program, pair: Pair) -> tuple[Term, ...]:
    """Return how many a pair holds, as terms; nothing where it can hold none."""
    found = (held.get(pair) for held in (program.holds, program.extras))
    return tuple((variable, 1.0) for variable in found if variable is not None)
