"""What must hold between two tasks, whatever the tasks: the part ``laws``.

Scaled people, people of one place told apart, and counties that share nothing. What
cannot hurt (money, looser rules, sites) and names that change nothing are in
tests/property/test_monotone.py.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd
import pytest

from allocator.errors import InputError
from allocator.policy import (
    CountInUnit,
    PopulationBand,
    Rate,
    ShareOfClass,
    Unit,
)
from allocator.policy.decided import Decided
from tests.factories import Case, members
from tests.factories import answer as answer_within
from tests.property.briefs import briefs
from tests.trust.counting import figure_of, tally

if TYPE_CHECKING:
    from collections.abc import Callable

    from allocator.policy import Rule
    from tests.factories import Answer
    from tests.trust.figures import Figure

TIMES = 7
EXAMPLES = 400
_OF_PEOPLE = ("uncovered_people", "person_minutes")
_SUMS = (*_OF_PEOPLE, "capital_wan", "yearly_wan", "sites", "changes")


def answer(case: Case) -> Answer:
    """Solve a task to a gap far below what is compared.

    Stages are held within 1e-8, so that a later one may be proven no better than that.
    """
    return answer_within(case, 1e-6)


def _same(one: Any, two: Any, expected: dict[str, float]) -> str:
    assert one.feasible == two.feasible
    if not one.feasible:
        return "infeasible"
    assert two.stated == pytest.approx(expected, rel=1e-4, abs=1e-2)
    return "feasible"


# --- people scale ---------------------------------------------------------------------


def _scaled_rule(rule: Rule, times: int) -> Rule:
    """Return a rule that says of so many times the people what it said before."""
    scope = rule.scope
    scope = replace(
        scope,
        people_from=None if scope.people_from is None else scope.people_from * times,
        people_below=None if scope.people_below is None else scope.people_below * times,
    )
    others = tuple(_scaled_rule(other, times) for other in rule.any_of)
    rule = replace(rule, scope=scope, any_of=others)
    if isinstance(rule, PopulationBand):
        return replace(rule, lo=rule.lo * times, hi=rule.hi * times)
    if isinstance(rule, Rate) and rule.denominator in ("population", _ELDERLY):
        return replace(rule, per=rule.per * times)
    return rule


_ELDERLY = "zones:population_65"


def check_scaled_people(case: Case, times: int = TIMES) -> str:
    """Hold a task against the same with so many times the people everywhere."""
    area = case.area
    zones, demand, sites = area.zones.copy(), area.demand.copy(), area.sites.copy()
    zones[["population", "population_65"]] *= times
    demand["people"] *= times
    if "capacity_people" in sites:
        sites["capacity_people"] *= times
    other = replace(
        case,
        area=replace(area, zones=zones, demand=demand, sites=sites),
        policy=replace(
            case.policy,
            rules=tuple(_scaled_rule(rule, times) for rule in case.policy.rules),
        ),
    )
    one, two = answer(case), answer(other)
    # A shortfall counts in each rule's own unit, which may be people.
    expected = {
        name: two.stated[name]
        if name == "shortfall"
        else value * (times if name in _OF_PEOPLE else 1)
        for name, value in one.stated.items()
    }
    return _same(one, two, expected)


# --- one place, two rows --------------------------------------------------------------


def check_split_point(case: Case) -> str:
    """Hold a task against the same with its first demand point told in two rows."""
    case = case.with_terms(split=True)
    try:
        case.build()
    except InputError:
        return "not to be split"
    area, pairs = case.area, case.travel.pairs
    first = area.demand.index[0]
    part = area.demand.loc[[first]].rename(index={first: "dd"})
    half = int(area.demand.loc[first, "people"]) // 3
    demand = pd.concat([area.demand, part])
    demand.loc["dd", "people"] = half
    demand.loc[first, "people"] -= half
    more = pairs[pairs["demand_id"] == first].assign(demand_id="dd")
    pairs = pd.concat([pairs, more]).sort_values(
        ["demand_id", "site_id"], ignore_index=True
    )
    other = replace(
        case,
        area=replace(area, demand=demand),
        travel=replace(case.travel, pairs=pairs),
    )
    one, two = answer(case), answer(other)
    return _same(one, two, one.stated)


# --- counties that share nothing ------------------------------------------------------


def _local(rule: Rule) -> Rule:
    """Return the rule as one that says something of each county by itself."""
    others = tuple(_local(other) for other in rule.any_of)
    unit = Unit.COUNTY if rule.unit == Unit.AREA else rule.unit
    scope = replace(rule.scope, county=())
    return replace(rule, unit=unit, scope=scope, any_of=others)


def _renamed(case: Case, mark: str) -> Case:
    """Return the same task elsewhere: every id has a mark before it."""
    area, terms = case.area, case.terms

    def new(name: str) -> str:
        return f"{mark}{name}" if name else ""

    def moved[T: (pd.DataFrame, gpd.GeoDataFrame)](frame: T) -> T:
        frame = frame.rename(index=new)
        for column in ("zone_id", "county_id"):
            if column in frame:
                frame[column] = frame[column].map(new)
        return frame

    pairs = case.travel.pairs.copy()
    for column in ("demand_id", "site_id"):
        pairs[column] = pairs[column].map(new)
    assert area.costs is not None
    costs = area.costs.assign(site_id=area.costs["site_id"].map(new))
    return replace(
        case.with_terms(
            decided=Decided(
                {(new(s), k): n for (s, k), n in terms.decided.held.items()},
                frozenset((new(s), k) for s, k in terms.decided.barred),
            ),
            previous=tuple(
                {(new(s), k): n for (s, k), n in held.items()}
                for held in terms.previous or ()
            ),
        ),
        area=replace(
            area,
            zones=moved(area.zones),
            counties=moved(area.counties),
            demand=moved(area.demand),
            sites=moved(area.sites),
            costs=costs,
        ),
        travel=replace(case.travel, pairs=pairs),
    )


def _together(one: Case, two: Case) -> Case:
    """Return two tasks of one policy as one task."""
    a, b, terms = one.area, two.area, one.terms
    pairs = pd.concat([one.travel.pairs, two.travel.pairs])
    before = zip(terms.previous or (), two.terms.previous or (), strict=True)
    return replace(
        one.with_terms(
            decided=Decided(
                {**terms.decided.held, **two.terms.decided.held},
                terms.decided.barred | two.terms.decided.barred,
            ),
            previous=tuple({**p, **q} for p, q in before),
        ),
        area=replace(
            a,
            zones=pd.concat([a.zones, b.zones]),
            counties=pd.concat([a.counties, b.counties]),
            demand=pd.concat([a.demand, b.demand]),
            sites=pd.concat([a.sites, b.sites]),
            costs=pd.concat([a.costs, b.costs]).drop_duplicates(ignore_index=True),
        ),
        travel=replace(
            one.travel,
            pairs=pairs.sort_values(["demand_id", "site_id"], ignore_index=True),
        ),
    )


def check_two_areas(case: Case) -> str:
    """Hold a task and its copy elsewhere against both as one task."""
    policy = replace(
        case.policy,
        services={
            k: replace(s, hosts=_anywhere(s.hosts), assign_within=Unit.COUNTY)
            for k, s in case.policy.services.items()
        },
        resources={
            k: replace(r, at=_anywhere(r.at)) for k, r in case.policy.resources.items()
        },
        rules=tuple(
            replace(_local(rule), **_free_members(rule)) for rule in case.policy.rules
        ),
    )
    order = tuple(n for n in case.terms.objective if n in _SUMS) or ("capital_wan",)
    case = replace(case, policy=policy).with_terms(
        objective=order, capital_wan=None, yearly_wan=None
    )
    one, both = (
        answer(case),
        answer(_together(_renamed(case, "a"), _renamed(case, "b"))),
    )
    doubled = {name: 2 * value for name, value in one.stated.items()}
    return _same(one, both, doubled)


def _anywhere(who: Any) -> Any:
    if who is None:
        return None
    return members(
        *who.facility_class,
        service=who.service,
        level_from=who.level_from,
        public=who.public,
    )


def _free_members(rule: Rule) -> dict[str, Any]:
    if isinstance(rule, CountInUnit | ShareOfClass | Rate):
        return {"of": _anywhere(rule.of)}
    return {}


LAWS: dict[str, Callable[[Case], str]] = {
    "seven times the people, and figures of people in every rule": check_scaled_people,
    "the people of a demand point told in two rows": check_split_point,
    "an area and its copy elsewhere as one task": check_two_areas,
}


def figures(share: float) -> list[Figure]:
    """Hold random tasks against their counterparts; 400 for each law."""
    found = []
    for what, check in LAWS.items():
        kinds, wrong = tally(briefs(), check, examples=round(EXAMPLES * share))
        found.append(figure_of(what, kinds, wrong))
    return found
