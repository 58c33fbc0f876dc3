"""What a plan is worth under a scenario, by hand and by the audit."""

from __future__ import annotations

import pytest

from allocator.audit import MEASURES, Facts
from allocator.policy import PopulationBand, Unit
from allocator.scenarios import (
    NOMINAL,
    Factors,
    Scenario,
    backups,
    decided_services,
    evaluate,
    rank_outages,
    reassigned,
)
from tests.factories import answer, make_plan
from tests.scenarios.cases import ORDER, SCENARIOS, small_case, world_of, worth

HELD = frozenset({("s2", "clinic"), ("s4", "clinic")})


def plan(*sites):
    price = {"s1": 130.0}
    return make_plan([(s, "clinic", "build", price.get(s, 100.0), 10.0) for s in sites])


@pytest.mark.parametrize("scenario", [NOMINAL, *SCENARIOS], ids=lambda s: s.name)
def test_a_plan_is_worth_what_is_counted_by_hand(scenario):
    found = evaluate(world_of(small_case(), scenario), plan("s2", "s4"))
    by_hand = worth(small_case(), scenario, HELD)
    assert [found.objectives[name] for name in ORDER] == pytest.approx(list(by_hand))


def test_figures_are_those_that_the_audit_measures():
    case = small_case()
    world = world_of(case, SCENARIOS[0])
    found = evaluate(world, plan("s2", "s4"))
    phase = world.phases[0]
    there = reassigned(phase, world.travel, plan("s2", "s4"))
    facts = Facts(phase.area, world.travel, phase.policy, there)
    assert found.uncovered_people == MEASURES["uncovered_people"](facts)
    assert found.person_minutes == MEASURES["person_minutes"](facts)


def test_a_scenario_of_factor_one_gives_what_the_plan_states():
    case = small_case()
    best = answer(case)
    found = evaluate(world_of(case, Scenario("same")), best.plan)
    assert found.objectives == pytest.approx(best.stated)
    assert found.keeps_everything


def test_dear_prices_break_the_budget_by_what_is_above_it():
    found = evaluate(
        world_of(small_case(), Scenario("dear", costs=Factors(1.2))), plan("s2", "s4")
    )
    assert found.capital_wan == pytest.approx(240.0)
    assert found.over_capital_wan == pytest.approx(20.0)
    assert not found.keeps_everything


def test_prices_change_by_service():
    only_beds = Factors(1.0, (("beds", 3.0),))
    found = evaluate(
        world_of(small_case(), Scenario("beds", costs=only_beds)), plan("s2", "s4")
    )
    assert found.capital_wan == pytest.approx(200.0)


def test_slow_roads_break_the_clause_that_they_break():
    case = small_case(share=1.0)
    held = plan("s2", "s5")
    assert evaluate(world_of(case, NOMINAL), held).broken == ()
    slow = evaluate(world_of(case, Scenario("slow", travel=1.4)), held)
    assert [(b.rule_id, b.unit_id) for b in slow.broken] == [("R", "")]
    assert slow.uncovered_people == 400.0


def test_what_takes_longer_than_the_cut_off_cannot_be_travelled():
    case = small_case(rules=False)
    world = world_of(case, Scenario("slow", travel=2.0), max_minutes=40.0)
    assert world.travel.pairs["minutes"].max() <= 40.0
    found = evaluate(world, plan("s2"))
    assert found.uncovered_people == 700.0 + 600.0  # z4 at 70 minutes, z5 at 100


def test_a_capacity_sends_people_on_to_the_next_site():
    case = small_case(rules=False, capacity=[2000] * 5)
    found = evaluate(world_of(case, NOMINAL), plan("s2", "s4"))
    assert found.uncovered_people == pytest.approx(0.0)
    more = evaluate(
        world_of(case, Scenario("more", population=Factors(1.5))), plan("s2", "s4")
    )
    assert more.uncovered_people == pytest.approx(1.5 * 3100 - 4000)


def test_a_band_is_kept_by_sending_people_elsewhere():
    band = PopulationBand(
        id="B", quote="1000 to 2000", service="clinic", lo=1000, hi=2000, unit=Unit.AREA
    )
    case = small_case(rules=False).with_rules(band)
    # Nearest alone: 1800 at s2 and 1300 at s4. With twice the people in c1, 3600 and
    # 1300: 1600 of c1 have to go to s4, which then has 2900 of at most 2000.
    more = Scenario("more in c1", population=Factors(1.0, (("c1", 1.2),)))
    found = evaluate(world_of(case, more), plan("s2", "s4"))
    assert found.broken == ()
    too_many = Scenario("many more", population=Factors(1.0, (("c1", 2.0),)))
    broken = evaluate(world_of(case, too_many), plan("s2", "s4")).broken
    assert {b.rule_id for b in broken} == {"B"}


# --- Out of service -------------------------------------------------------------------


def facts_of(case, held):
    return Facts(case.area, case.travel, case.policy, held)


def test_the_most_critical_facility_is_the_one_nobody_can_replace():
    case = small_case()
    ranked = rank_outages(facts_of(case, plan("s1", "s2", "s4")), ["clinic"])
    # Within 20 minutes z4 (3) and z5 (18) have s4 alone; z3 has s2 (17) and s4 (15).
    assert ranked[0].site_id == "s4"
    lost = {c.site_id: c.people_lost for c in ranked}
    assert lost == {"s4": 1300.0, "s2": 0.0, "s1": 0.0}


@pytest.mark.parametrize("scenario", [NOMINAL, *SCENARIOS[:5]], ids=lambda s: s.name)
def test_what_an_outage_loses_is_what_the_audit_measures(scenario):
    case = small_case()
    world = world_of(case, scenario)
    held = plan("s1", "s3", "s5")
    phase = world.phases[0]
    facts = Facts(phase.area, world.travel, phase.policy, held)
    whole = evaluate(world, held)
    for one in rank_outages(facts, ["clinic"]):
        gone = frozenset({(one.site_id, "clinic")})
        without = evaluate(world, held, out=gone, site=one.site_id)
        assert without.out == one.site_id
        lost = without.uncovered_people - whole.uncovered_people
        assert one.people_lost == pytest.approx(lost)
        longer = without.person_minutes - whole.person_minutes
        assert one.person_minutes_more == pytest.approx(longer)


def test_the_only_holder_leaves_everyone_out():
    case = small_case(rules=False)
    (only,) = rank_outages(facts_of(case, plan("s2")), ["clinic"])
    assert (only.people_lost, only.people_served) == (3100.0, 3100.0)
    assert only.person_minutes_more == 0.0


def test_backup_is_the_share_with_two_holders_in_reach():
    case = small_case()
    rule, service = backups(facts_of(case, plan("s1", "s2", "s4")), ["clinic"])
    # z1, z2: s1 and s2; z3: s2 and s4 (17 and 15); z4, z5: s4 alone.
    assert (rule.name, rule.once, rule.twice) == ("R", 3100.0, 900.0 + 500.0 + 400.0)
    assert rule.share_twice == pytest.approx(1800 / 3100)
    assert (service.name, service.twice) == ("serves:clinic", 3100.0)


def test_services_that_a_plan_may_place_are_those_that_fail():
    case = small_case()
    assert decided_services(case.area, case.policy) == ("clinic",)
