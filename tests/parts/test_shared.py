"""What is shared is found, and what cannot be shared is refused by name."""

from __future__ import annotations

from dataclasses import replace

import pytest

from allocator.parts import find_sharing
from allocator.policy import (
    CountInUnit,
    Coverage,
    Indicator,
    PopulationBand,
    Priority,
    Rate,
    Scope,
    ShareOfClass,
    Unit,
)
from allocator.policy.terms import Phase
from tests.factories import members
from tests.parts.drawn import drawn_case

PARTS = {f"c{n}": f"c{n}" for n in range(5)}


def sharing_of(*rules, parts=PARTS, undecidable=frozenset(), **terms):
    case = drawn_case(0)
    if rules:
        case = case.with_rules(*rules)
    if terms:
        case = case.with_terms(**terms)
    phase = Phase(case.area, case.policy, case.terms)
    return find_sharing([phase], parts, [undecidable])


def test_a_budget_is_shared():
    sharing = sharing_of(capital_wan=100.0, yearly_wan=7.0)
    assert [(x.name, x.most) for x in sharing.limits] == [
        ("capital_wan", 100.0),
        ("yearly_wan", 7.0),
    ]
    assert sharing.findings == ()
    assert [rule.id for rule in sharing.policies[0].rules] == ["R"]


@pytest.mark.parametrize(
    "rule",
    [
        CountInUnit(id="A", quote="q", service="clinic", lo=1, unit=Unit.COUNTY),
        CountInUnit(id="A", quote="q", service="clinic", lo=1, unit=Unit.ZONE),
        CountInUnit(
            id="A", quote="q", service="clinic", lo=1, scope=Scope(county=("c1",))
        ),
        CountInUnit(id="A", quote="q", service="clinic", lo=1, priority=Priority.MAY),
        Coverage(id="A", quote="q", service="clinic", within_minutes=20.0),
        Coverage(id="A", quote="q", service="clinic", within_minutes=20.0, share=1.0),
        ShareOfClass(id="A", quote="q", of=members("C210"), service="clinic", share=1),
        ShareOfClass(id="A", quote="q", of=members("C210"), attribute="ok", share=0.5),
        PopulationBand(id="A", quote="q", service="clinic", lo=1.0, hi=9.0),
        Indicator(id="A", quote="q"),
    ],
    ids=lambda rule: f"{rule.kind}-{rule.unit}-{rule.priority}",
)
def test_a_rule_that_holds_where_it_holds_in_every_part_stays_with_the_parts(rule):
    sharing = sharing_of(rule, capital_wan=None)
    assert sharing.limits == ()
    assert sharing.findings == ()
    assert [kept.id for kept in sharing.policies[0].rules] == ["A"]
    assert sharing.policies[0].rules[0] == replace(rule, pack="test", file="test.toml")


@pytest.mark.parametrize(
    ("rule", "limits"),
    [
        (
            CountInUnit(id="A", quote="q", service="clinic", lo=2, hi=4),
            [("lo", -2.0), ("hi", 4.0)],
        ),
        (
            ShareOfClass(
                id="A", quote="q", of=members("C210"), service="clinic", share=0.5
            ),
            [("share", 0.0)],
        ),
        (Rate(id="A", quote="q", service="clinic", lo=1.0), [("lo", 0.0)]),
        (
            ShareOfClass(
                id="A",
                quote="q",
                of=members("C210"),
                service="clinic",
                share=1.0,
                priority=Priority.STRIVE,
            ),
            [("share", 0.0)],
        ),
    ],
    ids=lambda value: value.kind if hasattr(value, "kind") else "",
)
def test_a_rule_about_all_counties_is_a_shared_limit(rule, limits):
    sharing = sharing_of(rule, capital_wan=None)
    assert [(x.what, x.most) for x in sharing.limits] == limits
    assert {x.strive for x in sharing.limits} == {rule.priority is Priority.STRIVE}
    assert sharing.policies[0].rules == ()
    assert [total.id for total in sharing.totals[0]] == ["A"]


def test_reach_is_weighed_in_the_parts_while_its_share_is_shared():
    share = Coverage(
        id="A", quote="q", service="clinic", within_minutes=20.0, share=0.9
    )
    sharing = sharing_of(share)
    assert sharing.policies[0].rules[0].share is None
    assert sharing.totals[0][0].share == 0.9


@pytest.mark.parametrize(
    "rule",
    [
        CountInUnit(
            id="A",
            quote="the words",
            service="clinic",
            lo=1,
            any_of=(CountInUnit(id="A", quote="or", service="clinic", lo=2),),
        ),
        PopulationBand(
            id="A",
            quote="the words",
            service="clinic",
            hi=9.0,
            priority=Priority.STRIVE,
        ),
        Rate(id="A", quote="the words", service="clinic", not_below_today=True),
    ],
    ids=["any_of", "strive-band", "not_below_today"],
)
def test_a_rule_that_cannot_be_shared_is_refused_by_name(rule):
    (finding,) = sharing_of(rule).findings
    assert finding.code == "split-rule-couples"
    assert finding.keys == ("A",)
    assert finding.value == "the words"
    assert finding.remedy is not None


def test_joined_counties_may_share_any_rule():
    rule = Rate(id="A", quote="q", service="clinic", not_below_today=True)
    assert sharing_of(rule, parts=dict.fromkeys(PARTS, "c0")).findings == ()


@pytest.mark.parametrize("name", ["worst_county_coverage", "max_minutes"])
def test_an_objective_that_is_no_sum_is_refused(name):
    (finding,) = sharing_of(objective=(name, "capital_wan")).findings
    assert finding.code == "split-objective"
    assert finding.value == name


def test_a_rule_that_is_undecidable_in_the_whole_binds_no_part():
    rule = CountInUnit(id="A", quote="q", service="clinic", lo=2)
    sharing = sharing_of(rule, undecidable=frozenset({"A"}), capital_wan=None)
    assert sharing.limits == ()
    assert sharing.policies[0].rules == ()
