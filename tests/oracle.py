"""What the best plan is, found by trying every subset; slow, plain and independent.

Shares no code with the package: it reads the attributes of the policy dataclasses and
the tables of the area as data, and follows ``docs/rules.md``. Where people are shared
out under a band or a capacity, each subset is a small linear (or whole-point) program
for `scipy.optimize.milp`; everywhere else each demand point goes to its nearest holder.

Not covered, and so not to be put into a case: decided amounts of resources, ``strive``
rules over a class that the plan decides, and an order that weighs journeys before
``uncovered_people``.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.factories import Case

type Pair = tuple[str, str]
type Held = frozenset[Pair]

EPSILON = 1e-9  # relative: the rounding of a product of two floats
HALF_A_PERSON = 0.5  # what the audit allows where shares of people are added up


class UnknownError(Exception):
    """A rule needs a cell that the register leaves blank."""


@dataclass(frozen=True)
class Gap:
    """How far one figure of a rule is missed; ``size`` 0 when it is met."""

    size: float
    needed: float


@dataclass(frozen=True)
class Band:
    """A band that only the assignment of people can meet."""

    rule: Any
    zones: frozenset[str]


@dataclass(frozen=True)
class Best:
    """The lexicographic optimum: values in the brief's order after the shortfall."""

    shortfall: float
    values: tuple[float, ...]
    held: Held


