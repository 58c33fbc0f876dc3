"""The audit catches a builder that is broken on purpose, and plans edited by hand."""

from __future__ import annotations

from dataclasses import replace
from importlib import import_module

import pytest

from allocator.audit import (
    Facts,
    clauses_for,
    lacking_columns,
    plan_of_today,
    totals,
)
from allocator.audit.gaps import gap_rows
from allocator.audit.integrity import check_integrity
from allocator.errors import AuditError
from allocator.formulation import (
    coverage,
    population_band,
    serving,
    share_of_class,
)
from allocator.formulation.program import Program
from allocator.policy import (
    CountInUnit,
    Coverage,
    PopulationBand,
    Rate,
    Resource,
    Scope,
    Service,
    ShareOfClass,
)
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
    members,
    zone,
)
from tests.oracle import optimum

built = import_module("allocator.formulation.build")  # the name means a function too

CARE = Service(id="care", name="care", serves=Scope())
POINT = Service(id="point", name="point", hosts=members("C210", service=["hub"]))
HUB = Service(id="hub", name="hub", hosts=members("C220"))

COUNT = CountInUnit(id="count", quote="two", service="care", lo=2)
BAND = PopulationBand(id="band", quote="at most 100", service="care", hi=100)
REACH = Coverage(
    id="reach", quote="all in 10 minutes", service="point", share=1.0, within_minutes=10
)
SHARE = ShareOfClass(
    id="share", quote="every hub", service="point", of=members(service=["hub"]), share=1
)
ONE_HUB = CountInUnit(id="hub", quote="one hub", service="hub", lo=1)


@pytest.fixture
def case():
    """Return 150 people at two points, two candidates, two centres of today.

    The cheapest plan breaks each rule that a broken builder forgets: less is cheaper.
    """
    area = make_area(
        zones=[zone("z1", "c1", 90), zone("z2", "c1", 60)],
        sites=[
            candidate("a", "z1"),
            candidate("b", "z2"),
            facility("m", "z1", "C210"),
            facility("n", "z2", "C220"),
        ],
        demand=[demand_point("near", "z1", 90), demand_point("far", "z2", 60)],
        costs=[
            cost("care", "build", 10),
            cost("point", "upgrade", 5),
            cost("hub", "upgrade", 7),
        ],
    )
    minutes = {
        ("near", "a"): 5, ("near", "b"): 20, ("near", "m"): 10, ("near", "n"): 11,
        ("far", "a"): 25, ("far", "b"): 10, ("far", "m"): 30, ("far", "n"): 5,
    }  # fmt: skip
    return make_case(
        area,
        services=[CARE, POINT, HUB],
        rules=[COUNT, BAND, REACH, SHARE, ONE_HUB],
        travel=make_travel(minutes),
    )


def refusal(case, *, values=True):
    """Solve with whatever is broken and return the codes of the audit's refusal."""
    found = answer(case)
    assert found.feasible
    with pytest.raises(AuditError) as refused:
        case.refuse_unless_sound(found.plan, found.stated if values else {})
    assert refused.value.exit_code == 7
    return {(f.code, *f.keys[:1]) for f in refused.value.findings}


def test_sound_builder_passes(case):
    found = answer(case)
    case.refuse_unless_sound(found.plan, found.stated)
    # care at two sites 20, points at m and n 10, a hub at n 7.
    assert found.stated == {"capital_wan": 37}


def test_kind_that_builds_nothing_is_caught(case, monkeypatch):
    monkeypatch.setitem(built.BUILDERS, CountInUnit, lambda program, rule: [])
    task = case.with_rules(COUNT)
    assert ("plan-breaks-rule", "count") in refusal(task)


def test_count_that_includes_branches_is_caught(case, monkeypatch):
    case.area.sites.loc[["m", "n"], "branch"] = True
    case.area.sites.at["m", "services"] = ("care",)

    def everyone(program, service, zones=None):
        return [(s, v) for (s, k), v in program.holds.items() if k == service]

    monkeypatch.setattr(Program, "holders", everyone)
    assert ("plan-breaks-rule", "count") in refusal(case.with_rules(COUNT))


def test_reach_that_is_too_long_is_caught(case, monkeypatch):
    cover_terms = coverage.cover_terms

    def generous(program, rule, zones):
        return cover_terms(program, replace(rule, within_minutes=60), zones)

    monkeypatch.setattr(coverage, "cover_terms", generous)
    assert ("plan-breaks-rule", "reach") in refusal(case.with_rules(REACH))


