"""Decisions as they come back from a review."""

from __future__ import annotations

import openpyxl
import pytest

from allocator.decisions import Verdict, read_decisions

SERVICES = {"clinic": "诊所", "emergency_station": "急救站"}
HEAD = "site_id,service,phase,verdict,reviewer,reason,date,lon,lat,name\n"


def read(tmp_path, text, encoding="utf-8-sig"):
    path = tmp_path / "decisions.csv"
    path.write_bytes(text.encode(encoding))
    return read_decisions(path, SERVICES)


def codes(tmp_path, rows):
    decisions, findings = read(tmp_path, HEAD + rows)
    assert decisions == ()
    return {finding.code for finding in findings}


def test_rows_without_a_verdict_say_nothing(tmp_path):
    rows = "s1,clinic,2025,reject,张,地块不行,2026-11-24,,,\ns2,clinic,,,,,,,,\n"
    (decision,), findings = read(tmp_path, HEAD + rows)
    assert findings == []
    assert (decision.site_id, decision.service) == ("s1", "clinic")
    assert decision.verdict is Verdict.REJECT
    assert (decision.phase, decision.reviewer, decision.reason, decision.date) == (
        2025,
        "张",
        "地块不行",
        "2026-11-24",
    )
    assert (decision.lon, decision.lat) == (None, None)


def test_a_form_in_gbk_with_chinese_words_is_read(tmp_path):
    text = "机构编号,服务,评审意见\ns1,急救站,同意\ns1,诊所,缓建\n"
    decisions, _ = read(tmp_path, text, "gb18030")
    assert [(d.service, str(d.verdict)) for d in decisions] == [
        ("emergency_station", "accept"),
        ("clinic", "defer"),
    ]


def test_a_workbook_is_read_by_its_headings(tmp_path):
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["序号", "机构编号", "服务", "评审意见", "经度", "纬度"])
    sheet.append([1, "s1", "诊所", "调整", 115.9, 28.7])
    path = tmp_path / "plan.xlsx"
    book.save(path)
    (decision,), _ = read_decisions(path, SERVICES)
    assert decision.verdict is Verdict.MOVE
    assert (decision.lon, decision.lat) == (115.9, 28.7)
    assert decision.moved_id == "s1-moved"


def test_the_same_verdict_of_two_people_counts_once(tmp_path):
    rows = "s1,clinic,,accept,张,,,,,\ns1,clinic,,accept,李,,,,,\n"
    decisions, findings = read(tmp_path, HEAD + rows)
    assert len(decisions) == 1
    assert findings == []


def test_two_verdicts_on_one_placement_are_named_with_who_said_what(tmp_path):
    rows = "s1,clinic,,accept,张,,,,,\ns1,clinic,,reject,李,,,,,\n"
    _, findings = read(tmp_path, HEAD + rows)
    (found,) = findings
    assert found.code == "decision-twice"
    assert found.value == "s1 clinic: 张: accept; 李: reject"


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ("s1,clinic,,approve,,,,,,", "choice-unknown"),
        ("s1,clinik,,accept,,,,,,", "service-unknown"),
        (",clinic,,accept,,,,,,", "value-missing"),
        ("s1,clinic,,move,,,,,,", "decision-without-place"),
        ("s1,clinic,,move,,,,200,28,", "decision-without-place"),
        ("s9,,,add,,,,115.9,,", "decision-without-place"),
        ("s1,,,move,,,,115.9,28.7,", "decision-without-service"),
        ("s1,,,defer,,,,,,", "decision-without-service"),
        ("s1,clinic,soon,accept,,,,,,", "not-a-number"),
    ],
)
def test_a_bad_row_is_a_finding(tmp_path, row, code):
    assert code in codes(tmp_path, f"{row}\n")


def test_a_table_without_verdicts_is_refused(tmp_path):
    _, findings = read(tmp_path, "site_id,service\ns1,clinic\n")
    assert [finding.code for finding in findings] == ["column-missing"]
