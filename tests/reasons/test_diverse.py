"""Alternatives are as far apart as trying every pair of plans says."""

from __future__ import annotations

import pytest
from hypothesis import event, given

from allocator.reasons import Spread, least_apart, near_best
from tests.property.briefs import briefs
from tests.reasons.solved import base_of, generated, solved, town
from tests.reasons.test_near_best import TRADED, plans_within


@pytest.mark.slow
@generated
@given(case=briefs())
def test_each_alternative_is_the_farthest_near_best_plan(case):
    base = base_of(case)
    if base is None:
        return
    within = 0.0 if len(TRADED & set(case.terms.objective)) > 1 else 0.5
    region = near_best(base, within)
    plans = plans_within(case, region)
    shown = [base.decided]
    spread = Spread(region, 1)  # any other plan, so that there often is one
    for _ in range(2):
        best = max(min(len(p ^ q) for q in shown) for p in plans)
        found = spread.next(time_limit_s=60)
        if best == 0:
            assert found == "none"
            event("none")
            return
        assert not isinstance(found, str)
        check_alternative(found, best, plans, shown)
        shown.append(found.held)
    event("two")


def check_alternative(found, best, plans, shown):
    assert found.held in plans
    assert found.apart == min(len(found.held ^ q) for q in shown) == best
    assert found.proven


def test_alternatives_differ_in_three_decisions_at_least():
    base = solved(town())
    assert least_apart(base, None) == 3
    assert least_apart(base, 1) == 3
    assert least_apart(base, 9) == 9


def test_when_no_plan_is_so_far_apart_that_is_proved():
    # One clinic in place of another is the only change: two decisions.
    spread = Spread(near_best(solved(town()), 0.01), 3)
    assert spread.next(time_limit_s=20) == "none"


def test_an_alternative_sends_people_as_well_as_can_be_and_states_its_values():
    base = solved(town())
    spread = Spread(near_best(base, 1.0), 4)  # twice the minutes, twice the money
    found = spread.next(time_limit_s=20)
    assert not isinstance(found, str)
    assert found.apart >= 4
    stages = {stage.name: stage for stage in found.solution.stages}
    assert stages["uncovered_people"].status == "optimal"
    assert stages["person_minutes"].value in (
        pytest.approx(550),
        pytest.approx(1100),
    )
    assert stages["capital_wan"].value <= 400
    assert found.solution.status == "feasible"
