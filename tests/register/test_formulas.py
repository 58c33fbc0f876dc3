"""Formulas when rows are put in below the last row of data (20), and copied."""

from __future__ import annotations

import pytest

from allocator.register.formulas import Insertion, copied, shifted

TWO_ROWS = Insertion("机构", first=5, after=20, count=2)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("=SUM(E5:E20)", "=SUM(E5:E22)"),
        ("=SUM($E$5:$E$20)/B21", "=SUM($E$5:$E$22)/B23"),
        ("=E20", "=E20"),
        ("=E21+1", "=E23+1"),
        ("=SUM(E5:E19)", "=SUM(E5:E19)"),
        ("=SUM(E5:E25)", "=SUM(E5:E27)"),
        ("=SUM(5:20)", "=SUM(5:22)"),
        ("=SUM(E:E)", "=SUM(E:E)"),
        ("=SUM(机构!E5:E20)", "=SUM(机构!E5:E22)"),
        ("=SUM('机构'!E5:E20)", "=SUM('机构'!E5:E22)"),
        ("=SUM(别的!E5:E20)", "=SUM(别的!E5:E20)"),
        ('="E5:E20"&A21', '="E5:E20"&A23'),
        ('=SUMIF(C5:C20,"甲区",E5:E20)', '=SUMIF(C5:C22,"甲区",E5:E22)'),
        ("=SUM(表1[床位])", "=SUM(表1[床位])"),
        ("=LOG10(E21)", "=LOG10(E23)"),
    ],
)
def test_references_follow_and_ranges_of_all_rows_grow(before, after):
    assert shifted(before, "机构", TWO_ROWS, extend=True) == after


def test_a_row_of_data_goes_on_looking_at_what_it_looked_at():
    running = "=SUM(E$5:E20)"
    assert shifted(running, "机构", TWO_ROWS, extend=False) == running


def test_formulas_of_other_sheets_look_there():
    assert shifted("=E21", "汇总", TWO_ROWS, extend=True) == "=E21"
    assert shifted("=机构!E21", "汇总", TWO_ROWS, extend=True) == "=机构!E23"


@pytest.mark.parametrize(
    ("formula", "wanted"),
    [
        ("=I20+J20", "=I21+J21"),
        ("=SUM(F20:H20)*$B$1", "=SUM(F21:H21)*$B$1"),
        ("=ROW()-4", "=ROW()-4"),
        (
            "=VLOOKUP(B20,字典!$A$1:$B$9,2,FALSE)",
            "=VLOOKUP(B21,字典!$A$1:$B$9,2,FALSE)",
        ),
        ("=A19+1", None),  # looks at the row above
        ("=别的!B20", None),  # the row of another sheet is another thing
        ("=SUM(E:E)", None),
    ],
)
def test_only_formulas_of_their_own_row_are_copied(formula, wanted):
    assert copied(formula, "机构", "K20", "K21") == wanted
