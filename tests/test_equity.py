"""Objectives about fairness: the worst-served first, and what inequality weighs."""

from __future__ import annotations

import ast
import itertools
import math
from pathlib import Path

import numpy as np
import pytest

from allocator.audit.equity import (
    Journey,
    equivalent_minutes,
    journeys,
    mean_minutes,
    minutes_not_exceeded,
    tail_minutes,
)
from allocator.errors import AuditError, InputError
from allocator.load import read_brief
from allocator.pipeline import make_plan, read_task
from allocator.policy import CountInUnit, Coverage, Scope, Service, Unit
from allocator.policy.equity import Equity, equity_words
from allocator.policy.terms import objective_words
from allocator.solve import solve
from tests.cli.small_task import write_task
from tests.factories import (
    answer,
    candidate,
    cost,
    demand_point,
    facility,
    make_area,
    make_case,
    make_travel,
    rows_of,
    zone,
)
from tests.factories import (
    make_plan as plan_by_hand,
)
from tests.test_textbook import tables as tables  # noqa: PLC0414 (a fixture)

POST = Service(id="post", name="post")
CARE = Service(id="care", name="care", serves=Scope(), assign_within=Unit.AREA)
EQUITY = Equity(kappa=-0.1, unserved_minutes=60.0, tail_share=0.25)


@pytest.fixture
def three_counties():
    """Return three counties of 100 people and money for one site.

    a covers (60, 10, 0) people of them, b (0, 0, 30), c (20, 40, 0).
    """
    covered = {"a": (60, 10, 0), "b": (0, 0, 30), "c": (20, 40, 0)}
    demand, minutes = [], {}
    for county in range(3):
        counted = 0
        for site, people in covered.items():
            if people[county]:
                point = f"d{county}{site}"
                demand.append(demand_point(point, f"z{county}", people[county]))
                minutes[point, site] = 10
                counted += people[county]
        demand.append(demand_point(f"d{county}rest", f"z{county}", 100 - counted))
    area = make_area(
        zones=[zone(f"z{n}", f"c{n}", 100) for n in range(3)],
        sites=[candidate(s, "z0") for s in covered],
        demand=demand,
        costs=[cost("post", "build", 1)],
    )
    rule = Coverage(id="R", quote="near", service="post", within_minutes=15)
    return make_case(
        area,
        services=[POST],
        rules=[rule],
        travel=make_travel(minutes),
        capital_wan=1.0,
        objective=("county_coverage_leximin",),
    )


def test_worst_county_first_then_the_next_and_not_the_sum(three_counties):
    found = answer(three_counties)
    assert found.new == {("c", "post")}
    assert found.stated == pytest.approx(
        {
            "county_coverage_leximin_1": 0.0,
            "county_coverage_leximin_2": 0.2,
            "county_coverage_leximin_3": 0.4,
        },
        abs=1e-6,
    )
    most = answer(three_counties.with_terms(objective=("uncovered_people",)))
    assert most.new == {("a", "post")}


def test_rows_bound_the_sum_of_the_worst_counties(three_counties):
    formulation = three_counties.build()
    assert rows_of(formulation, "R")["c2", "share_of_county"] == (
        "+30 c -100 share >= 0"
    )
    name = "county_coverage_leximin"
    assert rows_of(formulation, f"{name}_1")["c0", "beyond"] == (
        "-1 level +1 share >= 0"
    )
    assert rows_of(formulation, f"{name}_2")["c0", "beyond"] == (
        "+1 beyond -1 level +1 share >= 0"
    )
    # The sum of all three counties needs no level.
    assert rows_of(formulation, f"{name}_3") == {}


def two_towns(**terms):
    """Return a big town (90), a small one (10), and one site to choose.

    near is 5 and 30 minutes away, middle 10 and 14.
    """
    area = make_area(
        zones=[zone("big", "c1", 90), zone("small", "c2", 10)],
        sites=[candidate("near", "big"), candidate("middle", "big")],
        costs=[cost("care", "build", 1)],
    )
    minutes = {
        ("d_big", "near"): 5, ("d_small", "near"): 30,
        ("d_big", "middle"): 10, ("d_small", "middle"): 14,
    }  # fmt: skip
    rule = CountInUnit(id="p", quote="one", service="care", lo=1, hi=1)
    return make_case(
        area,
        services=[CARE],
        rules=[rule],
        travel=make_travel(minutes),
        **{"equity": EQUITY} | terms,
    )


