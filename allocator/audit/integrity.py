"""Whether a plan is a plan at all: hosts, costs, budget, assignments, locks.

These are not clauses of a policy but what makes the figures of a plan true. A breach
is a fault of the program, or a plan that was edited by hand.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pandas as pd

from allocator.audit.decided import broken_decisions
from allocator.audit.facts import Facts, MissingColumnError, is_named, site_matches
from allocator.audit.finding import whole
from allocator.audit.population_band import PEOPLE_TOLERANCE
from allocator.errors import Finding, Text
from allocator.policy import Unit

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from allocator.policy import Members, Service
    from allocator.policy.terms import Terms

MONEY_TOLERANCE = 1e-6  # 万元, that is one cent
MINUTES_TOLERANCE = 1e-6


def check_integrity(
    facts: Facts, terms: Terms, gaps: Collection[tuple[str, str]] = ()
) -> list[Finding]:
    """Return every breach; an empty list for a sound plan.

    ``gaps`` are the (rule id, unit id) that a plan by best effort is known to break:
    people of a service who are not served, sites that are locked in, and decisions of
    a review may be among them.
    """
    return [
        *_placements(facts, terms),
        *_today_is_accounted_for(facts),
        *_links(facts),
        *_prices(facts),
        *_budget(facts, terms),
        *_assignments(facts, terms, gaps),
        *_capacities(facts),
        *_allocations(facts),
        *_locks(facts, gaps),
        *broken_decisions(facts, terms, gaps),
    ]


def _breach(code: str, message: Text, *keys: str) -> Finding:
    return Finding(f"plan-{code}", message, table="placements", keys=keys)


def _placements(facts: Facts, terms: Terms) -> Iterator[Finding]:
    rows = facts.plan.placements
    seen: set[tuple[str, str, str, object]] = set()
    for site_id, service, action, count, phase in zip(
        rows["site_id"],
        rows["service"],
        rows["action"],
        rows["count"],
        rows["phase"],
        strict=True,
    ):
        key = f"{site_id} {service}"
        if site_id not in facts.sites or service not in facts.policy.services:
            text = Text("未知的机构或服务", "unknown site or service")
            yield _breach("unknown", text, key)
            continue
        site = facts.sites[site_id]
        new = "build" if site["status"] == "candidate" else "upgrade"
        most = facts.policy.services[service].most_per_site
        # Of a counted service one pair may be kept, and added to in several years.
        row = (
            (site_id, service, action, phase)
            if most > 1
            else (site_id, service, "", "")
        )
        if row in seen:
            yield _breach("repeated", Text("重复的设置", "placed twice"), key)
        seen.add(row)
        today = facts.count_today(site_id, service)
        allowed = {"keep", "close"} if today else set()
        if not today or most > 1:
            allowed.add(new)
        if action not in allowed:
            text = Text(f"动作 {action} 不成立", f"action {action} does not fit")
            yield _breach("action", text, key)
        in_all = facts.counts.get((site_id, service), 0)
        if not _count_fits(action == new, count, today, max(most, today), in_all):
            text = Text(f"数量 {count} 不成立", f"a count of {count} does not fit")
            yield _breach("count", text, key)
        if action == new and (site["branch"] or site["locked"] == "out"):
            text = Text("分支机构或已锁定为不选", "a branch, or locked out")
            yield _breach("closed-site", text, key)
        if action == "close" and (
            service not in terms.closing or site["locked"] == "in"
        ):
            yield _breach("close", Text("不允许撤并", "may not be closed"), key)


def _count_fits(
    new: bool,  # noqa: FBT001
    count: int,
    today: int,
    most: int,
    in_all: int,
) -> bool:
    """Return whether so many can be kept or closed, or added to what is there."""
    return count >= 1 and in_all <= most if new else count == today


def _today_is_accounted_for(facts: Facts) -> Iterator[Finding]:
    """Ask what becomes of each pair of today; what is closed, no plan adds to."""
    rows = facts.plan.placements
    pairs = list(zip(rows["site_id"], rows["service"], rows["action"], strict=True))
    kept, closed = (
        {(site_id, service) for site_id, service, action in pairs if action == what}
        for what in ("keep", "close")
    )
    for site_id, service in sorted(facts.today - kept - closed):
        text = Text("现有服务没有交代去留", "held today, neither kept nor closed")
        yield _breach("today-lost", text, f"{site_id} {service}")
    for site_id, service in sorted(closed & facts.plan.held):
        text = Text("既撤并又设置", "closed, and held all the same")
        yield _breach("closed-and-held", text, f"{site_id} {service}")


def _new(facts: Facts) -> list[tuple[str, str]]:
    """Return the pairs that are new, or of which there are more than today."""
    return sorted(
        (s, k)
        for (s, k), number in facts.counts.items()
        if s in facts.sites
        and k in facts.policy.services
        and number > facts.count_today(s, k)
    )


def _links(facts: Facts) -> Iterator[Finding]:
    for site_id, name in _new(facts):
        service = facts.policy.services[name]
        key = f"{site_id} {name}"
        if not _hosted(facts, site_id, service):
            text = Text("不符合设置条件(hosts)", "the site may not host it")
            yield _breach("host", text, key)
        for needed in service.requires:
            if (site_id, needed) not in facts.held:
                text = Text(f"缺少前提服务 {needed}", f"lacks the required {needed}")
                yield _breach("requires", text, key)


def _hosted(facts: Facts, site_id: str, service: Service) -> bool:
    hosts = service.hosts
    if hosts is None or _holds_one_of(facts, site_id, hosts):
        return True
    if not _matches(facts, site_id, hosts):
        return False
    return not hosts.facility_class or _is_what_it_is_for(facts, site_id, service.id)


def _is_what_it_is_for(facts: Facts, site_id: str, name: str) -> bool:
    """Return whether a site is what its class says: a hospital, not a plot for one.

    A candidate is once it holds a service that its class stands for (``held_by``), or
    where there is no such service.
    """
    if facts.sites[site_id]["status"] == "existing":
        return True
    mains = [
        service.id
        for service in facts.policy.services.values()
        if service.held_by is not None
        and service.held_by.facility_class
        and _matches(facts, site_id, service.held_by)
    ]
    built = any((site_id, main) in facts.held for main in mains)
    return not mains or name in mains or built


def _holds_one_of(facts: Facts, site_id: str, members: Members) -> bool:
    """Return whether the site is among ``members`` by a service that it holds."""
    named = is_named(facts.sites[site_id], members)
    return named and any((site_id, k) in facts.held for k in members.service)


def _matches(facts: Facts, site_id: str, members: Members) -> bool:
    """Return whether the site itself matches; one that is not known to does not."""
    try:
        return site_matches(facts.sites[site_id], members)
    except MissingColumnError:
        return False


def _price(
    facts: Facts, what: str, name: str, actions: tuple[str, ...], site_id: str
) -> tuple[float, float]:
    """Look a price up: for the site, else its class, else in general; else free."""
    costs = facts.area.costs
    if costs is None:
        return 0.0, 0.0
    rows = costs[costs[what] == name]
    facility_class = facts.sites[site_id]["class"]
    for action in actions:
        of_action = rows[rows["action"] == action]
        own = of_action[of_action["site_id"] == site_id]
        of_class = of_action[
            (of_action["site_id"] == "")
            & (of_action["class"] == facility_class)
            & (of_action["class"] != "")
        ]
        general = of_action[(of_action["site_id"] == "") & (of_action["class"] == "")]
        for found in (own, of_class, general):
            if len(found):
                first = found.iloc[0]
                return float(first["capital_wan"]), float(first["yearly_wan"])
    return 0.0, 0.0


_PRICED_AS = {
    "build": ("build",),
    "upgrade": ("upgrade", "build"),
    "close": ("close",),
}


def _prices(facts: Facts) -> Iterator[Finding]:
    rows = facts.plan.placements
    for site_id, service, action, capital, yearly, count in zip(
        rows["site_id"],
        rows["service"],
        rows["action"],
        rows["capital_wan"],
        rows["yearly_wan"],
        rows["count"],
        strict=True,
    ):
        if site_id not in facts.sites:
            continue
        expected = (0.0, 0.0)
        if action in _PRICED_AS:
            price = _price(facts, "service", service, _PRICED_AS[action], site_id)
            times = count if action in ("build", "upgrade") else 1
            expected = (price[0] * times, price[1] * times)
        if not _close_to((capital, yearly), expected):
            text = Text(
                f"造价 {capital:g} 与造价表 {expected[0]:g} 不符",
                f"costs {capital:g}, the table says {expected[0]:g}",
            )
            yield _breach("price", text, f"{site_id} {service}")
    bought = facts.plan.allocations
    for site_id, resource, amount, capital, yearly in zip(
        bought["site_id"],
        bought["resource"],
        bought["amount"],
        bought["capital_wan"],
        bought["yearly_wan"],
        strict=True,
    ):
        price = _price(facts, "resource", resource, ("add",), site_id)
        if not _close_to((capital, yearly), (amount * price[0], amount * price[1])):
            text = Text("资源造价与造价表不符", "the amount's cost is not the table's")
            yield _breach("price", text, f"{site_id} {resource}")


def _close_to(found: tuple[float, float], expected: tuple[float, float]) -> bool:
    return all(
        abs(a - b) <= MONEY_TOLERANCE * max(1.0, abs(b))
        for a, b in zip(found, expected, strict=True)
    )


def _budget(facts: Facts, terms: Terms) -> Iterator[Finding]:
    limits = (
        ("capital_wan", terms.capital_wan, _spent(facts, "capital_wan", terms.year)),
        ("yearly_wan", terms.yearly_wan, _spent(facts, "yearly_wan", None)),
        (
            "total_capital_wan",
            terms.total_capital_wan,
            _spent(facts, "capital_wan", None),
        ),
    )
    for name, limit, spent in limits:
        if limit is not None and spent > limit + MONEY_TOLERANCE * max(1.0, limit):
            text = Text(
                f"超出预算 {spent - limit:,.2f} 万元",
                f"{spent - limit:,.2f} 万元 over the budget",
            )
            yield _breach("budget", text, name)


def _spent(facts: Facts, column: str, year: int | None) -> float:
    """Return what is spent in a year; for None in all years together."""
    total = 0.0
    for frame in (facts.plan.placements, facts.plan.allocations):
        rows = frame if year is None else frame[frame["phase"] == year]
        total += float(rows[column].sum())
    return total


def _assignments(
    facts: Facts, terms: Terms, gaps: Collection[tuple[str, str]]
) -> Iterator[Finding]:
    rows = facts.plan.assignments
    if len(rows):
        yield from _trips(facts)
    demand = facts.area.demand
    for service in facts.policy.services.values():
        everyone = (
            "uncovered_people" not in terms.objective
            and (f"serves:{service.id}", "") not in gaps
        )
        zones = facts.addressed(service.id)
        addressed = demand[demand["zone_id"].isin(zones)]
        for demand_id, people in addressed["people"].items():
            served = facts.received.get((str(demand_id), service.id), 0.0)
            if served > people + PEOPLE_TOLERANCE:
                text = Text(
                    f"服务了 {whole(served)} 人, 该点只有 {whole(people)} 人",
                    f"{whole(served)} people served of {whole(people)}",
                )
                yield _breach("served-twice", text, f"{demand_id} {service.id}")
            if everyone and served < people - PEOPLE_TOLERANCE:
                text = Text("有人未被服务", "somebody is not served")
                yield _breach("not-served", text, f"{demand_id} {service.id}")
    if not terms.split and len(rows):
        sites = rows.groupby(["service", "demand_id"])["site_id"].nunique()
        for service_name, demand_id in sites[sites > 1].index:
            text = Text("同一需求点被拆分", "one demand point is split")
            yield _breach("split", text, f"{demand_id} {service_name}")


def _trips(facts: Facts) -> Iterator[Finding]:
    """Check every assignment: to an open, allowed place, in the minutes told."""
    told = facts.plan.assignments
    if told.empty:
        return
    rows = pd.concat(
        part.merge(
            facts.travel.of(str(service)).pairs[["demand_id", "site_id", "minutes"]],
            on=["demand_id", "site_id"],
            how="left",
            suffixes=("", "_table"),
        )
        for service, part in told.groupby("service", sort=True)
    )
    addressed = {k: facts.addressed(k) for k in rows["service"].unique()}
    zone_of = facts.area.demand["zone_id"]
    for demand_id, site_id, service, people, minutes, known in zip(
        rows["demand_id"],
        rows["site_id"],
        rows["service"],
        rows["people"],
        rows["minutes"],
        rows["minutes_table"],
        strict=True,
    ):
        key = f"{demand_id} {site_id} {service}"
        if (site_id, service) not in facts.held or facts.sites[site_id]["branch"]:
            yield _breach("closed", Text("分配到未设置该服务的点", "not open"), key)
        elif not people > 0:
            yield _breach("people", Text("人数应为正", "people must be > 0"), key)
        elif math.isnan(known) or abs(minutes - known) > MINUTES_TOLERANCE:
            yield _breach("trip", Text("不可到达或时间不符", "no such trip"), key)
        elif zone_of[demand_id] not in addressed[service]:
            yield _breach("not-addressed", Text("不属服务对象", "not addressed"), key)
        elif not _near_enough(facts, zone_of[demand_id], site_id, service):
            yield _breach("outside", Text("跨越了服务范围", "outside its unit"), key)


def _near_enough(facts: Facts, zone_id: str, site_id: str, service: str) -> bool:
    within = facts.policy.services[service].assign_within
    site = facts.sites[site_id]
    if within is Unit.ZONE:
        return bool(site["zone_id"] == zone_id)
    if within is Unit.COUNTY:
        return bool(site["county_id"] == facts.zones[zone_id]["county_id"])
    return True


def _capacities(facts: Facts) -> Iterator[Finding]:
    for (site_id, service), people in sorted(facts.served.items()):
        most = facts.sites[site_id]["capacity_people"]
        if not math.isnan(most) and people > most + PEOPLE_TOLERANCE:
            text = Text(
                f"服务 {whole(people)} 人, 能力 {whole(most)} 人",
                f"serves {whole(people)}, capacity {whole(most)}",
            )
            yield _breach("capacity", text, f"{site_id} {service}")


def _allocations(facts: Facts) -> Iterator[Finding]:
    for (site_id, name), amount in sorted(facts.added.items()):
        resource = facts.policy.resources.get(name)
        key = f"{site_id} {name}"
        if resource is None or resource.at is None:
            yield _breach("resource", Text("不可配置的资源", "not decided"), key)
            continue
        site = facts.sites[site_id]
        by_class = site["status"] == "existing" and _matches(
            facts, site_id, resource.at
        )
        by_service = _holds_one_of(facts, site_id, resource.at)
        closed = site["branch"] or site["locked"] == "out"
        if closed or not (by_class or by_service):
            yield _breach(
                "resource-site", Text("不可配置于此", "not allowed here"), key
            )
        if amount <= 0 or amount > (resource.most_per_site or 0.0) + MONEY_TOLERANCE:
            yield _breach("amount", Text("数量超出范围", "amount out of range"), key)
        if resource.whole and amount != round(amount):
            yield _breach("amount", Text("数量应为整数", "must be whole"), key)


def _locks(facts: Facts, gaps: Collection[tuple[str, str]]) -> Iterator[Finding]:
    held_at = {site_id for site_id, _ in facts.held}
    for site_id, site in facts.sites.items():
        if ("locked", site_id) in gaps:
            continue
        if site["locked"] == "in" and site_id not in held_at:
            text = Text("锁定为必选但未设置服务", "locked in, but holds nothing")
            yield _breach("locked", text, site_id)
