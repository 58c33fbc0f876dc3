"""``explain --site``, ``--rule``, ``--sites all`` and ``alternatives``, as typed."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pandas as pd
import pytest

from allocator.cli.main import run
from allocator.pipeline import explain_sites, read_task, reasons_table
from tests.cli.small_task import write_task
from tests.test_documentation import ROOT, commands_in


@pytest.fixture
def brief(tmp_path: Path) -> Path:
    return write_task(tmp_path / "task")


@pytest.fixture
def planned(brief, tmp_path):
    folder = tmp_path / "run"
    assert run(["plan", str(brief), "-o", str(folder), "-q"]) == 0
    return folder


def as_json(capsys, arguments):
    capsys.readouterr()
    code = run([*arguments, "--json", "-q"])
    return code, json.loads(capsys.readouterr().out)


def test_a_site_says_clauses_people_cost_substitute_and_who_serves_then(brief, capsys):
    code, said = as_json(capsys, ["explain", str(brief), "--site", "B1"])
    assert code == 0
    assert said["complete"]
    (service,) = said["services"]
    assert service["clauses"] == ["R1", "R3"]
    assert service["people_served"] == pytest.approx(40000)
    assert (service["capital_wan"], service["yearly_wan"]) == (2000, 300)
    assert (service["question"], service["verdict"]) == ("without", "worse")
    assert [s["site_id"] for s in service["substitutes"]] == ["B2"]
    assert service["then"] == [{"site_id": "B2", "people": pytest.approx(40000)}]
    kinds = {d["name"]: d["kind"] for d in service["differences"]}
    assert kinds == {
        "uncovered_people": "none",
        "person_minutes": "worse",
        "capital_wan": "none",
    }


def test_a_candidate_says_what_forcing_it_costs(brief, capsys):
    assert run(["explain", str(brief), "--site", "B2", "--lang", "en"]) == 0
    said = capsys.readouterr().out
    assert "not chosen" in said
    assert "with it the plan is worse" in said
    assert "capital, 万元: worse by 2,000 (proven)" in said


def test_a_placement_that_a_clause_forces_leaves_no_plan_without_it(brief, capsys):
    assert run(["explain", str(brief), "--site", "A1"]) == 0
    said = capsys.readouterr().out
    assert "依据条款: R2" in said
    assert "没有满足全部条款的方案" in said


def test_an_unknown_site_is_an_input_error_that_names_the_nearest(brief, capsys):
    code, said = as_json(capsys, ["explain", str(brief), "--site", "B11"])
    assert code == 3
    assert said["findings"][0]["code"] == "site-unknown"
    assert "B1" in said["findings"][0]["remedy"]


def test_an_unknown_rule_is_a_policy_error_that_names_the_nearest(brief, capsys):
    code, said = as_json(capsys, ["explain", str(brief), "--rule", "R22"])
    assert code == 4
    assert said["findings"][0]["code"] == "rule-unknown"
    assert "R2" in said["findings"][0]["remedy"]


def test_a_rule_says_its_price_and_the_placements_that_only_it_asks_for(brief, capsys):
    code, said = as_json(capsys, ["explain", str(brief), "--rule", "R2"])
    assert code == 0
    assert said["proven"]
    assert said["figures"]["capital_wan"] == {
        "with": 2260,
        "without": 2000,
        "difference": 260,
    }
    only = [(p["site_id"], p["service"]) for p in said["only_this_rule"]]
    assert only == [("A1", "emergency_station"), ("A2", "emergency_station")]
    assert said["placed_because_of_it"] == said["only_this_rule"]


def test_a_rule_without_effect_is_not_said_to_differ_by_nought(brief, capsys):
    assert run(["explain", str(brief), "--rule", "R3", "--lang", "en"]) == 0
    said = capsys.readouterr().out
    assert "no difference within the gap solved to" in said
    assert "difference 0" not in said


def test_a_rule_that_binds_nothing_says_so(tmp_path, capsys):
    optional = ('priority = "may"\nwithin_minutes = 15', "within_minutes = 15")
    brief = write_task(tmp_path / "task", small=(optional[1], optional[0]))
    code, said = as_json(capsys, ["explain", str(brief), "--rule", "R3", "--lang=en"])
    assert code == 0
    assert not said["binds"]
    assert "optional" in said["reason"]


def test_reasons_of_all_sites_are_one_row_a_decision(brief, tmp_path, capsys):
    target = tmp_path / "reasons"
    arguments = ["explain", str(brief), "--sites", "all", "-o", str(target)]
    code, said = as_json(capsys, arguments)
    assert code == 0
    assert said["verdicts"] == {"impossible": 2, "worse": 2}
    table = pd.read_csv(target / "reasons.csv", encoding="utf-8-sig")
    assert table["site_id"].tolist() == ["A1", "A2", "B1", "B2"]
    assert table["in_plan"].tolist() == [1, 1, 1, 0]
    assert table[["at_least", "at_most"]].to_numpy()[3].tolist() == [2000, 2000]
    assert run([*arguments, "-q"]) == 3  # it exists
    assert run([*arguments, "-q", "--force"]) == 0


def test_the_plan_of_a_run_gives_the_same_reasons(brief, planned, tmp_path):
    for name, more in (("now", []), ("kept", ["--plan", str(planned)])):
        target = str(tmp_path / name)
        arguments = ["explain", str(brief), "--sites", "all", "-o", target, "-q"]
        assert run([*arguments, *more]) == 0
    tables = [
        pd.read_csv(tmp_path / name / "reasons.csv", encoding="utf-8-sig")
        for name in ("now", "kept")
    ]
    same = ["site_id", "service", "verdict", "objective", "substitutes", "clauses"]
    assert tables[0][same].equals(tables[1][same])
    assert tables[0]["worse_by"].round(3).equals(tables[1]["worse_by"].round(3))


def test_a_run_of_other_files_is_refused(brief, planned, capsys):
    costs = brief.parent / "costs.csv"
    costs.write_text(costs.read_text("utf-8").replace("2000", "2100"), "utf-8")
    arguments = ["explain", str(brief), "--site", "B1", "--plan", str(planned)]
    code, said = as_json(capsys, arguments)
    assert code == 3
    assert said["findings"][0]["code"] == "run-other-inputs"
    assert said["findings"][0]["keys"] == ["costs.csv"]


def test_a_run_whose_plan_was_changed_is_refused(brief, planned, capsys):
    table = planned / "placements.csv"
    rows = table.read_text("utf-8-sig").splitlines()
    table.write_text("\n".join(r for r in rows if "A1" not in r), "utf-8-sig")
    arguments = ["explain", str(brief), "--rule", "R1", "--plan", str(planned)]
    code, said = as_json(capsys, arguments)
    assert code == 3
    assert said["findings"][0]["code"] == "run-other-plan"


def test_a_folder_without_a_certificate_is_refused(brief, tmp_path, capsys):
    arguments = ["explain", str(brief), "--site", "B1", "--plan", str(tmp_path)]
    code, said = as_json(capsys, arguments)
    assert code == 3
    assert said["findings"][0]["code"] == "run-unreadable"


def test_a_task_without_a_plan_is_infeasible(tmp_path, capsys):
    brief = write_task(tmp_path / "task", brief=("5000", "50"))
    for arguments in (["--site", "B1"], ["--rule", "R1"]):
        code, said = as_json(capsys, ["explain", str(brief), *arguments])
        assert code == 5
        assert said["error"] == "InfeasibleError"


@pytest.mark.parametrize(
    "arguments",
    [["--site", "B1", "--rule", "R1"], ["--sites", "all"], ["-o", "folder"]],
)
def test_options_that_do_not_fit_together_are_usage_errors(brief, arguments, capsys):
    assert run(["explain", str(brief), *arguments]) == 2


class Cancelled:
    def step(self, text):
        pass

    def update(self, text):
        pass

    def cancelled(self):
        return True


def test_what_was_not_reached_before_ctrl_c_is_said_to_be_not_examined(brief):
    found = explain_sites(read_task(brief), progress=Cancelled())
    assert not found.complete
    table = reasons_table(found)
    assert table["verdict"].tolist() == ["not_examined"] * 4
    assert table["clauses"].tolist() == ["R2", "R2", "R1;R3", "R1;R3"]


def test_alternatives_say_what_is_safe(brief, tmp_path, capsys):
    target = tmp_path / "near"
    code, said = as_json(capsys, ["alternatives", str(brief), "-o", str(target)])
    assert code == 0
    assert said["complete"]
    assert said["ended"] == "none"  # there are not three other decisions
    sites = pd.read_csv(target / "sites.csv", encoding="utf-8-sig")
    verdicts = dict(zip(sites["site_id"], sites["verdict"], strict=True))
    assert verdicts == {
        "A1": "no_regret",
        "A2": "no_regret",
        "B1": "no_regret",
        "B2": "never",
    }
    assert sites["proven"].tolist() == [1, 1, 1, 1]


def test_each_alternative_is_a_run_folder_that_passes_its_audit(tmp_path, capsys):
    # Two more candidates, and two centres asked for: other pairs are as good by half.
    more = (
        "B3,东街道备选三,115.905,28.705,candidate,360901001,B100\n"
        "B4,东街道备选四,115.906,28.704,candidate,360901001,B100\n"
    )
    last = "B2,东街道备选二,115.910,28.710,candidate,360901001,B100\n"
    brief = write_task(
        tmp_path / "task",
        sites=(last, last + more),
        small=("lo = 1", "lo = 2"),
    )
    target = tmp_path / "near"
    arguments = ["alternatives", str(brief), "-o", str(target), "--within", "50"]
    code, said = as_json(capsys, [*arguments, "--count", "1"])
    assert code == 0
    assert said["ended"] == "count"
    assert said["alternatives"][0]["apart"] >= 3
    folder = target / "alternatives" / "01"
    assert (folder / "run.json").exists()
    assert run(["audit", str(brief), "--plan", str(folder), "-q"]) == 0
    table = pd.read_csv(target / "alternatives.csv", encoding="utf-8-sig")
    assert table["plan"].tolist() == [0, 1]
    assert table.loc[1, "differs_0"] == said["alternatives"][0]["apart"]
    assert table["differs_1"].tolist() == [said["alternatives"][0]["apart"], 0]
    certificate = json.loads((folder / "run.json").read_text("utf-8"))
    stated = {one["name"]: one["value"] for one in certificate["objectives"]}
    assert table.loc[1, "capital_wan"] == pytest.approx(stated["capital_wan"])


def test_the_commands_of_the_page_run(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    write_task(tmp_path / "mycity")
    commands = commands_in(ROOT / "docs" / "reasons.md")
    assert len(commands) == 4
    for command in commands:
        _, *arguments = shlex.split(command)
        assert run(arguments) == 0, command
