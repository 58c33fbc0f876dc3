"""No-regret placements and candidates never chosen, against trying every subset."""

from __future__ import annotations

import pytest
from hypothesis import event, given

from allocator.reasons import decisions, near_best, search_near_best
from tests.oracle import every_plan
from tests.property.briefs import briefs
from tests.reasons.solved import base_of, generated, solved, town

# Of these the oracle sends people by one order only: within a tolerance two of them
# could be traded for each other.
TRADED = {"uncovered_people", "person_minutes", "max_minutes"}


@pytest.mark.slow
@generated
@given(case=briefs())
def test_no_regret_and_never_equal_trying_every_near_best_subset(case):
    base = base_of(case)
    if base is None:
        return
    within = 0.0 if len(TRADED & set(case.terms.objective)) > 1 else 0.25
    event(f"within {within}")
    check_region(case, base, near_best(base, within))


def plans_within(case, region):
    """Return the decisions of every subset within the limits of a region."""
    names = [stage.name for stage in region.base.solution.stages]
    open_pairs = set(decisions(region.base.program))
    found = set()
    for plan in every_plan(case):
        values = dict(zip(case.terms.objective, plan.values, strict=True))
        values["shortfall"] = plan.shortfall
        signs = [-1 if name == "worst_county_coverage" else 1 for name in names]
        if all(
            sign * values[name] <= limit + 1e-6 * max(1.0, abs(limit))
            for name, sign, limit in zip(names, signs, region.limits, strict=True)
        ):
            found.add(plan.held & open_pairs)
    return found


def check_region(case, base, region):
    seen = search_near_best(region, time_limit_s=120)
    plans = plans_within(case, region)
    assert plans
    assert seen.complete
    assert set(seen.pool) <= plans
    assert set(seen.always) == set.intersection(*map(set, plans))
    assert set(seen.never) == set(decisions(base.program)) - set().union(*plans)


def test_a_cancelled_search_proves_nothing():
    class Cancelled:
        def step(self, text):
            pass

        def update(self, text):
            pass

        def cancelled(self):
            return True

    base = solved(town())
    base.session.progress = Cancelled()
    seen = search_near_best(near_best(base, 0.01), time_limit_s=60)
    assert seen.pool == (base.decided,)
    assert set(seen.always) == base.decided
    assert seen.proven == frozenset()
    assert not seen.complete


def test_the_nearest_site_is_no_regret_and_the_alike_ones_are_optional():
    base = solved(town())
    seen = search_near_best(near_best(base, 0.01), time_limit_s=60)
    assert seen.always == (("near", "clinic"),)
    assert seen.never == (("dear", "clinic"),)
    assert seen.complete


def test_limits_are_a_share_of_the_value_and_nought_stays_nought():
    region = near_best(solved(town()), 0.1)
    assert region.limits == pytest.approx((0.0, 550 * 1.1, 200 * 1.1), abs=1e-6)


def test_a_negative_tolerance_is_refused():
    with pytest.raises(ValueError, match="within"):
        near_best(solved(town()), -0.1)
