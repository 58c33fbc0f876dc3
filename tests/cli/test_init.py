"""A workspace from a planner's own files."""

from __future__ import annotations

import hashlib
import json
import tomllib
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from allocator.cli.main import run
from allocator.resources import samples_folder
from tests.cli.small_task import COSTS, COUNTIES, SITES, ZONES
from tests.load.small_area import zones_frame


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """Files under names that say nothing, with Chinese headings, one of them in GBK."""
    folder = tmp_path / "own"
    folder.mkdir()
    zones = ZONES.replace(
        "zone_id,name,county_id,kind,population,urban,lon,lat",
        "区划代码,乡镇名称,县区代码,类型,常住人口,是否城镇,经度,纬度",
    )
    sites = SITES.replace(
        "site_id,name,lon,lat,status,zone_id,class",
        "机构ID,机构名称,经度,纬度,状态,乡镇街道代码,卫生机构类别代码",
    )
    (folder / "表1.csv").write_bytes(zones.encode("gb18030"))
    (folder / "表2.csv").write_text(COUNTIES, encoding="utf-8")
    (folder / "表3.csv").write_text(sites, encoding="utf-8-sig")
    (folder / "表4.csv").write_text(COSTS, encoding="utf-8")
    (folder / "说明.docx").write_bytes(b"PK")
    return folder


def start(target, *sources, extra=()):
    return run(["init", str(target), *map(str, sources), "-q", *extra])


def brief_in(folder):
    return tomllib.loads((folder / "brief.toml").read_text(encoding="utf-8"))


def digests(folder):
    return {p.name: hashlib.sha256(p.read_bytes()).digest() for p in folder.iterdir()}


def test_files_are_told_apart_by_their_headings(own, tmp_path, capsys):
    before = digests(own)
    assert start(tmp_path / "w", own) == 0
    area = brief_in(tmp_path / "w")["area"]
    assert area == {
        "zones": "表1.csv",
        "counties": "表2.csv",
        "sites": "表3.csv",
        "costs": "表4.csv",
    }
    assert brief_in(tmp_path / "w")["demand"] == {"source": "zones"}
    assert "常住人口 → population" in capsys.readouterr().out
    assert digests(own) == before
    assert not (tmp_path / "w" / "说明.docx").exists()


def test_the_proposed_brief_is_one_that_can_be_read(own, tmp_path):
    assert start(tmp_path / "w", own) == 0
    # The counties of this area have no facility that national clauses are about.
    code = run(["check", str(tmp_path / "w" / "brief.toml"), "-q"])
    assert code in (0, 5)


def test_single_files_do_as_well_as_a_folder(own, tmp_path, capsys):
    files = [own / "表1.csv", own / "表3.csv"]
    assert start(tmp_path / "w", *files, extra=["--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["used"]["zones"]["mapping"]["常住人口"] == "population"
    assert set(said["used"]) == {"zones", "sites"}
    text = (tmp_path / "w" / "brief.toml").read_text(encoding="utf-8")
    assert "# counties = ..." in text
    assert "# costs = ..." in text


def test_layers_make_a_grid_and_roads_a_network(tmp_path):
    own = tmp_path / "own"
    own.mkdir()
    zones_frame().to_file(own / "bj.shp", encoding="utf-8")
    line = shapely.LineString([(115.8, 28.65), (116.1, 28.65)])
    roads = gpd.GeoDataFrame({"class": ["县道"]}, geometry=[line], crs="EPSG:4490")
    roads.to_file(own / "dl.gpkg")
    (own / "jg.csv").write_text(SITES, encoding="utf-8")
    (own / "rk.tif").write_bytes(b"II*\0")
    assert start(tmp_path / "w", own) == 0
    brief = brief_in(tmp_path / "w")
    assert brief["area"]["zones"] == "bj.shp"
    assert {p.suffix for p in (tmp_path / "w").glob("bj.*")} >= {".shp", ".dbf", ".shx"}
    assert brief["demand"] == {"source": "raster", "file": "rk.tif"}
    assert brief["travel"]["method"] == "network"
    assert brief["travel"]["file"] == "dl.gpkg"


def test_a_register_without_coordinates_is_given_its_places(own, tmp_path):
    table = pd.read_csv(own / "表3.csv", dtype=str)
    points = shapely.points(*table[["经度", "纬度"]].astype(float).to_numpy().T)
    names = {"机构名称": table["机构名称"]}
    layer = gpd.GeoDataFrame(names, geometry=points, crs="EPSG:4490")
    layer.to_file(own / "点.gpkg")
    assert start(tmp_path / "with", own) == 0
    assert "locations" not in brief_in(tmp_path / "with")["area"]
    table.drop(columns=["经度", "纬度"]).to_csv(own / "表3.csv", index=False)
    assert start(tmp_path / "without", own) == 0
    assert brief_in(tmp_path / "without")["area"]["locations"] == "点.gpkg"
    assert run(["check", str(tmp_path / "without" / "brief.toml"), "-q"]) in (0, 5)


def test_a_pack_is_proposed_where_it_names_the_counties(tmp_path):
    assert start(tmp_path / "w", samples_folder() / "nanchang") == 0
    brief = brief_in(tmp_path / "w")
    assert "nanchang-2024" in brief["policy"]["packs"]
    assert brief["policy"]["packs"][-1] == "national"
    assert "p-median" not in brief["policy"]["packs"]
    assert brief["demand"] == {"source": "grid", "cell_m": 1000}
    assert run(["check", str(tmp_path / "w" / "brief.toml"), "-q"]) == 0


def test_of_two_tables_of_one_kind_the_fuller_is_used_and_the_other_named(
    own, tmp_path, capsys
):
    thin = "机构ID,机构名称,经度,纬度\nX1,甲,1,2\n"
    (own / "表5.csv").write_text(thin, encoding="utf-8")
    assert start(tmp_path / "w", own, extra=["--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["used"]["sites"]["file"] == "表3.csv"
    assert {f["table"] for f in said["findings"]} >= {"表5.csv", "说明.docx"}


@pytest.mark.parametrize(
    "content", [b"", b"\xff\xfe\x00", b"a,b\n1,2\n", b"PK\x03\x04"]
)
@pytest.mark.parametrize("name", ["x.csv", "x.xlsx", "x.gpkg", "x.geojson", "x.shp"])
def test_files_that_are_nothing_are_refused_in_words(tmp_path, capsys, name, content):
    (tmp_path / name).write_bytes(content)
    assert start(tmp_path / "w", tmp_path / name) == 3
    said = capsys.readouterr().err
    assert "机构与备选点表" in said
    assert "Traceback" not in said
    assert not (tmp_path / "w").exists()


def test_a_folder_in_use_and_a_missing_file_are_said_together(own, tmp_path, capsys):
    assert start(own, tmp_path / "none.csv") == 3
    said = capsys.readouterr().err
    assert "已存在" in said
    assert "none.csv" in said


def test_a_name_with_quotes_and_breaks_stays_text_in_the_brief(own, tmp_path):
    odd = own / 'a"]\n[x]\n.csv'
    (own / "表3.csv").rename(odd)
    assert start(tmp_path / "w", own) == 0
    assert "x" not in brief_in(tmp_path / "w")
