"""``indicator``: recorded and reported, never optimised."""

from __future__ import annotations

import pytest

from allocator.policy import CountInUnit, Indicator, Priority, Service, Unit
from tests.factories import (
    answer,
    candidate,
    make_area,
    make_case,
    make_plan,
    rows_of,
    zone,
)
from tests.oracle import optimum

POST = Service(id="post", name="post")
TARGET = "life expectancy 80"


def rule(**changes):
    return Indicator(id="R", quote="by 2030 80 years", target=TARGET, **changes)


@pytest.fixture
def case():
    """Return one candidate in each of two counties."""
    area = make_area(
        zones=[zone("z1", "c1", 100), zone("z2", "c2", 50)],
        sites=[candidate("a", "z1"), candidate("b", "z2")],
    )
    return make_case(area, services=[POST], rules=[rule()], objective=("sites",))


def test_no_row_is_built_whatever_the_priority(case, same_as_golden):
    formulation = case.build()
    assert rows_of(formulation, "R") == {}
    same_as_golden("indicator", formulation)
    for priority in Priority:
        task = case.with_rules(rule(priority=priority))
        assert rows_of(task.build(), "R") == {}
        assert answer(task).values == optimum(task).values == (0.0,)


def test_audit_lists_the_target_as_tracked_and_never_refuses(case):
    (row,) = case.audit(make_plan())
    assert (row.verdict, row.required.zh, row.missing) == ("tracked", TARGET, 0)
    case.refuse_unless_sound(make_plan())


def test_indicator_beside_a_count_leaves_nothing_to_hold_in_any_county(case):
    """What is only tracked may hold, so the count beside it cannot be asked for."""
    either = CountInUnit(
        id="R",
        quote="one, or otherwise assured",
        service="post",
        unit=Unit.COUNTY,
        lo=1,
        any_of=(rule(unit=Unit.COUNTY),),
    )
    task = case.with_rules(either)
    found = answer(task)
    assert found.new == set()
    assert {r.unit_id: r.verdict for r in task.audit(found.plan)} == {
        "c1": "tracked",
        "c2": "tracked",
    }
    task.refuse_unless_sound(found.plan, found.stated)