def test_band_without_its_upper_bound_is_caught(case, monkeypatch):
    build = population_band.build

    def no_upper(program, rule, serving):
        return [r for r in build(program, rule, serving) if r.what[:2] != "hi"]

    monkeypatch.setattr(population_band, "build", no_upper)
    assert ("plan-breaks-rule", "band") in refusal(case.with_rules(BAND))


def test_band_without_its_people_is_caught(case, monkeypatch):
    build = population_band.build

    def nobody(program, rule, serving):
        return [r for r in build(program, rule, serving) if r.what != "served"]

    monkeypatch.setattr(population_band, "build", nobody)
    task = case.with_rules(BAND).with_terms(
        objective=("capital_wan", "uncovered_people")
    )
    assert ("plan-breaks-rule", "band") in refusal(task)


def test_budget_row_that_is_dropped_is_caught(case, monkeypatch):
    monkeypatch.setattr(built, "add_budget", lambda program: None)
    assert ("plan-budget", "capital_wan") in refusal(case.with_terms(capital_wan=36.0))


def test_host_link_that_is_dropped_is_caught(case, monkeypatch):
    monkeypatch.setattr(built, "_add_links", lambda program: None)
    # n may have a point only as a hub; without the link the point comes alone.
    assert ("plan-host", "n point") in refusal(case.with_rules(REACH))


def test_share_that_is_rounded_down_is_caught(case, monkeypatch):
    build = share_of_class.build

    def rounded_down(program, rule):
        return [replace(r, bound=r.bound - 1) for r in build(program, rule)]

    monkeypatch.setitem(built.BUILDERS, ShareOfClass, rounded_down)
    assert ("plan-breaks-rule", "share") in refusal(case.with_rules(SHARE, ONE_HUB))


def test_pairs_across_the_county_border_are_caught(monkeypatch):
    task = make_case(
        make_area(
            zones=[zone("z1", "c1", 90), zone("z2", "c2", 60)],
            sites=[candidate("a", "z1"), candidate("b", "z2")],
            demand=[demand_point("near", "z1", 90), demand_point("far", "z2", 60)],
            costs=[cost("care", "build", 10)],
        ),
        services=[CARE],
        travel=make_travel({("near", "a"): 5, ("far", "a"): 9, ("far", "b"): 5}),
    )
    assert answer(task).new == {("a", "care"), ("b", "care")}
    allowed = serving._allowed_pairs

    def anywhere(program, service, demand):
        return allowed(program, replace(service, assign_within="area"), demand)

    monkeypatch.setattr(serving, "_allowed_pairs", anywhere)
    assert ("plan-outside", "far a care") in refusal(task)


def test_objective_value_that_the_plan_does_not_reach_is_caught(case):
    found = answer(case)
    with pytest.raises(AuditError, match="capital_wan"):
        case.refuse_unless_sound(found.plan, {"capital_wan": 36.9})


# --- plans edited by hand -------------------------------------------------------------

GOOD = {
    "placements": [
        ("a", "care", "build", 10.0, 0.0),
        ("b", "care", "build", 10.0, 0.0),
    ],
    "assignments": [("near", "a", "care", 90.0, 5.0), ("far", "b", "care", 60.0, 10.0)],
}


def edited(what, number, row):
    rows = {key: list(value) for key, value in GOOD.items()}
    if row is None:
        del rows[what][number]
    elif number is None:
        rows[what].append(row)
    else:
        rows[what][number] = row
    return make_plan(**rows)


@pytest.mark.parametrize(
    ("code", "what", "number", "row"),
    [
        ("plan-price", "placements", 0, ("a", "care", "build", 9.0, 0.0)),
        ("plan-action", "placements", 0, ("a", "care", "upgrade", 10.0, 0.0)),
        ("plan-action", "placements", 0, ("a", "care", "keep", 0.0, 0.0)),
        ("plan-repeated", "placements", None, ("a", "care", "build", 10.0, 0.0)),
        ("plan-unknown", "placements", None, ("x", "care", "build", 10.0, 0.0)),
        ("plan-unknown", "placements", None, ("a", "beds", "build", 0.0, 0.0)),
        ("plan-host", "placements", None, ("n", "point", "upgrade", 5.0, 0.0)),
        ("plan-closed", "placements", 1, None),
        ("plan-not-served", "assignments", 1, None),
        ("plan-not-served", "assignments", 1, ("far", "b", "care", 59.0, 10.0)),
        ("plan-served-twice", "assignments", None, ("far", "a", "care", 9.0, 25.0)),
        ("plan-trip", "assignments", 1, ("far", "b", "care", 60.0, 9.0)),
        ("plan-closed", "assignments", 1, ("far", "n", "care", 60.0, 5.0)),
        ("plan-people", "assignments", None, ("far", "a", "care", 0.0, 25.0)),
    ],
)
def test_hand_edited_plan_is_refused(case, code, what, number, row):
    task = case.with_rules()
    task.refuse_unless_sound(make_plan(**GOOD))
    with pytest.raises(AuditError) as refused:
        task.refuse_unless_sound(edited(what, number, row))
    assert code in {f.code for f in refused.value.findings}


