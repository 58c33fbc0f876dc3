"""The benchmark on OR-Library's p-median instances, on a small one made by hand."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "benchmarks"

# A path 1-2-3-4 of costs 5, 2, 1; the pair 1-2 is given three times, the last counts.
PATH = """ 4 5 1
 1 2 50
 2 1 9
 2 3 2
 3 4 1
 1 2 5
"""


@pytest.fixture
def orlib(monkeypatch):
    monkeypatch.syspath_prepend(str(FOLDER))
    return importlib.import_module("orlib")


def test_a_later_edge_of_a_pair_replaces_the_earlier(orlib, tmp_path):
    (tmp_path / "pmed1.txt").write_text(PATH)
    distances, p = orlib.read(tmp_path / "pmed1.txt")
    assert p == 1
    assert distances.tolist() == [
        [0, 5, 7, 8],
        [5, 0, 2, 3],
        [7, 2, 0, 1],
        [8, 3, 1, 0],
    ]


@pytest.mark.parametrize(
    ("text", "word"),
    [("4 5 1\n1 2 3\n", "fewer are there"), ("3 1 1\n1 2 3\n", "reached")],
)
def test_a_broken_instance_is_refused(orlib, tmp_path, text, word):
    (tmp_path / "pmed1.txt").write_text(text)
    with pytest.raises(ValueError, match=word):
        orlib.read(tmp_path / "pmed1.txt")


def test_instances_come_by_number_and_optima_are_none(orlib, tmp_path):
    for name in ("pmed10", "pmed9", "pmedopt", "other1"):
        (tmp_path / f"{name}.txt").touch()
    assert [p.stem for p in orlib.instances(tmp_path)] == ["pmed9", "pmed10"]


@pytest.mark.slow
def test_the_command_writes_a_row_for_each_instance(tmp_path):
    (tmp_path / "pmed1.txt").write_text(PATH)
    (tmp_path / "pmed2.txt").write_text(PATH.replace(" 4 5 1", " 4 5 2"))
    command = ["orlib.py", str(tmp_path), "--out", str(tmp_path / "rows.json")]
    subprocess.run(
        [sys.executable, str(FOLDER / command[0]), *command[1:]],
        check=True,
        capture_output=True,
    )
    rows = json.loads((tmp_path / "rows.json").read_text())
    assert [row["instance"] for row in rows] == ["pmed1", "pmed2"]
    assert [row["objective"] for row in rows] == [10, 3]
    assert [row["bound"] for row in rows] == [10, 3]
    for row in rows:
        assert row["optimal"] is True
        assert 0 < row["seconds"] < 60
        assert 30 < row["peak_mb"] < 1000
