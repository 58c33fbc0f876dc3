"""Conflicts against exhaustive search: infeasible, minimal, and the smallest there is.

Two hundred random tasks without a plan, of every rule kind.
"""

from __future__ import annotations

import itertools
import os

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import Phase as Step

from allocator.diagnose import explain
from allocator.policy.terms import Phase
from allocator.progress import SILENT
from tests.oracle import optimum
from tests.oracle_conflict import Part, can_keep, parts_of
from tests.property.briefs import briefs

EXAMPLES = int(os.environ.get("ALLOCATOR_EXAMPLES", "200"))


def named(case, collision):
    """Return the parts of a task that a collision names.

    A rate at single sites binds site by site; the search here keeps or drops it county
    by county, as it does with every part that has no unit of its own.
    """
    at_sites = _at_sites(case)
    home = case.area.sites["county_id"]
    return {
        (e.clause.rule_id, e.clause.what, home.get(e.unit_id, e.unit_id))
        if e.clause.rule_id in at_sites
        else (e.clause.rule_id, e.clause.what, e.unit_id)
        for e in collision.elements
    }


def _at_sites(case):
    return {r.id for r in case.policy.rules if str(r.unit) == "site"}


def clauses_of(parts):
    return {(rule_id, what) for rule_id, what, _ in parts}


def without(parts, clauses):
    return {p for p in parts if (p[0], p[1]) not in clauses}


@pytest.mark.slow
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    phases=(Step.explicit, Step.reuse, Step.generate),  # shrinking takes too long
    derandomize="ALLOCATOR_EXAMPLES" not in os.environ,
    suppress_health_check=list(HealthCheck),
)
@given(case=briefs(binding=True).filter(lambda case: optimum(case) is None))
def test_conflict_is_infeasible_and_as_small_as_it_says(case):
    found = explain(
        [Phase(case.area, case.policy, case.terms)],
        case.travel,
        seconds=60,
        progress=SILENT,
    )
    assert found.complete
    assert found.collisions
    for rule in case.policy.rules:
        event(rule.kind)
    everything = set(parts_of(case))
    let_go: list[set[Part]] = []
    for collision in found.collisions:
        parts = named(case, collision)
        assert parts <= everything
        left = everything.difference(*let_go)
        check_collision(case, collision, left)
        whole = {p for p in left if (p[0], p[1]) in clauses_of(parts)}
        let_go.append(parts if collision.by_bounds else whole)
    event(f"{len(found.collisions)} collisions")
    if len(found.collisions) < 5:
        assert can_keep(case, everything.difference(*let_go))
    check_ways_out(case, found, everything, let_go)


def check_collision(case, collision, left):
    parts = named(case, collision)
    event(f"{len(clauses_of(parts))} clauses, {collision.proof}")
    if collision.by_bounds:
        for part in parts:
            assert not can_keep(case, {part})
        return
    assert collision.confirmed == "confirmed"
    assert not can_keep(case, parts)
    at_sites = {part for part in parts if part[0] in _at_sites(case)}
    if at_sites and not can_keep(case, at_sites):
        event("other sites of the county collide by themselves")
        return
    for part in parts:
        assert can_keep(case, parts - {part})
    if collision.proof == "smallest":
        number = len(clauses_of(parts))
        for fewer in itertools.combinations(sorted(clauses_of(left)), number - 1):
            assert can_keep(case, left - without(left, set(fewer)))


def check_ways_out(case, found, everything, let_go):
    """Hold the ways out against what giving up a clause whole makes possible."""
    ways = {(w.clause.rule_id, w.clause.what) for w in found.ways}
    stuck = {(c.rule_id, c.what) for c in found.stuck}
    for collision, own in zip(found.collisions, let_go, strict=True):
        left = everything.difference(*(one for one in let_go if one is not own))
        for clause in clauses_of(named(case, collision)):
            possible = can_keep(case, without(left, {clause}))
            assert clause in (ways if possible else stuck)
    for way in found.ways:
        assert way.proven
        assert way.total > 0
