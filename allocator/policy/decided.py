"""What the decisions of a review fix, phase by phase."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

type Pair = tuple[str, str]  # (site_id, service)

# Clauses have ids of their own; this one stands for all decisions of a review.
DECIDED = "decided"


@dataclass(frozen=True)
class Decided:
    """What must be, and must not be, in a phase because people decided so.

    Parameters
    ----------
    held
        Pairs that are held in the phase, and how many of a counted service exactly;
        None where any number will do.
    barred
        Pairs that are not held in the phase.
    """

    held: Mapping[Pair, int | None] = field(default_factory=dict)
    barred: frozenset[Pair] = frozenset()


def unit_of(pair: Pair) -> str:
    """Return the unit id of a decision: site and service with a blank between."""
    return f"{pair[0]} {pair[1]}"
