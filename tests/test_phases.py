"""Several years: each pays what it adds, keeps what is there, and meets what is due."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from allocator.audit import Facts, check_phases, other_values, refuse_unless_sound
from allocator.cli.main import run
from allocator.errors import AuditError, InfeasibleError, InputError
from allocator.pipeline import make_plan as plan_task
from allocator.pipeline import read_task
from allocator.plan import Plan
from allocator.policy import CountInUnit, Service
from tests.cli.small_task import write_task
from tests.factories import (
    Phased,
    answer,
    candidate,
    cost,
    facility,
    make_area,
    make_case,
    make_plan,
    zone,
)
from tests.oracle import optimum


def write_phases(folder: Path, *phases: str, due: int = 2023, **changes) -> Path:
    """Write the small task with ``[[phase]]`` tables instead of one budget.

    Both stations cost 130 and are due in ``due``; the centre costs 2,000.
    """
    sections = "".join(f"[[phase]]\n{phase}\n" for phase in phases)
    return write_task(
        folder,
        brief=("[budget]\ncapital_wan = 5000\n", sections),
        small=("due = 2025", f"due = {due}"),
        **changes,
    )


def test_what_is_due_comes_first_and_stays(tmp_path):
    brief = write_phases(
        tmp_path, "year = 2023\ncapital_wan = 300", "year = 2025\ncapital_wan = 2000"
    )
    outcome = plan_task(read_task(brief))
    rows = outcome.plan.placements
    assert rows[["site_id", "service", "phase"]].to_numpy().tolist() == [
        ["A1", "emergency_station", 2023],
        ["A2", "emergency_station", 2023],
        ["B1", "community_health_center", 2025],
    ]
    first, second = outcome.certificate["phases"]
    assert (first["year"], first["capital_wan"]) == (2023, 260)
    assert (second["year"], second["capital_wan"]) == (2025, 2000)
    assert outcome.certificate["totals"]["capital_wan"] == 2260
    assert outcome.certificate["status"] == "optimal"


def test_money_left_is_spent_as_early_as_it_helps(tmp_path):
    brief = write_phases(
        tmp_path, "year = 2023\ncapital_wan = 2300", "year = 2025\ncapital_wan = 2300"
    )
    rows = plan_task(read_task(brief)).plan.placements
    # The people of 2023 count too, so the centre stands in the first year.
    assert set(rows["phase"]) == {2023}


def test_a_phase_that_cannot_be_met_says_which_and_by_how_much(tmp_path):
    brief = write_phases(
        tmp_path, "year = 2023\ncapital_wan = 200", "year = 2025\ncapital_wan = 3000"
    )
    with pytest.raises(InfeasibleError) as caught:
        plan_task(read_task(brief))
    said = "\n".join(f.say("zh") for f in caught.value.findings)
    assert "60" in said
    assert "2023" in said


def test_the_whole_budget_binds_over_all_phases(tmp_path):
    brief = write_phases(tmp_path, "year = 2023", "year = 2025")
    text = brief.read_text("utf-8")
    brief.write_text(text + "\n[budget]\ncapital_wan = 2200\n", "utf-8")
    with pytest.raises(InfeasibleError):
        plan_task(read_task(brief))


def test_a_rule_not_yet_due_is_reported_and_does_not_bind(tmp_path):
    brief = write_phases(
        tmp_path,
        "year = 2023\ncapital_wan = 100",
        "year = 2025\ncapital_wan = 3000",
        due=2025,
    )
    outcome = plan_task(read_task(brief))
    verdicts = {row.rule_id: str(row.verdict) for row in outcome.earlier[2023]}
    assert verdicts["R2"] == "not_met"
    assert {str(row.verdict) for row in outcome.audit} == {"met", "tracked"}


def test_people_of_a_later_year_are_planned_for(tmp_path):
    brief = write_phases(
        tmp_path,
        "year = 2023\ncapital_wan = 300",
        "year = 2025\ncapital_wan = 3000",
    )
    zones = tmp_path / "zones.csv"
    lines = zones.read_text("utf-8").splitlines()
    grown = [lines[0] + ",population_2025", *(f"{line},50000" for line in lines[1:])]
    zones.write_text("\n".join(grown), "utf-8")
    outcome = plan_task(read_task(brief))
    first, second = outcome.certificate["phases"]
    assert first["totals"]["people"] == 100000
    assert second["totals"]["people"] == 200000
    centre = outcome.plan.assignments
    assert centre["people"].sum() == 50000


@pytest.mark.parametrize("figure", ["-1", "many", ""])
def test_people_of_a_later_year_must_be_whole(tmp_path, figure):
    brief = write_phases(tmp_path, "year = 2025")
    zones = tmp_path / "zones.csv"
    lines = zones.read_text("utf-8").splitlines()
    grown = [lines[0] + ",population_2025", *(f"{line},{figure}" for line in lines[1:])]
    zones.write_text("\n".join(grown), "utf-8")
    with pytest.raises(InputError) as caught:
        read_task(brief)
    assert any(
        "population_2025" in f.column and "2025" in f.say("zh")
        for f in caught.value.findings
    )


@pytest.mark.parametrize("years", [(2025, 2023), (2025, 2025)])
def test_years_out_of_order_are_refused(tmp_path, years):
    brief = write_phases(tmp_path, *(f"year = {year}" for year in years))
    with pytest.raises(InputError) as caught:
        read_task(brief)
    assert "phases-out-of-order" in {f.code for f in caught.value.findings}


def test_a_run_of_several_phases_is_audited_again_from_its_files(tmp_path, capsys):
    brief = write_phases(
        tmp_path / "task",
        "year = 2023\ncapital_wan = 300",
        "year = 2025\ncapital_wan = 2000",
    )
    target = tmp_path / "run"
    assert run(["plan", str(brief), "-o", str(target), "-q"]) == 0
    assert (target / "audit_2023.csv").exists()
    assert len(json.loads((target / "run.json").read_text("utf-8"))["phases"]) == 2
    capsys.readouterr()
    assert run(["audit", str(brief), "--plan", str(target)]) == 0


def test_a_year_over_its_budget_fails_the_audit(tmp_path):
    brief = write_phases(
        tmp_path, "year = 2023\ncapital_wan = 300", "year = 2025\ncapital_wan = 2000"
    )
    task = read_task(brief)
    plan = plan_task(task).plan
    moved = plan.placements.assign(phase=2025)
    wrong = Plan(moved, plan.assignments, plan.allocations)
    facts = Facts(task.area, task.travel, task.policy, wrong)
    with pytest.raises(AuditError) as caught:
        refuse_unless_sound(facts, task.terms, (), {})
    assert "plan-budget" in {f.code for f in caught.value.findings}


# --- counted services, and what one phase may undo ------------------------------------


def wards(*, hi: int, lo: int = 0) -> Phased:
    """Return three wards of today at one site; by 2025 at most ``hi`` in all."""
    ward = Service(id="ward", name="ward", most_per_site=5)
    area = make_area(
        zones=[zone("z1", "c1", 100)],
        sites=[facility("a", "z1", services=["ward"] * 3), facility("b", "z1")],
        costs=[cost("ward", "build", 2), cost("ward", "close", 1)],
    )
    early = CountInUnit(
        id="E",
        quote="at least so many till 2025",
        service="ward",
        lo=0,
        path=(("lo", 2023, lo), ("lo", 2025, 0)),
    )
    late = CountInUnit(id="L", quote="most", service="ward", hi=hi, due=2025)
    case = make_case(
        area,
        services=[ward],
        rules=[early, late],
        closing=frozenset({"ward"}),
        objective=("capital_wan",),
    )
    return Phased(tuple(case.with_terms(year=year) for year in (2023, 2025)))


def test_wards_of_today_may_be_closed_in_a_later_year():
    task = wards(lo=3, hi=0)
    found = answer(task)
    assert found.values == optimum(*task.cases).values == (1.0,)
    first, last = (plan.placements for plan in found.plans)
    assert first[["site_id", "action", "count"]].to_numpy().tolist() == [
        ["a", "keep", 3]
    ]
    assert last[["site_id", "action", "phase"]].to_numpy().tolist() == [
        ["a", "close", 2025]
    ]


def test_what_was_added_is_not_closed_in_a_later_year():
    task = wards(lo=4, hi=3)
    # One more at b, and then a is closed: b stays. At a nothing could be closed.
    found = answer(task)
    assert found.values == optimum(*task.cases).values == (3.0,)
    assert found.new == {("b", "ward")}
    assert not answer(wards(lo=9, hi=3)).feasible


@pytest.mark.parametrize(("hi", "possible"), [(2, True), (1, False)])
def test_as_many_as_were_added_stay_in_a_later_year(hi, possible):
    task = wards(lo=2, hi=hi)
    sites = task.cases[0].area.sites.iloc[[1]]  # nothing is there today
    cases = [replace(case, area=replace(case.area, sites=sites)) for case in task.cases]
    found = answer(Phased(tuple(cases)))
    best = optimum(*cases)
    assert found.feasible == (best is not None) == possible
    if possible:
        assert found.values == best.values == (4.0,)
        assert found.plans[-1].counts == {("b", "ward"): 2}


def test_cost_and_sites_are_those_when_all_is_carried_out():
    """People and journeys add up over the years; what stands at the end is counted."""
    ward = Service(id="ward", name="ward")
    area = make_area(
        zones=[zone("z1", "c1", 100)],
        sites=[candidate("a", "z1"), candidate("b", "z1")],
        costs=[cost("ward", "build", 2, 1)],
    )
    early = CountInUnit(id="E", quote="one", service="ward", lo=1, due=2023)
    late = CountInUnit(id="L", quote="two", service="ward", lo=2, due=2025)
    case = make_case(
        area,
        services=[ward],
        rules=[early, late],
        objective=("sites", "capital_wan", "yearly_wan"),
    )
    task = Phased(tuple(case.with_terms(year=year) for year in (2023, 2025)))
    found = answer(task)
    assert found.stated == {"sites": 2, "capital_wan": 4, "yearly_wan": 2}
    assert optimum(*task.cases).values == found.values
    assert [len(plan.held) for plan in found.plans] == [1, 2]
    facts = [task.read_as(n).facts(plan) for n, plan in enumerate(found.plans)]
    assert other_values(facts, found.stated, case.terms) == []


def test_a_phase_that_loses_or_backdates_a_placement_is_found():
    first = make_plan([("a", "ward", "upgrade", 2.0, 0.0)])
    dated = first.placements.assign(phase=2023)
    first = replace(first, placements=dated)
    assert check_phases([(2023, first), (2025, first)]) == []
    nothing = make_plan()
    codes = [f.code for f in check_phases([(2023, first), (2025, nothing)])]
    assert codes == ["plan-phase-lost"]
    codes = [f.code for f in check_phases([(2023, nothing), (2025, first)])]
    assert codes == ["plan-phase-year"]


# --- figures by year ------------------------------------------------------------------


def test_a_bound_whose_steps_begin_later_is_open_till_then():
    rule = CountInUnit(
        id="R",
        quote="q",
        service="ward",
        lo=5,
        hi=9,
        path=(("hi", 2023, 3), ("lo", 2025, 5), ("hi", 2025, 9)),
    )
    early, late = rule.at_year(2023), rule.at_year(2026)
    assert isinstance(early, CountInUnit)
    assert isinstance(late, CountInUnit)
    assert (early.lo, early.hi) == (None, 3)
    assert (late.lo, late.hi) == (5, 9)
    assert rule.at_year(2020) is None


def test_a_reading_follows_its_own_path():
    reading = CountInUnit(
        id="R",
        quote="q",
        service="ward",
        lo=4,
        path=(("lo", 2023, 2), ("lo", 2025, 4)),
    )
    rule = CountInUnit(id="R", quote="q", service="ward", lo=9, any_of=(reading,))
    found = rule.at_year(2023)
    assert found is not None
    (then,) = found.any_of
    assert isinstance(then, CountInUnit)
    assert then.lo == 2
    assert rule.at_year(2020) is None  # a reading that asks for nothing is met
