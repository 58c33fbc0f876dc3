"""What a review decided binds the program, and the audit sees where it is not so."""

from __future__ import annotations

from dataclasses import replace

import pytest

from allocator.errors import AuditError
from allocator.policy import CountInUnit, Service
from allocator.policy.decided import DECIDED, Decided
from tests.factories import (
    answer,
    candidate,
    cost,
    facility,
    make_area,
    make_case,
    make_plan,
    members,
    zone,
)
from tests.oracle import optimum

POST = Service(id="post", name="post")
WARD = Service(id="ward", name="ward", most_per_site=3, hosts=members("A100"))


@pytest.fixture
def case():
    """Return a hospital with a ward of today, and a plot; nothing is asked for."""
    area = make_area(
        zones=[zone("z", "c", 9)],
        sites=[facility("h", "z", "A100", services=["ward"]), candidate("p", "z")],
        costs=[cost("post", "build", 3), cost("ward", "build", 2)],
    )
    return make_case(area, services=[POST, WARD], closing=frozenset({"ward"}))


def decided(case, *, barred=(), **held):
    pairs = {
        (site, service): number
        for key, number in held.items()
        for site, service in [key.split("_")]
    }
    return case.with_terms(decided=Decided(pairs, frozenset(barred)))


@pytest.mark.parametrize(
    ("held", "barred", "counts", "wan"),
    [
        ({"p_post": None}, (), {("p", "post"): 1, ("h", "ward"): 1}, 3),
        ({"h_ward": None}, (), {("h", "ward"): 1}, 0),
        ({"h_ward": 1}, (), {("h", "ward"): 1}, 0),
        ({"h_ward": 3}, (), {("h", "ward"): 3}, 4),
        ({"h_post": 1}, (), {("h", "post"): 1, ("h", "ward"): 1}, 3),
        ({}, [("h", "ward")], {}, 0),
        ({}, [("p", "post"), ("p", "ward")], {("h", "ward"): 1}, 0),
    ],
)
def test_pairs_are_held_as_often_as_decided(case, held, barred, counts, wan):
    task = decided(case, barred=barred, **held)
    found = answer(task.with_terms(objective=("capital_wan", "changes"), previous=KEPT))
    assert found.plan.counts == counts
    assert found.stated["capital_wan"] == wan == optimum(task).values[0]
    task.refuse_unless_sound(found.plan)


KEPT = ({("h", "ward"): 1},)


def test_pair_that_stays_and_is_barred_is_one_too_many(case):
    stays = case.with_terms(closing=frozenset())
    (lack,) = decided(stays, barred=[("h", "ward")]).build().impossible
    assert (lack.unit_id, lack.what, lack.needed, lack.lacking) == (
        "h ward",
        "barred",
        1.0,
        1.0,
    )


def test_pair_decided_without_a_number_may_hold_more(case):
    three = CountInUnit(id="R", quote="three", service="ward", lo=3)
    found = answer(decided(case.with_rules(three), h_ward=None))
    assert found.plan.counts == {("h", "ward"): 3}
    assert not answer(decided(case.with_rules(three), h_ward=2)).feasible


@pytest.mark.parametrize(
    ("held", "needed"), [({"p_ward": None}, 1), ({"p_ward": 2}, 2), ({"h_ward": 4}, 4)]
)
def test_what_no_plan_can_hold_is_seen_without_solving(case, held, needed):
    (lack,) = decided(case, **held).build().impossible
    ((site, service),) = (key.split("_") for key in held)
    assert (lack.rule_id, lack.unit_id) == (DECIDED, f"{site} {service}")
    assert lack.needed == needed


@pytest.mark.parametrize(
    ("held", "barred", "count", "words"),
    [
        ({"h_ward": 2}, (), 1, ["decided to hold 2, the plan has 1"]),
        ({"h_ward": 2}, (), 3, ["decided to hold 2, the plan has 3"]),
        ({"h_ward": 2}, (), 2, []),
        ({"h_ward": None}, (), 3, []),
        ({"p_post": None}, (), 1, ["decided to hold 1, the plan has 0"]),
        ({}, [("h", "ward")], 1, ["decided not to be here"]),
        ({}, [("p", "post")], 1, []),
    ],
)
def test_audit_counts_what_was_decided(case, held, barred, count, words):
    more = [("h", "ward", "upgrade", 2.0 * (count - 1), 0.0)] if count > 1 else []
    plan = make_plan([("h", "ward", "keep"), *more])
    counts = [1, count - 1][: len(plan.placements)]
    plan = replace(plan, placements=plan.placements.assign(count=counts))
    task = decided(case, barred=barred, **held)
    try:
        task.refuse_unless_sound(plan)
        found = []
    except AuditError as error:
        found = [f.message.en for f in error.findings]
    assert found == words


def test_changes_count_by_how_much_each_number_differs(case):
    before = {("h", "ward"): 3, ("p", "post"): 1}
    task = case.with_terms(objective=("changes",), previous=(before,))
    found = answer(task)
    assert found.plan.counts == before
    assert found.values == (0.0,)
    poor = task.with_terms(capital_wan=2.0)
    found = answer(poor)
    # One ward and the post are lacking.
    assert found.plan.counts == {("h", "ward"): 2}
    assert found.values == optimum(poor).values == (2.0,)
    poor.refuse_unless_sound(found.plan, found.stated)


@pytest.mark.parametrize(("was", "changes"), [(0, 3.0), (1, 2.0), (2, 1.0), (3, 0.0)])
def test_more_than_before_is_a_change_for_each_one(case, was, changes):
    three = CountInUnit(id="R", quote="three", service="ward", lo=3)
    before = {("h", "ward"): was} if was else {}
    task = case.with_rules(three).with_terms(objective=("changes",), previous=(before,))
    found = answer(task)
    assert found.plan.counts == {("h", "ward"): 3}
    assert found.values == optimum(task).values == (changes,)
    task.refuse_unless_sound(found.plan, found.stated)
