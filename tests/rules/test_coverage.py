"""``coverage``: a share of the people has a holder in reach."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from allocator.audit import REACH_COLUMNS, Facts, Verdict, reach_by_zone
from allocator.audit.equity import county_shares
from allocator.audit.measures import worst_county_coverage
from allocator.errors import AuditError, InputError
from allocator.policy import Coverage, Priority, Scope, Service, Unit
from allocator.solve import solve
from tests.factories import (
    answer,
    candidate,
    cost,
    demand_point,
    facility,
    make_area,
    make_case,
    make_plan,
    make_travel,
    rows_of,
    words_of,
    zone,
)
from tests.oracle import optimum

POST = Service(id="post", name="post")


def rule(**changes):
    settings: dict[str, Any] = {"service": "post", "share": 0.8, "within_minutes": 15}
    words = {"id": "R", "quote": "80 % within 15 minutes"}
    return Coverage(**(words | settings | changes))


@pytest.fixture
def case():
    """Return town (60 + 20 people) and country (20), three candidates.

    a reaches both points of the town, b only one of them and the country, c is on the
    limit for the country.
    """
    area = make_area(
        zones=[zone("town", "c1", 80, urban=True), zone("country", "c2", 20)],
        sites=[
            candidate("a", "town"),
            candidate("b", "town"),
            candidate("c", "country"),
        ],
        demand=[
            demand_point("t1", "town", 60),
            demand_point("t2", "town", 20),
            demand_point("v", "country", 20),
        ],
        costs=[cost("post", "build", 3), cost("post", "build", 4, site_id="b")],
    )
    minutes = {
        ("t1", "a"): 5, ("t2", "a"): 15, ("v", "a"): 40,
        ("t1", "b"): 14, ("t2", "b"): 15.01, ("v", "b"): 10,
        ("t2", "c"): 30, ("v", "c"): 15,
    }  # fmt: skip
    km = {pair: m / 2 for pair, m in minutes.items()}
    return make_case(
        area, services=[POST], rules=[rule()], travel=make_travel(minutes, km)
    )


def test_rows_group_points_with_the_same_reach(case, same_as_golden):
    formulation = case.build()
    assert sorted(words for _, _, words in words_of(formulation, "R")) == [
        "+1 a.post +1 b.post -1 c >= 0",
        "+1 a.post -1 c >= 0",
        "+1 b.post -1 c +1 c.post >= 0",
        "+20 c +20 c +60 c >= 80",
    ]
    same_as_golden("coverage", formulation)


@pytest.mark.parametrize(
    ("share", "built"),
    [(0.2, {"c"}), (0.8, {"a"}), (0.801, {"a", "c"}), (1.0, {"a", "c"})],
)
def test_cheapest_cover_of_a_share_of_the_people(case, share, built):
    task = case.with_rules(rule(share=share))
    found = answer(task)
    assert found.values == optimum(task).values
    assert len(found.new) == len(built)
    task.refuse_unless_sound(found.plan, found.stated)


def test_share_in_every_county_needs_one_in_each(case):
    found = answer(case.with_rules(rule(unit=Unit.COUNTY)))
    assert found.new == {("a", "post"), ("c", "post")}


def test_bound_is_inclusive_in_the_audit_too(case):
    on_the_limit = make_plan([("a", "post", "build", 3.0, 0.0)])
    beyond = make_plan([("b", "post", "build", 4.0, 0.0)])
    case.refuse_unless_sound(on_the_limit)
    (row,) = case.audit(on_the_limit)
    assert row.found.en == "80.0% (80, 20 out of reach)"
    strict = case.with_rules(rule(share=0.81))
    (row,) = strict.audit(beyond)
    assert (row.verdict, row.missing) == ("not_met", pytest.approx(1.0))
    with pytest.raises(AuditError):
        strict.refuse_unless_sound(beyond)


def test_urban_and_rural_people_have_their_own_limits(case):
    split = rule(share=1.0, within_minutes=None, urban_minutes=15, rural_minutes=40)
    found = answer(case.with_rules(split))
    assert found.new == {("a", "post")}
    strict_in_town = rule(share=1.0, within_minutes=40, urban_minutes=14)
    assert not answer(case.with_rules(strict_in_town)).feasible


def test_km_need_distances(case):
    by_km = rule(within_minutes=None, within_km=7.5)
    assert answer(case.with_rules(by_km)).new == {("a", "post")}
    no_km = make_travel({("t1", "a"): 5})
    blind = make_case(case.area, services=[POST], rules=[by_km], travel=no_km)
    assert dict(blind.build().undecidable) == {"R": "km"}
    (row,) = blind.audit(make_plan())
    assert row.verdict is Verdict.UNDECIDABLE


def test_branch_of_today_covers_for_certain(case):
    area = make_area(
        zones=[zone("town", "c1", 80), zone("country", "c2", 20)],
        sites=[facility("a", "town", services=["post"], branch=True)],
    )
    trips = make_travel({("d_town", "a"): 5})
    task = make_case(area, services=[POST], rules=[rule()], travel=trips)
    formulation = task.build()
    assert rows_of(formulation, "R") == {}
    assert formulation.impossible == ()
    assert [r.verdict for r in task.audit(answer(task).plan)] == ["met"]


def test_people_whom_no_site_reaches_are_named_without_solving(case):
    (lack,) = case.with_rules(rule(share=1.0, within_minutes=12)).build().impossible
    # Only t1 (a) and v (b) are within 12 minutes of anything.
    assert (lack.rule_id, lack.needed, lack.lacking) == ("R", 100, 20)


def test_readings_of_which_none_can_be_kept_are_named_without_solving(case):
    none = rule(share=1.0, within_minutes=12, any_of=(rule(within_minutes=2),))
    (lack,) = case.with_rules(none).build().impossible
    assert (lack.rule_id, lack.what, lack.needed, lack.lacking) == (
        "R",
        "any_of",
        100,
        20,
    )
    one = rule(share=1.0, within_minutes=12, any_of=(rule(within_minutes=30),))
    assert case.with_rules(one).build().impossible == ()
    striven = replace(none, priority=Priority.STRIVE)
    assert case.with_rules(striven).build().impossible == ()


@pytest.mark.parametrize(
    ("reach", "en", "zh"),
    [
        ({"within_minutes": 15}, "80% ≤ 15 min", "80% 人口 ≤ 15 分钟"),
        (
            {"within_minutes": None, "within_km": 7.5},
            "80% ≤ 7.5 km",
            "80% 人口 ≤ 7.5 公里",
        ),
        (
            {"urban_minutes": 10},
            "80% urban ≤ 10 min, rural ≤ 15 min",
            "80% 人口 城镇 ≤ 10 分钟, 乡村 ≤ 15 分钟",
        ),
    ],
)
def test_reach_is_told_in_both_languages(case, reach, en, zh):
    (row,) = case.with_rules(rule(**reach)).audit(make_plan())
    assert (row.required.en, row.required.zh) == (en, zh)


@pytest.mark.parametrize(
    ("priority", "verdict"),
    [(Priority.MUST, "undecidable"), (Priority.MAY, "tracked")],
)
def test_rule_with_nothing_in_its_scope_says_so(case, priority, verdict):
    nowhere = rule(scope=Scope(people_below=1), priority=priority)
    (row,) = case.with_rules(nowhere).audit(make_plan())
    assert (row.verdict, row.unit, row.found.en, row.found.zh) == (
        verdict,
        "area",
        "nothing in its scope",
        "范围内没有对象",
    )


def test_reading_that_cannot_be_decided_stands_beside_one_that_can(case):
    no_km = make_travel({("t1", "a"): 5, ("t2", "a"): 15})
    by_km = rule(within_minutes=None, within_km=7.5)
    either = replace(case, travel=no_km).with_rules(rule(any_of=(by_km,)))
    built = make_plan([("a", "post", "build", 3.0, 0.0)])
    (met,) = either.audit(built)
    assert (met.verdict, met.found.en) == ("met", "80.0% (80, 20 out of reach)")
    (row,) = either.audit(make_plan())
    assert (row.verdict, row.found.en) == (
        "undecidable",
        "0.0% (0, 100 out of reach)",
    )
    (row,) = replace(case, travel=no_km).with_rules(by_km).audit(built)
    assert (row.verdict, row.unit, row.found.en) == (
        "undecidable",
        "area",
        "no column km",
    )


def test_rule_without_a_share_binds_nothing_and_is_tracked(case):
    task = case.with_rules(rule(share=None))
    found = answer(task)
    assert found.new == set()
    assert [r.verdict for r in task.audit(found.plan)] == ["tracked"]


def test_uncovered_people_are_those_out_of_reach(case):
    task = case.with_rules(rule(share=None)).with_terms(
        objective=("uncovered_people", "capital_wan"), capital_wan=3.0
    )
    found = answer(task)
    assert found.stated == {"uncovered_people": 20, "capital_wan": 3}
    assert found.values == optimum(task).values


def test_uncovered_people_are_those_of_the_first_reading_alone(case):
    either = rule(share=0.1, any_of=(rule(share=0.1, within_minutes=5),))
    task = case.with_rules(either).with_terms(
        objective=("uncovered_people", "capital_wan"), capital_wan=3.0
    )
    found = answer(task)
    assert found.stated == {"uncovered_people": 20, "capital_wan": 3}
    task.refuse_unless_sound(found.plan, found.stated)


def test_uncovered_people_are_those_of_the_first_reading_that_can_be_decided(case):
    minutes = case.travel.pairs.set_index(["demand_id", "site_id"])["minutes"]
    by_km = rule(within_minutes=None, within_km=7.5, any_of=(rule(),))
    task = replace(case.with_rules(by_km), travel=make_travel(minutes.to_dict()))
    task = task.with_terms(
        objective=("uncovered_people", "capital_wan"), capital_wan=3.0
    )
    found = answer(task)
    assert found.stated == {"uncovered_people": 20, "capital_wan": 3}
    task.refuse_unless_sound(found.plan, found.stated)


def test_may_rule_does_not_count_in_uncovered_people(case):
    task = case.with_rules(rule(priority=Priority.MAY)).with_terms(
        objective=("uncovered_people",)
    )
    assert answer(task).values == optimum(task).values == (0.0,)


def test_worst_county_is_raised_first(case):
    task = case.with_rules(rule(share=None)).with_terms(
        objective=("worst_county_coverage", "uncovered_people"), capital_wan=4.0
    )
    found = answer(task)
    # b reaches 60 of 80 in town and all in the country: worst 0.75. a leaves c2 at 0.
    assert found.new == {("b", "post")}
    assert found.stated == pytest.approx(
        {"worst_county_coverage": 0.75, "uncovered_people": 20}
    )
    task.refuse_unless_sound(found.plan, found.stated)


def test_county_of_one_person_counts_as_any_other():
    area = make_area(
        zones=[zone("town", "c1", 80), zone("hut", "c2", 1)],
        sites=[candidate("a", "town")],
        costs=[cost("post", "build", 1)],
    )
    task = make_case(
        area,
        services=[POST],
        rules=[rule(share=None)],
        travel=make_travel({("d_town", "a"): 5}),
        objective=("worst_county_coverage",),
    )
    found = answer(task)
    assert found.values == (0.0,)
    in_turn = answer(task.with_terms(objective=("county_coverage_leximin",)))
    assert in_turn.stated == {
        "county_coverage_leximin_1": 0.0,
        "county_coverage_leximin_2": 1.0,
    }
    facts = task.facts(make_plan([("a", "post", "build", 1.0, 0.0)]))
    assert worst_county_coverage(facts) == 0.0
    assert county_shares(facts) == {"c1": 1.0, "c2": 0.0}
    (row,) = task.with_rules(rule(share=1.0, unit=Unit.AREA)).audit(facts.plan)
    assert (row.missing, row.gap.en) == (1.0, "1 people")
    rows = task.with_rules(rule(share=1.0, unit=Unit.COUNTY)).audit(facts.plan)
    assert [(r.unit_id, r.verdict) for r in rows] == [("c1", "met"), ("c2", "not_met")]


def test_worst_county_without_a_coverage_rule_is_refused(case):
    task = case.with_rules().with_terms(objective=("worst_county_coverage",))
    with pytest.raises(InputError, match="worst_county_coverage"):
        task.build()


def test_strive_share_is_missed_by_the_least_people(case):
    task = case.with_rules(rule(share=1.0, priority=Priority.STRIVE)).with_terms(
        capital_wan=3.0
    )
    found = answer(task)
    assert found.stated["shortfall"] == pytest.approx(20 / 100)
    assert optimum(task).shortfall == pytest.approx(0.2)


def test_shortfall_is_a_share_of_what_is_needed_and_nothing_when_met(case):
    rules = [
        rule(id=name, share=share, priority=Priority.STRIVE)
        for name, share in (("half", 0.5), ("all", 1.0))
    ]
    formulation = case.with_rules(*rules).with_terms(capital_wan=3.0).build()
    solve(formulation, time_limit_s=60, gap=0.0, threads=1)
    half, every = formulation.shortfalls
    assert (half.rule_id, half.needed, half.whole, half.share) == ("half", 50, 50, 0.0)
    assert (every.rule_id, every.needed) == ("all", 100)
    assert every.share == pytest.approx(0.2)


def test_scope_limits_whose_reach_counts(case):
    task = case.with_rules(rule(share=1.0, scope=Scope(urban=False)))
    found = answer(task)
    assert found.new == {("c", "post")}
    task.refuse_unless_sound(found.plan, found.stated)


def test_reach_by_zone_is_what_the_audit_counts(case):
    rules = (rule(), rule(id="Q", share=None, scope=Scope(urban=True)))
    task = case.with_rules(*rules)
    nothing, built = make_plan([]), make_plan([("a", "post", "build", 3.0, 0.0)])
    facts = [Facts(task.area, task.travel, task.policy, p) for p in (nothing, built)]
    reach = reach_by_zone(*facts)
    assert tuple(reach.columns) == REACH_COLUMNS
    assert reach.index.tolist() == [0, 1, 2]
    assert reach.to_numpy().tolist() == [
        ["R", "post", "country", 20.0, 0.0, 0.0],
        ["R", "post", "town", 80.0, 0.0, 80.0],
        ["Q", "post", "town", 80.0, 0.0, 80.0],
    ]
    (row, _) = task.audit(built)
    assert row.found.en == "80.0% (80, 20 out of reach)"


def test_reach_leaves_out_what_cannot_be_decided(case):
    minutes = dict.fromkeys([("t1", "a"), ("v", "c")], 5.0)
    far = rule(within_minutes=None, within_km=3.0)
    task = replace(case.with_rules(far), travel=make_travel(minutes))
    facts = Facts(task.area, task.travel, task.policy, make_plan([]))
    assert reach_by_zone(facts, facts).empty
