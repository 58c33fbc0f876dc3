"""Small planning tasks made in a few lines, for tests that read like a story.

    case = make_case(
        area=make_area(
            zones=[zone("z1", "c1", 100), zone("z2", "c1", 50)],
            sites=[candidate("s1", "z1"), facility("s2", "z2", "C210")],
        ),
        services=[Service(id="clinic", name="clinic")],
        rules=[CountInUnit(id="R", quote="one", service="clinic", lo=1)],
    )

Every zone has one demand point ``d_<zone>`` with all its people unless a test gives its
own. Travel is a table: pairs that are not named cannot be travelled. Nothing here
reads files.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd

from allocator.area import GEOGRAPHIC_CRS, PlanningArea
from allocator.audit import Facts, audit, refuse_unless_sound
from allocator.errors import Text
from allocator.formulation import Formulation, build, build_phases, read_plans
from allocator.plan import Plan, empty_frame
from allocator.policy import Members, Policy
from allocator.policy.packs import PackHead
from allocator.policy.terms import Phase, Terms
from allocator.solve import Solution, solve
from allocator.travel import Travel

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from allocator.audit import AuditRow
    from allocator.policy import Resource, Rule, Service

NO_LIMIT = math.nan


def zone(
    zone_id: str,
    county: str,
    people: int,
    *,
    kind: str = "镇",
    urban: bool = False,
) -> dict[str, Any]:
    """Return one zone; its county is made when no table of counties names it."""
    return {
        "zone_id": zone_id,
        "name": f"zone {zone_id}",
        "county_id": county,
        "kind": kind,
        "population": people,
        "urban": urban,
    }


def county(county_id: str, *, kind: str = "县", name: str = "") -> dict[str, Any]:
    return {"county_id": county_id, "name": name or f"county {county_id}", "kind": kind}


def facility(
    site_id: str, zone_id: str, facility_class: str = "", **columns: Any
) -> dict[str, Any]:
    """Return a facility of today; ``services`` are those that the register lists."""
    columns["services"] = tuple(columns.get("services", ()))
    return {
        "site_id": site_id,
        "name": f"site {site_id}",
        "status": "existing",
        "zone_id": zone_id,
        "class": facility_class,
        "branch": False,
        "locked": "",
        "capacity_people": NO_LIMIT,
        **columns,
    }


def candidate(
    site_id: str, zone_id: str, facility_class: str = "", **columns: Any
) -> dict[str, Any]:
    """Return a site where nothing stands today."""
    return facility(site_id, zone_id, facility_class, **columns) | {
        "status": "candidate"
    }


def demand_point(demand_id: str, zone_id: str, people: int) -> dict[str, Any]:
    return {"demand_id": demand_id, "zone_id": zone_id, "people": people}


def cost(
    service: str,
    action: str,
    capital_wan: float,
    yearly_wan: float = 0.0,
    *,
    facility_class: str = "",
    site_id: str = "",
    resource: str = "",
) -> dict[str, Any]:
    return {
        "service": service,
        "resource": resource,
        "action": action,
        "class": facility_class,
        "site_id": site_id,
        "capital_wan": float(capital_wan),
        "yearly_wan": float(yearly_wan),
        "source": "",
        "year": "",
    }


def make_area(
    *,
    zones: Sequence[Mapping[str, Any]],
    sites: Sequence[Mapping[str, Any]],
    counties: Sequence[Mapping[str, Any]] = (),
    demand: Sequence[Mapping[str, Any]] | None = None,
    costs: Sequence[Mapping[str, Any]] | None = None,
    name: str = "area",
) -> PlanningArea:
    """Make an area; tables are sorted by id as the readers leave them."""
    named = {c["county_id"] for c in counties}
    missing = sorted({z["county_id"] for z in zones} - named)
    county_frame = _geo([*counties, *(county(c) for c in missing)], "county_id")
    zone_frame = _geo(zones, "zone_id")
    points = (
        [
            demand_point(f"d_{z['zone_id']}", z["zone_id"], z["population"])
            for z in zones
        ]
        if demand is None
        else demand
    )
    point_frame = _table(points, "demand_id")
    point_frame["county_id"] = point_frame["zone_id"].map(zone_frame["county_id"])
    point_frame["urban"] = point_frame["zone_id"].map(zone_frame["urban"]).astype(bool)
    site_frame = _table(sites, "site_id")
    site_frame["county_id"] = site_frame["zone_id"].map(zone_frame["county_id"])
    return PlanningArea(
        name=name,
        zones=zone_frame,
        counties=county_frame,
        sites=site_frame,
        demand=point_frame,
        costs=None if costs is None else pd.DataFrame(list(costs), columns=_COSTS),
    )


_COSTS = list(cost("", "", 0.0))


def _table(rows: Sequence[Mapping[str, Any]], key: str) -> pd.DataFrame:
    frame = pd.DataFrame([dict(row) for row in rows]).set_index(key).sort_index()
    return frame.assign(lon=115.0, lat=28.0)


def _geo(rows: Sequence[Mapping[str, Any]], key: str) -> gpd.GeoDataFrame:
    frame = _table(rows, key)
    return gpd.GeoDataFrame(frame, geometry=[None] * len(frame), crs=GEOGRAPHIC_CRS)


def make_travel(
    minutes: Mapping[tuple[str, str], float],
    km: Mapping[tuple[str, str], float] | None = None,
) -> Travel:
    """Make travel from {(demand_id, site_id): minutes}; without km none is known."""
    rows = [
        (i, s, float(m), float("nan") if km is None else float(km[i, s]))
        for (i, s), m in sorted(minutes.items())
    ]
    frame = pd.DataFrame(rows, columns=["demand_id", "site_id", "minutes", "km"])
    frame = frame.astype({"minutes": float, "km": float})
    return Travel(frame, "table", Text("测试", "a test"))


def everywhere(area: PlanningArea, minutes: float = 10.0) -> Travel:
    """Make travel in which every pair takes the same time and as many km."""
    pairs = {
        (str(i), str(s)): minutes for i in area.demand.index for s in area.sites.index
    }
    return make_travel(pairs, pairs)


def members(
    *facility_class: str, service: Iterable[str] = (), **narrowed: Any
) -> Members:
    """Make a class: ``members("C210", service=["x"])``."""
    given: dict[str, Any] = {"class": facility_class, "service": tuple(service)}
    return Members(**given, **narrowed)


def make_policy(
    *,
    services: Sequence[Service],
    rules: Sequence[Rule] = (),
    resources: Sequence[Resource] = (),
) -> Policy:
    """Put services, resources and rules together as one pack called ``test``."""
    return Policy(
        (PackHead(id="test", title="test"),),
        {s.id: s for s in services},
        {r.id: r for r in resources},
        tuple(replace(rule, pack="test", file="test.toml") for rule in rules),
    )


@dataclass(frozen=True)
class Case:
    """One planning task as the middle of the program sees it."""

    area: PlanningArea
    travel: Travel
    policy: Policy
    terms: Terms

    def with_terms(self, **changes: Any) -> Case:
        return replace(self, terms=replace(self.terms, **changes))

    def with_rules(self, *rules: Rule) -> Case:
        tagged = tuple(replace(rule, pack="test", file="test.toml") for rule in rules)
        return replace(self, policy=replace(self.policy, rules=tagged))

    def build(self) -> Formulation:
        return build(self.area, self.travel, self.policy, self.terms)

    def facts(self, plan: Plan) -> Facts:
        return Facts(self.area, self.travel, self.policy, plan)

    def audit(self, plan: Plan) -> tuple[AuditRow, ...]:
        return audit(self.facts(plan))

    def refuse_unless_sound(
        self, plan: Plan, values: Mapping[str, float] | None = None
    ) -> None:
        """Raise AuditError when the plan breaks anything that binds."""
        facts = self.facts(plan)
        refuse_unless_sound(facts, self.terms, audit(facts), values or {})


@dataclass(frozen=True)
class Phased:
    """A task of several phases: one case a year, each with the policy as written."""

    cases: tuple[Case, ...]

    @property
    def phases(self) -> tuple[Phase, ...]:
        """The phases as the program reads them, in the order of years."""
        return tuple(
            Phase(case.area, self._policy(case), case.terms) for case in self.cases
        )

    def _policy(self, case: Case) -> Policy:
        year = case.terms.year
        if case is self.cases[-1]:
            return case.policy.at_year(year)
        return case.policy.before_last(year or 0)

    def build(self) -> Formulation:
        return build_phases(self.phases, self.cases[0].travel)

    def read_as(self, number: int) -> Case:
        """Return one phase as a case of its own, its policy read in its year."""
        phase = self.phases[number]
        return replace(self.cases[number], policy=phase.policy)


def make_case(
    area: PlanningArea,
    *,
    services: Sequence[Service],
    rules: Sequence[Rule] = (),
    resources: Sequence[Resource] = (),
    travel: Travel | None = None,
    **terms: Any,
) -> Case:
    """Make a task; ``capital_wan`` is minimised unless a test orders otherwise."""
    terms.setdefault("objective", ("capital_wan",))
    return Case(
        area,
        everywhere(area) if travel is None else travel,
        make_policy(services=services, rules=rules, resources=resources),
        Terms(**terms),
    )


@dataclass(frozen=True)
class Answer:
    """What the program says of a case: ``plan`` is None when it is infeasible."""

    solution: Solution | None
    plan: Any  # a Plan or None; tests that ask for it know which
    values: tuple[float, ...]
    plans: tuple[Plan, ...] = ()  # of every phase

    @property
    def feasible(self) -> bool:
        return self.plan is not None

    @property
    def stated(self) -> dict[str, float]:
        stages = self.solution.stages if self.solution else ()
        return {stage.name: stage.value for stage in stages}

    @property
    def new(self) -> set[tuple[str, str]]:
        """The pairs that the plan builds or upgrades."""
        assert self.plan is not None
        rows = self.plan.placements
        rows = rows[rows["action"].isin(["build", "upgrade"])]
        return set(zip(rows["site_id"], rows["service"], strict=True))


def answer(case: Case | Phased, gap: float = 0.0) -> Answer:
    """Build, solve to proven optimality and read the plan; audit nothing.

    ``gap`` is relative; 0 asks for more than large figures can be proven to.
    """
    formulation = case.build()
    if formulation.impossible:
        return Answer(None, None, ())
    solution = solve(formulation, time_limit_s=60, gap=gap, threads=1)
    if solution.status == "infeasible":
        return Answer(solution, None, ())
    assert solution.status == "optimal"
    values = tuple(stage.value for stage in solution.stages)
    plans = read_plans(formulation)
    return Answer(solution, plans[-1], values, plans)


# What a plan made by hand says; a plan fills in the rest (one of each, no year).
PLACED = ("site_id", "service", "action", "phase", "capital_wan", "yearly_wan")
ASSIGNED = ("demand_id", "site_id", "service", "people", "minutes")
ALLOCATED = ("site_id", "resource", "amount", "capital_wan", "yearly_wan")


def make_plan(
    placements: Sequence[Sequence[Any]] = (),
    assignments: Sequence[Sequence[Any]] = (),
    allocations: Sequence[Sequence[Any]] = (),
) -> Plan:
    """Make a plan by hand.

    Placements are (site, service, action[, capital, yearly]), assignments (demand,
    site, service, people, minutes), allocations (site, resource, amount, capital,
    yearly).
    """
    rows = [(*p[:3], "", *(p[3:] or (0.0, 0.0))) for p in placements]
    return Plan(
        _rows(rows, PLACED),
        _rows(assignments, ASSIGNED),
        _rows(allocations, ALLOCATED),
    )


def _rows(rows: Sequence[Sequence[Any]], columns: tuple[str, ...]) -> pd.DataFrame:
    if not rows:
        return empty_frame(columns)
    return pd.DataFrame([tuple(r) for r in rows], columns=list(columns))


def rows_of(formulation: Formulation, rule_id: str) -> dict[tuple[str, str], str]:
    """Return the rows of a rule in words: {(unit, what): "terms sense bound"}.

    Variables are shown as ``site.service``, sorted; others by their name's stem. Of
    rows with the same unit and what, the last is kept: see `words_of`.
    """
    return {(unit, what): words for unit, what, words in words_of(formulation, rule_id)}


def words_of(formulation: Formulation, rule_id: str) -> list[tuple[str, str, str]]:
    """Return (unit, what, words) of every row of a rule."""
    shown = {v.id: f"{s}.{k}" for (s, k), v in formulation.program.holds.items()}
    shown |= {v.id: f"{s}.{r}" for (s, r), v in formulation.program.amounts.items()}
    for serving in formulation.serving.services.values():
        ends = zip(serving.pairs["demand_id"], serving.pairs["site_id"], strict=True)
        for x, (i, s) in zip(serving.shares, ends, strict=True):
            shown[x.id] = f"x[{i},{s}]"
        shown |= {u.id: f"u[{i}]" for i, u in serving.unserved.items()}
    shown |= {s.variable.id: "short" for s in formulation.shortfalls}
    result = []
    for constraint in formulation.problem.constraints():
        tag = formulation.rows.get(constraint.name)
        if tag is None or tag.rule_id != rule_id:
            continue
        terms = sorted(
            (shown.get(v.id, v.name.split("_")[0]), c) for v, c in constraint.items()
        )
        words = " ".join(f"{c:+g} {name}" for name, c in terms)
        sense = {-1: "<=", 0: "=", 1: ">="}[constraint.sense]
        bound = -constraint.constant + 0.0
        result.append((tag.unit_id, tag.what, f"{words} {sense} {bound:g}"))
    return result
