from __future__ import annotations

from typing import TYPE_CHECKING

import openpyxl
import pytest

from allocator.workbook import write_comparison_workbook
from allocator.workbook.comparison import COMPARISON_SHEETS
from tests.comparisons import make_comparison

if TYPE_CHECKING:
    from pathlib import Path


def rows_of(path: Path, sheet: str) -> list[dict[str, object]]:
    page = openpyxl.load_workbook(path)[sheet]
    headings, *rows = page.iter_rows(values_only=True)
    return [dict(zip(map(str, headings), row, strict=True)) for row in rows]


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("book") / "compare.xlsx"
    write_comparison_workbook(make_comparison(site_name="=1+1卫生院"), target)
    return target


def test_the_workbook_has_every_sheet(path: Path) -> None:
    names = openpyxl.load_workbook(path).sheetnames
    assert names == [words.zh for words in COMPARISON_SHEETS.values()]


def test_totals_stand_side_by_side(path: Path) -> None:
    rows = {row["指标"]: row for row in rows_of(path, "总量对比")}
    budget = rows["预算: 投资(万元)"]
    assert [budget[key] for key in ("甲案", "乙案", "差值")] == [3000, 1000, -2000]
    assert rows["目标: 未覆盖人次(各条款累计)"]["乙案"] in (None, "")


def test_changes_say_what_each_plan_does(path: Path) -> None:
    moved, *_ = rows_of(path, "设置变化")
    assert [moved[k] for k in ("变化", "服务(资源)", "机构(点位)")] == [
        "移位",
        "门诊部",
        "拟建东郊诊所",
    ]
    assert moved["移至"] == "=1+1卫生院"  # a text, not a formula
    assert [moved["甲案 建设性质"], moved["乙案 建设性质"]] == ["新建", "改扩建"]
    assert [moved["甲案 投资(万元)"], moved["乙案 投资(万元)"]] == [2000, 130]


def test_zones_are_ranked_and_name_the_people(path: Path) -> None:
    rows = [r for r in rows_of(path, "分乡镇得失") if r["服务"] == "门诊部"]
    assert [(row["位次"], row["乡镇(街道)"]) for row in rows] == [
        (1, "东风街道"),
        (2, "白马镇"),
        (3, "新城乡"),
    ]
    assert rows[0]["变远人数"] == 20000
    assert rows[1]["不再获得服务人数"] == 12000


def test_verdicts_and_notes_are_in_words(path: Path) -> None:
    (row,) = rows_of(path, "条款判定变化")
    assert [row["甲案 判定"], row["乙案 判定"]] == ["未达标", "达标"]
    page = openpyxl.load_workbook(path)["说明"]
    words = "\n".join(str(c) for r in page.iter_rows(values_only=True) for c in r if c)
    assert "20 千米" in words
    assert "样例数据,不得用于审批。" in words
    assert "未证明最优" in words


def test_an_english_workbook_speaks_english(tmp_path: Path) -> None:
    write_comparison_workbook(make_comparison(language="en"), tmp_path / "x.xlsx")
    (row, *_) = rows_of(tmp_path / "x.xlsx", "Changes")
    assert row["Change"] == "moved"


def test_two_workbooks_have_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one.xlsx", "two.xlsx"):
        write_comparison_workbook(make_comparison(), tmp_path / name)
    one, two = (tmp_path / name for name in ("one.xlsx", "two.xlsx"))
    assert one.read_bytes() == two.read_bytes()
