"""The benchmark on a province."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def province(monkeypatch):
    monkeypatch.syspath_prepend(str(FOLDER))
    return importlib.import_module("province")


def test_a_small_province_is_made_planned_and_told(province, tmp_path):
    budget = province.make_province(tmp_path, 4, 60, journeys=False)
    province.write_brief(tmp_path, budget, gap=1e-3, seconds=30.0)
    row = province.plan_parts(tmp_path, 1, cached=True)
    assert row["method"] == "prices"
    assert row["solved"] == 4
    assert row["spent"] <= budget
    assert row["gap_percent"] <= 0.1
    whole = province.plan_whole(tmp_path)
    assert row["bound"] <= whole["value"] <= row["value"] * 1.001
    again = province.plan_parts(tmp_path, 1, cached=True)
    assert (again["solved"], again["value"]) == (0, row["value"])
    province.change_one(tmp_path)
    assert province.plan_parts(tmp_path, 1, cached=True)["solved"] == 1
