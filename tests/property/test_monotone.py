"""What cannot hurt does not: more money, looser rules, more sites, other names."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from allocator.policy.decided import Decided
from tests.factories import Case, answer, candidate, make_travel
from tests.property.briefs import briefs
from tests.property.test_against_oracle import EXAMPLES

quick = settings(
    max_examples=max(20, EXAMPLES // 4),
    deadline=None,
    derandomize=EXAMPLES <= 150,
    suppress_health_check=list(HealthCheck),
)


def no_worse(case: Case, before: Any, after: Any) -> bool:
    """Compare two answers in the brief's order; infeasible is worst."""
    if not before.feasible or not after.feasible:
        return after.feasible or not before.feasible
    for name in case.terms.objective:
        sign = -1 if name == "worst_county_coverage" else 1
        was, now = sign * before.stated[name], sign * after.stated[name]
        if now != pytest.approx(was, rel=1e-4, abs=1e-3):
            return bool(now < was)
    return True


@quick
@given(case=briefs(simple=True), money=st.integers(0, 20), more=st.integers(1, 10))
def test_more_money_never_hurts(case, money, more):
    poor = case.with_terms(capital_wan=float(money))
    rich = case.with_terms(capital_wan=float(money + more))
    assert no_worse(case, answer(poor), answer(rich))


@quick
@given(case=briefs(simple=True), data=st.data())
def test_leaving_a_rule_out_never_costs_more(case, data):
    strict = case.with_terms(objective=("capital_wan",))
    rules = list(case.policy.rules)
    rules.remove(data.draw(st.sampled_from(rules)))
    loose = strict.with_rules(*rules)
    assert no_worse(strict, answer(strict), answer(loose))


@quick
@given(case=briefs(simple=True))
def test_one_more_candidate_never_hurts(case):
    area = case.area
    new = candidate("zz", area.zones.index[0])
    row = pd.DataFrame([new]).set_index("site_id")
    row["county_id"] = area.zones["county_id"].iloc[0]
    sites = pd.concat([area.sites, row.reindex(columns=area.sites.columns)])
    sites[["lon", "lat"]] = sites[["lon", "lat"]].fillna(0.0)
    sites["branch"] = sites["branch"].astype(bool)
    pairs = case.travel.pairs
    near = pd.DataFrame(
        {"demand_id": area.demand.index, "site_id": "zz", "minutes": 5.0, "km": 2.0}
    )
    if not case.travel.knows_km:
        near["km"] = float("nan")
    everything = pd.concat([pairs, near] if len(pairs) else [near])
    travel = replace(
        case.travel,
        pairs=everything.sort_values(["demand_id", "site_id"], ignore_index=True),
    )
    wider = replace(case, area=replace(area, sites=sites), travel=travel)
    assert no_worse(case, answer(case), answer(wider))


@quick
@given(case=briefs())
def test_names_and_order_of_rows_change_nothing(case):
    area = case.area
    decided, previous = case.terms.decided, case.terms.previous

    def renamed(name: str) -> str:
        return f"n{9 - int(name[1:])}" if name else ""

    sites = area.sites.rename(index=renamed).sort_index()
    sites["zone_id"] = sites["zone_id"].map(renamed)
    zones = area.zones.rename(index=renamed).sort_index()
    demand = area.demand.rename(index=renamed).sort_index()
    demand["zone_id"] = demand["zone_id"].map(renamed)
    costs = area.costs.assign(site_id=area.costs["site_id"].map(renamed))
    trips = case.travel.pairs.to_dict("records")
    travel = make_travel(
        {(renamed(t["demand_id"]), renamed(t["site_id"])): t["minutes"] for t in trips},
        {(renamed(t["demand_id"]), renamed(t["site_id"])): t["km"] for t in trips},
    )
    other = replace(
        case.with_terms(
            decided=Decided(
                {(renamed(s), k): n for (s, k), n in decided.held.items()},
                frozenset((renamed(s), k) for s, k in decided.barred),
            ),
            previous=tuple(
                {(renamed(s), k): n for (s, k), n in held.items()} for held in previous
            ),
        ),
        area=replace(area, sites=sites, zones=zones, demand=demand, costs=costs[::-1]),
        travel=travel,
        policy=replace(case.policy, rules=case.policy.rules[::-1]),
    )
    one, two = answer(case), answer(other)
    assert one.feasible == two.feasible
    assert two.stated == pytest.approx(one.stated, rel=1e-4, abs=1e-3)
