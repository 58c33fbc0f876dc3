"""Shapes and people as check and plan show them, and what their pages promise."""

from __future__ import annotations

import csv
import json
import re
import tomllib
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely

from allocator.cli.main import run
from allocator.load.brief import AreaSection, DemandSection
from allocator.load.repairs import COLUMNS
from allocator.policy import read_policy
from tests.cli.small_task import write_task
from tests.load.rasters import write_raster

DOCS = Path(__file__).resolve().parents[2] / "docs"
PEOPLE = {
    "360901001": ("东街道", "360901", "街道", 40000, 115.9, 28.7),
    "360901100": ("北镇", "360901", "镇", 20000, 115.9, 28.8),
    "360902100": ("南镇", "360902", "镇", 30000, 116.1, 28.5),
    "360902200": ("西乡", "360902", "乡", 10000, 116.0, 28.5),
}


@pytest.fixture
def task(tmp_path):
    """Return the small task with square zones, two of which overlap a little."""
    path = write_task(
        tmp_path,
        brief=(
            'source = "zones"',
            'source = "raster"\nfile = "ppp.tif"\ncell_m = 2000',
        ),
    )
    path.write_text(path.read_text("utf-8").replace("zones.csv", "zones.geojson"))
    shapes = [
        shapely.box(x - 0.05, y - 0.05, x + 0.05, y + 0.05 + 0.0003 * (n == 0))
        for n, (*_, x, y) in enumerate(PEOPLE.values())
    ]
    rows = [
        dict(
            zip(("name", "county_id", "kind", "population"), values[:4], strict=True),
            zone_id=zone_id,
        )
        for zone_id, values in PEOPLE.items()
    ]
    gpd.GeoDataFrame(rows, geometry=shapes, crs="EPSG:4490").to_file(
        tmp_path / "zones.geojson"
    )
    cells = np.random.default_rng(5).gamma(0.4, 20.0, (90, 70)).astype("float32")
    write_raster(tmp_path / "ppp.tif", cells, west=115.82, north=28.88)
    return path


def test_check_gives_people_by_county_before_and_after(task, capsys):
    assert run(["check", str(task), "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    first, second = answer["people_by_county"]
    assert (first["name"], first["stated"], first["people"]) == ("甲区", 60000, 60000)
    assert (second["stated"], second["people"]) == (40000, 40000)
    assert first["source"] > 1000
    (repair,) = answer["repairs"]
    assert (repair["code"], repair["places"]) == ("overlap-given", 1)
    assert repair["people"] > 0
    assert {"raster-scaled", "overlap-given"} <= {f["code"] for f in answer["findings"]}
    assert answer["understood"]["people"] == 100_000


def test_check_prints_repairs_and_totals(task, capsys):
    assert run(["check", str(task), "--lang", "en"]) == 0
    out = capsys.readouterr().out
    assert re.search(r"shapes repaired, overlap-given: 1 places, [\d,]+ m²", out)
    total = next(line for line in out.splitlines() if line.startswith("total"))
    assert total.split()[1] == total.split()[3] == "100,000"


def test_a_run_keeps_what_changed_and_where_people_went(task, tmp_path):
    target = tmp_path / "run"
    assert run(["plan", str(task), "-o", str(target), "-q"]) == 0
    with (target / "geometry.csv").open(encoding="utf-8-sig") as file:
        (row,) = csv.DictReader(file)
    assert tuple(row) == COLUMNS
    assert (row["code"], row["changed"]) == ("overlap-given", "True")
    with (target / "population.csv").open(encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    assert [int(r["people"]) for r in rows] == [40000, 20000, 30000, 10000]
    certificate = json.loads((target / "run.json").read_text("utf-8"))
    assert any("ppp.tif" in note["zh"] for note in certificate["notes"])
    assert "ppp.tif" in json.dumps(certificate["inputs"])


def test_a_run_without_repairs_has_no_geometry_csv(tmp_path):
    target = tmp_path / "run"
    brief = write_task(tmp_path)
    assert run(["plan", str(brief), "-o", str(target), "-q"]) == 0
    assert not (target / "geometry.csv").exists()
    assert not (target / "population.csv").exists()


# --- The pages ------------------------------------------------------------------------


def snippets(page: str) -> list[dict[str, object]]:
    text = (DOCS / page).read_text("utf-8")
    blocks = re.findall(r"```toml\n(.*?)```", text, re.DOTALL)
    return [tomllib.loads(block) for block in blocks]


def test_limits_on_the_page_are_the_defaults():
    (written,) = snippets("geometry.md")
    stated = AreaSection.model_validate(written["area"])
    assert stated == AreaSection(zones="zones.geojson", sites="sites.csv")


def test_snippets_of_the_population_page_are_understood(tmp_path):
    raster, rule, growth = snippets("population.md")
    assert DemandSection.model_validate(raster["demand"]).source == "raster"
    section = DemandSection.model_validate(growth["demand"])
    assert section.growth_yearly_percent == {"360102": 0.5, "other": -0.2}
    text = (DOCS / "population.md").read_text("utf-8")
    block = re.search(r"```toml\n(\[\[rule\]\].*?)```", text, re.DOTALL)
    assert block is not None
    assert rule
    pack = '[pack]\nid = "old"\ntitle = "old"\n[[resource]]\nid = "beds"\nname = "床"\n'
    (tmp_path / "old.toml").write_text(pack + block[1], "utf-8")
    policy, findings = read_policy(["old.toml"], {}, tmp_path)
    assert policy is not None, findings
    assert policy.rules[0].denominator == "zones:population_65"  # type: ignore[attr-defined]


@pytest.mark.parametrize("page", ["geometry.md", "population.md"])
def test_commands_of_the_pages_run(page, task, monkeypatch, capsys):
    monkeypatch.chdir(task.parent)
    text = (DOCS / page).read_text("utf-8")
    commands = re.findall(r"```console\n(.*?)\n```", text, re.DOTALL)
    assert commands
    for command in commands:
        assert run(command.split()[1:]) == 0
    capsys.readouterr()


def test_every_finding_named_on_the_pages_exists():
    source = "".join(
        path.read_text("utf-8") for path in (DOCS.parent / "allocator").rglob("*.py")
    )
    for page in ("geometry.md", "population.md"):
        text = (DOCS / page).read_text("utf-8")
        named = re.findall(r"`([a-z]+(?:-[a-z]+)+)`", text)
        assert len(named) > 5
        for code in named:
            assert f'"{code}"' in source, code
