from __future__ import annotations

import io
from pathlib import Path
from tempfile import TemporaryDirectory

import geopandas as gpd
import pandas as pd
import pyogrio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from allocator.errors import Severity
from tests.load.small_area import (
    SITES_CSV,
    area_of,
    brief_with,
    codes,
    only,
    read_all,
    write_area,
    zones_csv,
    zones_frame,
)


def workbook(text: str) -> bytes:
    frame = pd.read_csv(io.StringIO(text), dtype=str, keep_default_na=False)
    buffer = io.BytesIO()
    frame.to_excel(buffer, index=False)
    return buffer.getvalue()


def test_the_area_of_geojson_and_csv(tmp_path):
    area = area_of(write_area(tmp_path))
    assert list(area.zones.index) == [
        "360102001",
        "360102101",
        "360121101",
        "360121201",
    ]
    assert area.zones["population"].tolist() == [1000, 500, 300, 200]
    assert area.zones["urban"].tolist() == [True, False, False, False]
    assert area.zones.crs == "EPSG:4490"
    assert area.sites["zone_id"].tolist() == ["360102001", "360102101", "360121101"]
    assert area.sites["county_id"].tolist() == ["360102", "360102", "360121"]
    assert area.sites["class"].tolist() == ["B100", "C210", ""]
    assert area.sites["services"].tolist() == [(), (), ()]
    assert area.sites["branch"].tolist() == [False] * 3
    assert area.sites["capacity_people"].isna().all()
    assert not {"level", "public", "beds"} & set(area.sites.columns)
    assert area.demand["people"].tolist() == [1000, 500, 300, 200]
    assert area.costs is None


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16"])
def test_csv_in_any_usual_encoding(tmp_path, encoding):
    path = write_area(tmp_path, sites__csv=SITES_CSV.encode(encoding))
    area, findings = read_all(path)
    assert area is not None
    assert area.sites["name"].tolist() == ["甲中心", "乙卫生院", "丙备选"]
    assert ("file-encoding" in codes(findings)) is encoding.startswith("gb")


def test_workbook_equals_csv(tmp_path):
    brief = brief_with(sites="sites.xlsx")
    path = write_area(tmp_path, sites__xlsx=workbook(SITES_CSV), brief__toml=brief)
    expected = area_of(write_area(tmp_path / ".", brief__toml=brief_with()))
    path.write_text(brief, encoding="utf-8")
    pd.testing.assert_frame_equal(area_of(path).sites, expected.sites)


def test_a_number_typed_as_an_id_in_a_workbook_stays_an_id(tmp_path):
    frame = pd.read_csv(io.StringIO(zones_csv()))
    frame["zone_id"] = frame["zone_id"].astype(float)
    frame.to_excel(tmp_path / "zones.xlsx", index=False)
    path = write_area(tmp_path, brief__toml=brief_with(zones="zones.xlsx"))
    assert area_of(path).zones.index[0] == "360102001"


@pytest.mark.parametrize("suffix", ["gpkg", "shp", "fgb", "geojson"])
def test_every_layer_format_gives_the_same_zones(tmp_path, suffix):
    name = f"z.{suffix}"
    zones_frame().to_file(tmp_path / name)
    area = area_of(write_area(tmp_path, brief__toml=brief_with(zones=name)))
    assert area.zones["population"].tolist() == [1000, 500, 300, 200]
    assert area.zones["name"].tolist() == ["甲街道", "乙镇", "丙镇", "丁乡"]


@pytest.mark.parametrize(("encoding", "noted"), [("GBK", True), ("UTF-8", False)])
def test_shapefile_without_cpg(tmp_path, encoding, noted):
    frame = zones_frame().rename(columns={"name": "名称", "population": "人口"})
    pyogrio.write_dataframe(frame, tmp_path / "z.shp", encoding=encoding)
    (tmp_path / "z.cpg").unlink()
    path = write_area(tmp_path, brief__toml=brief_with(zones="z.shp"))
    area, findings = read_all(path)
    assert area is not None, [f.say("en") for f in findings]
    assert area.zones["name"].tolist() == ["甲街道", "乙镇", "丙镇", "丁乡"]
    assert ("file-encoding" in codes(findings)) is noted


def test_field_names_cut_by_a_shapefile_are_recognised(tmp_path):
    frame = pd.read_csv(io.StringIO(SITES_CSV), dtype=str, keep_default_na=False)
    frame["capacity_p"] = "5000"
    layer = gpd.GeoDataFrame(
        frame.drop(columns=["lon", "lat"]),
        geometry=gpd.points_from_xy(
            frame["lon"].astype(float), frame["lat"].astype(float)
        ),
        crs="EPSG:4490",
    )
    layer.to_file(tmp_path / "s.shp")
    area = area_of(write_area(tmp_path, brief__toml=brief_with(sites="s.shp")))
    assert area.sites["capacity_people"].tolist() == [5000.0] * 3
    assert area.sites["lon"].round(6).tolist() == [115.85, 115.95, 116.05]


