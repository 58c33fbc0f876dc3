from __future__ import annotations

import io
from collections.abc import Iterator

import openpyxl
import pytest
import xlsxwriter

from allocator.load import extents
from allocator.load.remarks import Remarks
from allocator.load.sheet_xml import Strings, TooLarge, measure_sheet, measure_strings
from tests.trust import hostile_books as books


def written(*cells: tuple[int, int, object]) -> bytes:
    target = io.BytesIO()
    with xlsxwriter.Workbook(target) as book:
        sheet = book.add_worksheet()
        for row, column, value in cells:
            sheet.write(row, column, value)
    return target.getvalue()


def codes(path) -> list[str]:
    remarks = Remarks(path.name)
    good = extents.check_extent(path, remarks)
    assert good is not remarks.failed()
    return [finding.code for finding in remarks.findings]


def again(text: str):
    return lambda: iter([text.encode()])


def test_a_sheet_of_as_many_cells_as_may_be_is_read_and_one_more_is_not(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(extents, "MOST_CELLS", 12)
    path = tmp_path / "x.xlsx"
    for row, column, expected in ((2, 3, []), (3, 3, ["workbook-too-large"])):
        path.write_bytes(written((0, 0, "a"), (row, column, 1.5)))
        remarks = Remarks("x")
        extents.check_extent(path, remarks, most_cells=12)
        assert [finding.code for finding in remarks.findings] == expected


def test_what_is_counted_quickly_is_what_a_parser_counts():
    rows = "".join(
        f'<row r="{row}">'
        + "".join(
            f'<c r="{column}{row}" s="1" t="s"><v>{row}</v></c>' for column in "ABAC"
        )
        + f'<c r="ZZ{row}" s="2"/></row>'
        for row in range(1, 50)
    )
    text = books.sheet(rows, '<mergeCells><mergeCell ref="A1:B2"/></mergeCells>')
    quick = measure_sheet(again(text), most_cells=10**9)
    exact = measure_sheet(again(text), most_cells=10**9, exact=True)
    assert (quick.cells, quick.strings) == (exact.cells, exact.strings) == (49 * 3, 196)
    assert exact.shown[7] == 4


def test_formats_far_off_take_no_room(tmp_path):
    book = openpyxl.Workbook()
    book.active["A1"] = "site_id"
    book.active["XFD1048576"].font = openpyxl.styles.Font(bold=True)
    book.save(tmp_path / "x.xlsx")
    text = books.sheet(
        '<row r="1"><c r="A1"><v>1</v></c><c r="ZZ1" s="2"/><c r="ZY1"></c></row>'
    )
    for size in range(1, len(text)):
        pieces = [text[:size].encode(), text[size:].encode()]
        found = measure_sheet(lambda: iter(pieces), most_cells=9)  # noqa: B023
        assert found.cells == 1
    assert codes(tmp_path / "x.xlsx") == []


def test_a_part_in_small_pieces_is_counted_alike():
    text = books.sheet('<row r="1">' + '<c r="C1" t="s"><v>0</v></c>' * 9 + "</row>")
    whole = text.encode()
    for size in (1, 7, 64):
        pieces = [whole[at : at + size] for at in range(0, len(whole), size)]

        def part(pieces: list[bytes] = pieces) -> Iterator[bytes]:
            return iter(pieces)

        found = measure_sheet(part, most_cells=99)
        assert (found.cells, found.strings) == (3, 9)
        with pytest.raises(TooLarge):
            measure_sheet(part, most_cells=2)


def test_texts_are_measured_with_their_runs():
    text = books.strings("ab", "c</t><t>def")
    found = measure_strings(again(text))
    assert list(found.lengths()) == [2, 4]
    assert found.longest() >= 4
    assert measure_strings(again(books.sheet(""))) == Strings()


def test_cells_of_old_and_binary_workbooks_are_counted(tmp_path):
    for name, make in (("x.xls", books.xls), ("x.xlsb", books.xlsb)):
        path = tmp_path / name
        path.write_bytes(make((0, 0), (99, 5)))
        assert codes(path) == []
        remarks = Remarks("x")
        assert not extents.check_extent(path, remarks, most_cells=599)
        assert extents.check_extent(path, Remarks("x"), most_cells=600)
