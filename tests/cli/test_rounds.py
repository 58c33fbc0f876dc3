"""Reviews merged, the history of a plan told, and runs verified."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import openpyxl
import pandas as pd
import pytest

from allocator.cli.main import run
from tests.cli.small_task import write_task

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

HEAD = "site_id,service,phase,verdict,reviewer,reason,date,lon,lat,name\n"
REJECT = "B1,community_health_center,,reject,张,=1+1 地块不行,2026-11-02,,,\n"
ONLY = ["--only", "map,workbook"]
BACK = "B1,community_health_center,,accept,李,地块可以,2026-12-02,,,\n"


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a task and three runs, each of which reviewed the last."""
    home = tmp_path_factory.mktemp("rounds")
    brief = write_task(home / "task")
    assert run(["plan", str(brief), "-o", str(home / "r1"), "-q", *ONLY]) == 0
    for number, rows in ((1, REJECT), (2, "")):
        form = home / f"r{number}" / "decisions.csv"
        if rows:
            form.write_text(HEAD + rows, encoding="utf-8")
        options = ["--decisions", str(form), "--previous", str(form.parent)]
        target = home / f"r{number + 1}"
        assert run(["plan", str(brief), "-o", str(target), "-q", *ONLY, *options]) == 0
    return home


@pytest.fixture
def home(chain: Path, tmp_path: Path) -> Path:
    """Return a copy of the runs that a test may spoil."""
    return shutil.copytree(chain, tmp_path / "rounds")


@pytest.fixture
def asked(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, Any]]:
    """Return a function that runs a command and gives its exit code and its JSON."""

    def ask(*arguments: object) -> tuple[int, Any]:
        capsys.readouterr()
        code = run([*map(str, arguments), "--json", "-q"])
        return code, json.loads(capsys.readouterr().out)

    return ask


def codes(said: Any) -> list[str]:
    if "checks" in said:
        rows = [f for check in said["checks"] for f in check["findings"]]
    else:
        rows = said["findings"]
    return sorted({f["code"] for f in rows if f["severity"] != "note"})


def rows_of(path: Path) -> list[dict[str, str]]:
    frame = pd.read_csv(path, encoding="utf-8-sig", dtype=str, keep_default_na=False)
    return [
        {str(k): str(v) for k, v in row.items()} for row in frame.to_dict("records")
    ]


# --- merging --------------------------------------------------------------------------


def fill(folder: Path, name: str, *rows: str) -> Path:
    path = folder / f"{name}.csv"
    path.write_text(HEAD + "".join(rows), encoding="utf-8")
    return path


ACCEPT_A1 = "A1,emergency_station,,accept,,近,,,,\n"
ACCEPT_B1 = "B1,community_health_center,,accept,,,,,,\n"
REJECT_B1 = "B1,community_health_center,,reject,,=HYPERLINK(1),,,,\n"


def test_agreed_verdicts_are_merged_and_conflicts_listed_by_person(home, asked):
    files = [
        fill(home, "王主任", ACCEPT_A1, ACCEPT_B1),
        fill(home, "李工", ACCEPT_A1, REJECT_B1),
    ]
    target = home / "merged.csv"
    code, said = asked("decisions", "merge", *files, "-o", target, "--run", home / "r1")
    assert code == said["exit_code"] == 3
    assert said["counts"] == {
        "placements": 3,
        "by_everybody": 2,
        "by_some": 0,
        "by_nobody": 1,
        "agreed": 1,
        "conflicts": 1,
    }
    merged = rows_of(target)
    assert [(r["site_id"], r["verdict"], r["reviewer"]) for r in merged] == [
        ("A1", "accept", "李工、王主任"),
        ("B1", "", ""),
    ]
    assert merged[1]["reason"] == "李工: reject; 王主任: accept"
    conflicts = rows_of(home / "merged.conflicts.csv")
    assert [
        (r["name"], r["reviewer"], r["verdict"], r["reason"]) for r in conflicts
    ] == [
        ("东街道备选一", "李工", "reject", "'=HYPERLINK(1)"),
        ("东街道备选一", "王主任", "accept", ""),
    ]
    assert codes(said) == ["decision-conflict"]


