"""A few cycles of ``make trust``."""

from __future__ import annotations

import sys

import pytest

from tests.trust.soak import cycles


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc")
def test_cycles_of_plan_review_apply_leave_nothing_behind(monkeypatch):
    _, growth, left = found = cycles(4)
    assert [figure.wrong for figure in found[:1]] == [0]
    assert left.wrong == 0, left.note
    assert growth.tried
