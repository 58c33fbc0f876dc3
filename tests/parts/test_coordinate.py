"""What parts come to together is what the whole comes to, or the gap says how near."""

from __future__ import annotations

from dataclasses import replace

import pytest

from allocator.audit import audit
from allocator.errors import InfeasibleError
from allocator.parts import Coordination, Known, join_plans, unpack_plans
from allocator.policy import CountInUnit, Priority, Rate, Unit
from tests.factories import Phased, answer
from tests.parts.drawn import (
    COVERAGE,
    JOURNEYS,
    REACH,
    Asked,
    drawn_case,
    parts_of,
    parts_of_phases,
    plan_all,
    plan_in_parts,
)


def values_of(shared):
    return {stage.name: stage.value for stage in shared.solution.stages}


def plan_of(shared):
    return join_plans([unpack_plans(option.plans) for option in shared.options])[0]


def assert_as_good_as_the_whole(case):
    shared, _ = plan_in_parts(case)
    whole = answer(case, gap=1e-6).stated
    assert values_of(shared) == pytest.approx(whole, rel=1e-6)
    assert shared.solution.status == "optimal"
    for stage in shared.solution.stages:
        assert stage.bound is not None
        assert stage.bound <= whole[stage.name] + 1e-6 * abs(whole[stage.name])
        assert stage.gap is not None
        assert stage.gap <= 1e-4
    case.refuse_unless_sound(plan_of(shared), values_of(shared))
    return shared


@pytest.mark.parametrize("seed", [3, 5, 9, 11])
def test_a_budget_that_binds_is_shared_out_exactly(seed):
    shared = assert_as_good_as_the_whole(drawn_case(seed, budget_share=0.2))
    assert shared.method == "prices"
    assert shared.prices["0:capital_wan:"] > 0


@pytest.mark.parametrize("seed", [0, 4])
def test_journeys_are_shared_out_after_reach(seed):
    assert_as_good_as_the_whole(drawn_case(seed, order=JOURNEYS))


@pytest.mark.slow
@pytest.mark.parametrize("seed", [2, 6, 8, 10, 12])
def test_journeys_are_shared_out_after_reach_on_more_draws(seed):
    assert_as_good_as_the_whole(drawn_case(seed, order=JOURNEYS))


def test_a_budget_that_does_not_bind_leaves_every_county_to_itself():
    case = drawn_case(1, budget_share=0.9)
    shared, asked = plan_in_parts(case)
    assert shared.method == "separate"
    assert values_of(shared) == pytest.approx(answer(case, gap=1e-6).stated)
    assert set(asked.counts.values()) == {1}
    assert shared.prices == {}


def test_no_budget_at_all_needs_no_sharing():
    case = drawn_case(1, budget_share=None)
    shared, _ = plan_in_parts(case)
    assert shared.method == "separate"
    assert shared.solution.status == "optimal"


@pytest.mark.parametrize("seed", [0, 3])
def test_a_number_for_all_counties_together_is_kept(seed):
    number = CountInUnit(id="N", quote="number", service="clinic", lo=7, hi=8)
    case = drawn_case(seed, rules=[number], budget_share=0.5)
    shared = assert_as_good_as_the_whole(case)
    assert 7 <= len(plan_of(shared).placements) <= 8


def test_a_rate_over_all_counties_is_kept():
    # One clinic for 25,000 people at least; constants of the counties add up.
    rate = Rate(id="D", quote="rate", service="clinic", per=25000.0, lo=1.0)
    case = drawn_case(2, rules=[rate], budget_share=0.9)
    people = int(case.area.zones["population"].sum())
    shared = assert_as_good_as_the_whole(case)
    assert len(plan_of(shared).placements) >= people / 25000


def test_a_share_of_people_over_all_counties_is_kept():
    share = replace(COVERAGE, id="S", share=0.8)
    case = drawn_case(7, budget_share=None, order=("capital_wan",), rules=[share])
    shared = assert_as_good_as_the_whole(case)
    row = next(r for r in case.audit(plan_of(shared)) if r.rule_id == "S")
    assert str(row.verdict) == "met"


