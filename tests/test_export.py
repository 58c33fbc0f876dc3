from __future__ import annotations

import csv
import json
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyogrio
import pytest

from allocator.errors import InputError
from allocator.export import (
    DECISION_COLUMNS,
    finish_run,
    refuse_existing,
    write_csv,
    write_run,
)
from allocator.outcome import PLACEMENT_TABLE_COLUMNS
from allocator.plan import ALLOCATION_COLUMNS, ASSIGNMENT_COLUMNS
from tests.outcomes import make_outcome

FILES = {
    "run.json",
    "sites.csv",
    "placements.csv",
    "assignments.csv",
    "allocations.csv",
    "demand.csv",
    "audit.csv",
    "audit.json",
    "decisions.csv",
    "plan.gpkg",
}


def rows_of(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file))


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run")
    write_run(make_outcome(), folder)
    return folder


def test_a_run_has_the_files_of_the_contract(run: Path) -> None:
    assert {path.name for path in run.iterdir()} == FILES


def test_tables_have_the_columns_of_the_contract(run: Path) -> None:
    assert tuple(rows_of(run / "placements.csv")[0]) == PLACEMENT_TABLE_COLUMNS
    assert tuple(rows_of(run / "assignments.csv")[0]) == ASSIGNMENT_COLUMNS
    assert tuple(rows_of(run / "decisions.csv")[0]) == DECISION_COLUMNS
    assert tuple(rows_of(run / "allocations.csv")[0]) == ALLOCATION_COLUMNS
    assert rows_of(run / "audit.csv")[0] == [
        "rule_id",
        "clause",
        "quote",
        "unit",
        "required",
        "found",
        "verdict",
        "gap",
        "source",
    ]


def test_figures_are_rounded_and_blank_where_there_is_none(run: Path) -> None:
    head, *rows = rows_of(run / "placements.csv")
    first = dict(zip(head, rows[0], strict=True))
    assert first["site_id"] == "S1"
    assert first["people_served"] == "34000.5"
    assert first["minutes_mean"] == "7.41"
    assert first["capital_wan"] == "0"
    second = dict(zip(head, rows[1], strict=True))
    assert (second["people_served"], second["minutes_mean"]) == ("", "")
    assert second["clauses"] == "T-1;T-3"
    assert rows_of(run / "assignments.csv")[2] == [
        "D2",
        "S5",
        "clinic",
        "20000",
        "1.504",
    ]


def test_csv_files_open_with_chinese_in_excel(run: Path) -> None:
    content = (run / "placements.csv").read_bytes()
    assert content.startswith(b"\xef\xbb\xbf")
    assert "新城乡卫生院" in content.decode("utf-8-sig")
    assert b"\r" not in content


def test_the_audit_keeps_all_four_verdicts_apart(run: Path) -> None:
    audit = json.loads((run / "audit.json").read_text("utf-8"))
    verdicts = [row["verdict"] for row in audit]
    assert verdicts == ["met", "not_met", "met", "undecidable", "tracked"]
    assert [row["missing"] for row in audit] == [0.0, 1.0, 0.0, 0.0, 0.0]
    words = [row[6] for row in rows_of(run / "audit.csv")[1:]]
    assert words == ["达标", "未达标", "达标", "无法判定", "仅监测"]


def test_the_certificate_is_written_as_it_is(run: Path) -> None:
    text = (run / "run.json").read_text("utf-8")
    assert json.loads(text) == make_outcome().certificate
    assert text.startswith('{\n  "status": "optimal"')


def test_a_number_without_a_value_is_null_in_json(tmp_path: Path) -> None:
    outcome = make_outcome()
    outcome.certificate["objectives"][0]["bound"] = float("-inf")
    write_run(outcome, tmp_path)
    certificate = json.loads((tmp_path / "run.json").read_text("utf-8"))
    assert certificate["objectives"][0]["bound"] is None


def test_the_review_form_has_one_empty_row_for_each_placement(run: Path) -> None:
    rows = rows_of(run / "decisions.csv")[1:]
    assert [row[:2] for row in rows] == [
        ["S1", "clinic"],
        ["S2", "emergency_station"],
        ["S3", "clinic"],
        ["S3", "emergency_station"],
        ["S4", "pavilion"],
        ["S5", "clinic"],
    ]
    assert {cell for row in rows for cell in row[3:]} == {""}


def test_text_that_a_spreadsheet_would_run_is_made_plain(tmp_path: Path) -> None:
    table = pd.DataFrame(
        {
            "name": ["=1+1", "+8613", "-2", "@x", "\tx", "甲=乙", None],
            "amount": [-1.5, 0.0, -0.0, 2.0, float("nan"), 1e-7, 3.25],
        }
    )
    write_csv(table, tmp_path / "t.csv")
    rows = rows_of(tmp_path / "t.csv")[1:]
    names = ["'=1+1", "'+8613", "'-2", "'@x", "'\tx", "甲=乙", ""]
    assert [row[0] for row in rows] == names
    assert [row[1] for row in rows] == ["-1.5", "0", "0", "2", "", "1e-07", "3.25"]


def test_the_geopackage_has_four_layers_in_cgcs2000(run: Path) -> None:
    path = run / "plan.gpkg"
    layers = [str(name) for name in pyogrio.list_layers(path)[:, 0]]
    assert layers == ["placements", "assignments", "zones", "counties"]
    frames = {name: gpd.read_file(path, layer=name) for name in layers}
    assert {frame.crs.to_epsg() for frame in frames.values()} == {4490}
    assert [len(frames[name]) for name in layers] == [6, 5, 3, 2]
    placements = frames["placements"]
    assert placements["name"].tolist()[1] == "新城乡卫生院"
    assert placements["service_name"].tolist()[1] == "急救站"
    assert placements.geometry[1].coords[0] == (115.31, 28.09)
    line = frames["assignments"].geometry[0]
    assert list(line.coords) == [(115.08, 28.12), (115.08, 28.12)]
    assert frames["zones"]["zone_id"].tolist()[0] == "360101001"
    assert set(frames["zones"].geometry.geom_type) == {"MultiPolygon"}


