"""Filling zones: by a share, or by the group that they belong to."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import shapely
from matplotlib.collections import PathCollection

from allocator.maps.frame import outline
from allocator.maps.layers import add_paths
from allocator.maps.style import BORDER_COLOUR, ZONE_BORDER_COLOUR

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import geopandas as gpd

    from allocator.maps.frame import Ground
    from allocator.maps.layers import Sheet

# Shares, light to dark in even steps of grey, so that they are told apart in print.
SHARE_COLOURS = ("#fbfbf3", "#dcebd0", "#b9d9a8", "#8fc384", "#62a862")
SHARE_LIMITS = (0.2, 0.4, 0.6, 0.8)
# Zones that a rule does not address.
NOBODY_COLOUR, NOBODY_HATCH = "#ffffff", "////"
# Paul Tol's "light" scheme for labelled fills (personal.sron.nl/~pault), safe for
# colour-blind readers; neighbours get different ones.
GROUP_FILLS = (
    "#77AADD",
    "#EEDD88",
    "#FFAABB",
    "#99DDFF",
    "#BBCC33",
    "#EE8866",
    "#44BB99",
    "#DDDDDD",
)
_DOT_LEAST, _DOT_MOST = 5.0, 16.0  # diameter of zones without a polygon, points


def share_colour(share: float) -> str:
    """Return the fill of a share of 0..1; NaN: nobody is addressed."""
    if math.isnan(share):
        return NOBODY_COLOUR
    return SHARE_COLOURS[int(np.searchsorted(SHARE_LIMITS, share, side="right"))]


def share_labels() -> list[str]:
    """Return the words of the classes of shares."""
    bounds = [0, *(round(100 * limit) for limit in SHARE_LIMITS), 100]
    return [f"{low}–{high}%" for low, high in pairwise(bounds)]


def fill_zones(
    ground: Ground, sheet: Sheet, colours: Sequence[str], hatched: Sequence[bool]
) -> None:
    """Fill zones and draw borders; a zone without a polygon is a disc.

    Parameters
    ----------
    ground, sheet
        What is drawn, and on which map.
    colours
        The fill of every zone, in the order of the table.
    hatched
        Which of them are hatched.
    """
    shapes = [None if s is None else outline(s) for s in ground.zones.geometry]
    for colour, hatch in sorted(set(zip(colours, hatched, strict=True))):
        held = [
            shape
            for shape, own, dashed in zip(shapes, colours, hatched, strict=True)
            if shape is not None and (own, dashed) == (colour, hatch)
        ]
        if not held:
            continue
        collection = PathCollection(
            held,
            facecolors=colour,
            edgecolors=ZONE_BORDER_COLOUR,
            linewidths=0.35,
            zorder=1,
            hatch=NOBODY_HATCH if hatch else None,
        )
        sheet.axes.add_collection(collection, autolim=False)
    bare = ground.zones.geometry.isna().to_numpy()
    if bare.any():
        people = ground.zones["population"].to_numpy(dtype=float)[bare]
        size = _DOT_LEAST + _DOT_MOST * np.sqrt(people / max(people.max(), 1.0))
        points = ground.zone_points[bare]
        own = [c for c, b in zip(colours, bare, strict=True) if b]
        sheet.axes.scatter(
            points[:, 0],
            points[:, 1],
            s=size**2,
            c=own,
            edgecolors=ZONE_BORDER_COLOUR,
            linewidths=0.4,
            zorder=1,
        )
    borders = [outline(s) for s in ground.counties.geometry if s is not None]
    style = {"facecolors": "none", "edgecolors": BORDER_COLOUR}
    add_paths(sheet.axes, borders, linewidths=1.2, zorder=2, **style)


def colours_of_groups(
    zones: gpd.GeoDataFrame, group_of: Mapping[str, str]
) -> dict[str, str]:
    """Return a fill for every group so that neighbouring groups differ.

    Greedy, in the order of ids: with more than eight groups around one, some repeat.

    Parameters
    ----------
    zones
        Indexed by id, with geometry; None where there is none.
    group_of
        The group of each zone.
    """
    near = _neighbours(zones, group_of)
    colours: dict[str, str] = {}
    for at, group in enumerate(sorted(set(group_of.values()))):
        taken = {colours[other] for other in near.get(group, ()) if other in colours}
        free = [fill for fill in GROUP_FILLS if fill not in taken]
        # Begin at another colour each time: groups that do not touch differ too.
        start = at % len(free) if free else 0
        colours[group] = free[start] if free else GROUP_FILLS[at % len(GROUP_FILLS)]
    return colours


def _neighbours(
    zones: gpd.GeoDataFrame, group_of: Mapping[str, str]
) -> dict[str, set[str]]:
    ids = [str(zone) for zone in zones.index]
    shapes = np.array(
        [shapely.Polygon() if s is None else s for s in zones.geometry], dtype=object
    )
    tree = shapely.STRtree(shapes)
    near: dict[str, set[str]] = {}
    one, two = tree.query(shapes, predicate="intersects")
    for left, right in zip(one.tolist(), two.tolist(), strict=True):
        a, b = group_of.get(ids[left]), group_of.get(ids[right])
        if a is not None and b is not None and a != b:
            near.setdefault(a, set()).add(b)
    return near
