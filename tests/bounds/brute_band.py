"""Bands by trying everything, and by HiGHS on the plain model.

Shares no code with the package.
"""

from __future__ import annotations

from itertools import chain, combinations, product

import highspy
import numpy as np
from scipy.optimize import linprog


def open_sets(task):
    """Return every set of sites that is allowed, the empty one too."""
    sites = len(task["opening"])
    names = [j for j in range(sites) if j not in task["forbidden"]]
    every = chain.from_iterable(combinations(names, k) for k in range(sites + 1))
    return [
        chosen
        for chosen in every
        if set(task["fixed"]) <= set(chosen)
        and (task["p"] is None or len(chosen) == task["p"])
    ]


def within(task, site, people):
    return task["least"][site] - 1e-6 <= people <= task["most"][site] + 1e-6


def whole_cost(task, chosen):
    """Return the least cost of serving everyone, whole, from a set."""
    costs, people = task["costs"], task["people"]
    points = len(people)
    best = np.inf
    for who in product(chosen, repeat=points):
        load = dict.fromkeys(chosen, 0.0)
        for i, j in enumerate(who):
            load[j] += people[i]
        if all(within(task, j, load[j]) for j in chosen):
            here = sum(costs[i, j] for i, j in enumerate(who))
            best = min(best, here + sum(task["opening"][j] for j in chosen))
    return best


def split_cost(task, chosen):
    """Return the least cost of serving everyone, split, from a set."""
    costs, people = task["costs"], task["people"]
    names = list(chosen)
    points, count = len(people), len(chosen)
    if not count:
        return np.inf
    once = np.zeros((points, points * count))
    loads = np.zeros((count, points * count))
    for i in range(points):
        once[i, i * count : (i + 1) * count] = 1.0
        for k in range(count):
            loads[k, i * count + k] = people[i]
    flat = costs[:, names].ravel()
    answer = linprog(
        np.where(np.isfinite(flat), flat, 0.0),
        A_ub=np.vstack([loads, -loads]),
        b_ub=np.concatenate([task["most"][names], -task["least"][names]]),
        A_eq=once,
        b_eq=np.ones(points),
        bounds=[(0, 1 if np.isfinite(c) else 0) for c in flat],
    )
    if answer.status != 0:
        return np.inf
    return answer.fun + task["opening"][names].sum()


def least_cost(task, *, split):
    """Return the least cost of all sets; infinite where no plan exists."""
    cost = split_cost if split else whole_cost
    return min((cost(task, chosen) for chosen in open_sets(task)), default=np.inf)


def cost_by_highs(task, *, split):
    """Return the optimum of the plain model; infinite where no plan exists."""
    costs, people = task["costs"], task["people"]
    points, sites = costs.shape
    solver = highspy.Highs()
    solver.setOptionValue("output_flag", False)
    solver.setOptionValue("mip_rel_gap", 0.0)
    solver.setOptionValue("mip_feasibility_tolerance", 1e-9)
    solver.setOptionValue("primal_feasibility_tolerance", 1e-9)
    y = [
        solver.addVariable(float(j in task["fixed"]), float(j not in task["forbidden"]))
        for j in range(sites)
    ]
    for variable in y:
        solver.setInteger(variable)
    x = {}
    for i, j in product(range(points), range(sites)):
        if np.isfinite(costs[i, j]):
            x[i, j] = solver.addVariable(0, 1)
            if not split:
                solver.setInteger(x[i, j])
            solver.addConstr(x[i, j] <= y[j])
    for i in range(points):
        row = [x[i, j] for j in range(sites) if (i, j) in x]
        if not row:
            return np.inf
        solver.addConstr(sum(row) == 1)
    for j in range(sites):
        row = [people[i] * x[i, j] for i in range(points) if (i, j) in x]
        load = sum(row) if row else 0 * y[j]
        solver.addConstr(load <= task["most"][j] * y[j])
        solver.addConstr(load >= task["least"][j] * y[j])
    if task["p"] is not None:
        solver.addConstr(sum(y) == task["p"])
    solver.minimize(
        sum(costs[pair] * x[pair] for pair in x)
        + sum(task["opening"][j] * y[j] for j in range(sites))
    )
    if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        return np.inf
    return solver.getInfo().objective_function_value


def holds(task, found, *, split):
    """Assert that a plan keeps every condition, and costs what it says."""
    costs, people = task["costs"], task["people"]
    points, sites = costs.shape
    served = np.bincount(found.point, weights=found.share, minlength=points)
    assert np.allclose(served, 1.0, atol=1e-6)
    assert (found.share > 0).all()
    assert split or set(found.share) <= {1.0}
    load = np.bincount(
        found.site, weights=found.share * people[found.point], minlength=sites
    )
    opened = set(found.sites.tolist())
    assert set(found.site.tolist()) <= opened
    assert set(task["fixed"]) <= opened
    assert not opened & set(task["forbidden"])
    assert task["p"] is None or len(opened) == task["p"]
    for j in opened:
        assert within(task, j, load[j])
    total = (costs[found.point, found.site] * found.share).sum()
    total += sum(task["opening"][j] for j in opened)
    assert np.isclose(found.cost, total, rtol=1e-9, atol=1e-9)


def on_a_square(points, sites, seed, *, whole=True, tightness=0.8, least=0.0, p=None):
    """Return a task between random places; bands that differ by site."""
    random = np.random.default_rng(seed)
    demand, site = random.random((points, 2)) * 100, random.random((sites, 2)) * 100
    costs = np.hypot(*(demand[:, None, :] - site[None, :, :]).transpose(2, 0, 1))
    people = random.integers(1, 20, points).astype(float)
    count = p or max(2, sites // 3)
    mean = people.sum() / count / tightness
    most = np.floor(mean * random.uniform(0.8, 1.2, sites)) + 20
    return {
        "costs": np.floor(costs) if whole else costs,
        "people": people,
        "most": most,
        "least": np.floor(most * least),
        "opening": np.zeros(sites) if p else random.integers(20, 90, sites) * 1.0,
        "p": p,
        "fixed": (),
        "forbidden": (),
    }
