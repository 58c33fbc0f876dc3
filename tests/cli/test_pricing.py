"""What decisions cost, held against plans made with each of them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

from allocator.cli.console import TerminalProgress
from allocator.cli.main import run
from tests.cli.small_task import write_task

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

HEAD = "site_id,service,phase,verdict,reviewer,reason,date,lon,lat,name\n"
ONLY = ["--only", "map"]
CHC = "community_health_center"


@pytest.fixture(scope="module")
def brief(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the brief of a task with one run, ``r1``, beside it."""
    home = tmp_path_factory.mktemp("prices")
    path = write_task(home / "task")
    assert run(["plan", str(path), "-o", str(home / "r1"), "-q", *ONLY]) == 0
    return path


@pytest.fixture
def asked(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, Any]]:
    """Return a function that runs a command and gives its exit code and its JSON."""

    def ask(*arguments: object) -> tuple[int, Any]:
        capsys.readouterr()
        code = run([*map(str, arguments), "--json", "-q"])
        return code, json.loads(capsys.readouterr().out)

    return ask


def fill(folder: Path, *rows: str) -> Path:
    path = folder / "form.csv"
    path.write_text(HEAD + "".join(f"{row}\n" for row in rows), encoding="utf-8")
    return path


def priced(asked: Any, brief: Path, form: Path, *options: object) -> Any:
    before = brief.parents[1] / "r1"
    arguments = ["--decisions", form, "--previous", before, *options]
    return asked("decisions", "price", brief, *arguments)


MOVE = f"B1,{CHC},,move,张,地块不行,,115.905,28.705,"
REJECT = f"B1,{CHC},,reject,张,,,,,"
LOCK = f"B2,{CHC},,lock,王,,,,,"


@pytest.mark.parametrize("row", [MOVE, REJECT, LOCK], ids=["move", "reject", "lock"])
def test_a_price_is_what_a_plan_with_the_decision_differs_by(
    brief, asked, tmp_path, row
):
    form = fill(tmp_path, row)
    code, said = priced(asked, brief, form)
    assert code == 0
    (price,) = said["prices"]
    before = json.loads((brief.parents[1] / "r1" / "run.json").read_text("utf-8"))
    options = ["--decisions", form, "--previous", brief.parents[1] / "r1", *ONLY]
    code, after = asked("plan", brief, "-o", tmp_path / "r2", *options)
    assert code == 0
    for name, column in (
        ("capital_wan", "capital_wan_more"),
        ("yearly_wan", "yearly_wan_more"),
        ("person_minutes", "person_minutes_more"),
        ("covered_people", "people_in_reach_more"),
    ):
        change = after["totals"][name] - before["totals"][name]
        assert price[column] == pytest.approx(change, abs=1e-3), name
    values = {one["name"]: one["value"] for one in after["objectives"]}
    for difference in price["differences"]:
        assert difference["value"] == pytest.approx(values[difference["name"]])
        assert difference["at_least"] <= difference["change"] + 1e-6


def test_each_decision_stands_alone_and_the_last_line_is_of_all(brief, asked, tmp_path):
    form = fill(tmp_path, REJECT, LOCK, "A2,emergency_station,,accept,李,,,,,")
    said = priced(asked, brief, form)[1]
    assert [price["verdict"] for price in said["prices"]] == [
        "reject",
        "lock",
        "accept",
        "all",
    ]
    reject, lock, accept, together = said["prices"]
    assert (reject["result"], reject["capital_wan_more"]) == ("worse", 0)
    assert reject["substitutes"] == "B2"
    assert reject["people_then"] == "B2:40000"
    assert (lock["result"], lock["capital_wan_more"]) == ("worse", 2000)
    assert accept["result"] == "as_is"
    # Without B1, B2 is there anyway: locking it costs nothing more.
    assert together["capital_wan_more"] == 0
    assert together["person_minutes_more"] == reject["person_minutes_more"]


