"""Column generation for a branch: prices, packings, and the program between them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np

from allocator.bounds.ascent import Remaining, prove, room_for

if TYPE_CHECKING:
    from allocator.bounds.catchments import Field, Priced
    from allocator.bounds.lists import Ints
    from allocator.bounds.partition import Mixture, Program
    from allocator.bounds.served import Served

_INWARD = 0.7  # how near to the best prices known prices are tried
_LEAST_INWARD = 0.1
_CHEAPER = 1e-7  # of the cost: what a packing must save to become a column
_MOST_ROUNDS = 500


def generate(
    field: Field, left: Remaining, best: Served, program: Program
) -> Mixture | None:
    """Raise the bound of a branch to what columns can prove.

    Parameters
    ----------
    field, left
        The problem and the branch; its bound and prices rise.
    best
        The best plan known.
    program
        Restricted to the branch; gains columns.

    Returns
    -------
    mixture
        The last answer of the program; None where the branch holds no better plan, or
        time is over.
    """
    out = room_for(field)
    for _ in range(_MOST_ROUNDS):
        if time.monotonic() > program.until:
            return None
        mixture = program.solve()
        if mixture is None:
            return None
        added = _round(field, left, mixture, program, out, enough=best.enough)
        best.offer(program.likely(mixture))
        if left.bound >= best.enough:
            return None
        scale = max(1.0, abs(mixture.value))
        if not added or mixture.value - left.bound < _CHEAPER * scale:
            return mixture
    return mixture


def _round(
    field: Field,
    left: Remaining,
    mixture: Mixture,
    program: Program,
    out: Priced,
    *,
    enough: float,
) -> int:
    """Try prices, ever nearer to the duals, until packings come; return how many."""
    inward = _INWARD
    while True:
        prices = inward * left.prices + (1.0 - inward) * mixture.prices
        prove(field, left, prices, out)
        if left.bound >= enough:
            return 0
        sites = _missing(field, mixture, out)
        added = len(program.pool.from_priced(out, sites)) if len(sites) else 0
        if added or inward == 0.0:
            program.extend()
            return added
        inward = inward / 2.0 if inward > _LEAST_INWARD else 0.0


def _missing(field: Field, mixture: Mixture, out: Priced) -> Ints:
    """Return the sites whose packing the program would take."""
    length = np.diff(field.start)
    site = np.repeat(np.arange(len(length)), length)
    saved = np.bincount(
        site,
        weights=(field.cost - mixture.prices[field.point]) * out.served,
        minlength=len(length),
    )
    cheaper = saved + field.opening - mixture.site_dual
    tolerance = _CHEAPER * max(1.0, abs(mixture.value)) / max(1, len(field.people))
    return np.flatnonzero(out.is_exact & (cheaper < -tolerance))
