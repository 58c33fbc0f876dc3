"""GeoPackage registers: one layer changes, everything else stays."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing

import geopandas as gpd
import pyogrio
import pytest
from shapely.geometry import Point, box

from tests.register.runs import apply, write_run

COLUMNS = {
    "机构编号": ["A1", "A2", "A3"],
    "机构名称": ["北镇中心卫生院", "南镇中心卫生院", "西乡卫生院"],
    "状态": ["现有", "现有", "现有"],
    "现有服务": [None, "tcm_pavilion", "tcm_pavilion;old_post"],
    "实有床位": [30, 40, 8],
}
POINTS = [Point(115.9, 28.801), Point(116.101, 28.5), Point(116.001, 28.5)]


@pytest.fixture
def run(tmp_path):
    return write_run(tmp_path / "run")


def make_register(path, crs="EPSG:4490"):
    frame = gpd.GeoDataFrame(COLUMNS, geometry=POINTS, crs="EPSG:4490").to_crs(crs)
    pyogrio.write_dataframe(frame, path, layer="机构", driver="GPKG")
    zones = gpd.GeoDataFrame(
        {"名称": ["甲"]}, geometry=[box(115, 28, 117, 29)], crs="EPSG:4490"
    )
    pyogrio.write_dataframe(zones, path, layer="边界", driver="GPKG")
    with closing(sqlite3.connect(path)) as base:
        base.execute(
            "CREATE TABLE layer_styles (id INTEGER PRIMARY KEY, styleQML TEXT)"
        )
        base.execute("INSERT INTO layer_styles VALUES (1, '<qgis/>')")
        base.commit()
    return path


def rows(path, sql):
    with closing(sqlite3.connect(path)) as base:
        return base.execute(sql).fetchall()


def test_the_layer_changes_and_all_else_stays(tmp_path, run):
    register = make_register(tmp_path / "register.gpkg")
    before = register.read_bytes()
    out = tmp_path / "out.gpkg"
    assert apply(run, register, out) == 0
    assert register.read_bytes() == before
    assert not list(tmp_path.glob("register.gpkg-*"))
    frame = pyogrio.read_dataframe(out, layer="机构", fid_as_index=True)
    assert frame.index.tolist() == [1, 2, 3, 4]
    by_id = frame.set_index("机构编号")
    assert by_id["现有服务"].to_dict() == {
        "A1": "emergency_station",
        "A2": "tcm_pavilion",
        "A3": "tcm_pavilion",
        "B1": "community_health_center",
    }
    assert by_id.loc["A1", "实有床位"] == 50
    assert by_id.loc["A1", "ambulances"] == 2
    assert by_id.loc["A1", "规划服务"] == "急救站;ambulances+2;beds+20"
    assert by_id.geometry["B1"].equals(Point(115.901, 28.7))
    assert by_id.geometry["A2"].equals(POINTS[1])
    assert rows(out, "SELECT * FROM layer_styles") == [(1, "<qgis/>")]
    old, new = (pyogrio.read_dataframe(p, layer="边界") for p in (register, out))
    assert old.equals(new)


def test_index_count_and_extent_follow(tmp_path, run):
    register = make_register(tmp_path / "register.gpkg")
    out = tmp_path / "out.gpkg"
    assert apply(run, register, out) == 0
    found = rows(out, 'SELECT id, minx FROM "rtree_机构_geom" ORDER BY id')
    assert [fid for fid, _ in found] == [1, 2, 3, 4]
    assert found[3][1] == pytest.approx(115.901, abs=1e-4)
    sql = "SELECT feature_count FROM gpkg_ogr_contents WHERE table_name = '机构'"
    assert rows(out, sql) == [(4,)]
    info = pyogrio.read_info(out, layer="机构", force_total_bounds=True)
    assert info["total_bounds"] == pytest.approx((115.9, 28.5, 116.101, 28.801))
    near = pyogrio.read_dataframe(
        out, layer="机构", bbox=(115.9005, 28.69, 115.902, 28.71)
    )
    assert near["机构编号"].tolist() == ["B1"]


def test_points_are_written_in_the_system_of_the_layer(tmp_path, run):
    register = make_register(tmp_path / "register.gpkg", crs="EPSG:4548")
    out = tmp_path / "out.gpkg"
    assert apply(run, register, out) == 0
    frame = pyogrio.read_dataframe(out, layer="机构")
    point = frame.set_index("机构编号").to_crs("EPSG:4490").geometry["B1"]
    assert (point.x, point.y) == (pytest.approx(115.901), pytest.approx(28.7))
    assert frame.geometry.x.min() > 100_000


def test_the_log_is_a_table_that_gis_lists(tmp_path, run):
    out = tmp_path / "out.gpkg"
    assert apply(run, make_register(tmp_path / "register.gpkg"), out) == 0
    assert "allocator_changes" in pyogrio.list_layers(out)[:, 0]
    log = pyogrio.read_dataframe(out, layer="allocator_changes")
    beds = log[(log["site_id"] == "A1") & (log["item"] == "beds")].iloc[0]
    assert (beds["what"], beds["before"], beds["after"]) == ("amount", "30", "50")
    assert len(beds["run"]) == 64


def test_applying_twice_changes_no_byte(tmp_path, run, capsys):
    one, two = tmp_path / "one.gpkg", tmp_path / "two.gpkg"
    assert apply(run, make_register(tmp_path / "register.gpkg"), one) == 0
    capsys.readouterr()
    assert apply(run, one, two, "--json") == 0
    assert json.loads(capsys.readouterr().out)["applied_before"] is True
    assert two.read_bytes() == one.read_bytes()


def test_the_same_register_gives_the_same_bytes(tmp_path, run):
    register = make_register(tmp_path / "register.gpkg")
    one, two = tmp_path / "one.gpkg", tmp_path / "two.gpkg"
    assert apply(run, register, one) == 0
    assert apply(run, register, two) == 0
    assert two.read_bytes() == one.read_bytes()


def test_polygons_take_no_points(tmp_path, run, capsys):
    path = tmp_path / "register.gpkg"
    shapes = [point.buffer(0.01) for point in POINTS]
    frame = gpd.GeoDataFrame(COLUMNS, geometry=shapes, crs="EPSG:4490")
    pyogrio.write_dataframe(frame, path, layer="机构", driver="GPKG")
    assert apply(run, path, tmp_path / "out.gpkg", "--json") == 3
    said = json.loads(capsys.readouterr().out)
    assert "layer-not-points" in [f["code"] for f in said["findings"]]
    assert not (tmp_path / "out.gpkg").exists()


def test_a_register_open_elsewhere_is_refused(tmp_path, run, capsys):
    register = make_register(tmp_path / "register.gpkg")
    with closing(sqlite3.connect(register)) as base:
        base.execute("PRAGMA journal_mode=WAL")
        base.execute("UPDATE layer_styles SET styleQML = 'new'")
        base.commit()
        assert apply(run, register, tmp_path / "out.gpkg", "--json") == 3
    said = json.loads(capsys.readouterr().out)
    assert "register-open" in [f["code"] for f in said["findings"]]


def test_what_the_layer_refuses_is_a_finding(tmp_path, run, capsys):
    register = make_register(tmp_path / "register.gpkg")
    with closing(sqlite3.connect(register)) as base:
        base.execute(
            'CREATE TRIGGER no BEFORE INSERT ON "机构"'
            " BEGIN SELECT RAISE(ABORT, 'locked'); END"
        )
        base.commit()
    assert apply(run, register, tmp_path / "out.gpkg", "--json") == 3
    said = json.loads(capsys.readouterr().out)
    assert "layer-refused" in [f["code"] for f in said["findings"]]
    assert not list(tmp_path.glob(".out*"))