def test_a_merged_table_is_read_by_plan_and_conflicts_are_undecided(home, asked):
    files = [fill(home, "王", ACCEPT_A1, ACCEPT_B1), fill(home, "李", REJECT_B1)]
    target = home / "merged.csv"
    options = ["-o", target, "--run", home / "r1", "--keep-going"]
    assert asked("decisions", "merge", *files, *options)[0] == 0
    after = home / "r9"
    options = ["-o", after, "--decisions", target, "--previous", home / "r1"]
    code, said = asked("plan", home / "task" / "brief.toml", *options)
    assert code == 0
    assert said["decisions"] == {"accept": 1}


def test_a_workbook_and_a_table_are_merged(home, asked):
    book = openpyxl.load_workbook(home / "r1" / "plan.xlsx")
    sheet = book["机构设置一览表"]
    at = {cell.value: cell.column for cell in sheet[1]}
    for row in range(2, sheet.max_row + 1):
        sheet.cell(row, at["审核意见"]).value = "同意"
        sheet.cell(row, at["审核人"]).value = "赵"
    book.save(home / "赵.xlsx")
    files = [home / "赵.xlsx", fill(home, "王", ACCEPT_A1)]
    target = home / "merged.csv"
    code, said = asked("decisions", "merge", *files, "-o", target, "--run", home / "r1")
    assert code == 0
    assert said["reviewers"] == {"王": {"accept": 1}, "赵": {"accept": 3}}
    assert not (home / "merged.conflicts.csv").exists()
    assert [r["reviewer"] for r in rows_of(target)] == ["王、赵", "赵", "赵"]


def test_what_a_run_obeys_already_is_no_new_verdict(home, asked):
    files = [home / "r2" / "plan.xlsx", fill(home, "李", BACK)]
    target = home / "merged.csv"
    code, said = asked("decisions", "merge", *files, "-o", target, "--run", home / "r2")
    assert code == 0
    assert [(r["site_id"], r["verdict"]) for r in rows_of(target)] == [("B1", "accept")]
    assert said["reviewers"] == {"李": {"accept": 1}}
    assert codes(said) == ["decision-stale"]  # the plan of r2 does not place B1


def test_bad_files_are_refused_and_nothing_is_written(home, asked):
    bad = fill(home, "坏", "B1,clinik,,accept,,,,,,\n", "B1,,,approve,,,,,,\n")
    target = home / "merged.csv"
    code, said = asked("decisions", "merge", bad, "-o", target, "--run", home / "r1")
    assert code == 3
    assert codes(said) == ["choice-unknown", "service-unknown"]
    code, said = asked("decisions", "merge", home / "none.csv", "-o", target)
    assert (code, codes(said)) == (3, ["file-missing"])
    code, said = asked("decisions", "merge", fill(home, "空"), "-o", target)
    assert code == 3
    assert not target.exists()


def test_a_merged_table_is_not_overwritten_without_force(home, asked):
    one, target = fill(home, "王", ACCEPT_A1), home / "merged.csv"
    target.write_text("mine", encoding="utf-8")
    code, said = asked("decisions", "merge", one, "-o", target)
    assert (code, codes(said)) == (3, ["file-exists"])
    assert target.read_text("utf-8") == "mine"
    assert asked("decisions", "merge", one, "-o", target, "--force")[0] == 0


# --- history --------------------------------------------------------------------------


def test_the_chain_is_told_from_the_first_proposal_on(home, asked):
    code, said = asked("history", home)
    assert code == 0
    assert said["findings"] == []
    steps = {step["folder"].rpartition("/")[2]: step for step in said["steps"]}
    assert list(steps) == ["r1", "r2", "r3"]
    assert [step["round"] for step in said["steps"]] == [0, 1, 2]
    assert steps["r2"]["decisions"] == {"new": {"张": {"reject": 1}}, "obeyed": 1}
    assert steps["r3"]["decisions"] == {"new": {}, "obeyed": 1}
    (change,) = steps["r2"]["changes"]
    assert (change["change"], change["site_id"], change["to_site_id"]) == (
        "moved",
        "B1",
        "B2",
    )
    assert steps["r3"]["changes"] == []
    assert steps["r1"]["changes"] is None
    assert all(step["reproducible"] for step in said["steps"])


