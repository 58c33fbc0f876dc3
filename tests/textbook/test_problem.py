"""Which tasks are textbook problems, and which are only like them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from allocator.policy import (
    CountInUnit,
    Coverage,
    Indicator,
    Members,
    PopulationBand,
    Priority,
    Resource,
    Rule,
    Scope,
    Service,
    Unit,
)
from allocator.policy.decided import Decided
from allocator.policy.terms import Phase
from allocator.textbook import textbook_of
from tests.factories import (
    candidate,
    cost,
    facility,
    make_area,
    make_case,
    members,
    zone,
)

ZONES = [zone("z1", "c1", 100), zone("z2", "c2", 50)]
SITES = [
    candidate("s1", "z1"),
    candidate("s2", "z2"),
    facility("s3", "z1", "C210", services=("clinic",)),
    candidate("s4", "z2", "B100"),
]
SERVING = Service(id="clinic", name="clinic", serves=Scope())
REACHING = Service(id="clinic", name="clinic")
COUNT = CountInUnit(id="N", quote="two", service="clinic", lo=2, hi=2)
REACH = Coverage(id="R", quote="reach", service="clinic", within_minutes=15)
EVERYONE = replace(REACH, share=1.0)
GIVEN: dict[str, tuple[Service, list[Rule], str]] = {
    "p-median": (SERVING, [COUNT], "person_minutes"),
    "p-center": (SERVING, [COUNT], "max_minutes"),
    "mclp": (REACHING, [COUNT, REACH], "uncovered_people"),
    "lscp": (REACHING, [EVERYONE], "sites"),
}


def found(name="p-median", *, sites=SITES, costs=None, resources=(), **changes):
    """Return what a task is seen as: one of the four but for some changes."""
    service, rules, objective = GIVEN[name]
    terms = {"objective": (objective,)} | changes.pop("terms", {})
    case = make_case(
        make_area(zones=ZONES, sites=sites, costs=costs),
        services=changes.pop("services", [service]),
        rules=[*changes.pop("rules", rules), *changes.pop("more", [])],
        resources=resources,
        **terms,
    )
    assert not changes
    return textbook_of([Phase(case.area, case.policy, case.terms)])


@pytest.mark.parametrize("name", GIVEN)
def test_each_problem_is_seen(name):
    problem = found(name)
    assert problem.name == name
    assert problem.sites == ("s1", "s2", "s3", "s4")
    assert problem.fixed == {"s3"}
    assert problem.forbidden == set()
    assert problem.p == (None if name == "lscp" else 2)
    assert (problem.reach is None) == (name in ("p-median", "p-center"))


@pytest.mark.parametrize("name", GIVEN)
def test_what_binds_nothing_changes_nothing(name):
    aside = [
        Indicator(id="I", quote="tracked"),
        CountInUnit(id="M", quote="may", service="clinic", lo=4, priority=Priority.MAY),
    ]
    costs = [cost("clinic", "build", 10, 1), cost("clinic", "upgrade", 99)]
    rich = {"capital_wan": 30.0, "yearly_wan": 3.0}
    assert found(name, more=aside, costs=costs, terms=rich) == found(name)


OTHERS: dict[str, dict[str, Any]] = {
    "a second objective": {"terms": {"objective": ("person_minutes", "sites")}},
    "another objective": {"terms": {"objective": ("yearly_wan",)}},
    "a budget that binds": {
        "costs": [cost("clinic", "build", 10, 1)],
        "terms": {"capital_wan": 29.9},
    },
    "a yearly budget that binds": {
        "costs": [cost("clinic", "build", 10, 1)],
        "terms": {"yearly_wan": 2.9},
    },
    "a second service": {"services": [SERVING, Service(id="lab", name="lab")]},
    "a service beside another": {"services": [replace(SERVING, requires=("clinic",))]},
    "a service that serves nobody": {"services": [REACHING]},
    "a host by service": {
        "services": [replace(SERVING, hosts=Members(service=("clinic",)))]
    },
    "a resource to buy": {
        "resources": [
            Resource(id="beds", name="beds", at=members("C210"), most_per_site=9)
        ]
    },
    "no more than two": {"rules": [replace(COUNT, lo=None)]},
    "two or three": {"rules": [replace(COUNT, hi=3)]},
    "two in each county": {"rules": [replace(COUNT, unit=Unit.COUNTY)]},
    "two in the towns": {"rules": [replace(COUNT, scope=Scope(urban=True))]},
    "two of a class": {"rules": [replace(COUNT, of=members("C210"))]},
    "two, striven for": {"rules": [replace(COUNT, priority=Priority.STRIVE)]},
    "two, or something else": {
        "rules": [replace(COUNT, any_of=(replace(COUNT, lo=1, hi=1),))]
    },
    "a band": {
        "more": [PopulationBand(id="B", quote="band", service="clinic", lo=1, hi=90)]
    },
    "a second count": {"more": [replace(COUNT, id="N2", lo=1, hi=3)]},
    "more sites than there are": {"rules": [replace(COUNT, lo=5, hi=5)]},
    "fewer than are held": {
        "rules": [replace(COUNT, lo=1, hi=1)],
        "terms": {"decided": Decided({("s1", "clinic"): None})},
    },
    "several of a service at a site": {
        "services": [replace(REACHING, most_per_site=2)]
    },
    "a capacity": {"sites": [*SITES[:3], candidate("s4", "z2", capacity_people=9.0)]},
    "a branch that holds it": {
        "sites": [*SITES, facility("s5", "z1", services=("clinic",), branch=True)]
    },
    "a lock that cannot be": {
        "sites": [*SITES, facility("s5", "z1", branch=True, locked="in")]
    },
    "a decision against another": {
        "terms": {"decided": Decided({}, frozenset({("s3", "clinic")}))}
    },
    "a decision that cannot be": {
        "terms": {"decided": Decided({("s9", "clinic"): None})}
    },
}


@pytest.mark.parametrize("change", OTHERS)
def test_it_is_left_to_the_program(change):
    assert found() is not None
    assert found(**OTHERS[change]) is None


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("mclp", {"rules": [COUNT, EVERYONE]}),
        ("mclp", {"rules": [REACH]}),
        ("mclp", {"rules": [COUNT, REACH, replace(REACH, id="R2")]}),
        ("mclp", {"services": [SERVING]}),
        ("lscp", {"rules": [replace(EVERYONE, share=0.9)]}),
        ("lscp", {"rules": [REACH]}),
        ("lscp", {"more": [COUNT]}),
        ("lscp", {"services": [SERVING]}),
    ],
)
def test_other_reaches_are_left_to_the_program(name, change):
    assert found(name, **change) is None


def test_several_phases_are_left_to_the_program():
    service, rules, objective = GIVEN["p-median"]
    case = make_case(
        make_area(zones=ZONES, sites=SITES),
        services=[service],
        rules=rules,
        objective=(objective,),
    )
    phase = Phase(case.area, case.policy, case.terms)
    assert textbook_of([phase]) is not None
    assert textbook_of([phase, phase]) is None


def test_locks_decisions_and_closing_fix_and_free_sites():
    sites = [
        candidate("s1", "z1", locked="in"),
        candidate("s2", "z2", locked="out"),
        *SITES[2:],
        candidate("s5", "z1"),
    ]
    decided = Decided({("s5", "clinic"): 1}, frozenset({("s4", "clinic")}))
    terms = {"decided": decided, "closing": frozenset({"clinic"})}
    problem = found(sites=sites, terms=terms)
    assert problem.sites == ("s1", "s3", "s4", "s5")
    assert problem.fixed == {"s1", "s5"}
    assert problem.forbidden == {"s4"}


def test_only_sites_of_the_hosting_class_may_hold_it():
    service = replace(SERVING, hosts=members("B100"))
    assert found(services=[service]).sites == ("s3", "s4")
