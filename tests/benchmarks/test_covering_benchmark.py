"""The benchmark on maximal covering."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def covering(monkeypatch):
    monkeypatch.syspath_prepend(str(FOLDER))
    return importlib.import_module("covering")


def test_an_instance_is_made_solved_and_told(covering):
    row = covering.solve(2_000, 30, 5.5, 4, 30.0)
    assert row["optimal"] is True
    assert row["people"] == row["bound"] > 0
    assert row["groups"] < 2_000
    assert row["gap_percent"] == 0
    assert covering.solve(2_000, 30, 5.5, 4, 30.0)["people"] == row["people"]
