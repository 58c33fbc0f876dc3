"""Rows put into a sheet with whatever a planner may have put around them."""

from __future__ import annotations

import io

import openpyxl
import pytest
from openpyxl.chart import BarChart, Reference
from openpyxl.comments import Comment
from openpyxl.drawing.image import Image
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.formula import ArrayFormula
from PIL import Image as Picture

from allocator.register.formulas import Insertion
from allocator.register.insertion import insert_rows

TWO_ROWS = Insertion("机构", first=2, after=4, count=2)


@pytest.fixture
def book(tmp_path):
    """Rows 2 to 4 hold data; a total, a list, a note, a chart, a picture are below."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "机构"
    sheet.append(["编号", "床位"])
    for row in (["A", 1], ["B", 2], ["C", 3]):
        sheet.append(row)
    sheet["A5"], sheet["B5"] = "合计", "=SUM(B2:B4)"
    sheet["C5"] = ArrayFormula("C5:C6", "=B2:B3*B5")
    sheet["A7"] = "见官网"
    sheet["A7"].hyperlink = "https://example.org/"
    sheet["B7"].comment = Comment("批注", "张三")
    sheet["A9"], sheet["A10"] = "现有", "备选"
    choices = DataValidation(type="list", formula1="$A$9:$A$10")
    choices.add("C2:C4")
    sheet.add_data_validation(choices)
    sheet.merge_cells("A12:B12")
    chart = BarChart()
    chart.add_data(
        Reference(sheet, min_col=2, min_row=1, max_row=4), titles_from_data=True
    )
    chart.set_categories(Reference(sheet, min_col=1, min_row=2, max_row=4))
    sheet.add_chart(chart, "E8")
    for place in ("E1", "E20"):
        picture = io.BytesIO()
        Picture.new("RGB", (4, 4)).save(picture, "PNG")
        sheet.add_image(Image(picture), place)
    sheet.auto_filter.ref = "A1:B4"
    book.defined_names["床位"] = DefinedName("床位", attr_text="机构!$B$2:$B$4")
    book.defined_names["总数"] = DefinedName("总数", attr_text="机构!$B$5")
    book.save(tmp_path / "r.xlsx")
    return openpyxl.load_workbook(tmp_path / "r.xlsx")


def opened_again(book, tmp_path):
    insert_rows(book, book["机构"], TWO_ROWS)
    book.save(tmp_path / "out.xlsx")
    return openpyxl.load_workbook(tmp_path / "out.xlsx")


def test_everything_below_moves_whole(book, tmp_path):
    after = opened_again(book, tmp_path)
    sheet = after["机构"]
    assert [sheet.cell(row, 1).value for row in range(1, 13)] == [
        "编号",
        "A",
        "B",
        "C",
        None,
        None,
        "合计",
        None,
        "见官网",
        None,
        "现有",
        "备选",
    ]
    assert sheet["B7"].value == "=SUM(B2:B6)"
    assert (sheet["C7"].value.ref, sheet["C7"].value.text) == ("C7:C8", "=B2:B3*B7")
    assert sheet["A9"].hyperlink.target == "https://example.org/"
    assert sheet["B9"].comment.text == "批注"
    assert sheet["A7"].hyperlink is None
    assert [str(block) for block in sheet.merged_cells.ranges] == ["A14:B14"]


def test_rules_names_and_filters_follow(book, tmp_path):
    after = opened_again(book, tmp_path)
    sheet = after["机构"]
    validation = sheet.data_validations.dataValidation[0]
    assert str(validation.sqref) == "C2:C6"
    assert validation.formula1 == "$A$11:$A$12"
    assert sheet.auto_filter.ref == "A1:B6"
    assert after.defined_names["床位"].attr_text == "机构!$B$2:$B$6"
    assert after.defined_names["总数"].attr_text == "机构!$B$7"


def test_charts_and_pictures_follow(book, tmp_path):
    sheet = opened_again(book, tmp_path)["机构"]
    (chart,) = sheet._charts
    (series,) = chart.series
    assert series.val.numRef.f == "'机构'!$B$2:$B$6"
    assert series.tx.strRef.f == "'机构'!B1"
    assert chart.anchor._from.row == 9  # row 10, from 0
    assert sorted(image.anchor._from.row for image in sheet._images) == [0, 21]
