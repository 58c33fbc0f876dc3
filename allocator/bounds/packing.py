"""Which demand points one site serves best at given prices: a knapsack with a band.

In words: an open site serves points of at least L and at most U people in all; serving
point i is worth ``r_i = c_ij - u_i`` (a gain where below zero). Formula: ``min sum_i
r_i x_i`` with ``L <= sum_i d_i x_i <= U`` and x in {0, 1}, or x in [0, 1] where points
are split.

Split, the answer takes points by their worth for each person until U is reached, or
until gains end, or, where gains end below L, until L (Dantzig 1957); the last point in
part. Whole, that is the bound of a search in depth that takes points in this order
(Horowitz and Sahni 1974). The search gives up after some branches: then, where people
are whole numbers and not too many, the best is kept for every sum of people (dynamic
programming, Bellman 1957); else the bound is that of points split.

Sources: Dantzig 1957, Discrete-variable extremum problems, Operations Research 5,
266-277; Horowitz and Sahni 1974, Computing partitions with applications to the knapsack
problem, Journal of the ACM 21, 277-292; Bellman 1957, Dynamic Programming, Princeton
University Press.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from allocator.bounds.compiled import compiled

if TYPE_CHECKING:
    from allocator.bounds.lists import Flags, Floats, Ints

_CLOSE = 1e-9  # values so near to each other are one
_MOST_BRANCHES = 20_000  # of a search, before it gives up
_FEW_BRANCHES = 300  # of a search, before sums are tried
_MOST_SUMS = 2_000_000  # items times people: beyond, the search goes on instead


class Items(NamedTuple):
    """What a site may serve, best for each person first.

    Parameters
    ----------
    name
        Position of each item where it came from.
    worth, size
        Of each item: value (a gain below zero) and people.
    worths, sizes
        Their sums before each item; one more entry than there are items.
    gains
        How many items are gains: they are the first.
    """

    name: Ints
    worth: Floats
    size: Floats
    worths: Floats
    sizes: Floats
    gains: int


class Relaxed(NamedTuple):
    """Value of the best split answer: items up to ``end``, and ``part`` of that one."""

    value: float
    end: int
    part: float


class Span(NamedTuple):
    """A band, or what is left of it: people at least and at most."""

    need: float
    room: float


@compiled
def sorted_items(name: Ints, worth: Floats, size: Floats) -> Items:
    """Return items by worth for each person; what has neither gain nor people goes."""
    ratio = np.empty(len(worth))
    kept = 0
    for k in range(len(worth)):
        if size[k] > 0.0:
            ratio[k] = worth[k] / size[k]
        elif worth[k] < 0.0:
            ratio[k] = -np.inf
        else:
            ratio[k] = np.inf
            continue
        kept += 1
    order = np.argsort(ratio, kind="mergesort")[:kept]
    worths, sizes = np.zeros(kept + 1), np.zeros(kept + 1)
    gains = 0
    for k in range(kept):
        worths[k + 1] = worths[k] + worth[order[k]]
        sizes[k + 1] = sizes[k] + size[order[k]]
        if worth[order[k]] < 0.0:
            gains = k + 1
    return Items(name[order], worth[order], size[order], worths, sizes, gains)


@compiled
def relaxed(items: Items, first: int, need: float, room: float) -> Relaxed:
    """Return the best split answer from the items from ``first`` on.

    Its value is infinite where they do not suffice.
    """
    last = len(items.worth)
    begin = items.sizes[first]
    if need > room or room < 0.0 or items.sizes[last] - begin < need:
        return Relaxed(np.inf, first, 0.0)
    taken = items.sizes[max(first, items.gains)] - begin
    taken = min(room, max(taken, need))
    end = np.searchsorted(items.sizes, begin + taken, side="right") - 1
    if end >= last:
        return Relaxed(items.worths[last] - items.worths[first], last, 0.0)
    part = (begin + taken - items.sizes[end]) / items.size[end]
    value = items.worths[end] - items.worths[first] + part * items.worth[end]
    return Relaxed(value, end, part)


@compiled
def pack_sums(items: Items, span: Span, cutoff: float, taken: Flags) -> float:
    """Pack whole items of whole sizes into a band, by every sum of sizes.

    Parameters and result are those of `pack_branches`; always exact.
    """
    count = len(items.worth)
    lowest, highest = int(np.ceil(span.need)), int(np.floor(span.room))
    highest = min(highest, int(items.sizes[count]))
    best = np.full(max(highest, 0) + 1, np.inf)
    best[0] = 0.0
    is_in = np.zeros((count, len(best)), np.bool_)
    reached = 0
    for k in range(count):
        size, worth = int(items.size[k]), items.worth[k]
        reached = min(highest, reached + size)
        for total in range(reached, size - 1, -1):
            value = best[total - size] + worth
            if value < best[total]:
                best[total] = value
                is_in[k, total] = True
    taken[:] = False
    value, total = cutoff, -1
    for here in range(max(lowest, 0), highest + 1):
        if best[here] < value - _CLOSE:
            value, total = best[here], here
    if total >= 0:
        for k in range(count - 1, -1, -1):
            if is_in[k, total]:
                taken[k] = True
                total -= int(items.size[k])
    return float(value)


@compiled
def pack(items: Items, span: Span, cutoff: float, taken: Flags) -> tuple[float, bool]:
    """Pack whole items into a band: by branches, and by sums where these are many.

    Parameters and results are those of `pack_branches`.
    """
    count = len(items.worth)
    is_summed = count * min(span.room, items.sizes[count]) <= _MOST_SUMS
    for size in items.size:
        is_summed = is_summed and size == np.floor(size)
    most = _FEW_BRANCHES if is_summed else _MOST_BRANCHES
    value, is_exact = pack_branches(items, span, cutoff, most, taken)
    if is_exact or not is_summed:
        return value, is_exact
    return pack_sums(items, span, cutoff, taken), True


@compiled
def pack_branches(
    items: Items, span: Span, cutoff: float, most: int, taken: Flags
) -> tuple[float, bool]:
    """Pack whole items into a band, depth first.

    Parameters
    ----------
    items
        What there is, sorted.
    span
        The band.
    cutoff
        Answers of this value or more are not looked for.
    most
        Branches after which the search gives up.
    taken
        Which items the best answer takes, written here; none where there is no answer
        below ``cutoff``.

    Returns
    -------
    value
        No answer has less: the value of the best, or ``cutoff`` where none is below, or
        that of split items where the search gave up.
    is_exact
        Whether the search ended.
    """
    count = len(items.worth)
    here = np.zeros(count, np.bool_)
    taken[:] = False
    best = cutoff
    root = relaxed(items, 0, span.need, span.room).value
    depth, value, left, wanted, branches = 0, 0.0, span.room, span.need, 0
    while True:
        branches += 1
        if branches > most:
            return min(root, best), False
        found = relaxed(items, depth, wanted, left)
        if value + found.value < best - _CLOSE:
            if found.part == 0.0:
                best = value + found.value
                _write(here, depth, found.end, taken)
            else:
                if items.size[depth] <= left:
                    here[depth] = True
                    value += items.worth[depth]
                    left -= items.size[depth]
                    wanted -= items.size[depth]
                depth += 1
                continue
        # Nothing better from here: leave out the last item that was taken.
        depth -= 1
        while depth >= 0 and not here[depth]:
            depth -= 1
        if depth < 0:
            return best, True
        here[depth] = False
        value -= items.worth[depth]
        left += items.size[depth]
        wanted += items.size[depth]
        depth += 1


@compiled
def _write(here: Flags, depth: int, end: int, taken: Flags) -> None:
    taken[:depth] = here[:depth]
    taken[depth:end] = True
    taken[end:] = False


@compiled
def without(items: Items, name: int) -> Items:
    """Return the items without the one of this name."""
    kept = items.name != name
    return sorted_items(items.name[kept], items.worth[kept], items.size[kept])