@pytest.mark.parametrize(
    ("language", "words"),
    [("zh", ["评审的方案", "新意见, 张: 不同意 1"]), ("en", ["new, 张: reject 1"])],
)
def test_the_page_of_a_history_is_markdown_in_either_language(
    home, capsys, language, words
):
    assert run(["history", str(home), "--lang", language]) == 0
    page = capsys.readouterr().out
    assert page.startswith("# ")
    for word in words:
        assert word in page
    target = home / "history.md"
    assert run(["history", str(home), "--lang", language, "-o", str(target)]) == 0
    assert target.read_text("utf-8") == page
    assert run(["history", str(home), "-o", str(target), "-q"]) == 3


def test_of_a_run_the_chain_that_leads_to_it_is_told(home, asked):
    said = asked("history", home / "r2")[1]
    assert [step["folder"].rpartition("/")[2] for step in said["steps"]] == ["r1", "r2"]


def test_a_missing_parent_is_named(home, asked):
    shutil.rmtree(home / "r1")
    code, said = asked("history", home)
    assert code == 0
    assert codes(said) == ["parent-missing"]
    first = said["steps"][0]
    assert (first["parent"], first["parent_stated"]) == (None, "r1")
    assert not first["reproducible"]


def test_a_parent_that_was_changed_is_missing(home, asked):
    path = home / "r1" / "run.json"
    path.write_text(path.read_text("utf-8") + " ", encoding="utf-8")
    assert codes(asked("history", home)[1]) == ["parent-missing"]


def test_branches_and_copies_are_named(home, asked):
    shutil.copytree(home / "r1", home / "r1-copy")
    path = shutil.copytree(home / "r2", home / "r2b") / "run.json"
    path.write_text(path.read_text("utf-8") + "\n", encoding="utf-8")
    said = asked("history", home)[1]
    assert codes(said) == ["history-branches", "run-copy"]
    first = said["steps"][0]
    assert [one.rpartition("/")[2] for one in first["next"]] == ["r2", "r2b"]


def test_a_step_whose_inputs_changed_is_not_reproducible(home, asked):
    zones = home / "task" / "zones.csv"
    zones.write_text(zones.read_text("utf-8") + "\n", encoding="utf-8")
    (home / "r1" / "decisions.csv").unlink()
    first, second, _ = asked("history", home)[1]["steps"]
    odd = [
        {one["file"]: one["state"] for one in step["inputs"] if one["state"] != "same"}
        for step in (first, second)
    ]
    assert odd == [
        {"zones.csv": "changed"},
        {"zones.csv": "changed", "decisions.csv": "missing"},
    ]
    assert not first["reproducible"]


def test_a_folder_without_runs_is_refused(tmp_path, asked):
    code, said = asked("history", tmp_path)
    assert (code, codes(said)) == (3, ["run-missing"])


def test_a_damaged_run_is_named_and_the_others_are_told(home, asked):
    (home / "r3" / "run.json").write_text("{", encoding="utf-8")
    said = asked("history", home)[1]
    assert codes(said) == ["run-unreadable"]
    assert len(said["steps"]) == 2


def test_hostile_names_do_not_break_the_page(home, capsys):
    path = home / "r2" / "decided.csv"
    text = path.read_text("utf-8-sig").replace("张", "<b>|x")
    path.write_text(text, encoding="utf-8-sig")
    assert run(["history", str(home), "-q"]) == 0
    page = capsys.readouterr().out
    assert "\\<b\\>\\|x: 不同意 1" in page


# --- verifying ------------------------------------------------------------------------


def test_an_untouched_run_holds(home, asked):
    for name in ("r1", "r3"):
        code, said = asked("verify", home / name)
        assert (code, codes(said)) == (0, [])
        assert all(check["holds"] for check in said["checks"])


def test_inputs_that_changed_are_named_and_nothing_is_computed(home, asked):
    zones = home / "task" / "zones.csv"
    zones.write_text(zones.read_text("utf-8") + "\n", encoding="utf-8")
    (home / "task" / "costs.csv").unlink()
    code, said = asked("verify", home / "r1")
    assert (code, codes(said)) == (3, ["input-changed", "input-missing"])
    assert not said["checks"][-1]["checked"]


def test_a_brief_that_is_not_found_can_be_given(home, asked):
    far = home / "far" / "off" / "away"
    shutil.move(home / "task", far)
    code, said = asked("verify", home / "r1")
    assert (code, codes(said)) == (3, ["input-missing"])
    assert asked("verify", home / "r1", "--brief", far / "brief.toml")[0] == 0


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8-sig")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8-sig")


