"""What the best plan is, found by trying every subset; slow, plain and independent.

Shares no code with the package: it reads the attributes of the policy dataclasses and
the tables of the area as data, and follows ``docs/rules.md``. A state says how many of
each service every site holds and what is added of each resource; of several phases,
every sequence of states is tried in which a later one keeps what an earlier one built.
Where people are shared out under a band or a capacity, each state is a small linear (or
whole-point) program for `scipy.optimize.milp`; everywhere else each demand point goes
to its nearest holder.

Not covered, and so not to be put into a case: amounts that need not be whole,
``strive`` rules over a class that the plan decides, an order that weighs journeys
before ``uncovered_people``, and ``max_minutes`` over several phases with a band or a
capacity.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.factories import Case

type Pair = tuple[str, str]

EPSILON = 1e-9  # relative: the rounding of a product of two floats
HALF_A_PERSON = 0.5  # what the audit allows where shares of people are added up


@dataclass(frozen=True)
class Held:
    """A state: how many of a service each pair holds, and what is added (whole)."""

    counts: dict[Pair, int]
    amounts: dict[Pair, int] = field(default_factory=dict)

    def __contains__(self, pair: object) -> bool:
        return pair in self.counts

    @property
    def pairs(self) -> frozenset[Pair]:
        return frozenset(self.counts)

    @property
    def key(self) -> frozenset[Any]:
        return frozenset(
            (*self.counts.items(), *(("", a) for a in self.amounts.items()))
        )


NOTHING = Held({})


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
    states: tuple[Held, ...]

    @property
    def held(self) -> frozenset[Pair]:
        """What is held in the end."""
        return self.states[-1].pairs


@dataclass
class World:
    """The case as dictionaries of plain records, and its rules as its year reads them.

    With ``last`` false the case is a phase before the last: a rule binds when it is due
    by the year of the phase, or has a target path.
    """

    case: Case
    last: bool = True
    zones: dict[str, dict[str, Any]] = field(init=False)
    counties: dict[str, dict[str, Any]] = field(init=False)
    sites: dict[str, dict[str, Any]] = field(init=False)
    demand: dict[str, dict[str, Any]] = field(init=False)
    trips: dict[tuple[str, str], dict[str, float]] = field(init=False)
    costs: list[Any] = field(init=False)
    today: dict[Pair, int] = field(init=False)
    read: list[Any] = field(init=False)

    def __post_init__(self) -> None:
        area = self.case.area
        self.zones = _records(area.zones)
        self.counties = _records(area.counties)
        self.sites = _records(area.sites)
        self.demand = _records(area.demand)
        self.costs = [] if area.costs is None else area.costs.to_dict("records")
        pairs: list[Any] = self.case.travel.pairs.to_dict("records")
        self.trips = {(t["demand_id"], t["site_id"]): t for t in pairs}
        services = self.case.policy.services
        self.today = {}
        for s, site in self.sites.items():
            if site["status"] != "existing":
                continue
            for k, service in services.items():
                listed = list(site["services"]).count(k)
                implied = service.held_by and self.surely(s, service.held_by, NOTHING)
                if listed or implied:
                    counts = service.most_per_site > 1
                    self.today[s, k] = max(1, listed) if counts else 1
        self.read = [
            found
            for rule in self.case.policy.rules
            if (found := _in_year(rule, self.case.terms.year, last=self.last))
        ]

    @property
    def before(self) -> Held:
        return Held(dict(self.today))

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
        if not self.named(s, members):
            return False
        if members.level_from is not None and not (
            self.known(s, "level") >= members.level_from
        ):
            return False
        if members.public is None:
            return True
        return bool(self.known(s, "public") == members.public)

    def named(self, s: str, members: Any) -> bool:
        """Return whether the names and counties of a class leave a site in."""
        site = self.sites[s]
        county = site["county_id"]
        homes = {county, self.counties[county]["name"]}
        return bool(
            (not members.name or site["name"] in members.name)
            and (not members.county or homes & set(members.county))
        )

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

    def receives(self, s: str) -> bool:
        return not self.sites[s]["branch"] and self.sites[s]["locked"] != "out"

    def levels(self) -> tuple[dict[Pair, list[int]], dict[Pair, list[int]]]:
        """Return how many a plan may leave at each pair, and add of each resource.

        Only what is open: pairs and amounts with one level are left out.
        """
        counts: dict[Pair, list[int]] = {}
        for s, site in self.sites.items():
            for k, service in self.case.policy.services.items():
                now = self.today.get((s, k), 0)
                found = {now}
                hosts = service.hosts
                if self.receives(s) and (
                    hosts is None or hosts.service or self.surely(s, hosts, NOTHING)
                ):
                    found |= set(range(now, service.most_per_site + 1))
                if now and k in self.case.terms.closing and site["locked"] != "in":
                    found.add(0)
                if len(found) > 1:
                    counts[s, k] = sorted(found)
        amounts = {
            (s, r): list(range(int(resource.most_per_site or 0) + 1))
            for s, site in self.sites.items()
            for r, resource in self.case.policy.resources.items()
            if resource.at is not None
            and r in site
            and self.receives(s)
            and (resource.at.service or self.takes(s, resource.at, NOTHING))
        }
        return counts, amounts

    def takes(self, s: str, at: Any, held: Held) -> bool:
        """Return whether a site may be given a resource: a facility, or a holder."""
        if self.sites[s]["status"] == "existing" and self.surely(s, at, NOTHING):
            return True
        holds = any((s, k) in held for k in at.service)
        return holds and not self.sites[s]["branch"] and self.named(s, at)

    def states(self) -> Iterator[Held]:
        counts, amounts = self.levels()
        for numbers in itertools.product(*counts.values()):
            chosen = self.today | dict(zip(counts, numbers, strict=True))
            here = {pair: number for pair, number in chosen.items() if number}
            if not self.stands(Held(here)) or not self.obeys(Held(here)):
                continue
            for added in itertools.product(*amounts.values()):
                more = zip(amounts, added, strict=True)
                held = Held(here, {pair: number for pair, number in more if number})
                if self.may_be_given(held):
                    yield held

    def stands(self, held: Held) -> bool:
        """Return whether hosts, requirements and locks hold for all that is new."""
        for (s, k), number in held.counts.items():
            if number <= self.today.get((s, k), 0):
                continue
            service = self.case.policy.services[k]
            if not self.hosted(s, k, held):
                return False
            if any((s, needed) not in held for needed in service.requires):
                return False
        in_use = {s for s, _ in held.pairs}
        return all(s in in_use for s, t in self.sites.items() if t["locked"] == "in")

    def hosted(self, s: str, k: str, held: Held) -> bool:
        """Return whether a site may have one more: by its class or by what it holds.

        A plot for a facility of a class is one once the facility is there: a service
        that is ``held_by`` the class, where any is.
        """
        hosts = self.case.policy.services[k].hosts
        if hosts is None or not self.surely(s, hosts, held):
            return hosts is None
        if not hosts.facility_class or self.sites[s]["status"] == "existing":
            return True
        by_service = any((s, other) in held for other in hosts.service)
        mains = {
            other
            for other, service in self.case.policy.services.items()
            if service.held_by
            and service.held_by.facility_class
            and self.surely(s, service.held_by, NOTHING)
        }
        there = any((s, main) in held for main in mains)
        return bool(by_service or not mains or k in mains or there)

    def may_be_given(self, held: Held) -> bool:
        resources = self.case.policy.resources
        return all(self.takes(s, resources[r].at, held) for s, r in held.amounts)

    def obeys(self, held: Held) -> bool:
        """Return whether a state is as a review decided."""
        decided = self.case.terms.decided
        return not decided.barred & held.pairs and all(
            held.counts.get(pair, 0) == number if number else pair in held
            for pair, number in decided.held.items()
        )

    def follows(self, held: Held, earlier: Held) -> bool:
        """Return whether a state keeps what an earlier phase built, and left closed."""
        for pair in earlier.pairs | held.pairs | set(self.today):
            now, then = held.counts.get(pair, 0), earlier.counts.get(pair, 0)
            base = self.today.get(pair, 0)
            if then > base and now < then:
                return False  # what was added stays
            if base and not then and now:
                return False  # what was closed stays closed
        return all(held.amounts.get(p, 0) >= n for p, n in earlier.amounts.items())

    def spent(self, held: Held, column: str) -> float:
        total = 0.0
        for (s, k), number in held.counts.items():
            candidate = self.sites[s]["status"] == "candidate"
            actions = ["build"] if candidate else ["upgrade", "build"]
            more = number - self.today.get((s, k), 0)
            total += more * self._price("service", s, k, actions, column)
        for s, k in set(self.today) - held.pairs:
            total += self._price("service", s, k, ["close"], column)
        for (s, r), number in held.amounts.items():
            total += number * self._price("resource", s, r, ["add"], column)
        return total

    def _price(
        self, what: str, s: str, k: str, actions: list[str], column: str
    ) -> float:
        rows = self.costs
        facility_class = self.sites[s]["class"]
        for action in actions:
            here = [r for r in rows if (r[what], r["action"]) == (k, action)]
            own = [r for r in here if r["site_id"] == s]
            general = [r for r in here if not r["site_id"]]
            classed = [
                r for r in general if r["class"] and r["class"] == facility_class
            ]
            for found in (own, classed, [r for r in general if not r["class"]]):
                if found:
                    return float(found[0][column])
        return 0.0

    def within_budget(self, held: Held, earlier: Held | None = None) -> bool:
        """Return whether a phase can be paid for, given what stood before it."""
        terms = self.case.terms
        capital = self.spent(held, "capital_wan")
        paid = 0.0 if earlier is None else self.spent(earlier, "capital_wan")
        return all(
            limit is None or spent <= limit + EPSILON * max(1.0, limit)
            for spent, limit in (
                (capital - paid, terms.capital_wan),
                (self.spent(held, "yearly_wan"), terms.yearly_wan),
                (capital, terms.total_capital_wan),
            )
        )

    # --- rules ------------------------------------------------------------------

    def gaps(self, reading: Any, zones: frozenset[str], held: Held) -> list[Gap | Band]:
        """Return the figures that one reading asks for in one unit."""
        found: list[Gap | Band] = []
        match type(reading).__name__:
            case "CountInUnit":
                number = self._counted(reading.service, reading.of, held, zones)
                found += _bounds(number, reading.lo or 0, reading.hi)
            case "ShareOfClass" if reading.service is not None:
                found += self._share(reading, zones, held)
            case "Rate" if reading.unit == "site":
                found += self._rate_at_sites(reading, zones, held)
            case "Rate":
                found += self._rate(reading, zones, held)
            case "Coverage" if reading.share is not None:
                people, out = self.out_of_reach(reading, zones, held)
                needed = reading.share * people
                found.append(_gap(needed - (people - out), needed))
            case "PopulationBand":
                found.append(Band(reading, zones))
        return found

    def _counted(self, k: str, of: Any, held: Held, zones: frozenset[str]) -> int:
        return sum(held.counts[s, k] for s in self._among(k, of, held, zones))

    def _among(self, k: str, of: Any, held: Held, zones: frozenset[str]) -> list[str]:
        if of is None:
            return self.holders(k, held, zones)
        among = {s for s in self.sites if self.belongs(s, of, held)}
        return [s for s in self.holders(k, held, zones) if s in among]

    def _rate_at_sites(
        self, rule: Any, zones: frozenset[str], held: Held
    ) -> list[Gap | Band]:
        if not any(rule.resource in site for site in self.sites.values()):
            raise UnknownError(rule.resource)
        k = rule.denominator.split(":")[1]
        needed = rule.lo / rule.per
        found: list[Gap | Band] = []
        for s in self._among(k, rule.of, held, zones):
            site = self.sites[s]
            cell = site[rule.resource] if site["status"] == "existing" else 0.0
            there = 0.0 if math.isnan(cell) else cell
            there += held.amounts.get((s, rule.resource), 0)
            found.append(_gap(needed - there, needed))
        return found

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
        before = self.before
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
            return float(self._counted(rule.service, rule.of, held, zones)), False
        today, blank = self._beds(rule.resource, rule.of, zones, held)
        return today + self._added(rule.resource, rule.of, zones, held), blank

    def _added(
        self, resource: str, of: Any, zones: frozenset[str], held: Held
    ) -> float:
        return float(
            sum(
                number
                for (s, r), number in held.amounts.items()
                if r == resource
                and self.sites[s]["zone_id"] in zones
                and (of is None or self.belongs(s, of, held))
            )
        )

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
        if kind == "zones":
            cells = [self.zones[z].get(name, float("nan")) for z in zones]
            if any(cell != cell for cell in cells):  # noqa: PLR0124 (not a number)
                raise UnknownError(name)
            return sum(cells), sum(cells), sum(cells)
        if kind == "service":
            now = self._counted(name, None, held, zones)
            then = self._counted(name, None, self.before, zones)
            return float(now), float(then), 0.0
        amount, blank = self._beds(name, rule.of, zones, held)
        if blank:
            raise UnknownError(name)
        added = self._added(name, rule.of, zones, held)
        return amount + added, amount, amount

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
        everything = Held(
            {(s, k): 1 for s in self.sites for k in self.case.policy.services}
        )
        for rule in self.read:
            if rule.priority == "may":
                continue
            try:
                for reading in (rule, *rule.any_of):
                    for zones in self.units(reading).values():
                        self.gaps(reading, zones, everything)
                        self.gaps(reading, zones, self.before)
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
        for rule in self.read:
            if rule.priority == "may":
                continue
            for reading in (rule, *rule.any_of):
                if type(reading).__name__ != "Coverage":
                    continue
                try:
                    self.out_of_reach(reading, frozenset(), NOTHING)
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


def _in_year(rule: Any, year: int | None, *, last: bool) -> Any:
    """Return a rule as a phase of a year reads it, or None when it asks for nothing.

    Before the last phase a rule that is neither due nor has a target path is only
    reported; reach without a share is weighed in every phase.
    """
    readings = []
    for reading in (rule, *rule.any_of):
        figures: dict[str, float | None] = {}
        for key, since, figure in reading.path:
            figures.setdefault(key, None)
            if year is None or since <= year:
                figures[key] = figure
        if figures and all(figure is None for figure in figures.values()):
            return None
        readings.append(replace(reading, any_of=(), path=(), **figures))
    due = rule.due is not None and year is not None and rule.due <= year
    binds = last or due or any(reading.path for reading in (rule, *rule.any_of))
    weighed = type(rule).__name__ == "Coverage" and rule.share is None
    if not (binds or weighed):
        readings[0] = replace(readings[0], priority="may")
    return replace(readings[0], any_of=tuple(readings[1:]))


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
                for s, name in held.pairs
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
            open_here = [s for s, name in sorted(self.held.pairs) if name == k]
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


def optimum(*cases: Case) -> Any:
    """Return the `Best` plan of all, or None when no state keeps every rule.

    Several cases are the phases of one task, in the order of years. People and journeys
    are added up over them, the worst county and the longest trip are those of any, and
    cost and sites those of the last.
    """
    order = cases[0].terms.objective
    plans = every_plan(*cases)
    return min(plans, key=lambda one: value_of(order, one), default=None)


def every_plan(*cases: Case) -> Iterator[Best]:
    """Yield every plan that keeps every rule, people sent as well as can be in it."""
    order = cases[0].terms.objective
    worlds = [World(case, last=case is cases[-1]) for case in cases]
    valued = [_valued(world) for world in worlds]
    for sequence in _sequences(worlds, valued, ()):
        found = [of[held.key][1] for of, held in zip(valued, sequence, strict=True)]
        yield _together(worlds[-1], sequence, found, order)


def _valued(world: World) -> dict[Any, tuple[Held, dict[str, float]]]:
    """Return every state that keeps the rules of a phase, with its best values."""
    rules, covers = world.rules(), world.covers()
    result = {}
    for held in world.states():
        ways = [_value(world, covers, held, way) for way in _ways(world, rules, held)]
        found = [way for way in ways if way is not None]
        if found:
            order = ("shortfall", *world.case.terms.objective)
            result[held.key] = (held, min(found, key=partial(_ranked, order)))
    return result


def _ranked(order: Sequence[str], values: dict[str, float]) -> list[float]:
    return [round(_SIGNS.get(name, 1) * values[name], 6) for name in order]


def _sequences(
    worlds: Sequence[World], valued: Sequence[Any], earlier: tuple[Held, ...]
) -> Iterator[tuple[Held, ...]]:
    """Yield the states of all phases, each in its budget and after the one before."""
    number = len(earlier)
    if number == len(worlds):
        yield earlier
        return
    before = earlier[-1] if earlier else None
    for held, _ in valued[number].values():
        if before is not None and not worlds[number].follows(held, before):
            continue
        if worlds[number].within_budget(held, before):
            yield from _sequences(worlds, valued, (*earlier, held))


def _together(
    world: World,
    sequence: tuple[Held, ...],
    found: Sequence[dict[str, float]],
    order: Sequence[str],
) -> Best:
    values = {
        "uncovered_people": sum(v["uncovered_people"] for v in found),
        "person_minutes": sum(v["person_minutes"] for v in found),
        "worst_county_coverage": min(v["worst_county_coverage"] for v in found),
        "max_minutes": max(v["max_minutes"] for v in found),
        "capital_wan": world.spent(sequence[-1], "capital_wan"),
        "yearly_wan": world.spent(sequence[-1], "yearly_wan"),
        "sites": float(len({s for s, _ in sequence[-1].pairs})),
        "changes": _apart(world.case.terms.previous or (), sequence),
    }
    shortfall = sum(v["shortfall"] for v in found)
    return Best(shortfall, tuple(values[name] for name in order), sequence)


def _apart(previous: Sequence[Any], sequence: Sequence[Held]) -> float:
    """Return by how much the numbers held differ from a previous plan's."""
    return float(
        sum(
            abs(held.counts.get(pair, 0) - before.get(pair, 0))
            for held, before in zip(sequence, previous, strict=False)
            for pair in held.pairs | set(before)
        )
    )


