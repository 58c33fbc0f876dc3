"""Warning of amounts that nothing in the brief's order keeps small."""

from __future__ import annotations

from typing import TYPE_CHECKING

from allocator.errors import Finding, Severity, Text

if TYPE_CHECKING:
    from allocator.area import PlanningArea
    from allocator.policy import Policy
    from allocator.policy.terms import Terms

_PRICES = ("capital_wan", "yearly_wan")


def unweighed_amounts(
    area: PlanningArea, policy: Policy, terms: Terms
) -> list[Finding]:
    """Return a warning for each decided resource that no ordered objective weighs.

    Plans that differ in such an amount alone are equally good, and the one found may
    add it up to the limits. A price weighs it where its column is ordered, and so does
    a tilt.
    """
    tilted = {tilt.resource for tilt in terms.tilts}
    findings = []
    for resource in policy.resources.values():
        if resource.at is None or resource.id in tilted:
            continue
        rows = None
        if area.costs is not None:
            rows = area.costs[area.costs["resource"] == resource.id]
        weighed = rows is not None and any(
            column in terms.objective and (rows[column] > 0).any() for column in _PRICES
        )
        if weighed:
            continue
        priced = [c for c in _PRICES if rows is not None and (rows[c] > 0).any()]
        column = priced[-1] if priced else "yearly_wan"
        findings.append(
            Finding(
                "amount-unweighed",
                Text(
                    f"目标顺序中没有一项计入 {resource.name} 的费用, "
                    "方案可能把它加到上限",
                    f"no ordered objective counts what {resource.id} costs: a plan may "
                    "add it up to the limits",
                ),
                Severity.WARNING,
                column="objective.order",
                value=resource.id,
                remedy=Text(
                    f"在 order 末尾加 {column}"
                    + ("" if priced else ", 并在造价表给出单价"),
                    f"end the order with {column}"
                    + ("" if priced else ", and price it in the cost table"),
                ),
            )
        )
    return findings