def test_wrong_price_is_told_beside_that_of_the_table(case):
    wrong = edited("placements", 0, ("a", "care", "build", 9.0, 2.0))
    with pytest.raises(AuditError) as refused:
        case.with_rules().refuse_unless_sound(wrong)
    (finding,) = refused.value.findings
    assert finding.message.en == "costs 9, the table says 10"
    assert finding.message.zh == "造价 9 与造价表 10 不符"
    assert finding.keys == ("a care",)


def test_split_point_is_refused_where_points_are_whole(case):
    halves = [("far", "b", "care", 30.0, 10.0), ("far", "a", "care", 30.0, 25.0)]
    plan = make_plan(GOOD["placements"], [GOOD["assignments"][0], *halves])
    task = case.with_rules()
    task.refuse_unless_sound(plan)
    with pytest.raises(AuditError, match="split"):
        task.with_terms(split=False).refuse_unless_sound(plan)


def test_locked_sites_and_todays_holders_must_be_accounted_for():
    area = make_area(
        zones=[zone("z1", "c1", 90)],
        sites=[
            candidate("a", "z1", locked="in"),
            candidate("b", "z1", locked="out"),
            facility("t", "z1", services=["hub"]),
        ],
    )
    task = make_case(area, services=[Service(id="hub", name="hub")])

    def codes(*placements):
        try:
            task.refuse_unless_sound(make_plan(placements))
        except AuditError as error:
            return {f.code for f in error.findings}
        return set()

    keep, build = ("t", "hub", "keep"), ("a", "hub", "build")
    assert codes(keep, build) == set()
    assert codes(keep) == {"plan-locked"}
    assert codes(build) == {"plan-today-lost"}
    assert codes(keep, build, ("b", "hub", "build")) == {"plan-closed-site"}
    assert codes(("t", "hub", "close"), build) == {"plan-close"}


def test_what_is_closed_is_not_held_all_the_same():
    area = make_area(
        zones=[zone("z1", "c1", 90)],
        sites=[facility("t", "z1", services=["ward"] * 3)],
    )
    ward = Service(id="ward", name="ward", most_per_site=3)
    task = make_case(area, services=[ward], closing=frozenset({"ward"}))

    def plan_of(*rows):
        plan = make_plan([("t", "ward", action) for action, _ in rows])
        counts = [count for _, count in rows]
        return replace(plan, placements=plan.placements.assign(count=counts))

    task.refuse_unless_sound(plan_of(("keep", 3)))
    both = plan_of(("close", 3), ("upgrade", 2))
    with pytest.raises(AuditError) as refused:
        task.refuse_unless_sound(both)
    assert "plan-closed-and-held" in {f.code for f in refused.value.findings}


@pytest.mark.parametrize(
    ("placements", "codes"),
    [
        ([("keep", 1), ("upgrade", 1)], set()),
        ([("keep", 1), ("upgrade", 2)], {"plan-count"}),
        ([("keep", 1), ("upgrade", 0)], {"plan-count"}),
        ([("keep", 2)], {"plan-count"}),
        ([("close", 1)], set()),
        ([("upgrade", 1)], {"plan-today-lost"}),
        ([("close", 1), ("upgrade", 1)], {"plan-closed-and-held"}),
        ([("close", 1), ("keep", 1)], {"plan-closed-and-held"}),
        ([("keep", 1), ("keep", 1)], {"plan-repeated"}),
        ([("keep", 1), ("build", 1)], {"plan-action"}),
    ],
)
def test_a_counted_service_is_kept_or_closed_whole_and_added_to(placements, codes):
    ward = Service(id="ward", name="ward", most_per_site=2)
    area = make_area(
        zones=[zone("z", "c", 9)], sites=[facility("a", "z", services=["ward"])]
    )
    task = make_case(area, services=[ward], closing=frozenset({"ward"}))
    plan = make_plan([("a", "ward", action) for action, _ in placements])
    counted = plan.placements.assign(count=[count for _, count in placements])
    assert codes_of(task, replace(plan, placements=counted)) == codes


