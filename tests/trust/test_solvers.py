"""A small share of the comparisons of solvers of ``make trust``."""

from __future__ import annotations

import pytest

from tests.property.briefs import briefs
from tests.trust.counting import tally
from tests.trust.solvers import SOLVERS, available, check_with


@pytest.mark.slow
@pytest.mark.parametrize("name", SOLVERS)
def test_other_solvers_reach_the_same_values(name):
    if not available(name):
        pytest.skip(f"{name} is not on this machine")
    kinds, wrong = tally(briefs(), check_with(name), examples=25, start=3)
    assert not wrong
    assert kinds["feasible"] >= 5


def test_the_second_solver_of_the_program_is_there():
    assert available("CBC")