@dataclass
class World:
    """The case as dictionaries of plain records."""

    case: Case
    zones: dict[str, dict[str, Any]] = field(init=False)
    counties: dict[str, dict[str, Any]] = field(init=False)
    sites: dict[str, dict[str, Any]] = field(init=False)
    demand: dict[str, dict[str, Any]] = field(init=False)
    trips: dict[tuple[str, str], dict[str, float]] = field(init=False)
    today: set[Pair] = field(init=False)

    def __post_init__(self) -> None:
        area = self.case.area
        self.zones = _records(area.zones)
        self.counties = _records(area.counties)
        self.sites = _records(area.sites)
        self.demand = _records(area.demand)
        pairs: list[Any] = self.case.travel.pairs.to_dict("records")
        self.trips = {(t["demand_id"], t["site_id"]): t for t in pairs}
        services = self.case.policy.services
        self.today = set()
        for s, site in self.sites.items():
            if site["status"] != "existing":
                continue
            self.today |= {(s, k) for k in site["services"] if k in services}
            for k, service in services.items():
                if service.held_by and self.surely(s, service.held_by, frozenset()):
                    self.today.add((s, k))

    # --- who belongs where ------------------------------------------------------

    def belongs(self, s: str, members: Any, held: Held) -> bool:
        """Return whether a site is in a class; UnknownError when a cell decides it."""
        site = self.sites[s]
        if site["branch"]:
            return False
        anyone = not members.facility_class and not members.service
        by_class = site["class"] in members.facility_class
        by_service = any((s, k) in held for k in members.service)
        if not (anyone or by_class or by_service):
            return False
        if members.name and site["name"] not in members.name:
            return False
        if members.level_from is not None and not (
            self.known(s, "level") >= members.level_from
        ):
            return False
        if members.public is None:
            return True
        return bool(self.known(s, "public") == members.public)

    def surely(self, s: str, members: Any, held: Held) -> bool:
        try:
            return self.belongs(s, members, held)
        except UnknownError:
            return False

    def known(self, s: str, column: str) -> Any:
        cell = self.sites[s].get(column)
        if cell is None or (isinstance(cell, float) and math.isnan(cell)):
            raise UnknownError(column)
        return cell

    def scope(self, scope: Any) -> frozenset[str]:
        return frozenset(z for z in self.zones if self._in_scope(z, scope))

    def _in_scope(self, z: str, scope: Any) -> bool:
        zone = self.zones[z]
        county = self.counties[zone["county_id"]]
        names = {zone["county_id"], county["name"]}
        return not (
            (scope.county and not names & set(scope.county))
            or (scope.county_kind and county["kind"] not in scope.county_kind)
            or (scope.zone_kind and zone["kind"] not in scope.zone_kind)
            or (scope.urban is not None and zone["urban"] != scope.urban)
            or (
                scope.people_below is not None
                and zone["population"] >= scope.people_below
            )
            or (
                scope.people_from is not None and zone["population"] < scope.people_from
            )
        )

    def units(self, rule: Any) -> dict[str, frozenset[str]]:
        zones = self.scope(rule.scope)
        if not zones:
            return {}
        if rule.unit == "area":
            return {"": zones}
        if rule.unit == "zone":
            return {z: frozenset([z]) for z in zones}
        homes = {self.zones[z]["county_id"] for z in zones}
        return {
            c: frozenset(z for z in zones if self.zones[z]["county_id"] == c)
            for c in homes
        }

    def holders(self, k: str, held: Held, zones: frozenset[str]) -> list[str]:
        return [
            s
            for s, site in self.sites.items()
            if (s, k) in held and not site["branch"] and site["zone_id"] in zones
        ]

    # --- what may stand ---------------------------------------------------------

    def undecided(self) -> list[Pair]:
        """Return the pairs that a plan may add or give up."""
        pairs = []
        for s, site in self.sites.items():
            for k, service in self.case.policy.services.items():
                if (s, k) in self.today:
                    closable = k in self.case.terms.closing and site["locked"] != "in"
                    if closable:
                        pairs.append((s, k))
                elif not site["branch"] and site["locked"] != "out":
                    hosts = service.hosts
                    if (
                        hosts is None
                        or hosts.service
                        or self.surely(s, hosts, frozenset())
                    ):
                        pairs.append((s, k))
        return pairs

    def subsets(self) -> Iterator[Held]:
        open_pairs = self.undecided()
        fixed = frozenset(self.today - set(open_pairs))
        for chosen in itertools.product((False, True), repeat=len(open_pairs)):
            held = fixed | set(itertools.compress(open_pairs, chosen))
            if self.stands(held):
                yield held

    def stands(self, held: Held) -> bool:
        """Return whether hosts, requirements and locks hold."""
        for s, k in held - self.today:
            service = self.case.policy.services[k]
            if service.hosts is not None and not self.surely(s, service.hosts, held):
                return False
            if any((s, needed) not in held for needed in service.requires):
                return False
        in_use = {s for s, _ in held}
        return all(s in in_use for s, t in self.sites.items() if t["locked"] == "in")

    def spent(self, held: Held, column: str) -> float:
        total = 0.0
        for s, k in held - self.today:
            candidate = self.sites[s]["status"] == "candidate"
            actions = ["build"] if candidate else ["upgrade", "build"]
            total += self._price(s, k, actions, column)
        for s, k in self.today - held:
            total += self._price(s, k, ["close"], column)
        return total

    def _price(self, s: str, k: str, actions: list[str], column: str) -> float:
        costs = self.case.area.costs
        rows = [] if costs is None else costs.to_dict("records")
        facility_class = self.sites[s]["class"]
        for action in actions:
            here = [r for r in rows if (r["service"], r["action"]) == (k, action)]
            own = [r for r in here if r["site_id"] == s]
            general = [r for r in here if not r["site_id"]]
            classed = [
                r for r in general if r["class"] and r["class"] == facility_class
            ]
            for found in (own, classed, [r for r in general if not r["class"]]):
                if found:
                    return float(found[0][column])
        return 0.0

    def within_budget(self, held: Held) -> bool:
        terms = self.case.terms
        return all(
            limit is None
            or self.spent(held, column) <= limit + EPSILON * max(1.0, limit)
            for column, limit in (
                ("capital_wan", terms.capital_wan),
                ("yearly_wan", terms.yearly_wan),
            )
        )

    # --- rules ------------------------------------------------------------------

    def gaps(self, reading: Any, zones: frozenset[str], held: Held) -> list[Gap | Band]:
        """Return the figures that one reading asks for in one unit."""
        found: list[Gap | Band] = []
        match type(reading).__name__:
            case "CountInUnit":
                number = len(self._counted(reading.service, reading.of, held, zones))
                found += _bounds(number, reading.lo or 0, reading.hi)
            case "ShareOfClass" if reading.service is not None:
                found += self._share(reading, zones, held)
            case "Rate":
                found += self._rate(reading, zones, held)
            case "Coverage" if reading.share is not None:
                people, out = self.out_of_reach(reading, zones, held)
                needed = reading.share * people
                found.append(_gap(needed - (people - out), needed))
            case "PopulationBand":
                found.append(Band(reading, zones))
        return found

    def _counted(self, k: str, of: Any, held: Held, zones: frozenset[str]) -> list[str]:
        if of is None:
            return self.holders(k, held, zones)
        among = {s for s in self.sites if self.belongs(s, of, held)}
        return [s for s in self.holders(k, held, zones) if s in among]

    def _share(self, rule: Any, zones: frozenset[str], held: Held) -> list[Gap | Band]:
        group = []
        for s, site in self.sites.items():
            by_service = any((s, k) in held for k in rule.of.service)
            if (site["status"] == "existing" or by_service) and self.belongs(
                s, rule.of, held
            ):
                group.append(s)
        group = [s for s in group if self.sites[s]["zone_id"] in zones]
        if not group:
            return []
        share = Fraction(str(rule.share)).limit_denominator(10_000)
        having = sum((s, rule.service) in held for s in group)
        needed = share.numerator * len(group)
        return [_gap(needed - share.denominator * having, needed)]

    def _rate(self, rule: Any, zones: frozenset[str], held: Held) -> list[Gap | Band]:
        before = frozenset(self.today)
        amount, blank = self._amount(rule, zones, held)
        amount_today, _ = self._amount(rule, zones, before)
        base, base_today, constant = self._base(rule, zones, held)
        if blank and rule.hi is not None:
            raise UnknownError(rule.resource)
        low = rule.lo
        if rule.not_below_today and base_today > 0:
            figure = amount_today / base_today * rule.per
            low = figure if low is None else max(low, figure)
        found: list[Gap | Band] = []
        for figure, sign in ((low, 1.0), (rule.hi, -1.0)):
            if figure is not None:
                ratio = figure / rule.per
                found.append(_gap(sign * (ratio * base - amount), ratio * constant))
        return found

    def _amount(
        self, rule: Any, zones: frozenset[str], held: Held
    ) -> tuple[float, bool]:
        if rule.service is not None:
            return float(len(self._counted(rule.service, rule.of, held, zones))), False
        return self._beds(rule.resource, rule.of, zones, held)

    def _beds(
        self, resource: str, of: Any, zones: frozenset[str], held: Held
    ) -> tuple[float, bool]:
        among = {s for s in self.sites if of is None or self.belongs(s, of, held)}
        cells = [
            site.get(resource, math.nan)
            for s, site in self.sites.items()
            if s in among and site["status"] == "existing" and site["zone_id"] in zones
        ]
        known = [c for c in cells if not math.isnan(c)]
        if not any(resource in site for site in self.sites.values()) or (
            cells and not known
        ):
            raise UnknownError(resource)
        return float(sum(known)), len(known) < len(cells)

    def _base(
        self, rule: Any, zones: frozenset[str], held: Held
    ) -> tuple[float, float, float]:
        """Return (with the plan, today, the part that is not decided)."""
        if rule.denominator == "population":
            people = float(sum(self.zones[z]["population"] for z in zones))
            return people, people, people
        kind, name = rule.denominator.split(":")
        if kind == "service":
            now = float(len(self.holders(name, held, zones)))
            return (
                now,
                float(len(self.holders(name, frozenset(self.today), zones))),
                0.0,
            )
        amount, blank = self._beds(name, rule.of, zones, held)
        if blank:
            raise UnknownError(name)
        return amount, amount, amount

    def out_of_reach(
        self, rule: Any, zones: frozenset[str], held: Held
    ) -> tuple[float, float]:
        """Return (people, people without a holder in reach)."""
        limits = {
            "minutes": (rule.within_minutes, rule.urban_minutes, rule.rural_minutes),
            "km": (rule.within_km, rule.urban_km, rule.rural_km),
        }
        measure = "km" if any(x is not None for x in limits["km"]) else "minutes"
        common, town, country = limits[measure]
        if measure == "km" and any(math.isnan(t["km"]) for t in self.trips.values()):
            raise UnknownError("km")
        total = out = 0.0
        for i, point in self.demand.items():
            if point["zone_id"] not in zones:
                continue
            own = town if point["urban"] else country
            limit = common if own is None else own
            near = any(
                (i, s) in self.trips and self.trips[i, s][measure] <= limit
                for s in self.sites
                if (s, rule.service) in held
            )
            total += point["people"]
            out += 0 if near else point["people"]
        return total, out

    def rules(self) -> list[Any]:
        """Return the rules that bind: no ``may`` rule, none that cannot be decided."""
        binding = []
        everything = frozenset(
            (s, k) for s in self.sites for k in self.case.policy.services
        )
        for rule in self.case.policy.rules:
            if rule.priority == "may":
                continue
            try:
                for reading in (rule, *rule.any_of):
                    for zones in self.units(reading).values():
                        self.gaps(reading, zones, everything)
                        self.gaps(reading, zones, frozenset(self.today))
            except UnknownError:
                continue
            binding.append(rule)
        return binding

    def choices(self, rule: Any, held: Held) -> list[list[list[Gap | Band]]]:
        """Return, for each unit, the figures of every reading that applies there."""
        by_unit: dict[str, list[list[Gap | Band]]] = {}
        for reading in (rule, *rule.any_of):
            for unit, zones in self.units(reading).items():
                by_unit.setdefault(unit, []).append(self.gaps(reading, zones, held))
        return list(by_unit.values())

    def covers(self) -> list[Any]:
        """Return the coverage readings that objectives count: the first of a rule."""
        found = []
        for rule in self.case.policy.rules:
            if rule.priority == "may":
                continue
            for reading in (rule, *rule.any_of):
                if type(reading).__name__ != "Coverage":
                    continue
                try:
                    self.out_of_reach(reading, frozenset(), frozenset())
                except UnknownError:
                    continue
                found.append(reading)
                break
        return found

    # --- people -----------------------------------------------------------------

    def allowed(self, i: str, s: str, k: str) -> bool:
        """Return whether people of a demand point may go to a site for a service."""
        service = self.case.policy.services[k]
        point, site = self.demand[i], self.sites[s]
        if service.serves is None or (i, s) not in self.trips or site["branch"]:
            return False
        if point["zone_id"] not in self.scope(service.serves):
            return False
        return bool(
            service.assign_within == "area"
            or (
                service.assign_within == "county"
                and point["county_id"] == site["county_id"]
            )
            or point["zone_id"] == site["zone_id"]
        )

    def addressed(self, k: str) -> list[str]:
        serves = self.case.policy.services[k].serves
        zones = frozenset() if serves is None else self.scope(serves)
        return [
            i
            for i, point in self.demand.items()
            if point["zone_id"] in zones and point["people"] > 0
        ]


