"""Replacement values and costs of forcing, against trying every subset."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import event, given

from allocator.errors import Finding, SolverError, Text
from allocator.reasons import as_good_elsewhere, consequence, decisions
from tests.oracle import every_plan, value_of
from tests.property.briefs import briefs
from tests.reasons.solved import base_of, generated, solved, town


@pytest.mark.slow
@generated
@given(case=briefs())
def test_every_changed_choice_costs_what_trying_every_subset_says(case):
    base = base_of(case)
    if base is None:
        return
    plans = list(every_plan(case))
    for pair in base.program.holds:
        event(check_pair(case, base, plans, pair))


def check_pair(case, base, plans, pair):
    """Hold one changed choice against the oracle; say what came of it."""
    found = consequence(base, pair, time_limit_s=60)
    if found.verdict == "fixed":
        assert pair not in decisions(base.program)
        return "fixed"
    order = case.terms.objective
    without = found.question == "without"
    others = [p for p in plans if chosen(case, base, p, pair) != without]
    best = min(others, key=lambda one: value_of(order, one), default=None)
    if best is None:
        assert found.verdict == "impossible"
        assert found.differences == ()
        return found.verdict
    values = [d.value for d in found.differences]
    expected = list(best.values)
    if found.differences[0].name == "shortfall":
        expected.insert(0, best.shortfall)
    assert values == pytest.approx(expected, rel=1e-4, abs=1e-3)
    check_proofs(found)
    return found.verdict


def chosen(case, base, plan, pair):
    """Return whether a plan places a pair: more than today where today's stays."""
    here = plan.states[-1].counts.get(pair, 0)
    if pair in decisions(base.program):
        return here > 0
    return here > base.program.holdings.counted_today.get(pair, 0)


def check_proofs(found):
    first = found.first
    assert found.verdict == ("as_good" if first is None else "worse")
    for difference in found.differences:
        if difference is first:
            worse = abs(difference.value - difference.base)
            assert difference.kind == "worse"
            assert difference.at_least == pytest.approx(worse, rel=1e-4, abs=1e-3)
            assert difference.at_most == pytest.approx(worse, rel=1e-4, abs=1e-3)
            break
        assert difference.kind == "none"


def second_site(base):
    (site,) = {s for s, _ in base.held} - {"near"}
    return site


def test_forbidding_the_nearest_site_costs_its_minutes():
    base = solved(town())
    found = consequence(base, ("near", "clinic"), time_limit_s=20)
    assert (found.question, found.verdict) == ("without", "worse")
    assert found.first is not None
    assert found.first.name == "person_minutes"
    assert found.first.at_least == pytest.approx(110 * 5)
    assert found.first.at_most == pytest.approx(110 * 5)
    # Of the three alike any two may stand, also without the one that stood before.
    assert len(found.gained) == 1 + len(found.lost)
    assert {site for site, _ in found.gained} <= {"a", "b", "c"}


def test_one_of_several_alike_sites_can_be_replaced_by_another():
    base = solved(town())
    pair = (second_site(base), "clinic")
    found = consequence(base, pair, time_limit_s=20)
    assert (found.question, found.verdict) == ("without", "as_good")
    assert [d.kind for d in found.differences] == ["none"] * 3
    assert found.lost == ()
    assert len(found.gained) == 1
    assert found.gained[0][0] in {"a", "b", "c"} - {pair[0]}


def test_forcing_a_dear_candidate_costs_the_difference_and_drops_another():
    base = solved(town())
    found = consequence(base, ("dear", "clinic"), time_limit_s=20)
    assert (found.question, found.verdict) == ("with", "worse")
    assert found.first is not None
    assert found.first.name == "capital_wan"
    assert found.first.at_most == pytest.approx(900)
    assert found.lost == ((second_site(base), "clinic"),)


def test_placement_that_clauses_force_leaves_no_plan_without_it():
    case = town()
    sites = case.area.sites
    sites.loc[["a", "b", "c", "dear"], "locked"] = ["out", "out", "out", ""]
    base = solved(case)
    found = consequence(base, ("dear", "clinic"), time_limit_s=20)
    assert (found.question, found.verdict) == ("without", "impossible")
    assert found.values is None


def test_a_plan_found_answers_for_every_choice_in_which_it_differs():
    base = solved(town())
    pair = (second_site(base), "clinic")
    found = consequence(base, pair, time_limit_s=20)
    (other,) = found.gained
    answer = as_good_elsewhere(base, other, [found])
    assert answer is not None
    assert (answer.pair, answer.question, answer.verdict) == (other, "with", "as_good")
    assert answer.gained == ()
    assert answer.lost == (pair,)
    assert as_good_elsewhere(base, ("dear", "clinic"), [found]) is None


def test_without_time_nothing_is_claimed(monkeypatch):
    base = solved(town())

    def stop(*_, **__):
        raise SolverError([Finding("solver-no-plan", Text("停", "stopped"))])

    monkeypatch.setattr(base.session, "solve", stop)
    found = consequence(base, ("near", "clinic"), time_limit_s=0)
    assert found.verdict == "unknown"
    assert [d.kind for d in found.differences] == ["unknown"] * 3
    assert [d.at_least for d in found.differences] == [None] * 3


def test_a_solve_that_stops_early_says_what_is_proved_and_what_is_not(monkeypatch):
    """The solver finds the best plan but proves no more than the base did."""
    base = solved(town())
    honest = base.session.solve

    def unproved(stages=None, **settings):
        solution = honest(stages, **settings)
        known = settings["relaxation"]
        if not solution.stages or not known:
            return solution
        stage = replace(solution.stages[0], bound=known[0].bound, status="feasible")
        return replace(solution, stages=(stage,))

    monkeypatch.setattr(base.session, "solve", unproved)
    found = consequence(base, ("near", "clinic"), time_limit_s=20, full=False)
    assert found.verdict == "unknown"
    first = found.first
    assert first is not None
    assert first.kind == "perhaps_worse"
    assert first.at_least == 0
    assert first.at_most == pytest.approx(550)


def test_the_base_is_as_before_after_a_choice_was_changed():
    base = solved(town())
    before = [(v.name, v.lowBound, v.upBound) for v in base.session.problem.variables()]
    consequence(base, ("near", "clinic"), time_limit_s=20)
    after = [(v.name, v.lowBound, v.upBound) for v in base.session.problem.variables()]
    assert after == before
    again = base.session.solve(time_limit_s=20)
    assert [s.value for s in again.stages] == pytest.approx([0, 550, 200])
