"""Zones that claim the same land: small overlaps are settled, large ones refused.

People stay with their zone whatever is done here: only where they are placed changes.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import shapely

from allocator.errors import Severity, Text
from allocator.load.repairs import NOISE_M2, Repair
from allocator.load.shapes import polygons_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from allocator.load.coordinates import Numbers, Shapes
    from allocator.load.land import Land
    from allocator.load.remarks import Remarks
    from allocator.load.repairs import Limits, Repairs

HALF = 0.5
SAME_SHARE = 1 - 1e-6  # two drawings of one border agree to that after projection


def overlapping_pairs(shapes: Shapes) -> Iterator[tuple[int, int]]:
    """Yield the positions of shapes whose insides meet, ascending, each pair once."""
    present = np.flatnonzero(~shapely.is_missing(shapes))
    tree = shapely.STRtree(shapes[present])
    first, second = tree.query(shapes[present], predicate="intersects")
    once = first < second
    first, second = present[first[once]], present[second[once]]
    order = np.lexsort((second, first))
    first, second = first[order], second[order]
    # Neighbours that share a border cleanly drop out here, without any overlay.
    meet = ~shapely.touches(shapes[first], shapes[second])
    yield from zip(first[meet].tolist(), second[meet].tolist(), strict=True)


def settle_overlaps(
    land: Land, limits: Limits, remarks: Remarks, repairs: Repairs
) -> Land:
    """Give land that two zones claim to one of them.

    It goes to the zone whose other land shares the longer border with it; on a tie to
    the lower id. A zone never loses more than half of itself: then it keeps the
    overlap. An overlap of more than ``most_overlap_share`` of either zone is an error,
    and stays as it is; so is one zone drawn twice.

    Parameters
    ----------
    land
        The zones.
    limits
        From which share on an overlap is refused.
    remarks, repairs
        Receive what was done.
    """
    shapes = land.shapes.copy()
    given: list[Repair] = []
    large: list[tuple[Repair, float]] = []
    same: list[Repair] = []
    for a, b in overlapping_pairs(land.shapes):
        both = polygons_of(
            np.array([shapely.intersection(shapes[a], shapes[b])], dtype=object)
        )[0]
        if land.plane.m2(both) <= NOISE_M2:
            continue
        shares = shapely.area(both) / shapely.area(shapes[[a, b]])
        if shares.min() >= SAME_SHARE:
            same.append(_repair("zones-identical", land, a, b, both, changed=False))
        elif shares.max() > limits.most_overlap_share:
            repair = _repair("zones-overlap", land, a, b, both, changed=False)
            large.append((repair, float(shares.max())))
        else:
            keeps, gives = _keeper(shapes, a, b, shares)
            rest = shapely.difference(shapes[gives], shapes[keeps])
            shapes[gives] = polygons_of(np.array([rest], dtype=object))[0]
            share = float(shares.max())
            repair = _repair("overlap-given", land, keeps, gives, both)
            given.append(replace(repair, share=share))
    _tell_refused(large, limits, remarks, repairs)
    repairs.tell(
        same,
        Text("两个单元的图形相同", "two zones have the same shape"),
        Severity.ERROR,
        remarks,
        remedy=Text(
            "删去其中一个, 或换成它自己的图形", "remove one, or give it its own shape"
        ),
    )
    repairs.tell_changes(
        given,
        Text(
            "单元之间有少量重叠, 已归前一个单元(共同边界较长者)",
            "zones overlap a little: the land went to the first named, "
            "which shares the longer border",
        ),
        remarks,
        remedy=Text("在 GIS 中核对边界", "check these borders in a GIS"),
    )
    return replace(land, shapes=shapes)


def _keeper(shapes: Shapes, a: int, b: int, shares: Numbers) -> tuple[int, int]:
    """Return who keeps the land of both, and who gives it up."""
    if shares.max() > HALF:
        return (a, b) if shares[0] >= shares[1] else (b, a)
    # The border of b inside a parts the overlap from the rest of a, and the other way
    # round; stretches where both borders run together are in both and cancel out.
    with_a = shapely.length(
        shapely.intersection(shapely.boundary(shapes[b]), shapes[a])
    )
    with_b = shapely.length(
        shapely.intersection(shapely.boundary(shapes[a]), shapes[b])
    )
    # To the millimetre, so that arithmetic does not decide a tie.
    return (a, b) if round(with_a, 3) >= round(with_b, 3) else (b, a)


def _repair(
    code: str,
    land: Land,
    keeps: int,
    gives: int,
    both: shapely.Geometry,
    *,
    changed: bool = True,
) -> Repair:
    return Repair(
        code,
        land.ids[keeps],
        land.names[keeps],
        land.plane.m2(both),
        land.people_on(gives, both),
        land.label(gives),
        changed,
    )


def _tell_refused(
    large: list[tuple[Repair, float]],
    limits: Limits,
    remarks: Remarks,
    repairs: Repairs,
) -> None:
    most = max((share for _, share in large), default=0.0)
    repairs.tell(
        [repair for repair, _ in large],
        Text(
            f"单元重叠超过其面积的 {limits.most_overlap_share:.2%}(最大 {most:.1%})",
            f"zones overlap by more than {limits.most_overlap_share:.2%} of one of "
            f"them (at most {most:.1%})",
        ),
        Severity.ERROR,
        remarks,
        remedy=Text(
            "在 GIS 中改正边界; 包在里面的单元应从外面的单元中挖去; "
            "或放宽 [area] most_overlap_share",
            "correct the borders; cut an enclosed zone out of the one around it; "
            "or raise [area] most_overlap_share",
        ),
    )
