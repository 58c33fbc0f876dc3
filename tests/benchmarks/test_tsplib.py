"""The benchmark on TSPLIB's places."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

FOLDER = Path(__file__).parents[2] / "benchmarks"

SIX = """NAME : six
TYPE : TSP
DIMENSION : 6
EDGE_WEIGHT_TYPE : EUC_2D
NODE_COORD_SECTION
1 0 0
2 1.0e+00 1
3 2 0
4 10 10
5 11 10
6 10 12.5
EOF
"""


@pytest.fixture
def tsplib(monkeypatch):
    monkeypatch.syspath_prepend(str(FOLDER))
    return importlib.import_module("tsplib")


def test_distances_are_rounded_down(tsplib, tmp_path):
    (tmp_path / "six.tsp").write_text(SIX)
    table = tsplib.table_of(tsplib.read(tmp_path / "six.tsp"))
    assert (table.points, table.sites) == (6, 6)
    assert table.rows(0, 2)[:, :3].tolist() == [[0, 1, 2], [1, 0, 1]]
    assert table.rows(3, 4).tolist() == [[14, 12, 12, 0, 1, 2]]
    assert np.array_equal(table.rows(0, 6)[2:4], table.rows(2, 4))


@pytest.mark.parametrize(
    ("was", "becomes", "word"),
    [("EUC_2D", "GEO", "not of type"), (": 6", ": 7", "6 places, 7 announced")],
)
def test_other_files_are_refused(tsplib, tmp_path, was, becomes, word):
    (tmp_path / "six.tsp").write_text(SIX.replace(was, becomes))
    with pytest.raises(ValueError, match=word):
        tsplib.read(tmp_path / "six.tsp")


@pytest.mark.slow
def test_the_command_writes_a_row_for_each_p(tmp_path):
    (tmp_path / "six.tsp").write_text(SIX)
    out = tmp_path / "rows.json"
    command = [str(FOLDER / "tsplib.py"), str(tmp_path / "six.tsp")]
    options = ["--p", "1,2", "--out", str(out), "--seconds", "20"]
    subprocess.run(
        [sys.executable, *command, *options], check=True, capture_output=True
    )
    rows = json.loads(out.read_text())
    assert [(row["p"], row["objective"], row["bound"]) for row in rows] == [
        (1, 41, 41),
        (2, 5, 5),
    ]
    assert all(row["optimal"] for row in rows)
