"""Who is within reach of which site: pairs, and demand points that see the same sites.

A million demand points near a hundred sites see only some thousand different sets of
sites; points with the same set are one point with their people together.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from allocator.bounds.compiled import compiled

if TYPE_CHECKING:
    from allocator.bounds.lists import Flags, Floats, Ints, Short


class Reach(NamedTuple):
    """The sites within reach of each demand point.

    Parameters
    ----------
    start
        Where the sites of each point begin in ``site``; one more entry than points.
    site
        Positions of sites, ascending within a point, each once.
    """

    start: Ints
    site: Short


def reach_of(is_within: Flags) -> Reach:
    """Return the reach that a table of flags says, demand points by sites."""
    flags = np.asarray(is_within, np.bool_)
    start = np.zeros(len(flags) + 1, np.int64)
    np.cumsum(flags.sum(axis=1), out=start[1:])
    return Reach(start, np.nonzero(flags)[1].astype(np.int32))


def reach_within(demand: Floats, sites: Floats, radius: float) -> Reach:
    """Return the reach in a plane.

    Parameters
    ----------
    demand, sites
        Coordinates, two columns, one unit.
    radius
        Longest straight line within reach, in the same unit; inclusive.
    """
    order = np.argsort(sites[:, 0], kind="stable")
    ranked = np.ascontiguousarray(sites[order])
    demand = np.ascontiguousarray(demand, dtype=np.float64)
    first = np.searchsorted(ranked[:, 0], demand[:, 0] - radius)
    start = np.zeros(len(demand) + 1, np.int64)
    none = np.empty(0, np.int32)
    _near(demand, ranked, first, radius, Reach(start, none))
    made = Reach(start, np.empty(start[-1], np.int32))
    _near(demand, ranked, first, radius, made)
    site = order.astype(np.int32)[made.site]
    _ascending(Reach(start, site))
    return Reach(start, site)


@compiled
def _near(
    demand: Floats, sites: Floats, first: Ints, radius: float, out: Reach
) -> None:
    """Count the sites in reach of each point, or write them where there is room."""
    filled = 0
    for i in range(len(demand)):
        x, y = demand[i, 0], demand[i, 1]
        for k in range(first[i], len(sites)):
            across = sites[k, 0] - x
            if across > radius:
                break
            up = sites[k, 1] - y
            if across * across + up * up <= radius * radius:
                if len(out.site) > 0:
                    out.site[filled] = k
                filled += 1
        out.start[i + 1] = filled


@compiled
def _ascending(reach: Reach) -> None:
    for i in range(len(reach.start) - 1):
        part = reach.site[reach.start[i] : reach.start[i + 1]]
        part.sort()


class Groups(NamedTuple):
    """Demand points with the same sites, as one.

    Parameters
    ----------
    reach
        Of the groups.
    people
        Of all points of each group.
    """

    reach: Reach
    people: Floats


def grouped(reach: Reach, people: Floats, keep: Flags) -> Groups:
    """Return groups of points that see the same sites, among some sites.

    Points that see none of them are left out. Points are brought together by a hash of
    their sites and compared site by site: none that differ become one.

    Parameters
    ----------
    reach
        Of the demand points.
    people
        Of each.
    keep
        Which sites count.
    """
    random = np.random.default_rng(0)
    marks = random.integers(1, 2**63, len(keep), dtype=np.int64)
    hashes = np.zeros(len(reach.start) - 1, np.int64)
    _hash(reach, keep, marks, hashes)
    order = np.argsort(hashes, kind="stable")
    order = order[hashes[order] != 0]
    is_new = np.zeros(len(order), np.bool_)
    _compare(reach, keep, order, hashes, is_new)
    begins = np.flatnonzero(is_new)
    if len(begins) == 0:
        return Groups(Reach(np.zeros(1, np.int64), np.empty(0, np.int32)), np.empty(0))
    return Groups(
        _picked(reach, keep, order[begins]), np.add.reduceat(people[order], begins)
    )


def _picked(reach: Reach, keep: Flags, points: Ints) -> Reach:
    """Return the reach of some points among some sites."""
    parts = [reach.site[reach.start[i] : reach.start[i + 1]] for i in points]
    parts = [part[keep[part]] for part in parts]
    start = np.zeros(len(parts) + 1, np.int64)
    np.cumsum([len(part) for part in parts], out=start[1:])
    return Reach(start, np.concatenate(parts))


@compiled
def _hash(reach: Reach, keep: Flags, marks: Ints, hashes: Ints) -> None:
    for i in range(len(hashes)):
        for k in range(reach.start[i], reach.start[i + 1]):
            if keep[reach.site[k]]:
                hashes[i] += marks[reach.site[k]]


@compiled
def _compare(
    reach: Reach, keep: Flags, order: Ints, hashes: Ints, is_new: Flags
) -> None:
    """Mark where a point differs from the one before it."""
    for place in range(len(order)):
        i = order[place]
        if place == 0 or hashes[i] != hashes[order[place - 1]]:
            is_new[place] = True
            continue
        is_new[place] = not _same(reach, keep, order[place - 1], i)


@compiled
def _same(reach: Reach, keep: Flags, one: int, other: int) -> bool:
    a, b = reach.start[one], reach.start[other]
    while True:
        while a < reach.start[one + 1] and not keep[reach.site[a]]:
            a += 1
        while b < reach.start[other + 1] and not keep[reach.site[b]]:
            b += 1
        is_over = bool(a == reach.start[one + 1])
        is_other_over = bool(b == reach.start[other + 1])
        if is_over or is_other_over:
            return is_over and is_other_over
        if reach.site[a] != reach.site[b]:
            return False
        a += 1
        b += 1