# What all would travel alike instead of 90 people 10 and 10 people 14 minutes.
MIDDLE = math.log(0.9 * math.exp(1.0) + 0.1 * math.exp(1.4)) / 0.1


def test_mean_prefers_the_big_town_and_fairness_the_middle():
    efficient = answer(two_towns(objective=("person_minutes",)))
    assert efficient.new == {("near", "care")}
    for name, stated in {
        "county_minutes_leximin": {
            "county_minutes_leximin_1": 14.0,
            "county_minutes_leximin_2": 10.0,
        },
        "kolm_pollak": {"kolm_pollak": MIDDLE},
        # A quarter of 100 people: 10 at 14 minutes and 15 at 10.
        "worst_tail_minutes": {"worst_tail_minutes": 11.6},
    }.items():
        found = answer(two_towns(objective=(name,)))
        assert found.new == {("middle", "care")}, name
        assert found.stated == pytest.approx(stated, abs=1e-5), name


def test_weak_aversion_comes_near_the_mean_and_chooses_alike():
    case = two_towns(objective=("kolm_pollak",), equity=Equity(kappa=-1e-4))
    found = answer(case)
    assert found.new == {("near", "care")}
    assert found.stated["kolm_pollak"] == pytest.approx(7.5, abs=0.01)


def test_value_and_bound_of_kolm_pollak_are_both_minutes():
    (stage,) = solve(
        two_towns(objective=("kolm_pollak",)).build(),
        time_limit_s=20,
        gap=1e-4,
        threads=1,
    ).stages
    assert stage.status == "optimal"
    assert stage.value == pytest.approx(MIDDLE, abs=1e-5)
    assert stage.bound is not None
    assert stage.value - 1e-4 * stage.value <= stage.bound <= stage.value + 1e-9
    assert stage.gap is not None
    assert stage.gap <= 1e-4


def test_no_bound_of_kolm_pollak_goes_below_what_any_plan_can_reach():
    (objective,) = two_towns(objective=("kolm_pollak",)).build().stages
    # Everyone at the nearest possible site: -1/kappa ln(0.9 e^0.5 + 0.1 e^1.4).
    floor = math.log(0.9 * math.exp(0.5) + 0.1 * math.exp(1.4)) / 0.1
    for weak in (-1e9, 0.0, 50.0, 100.0):
        assert objective.show(weak) == pytest.approx(floor)
    assert objective.show(100.0 * math.e) == pytest.approx(floor + 10)


def test_gap_asked_of_the_solver_is_finer_where_minutes_are_steep():
    weak = two_towns(objective=("kolm_pollak",), equity=Equity(kappa=-1e-3))
    (objective,) = weak.build().stages
    assert objective.finer < 0.01
    (objective,) = two_towns(objective=("kolm_pollak",)).build().stages
    assert 0.5 < objective.finer <= 1


def test_people_served_nowhere_count_with_the_stated_minutes():
    """Leaving the small town out must not look like a shorter mean."""
    area = make_area(
        zones=[zone("big", "c1", 90), zone("small", "c2", 10)],
        sites=[facility("there", "big", services=["care"])],
    )
    case = make_case(
        area,
        services=[CARE],
        travel=make_travel({("d_big", "there"): 5}),
        objective=(
            "uncovered_people",
            "county_minutes_leximin",
            "kolm_pollak",
            "worst_tail_minutes",
        ),
        equity=EQUITY,
    )
    found = answer(case)
    assert found.stated == pytest.approx(
        {
            "uncovered_people": 10,
            "county_minutes_leximin_1": 60,
            "county_minutes_leximin_2": 5,
            "kolm_pollak": math.log(0.9 * math.exp(0.5) + 0.1 * math.exp(6)) / 0.1,
            "worst_tail_minutes": (10 * 60 + 15 * 5) / 25,
        }
    )
    case.refuse_unless_sound(found.plan, found.stated)


