"""Amounts that nothing keeps small are warned of."""

from __future__ import annotations

import pytest

from allocator.errors import Severity
from allocator.pipeline.amounts import unweighed_amounts
from allocator.policy import Resource, Service
from allocator.policy.tilt import Tilt
from tests.factories import cost, facility, make_area, make_case, members, zone


def warnings_of(capital, yearly, *order, **terms):
    area = make_area(
        zones=[zone("z", "c", 10)],
        sites=[facility("a", "z", "C210")],
        costs=[
            cost("post", "build", 1),
            cost("", "add", capital, yearly, resource="gps"),
        ],
    )
    doctors = Resource(
        id="gps", name="全科医生", at=members("C210"), most_per_site=9, whole=True
    )
    case = make_case(
        area,
        services=[Service(id="post", name="post")],
        resources=[doctors],
        objective=order,
        **terms,
    )
    return unweighed_amounts(case.area, case.policy, case.terms)


@pytest.mark.parametrize(
    ("capital", "yearly", "order"),
    [
        (0, 8, ("capital_wan",)),
        (5, 0, ("uncovered_people", "yearly_wan")),
        (0, 0, ("capital_wan", "yearly_wan")),
    ],
)
def test_amount_whose_price_is_not_ordered_is_warned_of(capital, yearly, order):
    (finding,) = warnings_of(capital, yearly, *order)
    assert (finding.code, finding.severity) == ("amount-unweighed", Severity.WARNING)
    assert finding.value == "gps"
    assert ("yearly_wan" if capital == 0 else "capital_wan") in finding.remedy.zh


def test_amount_that_an_ordered_price_or_a_tilt_weighs_is_not():
    assert warnings_of(0, 8, "uncovered_people", "yearly_wan") == []
    assert warnings_of(5, 8, "capital_wan") == []
    tilt = Tilt(resource="gps", weights={"C210": 0.5})
    assert warnings_of(0, 8, "capital_wan", tilts=(tilt,)) == []
