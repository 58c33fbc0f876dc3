"""``allocator compare``: what two runs of one area differ in, and what is refused."""

from __future__ import annotations

import json
import re
import shlex
import shutil
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from allocator.cli.main import cli, run
from allocator.compare import MOVE_KM
from tests.cli.small_task import SITES, write_task

FILES = {
    "changes.csv",
    "compare.html",
    "compare.json",
    "compare.pdf",
    "compare.png",
    "compare.xlsx",
    "services.csv",
    "verdicts.csv",
    "zones.csv",
}
# The nearer candidate is not to be had, so that the centre moves to the other one.
_LOCKS = {"site_id": "locked", "B1": "out"}
LOCKED = "\n".join(
    f"{line},{_LOCKS.get(line.partition(',')[0], '')}" for line in SITES.splitlines()
)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the runs ``first``, ``second`` and ``other`` (area)."""
    folder = tmp_path_factory.mktemp("runs")
    tasks = {
        "first": write_task(folder / "a"),
        "second": write_task(folder / "b", sites=(SITES, LOCKED)),
        "other": write_task(
            folder / "c",
            zones=("360902200,西乡", "360902201,西乡"),
            sites=("existing,360902200,C220", "existing,360902201,C220"),
        ),
    }
    for name, brief in tasks.items():
        assert run(["plan", str(brief), "-o", str(folder / name), "-q"]) == 0
    return folder


@pytest.fixture
def copied(runs, tmp_path):
    """Return copies of the first two runs, to be damaged."""
    for name in ("first", "second"):
        shutil.copytree(runs / name, tmp_path / name)
    return tmp_path


def compared(folder, *options):
    return run(["compare", str(folder / "first"), str(folder / "second"), *options])


def test_the_move_of_a_centre_is_said_with_its_distance(runs, capsys):
    assert compared(runs) == 0
    out, err = capsys.readouterr()
    (moved,) = [line for line in out.splitlines() if "东街道备选一" in line]
    assert "东街道备选二" in moved
    assert moved.endswith("  1.4")  # 0.88 km east, 1.11 km north
    assert "移位: 1 项" in out
    assert "比较方案" in err
    assert "移位" not in err


def test_who_loses_minutes_is_said_by_service_and_zone(runs, capsys):
    assert compared(runs, "--json") == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["exit_code"] == 0
    (row,) = [s for s in answer["services"] if s["service"]]
    assert row["people_lose"] == 40000
    assert row["people_gain"] == 0
    assert row["minutes_change"] == pytest.approx(row["largest_loss"])
    (zone,) = [z for z in answer["zones"] if z["service"]]
    assert (zone["zone"], zone["rank"]) == ("东街道", 1)
    capital = next(f for f in answer["figures"] if f["name"] == "capital_wan")
    assert capital["before"] == 5000


def test_with_a_distance_of_nothing_the_centre_closes_and_opens(runs, capsys):
    assert compared(runs, "--json", "--moved-within", "0") == 0
    changes = json.loads(capsys.readouterr().out)["changes"]
    assert [c["change"] for c in changes] == ["opened", "dropped"]


def test_the_default_distance_is_said_in_the_help():
    (option,) = [p for p in cli.commands["compare"].params if p.name == "move_km"]
    assert f"Default: {MOVE_KM:g}." in getattr(option, "help", "")


def test_english_is_spoken(runs, capsys):
    assert compared(runs, "--lang", "en", "-q") == 0
    out, err = capsys.readouterr()
    assert "moved: 1" in out
    assert err == ""


def test_a_run_compared_with_itself_differs_in_nothing(runs, capsys):
    first = str(runs / "first")
    assert run(["compare", first, first, "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["changes"] == answer["verdicts"] == []
    assert {f["difference"] for f in answer["figures"]} == {0}


@pytest.fixture(scope="module")
def target(runs: Path) -> Path:
    """Return the folder of the comparison of the first two runs."""
    assert compared(runs, "-o", str(runs / "result"), "-q") == 0
    return runs / "result"


def test_every_file_is_written(target):
    assert {p.name for p in target.iterdir()} == FILES
    changes = pd.read_csv(target / "changes.csv", encoding="utf-8-sig", dtype=str)
    row = changes.to_dict("records")[0]
    assert [row[k] for k in ("change", "site_id", "to_site_id")] == [
        "moved",
        "B1",
        "B2",
    ]


def test_an_existing_folder_is_kept_without_force(runs, target, capsys):
    before = {p.name: p.stat().st_mtime_ns for p in target.iterdir()}
    assert compared(runs, "-o", str(target), "-q") == 3
    assert "--force" in capsys.readouterr().err
    assert {p.name: p.stat().st_mtime_ns for p in target.iterdir()} == before


def test_with_force_the_same_bytes_are_written_again(runs, target):
    before = {p.name: p.read_bytes() for p in target.iterdir()}
    assert compared(runs, "-o", str(target), "-q", "--force") == 0
    for path in target.iterdir():
        assert path.read_bytes() == before[path.name], path.name


def test_a_run_is_never_replaced_by_a_comparison(copied, capsys):
    before = sorted(p.name for p in (copied / "first").iterdir())
    assert compared(copied, "-o", str(copied / "first"), "--force") == 3
    assert "compare.json" in capsys.readouterr().err
    assert sorted(p.name for p in (copied / "first").iterdir()) == before


def test_runs_of_different_areas_are_refused_with_the_zone(runs, tmp_path, capsys):
    first, other = str(runs / "first"), str(runs / "other")
    assert run(["compare", first, other, "-o", str(tmp_path / "x")]) == 3
    err = capsys.readouterr().err
    assert "360902200" in err
    assert "360902201" in err
    assert "同一地区" in err
    assert not (tmp_path / "x").exists()


@pytest.mark.slow
def test_the_page_about_comparing_says_what_works(runs, tmp_path, monkeypatch):
    page = (Path(__file__).parents[2] / "docs" / "compare.md").read_text("utf-8")
    shutil.copytree(runs / "first", tmp_path / "plan-a")
    shutil.copytree(runs / "second", tmp_path / "plan-b")
    monkeypatch.chdir(tmp_path)
    (commands,) = re.findall(r"```console\n(.*?)```", page, re.DOTALL)
    for command in commands.strip().splitlines():
        assert run(shlex.split(command)[1:]) == 0, command
    assert {p.name for p in (tmp_path / "difference").iterdir()} == FILES
    (code,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    names: dict[str, Any] = {}
    exec(code, names)  # noqa: S102 (the page's own example)
    assert names["comparison"].placements["change"].tolist() == ["moved"]
    for name in re.findall(r"`(\w+\.\w+)`", page.split("## What changed")[0]):
        assert (tmp_path / "difference" / name).exists(), name


def test_every_missing_folder_is_named_at_once(tmp_path, capsys):
    missing = [str(tmp_path / name) for name in ("one", "two")]
    assert run(["compare", *missing]) == 3
    err = capsys.readouterr().err
    assert all(name in err for name in missing)
    assert "allocator plan" in err


def test_a_folder_that_is_no_run_is_said_so(runs, tmp_path, capsys):
    assert run(["compare", str(runs / "first"), str(tmp_path)]) == 3
    assert "run.json" in capsys.readouterr().err


@pytest.mark.parametrize(
    "name",
    [
        "run.json",
        "audit.json",
        "placements.csv",
        "assignments.csv",
        "allocations.csv",
        "demand.csv",
        "plan.gpkg",
    ],
)
@pytest.mark.parametrize("damage", ["removed", "garbage", "empty"])
def test_a_damaged_run_is_refused_with_its_file(copied, capsys, name, damage):
    path = copied / "second" / name
    if damage == "removed":
        path.unlink()
    else:
        path.write_bytes(b"\x00\xff{garbage" if damage == "garbage" else b"")
    assert compared(copied) == 3
    err = capsys.readouterr().err
    assert name in err
    assert "->" in err
    assert "Traceback" not in err


def test_a_certificate_of_another_shape_is_refused(copied, capsys):
    path = copied / "second" / "run.json"
    content = json.loads(path.read_text("utf-8"))
    for key, value in (("services", []), ("notes", [1]), ("totals", 3)):
        path.write_text(json.dumps({**content, key: value}), "utf-8")
        assert compared(copied) == 3, key
        assert "run.json" in capsys.readouterr().err


def test_assignments_of_people_who_are_not_there_are_refused(copied, capsys):
    path = copied / "second" / "demand.csv"
    lines = path.read_text("utf-8-sig").splitlines()
    path.write_text("\n".join(lines[:1] + lines[2:]), "utf-8-sig")
    assert compared(copied) == 3
    assert "demand.csv" in capsys.readouterr().err


def test_demand_points_in_a_zone_that_is_not_there_are_refused(copied, capsys):
    path = copied / "second" / "demand.csv"
    text = path.read_text("utf-8-sig")
    assert "360902200" in text
    path.write_text(text.replace("360902200", "999999999"), "utf-8-sig")
    assert compared(copied) == 3
    err = capsys.readouterr().err
    assert "999999999" in err
    assert "zone_id" in err


def test_other_people_are_compared_with_a_warning(copied, capsys):
    path = copied / "second" / "demand.csv"
    text = path.read_text("utf-8-sig")
    assert ",30000," in text
    path.write_text(text.replace(",30000,", ",31000,"), "utf-8-sig")
    assert compared(copied) == 0
    assert "人口不同" in capsys.readouterr().err


def test_a_run_without_places_of_sites_is_still_compared(copied, capsys):
    path = copied / "second" / "placements.csv"
    table = pd.read_csv(path, encoding="utf-8-sig", dtype=str, keep_default_na=False)
    table.loc[table["site_id"] == "B2", ["lon", "lat"]] = ""
    table.to_csv(path, index=False, encoding="utf-8-sig")
    assert compared(copied, "--json", "-o", str(copied / "x")) == 0
    changes = json.loads(capsys.readouterr().out)["changes"]
    assert [c["change"] for c in changes] == ["opened", "dropped"]
