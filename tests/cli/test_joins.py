"""A register without coordinates through check and plan, as the pages promise."""

from __future__ import annotations

import csv
import json
import re
import shlex
import tomllib
from pathlib import Path

import pandas as pd
import pytest

from allocator.cli.joins import MOST_SHOWN
from allocator.cli.main import run
from allocator.load import read_area, read_brief
from allocator.load.brief import LEAST_CONFIDENCE, AreaSection, CrsSection
from allocator.load.joining import JOIN_COLUMNS
from allocator.load.joining.match import (
    BY_ALIAS,
    BY_CODE,
    BY_NAME,
    BY_SHORT_NAME,
    COUNTY_UNKNOWN,
    OTHER_ENDING,
    SAME_PLACE_M,
)
from allocator.load.joining.units import (
    NAME_OF_SITE,
    STEM_OF_SITE,
    STEM_OF_SITE_ANYWHERE,
    ZONE_CODE,
    ZONE_NAME,
    ZONE_STEM,
)
from allocator.load.offset_evidence import LEAST_FIXED, LEAST_GAIN, MOST_CHANCE
from tests.cli.small_task import SITES, write_task

DOCS = Path(__file__).resolve().parents[2] / "docs"
REGISTER = """机构编号,机构名称,现状,所属乡镇,类别
A1,甲区北镇中心卫生院,现有,北镇,C210
A2,南镇中心卫生院,现有,,C210
A3,西乡卫生院,现有,乙县西乡,C220
B1,东街道备选一,备选,东街道,B100
B2,东街道备选二,备选,360901001,B100
"""
PLACES = """name,code,lon,lat
北镇卫生院,,115.900,28.801
某处,A2,116.101,28.500
西乡卫生院,,116.001,28.500
"""


@pytest.fixture
def task(tmp_path):
    """Return the small task with a register that has no coordinates."""
    path = write_task(
        tmp_path,
        sites=(SITES, REGISTER),
        brief=(
            'sites = "sites.csv"',
            'sites = "sites.csv"\nlocations = "poi.csv"\naliases = "aliases.csv"',
        ),
    )
    (tmp_path / "poi.csv").write_text(PLACES, encoding="utf-8")
    (tmp_path / "aliases.csv").write_text("name,alias\n甲,乙\n", encoding="utf-8")
    return path


def test_check_shows_the_joins_in_short_and_as_data(task, capsys):
    assert run(["check", str(task)]) == 0
    lines = capsys.readouterr().out.splitlines()
    (summary,) = [line for line in lines if line.startswith("关联")]
    assert "按代码关联 (代码) 1" in summary
    assert "所属单元中心 (单元代码) 1" in summary
    assert any("A2 南镇中心卫生院 -> 某处 (代码, 1.00)" in line for line in lines)
    assert run(["check", str(task), "--json"]) == 0
    joins = json.loads(capsys.readouterr().out)["joins"]
    assert {tuple(row) for row in joins} == {JOIN_COLUMNS}
    places = {
        r["site_id"]: r["location_basis"] for r in joins if r["joined"] == "place"
    }
    assert places == {
        "A1": "joined_name",
        "A2": "joined_code",
        "A3": "joined_name",
        "B1": "zone_centre",
        "B2": "zone_centre",
    }


