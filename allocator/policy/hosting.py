"""Which class a new site needs for a service to be allowed there."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from allocator.policy.packs import Policy

NO_CLASS = ""


def holdable(policy: Policy, facility_class: str) -> frozenset[str]:
    """Return the services that a new site of a class may hold.

    By its class, or by another service that may stand there as well; with everything
    that a service requires at the same site. Names, counties and levels that narrow a
    host condition are not looked at: they are of sites that exist.

    Parameters
    ----------
    policy
        Declares services and their hosts.
    facility_class
        The class; empty: a site without one, which holds what any site may.
    """
    found = {
        service.id
        for service in policy.services.values()
        if service.hosts is None or facility_class in service.hosts.facility_class
    }
    of_class = frozenset(found)
    while True:
        grown = found | {
            service.id
            for service in policy.services.values()
            if service.hosts is not None and found & set(service.hosts.service)
        }
        if grown == found:
            break
        found = grown
    while True:
        whole = {
            name
            for name in found
            if found.issuperset(policy.services[name].requires)
            and (name in of_class or _hosted(policy, name, found))
        }
        if whole == found:
            return frozenset(found)
        found = whole


def _hosted(policy: Policy, name: str, found: set[str]) -> bool:
    hosts = policy.services[name].hosts
    return hosts is not None and bool(found & set(hosts.service))


def classes_for(policy: Policy, service: str = "") -> tuple[str, ...]:
    """Return the classes of which a new site must be one to hold a service.

    Parameters
    ----------
    policy
        Declares services and their hosts.
    service
        Its id; empty: any service that asks for a class.

    Returns
    -------
    classes
        Sorted; empty where a site needs none.
    """
    anywhere = holdable(policy, NO_CLASS)
    if service in anywhere:
        return ()
    known = {
        code
        for one in policy.services.values()
        if one.hosts is not None
        for code in one.hosts.facility_class
    }
    wanted = {service} if service else set(policy.services) - anywhere
    return tuple(sorted(c for c in known if wanted & holdable(policy, c)))
