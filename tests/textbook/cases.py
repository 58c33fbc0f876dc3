"""Small random tasks, each one of the textbook problems with all that may be fixed."""

from __future__ import annotations

from itertools import combinations

import numpy as np

from allocator.policy import CountInUnit, Coverage, Scope, Service, Unit
from allocator.policy.decided import Decided
from tests.factories import (
    candidate,
    cost,
    demand_point,
    facility,
    make_area,
    make_case,
    make_travel,
    zone,
)

OBJECTIVES = {
    "p-median": "person_minutes",
    "p-center": "max_minutes",
    "mclp": "uncovered_people",
    "lscp": "sites",
}
COSTS = [cost("clinic", "build", 30, 2), cost("clinic", "close", 4)]


def random_case(name, seed, *, whole=True, sites=7, points=9, **terms):
    """Return a task: two counties, some facilities, locks, decisions and lost pairs."""
    random = np.random.default_rng(seed)
    area = make_area(
        zones=[zone("z1", "c1", 100, urban=True), zone("z2", "c2", 50)],
        sites=[random_site(random, number) for number in range(sites)],
        demand=[
            demand_point(f"d{i}", f"z{1 + i % 2}", int(random.integers(0, 40)))
            for i in range(points)
        ],
        costs=COSTS,
    )
    minutes = {
        (f"d{i}", f"s{j}"): float(random.integers(0, 30)) + (0.0 if whole else 0.3)
        for i in range(points)
        for j in range(sites)
        if random.random() < 0.75
    }
    kilometres = {pair: value / 2 for pair, value in minutes.items()}
    held = {(f"s{j}", "clinic"): None for j in range(sites) if random.random() < 0.1}
    barred = {(f"s{j}", "clinic") for j in range(sites) if random.random() < 0.1}
    closing = {"clinic"} if random.random() < 0.5 else set()
    service, rules = asked(name, p=int(random.integers(2, 5)), random=random)
    return make_case(
        area,
        services=[service],
        rules=rules,
        travel=make_travel(minutes, kilometres),
        objective=(OBJECTIVES[name],),
        closing=frozenset(closing),
        decided=Decided(held, frozenset(barred - set(held))),
        **terms,
    )


def large_case(seed, *, flat=False):
    """Return p-median: 60 candidates, 120 points, a random journey between all.

    With ``flat`` all lie on a square, and journeys are as long as they are far.
    """
    random = np.random.default_rng(seed)
    area = make_area(
        zones=[zone("z1", "c1", 100)],
        sites=[candidate(f"s{j:02}", "z1") for j in range(60)],
        demand=[
            demand_point(f"d{i:03}", "z1", int(random.integers(1, 40)))
            for i in range(120)
        ],
    )
    far = random.random((120, 60))
    if flat:
        at = random.random((180, 2))
        far = np.hypot(*(at[:120, None] - at[None, 120:]).transpose(2, 0, 1))
    minutes = {
        (i, j): float(far[n, m] * 60)
        for n, i in enumerate(area.demand.index)
        for m, j in enumerate(area.sites.index)
    }
    service = Service(
        id="clinic", name="clinic", serves=Scope(), assign_within=Unit.AREA
    )
    return make_case(
        area,
        services=[service],
        rules=[CountInUnit(id="N", quote="p", service="clinic", lo=8, hi=8)],
        travel=make_travel(minutes),
        objective=("person_minutes",),
    )


def random_site(random, number):
    kind = random.choice(["candidate", "empty", "holder"], p=[0.7, 0.15, 0.15])
    columns = {"locked": random.choice(["", "in", "out"], p=[0.9, 0.05, 0.05])}
    place = f"z{1 + number % 2}"
    if kind == "candidate":
        return candidate(f"s{number}", place, **columns)
    services = ("clinic",) if kind == "holder" else ()
    return facility(f"s{number}", place, services=services, **columns)


def asked(name, *, p, random):
    """Return the service and the rules of a problem."""
    within = random.choice([Unit.AREA, Unit.AREA, Unit.COUNTY])
    serves = Scope() if name in ("p-median", "p-center") else None
    service = Service(id="clinic", name="clinic", serves=serves, assign_within=within)
    count = CountInUnit(id="N", quote="p", service="clinic", lo=p, hi=p)
    limits = [
        {"within_minutes": 12.0},
        {"within_km": 6.0},
        {"within_minutes": 8.0, "rural_minutes": 15.0},
    ][random.integers(3)]
    scope = Scope(urban=True) if random.random() < 0.2 else Scope()
    unit = random.choice([Unit.AREA, Unit.COUNTY])
    share = 1.0 if name == "lscp" else None
    reach = Coverage(
        id="R",
        quote="reach",
        service="clinic",
        share=share,
        unit=unit,
        scope=scope,
        **limits,
    )
    return service, {"mclp": [count, reach], "lscp": [reach]}.get(name, [count])


def sets_of(problem):
    """Return every set of sites that a problem allows."""
    free = sorted(set(problem.sites) - problem.fixed - problem.forbidden)
    counts = range(len(problem.sites) + 1) if problem.p is None else [problem.p]
    return [
        problem.fixed | set(more)
        for count in counts
        if count >= len(problem.fixed)
        for more in combinations(free, count - len(problem.fixed))
    ]


def worth(case, name, chosen):
    """Return what a set of sites is worth by its journeys; None where it is no plan."""
    (service,) = case.policy.services.values()
    demand = case.area.demand[case.area.demand["people"] > 0]
    pairs = case.travel.pairs[case.travel.pairs["site_id"].isin(chosen)]
    reach = next((r for r in case.policy.rules if isinstance(r, Coverage)), None)
    total, longest, lost = 0.0, 0.0, 0
    for demand_id, point in demand.iterrows():
        if reach is not None and reach.scope.urban and not point["urban"]:
            continue
        mine = pairs[pairs["demand_id"] == demand_id]
        if reach is not None:
            mine = mine[mine[reach.measure] <= limit_of(reach, urban=point["urban"])]
        elif service.assign_within is Unit.COUNTY:
            county = case.area.sites["county_id"]
            mine = mine[mine["site_id"].map(county) == point["county_id"]]
        if mine.empty:
            lost += point["people"]
            continue
        nearest = mine["minutes"].min()
        total += point["people"] * nearest
        longest = max(longest, nearest)
    if name == "mclp":
        return lost
    if lost:
        return None
    return {"p-median": total, "p-center": longest, "lscp": len(chosen)}[name]


def limit_of(reach, *, urban):
    common = reach.within_minutes or reach.within_km
    return common if urban else reach.rural_minutes or common
