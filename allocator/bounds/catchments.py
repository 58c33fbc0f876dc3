"""A lower bound for bands: "everyone is served once" is priced, sites pack their best.

With a price u_i for serving demand point i the rest falls apart into sites. An open
site j costs ``z_j = f_j + min sum_i (c_ij - u_i) x_ij`` over what its band allows
(`allocator.bounds.packing`), and no plan costs less than ``sum_i u_i`` plus the p least
z_j; where sites are not counted, plus all z_j below zero. Fixed sites count in any
case.

The same prices say what one choice would cost: with z_j(i) the least z_j that serves
point i, no plan that serves i at j costs less than the bound with j open and z_j(i) in
place of z_j. Where that is enough, i is never served at j (reduced-cost fixing).

Sources: Geoffrion 1974, Lagrangean relaxation for integer programming, Mathematical
Programming Study 2, 82-114; Lorena and Senne 2004, A column generation approach to
capacitated p-median problems, Computers and Operations Research 31, 863-876; Ceselli
and Righini 2005, A branch-and-price algorithm for the capacitated p-median problem,
Networks 45, 125-142.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from allocator.bounds.compiled import compiled
from allocator.bounds.packing import Items, Span, pack, relaxed, sorted_items, without

if TYPE_CHECKING:
    from allocator.bounds.lists import Flags, Floats, Ints, States

_FREE, _CLOSED, _OPEN = 0, -1, 1  # as in `allocator.bounds.lists`
_CLOSE = 1e-9  # values so near to each other are one
ANY = -1  # as the count of open sites: not counted


class Field(NamedTuple):
    """The problem by sites; pairs that cannot be travelled are not in it.

    Parameters
    ----------
    start
        Where the pairs of each site begin; one more entry than there are sites.
    point, cost
        Of each pair: the demand point and what serving all of it costs.
    people
        Of each demand point.
    least, most
        Of each site: the band.
    opening
        Of each site: what opening it costs.
    wanted
        How many sites are open, or ANY.
    whole
        Whether demand points are served whole.
    """

    start: Ints
    point: Ints
    cost: Floats
    people: Floats
    least: Floats
    most: Floats
    opening: Floats
    wanted: int
    whole: bool


class Branch(NamedTuple):
    """What is still allowed: the state of each site, and which pairs are left."""

    states: States
    alive: Flags


class Priced(NamedTuple):
    """What sites cost at some prices; written in place.

    Parameters
    ----------
    value
        Of each site: at most ``z_j``, infinite where it cannot be open.
    is_exact
        Whether the best packing is known.
    served
        Of each pair: the share that the packing of its site serves.
    """

    value: Floats
    is_exact: Flags
    served: Floats


@compiled
def items_of(field: Field, branch: Branch, prices: Floats, site: int) -> Items:
    """Return what a site may serve; losses only where its band has a lower end."""
    low, high = field.start[site], field.start[site + 1]
    name = np.empty(high - low, np.int64)
    worth, size = np.empty(high - low), np.empty(high - low)
    count = 0
    every = field.least[site] > 0.0
    for k in range(low, high):
        if not branch.alive[k]:
            continue
        here = field.cost[k] - prices[field.point[k]]
        if every or here < 0.0:
            name[count], worth[count] = k, here
            size[count] = field.people[field.point[k]]
            count += 1
    return sorted_items(name[:count], worth[:count], size[:count])


@compiled
def _relax(field: Field, branch: Branch, prices: Floats, out: Priced) -> None:
    """Write the value of each site with points split, and what it serves."""
    for j in range(len(branch.states)):
        out.value[j] = np.inf
        out.is_exact[j] = False
        low, high = field.start[j], field.start[j + 1]
        out.served[low:high] = 0.0
        if branch.states[j] == _CLOSED:
            continue
        items = items_of(field, branch, prices, j)
        found = relaxed(items, 0, field.least[j], field.most[j])
        out.value[j] = found.value + field.opening[j]
        out.is_exact[j] = (not field.whole) or found.part == 0.0
        if found.value < np.inf:
            for k in range(found.end):
                out.served[items.name[k]] = 1.0
            if found.part > 0.0:
                out.served[items.name[found.end]] = found.part


@compiled
def _exactly(
    field: Field, branch: Branch, prices: Floats, out: Priced, site: int
) -> None:
    """Write the exact value of one site, its points whole."""
    items = items_of(field, branch, prices, site)
    taken = np.zeros(len(items.worth), np.bool_)
    span = Span(field.least[site], field.most[site])
    value, is_exact = pack(items, span, np.inf, taken)
    out.value[site] = value + field.opening[site]
    out.is_exact[site] = is_exact
    for k in range(len(taken)):
        out.served[items.name[k]] = 1.0 if taken[k] else 0.0


@compiled
def price(field: Field, branch: Branch, prices: Floats, out: Priced) -> float:
    """Price all sites; return the bound.

    Parameters
    ----------
    field, branch
        The problem and what is left of it.
    prices
        Of the demand points.
    out
        Where values are written: exact for all sites that the bound hangs on, of the
        others what is no more than their value.

    Returns
    -------
    bound
        No plan of this branch costs less; infinite where there is none.
    """
    _relax(field, branch, prices, out)
    states = branch.states
    exact = 0  # free sites seen, all with their exact value
    worst = np.empty(len(states))
    for j in np.argsort(out.value, kind="mergesort"):
        if states[j] == _CLOSED or out.value[j] == np.inf:
            continue
        if states[j] == _FREE and not _counts(
            field, states, out.value[j], worst[:exact]
        ):
            continue
        if not out.is_exact[j]:
            _exactly(field, branch, prices, out, j)
        if states[j] == _FREE:
            worst[exact] = out.value[j]
            exact += 1
    return float(prices.sum()) + chosen_value(field, states, out.value)


@compiled
def _counts(field: Field, states: States, value: float, seen: Floats) -> bool:
    """Return whether a free site of at least this value can be among the chosen."""
    if field.wanted == ANY:
        return value < 0.0
    wanted = field.wanted - (states == _OPEN).sum()
    if len(seen) < wanted:
        return True
    return bool(wanted > 0 and np.sort(seen)[wanted - 1] > value)


@compiled
def margin_of(field: Field, states: States, value: Floats) -> float:
    """Return what one more chosen site takes the place of: the dearest one chosen.

    Zero where sites are not counted; minus infinity where no free site is chosen.
    """
    if field.wanted == ANY:
        return 0.0
    wanted = field.wanted - (states == _OPEN).sum()
    if wanted <= 0:
        return -np.inf
    free = np.sort(value[states == _FREE])
    return free[wanted - 1] if wanted <= len(free) else np.inf


@compiled
def chosen_value(field: Field, states: States, value: Floats) -> float:
    """Return the sum of the values of the sites that are chosen."""
    total = value[states == _OPEN].sum()
    free = np.sort(value[states == _FREE])
    if field.wanted == ANY:
        return float(total + np.minimum(free, 0.0).sum())
    wanted = field.wanted - (states == _OPEN).sum()
    if wanted < 0 or wanted > len(free):
        return np.inf
    return float(total + free[:wanted].sum())


@compiled
def chosen_sites(field: Field, states: States, value: Floats) -> Flags:
    """Return which sites are chosen; of equal ones the first."""
    chosen: Flags = states == _OPEN
    wanted = field.wanted - chosen.sum()
    for j in np.argsort(value, kind="mergesort"):
        if states[j] != _FREE or value[j] == np.inf:
            continue
        if field.wanted == ANY:
            chosen[j] = value[j] < 0.0
        elif wanted > 0:
            chosen[j] = True
            wanted -= 1
    return chosen


@compiled
def excess(field: Field, chosen: Flags, served: Floats, away: Floats) -> float:
    """Write ``1 - (how often each point is served)``; return the sum of squares."""
    away[:] = 1.0
    for j in range(len(chosen)):
        if chosen[j]:
            for k in range(field.start[j], field.start[j + 1]):
                away[field.point[k]] -= served[k]
    return (away * away).sum()


@compiled
def fix_sites(field: Field, branch: Branch, out: Priced, lift: float) -> int:
    """Close and open sites whose other state would lift the bound by so much."""
    states = branch.states
    margin = margin_of(field, states, out.value)
    following = _following(field, states, out.value)
    chosen = chosen_sites(field, states, out.value)
    fixed = 0
    for j in range(len(states)):
        if states[j] != _FREE:
            continue
        if chosen[j]:
            if following - out.value[j] >= lift:
                states[j] = _OPEN
                fixed += 1
        elif out.value[j] - margin >= lift:
            states[j] = _CLOSED
            fixed += 1
    return fixed


@compiled
def _following(field: Field, states: States, value: Floats) -> float:
    """Return the value of the site that takes the place of one that is closed."""
    if field.wanted == ANY:
        return 0.0
    wanted = field.wanted - (states == _OPEN).sum()
    free = np.sort(value[states == _FREE])
    return free[wanted] if 0 <= wanted < len(free) else np.inf


@compiled
def fix_pairs(
    field: Field, branch: Branch, prices: Floats, out: Priced, lift: float
) -> int:
    """Drop pairs that would lift the bound by so much; return how many.

    Only where points are whole: a split point may be served in part at no more than
    what its site costs without it.
    """
    margin = margin_of(field, branch.states, out.value)
    chosen = chosen_sites(field, branch.states, out.value)
    dropped = 0
    for j in range(len(branch.states)):
        low, high = field.start[j], field.start[j + 1]
        if branch.states[j] == _CLOSED:
            dropped += int(branch.alive[low:high].sum())
            branch.alive[low:high] = False
            continue
        # What the site may cost, in place of itself or of the dearest that is chosen.
        replaced = out.value[j] if chosen[j] else margin
        cutoff = replaced + lift - field.opening[j]
        dropped += _drop(field, branch, prices, j, cutoff)
    return dropped


@compiled
def _drop(
    field: Field, branch: Branch, prices: Floats, site: int, cutoff: float
) -> int:
    """Drop the pairs of one site with which its packing is worth ``cutoff`` or more."""
    items = items_of(field, branch, prices, site)
    dropped = 0
    taken = np.zeros(len(items.worth), np.bool_)
    for k in range(field.start[site], field.start[site + 1]):
        if not branch.alive[k]:
            continue
        size = field.people[field.point[k]]
        worth = field.cost[k] - prices[field.point[k]]
        span = Span(field.least[site] - size, field.most[site] - size)
        # With the pair counted twice where it is a gain: less, and quickly known.
        value = worth + relaxed(items, 0, span.need, span.room).value
        if value < cutoff:
            rest = without(items, k)
            value = worth + relaxed(rest, 0, span.need, span.room).value
            if value < cutoff:
                room = taken[: len(rest.worth)]
                value = worth + pack(rest, span, cutoff - worth, room)[0]
        if value >= cutoff - _CLOSE:
            branch.alive[k] = False
            dropped += 1
    return dropped
