"""What is left of a problem with bands, and prices that climb for it.

Prices move along the subgradient ``1 - (how often i is served)``, turned towards the
course so far (Camerini, Fratta and Maffioli 1975); steps are shortened when the bound
stops rising (Held, Wolfe and Crowder 1974). Sites that prices choose are offered as
plans; sites and pairs that no better plan has are dropped.

Sources: Held, Wolfe and Crowder 1974, Validation of subgradient optimization,
Mathematical Programming 6, 62-88; Camerini, Fratta and Maffioli 1975, On improving
relaxation methods by modified gradient techniques, Mathematical Programming Study 3,
26-34.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from allocator.bounds.catchments import (
    Branch,
    Field,
    Priced,
    chosen_sites,
    excess,
    fix_pairs,
    fix_sites,
    price,
)

if TYPE_CHECKING:
    from allocator.bounds.lists import Flags, Floats
    from allocator.bounds.partition import Pool
    from allocator.bounds.served import Served

_TURN = 0.3  # how much a new subgradient turns the course
_HALVE_AFTER = 20  # steps without a better bound before steps become shorter
_SHORTEST = 1e-3  # of the first step: then the prices hardly move any more
_BEYOND = 0.01  # of the best cost: how far beyond it steps aim
_OFFER_EVERY = 20  # steps
_WORKERS = 20  # rounds of shakes after each offer


@dataclass
class Remaining:
    """A problem, or a branch of it, with what is known of it.

    Parameters
    ----------
    branch
        Which sites and pairs are left; gains what is fixed.
    prices
        The best prices known.
    bound
        No plan of this branch costs less.
    """

    branch: Branch
    prices: Floats
    bound: float

    def child(self) -> Remaining:
        """Return a copy whose branch can be changed."""
        branch = Branch(self.branch.states.copy(), self.branch.alive.copy())
        return Remaining(branch, self.prices, self.bound)


def room_for(field: Field) -> Priced:
    """Return where prices of sites can be written."""
    sites = len(field.opening)
    return Priced(np.zeros(sites), np.zeros(sites, np.bool_), np.zeros(len(field.cost)))


def prove(field: Field, left: Remaining, prices: Floats, out: Priced) -> float:
    """Return what some prices prove; keep them where that is the best."""
    bound = float(price(field, left.branch, prices, out))
    if bound > left.bound:
        left.bound, left.prices = bound, prices.copy()
    return bound


def fix(field: Field, left: Remaining, out: Priced, enough: float) -> int:
    """Drop what no plan below ``enough`` has, by the best prices; return how much."""
    bound = float(price(field, left.branch, left.prices, out))
    if not bound < enough:
        return 0
    fixed = fix_sites(field, left.branch, out, enough - bound)
    if field.whole:
        bound = float(price(field, left.branch, left.prices, out))
        if bound < enough:
            lift = enough - bound
            fixed += fix_pairs(field, left.branch, left.prices, out, lift)
    return fixed


def climb(
    field: Field, left: Remaining, best: Served, pool: Pool | None, *, until: float
) -> None:
    """Climb until prices hardly move, offering plans and keeping packings on the way.

    Parameters
    ----------
    field, left
        The problem and what is left of it.
    best
        The best plan known; gains offers.
    pool
        Gains what the chosen sites pack once steps have become short; none at None.
    until
        When to stop, on the monotonic clock.
    """
    out = room_for(field)
    prices = left.prices.copy()
    course, away = np.zeros(len(prices)), np.zeros(len(prices))
    scale, since, step = 1.0, 0, 0
    looked = time.monotonic()
    while scale > _SHORTEST and time.monotonic() < until:
        before = left.bound
        bound = prove(field, left, prices, out)
        if left.bound >= best.enough or bound == np.inf:
            return
        since += 1
        if left.bound > before + 1e-3 * (min(best.cost, best.dearest) - before):
            since = 0
        chosen = chosen_sites(field, left.branch.states, out.value)
        norm = excess(field, chosen, out.served, away)
        if step % _OFFER_EVERY == 0:
            best.offer(chosen)
            best.improve(_WORKERS, seconds=time.monotonic() - looked)
            looked = time.monotonic()
        if pool is not None and scale < 1.0 and step % 3 == 0:
            pool.from_priced(out, np.flatnonzero(chosen & out.is_exact))
        if norm == 0.0:
            _offer(field, best, chosen, out)
            return
        if since >= _HALVE_AFTER:
            scale, since, prices = scale / 2.0, 0, left.prices.copy()
        course = _TURN * away + (1.0 - _TURN) * course
        square = float(course @ course)
        if square == 0.0:
            course, square = away.copy(), norm
        aim = best.cost if best.cost < np.inf else left.bound + 0.1 * abs(left.bound)
        length = scale * (aim + _BEYOND * abs(aim) - bound) / square
        prices = prices + length * course
        step += 1


def _offer(field: Field, best: Served, chosen: Flags, out: Priced) -> None:
    """Offer packings that serve everyone once: what they cost is the bound."""
    site = np.repeat(np.arange(len(chosen)), np.diff(field.start))
    used = np.flatnonzero(chosen[site] & (out.served > 0.0))
    if out.is_exact[chosen].all():
        best.offer_served(field, used, out.served[used], chosen)
