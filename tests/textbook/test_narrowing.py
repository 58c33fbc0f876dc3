"""What is left out before the program is built is in no plan that is good enough."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from allocator.bounds.clock import Clock
from allocator.bounds.lists import CLOSED, OPEN
from allocator.formulation import read_plans
from allocator.policy import (
    CountInUnit,
    Coverage,
    PopulationBand,
    Priority,
    Scope,
    Service,
    ShareOfClass,
    Unit,
)
from allocator.policy.terms import Phase
from allocator.textbook import narrowing, solve_narrowly
from allocator.textbook.narrowing import narrow, relax
from allocator.textbook.relaxation import relaxation_of
from tests.factories import answer, members
from tests.textbook.cases import large_case, random_case, sets_of, worth

COUNTY = CountInUnit(
    id="C", quote="one each", service="clinic", unit=Unit.COUNTY, lo=1, hi=3
)
MOST = CountInUnit(id="M", quote="no more", service="clinic", hi=3)
CLOCK = Clock(np.inf)
ORDER = ("person_minutes", "capital_wan")


def phases_of(case):
    return (Phase(case.area, case.policy, case.terms),)


def with_more(case, *rules, **terms):
    """Return a p-median task with further rules and a second objective."""
    return case.with_rules(*rules).with_terms(**({"objective": ORDER} | terms))


def narrowly(case, **options):
    options = {"time_limit_s": 60, "gap": 1e-6, "fewest_pairs": 0} | options
    return solve_narrowly(phases_of(case), case.travel, **options)


@pytest.mark.parametrize("widths", [(0.0,), (0.0003, 0.003), (0.0, 10.0)])
@pytest.mark.parametrize("seed", range(12))
def test_it_is_worth_what_the_whole_program_says(seed, widths, monkeypatch):
    monkeypatch.setattr(narrowing, "_WIDTHS", widths)
    rich = {"capital_wan": 75.0} if seed % 3 == 0 else {}
    case = with_more(random_case("p-median", seed), MOST, COUNTY, **rich)
    found, whole = narrowly(case), answer(case, gap=1e-9)
    if found is None:
        return
    formulation, solution = found
    assert solution.status == "optimal"
    assert [stage.name for stage in solution.stages] == list(ORDER)
    values = [stage.value for stage in solution.stages]
    assert values == pytest.approx(whole.values, rel=1e-5, abs=1e-5)
    (plan,) = read_plans(formulation)
    case.refuse_unless_sound(plan, dict(zip(ORDER, values, strict=True)))


def test_most_tasks_that_have_a_plan_are_solved_narrowly():
    cases = [
        with_more(random_case("p-median", seed), MOST, COUNTY) for seed in range(40)
    ]
    solvable = [case for case in cases if answer(case).feasible]
    assert len(solvable) > 8
    assert sum(narrowly(case) is not None for case in solvable) > len(solvable) / 2


@pytest.mark.parametrize("width", [0.0, 0.01, 0.2])
@pytest.mark.parametrize("seed", range(10))
def test_a_set_within_the_limit_keeps_its_journeys_and_sites(seed, width):
    case = with_more(random_case("p-median", seed), MOST)
    problem = relaxation_of(phases_of(case))
    if problem is None:
        return
    relaxed = relax(problem, phases_of(case)[0], case.travel, seconds=20.0, gap=0.01)
    if relaxed is None:
        return
    limit = relaxed.located.cost * (1.0 + width)
    found = narrow(relaxed, limit, CLOCK)
    for chosen in sets_of(problem):
        cost = worth(case, "p-median", chosen)
        if cost is None or cost > limit:
            continue
        is_open = np.array([site in chosen for site in problem.sites])
        made = relaxed.journeys.nearest(is_open)
        assert found.bound <= cost + 1e-9 * cost
        assert (found.least[made] <= cost).all()
        assert (found.states[is_open] != CLOSED).all()
        assert (found.states[~is_open] != OPEN).all()


def test_a_large_task_loses_most_of_its_journeys():
    case = with_more(large_case(1, flat=True), replace(MOST, hi=8))
    phase = phases_of(case)[0]
    problem = relaxation_of([phase])
    assert problem is not None
    relaxed = relax(problem, phase, case.travel, seconds=30.0, gap=0.0)
    assert relaxed is not None
    left = narrow(relaxed, relaxed.located.cost * 1.001, CLOCK).within(case.travel)
    kept = left.of("clinic").pairs
    assert len(kept) < 0.2 * len(case.travel.pairs)
    assert kept.index.tolist() == list(range(len(kept)))
    assert len(left.of("other").pairs) == len(case.travel.pairs)


def test_few_pairs_are_left_to_the_whole_program():
    case = with_more(large_case(1), replace(MOST, hi=8))
    assert narrowly(case, fewest_pairs=None) is None


OTHERS: dict[str, dict[str, Any]] = {
    "people left out first": {"objective": ("uncovered_people", *ORDER)},
    "cost first": {"objective": ("capital_wan", "person_minutes")},
    "fairness after": {"objective": ("person_minutes", "max_minutes")},
}


@pytest.mark.parametrize("change", OTHERS)
def test_other_orders_are_left_to_the_whole_program(change):
    case = with_more(large_case(1), MOST)
    assert relaxation_of(phases_of(case)) is not None
    assert relaxation_of(phases_of(case.with_terms(**OTHERS[change]))) is None


@pytest.mark.parametrize(
    "rule",
    [
        PopulationBand(id="B", quote="band", service="clinic", lo=1, hi=90),
        Coverage(id="R", quote="near", service="clinic", share=0.5, within_minutes=9),
        ShareOfClass(
            id="S",
            quote="half",
            service="clinic",
            of=members("C210"),
            share=0.5,
            priority=Priority.STRIVE,
        ),
        replace(
            COUNTY,
            id="A",
            any_of=(
                Coverage(
                    id="A",
                    quote="near",
                    service="clinic",
                    unit=Unit.COUNTY,
                    share=0.5,
                    within_minutes=9,
                ),
            ),
        ),
    ],
)
def test_rules_about_journeys_are_left_to_the_whole_program(rule):
    case = large_case(1)
    assert relaxation_of(phases_of(with_more(case, MOST))) is not None
    assert relaxation_of(phases_of(with_more(case, MOST, rule))) is None


def test_capacities_and_open_numbers_are_left_to_the_whole_program():
    case = with_more(large_case(1), MOST)
    assert (
        relaxation_of(phases_of(with_more(case, replace(MOST, lo=1, hi=None)))) is None
    )
    sites = case.area.sites.assign(capacity_people=50.0)
    capped = replace(case, area=replace(case.area, sites=sites))
    assert relaxation_of(phases_of(capped)) is None
    second = Service(id="lab", name="lab", serves=Scope())
    services = {**case.policy.services, "lab": second}
    serving = replace(case, policy=replace(case.policy, services=services))
    assert relaxation_of(phases_of(serving)) is None
    assert relaxation_of(phases_of(case) * 2) is None


def test_counts_of_counties_limit_the_area_together():
    case = with_more(random_case("p-median", 1), COUNTY)
    problem = relaxation_of(phases_of(case))
    assert problem is not None
    assert problem.p == 2 * 3
    other = replace(COUNTY, scope=Scope(urban=True))
    assert relaxation_of(phases_of(with_more(case, other))) is None
