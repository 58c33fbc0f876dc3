"""Cutting a task: what lies in a county goes with it, and borders are seen."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from allocator.parts import closed_borders, find_crossings, group_counties
from allocator.parts.narrow import narrow_area, narrow_phase, split_travel
from allocator.policy import Coverage, Scope, Service, Unit
from allocator.policy.decided import Decided
from allocator.policy.terms import Phase, Terms
from tests.factories import (
    candidate,
    cost,
    facility,
    make_area,
    make_policy,
    make_travel,
    zone,
)

AREA = make_area(
    zones=[zone("z1", "c1", 100), zone("z2", "c2", 50), zone("z3", "c3", 25)],
    sites=[
        candidate("s1", "z1"),
        facility("s2", "z2", beds=4.0),
        candidate("s3", "z3"),
    ],
    costs=[
        cost("clinic", "build", 10),
        cost("clinic", "build", 20, site_id="s1"),
        cost("clinic", "build", 30, site_id="s2"),
    ],
)
TRAVEL = make_travel(
    {
        ("d_z1", "s1"): 5.0,
        ("d_z1", "s2"): 25.0,
        ("d_z2", "s2"): 5.0,
        ("d_z2", "s3"): 50.0,
        ("d_z3", "s3"): 5.0,
    }
)


def policy_of(*, within=30.0, assign=Unit.COUNTY, serves=False):
    return make_policy(
        services=[
            Service(
                id="clinic",
                name="clinic",
                serves=Scope() if serves else None,
                assign_within=assign,
            )
        ],
        rules=[Coverage(id="R", quote="q", service="clinic", within_minutes=within)],
    )


def test_reach_over_a_border_is_a_crossing():
    found = find_crossings(AREA, TRAVEL, policy_of())
    assert found.counties == (("c1", "c2"),)
    assert found.people == 100
    assert found.services == ("clinic",)
    assert find_crossings(AREA, TRAVEL, policy_of(within=20.0)).counties == ()


def test_people_assigned_over_borders_are_a_crossing():
    policy = policy_of(within=20.0, serves=True, assign=Unit.AREA)
    found = find_crossings(AREA, TRAVEL, policy)
    assert found.counties == (("c1", "c2"), ("c2", "c3"))
    assert find_crossings(AREA, TRAVEL, policy_of(within=20.0, serves=True)).people == 0


def test_closed_borders_leave_journeys_inside_counties():
    inside = closed_borders(AREA, TRAVEL)
    pairs = list(zip(inside.pairs["demand_id"], inside.pairs["site_id"], strict=True))
    assert pairs == [("d_z1", "s1"), ("d_z2", "s2"), ("d_z3", "s3")]
    assert find_crossings(AREA, inside, policy_of()).counties == ()


def test_joined_counties_are_one_part():
    assert group_counties(AREA, [("c1", "c2")]) == {"c1": "c1", "c2": "c1", "c3": "c3"}
    assert group_counties(AREA, [("c2", "c3"), ("c1", "c2")]) == dict.fromkeys(
        ("c1", "c2", "c3"), "c1"
    )


def test_a_county_has_its_own_rows_alone():
    area = narrow_area(AREA, ["c2"], ["beds"])
    assert list(area.zones.index) == ["z2"]
    assert list(area.demand.index) == ["d_z2"]
    assert list(area.sites.index) == ["s2"]
    assert area.costs is not None
    assert area.costs["capital_wan"].tolist() == [10.0, 30.0]
    assert area.name == "county c2"


def test_blank_amounts_count_as_nothing_in_a_county_too():
    assert narrow_area(AREA, ["c1"], ["beds"]).sites["beds"].tolist() == [0.0]
    assert narrow_area(AREA, ["c1"]).sites["beds"].isna().all()


def test_every_part_has_the_journeys_inside_it():
    foot = make_travel({("d_z1", "s1"): 9.0, ("d_z3", "s1"): 9.0})
    travel = replace(TRAVEL, services={"clinic": foot})
    parts = split_travel(AREA, travel, {"c1": "a", "c2": "a", "c3": "b"})
    assert len(parts["a"].pairs) == 3
    assert parts["a"].pairs.index.tolist() == [0, 1, 2]
    assert parts["b"].pairs["minutes"].tolist() == [5.0]
    assert len(parts["a"].of("clinic").pairs) == 1
    assert len(parts["b"].of("clinic").pairs) == 0


def test_shared_money_is_left_out_and_decisions_go_with_their_sites():
    terms = Terms(
        capital_wan=9.0,
        yearly_wan=9.0,
        total_capital_wan=9.0,
        objective=("scores", "capital_wan"),
        scores={("s1", "clinic"): 1.0},
        decided=Decided({("s1", "clinic"): None}, frozenset({("s3", "clinic")})),
        previous=({("s1", "clinic"): 1, ("s3", "clinic"): 1},),
    )
    policy = policy_of()
    one, other = (
        narrow_phase(Phase(AREA, policy, terms), [county], policy)
        for county in ("c1", "c3")
    )
    assert one.terms.capital_wan is None
    assert one.terms.yearly_wan is None
    assert one.terms.total_capital_wan is None
    assert one.terms.decided == Decided({("s1", "clinic"): None}, frozenset())
    assert one.terms.previous == ({("s1", "clinic"): 1},)
    assert one.terms.objective == ("scores", "capital_wan")
    assert other.terms.objective == ("capital_wan",)
    assert other.terms.decided.barred == {("s3", "clinic")}


def test_shapes_are_left_out():
    area = narrow_area(AREA, ["c1"])
    assert area.zones.geometry.isna().all()
    assert isinstance(area.zones, pd.DataFrame)
