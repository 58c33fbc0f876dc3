"""Figures of very different size, and values at the edge: the part ``numbers``."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from unittest import mock

import pulp
import pytest

from allocator.policy import PopulationBand
from tests.factories import answer
from tests.oracle import keeps_every_rule, optimum
from tests.property.briefs import briefs
from tests.trust.counting import figure_of, tally
from tests.trust.laws import check_scaled_people

if TYPE_CHECKING:
    from collections.abc import Callable

    from hypothesis import strategies as st

    from tests.factories import Case
    from tests.trust.figures import Figure

EXAMPLES = 400
DEAR = 1e9
CROWD = 1_000_000
NEARLY = 9e-7  # off a whole number, as a solver leaves binaries


def check_dear(case: Case) -> str:
    """Hold a task whose prices are 0 to 9 and 10^9 to 9 * 10^9 against every subset."""
    costs = case.area.costs
    assert costs is not None
    costs = costs.copy()
    dear = [n % 2 == 0 for n in range(len(costs))]
    costs.loc[dear, "capital_wan"] *= DEAR
    budget = case.terms.capital_wan
    case = replace(case, area=replace(case.area, costs=costs)).with_terms(
        capital_wan=None if budget is None else budget * DEAR
    )
    best, found = optimum(case), answer(case)
    assert found.feasible == (best is not None)
    if best is None:
        return "infeasible"
    stated = {k: v for k, v in found.stated.items() if k != "shortfall"}
    expected = dict(zip(case.terms.objective, best.values, strict=True))
    assert stated == pytest.approx(expected, rel=1e-8, abs=1e-3)
    assert keeps_every_rule(case, found.plan)
    case.refuse_unless_sound(found.plan, found.stated)
    return "feasible"


def check_crowd(case: Case) -> str:
    """Hold a task against the same with a million times the people (10^7 a point)."""
    return check_scaled_people(case, CROWD)


def check_edge(case: Case) -> str:
    """Set every band to exactly the people that its sites serve: the plan stands."""
    found = answer(case)
    if found.plan is None or not any(map(_banded, case.policy.rules)):
        return "without a band"
    rows = found.plan.assignments
    loads = rows.groupby(["service", "site_id"])["people"].sum()
    whole = loads[(loads - loads.round()).abs() < 1e-9].round()
    if len(whole) < len(loads) or loads.empty:
        return "without whole loads"
    lo, hi = float(whole.min()), float(whole.max())
    rules = tuple(
        replace(rule, lo=max(rule.lo, lo), hi=min(rule.hi, hi))
        if isinstance(rule, PopulationBand) and rule.lo <= lo and hi <= rule.hi
        else rule
        for rule in case.policy.rules
    )
    edge = replace(case, policy=replace(case.policy, rules=rules))
    edge.refuse_unless_sound(found.plan)
    again = answer(edge)
    assert again.feasible
    assert again.stated == pytest.approx(found.stated, rel=1e-6, abs=1e-6)
    return "at the edge"


def _banded(rule: object) -> bool:
    return isinstance(rule, PopulationBand)


def check_nearly_whole(case: Case) -> str:
    """Let the solver leave every placement a little off: none flips."""
    honest = pulp.HiGHS.actualSolve
    draw = random.Random(7)  # noqa: S311

    def off(self: Any, lp: Any, **settings: Any) -> Any:
        stats = honest(self, lp, **settings)
        for variable in lp.variables() if stats.has_solution else ():
            value = variable.varValue
            if variable.name.startswith("h_") and value is not None:
                away = draw.uniform(0.0, NEARLY)
                variable.varValue = value - away if value > 0.5 else value + away
        return stats

    exact = answer(case)
    with mock.patch.object(pulp.HiGHS, "actualSolve", off):
        found = answer(case, 1e-4)
    assert found.feasible == exact.feasible
    if found.plan is None:
        return "infeasible"
    assert found.plan.counts == exact.plan.counts
    assert found.stated == pytest.approx(exact.stated, rel=1e-5, abs=1e-4)
    case.refuse_unless_sound(found.plan, found.stated)
    return "feasible"


NUMBERS: dict[str, Callable[[Case], str]] = {
    "prices of 1 and of 10^9 in one task, against every subset": check_dear,
    "10^7 people a demand point": check_crowd,
    "bands set to exactly what is served": check_edge,
    "placements left 9e-7 off 0 and 1 by the solver": check_nearly_whole,
}


def drawn(what: str) -> st.SearchStrategy[Case]:
    """Return the tasks of a check."""
    if "bands" not in what:
        return briefs()
    return briefs().filter(lambda case: any(map(_banded, case.policy.rules)))


def figures(share: float) -> list[Figure]:
    """Try each 400 times."""
    found = []
    for what, check in NUMBERS.items():
        kinds, wrong = tally(
            drawn(what), check, examples=round(EXAMPLES * share), start=5
        )
        found.append(figure_of(what, kinds, wrong))
    return found
