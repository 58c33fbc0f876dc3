"""Parts of a problem with bands that nothing couples, each solved alone.

In words: counties between which nobody travels are problems of their own, where sites
are not counted over all of them. Parts are the connected components of the graph whose
edges are the pairs that can be travelled; costs and bounds add up.

Source: Hopcroft and Tarjan 1973, Algorithm 447: efficient algorithms for graph
manipulation, Communications of the ACM 16, 372-378 (components).
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components

from allocator.bounds.band import Assigned, numbers, solve_band

if TYPE_CHECKING:
    from collections.abc import Iterable

    from allocator.bounds.lists import Floats, Ints


def parts_of(costs: Floats) -> tuple[Ints, Ints]:
    """Return the part of each demand point and of each site.

    Parameters
    ----------
    costs
        Demand points by sites, infinite where a pair cannot be travelled.

    Returns
    -------
    of_point, of_site
        Numbers from 0 on; a site that nobody reaches is a part of its own.
    """
    points, sites = costs.shape
    point, site = np.nonzero(np.isfinite(costs))
    size = points + sites
    graph = csr_matrix((np.ones(len(point)), (point, points + site)), (size, size))
    _, part = connected_components(graph, directed=False)
    return part[:points].astype(np.int64), part[points:].astype(np.int64)


def solve_parts(
    costs: Floats,
    people: Floats,
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
    """Solve a problem with bands part by part.

    Options are those of `allocator.bounds.band.solve_band`, but for ``p``: a count over
    all sites couples what is apart. Parts come smallest first, and each may take its
    share of the time that is left, by its points.

    Raises
    ------
    ValueError
        When a number is out of its range.
    """
    started = time.monotonic()
    costs = np.asarray(costs, np.float64)
    if costs.ndim != 2 or costs.size == 0:  # noqa: PLR2004 (demand points by sites)
        raise ValueError("costs must be demand points by sites, at least one of each")
    points, sites = costs.shape
    of_point, of_site = parts_of(costs)
    upper, lower = numbers("most", most, sites), numbers("least", least, sites)
    price = numbers("opening", opening, sites)
    crowd = numbers("people", people, points)
    weight = numbers("weights", 1.0 if weights is None else weights, points)
    opened, closed = set(fixed), set(forbidden)
    size = np.bincount(of_point, minlength=int(max(of_point.max(), of_site.max())) + 1)
    found = []
    waiting = points
    for part in np.argsort(size, kind="stable"):
        mine, own = np.flatnonzero(of_point == part), np.flatnonzero(of_site == part)
        left = seconds - (time.monotonic() - started)
        if not len(own):
            found.append(_nowhere(mine))
            continue
        if not len(mine):
            found.append(_unreached(own, lower, price, opened))
            continue
        answer = solve_band(
            costs[np.ix_(mine, own)],
            crowd[mine],
            most=upper[own],
            least=lower[own],
            opening=price[own],
            weights=weight[mine],
            split=split,
            fixed=np.flatnonzero(np.isin(own, sorted(opened))).tolist(),
            forbidden=np.flatnonzero(np.isin(own, sorted(closed))).tolist(),
            seconds=max(0.0, left * len(mine) / max(1, waiting)),
            seed=seed,
        )
        waiting -= len(mine)
        found.append(_renamed(answer, mine, own))
    return _together(found, time.monotonic() - started)


def _nowhere(mine: Ints) -> Assigned:
    """Return that demand points without any site cannot be served."""
    return _serving_nobody(np.empty(0, np.int64), 0.0 if len(mine) == 0 else np.inf)


def _unreached(own: Ints, lower: Floats, price: Floats, opened: set[int]) -> Assigned:
    """Return sites that nobody reaches: open only where they are fixed."""
    sites = np.array([j for j in own if int(j) in opened], np.int64)
    if lower[sites].any():
        return _serving_nobody(np.empty(0, np.int64), np.inf)
    return _serving_nobody(sites, float(price[sites].sum()))


def _serving_nobody(sites: Ints, cost: float) -> Assigned:
    nothing = np.empty(0, np.int64)
    return Assigned(
        sites,
        nothing,
        nothing,
        np.empty(0),
        cost,
        cost,
        optimal=True,
        nodes=0,
        seconds=0.0,
    )


def _renamed(answer: Assigned, mine: Ints, own: Ints) -> Assigned:
    return Assigned(
        own[answer.sites],
        mine[answer.point],
        own[answer.site],
        answer.share,
        answer.cost,
        answer.bound,
        answer.optimal,
        answer.nodes,
        answer.seconds,
    )


def _together(found: list[Assigned], seconds: float) -> Assigned:
    """Return all parts as one answer; without a plan where one part has none.

    One part proven to have no plan proves it of all.
    """
    cost = float(sum(part.cost for part in found))
    bound = float(sum(part.bound for part in found))
    optimal = all(part.optimal for part in found) or bound == np.inf
    if cost == np.inf:
        nothing = np.empty(0, np.int64)
        sites, point, site, share = nothing, nothing, nothing, np.empty(0)
    else:
        sites = np.sort(np.concatenate([part.sites for part in found]))
        point = np.concatenate([part.point for part in found])
        site = np.concatenate([part.site for part in found])
        share = np.concatenate([part.share for part in found])
        order = np.lexsort((site, point))
        point, site, share = point[order], site[order], share[order]
    nodes = sum(part.nodes for part in found)
    return Assigned(sites, point, site, share, cost, bound, optimal, nodes, seconds)
