"""The same placements under other figures: copies of people and prices."""

from __future__ import annotations

from dataclasses import replace

import pytest

from allocator.formulation import add_people, add_prices
from allocator.formulation.objective import total
from allocator.formulation.objectives import person_minutes
from allocator.policy import CountInUnit, Coverage, Scope, Service
from allocator.policy.terms import Phase
from allocator.solve import solve
from tests.factories import (
    candidate,
    cost,
    make_area,
    make_case,
    make_travel,
    zone,
)

CARE = Service(id="care", name="care", serves=Scope())
ONE = CountInUnit(id="one", quote="one", service="care", lo=1, hi=1)
REACH = Coverage(id="reach", quote="near", service="care", share=1.0, within_minutes=15)


@pytest.fixture
def case():
    """Return two places that one site serves; the second is far from it at night."""
    area = make_area(
        zones=[zone("z1", "c", 90), zone("z2", "c", 60)],
        sites=[candidate("a", "z1"), candidate("b", "z2")],
        costs=[cost("care", "build", 5), cost("care", "build", 7, site_id="b")],
    )
    minutes = {
        ("d_z1", "a"): 5, ("d_z2", "a"): 10, ("d_z1", "b"): 12, ("d_z2", "b"): 5,
    }  # fmt: skip
    return make_case(area, services=[CARE], rules=[ONE], travel=make_travel(minutes))


NIGHT = {("d_z1", "a"): 5, ("d_z1", "b"): 30, ("d_z2", "b"): 6}


def solved(case, travel, **settings):
    """Return status, the sites, and the journeys of the copy that is not binding."""
    formulation = case.build()
    phase = Phase(case.area, case.policy, case.terms)
    (parts,) = add_people(formulation, [phase], travel, label="night", **settings)
    solution = solve(formulation, time_limit_s=60, gap=0.0, threads=1)
    if solution.status == "infeasible":
        return "infeasible", set(), parts
    holds = formulation.program.holds
    built = {s for (s, _), v in holds.items() if (v.varValue or 0.0) > 0.5}
    return solution.status, built, parts


@pytest.mark.parametrize("order", [("capital_wan",), ("uncovered_people", "sites")])
def test_copy_that_does_not_bind_lets_people_be_left_out(case, order):
    task = case.with_terms(objective=order)
    status, built, parts = solved(task, make_travel(NIGHT))
    assert status == "optimal"
    assert len(built) == 1
    names = set(parts.serving.services["care"].unserved)
    assert names == {"d_z1", "d_z2"}


def test_copy_that_binds_serves_everyone_under_its_figures_too(case):
    assert solved(case, make_travel(NIGHT))[1] == {"a"}
    status, built, _ = solved(case, make_travel(NIGHT), binding=True)
    assert (status, built) == ("optimal", {"b"})
    without = frozenset({("b", "care")})
    status, *_ = solved(case, make_travel(NIGHT), binding=True, without=without)
    assert status == "infeasible"


def test_rule_of_a_copy_binds_only_where_the_copy_does(case):
    task = case.with_rules(REACH, replace(ONE, hi=2))
    slow = make_travel({pair: m * 2.0 for pair, m in case.travel.pairs.set_index(
        ["demand_id", "site_id"])["minutes"].items()})  # fmt: skip
    assert solved(task, slow)[1] == {"a"}
    assert solved(task, slow, binding=True)[1] == {"a", "b"}


def test_site_out_of_service_serves_nobody_in_its_copy(case):
    without = frozenset({("a", "care")})
    formulation = case.build()
    phase = Phase(case.area, case.policy, case.terms)
    (parts,) = add_people(
        formulation, [phase], case.travel, label="fails", without=without
    )
    assert parts.program.holds["a", "care"].upBound == 0
    assert parts.program.holds["b", "care"] is formulation.program.holds["b", "care"]
    journeys = person_minutes([parts.serving]).expression
    assert len(journeys) == 4
    solve(formulation, time_limit_s=60, gap=0.0, threads=1)
    assert (journeys.value() or 0.0) == 0.0


def test_prices_of_a_copy_are_those_of_its_own_table(case):
    formulation = case.build()
    dear = replace(case.area, costs=case.area.costs.assign(capital_wan=[50.0, 6.0]))
    terms = replace(case.terms, capital_wan=10.0)
    phases = [Phase(dear, case.policy, terms)]
    (parts,) = add_prices(formulation, phases, case.travel, label="dear", binding=True)
    assert parts.program.costs["a", "care"] == (50.0, 0.0)
    solve(formulation, time_limit_s=60, gap=0.0, threads=1)
    holds = formulation.program.holds
    assert [holds[s, "care"].varValue > 0.5 for s in "ab"] == [False, True]
    assert total([(holds["b", "care"], 6.0)]).value() == 6.0
    loose = case.build()
    add_prices(loose, phases, case.travel, label="dear")
    solve(loose, time_limit_s=60, gap=0.0, threads=1)
    assert loose.program.holds["a", "care"].varValue > 0.5


def test_of_a_counted_service_out_of_service_none_is_there():
    ward = Service(id="ward", name="ward", most_per_site=3)
    post = Service(id="post", name="post")
    area = make_area(
        zones=[zone("z", "c", 9)], sites=[candidate("a", "z"), candidate("b", "z")]
    )
    task = make_case(area, services=[ward, post])
    formulation = task.build()
    phase = Phase(task.area, task.policy, task.terms)
    without = frozenset({("a", "ward"), ("a", "post")})
    (parts,) = add_people(
        formulation, [phase], task.travel, label="fails", without=without
    )
    copy, nominal = parts.program, formulation.program
    assert set(copy.extras) == {("a", "ward"), ("b", "ward")}
    assert {pair: v.upBound for pair, v in copy.extras.items()} == {
        ("a", "ward"): 0,
        ("b", "ward"): 2,
    }
    assert {pair for pair, v in copy.holds.items() if v.upBound == 0} == without
    gone = [copy.holds[pair] for pair in without] + [copy.extras["a", "ward"]]
    assert {(v.lowBound, v.upBound) for v in gone} == {(0, 0)}
    assert copy.extras["b", "ward"] is nominal.extras["b", "ward"]
    assert nominal.extras["a", "ward"].upBound == 2