def unseal(run_folder: Path) -> None:
    """Take the list of files out of a certificate, as one who forges a run would."""
    path = run_folder / "run.json"
    content = json.loads(path.read_text("utf-8"))
    del content["files"]
    path.write_text(json.dumps(content), encoding="utf-8")


@pytest.mark.parametrize(
    ("file", "words", "code"),
    [
        ("placements.csv", ("2000", "1500"), "plan-price"),
        ("assignments.csv", ("40000", "39000"), "verify-files-differ"),
        ("audit.csv", ("达标", "未达标"), "verify-audit"),
        ("audit.json", ('"met"', '"not_met"'), "verify-audit"),
        ("demand.csv", ("40000", "41000"), "verify-files-differ"),
    ],
)
def test_a_table_that_was_edited_is_found_with_and_without_the_seal(
    home, asked, file, words, code
):
    change(home / "r1" / file, *words)
    exit_code, said = asked("verify", home / "r1")
    assert exit_code == 7
    assert {"run-file-changed", code} <= set(codes(said))
    unseal(home / "r1")
    exit_code, said = asked("verify", home / "r1")
    assert exit_code == 7
    assert code in codes(said)


def test_a_layer_that_was_edited_is_found(home, asked):
    path = home / "r1" / "plan.gpkg"
    layer = gpd.read_file(path, layer="placements")
    layer["capital_wan"] = layer["capital_wan"] / 2
    layer.to_file(path, layer="placements", driver="GPKG")
    code, said = asked("verify", home / "r1")
    assert code == 7
    assert "verify-files-differ" in codes(said)


@pytest.mark.parametrize(
    ("key", "forge", "code"),
    [
        ("totals", lambda c: c["totals"].update(capital_wan=2000.0), "verify-total"),
        ("totals", lambda c: c["totals"].clear(), "verify-total"),
        ("value", lambda c: c["objectives"][1].update(value=1.0), "plan-value"),
        (
            "bound",
            lambda c: c["objectives"][1].update(bound=0.0),
            "verify-not-proven",
        ),
        (
            "status",
            lambda c: c["objectives"][1].update(status="feasible"),
            "verify-not-proven",
        ),
        ("audit", lambda c: c["audit"].update(met=9), "verify-audit"),
    ],
)
def test_a_certificate_that_was_edited_is_found(home, asked, key, forge, code):
    path = home / "r1" / "run.json"
    content = json.loads(path.read_text("utf-8"))
    forge(content)
    path.write_text(json.dumps(content), encoding="utf-8")
    exit_code, said = asked("verify", home / "r1")
    assert exit_code == 7, key
    assert code in codes(said)


def test_decisions_of_another_run_are_found(home, asked):
    change(home / "r2" / "decided.csv", "reject", "lock")
    unseal(home / "r2")
    code, said = asked("verify", home / "r2")
    assert code == 7
    assert "plan-decided" in codes(said)
    assert "verify-decisions" in codes(said)


def test_a_picture_of_another_run_a_lost_and_a_strange_file_are_named(home, asked):
    shutil.copy(home / "r2" / "map.html", home / "r1" / "map.html")
    (home / "r1" / "demand.csv").unlink()
    (home / "r1" / "notes.txt").write_text("x", encoding="utf-8")
    code, said = asked("verify", home / "r1")
    assert code == 7
    assert {"run-file-changed", "run-file-missing", "run-file-unknown"} <= set(
        codes(said)
    )


def test_a_form_that_was_filled_in_is_no_mismatch(home, asked):
    book = openpyxl.load_workbook(home / "r1" / "plan.xlsx")
    sheet = book["机构设置一览表"]
    at = [cell.value for cell in sheet[1]].index("审核意见") + 1
    sheet.cell(2, at).value = "同意"
    book.save(home / "r1" / "plan.xlsx")
    assert asked("verify", home / "r1")[0] == 0
    sheet.delete_rows(2)
    book.save(home / "r1" / "plan.xlsx")
    code, said = asked("verify", home / "r1")
    assert (code, codes(said)) == (7, ["verify-files-differ"])


def test_the_journal_of_a_review_belongs_to_the_run(home, asked):
    (home / "r1" / "review").mkdir()
    (home / "r1" / "review" / "journal.jsonl").write_text("{}\n", encoding="utf-8")
    code, said = asked("verify", home / "r1")
    assert (code, codes(said)) == (0, [])


