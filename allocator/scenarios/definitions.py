"""Scenarios: what may turn out otherwise than the figures say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from allocator.errors import Text

if TYPE_CHECKING:
    from allocator.errors import Language

OTHER = "other"  # the key of whatever a table of factors does not name


@dataclass(frozen=True)
class Factors:
    """What figures are multiplied by.

    Parameters
    ----------
    other
        The factor of everything that is not named, > 0.
    named
        (key, factor) by county id, or by service or resource.
    """

    other: float = 1.0
    named: tuple[tuple[str, float], ...] = ()

    def of(self, key: str) -> float:
        """Return the factor of a county, service or resource."""
        return dict(self.named).get(key, self.other)

    @property
    def uniform(self) -> bool:
        """Whether everything has one factor."""
        return all(factor == self.other for _, factor in self.named)

    @property
    def changes(self) -> bool:
        """Whether any factor is not 1."""
        return self.other != 1 or not self.uniform


SAME = Factors()


@dataclass(frozen=True)
class Scenario:
    """One set of figures under which plans are held.

    Parameters
    ----------
    name
        What it is called; unique.
    population
        People of every county, zone and demand point are multiplied by it.
    travel
        Minutes are multiplied by it, > 0; distances stay.
    costs
        Capital and yearly cost of every service and resource are multiplied by it.
    out_of_service
        Sites that serve nobody.
    any_out
        Each facility in turn serves nobody; the worst is reported.
    service
        What is out of service, a service id; None: all that the plan decides on.
    must_hold
        Whether must clauses and budgets bind robust plans under this scenario too. If
        not, what breaks is reported.
    """

    name: str
    population: Factors = SAME
    travel: float = 1.0
    costs: Factors = SAME
    out_of_service: tuple[str, ...] = ()
    any_out: bool = False
    service: str | None = None
    must_hold: bool = False


NOMINAL = Scenario("nominal")
NOMINAL_WORDS = Text("现有数据", "figures as given")

# Where the brief names none. Round figures, to see which way a plan gives; a planner
# who knows the error of the projections or tenders states their own.
_DEFAULTS = (
    (Text("人口多一成", "people +10 %"), {"population": Factors(1.1)}),
    (Text("人口少一成", "people -10 %"), {"population": Factors(0.9)}),
    (Text("出行慢两成", "travel a fifth slower"), {"travel": 1.25}),
    (Text("造价高两成", "costs +20 %"), {"costs": Factors(1.2)}),
    (Text("任一处停用", "any one out of service"), {"any_out": True}),
)


def default_scenarios(language: Language) -> tuple[Scenario, ...]:
    """Return the scenarios of a brief that states none, named in its language.

    A fifth slower is 1.25 times the minutes: 1 / (1 - 0.2).
    """
    return tuple(Scenario(name.say(language), **what) for name, what in _DEFAULTS)
