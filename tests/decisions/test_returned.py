"""A workbook of a run, sent round and read back."""

from __future__ import annotations

from dataclasses import replace

import openpyxl
import pytest

from allocator.decisions import Decision, Verdict, read_decisions
from allocator.workbook import VERDICT_WORDS, write_workbook
from tests.outcomes import make_outcome

SERVICES = {
    "clinic": "诊所",
    "emergency_station": "急救站",
    "county_subcenter": "县域次中心",
}
LIST, MORE = "机构设置一览表", "增加与其他意见"


def written(tmp_path, *decisions, language="zh"):
    outcome = replace(make_outcome(language=language), decisions=decisions)
    path = tmp_path / "returned.xlsx"
    write_workbook(outcome, path)
    return path


def edit(path, change):
    book = openpyxl.load_workbook(path)
    change(book)
    book.save(path)
    return path


def put(book, sheet, site_id, **cells):
    """Fill in cells of the first row of a site, by heading."""
    rows = book[sheet]
    at = {cell.value: cell.column for cell in rows[1]}
    for row in range(2, rows.max_row + 1):
        if rows.cell(row, at["机构编号"]).value == site_id:
            for heading, value in cells.items():
                rows.cell(row, at[heading]).value = value
            return
    raise AssertionError(site_id)


def add(book, **cells):
    """Fill in the first blank row of the sheet of additions."""
    rows = book[MORE]
    at = {cell.value: cell.column for cell in rows[1]}
    row = next(
        r for r in range(2, rows.max_row + 1) if not rows.cell(r, 1).value
    )  # ids stand first
    for heading, value in cells.items():
        rows.cell(row, at[heading]).value = value


def said(path):
    decisions, findings = read_decisions(path, SERVICES)
    return [(d.site_id, d.service, str(d.verdict)) for d in decisions], findings


def codes(findings):
    return {finding.code for finding in findings}


def test_an_untouched_workbook_decides_nothing(tmp_path):
    assert said(written(tmp_path)) == ([], [])


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("verdict", list(VERDICT_WORDS))
def test_each_word_of_the_drop_down_is_read_as_its_verdict(tmp_path, language, verdict):
    path = written(tmp_path, language=language)
    word = VERDICT_WORDS[verdict].say(language)

    def fill(book):
        rows = book.worksheets[0]
        at = {cell.value: cell.column for cell in rows[1]}
        rows.cell(3, at.get("审核意见") or at["Verdict"]).value = word
        rows.cell(3, at.get("新经度") or at["New longitude"]).value = 116.0
        rows.cell(3, at.get("新纬度") or at["New latitude"]).value = 28.5

    (decision,), _ = read_decisions(edit(path, fill), SERVICES)
    assert decision.verdict is Verdict(verdict)
    assert decision.site_id == "S5"


def test_all_columns_of_a_verdict_come_back(tmp_path):
    path = edit(
        written(tmp_path),
        lambda book: put(
            book,
            LIST,
            "S5",
            审核意见="调整",
            理由="=1+1 地块不行",
            审核人="张",
            日期="2026-11-24",
            新经度=116.1,
            新纬度=28.6,
        ),
    )
    (found,), findings = read_decisions(path, SERVICES)
    assert findings == []
    assert replace(found, row="") == Decision(
        "S5",
        "clinic",
        Verdict.MOVE,
        phase=2025,
        reviewer="张",
        reason="",  # openpyxl saves such a text as a formula that nothing computed
        date="2026-11-24",
        lon=116.1,
        lat=28.6,
    )
    assert found.row == "机构设置一览表 第3行 S5"


def test_decisions_of_the_round_before_come_back_as_they_were(tmp_path):
    before = (
        Decision("S2", "emergency_station", Verdict.ACCEPT, 2025, "张", "=可以", "5月"),
        Decision("S3", "emergency_station", Verdict.DEFER, 2020),
        Decision("S9", "clinic", Verdict.REJECT, None, "李", "'+地块"),
        Decision("S5", "", Verdict.LOCK),
        Decision("S1", "clinic", Verdict.MOVE, None, "", "", "", 116.0, 28.5, "新点"),
        Decision("N1", "clinic", Verdict.ADD, None, "", "", "", 116.2, 28.6, "增设"),
        Decision("N2", "", Verdict.ADD, lon=116.2, lat=28.6, site_class="C210"),
    )
    decisions, findings = read_decisions(written(tmp_path, *before), SERVICES)
    assert findings == []
    key = lambda d: (d.site_id, d.service)  # noqa: E731
    assert sorted((replace(d, row="") for d in decisions), key=key) == sorted(
        before, key=key
    )


