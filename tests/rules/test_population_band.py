"""``population_band``: every holder serves from lo to hi people, nobody is left out."""

from __future__ import annotations

from typing import Any

import pytest

from allocator.errors import AuditError, InputError
from allocator.policy import PopulationBand, Priority, Scope, Service, Unit
from tests.factories import (
    NO_LIMIT,
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
    zone,
)
from tests.oracle import optimum


def rule(**changes):
    settings: dict[str, Any] = {"service": "care", "lo": 40, "hi": 100}
    return PopulationBand(id="R", quote="40 to 100 people each", **(settings | changes))


def people(**changes):
    return Service(id="care", name="care", serves=Scope(), **changes)


TRIPS = {
    ("near", "a"): 5, ("near", "b"): 20, ("near", "c"): 30,
    ("far", "a"): 25, ("far", "b"): 10, ("far", "c"): 15,
}  # fmt: skip


@pytest.fixture
def case():
    """Return 90 and 60 people who may go to three candidates of one county."""
    area = make_area(
        zones=[zone("z1", "c1", 90), zone("z2", "c1", 60)],
        sites=[candidate(s, "z1") for s in "abc"],
        demand=[demand_point("near", "z1", 90), demand_point("far", "z2", 60)],
        costs=[cost("care", "build", 10)],
    )
    return make_case(
        area,
        services=[people()],
        rules=[rule()],
        travel=make_travel(TRIPS),
        objective=("capital_wan", "person_minutes"),
    )


def test_rows_bind_each_holder_by_the_people_it_serves(case, same_as_golden):
    formulation = case.build()
    rows = rows_of(formulation, "R")
    assert rows["", "lo_a"] == "-40 a.care +60 x[far,a] +90 x[near,a] >= 0"
    assert rows["", "hi_a"] == "-100 a.care +60 x[far,a] +90 x[near,a] <= 0"
    assert rows["", "served"] == "+60 u[far] +90 u[near] <= 0"
    assert len(rows) == 7
    same_as_golden("population_band", formulation)


def test_two_centres_share_150_people(case):
    found = answer(case)
    # 150 people need two centres of at most 100; the nearest two are a and b.
    assert found.new == {("a", "care"), ("b", "care")}
    assert found.values == pytest.approx((20, 90 * 5 + 60 * 10))
    assert found.values == pytest.approx(optimum(case).values)
    case.refuse_unless_sound(found.plan, found.stated)


def test_people_of_one_point_are_split_where_the_band_needs_it(case):
    task = case.with_rules(rule(lo=70, hi=80))
    found = answer(task)
    served = found.plan.assignments.groupby("site_id")["people"].sum()
    assert served.between(70, 80).all()
    assert found.values == pytest.approx(optimum(task).values)
    task.refuse_unless_sound(found.plan, found.stated)


def test_whole_points_cannot_meet_that_band(case):
    task = case.with_rules(rule(lo=70, hi=80)).with_terms(split=False)
    assert not answer(task).feasible
    assert optimum(task) is None


def test_whole_points_go_to_one_site_each(case):
    task = case.with_terms(split=False)
    found = answer(task)
    assert found.plan.assignments["demand_id"].is_unique
    assert found.values == pytest.approx(optimum(task).values)
    task.refuse_unless_sound(found.plan, found.stated)