def test_people_out_of_reach_are_said_with_the_minutes_of_the_clause(tmp_path, capsys):
    far = ("B2,东街道备选二,115.910,28.710", "B2,东街道备选二,116.050,28.700")
    path = write_task(tmp_path / "task", sites=far)
    assert run(["plan", str(path), "-o", str(tmp_path / "r1"), "-q", *ONLY]) == 0
    form = fill(tmp_path, REJECT)
    capsys.readouterr()
    options = ["--decisions", str(form), "--previous", str(tmp_path / "r1")]
    for language, words in (
        ("zh", "不同意 东街道备选一 社区卫生服务中心 (张): 40,000 人超出 15 分钟"),
        (
            "en",
            "rejecting 东街道备选一 社区卫生服务中心 (张) leaves 40,000 people "
            "beyond 15 minutes; ",
        ),
    ):
        line = ["decisions", "price", str(path), *options, "-q", "--lang", language]
        assert run(line) == 0
        out = capsys.readouterr().out
        assert words in out
        assert "东街道备选二 (14" in out


@pytest.mark.parametrize(
    ("row", "result"),
    [
        ("A1,emergency_station,,reject,,,,,,", "impossible"),
        ("A3,emergency_station,,lock,,,,,,", "impossible"),
        ("B1,,,lock,,,,,,", "as_is"),
        ("B2,,,lock,,,,,,", "worse"),
        ("B1,,,reject,,,,,,", "worse"),
        ("A1,,,accept,,,,,,", "as_is"),
        (f"B1,{CHC},,defer,,,,,,", "worse"),
    ],
)
def test_every_verdict_has_its_result(brief, asked, tmp_path, row, result):
    said = priced(asked, brief, fill(tmp_path, row))[1]
    assert [price["result"] for price in said["prices"]] == [result]


def test_an_earlier_decision_gives_way_to_a_new_one(brief, asked, tmp_path):
    form = fill(tmp_path, REJECT)
    options = ["--decisions", form, "--previous", brief.parents[1] / "r1", *ONLY]
    assert asked("plan", brief, "-o", tmp_path / "r2", *options)[0] == 0
    again = fill(tmp_path, f"B1,{CHC},,lock,李,地块可以,,,,")
    before = ["--decisions", again, "--previous", tmp_path / "r2"]
    code, said = asked("decisions", "price", brief, *before)
    assert code == 0
    (price,) = said["prices"]
    # B1 is nearer than B2, which B1 was rejected for.
    assert price["result"] == "as_good"
    assert price["person_minutes_more"] < -1000
    same = ["--decisions", tmp_path / "r2" / "decided.csv", *before[2:]]
    said = asked("decisions", "price", brief, *same)[1]
    assert (said["prices"], said["obeyed"]) == ([], 1)


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        (["Z9,emergency_station,,reject,,,,,,"], "site-unknown"),
        ([f"B2,{CHC},,accept,,,,,,"], "decision-stale"),
        ([REJECT, f"B1,{CHC},,accept,李,,,,,"], "decision-twice"),
        ([f"B1,{CHC},,move,,,,100,20,"], "site-in-no-zone"),
        (["B1,clinik,,reject,,,,,,"], "service-unknown"),
    ],
)
def test_bad_decisions_are_refused(brief, asked, tmp_path, rows, code):
    exit_code, said = priced(asked, brief, fill(tmp_path, *rows))
    assert exit_code == 3
    assert code in {finding["code"] for finding in said["findings"]}


def test_prices_are_written_and_not_overwritten_without_force(brief, asked, tmp_path):
    form, target = fill(tmp_path, f"B1,{CHC},,reject,=1+1,,,,,"), tmp_path / "out.csv"
    assert priced(asked, brief, form, "-o", target)[0] == 0
    rows = pd.read_csv(target, encoding="utf-8-sig", dtype=str, keep_default_na=False)
    assert rows["reviewer"].tolist() == ["'=1+1"]
    assert priced(asked, brief, form, "-o", target)[0] == 3
    assert priced(asked, brief, form, "-o", target, "--force")[0] == 0


def test_without_a_run_nothing_can_be_priced(brief, asked, tmp_path):
    code, said = asked("decisions", "price", brief, "--decisions", fill(tmp_path, LOCK))
    assert (code, said["findings"][0]["code"]) == (3, "run-missing")


def test_a_run_of_other_inputs_is_refused(asked, tmp_path):
    path = write_task(tmp_path / "task")
    assert run(["plan", str(path), "-o", str(tmp_path / "r1"), "-q", *ONLY]) == 0
    write_task(tmp_path / "task", costs=("2000", "2100"))
    code, said = priced(asked, path, fill(tmp_path, LOCK))
    assert (code, said["findings"][0]["code"]) == (3, "run-other-inputs")


