"""A solver that says what is not so: it is caught, or nothing is claimed."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import pulp
import pytest

from allocator.cli.main import run
from tests.cli.small_task import write_task


def stats_of(monkeypatch, change):
    """Change what HiGHS reports; ``change`` gets the statistics of every run."""
    honest = pulp.HiGHS.actualSolve

    def solve_and_lie(self, lp, **settings):
        return change(honest(self, lp, **settings), lp)

    monkeypatch.setattr(pulp.HiGHS, "actualSolve", solve_and_lie)


def planned(tmp_path, capsys, *options):
    """Plan the small task; return the exit code, what was said, and the certificate."""
    brief, out = write_task(tmp_path / "task"), tmp_path / "run"
    code = run(["plan", str(brief), "-o", str(out), "--json", *options])
    said = json.loads(capsys.readouterr().out)
    certificate = None
    if (out / "run.json").exists():
        certificate = json.loads((out / "run.json").read_text(encoding="utf-8"))
    return code, said, certificate


def nothing_found(stats, status):
    return replace(stats, status=status, has_solution=False)


def test_a_feasible_task_called_infeasible_is_contradicted_by_the_other_solver(
    tmp_path, monkeypatch, capsys
):
    def lie(stats, lp):
        for variable in lp.variables():
            variable.varValue = None
        return nothing_found(stats, pulp.LpSolveStatus.Infeasible)

    stats_of(monkeypatch, lie)
    code, said, certificate = planned(tmp_path, capsys)
    assert code == 6
    assert certificate is None
    assert "solvers-disagree" in {f["code"] for f in said["findings"]}


def test_an_infeasible_task_called_optimal_is_not_written(
    tmp_path, monkeypatch, capsys
):
    def lie(stats, lp):
        if stats.status != pulp.LpSolveStatus.Infeasible:
            return stats
        for variable in lp.variables():
            variable.varValue = variable.lowBound
        return replace(
            stats,
            status=pulp.LpSolveStatus.Optimal,
            has_solution=True,
            best_bound=0.0,
        )

    stats_of(monkeypatch, lie)
    poor = ("capital_wan = 5000", "capital_wan = 100")
    brief, out = write_task(tmp_path / "task", brief=poor), tmp_path / "run"
    assert run(["plan", str(brief), "-o", str(out), "--json"]) in (6, 7)
    assert not out.exists()


@pytest.mark.parametrize("bound", [math.inf, -math.inf, math.nan, None])
def test_a_bound_that_is_none_proves_nothing(tmp_path, monkeypatch, capsys, bound):
    stats_of(monkeypatch, lambda stats, lp: replace(stats, best_bound=bound))
    code, _, certificate = planned(tmp_path, capsys)
    assert code == 0
    assert certificate["status"] != "optimal"
    for stage in certificate["objectives"]:
        assert stage["bound"] is None or math.isfinite(stage["bound"])


def test_a_time_limit_without_any_plan_is_told(tmp_path, monkeypatch, capsys):
    def lie(stats, lp):
        for variable in lp.variables():
            variable.varValue = None
        return nothing_found(stats, pulp.LpSolveStatus.TimeLimit)

    stats_of(monkeypatch, lie)
    code, said, certificate = planned(tmp_path, capsys)
    assert (code, certificate) == (6, None)
    assert {f["code"] for f in said["findings"]} == {"solver-no-plan"}


def test_a_bound_better_than_any_plan_makes_no_proof(tmp_path, monkeypatch, capsys):
    def lie(stats, lp):
        if stats.best_bound is None:
            return stats
        return replace(stats, best_bound=stats.best_bound - 1000.0)

    stats_of(monkeypatch, lie)
    code, _, certificate = planned(tmp_path, capsys)
    assert code == 0
    assert certificate["status"] == "feasible"
    assert max(stage["gap"] or 0.0 for stage in certificate["objectives"]) > 0.01
