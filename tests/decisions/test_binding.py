"""What a verdict fixes, phase by phase."""

from __future__ import annotations

import pandas as pd
import pytest

from allocator.decisions import Decision, Previous, Verdict, bind, read_previous
from allocator.plan import (
    ALLOCATION_COLUMNS,
    ASSIGNMENT_COLUMNS,
    PLACEMENT_COLUMNS,
    Plan,
    empty_frame,
)

YEARS = (2024, 2025, 2026)
NEW, OLD, GONE = ("s1", "clinic"), ("s2", "clinic"), ("s3", "clinic")
# s1 is new from 2025 on, s2 is of today and kept, s3 is closed in 2026.
BEFORE = Previous(
    "run",
    "0",
    ({OLD: 1, GONE: 1}, {OLD: 1, GONE: 1, NEW: 2}, {OLD: 1, NEW: 2}),
    {NEW: 1},
    frozenset({GONE}),
)


def fixed(*decisions, previous=BEFORE, years=YEARS):
    decided, findings = bind(
        decisions, previous, years=years, today={OLD, GONE}, table="decisions.csv"
    )
    assert findings == []
    return [(dict(one.held), set(one.barred)) for one in decided]


def codes(*decisions):
    _, findings = bind(
        decisions, BEFORE, years=YEARS, today={OLD, GONE}, table="decisions.csv"
    )
    return [finding.code for finding in findings]


def of(pair, verdict, **more):
    return Decision(pair[0], pair[1], Verdict(verdict), **more)


def test_accepting_holds_the_number_from_the_proposed_year_on():
    assert fixed(of(NEW, "accept")) == [
        ({}, set()),
        ({NEW: 2}, set()),
        ({NEW: 2}, set()),
    ]


def test_a_year_in_the_table_wins_over_that_of_the_plan():
    held = [one[0] for one in fixed(of(NEW, "accept", phase=2026))]
    assert held == [{}, {}, {NEW: 2}]


def test_accepting_what_is_kept_holds_it_in_every_year():
    assert fixed(of(OLD, "accept")) == [({OLD: 1}, set())] * 3


def test_accepting_a_closure_leaves_it_closed_in_the_end():
    assert fixed(of(GONE, "accept")) == [({}, set()), ({}, set()), ({}, {GONE})]


def test_rejecting_a_closure_holds_what_was_to_be_closed():
    assert [one[0] for one in fixed(of(GONE, "reject"))] == [{GONE: None}] * 3


def test_rejecting_bars_in_every_year():
    assert fixed(of(NEW, "reject")) == [({}, {NEW})] * 3


def test_deferring_bars_up_to_and_with_the_proposed_year():
    assert fixed(of(NEW, "defer")) == [({}, {NEW}), ({}, {NEW}), ({}, set())]


def test_deferring_in_a_task_of_one_phase_bars_it():
    before = Previous("run", "0", ({NEW: 1},), {NEW: 0}, frozenset())
    decided = fixed(of(NEW, "defer"), previous=before, years=(None,))
    assert decided == [({}, {NEW})]


def test_a_lock_on_what_the_plan_did_not_choose_holds_in_the_end():
    other = ("s9", "clinic")
    assert [one[0] for one in fixed(of(other, "lock"))] == [{}, {}, {other: None}]


def test_moving_bars_the_old_place_and_holds_the_new_one():
    moved = ("s1-moved", "clinic")
    decided = fixed(of(NEW, "move", lon=1.0, lat=2.0))
    assert [one[0] for one in decided] == [{}, {moved: None}, {moved: None}]
    assert [one[1] for one in decided] == [{NEW}] * 3


def test_accepting_a_site_accepts_all_that_it_was_given():
    assert fixed(Decision("s1", "", Verdict.ACCEPT)) == fixed(of(NEW, "accept"))


def test_without_a_previous_plan_accepting_holds_in_the_end():
    decided = fixed(of(NEW, "accept"), previous=None)
    assert [one[0] for one in decided] == [{}, {}, {NEW: None}]


def test_a_move_of_the_round_before_is_not_stale():
    moved = ("s7-moved", "clinic")
    before = Previous("run", "0", ({moved: 1},), {moved: 0}, frozenset())
    decision = of(("s7", "clinic"), "move", lon=1.0, lat=2.0)
    assert fixed(decision, previous=before, years=(None,)) == [
        ({moved: None}, {("s7", "clinic")})
    ]


@pytest.mark.parametrize(
    ("decision", "code"),
    [
        (of(("s9", "clinic"), "accept"), "decision-stale"),
        (of(("s9", "clinic"), "move", lon=1.0, lat=2.0), "decision-stale"),
        (of(OLD, "defer"), "decision-today"),
        (of(OLD, "move", lon=1.0, lat=2.0), "decision-today"),
    ],
)
def test_what_cannot_be_decided_is_named(decision, code):
    assert codes(decision) == [code]


def test_a_plan_is_read_year_by_year(tmp_path):
    (tmp_path / "run.json").write_text("{}", encoding="utf-8")
    rows = [
        ("s1", "clinic", "build", 2025, 100.0, 1.0),
        ("s2", "clinic", "keep", None, 0.0, 0.0),
        ("s3", "clinic", "close", 2026, 5.0, -1.0),
    ]
    placements = pd.DataFrame(rows, columns=list(PLACEMENT_COLUMNS))
    plan = Plan(
        placements, empty_frame(ASSIGNMENT_COLUMNS), empty_frame(ALLOCATION_COLUMNS)
    )
    found = read_previous(tmp_path, plan, YEARS)
    assert found.counts == (
        {OLD: 1, GONE: 1},
        {OLD: 1, GONE: 1, NEW: 1},
        {OLD: 1, NEW: 1},
    )
    assert (found.since, found.closed) == ({NEW: 1}, frozenset({GONE}))
    assert len(found.run_sha256) == 64


def test_a_verdict_on_the_new_place_replaces_the_move_to_it():
    moved = (f"{NEW[0]}-moved", NEW[1])
    move = of(NEW, "move", lon=116.0, lat=28.5)
    assert [held for held, _ in fixed(move)][-1] == {moved: None}
    assert fixed(move, of(moved, "reject")) == [({}, {NEW, moved})] * 3
