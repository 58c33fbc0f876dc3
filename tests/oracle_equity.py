"""The fairest plan, found by trying every subset: what `tests.oracle` is for equity.

Shares no code with the package. Vectors of counties are sorted and compared; the
Kolm-Pollak minutes come from their formula, and the worst tail from filling it person
by person. Where a band or a capacity binds, people are shared out by a small program in
which the sum of the k worst counties is the largest over all sets of k counties, and
the tail the largest over all orders of demand points: nothing of the formulation is
used.
"""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING, Any

from tests.oracle import Held, Sharing, World, _in_order, _ways

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.factories import Case

type Values = dict[str, float]
type Trip = tuple[str, str, float, float]  # point, service, people, minutes


def fairest(case: Case) -> tuple[float, Values] | None:
    """Return (shortfall, value of every stage in order), or None without any plan."""
    world = World(case)
    rules, covers = world.rules(), world.covers()
    bounded = any(not math.isnan(s["capacity_people"]) for s in world.sites.values())
    best: tuple[tuple[float, ...], float, Values] | None = None
    for held in world.states():
        if not world.within_budget(held):
            continue
        fixed = _of_places(world, covers, held)
        for short, hard, soft in _ways(world, rules, held):
            if bounded or hard or soft:
                found = _shared(world, held, hard, soft, fixed)
            else:
                found = _nearest(world, held, fixed)
            if found is None:
                continue
            shortfall, values = short + found[0], found[1]
            values = {n: values[n] for n in stages(world, covers)}
            key = (round(shortfall, 6), *(_worse(n, v) for n, v in values.items()))
            if best is None or key < best[0]:
                best = key, shortfall, values
    return None if best is None else best[1:]


def _worse(stage: str, value: float) -> float:
    return round(-value if stage.startswith("county_coverage") else value, 6)


def stages(world: World, covers: Sequence[Any]) -> list[str]:
    """Return the names of all stages: a leximin objective has one a county."""
    names = []
    for name in world.case.terms.objective:
        counties = {
            "county_coverage_leximin": counties_of(world, covers),
            "county_minutes_leximin": sorted(_people_of_counties(world)),
        }.get(name)
        if counties is None:
            names.append(name)
        else:
            names += [f"{name}_{k + 1}" for k in range(len(counties))]
    return names


def counties_of(world: World, covers: Sequence[Any]) -> list[str]:
    """Return the counties in which any coverage rule has people."""
    none = Held({})
    return [
        county
        for county in world.counties
        if any(
            world.out_of_reach(rule, _own(world, rule, county), none)[0] > 0
            for rule in covers
        )
    ]


def _own(world: World, rule: Any, county: str) -> frozenset[str]:
    zones = world.scope(rule.scope)
    return frozenset(z for z in zones if world.zones[z]["county_id"] == county)


def _people_of_counties(world: World) -> Values:
    people: Values = {}
    for k in world.case.policy.services:
        for i in world.addressed(k):
            county = world.demand[i]["county_id"]
            people[county] = people.get(county, 0.0) + world.demand[i]["people"]
    return people


def _of_places(world: World, covers: Sequence[Any], held: Any) -> Values:
    """Return what the chosen sites decide, wherever people go."""
    out = 0.0
    for rule in covers:
        for zones in world.units(rule).values():
            out += world.out_of_reach(rule, zones, held)[1]
    shares = []
    for county in counties_of(world, covers):
        of_rules = []
        for rule in covers:
            people, missed = world.out_of_reach(rule, _own(world, rule, county), held)
            if people > 0:
                of_rules.append(1 - missed / people)
        shares.append(min(of_rules))
    ranked = {
        f"county_coverage_leximin_{k + 1}": share
        for k, share in enumerate(sorted(shares))
    }
    return ranked | {
        "uncovered_people": out,
        "capital_wan": world.spent(held, "capital_wan"),
    }


# --- everyone at the nearest holder ---------------------------------------------------


def _nearest(world: World, held: Any, fixed: Values) -> tuple[float, Values] | None:
    trips: list[Trip] = []
    lost = 0.0
    for k in world.case.policy.services:
        for i in world.addressed(k):
            people = float(world.demand[i]["people"])
            times = [
                world.trips[i, s]["minutes"]
                for s in world.sites
                if (s, k) in held and world.allowed(i, s, k)
            ]
            if not times:
                lost += people
                times = [world.case.terms.equity.unserved_minutes]
            trips.append((i, k, people, min(times)))
    if lost and "uncovered_people" not in world.case.terms.objective:
        return None
    values = fixed | measure(world, trips)
    values["uncovered_people"] += lost
    return 0.0, values


