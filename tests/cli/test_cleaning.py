"""``allocator check --fix``: the same area without a guess, and no original touched."""

from __future__ import annotations

import csv
import hashlib
import json

import geopandas as gpd
import pandas as pd
import pytest

from allocator.cli.main import run
from allocator.load import read_area, read_brief
from tests.cli.small_task import write_task
from tests.load.bad_tables import CASES, READ

# What is left to say of cleaned tables: doubts that no rewriting settles.
STAYS = {"zone-id-form", "code-old", "class-unlisted", "unit-suspect", "county-empty"}
DIRTY = [case for case in CASES if case.exit_code == READ]


def hashes(folder):
    return {
        path.relative_to(folder): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def area_of(path):
    brief, _ = read_brief(path)
    assert brief is not None
    area, findings = read_area(brief)
    assert area is not None, [f.say("en") for f in findings]
    return area, findings


def rows_of(path):
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def assert_same(one, two):
    for name in ("zones", "counties", "sites", "demand"):
        a, b = getattr(one, name), getattr(two, name)
        pd.testing.assert_frame_equal(
            pd.DataFrame(a.drop(columns="geometry", errors="ignore")),
            pd.DataFrame(b.drop(columns="geometry", errors="ignore")),
            check_like=True,
            check_dtype=False,
            obj=name,
        )


@pytest.mark.parametrize("case", DIRTY, ids=lambda case: case.name)
def test_cleaned_tables_give_the_same_area_without_remarks(case, tmp_path, capsys):
    brief = write_task(tmp_path / "task")
    for name, content in case.files.items():
        (tmp_path / "task" / name).write_bytes(content)
    brief.write_text(case.brief_text(), encoding="utf-8")
    before = hashes(tmp_path / "task")
    assert run(["check", str(brief), "--fix", str(tmp_path / "new"), "-q"]) == 0
    assert hashes(tmp_path / "task") == before
    assert {p.name for p in tmp_path.iterdir()} == {"task", "new"}
    old, _ = area_of(brief)
    new, rest = area_of(tmp_path / "new" / "brief.toml")
    assert_same(old, new)
    assert {f.code for f in rest} <= STAYS, [f.say("en") for f in rest]
    changes = rows_of(tmp_path / "new" / "changes.csv")
    assert all(change["why"] and change["file"] for change in changes)
    capsys.readouterr()


def test_every_change_is_told_with_before_after_and_why(tmp_path):
    brief = write_task(
        tmp_path / "task",
        zones=("population", "常住人口(千人)"),
        sites=("C220", "乡卫生院"),
    )
    zones = tmp_path / "task" / "zones.csv"
    text = zones.read_text("utf-8").replace("40000", "４０")
    zones.write_text(text + "合计,,,,60040\n", "utf-8")
    new = tmp_path / "new"
    assert run(["check", str(brief), "--fix", str(new), "-q"]) == 0
    changes = {
        (c["file"], c["row"], c["column"]): c for c in rows_of(new / "changes.csv")
    }
    first = changes["zones.csv", "第2行 360901001", "常住人口(千人)"]
    assert (first["before"], first["after"]) == ("４０", "40000")
    assert "× 1000" in first["why"]
    kept = changes["sites.csv", "第4行 A3", "class"]
    assert (kept["before"], kept["after"]) == ("乡卫生院", "C220")
    total = changes["zones.csv", "第6行", "*"]
    assert total["before"] == "合计 60040"
    mapping = {m["heading"]: m for m in rows_of(new / "mapping.csv")}
    people = mapping["常住人口(千人)"]
    assert (people["column"], people["unit"], people["factor"]) == (
        "population",
        "人",
        "1000",
    )
    raw = (new / "zones.csv").read_bytes()
    assert raw.startswith(b"\xef\xbb\xbfzone_id,name,county_id,kind,population,")
    assert (new / "packs" / "small.toml").exists()


def test_layers_are_cleaned_to_geopackages(tmp_path):
    brief = write_task(tmp_path / "task", brief=('"zones.csv"', '"zones.geojson"'))
    table = pd.read_csv(tmp_path / "task" / "zones.csv", dtype={"zone_id": str})
    side = gpd.points_from_xy(table["lon"], table["lat"]).buffer(0.05, cap_style=3)
    layer = gpd.GeoDataFrame(table, geometry=side, crs="EPSG:4490").to_crs(4548)
    layer.to_file(tmp_path / "task" / "zones.geojson")
    new = tmp_path / "new"
    assert run(["check", str(brief), "--fix", str(new), "-q"]) == 0
    written = gpd.read_file(new / "zones.gpkg")
    assert written.crs == "EPSG:4490"
    assert written["zone_id"].tolist()[0] == "360901001"
    old, _ = area_of(brief)
    cleaned, _ = area_of(new / "brief.toml")
    assert_same(old, cleaned)
    assert cleaned.zones.geometry.geom_equals(old.zones.geometry).all()


def test_a_folder_that_exists_is_kept_without_force(tmp_path, capsys):
    brief = write_task(tmp_path / "task")
    new = tmp_path / "new"
    assert run(["check", str(brief), "--fix", str(new), "-q"]) == 0
    before = hashes(new)
    assert run(["check", str(brief), "--fix", str(new), "-q"]) == 3
    assert "--force" in capsys.readouterr().err
    assert hashes(new) == before
    assert run(["check", str(brief), "--fix", str(new), "-q", "--force"]) == 0
    assert hashes(new) == before


def test_originals_are_never_replaced_even_by_force(tmp_path):
    brief = write_task(tmp_path / "task")
    before = hashes(tmp_path / "task")
    for target in (tmp_path / "task", tmp_path):
        assert run(["check", str(brief), "--fix", str(target), "--force", "-q"]) == 3
    assert hashes(tmp_path / "task") == before


def test_nothing_is_written_where_a_table_is_wrong(tmp_path):
    brief = write_task(tmp_path / "task", zones=("40000", "很多"))
    assert run(["check", str(brief), "--fix", str(tmp_path / "new"), "-q"]) == 3
    assert {p.name for p in tmp_path.iterdir()} == {"task"}


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_mapping_is_printed_before_the_results(tmp_path, capsys, language):
    brief = write_task(tmp_path, zones=("population", "人口(2023年)"))
    assert run(["check", str(brief), "--lang", language]) == 0
    out = capsys.readouterr().out
    word = {"zh": "存疑: 单位是推定的", "en": "doubtful: the unit is assumed"}[language]
    assert word in out
    assert out.index("人口(2023年)") < out.index(
        {"zh": "名称: ", "en": "name: "}[language]
    )


def test_the_mapping_is_shown_also_where_a_file_is_refused(tmp_path, capsys):
    brief = write_task(tmp_path, zones=("40000", "很多"))
    assert run(["check", str(brief)]) == 3
    assert "常住人口" in capsys.readouterr().out
    assert run(["check", str(brief), "--json"]) == 3
    files = json.loads(capsys.readouterr().out)["files"]
    zones = next(one for one in files if one["table"] == "zones")
    people = next(c for c in zones["columns"] if c["column"] == "population")
    assert (people["position"], people["factor"], people["doubtful"]) == (
        "E",
        1.0,
        False,
    )
    assert zones["encoding"] == "UTF-8"
    assert zones["heading_rows"] == [1]
