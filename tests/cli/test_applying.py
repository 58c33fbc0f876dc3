"""From a plan through its review into the register, and back in as today's state."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyogrio
import pytest

from allocator.cli.main import run
from allocator.formulation import find_holdings
from allocator.pipeline import read_run, read_task
from tests.cli.small_task import COSTS, PACK, SITES, write_task

ROOT = Path(__file__).resolve().parents[2]
BEDS = """
[[resource]]
id = "beds"
name = "床位"
unit = "张"
at = { class = ["C210"] }
most_per_site = 100

[[rule]]
id = "R4"
clause = "四"
quote = "每千人口床位 1 张"
kind = "rate"
resource = "beds"
per = 1000
lo = 1
"""
OLD_LAST = "B2,东街道备选二,115.910,28.710,candidate,360901001,B100\n"


def with_beds(text):
    beds = {"A1": "30", "A2": "20", "A3": "10"}
    lines = text.splitlines()
    return "\n".join(
        f"{line},{'beds' if at == 0 else beds.get(line.split(',')[0], '')}"
        for at, line in enumerate(lines)
    )


@pytest.fixture(scope="module")
def planned(tmp_path_factory):
    """A task with beds, its plan, and the form of its review, all of it accepted."""
    folder = tmp_path_factory.mktemp("apply")
    brief = write_task(
        folder / "task",
        sites=(SITES, with_beds(SITES)),
        costs=(
            COSTS,
            COSTS.replace("yearly_wan\n", "yearly_wan,resource\n", 1)
            .replace("2000,300", "2000,300,")
            .replace("130,60", "130,60,")
            + ",add,10,1,beds\n",
        ),
        small=(PACK, PACK + BEDS),
    )
    assert run(["plan", str(brief), "-o", str(folder / "run"), "-q"]) == 0
    accept_all(folder / "run")
    return brief, folder / "run"


def accept_all(folder):
    form = pd.read_csv(folder / "decisions.csv", dtype=str, keep_default_na=False)
    form["verdict"] = "accept"
    form["date"] = "2026-03-01"
    form.to_csv(folder / "decisions.csv", index=False, encoding="utf-8")


def as_csv(brief):
    return brief.with_name("sites.csv")


def as_gb18030(brief):
    path = brief.with_name("机构.csv")
    text = as_csv(brief).read_text("utf-8")
    for name, heading in (
        ("site_id", "机构编号"),
        ("name", "机构名称"),
        ("status", "状态"),
        ("beds", "实有床位(张)"),
    ):
        text = text.replace(name, heading, 1)
    path.write_bytes(text.replace("\n", "\r\n").encode("gb18030"))
    return path


def as_workbook(brief):
    path = brief.with_name("机构.xlsx")
    table = pd.read_csv(as_csv(brief), dtype={"zone_id": str})
    with pd.ExcelWriter(path, engine="openpyxl") as writer:
        table.to_excel(writer, sheet_name="机构", index=False, startrow=1)
        writer.sheets["机构"]["A1"] = "某市医疗机构登记表"
    return path


def as_layer(brief):
    path = brief.with_name("机构.gpkg")
    table = pd.read_csv(as_csv(brief), dtype={"zone_id": str})
    points = gpd.points_from_xy(table.pop("lon"), table.pop("lat"))
    frame = gpd.GeoDataFrame(table, geometry=points, crs="EPSG:4490")
    pyogrio.write_dataframe(frame, path, layer="sites", driver="GPKG")
    return path


@pytest.mark.parametrize("made", [as_csv, as_gb18030, as_workbook, as_layer])
def test_the_register_holds_what_was_accepted(planned, tmp_path, made):
    brief, folder = planned
    register = made(brief)
    out = tmp_path / f"out{register.suffix}"
    assert run(["apply", str(folder), "--register", str(register), "-o", str(out)]) == 0
    target = write_task(
        tmp_path / "next",
        brief=('sites = "sites.csv"', f'sites = "{out.as_posix()}"'),
        small=(PACK, PACK + BEDS),
    )
    task = read_task(target)
    plan = read_run(folder)
    holdings = find_holdings(task.area, task.policy)
    assert holdings.today == plan.held
    assert {("A1", "emergency_station"), ("A2", "emergency_station")} < plan.held
    assert {s for s, k in plan.held if k == "community_health_center"} & {"B1", "B2"}
    # What was added stands in the column, and what was there still does.
    added = plan.allocations.set_index("site_id")["amount"]
    assert added.sum() == 40
    beds = task.area.sites["beds"].fillna(0)
    assert beds.sum() == 60 + 40
    assert beds["A3"] == 10


def test_the_next_plan_needs_no_money(planned, tmp_path, capsys):
    brief, folder = planned
    out = tmp_path / "out.csv"
    register = str(as_csv(brief))
    assert run(["apply", str(folder), "--register", register, "-o", str(out)]) == 0
    target = write_task(
        tmp_path / "next",
        brief=("capital_wan = 5000", "capital_wan = 0.01"),
        small=(PACK, PACK + BEDS),
    )
    target.with_name("sites.csv").write_bytes(out.read_bytes())
    capsys.readouterr()
    assert run(["audit", str(target), "--json"]) == 0
    verdicts = {
        (r["rule_id"], r["verdict"]) for r in json.loads(capsys.readouterr().out)
    }
    met = {(rule, "met") for rule in ("R1", "R2", "R4")}
    assert verdicts == {*met, ("R3", "tracked")}
    assert run(["plan", str(target), "-o", str(tmp_path / "again"), "-q"]) == 0
    rows = pd.read_csv(tmp_path / "again" / "placements.csv")
    assert set(rows["action"]) == {"keep"}
    assert rows["capital_wan"].sum() == 0
    # Before, the same rules could not be kept without money.
    target.with_name("sites.csv").write_bytes(as_csv(brief).read_bytes())
    assert run(["plan", str(target), "-o", str(tmp_path / "no"), "-q"]) == 5


def test_json_is_for_machines_and_tables_for_people(planned, tmp_path, capsys):
    brief, folder = planned
    arguments = ["apply", str(folder), "--register", str(as_csv(brief))]
    assert run([*arguments, "-o", str(tmp_path / "one.csv"), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["placements"] == 3
    assert said["rows_added"] == []
    assert "services" in said["columns_added"]
    assert run([*arguments, "-o", str(tmp_path / "two.csv"), "--lang", "en"]) == 0
    out = capsys.readouterr().out
    assert "3 accepted placements at 3 sites" in out
    assert str(tmp_path / "two.csv") in out


def test_commands_of_the_page_run(planned, tmp_path, monkeypatch, capsys):
    brief, folder = planned
    monkeypatch.chdir(tmp_path)
    (tmp_path / "run").symlink_to(folder)
    (tmp_path / "登记表.csv").write_bytes(as_csv(brief).read_bytes())
    (tmp_path / "登记表.xlsx").write_bytes(as_workbook(brief).read_bytes())
    page = (ROOT / "docs" / "register.md").read_text("utf-8")
    blocks = re.findall(r"```console\n(.*?)```", page, re.DOTALL)
    commands = [line for block in blocks for line in block.splitlines() if line.strip()]
    assert len(commands) >= 3
    for command in commands:
        assert run(shlex.split(command)[1:]) == 0, command
        capsys.readouterr()
    assert (tmp_path / "新登记表.csv.changes.csv").exists()
