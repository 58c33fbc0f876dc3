from __future__ import annotations

import pandas as pd
import pytest

from allocator.errors import Text
from allocator.load.codes import KnownCodes, forms, recover, short_code, shown_as
from allocator.load.history import county_changes, find_change
from allocator.load.institutions import read_institution_codes
from allocator.load.references import follow
from allocator.load.remarks import Remarks

NAMES = pd.Series(
    {"360102001": "甲街道", "360102101": "乙镇", "360121101": "丙镇", "007": "丁乡"}
)


@pytest.mark.parametrize(
    ("code", "short"),
    [
        ("360102001000", "360102001"),
        ("360102000000", "360102"),
        ("360102000", "360102"),
        ("360102", "360102"),
        ("360102001201", "360102001201"),
        ("360000", "360000"),
        ("S1000", "S1000"),
    ],
)
def test_trailing_groups_of_zeros_are_left_off(code, short):
    assert short_code(code) == short


def test_forms_of_a_county_are_those_of_6_9_and_12_digits():
    assert forms("360102") == {"360102", "360102000", "360102000000"}
    assert forms("360102001") == {"360102001", "360102001000"}
    assert forms("Z1") == {"Z1"}


@pytest.mark.parametrize(
    ("code", "text", "may_be"),
    [
        ("360112", "3.60112E+11", True),
        ("360112001", "3.60112E+11", True),
        ("360112501", "3.60113E+11", True),  # rounded up by the spreadsheet
        ("360112501", "3.60112E+11", False),
        ("360113", "3.60112E+11", False),
        ("360112001", "3.60112E+08", True),
        ("360112", "3.6E+5", True),
        ("Z1", "3.6E+5", False),
    ],
)
def test_what_a_spreadsheet_may_have_made_of_a_code(code, text, may_be):
    assert shown_as(code, text) is may_be


def test_recovering_gives_every_candidate():
    assert recover("3.60102E+11", NAMES.index) == ["360102001", "360102101"]
    assert recover("3.60121E+11", NAMES.index) == ["360121101"]


def test_lost_leading_zeros_are_found_and_ambiguity_is_not():
    known = KnownCodes(["007", "12", "0012"])
    assert known.same("7") == "007"
    assert known.same("012") is None


def followed(*values, labels=None, counties=False, names=NAMES):
    remarks = Remarks("sites.csv")
    rows = pd.Index([f"第{i + 2}行" for i in range(len(values))])
    result = follow(
        pd.Series(values, index=rows, dtype=str),
        names,
        column="zone_id",
        code="zone-unknown",
        unit=Text("单元", "zone"),
        remarks=remarks,
        labels=None if labels is None else pd.Series(labels, index=rows),
        counties=counties,
    )
    return result.tolist(), {f.code: f for f in remarks.findings}


def test_references_are_followed_by_every_way_and_each_is_told():
    ids, found = followed(
        "360102001", "", "乙镇", "360121101000", "3.60121E+11", "7", "x"
    )
    expected = ["360102001", "", "360102101", "360121101", "360121101", "007", ""]
    assert ids == expected
    assert found["reference-by-name"].keys == ("第4行",)
    assert found["reference-by-code"].keys == ("第5行", "第7行")
    assert found["id-recovered"].keys == ("第6行",)
    assert found["zone-unknown"].keys == ("第8行",)


def test_the_name_of_the_row_tells_between_codes_that_lost_digits():
    ids, found = followed("3.60102E+11", labels=["乙镇卫生院"])
    assert ids == ["360102101"]
    assert "id-recovered" in found
    ids, found = followed("3.60102E+11", labels=["卫生院"])
    assert ids == [""]
    assert "360102001" in found["id-scientific"].value


def test_an_old_county_is_mapped_only_to_a_single_successor():
    one = pd.Series({"360112": "新建区"})
    assert followed("360105", counties=True, names=one)[0] == ["360112"]
    assert followed("湾里区", counties=True, names=one)[0] == ["360112"]
    two = pd.Series({"330102": "上城区", "330114": "钱塘区"})
    ids, found = followed("330104", counties=True, names=two)
    assert ids == [""]
    assert "江干区" in found["code-old"].value
    assert "330114" in found["code-old"].value
    assert followed("360105", names=one)[0] == [""]


def test_the_table_of_old_counties_is_sound():
    changes = county_changes()
    codes = [change.code for change in changes]
    assert codes == sorted(set(codes))
    for change in changes:
        assert len(change.code) == 6
        assert change.successors
        assert change.code not in change.successors
        assert all(s.isdigit() and len(s) == 6 for s in change.successors)
        assert 1980 < change.year < 2030
    assert find_change("330103") is not None
    assert find_change("甲区") is None


def test_an_institution_code_gives_class_county_and_ownership():
    frame = pd.DataFrame(
        {
            "site_id": [
                "12345678936090111C2101",
                "12345678X36090117D2112",
                "12345678-X36090112E0001",
                "A1",
            ]
        }
    )
    remarks = Remarks("sites.csv")
    read_institution_codes(frame, remarks)
    assert frame["class"].tolist() == ["C210", "D211", "E", ""]
    assert frame["region_code"].tolist() == ["360901"] * 3 + [""]
    assert frame["public"].tolist() == [True, False, True, None]
    assert remarks.findings[0].keys == ("0", "1", "2")


def test_given_columns_are_not_overruled_by_the_code():
    frame = pd.DataFrame(
        {"site_id": ["12345678936090111C2101"], "class": [""], "public": [False]}
    )
    read_institution_codes(frame, Remarks("sites.csv"))
    assert frame["class"].tolist() == [""]
    assert frame["public"].tolist() == [False]
