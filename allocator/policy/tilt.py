"""Where a decided resource is to go first, as the brief weighs it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Tilt:
    """The classes of site that a resource is to go to first.

    Texts say that beds go to primary care first and give no number, so the weights are
    the planner's own. The objective ``amounts_elsewhere`` counts what is added against
    them; how much is added is for the rules to say.

    Parameters
    ----------
    resource
        Id of a resource that the plan decides.
    weights
        Class of site -> 0 (not favoured) to 1 (first); a class that is not named, and
        a site without a class, weighs 0.
    """

    resource: str
    weights: Mapping[str, float]
