"""``count_in_unit``: from lo to hi holders in every unit."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from allocator.audit import Verdict
from allocator.errors import AuditError
from allocator.formulation.sites import change_costs, find_holdings
from allocator.policy import CountInUnit, PopulationBand, Priority, Scope, Service, Unit
from tests.factories import (
    answer,
    candidate,
    cost,
    county,
    facility,
    make_area,
    make_case,
    make_plan,
    make_policy,
    members,
    rows_of,
    zone,
)
from tests.oracle import optimum

CLINIC = Service(id="clinic", name="clinic")


def rule(**changes):
    settings: dict[str, Any] = {
        "service": "clinic",
        "unit": Unit.COUNTY,
        "lo": 1,
        "hi": 2,
    }
    return CountInUnit(id="R", quote="one or two a county", **(settings | changes))


@pytest.fixture
def case():
    """Return county c1 with three candidates, c2 with a holder and a branch."""
    area = make_area(
        zones=[zone("z1", "c1", 100), zone("z2", "c2", 50, kind="街道")],
        counties=[county("c1", kind="县"), county("c2", kind="区")],
        sites=[
            candidate("a", "z1"),
            candidate("b", "z1"),
            candidate("c", "z1", "C210"),
            facility("d", "z2", services=["clinic"]),
            facility("e", "z2", services=["clinic"], branch=True),
        ],
        costs=[
            cost("clinic", "build", 5),
            cost("clinic", "build", 3, site_id="b"),
            cost("clinic", "close", 1),
        ],
    )
    return make_case(area, services=[CLINIC], rules=[rule()])


def test_rows_count_holders_of_each_county_and_no_branch(case, same_as_golden):
    formulation = case.build()
    assert rows_of(formulation, "R") == {
        ("c1", "lo"): "+1 a.clinic +1 b.clinic +1 c.clinic >= 1",
        ("c1", "hi"): "+1 a.clinic +1 b.clinic +1 c.clinic <= 2",
        ("c2", "lo"): "+1 d.clinic >= 1",
        ("c2", "hi"): "+1 d.clinic <= 2",
    }
    same_as_golden("count_in_unit", formulation)


def test_cheapest_site_is_built_as_every_subset_says(case):
    found = answer(case)
    assert found.new == {("b", "clinic")}
    assert found.values == optimum(case).values == (3.0,)
    case.refuse_unless_sound(found.plan, found.stated)


@pytest.mark.parametrize(
    ("built", "verdict", "missing"),
    [("", "not_met", 1), ("b", "met", 0), ("ab", "met", 0), ("abc", "not_met", 1)],
)
def test_audit_counts_what_is_too_few_and_too_many(case, built, verdict, missing):
    prices = {"a": (5.0, 0.0), "b": (3.0, 0.0), "c": (5.0, 0.0)}
    plan = make_plan(
        [(s, "clinic", "build", *prices[s]) for s in built]
        + [("d", "clinic", "keep"), ("e", "clinic", "keep")]
    )
    in_c1, in_c2 = case.audit(plan)
    assert (in_c1.unit_id, in_c1.verdict, in_c1.missing) == ("c1", verdict, missing)
    assert (in_c2.unit_id, in_c2.verdict) == ("c2", Verdict.MET)
    if verdict == "not_met":
        with pytest.raises(AuditError, match="county c1"):
            case.refuse_unless_sound(plan)
    else:
        case.refuse_unless_sound(plan)


def test_bound_beyond_the_sites_is_impossible_without_solving(case):
    (lack,) = case.with_rules(rule(lo=4, hi=None)).build().impossible[:1]
    assert (lack.rule_id, lack.unit_id, lack.needed, lack.lacking) == ("R", "c1", 4, 1)


def test_only_holders_among_a_class_count_candidates_of_it_too(case):
    among = case.with_rules(
        rule(of=members("C210"), hi=None, scope=Scope(county=("c1",)))
    )
    assert rows_of(among.build(), "R") == {("c1", "lo"): "+1 c.clinic >= 1"}
    assert answer(among).new == {("c", "clinic")}


def test_class_decided_by_the_plan_is_counted_with_a_tied_variable(case):
    hub = Service(id="hub", name="hub")
    both = make_case(
        case.area,
        services=[CLINIC, hub],
        rules=[rule(of=members(service=["hub"]), hi=None, scope=Scope(county=("c1",)))],
    )
    found = answer(both)
    assert found.values == optimum(both).values == (3.0,)
    assert found.new >= {("b", "clinic"), ("b", "hub")}


def test_existing_holder_closes_only_where_the_brief_allows_it(case):
    none = case.with_rules(rule(lo=None, hi=0, scope=Scope(county=("county c2",))))
    assert not answer(none).feasible
    allowed = none.with_terms(closing=frozenset({"clinic"}))
    found = answer(allowed)
    assert found.values == optimum(allowed).values == (1.0,)
    rows = found.plan.placements.set_index("site_id")["action"]
    assert dict(rows) == {"d": "close", "e": "keep"}


# --- modifiers, on the simplest kind --------------------------------------------------


def test_strive_rule_is_missed_by_the_least_when_money_is_short(case):
    wanted = case.with_rules(rule(lo=3, hi=None, priority=Priority.STRIVE))
    rich, poor = answer(wanted), answer(wanted.with_terms(capital_wan=8.0))
    # c2 has one site that counts: 2 of 3 are missing there whatever is spent.
    assert rich.stated == pytest.approx({"shortfall": 2 / 3, "capital_wan": 13})
    assert poor.stated == pytest.approx({"shortfall": 2 / 3 + 1 / 3, "capital_wan": 8})
    wanted.refuse_unless_sound(rich.plan, rich.stated)
    assert optimum(wanted).shortfall == pytest.approx(2 / 3)


def test_may_rule_builds_no_row_and_is_reported(case):
    wish = case.with_rules(rule(priority=Priority.MAY))
    assert rows_of(wish.build(), "R") == {}
    found = answer(wish)
    assert found.new == set()
    assert [r.verdict for r in wish.audit(found.plan)] == ["not_met", "met"]
    wish.refuse_unless_sound(found.plan)


@pytest.mark.parametrize(
    ("scope", "units"),
    [
        (Scope(), ["c1", "c2"]),
        (Scope(county=("c2",)), ["c2"]),
        (Scope(county=("county c1",)), ["c1"]),
        (Scope(county_kind=("区",)), ["c2"]),
        (Scope(zone_kind=("镇",)), ["c1"]),
        (Scope(people_from=100), ["c1"]),
        (Scope(people_below=100), ["c2"]),
        (Scope(urban=True), []),
        (Scope(county=("c1",), zone_kind=("街道",)), []),
    ],
)
def test_scope_is_read_alike_by_program_and_audit(case, scope, units):
    scoped = case.with_rules(rule(scope=scope))
    assert sorted({unit for unit, _ in rows_of(scoped.build(), "R")}) == units
    rows = scoped.audit(make_plan([("d", "clinic", "keep"), ("e", "clinic", "keep")]))
    assert [r.unit_id for r in rows] == (units or [""])


def test_due_year_is_carried_to_the_audit_and_binds_from_the_start(case):
    later = case.with_rules(rule(due=2030)).with_terms(year=2025)
    found = answer(later)
    assert found.new == {("b", "clinic")}
    assert {r.due for r in later.audit(found.plan)} == {2030}
    assert set(found.plan.placements["phase"]) == {2025}


def test_one_reading_is_enough_and_the_cheapest_is_taken(case):
    dear = rule(lo=3, hi=None, scope=Scope(county=("c1",)))
    cheap = rule(
        lo=2,
        hi=None,
        of=members(name=("site a", "site b")),
        scope=Scope(county=("c1",)),
    )
    either = case.with_rules(rule(lo=3, hi=None, scope=dear.scope, any_of=(cheap,)))
    found = answer(either)
    assert found.values == optimum(either).values == (8.0,)
    either.refuse_unless_sound(found.plan, found.stated)


def test_reading_binds_only_in_units_inside_its_own_scope(case):
    small = rule(lo=0, hi=0, scope=Scope(people_below=60))
    big = rule(lo=2, hi=None, scope=Scope(people_from=60), any_of=(small,))
    task = case.with_rules(big)
    found = answer(task)
    rows = {row.unit_id: row.verdict for row in task.audit(found.plan or make_plan())}
    assert found.plan is None  # the holder of c2 may not be closed
    closing = task.with_terms(closing=frozenset({"clinic"}))
    found = answer(closing)
    assert found.values == optimum(closing).values == (9.0,)
    rows = {row.unit_id: row.verdict for row in closing.audit(found.plan)}
    assert rows == {"c1": "met", "c2": "met"}


def test_street_is_met_by_a_band_or_by_one_centre(case):
    """The clause 街道 **or** 3万-10万: one centre for a small unit, else a band."""
    care = Service(id="clinic", name="clinic", serves=Scope())
    band = PopulationBand(
        id="R",
        quote="30 to 60 people each",
        service="clinic",
        unit=Unit.ZONE,
        lo=30,
        hi=60,
        any_of=(rule(unit=Unit.ZONE, lo=1, hi=1, scope=Scope(people_below=60)),),
    )
    task = make_case(case.area, services=[care], rules=[band])
    found = answer(task)
    assert found.values == optimum(task).values == (8.0,)
    served = found.plan.assignments.groupby("site_id")["people"].sum()
    assert served["d"] == 50
    assert all(30 <= people <= 60 for people in served.drop("d"))
    task.refuse_unless_sound(found.plan, found.stated)


@pytest.mark.parametrize(("lo", "added"), [(2, 0), (4, 2), (5, 3)])
def test_each_of_a_counted_service_counts_and_costs(lo, added):
    """Departments: two of today at a, at most three a site, 2 万元 each."""
    area = make_area(
        zones=[zone("z1", "c1", 100)],
        sites=[
            facility("a", "z1", services=["department", "department"]),
            candidate("b", "z1"),
        ],
        costs=[cost("department", "build", 2)],
    )
    department = Service(id="department", name="department", most_per_site=3)
    task = make_case(
        area, services=[department], rules=[rule(service="department", lo=lo, hi=6)]
    )
    found = answer(task)
    assert found.values == (2.0 * added,)
    assert found.plan.placements["count"].sum() == 2 + added
    task.refuse_unless_sound(found.plan, found.stated)
    (row,) = task.audit(found.plan)
    assert row.found.en == f"{2 + added}"


WARD = Service(
    id="ward",
    name="ward",
    most_per_site=3,
    hosts=members("A100"),
    requires=("clinic",),
)


@pytest.mark.parametrize(
    ("columns", "most"),
    [
        ({}, 3),
        ({"branch": True}, 0),
        ({"locked": "out"}, 1),
        ({"class": "B100"}, 1),
        ({"services": ["ward"]}, 1),
    ],
    ids=["free", "branch", "locked out", "no host", "without what it requires"],
)
def test_more_of_a_counted_service_goes_where_a_first_one_could(columns, most):
    """One ward of today; what is added needs all that a new ward needs."""
    given: dict[str, Any] = {"services": ["ward", "clinic"], "class": "A100", **columns}
    site = facility("a", "z1", given.pop("class"), **given)
    area = make_area(zones=[zone("z1", "c1", 100)], sites=[site])
    services = [replace(CLINIC, hosts=members("C210")), WARD]
    for lo in (most, most + 1):
        task = make_case(
            area, services=services, rules=[rule(service="ward", lo=lo, hi=None)]
        )
        assert answer(task).feasible == (optimum(task) is not None) == (lo <= most)
    added = make_plan([("a", k, "keep") for k in sorted(set(site["services"]))])
    more = ("a", "ward", "upgrade", 0.0, 0.0)
    rows = [*added.placements.itertuples(index=False, name=None)]
    plan = make_plan([r[:3] for r in rows] + [more])
    if most == 3:
        make_case(area, services=services).refuse_unless_sound(plan)
    else:
        with pytest.raises(AuditError):
            make_case(area, services=services).refuse_unless_sound(plan)


@pytest.mark.parametrize(("public", "needed"), [(True, {"a"}), (False, {"b"})])
def test_ownership_narrows_a_class_alike_in_program_and_audit(public, needed):
    area = make_area(
        zones=[zone("z", "c1", 100)],
        sites=[
            facility("a", "z", "C210", public=True),
            facility("b", "z", "C210", public=False),
        ],
        costs=[cost("post", "build", 1)],
    )
    among = CountInUnit(
        id="R", quote="one", service="post", of=members("C210", public=public), lo=1
    )
    task = make_case(area, services=[Service(id="post", name="post")], rules=[among])
    found = answer(task)
    assert {site for site, _ in found.new} == needed
    task.refuse_unless_sound(found.plan, found.stated)
    other = make_plan([(s, "post", "upgrade", 1.0, 0.0) for s in {"a", "b"} - needed])
    (row,) = task.audit(other)
    assert (row.verdict, row.missing) == ("not_met", 1.0)
    area.sites["public"] = [None, False]
    (row,) = task.audit(other)
    assert row.verdict == "undecidable"
    assert dict(task.build().undecidable) == {"R": "public"}


def test_service_listed_twice_that_is_not_counted_is_held_once():
    area = make_area(
        zones=[zone("z", "c1", 100)],
        sites=[facility("a", "z", services=["post", "post"])],
    )
    most = CountInUnit(id="R", quote="one", service="post", hi=1)
    task = make_case(area, services=[Service(id="post", name="post")], rules=[most])
    found = answer(task)
    assert found.plan.counts == {("a", "post"): 1}
    task.refuse_unless_sound(found.plan, found.stated)


@pytest.mark.parametrize("closed", [{"locked": "out"}, {"branch": True}])
def test_host_of_today_that_may_receive_nothing_is_given_nothing(closed):
    """A host makes a pair possible only where anything may be placed."""
    hub = Service(id="hub", name="hub")
    hosted = Service(id="post", name="post", hosts=members(service=["hub"]))
    area = make_area(
        zones=[zone("z", "c1", 100)],
        sites=[
            facility("a", "z", services=["hub"], **closed),
            facility("b", "z", services=["hub"]),
        ],
        costs=[cost("post", "build", 5), cost("post", "build", 1, site_id="a")],
    )
    one = CountInUnit(id="R", quote="one", service="post", lo=1)
    task = make_case(area, services=[hub, hosted], rules=[one])
    assert ("a", "post") not in task.build().program.holds
    found = answer(task)
    assert found.new == {("b", "post")}
    assert found.values == optimum(task).values == (5.0,)


@pytest.mark.parametrize(
    ("lo", "hi", "en", "zh"),
    [
        (1, 2, "1–2", "1–2 所"),
        (2, 2, "2", "2 所"),
        (2, None, "at least 2", "不少于 2 所"),
        (None, 2, "at most 2", "不多于 2 所"),
    ],
)
def test_what_is_required_is_told_in_both_languages(case, lo, hi, en, zh):
    row = case.with_rules(rule(lo=lo, hi=hi)).audit(make_plan())[0]
    assert (row.required.en, row.required.zh) == (en, zh)


def test_pair_that_lacks_what_it_requires_is_not_possible():
    theatre = Service(id="theatre", name="theatre", hosts=members("A100"))
    surgery = Service(id="surgery", name="surgery", requires=("theatre",))
    area = make_area(
        zones=[zone("z", "c1", 100)],
        sites=[facility("a", "z", "A100"), facility("b", "z", "C210")],
    )
    task = make_case(area, services=[theatre, surgery])
    possible = {("a", "surgery"), ("a", "theatre")}
    assert set(task.build().program.holds) == possible
    two = CountInUnit(id="R", quote="two", service="surgery", lo=2)
    (lack,) = task.with_rules(two).build().impossible
    assert (lack.needed, lack.lacking) == (2, 1)


def test_pair_of_today_costs_what_closing_it_does_unless_one_more_is_priced():
    area = make_area(
        zones=[zone("z", "c1", 100)],
        sites=[
            facility("a", "z", "C210", services=["post"]),
            facility("b", "z", "C210"),
            candidate("c", "z", "A100"),
        ],
        costs=[
            cost("post", "close", 1, 0.5),
            cost("post", "upgrade", 4, 2),
            cost("post", "build", 6, 3),
            cost("post", "build", 7, 3, facility_class="A100"),
        ],
    )
    policy = make_policy(services=[Service(id="post", name="post")])
    holdings = find_holdings(area, policy)
    assert dict(change_costs(area, holdings)) == {
        ("a", "post"): (1.0, 0.5),
        ("b", "post"): (4.0, 2.0),
        ("c", "post"): (7.0, 3.0),
    }
    assert change_costs(area, holdings, adding=True)["a", "post"] == (4.0, 2.0)


def test_one_that_may_grow_no_more_leaves_the_next_to_grow():
    ward = Service(id="ward", name="ward", most_per_site=3)
    area = make_area(
        zones=[zone("z", "c1", 100)],
        sites=[
            facility("a", "z", services=["ward"], locked="out"),
            facility("b", "z", services=["ward"]),
        ],
        costs=[cost("ward", "build", 2)],
    )
    four = CountInUnit(id="R", quote="four", service="ward", lo=4)
    task = make_case(area, services=[ward], rules=[four])
    assert set(task.build().program.extras) == {("b", "ward")}
    found = answer(task)
    assert found.plan.counts == {("a", "ward"): 1, ("b", "ward"): 3}
    assert found.values == optimum(task).values == (4.0,)
