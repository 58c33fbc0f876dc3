"""``rate``: a quantity per population, staff, beds or holders."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import pytest

from allocator.audit import Verdict
from allocator.errors import AuditError
from allocator.policy import CountInUnit, Priority, Rate, Resource, Scope, Service, Unit
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

CLINIC = Service(id="clinic", name="clinic", hosts=members("C210"))
BEDS = Resource(
    id="beds", name="beds", at=members("C210", service=["clinic"]), most_per_site=4
)


def rule(**changes):
    settings: dict[str, Any] = {
        "resource": "beds",
        "unit": Unit.COUNTY,
        "per": 100,
        "lo": 5.0,
    }
    words = {"id": "R", "quote": "5 beds per 100 people"}
    return Rate(**(words | settings | changes))


@pytest.fixture
def case():
    """Return two counties of 200 and 100 people with 6 + 2 and 5 beds."""
    area = make_area(
        zones=[zone("z1", "c1", 200), zone("z2", "c2", 100)],
        sites=[
            facility("a", "z1", "C210", beds=6.0),
            facility("b", "z1", "A100", beds=2.0),
            candidate("c", "z1", "C210", beds=float("nan")),
            facility("d", "z2", "C210", beds=5.0),
        ],
        costs=[
            cost("", "add", 2, 1, resource="beds"),
            cost("", "add", 1, 1, resource="beds", site_id="c"),
            cost("clinic", "build", 3),
        ],
    )
    return make_case(area, services=[CLINIC], resources=[BEDS], rules=[rule()])


def test_rows_hold_today_and_what_is_added_over_the_people(case, same_as_golden):
    formulation = case.build()
    assert rows_of(formulation, "R") == {
        # 5 per 100 of 200 people are 10 beds; 8 stand today.
        ("c1", "lo"): "+1 a.beds +1 c.beds >= 2",
        ("c2", "lo"): "+1 d.beds >= 0",
    }
    assert rows_of(formulation, "link")["c", "beds"] == "+1 c.beds -4 c.clinic <= 0"
    same_as_golden("rate", formulation)


def cheapest_beds(case, needed, budget=None):
    """Try every number of beds at a and c, with and without a clinic at c."""
    best = None
    for at_a, at_c, clinic in itertools.product(range(5), range(5), (0, 1)):
        if (at_c and not clinic) or at_a + at_c < needed:
            continue
        price = 2 * at_a + at_c + 3 * clinic
        if budget is None or price <= budget:
            best = price if best is None else min(best, price)
    return best


@pytest.mark.parametrize("more", [0, 1, 2, 3, 4, 5, 6, 8])
def test_beds_cost_what_trying_every_number_finds(case, more):
    task = case.with_rules(
        rule(lo=(8 + more) / 2, scope=Scope(county=("c1",))),
    )
    found = answer(task)
    assert found.stated["capital_wan"] == cheapest_beds(case, more)
    task.refuse_unless_sound(found.plan, found.stated)


def test_more_beds_than_sites_may_take_are_impossible(case):
    (lack,) = (
        case.with_rules(rule(lo=9, scope=Scope(county=("c1",)))).build().impossible
    )
    assert (lack.rule_id, lack.needed, lack.lacking) == ("R", 18, 2)


def test_audit_divides_beds_by_people(case):
    short, full = make_plan(), make_plan([], [], [("a", "beds", 2.0, 4.0, 2.0)])
    in_c1, in_c2 = case.audit(short)
    assert (in_c1.verdict, in_c1.missing, in_c1.found.en) == (
        "not_met",
        2.0,
        "4.00 (8 in all)",
    )
    assert in_c2.verdict is Verdict.MET
    assert [r.verdict for r in case.audit(full)] == ["met", "met"]
    case.refuse_unless_sound(full)
    with pytest.raises(AuditError):
        case.refuse_unless_sound(short)


@pytest.mark.parametrize(
    ("allocation", "code"),
    [
        (("a", "beds", 5.0, 10.0, 5.0), "plan-amount"),
        (("a", "beds", 2.5, 5.0, 2.5), "plan-amount"),
        (("b", "beds", 2.0, 4.0, 2.0), "plan-resource-site"),
        (("c", "beds", 2.0, 2.0, 2.0), "plan-resource-site"),
        (("a", "beds", 2.0, 3.0, 2.0), "plan-price"),
        (("a", "chairs", 2.0, 0.0, 0.0), "plan-resource"),
    ],
)
def test_audit_refuses_amounts_that_may_not_be(case, allocation, code):
    with pytest.raises(AuditError) as refused:
        case.refuse_unless_sound(make_plan([], [], [allocation]))
    assert code in {f.code for f in refused.value.findings}


def test_service_per_population_is_bounded_from_both_sides(case):
    rate = rule(resource=None, service="clinic", lo=0.5, hi=0.75)
    task = case.with_rules(rate)
    assert rows_of(task.build(), "R") == {
        ("c1", "lo"): "+1 a.clinic +1 c.clinic >= 1",
        ("c1", "hi"): "+1 a.clinic +1 c.clinic <= 1.5",
        ("c2", "lo"): "+1 d.clinic >= 0.5",
        ("c2", "hi"): "+1 d.clinic <= 0.75",
    }
    assert not answer(task).feasible
    assert optimum(task) is None
    wider = case.with_rules(rule(resource=None, service="clinic", lo=0.5, hi=1.0))
    found = answer(wider)
    assert found.values == optimum(wider).values
    assert {s for s, _ in found.new} >= {"d"}


def test_service_per_other_service_merges_equal_variables(case):
    other = Service(id="post", name="post")
    ratio = rule(
        resource=None, service="post", denominator="service:clinic", per=1, lo=2.0,
        unit=Unit.AREA,
    )  # fmt: skip
    one = CountInUnit(id="one", quote="one clinic", service="clinic", lo=1)
    task = make_case(case.area, services=[CLINIC, other], rules=[ratio, one])
    found = answer(task)
    posts = [s for s, k in found.new if k == "post"]
    clinics = [s for s, k in found.new if k == "clinic"]
    assert len(posts) >= 2 * len(clinics) >= 2
    assert found.values == optimum(task).values
    itself = rule(
        resource=None, service="clinic", denominator="service:clinic", per=1, lo=1.0,
        unit=Unit.AREA,
    )  # fmt: skip
    assert answer(make_case(case.area, services=[CLINIC], rules=[itself])).feasible


@pytest.mark.parametrize(
    ("figure", "people", "beds"), [(1.1, 3_000_000, 3300.0), (2.2, 7_000_000, 15400.0)]
)
def test_rounding_of_a_product_is_nothing_that_lacks(figure, people, beds):
    assert figure * people / 1000 > beds  # by a few of the last bits
    area = make_area(
        zones=[zone("z", "c1", people)], sites=[facility("a", "z", "C210", beds=beds)]
    )
    (row,) = make_case(area, services=[], rules=[rule(lo=figure, per=1000)]).audit(
        make_plan()
    )
    assert (row.verdict, row.missing) == ("met", 0.0)
    (row,) = make_case(
        area, services=[], rules=[rule(lo=figure + 0.01, per=1000)]
    ).audit(make_plan())
    assert row.missing == pytest.approx(people / 1e5)


@pytest.mark.parametrize("blank", [float("nan"), None, ""])
def test_blank_cell_counts_as_nothing_below_and_is_unknown_above(case, blank):
    case.area.sites["beds"] = [6.0, blank, None, 5.0]
    low = case.with_rules(rule(scope=Scope(county=("c1",))))
    assert rows_of(low.build(), "R") == {("c1", "lo"): "+1 a.beds +1 c.beds >= 4"}
    (row,) = low.audit(make_plan())
    assert (row.missing, row.found.en) == (4.0, "3.00 (6 in all)")
    high = case.with_rules(rule(lo=None, hi=20))
    assert dict(high.build().undecidable) == {"R": "beds"}
    (row,) = high.audit(make_plan())
    assert row.verdict is Verdict.UNDECIDABLE


def test_resource_that_is_not_decided_leaves_the_next_one_to_be(case):
    gps = Resource(id="gps", name="gps")
    case.area.sites["gps"] = 1.0
    policy = replace(case.policy, resources={"gps": gps, "beds": BEDS})
    program = replace(case, policy=policy).build().program
    assert set(program.amounts) == {("a", "beds"), ("c", "beds"), ("d", "beds")}


@pytest.mark.parametrize(("staff", "words"), [(None, "staff"), (4.0, "")])
def test_denominator_with_blank_cells_is_unknown(case, staff, words):
    case.area.sites["staff"] = [2.0, staff, None, 2.0]
    task = case.with_rules(rule(denominator="resource:staff", per=1.0, lo=1.0))
    rows = task.audit(make_plan())
    if words:
        (row,) = rows
        assert (row.verdict, row.found.en) == ("undecidable", "blank cells in staff")
        assert set(task.build().undecidable) == {"R"}
    else:
        assert [row.found.en for row in rows] == ["1.33 (8 in all)", "2.50 (5 in all)"]
        assert task.build().undecidable == {}


def test_bound_from_above_on_known_cells_is_decided(case):
    high = case.with_rules(rule(lo=None, hi=4.5))
    assert dict(high.build().undecidable) == {}
    assert rows_of(high.build(), "R") == {
        ("c1", "hi"): "+1 a.beds +1 c.beds <= 1",
        ("c2", "hi"): "+1 d.beds <= -0.5",
    }
    in_c1, in_c2 = high.audit(make_plan())
    assert (in_c1.verdict, in_c1.required.en) == ("met", "per 100 ≤ 4.50")
    assert (in_c2.missing, in_c2.gap.en) == (0.5, "0.5 too many")
    case.area.sites.loc["b", "beds"] = float("nan")
    (row,) = high.with_rules(rule(lo=None, hi=4.5, scope=Scope(county=("c1",)))).audit(
        make_plan()
    )
    assert (row.verdict, row.found.en) == ("undecidable", "blank cells in beds")


def test_cells_that_are_all_blank_are_unknown_below_too(case):
    case.area.sites.loc[["a", "b"], "beds"] = float("nan")
    task = case.with_rules(rule(scope=Scope(county=("c1",))))
    assert dict(task.build().undecidable) == {"R": "beds"}
    (row,) = task.audit(make_plan())
    assert (row.verdict, row.found.en) == ("undecidable", "blank cells in beds")


def test_where_nothing_stands_there_is_none_of_it_rather_than_an_unknown_number(case):
    sites = case.area.sites.assign(status="candidate")
    task = replace(case, area=replace(case.area, sites=sites)).with_rules(
        rule(scope=Scope(county=("c2",)))
    )
    assert dict(task.build().undecidable) == {}
    (row,) = task.audit(make_plan())
    assert (row.verdict, row.missing, row.found.en) == (
        "not_met",
        5.0,
        "0.00 (0 in all)",
    )


def test_need_of_each_holder_is_the_figure_over_what_it_is_stated_per(case):
    each = rule(
        unit=Unit.SITE, denominator="service:clinic", lo=6.0, per=2.0, scope=Scope()
    )
    sites = case.area.sites
    sites["services"] = [("clinic",), ("clinic",), (), ("clinic",)]
    sites.loc["b", "beds"] = 2.0
    task = case.with_rules(each)
    assert rows_of(task.build(), "R") == {
        ("a", "lo"): "+1 a.beds -3 a.clinic >= -6",
        ("b", "lo"): "+1 b.beds -3 b.clinic >= -2",
        ("c", "lo"): "+1 c.beds -3 c.clinic >= 0",
        ("d", "lo"): "+1 d.beds -3 d.clinic >= -5",
    }
    kept = make_plan([(s, "clinic", "keep") for s in "abd"])
    found = [(row.unit_id, row.required.en, row.missing) for row in task.audit(kept)]
    assert found == [
        ("a", "at least 3 each", 0.0),
        ("b", "at least 3 each", 1.0),
        ("d", "at least 3 each", 0.0),
    ]
    sites.loc["b", "beds"] = float("nan")  # blank: nothing is known to be there
    assert rows_of(task.build(), "R")["b", "lo"] == "+1 b.beds -3 b.clinic >= 0"
    assert [row.missing for row in task.audit(kept)] == [0.0, 3.0, 0.0]


def test_need_below_one_is_stated_as_it_is(case):
    each = rule(
        unit=Unit.SITE,
        denominator="service:clinic",
        lo=0.5,
        per=1.0,
        priority=Priority.STRIVE,
    )
    share = rule(id="Q", lo=0.25, priority=Priority.STRIVE)
    task = case.with_rules(each, share)
    needed = {(s.rule_id, s.unit_id): s.needed for s in task.build().shortfalls}
    assert needed["R", "a"] == 0.5
    assert needed["Q", "c2"] == 0.25


def test_absent_column_is_undecidable(case):
    task = case.with_rules(rule(resource="gps"))
    assert dict(task.build().undecidable) == {"R": "gps"}
    (row,) = task.audit(make_plan())
    assert row.verdict is Verdict.UNDECIDABLE
    assert (row.found.zh, row.found.en) == ("缺列 全科医生 (gps)", "no column gps")
    task.refuse_unless_sound(make_plan())


def test_a_missing_column_is_called_as_the_pack_calls_its_resource(case):
    own = Resource(id="gps", name="家庭医生")
    task = case.with_rules(rule(resource="gps"))
    task = replace(task, policy=replace(task.policy, resources={"gps": own}))
    (row,) = task.audit(make_plan())
    assert row.found.zh == "缺列 家庭医生 (gps)"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"per": 1000}, "每千人口 ≥ 5.00"),
        ({"per": 10_000, "hi": 9.0}, "每万人口 ≥ 5.00, ≤ 9.00"),
        ({"per": 100}, "每 100 人 ≥ 5.00"),
        ({"denominator": "service:clinic", "per": 1}, "每 1 ≥ 5.00"),
    ],
)
def test_a_rate_is_asked_for_in_words_of_planners(case, changes, words):
    rows = case.with_rules(rule(**changes)).audit(make_plan())
    assert {row.required.zh for row in rows} == {words}


def test_not_below_today_holds_the_rate_of_today(case):
    staff = rule(lo=None, not_below_today=True, denominator="service:clinic", per=1)
    area = make_area(
        zones=[zone("z1", "c1", 200)],
        sites=[
            facility("a", "z1", "C210", beds=6.0, services=["clinic"]),
            candidate("c", "z1", "C210", beds=float("nan")),
        ],
    )
    two = CountInUnit(id="two", quote="two clinics", service="clinic", lo=2)
    task = make_case(area, services=[CLINIC], resources=[BEDS], rules=[staff, two])
    found = answer(task)
    # Six beds a clinic today, so the second clinic brings six more.
    assert found.plan.allocations["amount"].sum() == 6
    task.refuse_unless_sound(found.plan, found.stated)


def test_unknown_level_outside_the_scope_is_unknown_in_both(case):
    """The class is asked for as a whole, in program and audit alike."""
    case.area.sites["level"] = [2.0, 2.0, 2.0, float("nan")]
    task = case.with_rules(
        rule(of=members("C210", level_from=2), scope=Scope(county=("c1",)))
    )
    assert dict(task.build().undecidable) == {"R": "level"}
    (row,) = task.audit(make_plan())
    assert row.verdict is Verdict.UNDECIDABLE


def test_resource_at_sites_of_unknown_level_goes_where_it_is_known(case):
    case.area.sites["level"] = [2.0, 2.0, 2.0, float("nan")]
    at = members("C210", level_from=2)
    beds = Resource(id="beds", name="beds", at=at, most_per_site=4)
    task = make_case(case.area, services=[CLINIC], resources=[beds], rules=[rule()])
    found = answer(task)
    assert set(found.plan.allocations["site_id"]) == {"a"}
    task.refuse_unless_sound(found.plan, found.stated)


def test_amounts_that_are_not_whole_may_be_fractions(case):
    halves = Resource(
        id="beds", name="beds", at=members("C210"), most_per_site=4, whole=False
    )
    task = make_case(
        case.area,
        services=[CLINIC],
        resources=[halves],
        rules=[rule(lo=4.25, scope=Scope(county=("c1",)))],
    )
    found = answer(task)
    assert found.plan.allocations["amount"].tolist() == pytest.approx([0.5])
    task.refuse_unless_sound(found.plan, found.stated)


def test_rate_of_today_counts_every_one_of_a_counted_service():
    """Three wards at one site and one at another are four, and none may be lost."""
    ward = Service(id="ward", name="ward", most_per_site=9)
    today = facility("a", "z1", services=["ward", "ward", "ward"])
    area = make_area(
        zones=[zone("z1", "c1", 100)],
        sites=[today, facility("b", "z1", services=["ward"])],
        costs=[cost("ward", "build", 2)],
    )
    steady = rule(resource=None, service="ward", lo=None, not_below_today=True)
    task = make_case(area, services=[ward], rules=[steady], closing=frozenset({"ward"}))
    (words,) = rows_of(task.build(), "R").values()
    assert words.endswith(">= 4")
    found = answer(task)
    assert found.plan.placements["count"].sum() == 4
    task.refuse_unless_sound(found.plan, found.stated)
    fewer = make_plan([("a", "ward", "keep"), ("b", "ward", "close")])
    fewer = replace(fewer, placements=fewer.placements.assign(count=[3, 1]))
    (row,) = task.audit(fewer)
    assert (row.missing, row.required.en, row.found.en) == (
        1.0,
        "per 100 ≥ 4.00 (not below today)",
        "3.00 (3 in all)",
    )
    area.sites.loc["b", "branch"] = True  # never counted, today neither
    (row,) = task.audit(fewer)
    assert (row.missing, row.found.en) == (0.0, "3.00 (3 in all)")
    (words,) = rows_of(task.build(), "R").values()
    assert words.endswith(">= 3")


def test_site_that_is_locked_out_is_given_no_resource(case):
    sites = case.area.sites.assign(locked=["out", "", "", ""])
    closed = replace(case, area=replace(case.area, sites=sites))
    assert ("a", "beds") not in closed.build().program.amounts
    plan = make_plan(
        [("d", "clinic", "upgrade", 3.0, 0.0)], allocations=[("a", "beds", 1.0, 2, 1)]
    )
    with pytest.raises(AuditError) as caught:
        closed.refuse_unless_sound(plan)
    assert "plan-resource-site" in {f.code for f in caught.value.findings}


# --- Per a part of the population that the zones count --------------------------------


def with_old(case, *counts):
    """Return the case with ``population_65`` of its two zones."""
    zones = case.area.zones.assign(population_65=list(counts))
    return replace(case, area=replace(case.area, zones=zones))


def test_rows_hold_beds_over_a_part_of_the_people(case):
    old = with_old(case, 40.0, 10.0).with_rules(
        rule(denominator="zones:population_65", lo=25.0)
    )
    assert rows_of(old.build(), "R") == {
        # 25 per 100 of 40 old people are 10 beds; 8 stand today.
        ("c1", "lo"): "+1 a.beds +1 c.beds >= 2",
        ("c2", "lo"): "+1 d.beds >= -2.5",
    }
    in_c1, in_c2 = old.audit(make_plan())
    assert (in_c1.verdict, in_c1.missing) == ("not_met", 2.0)
    assert in_c2.verdict is Verdict.MET
    found = answer(old)
    assert found.values == optimum(old).values


@pytest.mark.parametrize("counts", [None, (40.0, float("nan")), ("many", "few")])
def test_a_part_of_the_people_that_is_not_known_is_undecidable(case, counts):
    task = case if counts is None else with_old(case, *counts)
    task = task.with_rules(rule(denominator="zones:population_65"))
    assert dict(task.build().undecidable) == {"R": "population_65"}
    (row,) = task.audit(make_plan())
    assert row.verdict is Verdict.UNDECIDABLE