@pytest.mark.parametrize(
    ("terms", "over"),
    [
        ({"year": 2025, "capital_wan": 7.0}, set()),
        ({"year": 2025, "capital_wan": 6.9}, {("plan-budget", "capital_wan")}),
        ({"year": 2023, "capital_wan": 4.0}, set()),
        ({"year": 2023, "capital_wan": 3.9}, {("plan-budget", "capital_wan")}),
        ({"year": 2025, "total_capital_wan": 11.0}, set()),
        (
            {"year": 2025, "total_capital_wan": 10.9},
            {("plan-budget", "total_capital_wan")},
        ),
        ({"year": 2025, "yearly_wan": 6.0}, set()),
        ({"year": 2025, "yearly_wan": 5.9}, {("plan-budget", "yearly_wan")}),
    ],
)
def test_each_year_pays_what_it_adds_and_all_years_together(terms, over):
    area = make_area(
        zones=[zone("z", "c", 9)],
        sites=[candidate("a", "z"), facility("b", "z", beds=0.0)],
        costs=[cost("post", "build", 4, 1), cost("", "add", 3.5, 2.5, resource="beds")],
    )
    beds = Resource(id="beds", name="beds", at=members(), most_per_site=4)
    post = Service(id="post", name="post")
    task = make_case(area, services=[post], resources=[beds], **terms)
    plan = make_plan(
        [("a", "post", "build", 4.0, 1.0)], allocations=[("b", "beds", 2.0, 7.0, 5.0)]
    )
    plan = replace(
        plan,
        placements=plan.placements.assign(phase=2023),
        allocations=plan.allocations.assign(phase=2025),
    )
    facts = task.facts(plan)
    found = check_integrity(facts, task.terms)
    assert {(f.code, *f.keys) for f in found} == over
    for finding in found:
        assert finding.message.zh == "超出预算 0.10 万元"
        assert finding.message.en == "0.10 万元 over the budget"


def codes_of(task, plan):
    try:
        task.refuse_unless_sound(plan)
    except AuditError as error:
        return {f.code for f in error.findings}
    return set()


def test_what_is_known_to_be_left_undone_is_told_clause_by_clause():
    area = make_area(
        zones=[zone("z1", "c1", 90)],
        sites=[candidate("a", "z1", locked="in"), candidate("b", "z1", locked="in")],
    )
    rules = [
        CountInUnit(id="two", quote="two", service="care", lo=2),
        CountInUnit(id="one", quote="one", service="care", lo=1),
    ]
    task = make_case(area, services=[CARE], rules=rules)
    facts = task.facts(make_plan())
    gaps = {("two", ""), ("serves:care", ""), ("locked", "b"), ("decided", "a care")}
    gaps |= {("serves:other", ""), ("decided", "gone care")}
    rows = gap_rows(facts, task.audit(facts.plan), gaps)
    told = [(r.rule_id, r.unit_id, r.unit, r.gap.en, r.missing) for r in rows]
    assert told == [
        ("two", "", "area", "2 missing", 2.0),
        ("serves:care", "", "area", "90 people unserved", 90.0),
        ("locked", "b", "site b", "no service can be placed there", 1.0),
        ("decided", "a care", "site a care", "not carried out", 1.0),
        ("decided", "gone care", "gone care", "not carried out", 1.0),
    ]
    assert {r.verdict for r in rows} == {"not_met"}
    assert {r.priority for r in rows} == {"must"}


# --- today ----------------------------------------------------------------------------


def test_today_is_audited_with_everyone_at_the_nearest_holder(case):
    case.area.sites.at["n", "services"] = ("care",)
    plan = plan_of_today(case.area, case.travel, case.policy, case.terms)
    rows = {row.rule_id: row for row in case.audit(plan)}
    assert rows["count"].gap.zh == "缺 1 所"
    assert rows["band"].gap.en == "50 people above the band"
    assert rows["reach"].missing == 150
    assert set(plan.placements["action"]) == {"keep"}


def test_totals_count_each_person_once(case):
    found = answer(case.with_terms(objective=("capital_wan", "person_minutes")))
    facts = Facts(case.area, case.travel, case.policy, found.plan)
    figures = totals(facts)
    assert figures["people"] == figures["covered_people"] == 150
    assert figures["capital_wan"] == 37
    assert figures["person_minutes"] == 90 * 5 + 60 * 5


