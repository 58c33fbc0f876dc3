"""County borders that a brief closes to journeys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from allocator.errors import Finding, Severity, Text
from allocator.parts import closed_borders

if TYPE_CHECKING:
    from allocator.area import PlanningArea
    from allocator.load import Brief
    from allocator.travel import Travel


def within_borders(
    brief: Brief, area: PlanningArea, travel: Travel, findings: list[Finding]
) -> Travel:
    """Return the journeys that count: those inside counties where borders are closed.

    What is left out is said among ``findings``.
    """
    if brief.split is None or brief.split.borders != "closed":
        return travel
    inside = closed_borders(area, travel)
    left_out = _pairs(travel) - _pairs(inside)
    if left_out:
        findings.append(
            Finding(
                "borders-closed",
                Text(
                    f"按任务书不计跨县出行, 去掉 {left_out} 对需求点与机构",
                    f"journeys over county borders do not count, as the brief says: "
                    f"{left_out} pairs of demand point and site are left out",
                ),
                Severity.WARNING,
                table=brief.path.name,
                column="split.borders",
                value="closed",
            )
        )
    return inside


def _pairs(travel: Travel) -> int:
    return len(travel.pairs) + sum(len(t.pairs) for t in travel.services.values())
