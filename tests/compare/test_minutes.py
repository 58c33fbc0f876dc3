from __future__ import annotations

import math

import pandas as pd
import pytest

from allocator.compare import ACCESS_COLUMNS, ALL_SERVICES
from allocator.compare.minutes import service_access, trips_of, zone_access
from allocator.plan import (
    ALLOCATION_COLUMNS,
    ASSIGNMENT_COLUMNS,
    PLACEMENT_COLUMNS,
    Plan,
    empty_frame,
)
from tests.comparisons import make_comparison

D3_BEFORE = (4000.5 * 33 + 7999.5 * 23) / 12000


def plan_of(*rows):
    assignments = pd.DataFrame(list(rows), columns=list(ASSIGNMENT_COLUMNS))
    if not rows:
        assignments = empty_frame(ASSIGNMENT_COLUMNS)
    return Plan(
        empty_frame(PLACEMENT_COLUMNS), assignments, empty_frame(ALLOCATION_COLUMNS)
    )


ZONES = pd.Series({"D1": "Z1", "D2": "Z2"})


def test_gains_and_losses_of_a_service_are_weighted_by_people():
    whole = make_comparison().services.loc["clinic"]
    assert whole["people_compared"] == 30000 + 20000 + 12000 + 18000
    change = 20000 * (9 - 1.504) + 12000 * (3 - D3_BEFORE)
    assert whole["person_minutes"] == pytest.approx(change)
    assert whole["minutes_change"] == pytest.approx(change / 80000)
    old = 30000 * 4 + 20000 * 1.504 + 12000 * D3_BEFORE + 18000 * 3.333333
    assert whole["minutes_before"] == pytest.approx(old / 80000)
    after = whole["minutes_after"] - whole["minutes_before"]
    assert after == pytest.approx(whole["minutes_change"])
    assert (whole["people_gain"], whole["people_lose"]) == (12000, 20000)
    assert whole["largest_loss"] == pytest.approx(7.496)
    assert whole["largest_gain"] == pytest.approx(D3_BEFORE - 3)


def test_people_who_lose_their_site_are_no_longer_served_and_lose_no_minutes():
    whole = make_comparison().services.loc["clinic"]
    assert (whole["newly_served"], whole["no_longer_served"]) == (0, 12000)
    turned = make_comparison(swapped=True).services.loc["clinic"]
    assert (turned["newly_served"], turned["no_longer_served"]) == (12000, 0)
    assert (turned["people_gain"], turned["people_lose"]) == (20000, 12000)


def test_a_zone_served_by_one_plan_alone_has_no_minutes_to_compare():
    trips = trips_of(plan_of(), plan_of(("D1", "S1", "s", 100.0, 12.0)), ZONES)
    (row,) = (
        zone_access(trips[trips["service"] == "s"], services=[])
        .query("service == 's'")
        .to_dict("records")
    )
    assert row["newly_served"] == 100
    assert row["people_compared"] == 0
    assert math.isnan(row["minutes_before"])
    assert math.isnan(row["minutes_change"])
    assert (row["people_gain"], row["largest_gain"], row["person_minutes"]) == (0, 0, 0)


def test_zones_are_ranked_from_the_largest_loss_to_the_largest_gain():
    zones = make_comparison().zones
    assert tuple(zones.columns) == ACCESS_COLUMNS
    clinic = zones[zones["service"] == "clinic"]
    ranked = dict(zip(clinic["rank"], clinic["zone_id"], strict=True))
    assert ranked == {1: "360101001", 2: "360102100", 3: "360101200"}


def test_all_services_together_add_up_trips():
    before = plan_of(("D1", "S1", "a", 10.0, 5.0), ("D1", "S1", "b", 10.0, 5.0))
    after = plan_of(("D1", "S1", "a", 10.0, 6.0), ("D1", "S1", "b", 10.0, 2.0))
    access = service_access(trips_of(before, after, ZONES), services=["b", "a"])
    assert list(access.index) == [ALL_SERVICES, "b", "a"]
    whole = access.loc[ALL_SERVICES]
    assert whole["people_compared"] == 20
    assert whole["person_minutes"] == 10 - 30
    assert (whole["people_gain"], whole["people_lose"]) == (10, 10)


def test_changes_that_one_decimal_cannot_show_are_no_change():
    before, after = (
        plan_of(("D1", "S1", "s", 10.0, 5.0), ("D2", "S1", "s", 10.0, 5.0)),
        plan_of(("D1", "S1", "s", 10.0, 5.04), ("D2", "S1", "s", 10.0, 5.06)),
    )
    whole = service_access(trips_of(before, after, ZONES), services=[]).loc["s"]
    assert whole["people_lose"] == 10


def test_a_solvers_rounding_serves_nobody_newly():
    before = plan_of(("D1", "S1", "s", 9.9999, 5.0))
    after = plan_of(("D1", "S1", "s", 10.0, 5.0))
    whole = service_access(trips_of(before, after, ZONES), services=[]).loc["s"]
    assert (whole["newly_served"], whole["no_longer_served"]) == (0, 0)


def test_plans_that_assign_nobody_have_only_the_row_of_all():
    trips = trips_of(plan_of(), plan_of(), ZONES)
    access = service_access(trips, services=["s"])
    assert list(access.index) == [ALL_SERVICES]
    assert access.loc[ALL_SERVICES, "people_compared"] == 0
    assert zone_access(trips, services=["s"]).empty