def _records(frame: Any) -> dict[str, dict[str, Any]]:
    plain = frame.drop(columns="geometry", errors="ignore")
    rows: dict[Any, Any] = plain.to_dict("index")
    return {str(key): dict(row) for key, row in rows.items()}


def _gap(size: float, needed: float) -> Gap:
    room = EPSILON * max(1.0, abs(needed))
    return Gap(size if size > room else 0.0, max(1.0, needed))


def _bounds(number: float, lo: float, hi: float | None) -> list[Gap | Band]:
    found: list[Gap | Band] = []
    if lo:
        found.append(_gap(lo - number, lo))
    if hi is not None:
        found.append(_gap(number - hi, hi))
    return found


# --- sharing people out -------------------------------------------------------------


@dataclass(frozen=True)
class Shared:
    """How people are best shared out among given holders."""

    shortfall: float
    unserved: float
    person_minutes: float
    max_minutes: float


def _nearest(world: World, held: Held) -> Shared:
    unserved = total = longest = 0.0
    for k in world.case.policy.services:
        for i in world.addressed(k):
            people = world.demand[i]["people"]
            times = [
                world.trips[i, s]["minutes"]
                for s, name in held
                if name == k and world.allowed(i, s, k)
            ]
            if times:
                total += people * min(times)
                longest = max(longest, min(times))
            else:
                unserved += people
    return Shared(0.0, unserved, total, longest)


