"""Replacement values and costs of forcing, against trying every subset."""

from __future__ import annotations

import pytest
from hypothesis import event, given

from allocator.reasons import consequence, decisions
from tests.oracle import optimum
from tests.property.briefs import briefs
from tests.property.test_against_oracle import thorough
from tests.reasons.solved import base_of


@pytest.mark.slow
@thorough
@given(case=briefs())
def test_every_changed_choice_costs_what_trying_every_subset_says(case):
    base = base_of(case)
    if base is None:
        return
    for pair in decisions(base.program):
        event(check_pair(case, base, pair))


def check_pair(case, base, pair):
    """Hold one changed choice against the oracle; say what came of it."""
    found = consequence(base, pair, time_limit_s=60)
    held = pair in base.held
    assert found.question == ("without" if held else "with")
    best = optimum(case, lambda subset: (pair in subset) != held)
    if best is None:
        assert found.verdict == "impossible"
        assert found.differences == ()
        return found.verdict
    values = [d.value for d in found.differences]
    expected = list(best.values)
    if found.differences[0].name == "shortfall":
        expected.insert(0, best.shortfall)
    assert values == pytest.approx(expected, rel=1e-4, abs=1e-3)
    check_proofs(found)
    return found.verdict


def check_proofs(found):
    first = found.first
    assert found.verdict == ("as_good" if first is None else "worse")
    for difference in found.differences:
        if difference is first:
            worse = abs(difference.value - difference.base)
            assert difference.kind == "worse"
            assert difference.at_least == pytest.approx(worse, rel=1e-4, abs=1e-3)
            assert difference.at_most == pytest.approx(worse, rel=1e-4, abs=1e-3)
            break
        assert difference.kind == "none"
