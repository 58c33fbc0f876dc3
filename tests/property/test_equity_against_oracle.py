"""Objectives about fairness against trying every subset, on random small tasks."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from allocator.policy.equity import (
    COUNTY_COVERAGE,
    COUNTY_MINUTES,
    KOLM_POLLAK,
    WORST_TAIL,
    Equity,
)
from tests.factories import answer
from tests.oracle import World
from tests.oracle_equity import counties_of, fairest
from tests.property.briefs import BAND_SERVICE, briefs
from tests.property.test_against_oracle import EXAMPLES

thorough = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=EXAMPLES <= 150,
    suppress_health_check=list(HealthCheck),
)


@st.composite
def fair_briefs(draw):
    """Return a random task whose order holds at least one objective about fairness."""
    case = draw(briefs())
    names = ["capital_wan", "uncovered_people"]
    fair = []
    if case.policy.services[BAND_SERVICE].serves is not None:
        names.append("person_minutes")
        if World(case).addressed(BAND_SERVICE):
            fair += [COUNTY_MINUTES, KOLM_POLLAK, WORST_TAIL]
    if counties_of(World(case), World(case).covers()):
        fair.append(COUNTY_COVERAGE)
    if not fair:
        fair = ["capital_wan"]
        names.remove("capital_wan")
    first = draw(st.sampled_from(fair))
    rest = [n for n in draw(st.permutations([*names, *fair])) if n != first]
    order = [first, *(n for n in rest if draw(st.booleans()))]
    if "uncovered_people" in order and "person_minutes" in order:
        order.remove("uncovered_people")
        order.insert(order.index("person_minutes"), "uncovered_people")
    equity = Equity(
        kappa=draw(st.sampled_from([-0.02, -0.1, -0.3])),
        unserved_minutes=60.0,
        tail_share=draw(st.sampled_from([0.1, 0.25, 0.5, 1.0])),
    )
    return case.with_terms(objective=tuple(order), equity=equity)


@thorough
@given(case=fair_briefs())
def test_fairest_plan_equals_trying_every_subset(case):
    event(check_fairest(case))
    event(case.terms.objective[0])


def check_fairest(case):
    """Hold program, plan and audit against the oracle; say whether there is a plan."""
    best, found = fairest(case), answer(case)
    assert found.feasible == (best is not None)
    if best is None:
        return "infeasible"
    shortfall, expected = best
    stated = found.stated
    assert stated.pop("shortfall", 0.0) == pytest.approx(shortfall, abs=1e-4)
    assert list(stated) == list(expected)
    assert stated == pytest.approx(expected, rel=1e-4, abs=1e-4)
    case.refuse_unless_sound(found.plan, found.stated)
    return "feasible"