@dataclass
class Sharing:
    """The linear program of who goes where among given holders.

    A column is the share of a demand point that goes to a site, or that is left out; a
    row is (terms by column, low, high).
    """

    world: World
    held: Held
    columns: list[dict[str, Any]] = field(default_factory=list)
    rows: list[tuple[dict[int, float], float, float]] = field(default_factory=list)
    trips: dict[tuple[str, str, str], int] = field(default_factory=dict)
    left: dict[tuple[str, str], int] = field(default_factory=dict)
    short: dict[int, float] = field(default_factory=dict)

    def column(self, **what: Any) -> int:
        self.columns.append({"high": math.inf, "whole": False, **what})
        return len(self.columns) - 1

    def send_people(self) -> None:
        """Make a column for every journey and for those left out; each goes once."""
        terms = self.world.case.terms
        most_left = 1.0 if "uncovered_people" in terms.objective else 0.0
        for k in self.world.case.policy.services:
            open_here = [s for s, name in self.held if name == k]
            for i in self.world.addressed(k):
                self.left[i, k] = self.column(high=most_left, whole=not terms.split)
                row = {self.left[i, k]: 1.0}
                for s in open_here:
                    if self.world.allowed(i, s, k):
                        self.trips[i, s, k] = self.column(
                            high=1.0, whole=not terms.split
                        )
                        row[self.trips[i, s, k]] = 1.0
                self.rows.append((row, 1.0, 1.0))

    def people_at(self, s: str, k: str) -> dict[int, float]:
        return {
            x: float(self.world.demand[i]["people"])
            for (i, site, service), x in self.trips.items()
            if (site, service) == (s, k)
        }

    def respect_capacities(self) -> None:
        for s, site in self.world.sites.items():
            if not math.isnan(site["capacity_people"]):
                self.rows += [
                    (self.people_at(s, k), -math.inf, site["capacity_people"])
                    for k in self.world.case.policy.services
                ]

    def keep_band(self, band: Band, *, soft: bool) -> None:
        rule = band.rule
        for s in self.world.holders(rule.service, self.held, band.zones):
            low = self.people_at(s, rule.service)
            high = dict(low)
            if soft:
                low[self.shortfall(rule.lo)] = 1.0
                high[self.shortfall(rule.hi)] = -1.0
            self.rows += [(low, rule.lo, math.inf), (high, -math.inf, rule.hi)]
        lost = {
            self.left[i, rule.service]: float(self.world.demand[i]["people"])
            for i in self.world.addressed(rule.service)
            if self.world.demand[i]["zone_id"] in band.zones
        }
        if soft:
            lost[self.shortfall(sum(lost.values()))] = -1.0
        self.rows.append((lost, -math.inf, 0.0))

    def shortfall(self, needed: float) -> int:
        x = self.column()
        self.short[x] = 1.0 / max(1.0, needed)
        return x

    def longest(self) -> int:
        x = self.column()
        for i, k in self.left:
            own = {
                trip: -self.world.trips[i, s]["minutes"]
                for (point, s, service), trip in self.trips.items()
                if (point, service) == (i, k)
            }
            self.rows.append(({x: 1.0, **own}, 0.0, math.inf))
        return x

    def best(self) -> Shared | None:
        """Share people out in the brief's order, or None where it cannot be done."""
        demand, trips = self.world.demand, self.world.trips
        measures = {
            "shortfall": self.short,
            "uncovered_people": {
                u: float(demand[i]["people"]) for (i, _), u in self.left.items()
            },
            "person_minutes": {
                x: demand[i]["people"] * trips[i, s]["minutes"]
                for (i, s, _), x in self.trips.items()
            },
            "max_minutes": {self.longest(): 1.0},
        }
        order = ["shortfall", *self.world.case.terms.objective]
        order = [name for name in order if name in measures]
        values = _in_order([measures[name] for name in order], self.rows, self.columns)
        if values is None:
            return None
        found = dict.fromkeys(measures, 0.0) | dict(zip(order, values, strict=True))
        return Shared(*(found[name] for name in measures))


