"""The brief's ``[[tilt]]``: held against the packs and the register."""

from __future__ import annotations

from typing import TYPE_CHECKING

from allocator.errors import Finding, Severity, Text, nearest
from allocator.policy.tilt import Tilt
from allocator.tables import FACILITY_CLASSES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from allocator.area import PlanningArea
    from allocator.load import Brief
    from allocator.policy import Policy

OBJECTIVE = "amounts_elsewhere"


def tilts_of(brief: Brief) -> tuple[Tilt, ...]:
    """Return what the brief tilts, as the objective reads it."""
    return tuple(Tilt(t.resource, dict(t.weights)) for t in brief.tilts)


def ordered(brief: Brief, order: tuple[str, ...]) -> tuple[str, ...]:
    """Return the order of objectives, with the tilt last where it is not named."""
    if not brief.tilts or OBJECTIVE in order:
        return order
    return (*order, OBJECTIVE)


def check_tilts(brief: Brief, area: PlanningArea, policy: Policy) -> list[Finding]:
    """Find tilts that tilt nothing, of what is not decided, or towards nothing."""
    findings = list(_of_the_brief(brief))
    for tilt in tilts_of(brief):
        findings += _of_the_resource(brief, tilt, area, policy)
        findings += _of_the_classes(brief, tilt, area, policy)
    return findings


def _of_the_brief(brief: Brief) -> Iterator[Finding]:
    table = brief.path.name
    if OBJECTIVE in (brief.objective.order or ()) and not brief.tilts:
        yield Finding(
            "tilt-missing",
            Text(
                f"目标 {OBJECTIVE} 需要 [[tilt]]",
                f"the objective {OBJECTIVE} needs a [[tilt]]",
            ),
            table=table,
            column="objective.order",
            value=OBJECTIVE,
            remedy=Text(
                "写 [[tilt]], 或从 order 中删去它",
                "state a [[tilt]], or remove it from the order",
            ),
        )
    names = [tilt.resource for tilt in brief.tilts]
    for name in dict.fromkeys(n for n in names if names.count(n) > 1):
        yield Finding(
            "repeated",
            Text("同一项写了两次", "named twice"),
            table=table,
            column="tilt.resource",
            value=name,
            remedy=Text("合并成一节 [[tilt]]", "put them into one [[tilt]]"),
        )
    for tilt in brief.tilts:
        if not any(weight > 0 for weight in tilt.weights.values()):
            yield Finding(
                "weights-missing",
                Text("没有一类机构的权重大于 0", "no class has a weight above 0"),
                table=table,
                column="tilt.weights",
                value=tilt.resource,
                remedy=Text(
                    "如 weights = { C210 = 1.0, C220 = 1.0, B100 = 1.0 }",
                    "weights = { C210 = 1.0, C220 = 1.0, B100 = 1.0 }, say",
                ),
            )


def _of_the_resource(
    brief: Brief, tilt: Tilt, area: PlanningArea, policy: Policy
) -> Iterator[Finding]:
    name, table, column = tilt.resource, brief.path.name, "tilt.resource"
    resource = policy.resources.get(name)
    if resource is None:
        close = nearest(name, policy.resources)
        yield Finding(
            "resource-unknown",
            Text(f"没有资源 {name}", f"there is no resource {name}"),
            table=table,
            column=column,
            value=name,
            remedy=Text(f"是否应为 {close}?", f"did you mean {close}?")
            if close
            else Text("用 [[resource]] 声明它", "declare it with [[resource]]"),
        )
    elif resource.at is None:
        yield Finding(
            "resource-not-decided",
            Text(
                f"{resource.name}只评估, 不由方案配置, 无从倾斜",
                f"{name} is only audited: a plan adds none of it",
            ),
            table=table,
            column=column,
            value=name,
            remedy=Text(
                "在靠前的政策包中为它写 at 和 most_per_site, 或删去这一节",
                "give it at and most_per_site in an earlier pack, or remove this",
            ),
        )
    elif name not in area.sites:
        yield Finding(
            "resource-not-decided",
            Text(
                f"机构表没有 {name} 列, 方案不会配置它",
                f"without the column {name} a plan adds none of it",
            ),
            table=table,
            column=column,
            value=name,
            remedy=Text(f"在机构表中补 {name} 列", f"add the column {name}"),
        )


def _of_the_classes(
    brief: Brief, tilt: Tilt, area: PlanningArea, policy: Policy
) -> Iterator[Finding]:
    there = set(area.sites["class"])
    table, column = brief.path.name, "tilt.weights"
    for code in sorted(set(tilt.weights) - there):
        if code in FACILITY_CLASSES:
            yield Finding(
                "class-absent",
                Text("机构表中没有这类机构", "no site has this class"),
                Severity.WARNING,
                table,
                (tilt.resource,),
                column=column,
                value=code,
            )
            continue
        close = nearest(code, FACILITY_CLASSES)
        yield Finding(
            "class-unknown",
            Text("不是 WS 218 机构类别代码", "not a class code of WS 218"),
            table=table,
            keys=(tilt.resource,),
            column=column,
            value=code,
            remedy=Text(f"是否应为 {close}?", f"did you mean {close}?")
            if close
            else Text("写代码, 如 C210", "give a code, C210 say"),
        )
    resource = policy.resources.get(tilt.resource)
    if resource is None or resource.at is None or resource.at.service:
        return
    favoured = {code for code, weight in tilt.weights.items() if weight > 0}
    receiving = set(resource.at.facility_class)
    if favoured and receiving and not favoured & receiving:
        yield Finding(
            "tilt-without-site",
            Text(
                "倾斜的机构类别都不能配置这种资源",
                "no class that is favoured may be given the resource",
            ),
            Severity.WARNING,
            table,
            (tilt.resource,),
            column=column,
            value=", ".join(sorted(favoured)),
            remedy=Text(
                f"可配置的类别: {', '.join(sorted(receiving))}",
                f"classes that may: {', '.join(sorted(receiving))}",
            ),
        )
