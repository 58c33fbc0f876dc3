"""Fast interchange: put a site for another while that pays; then shake and go on.

For every open site r the loss of closing it is kept. Opening j gains what demand
points save at once, and makes the loss of some open sites smaller: of those whose
points have j as a nearer second choice. The profit of opening j for r is
``gain(j) - (loss(r) - extra(r, j))``. The best r for one j is found in one pass over
the points that list j, and the swap is made at once when it pays. Once every site was
tried, those are tried again that are listed by a point whose nearest or second nearest
open site has changed since.

Sources: Resende and Werneck 2007, A fast swap-based local search procedure for location
problems, Annals of Operations Research 150, 205-230 (loss, gain and extra); Whitaker
1983, A fast algorithm for the greedy interchange for large-scale clustering and median
location problems, INFOR 21, 95-108 (swaps made when they pay); Hansen and Mladenovic
1997, Variable neighborhood search for the p-median, Location Science 5, 207-226.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from allocator.bounds.compiled import compiled

if TYPE_CHECKING:
    from numpy.random import Generator

    from allocator.bounds.lists import Flags, Floats, Lists, Short, States, Turned

_NONE = -1
_LEAST_PROFIT = 1e-9  # of the cost: smaller profits are rounding
_SWAP = 0.1  # of all entries: what is looked at when sites change, about
_OPEN, _FREE = 1, 0  # as in `allocator.bounds.lists`; kernels see constants only


class Standing(NamedTuple):
    """Who is served by whom; changed in place.

    Parameters
    ----------
    is_open
        Of each site.
    first, second
        Nearest and second nearest open site in the list of each point, -1 if none.
    near, far
        What they cost, the cap where there is none.
    loss
        Of each open site, what closing it costs its points.
    extra
        Of each site, scratch: zero between calls.
    awake
        Which sites are worth a try.
    stirred
        Which demand points have another nearest or second nearest open site since
        sites were last woken.
    tally
        What open sites take of the room, and how many sites the next shake exchanges.
    """

    is_open: Flags
    first: Short
    second: Short
    near: Floats
    far: Floats
    loss: Floats
    extra: Floats
    awake: Flags
    stirred: Flags
    tally: Floats


class Game(NamedTuple):
    """What a search plays on; never changed.

    Parameters
    ----------
    lists, turned
        The same pairs by demand point and by site.
    need, room, states
        As in `allocator.bounds.lists.Board`.
    """

    lists: Lists
    turned: Turned
    need: Floats
    room: float
    states: States


def standing(game: Game, is_open: Flags) -> Standing:
    """Return who is served by whom when these sites are open."""
    points, sites = len(game.lists.cap), len(game.need)
    made = Standing(
        is_open.copy(),
        np.full(points, _NONE, np.int32),
        np.full(points, _NONE, np.int32),
        np.empty(points),
        np.empty(points),
        np.zeros(sites),
        np.zeros(sites),
        np.ones(sites, np.bool_),
        np.zeros(points, np.bool_),
        np.array([float(game.need[is_open].sum()), 1.0]),
    )
    _settle_all(game.lists, made)
    return made


@compiled
def _find_two(lists: Lists, now: Standing, i: int) -> None:
    now.first[i], now.second[i] = _NONE, _NONE
    now.near[i], now.far[i] = lists.cap[i], lists.cap[i]
    for k in range(lists.start[i], lists.start[i + 1]):
        j = lists.site[k]
        if now.is_open[j]:
            if now.first[i] == _NONE:
                now.first[i], now.near[i] = j, lists.cost[k]
            else:
                now.second[i], now.far[i] = j, lists.cost[k]
                return


@compiled
def _wake(lists: Lists, now: Standing) -> int:
    """Wake the sites that stirred points list nearer than their second open site.

    Returns how many entries of lists were looked at.
    """
    seen = 0
    for i in range(len(lists.cap)):
        if not now.stirred[i]:
            continue
        now.stirred[i] = False
        for k in range(lists.start[i], lists.start[i + 1]):
            if lists.cost[k] >= now.far[i]:
                break
            now.awake[lists.site[k]] = True
            seen += 1
    return seen


@compiled
def _settle_all(lists: Lists, now: Standing) -> None:
    for i in range(len(lists.cap)):
        _find_two(lists, now, i)
        if now.first[i] != _NONE:
            now.loss[now.first[i]] += now.far[i] - now.near[i]


@compiled
def _gain(turned: Turned, now: Standing, j: int) -> float:
    """Return the gain of opening a site; write what losses shrink by into extra."""
    gain = 0.0
    for k in range(turned.start[j], turned.start[j + 1]):
        i, cost = turned.point[k], turned.cost[k]
        if cost >= now.far[i]:
            continue
        r = now.first[i]
        if cost < now.near[i]:
            gain += now.near[i] - cost
            if r != _NONE:
                now.extra[r] += now.far[i] - now.near[i]
        elif r != _NONE:
            now.extra[r] += now.far[i] - cost
    return gain


@compiled
def _clear(turned: Turned, now: Standing, j: int) -> None:
    for k in range(turned.start[j], turned.start[j + 1]):
        r = now.first[turned.point[k]]
        if r != _NONE:
            now.extra[r] = 0.0


@compiled
def _cheapest_out(
    game: Game, now: Standing, opened: Short, j: int
) -> tuple[float, int]:
    """Return the least loss of a site that may leave for j, and its place."""
    least, out = np.inf, _NONE
    left = game.room - now.tally[0] - game.need[j] + 1e-9 * max(1.0, game.room)
    for place in range(len(opened)):
        r = opened[place]
        loss = now.loss[r] - now.extra[r]
        if loss < least and game.states[r] != _OPEN and left + game.need[r] >= 0.0:
            least, out = loss, place
    return least, out


@compiled
def enter(game: Game, now: Standing, j: int) -> None:
    """Open a site."""
    now.is_open[j] = True
    now.tally[0] += game.need[j]
    turned = game.turned
    for k in range(turned.start[j], turned.start[j + 1]):
        i, cost = turned.point[k], turned.cost[k]
        if cost >= now.far[i]:
            continue
        r = now.first[i]
        if r != _NONE:
            now.loss[r] -= now.far[i] - now.near[i]
        if cost < now.near[i]:
            now.second[i], now.far[i] = r, now.near[i]
            now.first[i], now.near[i] = j, cost
        else:
            now.second[i], now.far[i] = j, cost
        r = now.first[i]
        if r != _NONE:
            now.loss[r] += now.far[i] - now.near[i]
        now.stirred[i] = True


@compiled
def leave(game: Game, now: Standing, r: int) -> None:
    """Close a site."""
    now.is_open[r] = False
    now.tally[0] -= game.need[r]
    turned = game.turned
    for k in range(turned.start[r], turned.start[r + 1]):
        i = turned.point[k]
        was = now.first[i]
        if was != r and now.second[i] != r:
            continue
        now.loss[was] -= now.far[i] - now.near[i]
        _find_two(game.lists, now, i)
        if now.first[i] != _NONE:
            now.loss[now.first[i]] += now.far[i] - now.near[i]
        now.stirred[i] = True
    now.loss[r] = 0.0


@compiled
def _try(game: Game, now: Standing, opened: Short, j: int, least: float) -> int:
    """Open j, for another or beside them, if that pays; return who left.

    The return is the place of the site that left, -1 for none, -2 if nothing was done.
    """
    gain = _gain(game.turned, now, j)
    out = -2
    if gain > least:
        if now.tally[0] + game.need[j] <= game.room + 1e-9 * max(1.0, game.room):
            out = _NONE
        else:
            loss, place = _cheapest_out(game, now, opened, j)
            if place != _NONE and gain - loss > least:
                out = place
    _clear(game.turned, now, j)
    if out == -2:  # noqa: PLR2004
        return out
    enter(game, now, j)
    if out >= 0:
        leave(game, now, opened[out])
    return out


@compiled
def improve(
    game: Game, now: Standing, first: int, work: float = np.inf, wakings: int = -1
) -> int:
    """Swap until no site pays, or enough was looked at; return where to go on.

    Parameters
    ----------
    game, now
        The board and the standing, which is changed.
    first
        Which site is tried first; the others follow by position, round and round.
    work
        How many entries of lists may be looked at, about.
    wakings
        How often sites may be woken; below 0: as often as that helps.

    Returns
    -------
    next
        The site to go on with, -1 when nothing pays.
    """
    sites, entries = len(game.need), len(game.lists.site)
    least = _LEAST_PROFIT * max(1.0, now.near.sum())
    opened = np.flatnonzero(now.is_open).astype(np.int32)
    j, since, seen = first, 0, 0.0
    while seen <= work:
        if since == sites:
            if wakings == 0:
                return _NONE
            wakings -= 1
            since = 0
            seen += _wake(game.lists, now)
            if not now.awake.any():
                return _NONE
        since += 1
        if now.awake[j]:
            now.awake[j] = False
            if not now.is_open[j] and game.states[j] == _FREE:
                seen += game.turned.start[j + 1] - game.turned.start[j]
                out = _try(game, now, opened, j, least)
                if out >= 0:
                    opened[out] = j
                elif out == _NONE:
                    opened = np.append(opened, np.int32(j))
                if out >= _NONE:
                    seen += _SWAP * entries
        j = j + 1 if j + 1 < sites else 0
    return j


@compiled
def _disturb(game: Game, now: Standing, dose: int, random: Generator) -> None:
    """Put a few sites for others, at random."""
    opened = np.flatnonzero(now.is_open & (game.states == _FREE))
    closed = np.flatnonzero(~now.is_open & (game.states == _FREE))
    if len(opened) == 0 or len(closed) == 0:
        return
    for _ in range(dose):
        r = random.integers(0, len(opened))
        c = random.integers(0, len(closed))
        out, into = opened[r], closed[c]
        if now.tally[0] - game.need[out] + game.need[into] > game.room:
            continue
        enter(game, now, into)
        leave(game, now, out)
        opened[r], closed[c] = into, out


@compiled
def _copy(source: Standing, target: Standing) -> None:
    target.is_open[:] = source.is_open
    target.first[:] = source.first
    target.second[:] = source.second
    target.near[:] = source.near
    target.far[:] = source.far
    target.loss[:] = source.loss
    target.tally[:] = source.tally


@compiled
def shake(
    game: Game, best: Standing, spare: Standing, rounds: int, random: Generator
) -> None:
    """Disturb the best set and improve it, many times; keep what is better.

    Only sites near the disturbance are tried, until the set is better than the best.
    One more site is exchanged after each round without profit, up to a tenth of all
    (at least 2, at most 40), then one again.

    Parameters
    ----------
    game
        The board.
    best
        The best standing; changed when a better one is found.
    spare
        A standing to play with.
    rounds
        How often.
    random
        Where chance comes from.
    """
    most = max(2, min(int(best.is_open.sum()) // 10, 40))
    cost = float(best.near.sum())
    for _ in range(rounds):
        _copy(best, spare)
        spare.awake[:] = False
        spare.stirred[:] = False
        dose = int(best.tally[1])
        _disturb(game, spare, dose, random)
        first = int(random.integers(0, len(game.need)))
        _wake(game.lists, spare)
        improve(game, spare, first)
        if spare.near.sum() < cost - _LEAST_PROFIT * max(1.0, cost):
            spare.awake[:] = True
            improve(game, spare, first)
            cost = spare.near.sum()
            _copy(spare, best)
            best.tally[1] = 1.0
        else:
            best.tally[1] = dose + 1.0 if dose < most else 1.0