def test_a_folder_that_is_no_run_is_refused(tmp_path, asked):
    code, said = asked("verify", tmp_path)
    assert (code, codes(said)) == (3, ["run-unreadable"])


# --- input that changes while it is read ----------------------------------------------


def test_a_file_that_changes_while_it_is_read_is_a_finding(home, asked, monkeypatch):
    from allocator.pipeline import task  # noqa: PLC0415 (to put a hook there)

    zones = home / "task" / "zones.csv"
    read = vars(task)["read_area"]

    def slowly(*arguments, **options):
        found = read(*arguments, **options)
        zones.write_text(zones.read_text("utf-8") + "\n", encoding="utf-8")
        return found

    monkeypatch.setattr(task, "read_area", slowly)
    target = home / "new"
    code, said = asked("plan", home / "task" / "brief.toml", "-o", target)
    assert (code, codes(said)) == (3, ["input-changed-while-read"])
    assert not target.exists()


def test_a_run_after_a_review_can_be_explained(home, asked):
    options = ["--site", "B2", "--plan", home / "r2"]
    assert asked("explain", home / "task" / "brief.toml", *options)[0] == 0


def test_a_brief_that_was_edited_since_is_named(home, asked):
    brief = home / "task" / "brief.toml"
    brief.write_text(brief.read_text("utf-8") + "# x\n", encoding="utf-8")
    code, said = asked("verify", home / "r1")
    assert (code, codes(said)) == (3, ["input-changed"])
    assert said["checks"][0]["findings"][0]["keys"] == ["brief.toml"]


def test_a_certificate_of_an_earlier_version_is_verified_by_file_names(home, asked):
    path = home / "r1" / "run.json"
    content = json.loads(path.read_text("utf-8"))
    del content["brief"], content["files"]
    for one in content["inputs"]:
        del one["path"]
    path.write_text(json.dumps(content), encoding="utf-8")
    code, said = asked("verify", home / "r1")
    assert (code, codes(said)) == (0, [])


@pytest.mark.parametrize("damage", [None, [1], [{"file": "zones.csv"}]])
def test_a_damaged_list_of_inputs_is_a_finding(home, asked, damage):
    path = home / "r1" / "run.json"
    content = json.loads(path.read_text("utf-8"))
    content["inputs"] = damage
    path.write_text(json.dumps(content), encoding="utf-8")
    code, said = asked("verify", home / "r1")
    assert (code, codes(said)) == (3, ["run-unreadable"])


PHASES = """
[[phase]]
year = 2025
capital_wan = 2300
[[phase]]
year = 2028
capital_wan = 300
[budget]
"""


@pytest.fixture(scope="module")
def phased(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a run in two phases; in both, people go somewhere."""
    home = tmp_path_factory.mktemp("phased")
    path = write_task(home / "task", brief=("[budget]\n", PHASES))
    options = ["--only", "map", "-q"]
    assert run(["plan", str(path), "-o", str(home / "r"), *options]) == 0
    return home


def test_objectives_over_phases_are_computed_again(phased, tmp_path, asked):
    folder = shutil.copytree(phased, tmp_path / "p") / "r"
    code, said = asked("verify", folder)
    assert (code, codes(said)) == (0, [])
    found = {check["name"]: check for check in said["checks"]}
    assert "audit_2025.csv 与新审核" in found
    certificate = json.loads((folder / "run.json").read_text("utf-8"))
    assert found["目标值"]["count"] == len(certificate["objectives"])
    assert found["目标值"]["findings"] == []
    # Nobody goes anywhere in the first phase: that is not what was stated.
    path = folder / "assignments_2025.csv"
    heading, *rows = path.read_text("utf-8-sig").splitlines()
    assert rows
    path.write_text(f"{heading}\n", "utf-8-sig")
    code, said = asked("verify", folder)
    found = {check["name"]: check for check in said["checks"]}
    assert code == 7
    assert "person_minutes" in str(found["目标值"]["findings"])


def test_without_the_journeys_of_every_phase_a_note_says_what_is_left(
    phased, tmp_path, asked
):
    folder = shutil.copytree(phased, tmp_path / "p") / "r"
    (folder / "assignments_2025.csv").unlink()
    _, said = asked("verify", folder)
    (found,) = (c for c in said["checks"] if c["name"] == "目标值")
    (note,) = found["findings"]
    assert note["code"] == "verify-not-measured"
    assert note["keys"] == ["uncovered_people", "person_minutes"]