def test_rows_are_known_by_their_ids_when_sorted_and_with_other_sheets_first(tmp_path):
    def change(book):
        put(book, LIST, "S5", 审核意见="不同意")
        rows = book[LIST]
        cells = [[c.value for c in row] for row in rows.iter_rows(min_row=2)]
        for number, values in enumerate(reversed(cells), start=2):
            for column, value in enumerate(values, start=1):
                rows.cell(number, column).value = value
        rows.insert_rows(1, 2)
        rows["A1"] = "2025年机构设置一览表"
        rows.insert_cols(1)
        book.create_sheet("会议纪要", 0).append(["机构编号", "服务", "评审意见"])

    found, findings = said(edit(written(tmp_path), change))
    assert found == [("S5", "clinic", "reject")]
    assert codes(findings) == set()


def test_a_renamed_sheet_is_found_by_its_headings(tmp_path):
    def change(book):
        put(book, LIST, "S5", 审核意见="锁定")
        book[LIST].title = "张主任意见"

    assert said(edit(written(tmp_path), change))[0] == [("S5", "clinic", "lock")]


def test_two_forms_in_one_workbook_are_refused(tmp_path):
    def change(book):
        book[LIST].title = "甲"
        book.copy_worksheet(book["甲"]).title = "乙"

    found, findings = said(edit(written(tmp_path), change))
    assert found == []
    assert codes(findings) == {"sheet-several"}


@pytest.mark.parametrize("heading", ["机构编号", "服务编号", "审核意见"])
def test_a_removed_column_that_is_needed_is_refused(tmp_path, heading):
    def change(book):
        put(book, LIST, "S5", 审核意见="不同意")
        at = [cell.value for cell in book[LIST][1]].index(heading) + 1
        book[LIST].delete_cols(at)

    found, findings = said(edit(written(tmp_path), change))
    assert found == []
    (finding,) = findings
    assert (finding.code, heading in finding.column) == ("column-missing", True)
    assert finding.remedy is not None


def test_a_removed_column_that_may_be_blank_is_reported(tmp_path):
    def change(book):
        put(book, LIST, "S5", 审核意见="不同意")
        at = [cell.value for cell in book[LIST][1]].index("审核人") + 1
        book[LIST].delete_cols(at)

    found, findings = said(edit(written(tmp_path), change))
    assert found == [("S5", "clinic", "reject")]
    assert codes(findings) == {"column-removed"}


def test_a_site_is_added_in_the_second_sheet(tmp_path):
    path = edit(
        written(tmp_path),
        lambda book: add(
            book,
            机构编号="N1",
            机构名称="新增诊所",
            服务编号="诊所",
            审核意见="增加",
            新经度=116.0,
            新纬度=28.5,
        ),
    )
    (found,), _ = read_decisions(path, SERVICES)
    assert (found.site_id, found.service, found.name) == ("N1", "clinic", "新增诊所")
    assert found.verdict is Verdict.ADD


def test_a_new_verdict_replaces_the_earlier_one_of_another_year(tmp_path):
    earlier = Decision("S5", "clinic", Verdict.DEFER, 2020)
    path = edit(
        written(tmp_path, earlier), lambda book: put(book, LIST, "S5", 审核意见="同意")
    )
    found, findings = said(path)
    assert found == [("S5", "clinic", "accept")]
    assert codes(findings) == {"decision-replaced"}


def test_two_verdicts_in_both_sheets_are_a_contradiction(tmp_path):
    def change(book):
        put(book, LIST, "S5", 审核意见="同意")
        add(book, 机构编号="S5", 服务编号="clinic", 审核意见="不同意")

    assert codes(said(edit(written(tmp_path), change))[1]) == {"decision-twice"}


@pytest.mark.parametrize(
    ("cells", "code"),
    [
        ({"审核意见": "再议"}, "choice-unknown"),
        ({"审核意见": "调整"}, "decision-without-place"),
        ({"审核意见": "调整", "新经度": "东边", "新纬度": 28.5}, "not-a-number"),
        ({"审核意见": "不同意", "服务编号": "clinik"}, "service-unknown"),
        ({"审核意见": "不同意", "机构编号": ""}, "value-missing"),
        ({"理由": "地块不行"}, "decision-without-verdict"),
    ],
)
def test_what_cannot_be_read_is_a_finding_with_its_row(tmp_path, cells, code):
    path = edit(written(tmp_path), lambda book: put(book, LIST, "S5", **cells))
    found, findings = said(path)
    assert found == []
    (finding,) = [f for f in findings if f.code == code]
    assert finding.keys[0].startswith("机构设置一览表 第3行")


def test_a_file_that_is_no_workbook_is_a_finding(tmp_path):
    path = tmp_path / "plan.xlsx"
    path.write_bytes(b"PK\x03\x04 nothing")
    assert codes(said(path)[1]) == {"file-unreadable"}
