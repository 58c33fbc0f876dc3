"""The benchmark on textbook briefs, on small ones."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def textbook(monkeypatch):
    monkeypatch.syspath_prepend(str(FOLDER))
    monkeypatch.setattr("allocator.textbook.journeys.FEWEST_PAIRS", 0)
    return importlib.import_module("textbook")


@pytest.mark.parametrize("pack", ["p-median", "p-center", "mclp", "lscp", "ordinary"])
def test_both_ways_find_the_same(textbook, pack, tmp_path):
    size = {"points": 40, "sites": 40, "p": 13, "seconds": 30}
    brief = textbook.write_brief(tmp_path, pack, **size)
    alone, program = (textbook.plan(brief, way) for way in ("alone", "program"))
    assert alone["way"] == "alone"
    if pack == "lscp" and "value" not in program:
        assert alone["status"] == program["status"]
        return
    assert alone["status"] == program["status"] == "optimal"
    assert alone["value"] == pytest.approx(program["value"], rel=3e-4)
    assert 0 <= alone["gap_percent"] <= 0.011