def test_check_shows_no_joins_where_there_are_none(tmp_path, capsys):
    path = write_task(tmp_path)
    assert run(["check", str(path)]) == 0
    assert "关联" not in capsys.readouterr().out
    assert run(["check", str(path), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["joins"] == []


def test_check_in_english_names_the_least_certain_first(task, capsys):
    assert run(["check", str(task), "--lang", "en"]) == 0
    lines = capsys.readouterr().out.splitlines()
    at = next(i for i, line in enumerate(lines) if line.startswith("joined: "))
    shown = [line for line in lines[at + 1 :] if " -> " in line]
    sure = [float(re.findall(r", (\d\.\d\d)\)", line)[0]) for line in shown]
    assert sure == sorted(sure)
    assert len(shown) <= MOST_SHOWN


def test_a_run_keeps_the_joins_and_shows_what_places_rest_on(task, tmp_path, capsys):
    assert run(["plan", str(task), "-o", str(tmp_path / "run")]) == 0
    capsys.readouterr()
    text = (tmp_path / "run" / "joins.csv").read_text("utf-8-sig")
    rows = list(csv.DictReader(text.splitlines()))
    assert tuple(rows[0]) == JOIN_COLUMNS
    assert {row["site_id"] for row in rows} == {"A1", "A2", "A3", "B1", "B2"}
    assert "按代码关联" in (tmp_path / "run" / "map.html").read_text("utf-8")
    inputs = json.loads((tmp_path / "run" / "run.json").read_text("utf-8"))["inputs"]
    assert {"poi.csv", "aliases.csv"} <= {one["file"] for one in inputs}


def test_the_commands_of_the_page_run(task, monkeypatch, capsys):
    monkeypatch.chdir(task.parent)
    page = (DOCS / "joining.md").read_text("utf-8")
    (block,) = re.findall(r"```console\n(.*?)```", page, re.DOTALL)
    for command in block.splitlines():
        program, *arguments = shlex.split(command)
        assert program == "allocator"
        assert run(arguments) == 0, command
        capsys.readouterr()


def snippet(name, section):
    page = (DOCS / name).read_text("utf-8")
    (block,) = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)
    return tomllib.loads(block)[section]


def test_the_snippets_are_sections_of_a_brief(task):
    crs = snippet("coordinates.md", "crs")
    assert CrsSection.model_validate(crs).sites == "GCJ-02"
    area = snippet("joining.md", "area")
    read = AreaSection.model_validate(area | {"zones": "z", "sites": "s"})
    assert read.join_confidence == LEAST_CONFIDENCE
    text = task.read_text("utf-8").replace(
        "[demand]", '[crs]\nsites = "GCJ-02"\n[demand]', 1
    )
    task.write_text(text, encoding="utf-8")
    assert run(["check", str(task), "-q"]) == 0


@pytest.mark.parametrize(
    ("page", "figure"),
    [
        *(
            ("joining.md", f"{figure:.2f}")
            for figure in (
                BY_CODE,
                BY_NAME,
                BY_ALIAS,
                BY_SHORT_NAME,
                OTHER_ENDING,
                COUNTY_UNKNOWN,
                ZONE_CODE,
                ZONE_NAME,
                ZONE_STEM,
                NAME_OF_SITE,
                STEM_OF_SITE,
                STEM_OF_SITE_ANYWHERE,
                LEAST_CONFIDENCE,
            )
        ),
        ("joining.md", f"{SAME_PLACE_M:.0f} m"),
        ("coordinates.md", f"at least {100 * LEAST_FIXED:.0f} %"),
        ("coordinates.md", f"at least {100 * LEAST_GAIN:.0f} percentage points"),
        ("coordinates.md", f"p < {MOST_CHANCE}"),
    ],
)
def test_figures_of_the_pages_are_those_of_the_program(page, figure):
    assert figure in (DOCS / page).read_text("utf-8")


def test_a_cleaned_copy_needs_no_joins_and_no_shifts(task, tmp_path, capsys):
    text = task.read_text("utf-8").replace(
        "[demand]", '[crs]\nsites = "GCJ-02"\nlocations = "GCJ-02"\n[demand]', 1
    )
    task.write_text(text, encoding="utf-8")
    assert run(["check", str(task), "--fix", str(tmp_path / "clean")]) == 0
    capsys.readouterr()
    cleaned = tmp_path / "clean" / "brief.toml"
    content = tomllib.loads(cleaned.read_text("utf-8"))
    assert {"locations", "aliases"}.isdisjoint(content["area"])
    assert content["crs"]["sites"] == "EPSG:4490"
    areas = []
    for path in (task, cleaned):
        brief, _ = read_brief(path)
        assert brief is not None
        area, _ = read_area(brief)
        assert area is not None
        areas.append(area.sites[["lon", "lat", "zone_id", "location_basis"]])
    pd.testing.assert_frame_equal(areas[0], areas[1], check_dtype=False)
    assert areas[0].loc["A1", "lon"] != 115.9
