"""Points of a frontier: proven, complete, nested; against trying every subset."""

from __future__ import annotations

import itertools
import os
import random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from allocator.errors import SolverError
from allocator.formulation import read_plan
from allocator.frontier import Box, Solves, at_limits, exactly, knee, marginal_values
from allocator.frontier.boxes import (
    Steps,
    after_guess,
    after_nothing,
    after_point,
    largest,
    limit_to_try,
)
from allocator.policy import CountInUnit, Coverage, Priority, Service
from allocator.solve import Session
from tests.factories import (
    answer,
    candidate,
    cost,
    demand_point,
    make_area,
    make_case,
    make_travel,
    zone,
)
from tests.oracle import World, _value, _ways
from tests.property.briefs import briefs

EXAMPLES = int(os.environ.get("ALLOCATOR_EXAMPLES", "60"))
TWO = ("capital_wan", "uncovered_people")


def town(seed, *, points=14, sites=7, least=1, **terms):
    """Return a covering task: random people, prices and journeys."""
    draw = random.Random(seed)  # noqa: S311 (a test needs no cryptography)
    names = [f"s{j}" for j in range(sites)]
    demand = [
        demand_point(f"d{i:02}", "z", draw.randint(1, 900)) for i in range(points)
    ]
    area = make_area(
        zones=[zone("z", "c", sum(d["people"] for d in demand))],
        sites=[candidate(s, "z") for s in names],
        demand=demand,
        costs=[cost("care", "build", draw.randint(10, 90), site_id=s) for s in names],
    )
    trips = {(d["demand_id"], s): draw.randint(1, 60) for d in demand for s in names}
    return make_case(
        area,
        services=[Service(id="care", name="care")],
        rules=[
            CountInUnit(id="n", quote="some", service="care", lo=least),
            Coverage(id="c", quote="near", service="care", within_minutes=15),
        ],
        travel=make_travel(trips),
        **{"objective": TWO} | terms,
    )


class Recorder:
    """A progress that remembers what was said, and cancels after so many steps."""

    def __init__(self, stop_after=10**9):
        self.steps = []
        self.stop_after = stop_after

    def step(self, text):
        self.steps.append(text.en)

    def update(self, text):
        pass

    def cancelled(self):
        return len(self.steps) > self.stop_after


def solves_of(case, *, objectives=TWO, progress=None, gap=0.0):
    formulation = case.build()
    session = Session(formulation, gap=gap, threads=1, progress=progress or Recorder())
    by_name = {stage.name: stage for stage in formulation.stages}
    first, second = (by_name[name] for name in objectives)
    rest = [s for s in formulation.stages if s.name not in objectives]
    return Solves(
        session,
        first,
        second,
        [s for s in rest if s.name != "shortfall"],
        before=[s for s in rest if s.name == "shortfall"],
        time_limit_s=60,
        keep=lambda solution, limit: read_plan(formulation),
    )


def there(search):
    """Return a search that must find a frontier."""

    def found(*given: Any, **settings: Any) -> Any:
        frontier = search(*given, **settings)
        assert frontier is not None
        return frontier

    return found


def places(frontier):
    return [(round(p.x, 4), round(p.y, 4)) for p in frontier.points]


def placed(plan):
    rows = plan.placements
    rows = rows[rows["action"].isin(["build", "upgrade"])]
    return frozenset(zip(rows["site_id"], rows["service"], strict=True))


def every_plan(case):
    """Return (first, second objective, state) of every plan that keeps the rules.

    Of those alone that keep what is striven for as well as any.
    """
    world = World(case)
    rules, covers = world.rules(), world.covers()
    plans: list[Any] = []
    for held in world.states():
        if not world.within_budget(held):
            continue
        whole = {
            "capital_wan": world.spent(held, "capital_wan"),
            "sites": float(len({site for site, _ in held.pairs})),
        }
        for way in _ways(world, rules, held):
            found = _value(world, covers, held, way)
            if found is not None:
                values = found | whole
                two = [values[name] for name in case.terms.objective]
                plans.append((values["shortfall"], *two, held))
    least = min((short for short, *_ in plans), default=0.0)
    return [tuple(plan) for short, *plan in plans if short <= least + 1e-6]


def efficient(case):
    """Return the (capital, uncovered) that no other plan is better than."""
    values = {(round(x, 4), round(y, 4)) for x, y, _ in every_plan(case)}
    best, kept = float("inf"), []
    for x, y in sorted(values):
        if y < best:
            kept.append((x, y))
            best = y
    return kept


