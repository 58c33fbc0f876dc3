from __future__ import annotations

import pandas as pd
import pytest

from allocator.parts import join_plans, unpack_plans
from allocator.parts.packing import pack_plans
from tests.factories import make_plan

ONE = make_plan(
    [("s2", "clinic", "build", 10.5, 1.0)],
    [("d1", "s2", "clinic", 10.0, 1 / 3)],
    [("s2", "beds", 4.0, 1.0, 0.5)],
)
OTHER = make_plan([("s1", "诊所", "keep")], [("d0", "s1", "clinic", 2.0, 5.0)])


def same(plan, other):
    for name in ("placements", "assignments", "allocations"):
        pd.testing.assert_frame_equal(
            getattr(plan, name), getattr(other, name), check_dtype=False
        )


def test_a_plan_is_unpacked_as_it_was():
    for plan in (ONE, OTHER):
        (back,) = unpack_plans(pack_plans([plan]))
        same(back, plan)


def test_bytes_that_are_no_plan_are_refused():
    with pytest.raises(ValueError, match="packed"):
        unpack_plans(b"none")


def test_joined_plans_are_sorted_as_one():
    (joined,) = join_plans([(ONE,), (OTHER,)])
    assert joined.placements["site_id"].tolist() == ["s1", "s2"]
    assert joined.assignments["demand_id"].tolist() == ["d0", "d1"]
    assert joined.allocations["amount"].tolist() == [4.0]


def test_plans_without_rows_are_joined_to_none():
    empty = make_plan()
    (joined,) = join_plans([(empty,), (empty,)])
    assert len(joined.placements) == 0
