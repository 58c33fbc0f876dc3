from __future__ import annotations

import dataclasses

from allocator.compare import sites_of, strangers
from allocator.errors import Severity
from tests.comparisons import make_place
from tests.outcomes import make_outcome


def codes(before, after):
    return [f.code for f in strangers(before, after)]


def test_one_area_has_no_strangers():
    assert strangers(make_place(), make_place(language="en")) == []


def test_other_zones_are_named():
    place = make_place()
    fewer = dataclasses.replace(place, zones=place.zones.drop("360102100"))
    (finding,) = strangers(place, fewer)
    assert finding.code == "compare-other-zones"
    assert finding.keys == ("360102100",)
    assert finding.remedy is not None


def test_other_demand_points_are_refused():
    place = make_place()
    renamed = place.demand.rename(index={"D1": "E1"}).sort_index()
    assert codes(place, dataclasses.replace(place, demand=renamed)) == [
        "compare-other-demand"
    ]


def test_demand_points_of_one_id_in_another_place_are_refused():
    place = make_place()
    moved = place.demand.assign(lon=place.demand["lon"] + 0.01)
    (finding,) = strangers(place, dataclasses.replace(place, demand=moved))
    assert finding.code == "compare-other-demand"
    assert finding.severity is Severity.ERROR
    assert finding.keys == ("D1", "D2", "D3", "D4")


def test_other_people_are_a_warning_with_both_sums():
    place = make_place()
    grown = place.demand.assign(people=place.demand["people"] + 1000)
    (finding,) = strangers(place, dataclasses.replace(place, demand=grown))
    assert finding.code == "compare-other-people"
    assert finding.severity is Severity.WARNING
    assert finding.value == "92,000 / 96,000"


def test_sites_of_an_area_carry_the_names_of_their_units():
    sites = sites_of(make_outcome().area)
    assert sites.reset_index().to_dict("records")[2] == {
        "site_id": "S3",
        "name": "白马中心卫生院",
        "county": "乙县",
        "zone": "白马镇",
        "lon": 115.22,
        "lat": 28.31,
    }