# --- the audit ------------------------------------------------------------------------

TRIPS = [
    Journey("a", "care", "c1", 90.0, 5.0),
    Journey("b", "care", "c2", 6.0, 30.0),
    Journey("b", "care", "c2", 4.0, 10.0),
]


def test_measures_are_their_formulas():
    assert mean_minutes(TRIPS) == (90 * 5 + 6 * 30 + 4 * 10) / 100
    by_hand = (90 * math.exp(0.5) + 6 * math.exp(3) + 4 * math.exp(1)) / 100
    assert equivalent_minutes(TRIPS, -0.1) == pytest.approx(10 * math.log(by_hand))
    assert minutes_not_exceeded(TRIPS, 0.9) == 5
    assert minutes_not_exceeded(TRIPS, 0.91) == 10
    assert minutes_not_exceeded(TRIPS, 0.95) == 30


def test_measures_of_nobody_are_nothing():
    assert equivalent_minutes([], -0.1) == 0.0
    assert tail_minutes([[]], 0.25) == 0.0
    assert mean_minutes([]) == 0.0
    assert minutes_not_exceeded([], 0.5) == 0.0


def test_tail_fills_up_with_the_farthest_points_by_their_own_mean():
    # Point b: 10 people with a mean of 22 minutes.
    assert tail_minutes([TRIPS], 0.05) == pytest.approx(22)
    assert tail_minutes([TRIPS], 0.2) == pytest.approx((10 * 22 + 10 * 5) / 20)
    assert tail_minutes([TRIPS], 1.0) == pytest.approx(mean_minutes(TRIPS))


def test_equivalent_of_long_trips_does_not_overflow():
    trips = [Journey("a", "k", "c", 1.0, 9000.0), Journey("b", "k", "c", 1.0, 1.0)]
    assert equivalent_minutes(trips, -1.0) == pytest.approx(9000 - math.log(2))


def test_equivalent_lies_between_mean_and_longest_and_is_the_value_of_equals():
    alike = [
        Journey("a", "care", "c1", 3.0, 12.0),
        Journey("b", "care", "c", 2.0, 12.0),
    ]
    for kappa in (-0.01, -0.1, -1.0):
        assert equivalent_minutes(alike, kappa) == pytest.approx(12)
        assert mean_minutes(TRIPS) < equivalent_minutes(TRIPS, kappa) < 30


@pytest.mark.parametrize(
    "stage", ["kolm_pollak", "worst_tail_minutes", "county_minutes_leximin_2"]
)
def test_audit_refuses_a_value_that_the_plan_does_not_reach(stage):
    case = two_towns()
    plan = plan_by_hand(
        [("near", "care", "build", 1.0, 0.0)],
        [
            ("d_big", "near", "care", 90.0, 5.0),
            ("d_small", "near", "care", 10.0, 30.0),
        ],
    )
    measured = {
        "kolm_pollak": equivalent_minutes(journeys(case.facts(plan), 60.0), -0.1),
        "worst_tail_minutes": (10 * 30 + 15 * 5) / 25,
        "county_minutes_leximin_2": 5.0,
    }[stage]
    case.refuse_unless_sound(plan, {stage: measured})
    with pytest.raises(AuditError, match=stage):
        case.refuse_unless_sound(plan, {stage: measured - 0.01})


# --- the textbook case, against every subset ------------------------------------------


@pytest.fixture(scope="module")
def of_san_francisco(tables, tmp_path_factory):
    """Return the task of four stores, and minutes (tract, store) with people."""
    text = (
        '[brief]\nname = "fair"\n[area]\nzones = "zones.csv"\nsites = "sites.csv"\n'
        'crs = "EPSG:4490"\n[demand]\nsource = "points"\nfile = "demand.csv"\n'
        '[travel]\nmethod = "table"\nfile = "travel.csv"\n'
        '[policy]\npacks = ["p-median"]\nparameters = { p = 4 }\n'
        '[objective]\norder = ["kolm_pollak"]\naversion = -2\n'
        "[solver]\ngap = 0.0\n"
    )
    path = tables / "fair.toml"
    path.write_text(text, "utf-8")
    return read_task(path)


