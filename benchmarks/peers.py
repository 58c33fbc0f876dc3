"""The same p-median by others: HiGHS on a matrix, PuLP, spopt.

    python benchmarks/peers.py NAME COSTS.npy P SECONDS

prints one row as JSON. It knows nothing of this project, because spopt asks for an
older PuLP and so lives in an environment of its own:

    python -m venv .peers
    .peers/bin/pip install --group peers

All three state the assignment model ``min sum c_ij x_ij, sum_j x_ij = 1, x_ij <= y_j,
sum_j y_j = p`` and give it to HiGHS, with its gap at zero.
"""

from __future__ import annotations

import importlib
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

NAMES = ("highs", "pulp", "spopt")
NEEDS = {
    "highs": ["highspy"],
    "pulp": ["pulp", "highspy"],
    "spopt": ["spopt.locate", "pulp", "highspy"],
}
GAP = 1e-9


def by_peer(python: str, name: str, costs: np.ndarray, p: int, seconds: float) -> dict:
    """Return the row of a peer, run by another Python; a failure is a row too."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "costs.npy"
        np.save(file, costs)
        command = [python, __file__, name, str(file), str(p), str(seconds)]
        try:
            done = subprocess.run(  # noqa: S603 (the interpreter that was named)
                command,
                capture_output=True,
                text=True,
                check=True,
                timeout=3 * seconds + 120,
            )
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
            failed = str(error).splitlines()[-1]
            return {"solver": name, "optimal": False, "failure": failed}
    return json.loads(done.stdout.splitlines()[-1])


def by_highs(costs: np.ndarray, p: int, seconds: float) -> dict:
    """Solve with HiGHS on a sparse matrix."""
    import highspy  # noqa: PLC0415 (each peer imports only its own)

    points, sites = costs.shape
    pairs = points * sites
    lp = highspy.HighsLp()
    lp.num_col_, lp.num_row_ = pairs + sites, points + pairs + 1
    lp.col_cost_ = np.concatenate([costs.ravel(), np.zeros(sites)])
    lp.col_lower_, lp.col_upper_ = np.zeros(lp.num_col_), np.ones(lp.num_col_)
    lp.row_lower_ = np.concatenate([np.ones(points), np.full(pairs, -np.inf), [p]])
    lp.row_upper_ = np.concatenate([np.ones(points), np.zeros(pairs), [p]])
    pair = np.arange(pairs)
    site = pairs + pair % sites
    lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    lp.a_matrix_.index_ = np.concatenate(
        [pair, np.column_stack([pair, site]).ravel(), pairs + np.arange(sites)]
    )
    lp.a_matrix_.value_ = np.concatenate(
        [np.ones(pairs), np.tile([1.0, -1.0], pairs), np.ones(sites)]
    )
    lengths = np.concatenate([np.full(points, sites), np.full(pairs, 2), [sites]])
    lp.a_matrix_.start_ = np.concatenate([[0], np.cumsum(lengths)])
    lp.integrality_ = [highspy.HighsVarType.kContinuous] * pairs + [
        highspy.HighsVarType.kInteger
    ] * sites
    solver = highspy.Highs()
    solver.setOptionValue("output_flag", False)  # noqa: FBT003
    solver.setOptionValue("time_limit", seconds)
    solver.setOptionValue("mip_rel_gap", GAP)
    solver.passModel(lp)
    return _timed(lambda: _run_highs(solver))


def _run_highs(solver: Any) -> dict:
    solver.run()
    info = solver.getInfo()
    return {
        "objective": info.objective_function_value,
        "bound": info.mip_dual_bound,
        "optimal": str(solver.getModelStatus()).endswith("kOptimal"),
    }


def by_pulp(costs: np.ndarray, p: int, seconds: float) -> dict:
    """Solve a plain PuLP model."""
    import pulp  # noqa: PLC0415

    points, sites = costs.shape
    program = pulp.LpProblem("median", pulp.LpMinimize)
    y = [pulp.LpVariable(f"y{j}", cat="Binary") for j in range(sites)]
    x = [
        [pulp.LpVariable(f"x{i}_{j}", 0, 1) for j in range(sites)]
        for i in range(points)
    ]
    program += pulp.lpSum(
        float(costs[i, j]) * x[i][j] for i in range(points) for j in range(sites)
    )
    program += pulp.lpSum(y) == p
    for i in range(points):
        program += pulp.lpSum(x[i]) == 1
        for j in range(sites):
            program += x[i][j] <= y[j]
    solver = pulp.HiGHS(msg=False, timeLimit=seconds, gapRel=GAP)
    return _timed(lambda: _run_pulp(program, solver))


def _run_pulp(program: Any, solver: Any) -> dict:
    import pulp  # noqa: PLC0415

    program.solve(solver)
    return {
        "objective": pulp.value(program.objective),
        "optimal": program.sol_status == pulp.LpSolutionOptimal,
    }


def by_spopt(costs: np.ndarray, p: int, seconds: float) -> dict:
    """Solve with spopt's own model."""
    import pulp  # noqa: PLC0415
    from spopt.locate import PMedian  # noqa: PLC0415

    model = PMedian.from_cost_matrix(costs, np.ones(len(costs)), p_facilities=p)
    solver = pulp.HiGHS(msg=False, timeLimit=seconds, gapRel=GAP)
    return _timed(lambda: _run_spopt(model, solver))


def _run_spopt(model: Any, solver: Any) -> dict:
    import pulp  # noqa: PLC0415

    model.solve(solver, results=False)
    return {
        "objective": pulp.value(model.problem.objective),
        "optimal": model.problem.sol_status == pulp.LpSolutionOptimal,
    }


STARTED: list[float] = []


def _timed(run: Callable[[], dict]) -> dict:
    """Run a model that is built; return its row with both times."""
    built = time.perf_counter() - STARTED[0]
    found = run()
    wall = time.perf_counter() - STARTED[0]
    return {
        **found,
        "build_seconds": round(built, 3),
        "seconds": round(wall, 3),
        "cpu_seconds": round(time.process_time() - STARTED[1], 3),
    }


def main() -> None:
    """Solve one instance and print its row."""
    name, file, p, seconds = sys.argv[1:]
    costs = np.load(file)
    for module in NEEDS[name]:  # importing is not what is measured
        importlib.import_module(module)
    STARTED[:] = [time.perf_counter(), time.process_time()]
    solve = {"highs": by_highs, "pulp": by_pulp, "spopt": by_spopt}[name]
    row = solve(costs, int(p), float(seconds))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10
    print(json.dumps({"solver": name, **row, "peak_mb": round(peak, 1)}))


if __name__ == "__main__":
    main()
