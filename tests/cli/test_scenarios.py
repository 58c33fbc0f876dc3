"""``allocator scenarios``: what it writes, says and refuses."""

from __future__ import annotations

import json

import pandas as pd
import pytest

from allocator.cli.main import run
from tests.cli.small_task import write_task

SLOW = """
[[scenario]]
name = "出行慢两成"
travel = 1.25
[[scenario]]
name = "甲区人口多两成"
population = { 360901 = 1.2, other = 1.0 }
[[scenario]]
name = "B1 停用"
out_of_service = ["B1"]
"""


def with_scenarios(folder, text):
    brief = write_task(folder)
    brief.write_text(brief.read_text("utf-8") + text, "utf-8")
    return brief


@pytest.mark.slow
def test_a_brief_without_scenarios_is_held_against_the_default_ones(tmp_path, capsys):
    brief = write_task(tmp_path / "task")
    out = tmp_path / "out"
    assert run(["scenarios", str(brief), "-o", str(out), "--json", "-q"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert [s["name"] for s in said["scenarios"]] == [
        "现有数据",
        "人口多一成",
        "人口少一成",
        "出行慢两成",
        "造价高两成",
        "任一处停用",
    ]
    assert [c["state"] for c in said["robust"]] == ["optimal", "optimal"]
    table = pd.read_csv(out / "scenarios.csv")
    assert set(table["plan"]) == {"nominal", "worst_case", "regret"}
    assert len(table) == 3 * 6
    dear = table[(table["plan"] == "nominal") & (table["scenario"] == "造价高两成")]
    plain = table[(table["plan"] == "nominal") & (table["scenario"] == "现有数据")]
    assert dear["capital_wan"].item() == pytest.approx(
        1.2 * plain["capital_wan"].item()
    )
    for name in ("nominal", "robust", "regret"):
        assert (out / name / "run.json").exists()
    for name in ("critical.csv", "changes.csv", "changes.png", "changes.html"):
        assert (out / name).exists()
    certificate = json.loads((out / "robust" / "run.json").read_text("utf-8"))
    assert certificate["robust"]["criterion"] == "worst_case"
    assert run(["scenarios", str(brief), "-o", str(out), "-q"]) == 3
    assert "已存在" in capsys.readouterr().err


@pytest.mark.slow
def test_a_run_is_held_against_the_scenarios_of_the_brief(tmp_path, capsys):
    brief = with_scenarios(tmp_path / "task", SLOW)
    plan, out = tmp_path / "run", tmp_path / "out"
    assert run(["plan", str(brief), "-o", str(plan), "-q"]) == 0
    capsys.readouterr()
    arguments = ["scenarios", str(brief), "-o", str(out), "--plan", str(plan)]
    assert run([*arguments, "--no-robust", "--lang", "en"]) == 0
    said = capsys.readouterr().out
    assert "the plan given" in said
    assert "robust" not in said
    table = pd.read_csv(out / "scenarios.csv")
    assert list(table["plan"].unique()) == ["given", "nominal"]
    shown = table[table["plan"] == "given"].set_index("scenario")["uncovered_people"]
    # B1 is the only centre of the street: all are out of reach, and served nowhere.
    assert shown["B1 停用"] == 80000.0
    assert shown["现有数据"] == 0.0
    assert not (out / "robust").exists()


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('[[scenario]]\nname = "x"\npopulaton = 1.1\n', "populaton"),
        ('[[scenario]]\nname = "x"\ntravel = 0\n', "scenario.travel"),
        ('[[scenario]]\nname = "x"\npopulation = "much"\n', "scenario.population"),
        ('[[scenario]]\nname = "x"\n[[scenario]]\nname = "x"\n', "scenario.name"),
        ('[[scenario]]\nname = "nominal"\n', "scenario.name"),
        (
            '[[scenario]]\nname = "x"\nservice = "emergency_station"\n',
            "scenario.service",
        ),
        (
            '[[scenario]]\nname = "x"\nout_of_service = "any"\nmust_hold = true\n',
            "scenario.must_hold",
        ),
        (
            '[[scenario]]\nname = "x"\nout_of_service = ["any", "B1"]\n',
            "scenario.out_of_service",
        ),
        (
            '[[scenario]]\nname = "x"\npopulation = { 36090 = 1.2 }\n',
            "scenario.population",
        ),
        (
            '[[scenario]]\nname = "x"\nout_of_service = "B9"\n',
            "scenario.out_of_service",
        ),
        ('[[scenario]]\nname = "x"\ncosts = { emergency = 2.0 }\n', "scenario.costs"),
        (
            '[[scenario]]\nname = "x"\nout_of_service = "B1"\nservice = "emergency"\n',
            "scenario.service",
        ),
    ],
)
def test_a_bad_scenario_is_refused_by_its_key(tmp_path, capsys, text, code):
    brief = with_scenarios(tmp_path / "task", text)
    assert run(["scenarios", str(brief), "-o", str(tmp_path / "out"), "-q"]) == 3
    said = capsys.readouterr().err
    assert code in said
    assert "Traceback" not in said
    assert not (tmp_path / "out").exists()


def test_faster_travel_warns_of_journeys_that_were_left_out(tmp_path, capsys):
    brief = with_scenarios(
        tmp_path / "task", '[[scenario]]\nname = "x"\ntravel = 0.8\n'
    )
    arguments = ["scenarios", str(brief), "-o", str(tmp_path / "o"), "--no-robust"]
    assert run(arguments) == 0
    assert "max_minutes" in capsys.readouterr().err
