"""Tiny tasks under scenarios, and the best of all subsets by trying every one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from allocator.formulation import build_phases
from allocator.policy import Coverage, Scope, Service, Unit
from allocator.policy.terms import Phase
from allocator.scenarios import NOMINAL, Copies, Factors, Scenario, Search, under
from allocator.solve import Session
from tests.factories import (
    candidate,
    cost,
    make_area,
    make_case,
    make_travel,
    zone,
)
from tests.oracle import World as Oracle

if TYPE_CHECKING:
    from allocator.solve import Solution

ORDER = ("uncovered_people", "person_minutes", "capital_wan")

# Five villages in a row, five candidates, money for two: a clinic is in reach within 20
# minutes. Where people move or roads get slow, other places are best.
PEOPLE = {"z1": 900, "z2": 500, "z3": 400, "z4": 700, "z5": 600}
COUNTY = {"z1": "c1", "z2": "c1", "z3": "c1", "z4": "c2", "z5": "c2"}


def minutes():
    places = {"z1": 0, "z2": 14, "z3": 29, "z4": 47, "z5": 62}
    sites = {"s1": 3, "s2": 12, "s3": 31, "s4": 44, "s5": 58}
    return {
        (f"d_{z}", s): float(abs(at - there))
        for z, at in places.items()
        for s, there in sites.items()
    }


def small_case(*, budget=220.0, rules=True, capacity=None, share=None, **terms):
    sites = [
        candidate(
            f"s{n}",
            f"z{n}",
            **({"capacity_people": capacity[n - 1]} if capacity else {}),
        )
        for n in range(1, 6)
    ]
    area = make_area(
        zones=[zone(z, COUNTY[z], people) for z, people in PEOPLE.items()],
        sites=sites,
        costs=[
            cost("clinic", "build", 100.0, 10.0),
            *([cost("clinic", "build", 130.0, 10.0, site_id="s1")]),
        ],
    )
    reach = Coverage(
        id="R", quote="within 20", service="clinic", within_minutes=20, share=share
    )
    return make_case(
        area,
        services=[
            Service(id="clinic", name="clinic", serves=Scope(), assign_within=Unit.AREA)
        ],
        rules=[reach] if rules else [],
        travel=make_travel(minutes()),
        capital_wan=budget,
        objective=terms.pop("objective", ORDER),
        **terms,
    )


SCENARIOS = (
    Scenario("fewer in c1", population=Factors(1.0, (("c1", 0.5),))),
    Scenario("more in c2", population=Factors(1.0, (("c2", 2.0),))),
    Scenario("slow", travel=1.4),
    Scenario("dear", costs=Factors(1.2)),
    Scenario("all more", population=Factors(1.3)),
    Scenario("s4 fails", out_of_service=("s4",)),
)


def world_of(case, scenario, max_minutes=None):
    phase = Phase(case.area, case.policy, case.terms)
    return under(scenario, [phase], case.travel, max_minutes=max_minutes)


class Kept:
    """What the search found of one plan: its pairs and what it states."""

    def __init__(self, formulation, solution: Solution):
        self.held = frozenset(
            pair for pair, v in formulation.program.holds.items() if v.varValue > 0.5
        )
        self.solution = solution


def search(case, scenarios=SCENARIOS):
    """Solve the task as it is, and return the search over its scenarios."""
    phase = Phase(case.area, case.policy, case.terms)
    formulation = build_phases([phase], case.travel)
    session = Session(formulation, gap=0.0, threads=1)
    nominal = session.solve(time_limit_s=60)
    copies = Copies(formulation, lambda s: world_of(case, s))
    weighed = [copies.weigh(s) for s in (NOMINAL, *scenarios)]
    found = Search(
        session,
        weighed,
        nominal,
        keep=lambda solution: Kept(formulation, solution),
        time_limit_s=60,
    )
    return found, copies


# --- Trying every subset --------------------------------------------------------------


def worth(case, scenario, held):
    """Return what a subset is worth under a scenario: reach, journeys, money."""
    trips = case.travel.pairs.set_index(["demand_id", "site_id"])["minutes"]
    factor = {
        c: dict(scenario.population.named).get(c, scenario.population.other)
        for c in ("c1", "c2")
    }
    out = set(scenario.out_of_service)
    uncovered = journeys = 0.0
    for z, people in PEOPLE.items():
        there = people * factor[COUNTY[z]]
        times = [trips[f"d_{z}", s] * scenario.travel for s, _ in held if s not in out]
        if not times:
            uncovered += 2 * there  # out of reach, and served nowhere
            continue
        uncovered += there if min(times) > 20 else 0.0
        journeys += there * min(times)
    price = dict(scenario.costs.named).get("clinic", scenario.costs.other)
    money = sum(130.0 if s == "s1" else 100.0 for s, _ in held) * price
    return uncovered, journeys, money


def subsets(case):
    oracle = Oracle(case)
    return [h.pairs for h in oracle.states() if oracle.within_budget(h)]


def rounded(values):
    return tuple(round(value, 5) for value in values)


def best_of(case, scenario):
    return min(rounded(worth(case, scenario, held)) for held in subsets(case))


def least(case, scenarios, *, regret):
    """Return the least worst case, or largest regret, of all subsets, in order."""
    everything = (NOMINAL, *scenarios)
    less = {s.name: best_of(case, s) if regret else (0.0, 0.0, 0.0) for s in everything}
    return min(
        rounded(
            max(worth(case, s, held)[n] - less[s.name][n] for s in everything)
            for n in range(3)
        )
        for held in subsets(case)
    )
