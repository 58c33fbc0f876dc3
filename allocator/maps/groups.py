"""Groups on both maps: their outlines, tier by tier, and who belongs to whom.

All tiers have one colour. The lowest is dashed; each tier above is drawn through and
wider than the one below, so that they are told apart in grey too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import shapely

from allocator.errors import Text
from allocator.outcome import site_chains, zone_chains

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from allocator.outcome import Chain, Outcome

_NARROWEST, _WIDER = 1.6, 1.2  # points: the lowest tier, and each tier above it
# Shares of the map's width. Borders nearer to each other than the first are one, gaps
# inside a group narrower than twice the second are none: slivers of digitised maps.
_SAME_SHARE, _GAP_SHARE = 1e-5, 5e-5
_DASHED, _THROUGH = "--", "-"


@dataclass(frozen=True)
class Border:
    """The borders of all groups of a network, as they are drawn.

    Parameters
    ----------
    network
        Its id.
    tier
        1 for groups of zones, 2 for groups of those, and so on.
    lines
        Rows of points; a border between two groups is in them once, so that its dashes
        are not drawn over each other.
    """

    network: str
    tier: int
    lines: tuple[NDArray[np.float64], ...]


def borders_of(
    outcome: Outcome, shapes: Mapping[str, shapely.Geometry | None]
) -> list[Border]:
    """Return the borders of every network, the lowest tier first, then by network.

    Parameters
    ----------
    outcome
        What the run found.
    shapes
        The polygon of each zone, in whatever coordinates are drawn; None without one.
    """
    parts: dict[str, dict[str, list[shapely.Geometry]]] = {}
    for network, zone, lead in outcome.plan.groups.itertuples(index=False, name=None):
        shape = shapes[zone]
        if shape is not None:
            parts.setdefault(network, {}).setdefault(lead, []).append(shape)
    found = [
        Border(network, outcome.policy.tier(network), border_lines(groups.values()))
        for network, groups in parts.items()
    ]
    return sorted(found, key=lambda border: (border.tier, border.network))


def border_lines(
    groups: Iterable[Sequence[shapely.Geometry]],
) -> tuple[NDArray[np.float64], ...]:
    """Return the borders of groups of shapes as rows of points, each once."""
    shapes = [shapely.union_all(held) for held in groups]
    if not shapes:
        return ()
    west, south, east, north = shapely.total_bounds(shapes).tolist()
    width = max(east - west, north - south)
    edges = [shapely.boundary(_closed(shape, _GAP_SHARE * width)) for shape in shapes]
    together = shapely.union_all(edges, grid_size=_SAME_SHARE * width)
    lines = shapely.get_parts(shapely.line_merge(together))
    return tuple(shapely.get_coordinates(line) for line in lines)


def _closed(shape: shapely.Geometry, gap: float) -> shapely.Geometry:
    """Return a shape without the gaps in it that are narrower than twice ``gap``."""
    grown = shapely.buffer(shape, gap, join_style="mitre")
    return shapely.buffer(grown, -gap, join_style="mitre")


def tiers_of(outcome: Outcome) -> list[int]:
    """Return the tiers that have groups, the lowest first."""
    networks = outcome.plan.groups["network"].unique()
    return sorted({outcome.policy.tier(network) for network in networks})


def line_of(tier: int) -> tuple[float, str]:
    """Return the width, points, and the style of the borders of a tier."""
    return _NARROWEST + _WIDER * (tier - 1), _DASHED if tier == 1 else _THROUGH


def border_words(outcome: Outcome) -> dict[int, Text]:
    """Return what the borders of each tier are called."""
    tiers = tiers_of(outcome)
    if tiers in ([], [1]):
        return {tier: Text("编组界", "group border") for tier in tiers}
    return {
        tier: Text(f"第{tier}级编组界", f"group border, tier {tier}") for tier in tiers
    }


def zone_words(outcome: Outcome) -> dict[str, list[str]]:
    """Return the leads of each zone in words: 区域中心 → 市级医院."""
    return {
        zone: [_way(outcome, chain, ()) for chain in chains]
        for zone, chains in zone_chains(outcome).items()
    }


def site_words(outcome: Outcome) -> dict[str, list[str]]:
    """Return to whom each institution belongs: 社区中心 → 区域中心 → 市级医院."""
    return {
        site: [_way(outcome, chain, (site,)) for chain in chains]
        for site, chains in site_chains(outcome).items()
    }


def _way(outcome: Outcome, chain: Chain, start: Sequence[str]) -> str:
    """Return a chain in words; an institution that leads itself is named once."""
    names = outcome.area.sites["name"]
    ids = dict.fromkeys((*start, *chain.leads))
    return " → ".join(str(names[site]) for site in ids)
