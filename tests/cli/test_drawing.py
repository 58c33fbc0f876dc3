"""`allocator map`, and what `allocator plan` renders."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import openpyxl
import pytest
from docx import Document
from pypdf import PdfReader

from allocator.cli.main import run
from tests.cli.small_task import write_task

if TYPE_CHECKING:
    from pathlib import Path


pytestmark = pytest.mark.renders


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("task")
    brief, target = write_task(folder), folder / "run"
    assert run(["plan", str(brief), "-o", str(target), "-q"]) == 0
    return target


@pytest.fixture
def brief(tmp_path: Path) -> Path:
    return write_task(tmp_path)


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_a_run_has_report_and_figures(planned: Path) -> None:
    assert {"report.docx", "report.pdf", "reach.csv", "sites.csv"} <= names(planned)
    drawn = {path.stem for path in (planned / "figures").glob("*.png")}
    assert drawn == {
        "present",
        "proposed",
        "coverage_before",
        "coverage_after",
        "emergency",
        "catchments",
    }
    assert (planned / "figures" / "proposed.png").read_bytes() == (
        planned / "map.png"
    ).read_bytes()


@pytest.mark.parametrize(
    "figure",
    [
        "present",
        "proposed",
        "coverage_before",
        "coverage_after",
        "emergency",
        "catchments",
    ],
)
def test_a_map_drawn_from_the_run_folder_is_the_same(
    planned: Path, tmp_path: Path, figure: str
) -> None:
    target = tmp_path / "again.png"
    assert run(["map", str(planned), "--figure", figure, "-o", str(target)]) == 0
    kept = planned / "figures" / f"{figure}.png"
    assert target.read_bytes() == kept.read_bytes()
    assert target.with_suffix(".pdf").read_bytes() == (
        kept.with_suffix(".pdf").read_bytes()
    )


def test_the_files_drawn_are_named(
    planned: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    target = tmp_path / "x.png"
    run(["map", str(planned), "--figure", "present", "-o", str(target), "--json"])
    assert json.loads(capsys.readouterr().out)["files"] == [
        str(target),
        str(target.with_suffix(".pdf")),
    ]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--figure", "coverage"], "coverage_after"),
        (["--figure", "networks"], "方案没有编组"),
        (["--figure", "phases"], "方案只有一期"),
        (["--figure", "changes"], "没有上一版方案"),
        (["--figure", "present", "-o", "x.jpg"], "应以 .png 结尾"),
        (["--figure", "present", "-o", "none/x.png"], "无法写入"),
    ],
)
def test_a_map_that_cannot_be_drawn_is_refused(
    planned: Path,
    arguments: list[str],
    said: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(planned.parent)
    assert run(["map", str(planned), *arguments]) == 3
    assert said in capsys.readouterr().err


def test_a_folder_that_is_no_run_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["map", str(tmp_path), "--figure", "present"]) == 3
    assert "run.json" in capsys.readouterr().err
    (tmp_path / "run.json").write_text('{"name": 3}', "utf-8")
    assert run(["map", str(tmp_path), "--figure", "present"]) == 3
    assert "重新写出方案" in capsys.readouterr().err


def test_a_damaged_run_is_refused(
    planned: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for path in planned.iterdir():
        if path.is_file() and path.name != "sites.csv":
            (tmp_path / path.name).write_bytes(path.read_bytes())
    assert run(["map", str(tmp_path), "--figure", "present"]) == 3
    assert "重新写出方案" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("only", "made"),
    [
        ("map", {"map.html", "map.png", "map.pdf"}),
        ("workbook", {"plan.xlsx"}),
        ("report", {"report.docx", "report.pdf"}),
        ("workbook, figures", {"plan.xlsx", "figures"}),
    ],
)
def test_only_renders_what_is_asked(
    brief: Path, tmp_path: Path, only: str, made: set[str]
) -> None:
    target = tmp_path / "run"
    assert run(["plan", str(brief), "-o", str(target), "--only", only, "-q"]) == 0
    parts = {
        "map.html",
        "map.png",
        "map.pdf",
        "plan.xlsx",
        "report.docx",
        "report.pdf",
        "figures",
    }
    assert names(target) & parts == made
    assert {"run.json", "placements.csv", "audit.csv"} <= names(target)


@pytest.mark.slow
def test_figures_names_the_maps_that_are_kept(brief: Path, tmp_path: Path) -> None:
    target = tmp_path / "run"
    arguments = ["--only", "report", "--figures", "present,networks"]
    assert run(["plan", str(brief), "-o", str(target), *arguments, "-q"]) == 0
    assert names(target / "figures") == {"present.png", "present.pdf"}
    # The report has its maps all the same.
    assert len(Document(str(target / "report.docx")).inline_shapes) == 6


@pytest.mark.parametrize(
    ("arguments", "answer"),
    [
        (["--only", "maps"], (2, "map, report, workbook, figures")),
        (["--figures", "emergncy"], (3, "emergency")),
    ],
)
def test_an_unknown_part_or_map_is_refused_before_solving(
    brief: Path,
    tmp_path: Path,
    arguments: list[str],
    answer: tuple[int, str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    code, said = answer
    target = tmp_path / "run"
    assert run(["plan", str(brief), "-o", str(target), *arguments]) == code
    assert said in capsys.readouterr().err
    assert not target.exists()


@pytest.mark.slow
def test_lang_replaces_the_language_of_everything_written(
    brief: Path, tmp_path: Path
) -> None:
    target = tmp_path / "run"
    assert run(["plan", str(brief), "-o", str(target), "--lang", "en", "-q"]) == 0
    assert json.loads((target / "run.json").read_text("utf-8"))["language"] == "en"
    assert "Facilities" in openpyxl.load_workbook(target / "plan.xlsx").sheetnames
    texts = [p.text for p in Document(str(target / "report.docx")).paragraphs]
    assert "1. Present state" in texts
    assert '<html lang="en">' in (target / "map.html").read_text("utf-8")


@pytest.fixture(scope="module")
def followed(planned: Path) -> Path:
    """Return a run that follows another, with one candidate moved away."""
    old, new = "B1,东街道备选一,115.901,28.700", "B1,东街道备选一,115.950,28.760"
    brief = write_task(planned.parent / "later", sites=(old, new))
    target = planned.parent / "next"
    arguments = ["--previous", str(planned), "--figures", "changes", "-q"]
    assert run(["plan", str(brief), "-o", str(target), *arguments]) == 0
    return target


def test_a_run_that_follows_another_shows_its_changes(followed: Path) -> None:
    assert names(followed / "figures") == {"changes.png", "changes.pdf"}
    texts = [p.text for p in Document(str(followed / "report.docx")).paragraphs]
    assert "（四）与上一版方案的差别" in texts
    (page,) = PdfReader(followed / "figures" / "changes.pdf").pages
    shown = page.extract_text()
    assert "上一版方案" in shown
    assert "移位 1 项" in shown


@pytest.mark.parametrize("given", [True, False])
def test_changes_are_drawn_again_from_the_two_runs(
    followed: Path, planned: Path, tmp_path: Path, given: bool
) -> None:
    target = tmp_path / "again.png"
    more = ["--previous", str(planned)] if given else []
    arguments = ["map", str(followed), "--figure", "changes", "-o", str(target)]
    assert run([*arguments, *more]) == 0
    kept = followed / "figures" / "changes.png"
    assert target.read_bytes() == kept.read_bytes()


def test_a_previous_run_that_cannot_be_compared_costs_only_its_map(
    planned: Path, tmp_path: Path
) -> None:
    earlier = tmp_path / "earlier"
    shutil.copytree(planned, earlier)
    (earlier / "demand.csv").unlink()
    target = tmp_path / "run"
    brief = write_task(tmp_path / "task")
    arguments = ["--previous", str(earlier), "--only", "figures"]
    assert run(["plan", str(brief), "-o", str(target), *arguments, "-q"]) == 0
    drawn = names(target / "figures")
    assert "present.png" in drawn
    assert "changes.png" not in drawn
