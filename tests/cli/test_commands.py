"""The commands as a planner types them: exit codes, streams, files."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from allocator.cli.main import cli, run
from tests.cli.small_task import write_task

RUN_FILES = {
    "run.json",
    "report.docx",
    "report.pdf",
    "figures",
    "sites.csv",
    "reach.csv",
    "access.csv",
    "plan.gpkg",
    "placements.csv",
    "assignments.csv",
    "allocations.csv",
    "demand.csv",
    "audit.csv",
    "audit.json",
    "plan.xlsx",
    "map.html",
    "map.png",
    "map.pdf",
    "decisions.csv",
}


@pytest.fixture
def brief(tmp_path: Path) -> Path:
    return write_task(tmp_path / "task")


@pytest.mark.renders
def test_plan_writes_every_file_of_the_contract(brief, tmp_path, capsys):
    target = tmp_path / "run"
    assert run(["plan", str(brief), "-o", str(target)]) == 0
    assert {p.name for p in target.iterdir()} == RUN_FILES
    out, err = capsys.readouterr()
    assert "最优方案" in out
    assert str(target / "map.html") in out
    assert "求解目标" in err
    assert "求解目标" not in out


def test_the_small_plan_is_what_a_planner_would_do(brief, tmp_path):
    target = tmp_path / "run"
    run(["plan", str(brief), "-o", str(target), "-q"])
    placements = pd.read_csv(target / "placements.csv", encoding="utf-8-sig")
    chosen = placements[["site_id", "service", "action"]].to_numpy().tolist()
    # The nearer of the two candidates, and a station at each central health centre.
    assert chosen == [
        ["A1", "emergency_station", "upgrade"],
        ["A2", "emergency_station", "upgrade"],
        ["B1", "community_health_center", "build"],
    ]
    assert placements["capital_wan"].tolist() == [130, 130, 2000]
    assert placements["clauses"].tolist() == ["R2", "R2", "R1;R3"]
    assert placements.loc[2, "people_served"] == 40000


def test_the_certificate_says_what_was_proven(brief, tmp_path):
    target = tmp_path / "run"
    run(["plan", str(brief), "-o", str(target), "-q"])
    certificate = json.loads((target / "run.json").read_text("utf-8"))
    assert certificate["status"] == "optimal"
    names = [stage["name"] for stage in certificate["objectives"]]
    assert names == ["uncovered_people", "person_minutes", "capital_wan"]
    for stage in certificate["objectives"]:
        assert set(stage) >= {"name", "value", "bound", "gap"}
        assert stage["gap"] <= 1e-4
    totals = certificate["totals"]
    assert totals["capital_wan"] == 2260
    assert totals["people"] == 100000
    assert totals["covered_people"] == 100000
    assert totals["placements"] == 3
    assert {f["file"] for f in certificate["inputs"]} == {
        "brief.toml",
        "costs.csv",
        "counties.csv",
        "sites.csv",
        "small.toml",
        "zones.csv",
    }


def test_two_runs_differ_only_in_times(brief, tmp_path):
    for name in ("one", "two"):
        assert run(["plan", str(brief), "-o", str(tmp_path / name), "-q"]) == 0
    for path in sorted((tmp_path / "one").iterdir()):
        first, second = path.read_bytes(), (tmp_path / "two" / path.name).read_bytes()
        if path.name == "run.json":
            a, b = json.loads(first), json.loads(second)
            for certificate in (a, b):
                del certificate["seconds"], certificate["times"]
            assert a == b
        else:
            assert first == second, path.name


def test_an_existing_run_is_kept_without_force(brief, tmp_path, capsys):
    target = tmp_path / "run"
    run(["plan", str(brief), "-o", str(target), "-q"])
    before = (target / "run.json").read_bytes()
    assert run(["plan", str(brief), "-o", str(target), "-q"]) == 3
    assert "--force" in capsys.readouterr().err
    assert (target / "run.json").read_bytes() == before
    assert run(["plan", str(brief), "-o", str(target), "-q", "--force"]) == 0


def test_a_written_plan_passes_the_audit_again(brief, tmp_path, capsys):
    target = tmp_path / "run"
    run(["plan", str(brief), "-o", str(target), "-q"])
    capsys.readouterr()
    assert run(["audit", str(brief), "--plan", str(target), "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert {row["verdict"] for row in rows} == {"met", "tracked"}


def test_a_plan_edited_by_hand_fails_the_audit(brief, tmp_path, capsys):
    target = tmp_path / "run"
    run(["plan", str(brief), "-o", str(target), "-q"])
    path = target / "placements.csv"
    lines = path.read_text("utf-8-sig").splitlines()
    kept = [line for line in lines if not line.startswith("A2")]
    path.write_text("\n".join(kept), "utf-8-sig")
    assert run(["audit", str(brief), "--plan", str(target)]) == 7
    assert "R2" in capsys.readouterr().err


def test_audit_of_today_says_what_is_missing(brief, capsys):
    assert run(["audit", str(brief)]) == 0
    out = capsys.readouterr().out
    assert "未达标" in out
    assert "缺 2 所" in out


def test_check_reports_what_was_understood(brief, capsys):
    assert run(["check", str(brief), "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["understood"]["people"] == 100000
    assert answer["understood"]["candidates"] == 2


def test_sample_is_copied_whole_and_only_once(tmp_path, capsys):
    assert run(["sample", "nanchang", str(tmp_path / "x")]) == 0
    assert (tmp_path / "x" / "brief.toml").exists()
    assert run(["sample", "nanchang", str(tmp_path / "x")]) == 3
    assert run(["sample", "nanchan", str(tmp_path / "y")]) == 3
    assert "nanchang" in capsys.readouterr().err
    assert not (tmp_path / "y").exists()


def test_packs_lists_and_prints_clauses(capsys):
    assert run(["packs"]) == 0
    assert "nanchang-2024" in capsys.readouterr().out
    assert run(["packs", "nanchang-2024", "--json"]) == 0
    pack = json.loads(capsys.readouterr().out)
    assert len(pack["rules"]) == 56
    assert run(["packs", "nanchang-2042"]) == 4
    assert "nanchang-2024" in capsys.readouterr().err


@pytest.mark.parametrize("language", ["zh", "en"])
def test_messages_follow_the_language_asked_for(brief, capsys, language):
    assert run(["check", str(brief), "--lang", language]) == 0
    out = capsys.readouterr().out
    assert ("demand points" in out) is (language == "en")


def test_usage_errors_exit_2(capsys):
    assert run(["plan"]) == 2
    assert run(["plam"]) == 2
    assert capsys.readouterr().out == ""


def test_every_command_has_help():
    for name, command in cli.commands.items():
        assert command.help, name
        assert run([name, "--help"]) == 0


def test_a_solver_without_time_exits_6(tmp_path, capsys):
    brief = write_task(
        tmp_path / "task",
        brief=("[budget]", "[solver]\ntime_limit_s = 1e-9\n[budget]"),
    )
    code = run(["plan", str(brief), "-o", str(tmp_path / "run"), "-q"])
    # The least time of a first stage is enough for so small a task.
    assert code == 0
    stages = json.loads((tmp_path / "run" / "run.json").read_text("utf-8"))
    assert stages["status"] == "feasible"
    assert [s["stopped_by"] for s in stages["objectives"]][1:] == ["NotStarted"] * 2
    assert capsys.readouterr().err == ""


def test_nothing_is_written_when_the_budget_is_too_small(tmp_path, capsys):
    brief = write_task(
        tmp_path / "task", brief=("capital_wan = 5000", "capital_wan = 2100")
    )
    assert run(["plan", str(brief), "-o", str(tmp_path / "run"), "-q"]) == 5
    err = capsys.readouterr().err
    assert "160" in err  # 2,000 + 2 x 130 is 160 more than the budget
    assert not (tmp_path / "run").exists()
    assert list(tmp_path.iterdir()) == [tmp_path / "task"]


@pytest.mark.slow
def test_the_program_starts_from_a_shell_and_help_is_quick_to_import(tmp_path):
    command = [sys.executable, "-X", "importtime", "-m", "allocator.cli", "--help"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "geopandas" not in done.stderr
    environment = {**os.environ, "NO_COLOR": "1", "LC_ALL": "C"}
    brief = write_task(tmp_path / "任务")
    command = [sys.executable, "-m", "allocator.cli", "check", str(brief)]
    done = subprocess.run(
        command, capture_output=True, env=environment, check=True, encoding="utf-8"
    )
    assert "需求点: 4" in done.stdout
    assert "\x1b[" not in done.stderr


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("placements.csv", (",2000,", ",两千,")),
        ("assignments.csv", (",40000,", ",abc,")),
    ],
)
def test_a_run_with_text_for_a_number_is_refused_with_its_row(
    brief, tmp_path, capsys, name, change
):
    old, new = change
    target = tmp_path / "run"
    run(["plan", str(brief), "-o", str(target), "-q"])
    path = target / name
    text = path.read_text("utf-8-sig")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8-sig")
    capsys.readouterr()
    assert run(["audit", str(brief), "--plan", str(target)]) == 3
    err = capsys.readouterr().err
    assert name in err
    assert "第" in err
    assert new.strip(",") in err


def test_a_run_saved_again_in_gbk_is_still_read(brief, tmp_path):
    target = tmp_path / "run"
    run(["plan", str(brief), "-o", str(target), "-q"])
    for path in target.glob("*.csv"):
        path.write_bytes(path.read_text("utf-8-sig").encode("gb18030"))
    assert run(["audit", str(brief), "--plan", str(target), "-q"]) == 0


def test_a_folder_instead_of_a_brief_is_said_in_words(tmp_path, capsys):
    assert run(["check", str(tmp_path)]) == 3
    err = capsys.readouterr().err
    assert str(tmp_path) in err
    assert ".toml" in err


def test_check_names_the_clause_that_a_missing_column_leaves_open(tmp_path, capsys):
    extra = (
        '\n[[rule]]\nid = "R5"\nquote = "每万人三名全科医生"\nkind = "rate"\n'
        'resource = "gps"\nper = 10000\nlo = 3\n\n[[rule]]\nid = "R3"'
    )
    brief = write_task(tmp_path, small=('\n[[rule]]\nid = "R3"', extra))
    assert run(["check", str(brief)]) == 0
    err = capsys.readouterr().err
    assert "gps" in err
    assert "R5" in err


def test_a_clause_is_named_only_where_it_counts_the_site(tmp_path):
    hospital = "H1,县医院,116.100,28.500,existing,360902100,A100\nB1,东街道备选一"
    brief = write_task(
        tmp_path / "task",
        sites=("B1,东街道备选一", hospital),
        small=('hosts = { class = ["C210"] }', 'hosts = { class = ["C210", "A100"] }'),
    )
    pack = brief.parent / "small.toml"
    more = (
        '\n[[rule]]\nid = "R6"\nquote = "全县三处急救站"\nkind = "count_in_unit"\n'
        'service = "emergency_station"\nlo = 3\n'
    )
    pack.write_text(pack.read_text("utf-8") + more, "utf-8")
    assert run(["plan", str(brief), "-o", str(tmp_path / "run"), "-q"]) == 0
    rows = pd.read_csv(tmp_path / "run" / "placements.csv", encoding="utf-8-sig")
    clauses = rows.set_index("site_id")["clauses"].to_dict()
    assert clauses["A1"] == "R2;R6"
    assert clauses["H1"] == "R6"


# --- explain --------------------------------------------------------------------------


@pytest.fixture
def poor(tmp_path):
    """Return the brief of a task with 160 万元 too little."""
    changed = ("capital_wan = 5000", "capital_wan = 2100")
    return write_task(tmp_path / "poor", brief=changed)


def test_explain_says_that_a_plan_exists(brief, capsys):
    assert run(["explain", str(brief), "--lang", "en", "-q"]) == 0
    assert "every clause that must hold can be kept" in capsys.readouterr().out


def test_explain_names_what_collides_and_what_is_enough(poor, capsys):
    assert run(["explain", str(poor), "--json", "-q"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["feasible"], told["complete"]) == (False, True)
    (conflict,) = told["conflicts"]
    assert conflict["proof"] == "smallest"
    assert conflict["second_solver"] == "confirmed"
    assert {c["rule_id"] for c in conflict["clauses"]} == {"R1", "R2", "budget"}
    street = next(c for c in conflict["clauses"] if c["rule_id"] == "R1")
    assert street["units"] == ["东街道"]
    assert street["quote"] == "每个街道设置一所社区卫生服务中心"
    ways = {way["rule_id"]: way for way in told["ways_out"]}
    assert ways["budget"]["total"] == pytest.approx(160)
    assert "增加 160.00 万元" in ways["budget"]["words"]
    # Without the street's centre everything costs 260; one station alone 2130.
    assert ways["R1"]["total"] == 1
    assert ways["R2"]["total"] == 2


def test_explain_ranks_ways_out_by_what_may_give_way(poor, capsys):
    poor.write_text(
        poor.read_text("utf-8") + '[explain]\ngive_way = ["R2", "R9"]\n', "utf-8"
    )
    assert run(["explain", str(poor), "--lang", "en"]) == 0
    told = capsys.readouterr()
    ways = [line for line in told.out.splitlines() if line.startswith("  1.")]
    assert ways == ["  1. R2: 2 fewer in 小县试算"]
    assert "there is no rule R9" in told.err


def test_plan_without_a_plan_says_what_collides(poor, tmp_path, capsys):
    target = tmp_path / "run"
    assert run(["plan", str(poor), "-o", str(target), "--lang", "en"]) == 5
    told = capsys.readouterr().err
    assert "short by 160.00 万元" in told
    assert told.count("CBC confirms it") == 3
    assert not target.exists()


# --- plan --best-effort ---------------------------------------------------------------


def test_best_effort_breaks_least_and_says_so_first(poor, tmp_path, capsys):
    """2100 万元 pay the centre or both stations: the centre serves more people."""
    target = tmp_path / "run"
    arguments = ["plan", str(poor), "-o", str(target), "--best-effort"]
    assert run([*arguments, "--lang", "en"]) == 0
    told = capsys.readouterr().out.splitlines()
    assert told[0] == "plan by best effort: 1 binding clauses are not kept"
    assert told[1] == "  R2 小县试算: “在中心乡镇卫生院设立急救站” 2 missing"
    certificate = json.loads((target / "run.json").read_text("utf-8"))
    assert certificate["best_effort"] is True
    (gap,) = certificate["gaps"]
    assert (gap["rule_id"], gap["unit_id"], gap["missing"]) == ("R2", "", 2)
    names = [stage["name"] for stage in certificate["objectives"]]
    assert names[0] == "must_shortfall"
    assert certificate["totals"]["capital_wan"] <= 2100
    for name in ("gaps.csv", "audit.csv"):
        first = pd.read_csv(target / name, encoding="utf-8-sig").iloc[0]
        assert (first["rule_id"], first["verdict"]) == ("R2", "未达标")
    with pd.ExcelFile(target / "plan.xlsx", engine="calamine") as book:
        assert book.sheet_names[0] == "Gaps"
    page = (target / "map.html").read_text("utf-8")
    assert "plan by best effort, 1 binding clauses are not kept" in page


def test_plan_by_best_effort_passes_the_audit_with_the_gaps_it_states(
    poor, tmp_path, capsys
):
    target = tmp_path / "run"
    run(["plan", str(poor), "-o", str(target), "--best-effort", "-q"])
    assert run(["audit", str(poor), "--plan", str(target), "-q"]) == 0
    stated = json.loads((target / "run.json").read_text("utf-8"))
    stated["gaps"] = []
    (target / "run.json").write_text(json.dumps(stated), "utf-8")
    capsys.readouterr()
    assert run(["audit", str(poor), "--plan", str(target), "-q"]) == 7
    assert "R2" in capsys.readouterr().err


def test_best_effort_keeps_everything_where_that_is_possible(brief, tmp_path):
    for name, more in (("plain", []), ("effort", ["--best-effort"])):
        target = tmp_path / name
        assert run(["plan", str(brief), "-o", str(target), "-q", *more]) == 0
    plain, effort = (
        (tmp_path / name / "placements.csv").read_bytes()
        for name in ("plain", "effort")
    )
    assert plain == effort
    assert not (tmp_path / "effort" / "gaps.csv").exists()
