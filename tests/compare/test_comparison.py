from __future__ import annotations

import pytest

from tests.comparisons import make_comparison


def test_changes_hold_placements_and_amounts():
    comparison = make_comparison()
    assert comparison.changes["change"].tolist() == [
        "moved",
        "opened",
        "dropped",
        "changed",
        "amount",
    ]
    assert [comparison.count(c) for c in ("moved", "opened", "amount")] == [1, 1, 0]


def test_swapping_the_plans_turns_every_difference_round():
    there, back = make_comparison(), make_comparison(swapped=True)
    for name in ("minutes_change", "person_minutes"):
        turned = back.services[name]
        assert there.services[name].tolist() == pytest.approx((-turned).tolist())
    assert there.services["people_gain"].equals(back.services["people_lose"])