# --- the whole frontier ---------------------------------------------------------------


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize="ALLOCATOR_EXAMPLES" not in os.environ,
    suppress_health_check=list(HealthCheck),
)
@given(case=briefs())
def test_exact_frontier_equals_trying_every_subset(case):
    check_exact(case)


def check_exact(case):
    case = case.with_terms(objective=TWO, capital_wan=None)
    formulation = case.build()
    expected = efficient(case)
    if formulation.impossible:
        assert expected == []
        return
    frontier = exactly(solves_of(case), most=None)
    if frontier is None:
        assert expected == []
        return
    assert frontier.exact
    assert places(frontier) == [pytest.approx(one, abs=1e-2) for one in expected]


@pytest.mark.parametrize("seed", range(6))
def test_exact_frontier_of_a_town_equals_trying_every_subset(seed):
    case = town(seed)
    expected = efficient(case)
    frontier = there(exactly)(solves_of(case), most=None)
    assert len(expected) > 5
    assert places(frontier) == expected
    assert frontier.exact
    assert all(point.proven for point in frontier.points)


def test_few_points_leave_boxes_that_hold_every_other_efficient_plan():
    case = town(3)
    frontier = there(exactly)(solves_of(case), most=4)
    known = places(frontier)
    assert len(known) == 4
    assert not frontier.exact
    rest = [one for one in efficient(case) if one not in known]
    assert rest
    for x, y in rest:
        assert any(
            b.left < x < b.right and b.low < y < b.high for b in frontier.boxes
        ), (x, y)


def test_points_are_spread_by_the_largest_box_first():
    case = town(3)
    known = places(exactly(solves_of(case), most=3))
    ends = efficient(case)[0], efficient(case)[-1]
    assert (known[0], known[-1]) == ends
    middle = (ends[0][0] + ends[1][0]) / 2
    best = max(x for x, _ in efficient(case) if x <= middle)
    assert known[1][0] == best


def test_any_two_objectives_can_be_weighed_and_maximised_ones_too():
    two = ("sites", "worst_county_coverage")
    case = town(1, objective=two)
    frontier = there(exactly)(solves_of(case, objectives=two), most=None)
    values = {(x, -y) for x, y, _ in every_plan(case)}
    best = {n: min(y for x, y in values if x == n) for n, _ in values}
    expected = [
        (n, y)
        for n, y in sorted(best.items())
        if all(best[m] > y for m in best if m < n)
    ]
    assert places(frontier) == [pytest.approx(one, abs=1e-4) for one in expected]
    assert frontier.exact


def test_a_task_without_any_plan_has_no_frontier():
    case = town(1, least=1).with_rules(
        CountInUnit(id="a", quote="few", service="care", lo=3, hi=7),
        CountInUnit(id="b", quote="fewer", service="care", lo=0, hi=2),
    )
    assert exactly(solves_of(case), most=5) is None
    assert at_limits(solves_of(case), [1e6]) is None


# --- limits that are asked for --------------------------------------------------------


@pytest.mark.parametrize("seed", range(5))
def test_points_equal_a_new_program_for_each_budget(seed):
    case = town(seed, points=25, sites=10)
    budgets = [20.0, 60.0, 110.0, 170.0, 300.0, 1000.0]
    frontier = there(at_limits)(solves_of(case), budgets)
    for budget, found in zip(budgets, frontier.answers, strict=True):
        anew = answer(
            case.with_terms(
                objective=("uncovered_people", "capital_wan"), capital_wan=budget
            )
        )
        assert (found.point is not None) == anew.feasible
        if found.point is not None:
            assert (found.point.y, found.point.x) == pytest.approx(anew.values)
            assert found.status == "optimal"
            assert found.point.limit <= budget  # the same plan is not kept twice


@pytest.mark.parametrize("seed", range(3))
def test_what_is_striven_for_comes_first_as_in_any_plan(seed):
    case = town(seed, points=25, sites=10)
    wish = CountInUnit(
        id="wish", quote="q", service="care", lo=5, priority=Priority.STRIVE
    )
    case = case.with_rules(*case.policy.rules, wish)
    budgets = [60.0, 110.0, 170.0, 300.0, 600.0]
    frontier = there(at_limits)(solves_of(case), budgets)
    for budget, found in zip(budgets, frontier.answers, strict=True):
        anew = answer(
            case.with_terms(
                objective=("uncovered_people", "capital_wan"), capital_wan=budget
            )
        )
        assert (found.point is not None) == anew.feasible
        if found.point is not None:
            short, uncovered, capital = anew.values
            assert (found.point.y, found.point.x) == pytest.approx((uncovered, capital))
            stages = {s.name: s.value for s in found.point.solution.stages}
            assert stages["shortfall"] == pytest.approx(short)


