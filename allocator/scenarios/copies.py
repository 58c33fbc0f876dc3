"""Copies of a task for its scenarios, in one program, and what they are weighed by.

A scenario needs a copy of its own only where reach or assignments may differ. Prices
change nothing for people; and where no capacity binds, a factor on all people
multiplies every sum of people and moves nobody.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from allocator.errors import Text
from allocator.formulation import (
    OF_MONEY,
    OF_PLACEMENTS,
    add_certain_service,
    add_people,
    add_prices,
    bound_services,
    objective_named,
)
from allocator.policy import Coverage
from allocator.progress import SILENT
from allocator.scenarios.definitions import NOMINAL, SAME, Scenario
from allocator.scenarios.figures import pairs_out

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    import pulp

    from allocator.formulation import Formulation, Impossible, Objective, Parts
    from allocator.policy import Policy, Scope
    from allocator.progress import Progress
    from allocator.scenarios.figures import World

# Objectives that a factor on all people multiplies, and those it has no effect on.
_MULTIPLIED = frozenset({"uncovered_people", "person_minutes"})
_UNMOVED = (
    frozenset({"worst_county_coverage", "max_minutes"}) | OF_MONEY | OF_PLACEMENTS
)


@dataclass(frozen=True)
class Worth:
    """What one objective is worth under a scenario: a factor times an expression.

    Scenarios with the same ``base`` want the same plans.
    """

    base: Objective
    factor: float = 1.0

    @property
    def expression(self) -> pulp.LpAffineExpression:
        """What is minimised."""
        if self.factor == 1:
            return self.base.expression
        return self.base.expression * self.factor


@dataclass(frozen=True)
class Weighed:
    """A scenario in the program: what each objective is worth under it.

    Parameters
    ----------
    scenario
        Its figures.
    worths
        By the name of the objective, in the brief's order.
    """

    scenario: Scenario
    worths: Mapping[str, Worth]


class Copies:
    """The copies of one formulation, made as scenarios ask for them.

    Parameters
    ----------
    formulation
        The task as it is; its problem grows.
    world_of
        The task under a scenario.
    progress
        Told of each copy.
    """

    def __init__(
        self,
        formulation: Formulation,
        world_of: Callable[[Scenario], World],
        progress: Progress = SILENT,
    ) -> None:
        self.formulation = formulation
        self.world_of = world_of
        self.progress = progress
        self.impossible: list[Impossible] = []
        self._phases = world_of(NOMINAL).phases
        self._names = self._phases[-1].terms.objective
        self._given = {stage.name: stage for stage in formulation.stages}
        self._made: dict[tuple[Scenario, str], tuple[Parts, ...]] = {}
        self._objectives: dict[tuple[int, str], Objective] = {}
        self._nominal_is_free = not any(
            bound_services(phase.area, phase.policy) for phase in self._phases
        )
        if self._nominal_is_free and self._must_be_served:
            for program, serving in zip(
                formulation.programs, formulation.servings, strict=True
            ):
                add_certain_service(program, serving)

    @property
    def _must_be_served(self) -> bool:
        """Whether leaving people out could pay under one scenario of several."""
        return "uncovered_people" in self._names

    def weigh(self, scenario: Scenario) -> Weighed:
        """Return what each objective of the task is worth under a scenario.

        Raises
        ------
        InputError
            When an objective has nothing to measure.
        """
        words = scenario.name
        self.progress.update(Text(f"建模情景 {words}", f"building scenario {words}"))
        if scenario.must_hold:  # their rows are needed, whatever is weighed
            self._people(scenario)
            self._prices(scenario)
        return Weighed(
            scenario, {name: self._worth(scenario, name) for name in self._names}
        )

    def _worth(self, scenario: Scenario, name: str) -> Worth:
        if name in OF_PLACEMENTS:
            return Worth(self._given[name])
        if name in OF_MONEY:
            return Worth(self._money(scenario, name))
        if scenario.must_hold:
            return Worth(self._objective(self._people(scenario), name))
        factor = 1.0
        of_people = replace(scenario, name="", costs=SAME)
        if self._moves_nobody(scenario):
            factor = scenario.population.other
            of_people = replace(of_people, population=SAME)
        if name not in _MULTIPLIED:
            factor = 1.0
        if self._nominal_is_free and of_people == replace(NOMINAL, name=""):
            return Worth(self._given[name], factor)
        return Worth(self._objective(self._people(of_people), name), factor)

    def _money(self, scenario: Scenario, name: str) -> Objective:
        if not scenario.costs.changes:
            return self._given[name]
        only = Scenario(scenario.name, costs=scenario.costs)
        return self._objective(
            self._prices(scenario if scenario.must_hold else only), name
        )

    def _moves_nobody(self, scenario: Scenario) -> bool:
        """Return whether all people are the task's times one factor, and no more."""
        if not scenario.population.uniform or set(self._names) - _MULTIPLIED - _UNMOVED:
            return False
        return not any(
            phase.area.sites["capacity_people"].notna().any()
            or _counts_heads(phase.policy)
            for phase in self._phases
        )

    # --- what is built, once --------------------------------------------------------

    def _people(self, scenario: Scenario) -> tuple[Parts, ...]:
        key = (scenario, "people")
        if key not in self._made:
            world = self.world_of(scenario)
            parts = add_people(
                self.formulation,
                world.phases,
                world.travel,
                label=f"s{len(self._made) + 1}",
                binding=scenario.must_hold,
                without=pairs_out(scenario, list(world.phases[-1].policy.services)),
                progress=self.progress,
            )
            if self._must_be_served:
                for phase in parts:
                    add_certain_service(phase.program, phase.serving)
            self._note_impossible(parts)
            self._made[key] = parts
        return self._made[key]

    def _prices(self, scenario: Scenario) -> tuple[Parts, ...]:
        key = (scenario, "prices")
        if key not in self._made:
            world = self.world_of(scenario)
            parts = add_prices(
                self.formulation,
                world.phases,
                world.travel,
                label=f"s{len(self._made) + 1}",
                binding=scenario.must_hold,
            )
            self._note_impossible(parts)
            self._made[key] = parts
        return self._made[key]

    def _note_impossible(self, parts: tuple[Parts, ...]) -> None:
        self.impossible += [i for p in parts for i in p.program.impossible]

    def _objective(self, parts: tuple[Parts, ...], name: str) -> Objective:
        key = (id(parts), name)
        if key not in self._objectives:
            self._objectives[key] = objective_named(name, parts)
        return self._objectives[key]


def _counts_heads(policy: Policy) -> bool:
    """Return whether it depends on head counts whom a service or a clause is about."""
    return any(
        scope.people_below is not None or scope.people_from is not None
        for scope in _scopes(policy)
    )


def _scopes(policy: Policy) -> Iterator[Scope]:
    for service in policy.services.values():
        if service.serves is not None:
            yield service.serves
    for rule in policy.rules:
        for reading in rule.readings:
            if isinstance(reading, Coverage):
                yield reading.scope
