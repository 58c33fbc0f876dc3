from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import pandas as pd

from allocator.maps.style import (
    MOST_POINTS,
    POPULATION_COLOURS,
    class_colours,
    class_labels,
    drawn_services,
    placement_counts,
    population_breaks,
    population_class,
    symbols,
)
from allocator.plan import PLACEMENT_COLUMNS, Plan
from tests.outcomes import make_outcome

if TYPE_CHECKING:
    from allocator.outcome import Outcome


def crowded(service: str) -> Outcome:
    """Return an outcome in which a service has more placements than a map holds."""
    outcome = make_outcome()
    rows = [("S1", service, "keep", 2025, 0.0, 0.0)] * (MOST_POINTS + 1)
    more = pd.DataFrame(rows, columns=list(PLACEMENT_COLUMNS))
    plan = outcome.plan
    placements = pd.concat([plan.placements, more], ignore_index=True)
    new = Plan(placements, plan.assignments, plan.allocations)
    return dataclasses.replace(outcome, plan=new)


def test_all_services_of_a_small_plan_are_drawn() -> None:
    drawn = drawn_services(make_outcome())
    assert drawn == ("clinic", "emergency_station", "pavilion")


def test_a_service_in_many_places_is_counted_not_drawn() -> None:
    assert drawn_services(crowded("pavilion")) == ("clinic", "emergency_station")


def test_a_service_that_people_are_assigned_to_is_drawn_however_many() -> None:
    assert "clinic" in drawn_services(crowded("clinic"))


def test_every_service_has_its_own_shape_and_colour() -> None:
    looks = symbols(make_outcome())
    assert len({symbol.outline for symbol in looks.values()}) == 3
    assert len({symbol.colour for symbol in looks.values()}) == 3


def test_placements_are_counted_by_what_happens() -> None:
    assert placement_counts(make_outcome()) == {
        "clinic": (1, 2, 0),
        "emergency_station": (2, 0, 0),
        "pavilion": (0, 0, 1),
    }


def test_classes_of_population_have_round_bounds_and_hold_everyone() -> None:
    people = [1234 * i for i in range(1, 100)]
    breaks = population_breaks(people)
    assert breaks == [25000, 50000, 74000, 98000, 122166]
    assert {population_class(p, breaks) for p in people} == {0, 1, 2, 3, 4}
    assert population_class(25000, breaks) == 0
    assert population_class(25001, breaks) == 1


def test_few_populations_are_their_own_classes() -> None:
    assert population_breaks([30000, 12000, 30000]) == [12000, 30000]


def test_breaks_are_the_quantiles_of_mapclassify_to_two_figures() -> None:
    import mapclassify  # noqa: PLC0415 (takes seconds)

    people = [round(900 * 1.083**n) for n in range(61)]
    theirs = mapclassify.Quantiles(people, k=len(POPULATION_COLOURS)).bins
    ours = population_breaks(people)
    assert len(ours) == len(theirs)
    for mine, their in zip(ours, theirs, strict=True):
        assert abs(mine - their) <= 0.05 * their


def test_no_people_make_no_classes() -> None:
    assert population_breaks([]) == []


def test_labels_are_in_the_readers_unit() -> None:
    breaks = [15000, 40000, 258000]
    assert class_labels(breaks, in_wan=True) == ["≤ 1.5", "1.5 – 4", "4 – 25.8"]
    assert class_labels(breaks, in_wan=False) == ["≤ 15", "15 – 40", "40 – 258"]


def test_colours_grow_darker() -> None:
    assert class_colours(5) == list(POPULATION_COLOURS)
    assert class_colours(2) == [POPULATION_COLOURS[0], POPULATION_COLOURS[-1]]
    assert len(class_colours(1)) == 1
    assert class_colours(0) == []