def test_person_whom_one_service_leaves_out_is_not_covered(case):
    """Of two services that leave people of one point out, the larger number counts."""
    visit = Service(id="visit", name="visit", serves=Scope())
    task = make_case(case.area, services=[CARE, visit], travel=case.travel)
    plan = make_plan(
        [("a", "care", "build", 10.0, 0.0), ("a", "visit", "build")],
        [
            ("near", "a", "care", 80.0, 5.0),
            ("far", "a", "care", 60.0, 25.0),
            ("near", "a", "visit", 60.0, 5.0),
            ("far", "a", "visit", 55.0, 25.0),
        ],
    )
    figures = totals(task.facts(plan))
    assert figures["people"] == 150
    assert figures["covered_people"] == 150 - 30 - 5
    assert (figures["placements"], figures["new_placements"]) == (2, 2)
    assert figures["person_minutes"] == 140 * 5 + 115 * 25
    reach = replace(REACH, service="care", within_minutes=20)
    out = totals(task.with_rules(reach).facts(plan))
    assert out["covered_people"] == 150 - 30 - 60  # far is out of reach


def test_reading_about_a_resource_leaves_the_next_to_ask_for_a_service(case):
    beds = Rate(
        id="R",
        quote="beds, or two of care",
        resource="beds",
        lo=1.0,
        per=10.0,
        any_of=(COUNT,),
    )
    task = case.with_rules(beds, REACH)
    point = ("m", "point", "upgrade", 5.0, 0.0)
    facts = task.facts(make_plan([*GOOD["placements"], point]))
    assert clauses_for(facts) == {
        ("a", "care"): ("R",),
        ("b", "care"): ("R",),
        ("m", "point"): ("reach",),
    }


# --- a plot for a hospital is no hospital yet -----------------------------------------

HOSPITAL = Service(
    id="hospital", name="hospital", hosts=members("A100"), held_by=members("A100")
)
RESCUE = Service(id="rescue", name="rescue", hosts=members("A100"))


@pytest.mark.parametrize(
    ("services", "built", "wan"),
    [
        ([HOSPITAL, RESCUE], {("a", "hospital"), ("a", "rescue")}, 9.0),
        ([RESCUE], {("a", "rescue")}, 2.0),
    ],
    ids=["a service is what the class stands for", "none is"],
)
def test_candidate_hosts_by_class_once_its_facility_is_built(services, built, wan):
    area = make_area(
        zones=[zone("z1", "c1", 100)],
        sites=[candidate("a", "z1", "A100"), candidate("b", "z1", "B100")],
        costs=[cost("hospital", "build", 7), cost("rescue", "build", 2)],
    )
    one = CountInUnit(id="one", quote="one", service="rescue", lo=1)
    task = make_case(area, services=services, rules=[one])
    found = answer(task)
    assert (found.new, found.values) == (built, (wan,))
    assert optimum(task).values == found.values
    task.refuse_unless_sound(found.plan, found.stated)
    alone = make_plan([("a", "rescue", "build", 2.0, 0.0)])
    if len(built) == 1:
        task.refuse_unless_sound(alone)
    else:
        with pytest.raises(AuditError) as caught:
            task.refuse_unless_sound(alone)
        assert {f.code for f in caught.value.findings} == {"plan-host"}


@pytest.mark.parametrize(
    ("level", "codes"), [(2.0, set()), (1.0, {"plan-host"}), (None, {"plan-host"})]
)
def test_site_of_unknown_level_hosts_nothing_that_asks_for_one(level, codes):
    rescue = replace(RESCUE, hosts=members("A100", level_from=2))
    area = make_area(
        zones=[zone("z1", "c1", 100)], sites=[facility("a", "z1", "A100", level=level)]
    )
    task = make_case(area, services=[rescue])
    plan = make_plan([("a", "rescue", "upgrade")])
    assert codes_of(task, plan) == codes
    assert (("a", "rescue") in task.build().program.holds) == (not codes)


def test_facility_of_today_hosts_by_its_class_without_more():
    area = make_area(zones=[zone("z1", "c1", 100)], sites=[facility("a", "z1", "A100")])
    one = CountInUnit(id="one", quote="one", service="rescue", lo=1)
    task = make_case(area, services=[HOSPITAL, RESCUE], rules=[one])
    assert answer(task).new == {("a", "rescue")}


def test_what_a_rule_lacks_is_named_and_checklists_are_left_out():
    rate = Rate(id="A", quote="q", resource="beds", lo=1.0)
    listed = ShareOfClass(
        id="B", quote="q", of=members("C210"), attribute="ok", share=1
    )
    number = CountInUnit(id="C", quote="q", service="clinic", lo=1)
    area = make_area(
        zones=[zone("z1", "c1", 100)], sites=[facility("s1", "z1", "C210")]
    )
    case = make_case(
        area,
        services=[Service(id="clinic", name="clinic")],
        resources=[Resource(id="beds", name="beds")],
        rules=[rate, listed, number],
    )
    assert lacking_columns(case.facts(make_plan())) == {"A": "beds"}
