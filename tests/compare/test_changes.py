from __future__ import annotations

import dataclasses
import itertools

import numpy as np
import pandas as pd
import pytest

from allocator.compare import CHANGE_COLUMNS, Side
from allocator.compare.changes import MOVE_KM, distances_km, placement_changes
from allocator.plan import (
    ALLOCATION_COLUMNS,
    ASSIGNMENT_COLUMNS,
    COUNTED_COLUMNS,
    Plan,
    empty_frame,
)
from tests.comparisons import make_comparison, make_sides, with_sites

KM = 1 / 111.2  # degrees of latitude in a kilometre, nearly


def listed(comparison):
    rows = comparison.placements
    return rows[["change", "service", "site_id", "to_site_id"]].to_numpy().tolist()


def test_each_kind_of_change_is_found():
    assert listed(make_comparison()) == [
        ["moved", "clinic", "S5", "S2"],
        ["opened", "pavilion", "S4", ""],
        ["dropped", "emergency_station", "S3", ""],
        ["changed", "emergency_station", "S2", ""],
    ]


def test_the_other_way_round_what_opened_is_dropped():
    assert listed(make_comparison(swapped=True)) == [
        ["moved", "clinic", "S2", "S5"],
        ["opened", "emergency_station", "S3", ""],
        ["dropped", "pavilion", "S4", ""],
        ["changed", "emergency_station", "S2", ""],
    ]


def test_a_plan_compared_with_itself_has_no_changes():
    before, _ = make_sides()
    changes = placement_changes(before, before, services=[])
    assert changes.empty
    assert tuple(changes.columns) == CHANGE_COLUMNS


def test_what_is_kept_has_no_phase_to_differ():
    # S1 and S3 keep their clinic in both plans, in plans of different years.
    sites = make_comparison().placements["site_id"].tolist()
    assert "S1" not in sites


def test_states_stand_side_by_side():
    found = make_comparison().placements.to_dict("records")
    rows = {(row["service"], row["site_id"]): row for row in found}
    moved = rows["clinic", "S5"]
    assert (moved["action_before"], moved["action_after"]) == ("build", "upgrade")
    assert (moved["capital_wan_before"], moved["capital_wan_after"]) == (2000, 130)
    assert (moved["people_before"], moved["people_after"]) == (27999.5, 12000)
    assert moved["to_name"] == "新城乡卫生院"
    later = rows["emergency_station", "S2"]
    assert (later["phase_before"], later["phase_after"]) == ("2025", "2026")
    reopened = rows["pavilion", "S4"]
    assert (reopened["action_before"], reopened["action_after"]) == ("close", "keep")
    assert (reopened["count_before"], reopened["count_after"]) == (0, 1)


def test_the_distance_of_a_move_is_on_the_ground():
    (km,) = make_comparison().placements["km"].dropna()
    # 0.16 degrees east and 0.04 north at 28 degrees north.
    assert km == pytest.approx(np.hypot(0.16 * 98.3, 0.04 * 110.8), rel=0.01)


def test_beyond_the_widest_distance_nothing_moved():
    kinds = [change for change, *_ in listed(make_comparison(move_km=MOVE_KM))]
    assert kinds == ["opened", "opened", "dropped", "dropped", "changed"]


def test_a_move_stays_in_its_county():
    before, after = make_sides()
    sites = after.sites.copy()
    sites.loc["S2", "county"] = "乙县"
    elsewhere = [dataclasses.replace(s, sites=sites) for s in (before, after)]
    changes = placement_changes(*elsewhere, services=[], move_km=1000)
    assert "moved" not in set(changes["change"])


def test_a_site_that_lies_elsewhere_moved_to_itself():
    before, _ = make_sides()
    after = with_sites(before, S1=(115.08, 28.12 + 2 * KM))
    (row,) = placement_changes(before, after, services=[]).to_dict("records")
    assert (row["change"], row["site_id"], row["to_site_id"]) == ("moved", "S1", "S1")
    assert row["km"] == pytest.approx(2, rel=0.01)
    assert row["to_lat"] == pytest.approx(28.12 + 2 * KM)


