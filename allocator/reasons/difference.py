"""How much worse an objective is elsewhere: a figure, and what is proved of it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from allocator.formulation import Objective
    from allocator.solve import Stage

type Kind = Literal[
    "none",
    "within_gap",
    "worse",
    "perhaps_worse",
    "better",
    "perhaps_better",
    "unknown",
]

_SAME = 1e-6  # relative: values this near are the same but for rounding
_EXACT = 1e-7  # relative: bounds this near the value leave nothing open


@dataclass(frozen=True)
class Difference:
    """What one objective becomes when a choice is forbidden or forced.

    Parameters
    ----------
    name
        The objective.
    base, value
        In the base plan, and in the best plan found with the choice changed; None
        where it was not looked at.
    change
        How much worse the value is; negative is better.
    at_least, at_most
        By how much the best possible worsens, as proved from both bounds; positive is
        worse, whatever the sense of the objective. None where nothing was proved.
    as_good
        Whether the plan found is as good as the base, within the stated tolerance.
    """

    name: str
    base: float
    value: float | None
    change: float | None
    at_least: float | None
    at_most: float | None
    as_good: bool

    @property
    def kind(self) -> Kind:
        """What may be said: "none" only where nothing at all is left open."""
        if self.change is None:
            return "unknown"
        if self.change < -_SAME * max(1.0, abs(self.base)):
            proven = self.at_most is not None and self.at_most < 0
            return "better" if proven else "perhaps_better"
        if self.as_good:
            exact = (
                self.at_least is not None
                and self.at_most is not None
                and self.at_most - self.at_least <= _EXACT * max(1.0, abs(self.base))
            )
            return "none" if exact else "within_gap"
        if self.at_least is not None and self.at_least > 0:
            return "worse"
        return "perhaps_worse"


def compare(
    objective: Objective, base: Stage, stage: Stage, *, as_good: bool, subset: bool
) -> Difference:
    """Compare a stage with that of the base plan.

    With z the best possible for the base and z' with the choice changed, both
    minimised: bound' - value <= z' - z <= value' - bound.

    Parameters
    ----------
    objective
        Gives the sense.
    base, stage
        What was found and proved in each.
    as_good
        Whether what was found is held within the same limit as in the base.
    subset
        Whether all objectives before are as good: then changing a choice only takes
        plans away, so that the best possible cannot become better.
    """
    sign = objective.sign
    found, before = sign * stage.value, sign * base.value
    at_least = _less(_times(sign, stage.bound), before)
    at_most = _less(found, _times(sign, base.bound))
    if subset:
        at_least = max(0.0, at_least or 0.0)
        if as_good and at_most is not None:
            at_most = max(0.0, at_most)
            at_least = min(at_least, at_most)
    return Difference(
        stage.name, base.value, stage.value, found - before, at_least, at_most, as_good
    )


def not_looked_at(base: Stage) -> Difference:
    """Return that nothing is known of an objective."""
    return Difference(base.name, base.value, None, None, None, None, as_good=False)


def _times(sign: float, value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else sign * value


def _less(one: float | None, other: float | None) -> float | None:
    return None if one is None or other is None else one - other
