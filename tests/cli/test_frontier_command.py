"""``allocator frontier``: what it writes, says and refuses."""

from __future__ import annotations

import csv
import json

import pytest

from allocator.cli.frontiers import read_budgets, read_request
from allocator.cli.main import run
from tests.cli.small_task import write_task

WIDE = {
    "small": (
        "within_minutes = 15\n",
        'within_minutes = 15\n[[rule]]\nid = "R4"\nclause = "四"\n'
        'quote = "十五分钟"\nkind = "coverage"\nservice = "community_health_center"\n'
        'priority = "strive"\nwithin_minutes = 15\n',
    ),
    "sites": (
        "B2,东街道备选二,115.910,28.710,candidate,360901001,B100\n",
        "B2,东街道备选二,115.910,28.710,candidate,360901001,B100\n"
        "B3,南镇备选,116.101,28.501,candidate,360902100,B100\n"
        "B4,西乡备选,116.001,28.501,candidate,360902200,B100\n",
    ),
}


@pytest.fixture(scope="module")
def brief(tmp_path_factory):
    return write_task(tmp_path_factory.mktemp("task"), **WIDE)


def rows_of(folder, name="frontier.csv"):
    with (folder / name).open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def written(brief, tmp_path_factory):
    target = tmp_path_factory.mktemp("out") / "frontier"
    command = ["frontier", str(brief), "-o", str(target), "-q", "--budgets"]
    assert run([*command, "1000,3000,5000,9000", "--nested"]) == 0
    return target


def test_one_row_for_every_budget_with_what_is_proven(written):
    rows = rows_of(written)
    assert [row["budget_wan"] for row in rows] == ["1000", "3000", "5000", "9000"]
    assert [row["status"] for row in rows] == ["infeasible", *["optimal"] * 3]
    # One centre and two stations; a second centre; a third.
    assert [row["capital_wan"] for row in rows] == ["", "2260", "4260", "6260"]
    people = [float(row["uncovered_people"]) for row in rows[1:]]
    assert people == sorted(people, reverse=True)
    assert people[0] - people[1] == pytest.approx(
        float(rows[2]["marginal_per_100_wan"]) * 20
    )
    assert {row["cost_of_nesting"] for row in rows[1:]} == {"0"}


def test_every_point_has_the_run_of_its_plan(written):
    assert sorted(p.name for p in (written / "points").iterdir()) == ["02", "03", "04"]
    for row in rows_of(written)[1:]:
        folder = written / "points" / row["point"]
        run_json = json.loads((folder / "run.json").read_text("utf-8"))
        assert run_json["totals"]["capital_wan"] == float(row["capital_wan"])
        assert run_json["terms"]["capital_wan"] == float(row["budget_wan"])
        assert run_json["audit"]["not_met"] == int(row["not_met"])
        assert (folder / "map.html").exists()


def test_sites_that_every_plan_opens_come_first(written):
    rows = rows_of(written, "sites.csv")
    every = [r["in_every_point"] == "yes" for r in rows]
    assert every == sorted(every, reverse=True)
    assert {(r["site_id"], r["p02"]) for r in rows if r["in_every_point"]} >= {
        ("A1", "upgrade"),
        ("A2", "upgrade"),
    }
    for row in rows:
        assert int(row["points"]) == sum(bool(row[p]) for p in ("p02", "p03", "p04"))


def test_the_certificate_says_least_budget_terms_and_inputs(written):
    found = json.loads((written / "frontier.json").read_text("utf-8"))
    assert found["status"] == "open"
    assert found["least"] == 2260
    assert found["enough"] == 6260
    assert found["terms"]["nested"] is True
    assert {f["file"] for f in found["inputs"]} >= {"brief.toml", "small.toml"}
    assert found["solver"].startswith("HiGHS")


def test_the_whole_range_is_exact_and_says_so(brief, tmp_path, capsys):
    target = tmp_path / "out"
    command = ["frontier", str(brief), "-o", str(target), "-q", "--no-plans"]
    assert run([*command, "--points", "0", "--lang", "en"]) == 0
    out = capsys.readouterr().out
    assert "every efficient plan is among these 3 points" in out
    assert [row["capital_wan"] for row in rows_of(target)] == ["2260", "4260", "6260"]
    assert not (target / "points").exists()
    assert "points/" not in (target / "frontier.html").read_text("utf-8")