def _shared(
    world: World, held: Held, hard: Sequence[Band], soft: Sequence[Band]
) -> Shared | None:
    sharing = Sharing(world, held)
    sharing.send_people()
    sharing.respect_capacities()
    for band in hard:
        sharing.keep_band(band, soft=False)
    for band in soft:
        sharing.keep_band(band, soft=True)
    return sharing.best()


def _in_order(
    goals: Sequence[dict[int, float]],
    rows: Sequence[tuple[dict[int, float], float, float]],
    columns: Sequence[dict[str, Any]],
) -> list[float] | None:
    """Minimise one goal after another; None when nothing is feasible."""
    held: list[tuple[dict[int, float], float, float]] = []
    values = []
    for goal in goals:
        everything = [
            row for row in (*rows, *held) if row[0] or row[1] > 0 or row[2] < 0
        ]
        matrix = np.zeros((len(everything), len(columns)))
        for number, (terms, _, _) in enumerate(everything):
            for x, weight in terms.items():
                matrix[number, x] = weight
        answer = milp(
            c=[goal.get(x, 0.0) for x in range(len(columns))],
            constraints=LinearConstraint(
                matrix, [r[1] for r in everything], [r[2] for r in everything]
            ),
            integrality=[int(c["whole"]) for c in columns],
            bounds=Bounds(0.0, [c["high"] for c in columns]),
        )
        if answer.status == 2:
            return None
        assert answer.status == 0, answer.message
        values.append(float(answer.fun))
        held.append((goal, -math.inf, answer.fun + EPSILON * max(1.0, answer.fun)))
    return values


