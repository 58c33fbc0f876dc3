"""Services that lean on each other in a circle.

Of two services that need each other neither can be the first. Of two that may host each
other, both could stand at a site that may host neither: each would be the other's host.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from allocator.errors import Finding, Text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from allocator.policy.rules import Service


def find_circles(
    services: Mapping[str, Service], files: Mapping[str, str]
) -> list[Finding]:
    """Return one finding for every service that leads back to itself.

    Parameters
    ----------
    services
        All services of a brief, by id.
    files
        The file that declares each.
    """
    requires = {name: service.requires for name, service in services.items()}
    hosts = {
        name: service.hosts.service if service.hosts else ()
        for name, service in services.items()
    }
    circles = {"requires": requires, "hosts": hosts}
    return [
        Finding(
            f"service-{key}-circle",
            Text(
                f"{key} 形成循环: {' → '.join(way)}",
                f"{key} goes round in a circle: {' -> '.join(way)}",
            ),
            table=files[name],
            keys=(name,),
            column=key,
            remedy=_REMEDIES[key],
        )
        for key, links in circles.items()
        for name in services
        if (way := _way_back(name, links))
    ]


_REMEDIES = {
    "requires": Text(
        "确定哪个服务在先, 去掉它的 requires",
        "decide which comes first, and drop its requires",
    ),
    "hosts": Text(
        "确定哪个服务是依托, 在它的 hosts 中只写机构类别(class)",
        "decide which is the base, and let its hosts name classes only",
    ),
}


def _way_back(start: str, links: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """Return a shortest way from a service back to itself; empty when there is none."""
    ways: list[tuple[str, ...]] = [(start,)]
    seen: set[str] = set()
    while ways:
        way = ways.pop(0)
        for name in links.get(way[-1], ()):
            if name == start:
                return (*way, start)
            if name not in seen:
                seen.add(name)
                ways.append((*way, name))
    return ()
