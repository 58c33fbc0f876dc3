"""Random small planning tasks, with every kind of rule and every modifier.

Small enough to try every state (`tests.oracle`): at most `MOST_STATES` of them, counts
and amounts included, in a phase; fewer where there are several phases. People and
minutes are whole numbers, so that two plans that differ do so by more than a solver's
tolerance.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from allocator.policy import (
    CountInUnit,
    Coverage,
    Indicator,
    PopulationBand,
    Priority,
    Rate,
    Resource,
    Scope,
    Service,
    ShareOfClass,
    Unit,
)
from allocator.policy.decided import Decided
from allocator.policy.terms import Terms
from tests.factories import (
    Case,
    Phased,
    candidate,
    cost,
    county,
    demand_point,
    facility,
    make_area,
    make_policy,
    make_travel,
    members,
    zone,
)
from tests.oracle import World

if TYPE_CHECKING:
    from allocator.area import PlanningArea
    from allocator.policy import Members, Rule

MOST_STATES = 128
MOST_STATES_OF_A_PHASE = 36  # every one is followed by every one that keeps it
YEARS = (2023, 2025)
CLASSES = ("C210", "C220", "A100")
BAND_SERVICE = "care"
COUNTED = "ward"
RESOURCE = "nurses"


@dataclass(frozen=True)
class Draw:
    """Shorter words for hypothesis: one draw function for a whole task."""

    data: Any

    def one(self, *choices: Any) -> Any:
        return self.data(st.sampled_from(choices))

    def whole(self, low: int, high: int) -> int:
        return int(self.data(st.integers(low, high)))

    def often(self) -> bool:
        """Return True in three of four draws; False is the simpler value."""
        return self.whole(0, 3) > 0

    def seldom(self) -> bool:
        return self.whole(0, 7) > 6


@st.composite
def briefs(draw: Any, *, simple: bool = False, binding: bool = False) -> Case:
    """Return a random task.

    ``simple`` leaves strive, any_of and unknown cells out; ``binding`` draws more rules
    and small budgets, so that clauses collide.
    """
    d = Draw(draw)
    count = d.whole(2, 5) if binding else d.whole(1, 3)
    case = _case(d, count, simple=simple, phased=False)
    case = replace(case, terms=_terms(d, case, poor=binding))
    return _small_enough(case, MOST_STATES)


@st.composite
def phased_briefs(draw: Any) -> Phased:
    """Return a random task of two years, each with its own people and budgets."""
    d = Draw(draw)
    first = _small_enough(
        _case(d, d.whole(1, 3), simple=False, phased=True), MOST_STATES_OF_A_PHASE
    )
    last = replace(first, area=_grown(d, first.area))
    cases = [
        case.with_terms(year=year)
        for case, year in zip((first, last), YEARS, strict=True)
    ]
    common = _terms(d, *cases, poor=False)
    total = d.one(None, None, float(d.whole(0, 20)))
    return Phased(
        tuple(
            replace(
                case,
                terms=replace(
                    common,
                    year=case.terms.year,
                    decided=_decided(d, case),
                    capital_wan=d.one(None, None, float(d.whole(0, 12))),
                    yearly_wan=d.one(None, None, None, float(d.whole(0, 6))),
                    total_capital_wan=total,
                ),
            )
            for case in cases
        )
    )


def _case(d: Draw, count: int, *, simple: bool, phased: bool) -> Case:
    services, resources = _services(d), _resources(d)
    area = _area(d, services, resources)
    rules = [
        _rule(d, f"R{n}", services, resources, simple=simple) for n in range(count)
    ]
    if phased:
        rules = [_dated(d, rule) for rule in rules]
    policy = make_policy(services=services, rules=rules, resources=resources)
    return Case(area, _travel(d, area), policy, Terms())


def _grown(d: Draw, area: PlanningArea) -> PlanningArea:
    """Return the area with other people, as they are in a later year."""
    zones, demand = area.zones.copy(), area.demand.copy()
    zones["population"] = [d.whole(10, 60) for _ in zones.index]
    demand["people"] = [d.whole(0, 60) for _ in demand.index]
    return replace(area, zones=zones, demand=demand)


def _dated(d: Draw, rule: Rule) -> Rule:
    """Return a rule due in a year, or with figures that grow, or as it is."""
    rule = replace(rule, due=d.one(None, 2022, *YEARS))
    figure = "share" if hasattr(rule, "share") else "lo"
    last = getattr(rule, figure, None)
    banded = isinstance(rule, PopulationBand)
    if last is None or banded or d.one(False, True):
        return rule
    since = d.one(*YEARS)
    first = d.one(last, last / 2) if figure == "share" else 0
    if isinstance(rule, Rate):
        first = last / 2
    steps = ((figure, since, first), (figure, YEARS[-1], last))
    return replace(rule, path=steps if since < YEARS[-1] else steps[1:])


def _services(d: Draw) -> list[Service]:
    scope = d.one(Scope(), Scope(), Scope(urban=True), Scope(zone_kind=("街道",)))
    care = Service(
        id=BAND_SERVICE,
        name="care",
        serves=scope if d.often() else None,
        assign_within=d.one(Unit.AREA, Unit.COUNTY, Unit.ZONE),
        held_by=d.one(
            None,
            None,
            members("C220"),
            members("C210", "C220"),
            members("A100", level_from=2),
        ),
        hosts=d.one(None, members("C210", "A100"), members(level_from=2)),
    )
    point = Service(
        id="point",
        name="point",
        hosts=d.one(
            None,
            members("C210"),
            members("C210", "A100"),
            members("C210", service=[BAND_SERVICE]),
            members(service=[BAND_SERVICE]),
            members(service=[BAND_SERVICE], name=("site s0", "site s1")),
        ),
        requires=d.one((), (), (BAND_SERVICE,)),
    )
    if d.one(False, True):
        return [care, point]
    ward = Service(
        id=COUNTED,
        name="ward",
        most_per_site=d.one(2, 3),
        held_by=d.one(None, None, members("A100")),
        hosts=d.one(None, members("A100"), members("C220", service=[BAND_SERVICE])),
        requires=d.one((), (), ("point",)),
    )
    return [care, point, ward]


def _resources(d: Draw) -> list[Resource]:
    if d.one(False, True):
        return []
    at = d.one(
        None,
        members("C210", "A100"),
        members("C220", service=[BAND_SERVICE]),
        members(service=["point"], county=("c0",)),
    )
    most = None if at is None else float(d.whole(1, 2))
    return [Resource(id=RESOURCE, name="nurses", at=at, most_per_site=most)]


def _area(d: Draw, services: list[Service], resources: list[Resource]) -> PlanningArea:
    names = ["c0", "c1"][: d.whole(1, 2)]
    zones = [
        zone(
            f"z{n}",
            d.one(*names),
            d.whole(10, 60),
            kind=d.one("街道", "镇"),
            urban=d.one(False, True),
        )
        | {"population_65": math.nan if d.seldom() else float(d.whole(1, 10))}
        for n in range(d.whole(1, 3))
    ]
    homes = [z["zone_id"] for z in zones]
    demand = [
        demand_point(f"d{n}", d.one(*homes), 0 if d.seldom() else d.whole(10, 60))
        for n in range(d.whole(1, 4))
    ]
    has_level, has_capacity = d.one(False, True), d.seldom()
    has_public = d.one(False, True)
    sites = []
    for n in range(d.whole(2, 4)):
        columns: dict[str, Any] = {
            "branch": d.seldom(),
            "locked": d.one("", "", "", "in", "out"),
            "beds": math.nan if d.seldom() else float(d.whole(0, 40)),
        }
        if has_level:
            columns["level"] = math.nan if d.seldom() else float(d.whole(1, 3))
        if has_public:
            columns["public"] = None if d.seldom() else d.one(True, False)
        if resources:
            columns[RESOURCE] = math.nan if d.seldom() else float(d.whole(0, 2))
        if has_capacity:
            columns["capacity_people"] = d.one(math.nan, float(d.whole(20, 120)))
        place, kind = d.one(*homes), d.one(*CLASSES)
        if d.one(False, True):
            held = [s.id for s in services if d.seldom()]
            if services[-1].id == COUNTED:
                held += [COUNTED] * d.one(0, 0, 1, 2, 4)
            sites.append(facility(f"s{n}", place, kind, services=held, **columns))
        else:
            sites.append(candidate(f"s{n}", place, kind, **columns))
    costs = [
        cost(s.id, action, d.whole(0, 9), d.whole(0, 3))
        for s in services
        for action in ("build", "close")
    ]
    if d.one(False, True):
        costs.append(cost(BAND_SERVICE, "upgrade", d.whole(0, 9), 1))
        costs.append(cost("point", "build", d.whole(0, 9), 1, facility_class="C210"))
        costs.append(cost("point", "build", d.whole(0, 9), 1, site_id="s1"))
    if resources:
        costs.append(cost("", "add", d.whole(0, 4), 1, resource=RESOURCE))
        costs.append(cost("", "add", 3, 0, resource=RESOURCE, facility_class="C220"))
    return make_area(
        zones=zones,
        counties=[county(c, kind=d.one("区", "县")) for c in names],
        sites=sites,
        demand=demand,
        costs=costs,
    )


def _travel(d: Draw, area: PlanningArea) -> Any:
    minutes = {
        (i, s): d.whole(0, 9) * 5
        for i in area.demand.index
        for s in area.sites.index
        if d.often()
    }
    km = {pair: m / 2 for pair, m in minutes.items()} if d.often() else None
    return make_travel(minutes, km)


def _scope(d: Draw) -> Scope:
    return Scope() if d.often() else d.one(*_SCOPES)


_SCOPES = (
    Scope(county=("c0",)),
    Scope(county=("county c1",)),
    Scope(county_kind=("区",)),
    Scope(zone_kind=("镇",)),
    Scope(urban=True),
    Scope(people_below=30),
    Scope(people_from=30),
)


def _members(d: Draw) -> Members:
    found: Members = d.one(
        members("C210"),
        members("C210", "C220"),
        members("A100", level_from=2),
        members(level_from=2),
        members("C210", "A100", public=True),
        members("C210", service=[BAND_SERVICE]),
        members("C210", county=("county c0",)),
        members(service=[BAND_SERVICE]),
        members(service=["point"], name=("site s0", "site s2")),
    )
    return found


def _rule(
    d: Draw,
    rule_id: str,
    services: list[Service],
    resources: list[Resource],
    *,
    simple: bool,
) -> Rule:
    priority = Priority.MUST
    if not simple:
        priority = d.one(Priority.MUST, Priority.MUST, Priority.STRIVE, Priority.MAY)
    head = {
        "id": rule_id,
        "quote": rule_id,
        "priority": priority,
        "unit": d.one(Unit.AREA, Unit.COUNTY, Unit.ZONE),
        "scope": _scope(d),
    }
    others: tuple[Rule, ...] = ()
    if not simple and d.whole(0, 3) > 2:
        other = {**head, "scope": _scope(d)}
        others = tuple(
            _reading(d, other, services, resources) for _ in range(d.whole(1, 2))
        )
    elif resources and d.seldom():
        return _rate_at_sites(d, head)
    return _reading(d, {**head, "any_of": others}, services, resources)


def _rate_at_sites(d: Draw, head: dict[str, Any]) -> Rate:
    """Return a rate that every holder of a service must have."""
    return Rate(
        **{**head, "unit": Unit.SITE},
        resource=RESOURCE,
        denominator=f"service:{d.one(BAND_SERVICE, 'point')}",
        of=d.one(None, members("C210", "C220")),
        lo=d.one(1.0, 2.0, 5.0),
        per=d.one(1.0, 2.0),
    )


def _reading(
    d: Draw,
    head: dict[str, Any],
    services: list[Service],
    resources: list[Resource],
) -> Rule:
    name = d.one(*(service.id for service in services))
    strive = head["priority"] == Priority.STRIVE
    of = _members(d)
    if of.service and (strive or name == COUNTED):
        of = members("C210", "C220")  # a count among a class that is decided: refused
    kinds = ["count_in_unit", "share_of_class", "rate", "coverage", "indicator"]
    if services[0].serves is not None:
        kinds += ["population_band"]
    match d.one(*kinds):
        case "count_in_unit":
            lo, hi = d.one((1, None), (0, 2), (None, 1), (1, 2), (2, 3), (4, None))
            among = of if d.one(False, True) else None
            return CountInUnit(**head, service=name, of=among, lo=lo, hi=hi)
        case "share_of_class":
            share = d.one(1.0, 0.5, 0.9, 0.34)
            return ShareOfClass(**head, service=name, of=of, share=share)
        case "population_band":
            lo, hi = d.one((0, 60), (10, 80), (20, 100), (30, 45))
            return PopulationBand(**head, service=BAND_SERVICE, lo=lo, hi=hi)
        case "rate":
            return _rate(d, head, name, of, [r.id for r in resources])
        case "coverage":
            return _coverage(d, head, name)
        case _:
            return Indicator(**head, target="as many as can be")


def _rate(
    d: Draw, head: dict[str, Any], name: str, of: Members, resources: list[str]
) -> Rate:
    amount = d.one("beds", *resources)
    what: dict[str, Any] = {"service": name} if d.often() else {"resource": amount}
    other = d.one("beds", *resources)
    base = d.one(
        "population",
        "zones:population_65",
        f"service:{d.one(BAND_SERVICE, name)}",
        f"resource:{other}",
    )
    if of.service and ("resource" in what or base.startswith("resource:")):
        of = members("C210", "C220")  # beds of a class that the plan decides: refused
    among = of if d.one(False, True) else None
    bounds = d.one(
        {"lo": 1.0},
        {"hi": 2.0},
        {"lo": 0.5, "hi": 3.0},
        {"not_below_today": True},
        {"lo": 0.2, "not_below_today": True},
    )
    usual = {"population": 50.0, "zones:population_65": 8.0, "resource:beds": 20.0}
    per = usual.get(base, 1.0)
    if what == {"resource": RESOURCE}:
        per /= 4.0
    return Rate(**head, **what, **bounds, of=among, denominator=base, per=per)


def _coverage(d: Draw, head: dict[str, Any], name: str) -> Coverage:
    reach = d.one(
        {"within_minutes": 20},
        {"within_minutes": 30, "urban_minutes": 10},
        {"urban_minutes": 15, "rural_minutes": 30},
        {"within_km": 10},
    )
    return Coverage(**head, **reach, service=name, share=d.one(None, 0.5, 0.8, 1.0))


def _terms(d: Draw, *cases: Case, poor: bool) -> Terms:
    """Return the terms of a task; budgets of several phases are drawn by phase."""
    split = d.often()
    budget = float(d.whole(0, 12 if poor else 20))
    return Terms(
        capital_wan=budget if poor else d.one(None, None, budget),
        yearly_wan=d.one(None, None, None, float(d.whole(0, 6))),
        split=split,
        closing=frozenset(
            s for s in cases[0].policy.services if d.one(False, False, True)
        ),
        objective=_order(d, *cases, split=split, changes=not poor),
        # The search for conflicts tries every set of clauses; decisions are none there.
        decided=Decided() if poor else _decided(d, cases[0]),
        previous=None if poor else tuple(_held_before(d, case) for case in cases),
    )


def _pairs(case: Case) -> list[tuple[str, str]]:
    return [(s, k) for s in case.area.sites.index for k in case.policy.services]


def _decided(d: Draw, case: Case) -> Decided:
    """Return what a review decided: mostly nothing, else of a pair or two."""
    if not d.seldom():
        return Decided()
    held = {d.one(*_pairs(case)): d.one(None, None, 1, 2)}
    barred = frozenset([d.one(*_pairs(case))]) if d.one(False, True) else frozenset()
    return Decided(held if d.often() else {}, barred)


def _held_before(d: Draw, case: Case) -> dict[tuple[str, str], int]:
    return {pair: d.whole(1, 2) for pair in _pairs(case) if d.seldom()}


def _order(d: Draw, *cases: Case, split: bool, changes: bool) -> tuple[str, ...]:
    """Return an order in which every objective has something exact to measure."""
    case = cases[0]
    serving = case.policy.services[BAND_SERVICE].serves is not None
    readings = [r for rule in case.policy.rules for r in rule.readings]
    bounded = case.area.sites["capacity_people"].notna().any() or any(
        isinstance(r, PopulationBand) for r in readings
    )
    names = ["capital_wan", "yearly_wan", "sites", "uncovered_people", "person_minutes"]
    if changes:
        names.append("changes")
    if serving and not (bounded and (split or len(cases) > 1)):
        names.append("max_minutes")
    if any(World(one, last=one is cases[-1]).covers() for one in cases):
        names.append("worst_county_coverage")
    order = [n for n in d.data(st.permutations(names)) if d.one(False, True)]
    journeys = [n for n in order if n in ("person_minutes", "max_minutes")]
    if "uncovered_people" in order and journeys:
        # Journeys are shortest when nobody is served: people are weighed before them.
        order.remove("uncovered_people")
        order.insert(order.index(journeys[0]), "uncovered_people")
    return tuple(order) or ("capital_wan",)


def _small_enough(case: Case, most: int) -> Case:
    """Lock sites out, last first, till there are few enough states."""
    sites = case.area.sites
    for site_id in reversed(sites.index):
        if _number_of_states(case) <= most:
            return case
        sites.loc[site_id, "locked"] = "out"
    return case


def _number_of_states(case: Case) -> int:
    """Return how many states there are at most, whatever the brief lets be closed."""
    everything = case.with_terms(closing=frozenset(case.policy.services))
    counts, amounts = World(everything).levels()
    levels = [len(found) for found in (*counts.values(), *amounts.values())]
    return math.prod(levels)