def test_a_budget_below_the_least_is_infeasible_and_the_least_is_known():
    case = town(2)
    least = efficient(case)[0][0]
    frontier = there(at_limits)(solves_of(case), [least - 1, least])
    assert [a.status for a in frontier.answers] == ["infeasible", "optimal"]
    assert frontier.least == least
    assert frontier.least_bound == pytest.approx(least)
    assert frontier.points[0].x == least


def test_budgets_beyond_the_last_improvement_are_not_solved_again():
    case = town(2)
    most = efficient(case)[-1]
    solves = solves_of(case)
    frontier = there(at_limits)(solves, [most[0], most[0] + 100, most[0] + 200])
    assert places(frontier) == [most] * 3
    assert frontier.enough == most[0]
    assert frontier.solves == 2  # the two ends
    assert len({id(p.plan) for p in frontier.points}) == 1


def test_between_budgets_boxes_hold_every_efficient_plan():
    case = town(4)
    all_of_them = efficient(case)
    budgets = [all_of_them[1][0] + 0.5, all_of_them[-2][0] + 0.5]
    frontier = there(at_limits)(solves_of(case), budgets)
    (box,) = frontier.boxes
    between = all_of_them[2:-2]
    assert between
    assert all(box.left < x < box.right and box.low < y < box.high for x, y in between)
    assert not frontier.exact


def test_later_objectives_are_minimised_among_plans_that_are_as_good():
    order = ("capital_wan", "uncovered_people", "sites")
    case = town(5, objective=order)
    frontier = there(at_limits)(solves_of(case), [150.0])
    names = [stage.name for stage in frontier.points[0].solution.stages]
    assert names == ["uncovered_people", "capital_wan", "sites"]
    assert frontier.points[0].solution.status == "optimal"


# --- nesting --------------------------------------------------------------------------


@pytest.mark.parametrize("seed", [1, 2, 3, 5, 8])
def test_nested_plans_nest_and_each_is_the_best_that_does(seed):
    case = town(seed)
    budgets = [40.0, 80.0, 120.0, 200.0, 300.0]
    frontier = there(at_limits)(solves_of(case), budgets, nested=True)
    free = there(at_limits)(solves_of(case), budgets)
    plans = list(every_plan(case))
    before: Any = frozenset()
    for budget, found, alone in zip(
        budgets, frontier.answers, free.answers, strict=True
    ):
        if found.point is None:
            assert alone.point is None
            continue
        now = placed(found.point.plan)
        assert before <= now
        best = min(y for x, y, held in plans if x <= budget and before <= held.pairs)
        assert found.point.y == pytest.approx(best)
        assert found.free == pytest.approx(alone.point.y)
        assert found.point.y >= found.free - 1e-6
        before = now


def test_some_nesting_costs_something():
    costs = []
    for seed in range(8):
        frontier = there(exactly)(solves_of(town(seed)), most=None, nested=True)
        costs += [a.point.y - a.free for a in frontier.answers]
    assert min(costs) >= -1e-6
    assert max(costs) > 1


def test_first_nested_plan_costs_nothing():
    frontier = there(exactly)(solves_of(town(1)), most=5, nested=True)
    first = frontier.answers[0]
    assert first.point.y == pytest.approx(first.free)


def test_bounds_of_nesting_are_taken_back():
    solves = solves_of(town(1))
    at_limits(solves, [100.0, 200.0], nested=True)
    holds = solves.session.formulation.program.holds.values()
    assert {(v.lowBound, v.upBound) for v in holds} == {(0, 1)}


# --- stopping -------------------------------------------------------------------------


def test_an_interrupted_search_keeps_the_points_proven_so_far():
    progress = Recorder(stop_after=3)
    frontier = there(exactly)(solves_of(town(3), progress=progress), most=None)
    assert frontier.interrupted
    assert not frontier.exact
    assert 2 <= len(frontier.points) < len(efficient(town(3)))
    assert all(point.proven for point in frontier.points)
    assert set(places(frontier)) <= set(efficient(town(3)))