@pytest.mark.parametrize(
    ("assignments", "gap"),
    [
        ([("near", "a", 90, 5), ("far", "b", 60, 10)], ""),
        ([("near", "a", 90, 5), ("far", "b", 59.6, 10)], ""),
        ([("near", "a", 90, 5), ("far", "b", 50, 10)], "10 people not served"),
        ([("near", "a", 90, 5), ("far", "a", 20, 25), ("far", "b", 40, 10)],
         "10 people above the band"),
        ([("near", "a", 90, 5), ("far", "a", 30, 25), ("far", "b", 30, 10)],
         "10 people below the band; 20 people above the band"),
    ],
)  # fmt: skip
def test_audit_adds_up_who_is_assigned_where(case, assignments, gap):
    plan = make_plan(
        [("a", "care", "build", 10.0, 0.0), ("b", "care", "build", 10.0, 0.0)],
        [(i, s, "care", float(n), float(m)) for i, s, n, m in assignments],
    )
    (row,) = case.audit(plan)
    assert row.gap.en == gap
    assert row.verdict == ("not_met" if gap else "met")
    if gap:
        with pytest.raises(AuditError):
            case.refuse_unless_sound(plan)
    else:
        case.refuse_unless_sound(plan)


def test_band_binds_only_holders_in_its_scope_but_counts_all_their_people(case):
    elsewhere = make_area(
        zones=[zone("z1", "c1", 90), zone("z2", "c1", 60)],
        sites=[facility("a", "z1", services=["care"]), candidate("b", "z2")],
        demand=[demand_point("near", "z1", 90), demand_point("far", "z2", 60)],
    )
    task = make_case(
        elsewhere,
        services=[people()],
        rules=[rule(lo=0, hi=100, unit=Unit.ZONE, scope=Scope(people_from=80))],
        travel=make_travel({k: v for k, v in TRIPS.items() if k[1] in "ab"}),
        objective=("sites",),
    )
    formulation = task.build()
    assert {what for _, what in rows_of(formulation, "R")} == {"hi_a", "served"}
    found = answer(task)
    # All 150 people at a would be too many: b takes at least 50 of them.
    assert found.values == optimum(task).values == (2.0,)
    task.refuse_unless_sound(found.plan, found.stated)


def test_strive_band_is_missed_by_the_least(case):
    task = case.with_rules(rule(hi=60, priority=Priority.STRIVE))
    one_site = task.with_terms(capital_wan=10.0)
    found = answer(one_site)
    assert found.stated["shortfall"] == pytest.approx((150 - 60) / 60)
    best = optimum(one_site)
    assert found.stated["shortfall"] == pytest.approx(best.shortfall)
    assert (found.stated["capital_wan"], found.stated["person_minutes"]) == (
        pytest.approx(best.values)
    )


def test_people_whom_nobody_can_reach_make_the_band_impossible(case):
    task = make_case(
        case.area,
        services=[people()],
        rules=[rule()],
        travel=make_travel({("near", "a"): 5}),
        objective=("uncovered_people",),
    )
    lacks = {(i.rule_id, i.what): i.lacking for i in task.build().impossible}
    assert lacks["R", "served"] == 60


def test_people_stay_in_their_county_zone_or_area(case):
    area = make_area(
        zones=[zone("z1", "c1", 90), zone("z2", "c1", 60), zone("z3", "c2", 30)],
        sites=[candidate("a", "z1")],
    )
    reached = {}
    for unit in (Unit.AREA, Unit.COUNTY, Unit.ZONE):
        task = make_case(
            area, services=[people(assign_within=unit)], objective=("uncovered_people",)
        )
        pairs = task.build().serving.services["care"].pairs
        reached[unit] = set(pairs["demand_id"])
    assert reached == {
        Unit.AREA: {"d_z1", "d_z2", "d_z3"},
        Unit.COUNTY: {"d_z1", "d_z2"},
        Unit.ZONE: {"d_z1"},
    }


def test_capacity_of_a_site_binds_like_an_upper_bound(case):
    area = make_area(
        zones=[zone("z1", "c1", 90)],
        sites=[candidate("a", "z1", capacity_people=50.0), candidate("b", "z1")],
        demand=[demand_point("near", "z1", 90)],
        costs=[cost("care", "build", 1, site_id="a"), cost("care", "build", 9)],
    )
    trips = make_travel({("near", "a"): 5, ("near", "b"): 20})
    task = make_case(
        area,
        services=[people()],
        travel=trips,
        objective=("uncovered_people", "person_minutes"),
    )
    found = answer(task)
    assert found.values == pytest.approx((0, 50 * 5 + 40 * 20))
    assert found.values == pytest.approx(optimum(task).values)
    task.refuse_unless_sound(found.plan, found.stated)
    # With money for a alone, 40 people stay unserved.
    poor = answer(task.with_terms(capital_wan=1.0))
    assert poor.values == pytest.approx((40, 250))


