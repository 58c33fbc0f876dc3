from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import openpyxl
import pytest

from allocator.workbook import SHEETS, VERDICT_WORDS, write_workbook
from tests.outcomes import make_outcome, with_groups, with_tiers
from tests.report.reports import reported

if TYPE_CHECKING:
    from pathlib import Path

    from openpyxl.workbook import Workbook
    from openpyxl.worksheet.worksheet import Worksheet

    from allocator.outcome import Outcome

HEADINGS = [
    "序号",
    "机构名称",
    "类别",
    "级别/等次",
    "所属县区",
    "所属乡镇(街道)",
    "服务",
    "建设性质",
    "数量",
    "建设时序",
    "现有床位",
    "服务人口",
    "平均时间(分钟)",
    "投资估算(万元)",
    "年运行费(万元)",
    "依据条款",
    "位置依据",
    "审核意见",
    "理由",
    "审核人",
    "日期",
    "新经度",
    "新纬度",
    "经度",
    "纬度",
    "机构编号",
    "服务编号",
]


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("book") / "plan.xlsx"
    write_workbook(make_outcome(), file)
    return file


@pytest.fixture(scope="module")
def book(path: Path) -> Workbook:
    return openpyxl.load_workbook(path)


def table(sheet: Worksheet, first_row: int = 1) -> list[dict[str, Any]]:
    rows = list(sheet.iter_rows(min_row=first_row, values_only=True))
    return [dict(zip(rows[0], row, strict=True)) for row in rows[1:]]


# The fixture measures no access, forms no groups and keeps every clause.
ABSENT = {"access", "gaps", "groups", "members", "reach"}


def test_the_workbook_has_its_sheets(book: Workbook) -> None:
    assert book.sheetnames == [t.zh for k, t in SHEETS.items() if k not in ABSENT]


def test_the_annex_has_the_planners_columns(book: Workbook) -> None:
    sheet = book["机构设置一览表"]
    assert [cell.value for cell in sheet[1]] == HEADINGS
    assert sheet.freeze_panes == "C2"
    assert sheet.auto_filter.ref == "A1:AA7"


def test_the_annex_lists_placements_by_county(book: Workbook) -> None:
    rows = table(book["机构设置一览表"])
    sites = ["S1", "S5", "S2", "S3", "S3", "S4"]
    assert [row["机构编号"] for row in rows] == sites
    assert [row["建设性质"] for row in rows] == [
        "保留",
        "新建",
        "改扩建",
        "保留",
        "改扩建",
        "撤并",
    ]
    new = rows[1]
    assert new["机构名称"] == "拟建东郊诊所"
    assert (new["投资估算(万元)"], new["年运行费(万元)"]) == (2000, 150.25)
    assert new["建设时序"] == 2025
    assert new["依据条款"] == "二(二) [T-2]"
    assert rows[3]["级别/等次"] == "二级"
    assert rows[3]["类别"] == "中心卫生院"
    assert rows[0]["建设时序"] in ("", None)


def test_reviewers_choose_from_the_verdicts_of_a_review(book: Workbook) -> None:
    sheet = book["机构设置一览表"]
    (rule,) = sheet.data_validations.dataValidation
    words = ",".join(text.zh for text in VERDICT_WORDS.values())
    assert rule.formula1 == f'"{words}"'
    assert str(rule.sqref) == "R2:R7"


def test_verdicts_have_words_and_colours(book: Workbook) -> None:
    sheet = book["条款评估"]
    rows = table(sheet)
    verdicts = ["达标", "未达标", "达标", "无法判定", "仅监测"]
    assert [row["判定"] for row in rows] == verdicts
    assert rows[0]["现状判定"] == "未达标"
    at = [cell.value for cell in sheet[1]].index("判定") + 1
    fills = [sheet.cell(line, at).fill.fgColor.rgb for line in range(2, 7)]
    assert fills[0] == fills[2]
    assert len(set(fills)) == 4