def test_a_search_interrupted_before_any_plan_leaves_nothing():
    with pytest.raises(KeyboardInterrupt):
        exactly(solves_of(town(3), progress=Recorder(stop_after=0)), most=None)


def test_budgets_interrupted_are_answered_as_far_as_they_came():
    progress = Recorder(stop_after=2)
    frontier = there(at_limits)(
        solves_of(town(3), progress=progress), [100.0, 150.0, 200.0]
    )
    assert frontier.interrupted
    assert len(frontier.answers) < 3


def test_a_point_without_time_is_unknown_and_never_infeasible(monkeypatch):
    solves = solves_of(town(3))
    honest = Session.solve
    calls = itertools.count()

    def late(self, *args, **settings):
        if next(calls) == 2:  # after the two ends
            raise SolverError([])
        return honest(self, *args, **settings)

    monkeypatch.setattr(Session, "solve", late)
    frontier = there(at_limits)(solves, [120.0, 200.0])
    assert [a.status for a in frontier.answers] == ["unknown", "optimal"]


def test_a_box_without_time_stays_open(monkeypatch):
    solves = solves_of(town(3))
    honest = Session.solve

    def late(self, *args, **settings):
        if solves.number > 2:
            raise SolverError([])
        return honest(self, *args, **settings)

    monkeypatch.setattr(Session, "solve", late)
    frontier = there(exactly)(solves, most=None)
    (box,) = frontier.boxes
    assert box.stuck
    assert not frontier.exact
    assert len(frontier.points) == 2


# --- boxes ----------------------------------------------------------------------------

STEPS = Steps(1.0, 1.0)


def test_the_middle_is_tried_first_then_all_but_the_right_end():
    box = Box(0, 10, 0, 100)
    assert limit_to_try(box, STEPS) == 5
    (rest,) = after_nothing(box, 5, STEPS)
    assert rest == Box(5, 10, 0, 100, halved=True)
    assert limit_to_try(rest, STEPS) == 9
    assert after_nothing(rest, 9, STEPS) == []
    fine = Steps(1e-6, 1e-6)  # where right - (right - step) is more than the step
    assert after_nothing(Box(0, 2, 0, 1, halved=True), 2 - 1e-6, fine) == []


def test_a_point_leaves_two_boxes_and_none_too_small():
    box = Box(0, 10, 0, 100)
    assert after_point(box, 5, x=4, y=40, steps=STEPS) == [
        Box(0, 4, 40, 100),
        Box(5, 10, 0, 40),
    ]
    assert after_point(box, 9.5, x=4, y=99.5, steps=STEPS) == []


def test_an_unproven_point_leaves_all_above_its_bound_open():
    left, right = after_guess(Box(0, 10, 0, 100), 5, y=40, bound=30, steps=STEPS)
    assert left == Box(0, 5, 30, 100, stuck=True)
    assert right == Box(5, 10, 0, 40)
    without, _ = after_guess(Box(0, 10, 7, 100), 5, y=40, bound=None, steps=STEPS)
    assert without.low == 7


def test_the_largest_box_is_by_share_of_the_area_and_never_a_stuck_one():
    wide, high = Box(0, 8, 0, 10), Box(8, 10, 0, 90)
    assert largest([wide, high], width=10, height=1000) == high
    assert largest([wide, Box(8, 10, 0, 900, stuck=True)], width=10, height=1) == wide
    assert largest([], width=1, height=1) is None


# --- the curve ------------------------------------------------------------------------


def test_the_knee_is_farthest_from_the_chord():
    # Scaled: (0, 1), (.25, .4), (.5, .3), (1, 0); below x + y = 1 by .35, .2.
    assert knee([(0, 100), (25, 40), (50, 30), (100, 0)]) == 1


def test_a_line_and_two_points_and_a_bulge_the_wrong_way_have_no_knee():
    assert knee([(0, 100), (50, 50), (100, 0)]) is None
    assert knee([(0, 100), (100, 0)]) is None
    assert knee([(0, 100), (50, 90), (100, 0)]) is None
    assert knee([(5, 1), (5, 1), (5, 1)]) is None
    assert knee([]) is None


def test_marginal_values_are_gains_by_increase():
    points = [(0.0, 100.0), (50.0, 40.0), (100.0, 30.0), (100.0, 30.0)]
    assert marginal_values(points) == [None, 1.2, 0.2, None]
    assert marginal_values([]) == []
