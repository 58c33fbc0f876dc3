"""What the planning program adds to HiGHS: building, handing over, reading back.

``python benchmarks/planning.py [--cells M ...] [--pairs N ...] [--out FILE]``

For each size of cell the Nanchang sample is read, built and solved, and the same stages
are given to HiGHS alone: the same matrix as arrays, the same settings, each stage begun
at the plan of the one before and held at what the program reached. What HiGHS alone is
given has cost nothing to make. ``ratio`` is the seconds of building and solving over
those of HiGHS alone, in CPU seconds (a busy machine changes wall seconds more).

For each number of pairs a p-median brief with as many pairs of demand point and site is
built, without solving it: seconds of the build, and memory.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import highspy
import numpy as np
import pandas as pd

from allocator.errors import Text
from allocator.formulation import build, build_phases
from allocator.pipeline.task import read_task
from allocator.policy import Scope, Service, Unit
from allocator.policy.rules import CountInUnit
from allocator.policy.terms import Terms
from allocator.resources import samples_folder
from allocator.solve import solve
from allocator.solve.matrix import Matrix
from allocator.travel import Travel
from benchmarks.measuring import Clock, in_own_process, show, write
from tests.factories import candidate, demand_point, make_area, make_policy, zone

GAP = 1e-4
SECONDS = 1800.0
SITES = 1000
SAMPLE = {"cell_m": 6, "columns": 8, "rows": 8, "build": 7, "solve": 8, "alone": 8}
SAMPLE |= {"ratio": 6, "status": 9, "peak_mb": 8}
PAIRS = {"pairs": 9, "columns": 9, "rows": 9, "build": 7, "peak_mb": 8}


def write_sample(folder: Path, cell_m: int) -> Path:
    """Write the Nanchang sample with cells of so many metres; return its brief."""
    for path in (samples_folder() / "nanchang").iterdir():
        if path.is_file():
            (folder / path.name).write_bytes(path.read_bytes())
    brief = folder / "brief.toml"
    text = brief.read_text(encoding="utf-8")
    before, after = text.split("cell_m = 1000")
    brief.write_text(f"{before}cell_m = {cell_m}{after}", encoding="utf-8")
    return brief


def planned(brief: str, cell_m: int) -> dict:
    """Build and solve the sample, then let HiGHS solve the same matrix alone."""
    task = read_task(Path(brief))
    clock = Clock()
    formulation = build_phases(task.phases, task.travel)
    built = clock.read()[1]
    alone = Matrix(formulation.problem)
    stages = [alone.costs(o.expression) for o in formulation.stages]
    rows = formulation.problem.numConstraints()
    clock = Clock()
    found = solve(formulation, time_limit_s=SECONDS, gap=GAP)
    solved = clock.read()[1]
    limits = [
        (stage.limit or 0.0) - float(objective.expression.constant)
        for objective, stage in zip(formulation.stages, found.stages, strict=True)
    ]
    values, spent = by_itself(alone, stages, limits, rows)
    for objective, stage, bare in zip(
        formulation.stages, found.stages, values, strict=True
    ):
        value = objective.show(bare + float(objective.expression.constant))
        if abs(value - stage.value) > 2 * GAP * max(1.0, abs(value)):
            message = f"{stage.name}: {stage.value} in the program, {value} alone"
            raise ValueError(message)
    return {
        "cell_m": cell_m,
        "columns": len(alone.variables),
        "rows": rows,
        "build": built,
        "solve": solved,
        "alone": spent,
        "ratio": round((built + solved) / spent, 3),
        "status": found.status,
    }


def by_itself(
    matrix: Matrix, stages: list[np.ndarray], limits: list[float], count: int
) -> tuple[list[float], float]:
    """Solve stages in their order with highspy; return values and CPU seconds.

    Parameters
    ----------
    matrix
        Of the program.
    stages
        The costs of each stage, by column.
    limits
        What each stage is held at in those that follow.
    count
        How many rows the program has without those that hold stages.
    """
    own = highspy.Highs()
    for name, value in (
        ("output_flag", False),
        ("mip_rel_gap", GAP),
        ("mip_allow_restart", False),
    ):
        own.setOptionValue(name, value)
    matrix.give_to(own)
    if own.getNumRow() > count:
        surplus = np.arange(count, own.getNumRow(), dtype=np.int32)
        own.deleteRows(len(surplus), surplus)
    values: list[float] = []
    columns = np.arange(len(matrix.variables), dtype=np.int32)
    clock = Clock()
    for costs, limit in zip(stages, limits, strict=True):
        own.changeColsCost(len(columns), columns, costs)
        own.changeObjectiveOffset(0.0)
        if values:
            own.setSolution(own.getSolution())
        own.run()
        if own.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            message = f"HiGHS alone ended with {own.getModelStatus()}"
            raise ValueError(message)
        plan = np.array(own.getSolution().col_value)
        values.append(float(costs @ plan))
        used = np.flatnonzero(costs).astype(np.int32)
        own.addRow(-highspy.kHighsInf, limit, len(used), used, costs[used])
    return values, clock.read()[1]


def built(pairs: int) -> dict:
    """Build a p-median brief of so many pairs, 100 sites for each demand point."""
    near, sites = 100, SITES
    draw = np.random.default_rng(1)
    points, places = draw.random((pairs // near, 2)), draw.random((sites, 2))
    apart = ((points[:, None, :] - places[None, :, :]) ** 2).sum(axis=2)
    nearest = np.sort(np.argpartition(apart, near, axis=1)[:, :near], axis=1)
    area = make_area(
        zones=[zone("z", "c", 1)],
        demand=[demand_point(f"d{i:07d}", "z", 100) for i in range(len(points))],
        sites=[candidate(f"s{j:05d}", "z") for j in range(sites)],
    )
    minutes = 60 * np.sqrt(np.take_along_axis(apart, nearest, axis=1)).ravel()
    del apart
    table = pd.DataFrame(
        {
            "demand_id": np.repeat(area.demand.index.to_numpy(), near),
            "site_id": area.sites.index.to_numpy()[nearest.ravel()],
            "minutes": minutes,
            "km": minutes,
        }
    )
    travel = Travel(table, "table", Text("测试", "generated"))
    service = Service(
        id="facility", name="facility", serves=Scope(), assign_within=Unit.AREA
    )
    rule = CountInUnit(id="p", quote="p", service="facility", hi=20)
    policy = make_policy(services=[service], rules=[rule])
    terms = Terms(objective=("uncovered_people", "person_minutes"))
    clock = Clock()
    formulation = build(area, travel, policy, terms)
    seconds = clock.read()[1]
    size = formulation.size
    return {
        "pairs": len(table),
        "columns": size["columns"],
        "rows": size["rows"],
        "build": seconds,
    }


def main() -> None:
    """Measure what was asked for, and print a line for each."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--cells", type=int, nargs="*", default=[1000, 500])
    parser.add_argument(
        "--pairs", type=int, nargs="*", default=[10_000, 100_000, 10**6]
    )
    parser.add_argument("--out")
    asked = parser.parse_args()
    rows = []
    for title, widths in (("sample", SAMPLE), ("pairs", PAIRS)):
        wanted = asked.cells if title == "sample" else asked.pairs
        if wanted:
            show({name: name for name in widths}, widths)
        for size in wanted:
            with tempfile.TemporaryDirectory() as folder:
                if title == "sample":
                    brief = str(write_sample(Path(folder), size))
                    row = in_own_process(planned, brief, size)
                else:
                    row = in_own_process(built, size)
            rows.append(row)
            show(row, widths)
    if asked.out:
        write(rows, asked.out)


if __name__ == "__main__":
    main()