@pytest.mark.slow
def test_kolm_pollak_equals_trying_every_four_of_sixteen_stores(of_san_francisco):
    task = of_san_francisco
    table = task.travel.pairs.pivot_table(
        index="demand_id", columns="site_id", values="minutes"
    ).to_numpy()
    people = task.area.demand["people"].to_numpy(dtype=float)
    # No store stands today: everyone counts with the longest journey there is.
    alpha = 1 / table.max()
    kappa = task.terms.equity.kappa
    assert kappa == pytest.approx(-2 * alpha)
    values = []
    for chosen in itertools.combinations(range(16), 4):
        minutes = table[:, chosen].min(axis=1)
        weighed = (people * np.exp(-kappa * minutes)).sum() / people.sum()
        values.append(-math.log(weighed) / kappa)
    certificate = make_plan(task).certificate
    stage = certificate["objectives"][0]
    assert (stage["name"], stage["status"]) == ("kolm_pollak", "optimal")
    assert stage["value"] == pytest.approx(min(values), rel=1e-6)
    assert certificate["terms"]["equity"]["kappa"] == kappa


# --- briefs ---------------------------------------------------------------------------


def with_objective(folder, text):
    return write_task(
        folder,
        brief=("[budget]\ncapital_wan = 5000\n", f"[objective]\n{text}\n"),
    )


@pytest.mark.parametrize(
    ("text", "column", "words"),
    [
        ("aversion = 0", "objective.aversion", "less than 0"),
        ("aversion = 1.0", "objective.aversion", "less than 0"),
        ("aversion = -11", "objective.aversion", "at least -10"),
        ("tail_share = 0", "objective.tail_share", "greater than 0"),
        ("tail_share = 1.5", "objective.tail_share", "at most 1"),
        ('order = ["kolm_polak"]', "objective.order", "did you mean kolm_pollak?"),
        (
            'order = ["county_leximin"]',
            "objective.order",
            "did you mean county_minutes_leximin?",
        ),
        ("avesion = -1", "objective.avesion", "did you mean aversion?"),
    ],
)
def test_settings_that_cannot_be_are_refused_with_the_way_out(
    tmp_path, text, column, words
):
    brief, findings = read_brief(with_objective(tmp_path, text))
    assert brief is None
    (finding,) = findings
    assert finding.column == column
    assert words in finding.say("en")


@pytest.mark.parametrize(
    ("order", "needs"),
    [
        ("county_coverage_leximin", "coverage"),
        ("county_minutes_leximin", "serves"),
        ("kolm_pollak", "serves"),
        ("worst_tail_minutes", "serves"),
    ],
)
def test_objective_without_anything_to_measure_is_refused(order, needs):
    area = make_area(zones=[zone("z", "c", 10)], sites=[candidate("s", "z")])
    case = make_case(area, services=[POST], objective=(order,))
    with pytest.raises(InputError) as refused:
        case.build()
    (finding,) = refused.value.findings
    assert finding.code == "objective-empty"
    assert needs in finding.message.en


def test_aversion_beyond_what_a_solver_computes_is_refused():
    case = two_towns(objective=("kolm_pollak",), equity=Equity(kappa=-1.0))
    with pytest.raises(InputError) as refused:
        case.build()
    (finding,) = refused.value.findings
    assert finding.code == "objective-ill-scaled"
    assert finding.column == "aversion"
    assert "worst_tail_minutes" in finding.say("en")
    assert "55 minutes apart weigh 8e+23 times" in finding.message.en
    assert "相差 55 分钟的出行权重相差 8e+23 倍" in finding.message.zh


