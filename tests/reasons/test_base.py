"""A plan of an earlier run is the same base as the plan solved now."""

from __future__ import annotations

from dataclasses import replace

import pytest

from allocator.formulation import build_phases, read_plan
from allocator.policy.terms import Phase
from allocator.reasons import base_of_plan, decisions, journeys, solve_base
from allocator.solve import Session
from tests.factories import make_plan
from tests.reasons.solved import solved, town


def session_of(case):
    return Session(case.build(), gap=0.0, threads=1)


def bounds_of(base):
    return {stage.name: stage.bound for stage in base.solution.stages}


def test_base_of_a_plan_is_the_base_that_was_solved():
    case = town()
    base = solved(case)
    plan = read_plan(base.formulation)
    again = base_of_plan(session_of(case), plan, bounds_of(base), time_limit_s=20)
    assert again is not None
    assert again.held == base.held
    assert again.solution.status == "optimal"
    assert again.limits == pytest.approx(base.limits)
    stated = [stage.value for stage in again.solution.stages]
    assert stated == pytest.approx([0, 110 * 5, 200])


def test_base_of_a_plan_without_a_bound_is_not_called_optimal():
    case = town()
    base = solved(case)
    proved = bounds_of(base) | {"capital_wan": None}
    plan = read_plan(base.formulation)
    again = base_of_plan(session_of(case), plan, proved, time_limit_s=20)
    assert again is not None
    assert [s.status for s in again.solution.stages] == [
        "optimal",
        "optimal",
        "feasible",
    ]
    assert again.solution.status == "feasible"


def test_plan_that_breaks_a_clause_is_no_base():
    plan = make_plan([("near", "clinic", "build")])  # the clause asks for two
    assert base_of_plan(session_of(town()), plan, {}, time_limit_s=20) is None


def test_placements_of_a_later_phase_are_fixed_in_their_phase():
    case = town()
    early = replace(case.terms, year=2025, capital_wan=100.0)
    late = replace(case.terms, year=2027, capital_wan=100.0)
    free = replace(case.policy, rules=())
    phases = [
        Phase(case.area, free, early),
        Phase(case.area, case.policy, late),
    ]

    def session():
        return Session(build_phases(phases, case.travel), gap=0.0, threads=1)

    base = solve_base(session(), time_limit_s=20)
    assert base is not None
    plan = read_plan(base.formulation)
    built = dict(zip(plan.placements["site_id"], plan.placements["phase"], strict=True))
    assert built["near"] == 2025
    assert sorted(built.values()) == [2025, 2027]
    again = base_of_plan(session(), plan, bounds_of(base), time_limit_s=20)
    assert again is not None
    assert again.held == base.held
    first = again.formulation.programs[0]
    assert [s for (s, _), v in first.holds.items() if (v.varValue or 0) > 0.5] == [
        "near"
    ]


def test_every_open_pair_is_a_decision():
    base = solved(town())
    assert [site for site, _ in decisions(base.program)] == [
        "a",
        "b",
        "c",
        "dear",
        "near",
    ]


def test_journeys_say_who_goes_where():
    base = solved(town())
    trips = journeys(base, "clinic", base.values)
    assert trips is not None
    assert trips["site_id"].tolist() == ["near", "near"]
    assert trips["going"].tolist() == pytest.approx([100, 10])
