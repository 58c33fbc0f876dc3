"""Access measures in ``allocator audit``: figures by hand, before and after a plan."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from allocator.cli.main import run
from tests.cli.small_task import write_task

SERVICE = "community_health_center"


def write(folder: Path, *beds: str) -> Path:
    """Write the small task; ``beds`` of A1, A2, A3, B1, B2, or no such column."""
    brief = write_task(folder)
    sites = folder / "sites.csv"
    if beds:
        lines = sites.read_text("utf-8").splitlines()
        cells = ["beds", *beds]
        rows = [f"{line},{cell}" for line, cell in zip(lines, cells, strict=True)]
        sites.write_text("\n".join(rows), "utf-8")
    return brief


@pytest.fixture
def brief(tmp_path: Path) -> Path:
    """Beds of A2 are blank; candidates have none."""
    return write(tmp_path / "task", "20", "", "10", "", "")


@pytest.fixture
def plan(brief: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    """A community health centre is built where 40,000 people live."""
    assert run(["plan", str(brief), "-o", str(tmp_path / "run"), "-q"]) == 0
    capsys.readouterr()
    return tmp_path / "run"


def cells(out: str, title: str) -> list[list[str]]:
    """Return the rows of one table on the screen, split at two spaces."""
    lines = out[out.index(title) :].split("\n\n", maxsplit=1)[0].splitlines()[2:]
    return [[c.strip() for c in line.split("  ") if c.strip()] for line in lines]


def test_audit_of_today_shows_access_below_the_clauses(brief, capsys):
    assert run(["audit", str(brief), "-q"]) == 0
    out = capsys.readouterr().out
    assert out.index("R3") < out.index("可达性(按人口), 现状")
    # Nobody holds the service: one line, no mean of nothing, 40,000 people without.
    assert cells(out, "可达性(按人口)") == [
        ["社区卫生服务中心", "全域", "0", *["0.0%"] * 4, "—", "—", "40,000"]
    ]


def test_beds_per_thousand_are_a_lower_bound_where_cells_are_blank(brief, capsys):
    assert run(["audit", str(brief), "-q"]) == 0
    rows = cells(capsys.readouterr().out, "每千人资源")
    assert rows[0][:6] == ["实有床位", "全域", "100,000", "≥30", "≥0.30", "1"]
    assert rows[1][1:6] == ["甲区", "60,000", "20", "0.33", "0"]
    assert rows[2][1:6] == ["乙县", "40,000", "≥10", "≥0.25", "1"]


def test_verbose_shows_zones_and_an_unknown_amount_is_no_zero(brief, capsys):
    assert run(["audit", str(brief), "-q", "-v"]) == 0
    rows = {r[1]: r[2:] for r in cells(capsys.readouterr().out, "每千人资源")[:-1]}
    assert rows["南镇"][:4] == ["30,000", "—", "—", "1"]
    assert rows["北镇"][:4] == ["20,000", "20", "1.00", "0"]


def test_columns_that_are_not_there_are_said_to_be_missing(tmp_path, capsys):
    assert run(["audit", str(write(tmp_path)), "-q", "--lang", "en"]) == 0
    out = capsys.readouterr().out
    assert "not measured (not zero): beds in place (beds), " in out
    assert "without beds there are no catchment scores" in out
    assert "2SFCA," not in out.replace("(2SFCA), Gini", "")
    assert "per 1000\n" not in out


def test_beds_blank_throughout_give_no_scores(tmp_path, capsys):
    brief = write(tmp_path, "", "", "", "", "")
    assert run(["audit", str(brief), "-q", "--access", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["supply"] is None
    assert "beds" in answer["missing"]
    assert not [r for r in answer["access"] if "2sfca" in r["measure"]]
    beds = {
        r["unit_id"]: r["value"]
        for r in answer["access"]
        if r["measure"] == "beds_per_1000"
    }
    assert [beds[unit] for unit in ("", "360901", "360902100")] == [None] * 3
    assert beds["360901001"] == 0  # no facility stands there


def test_a_plan_is_shown_beside_today(brief, plan, capsys):
    assert run(["audit", str(brief), "--plan", str(plan), "-q"]) == 0
    out = capsys.readouterr().out
    whole, county = cells(out, "可达性(按人口), 现状 → 方案")
    assert whole[:7] == [
        "社区卫生服务中心",
        "全域",
        "0 → 1",
        *["0.0% → 100.0%"] * 4,
    ]
    assert whole[-1] == "40,000 → 0"
    assert county[1:3] == ["甲区", "0 → 1"]  # it is for nobody of 乙县
    # The new centre has no beds yet: what people can reach there is not known.
    beds = cells(out, "30分钟内可及实有床位")[0]
    assert beds[2:6] == ["0 → —", "0 → 1", "0.000 → —", "—"]


def test_only_the_access_measures_are_printed_when_asked(brief, capsys):
    assert run(["audit", str(brief), "-q", "--access"]) == 0
    out = capsys.readouterr().out
    assert "R1" not in out
    assert out.strip().startswith("可达性")


def test_json_of_access_has_names_and_both_states(brief, plan, capsys):
    command = ["audit", str(brief), "--plan", str(plan), "--access", "--json", "-q"]
    assert run([*command, "--lang", "en"]) == 0
    answer = json.loads(capsys.readouterr().out)
    rows = {
        (r["level"], r["service"], r["unit_id"], r["measure"]): r
        for r in answer["access"]
    }
    assert rows["area", SERVICE, "", "people_unreachable"] == {
        "level": "area",
        "service": SERVICE,
        "unit_id": "",
        "measure": "people_unreachable",
        "before": 40000.0,
        "after": 0.0,
        "change": -40000.0,
        "service_name": "社区卫生服务中心",
        "unit": "whole area",
        "title": "people with no holder in reach",
    }
    assert rows["area", SERVICE, "", "minutes_mean"]["before"] is None
    assert rows["zone", "", "360901100", "beds_per_1000"]["unit"] == "北镇"


def test_json_without_the_option_stays_the_list_of_clauses(brief, capsys):
    assert run(["audit", str(brief), "--json", "-q"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [row["rule_id"] for row in rows] == ["R1", "R2", "R3"]


def test_the_csv_is_the_table_of_the_run_folder(brief, plan, tmp_path):
    target = tmp_path / "table.csv"
    command = ["audit", str(brief), "--plan", str(plan), "-q", "-o", str(target)]
    assert run(command) == 0
    assert target.read_bytes() == (plan / "access.csv").read_bytes()


def test_an_existing_csv_is_replaced_only_by_force(brief, tmp_path, capsys):
    target = tmp_path / "table.csv"
    target.write_text("mine", "utf-8")
    assert run(["audit", str(brief), "-q", "-o", str(target)]) == 3
    assert "--force" in capsys.readouterr().err
    assert target.read_text("utf-8") == "mine"
    assert run(["audit", str(brief), "-q", "-o", str(target), "--force"]) == 0
    table = pd.read_csv(target, encoding="utf-8-sig")
    assert table.columns.tolist() == ["level", "service", "unit_id", "measure", "value"]


def test_a_csv_that_cannot_be_written_is_said_in_words(brief, tmp_path, capsys):
    target = tmp_path / "nowhere" / "table.csv"
    assert run(["audit", str(brief), "-q", "-o", str(target)]) == 3
    assert str(target) in capsys.readouterr().err
