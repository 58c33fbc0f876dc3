"""The command that measures what the program adds to HiGHS."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest

from allocator.formulation import build
from allocator.policy import Scope, Service, Unit
from allocator.policy.rules import CountInUnit
from allocator.solve import solve
from allocator.solve.matrix import Matrix
from benchmarks.planning import by_itself
from tests.factories import candidate, cost, make_area, make_case, make_travel, zone


def test_highs_alone_reaches_what_the_program_reaches():
    sites = ["s0", "s1", "s2"]
    area = make_area(
        zones=[zone(f"z{i}", "c", 100 + i) for i in range(4)],
        sites=[candidate(s, "z0") for s in sites],
        costs=[cost("care", "build", 10, site_id=s) for s in sites],
    )
    minutes = {
        (f"d_z{i}", s): float(5 + (3 * i + 7 * n) % 11)
        for i in range(4)
        for n, s in enumerate(sites)
    }
    case = make_case(
        area,
        services=[
            Service(id="care", name="care", serves=Scope(), assign_within=Unit.AREA)
        ],
        rules=[CountInUnit(id="p", quote="p", service="care", hi=2)],
        travel=make_travel(minutes),
        objective=("uncovered_people", "person_minutes", "capital_wan"),
    )
    formulation = build(case.area, case.travel, case.policy, case.terms)
    matrix = Matrix(formulation.problem)
    costs = [matrix.costs(o.expression) for o in formulation.stages]
    rows = formulation.problem.numConstraints()
    found = solve(formulation, time_limit_s=20, gap=1e-6)
    constants = [float(o.expression.constant) for o in formulation.stages]
    limits = [
        (stage.limit or 0.0) - c
        for stage, c in zip(found.stages, constants, strict=True)
    ]
    values, _ = by_itself(matrix, costs, limits, rows)
    alone = [
        o.show(value + c)
        for o, value, c in zip(formulation.stages, values, constants, strict=True)
    ]
    assert alone == pytest.approx([stage.value for stage in found.stages], abs=1e-3)
    assert np.ptp(costs[1]) > 0


def test_the_command_writes_a_row_for_each_number_of_pairs(tmp_path):
    out = tmp_path / "rows.json"
    command = [sys.executable, "benchmarks/planning.py", "--cells", "--pairs", "1000"]
    subprocess.run([*command, "--out", str(out)], check=True, capture_output=True)
    (row,) = json.loads(out.read_text(encoding="utf-8"))
    assert (row["pairs"], row["columns"]) == (1000, 1000 + 10 + 1000)
    assert row["rows"] == 1000 + 10 + 1
    assert row["build"] > 0
