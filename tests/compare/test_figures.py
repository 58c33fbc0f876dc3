from __future__ import annotations

import dataclasses

import pytest

from allocator.compare.figures import figures
from tests.comparisons import make_comparison, make_sides


def test_budget_totals_and_objectives_stand_side_by_side():
    found = {(f.kind, f.name): f for f in make_comparison().figures}
    budget = found["term", "capital_wan"]
    assert (budget.before, budget.after, budget.difference) == (3000, 1000, -2000)
    assert found["total", "capital_wan"].difference == -2000
    assert found["objective", "capital_wan"].difference == -2000


def test_a_figure_that_one_plan_lacks_has_no_difference():
    found = {(f.kind, f.name): f for f in make_comparison().figures}
    uncovered = found["objective", "uncovered_people"]
    assert (uncovered.before, uncovered.after) == (12000, None)
    assert uncovered.difference is None
    assert ("total", "new_placements") not in found


def test_objectives_are_told_from_totals_of_the_same_name():
    words = [f.heading.zh for f in make_comparison().figures]
    assert "投资(万元)" in words
    assert "目标: 投资(万元)" in words
    assert len(set(words)) == len(words)


def test_a_plan_without_a_certificate_is_added_up():
    before, after = (dataclasses.replace(s, certificate={}) for s in make_sides())
    found = {f.name: f for f in figures(before, after)}
    assert found["capital_wan"].before == pytest.approx(80.5 * 2 + 3 + 2000 + 50)
    assert found["person_minutes"].after == pytest.approx(
        30000 * 4 + 20000 * 9 + 12000 * 3 + 18000 * 3.333333
    )
