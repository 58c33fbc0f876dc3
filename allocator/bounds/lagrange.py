"""A lower bound: "everyone is served once" is priced, not required.

With a price u_i for serving demand point i, at most its cap, the rest falls apart into
sites: ``rho_j = sum_i min(0, c_ij - u_i)``, and no set costs less than ``sum_i u_i``
plus the least sum of rho that the room allows: the p smallest of them, or, under a
budget, the fractional knapsack (Dantzig 1957). Prices move along the subgradient
``1 - (how many chosen sites serve i below its price)``, turned towards the course so
far (Camerini, Fratta and Maffioli 1975).

A site is dropped when opening it lifts the bound to the cost of the best known set, and
kept open when closing it does (reduced-cost fixing).

Sources: Cornuejols, Fisher and Nemhauser 1977, Location of bank accounts to optimize
float, Management Science 23, 789-810; Beasley 1985, A note on solving large p-median
problems, European Journal of Operational Research 21, 270-273 (reduction tests).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from allocator.bounds.compiled import compiled

if TYPE_CHECKING:
    from allocator.bounds.lists import Board, Flags, Floats, Lists

_FREE, _CLOSED, _OPEN = 0, -1, 1  # as in `allocator.bounds.lists`

GOING, CLOSED_GAP, SPENT, NOTHING = 0, 1, 2, 3

_HALVE_AFTER = 20  # steps without a better bound before steps become shorter
_TURN = 0.3  # how much a new subgradient turns the course
_SHORTEST = 1e-3  # of the first step: then the prices hardly move any more
_FADE = 0.95  # how much of the share of a site remains after a step
_BEYOND = 0.1  # of the gap: how far beyond the best cost steps aim

# Places in `Course.numbers`.
_SCALE, _SINCE, _BOUND, _COST = 0, 1, 2, 3


class Course(NamedTuple):
    """Where the prices are and how they move; changed in place.

    Parameters
    ----------
    prices, course
        Of each demand point: the price, and the direction of the last step.
    best
        The prices with the best bound.
    share
        How often each site was chosen, the last steps weighing more.
    found
        The best set met that was better than the known one.
    numbers
        Scale of steps, steps since the last good one, best bound, cost of ``found``.
    """

    prices: Floats
    course: Floats
    best: Floats
    share: Floats
    found: Flags
    numbers: Floats


class Choice(NamedTuple):
    """What the room allows: how much of each site is taken, and at what margin.

    ``total`` is the sum of the values taken; a site not taken enters at ``entering``
    times its need, one that is taken leaves for ``leaving`` times its need.
    """

    total: float
    entering: float
    leaving: float


def course(prices: Floats, sites: int, scale: float) -> Course:
    """Return a course that begins at some prices."""
    return Course(
        prices.copy(),
        np.zeros(len(prices)),
        prices.copy(),
        np.zeros(sites),
        np.zeros(sites, np.bool_),
        np.array([scale, 0.0, -np.inf, np.inf]),
    )


def bound_of(made: Course) -> float:
    """Return the best bound of a course."""
    return float(made.numbers[_BOUND])


def found_cost(made: Course) -> float:
    """Return the cost of the best set that a course met, infinite where none."""
    return float(made.numbers[_COST])


@compiled
def site_values(lists: Lists, prices: Floats, rho: Floats) -> None:
    """Write ``rho_j = sum_i min(0, c_ij - u_i)`` of every site into ``rho``."""
    rho[:] = 0.0
    for i in range(len(lists.cap)):
        price = prices[i]
        for k in range(lists.start[i], lists.start[i + 1]):
            saved = lists.cost[k] - price
            if saved >= 0.0:
                break
            rho[lists.site[k]] += saved


@compiled
def choose(board: Board, rho: Floats, taken: Floats) -> Choice:
    """Take the sites of least value that the room allows, the last one in part.

    Open sites are taken in any case, closed ones never. No value is above zero, so a
    site is taken as long as there is room.
    """
    need, states = board.need, board.states
    taken[:] = 0.0
    total = 0.0
    left = board.room
    for j in range(len(rho)):
        if states[j] == _OPEN:
            taken[j] = 1.0
            total += rho[j]
            left -= need[j]
    free = np.flatnonzero(states == _FREE)
    ranked = free[np.argsort(rho[free] / need[free])]
    entering, leaving = -np.inf, 0.0
    for j in ranked:
        value = rho[j] / need[j]
        if left <= 1e-9 * board.room:
            leaving = value
            break
        part = min(1.0, left / need[j])
        taken[j] = part
        total += part * rho[j]
        left -= part * need[j]
        entering = value
        if part < 1.0:
            leaving = value
            break
    return Choice(total, entering, leaving)


@compiled
def fix(board: Board, rho: Floats, taken: Floats, margins: Choice, lift: float) -> int:
    """Fix sites whose other state would lift the bound by so much; return how many.

    A site that is not taken enters for the dearest taken; one that is leaves for the
    next best.
    """
    need, states = board.need, board.states
    fixed = 0
    for j in range(len(rho)):
        if states[j] != _FREE:
            continue
        if taken[j] > 0.0:
            if need[j] * margins.leaving - rho[j] >= lift:
                states[j] = _OPEN
                fixed += 1
        elif rho[j] - need[j] * margins.entering >= lift:
            states[j] = _CLOSED
            fixed += 1
    return fixed


@compiled
def _serve(
    lists: Lists, prices: Floats, taken: Floats, away: Floats
) -> tuple[float, float]:
    """Write the subgradient into ``away``; return its square and what the set costs."""
    cost, norm = 0.0, 0.0
    for i in range(len(lists.cap)):
        served = 0.0
        near = lists.cap[i]
        is_found = False
        for k in range(lists.start[i], lists.start[i + 1]):
            here = lists.cost[k]
            if here >= prices[i] and is_found:
                break
            part = taken[lists.site[k]]
            if part > 0.0:
                if part == 1.0 and not is_found:
                    near, is_found = here, True
                if here < prices[i]:
                    served += part
        cost += near
        away[i] = 1.0 - served
        norm += away[i] * away[i]
    return norm, cost


@compiled
def _move(lists: Lists, made: Course, away: Floats, length: float) -> bool:
    """Turn the course and go along it; return False when there is nowhere to go."""
    norm = 0.0
    for i in range(len(away)):
        made.course[i] = _TURN * away[i] + (1.0 - _TURN) * made.course[i]
        norm += made.course[i] * made.course[i]
    if norm == 0.0:
        return False
    for i in range(len(away)):
        price = made.prices[i] + length * made.course[i] / norm
        made.prices[i] = min(max(price, 0.0), lists.cap[i])
    return True


@compiled
def _note(made: Course, bound: float, known: float) -> bool:
    """Remember a better bound; return whether steps were just made shorter."""
    numbers = made.numbers
    numbers[_SINCE] += 1.0
    if bound > numbers[_BOUND] + 1e-9 * max(1.0, abs(bound)):
        if bound > numbers[_BOUND] + 1e-3 * max(0.0, known - numbers[_BOUND]):
            numbers[_SINCE] = 0.0
        numbers[_BOUND] = bound
        made.best[:] = made.prices
    if numbers[_SINCE] < _HALVE_AFTER:
        return False
    numbers[_SCALE] /= 2.0
    numbers[_SINCE] = 0.0
    made.prices[:] = made.best
    return True


@compiled
def _remember(made: Course, taken: Floats, cost: float, known: float) -> None:
    for j in range(len(taken)):
        made.share[j] = _FADE * made.share[j] + (1.0 - _FADE) * taken[j]
    if cost < min(made.numbers[_COST], known):
        made.numbers[_COST] = cost
        made.found[:] = taken == 1.0


@compiled
def climb(board: Board, made: Course, known: float, less: float, steps: int) -> int:
    """Climb towards the best prices; fix sites on the way.

    Parameters
    ----------
    board
        The question; its states gain what is fixed.
    made
        The course, which goes on from where it is.
    known
        Cost of the best known set.
    less
        How much cheaper a better set is at least: nearly 1 where all costs are whole.
    steps
        How many, at most.

    Returns
    -------
    state
        GOING after the last step; CLOSED_GAP when nothing better can exist; SPENT when
        prices hardly move any more; NOTHING when the states leave no set.
    """
    lists, sites = board.lists, len(board.states)
    rho, taken, away = np.zeros(sites), np.zeros(sites), np.zeros(len(lists.cap))
    for _ in range(steps):
        if not _has_room(board):
            return NOTHING
        site_values(lists, made.prices, rho)
        margins = choose(board, rho, taken)
        bound = made.prices.sum() + margins.total
        norm, cost = _serve(lists, made.prices, taken, away)
        _remember(made, taken, cost, known)
        best = min(made.numbers[_COST], known)
        shorter = _note(made, bound, best)
        enough = best - less
        if made.numbers[_BOUND] >= enough:
            return CLOSED_GAP
        fix(board, rho, taken, margins, enough - bound)
        if made.numbers[_SCALE] < _SHORTEST or norm == 0.0:
            return SPENT
        aim = best + _BEYOND * (best - made.numbers[_BOUND])
        length = made.numbers[_SCALE] * (aim - bound)
        if not shorter and not _move(lists, made, away, length):
            return SPENT
    return GOING


@compiled
def _has_room(board: Board) -> bool:
    taken = 0.0
    for j in range(len(board.states)):
        if board.states[j] == _OPEN:
            taken += board.need[j]
    return taken <= board.room + 1e-9 * max(1.0, board.room)


@compiled
def bound_at(board: Board, prices: Floats, enough: float) -> float:
    """Return the bound that some prices prove, and fix sites by it.

    Infinite when the states leave no set.
    """
    if not _has_room(board):
        return np.inf
    sites = len(board.states)
    rho, taken = np.zeros(sites), np.zeros(sites)
    site_values(board.lists, prices, rho)
    margins = choose(board, rho, taken)
    bound = prices.sum() + margins.total
    if bound < enough:
        fix(board, rho, taken, margins, enough - bound)
    return bound
