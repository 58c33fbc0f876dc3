"""New candidates that a review asks for."""

from __future__ import annotations

from dataclasses import replace

import pytest

from allocator.decisions import Decision, Verdict, add_sites
from tests.load.small_area import area_of, write_area


@pytest.fixture
def area(tmp_path):
    return area_of(write_area(tmp_path))


def add(area, *decisions):
    return add_sites(area, decisions, table="decisions.csv")


def move(site_id, lon, lat, service="clinic"):
    return Decision(site_id, service, Verdict.MOVE, lon=lon, lat=lat)


def test_a_moved_place_is_a_candidate_in_the_zone_of_its_new_point(area):
    moved, findings = add(area, move("S2", 116.05, 28.66))
    assert findings == []
    row = moved.sites.loc["S2-moved"]
    assert row["zone_id"] == "360121101"
    assert row["county_id"] == "360121"
    assert (row["status"], row["class"], row["name"]) == (
        "candidate",
        "C210",
        "乙卫生院",
    )
    assert (row["lon"], row["lat"], row["services"]) == (116.05, 28.66, ())
    old = moved.sites.drop("S2-moved")
    assert old.astype(str).equals(area.sites.astype(str))
    assert list(moved.sites.index) == sorted(moved.sites.index)


def test_an_added_place_gets_the_name_that_was_written(area):
    decision = Decision("N1", "", Verdict.ADD, lon=115.85, lat=28.61, name="新点")
    decision = replace(decision, site_class="B100")
    row = add(area, decision)[0].sites.loc["N1"]
    assert (row["name"], row["status"], row["zone_id"]) == (
        "新点",
        "candidate",
        "360102001",
    )
    assert row["class"] == "B100"


def test_two_services_are_added_at_one_point_and_not_at_two(area):
    here = Decision("N1", "clinic", Verdict.ADD, lon=115.85, lat=28.61)
    added, findings = add(area, here, replace(here, service="station"))
    assert findings == []
    assert len(added.sites) == len(area.sites) + 1
    _, findings = add(area, here, replace(here, service="station", lon=115.86))
    assert [finding.code for finding in findings] == ["move-apart"]


def test_a_place_can_be_moved_again(area):
    twice = [move("S3", 116.06, 28.65), move("S3-moved", 116.07, 28.65)]
    moved, findings = add(area, *twice)
    assert findings == []
    assert moved.sites["lon"]["S3-moved-moved"] == 116.07


def test_two_services_of_a_site_move_to_one_point(area):
    both = [move("S3", 116.06, 28.65), move("S3", 116.06, 28.65, "station")]
    moved, findings = add(area, *both)
    assert findings == []
    assert len(moved.sites) == len(area.sites) + 1


def test_a_whole_site_is_locked_in_or_out(area):
    locked, _ = add(
        area, Decision("S1", "", Verdict.LOCK), Decision("S3", "", Verdict.REJECT)
    )
    assert dict(locked.sites["locked"]) == {"S1": "in", "S2": "", "S3": "out"}


@pytest.mark.parametrize(
    ("decisions", "code"),
    [
        ([Decision("S9", "clinic", Verdict.REJECT)], "site-unknown"),
        ([move("S9", 116.06, 28.65)], "site-unknown"),
        ([move("S3", 100.0, 20.0)], "site-in-no-zone"),
        ([Decision("S1", "", Verdict.ADD, lon=115.85, lat=28.61)], "site-known"),
        (
            [move("S3", 116.06, 28.65), move("S3", 116.07, 28.65, "station")],
            "move-apart",
        ),
    ],
)
def test_what_cannot_be_placed_is_named(area, decisions, code):
    _, findings = add(area, *decisions)
    assert [finding.code for finding in findings] == [code]
    assert findings[0].keys


def test_an_unknown_site_is_answered_with_the_nearest_known(area):
    _, (found,) = add(area, Decision("S22", "clinic", Verdict.REJECT))
    assert "S2" in found.remedy.en
