"""Which site may hold which service, who holds it today, and what a change costs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from allocator.area import PlanningArea
    from allocator.policy import Members, Policy, Service

type Pair = tuple[str, str]  # (site_id, service)


class UndecidableError(Exception):
    """A rule needs a column that the register does not have; no row can be built."""


@dataclass(frozen=True)
class Holdings:
    """What can stand where.

    Parameters
    ----------
    today
        Pairs held today, branches included.
    possible
        Pairs that a plan may hold: those of today, and new ones that hosts,
        requirements and locks allow. Sorted.
    by_class
        Pairs whose host condition is met by the site itself, without another service,
        at sites that may receive; pairs of today among them.
    once_built
        Pairs whose host condition is met by the class of a candidate, once it has what
        makes it a facility of that class: any of these services at the same site.
    receiving
        Sites that may receive anything: no branches, none locked out.
    counted_today
        How many of a counted service each pair of today holds, as often as the
        register lists it.
    """

    today: frozenset[Pair]
    possible: tuple[Pair, ...]
    by_class: frozenset[Pair]
    once_built: Mapping[Pair, frozenset[str]]
    receiving: frozenset[str]
    counted_today: Mapping[Pair, int]


def sites_matching(
    members: Members, area: PlanningArea, *, existing_only: bool = False
) -> pd.Index:
    """Return the sites that meet the class, name, level and ownership of ``members``.

    Branches never match, candidates do not with ``existing_only``. Holders of
    ``members.service`` are not looked at here.

    Raises
    ------
    UndecidableError
        When level or ownership is asked for and not known of every site concerned.
    """
    return _narrowed(members, area, existing_only=existing_only, unknown="raise")


def sites_known_to_match(members: Members, area: PlanningArea) -> pd.Index:
    """Return the sites that match; one of unknown level or ownership does not."""
    return _narrowed(members, area, existing_only=False, unknown="leave out")


def _narrowed(
    members: Members,
    area: PlanningArea,
    *,
    existing_only: bool,
    unknown: Literal["raise", "leave out"],
) -> pd.Index:
    sites = area.sites
    chosen = ~sites["branch"].astype(bool)
    if existing_only:
        chosen &= sites["status"] == "existing"
    if members.facility_class:
        chosen &= sites["class"].isin(members.facility_class)
    elif members.service:
        chosen &= False
    chosen &= sites.index.isin(sites_named(members, area))
    for column, wanted in (("level", members.level_from), ("public", members.public)):
        if wanted is None or not chosen.any():
            continue
        known = sites[column].notna() if column in sites else chosen & False
        if unknown == "raise" and not known[chosen].all():
            raise UndecidableError(column)
        chosen &= known
        if not chosen.any():
            continue
        if column == "level":
            chosen &= sites[column].astype(float) >= wanted
        else:
            chosen &= sites[column].map({True: True, False: False}) == wanted
    return sites.index[chosen]


def sites_named(members: Members, area: PlanningArea) -> frozenset[str]:
    """Return the sites that the names and counties of ``members`` leave."""
    sites, counties = area.sites, area.counties
    chosen = sites["name"].notna()
    if members.name:
        chosen &= sites["name"].isin(members.name)
    if members.county:
        named = counties.index[counties["name"].isin(members.county)]
        chosen &= sites["county_id"].isin([*members.county, *named])
    return frozenset(sites.index[chosen])


def find_holdings(area: PlanningArea, policy: Policy) -> Holdings:
    """Work out what is held today and what a plan may hold.

    A new pair needs a site that is neither a branch nor locked out, a host condition
    that is met by the site itself (a candidate: once it is what its class says) or can
    be met by another service there, and every required service possible at the same
    site.
    """
    sites = area.sites
    today = {
        (str(site_id), service)
        for site_id, services, status in zip(
            sites.index, sites["services"], sites["status"], strict=True
        )
        if status == "existing"
        for service in services
        if service in policy.services
    }
    existing = frozenset(sites.index[sites["status"] == "existing"])
    for service in policy.services.values():
        if service.held_by is not None:
            holders = existing.intersection(sites_known_to_match(service.held_by, area))
            today |= {(site_id, service.id) for site_id in holders}
    receiving = frozenset(
        sites.index[~sites["branch"].astype(bool) & (sites["locked"] != "out")]
    )
    by_class = _self_hosted(area, policy, receiving)
    once_built = _once_built(area, policy, by_class)
    by_class -= set(once_built)
    possible = _closure(
        area,
        policy,
        receiving,
        today=today,
        by_class=by_class,
        once_built=once_built,
    )
    listed = {str(s): tuple(names) for s, names in sites["services"].items()}
    counted = {
        (site_id, service): max(1, listed[site_id].count(service))
        for site_id, service in today
        if policy.services[service].most_per_site > 1
    }
    return Holdings(
        frozenset(today),
        tuple(sorted(possible)),
        frozenset(by_class),
        once_built,
        receiving,
        counted,
    )


def _self_hosted(
    area: PlanningArea, policy: Policy, receiving: frozenset[str]
) -> set[Pair]:
    pairs: set[Pair] = set()
    for service in policy.services.values():
        hosts = service.hosts
        if hosts is None:
            chosen = receiving
        else:
            chosen = receiving.intersection(sites_known_to_match(hosts, area))
        pairs |= {(site_id, service.id) for site_id in chosen}
    return pairs


def _once_built(
    area: PlanningArea, policy: Policy, by_class: set[Pair]
) -> dict[Pair, frozenset[str]]:
    """Return the pairs that a candidate can hold once it is what its class says.

    A class is what `Service.held_by` says: a site of class A100 is a general hospital.
    Where no service says so of the class, or the service itself does, the candidate
    may hold it at once.
    """
    candidates = frozenset(area.sites.index[area.sites["status"] == "candidate"])
    makes: dict[str, set[str]] = {}
    for service in policy.services.values():
        if service.held_by is not None and service.held_by.facility_class:
            for site_id in candidates & set(
                sites_known_to_match(service.held_by, area)
            ):
                makes.setdefault(str(site_id), set()).add(service.id)
    result = {}
    for site_id, name in by_class:
        hosts = policy.services[name].hosts
        makers = makes.get(site_id, set())
        if hosts is not None and hosts.facility_class and makers and name not in makers:
            result[site_id, name] = frozenset(makers)
    return result


def _closure(
    area: PlanningArea,
    policy: Policy,
    receiving: frozenset[str],
    *,
    today: set[Pair],
    by_class: set[Pair],
    once_built: Mapping[Pair, frozenset[str]],
) -> set[Pair]:
    """Return the largest set of pairs whose links can all be met within the set."""
    possible = today | by_class | set(once_built)
    linked = {
        service: receiving & sites_named(service.hosts, area)
        for service in policy.services.values()
        if service.hosts and service.hosts.service
    }
    while True:
        grown = possible | {
            (site_id, service.id)
            for service, named in linked.items()
            for host in (service.hosts.service if service.hosts else ())
            for site_id in named
            if (site_id, host) in possible
        }
        if grown == possible:
            break
        possible = grown
    return _without_broken(policy, possible, today, by_class, once_built)


def _without_broken(
    policy: Policy,
    possible: set[Pair],
    today: set[Pair],
    by_class: set[Pair],
    once_built: Mapping[Pair, frozenset[str]],
) -> set[Pair]:
    """Drop new pairs that lack a required service or a host, till none is left.

    Pairs hosted by a service alone are at sites that the host condition names.
    """

    def stands(site_id: str, service: Service) -> bool:
        if not all((site_id, needed) in possible for needed in service.requires):
            return False
        if (site_id, service.id) in by_class:
            return True
        hosts = service.hosts.service if service.hosts else ()
        makers = once_built.get((site_id, service.id), ())
        return any((site_id, host) in possible for host in (*hosts, *makers))

    while True:
        broken = {
            pair
            for pair in possible - today
            if not stands(pair[0], policy.services[pair[1]])
        }
        if not broken:
            return possible
        possible = possible - broken


def change_costs(
    area: PlanningArea, holdings: Holdings, *, adding: bool = False
) -> Mapping[Pair, tuple[float, float]]:
    """Return (capital, yearly) in 万元 of adding each new pair or closing an old one.

    With ``adding`` pairs of today are priced as new ones too: what one more costs.

    New pairs cost ``build`` at a candidate and ``upgrade`` at an existing facility
    (``build`` where no upgrade is priced). Pairs of today cost ``close``. A row for the
    site wins over one for its class, that over a general one. No row: 0.
    """
    prices = _price_list(area, "service")
    status, kind = dict(area.sites["status"]), dict(area.sites["class"])
    costs: dict[Pair, tuple[float, float]] = {}
    for site_id, service in holdings.possible:
        actions: tuple[str, ...]
        if (site_id, service) in holdings.today and not adding:
            actions = ("close",)
        elif status[site_id] == "candidate":
            actions = ("build",)
        else:
            actions = ("upgrade", "build")
        keys = (
            (service, action, *where)
            for action in actions
            for where in (("", site_id), (kind[site_id], ""), ("", ""))
        )
        costs[(site_id, service)] = next(
            (prices[key] for key in keys if key in prices), (0.0, 0.0)
        )
    return costs


def unpriced(
    area: PlanningArea, holdings: Holdings
) -> dict[tuple[str, str], list[str]]:
    """Return the sites of every (service, action) that a plan may take without a price.

    A new pair at a candidate needs ``build``; at an existing facility ``upgrade``, or
    ``build`` where no upgrade is priced.
    """
    prices = _price_list(area, "service")
    missing: dict[tuple[str, str], list[str]] = {}
    for site_id, service in holdings.possible:
        if (site_id, service) in holdings.today:
            continue
        site = area.sites.loc[site_id]
        candidate = site["status"] == "candidate"
        actions = ("build",) if candidate else ("upgrade", "build")
        places = (("", site_id), (site["class"], ""), ("", ""))
        if not any((service, a, *place) in prices for a in actions for place in places):
            missing.setdefault((service, actions[0]), []).append(site_id)
    return missing


def resource_prices(
    area: PlanningArea, resource: str
) -> Mapping[str, tuple[float, float]]:
    """Return (capital, yearly) in 万元 of one unit of a resource at each site."""
    prices = _price_list(area, "resource")
    result = {}
    for site_id, facility_class in area.sites["class"].items():
        keys = [
            (resource, "add", "", str(site_id)),
            (resource, "add", facility_class, ""),
            (resource, "add", "", ""),
        ]
        result[str(site_id)] = next(
            (prices[key] for key in keys if key in prices), (0.0, 0.0)
        )
    return result


def _price_list(
    area: PlanningArea, what: str
) -> dict[tuple[str, str, str, str], tuple[float, float]]:
    if area.costs is None:
        return {}
    rows = area.costs[area.costs[what] != ""]
    return {
        (name, action, "" if site_id else facility_class, site_id): (capital, yearly)
        for name, action, facility_class, site_id, capital, yearly in zip(
            rows[what],
            rows["action"],
            rows["class"],
            rows["site_id"],
            rows["capital_wan"],
            rows["yearly_wan"],
            strict=True,
        )
    }