def test_kappa_comes_from_the_journeys_of_today_and_the_aversion(tmp_path):
    held = (
        "zone_id,class\nA1,北镇中心卫生院,115.900,28.801,existing,360901100,C210",
        "zone_id,class,services\nA1,北镇中心卫生院,115.900,28.801,existing,360901100,"
        "C210,community_health_center",
    )
    order = '[objective]\norder = ["kolm_pollak"]\naversion = -2\n'
    everyone = ('serves = { zone_kind = ["街道"] }', 'serves = { county = ["甲区"] }')
    path = write_task(
        tmp_path,
        brief=("[budget]\ncapital_wan = 5000\n", order),
        sites=held,
        small=everyone,
    )
    task = read_task(path)
    pairs = task.travel.pairs.set_index(["demand_id", "site_id"])["minutes"]
    far, near = pairs["360901001", "A1"], pairs["360901100", "A1"]
    people = (40_000, 20_000)
    alpha = (people[0] * far + people[1] * near) / (
        people[0] * far**2 + people[1] * near**2
    )
    assert task.terms.equity.kappa == pytest.approx(-2 * alpha)
    assert task.terms.equity.unserved_minutes == 60
    assert task.terms.equity.tail_share == 0.1


def test_kappa_without_any_holder_today_is_the_aversion_over_the_cut_off(tmp_path):
    path = with_objective(tmp_path, 'order = ["kolm_pollak"]')
    assert read_task(path).terms.equity.kappa == pytest.approx(-1 / 60)


def test_each_county_is_a_stage_of_the_certificate_with_its_bound(tmp_path):
    order = 'order = ["county_coverage_leximin", "kolm_pollak", "capital_wan"]'
    pack = (
        'scope = { zone_kind = ["街道"] }\nwithin_minutes = 15',
        "within_minutes = 15",
    )
    path = write_task(
        tmp_path,
        brief=("[budget]\ncapital_wan = 5000\n", f"[objective]\n{order}\n"),
        small=pack,
    )
    certificate = make_plan(read_task(path)).certificate
    found = {s["name"]: s for s in certificate["objectives"]}
    assert list(found) == [
        "county_coverage_leximin_1",
        "county_coverage_leximin_2",
        "kolm_pollak",
        "capital_wan",
    ]
    for stage in found.values():
        assert stage["status"] == "optimal"
        assert stage["gap"] <= 1e-4
    assert found["county_coverage_leximin_1"]["value"] == 0
    assert set(certificate["terms"]["equity"]) == {
        "kappa",
        "unserved_minutes",
        "tail_share",
    }


def test_county_counts_with_the_worst_of_its_phases(tmp_path):
    """The centre is built in 2025 only: in 2023 its county has nobody in reach."""
    phases = "[[phase]]\nyear = 2023\ncapital_wan = 300\n[[phase]]\nyear = 2025\n"
    order = '[objective]\norder = ["uncovered_people", "county_coverage_leximin"]\n'
    path = write_task(
        tmp_path,
        brief=("[budget]\ncapital_wan = 5000\n", phases + order),
        small=("due = 2025", "due = 2023"),
    )
    outcome = make_plan(read_task(path))
    stages = {s["name"]: s["value"] for s in outcome.certificate["objectives"]}
    assert stages["county_coverage_leximin_1"] == 0
    rows = outcome.plan.placements.set_index("site_id")
    assert rows.loc["B1", "phase"] == 2025


def test_stages_have_words_in_both_languages():
    assert objective_words("county_coverage_leximin_2").en == (
        "coverage of county 2 from the worst"
    )
    assert "第 1 差" in objective_words("county_minutes_leximin_1").zh
    assert objective_words("kolm_pollak").zh == "公平等价分钟 (Kolm-Pollak)"
    assert objective_words("person_minutes").en == "person-minutes of travel"
    assert equity_words("county_minutes_leximin_x") is None


def test_oracle_of_equity_shares_no_code_with_the_package():
    tree = ast.parse(Path(__file__).with_name("oracle_equity.py").read_text("utf-8"))
    imported = {n.module for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)}
    assert not {m for m in imported if m and m.startswith("allocator")}
