"""``allocator plan`` of a brief with ``[split]``: counties apart, one plan."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from allocator.cli.main import run
from allocator.load import read_brief
from tests.cli.small_task import write_task

ROOT = Path(__file__).resolve().parents[2]
SPLIT = '[split]\nby = "county"\n'
# Without the first rule the clinic is built for reach alone: 1000 leave it out.
POOR = ("capital_wan = 5000", f"capital_wan = 1000\n{SPLIT}")
RICH = ("capital_wan = 5000", f"capital_wan = 5000\n{SPLIT}")


def write_split(folder, brief=RICH, **changes):
    return write_task(folder, brief=brief, **changes)


def write_poor(folder):
    brief = write_split(folder, POOR)
    pack = folder / "small.toml"
    text = pack.read_text("utf-8")
    start = text.index('[[rule]]\nid = "R1"')
    end = text.index('[[rule]]\nid = "R2"')
    pack.write_text(text[:start] + text[end:], "utf-8")
    return brief


def plan(brief, target, *options):
    return run(["plan", str(brief), "-o", str(target), "--workers", "1", *options])


def certificate(target):
    return json.loads((target / "run.json").read_text("utf-8"))


def values(target):
    return {o["name"]: o["value"] for o in certificate(target)["objectives"]}


def test_the_joined_plan_is_that_of_the_whole(tmp_path, capsys):
    whole = write_task(tmp_path / "whole")
    assert run(["plan", str(whole), "-o", str(tmp_path / "one")]) == 0
    split = write_split(tmp_path / "split")
    assert plan(split, tmp_path / "two") == 0
    assert values(tmp_path / "two") == pytest.approx(values(tmp_path / "one"))
    for name in ("placements.csv", "assignments.csv", "audit.csv"):
        one, two = ((tmp_path / run / name).read_bytes() for run in ("one", "two"))
        assert one == two, name
    found = certificate(tmp_path / "two")
    assert found["status"] == "optimal"
    assert found["split"]["method"] == "separate"
    assert [area["id"] for area in found["split"]["areas"]] == ["360901", "360902"]
    assert found["split"]["areas"][1]["name"] == "乙县"
    assert "甲区 (1/2)" in capsys.readouterr().err


def test_a_budget_that_binds_is_shared_and_priced(tmp_path):
    brief = write_poor(tmp_path / "task")
    assert plan(brief, tmp_path / "run") == 0
    whole = tmp_path / "task" / "whole.toml"
    whole.write_text(brief.read_text("utf-8").replace(SPLIT, ""), "utf-8")
    assert run(["plan", str(whole), "-o", str(tmp_path / "one")]) == 0
    assert values(tmp_path / "run") == pytest.approx(values(tmp_path / "one"))
    found = certificate(tmp_path / "run")
    assert found["status"] == "optimal"
    (limit,) = found["split"]["limits"]
    assert limit["most"] == 1000.0
    assert limit["used"] == found["totals"]["capital_wan"] == 260.0
    shares = [area["shares"]["0:capital_wan:"] for area in found["split"]["areas"]]
    assert shares == [130.0, 130.0]


def test_verify_and_audit_accept_the_run_folder(tmp_path):
    brief = write_split(tmp_path / "task")
    assert plan(brief, tmp_path / "run") == 0
    assert run(["verify", str(tmp_path / "run"), "--brief", str(brief)]) == 0
    assert run(["audit", str(brief), "--plan", str(tmp_path / "run")]) == 0


def test_only_a_county_that_changed_is_planned_again(tmp_path):
    brief = write_poor(tmp_path / "task")
    assert plan(brief, tmp_path / "first") == 0
    times = certificate(tmp_path / "first")["times"]
    assert (times["parts_solved"], times["parts_kept"]) == (2, 0)
    assert plan(brief, tmp_path / "second") == 0
    times = certificate(tmp_path / "second")["times"]
    assert (times["parts_solved"], times["parts_kept"]) == (0, 2)
    for name in ("placements.csv", "assignments.csv"):
        one, two = ((tmp_path / r / name).read_bytes() for r in ("first", "second"))
        assert one == two
    zones = tmp_path / "task" / "zones.csv"
    zones.write_text(zones.read_text("utf-8").replace("30000", "30001"), "utf-8")
    assert plan(brief, tmp_path / "third") == 0
    times = certificate(tmp_path / "third")["times"]
    assert (times["parts_solved"], times["parts_kept"]) == (1, 1)
    assert plan(brief, tmp_path / "fourth", "--no-cache") == 0
    assert certificate(tmp_path / "fourth")["times"]["parts_solved"] == 2


@pytest.mark.slow
def test_two_workers_find_what_one_finds(tmp_path):
    brief = write_poor(tmp_path / "task")
    for workers in ("1", "2"):
        target = str(tmp_path / workers)
        arguments = ["plan", str(brief), "-o", target, "--workers", workers]
        assert run([*arguments, "--no-cache"]) == 0
    for name in ("placements.csv", "assignments.csv"):
        one, two = ((tmp_path / w / name).read_bytes() for w in ("1", "2"))
        assert one == two


WIDE = (
    'scope = { zone_kind = ["街道"] }\nwithin_minutes = 15',
    "within_minutes = 90",
)
FAR = ("[demand]", "[travel]\nmax_minutes = 120\n[demand]")


def write_crossing(folder, borders):
    brief = write_split(folder, FAR, small=WIDE)
    line = f'borders = "{borders}"\n' if borders else ""
    brief.write_text(f"{brief.read_text('utf-8')}{SPLIT}{line}", "utf-8")
    return brief


def test_reach_over_a_border_is_refused_until_the_brief_says_what_borders_are(
    tmp_path, capsys
):
    brief = write_crossing(tmp_path / "task", "")
    assert plan(brief, tmp_path / "run", "--lang", "en") == 4
    said = capsys.readouterr().err
    assert "乙县 → 甲区" in said
    assert "community_health_center" in said
    assert 'borders = "closed"' in said
    assert not (tmp_path / "run").exists()


def test_joined_counties_are_planned_as_one_part(tmp_path):
    brief = write_crossing(tmp_path / "task", "joined")
    assert plan(brief, tmp_path / "run") == 0
    (area,) = certificate(tmp_path / "run")["split"]["areas"]
    assert area["counties"] == ["360901", "360902"]
    assert values(tmp_path / "run")["uncovered_people"] == 0


def test_closed_borders_leave_people_out_and_say_so(tmp_path, capsys):
    brief = write_crossing(tmp_path / "task", "closed")
    assert plan(brief, tmp_path / "run", "--lang", "en") == 0
    assert "journeys over county borders do not count" in capsys.readouterr().err
    assert values(tmp_path / "run")["uncovered_people"] == 40000
    assert run(["verify", str(tmp_path / "run"), "--brief", str(brief)]) == 0


def test_a_clause_that_ties_counties_together_is_refused_by_name(tmp_path, capsys):
    either = (
        "share = 1.0\ndue = 2025",
        'share = 0.5\n[[rule.any_of]]\nquote = "或"\nkind = "count_in_unit"\n'
        'service = "emergency_station"\nlo = 1',
    )
    brief = write_split(tmp_path / "task", small=either)
    assert plan(brief, tmp_path / "run", "--lang", "zh") == 4
    said = capsys.readouterr().err
    assert "R2" in said
    assert "在中心乡镇卫生院设立急救站" in said
    assert "整体求解" in said


def test_a_county_without_a_plan_is_named(tmp_path, capsys):
    brief = write_split(tmp_path / "task", small=("lo = 1", "lo = 3"))
    assert plan(brief, tmp_path / "run", "--lang", "en") == 5
    said = capsys.readouterr().err
    assert "甲区 by itself has no plan" in said
    assert "R1" in said


def test_a_budget_that_does_not_go_round_says_what_is_missing(tmp_path, capsys):
    poor = ("capital_wan = 5000", f"capital_wan = 2200\n{SPLIT}")
    brief = write_split(tmp_path / "task", poor)
    assert plan(brief, tmp_path / "run", "--lang", "en") == 5
    said = capsys.readouterr().err
    assert "a budget of 2,200 万元 is not enough: at least 60 万元 are missing" in said


@pytest.mark.parametrize(
    "options",
    [
        ["--cluster", "http://127.0.0.1:8786"],
        ["--cluster", "tcp://127.0.0.1"],
        ["--cluster", "tcp://127.0.0.1:8786"],
    ],
)
def test_addresses_that_are_none_are_refused(tmp_path, options):
    brief = write_split(tmp_path / "task")
    arguments = ["plan", str(brief), "-o", str(tmp_path / "run")]
    workers = ["--workers", "1"] if options[1].endswith("8786") else []
    assert run([*arguments, *options, *workers]) == 2


@pytest.mark.parametrize("options", [["--workers", "2"], ["--no-cache"]])
def test_work_is_divided_only_where_the_brief_divides_it(tmp_path, options):
    brief = write_task(tmp_path / "task")
    target = str(tmp_path / "run")
    assert run(["plan", str(brief), "-o", target, *options]) == 2


def test_best_effort_is_for_the_whole(tmp_path, capsys):
    brief = write_split(tmp_path / "task")
    assert plan(brief, tmp_path / "run", "--best-effort", "--lang", "en") == 3
    assert "leave out [split]" in capsys.readouterr().err


def test_the_section_of_the_page_is_read(tmp_path):
    page = (ROOT / "docs" / "scale.md").read_text("utf-8")
    (section,) = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)
    rich = ("capital_wan = 5000", f"capital_wan = 5000\n{section}")
    found, findings = read_brief(write_split(tmp_path, rich))
    assert findings == []
    assert found is not None
    assert found.split is not None
    assert (found.split.by, found.split.borders) == ("county", "closed")


def test_an_unknown_key_of_the_section_names_the_nearest(tmp_path, capsys):
    brief = write_split(
        tmp_path / "task",
        ("capital_wan = 5000", 'capital_wan = 5000\n[split]\nborder = "closed"'),
    )
    assert plan(brief, tmp_path / "run", "--lang", "en") == 3
    assert "borders" in capsys.readouterr().err
