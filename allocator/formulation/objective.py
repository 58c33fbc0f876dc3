"""What a stage of the lexicographic order is, and what it is made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pulp

from allocator.errors import Finding, InputError, Text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from allocator.formulation.coverage import Cover
    from allocator.formulation.program import Program, Term
    from allocator.formulation.serving import Serving
    from allocator.policy import Coverage


@dataclass(frozen=True)
class Objective:
    """One stage of the lexicographic order.

    Parameters
    ----------
    name
        As in the brief; ``shortfall`` for the shortfall of ``strive`` rules.
    expression
        What is minimised, constants included.
    sign
        -1 where the quantity itself is maximised (``worst_county_coverage``): the
        value shown is ``sign`` times the expression's.
    shown
        An increasing function from the expression's value to the value shown, where
        that is another quantity; ``sign`` is then 1. None: the expression itself.
    finer
        What the relative gap asked for is multiplied by while the expression is
        minimised, so that the gap of the value shown is within it; above 0, at most 1.
    """

    name: str
    expression: pulp.LpAffineExpression
    sign: float = 1.0
    shown: Callable[[float], float] | None = None
    finer: float = 1.0

    def show(self, minimised: float) -> float:
        """Return the value shown for a value, or a bound, of the expression."""
        if self.shown is None:
            return self.sign * minimised
        return self.shown(minimised)


@dataclass(frozen=True)
class Parts:
    """What objectives are made of: the program, its covers and its assignments."""

    program: Program
    covers: Mapping[str, tuple[Coverage, Cover]]
    serving: Serving


def total(terms: Iterable[Term], constant: float = 0.0) -> pulp.LpAffineExpression:
    """Return the sum of terms and a constant as an expression."""
    return pulp.lpSum_vars_coefs(list(terms)) + constant


def nothing_to_measure(name: str, needs: str) -> InputError:
    """Return the error for an objective that this brief leaves without a quantity."""
    message = Text(
        f"目标 {name} 无可度量: 政策包中没有 {needs}",
        f"objective {name} has nothing to measure: no pack has {needs}",
    )
    remedy = Text("从 [objective] order 中去掉它", "remove it from [objective] order")
    return InputError(
        [Finding("objective-empty", message, column="order", remedy=remedy)]
    )
