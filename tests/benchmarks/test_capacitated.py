"""The benchmark on capacitated p-median, on small instances made by hand."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "benchmarks"

# Four places on a line, of 1 person each: two sites serve two each, at 1 + 1.
ORLIB = """ 1 2
 4 2 2
 1 0 0 1
 2 1 0 1
 3 10 0 1
 4 11 0 1
"""
# The same, but one end is so large that it fills a site: 0 + (1 + 9) by the third.
DAT = """4 2
 0 0 3 3
 1 0 3 1
 10 0 3 1
 11 0 3 1
"""


@pytest.fixture
def capacitated(monkeypatch):
    monkeypatch.syspath_prepend(str(FOLDER))
    return importlib.import_module("capacitated")


def test_distances_of_orlib_are_rounded_down(capacitated, tmp_path):
    (tmp_path / "pmedcap1_1.txt").write_text(" 7 9\n2 1 5\n1 0 0 2\n2 1 1 3\n")
    task = capacitated.read(tmp_path / "pmedcap1_1.txt")
    assert task["costs"].tolist() == [[0, 1], [1, 0]]
    assert task["people"].tolist() == [2, 3]
    assert task["most"].tolist() == [5, 5]
    assert (task["p"], task["known"], task["split"]) == (1, 9, False)


def test_distances_and_capacities_of_the_other_format_are_as_they_are(
    capacitated, tmp_path
):
    (tmp_path / "S.dat").write_text("2 1\n0 0 5 2\n3 4 6 3\n")
    task = capacitated.read(tmp_path / "S.dat")
    assert task["costs"].tolist() == [[0, 5], [5, 0]]
    assert task["most"].tolist() == [5, 6]
    assert (task["p"], task["known"]) == (1, None)


def test_a_file_that_ends_early_is_refused(capacitated, tmp_path):
    (tmp_path / "pmedcap1_1.txt").write_text("1 2\n4 2 2\n1 0 0 1\n")
    with pytest.raises(ValueError, match="fewer are there"):
        capacitated.read(tmp_path / "pmedcap1_1.txt")


def test_instances_come_by_number_and_other_files_are_none(capacitated, tmp_path):
    for name in ("pmedcap1_10.txt", "pmedcap1_9.txt", "SJC1.dat", "notes.txt"):
        (tmp_path / name).touch()
    names = list(capacitated.instances([tmp_path]))
    assert names == ["pmedcap1_9", "pmedcap1_10", "SJC1"]


def test_the_county_has_the_band_that_policies_name(capacitated):
    task = capacitated.county(split=True, counted=False)
    assert set(task["least"]) == {30_000}
    assert set(task["most"]) == {100_000}
    assert abs(task["people"].sum() - 900_000) < 300
    assert task["costs"].shape == (300, 20)


@pytest.mark.slow
def test_the_command_writes_a_row_for_each_instance_and_solver(tmp_path):
    (tmp_path / "pmedcap1_1.txt").write_text(ORLIB)
    (tmp_path / "S.dat").write_text(DAT)
    out = tmp_path / "rows.json"
    command = ["capacitated.py", str(tmp_path), "--out", str(out), "--peer"]
    subprocess.run(
        [sys.executable, str(FOLDER / command[0]), *command[1:]],
        check=True,
        capture_output=True,
    )
    rows = json.loads(out.read_text())
    solvers = ["allocator", "HiGHS"] * 2
    assert [row["solver"] for row in rows] == solvers
    assert [row["instance"] for row in rows] == ["pmedcap1_1"] * 2 + ["S"] * 2
    assert [row["objective"] for row in rows] == [2, 2, 10, 10]
    for row in rows:
        assert row["optimal"] is True
        assert row["bound"] == pytest.approx(row["objective"])
        assert row["gap"] == pytest.approx(0, abs=1e-6)
        assert 0 < row["seconds"] < 60
        assert 30 < row["peak_mb"] < 1000
