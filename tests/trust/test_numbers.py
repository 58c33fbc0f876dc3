"""A small share of the figures of ``make trust``."""

from __future__ import annotations

import pytest

from tests.trust.counting import tally
from tests.trust.numbers import NUMBERS, drawn


@pytest.mark.slow
@pytest.mark.parametrize("what", NUMBERS)
def test_size_and_edge_change_nothing(what):
    kinds, wrong = tally(drawn(what), NUMBERS[what], examples=40, start=5)
    assert not wrong
    assert kinds["feasible"] + kinds["at the edge"] >= 4
