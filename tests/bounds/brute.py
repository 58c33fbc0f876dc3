"""Location problems by trying every set of sites, and by HiGHS on the plain model.

Shares no code with the package.
"""

from __future__ import annotations

from itertools import chain, combinations

import highspy
import numpy as np


def sets_of(sites, p, *, fixed=(), forbidden=()):
    """Return every set of p sites that holds the fixed ones and no forbidden one."""
    free = [j for j in range(sites) if j not in forbidden and j not in fixed]
    return [
        tuple(sorted((*fixed, *more))) for more in combinations(free, p - len(fixed))
    ]


def sets_within(prices, budget, *, fixed=(), forbidden=()):
    """Return every set, not empty, that a budget pays for."""
    free = [j for j in range(len(prices)) if j not in forbidden]
    every = chain.from_iterable(combinations(free, k) for k in range(1, len(free) + 1))
    return [
        chosen
        for chosen in every
        if set(fixed) <= set(chosen) and sum(prices[j] for j in chosen) <= budget + 1e-9
    ]


def cost_of(costs, chosen):
    return costs[:, list(chosen)].min(axis=1).sum()


def least_cost(costs, sets):
    return min(cost_of(costs, chosen) for chosen in sets)


def median_by_highs(costs, p):
    """Return the optimum of the plain assignment model."""
    points, sites = costs.shape
    solver = highspy.Highs()
    solver.setOptionValue("output_flag", False)
    solver.setOptionValue("mip_rel_gap", 0.0)
    y = [solver.addBinary() for _ in range(sites)]
    x = [[solver.addVariable(0, 1) for _ in range(sites)] for _ in range(points)]
    solver.addConstr(sum(y) == p)
    for i in range(points):
        solver.addConstr(sum(x[i]) == 1)
        for j in range(sites):
            solver.addConstr(x[i][j] <= y[j])
    solver.minimize(
        sum(costs[i, j] * x[i][j] for i in range(points) for j in range(sites))
    )
    return solver.getInfo().objective_function_value


def on_a_square(points, sites, seed, *, whole):
    """Return distances between random places, whole or not."""
    random = np.random.default_rng(seed)
    demand, site = random.random((points, 2)) * 100, random.random((sites, 2)) * 100
    distance = np.hypot(*(demand[:, None, :] - site[None, :, :]).transpose(2, 0, 1))
    return np.floor(distance) if whole else distance