def test_totals_are_formulas_that_equal_their_values(path: Path) -> None:
    formulas = openpyxl.load_workbook(path)
    values = openpyxl.load_workbook(path, data_only=True)
    names = [n for n in formulas.sheetnames if formulas[n]["A1"].value]
    checked = 0
    for name in names:
        for row in formulas[name].iter_rows():
            for cell in row:
                if isinstance(cell.value, str) and cell.value.startswith("="):
                    stored = values[name][cell.coordinate].value
                    assert stored == pytest.approx(evaluate(cell.value, name, values))
                    checked += 1
    assert checked > 40


def evaluate(formula: str, sheet: str, values: Workbook) -> float:
    """Compute the few formulas that the workbook uses, from the stored values."""
    if match := re.fullmatch(r"=SUM\((.+)\)", formula):
        return float(sum(v for v in cells(match[1], sheet, values) if is_number(v)))
    if match := re.fullmatch(r"=SUMIFS\((.+),(.+),(.+)\)", formula):
        amounts, keys, key = (cells(m, sheet, values) for m in match.groups())
        pairs = zip(amounts, keys, strict=True)
        return float(sum(a for a, k in pairs if k == key[0] and is_number(a)))
    if match := re.fullmatch(r"=COUNTIFS\((.+),(.+),(.+),(.+)\)", formula):
        one, key, two, other = (cells(m, sheet, values) for m in match.groups())
        pairs = zip(one, two, strict=True)
        return sum((a, b) == (key[0], other[0]) for a, b in pairs)
    if match := re.fullmatch(r"=(\w+)/(\w+)(?:\*(\d+))?", formula):
        part, whole = (cells(match[at], sheet, values)[0] for at in (1, 2))
        return float(part) / float(whole) * float(match[3] or 1)
    left, right = formula[1:].split("+")
    return float(cells(left, sheet, values)[0]) + float(cells(right, sheet, values)[0])


def cells(reference: str, sheet: str, values: Workbook) -> list[Any]:
    if "!" in reference:
        sheet, reference = reference.split("!")
    found = values[sheet.strip("'")][reference.replace("$", "")]
    rows = found if isinstance(found, tuple) else ((found,),)
    return [cell.value for row in rows for cell in row]


def is_number(value: object) -> bool:
    return isinstance(value, int | float)


def test_the_investment_is_the_plans(path: Path) -> None:
    sheet = openpyxl.load_workbook(path, data_only=True)["投资"]
    last = [row for row in sheet.iter_rows(values_only=True) if row[0]][-1]
    assert last[0] == "总计 (机构与资源)"
    totals = make_outcome().certificate["totals"]
    assert last[6] == pytest.approx(totals["capital_wan"])
    assert last[7] == pytest.approx(totals["yearly_wan"])


def test_the_annex_has_a_row_for_every_facility(path: Path) -> None:
    rows = table(openpyxl.load_workbook(path, data_only=True)["机构设置附表"])
    assert [row["机构编号"] for row in rows[:-1]] == ["S1", "S5", "S2", "S3", "S4"]
    third = rows[3]
    assert (third["现有床位"], third["规划床位"]) == (99, 109)
    assert (third["新增服务"], third["保留服务"]) == ("急救站", "门诊部")
    assert third["投资估算(万元)"] == 130.5
    assert third["服务半径(最远, 分钟)"] == pytest.approx(3.333333)
    assert rows[2]["建设性质"] == "改扩建"
    assert rows[2]["依据条款"] == "二(一) [T-1]; 二(三) [T-3]"
    assert rows[1]["判定"] in ("", None)
    assert (rows[-1]["序号"], rows[-1]["投资估算(万元)"]) == ("合计", 2214)
    assert rows[-1]["年运行费(万元)"] == 177.25
    blanks = {
        "举办主体",
        "地址",
        "占地面积(㎡)",
        "建筑面积(㎡)",
        "资金来源",
        "责任单位",
    }
    assert blanks <= set(third)
    assert {third[name] for name in blanks} <= {None, ""}


