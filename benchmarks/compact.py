"""Bands by HiGHS on the plain model: the peer of ``benchmarks/capacitated.py``."""

from __future__ import annotations

import highspy
import numpy as np
from measuring import tidy
from scipy import sparse


def by_highs(task: dict, seconds: float) -> dict:
    """Solve a task by HiGHS on the plain model, one thread; return its findings.

    Parameters
    ----------
    task
        ``costs`` (demand points by sites, finite), ``people``, ``least``, ``most`` and
        ``opening`` (of each site), ``p`` (None where sites are not counted), ``split``.
    seconds
        Limit of the solver.
    """
    costs = np.asarray(task["costs"])
    points, sites = costs.shape
    pairs = points * sites
    point, site = np.repeat(np.arange(points), sites), np.tile(np.arange(sites), points)
    own, y = np.arange(pairs), pairs + np.arange(sites)
    width = pairs + sites

    def rows(
        row: np.ndarray, column: np.ndarray, value: np.ndarray
    ) -> sparse.csr_matrix:
        return sparse.csr_matrix((value, (row, column)), (int(row.max()) + 1, width))

    people, each = task["people"][point], np.arange(sites)
    load = (np.append(site, each), np.append(own, y))
    matrix = sparse.vstack(
        [
            rows(point, own, np.ones(pairs)),
            rows(*load, np.append(people, -task["most"])),
            rows(*load, np.append(people, -task["least"])),
            rows(
                np.append(own, own),
                np.append(own, y[site]),
                np.append(np.ones(pairs), -np.ones(pairs)),
            ),
            rows(np.zeros(sites, np.int64), y, np.ones(sites)),
        ],
        format="csc",
    )
    endless = np.full(sites, np.inf)
    count = (0.0, float(sites)) if task["p"] is None else (task["p"], task["p"])
    lp = highspy.HighsLp()
    lp.num_row_, lp.num_col_ = matrix.shape
    lp.col_cost_ = np.append(costs.ravel(), task["opening"])
    lp.col_lower_, lp.col_upper_ = np.zeros(width), np.ones(width)
    lp.row_lower_ = np.concatenate(
        [
            np.ones(points),
            -endless,
            np.zeros(sites),
            np.full(pairs, -np.inf),
            [count[0]],
        ]
    )
    lp.row_upper_ = np.concatenate(
        [np.ones(points), np.zeros(sites), endless, np.zeros(pairs), [count[1]]]
    )
    lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    lp.a_matrix_.start_, lp.a_matrix_.index_ = matrix.indptr, matrix.indices
    lp.a_matrix_.value_ = matrix.data
    kinds = highspy.HighsVarType
    part = kinds.kContinuous if task["split"] else kinds.kInteger
    lp.integrality_ = [part] * pairs + [kinds.kInteger] * sites
    solver = highspy.Highs()
    for option, value in (
        ("output_flag", False),
        ("threads", 1),
        ("time_limit", seconds),
        ("mip_rel_gap", 1e-7),
    ):
        solver.setOptionValue(option, value)
    solver.passModel(lp)
    solver.run()
    info = solver.getInfo()
    has_plan = info.primal_solution_status == 2  # noqa: PLR2004 (feasible)
    cost, bound = info.objective_function_value, info.mip_dual_bound
    return {
        "solver": "HiGHS",
        "objective": tidy(cost) if has_plan else None,
        "bound": tidy(bound) if np.isfinite(bound) else None,
        "gap": round((cost - bound) / cost, 8) if has_plan and cost else None,
        "optimal": solver.getModelStatus() == highspy.HighsModelStatus.kOptimal,
        "nodes": info.mip_node_count,
    }
