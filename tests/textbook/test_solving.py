"""A textbook task solved alone is worth what the program, and every set, say."""

from __future__ import annotations

import pytest

from allocator.policy.terms import Phase
from allocator.textbook import solve_textbook, textbook_of
from allocator.textbook.solving import solver_words
from tests.factories import answer
from tests.textbook.cases import OBJECTIVES, large_case, random_case, sets_of, worth


def phases_of(case):
    return (Phase(case.area, case.policy, case.terms),)


def alone(case, **options):
    options = {"time_limit_s": 60, "gap": 1e-6, "fewest_pairs": 0} | options
    return solve_textbook(phases_of(case), case.travel, **options)


def best_of(case, name):
    """Return the least worth of any allowed set, None where none is a plan."""
    problem = textbook_of(phases_of(case))
    if problem is None:
        return None
    found = [worth(case, name, chosen) for chosen in sets_of(problem)]
    return min((value for value in found if value is not None), default=None)


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("name", OBJECTIVES)
def test_it_is_worth_what_the_program_and_every_set_say(name, seed):
    case = random_case(name, seed, whole=seed % 2 == 0)
    found, by_program = alone(case), answer(case, gap=1e-9)
    if found is None:
        assert best_of(case, name) is None
        assert not by_program.feasible
        return
    (stage,) = found.solution.stages
    assert found.solution.status == stage.status == "optimal"
    assert stage.name == OBJECTIVES[name]
    assert stage.value == pytest.approx(by_program.values[0], rel=1e-6, abs=1e-5)
    assert stage.value == pytest.approx(best_of(case, name), rel=1e-6)
    assert stage.bound == pytest.approx(stage.value, rel=2e-6)
    case.refuse_unless_sound(found.plan, {stage.name: stage.value})
    assert found.plan.held <= {(s, "clinic") for s in found.problem.sites}
    assert {s for s, _ in found.plan.held} >= found.problem.fixed


def test_most_of_the_random_tasks_have_a_plan():
    made = [random_case(name, seed) for name in OBJECTIVES for seed in range(40)]
    assert sum(alone(case) is not None for case in made) > len(made) / 2


@pytest.mark.parametrize("name", ["p-median", "mclp", "p-center"])
def test_people_go_where_the_program_sends_them(name):
    case = random_case(name, 3)
    found, by_program = alone(case), answer(case)
    if found.plan.held == by_program.plan.held:
        ours, theirs = found.plan.assignments, by_program.plan.assignments
        assert (ours["minutes"] * ours["people"]).sum() == pytest.approx(
            (theirs["minutes"] * theirs["people"]).sum()
        )
        assert len(ours) == len(theirs)


def test_closing_building_and_keeping_are_placed_at_their_prices():
    seen = set()
    for seed in range(40):
        case = random_case("p-median", seed)
        found = alone(case)
        if found is None:
            continue
        prices = {"build": 30.0, "upgrade": 30.0, "keep": 0.0, "close": 4.0}
        rows = found.plan.placements
        seen |= set(rows["action"])
        assert list(rows["capital_wan"]) == [prices[a] for a in rows["action"]]
    assert seen == {"build", "upgrade", "keep", "close"}


def test_a_gap_that_is_enough_counts_as_proven_and_is_stated():
    case = large_case(0)
    found = alone(case, gap=0.2)
    (stage,) = found.solution.stages
    assert stage.status == "optimal"
    assert stage.gap <= 0.2 + 1e-9
    assert stage.bound <= alone(case).solution.stages[0].value * (1 + 1e-9)


def test_without_time_a_plan_is_feasible_with_an_honest_bound():
    case = large_case(11)
    found = alone(case, time_limit_s=0.0)
    (stage,) = found.solution.stages
    exact = alone(case).solution.stages[0].value
    assert stage.status == "feasible"
    assert stage.stopped_by == "TimeLimit"
    assert stage.bound <= exact <= stage.value
    assert stage.gap == pytest.approx((stage.value - stage.bound) / stage.value)
    case.refuse_unless_sound(found.plan, {stage.name: stage.value})


class Cancelled:
    """A progress whose owner wants no more."""

    def step(self, text):
        self.said = text

    def update(self, text):
        """Say nothing."""

    def cancelled(self):
        return True


def test_cancelled_it_keeps_what_it_has():
    case = large_case(11)
    found = alone(case, progress=Cancelled())
    assert found.solution.status == "feasible"
    case.refuse_unless_sound(found.plan)


def test_few_pairs_are_left_to_the_program():
    case = random_case("p-median", 0)
    assert alone(case, fewest_pairs=None) is None
    assert alone(case, fewest_pairs=len(case.travel.pairs)) is not None


def test_the_solver_is_named_with_its_versions():
    found = alone(random_case("mclp", 0))
    assert found.solution.solver == solver_words()
    assert solver_words().startswith("allocator.bounds ")
    assert "numba" in solver_words()
