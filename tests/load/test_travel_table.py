from __future__ import annotations

import pytest

from allocator.errors import Severity
from allocator.load import read_area, read_travel_table
from tests.load.small_area import brief_of, brief_with, only, write_area

BRIEF = brief_with('[travel]\nmethod = "table"\nfile = "t.csv"')
ROWS = """demand_id,site_id,minutes
360102101,S2,7.5
360102001,S1,0
"""


def read(folder, text):
    brief = brief_of(write_area(folder, t__csv=text, brief__toml=BRIEF))
    area, _ = read_area(brief)
    assert area is not None
    return read_travel_table(brief, area)


def test_a_good_table_keeps_its_order_and_makes_no_distances(tmp_path):
    pairs, findings = read(tmp_path, ROWS)
    assert pairs is not None
    assert pairs.to_numpy().tolist() == [
        ["360102101", "S2", 7.5],
        ["360102001", "S1", 0],
    ]
    assert list(pairs.columns) == ["demand_id", "site_id", "minutes"]
    assert findings == []


def test_hours_and_metres_are_converted(tmp_path):
    text = "demand_id,site_id,时间(小时),距离(米)\n360102001,S1,0.5,1500\n"
    pairs, _ = read(tmp_path, text)
    assert pairs is not None
    assert pairs[["minutes", "km"]].to_numpy().tolist() == [[30, 1.5]]


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("360102101,S2", "360102109,S2", "demand-unknown"),
        ("S2", "S9", "site-unknown"),
        ("7.5", "-1", "number-negative"),
        ("7.5", "nan", "value-missing"),
        ("7.5", "soon", "not-a-number"),
        ("360102101,S2", "360102001,S1", "pair-twice"),
        ("minutes", "minuets", "column-missing"),
    ],
)
def test_a_bad_row_is_an_error(tmp_path, old, new, code):
    pairs, findings = read(tmp_path, ROWS.replace(old, new, 1))
    assert pairs is None
    finding = only(findings, code)
    assert finding.severity is Severity.ERROR
    assert finding.table == "t.csv"
