"""What is so once a plan is carried out, read without any solver.

The audit's own reading of area, travel, policy and plan. It shares no code with
`allocator.formulation`: plain loops over plain records, one question a function.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from allocator.errors import Text
from allocator.policy import Unit
from allocator.tables import SITES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from collections.abc import Set as AbstractSet

    from allocator.area import PlanningArea
    from allocator.plan import Plan
    from allocator.policy import Members, Policy, Rule, Scope
    from allocator.travel import Travel


class MissingColumnError(Exception):
    """The register does not say what a rule needs.

    Parameters
    ----------
    column
        The column that would say it.
    blank
        Whether the column is there, with cells left blank.
    """

    def __init__(self, column: str, *, blank: bool = False) -> None:
        self.column, self.blank = column, blank
        super().__init__(column)

    def text(self, policy: Policy) -> Text:
        """Return what is missing, in the words of a planner and as the column."""
        words = column_words(self.column, policy)
        if self.blank:
            return Text(f"{words.zh} 列有空白", f"blank cells in {words.en}")
        return Text(f"缺列 {words.zh}", f"no column {words.en}")


def column_words(column: str, policy: Policy) -> Text:
    """Return a column of the register with its Chinese name before it, if it has one.

    A resource is called as its pack calls it, another column as its table does.
    """
    resource = policy.resources.get(column)
    known = {one.name: one.aliases[0] for one in SITES.columns if one.aliases}
    name = resource.name if resource is not None else known.get(column)
    return Text(f"{name} ({column})" if name else column, column)


@dataclass(frozen=True, slots=True)
class UnitFacts:
    """One unit of a rule: id, name, and the ids of its zones."""

    id: str
    name: str
    zones: frozenset[str]


def services_today(area: PlanningArea, policy: Policy) -> set[tuple[str, str]]:
    """Return the (site_id, service) pairs held today.

    What the register lists for existing facilities, and what their class implies
    (``held_by``; branches are implied nothing).
    """
    held = set()
    for site_id, site in site_records(area).items():
        if site["status"] != "existing":
            continue
        held |= {
            (site_id, name) for name in site["services"] if name in policy.services
        }
        for service in policy.services.values():
            implied = service.held_by
            if implied is not None and _is_holder_by_class(site, implied):
                held.add((site_id, service.id))
    return held


def _is_holder_by_class(site: dict[str, Any], implied: Members) -> bool:
    try:
        return not site["branch"] and site_matches(site, implied)
    except MissingColumnError:
        return False


def _records(frame: Any) -> Iterator[tuple[str, dict[str, Any]]]:  # noqa: ANN401
    plain = frame.drop(columns="geometry", errors="ignore")
    for key, record in zip(plain.index, plain.to_dict("records"), strict=True):
        yield str(key), record


def site_matches(site: dict[str, Any], members: Members) -> bool:
    """Return whether a facility meets class, name, level and ownership.

    Raises
    ------
    MissingColumnError
        When it would be decided by a level or ownership that is not in the register.
    """
    if members.facility_class:
        if site["class"] not in members.facility_class:
            return False
    elif members.service:
        return False
    if not is_named(site, members):
        return False
    if members.level_from is not None:
        level = known_value(site, "level")
        if float(level) < members.level_from:
            return False
    if members.public is not None:
        return bool(known_value(site, "public")) is members.public
    return True


def is_named(site: dict[str, Any], members: Members) -> bool:
    """Return whether names and counties of ``members``, if any, leave a site in."""
    by_name = not members.name or site["name"] in members.name
    place = (site["county_id"], site["county_name"])
    return by_name and (not members.county or any(p in members.county for p in place))


def site_records(area: PlanningArea) -> dict[str, dict[str, Any]]:
    """Return every site as a plain record, with the name of its county."""
    names = {str(i): str(name) for i, name in area.counties["name"].items()}
    return {
        site_id: site | {"county_name": names[site["county_id"]]}
        for site_id, site in _records(area.sites)
    }


def known_value(site: dict[str, Any], column: str) -> Any:  # noqa: ANN401
    """Return a cell of the register.

    Raises
    ------
    MissingColumnError
        When there is no such column, or the cell is blank.
    """
    if column not in site:
        raise MissingColumnError(column)
    value = site[column]
    if value is None or value == "" or (isinstance(value, float) and math.isnan(value)):
        raise MissingColumnError(column, blank=True)
    return value


@dataclass
class Facts:
    """Lookups over one plan.

    Parameters
    ----------
    area, travel, policy, plan
        What is audited.
    """

    area: PlanningArea
    travel: Travel
    policy: Policy
    plan: Plan
    sites: dict[str, dict[str, Any]] = field(init=False)
    zones: dict[str, dict[str, Any]] = field(init=False)
    counties: dict[str, dict[str, Any]] = field(init=False)
    held: frozenset[tuple[str, str]] = field(init=False)
    counts: dict[tuple[str, str], int] = field(init=False)
    today: set[tuple[str, str]] = field(init=False)
    served: dict[tuple[str, str], float] = field(init=False)
    received: dict[tuple[str, str], float] = field(init=False)
    added: dict[tuple[str, str], float] = field(init=False)

    def __post_init__(self) -> None:
        """Index the records and add up the assignments."""
        self.sites = site_records(self.area)
        self.zones = dict(_records(self.area.zones))
        self.counties = dict(_records(self.area.counties))
        self.held = self.plan.held
        self.counts = self.plan.counts
        self.today = services_today(self.area, self.policy)
        self.served = {}
        self.received = {}
        rows = self.plan.assignments
        for demand_id, site_id, service, people in zip(
            rows["demand_id"],
            rows["site_id"],
            rows["service"],
            rows["people"],
            strict=True,
        ):
            at, of = (site_id, service), (demand_id, service)
            self.served[at] = self.served.get(at, 0.0) + people
            self.received[of] = self.received.get(of, 0.0) + people
        self.added = {}
        for site_id, resource, amount in zip(
            self.plan.allocations["site_id"],
            self.plan.allocations["resource"],
            self.plan.allocations["amount"],
            strict=True,
        ):
            before = self.added.get((site_id, resource), 0.0)
            self.added[site_id, resource] = before + amount

    def zone_in_scope(self, zone_id: str, scope: Scope) -> bool:
        """Return whether a zone meets every condition of a scope."""
        zone = self.zones[zone_id]
        county_id = zone["county_id"]
        county = self.counties[county_id]
        population = zone["population"]
        conditions = (
            not scope.county
            or county_id in scope.county
            or county["name"] in scope.county,
            not scope.county_kind or county["kind"] in scope.county_kind,
            not scope.zone_kind or zone["kind"] in scope.zone_kind,
            scope.urban is None or bool(zone["urban"]) is scope.urban,
            scope.people_below is None or population < scope.people_below,
            scope.people_from is None or population >= scope.people_from,
        )
        return all(conditions)

    def units(self, rule: Rule) -> list[UnitFacts]:
        """Return the units in which a rule holds, by id."""
        chosen = [z for z in self.zones if self.zone_in_scope(z, rule.scope)]
        if not chosen:
            return []
        if rule.unit in (Unit.AREA, Unit.SITE):
            return [UnitFacts("", self.area.name, frozenset(chosen))]
        if rule.unit is Unit.ZONE:
            return [
                UnitFacts(z, str(self.zones[z]["name"]), frozenset((z,)))
                for z in chosen
            ]
        members: dict[str, set[str]] = {}
        for zone_id in chosen:
            members.setdefault(self.zones[zone_id]["county_id"], set()).add(zone_id)
        return [
            UnitFacts(c, str(self.counties[c]["name"]), frozenset(members[c]))
            for c in sorted(members)
        ]

    def units_not_here(self, rule: Rule) -> list[str]:
        """Return the counties that a rule names and the county table lacks."""
        known = set(self.counties) | {c["name"] for c in self.counties.values()}
        return [name for name in rule.scope.county if name not in known]

    def in_zones(self, site_id: str, zones: frozenset[str]) -> bool:
        """Return whether a site lies in one of the zones."""
        return self.sites[site_id]["zone_id"] in zones

    def countable(self, service: str, zones: frozenset[str]) -> list[str]:
        """Return the sites in ``zones`` that hold a service, branches left out."""
        return sorted(
            site_id
            for site_id, name in self.held
            if name == service
            and not self.sites[site_id]["branch"]
            and self.in_zones(site_id, zones)
        )

    def is_member(
        self,
        site_id: str,
        members: Members,
        *,
        existing_only: bool,
        holdings: AbstractSet[tuple[str, str]] | None = None,
    ) -> bool:
        """Return whether a site belongs to a class.

        Parameters
        ----------
        site_id, members
            The site and the class.
        existing_only
            Whether a candidate of the class is left out: it is not a facility yet.
        holdings
            Who holds what; None: as it is once the plan is carried out.

        Raises
        ------
        MissingColumnError
            When the register does not say.
        """
        site = self.sites[site_id]
        if site["branch"]:
            return False
        exists = site["status"] == "existing" or not existing_only
        if exists and site_matches(site, members):
            return True
        named = is_named(site, members)
        held = self.held if holdings is None else holdings
        return named and any((site_id, k) in held for k in members.service)

    def members(
        self, members: Members, zones: frozenset[str], *, existing_only: bool
    ) -> list[str]:
        """Return the members of a class in ``zones``."""
        return [
            site_id
            for site_id in sorted(self.sites)
            if self.in_zones(site_id, zones)
            and self.is_member(site_id, members, existing_only=existing_only)
        ]

    def holders_among(
        self, service: str, of: Members | None, zones: frozenset[str]
    ) -> list[str]:
        """Return the countable holders in ``zones`` that are among ``of``."""
        holders = self.countable(service, zones)
        if of is None:
            return holders
        # Asked of the whole class first: one unknown member makes the count unknown.
        allowed = set(self.members(of, frozenset(self.zones), existing_only=False))
        return [site_id for site_id in holders if site_id in allowed]

    def how_many(self, service: str, of: Members | None, zones: frozenset[str]) -> int:
        """Return how many of a service the holders among ``of`` have in ``zones``."""
        holders = self.holders_among(service, of, zones)
        return sum(self.counts[site_id, service] for site_id in holders)

    def count_today(self, site_id: str, service: str) -> int:
        """Return how many of a service a site holds today, 0 when it does not."""
        if (site_id, service) not in self.today:
            return 0
        if self.policy.services[service].most_per_site == 1:
            return 1
        return max(1, list(self.sites[site_id]["services"]).count(service))

    def demand_rows(self, zones: Iterable[str]) -> list[tuple[str, float, bool]]:
        """Return (demand_id, people, urban) of the demand points in ``zones``."""
        demand = self.area.demand
        rows = demand[demand["zone_id"].isin(list(zones))]
        return [
            (str(i), float(p), bool(u))
            for i, p, u in zip(rows.index, rows["people"], rows["urban"], strict=True)
        ]

    def addressed(self, service: str) -> set[str]:
        """Return the zones whose people a service is for; empty when for nobody."""
        serves = self.policy.services[service].serves
        if serves is None:
            return set()
        return {z for z in self.zones if self.zone_in_scope(z, serves)}