def test_what_is_priced_before_ctrl_c_is_kept(brief, tmp_path, capsys, monkeypatch):
    form = fill(tmp_path, REJECT, LOCK)
    told: list[str] = []
    step = TerminalProgress.step

    def stop_at_the_second(progress, text):
        told.append(text.en)
        if text.en.startswith("pricing decision 2"):
            progress.stop()
        step(progress, text)

    monkeypatch.setattr(TerminalProgress, "step", stop_at_the_second)
    options = ["--decisions", str(form), "--previous", str(brief.parents[1] / "r1")]
    assert run(["decisions", "price", str(brief), *options, "--lang", "en"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("rejecting 东街道备选一")
    assert out.rstrip().endswith("interrupted: the rest is not priced")
    assert "all decisions together" not in out


PHASES = """
[[phase]]
year = 2025
capital_wan = 2500
[[phase]]
year = 2028
capital_wan = 2500
[budget]
"""


def test_deferring_is_priced_phase_by_phase(asked, tmp_path):
    path = write_task(tmp_path / "task", brief=("[budget]\n", PHASES))
    assert run(["plan", str(path), "-o", str(tmp_path / "r1"), "-q", *ONLY]) == 0
    form = fill(tmp_path, f"B1,{CHC},2025,defer,张,,,,,")
    code, said = priced(asked, path, form)
    assert code == 0
    (price,) = said["prices"]
    options = ["--decisions", form, "--previous", tmp_path / "r1", *ONLY]
    after = asked("plan", path, "-o", tmp_path / "r2", *options)[1]
    values = {one["name"]: one["value"] for one in after["objectives"]}
    found = {d["name"]: d["value"] for d in price["differences"]}
    assert price["result"] == "worse"
    for name, value in found.items():
        assert value == pytest.approx(values[name], abs=1e-3), name


def test_people_beyond_a_limit_are_those_of_the_service_decided_on(asked, tmp_path):
    """Of a clause on another service, nobody is counted with those of this one."""
    far = ("B2,东街道备选二,115.910,28.710", "B2,东街道备选二,116.050,28.700")
    rule = """[[rule]]
id = "R5"
clause = "五"
quote = "急救站 60 分钟可达"
kind = "coverage"
service = "emergency_station"
within_minutes = 60

[[rule]]
id = "R1"
"""
    path = write_task(
        tmp_path / "task", sites=far, small=('[[rule]]\nid = "R1"\n', rule)
    )
    assert run(["plan", str(path), "-o", str(tmp_path / "r1"), "-q", *ONLY]) == 0
    code, said = priced(asked, path, fill(tmp_path, REJECT))
    assert code == 0
    assert ": 40,000 人超出 15 分钟; " in said["prices"][0]["words"]


SHED = """
[[service]]
id = "shed"
name = "库房"
hosts = { class = ["B100"] }

[[rule]]
id = "R4"
clause = "四"
quote = "每个街道设一处库房"
kind = "count_in_unit"
service = "shed"
unit = "zone"
scope = { zone_kind = ["街道"] }
lo = 1

[[rule]]
id = "R1"
"""


def test_services_that_move_together_are_priced_as_one(asked, tmp_path):
    prices = ("emergency_station,", "shed,build,40,5\nemergency_station,")
    path = write_task(
        tmp_path / "task",
        small=('[[rule]]\nid = "R1"\n', SHED.lstrip("\n")),
        costs=prices,
    )
    assert run(["plan", str(path), "-o", str(tmp_path / "r1"), "-q", *ONLY]) == 0
    rows = [MOVE, MOVE.replace(CHC, "shed")]
    form = fill(tmp_path, *rows)
    code, said = priced(asked, path, form)
    assert code == 0
    (price,) = said["prices"]
    assert (price["site_id"], price["service"]) == ("B1", f"{CHC};shed")
    assert price["words"].startswith("调整 东街道备选一 社区卫生服务中心、库房 (张): ")
    options = ["--decisions", form, "--previous", tmp_path / "r1", *ONLY]
    after = asked("plan", path, "-o", tmp_path / "r2", *options)[1]
    before = json.loads((tmp_path / "r1" / "run.json").read_text("utf-8"))
    for name in ("capital_wan", "person_minutes"):
        change = after["totals"][name] - before["totals"][name]
        assert price[f"{name}_more"] == pytest.approx(change, abs=1e-3), name