def measure(world: World, trips: Sequence[Trip]) -> Values:
    """Return the measures of journeys, the unserved included, by their formulas."""
    equity = world.case.terms.equity
    everyone = sum(people for _, _, people, _ in trips)
    if not everyone:
        return {"person_minutes": 0.0}
    weighed = sum(p * math.exp(-equity.kappa * m) for _, _, p, m in trips)
    tail, taken = equity.tail_share * everyone, 0.0
    far = 0.0
    for _, _, people, minutes in sorted(trips, key=lambda t: -t[3]):
        part = min(people, tail - taken)
        taken, far = taken + part, far + part * minutes
    sums: Values = {}
    for i, _, people, minutes in trips:
        county = world.demand[i]["county_id"]
        sums[county] = sums.get(county, 0.0) + people * minutes
    people_of = _people_of_counties(world)
    means = sorted((sums[c] / people_of[c] for c in sums), reverse=True)
    lost = equity.unserved_minutes
    served = [t for t in trips if t[3] != lost]
    return {
        "kolm_pollak": -math.log(weighed / everyone) / equity.kappa,
        "worst_tail_minutes": far / tail,
        "person_minutes": sum(p * m for _, _, p, m in served),
        **{f"county_minutes_leximin_{k + 1}": m for k, m in enumerate(means)},
    }


# --- people shared out under a band or a capacity -------------------------------------


def _shared(
    world: World, held: Any, hard: Sequence[Any], soft: Sequence[Any], fixed: Values
) -> tuple[float, Values] | None:
    sharing = Sharing(world, held)
    sharing.send_people()
    sharing.respect_capacities()
    for band in hard:
        sharing.keep_band(band, soft=False)
    for band in soft:
        sharing.keep_band(band, soft=True)
    goals = dict(_goals(world, sharing))
    order = ["shortfall"]
    for name in world.case.terms.objective:
        order += [g for g in goals if g == name or g.startswith(f"{name}_")]
    found = _in_order([goals[g] for g in order], sharing.rows, sharing.columns)
    if found is None:
        return None
    values = dict(zip(order, found, strict=True))
    return values.pop("shortfall"), fixed | _shown(world, values, fixed)


def _shown(world: World, found: Values, fixed: Values) -> Values:
    """Turn what was minimised into the values that are stated."""
    values = dict(found)
    everyone = sum(_people_of_counties(world).values())
    if "kolm_pollak" in values:
        weighed = values["kolm_pollak"] / everyone
        values["kolm_pollak"] = -math.log(weighed) / world.case.terms.equity.kappa
    before = 0.0
    for name in [n for n in values if n.startswith("county_minutes")]:
        values[name], before = values[name] - before, values[name]
    if "uncovered_people" in values:
        values["uncovered_people"] += fixed["uncovered_people"]
    return values


def _goals(world: World, sharing: Sharing) -> Iterator[tuple[str, dict[int, float]]]:
    equity, demand = world.case.terms.equity, world.demand
    people = {i: float(point["people"]) for i, point in demand.items()}
    yield "shortfall", sharing.short
    yield "uncovered_people", {u: people[i] for (i, _), u in sharing.left.items()}
    minutes = {
        x: world.trips[i, s]["minutes"] for (i, s, _), x in sharing.trips.items()
    }
    yield (
        "person_minutes",
        {x: people[i] * minutes[x] for (i, _, _), x in sharing.trips.items()},
    )
    owners = {x: (i, k) for (i, _, k), x in sharing.trips.items()}
    owners |= {u: (i, k) for (i, k), u in sharing.left.items()}
    minutes |= dict.fromkeys(sharing.left.values(), equity.unserved_minutes)
    weights = {x: math.exp(-equity.kappa * m) for x, m in minutes.items()}
    yield "kolm_pollak", {x: people[i] * weights[x] for x, (i, _) in owners.items()}
    points: dict[tuple[str, str], dict[int, float]] = {}
    for x, owner in owners.items():
        points.setdefault(owner, {})[x] = minutes[x]
    yield "worst_tail_minutes", {_tail(sharing, points, people, equity): 1.0}
    of_counties: dict[str, dict[int, float]] = {}
    totals = _people_of_counties(world)
    for (i, _), mean in points.items():
        county = demand[i]["county_id"]
        of_counties.setdefault(county, {}).update(
            {x: people[i] * m / totals[county] for x, m in mean.items()}
        )
    for k in range(1, len(totals) + 1):
        worst = sharing.column()
        for chosen in itertools.combinations(sorted(of_counties), k):
            row = {worst: 1.0}
            for county in chosen:
                row |= {x: -m for x, m in of_counties[county].items()}
            sharing.rows.append((row, 0.0, math.inf))
        yield f"county_minutes_leximin_{k}", {worst: 1.0}


def _tail(sharing: Sharing, points: Any, people: Values, equity: Any) -> int:
    """Return a column that is at least the mean of the tail in every order."""
    column = sharing.column()
    tail = equity.tail_share * sum(people[i] for i, _ in points)
    for order in itertools.permutations(points):
        row, left = {column: 1.0}, tail
        for owner in order:
            part = min(left, people[owner[0]])
            left -= part
            row |= {x: -part / tail * m for x, m in points[owner].items() if part}
        sharing.rows.append((row, 0.0, math.inf))
    return column
