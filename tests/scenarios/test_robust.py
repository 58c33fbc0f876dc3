"""Robust plans against trying every subset, scenario by scenario."""

from __future__ import annotations

import pytest

from allocator.scenarios import NOMINAL, REGRET, WORST, Scenario
from tests.scenarios.cases import (
    SCENARIOS,
    best_of,
    least,
    search,
    small_case,
    world_of,
    worth,
)


def values(choice):
    return pytest.approx([stage.value for stage in choice.stages], abs=0.01)


SETS = [SCENARIOS, SCENARIOS[:2], SCENARIOS[2:3], SCENARIOS[3:5], SCENARIOS[5:]]


@pytest.mark.parametrize("scenarios", SETS, ids=lambda s: "+".join(x.name for x in s))
@pytest.mark.parametrize("budget", [120.0, 220.0, 330.0])
def test_worst_case_is_the_least_of_every_subset(scenarios, budget):
    case = small_case(budget=budget)
    found, _ = search(case, scenarios)
    choice = found.choose(WORST)
    assert choice.state == "optimal"
    assert list(least(case, scenarios, regret=False)) == values(choice)


@pytest.mark.parametrize("scenarios", SETS, ids=lambda s: "+".join(x.name for x in s))
@pytest.mark.parametrize("budget", [120.0, 220.0, 330.0])
def test_regret_is_the_least_of_every_subset(scenarios, budget):
    case = small_case(budget=budget)
    found, _ = search(case, scenarios)
    assert found.find_best()
    for scenario in scenarios:
        alone = list(found.best[scenario.name].objectives.values())
        assert list(best_of(case, scenario)) == pytest.approx(alone, abs=0.01)
    choice = found.choose(REGRET)
    assert choice.state == "optimal"
    assert list(least(case, scenarios, regret=True)) == values(choice)


def test_the_robust_plan_gives_up_journeys_to_leave_nobody_out_when_roads_are_slow():
    case = small_case(budget=330.0)
    slow = Scenario("slow", travel=1.4)
    found, _ = search(case, [slow])
    robust = found.choose(WORST).plan.held
    assert best_of(case, NOMINAL)[:2] == (0.0, 18700.0)
    assert worth(case, NOMINAL, robust)[:2] == pytest.approx((0.0, 19100.0))
    assert worth(case, slow, robust)[0] == 0.0


def test_without_scenarios_the_robust_plan_is_the_nominal_one():
    case = small_case()
    found, _ = search(case, ())
    nominal = [stage.value for stage in found.nominal.stages]
    assert nominal == values(found.choose(WORST))
    assert found.find_best()
    assert values(found.choose(REGRET)) == [0.0, 0.0, 0.0]


def test_a_scenario_of_factor_one_changes_nothing():
    case = small_case()
    found, _ = search(case, [Scenario("same")])
    nominal = [stage.value for stage in found.nominal.stages]
    assert nominal == values(found.choose(WORST))
    assert world_of(case, Scenario("same")).travel is case.travel


def test_the_plan_states_what_it_is_worth_with_the_figures_as_given():
    case = small_case(budget=330.0)
    found, _ = search(case)
    choice = found.choose(WORST)
    solution = choice.plan.solution
    stated = [stage.value for stage in solution.stages]
    assert list(worth(case, NOMINAL, choice.plan.held)) == pytest.approx(stated)
    assert solution.status == "feasible"
    assert solution.stages[0].bound == pytest.approx(found.nominal.stages[0].value)


def test_a_clause_that_must_hold_when_roads_are_slow_binds_the_plan():
    slow = Scenario("slow", travel=1.4, must_hold=True)
    case = small_case(budget=1000.0, share=0.9, objective=("capital_wan",))
    found, _ = search(case, [slow])
    nominal = found.nominal.stages[0].value
    choice = found.choose(WORST)
    assert choice.state == "optimal"
    assert choice.stages[0].value > nominal
    assert worth(case, slow, choice.plan.held)[0] <= 0.1 * 3100
    easy, _ = search(case, [Scenario("slow", travel=1.4)])
    assert easy.choose(WORST).stages[0].value == pytest.approx(nominal)


def test_a_budget_that_must_hold_at_higher_prices_binds_the_plan():
    from allocator.scenarios import Factors  # noqa: PLC0415

    case = small_case(budget=220.0)
    dear = Scenario("dear", costs=Factors(1.2), must_hold=True)
    found, _ = search(case, [dear])
    choice = found.choose(WORST)
    assert len(found.choose(WORST).plan.held) == 1
    assert worth(case, dear, choice.plan.held)[2] <= 220.0


def test_what_no_plan_can_keep_under_a_scenario_is_said():
    slow = Scenario("slow", travel=50.0, must_hold=True)
    case = small_case(budget=1000.0, share=0.9, objective=("capital_wan",))
    _, copies = search(case, [slow])
    assert [one.rule_id for one in copies.impossible] == ["R"]