# --- the optimum ----------------------------------------------------------------------


def optimum(case: Case) -> Any:
    """Return the `Best` plan of all, or None when no subset keeps every rule."""
    world = World(case)
    rules, covers = world.rules(), world.covers()
    best: Best | None = None
    for held in world.subsets():
        if not world.within_budget(held):
            continue
        for way in _ways(world, rules, held):
            found = _value(world, covers, held, way)
            if found is not None and (
                best is None or _key(case, found) < _key(case, best)
            ):
                best = found
    return best


def _key(case: Case, found: Best) -> tuple[float, ...]:
    signs = [-1 if n == "worst_county_coverage" else 1 for n in case.terms.objective]
    return tuple(
        round(sign * value, 6)
        for sign, value in zip(
            (1, *signs), (found.shortfall, *found.values), strict=True
        )
    )


type Way = tuple[float, tuple[Band, ...], tuple[Band, ...]]


def _ways(world: World, rules: Sequence[Any], held: Held) -> Iterator[Way]:
    """Yield the ways to keep all rules: (shortfall so far, hard bands, soft bands)."""
    options: list[list[Way]] = []
    for rule in rules:
        strive = rule.priority == "strive"
        for readings in world.choices(rule, held):
            ways: list[Way] = []
            for figures in readings:
                gaps = [g for g in figures if isinstance(g, Gap)]
                bands = tuple(b for b in figures if isinstance(b, Band))
                short = sum((g.size / g.needed for g in gaps), 0.0)
                if strive:
                    ways.append((short, (), bands))
                elif short == 0:
                    ways.append((0.0, bands, ()))
            if not ways:
                return
            free: list[Way] = [w for w in ways if w == (0.0, (), ())]
            options.append(free[:1] if free else ways)
    for chosen in itertools.product(*options):
        yield (
            sum(w[0] for w in chosen),
            tuple(b for w in chosen for b in w[1]),
            tuple(b for w in chosen for b in w[2]),
        )