@pytest.mark.parametrize(
    ("trips", "words"),
    [
        ([("t1", "a", 60), ("t2", "b", 50)], ["", ""]),
        ([("t1", "a", 60), ("t2", "b", 30)],
         ["", "10 people below the band; 20 people not served"]),
        ([("t1", "a", 39), ("t2", "b", 50)],
         ["1 people below the band; 21 people not served", ""]),
        ([("t1", "a", 60), ("t2", "a", 50)],
         ["10 people above the band", "40 people below the band"]),
        ([("t1", "a", 60)], ["", "40 people below the band; 50 people not served"]),
    ],
)  # fmt: skip
def test_audit_of_a_unit_is_about_its_own_people_whom_the_service_addresses(
    trips, words
):
    area = make_area(
        zones=[
            zone("z1", "c1", 60, urban=True),
            zone("z2", "c2", 50, urban=True),
            zone("z3", "c1", 70),
        ],
        sites=[candidate("a", "z1"), candidate("b", "z2")],
        demand=[
            demand_point("t1", "z1", 60),
            demand_point("t2", "z2", 50),
            demand_point("v", "z3", 70),
        ],
    )
    in_town = Service(id="care", name="care", serves=Scope(urban=True))
    task = make_case(area, services=[in_town], rules=[rule(unit=Unit.COUNTY)])
    plan = make_plan(
        [("a", "care", "build"), ("b", "care", "build")],
        [(i, s, "care", float(n), 10.0) for i, s, n in trips],
    )
    rows = task.audit(plan)
    assert [row.unit_id for row in rows] == ["c1", "c2"]
    assert [row.gap.en for row in rows] == words
    assert [row.missing for row in rows] == [
        max((float(w.split()[0]) for w in told.split("; ") if w), default=0.0)
        for told in words
    ]


@pytest.mark.parametrize(("served", "verdict"), [(99.6, "met"), (99.4, "not_met")])
def test_half_a_person_is_the_rounding_of_shares(served, verdict):
    area = make_area(zones=[zone("z", "c1", 100)], sites=[candidate("a", "z")])
    task = make_case(area, services=[people()], rules=[rule()])
    plan = make_plan([("a", "care", "build")], [("d_z", "a", "care", served, 10.0)])
    (row,) = task.audit(plan)
    assert row.verdict == verdict
    assert row.found.en == f"1, {served:.0f}–{served:.0f} people each"
    assert row.required.en == "40–100 people each"
    (row,) = task.audit(make_plan())
    assert (row.verdict, row.missing, row.found.en) == (
        "not_met",
        100.0,
        "0, 0 people each",
    )


@pytest.mark.parametrize(
    ("rules", "most", "split", "refused"),
    [
        ([rule()], NO_LIMIT, True, True),
        ([rule()], NO_LIMIT, False, False),
        ([], 90.0, True, True),
        ([], 90.0, False, False),
        ([], NO_LIMIT, True, False),
    ],
)
def test_longest_trip_needs_whole_points_where_people_may_be_split(
    case, rules, most, split, refused
):
    case.area.sites.loc["a", "capacity_people"] = most
    task = case.with_rules(*rules).with_terms(objective=("max_minutes",), split=split)
    if not refused:
        assert task.build().stages[-1].name == "max_minutes"
        return
    with pytest.raises(InputError) as error:
        task.build()
    assert [f.code for f in error.value.findings] == ["objective-needs-whole"]
