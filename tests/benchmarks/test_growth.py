"""The command that measures growth."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.growth import STEPS, draw, make_square, planned, slopes

ROOT = Path(__file__).parents[2]


def test_a_slope_is_that_of_the_last_sizes_and_leaves_out_what_takes_no_time():
    rows = [
        {"axis": "points", "size": size, "peak_mb": 100.0, **dict.fromkeys(STEPS, 0.0)}
        for size in (100, 1_000, 10_000, 100_000)
    ]
    for row, size in zip(rows, (100, 1_000, 10_000, 100_000), strict=True):
        row["read"] = size / 1_000
        row["build"] = (size / 10_000) ** 2
        row["audit"] = 5.0
    rows[0]["audit"] = 500.0
    found = slopes(rows, "points")
    assert found["read"] == 1.0
    assert found["build"] == 2.0
    assert found["audit"] == 0.0
    assert found["solve"] is None
    assert found["peak_mb"] == 0.0


@pytest.mark.slow
def test_every_axis_is_a_task_that_is_planned(tmp_path):
    make_square(tmp_path, points=200, sites=40, services=2, phases=2)
    row = planned(str(tmp_path))
    assert row["status"] == "optimal"
    assert row["pairs"] > 200
    assert all(row[step] >= 0 for step in STEPS)
    assert (tmp_path / "run" / "placements.csv").exists()


def test_the_chart_has_a_panel_for_every_axis(tmp_path):
    rows = [
        {"axis": axis, "size": size, "peak_mb": 1.0, **dict.fromkeys(STEPS, size / 100)}
        for axis in ("points", "phases")
        for size in (100, 1_000)
    ]
    draw(rows, str(tmp_path / "chart.svg"))
    text = (tmp_path / "chart.svg").read_text("utf-8")
    assert text.count('<g id="axes_') == 4
    assert "read (1)" in text


@pytest.mark.slow
def test_the_command_prints_a_line_for_each_size_and_writes_them(tmp_path):
    out, chart = tmp_path / "rows.json", tmp_path / "chart.svg"
    command = [sys.executable, "benchmarks/growth.py", "--out", str(out)]
    command += ["--chart", str(chart), "--axes", "points", "--most", "1000"]
    done = subprocess.run(
        [*command, "--profile"], cwd=ROOT, check=True, capture_output=True, text=True
    )
    rows = json.loads(out.read_text("utf-8"))
    assert [row["size"] for row in rows] == [100, 1000]
    assert "slopes of points" in done.stdout
    assert "pipeline/outcomes.py:make_outcome" in done.stdout
    assert chart.exists()