def test_indicators_have_value_target_and_kind(book: Workbook) -> None:
    rows = table(book["指标表"])
    assert [(r["指标"], r["现状值"], r["规划值"], r["目标值"]) for r in rows] == [
        ("在卫生院设立急救站", "0 所", "2 所", "2 所"),
        ("人均预期寿命提高", "仅监测", "仅监测", "—"),
    ]
    assert [row["属性"] for row in rows] == ["约束性", "预期性"]
    assert rows[0]["依据"] == "测发〔2024〕1号 二(一) [T-1]"


def test_beds_are_rated_per_thousand_by_formulas(path: Path) -> None:
    rows = list(
        openpyxl.load_workbook(path, data_only=True)["分县床位"].iter_rows(
            values_only=True
        )
    )
    rate = pytest.approx(50 / 62)
    assert rows[1] == ("甲区", 62000, 2, 50, rate, 50, rate)
    assert rows[-1][3:] == (
        154,
        pytest.approx(154 / 92),
        164,
        pytest.approx(164 / 92),
    )


def test_reach_of_zones_adds_up_to_the_clause(tmp_path: Path) -> None:
    file = tmp_path / "plan.xlsx"
    write_workbook(reported(), file)
    rows = list(
        openpyxl.load_workbook(file, data_only=True)["乡镇覆盖"].iter_rows(
            values_only=True
        )
    )
    assert rows[1][1:8] == ("东风街道", 50000, 50000, 40000, 0.8, 50000, 1.0)
    assert rows[-1][2:8] == (
        92000,
        92000,
        70000,
        pytest.approx(70 / 92),
        80000,
        pytest.approx(80 / 92),
    )
    formulas = openpyxl.load_workbook(file)["乡镇覆盖"]
    assert formulas["F2"].value == "=E2/D2"
    assert formulas["F5"].value == "=E5/D5"


def test_counties_are_summed(path: Path) -> None:
    rows = table(openpyxl.load_workbook(path, data_only=True)["分县覆盖"])
    assert [row["县区"] for row in rows] == ["甲区", "乙县", "合计"]
    assert [row["常住人口(人)"] for row in rows] == [62000, 30000, 92000]
    assert [row["急救站 现状"] for row in rows] == [0, 0, 0]
    assert [row["急救站 规划"] for row in rows] == [1, 1, 2]
    assert [row["门诊部 服务人口"] for row in rows] == [62000, 30000, 92000]
    assert rows[0]["二(三) 规划"] == "80.6 % (达标)"
    assert rows[1]["二(三) 规划"] == "缺少列 lon (无法判定)"


def test_the_notes_state_assumptions_proof_and_findings(book: Workbook) -> None:
    text = "\n".join(
        str(cell) for row in book["说明"].iter_rows(values_only=True) for cell in row
    )
    assert "样例数据,不得用于审批。" in text
    assert "已证明最优" in text
    assert "人口取自普查" in text
    assert "测发〔2024〕1号" in text


