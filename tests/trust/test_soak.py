"""A few cycles of ``make trust``."""

from __future__ import annotations

import sys

import pytest

from tests.trust.soak import cycles
from tests.trust.users import together


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc")
def test_cycles_of_plan_review_apply_leave_nothing_behind(monkeypatch):
    _, growth, left = found = cycles(4)
    assert [figure.wrong for figure in found[:1]] == [0]
    assert left.wrong == 0, left.note
    assert growth.tried


@pytest.mark.slow
def test_three_people_at_once_lose_no_decision():
    (figure,) = together(3, 4.0)
    assert figure.tried >= 3
    assert figure.wrong == 0, figure.note
