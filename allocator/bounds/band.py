"""Population bands: every open site serves at least so many people and at most so many.

In words: open sites and say who is served where, so that serving and opening cost least
and each open site serves between L and U people. Formula: ``min sum_j f_j y_j + sum_ij
w_i c_ij x_ij`` with ``sum_j x_ij = 1``, ``L_j y_j <= sum_i d_i x_ij <= U_j y_j``,
``x_ij <= y_j``, y in {0, 1}, x in {0, 1} or, split, in [0, 1]; ``sum_j y_j = p`` where
p is given. With L = 0, whole points and p it is the capacitated p-median problem.

Sources: Mulvey and Beck 1984, Solving capacitated clustering problems, European Journal
of Operational Research 18, 339-348; Karger and Minkoff 2000, Building Steiner trees
with incomplete global knowledge, FOCS 2000, 613-623 (lower bounds). How it is solved:
`allocator.bounds.bandsearch`.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from allocator.bounds.ascent import Remaining
from allocator.bounds.assigning import Table
from allocator.bounds.bandsearch import prove_band
from allocator.bounds.catchments import ANY, Branch, Field
from allocator.bounds.lists import CLOSED, OPEN, Floats, Ints
from allocator.bounds.rooms import states_of
from allocator.bounds.served import Served

if TYPE_CHECKING:
    from collections.abc import Iterable

_LARGEST_WHOLE = 1e11  # above, sums of prices are not exact to a part of 1
_SLACK = 1e-9  # of a band: sums of whole points may be off by so much


@dataclass(frozen=True)
class Assigned:
    """What was found and proved.

    Parameters
    ----------
    sites
        Positions of the open sites, sorted; empty where no plan was found.
    point, site, share
        Who is served where: one entry for each pair used, by point.
    cost
        Of the plan, opening included; infinite where none was found.
    bound
        No plan costs less; infinite where it is proven that there is none.
    optimal
        Whether bound and cost meet: where all costs are whole, no better plan exists;
        else the bound is within one part in ten million.
    nodes
        Branches looked at.
    seconds
        Wall-clock.
    """

    sites: Ints
    point: Ints
    site: Ints
    share: Floats
    cost: float
    bound: float
    optimal: bool
    nodes: int
    seconds: float


def solve_band(
    costs: Floats,
    people: Floats,
    p: int | None = None,
    *,
    most: Floats | float,
    least: Floats | float = 0.0,
    opening: Floats | float = 0.0,
    weights: Floats | None = None,
    split: bool = False,
    fixed: Iterable[int] = (),
    forbidden: Iterable[int] = (),
    seconds: float = 300.0,
    seed: int = 0,
) -> Assigned:
    """Solve a location problem with bands.

    Parameters
    ----------
    costs
        Demand points by sites, >= 0: what serving all of a point costs. Infinite where
        the pair cannot be travelled.
    people
        Of each demand point, finite, >= 0.
    p
        How many sites are open; not counted where it is None.
    most, least
        The band of each site: ``0 <= least <= most``, people.
    opening
        What opening each site costs, finite, >= 0.
    weights
        Of each demand point, finite, >= 0: multiplies its costs.
    split
        Whether a point may be served by several sites.
    fixed, forbidden
        Positions of sites that are open in any case, and of sites that never are.
    seconds
        Wall-clock limit; what is proven until then is returned.
    seed
        Of the random starts.

    Raises
    ------
    ValueError
        When a number is out of its range.
    """
    started = time.monotonic()
    until = started + seconds
    table = _table(
        costs=costs,
        people=people,
        p=p,
        most=most,
        least=least,
        opening=opening,
        weights=weights,
        slack=0.0 if split else _SLACK,
    )
    states = states_of(len(table.opening), fixed, forbidden)
    if p is not None and not (states == OPEN).sum() <= p <= (states != CLOSED).sum():
        message = f"p must be {(states == OPEN).sum()} to {(states != CLOSED).sum()}"
        raise ValueError(message)
    table = table._replace(states=states)
    field = _field(table, whole=not split)
    whole = not split and _is_whole(table)
    best = Served(field, table, whole=whole, until=until, seed=seed)
    alive = np.ones(len(field.cost), np.bool_)
    lowest = table.cost[states != CLOSED].min(axis=0, initial=np.inf)
    # Everyone costs at least what the nearest site does.
    left = Remaining(Branch(states.copy(), alive), lowest.copy(), lowest.sum())
    if np.isfinite(lowest).all():
        bound, nodes = prove_band(field, left, best, until=until)
    else:
        bound, nodes = np.inf, 0
    return _assigned(best, bound, nodes, time.monotonic() - started)


def _table(
    *,
    costs: Floats,
    people: Floats,
    p: int | None,
    most: Floats | float,
    least: Floats | float,
    opening: Floats | float,
    weights: Floats | None,
    slack: float,
) -> Table:
    """Return the problem as a table, checked; no site is fixed or forbidden in it."""
    cost = np.array(costs, np.float64)
    if cost.ndim != 2 or cost.size == 0:  # noqa: PLR2004 (demand points by sites)
        raise ValueError("costs must be demand points by sites, at least one of each")
    points, sites = cost.shape
    if weights is not None:
        weighed = numbers("weights", weights, points)[:, None]
        cost = np.where(np.isfinite(cost), cost * weighed, cost)
    if np.isnan(cost).any() or cost.min() < 0:
        raise ValueError("costs must be at least 0, infinite where none is")
    upper = numbers("most", most, sites)
    lower = numbers("least", least, sites)
    if (lower > upper).any():
        raise ValueError("no site may have a least above its most")
    return Table(
        np.ascontiguousarray(cost.T),
        numbers("people", people, points),
        lower * (1.0 - slack),
        upper * (1.0 + slack),
        numbers("opening", opening, sites),
        np.zeros(sites, np.int8),
        ANY if p is None else p,
    )


def numbers(name: str, values: Floats | float, count: int) -> Floats:
    """Return so many numbers, one for all of them repeated.

    Raises
    ------
    ValueError
        When they are not so many, or one is not finite or below 0.
    """
    try:
        full = np.broadcast_to(np.asarray(values, np.float64), (count,)).copy()
    except ValueError as error:
        message = f"{name} must be one number, or {count}"
        raise ValueError(message) from error
    if not np.isfinite(full).all() or full.min() < 0:
        message = f"{name} must be finite and at least 0"
        raise ValueError(message)
    return full


def _field(table: Table, *, whole: bool) -> Field:
    """Return the pairs that can be travelled, by sites."""
    site, point = np.nonzero(np.isfinite(table.cost))
    counted = np.bincount(site, minlength=len(table.opening))
    return Field(
        np.concatenate([[0], np.cumsum(counted)]).astype(np.int64),
        point.astype(np.int64),
        table.cost[site, point],
        table.people,
        table.least,
        table.most,
        table.opening,
        table.wanted,
        whole,
    )


def _is_whole(table: Table) -> bool:
    finite = table.cost[np.isfinite(table.cost)]
    return bool(
        (finite == np.floor(finite)).all()
        and (table.opening == np.floor(table.opening)).all()
        and finite.sum() + table.opening.sum() < _LARGEST_WHOLE
    )


def _assigned(best: Served, bound: float, nodes: int, seconds: float) -> Assigned:
    cost = best.cost
    if cost == np.inf:
        optimal = bound >= best.dearest
        bound = np.inf if optimal else bound
    else:
        optimal = bound >= best.enough
        # Dropping asked for plans below ``enough``: more than that is not proven.
        bound = min(bound, best.enough)
        if best.whole:
            bound = cost if optimal else float(np.ceil(bound - 1e-6))
    length = np.diff(best.field.start)
    site = np.repeat(np.arange(len(length)), length)[best.pairs]
    point = best.field.point[best.pairs]
    order = np.lexsort((site, point))
    return Assigned(
        np.flatnonzero(best.is_open),
        point[order],
        site[order],
        best.shares[order],
        cost,
        bound,
        optimal,
        nodes,
        seconds,
    )