def test_json_holds_the_points(brief, tmp_path, capsys):
    command = ["frontier", str(brief), "-o", str(tmp_path / "o"), "--no-plans", "-q"]
    assert run([*command, "--json", "--budgets", "5000"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["exit_code"] == 0
    assert [p["capital_wan"] for p in answer["points"]] == [4260]


def test_an_infeasible_budget_is_said_with_the_least_that_is_needed(
    brief, tmp_path, capsys
):
    command = ["frontier", str(brief), "-o", str(tmp_path / "o"), "--no-plans", "-q"]
    assert run([*command, "--budgets", "1000:3000:2000"]) == 0
    assert "低于 2,260.00 无方案" in capsys.readouterr().out


def test_budgets_that_are_all_too_small_exit_5_and_write_nothing(
    brief, tmp_path, capsys
):
    target = tmp_path / "o"
    assert run(["frontier", str(brief), "-o", str(target), "-q", "--budgets", "9"]) == 5
    assert "2,260.00" in capsys.readouterr().err
    assert not target.exists()


def test_an_existing_frontier_is_kept_without_force(brief, tmp_path, capsys):
    target = tmp_path / "o"
    command = ["frontier", str(brief), "-o", str(target), "-q", "--no-plans"]
    command += ["--budgets", "5000"]
    assert run(command) == 0
    assert run(command) == 3
    assert "--force" in capsys.readouterr().err
    assert run([*command, "--force"]) == 0


def test_a_folder_that_is_no_frontier_is_never_replaced(brief, tmp_path, capsys):
    target = tmp_path / "o"
    target.mkdir()
    (target / "run.json").write_text("{}")
    assert run(["frontier", str(brief), "-o", str(target), "-q", "--force"]) == 3
    assert "frontier.json" in capsys.readouterr().err
    assert (target / "run.json").exists()


def test_a_service_without_a_price_is_refused_even_if_the_brief_has_no_budget(
    tmp_path, capsys
):
    brief = write_task(
        tmp_path / "task",
        brief=("[budget]\ncapital_wan = 5000\n", ""),
        costs=("emergency_station,upgrade,130,60\n", ""),
    )
    assert run(["frontier", str(brief), "-o", str(tmp_path / "o"), "-q"]) == 3
    assert "emergency_station" in capsys.readouterr().err


def test_a_task_without_any_plan_names_its_clauses(tmp_path, capsys):
    brief = write_task(
        tmp_path / "task", small=('scope = { zone_kind = ["街道"] }\nlo = 1', "lo = 1")
    )
    assert run(["frontier", str(brief), "-o", str(tmp_path / "o"), "-q"]) == 5
    assert "R1" in capsys.readouterr().err


def test_two_runs_write_the_same_but_for_times(brief, tmp_path):
    folders = [tmp_path / name for name in ("a", "b")]
    for folder in folders:
        command = ["frontier", str(brief), "-o", str(folder), "-q", "--no-plans"]
        assert run([*command, "--points", "3"]) == 0
    for path in sorted(folders[0].iterdir()):
        same = path.read_bytes() == (folders[1] / path.name).read_bytes()
        assert same or path.name == "frontier.json", path.name


# --- what cannot be understood --------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--budgets", "many"], "'many'"),
        (["--budgets", "1000,"], "''"),
        (["--budgets", "-5"], "'-5'"),
        (["--budgets", "nan"], "'nan'"),
        (["--budgets", "3000,2000"], "ascend"),
        (["--budgets", "2000,2000"], "ascend"),
        (["--budgets", "3000:2000:100"], "first:last:step"),
        (["--budgets", "1000:2000"], "first:last:step"),
        (["--budgets", "1000:2000:0"], "first:last:step"),
        (["--budgets", "0:100000:1"], "at most 200"),
        (["--objectives", "capital_wan"], "two different"),
        (["--objectives", "capital_wan,capital_wan"], "two different"),
        (["--objectives", "capital_wan,uncovered_peple"], "uncovered_people"),
        (["--objectives", "capital_wan,,sites"], "there is no objective"),
        (["--objectives", "person_minutes,sites", "--budgets", "9"], "capital_wan"),
        (["--objectives", "person_minutes,sites", "--nested"], "capital_wan"),
        (["--points", "1"], "2 or more"),
        (["--points", "-3"], "2 or more"),
    ],
)
def test_options_that_cannot_be_understood_exit_2(
    brief, tmp_path, capsys, options, words
):
    target = tmp_path / "o"
    command = ["frontier", str(brief), "-o", str(target), "-q", "--lang", "en"]
    assert run([*command, *options]) == 2
    assert words in capsys.readouterr().err
    assert not target.exists()


def test_budgets_are_a_list_or_a_range_with_its_end():
    assert read_budgets("60000,80000.5", "en") == (60000, 80000.5)
    assert read_budgets("1，2", "zh") == (1, 2)
    assert read_budgets("60000:120000:30000", "en") == (60000, 90000, 120000)
    assert read_budgets("0:1:0.1", "en")[-1] == pytest.approx(1.0)
    assert read_budgets("5:9:3", "en") == (5, 8)


def test_without_budgets_points_are_looked_for():
    request = read_request("yearly_wan, sites", None, 0, nested=True, language="en")
    assert request.objectives == ("yearly_wan", "sites")
    assert request.most_points is None
    assert request.nested