def test_an_area_without_polygons_is_written_too(tmp_path: Path) -> None:
    write_run(make_outcome(polygons=False), tmp_path)
    zones = gpd.read_file(tmp_path / "plan.gpkg", layer="zones")
    assert zones.geometry.isna().all()
    assert zones["name"].tolist() == ["东风街道", "新城乡", "白马镇"]


def test_two_runs_have_the_same_bytes(run: Path, tmp_path: Path) -> None:
    write_run(make_outcome(), tmp_path)
    for path in run.iterdir():
        assert path.read_bytes() == (tmp_path / path.name).read_bytes(), path.name


# --- The folder -----------------------------------------------------------------------


def make_run(target: Path, content: str, *, force: bool = False) -> None:
    with finish_run(target, force=force) as folder:
        (folder / "run.json").write_text(content)


def test_a_finished_run_is_in_its_folder_and_nothing_beside_it(tmp_path: Path) -> None:
    target = tmp_path / "reports" / "nanchang"
    make_run(target, "new")
    assert (target / "run.json").read_text() == "new"
    assert [path.name for path in target.parent.iterdir()] == ["nanchang"]


def test_a_run_that_fails_leaves_nothing(tmp_path: Path) -> None:
    target = tmp_path / "run"

    def fail() -> None:
        with finish_run(target) as folder:
            (folder / "run.json").write_text("half")
            message = "killed"
            raise RuntimeError(message)

    with pytest.raises(RuntimeError, match="killed"):
        fail()
    assert list(tmp_path.iterdir()) == []


def test_an_existing_run_is_refused_without_force(tmp_path: Path) -> None:
    target = tmp_path / "run"
    make_run(target, "old")
    with pytest.raises(InputError) as caught:
        refuse_existing(target, force=False)
    assert [finding.code for finding in caught.value.findings] == ["run-exists"]
    remedy = caught.value.findings[0].remedy
    assert remedy is not None
    assert "--force" in remedy.en
    with pytest.raises(InputError):
        make_run(target, "new")
    assert (target / "run.json").read_text() == "old"


def test_force_replaces_a_run(tmp_path: Path) -> None:
    target = tmp_path / "run"
    make_run(target, "old")
    (target / "left.txt").write_text("of the old run")
    make_run(target, "new", force=True)
    assert (target / "run.json").read_text() == "new"
    assert [path.name for path in target.iterdir()] == ["run.json"]
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


def test_a_failed_replacement_keeps_the_old_run(tmp_path: Path) -> None:
    target = tmp_path / "run"
    make_run(target, "old")

    def fail() -> None:
        with finish_run(target, force=True):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert (target / "run.json").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


def test_force_never_replaces_a_folder_that_is_not_a_run(tmp_path: Path) -> None:
    target = tmp_path / "documents"
    target.mkdir()
    (target / "thesis.docx").write_text("years of work")
    with pytest.raises(InputError) as caught:
        make_run(target, "new", force=True)
    assert caught.value.findings[0].code == "run-not-replaceable"
    assert (target / "thesis.docx").read_text() == "years of work"


def test_force_never_replaces_a_file(tmp_path: Path) -> None:
    target = tmp_path / "plan"
    target.write_text("a file")
    with pytest.raises(InputError):
        make_run(target, "new", force=True)
    assert target.read_text() == "a file"


def test_a_place_that_cannot_be_written_is_a_finding(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError) as caught:
        make_run(tmp_path / "file" / "run", "new")
    assert caught.value.findings[0].code == "run-not-writable"


def test_a_replacement_killed_between_its_moves_is_undone(tmp_path: Path) -> None:
    target = tmp_path / "run"
    make_run(target, "old")
    target.rename(tmp_path / ".run.old-0123456789ab")
    with pytest.raises(InputError):
        refuse_existing(target, force=False)
    assert (target / "run.json").read_text() == "old"


def test_what_a_killed_run_left_is_cleared_a_day_later(tmp_path: Path) -> None:
    stale, fresh = tmp_path / ".run.new-stale", tmp_path / ".run.new-fresh"
    for folder in (stale, fresh):
        folder.mkdir()
    two_days_ago = time.time() - 2 * 24 * 3600
    os.utime(stale, (two_days_ago, two_days_ago))
    make_run(tmp_path / "run", "new")
    assert not stale.exists()
    assert fresh.exists()


def test_run_that_starts_between_the_two_moves_of_another_waits(tmp_path, monkeypatch):
    target = tmp_path / "run"
    target.mkdir()
    (target / "run.json").write_text("old", encoding="utf-8")
    moved, honest = threading.Event(), Path.rename

    def slow(self, other):
        honest(self, other)
        if self == target:
            moved.set()
            time.sleep(0.3)

    monkeypatch.setattr(Path, "rename", slow)

    def replaced():
        with finish_run(target, force=True) as folder:
            (folder / "run.json").write_text("new", encoding="utf-8")

    with ThreadPoolExecutor(1) as beside:
        first = beside.submit(replaced)
        assert moved.wait(10)
        refuse_existing(target, force=True)
        first.result()
    assert (target / "run.json").read_text(encoding="utf-8") == "new"
    assert [path.name for path in tmp_path.iterdir()] == ["run"]