def _value(world: World, covers: Sequence[Any], held: Held, way: Way) -> Best | None:
    shortfall, hard, soft = way
    shared: Shared | None
    case = world.case
    capped = any(not math.isnan(s["capacity_people"]) for s in world.sites.values())
    if hard or soft or capped:
        shared = _shared(world, held, hard, soft)
        if shared is None:
            return None
    else:
        shared = _nearest(world, held)
        if shared.unserved and "uncovered_people" not in case.terms.objective:
            return None
    out = 0.0
    shares = [1.0]
    for rule in covers:
        for zones in world.units(rule).values():
            out += world.out_of_reach(rule, zones, held)[1]
        zones = world.scope(rule.scope)
        for county in world.counties:
            own = frozenset(z for z in zones if world.zones[z]["county_id"] == county)
            people, missed = world.out_of_reach(rule, own, held)
            if people > 0:
                shares.append(1 - missed / people)
    worst = min(shares)
    values = {
        "uncovered_people": out + shared.unserved,
        "person_minutes": shared.person_minutes,
        "worst_county_coverage": worst,
        "max_minutes": shared.max_minutes,
        "capital_wan": world.spent(held, "capital_wan"),
        "yearly_wan": world.spent(held, "yearly_wan"),
        "sites": float(len({s for s, _ in held})),
    }
    return Best(
        shortfall + shared.shortfall,
        tuple(values[name] for name in case.terms.objective),
        held,
    )


# --- a plan as it is ------------------------------------------------------------------


def keeps_every_rule(case: Case, plan: Any) -> bool:
    """Return whether a plan, assignments and all, is feasible; no value is judged."""
    world = World(case)
    rows = plan.placements.to_dict("records")
    held = frozenset(
        (r["site_id"], r["service"]) for r in rows if r["action"] != "close"
    )
    placed = {(r["site_id"], r["service"]) for r in rows}
    free = set(world.undecided())
    if not (
        world.today <= placed
        and held - world.today <= free
        and world.today - held <= free
        and world.stands(held)
        and world.within_budget(held)
    ):
        return False
    trips = plan.assignments.to_dict("records")
    return _people_are_right(world, held, trips) and all(
        any(
            all(_met(world, figure, held, trips) for figure in figures)
            for figures in readings
        )
        for rule in world.rules()
        if rule.priority == "must"
        for readings in world.choices(rule, held)
    )


def _met(world: World, figure: Gap | Band, held: Held, trips: Sequence[Any]) -> bool:
    if isinstance(figure, Gap):
        return figure.size == 0
    k = figure.rule.service
    for s in world.holders(k, held, figure.zones):
        people = sum(
            t["people"] for t in trips if (t["site_id"], t["service"]) == (s, k)
        )
        if not (
            figure.rule.lo - HALF_A_PERSON <= people <= figure.rule.hi + HALF_A_PERSON
        ):
            return False
    inside = [
        i for i in world.addressed(k) if world.demand[i]["zone_id"] in figure.zones
    ]
    lost = sum(world.demand[i]["people"] for i in inside) - sum(
        t["people"] for t in trips if t["service"] == k and t["demand_id"] in inside
    )
    return bool(lost <= HALF_A_PERSON)


def _people_are_right(world: World, held: Held, trips: Sequence[Any]) -> bool:
    return (
        all(_may_travel(world, held, trip) for trip in trips)
        and all(
            _served_once(world, i, k, [t for t in trips if _is(t, i, None, k)])
            for k in world.case.policy.services
            for i in world.addressed(k)
        )
        and all(
            not sum(t["people"] for t in trips if _is(t, None, s, k))
            > site["capacity_people"] + HALF_A_PERSON
            for k in world.case.policy.services
            for s, site in world.sites.items()
        )
    )


def _is(trip: Any, i: str | None, s: str | None, k: str) -> bool:
    return bool(
        trip["service"] == k
        and trip["demand_id"] == (i or trip["demand_id"])
        and trip["site_id"] == (s or trip["site_id"])
    )


def _may_travel(world: World, held: Held, trip: Any) -> bool:
    i, s, k = trip["demand_id"], trip["site_id"], trip["service"]
    return bool(
        (s, k) in held
        and world.allowed(i, s, k)
        and trip["people"] > 0
        and abs(world.trips[i, s]["minutes"] - trip["minutes"]) <= 1e-6
    )


def _served_once(world: World, i: str, k: str, trips: Sequence[Any]) -> bool:
    people, served = world.demand[i]["people"], sum(t["people"] for t in trips)
    terms = world.case.terms
    everyone = "uncovered_people" not in terms.objective
    return bool(
        served <= people + HALF_A_PERSON
        and (not everyone or served >= people - HALF_A_PERSON)
        and (terms.split or len({t["site_id"] for t in trips}) <= 1)
    )
