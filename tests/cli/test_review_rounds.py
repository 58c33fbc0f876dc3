"""Rounds of a review: a plan, decisions on it, the next plan."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from allocator.cli.main import run
from tests.cli.small_task import write_task

HEAD = "site_id,service,phase,verdict,reviewer,reason,date,lon,lat,name\n"
CENTRE = "community_health_center"


@pytest.fixture
def brief(tmp_path: Path) -> Path:
    path = write_task(tmp_path / "task")
    assert run(["plan", str(path), "-o", str(tmp_path / "r1"), "-q"]) == 0
    return path


def decide(folder: Path, rows: str) -> Path:
    path = folder / "decisions.csv"
    path.write_text(HEAD + rows, encoding="utf-8")
    return path


def again(brief: Path, rows: str, number: int = 1) -> int:
    """Plan the round after round ``number`` under the decisions of that run."""
    before = brief.parents[1] / f"r{number}"
    after = brief.parents[1] / f"r{number + 1}"
    decisions = decide(before, rows) if rows else before / "decisions.csv"
    options = ["--decisions", str(decisions), "--previous", str(before)]
    return run(["plan", str(brief), "-o", str(after), "-q", *options])


def placed(brief: Path, number: int) -> dict[tuple[str, str], str]:
    path = brief.parents[1] / f"r{number}" / "placements.csv"
    rows = pd.read_csv(path, encoding="utf-8-sig", dtype=str, keep_default_na=False)
    return {
        (site, service): decision
        for site, service, decision in zip(
            rows["site_id"], rows["service"], rows["decision"], strict=True
        )
    }


def certificate(brief: Path, number: int) -> Any:
    path = brief.parents[1] / f"r{number}" / "run.json"
    return json.loads(path.read_text(encoding="utf-8"))


def test_a_rejected_place_is_replaced_and_nothing_else_changes(brief):
    assert again(brief, "B1,community_health_center,,reject,张,地块不行,,,,\n") == 0
    assert set(placed(brief, 2)) == {
        ("A1", "emergency_station"),
        ("A2", "emergency_station"),
        ("B2", "community_health_center"),
    }
    run_json = certificate(brief, 2)
    assert run_json["objectives"][-1] | {"bound": 0, "gap": 0} == {
        "name": "changes",
        "value": 2.0,
        "bound": 0,
        "gap": 0,
        "status": "optimal",
        "stopped_by": "Optimal",
    }
    assert run_json["decisions"] == {"reject": 1}
    assert run_json["parent"]["folder"] == "r1"
    assert len(run_json["parent"]["run_sha256"]) == 64


def test_decisions_hold_on_in_the_rounds_after(brief, capsys):
    move = "B1,community_health_center,,move,张,地块不行,2026-11-24,115.905,28.705,\n"
    assert again(brief, move) == 0
    moved = ("B1-moved", "community_health_center")
    assert placed(brief, 2)[moved] == "move"
    assert again(brief, "", 2) == 0
    assert placed(brief, 3) == placed(brief, 2)
    assert certificate(brief, 3)["objectives"][-1]["value"] == 0
    folder = brief.parents[1] / "r3"
    assert run(["audit", str(brief), "--plan", str(folder), "-q"]) == 0
    assert (folder / "decided.csv").read_bytes() == (
        folder.parent / "r2" / "decided.csv"
    ).read_bytes()
    capsys.readouterr()


def test_of_plans_as_good_the_one_nearest_to_the_previous_is_taken(tmp_path):
    # Two candidates on one spot: nothing but the previous plan tells them apart.
    same = ("115.910,28.710", "115.901,28.700")
    path = write_task(tmp_path / "task", sites=same)
    assert run(["plan", str(path), "-o", str(tmp_path / "r1"), "-q"]) == 0
    (chosen,) = {s for s, k in placed(path, 1) if k == "community_health_center"}
    other = {"B1": "B2", "B2": "B1"}[chosen]
    assert again(path, f"{chosen},community_health_center,,reject,,,,,,\n") == 0
    assert (other, "community_health_center") in placed(path, 2)
    after = tmp_path / "r3"
    options = ["--previous", str(tmp_path / "r2")]
    assert run(["plan", str(path), "-o", str(after), "-q", *options]) == 0
    assert set(placed(path, 3)) == set(placed(path, 2))


def test_a_clause_that_a_decision_contradicts_is_named_with_it(brief, capsys):
    assert again(brief, "A1,emergency_station,,reject,张,,,,,\n") == 5
    said = capsys.readouterr().err
    assert "北镇中心卫生院 急救站" in said
    assert "在中心乡镇卫生院设立急救站" in said
    assert not (brief.parents[1] / "r2").exists()


def test_by_best_effort_a_decision_that_cannot_be_kept_is_a_gap(tmp_path):
    path = write_task(tmp_path / "task")
    rows = "A3,emergency_station,,lock,张,,,,,\n"  # no class may hold it there
    decisions = decide(tmp_path, rows)
    options = ["--decisions", str(decisions), "--best-effort"]
    assert run(["plan", str(path), "-o", str(tmp_path / "r1"), "-q", *options]) == 0
    (gap,) = certificate(path, 1)["gaps"]
    assert (gap["rule_id"], gap["unit_id"]) == ("decided", "A3 emergency_station")


def plan(brief: Path, target: Path, *options: str) -> int:
    more = ["--only", "map", "-q", *options]
    return run(["plan", str(brief), "-o", str(target), *more])


@pytest.mark.parametrize("written", ["", "B100", "社区卫生服务中心"])
def test_a_site_that_is_added_holds_what_its_class_may(tmp_path, capsys, written):
    path = write_task(tmp_path / "task")
    assert plan(path, tmp_path / "r1") == 0
    row = f"N1,{CENTRE},,add,张,,,115.902,28.702,东郊新址,{written}"
    form = tmp_path / "form.csv"
    form.write_text(f"{HEAD.strip()},class\n{row}\n", "utf-8")
    options = ["--decisions", str(form), "--previous", str(tmp_path / "r1")]
    assert plan(path, tmp_path / "r2", *options) == 0
    held = pd.read_csv(tmp_path / "r2" / "placements.csv", dtype=str)
    new = held[held["site_id"] == "N1"].iloc[0]
    assert (new["service"], new["action"], new["name"]) == (CENTRE, "build", "东郊新址")
    assert float(new["capital_wan"]) == 2000
    # The class holds on in the next round, and the plan is audited again.
    decided = pd.read_csv(tmp_path / "r2" / "decided.csv", dtype=str)
    assert decided["class"].tolist() == ["B100"]
    capsys.readouterr()
    assert run(["verify", str(tmp_path / "r2"), "--json", "-q"]) == 0
    assert run(["audit", str(path), "--plan", str(tmp_path / "r2"), "-q"]) == 0


def test_an_added_site_of_which_the_class_is_not_known_is_refused(tmp_path, capsys):
    path = write_task(tmp_path / "task")
    form = tmp_path / "form.csv"
    form.write_text(f"{HEAD}N1,,,add,张,,,115.902,28.702,东郊新址\n", "utf-8")
    assert plan(path, tmp_path / "r", "--decisions", str(form)) == 3
    said = capsys.readouterr()
    assert "B100 社区卫生服务中心、C210 中心卫生院; 或写明服务" in said.out + said.err
    assert not (tmp_path / "r").exists()


def test_a_lock_that_no_plan_can_keep_is_named(tmp_path, capsys):
    path = write_task(tmp_path / "task")
    decisions = decide(tmp_path, "A3,emergency_station,,lock,张,,,,,\n")
    options = ["--decisions", str(decisions)]
    assert run(["plan", str(path), "-o", str(tmp_path / "r1"), "-q", *options]) == 5
    assert "西乡卫生院 急救站" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        ("Z9,emergency_station,,reject,,,,,,\n", "site-unknown"),
        ("B2,community_health_center,,accept,,,,,,\n", "decision-stale"),
        (
            "A1,emergency_station,,accept,张,,,,,\nA1,emergency_station,,reject,李,,,,,\n",
            "decision-twice",
        ),
        ("A1,emergency_station,,move,,,,100,20,\n", "site-in-no-zone"),
    ],
)
def test_bad_decisions_are_refused_and_nothing_is_written(brief, capsys, rows, code):
    decisions = decide(brief.parents[1] / "r1", rows)
    after = brief.parents[1] / "r2"
    options = ["--decisions", str(decisions), "--json", "-q"]
    assert run(["plan", str(brief), "-o", str(after), *options]) == 3
    said = json.loads(capsys.readouterr().out)
    assert code in {finding["code"] for finding in said["findings"]}
    assert not after.exists()


def test_a_previous_run_that_is_none_is_refused(brief, tmp_path, capsys):
    options = ["--previous", str(tmp_path)]
    assert run(["plan", str(brief), "-o", str(tmp_path / "r2"), "-q", *options]) == 3
    assert "placements.csv" in capsys.readouterr().err


def test_changes_without_a_previous_plan_do_not_count(tmp_path):
    order = '[objective]\norder = ["changes", "capital_wan"]\n[budget]\n'
    path = write_task(tmp_path / "task", brief=("[budget]\n", order))
    assert run(["plan", str(path), "-o", str(tmp_path / "r1"), "-q"]) == 0
    names = [one["name"] for one in certificate(path, 1)["objectives"]]
    assert names == ["capital_wan"]


def test_reasons_are_given_for_a_plan_that_a_review_led_to(brief, capsys):
    assert again(brief, "B1,community_health_center,,reject,张,地块不行,,,,\n") == 0
    reviewed = brief.parents[1] / "r2"
    arguments = ["explain", str(brief), "--site", "B2", "--plan", str(reviewed), "-q"]
    assert run(arguments) == 0
    # The other candidate was rejected, and a clause asks for one.
    assert "若不设: 没有满足全部条款的方案" in capsys.readouterr().out
