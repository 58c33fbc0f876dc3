"""When no plan exists: which rules, in which unit, and by how much."""

from __future__ import annotations

import pytest

from allocator.diagnose import as_error, explain, refuse_impossible
from allocator.errors import InfeasibleError
from allocator.policy import (
    CountInUnit,
    Coverage,
    PopulationBand,
    Priority,
    Scope,
    Service,
    ShareOfClass,
    Unit,
)
from allocator.policy.terms import Phase
from allocator.progress import SILENT
from tests.factories import (
    answer,
    candidate,
    cost,
    facility,
    make_area,
    make_case,
    make_travel,
    members,
    zone,
)

CARE = Service(id="care", name="care", serves=Scope())
POST = Service(id="post", name="post")


def count(rule_id="count", **changes):
    return CountInUnit(id=rule_id, quote=f"words of {rule_id}", **changes)


@pytest.fixture
def case():
    """Return two counties with two candidates each; everything can be reached."""
    area = make_area(
        zones=[zone("z1", "c1", 90), zone("z2", "c2", 60)],
        sites=[candidate(s, z) for s, z in (("a", "z1"), ("b", "z1"), ("c", "z2"))],
        costs=[cost("post", "build", 10.5), cost("care", "build", 4)],
    )
    return make_case(area, services=[POST, CARE], objective=("uncovered_people",))


def impossible(case):
    with pytest.raises(InfeasibleError) as refused:
        refuse_impossible(case.build(), case.area, case.policy)
    assert refused.value.exit_code == 5
    return refused.value.findings


def explained(case):
    assert not answer(case).feasible
    assert case.build().impossible == ()
    error = as_error(explanation_of(case), case.area, case.policy)
    assert isinstance(error, InfeasibleError)
    return [f for f in error.findings if f.code != "infeasible-conflict"]


def explanation_of(case, **settings):
    phase = Phase(case.area, case.policy, case.terms)
    return explain([phase], case.travel, seconds=60, progress=SILENT, **settings)


def test_every_rule_that_bounds_rule_out_is_named_with_unit_and_number(case):
    task = case.with_rules(
        count(service="post", unit=Unit.COUNTY, lo=2),
        Coverage(id="reach", quote="near", service="post", share=1, within_minutes=5),
    )
    head, in_c2, reach = impossible(task)
    assert head.code == "infeasible"
    assert in_c2.keys == ("count",)
    assert in_c2.table == "test.toml"
    assert in_c2.message.zh == "county c2: “words of count” 需要 至少 2 所, 缺 1 所"
    assert (
        reach.message.en
        == "area: “near” needs 150 people covered, 150 people out of reach"
    )
    assert all(f.remedy for f in (in_c2, reach))


def test_possible_task_passes(case):
    refuse_impossible(case.build(), case.area, case.policy)


def test_budget_alone_is_named_with_the_least_amount(case):
    task = case.with_rules(count(service="post", lo=3)).with_terms(capital_wan=11.0)
    _, budget = explained(task)
    assert budget.code == "infeasible-budget"
    # Three posts at 10.5 cost 31.5.
    assert "20.50 万元" in budget.message.zh
    assert answer(task.with_terms(capital_wan=31.5)).feasible
    assert not answer(task.with_terms(capital_wan=31.4)).feasible


def test_rules_that_collide_are_named(case):
    task = case.with_rules(
        count("least", service="post", lo=2, of=members(service=["care"])),
        count("most", service="care", hi=1),
    )
    named = [f for f in explained(task) if f.code == "infeasible-rule"]
    assert len(named) == 1  # one of the two gives way, by one
    assert named[0].keys in {("least",), ("most",)}
    assert "1 missing" in named[0].message.en or "1 too many" in named[0].message.en


def test_share_is_missing_whole_members_rounded_up(case):
    """Half of five needs three; 2.5 is never called 2."""
    area = make_area(
        zones=[zone("z", "c", 10)],
        sites=[facility(f"f{n}", "z", "C210") for n in range(5)],
    )
    post = Service(id="post", name="post", hosts=members("A100"))
    half = ShareOfClass(
        id="half", quote="half", service="post", of=members("C210"), share=0.5
    )
    _, finding = impossible(make_case(area, services=[post], rules=[half]))
    assert "缺 3 所" in finding.message.zh


def test_people_of_a_band_are_named(case):
    band = PopulationBand(
        id="band", quote="at most 40", service="care", unit=Unit.COUNTY, hi=40
    )
    named = [f for f in explained(case.with_rules(band)) if f.keys == ("band",)]
    assert named
    text = " ".join(f.message.en for f in named)
    # 90 people at two sites of 40, 60 at one: 10 and 20 too many.
    assert "10 people off" in text
    assert "20 people off" in text


def test_people_who_reach_nothing_are_named_when_all_must_be_served(case):
    task = make_case(
        case.area,
        services=[POST, CARE],
        travel=make_travel({("d_z1", "a"): 5}),
        objective=("person_minutes",),
    )
    _, finding = impossible(task)
    assert finding.code == "infeasible-serves"
    assert "60 people cannot reach any care" in finding.message.en


def test_strive_rule_is_never_what_makes_a_task_infeasible(case):
    """Nor is it weighed against what binds: the money missing is the least."""
    wish = count("wish", service="care", lo=3, priority=Priority.STRIVE)
    task = case.with_rules(count(service="post", lo=2), wish).with_terms(
        capital_wan=5.0
    )
    findings = explained(task)
    assert [f.keys for f in findings[1:]] == [("budget",)]
    assert "16.00 万元" in findings[1].message.zh


def test_locked_site_without_any_service_is_named():
    area = make_area(
        zones=[zone("z", "c", 10)], sites=[candidate("a", "z", "A100", locked="in")]
    )
    post = Service(id="post", name="post", hosts=members("C210"))
    _, finding = impossible(make_case(area, services=[post]))
    assert finding.code == "infeasible-locked"
    assert "site a" in finding.message.zh


@pytest.mark.parametrize("objective", ["worst_county_coverage", "max_minutes"])
def test_explanation_needs_nothing_that_only_the_objective_measures(case, objective):
    anywhere = Service(id="care", name="care", serves=Scope(), assign_within=Unit.AREA)
    rules = [
        Coverage(id="far", quote="q", service="post", within_minutes=30),
        count("least", service="post", lo=2, of=members(service=["care"])),
        count("most", service="care", hi=1),
    ]
    task = make_case(
        case.area, services=[POST, anywhere], rules=rules, objective=(objective,)
    )
    assert {f.code for f in explained(task)} == {"infeasible", "infeasible-rule"}