_SIGNS = {"worst_county_coverage": -1}


def value_of(order: Sequence[str], found: Best) -> tuple[float, ...]:
    """Return what plans are compared by: less is better, the first figure first."""
    signs = [1, *(_SIGNS.get(name, 1) for name in order)]
    return tuple(
        round(sign * value, 6)
        for sign, value in zip(signs, (found.shortfall, *found.values), strict=True)
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


def _value(
    world: World, covers: Sequence[Any], held: Held, way: Way
) -> dict[str, float] | None:
    """Return the best values that one way of keeping the rules allows in a state."""
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
    return {
        "shortfall": shortfall + shared.shortfall,
        "uncovered_people": out + shared.unserved,
        "person_minutes": shared.person_minutes,
        "worst_county_coverage": min(shares),
        "max_minutes": shared.max_minutes,
        # The same in every way of this state.
        "capital_wan": 0.0,
        "yearly_wan": 0.0,
        "sites": 0.0,
        "changes": 0.0,
    }


# --- a plan as it is ------------------------------------------------------------------


def keeps_every_rule(case: Case, plan: Any, *, last: bool = True) -> bool:
    """Return whether a plan, assignments and all, is feasible; no value is judged.

    ``last`` is false for the plan of a phase before the last.
    """
    world = World(case, last=last)
    placed: dict[Pair, int] = {}
    closed: set[Pair] = set()
    spent = 0.0
    for row in plan.placements.to_dict("records"):
        pair = (row["site_id"], row["service"])
        spent += row["capital_wan"] if row["phase"] == case.terms.year else 0.0
        if row["action"] == "close":
            closed.add(pair)
        else:
            placed[pair] = placed.get(pair, 0) + int(row["count"])
    added: dict[Pair, float] = {}
    for row in plan.allocations.to_dict("records"):
        pair = (row["site_id"], row["resource"])
        spent += row["capital_wan"] if row["phase"] == case.terms.year else 0.0
        added[pair] = added.get(pair, 0) + row["amount"]
    held = Held(placed, added)  # type: ignore[arg-type]  # checked to be whole below
    if not (
        not closed & held.pairs
        and set(world.today) <= held.pairs | closed
        and _levels_are_open(world, held)
        and world.stands(held)
        and world.may_be_given(held)
        and world.obeys(held)
        and _is_paid(world, held, spent)
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


def _levels_are_open(world: World, held: Held) -> bool:
    """Return whether every count and amount is one that a plan may leave there."""
    counts, amounts = world.levels()
    return all(
        held.counts.get(pair, 0) in counts.get(pair, [world.today.get(pair, 0)])
        for pair in held.pairs | set(world.today)
    ) and all(
        number in amounts.get(pair, []) and number
        for pair, number in held.amounts.items()
    )


def _is_paid(world: World, held: Held, spent: float) -> bool:
    """Return whether the budgets hold, with ``spent`` in the phase itself."""
    terms = world.case.terms
    return all(
        limit is None or cost <= limit + EPSILON * max(1.0, limit)
        for cost, limit in (
            (spent, terms.capital_wan),
            (world.spent(held, "yearly_wan"), terms.yearly_wan),
            (world.spent(held, "capital_wan"), terms.total_capital_wan),
        )
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
