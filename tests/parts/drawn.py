"""Small tasks of several counties, drawn at random, and their plans in parts.

Every county has three towns and four places for a clinic. A clinic covers towns within
20 minutes; the budget is for all counties together.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from allocator.parts import (
    Coordination,
    Known,
    Part,
    Shared,
    cut_parts,
    find_sharing,
    group_counties,
    work,
)
from allocator.policy import Coverage, Scope, Service
from allocator.policy.terms import Phase
from tests.factories import candidate, cost, make_area, make_case, make_travel, zone

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from allocator.parts import Question
    from allocator.policy import Rule
    from allocator.travel import Travel
    from tests.factories import Case

COVERAGE = Coverage(id="R", quote="reach", service="clinic", within_minutes=20.0)
JOURNEYS = ("uncovered_people", "person_minutes", "capital_wan")
REACH = ("uncovered_people", "capital_wan")


def drawn_case(
    seed: int,
    *,
    counties: int = 5,
    order: Sequence[str] = REACH,
    budget_share: float | None = 0.4,
    rules: Sequence[Rule] = (),
) -> Case:
    """Draw a task; ``budget_share`` of what all clinics cost may be spent."""
    chance = random.Random(seed)  # noqa: S311 (no secret)
    zones, sites, costs = [], [], []
    minutes: dict[tuple[str, str], float] = {}
    for c in range(counties):
        towns = [f"z{c}{n}" for n in range(3)]
        zones += [zone(t, f"c{c}", chance.randint(500, 30000)) for t in towns]
        for n in range(4):
            place = f"s{c}{n}"
            sites.append(candidate(place, chance.choice(towns)))
            capital, yearly = chance.randint(50, 400), chance.randint(5, 40)
            costs.append(cost("clinic", "build", capital, yearly, site_id=place))
            minutes |= {(f"d_{t}", place): chance.randint(5, 60) for t in towns}
    serves = Scope() if "person_minutes" in order else None
    spent = sum(one["capital_wan"] for one in costs)
    return make_case(
        make_area(zones=zones, sites=sites, costs=costs),
        services=[Service(id="clinic", name="clinic", serves=serves)],
        rules=[COVERAGE, *rules],
        travel=make_travel(minutes),
        objective=tuple(order),
        capital_wan=None if budget_share is None else spent * budget_share,
    )


def parts_of(case: Case, *, gap: float = 1e-4) -> tuple[Part, ...]:
    """Cut a case into its counties."""
    phases = [Phase(case.area, case.policy, case.terms)]
    return parts_of_phases(phases, case.travel, gap=gap)


def parts_of_phases(
    phases: Sequence[Phase], travel: Travel, *, gap: float = 1e-4
) -> tuple[Part, ...]:
    """Cut a task of any phases into its counties."""
    counties = group_counties(phases[-1].area, ())
    sharing = find_sharing(phases, counties, [frozenset() for _ in phases])
    assert sharing.findings == ()
    return cut_parts(phases, travel, counties, sharing, gap=gap, time_limit_s=60.0)


@dataclass
class Asked:
    """Asks parts in this process, and counts what each was asked."""

    parts: Mapping[str, Part]
    known: dict[str, Known]
    counts: dict[str, int] = field(default_factory=dict)

    def __call__(self, questions: Mapping[str, Sequence[Question]]) -> None:
        for part_id, asked in questions.items():
            answer = work(self.parts[part_id], asked)
            assert not answer.failed
            assert not answer.infeasible
            self.known[part_id].learn(answer.known)
            self.counts[part_id] = self.counts.get(part_id, 0) + 1


def plan_in_parts(
    case: Case, *, gap: float = 1e-4, known: dict[str, Known] | None = None
) -> tuple[Shared, Asked]:
    """Plan a case county by county, in this process."""
    return plan_all(parts_of(case, gap=gap), gap=gap, known=known)


def plan_all(
    parts: Sequence[Part], *, gap: float = 1e-4, known: dict[str, Known] | None = None
) -> tuple[Shared, Asked]:
    """Plan parts and share out what they share, in this process."""
    if known is None:
        known = {part.id: Known() for part in parts}
    asked = Asked({part.id: part for part in parts}, known)
    return Coordination(parts, known, asked, gap=gap).run(), asked
