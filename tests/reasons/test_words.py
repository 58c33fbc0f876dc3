"""Words say no more than was proved."""

from __future__ import annotations

import pytest

from allocator.formulation import Objective
from allocator.reasons.difference import Difference, compare, not_looked_at
from allocator.reasons.words import say_difference
from allocator.solve import Stage

MINUTES = Objective("person_minutes", None)  # type: ignore[arg-type]
COVERAGE = Objective("worst_county_coverage", None, -1.0)  # type: ignore[arg-type]


def stage(value: float, bound: float, name: str = "person_minutes") -> Stage:
    return Stage(name, value, bound, None, "optimal", 0.0, "Optimal", value)


def compared(base, other, *, as_good=False, subset=True, objective=MINUTES):
    return compare(
        objective,
        stage(base[0], base[1], objective.name),
        stage(other[0], other[1], objective.name),
        as_good=as_good,
        subset=subset,
    )


def test_no_difference_is_said_only_where_both_bounds_are_met():
    found = compared((100.0, 100.0), (100.0, 100.0), as_good=True)
    assert found.kind == "none"
    assert "no difference (proven)" in say_difference(found).en


def test_equal_values_with_a_gap_are_equal_within_the_gap():
    found = compared((100.0, 95.0), (100.0, 95.0), as_good=True)
    assert found.kind == "within_gap"
    words = say_difference(found)
    assert "within the proven gap (at most 5)" in words.en
    assert "误差内没有差别 (至多差 5)" in words.zh


def test_a_gap_below_is_a_gap_too():
    found = compared((100.0, 100.0), (100.0, 97.0), as_good=True, subset=False)
    assert (found.kind, found.at_most) == ("within_gap", 0.0)
    assert "at most 3" in say_difference(found).en


def test_a_proven_worsening_is_stated_with_its_bounds():
    found = compared((100.0, 98.0), (130.0, 120.0))
    assert (found.kind, found.at_least, found.at_most) == ("worse", 20.0, 32.0)
    assert "worse by 30 (at least 20, at most 32)" in say_difference(found).en


def test_a_value_that_is_worse_without_a_proof_is_said_to_be_unproven():
    found = compared((100.0, 98.0), (130.0, 98.0))
    assert (found.kind, found.at_least) == ("perhaps_worse", 0.0)
    assert "not proven to be worse at all" in say_difference(found).en


def test_a_later_objective_may_become_better():
    found = compared((100.0, 100.0), (80.0, 80.0), subset=False, as_good=True)
    assert (found.at_least, found.at_most) == (-20.0, -20.0)
    assert found.kind == "better"
    assert "better by 20 (proven)" in say_difference(found).en
    found = compared((100.0, 70.0), (80.0, 60.0), subset=False, as_good=True)
    assert found.kind == "perhaps_better"
    assert "not proven" in say_difference(found).en


def test_of_what_is_maximised_less_is_worse():
    found = compared((0.9, 0.9), (0.7, 0.75), objective=COVERAGE)
    assert found.kind == "worse"
    assert found.at_least == pytest.approx(0.15)
    assert found.at_most == pytest.approx(0.2)


def test_what_was_not_solved_is_unknown():
    found = not_looked_at(stage(100.0, 100.0))
    assert found.kind == "unknown"
    assert found.value is None
    assert say_difference(found).en.endswith("not solved")


def test_without_any_bound_nothing_is_called_proven():
    found = Difference("capital_wan", 100.0, 100.0, 0.0, None, None, as_good=True)
    assert found.kind == "within_gap"
    assert "no bound was proven" in say_difference(found).en
