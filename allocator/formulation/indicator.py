"""Rows of `allocator.policy.Indicator`: none. It is tracked, never optimised."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from allocator.formulation.program import Program, Requirement
    from allocator.policy import Indicator


def build(program: Program, rule: Indicator) -> list[Requirement]:
    """Return no requirement."""
    return []
