"""Good plans for bands: points to sites by regret, then shifts, swaps and moves.

A plan may break bands on the way: each person too many or too few costs a penalty,
which grows while it does not help. A local optimum is a plan that no shift of a point
to another open site, no swap of two points and no move of a whole catchment to a
closed site makes cheaper. From there one site is closed, another opened, and what is
found is kept where it is no worse (iterated local search).

Sources: Martello and Toth 1990, Knapsack problems, chapter 7 (regret); Osman and
Christofides 1994, Capacitated clustering problems by hybrid simulated annealing and
tabu search, International Transactions in Operational Research 1, 317-336 (shift and
swap); Lourenco, Martin and Stuetzle 2003, Iterated local search.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from allocator.bounds.compiled import compiled

if TYPE_CHECKING:
    from allocator.bounds.lists import Flags, Floats, Ints, States

_CLOSED, _OPEN = -1, 1  # as in `allocator.bounds.lists`
_GAIN = 1e-7  # changes that gain less are rounding
# Of kinds of shakes, drawn from 0 to 1: from there on one closes, up to there one opens.
_CLOSES, _OPENS, _SWAP = 0.33, 0.67, 0.5
_RAISES = 6  # times that the penalty is raised before a plan is given up


class Table(NamedTuple):
    """The problem as a table.

    Parameters
    ----------
    cost
        Sites by demand points; infinite where a pair cannot be travelled.
    people
        Of each demand point.
    least, most, opening
        Of each site.
    states
        Of each site: what is fixed and forbidden.
    count
        How many sites are open; -1 where they are not counted.
    """

    cost: Floats
    people: Floats
    least: Floats
    most: Floats
    opening: Floats
    states: States
    count: int


class Draft(NamedTuple):
    """A plan in work: who is served where, how many people each site has, open sites."""

    site: Ints
    load: Floats
    is_open: Flags


@compiled
def broken(table: Table, j: int, load: float) -> float:
    """Return by how many people a load is outside the band of a site."""
    return max(0.0, load - table.most[j]) + max(0.0, table.least[j] - load)


@compiled
def cost_of(table: Table, draft: Draft) -> float:
    """Return what a plan costs; infinite where it breaks a band or a point is unserved."""
    total = 0.0
    for j in range(len(draft.is_open)):
        if draft.is_open[j]:
            total += table.opening[j]
            if broken(table, j, draft.load[j]) > 1e-9 * max(1.0, table.most[j]):
                return np.inf
    for i in range(len(draft.site)):
        if draft.site[i] < 0:
            return np.inf
        total += table.cost[draft.site[i], i]
    return total


@compiled
def spread(table: Table, draft: Draft, penalty: float) -> bool:
    """Serve every point from scratch, those first that lose most by waiting.

    Returns
    -------
    is_served
        False where some point has no open site at all.
    """
    points = len(draft.site)
    regret = np.empty(points)
    names = np.flatnonzero(draft.is_open)
    for i in range(points):
        near, second = np.inf, np.inf
        for j in names:
            here = table.cost[j, i]
            if here < near:
                near, second = here, near
            elif here < second:
                second = here
        if near == np.inf:
            return False
        regret[i] = second - near if second < np.inf else 1e300
    draft.load[:] = 0.0
    for i in np.argsort(-regret, kind="mergesort"):
        best, chosen = np.inf, -1
        size = table.people[i]
        for j in names:
            over = max(0.0, draft.load[j] + size - table.most[j])
            over -= max(0.0, draft.load[j] - table.most[j])
            here = table.cost[j, i] + penalty * over
            if here < best:
                best, chosen = here, j
        draft.site[i] = chosen
        draft.load[chosen] += size
    return True


@compiled
def _shift(table: Table, draft: Draft, penalty: float, names: Ints) -> bool:
    """Move points to the open site where each gains most; return whether any did."""
    gained = False
    for i in range(len(draft.site)):
        old, size = draft.site[i], table.people[i]
        load = draft.load[old]
        leave = penalty * (broken(table, old, load - size) - broken(table, old, load))
        leave -= table.cost[old, i]
        best, chosen = -_GAIN, -1
        for j in names:
            now = draft.load[j]
            change = table.cost[j, i] + leave
            change += penalty * (broken(table, j, now + size) - broken(table, j, now))
            if j != old and change < best:
                best, chosen = change, j
        if chosen >= 0:
            draft.load[old] -= size
            draft.load[chosen] += size
            draft.site[i] = chosen
            gained = True
    return gained


@compiled
def _swap(table: Table, draft: Draft, penalty: float) -> bool:
    """Exchange two points of different sites where that gains; return whether any did."""
    gained = False
    points = len(draft.site)
    for i in range(points):
        for k in range(i + 1, points):
            one, other = draft.site[i], draft.site[k]
            if one == other:
                continue
            change = table.cost[other, i] + table.cost[one, k]
            change -= table.cost[one, i] + table.cost[other, k]
            more = table.people[k] - table.people[i]
            load, across = draft.load[one], draft.load[other]
            change += penalty * (
                broken(table, one, load + more)
                - broken(table, one, load)
                + broken(table, other, across - more)
                - broken(table, other, across)
            )
            if change < -_GAIN:
                draft.site[i], draft.site[k] = other, one
                draft.load[one] += more
                draft.load[other] -= more
                gained = True
    return gained


@compiled
def _move(table: Table, draft: Draft, penalty: float) -> bool:
    """Move whole catchments to closed sites where that gains."""
    gained = False
    for j in np.flatnonzero(draft.is_open):
        if table.states[j] == _OPEN:
            continue
        members = np.flatnonzero(draft.site == j)
        load = draft.load[j]
        now = table.opening[j] + penalty * broken(table, j, load)
        for i in members:
            now += table.cost[j, i]
        best, chosen = now - _GAIN, -1
        for t in range(len(draft.is_open)):
            if draft.is_open[t] or table.states[t] == _CLOSED:
                continue
            here = table.opening[t] + penalty * broken(table, t, load)
            for i in members:
                here += table.cost[t, i]
                if here >= best:
                    break
            if here < best:
                best, chosen = here, t
        if chosen >= 0:
            _put(draft, j, chosen, members)
            gained = True
    return gained


@compiled
def _put(draft: Draft, old: int, new: int, members: Ints) -> None:
    draft.is_open[old], draft.is_open[new] = False, True
    draft.load[new], draft.load[old] = draft.load[old], 0.0
    for i in members:
        draft.site[i] = new


@compiled
def settle(table: Table, draft: Draft, penalty: float) -> float:
    """Improve a plan until nothing helps; return what it costs, infinite if broken."""
    for _ in range(_RAISES):
        for _ in range(200):
            names = np.flatnonzero(draft.is_open)
            gained = _shift(table, draft, penalty, names)
            gained |= _swap(table, draft, penalty)
            if not gained:
                gained = _move(table, draft, penalty)
            if not gained:
                break
        cost = cost_of(table, draft)
        if cost < np.inf:
            return cost
        penalty *= 3.0
    return np.inf


@compiled
def copy_to(source: Draft, target: Draft) -> None:
    """Write one plan over another."""
    target.site[:] = source.site
    target.load[:] = source.load
    target.is_open[:] = source.is_open


@compiled
def _shake(table: Table, draft: Draft, kind: float) -> None:
    """Close one open site, open a closed one; where not counted, perhaps only one."""
    free = np.flatnonzero(draft.is_open & (table.states != _OPEN))
    shut = np.flatnonzero((~draft.is_open) & (table.states != _CLOSED))
    both = len(free) > 0 and len(shut) > 0
    if table.count >= 0:
        if not both:
            return
        kind = _SWAP
    if kind >= _CLOSES and len(free) > 0:
        draft.is_open[free[np.random.randint(len(free))]] = False  # noqa: NPY002
    if kind <= _OPENS and len(shut) > 0:
        draft.is_open[shut[np.random.randint(len(shut))]] = True  # noqa: NPY002


@compiled
def iterate(
    table: Table, best: Draft, known: float, penalty: float, rounds: int, seed: int
) -> float:
    """Shake and settle a plan so many times; return what the best costs.

    Parameters
    ----------
    best
        The best plan, changed in place when a better one is found.
    known
        What it costs.
    penalty
        For each person outside a band.
    rounds, seed
        How often, and the seed of the random numbers.
    """
    np.random.seed(seed)  # noqa: NPY002 (numba knows no other)
    now = Draft(best.site.copy(), best.load.copy(), best.is_open.copy())
    here = known
    trial = Draft(best.site.copy(), best.load.copy(), best.is_open.copy())
    for _ in range(rounds):
        copy_to(now, trial)
        _shake(table, trial, np.random.random())  # noqa: NPY002
        if not spread(table, trial, penalty):
            continue
        cost = settle(table, trial, penalty)
        if cost <= here:
            copy_to(trial, now)
            here = cost
        if cost < known - _GAIN:
            copy_to(trial, best)
            known = cost
    return known