def test_a_number_that_is_striven_for_falls_as_little_short_as_in_the_whole():
    number = CountInUnit(
        id="N", quote="n", service="clinic", lo=12, priority=Priority.STRIVE
    )
    case = drawn_case(3, rules=[number], budget_share=0.3)
    shared = assert_as_good_as_the_whole(case)
    built = len(plan_of(shared).placements)
    assert values_of(shared)["shortfall"] == pytest.approx((12 - built) / 12)
    assert 0 < built < 12


def test_every_phase_has_its_own_shared_budget():
    case = drawn_case(3, counties=3, budget_share=None)
    spent = sum(case.area.costs["capital_wan"]) if case.area.costs is not None else 0.0
    phased = Phased(
        (
            case.with_terms(year=2025, capital_wan=0.15 * spent),
            case.with_terms(year=2030, capital_wan=0.2 * spent),
        )
    )
    shared, _ = plan_all(parts_of_phases(phased.phases, case.travel))
    assert values_of(shared) == pytest.approx(answer(phased, gap=1e-6).stated)
    first, last = join_plans([unpack_plans(option.plans) for option in shared.options])
    assert first.placements["capital_wan"].sum() <= 0.15 * spent
    assert len(last.placements) > len(first.placements)
    late = last.placements[last.placements["phase"] == 2030]
    assert 0 < late["capital_wan"].sum() <= 0.2 * spent
    keys = [
        limit.key for limit in parts_of_phases(phased.phases, case.travel)[0].limits
    ]
    assert keys == ["0:capital_wan:", "1:capital_wan:"]


def test_a_budget_that_is_too_small_for_what_must_hold_is_proven_so():
    number = CountInUnit(id="N", quote="n", service="clinic", lo=2, unit=Unit.COUNTY)
    case = drawn_case(4, rules=[number], budget_share=0.1)
    least = answer(
        replace(
            case.with_terms(capital_wan=None, objective=("capital_wan",)),
            travel=case.travel,
        )
    ).stated["capital_wan"]
    with pytest.raises(InfeasibleError) as caught:
        plan_in_parts(case)
    finding = caught.value.findings[1]
    assert finding.code == "infeasible-shared"
    assert finding.column == "capital_wan"
    missing = least - float(case.terms.capital_wan or 0)
    assert f"{missing:,.6g}" in finding.message.en


def test_a_second_plan_asks_only_the_county_that_changed():
    case = drawn_case(3, budget_share=0.2)
    first, asked = plan_in_parts(case)
    assert len(asked.counts) == 5
    again, asked_again = plan_in_parts(case, known=asked.known)
    assert asked_again.counts == {}
    assert values_of(again) == values_of(first)
    known = {part: one for part, one in asked.known.items() if part != "c2"}
    for part in asked.known:
        if part == "c2":
            known[part] = type(asked.known[part])()
    _, asked_after = plan_in_parts(case, known=known)
    assert set(asked_after.counts) == {"c2"}


def test_what_is_known_serves_another_budget():
    case = drawn_case(5, order=REACH, budget_share=0.2)
    _, asked = plan_in_parts(case)
    other = case.with_terms(capital_wan=float(case.terms.capital_wan or 0) * 1.2)
    shared, more = plan_in_parts(other, known=asked.known)
    assert values_of(shared) == pytest.approx(answer(other, gap=1e-6).stated)
    assert sum(more.counts.values()) <= sum(asked.counts.values())


def test_an_early_stop_keeps_what_was_found_and_claims_nothing():
    class Stops:
        def __init__(self):
            self.stopped = False

        def step(self, text):
            """Stop once limits are shared out."""
            self.stopped |= "shared" in text.en

        def update(self, text):
            """Say nothing."""

        def cancelled(self):
            return self.stopped

    case = drawn_case(3, budget_share=0.2)
    parts = parts_of(case)
    known = {part.id: Known() for part in parts}
    asked = Asked({part.id: part for part in parts}, known)
    shared = Coordination(parts, known, asked, gap=1e-4, progress=Stops()).run()
    assert shared.solution.status == "feasible"
    assert {stage.stopped_by for stage in shared.solution.stages} == {"Interrupted"}
    rows = audit(case.facts(plan_of(shared)))
    assert rows
    case.refuse_unless_sound(plan_of(shared), values_of(shared))
