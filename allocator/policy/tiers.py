"""Networks that stand above one another: what is wrong with a declaration."""

from __future__ import annotations

from typing import TYPE_CHECKING

from allocator.errors import Finding, Text, nearest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from allocator.policy.rules import Network


def broken_tiers(
    networks: Mapping[str, Network], files: Mapping[str, str]
) -> list[Finding]:
    """Find networks that stand above nothing, above themselves, or across counties.

    Parameters
    ----------
    networks
        All networks of a policy, by id.
    files
        The file in which each is declared, by id.
    """
    findings = []
    told: set[str] = set()
    for network in networks.values():
        below = networks.get(network.above or "")
        circle = _circle(network.id, networks)
        if network.above is not None and below is None:
            findings.append(_unknown(network, networks, files))
        elif circle and network.id not in told:
            told |= set(circle)
            findings.append(_in_a_circle(network, circle, files))
        elif below is not None and network.within_county and not below.within_county:
            findings.append(_across_counties(network, below, files))
    return findings


def _circle(start: str, networks: Mapping[str, Network]) -> tuple[str, ...]:
    """Return the networks from one down to itself; empty where it stands on others."""
    path = [start]
    while True:
        network = networks.get(path[-1])
        if network is None or network.above is None:
            return ()
        if network.above == start:
            return tuple(path)
        if network.above in path:
            return ()  # a circle further down, found from one of its own
        path.append(network.above)


def _unknown(
    network: Network, networks: Mapping[str, Network], files: Mapping[str, str]
) -> Finding:
    name = network.above or ""
    close = nearest(name, [n for n in networks if n != network.id])
    return Finding(
        "network-unknown",
        Text(f"网络 {name} 没有声明", f"network {name} is not declared"),
        table=files[network.id],
        keys=(network.id,),
        column="network.above",
        value=name,
        remedy=Text(f"是否应为 {close}?", f"did you mean {close}?")
        if close
        else Text("用 [[network]] 声明它", "declare it with [[network]]"),
    )


def _in_a_circle(
    network: Network, circle: tuple[str, ...], files: Mapping[str, str]
) -> Finding:
    way = " → ".join((*circle, circle[0]))
    return Finding(
        "network-circle",
        Text(f"网络互为上级: {way}", f"networks stand above themselves: {way}"),
        table=files[network.id],
        keys=(network.id,),
        column="network.above",
        value=network.above or "",
        remedy=Text(
            "最下一级网络划分乡镇(街道), 删去它的 above",
            "the lowest network divides zones: remove its `above`",
        ),
    )


def _across_counties(
    network: Network, below: Network, files: Mapping[str, str]
) -> Finding:
    return Finding(
        "network-across-counties",
        Text(
            f"下级网络 {below.id} 的组可以跨县区, 各组整体划分后不能都不出县区",
            f"groups of {below.id} may cross county borders, so unions of them cannot "
            "stay in one county",
        ),
        table=files[network.id],
        keys=(network.id,),
        column="network.within_county",
        value="true",
        remedy=Text(
            "写 within_county = false, 或让下级网络不跨县区",
            "set within_county = false here, or true in the network below",
        ),
    )
