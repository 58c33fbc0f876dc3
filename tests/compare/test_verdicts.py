from __future__ import annotations

import pytest

from allocator.compare import VERDICT_COLUMNS
from allocator.compare.verdicts import verdict_changes
from tests.comparisons import make_comparison


def judged(verdict, *, rule="R", unit="U"):
    return {
        "rule_id": rule,
        "unit_id": unit,
        "unit": unit,
        "clause": "一",
        "quote": "原文",
        "verdict": verdict,
        "required": "2",
        "found": verdict,
    }


@pytest.mark.parametrize(
    ("old", "new", "change"),
    [
        ("met", "not_met", "worse"),
        ("not_met", "met", "better"),
        ("met", "undecidable", "other"),
        ("undecidable", "met", "other"),
        ("tracked", "met", "other"),
    ],
)
def test_what_a_change_of_verdict_is(old, new, change):
    (row,) = verdict_changes([judged(old)], [judged(new)]).to_dict("records")
    assert row["change"] == change
    assert (row["verdict_before"], row["verdict_after"]) == (old, new)


def test_equal_verdicts_are_not_listed():
    rows = [judged("met"), judged("not_met", unit="V")]
    changes = verdict_changes(rows, rows)
    assert changes.empty
    assert tuple(changes.columns) == VERDICT_COLUMNS


def test_a_rule_that_one_plan_has_is_said_to_be_that_plans_alone():
    changes = verdict_changes([judged("met", rule="A")], [judged("met", rule="B")])
    found = changes[["change", "rule_id"]].to_numpy().tolist()
    assert found == [["only_before", "A"], ["only_after", "B"]]


def test_worse_comes_first():
    before = [judged("not_met", unit="U"), judged("met", unit="V")]
    after = [judged("met", unit="U"), judged("not_met", unit="V")]
    assert verdict_changes(before, after)["unit"].tolist() == ["V", "U"]


def test_the_clause_that_the_later_plan_meets_is_named():
    (row,) = make_comparison().verdicts.to_dict("records")
    assert (row["change"], row["rule_id"], row["unit"]) == ("better", "T-1", "样例市")
    assert (row["found_before"], row["found_after"]) == ("0 所", "2 所")
