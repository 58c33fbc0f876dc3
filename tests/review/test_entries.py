from __future__ import annotations

import json

import pytest

from allocator.review.entries import (
    WITHDRAWN,
    clean,
    entry_of,
    last_of,
    new_entry,
    settled,
    standing,
    undoing,
)

KEY = ("B1", "clinic")
PLACE = (115.9, 28.7)


def test_the_last_verdict_on_a_placement_stands():
    first, second = new_entry("张", KEY, "accept"), new_entry("李", KEY, "reject")
    assert standing([first, second]) == {KEY: second}


def test_undoing_brings_back_what_stood_before():
    first, second = new_entry("张", KEY, "accept"), new_entry("李", KEY, "reject")
    assert standing([first, second, undoing(second, "李")]) == {KEY: first}


def test_undoing_an_undo_brings_the_verdict_back():
    first = new_entry("张", KEY, "accept")
    undo = undoing(first, "张")
    assert standing([first, undo]) == {}
    assert standing([first, undo, undoing(undo, "张")]) == {KEY: first}


def test_what_is_withdrawn_stands_as_withdrawn():
    taken_back = new_entry("张", KEY, WITHDRAWN)
    assert standing([new_entry("张", KEY, "lock"), taken_back]) == {KEY: taken_back}


def test_a_reviewer_undoes_only_what_is_theirs_and_not_yet_undone():
    first, second = new_entry("张", KEY, "accept"), new_entry("张", KEY, "lock")
    other = new_entry("李", KEY, "reject")
    rows = [first, second, other]
    assert last_of(rows, "张") == second
    assert last_of([*rows, undoing(second, "张")], "张") == first
    assert last_of(rows, "王") is None


def test_a_text_is_one_line_without_control_characters():
    assert clean(" 地块\n不行\x00\u202e \t好 ") == "地块 不行 好"
    assert len(clean("长" * 900)) == 500


@pytest.mark.parametrize(
    ("verdict", "place"),
    [("move", None), ("add", None), ("accept", PLACE), ("move", (200.0, 0.0))],
)
def test_a_place_belongs_to_move_and_add_and_is_on_earth(verdict, place):
    with pytest.raises(ValueError, match="place"):
        new_entry("张", KEY, verdict, place=place)


def test_an_unknown_verdict_is_refused():
    with pytest.raises(ValueError, match="perhaps"):
        new_entry("张", KEY, "perhaps")


def test_an_entry_survives_its_line():
    entry = new_entry("张", KEY, "move", why="<b>", place=PLACE, price="+85 万元")
    assert entry_of(json.loads(json.dumps(entry.as_dict()))) == entry


@pytest.mark.parametrize(
    "change",
    [{"verdict": "perhaps"}, {"who": 3}, {"lon": "east"}, {"site_id": None}],
)
def test_a_line_that_is_no_entry_is_none(change):
    assert entry_of({**new_entry("张", KEY, "accept").as_dict(), **change}) is None


def test_what_is_no_object_is_no_entry():
    assert entry_of([1, 2]) is None
    assert entry_of({"id": "1"}) is None


# --- Places that the review itself made -----------------------------------------------

MOVED = {KEY: new_entry("张", KEY, "move", place=PLACE)}
ADDED = {
    ("N1", "clinic"): new_entry("张", ("N1", "clinic"), "add", place=PLACE, name="新")
}


@pytest.mark.parametrize("verdict", ["reject", "defer"])
def test_rejecting_a_moved_place_rejects_its_origin(verdict):
    found = settled(("B1-moved", "clinic"), verdict, None, MOVED)
    assert found == (KEY, verdict, None)


def test_moving_a_moved_place_moves_its_origin_there():
    there = (115.8, 28.6)
    found = settled(("B1-moved", "clinic"), "move", there, MOVED)
    assert found == (KEY, "move", there)


def test_accepting_a_moved_place_is_said_of_the_place():
    key = ("B1-moved", "clinic")
    assert settled(key, "accept", None, MOVED) == (key, "accept", None)


def test_an_added_site_is_withdrawn_kept_or_moved():
    key = ("N1", "clinic")
    assert settled(key, "reject", None, ADDED) == (key, WITHDRAWN, None)
    assert settled(key, "accept", None, ADDED) == (key, "add", PLACE)
    assert settled(key, "move", (1.0, 2.0), ADDED) == (key, "add", (1.0, 2.0))


def test_other_verdicts_are_as_said():
    assert settled(KEY, "reject", None, {}) == (KEY, "reject", None)
    named_so = ("X-moved", "clinic")  # a site of the register that is called so
    assert settled(named_so, "reject", None, MOVED) == (named_so, "reject", None)