def test_a_title_above_the_headings_is_passed_over(tmp_path):
    path = write_area(tmp_path, sites__csv="南昌市医疗机构一览表\n" + SITES_CSV)
    area, findings = read_all(path)
    assert area is not None
    assert only(findings, "heading-row").message.zh == "第2行作为表头"
    bad = "一览表\n\n" + SITES_CSV.replace("existing", "exists", 1)
    _, findings = read_all(write_area(tmp_path, sites__csv=bad))
    assert only(findings, "choice-unknown").keys == ("第4行 S1",)


def test_rows_of_totals_are_left_out(tmp_path):
    path = write_area(
        tmp_path,
        zones__csv=zones_csv() + "合 计,,,,2000,,\n",
        brief__toml=brief_with(zones="zones.csv"),
    )
    area, findings = read_all(path)
    assert area is not None
    assert len(area.zones) == 4
    assert only(findings, "total-row-skipped").keys == ("第6行",)


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("s.csv", b"", "file-empty"),
        ("s.csv", b"\n\n", "file-empty"),
        ("s.csv", SITES_CSV.splitlines()[0].encode(), "table-empty"),
        ("s.csv", b"site_id,name\n,\n", "table-empty"),
        ("s.csv", bytes(range(256)) * 4, "file-encoding"),
        ("s.csv", b'site_id,name\n"S1,x\n', "file-unreadable"),
        ("s.csv", SITES_CSV.encode() + b"S4,a,1,2,existing,,,x\n", "row-too-long"),
        ("s.xlsx", workbook(SITES_CSV)[:900], "file-unreadable"),
        ("s.xlsx", b"not a workbook", "file-unreadable"),
        ("s.xls", bytes(range(256)) * 4, "file-unreadable"),
        (
            "s.geojson",
            b'{"type": "FeatureCollection", "features": [',
            "file-unreadable",
        ),
        ("s.geojson", b'{"a": 1}', "file-unreadable"),
        (
            "s.geojson",
            b'{"type": "FeatureCollection", "features": []}',
            "table-empty",
        ),
        ("s.geojson", b"<OGRVRTDataSource></OGRVRTDataSource>", "file-unreadable"),
        ("s.gpkg", b"SQLite format 3\0 and no more", "file-unreadable"),
        ("s.shp", b"\x00\x00\x27\x0a", "file-unreadable"),
        ("s.fgb", b"fgb\x03fgb\x00aaaa", "table-empty"),
        ("s.docx", b"PK", "format-unknown"),
    ],
)
def test_a_broken_file_is_a_finding(tmp_path, name, content, code):
    (tmp_path / name).write_bytes(content)
    area, findings = read_all(write_area(tmp_path, brief__toml=brief_with(sites=name)))
    assert area is None
    finding = only(findings, code)
    assert finding.severity is Severity.ERROR
    assert finding.table == name


@settings(max_examples=30, deadline=None)
@given(
    st.sampled_from(["s.csv", "s.xlsx", "s.geojson"]),
    st.integers(0, 10_000),
    st.integers(0, 12),
    st.sampled_from(
        [b"", b"nan", b"inf", b"-1", b"1e309", b"\xff", b'"', b",", b"\n", b"0"]
    ),
)
def test_no_damage_to_a_file_raises(name, at, length, instead):
    with TemporaryDirectory() as made:
        folder = Path(made)
        contents = {
            "s.csv": SITES_CSV.encode(),
            "s.xlsx": workbook(SITES_CSV),
            "s.geojson": zones_frame().to_json().encode(),
        }
        content = contents[name]
        at %= len(content)
        (folder / name).write_bytes(content[:at] + instead + content[at + length :])
        key = "zones" if name == "s.geojson" else "sites"
        path = write_area(folder, brief__toml=brief_with(**{key: name}))
        area, findings = read_all(path)
        wrong = [f for f in findings if f.severity is Severity.ERROR]
        assert (area is None) is bool(wrong)


def test_a_folder_or_nothing_in_place_of_a_file(tmp_path):
    (tmp_path / "s.csv").mkdir()
    _, findings = read_all(write_area(tmp_path, brief__toml=brief_with(sites="s.csv")))
    assert only(findings, "file-unreadable").table == "s.csv"
    _, findings = read_all(write_area(tmp_path, brief__toml=brief_with(sites="t.csv")))
    assert only(findings, "file-missing").table == "t.csv"


def test_findings_of_all_files_come_at_once(tmp_path):
    path = write_area(
        tmp_path,
        zones__csv=zones_csv(population=-5),
        sites__csv=SITES_CSV.replace("C210", "X9"),
        costs__csv="service,action,capital_wan\nx,build,-1\n",
        brief__toml=brief_with(zones="zones.csv", costs="costs.csv"),
    )
    area, findings = read_all(path)
    assert area is None
    wrong = {(f.table, f.code) for f in findings if f.severity is Severity.ERROR}
    assert wrong == {
        ("zones.csv", "number-negative"),
        ("sites.csv", "class-unknown"),
        ("costs.csv", "number-negative"),
    }
