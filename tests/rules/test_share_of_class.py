"""``share_of_class``: a share of a class holds a service, rounded up."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from allocator.audit import Verdict
from allocator.errors import AuditError
from allocator.policy import CountInUnit, Priority, Service, ShareOfClass, Unit
from tests.factories import (
    answer,
    candidate,
    cost,
    facility,
    make_area,
    make_case,
    make_plan,
    members,
    rows_of,
    zone,
)
from tests.oracle import optimum

STATION = Service(id="station", name="public health station")


def rule(**changes):
    settings: dict[str, Any] = {
        "service": "station",
        "of": members("C210"),
        "share": 0.5,
    }
    return ShareOfClass(id="R", quote="half of the centres", **(settings | changes))


@pytest.fixture
def case():
    """Return three central health centres, a branch, and a candidate of the class."""
    area = make_area(
        zones=[zone("z1", "c1", 100), zone("z2", "c2", 50)],
        sites=[
            facility("a", "z1", "C210"),
            facility("b", "z1", "C210"),
            facility("c", "z2", "C210"),
            facility("d", "z2", "C210", branch=True),
            candidate("e", "z2", "C210"),
        ],
        costs=[
            cost("station", "upgrade", 4),
            cost("station", "upgrade", 2, site_id="c"),
        ],
    )
    return make_case(area, services=[STATION], rules=[rule()])


def test_row_is_in_whole_numbers_over_existing_members(case, same_as_golden):
    formulation = case.build()
    assert rows_of(formulation, "R") == {
        ("", "share"): "+2 a.station +2 b.station +2 c.station >= 3"
    }
    same_as_golden("share_of_class", formulation)


def test_unit_without_members_asks_for_nothing_and_the_next_for_its_own(case):
    sites = case.area.sites.assign(facility_class="")
    sites.loc[["a", "b"], "class"] = "A100"
    task = replace(case, area=replace(case.area, sites=sites)).with_rules(
        rule(unit=Unit.COUNTY)
    )
    assert rows_of(task.build(), "R") == {("c2", "share"): "+2 c.station >= 1"}
    rows = task.audit(make_plan())
    assert [(row.unit_id, row.missing, row.required.en) for row in rows] == [
        ("c2", 1.0, "50% of 1, that is 1")
    ]


@pytest.mark.parametrize(
    ("share", "needed"),
    [(1 / 3, 1), (0.34, 2), (0.5, 2), (0.6666666, 2), (0.9, 3), (1.0, 3)],
)
def test_number_needed_is_rounded_up(case, share, needed):
    task = case.with_rules(rule(share=share))
    found = answer(task)
    assert len(found.new) == needed
    assert found.values == optimum(task).values
    task.refuse_unless_sound(found.plan, found.stated)


def test_audit_says_how_many_are_missing(case):
    plan = make_plan([("c", "station", "upgrade", 2.0, 0.0)])
    (row,) = case.audit(plan)
    assert (row.verdict, row.missing, row.gap.zh) == ("not_met", 1, "缺 1 所")
    with pytest.raises(AuditError):
        case.refuse_unless_sound(plan)


def test_share_in_every_county_is_rounded_up_in_each(case):
    task = case.with_rules(rule(unit=Unit.COUNTY))
    assert rows_of(task.build(), "R") == {
        ("c1", "share"): "+2 a.station +2 b.station >= 2",
        ("c2", "share"): "+2 c.station >= 1",
    }
    found = answer(task)
    assert found.values == optimum(task).values == (6.0,)


def test_class_that_the_plan_decides_grows_with_the_plan(case):
    hub = Service(id="hub", name="hub")
    every_hub = rule(of=members(service=["hub"]), share=1.0)
    two_hubs = CountInUnit(id="H", quote="two hubs", service="hub", lo=2)
    task = make_case(case.area, services=[STATION, hub], rules=[two_hubs, every_hub])
    found = answer(task)
    hubs = {site for site, service in found.new if service == "hub"}
    stations = {site for site, service in found.new if service == "station"}
    assert len(hubs) >= 2
    assert hubs <= stations
    # A station at the candidate e is built without a price, so it is free.
    assert found.values == optimum(task).values == (2.0,)
    task.refuse_unless_sound(found.plan, found.stated)


def test_unit_without_members_asks_for_nothing(case):
    task = case.with_rules(rule(of=members("A100")))
    assert rows_of(task.build(), "R") == {}
    (row,) = task.audit(make_plan())
    assert row.verdict is Verdict.UNDECIDABLE


def test_reading_without_members_here_is_met_here(case):
    """A class that nobody in the county has makes the rule met there, in both."""
    nobody = rule(of=members("A100"), unit=Unit.COUNTY)
    count = CountInUnit(
        id="R", quote="one", service="station", unit=Unit.COUNTY, lo=1, any_of=(nobody,)
    )
    task = case.with_rules(count)
    found = answer(task)
    assert found.new == set()
    task.refuse_unless_sound(found.plan, found.stated)


# --- checklists -----------------------------------------------------------------------


def checklist(case, column):
    area = make_area(
        zones=[zone("z1", "c1", 100)],
        sites=[
            facility("a", "z1", "C210", **({"telemedicine": True} if column else {})),
            facility("b", "z1", "C210", **({"telemedicine": column} if column else {})),
        ],
    )
    asked = rule(service=None, attribute="telemedicine", share=1.0)
    return make_case(area, services=[STATION], rules=[asked])


def test_checklist_over_an_absent_column_is_undecidable(case):
    task = checklist(case, None)
    (row,) = task.audit(make_plan())
    assert row.verdict is Verdict.UNDECIDABLE
    assert "telemedicine" in row.found.en


def test_checklist_that_fails_is_reported_and_refuses_no_plan(case):
    task = checklist(case, "")
    task.area.sites["telemedicine"] = [True, False]
    found = answer(task)
    (row,) = task.audit(found.plan)
    assert (row.verdict, row.missing) == ("not_met", 1)
    task.refuse_unless_sound(found.plan)


# --- what the register does not say ---------------------------------------------------


def levelled(levels):
    area = make_area(
        zones=[zone("z1", "c1", 100)],
        sites=[
            facility("a", "z1", "A100", level=levels[0]),
            facility("b", "z1", "A100", level=levels[1]),
            candidate("n", "z1", "A100", level=levels[2]),
        ],
    )
    asked = rule(of=members("A100", level_from=2), share=1.0)
    return make_case(area, services=[STATION], rules=[asked])


def test_candidate_of_unknown_level_leaves_a_rule_over_facilities_binding():
    task = levelled([2.0, 1.0, None])
    found = answer(task)
    assert ("a", "station") in found.new
    (row,) = task.audit(found.plan)
    assert row.verdict is Verdict.MET
    with pytest.raises(AuditError):
        task.refuse_unless_sound(make_plan())


def test_facility_of_unknown_level_makes_the_rule_undecidable_in_both():
    task = levelled([2.0, None, 2.0])
    assert dict(task.build().undecidable) == {"R": "level"}
    (row,) = task.audit(make_plan())
    assert row.verdict is Verdict.UNDECIDABLE
    task.refuse_unless_sound(make_plan())


def test_unknown_level_of_one_facility_hides_no_other_holder():
    """``held_by`` and ``hosts`` are read site by site: unknown counts as no."""
    area = make_area(
        zones=[zone("z1", "c1", 100)],
        sites=[
            facility("a", "z1", "A100", level=2.0),
            facility("b", "z1", "A100", level=None),
        ],
    )
    hospital = members("A100", level_from=2)
    services = [
        Service(id="ward", name="ward", held_by=hospital),
        Service(id="centre", name="centre", hosts=hospital),
    ]
    one = CountInUnit(id="R", quote="one", service="centre", lo=1)
    task = make_case(area, services=services, rules=[one])
    found = answer(task)
    assert found.new == {("a", "centre")}
    assert optimum(task).held == {("a", "ward"), ("a", "centre")}
    task.refuse_unless_sound(found.plan, found.stated)


def test_strive_share_is_missed_by_the_least(case):
    task = case.with_rules(rule(share=1.0, priority=Priority.STRIVE))
    found = answer(task.with_terms(capital_wan=6.0))
    assert found.stated["shortfall"] == pytest.approx(1 / 3)
    assert optimum(task.with_terms(capital_wan=6.0)).shortfall == pytest.approx(1 / 3)


# --- linked services ------------------------------------------------------------------


@pytest.fixture
def emergency():
    """Return a county whose emergency stations follow its health centres.

    A station stands at a central health centre (C210), or at a township health centre
    (C220) that the same plan chooses as county sub-centre; each of these gets one.
    """
    area = make_area(
        zones=[zone("z1", "c1", 100)],
        sites=[
            facility("central", "z1", "C210"),
            facility("north", "z1", "C220"),
            facility("south", "z1", "C220"),
            facility("hospital", "z1", "A100"),
        ],
        costs=[
            cost("emergency_station", "upgrade", 10),
            cost("emergency_station", "upgrade", 7, site_id="south"),
            cost("county_subcenter", "upgrade", 20),
        ],
    )
    services = [
        Service(id="county_subcenter", name="sub-centre", hosts=members("C220")),
        Service(
            id="emergency_station",
            name="station",
            hosts=members("C210", service=["county_subcenter"]),
        ),
    ]
    rules = [
        CountInUnit(
            id="sub", quote="one sub-centre", service="county_subcenter", lo=1, hi=1
        ),
        ShareOfClass(
            id="each",
            quote="each gets a station",
            service="emergency_station",
            of=members("C210", service=["county_subcenter"]),
            share=1.0,
        ),
    ]
    return make_case(area, services=services, rules=rules)


def test_station_follows_the_sub_centre_that_the_plan_chooses(emergency):
    found = answer(emergency)
    assert found.new == {
        ("central", "emergency_station"),
        ("south", "county_subcenter"),
        ("south", "emergency_station"),
    }
    assert found.values == optimum(emergency).values == (37.0,)
    emergency.refuse_unless_sound(found.plan, found.stated)


def test_rows_tie_station_to_sub_centre_both_ways(emergency):
    formulation = emergency.build()
    assert ("hospital", "emergency_station") not in formulation.program.holds
    links = rows_of(formulation, "link")
    for site in ("north", "south"):
        assert links[site, "emergency_station"] == (
            f"+1 {site}.county_subcenter -1 {site}.emergency_station >= 0"
        )
    assert ("central", "emergency_station") not in links
    # One member for certain (central): its 1 is on the right-hand side.
    row = rows_of(formulation, "each")["", "share"]
    assert row.endswith(">= 1")
    assert "-1 north.county_subcenter" in row
    assert "-1 south.county_subcenter" in row
    assert "+1 central.emergency_station" in row


@pytest.mark.parametrize(
    ("placed", "code"),
    [
        (["central", "south", "hospital"], "plan-host"),
        (["central", "south", "north"], "plan-host"),
        (["central"], "plan-breaks-rule"),
        (["south"], "plan-breaks-rule"),
    ],
)
def test_audit_refuses_a_station_too_many_or_too_few(emergency, placed, code):
    prices = {"south": 7.0}
    plan = make_plan(
        [("south", "county_subcenter", "upgrade", 20.0, 0.0)]
        + [
            (s, "emergency_station", "upgrade", prices.get(s, 10.0), 0.0)
            for s in placed
        ]
    )
    with pytest.raises(AuditError) as refused:
        emergency.refuse_unless_sound(plan)
    assert code in {f.code for f in refused.value.findings}


def test_service_hosted_only_by_a_service_of_today_can_be_placed():
    """No new pair is hosted by class here: the first host is a holding of today."""
    area = make_area(zones=[zone("z1", "c1", 100)], sites=[facility("a", "z1", "C220")])
    services = [
        Service(id="care", name="care", held_by=members("C220"), hosts=members("C210")),
        Service(id="point", name="point", hosts=members(service=["care"])),
    ]
    one = CountInUnit(id="R", quote="one", service="point", lo=1)
    found = answer(make_case(area, services=services, rules=[one]))
    assert found.feasible
    assert found.new == {("a", "point")}


def test_names_narrow_hosts_by_service_too():
    area = make_area(
        zones=[zone("z1", "c1", 100)],
        sites=[facility("a", "z1", "C220"), facility("b", "z1", "C220")],
    )
    care = Service(id="care", name="care", held_by=members("C220"))
    point = Service(
        id="point", name="point", hosts=members(service=["care"], name=("site b",))
    )
    two = CountInUnit(id="R", quote="two", service="point", lo=2)
    one = CountInUnit(id="R", quote="one", service="point", lo=1)
    task = make_case(area, services=[care, point], rules=[one])
    assert answer(task).new == {("b", "point")}
    assert not answer(task.with_rules(two)).feasible
    wrong = make_plan(
        [("a", "care", "keep"), ("a", "point", "upgrade"), ("b", "care", "keep")]
    )
    with pytest.raises(AuditError, match="host"):
        task.refuse_unless_sound(wrong)
