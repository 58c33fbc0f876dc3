"""A small share of the laws of ``make trust``."""

from __future__ import annotations

import pytest

from tests.property.briefs import briefs
from tests.trust.counting import tally
from tests.trust.laws import LAWS


@pytest.mark.slow
@pytest.mark.parametrize("what", LAWS)
def test_law_holds_between_random_tasks(what):
    kinds, wrong = tally(briefs(), LAWS[what], examples=25)
    assert not wrong
    assert kinds["feasible"] >= 10