def test_a_plan_without_proof_is_not_called_best(tmp_path: Path) -> None:
    outcome = make_outcome()
    outcome.certificate["status"] = "feasible"
    outcome.certificate["objectives"][0] |= {"bound": None, "gap": None}
    write_workbook(outcome, tmp_path / "plan.xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "plan.xlsx")["说明"]
    text = "\n".join(str(row[1].value) for row in sheet.iter_rows())
    assert "未证明最优" in text
    assert "已证明最优" not in text


@pytest.mark.parametrize("name", ["=HYPERLINK(1)", "+1", "@SUM(A1)", "https://a.b"])
def test_a_name_is_never_run_or_linked(tmp_path: Path, name: str) -> None:
    write_workbook(make_outcome(site_name=name), tmp_path / "plan.xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "plan.xlsx")["机构设置一览表"]
    cell = sheet["B4"]
    assert (cell.value, cell.data_type, cell.hyperlink) == (name, "s", None)


def test_the_workbook_speaks_english(tmp_path: Path) -> None:
    write_workbook(make_outcome(language="en"), tmp_path / "plan.xlsx")
    book = openpyxl.load_workbook(tmp_path / "plan.xlsx")
    assert book.sheetnames == [t.en for k, t in SHEETS.items() if k not in ABSENT]
    assert [row["Action"] for row in table(book["Facilities"])][1] == "build"


def test_two_workbooks_have_the_same_bytes(path: Path, tmp_path: Path) -> None:
    write_workbook(make_outcome(), tmp_path / "again.xlsx")
    assert (tmp_path / "again.xlsx").read_bytes() == path.read_bytes()


def book_of(outcome: Outcome, folder: Path) -> Workbook:
    write_workbook(outcome, folder / "plan.xlsx")
    return openpyxl.load_workbook(folder / "plan.xlsx")


def test_zones_and_institutions_name_the_leads_above(tmp_path: Path) -> None:
    book = book_of(with_tiers(make_outcome()), tmp_path)
    zones = table(book["编组"])
    shown = [(r["网络"], r["层级"], r["牵头机构"], r["上级牵头机构"]) for r in zones]
    assert shown[1] == ("集团", 2, "东风社区卫生服务中心", "")
    assert shown[4] == ("片区", 1, "新城乡卫生院", "东风社区卫生服务中心")
    rows = [row for row in table(book["机构归属"]) if row["机构编号"] == "S4"]
    assert [(r["机构名称"], r["牵头机构"], r["上级牵头机构"]) for r in rows] == [
        ("白马卫生院分院", "白马中心卫生院", "白马中心卫生院")
    ]
    assert rows[0]["类别"] == "乡卫生院"


def test_one_tier_has_no_columns_for_others(tmp_path: Path) -> None:
    book = book_of(with_groups(make_outcome()), tmp_path)
    for name in ("编组", "机构归属"):
        assert {"层级", "上级牵头机构"}.isdisjoint(table(book[name])[0])


def test_blank_columns_of_the_annex_say_why(book: Workbook) -> None:
    sheet = book["机构设置附表"]
    said = {
        cell.value: cell.comment.text.strip()
        for cell in sheet[1]
        if cell.comment is not None
    }
    absent = "登记表无此列"
    assert {name for name, why in said.items() if why.endswith(absent)} == {
        "举办主体",
        "所有制",
        "地址",
        "占地面积(㎡)",
        "建筑面积(㎡)",
    }
    theirs = {name for name, why in said.items() if why.endswith("由编制单位填写")}
    assert theirs == {"资金来源", "责任单位", "备注"}
    assert absent in str(sheet.oddHeader.left.text)
    notes = dict(book["说明"].iter_rows(values_only=True))
    assert f"{absent}: 举办主体、地址" in str(notes["机构设置附表"])


def test_a_column_that_the_register_fills_is_not_called_blank(tmp_path: Path) -> None:
    outcome = make_outcome()
    sites = outcome.area.sites.assign(public=True)
    outcome = replace(outcome, area=replace(outcome.area, sites=sites))
    sheet = book_of(outcome, tmp_path)["机构设置附表"]
    assert {cell.value: cell.comment for cell in sheet[1]}["所有制"] is None


def test_rows_are_as_high_as_their_text(tmp_path: Path) -> None:
    name = "很长的机构名称" * 8  # 112 columns wide, in cells of 46
    sheet = book_of(make_outcome(site_name=name), tmp_path)["机构设置一览表"]
    at = next(row for row in range(2, 8) if sheet.cell(row, 2).value == name)
    others = {sheet.row_dimensions[row].height for row in range(2, 8) if row != at}
    assert sheet.row_dimensions[at].height == pytest.approx(44, abs=0.5)
    assert max(height or 0.0 for height in others) < 40
