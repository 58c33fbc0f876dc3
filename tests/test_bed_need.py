"""Beds from admissions, stay and occupancy."""

from __future__ import annotations

import pytest

from allocator.accessibility import bed_need
from tests.factories import facility, make_area, zone


def area_with(**columns):
    sites = [
        facility(f"S{i}", "Z1", "A100", **{k: v[i] for k, v in columns.items()})
        for i in range(2)
    ]
    return make_area(zones=[zone("Z1", "C1", 1000)], sites=sites)


def test_need_is_admissions_times_stay_over_days_in_use():
    area = area_with(admissions=[3650, 1825], stay_days=[9, 6], beds=[80, 20])
    table = bed_need(area, occupancy_share=0.9)
    assert table is not None
    (row,) = table.to_dict("records")
    # (3,650 x 9 + 1,825 x 6) / (365 x 0.9) = 43,800 / 328.5
    assert row["beds_needed"] == pytest.approx(43800 / 328.5)
    assert row["stay_days"] == pytest.approx(8.0)
    assert row["beds_missing"] == pytest.approx(43800 / 328.5 - 100)


def test_a_facility_without_figures_is_counted_and_needs_nothing():
    area = area_with(admissions=[3650, None], stay_days=[9, 6], beds=[200, 20])
    table = bed_need(area)
    assert table is not None
    (row,) = table.to_dict("records")
    assert (row["facilities"], row["facilities_without_figures"]) == (2, 1)
    assert row["beds_needed"] == pytest.approx(100)
    assert row["beds_missing"] == 0


def test_without_the_columns_nothing_is_said():
    assert bed_need(area_with(beds=[1, 2])) is None


@pytest.mark.parametrize("share", [0.0, -1.0, 1.1])
def test_an_impossible_occupancy_is_refused(share):
    with pytest.raises(ValueError, match="occupancy"):
        bed_need(area_with(beds=[1, 2]), occupancy_share=share)
