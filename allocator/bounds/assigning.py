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
_TRIES = 10  # closed sites that a shake looks at
_GAIN = 1e-7  # changes that gain less are rounding
# A kind of shake is a number: from the first a site closes, up to the next one opens.
_CLOSES, _OPENS, _SWAP = 0.33, 0.67, 0.5
_LAST = 1e300  # regret of a point that only one open site can serve
_PASSES = 200  # at most, of shifts and swaps
_NEAR = 5  # open sites whose points a point may be exchanged with
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
    wanted
        How many sites are open; -1 where they are not counted.
    """

    cost: Floats
    people: Floats
    least: Floats
    most: Floats
    opening: Floats
    states: States
    wanted: int


class Draft(NamedTuple):
    """A plan in work.

    Parameters
    ----------
    site
        Where each point is served, -1 for nowhere.
    load
        People of each site.
    is_open
        Which sites are open.
    changed
        Sites whose points have changed since they were looked at.
    """

    site: Ints
    load: Floats
    is_open: Flags
    changed: Flags


def draft_of(table: Table, is_open: Flags) -> Draft:
    """Return a plan in which nobody is served yet."""
    points, sites = len(table.people), len(is_open)
    site = np.full(points, -1, np.int64)
    return Draft(site, np.zeros(sites), is_open.copy(), np.ones(sites, np.bool_))


@compiled
def broken(table: Table, j: int, load: float) -> float:
    """Return by how many people a load is outside the band of a site."""
    over, under = load - table.most[j], table.least[j] - load
    return float(max(0.0, over) + max(0.0, under))


@compiled
def broken_above(table: Table, j: int, load: float) -> float:
    """Return by how many people a load is above the band of a site."""
    return float(max(0.0, load - table.most[j]))


@compiled
def cost_of(table: Table, draft: Draft) -> float:
    """Return what a plan costs; infinite where it is none."""
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
    """Serve everyone from scratch; return False where a point has no open site."""
    draft.load[:] = 0.0
    draft.site[:] = -1
    draft.changed[:] = True
    return serve(table, draft, penalty)


@compiled
def _regret(table: Table, names: Ints, i: int) -> float:
    """Return what a point loses without its nearest site; infinite without any."""
    near, second = np.inf, np.inf
    for j in names:
        here = table.cost[j, i]
        if here < near:
            near, second = here, near
        elif here < second:
            second = here
    return np.inf if near == np.inf else min(second - near, _LAST)


@compiled
def serve(table: Table, draft: Draft, penalty: float) -> bool:
    """Serve the points that have no site, those first that lose most by waiting.

    Returns
    -------
    is_served
        False where some point has no open site at all; then nothing is changed.
    """
    names = np.flatnonzero(draft.is_open)
    waiting = np.flatnonzero(draft.site < 0)
    regret = np.empty(len(waiting))
    for place in range(len(waiting)):
        regret[place] = _regret(table, names, waiting[place])
        if regret[place] == np.inf:
            return False
    for i in waiting[np.argsort(-regret, kind="mergesort")]:
        best, chosen = np.inf, -1
        size = table.people[i]
        for name in names:
            j = int(name)
            over = broken_above(table, j, draft.load[j] + size)
            over -= broken_above(table, j, draft.load[j])
            here = table.cost[j, i] + penalty * over
            if here < best:
                best, chosen = here, j
        draft.site[i] = chosen
        draft.load[chosen] += size
        draft.changed[chosen] = True
    return True


@compiled
def _shift(table: Table, draft: Draft, penalty: float, names: Ints, now: Flags) -> bool:
    """Move points to the open site where each gains most; return whether any did.

    Only from or to sites that have changed.
    """
    gained = False
    for i in range(len(draft.site)):
        old, size = draft.site[i], table.people[i]
        load = draft.load[old]
        leave = penalty * (broken(table, old, load - size) - broken(table, old, load))
        leave -= table.cost[old, i]
        best, chosen = -_GAIN, -1
        for j in names:
            if j == old or not (now[old] or now[j]):
                continue
            there = draft.load[j]
            change = table.cost[j, i] + leave
            change += penalty * (
                broken(table, j, there + size) - broken(table, j, there)
            )
            if change < best:
                best, chosen = change, j
        if chosen >= 0:
            draft.load[old] -= size
            draft.load[chosen] += size
            draft.site[i] = chosen
            draft.changed[old] = draft.changed[chosen] = True
            now[old] = now[chosen] = True
            gained = True
    return gained


@compiled
def _near(table: Table, names: Ints) -> Ints:
    """Return the open sites that serve each point best, -1 where there are fewer."""
    found = np.full((len(table.people), _NEAR), -1, np.int64)
    cost = np.empty(_NEAR)
    for i in range(len(table.people)):
        cost[:] = np.inf
        for j in names:
            here = table.cost[j, i]
            if here >= cost[_NEAR - 1]:
                continue
            place = _NEAR - 1
            while place > 0 and cost[place - 1] > here:
                cost[place], found[i, place] = cost[place - 1], found[i, place - 1]
                place -= 1
            cost[place], found[i, place] = here, j
    return found


@compiled
def _swap(table: Table, draft: Draft, penalty: float, near: Ints, now: Flags) -> bool:
    """Exchange points with near sites where that gains; return whether any did.

    Only between sites of which one has changed.
    """
    gained = False
    order = np.argsort(draft.site, kind="mergesort")
    begin = np.searchsorted(draft.site[order], np.arange(len(draft.load) + 1))
    for i in range(len(draft.site)):
        for other in near[i]:
            own = draft.site[i]
            if other < 0 or other == own or not (now[own] or now[other]):
                continue
            for k in order[begin[other] : begin[other + 1]]:
                if draft.site[k] == other and _exchanged(table, draft, penalty, i, k):
                    draft.changed[own] = draft.changed[other] = True
                    now[own] = now[other] = True
                    gained = True
                    break
    return gained


@compiled
def _exchanged(table: Table, draft: Draft, penalty: float, i: int, k: int) -> bool:
    """Exchange two points of different sites if that gains; return whether it did."""
    one, other = draft.site[i], draft.site[k]
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
    if not change < -_GAIN:
        return False
    draft.site[i], draft.site[k] = other, one
    draft.load[one] += more
    draft.load[other] -= more
    return True


@compiled
def _move(table: Table, draft: Draft, penalty: float, moved: Flags) -> bool:
    """Move whole catchments to closed sites where that gains."""
    gained = False
    for name in np.flatnonzero(draft.is_open):
        j = int(name)
        if table.states[j] == _OPEN or not moved[j]:
            continue
        members = np.flatnonzero(draft.site == j)
        best, chosen = _catchment(table, members, penalty, j, np.inf), -1
        best -= _GAIN
        for t in range(len(draft.is_open)):
            if draft.is_open[t] or table.states[t] == _CLOSED:
                continue
            here = _catchment(table, members, penalty, t, best)
            if here < best:
                best, chosen = here, t
        if chosen >= 0:
            _put(draft, j, chosen, members)
            gained = True
    return gained


@compiled
def _catchment(
    table: Table, members: Ints, penalty: float, j: int, most: float
) -> float:
    """Return what a site costs with some points, or something from ``most`` on."""
    load = 0.0
    total = table.opening[j]
    for i in members:
        total += table.cost[j, i]
        load += table.people[i]
        if total >= most:
            return float(total)
    return float(total + penalty * broken(table, j, load))


@compiled
def _put(draft: Draft, old: int, new: int, members: Ints) -> None:
    draft.is_open[old], draft.is_open[new] = False, True
    draft.load[new], draft.load[old] = draft.load[old], 0.0
    draft.changed[new] = True
    for i in members:
        draft.site[i] = new


@compiled
def settle(table: Table, draft: Draft, penalty: float) -> float:
    """Improve a plan until nothing helps; return what it costs, infinite if broken."""
    for _ in range(_RAISES):
        _descend(table, draft, penalty)
        cost = cost_of(table, draft)
        if cost < np.inf:
            return cost
        penalty *= 3.0
        draft.changed[:] = True
    return np.inf


@compiled
def _descend(table: Table, draft: Draft, penalty: float) -> None:
    """Shift, swap and move until nothing helps."""
    names = np.flatnonzero(draft.is_open)
    near = _near(table, names)
    moving = draft.changed.copy()
    for _ in range(_PASSES):
        now = draft.changed.copy()
        draft.changed[:] = False
        moving |= now
        gained = _shift(table, draft, penalty, names, now)
        gained |= _swap(table, draft, penalty, near, now)
        if gained:
            continue
        if not _move(table, draft, penalty, moving):
            return
        moving[:] = False
        names = np.flatnonzero(draft.is_open)
        near = _near(table, names)


@compiled
def _copy(draft: Draft) -> Draft:
    return Draft(
        draft.site.copy(),
        draft.load.copy(),
        draft.is_open.copy(),
        draft.changed.copy(),
    )


@compiled
def copy_to(source: Draft, target: Draft) -> None:
    """Write one plan over another."""
    target.site[:] = source.site
    target.load[:] = source.load
    target.is_open[:] = source.is_open
    target.changed[:] = False


@compiled
def _best_of(table: Table, draft: Draft, shut: Ints) -> int:
    """Return, of some closed sites, the one that would save most."""
    best, chosen = -np.inf, int(shut[0])
    for _ in range(min(_TRIES, len(shut))):
        j = int(shut[np.random.randint(len(shut))])  # noqa: NPY002
        gain = -table.opening[j]
        for i in range(len(draft.site)):
            own = draft.site[i]
            here = table.cost[j, i]
            if own >= 0:
                gain += max(0.0, table.cost[own, i] - here)
            elif here < np.inf:
                gain -= here
        if gain > best:
            best, chosen = gain, j
    return chosen


@compiled
def _shake(table: Table, draft: Draft, kind: float) -> None:
    """Close one open site, open a closed one; where not counted, perhaps only one."""
    free = np.flatnonzero(draft.is_open & (table.states != _OPEN))
    shut = np.flatnonzero((~draft.is_open) & (table.states != _CLOSED))
    both = len(free) > 0 and len(shut) > 0
    if table.wanted >= 0:
        if not both:
            return
        kind = _SWAP
    if kind >= _CLOSES and len(free) > 0:
        gone = free[np.random.randint(len(free))]  # noqa: NPY002
        draft.is_open[gone] = False
        draft.load[gone] = 0.0
        draft.site[draft.site == gone] = -1
    if kind <= _OPENS and len(shut) > 0:
        new = _best_of(table, draft, shut)
        draft.is_open[new] = True
        draft.changed[new] = True


@compiled
def iterate(table: Table, best: Draft, penalty: float, rounds: int, seed: int) -> float:
    """Shake and settle a plan so many times; return what the best costs.

    Parameters
    ----------
    best
        The best plan, changed in place when a better one is found.
    penalty
        For each person outside a band.
    rounds, seed
        How often, and the seed of the random numbers.
    """
    np.random.seed(seed)  # noqa: NPY002 (numba knows no other)
    now = _copy(best)
    trial = _copy(best)
    known = cost_of(table, best)
    here = known
    for _ in range(rounds):
        copy_to(now, trial)
        _shake(table, trial, np.random.random())  # noqa: NPY002
        if not serve(table, trial, penalty):
            continue
        cost = settle(table, trial, penalty)
        if cost <= here:
            copy_to(trial, now)
            here = cost
        if cost < known - _GAIN:
            copy_to(trial, best)
            known = cost
    return known
