"""What is said of groups that could not be formed as asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from allocator.errors import Finding, Severity, Text
from allocator.networks.adjacency import LEAST_BORDER_M, TOLERANCE_M

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from allocator.area import PlanningArea
    from allocator.networks.adjacency import Adjacency, Joined
    from allocator.networks.divide import Divided
    from allocator.networks.division import Division
    from allocator.policy import Network

_METRES_OF_ONE_KM = 1000.0


def no_zones(network: Network) -> Finding:
    """Say that the scope holds no zone."""
    return Finding(
        "network-no-zone",
        Text(
            f"{network.name}: 范围内没有乡镇级单元, 无法编组",
            f"{network.name}: no zone is in its scope",
        ),
        Severity.WARNING,
        column=f"network.{network.id}.scope",
        keys=(network.id,),
        remedy=Text("检查 scope", "check its scope"),
    )


def no_groups_below(network: Network) -> Finding:
    """Say that the network below has no groups that could be divided."""
    return Finding(
        "network-no-group-below",
        Text(
            f"{network.name}: 下级网络 {network.above} 没有编成组, 无组可分",
            f"{network.name}: the network below, {network.above}, has no groups",
        ),
        Severity.WARNING,
        column=f"network.{network.id}.above",
        keys=(network.id,),
        remedy=Text("先让下级网络能编组", "let the network below be formed first"),
    )


def column_missing(network: Network, column: str) -> Finding:
    """Say that the register does not decide who leads or belongs."""
    return Finding(
        "network-undecidable",
        Text(
            f"{network.name}: 机构表的 {column} 列缺失或有空白, 无法判定牵头或成员机构",
            f"{network.name}: the register does not give {column}, which decides "
            "who leads or belongs",
        ),
        column=column,
        keys=(network.id,),
        remedy=Text("在机构表中补齐该列", "fill the column in the register"),
    )


def no_lead(network: Network, outside: Sequence[str]) -> Finding:
    """Say that nobody leads."""
    zh, en = "没有符合条件的牵头机构", "no institution matches its leads"
    if outside:
        zh = "符合条件的牵头机构都不在范围内"
        en = "every institution that matches its leads stands outside its scope"
    return Finding(
        "network-no-lead",
        Text(f"{network.name}: {zh}, 不能编组", f"{network.name}: {en}: no groups"),
        column=f"network.{network.id}.leads",
        keys=tuple(outside) or (network.id,),
        remedy=Text(
            "在机构表中登记牵头机构(类别、级别、名称或 services), 或修改 leads、scope",
            "give the leads in the register (class, level, name or services), or "
            "change `leads` or `scope`",
        ),
    )


def counties_without_lead(network: Network, counties: Sequence[str]) -> Finding:
    """Name the counties that have zones and no lead."""
    return Finding(
        "network-county-no-lead",
        Text(
            f"{network.name}: 这些县区没有牵头机构, 其中的单元没有编组",
            f"{network.name}: these counties have no lead, their zones no group",
        ),
        Severity.WARNING,
        column=f"network.{network.id}.leads",
        keys=tuple(counties),
        remedy=Text(
            "登记牵头机构, 或允许跨县编组 (within_county = false)",
            "give them a lead, or let groups cross borders (within_county = false)",
        ),
    )


def leads_outside(network: Network, leads: Sequence[str]) -> Finding:
    """Say which institutions lead no group because they stand outside the scope."""
    return Finding(
        "network-lead-outside",
        Text(
            f"{network.name}: 不在范围内, 不牵头编组",
            f"{network.name}: these stand outside its scope and lead no group",
        ),
        Severity.NOTE,
        column=f"network.{network.id}.leads",
        keys=tuple(leads),
    )


def no_member(network: Network) -> Finding:
    """Say that nobody is a member."""
    return Finding(
        "network-no-member",
        Text(
            f"{network.name}: 没有符合条件的成员机构",
            f"{network.name}: no institution matches its members",
        ),
        Severity.WARNING,
        column=f"network.{network.id}.members",
        keys=(network.id,),
    )


def members_outside(
    network: Network, sites: Sequence[str], divided: Collection[str], area: PlanningArea
) -> list[Finding]:
    """Say which members have no group: outside the scope, or in zones without one."""
    home = area.sites["zone_id"]
    outside = tuple(site for site in sites if home[site] not in divided)
    without = tuple(site for site in sites if home[site] in divided)
    findings = []
    column = f"network.{network.id}.members"
    if outside:
        text = Text(
            f"{network.name}: 成员机构不在范围内, 未编入任何组",
            f"{network.name}: these members stand outside its scope, in no group",
        )
        findings.append(
            Finding(
                "network-member-outside",
                text,
                Severity.NOTE,
                keys=outside,
                column=column,
            )
        )
    if without:
        text = Text(
            f"{network.name}: 成员机构所在单元没有编组",
            f"{network.name}: these members stand in zones without a group",
        )
        findings.append(
            Finding(
                "network-member-without",
                text,
                Severity.WARNING,
                keys=without,
                column=column,
            )
        )
    return findings


def joins(
    network: Network, place: str, joined: Joined, area: PlanningArea
) -> list[Finding]:
    """Say which parts do not touch, and between which zones they were joined."""
    if not joined.links:
        return []
    name = (area.zones if network.above is None else area.sites)["name"]
    far = max(link.metres for link in joined.links) / _METRES_OF_ONE_KM
    return [
        Finding(
            "network-parts-joined",
            Text(
                f"{place}: 地图上分为 {len(joined.parts)} 片互不相接, "
                f"按最近的单元连接(最远 {far:.1f} 公里)后编组",
                f"{place}: {len(joined.parts)} parts do not touch on the map; they "
                f"are joined at their nearest zones (up to {far:.1f} km)",
            ),
            Severity.WARNING,
            column=f"network.{network.id}",
            keys=tuple(
                f"{name[link.first]}-{name[link.second]}" for link in joined.links
            ),
            remedy=Text(
                f"若本应相接, 请检查边界: 相距 {TOLERANCE_M:g} 米以内、"
                f"共界 {LEAST_BORDER_M:g} 米以上才算相接",
                f"if they should touch, check the borders: at least "
                f"{LEAST_BORDER_M:g} m must lie within {TOLERANCE_M:g} m",
            ),
        )
    ]


def by_centre(
    network: Network, place: str, adjacency: Adjacency, zones: Sequence[str]
) -> list[Finding]:
    """Say which zones have no polygon."""
    without = tuple(z for z in adjacency.by_centre if z in set(zones))
    if not without:
        return []
    return [
        Finding(
            "network-by-centre",
            Text(
                f"{place}: 没有边界的单元按中心点判断相邻(Gabriel 图)",
                f"{place}: zones without a polygon adjoin by their centres (Gabriel)",
            ),
            Severity.NOTE,
            column=f"network.{network.id}",
            keys=without,
        )
    ]


def no_division(network: Network, place: str, division: Division) -> Finding:
    """Say that the zones cannot be divided into contiguous groups at all."""
    items, leads = len(division.items), len(division.leads)
    zh, en = ("个单元", "zones") if network.above is None else ("个下级组", "groups")
    return Finding(
        "network-impossible",
        Text(
            f"{place}: {items} {zh}不能分给 {leads} 家牵头机构而各组连片",
            f"{place}: {items} {en} cannot be divided among {leads} leads so that "
            "each group is contiguous",
        ),
        column=f"network.{network.id}.leads",
        keys=division.leads,
        remedy=Text("减少同一单元内的牵头机构", "name fewer leads that share one zone")
        if network.above is None
        else Text("减少同一下级组内的牵头机构", "name fewer leads in one group below"),
    )


def balance_missed(
    network: Network, place: str, division: Division, found: Divided
) -> list[Finding]:
    """Say by how much the groups deviate when the balance asked for is not kept."""
    if found.balance not in {"impossible", "not found"} or found.owners is None:
        return []
    asked, deviation = network.balance or 0.0, found.deviation or 0.0
    mean = sum(division.people) / len(division.leads)
    sizes = division.sizes(found.owners)
    worst = max(range(len(sizes)), key=lambda lead: abs(sizes[lead] - mean))
    over = max(0.0, (deviation - asked) * mean)
    zh = f"最小偏差为 {deviation:.1%}" if found.status == "optimal" else ""
    en = f"the least deviation is {deviation:.1%}" if found.status == "optimal" else ""
    if not zh:
        zh = f"在时限内找到的最小偏差为 {deviation:.1%}"
        en = f"the least deviation found in the time is {deviation:.1%}"
    if network.above is not None:  # another division below might leave room
        zh, en = f"下级编组不变时{zh}", f"with the groups below as they are, {en}"
    zh_why = "做不到" if found.balance == "impossible" else "在时限内没有找到"
    en_why = "impossible" if found.balance == "impossible" else "not found in the time"
    return [
        Finding(
            f"network-balance-{found.balance.replace(' ', '-')}",
            Text(
                f"{place}: 各组人口与均值 {mean:,.0f} 人相差不超过 {asked:.0%} "
                f"{zh_why}; "
                f"{zh} ({sizes[worst]:,} 人), 超出 {over:,.0f} 人",
                f"{place}: groups within {asked:.0%} of the mean of {mean:,.0f} "
                f"people: {en_why}; {en} ({sizes[worst]:,} people), "
                f"{over:,.0f} people too far",
            ),
            Severity.WARNING,
            column=f"network.{network.id}.balance",
            keys=(division.leads[worst],),
            remedy=Text(
                "放宽 balance, 或调整牵头机构", "raise `balance`, or change the leads"
            ),
        )
    ]


def journeys_unknown(
    network: Network, zones: Sequence[str], people: float, penalty_minutes: float
) -> Finding:
    """Say how many people have no known journey to their lead."""
    return Finding(
        "network-journey-unknown",
        Text(
            f"{network.name}: {people:,.0f} 人到牵头机构没有出行时间, "
            f"按 {penalty_minutes:.0f} 分钟计",
            f"{network.name}: {people:,.0f} people have no known journey to their "
            f"lead; {penalty_minutes:.0f} minutes each are counted",
        ),
        Severity.WARNING,
        column=f"network.{network.id}",
        keys=tuple(zones),
        remedy=Text(
            "加大 [travel] max_minutes, 或补充出行时间表",
            "raise [travel] max_minutes, or complete the travel table",
        ),
    )
