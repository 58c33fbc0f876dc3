"""Workbook registers: opened again with everything that the planner had in them."""

from __future__ import annotations

import json
import zipfile

import openpyxl
import pytest
from openpyxl.formatting.rule import CellIsRule
from openpyxl.styles import Font, PatternFill
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.table import Table
from python_calamine import CalamineWorkbook

from allocator.register.archive import finish_workbook
from tests.register.runs import PLACEMENTS, apply, write_run

HEADINGS = [
    "序号",
    "机构编号",
    "机构名称",
    "经度",
    "纬度",
    "状态",
    "机构类别",
    "现有服务",
]
ROWS = [
    [1, "A1", "北镇中心卫生院", 115.9, 28.801, "现有", "C210", None, 30, 10],
    [2, "A2", "南镇中心卫生院", 116.101, 28.5, "现有", "C210", "tcm_pavilion", 40, 4],
    [
        3,
        "A3",
        "西乡卫生院",
        116.001,
        28.5,
        "现有",
        "C220",
        "tcm_pavilion;old_post",
        8,
        2,
    ],
]


@pytest.fixture
def run(tmp_path):
    return write_run(tmp_path / "run")


def make_register(path):
    """Two heading rows, merged; a total, a note; formats, rules and other sheets."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "机构"
    sheet["A1"] = "某市医疗机构一览表"
    sheet.merge_cells("A1:K1")
    for column, heading in enumerate(HEADINGS, 1):
        sheet.cell(2, column, heading)
        sheet.merge_cells(
            start_row=2, end_row=3, start_column=column, end_column=column
        )
    sheet["I2"] = "床位"
    sheet.merge_cells("I2:J2")
    sheet["I3"], sheet["J3"] = "实有床位", "编制床位"
    sheet["K2"] = "床位合计"
    sheet.merge_cells("K2:K3")
    for row in (2, 3):
        for column in range(1, 12):
            sheet.cell(row, column).font = Font(bold=True, name="仿宋")
            sheet.cell(row, column).fill = PatternFill("solid", fgColor="FFDDEEFF")
    for at, cells in enumerate(ROWS):
        row = at + 4
        for column, value in enumerate(cells, 1):
            sheet.cell(row, column, value)
        sheet.cell(row, 4).number_format = "0.0000"
        sheet.cell(row, 11, f"=I{row}+J{row}")
        sheet.row_dimensions[row].height = 21
    sheet["A7"] = "合计"
    sheet.merge_cells("A7:H7")
    for letter in "IJK":
        sheet[f"{letter}7"] = f"=SUM({letter}4:{letter}6)"
    sheet["A8"] = "注:床位为年末数"
    sheet.merge_cells("A8:K8")
    sheet.row_dimensions[8].height = 33
    sheet.column_dimensions["C"].width = 31
    choices = DataValidation(type="list", formula1='"现有,备选"')
    choices.add("F4:F6")
    sheet.add_data_validation(choices)
    red = CellIsRule(
        operator="greaterThan", formula=["35"], font=Font(color="FFFF0000")
    )
    sheet.conditional_formatting.add("I4:I6", red)
    sheet.freeze_panes = "D4"
    sheet.print_area = "A1:K8"
    other = book.create_sheet("汇总")
    other["A1"], other["B1"] = "全市床位", "=SUM(机构!I4:I6)"
    other["A2"], other["B2"] = "合计行", "=机构!I7"
    other["A3"], other["B3"] = "别处", "=1+2"
    book.create_sheet("说明")["A1"] = "不要动我"
    book.save(path)
    return path


def cells_of(path):
    book = openpyxl.load_workbook(path)
    return {
        sheet.title: {
            cell.coordinate: cell.value
            for row in sheet.iter_rows()
            for cell in row
            if cell.value is not None
        }
        for sheet in book.worksheets
    }


def test_rows_columns_formulas_and_formats_are_as_the_planner_would_make_them(
    tmp_path, run
):
    register = make_register(tmp_path / "register.xlsx")
    before = register.read_bytes()
    out = tmp_path / "out.xlsx"
    assert apply(run, register, out) == 0
    assert register.read_bytes() == before
    sheet = openpyxl.load_workbook(out)["机构"]
    values = cells_of(out)["机构"]
    # The new row continues the numbers, the formats and the formula of its row.
    assert [values.get(f"{letter}7") for letter in "ABCDEFGH"] == [
        4,
        "B1",
        "东街道备选一",
        115.901,
        28.7,
        "现有",
        "B100",
        "community_health_center",
    ]
    assert values["K7"] == "=I7+J7"
    assert sheet["D7"].number_format == "0.0000"
    assert sheet.row_dimensions[7].height == 21
    # Totals and notes are below, and totals take the new row in.
    assert values["A8"] == "合计"
    assert values["I8"] == "=SUM(I4:I7)"
    assert values["A9"] == "注:床位为年末数"
    assert sheet.row_dimensions[9].height == 33
    assert {"A1:K1", "A8:H8", "A9:K9", "I2:J2", "K2:K3", "L2:L3"} <= {
        str(block) for block in sheet.merged_cells.ranges
    }
    # What was there is changed in place.
    assert values["H4"] == "emergency_station"
    assert values["I4"] == 50
    assert values["J4"] == 10
    assert values["H6"] == "tcm_pavilion"
    headings = [values.get(f"{letter}2") for letter in "LMNOP"]
    assert headings == ["ambulances", "规划服务", "规划年份", "依据条款", "规划来源"]
    assert values["L4"] == 2
    assert sheet["M2"].font.b
    assert sheet["M2"].fill.fgColor.rgb == "FFDDEEFF"
    # Rules, widths and panes.
    assert str(sheet.data_validations.dataValidation[0].sqref) == "F4:F7"
    assert [str(block.sqref) for block in sheet.conditional_formatting] == ["I4:I7"]
    assert sheet.column_dimensions["C"].width == 31
    assert sheet.freeze_panes == "D4"
    assert sheet.print_area == "'机构'!$A$1:$K$9"
    others = cells_of(out)
    assert others["汇总"]["B1"] == "=SUM(机构!I4:I7)"
    assert others["汇总"]["B2"] == "=机构!I8"
    assert others["说明"] == {"A1": "不要动我"}


def test_the_log_is_a_sheet_and_grows(tmp_path, run):
    register = make_register(tmp_path / "register.xlsx")
    one = tmp_path / "one.xlsx"
    assert apply(run, register, one) == 0
    log = openpyxl.load_workbook(one)["更改记录"]
    rows = [[cell or "" for cell in row] for row in log.iter_rows(values_only=True)]
    assert rows[0][:6] == ["机构编号", "服务或资源", "事项", "列", "改前", "改后"]
    assert ["A1", "beds", "增加资源", "床位>实有床位", "30", "50", "2026-03-01"] in [
        row[:7] for row in rows
    ]
    second = write_run(tmp_path / "second", name="另一次")
    two = tmp_path / "two.xlsx"
    assert apply(second, one, two) == 0
    more = openpyxl.load_workbook(two)["更改记录"]
    assert more.max_row > log.max_row
    assert openpyxl.load_workbook(two)["机构"]["I4"].value == 70


def test_applying_twice_changes_no_cell(tmp_path, run, capsys):
    register = make_register(tmp_path / "register.xlsx")
    one, two, three = (tmp_path / f"{name}.xlsx" for name in ("one", "two", "three"))
    assert apply(run, register, one) == 0
    capsys.readouterr()
    assert apply(run, one, two, "--json") == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["applied_before"], said["changes"]) == (True, [])
    assert cells_of(two) == cells_of(one)
    # Written from the same register, the copy is the same to the byte.
    assert apply(run, register, three) == 0
    assert three.read_bytes() == one.read_bytes()


def test_values_of_formulas_stay_where_nothing_changed(tmp_path, run):
    register = make_register(tmp_path / "register.xlsx")
    put_values(
        register,
        {
            "xl/worksheets/sheet1.xml": {"K5": 44, "K4": 40, "I7": 78},
            "xl/worksheets/sheet2.xml": {"B3": 3},
        },
    )
    out = tmp_path / "out.xlsx"
    assert apply(run, register, out) == 0
    with CalamineWorkbook.from_path(out) as book:
        rows = book.get_sheet_by_name("机构").to_python(skip_empty_area=False)
        other = book.get_sheet_by_name("汇总").to_python(skip_empty_area=False)
    assert rows[4][10] == 44
    assert rows[3][10] == ""  # beds of this row changed: left to the spreadsheet
    assert rows[7][8] == ""  # so is the total
    assert other[2][1] == 3


def put_values(path, values):
    copy = path.with_suffix(".tmp")
    finish_workbook(path, copy, values, None)
    copy.replace(path)


def test_beds_that_are_a_formula_stay_one(tmp_path, run):
    register = make_register(tmp_path / "register.xlsx")
    book = openpyxl.load_workbook(register)
    book["机构"]["I4"] = "=20+10"
    book.save(register)
    put_values(register, {"xl/worksheets/sheet1.xml": {"I4": 30}})
    out = tmp_path / "out.xlsx"
    assert apply(run, register, out) == 0
    assert openpyxl.load_workbook(out)["机构"]["I4"].value == "=20+10+20"
    assert openpyxl.load_workbook(out, data_only=True)["机构"]["I4"].value == 50


def test_a_spreadsheet_table_and_its_filter_grow(tmp_path, run):
    path = tmp_path / "register.xlsx"
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(HEADINGS)
    for cells in ROWS:
        sheet.append(cells[:8])
    sheet.add_table(Table(displayName="机构表", ref="A1:H4"))
    book.save(path)
    out = tmp_path / "out.xlsx"
    assert apply(run, path, out) == 0
    table = openpyxl.load_workbook(out).active.tables["机构表"]
    # beds and ambulances, and four columns of the plan
    assert table.ref == "A1:N5"
    assert table.autoFilter.ref == "A1:N5"
    assert [c.name for c in table.tableColumns][8:10] == ["ambulances", "实有床位(张)"]


def test_formulas_in_names_stay_text(tmp_path):
    bad = "=1+2"
    run = write_run(
        tmp_path / "run", placements=PLACEMENTS.replace("东街道备选一", bad)
    )
    out = tmp_path / "out.xlsx"
    assert apply(run, make_register(tmp_path / "register.xlsx"), out) == 0
    cell = openpyxl.load_workbook(out)["机构"]["C7"]
    assert (cell.value, cell.data_type, cell.quotePrefix) == (bad, "s", True)


def test_a_merged_cell_that_would_change_is_refused(tmp_path, run, capsys):
    register = make_register(tmp_path / "register.xlsx")
    book = openpyxl.load_workbook(register)
    book["机构"].merge_cells("H4:H5")
    book.save(register)
    assert apply(run, register, tmp_path / "out.xlsx", "--json") == 3
    said = json.loads(capsys.readouterr().out)
    assert "cell-merged" in [f["code"] for f in said["findings"]]


def with_parts(path, parts):
    with zipfile.ZipFile(path, "a") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return path


@pytest.mark.parametrize(
    "case",
    [
        (
            "xl/drawings/drawing9.xml",
            "<xdr:wsDr><xdr:sp macro=''/></xdr:wsDr>",
            "文本框",
        ),
        ("xl/slicers/slicer1.xml", "<a/>", "切片器"),
        ("xl/ctrlProps/ctrlProp1.xml", "<a/>", "表单控件"),
        ("xl/threadedComments/threadedComment1.xml", "<a/>", "对话式批注"),
        ("xl/media/image1.emf", "x", "矢量图片"),
        ("xl/vbaProject.bin", "x", "宏"),
        ("_xmlsignatures/sig1.xml", "<a/>", "数字签名"),
    ],
    ids=lambda case: case[0].rpartition("/")[2],
)
def test_what_the_copy_loses_is_said_and_refused_when_strict(
    tmp_path, run, capsys, case
):
    part, content, word = case
    register = with_parts(make_register(tmp_path / "register.xlsx"), {part: content})
    assert apply(run, register, tmp_path / "no.xlsx", "--strict") == 3
    assert word in capsys.readouterr().err
    assert not (tmp_path / "no.xlsx").exists()
    assert apply(run, register, tmp_path / "out.xlsx") == 0
    assert word in capsys.readouterr().err


def test_a_plain_workbook_loses_nothing(tmp_path, run):
    register = make_register(tmp_path / "register.xlsx")
    assert apply(run, register, tmp_path / "out.xlsx", "--strict") == 0


def test_damaged_workbooks_are_findings(tmp_path, run):
    whole = make_register(tmp_path / "register.xlsx").read_bytes()
    bad = tmp_path / "bad.xlsx"
    for content in (whole[: len(whole) // 2], b"PK\x03\x04", b"text"):
        bad.write_bytes(content)
        assert apply(run, bad, tmp_path / "out.xlsx") == 3


def test_old_formats_are_refused_with_a_remedy(tmp_path, run, capsys):
    (tmp_path / "r.xls").write_bytes(b"x")
    assert apply(run, tmp_path / "r.xls", tmp_path / "out.xls") == 3
    assert "另存为 xlsx" in capsys.readouterr().err


def test_a_sheet_that_only_one_reader_finds_is_a_finding(tmp_path, run, capsys):
    register = make_register(tmp_path / "register.xlsx")
    other = tmp_path / "damaged.xlsx"
    with zipfile.ZipFile(register) as old, zipfile.ZipFile(other, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name == "xl/worksheets/sheet3.xml":
                content = content[:60]
            new.writestr(name, content)
    assert apply(run, other, tmp_path / "out.xlsx", "--json") == 3
    said = json.loads(capsys.readouterr().out)
    assert [f["severity"] for f in said["findings"]].count("error") == 1
    assert not list(tmp_path.glob("*out*"))
