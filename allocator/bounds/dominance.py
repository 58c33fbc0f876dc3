"""Sites and demand points that need not be looked at, because others ask for more.

A site is dominated when another site, no dearer, reaches all the groups that it
reaches. For covering everyone a group is dominated when another group sees only sites
that it sees too: whoever covers the other covers it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from allocator.bounds.compiled import compiled
from allocator.bounds.reach import Reach

if TYPE_CHECKING:
    from allocator.bounds.lists import Flags, Floats, Ints, Short


def turned_reach(reach: Reach, sites: int) -> Reach:
    """Return the groups that each site reaches, ascending."""
    count = np.bincount(reach.site, minlength=sites)
    start = np.zeros(sites + 1, np.int64)
    np.cumsum(count, out=start[1:])
    owner = np.repeat(np.arange(len(reach.start) - 1), np.diff(reach.start))
    order = np.argsort(reach.site, kind="stable")
    return Reach(start, owner[order].astype(np.int32))


def undominated_sites(reach: Reach, prices: Floats) -> Flags:
    """Return which sites no other site replaces; of equals the first stays.

    Sites that reach nobody are dominated by any other.

    Parameters
    ----------
    reach
        The sites that each group sees.
    prices
        Of each site.
    """
    sites = len(prices)
    groups = turned_reach(reach, sites)
    keep = np.diff(groups.start) > 0
    order = np.lexsort((np.arange(sites), prices, -np.diff(groups.start)))
    _replace(reach, groups, prices, order, keep)
    return keep


@compiled
def _replace(
    reach: Reach, groups: Reach, prices: Floats, order: Ints, keep: Flags
) -> None:
    """Drop sites; larger ones are looked at first, so the one that replaces is kept."""
    for j in order:
        if not keep[j]:
            continue
        # Whoever replaces j is seen by the group of j that sees the fewest sites.
        least, rarest = len(keep) + 1, -1
        for g in groups.site[groups.start[j] : groups.start[j + 1]]:
            length = reach.start[g + 1] - reach.start[g]
            if length < least:
                least, rarest = length, g
        for other in reach.site[reach.start[rarest] : reach.start[rarest + 1]]:
            if other == j or not keep[other] or prices[other] > prices[j]:
                continue
            if _holds(groups, other, j) and not (
                other > j and prices[other] == prices[j] and _holds(groups, j, other)
            ):
                keep[j] = False
                break


@compiled
def _holds(sets: Reach, large: int, small: int) -> bool:
    """Return whether one ascending set holds another."""
    a, b = sets.start[large], sets.start[small]
    while b < sets.start[small + 1]:
        while a < sets.start[large + 1] and sets.site[a] < sets.site[b]:
            a += 1
        if a == sets.start[large + 1] or sets.site[a] != sets.site[b]:
            return False
        a += 1
        b += 1
    return True


def undominated_groups(reach: Reach) -> Flags:
    """Return which groups are not covered whenever another is."""
    length = np.diff(reach.start)
    keep = np.zeros(len(length), np.bool_)
    sites = int(reach.site.max()) + 1 if len(reach.site) else 0
    order = np.argsort(length, kind="stable")
    _filter(reach, order, np.full(sites, -1, np.int32), keep)
    return keep


@compiled
def _filter(reach: Reach, order: Ints, head: Short, keep: Flags) -> None:
    """Keep groups, smallest first; kept ones are chained by their first site."""
    following = np.full(len(order), -1, np.int32)
    for g in order:
        if reach.start[g] == reach.start[g + 1] or _is_covered(
            reach, head, following, g
        ):
            continue
        keep[g] = True
        first = reach.site[reach.start[g]]
        following[g] = head[first]
        head[first] = g


@compiled
def _is_covered(reach: Reach, head: Short, following: Short, g: int) -> bool:
    for j in reach.site[reach.start[g] : reach.start[g + 1]]:
        other = head[j]
        while other >= 0:
            if _holds(reach, g, other):
                return True
            other = following[other]
    return False
