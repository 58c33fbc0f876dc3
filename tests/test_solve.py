"""What the solver may claim, and what is done with a solver that errs."""

from __future__ import annotations

import math
import random
import subprocess
import sys

import pulp
import pytest

from allocator.errors import SolverError
from allocator.policy import CountInUnit, Coverage, Scope, Service, ShareOfClass, Unit
from allocator.solve import HOLD_TOLERANCE, Session, solve
from tests.factories import (
    answer,
    candidate,
    cost,
    demand_point,
    facility,
    make_area,
    make_case,
    make_travel,
    members,
    zone,
)


def town(points, sites, *, seed=1, **terms):
    """Return a p-median task with random journeys; p is a quarter of the sites."""
    draw = random.Random(seed)  # noqa: S311 (a test needs no cryptography)
    number = max(1, sites // 4)
    names = [f"s{j:03}" for j in range(sites)]
    demand = [
        demand_point(f"d{i:03}", "z", draw.randint(1, 900)) for i in range(points)
    ]
    area = make_area(
        zones=[zone("z", "c", sum(d["people"] for d in demand))],
        sites=[candidate(s, "z") for s in names],
        demand=demand,
        costs=[cost("care", "build", draw.randint(1, 9), site_id=s) for s in names],
    )
    trips = {(d["demand_id"], s): draw.randint(1, 60) for d in demand for s in names}
    return make_case(
        area,
        services=[Service(id="care", name="care", serves=Scope())],
        rules=[
            CountInUnit(id="p", quote="p sites", service="care", lo=number, hi=number)
        ],
        travel=make_travel(trips),
        **{"objective": ("person_minutes",)} | terms,
    )


def solved(case, **settings):
    formulation = case.build()
    return solve(
        formulation, **{"time_limit_s": 30, "gap": 0.0, "threads": 1} | settings
    )


@pytest.fixture(scope="module")
def hard():
    """Return a task that takes far longer to prove than to find a plan for."""
    return town(220, 40).build()


def test_time_limited_solve_is_feasible_with_its_gap_and_never_optimal(hard):
    solution = solve(hard, time_limit_s=0.01, gap=0.0, threads=1)
    (stage,) = solution.stages
    assert (solution.status, stage.status) == ("feasible", "feasible")
    assert stage.stopped_by == "TimeLimit"
    assert stage.bound is None or stage.gap is None or stage.gap > 0


def test_proven_solve_states_a_bound_that_meets_its_value():
    (stage,) = solved(town(12, 6)).stages
    assert stage.status == "optimal"
    assert stage.bound == pytest.approx(stage.value)
    assert stage.gap == pytest.approx(0, abs=1e-9)


class Impatient:
    """A progress that cancels once a plan has been found."""

    def __init__(self, after):
        self.after, self.asked = after, 0

    def step(self, text):
        pass

    def update(self, text):
        pass

    def cancelled(self):
        self.asked += 1
        return self.asked > self.after


def test_cancelled_solve_keeps_the_best_plan_and_says_so():
    case = town(12, 6, objective=("person_minutes", "capital_wan"))
    solution = solved(case, progress=Impatient(after=0))
    # The first stage may be over before it asks; the second never begins.
    assert solution.status == "feasible"
    assert [s.stopped_by for s in solution.stages][1] == "NotStarted"
    assert math.isfinite(solution.stages[1].value)


def test_earlier_objective_is_held_while_later_ones_improve():
    first = solved(town(30, 8, objective=("person_minutes",)))
    both = solved(town(30, 8, objective=("person_minutes", "capital_wan")))
    other_way = solved(town(30, 8, objective=("capital_wan", "person_minutes")))
    best = first.stages[0].value
    assert both.stages[0].value <= best * (1 + HOLD_TOLERANCE)
    assert other_way.stages[0].value <= both.stages[1].value
    assert other_way.stages[1].value >= best


def test_everyone_goes_to_the_nearest_holder_even_if_no_objective_asks():
    case = town(30, 8, objective=("capital_wan",))
    found = answer(case)
    open_sites = {s for s, _ in found.new}
    pairs = case.travel.pairs
    nearest = pairs[pairs["site_id"].isin(open_sites)].groupby("demand_id")["minutes"]
    went = found.plan.assignments.set_index("demand_id")["minutes"]
    assert went.equals(nearest.min().loc[went.index])


@pytest.mark.parametrize(
    ("order", "last"),
    [(("capital_wan",), ["person_minutes"]), (("person_minutes", "capital_wan"), [])],
)
def test_journeys_are_shortened_last_unless_the_order_weighs_them(order, last):
    formulation = town(30, 8, objective=order).build()
    assert [objective.name for objective in formulation.last] == last


def test_without_people_assigned_nothing_is_minimised_after_the_order():
    post = Service(id="post", name="post")
    area = make_area(zones=[zone("z", "c", 9)], sites=[candidate("a", "z")])
    assert make_case(area, services=[post]).build().last == ()


def test_journeys_of_all_services_are_one_table_with_rows_by_number():
    services = [Service(id=k, name=k, serves=Scope()) for k in ("care", "baths")]
    area = make_area(
        zones=[zone("z1", "c", 9), zone("z2", "c", 5)], sites=[candidate("a", "z1")]
    )
    case = make_case(area, services=services)
    rows = answer(case).plan.assignments
    assert rows.index.tolist() == [0, 1, 2, 3]
    assert rows[["service", "demand_id", "people"]].to_numpy().tolist() == [
        ["baths", "d_z1", 9.0],
        ["baths", "d_z2", 5.0],
        ["care", "d_z1", 9.0],
        ["care", "d_z2", 5.0],
    ]


def test_program_without_a_solution_is_infeasible():
    case = town(6, 4)
    rules = [
        CountInUnit(id="a", quote="q", service="care", lo=3),
        ShareOfClass(
            id="b", quote="q", service="tax", of=members(service=["care"]), share=1
        ),
        CountInUnit(id="c", quote="q", service="tax", hi=2),
    ]
    services = [*case.policy.services.values(), Service(id="tax", name="tax")]
    task = make_case(case.area, services=services, rules=rules, travel=case.travel)
    formulation = task.build()
    assert formulation.impossible == ()  # no bound shows it: only the solver does
    solution = solve(formulation, time_limit_s=20, gap=0.0)
    assert (solution.status, solution.stages) == ("infeasible", ())


def test_constant_objective_is_proven():
    case = town(4, 3, objective=("yearly_wan",))
    (stage,) = solved(case).stages
    assert (stage.value, stage.bound, stage.status) == (0, 0, "optimal")


def test_bound_counts_people_whom_nothing_can_change():
    """PuLP leaves a lone constant, and a program without whole columns, unbounded."""
    area = make_area(
        zones=[zone("z", "c", 10)], sites=[facility("a", "z", services=["care"])]
    )
    care = Service(id="care", name="care", serves=Scope())
    unreachable = make_case(
        area, services=[care], travel=make_travel({}), objective=("uncovered_people",)
    )
    decided = make_case(
        area,
        services=[care],
        travel=make_travel({("d_z", "a"): 7}),
        objective=("person_minutes",),
    )
    for case, value in ((unreachable, 10), (decided, 70)):
        (stage,) = solved(case).stages
        assert (stage.value, stage.bound, stage.status) == (value, value, "optimal")


def test_whole_part_of_a_plan_is_exact():
    """No plan costs 94639.999 because a solver's 1 was 0.9999999."""
    case = town(60, 12, objective=("person_minutes", "capital_wan"))
    formulation = case.build()
    solve(formulation, time_limit_s=30, gap=1e-4, threads=1)
    values = [v.varValue for v in formulation.program.holds.values()]
    assert set(values) == {0.0, 1.0}


def test_stated_coverage_is_what_the_final_plan_reaches():
    """A loosely proven first stage leaves room that later stages must not hide in."""
    draw = random.Random(5)  # noqa: S311 (a test needs no cryptography)
    sites = [f"s{j}" for j in range(12)]
    demand = [demand_point(f"d{i:02}", "z", draw.randint(1, 50)) for i in range(60)]
    area = make_area(
        zones=[zone("z", "c", 1000)],
        sites=[candidate(s, "z") for s in sites],
        demand=demand,
        costs=[cost("post", "build", 1)],
    )
    trips = {(d["demand_id"], s): draw.randint(1, 60) for d in demand for s in sites}
    rule = Coverage(id="R", quote="q", service="post", within_minutes=9, unit=Unit.ZONE)
    case = make_case(
        area,
        services=[Service(id="post", name="post")],
        rules=[rule],
        travel=make_travel(trips),
        capital_wan=4.0,
        objective=("uncovered_people", "yearly_wan", "worst_county_coverage"),
    )
    formulation = case.build()
    solution = solve(formulation, time_limit_s=30, gap=0.2, threads=1)
    from allocator.formulation import read_plan  # noqa: PLC0415 (only here)

    stated = {s.name: s.value for s in solution.stages}
    case.refuse_unless_sound(read_plan(formulation), stated)


def test_the_number_of_threads_may_differ_from_run_to_run():
    values = [solved(town(6, 4), threads=n).stages[0].value for n in (2, 1, None, 1)]
    assert values == [values[0]] * 4


# --- a solver that lies ---------------------------------------------------------------


def lying(monkeypatch, lie):
    """Make HiGHS report ``lie(variable)`` where that is not None."""
    honest = pulp.HiGHS.actualSolve

    def solve_and_lie(self, lp, **settings):
        stats = honest(self, lp, **settings)
        for variable in lp.variables():
            told = lie(variable)
            if told is not None:
                variable.varValue = told
        return stats

    monkeypatch.setattr(pulp.HiGHS, "actualSolve", solve_and_lie)


@pytest.mark.parametrize(
    "value",
    [math.nan, math.inf, -0.4, 1.7, 0.5],
    ids=["nan", "inf", "low", "high", "half"],
)
def test_values_that_are_no_solution_are_refused(monkeypatch, value):
    lying(monkeypatch, lambda v: value if v.name == "h_s0_care" else None)
    with pytest.raises(SolverError) as refused:
        solved(town(6, 4))
    assert refused.value.exit_code == 6
    (finding,) = refused.value.findings
    assert finding.code == "solver-values"
    assert "h_s0_care" in finding.value


def test_plan_whose_whole_values_break_a_rule_does_not_pass_the_audit(monkeypatch):
    """A solver that opens nothing and says it is optimal is caught behind it."""
    lying(monkeypatch, lambda v: 0.0 if v.name.startswith("h_") else None)
    case = town(6, 4)
    found = answer(case)
    from allocator.errors import AuditError  # noqa: PLC0415 (only here)

    with pytest.raises(AuditError):
        case.refuse_unless_sound(found.plan, found.stated)


def test_a_warm_start_handed_back_with_a_better_bound_is_solved_again(monkeypatch):
    """HiGHS has called a start optimal by a bound that only presolve had reached."""
    honest = pulp.HiGHS.actualSolve

    def hand_back(self, lp, **settings):
        before = [variable.varValue for variable in lp.variables()]
        stats = honest(self, lp, **settings)
        if self.optionsDict.get("warmStart"):
            for variable, value in zip(lp.variables(), before, strict=True):
                variable.varValue = value
        return stats

    case = town(12, 6, objective=("sites", "person_minutes"))
    expected = [stage.value for stage in solved(case).stages]
    monkeypatch.setattr(pulp.HiGHS, "actualSolve", hand_back)
    found = solved(case)
    assert found.status == "optimal"
    assert [stage.value for stage in found.stages] == pytest.approx(expected)


def test_solver_that_cannot_take_the_program_in_is_a_solver_error(monkeypatch):
    def broken(self, lp, **settings):
        raise IndexError("list index out of range")

    monkeypatch.setattr(pulp.HiGHS, "actualSolve", broken)
    with pytest.raises(SolverError) as refused:
        solved(town(6, 4))
    assert refused.value.findings[0].code == "solver-failed"


# --- one program, solved again --------------------------------------------------------


def test_solver_leaves_the_standard_output_to_results():
    words = (
        "import pulp; from allocator.solve import Limits, run_highs;"
        "p = pulp.LpProblem('p', 1); x = p.add_variable('x', 0, 1, 'Integer');"
        "p.addConstraint(x >= 0.5, 'r'); p.setObjective(x + 0);"
        "run_highs(p, Limits()); print(x.varValue)"
    )
    done = subprocess.run(
        [sys.executable, "-c", words], capture_output=True, text=True, check=True
    )
    assert done.stdout == "1.0\n"


def test_second_solve_of_a_session_is_that_of_a_new_program():
    order = ("person_minutes", "capital_wan")
    case = town(30, 8, objective=order)
    first = solved(case)
    session = Session(case.build(), gap=0.0, threads=1)
    session.solve(time_limit_s=30)
    again = session.solve(time_limit_s=30)
    assert [s.value for s in again.stages] == [s.value for s in first.stages]


def test_bounds_of_a_session_are_given_back():
    formulation = town(30, 8).build()
    session = Session(formulation, gap=0.0, threads=1)
    best = session.solve(time_limit_s=30)
    used = [v for v in formulation.program.holds.values() if v.varValue == 1]
    with session.bounded({used[0]: (0, 0)}):
        worse = session.solve(time_limit_s=30)
    assert worse.stages[0].value > best.stages[0].value
    assert (used[0].lowBound, used[0].upBound) == (0, 1)
    assert session.solve(time_limit_s=30).stages[0].value == best.stages[0].value


def test_what_a_relaxation_proved_holds_as_long_as_nothing_is_worse():
    case = town(30, 8, objective=("capital_wan", "person_minutes"))
    formulation = case.build()
    session = Session(formulation, gap=0.0, threads=1)
    best = session.solve(time_limit_s=30)
    idle = next(v for v in formulation.program.holds.values() if v.varValue == 0)
    busy = next(v for v in formulation.program.holds.values() if v.varValue == 1)
    with session.bounded({idle: (0, 0)}):
        same = session.solve(time_limit_s=30, relaxation=best.stages)
    assert same.status == "optimal"
    assert [s.value for s in same.stages] == [s.value for s in best.stages]
    with session.bounded({busy: (0, 0)}):
        told = session.solve(time_limit_s=30, relaxation=best.stages)
        alone = session.solve(time_limit_s=30)
    assert told.status == "optimal"
    assert [s.value for s in told.stages] == [s.value for s in alone.stages]
    assert [s.bound for s in told.stages] == [s.bound for s in alone.stages]


def test_row_limits_until_it_is_released():
    case = town(30, 8, objective=("person_minutes", "capital_wan"))
    formulation = case.build()
    session = Session(formulation, gap=0.0, threads=1)
    free = session.solve(time_limit_s=30)
    (capital,) = (s for s in formulation.stages if s.name == "capital_wan")
    row = session.new_row(capital.expression)
    row.at_most(free.stages[1].value - 1)
    poor = session.solve(time_limit_s=30)
    assert poor.stages[1].value <= free.stages[1].value - 1
    assert poor.stages[0].value > free.stages[0].value
    row.release()
    assert session.solve(time_limit_s=30).stages[1].value == free.stages[1].value
