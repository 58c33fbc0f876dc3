"""Reviews of several people as one."""

from __future__ import annotations

import datetime

import pytest

from allocator.decisions import Decision, Verdict, merge_opinions
from allocator.decisions.merging import read_date


def of(verdict, reviewer="", site="s1", service="clinic", **more):
    return Decision(site, service, Verdict(verdict), reviewer=reviewer, **more)


def agreed(merged):
    return [(d.site_id, d.service, str(d.verdict), d.reviewer) for d in merged.agreed]


def test_people_who_agree_give_one_decision_with_all_their_reasons():
    merged = merge_opinions(
        {
            "A": [of("accept", "张", reason="近", date="2026-11-02")],
            "B": [of("accept", "李", reason="=省", date="2026年11月3日")],
        }
    )
    assert agreed(merged) == [("s1", "clinic", "accept", "张、李")]
    assert merged.agreed[0].reason == "张: 近; 李: =省"
    assert merged.agreed[0].date == "2026年11月3日"
    assert merged.conflicts == {}


def test_people_who_differ_are_named_and_nothing_is_decided():
    merged = merge_opinions({"A": [of("accept", "张")], "B": [of("reject", "李")]})
    assert merged.agreed == ()
    (opinions,) = merged.conflicts.values()
    assert [(o.person, str(o.decision.verdict), o.file) for o in opinions] == [
        ("张", "accept", "A"),
        ("李", "reject", "B"),
    ]


def test_a_file_stands_for_whoever_gave_no_name():
    merged = merge_opinions({"王主任": [of("accept")], "B": [of("reject", "李")]})
    assert merged.people == ("李", "王主任")


def test_moves_to_different_places_are_a_conflict():
    one, other = ({"lon": 116.0, "lat": lat} for lat in (28.5, 28.6))
    merged = merge_opinions(
        {"A": [of("move", "张", **one)], "B": [of("move", **other)]}
    )
    assert set(merged.conflicts) == {("s1", "clinic")}
    near = {"lon": 116.0, "lat": 28.5 + 1e-8}
    same = merge_opinions({"A": [of("move", "张", **one)], "B": [of("move", **near)]})
    assert same.conflicts == {}


@pytest.mark.parametrize(
    ("first", "second", "verdict"),
    [
        ("2026-11-02", "2026年11月3日", "reject"),
        ("2026/11/4", "2026.11.03", "accept"),
        ("2026-11-02", "", None),
        ("2026-11-02", "上周五", None),
        ("2026-11-02", "2026-11-02", None),
    ],
)
def test_of_one_person_the_later_verdict_counts_where_all_are_dated(
    first, second, verdict
):
    merged = merge_opinions(
        {
            "A": [of("accept", "张 三", date=first)],
            "B": [of("reject", "张  三", date=second)],
        }
    )
    assert [str(d.verdict) for d in merged.agreed] == ([verdict] if verdict else [])
    assert bool(merged.conflicts) is (verdict is None)


def test_a_date_that_cannot_be_read_is_a_warning():
    merged = merge_opinions(
        {"A": [of("accept", "张", date="上周五")], "B": [of("reject", "张")]}
    )
    (finding,) = merged.findings
    assert (finding.code, finding.table) == ("date-unreadable", "A")


def test_what_the_run_obeys_already_gives_way_to_a_new_verdict():
    before = of("reject", "张", reason="地块不行")
    merged = merge_opinions({"A": [before], "B": [of("accept", "李")]}, [before])
    assert agreed(merged) == [("s1", "clinic", "accept", "李")]
    assert merged.people == ("李",)
    untouched = merge_opinions({"A": [before], "B": [before]}, [before])
    assert agreed(untouched) == [("s1", "clinic", "reject", "张")]


def test_a_verdict_on_a_whole_site_meets_those_on_its_services():
    merged = merge_opinions(
        {"A": [of("reject", "张", service="")], "B": [of("lock", "李")]}
    )
    assert set(merged.conflicts) == {("s1", ""), ("s1", "clinic")}
    lock = merge_opinions(
        {"A": [of("lock", "张", service="")], "B": [of("reject", "李")]}
    )
    assert lock.conflicts == {}


def test_different_years_of_one_verdict_are_a_conflict():
    merged = merge_opinions(
        {"A": [of("accept", "张", phase=2025)], "B": [of("accept", "李", phase=2030)]}
    )
    assert set(merged.conflicts) == {("s1", "clinic")}
    blank = merge_opinions(
        {"A": [of("accept", "张", phase=2025)], "B": [of("accept", "李")]}
    )
    assert blank.agreed[0].phase == 2025


def test_who_spoke_of_a_placement_counts_whole_sites_too():
    merged = merge_opinions(
        {"A": [of("accept", "张", service="")], "B": [of("accept", "李")]}
    )
    assert merged.said_of(("s1", "clinic")) == {"张", "李"}
    assert merged.said_of(("s1", "other")) == {"张"}
    assert merged.said_of(("s2", "clinic")) == frozenset()


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-11-24", (2026, 11, 24)),
        ("2026年1月4日", (2026, 1, 4)),
        ("20261124", (2026, 11, 24)),
        ("2026-11-24 10:30:00", (2026, 11, 24)),
        ("2026-13-01", None),
        ("11月24日", None),
        ("", None),
    ],
)
def test_dates_as_people_write_them(text, day):
    assert read_date(text) == (datetime.date(*day) if day else None)