def side_of(held, sites):
    """Return a plan that builds one service at some sites."""
    placements = pd.DataFrame(
        [(site, "s", "build", 2025, 1.0, 0.0, 1) for site in held],
        columns=list(COUNTED_COLUMNS),
    )
    nobody, nothing = empty_frame(ASSIGNMENT_COLUMNS), empty_frame(ALLOCATION_COLUMNS)
    return Side("x", Plan(placements, nobody, nothing), sites)


def sites_at(latitudes):
    return pd.DataFrame(
        {
            "name": list(latitudes),
            "county": "甲",
            "zone": "乙",
            "lon": 115.0,
            "lat": [28 + KM * value for value in latitudes.values()],
        },
        index=pd.Index(list(latitudes), name="site_id"),
    )


def pairs_of(changes):
    moved = changes[changes["change"] == "moved"]
    return dict(zip(moved["site_id"], moved["to_site_id"], strict=True))


def test_as_many_moves_as_can_be_come_before_the_nearest_pair():
    # a1-b1 is the nearest pair, but leaves a2 (at 6) without b1 and b2 too far off.
    sites = sites_at({"a1": 0, "a2": 3, "b1": 1, "b2": -4})
    changes = placement_changes(
        side_of(["a1", "a2"], sites), side_of(["b1", "b2"], sites), services=[]
    )
    assert pairs_of(changes) == {"a1": "b2", "a2": "b1"}


@pytest.mark.parametrize("seed", range(6))
def test_moves_have_the_least_total_distance_of_all_pairings(seed):
    random = np.random.default_rng(seed)
    spots = random.uniform(0, 9, 8)
    names = [f"a{i}" for i in range(4)] + [f"b{i}" for i in range(4)]
    sites = sites_at(dict(zip(names, spots, strict=True)))
    old, new = names[:4], names[4:]
    changes = placement_changes(
        side_of(old, sites), side_of(new, sites), services=[], move_km=4
    )
    away = distances_km(sites.loc[old], sites.loc[new])
    best = min(
        (-int(near.sum()), float(away[range(4), order][near].sum()))
        for order in map(list, itertools.permutations(range(4)))
        for near in [away[range(4), order] <= 4]
    )
    km = changes["km"].dropna()
    assert -len(km) == best[0]
    assert km.sum() == pytest.approx(best[1])


def test_a_site_without_a_place_never_moved():
    sites = sites_at({"a": 0, "b": 1})
    sites.loc["b", "lat"] = np.nan
    changes = placement_changes(
        side_of(["a"], sites), side_of(["b"], sites), services=[]
    )
    assert changes["change"].tolist() == ["opened", "dropped"]


def test_counted_services_are_added_up_over_rows():
    sites = sites_at({"a": 0})
    before, after = side_of(["a"], sites), side_of(["a"], sites)
    kept = ("a", "s", "keep", None, 0.0, 0.0, 2)
    both = pd.concat(
        [after.plan.placements, pd.DataFrame([kept], columns=list(COUNTED_COLUMNS))]
    )
    more = dataclasses.replace(
        after, plan=dataclasses.replace(after.plan, placements=both)
    )
    (row,) = placement_changes(before, more, services=[]).to_dict("records")
    assert row["change"] == "changed"
    assert (row["count_before"], row["count_after"]) == (1, 3)
    assert (row["action_after"], row["phase_after"]) == ("build", "2025")


def test_amounts_that_differ_are_listed():
    (row,) = make_comparison().amounts.to_dict("records")
    assert (row["change"], row["service"], row["site_id"]) == ("amount", "beds", "S3")
    assert (row["count_before"], row["count_after"]) == (10, 14)
    assert row["name"] == "白马中心卫生院"
