"""What parts came to together is kept by content."""

from __future__ import annotations

from dataclasses import replace

import pytest

from allocator.parts import Option, Shared, choice_key, keep_choice, recall_choice
from allocator.solve import Solution, Stage
from allocator.travel.cache import cache_folder
from tests.parts.drawn import drawn_case, parts_of

SHARED = Shared(
    options=(Option((1.0, 2.5), b"\x00plan"), Option((0.0, 1.0), b"")),
    solution=Solution(
        "feasible",
        (
            Stage("shortfall", 0.5, None, None, "feasible", 3.0, "Converged"),
            Stage("scores", 7.0, 7.0, 0.0, "optimal", 1.0, "Optimal", 1.0, 2.0),
        ),
        4.0,
        "HiGHS 1",
    ),
    prices={"0:capital_wan:": 2.5},
    priced="scores",
    method="prices",
    rounds=3,
)


def test_what_is_recalled_took_no_time_and_no_rounds():
    assert keep_choice("k", SHARED)
    solution = SHARED.solution
    stages = tuple(replace(stage, seconds=0.0) for stage in solution.stages)
    expected = replace(solution, stages=stages, seconds=0.0)
    assert recall_choice("k") == replace(SHARED, solution=expected, rounds=0)
    assert recall_choice("other") is None


def test_a_damaged_entry_is_no_entry():
    keep_choice("k", SHARED)
    path = cache_folder() / "parts" / "k.json"
    path.write_bytes(path.read_bytes()[:-2])
    assert recall_choice("k") is None


@pytest.mark.parametrize("change", ["part", "order", "limit", "gap"])
def test_a_key_is_of_all_that_the_whole_depends_on(change):
    parts, gap = parts_of(drawn_case(0)), 1e-3
    key = choice_key(parts, gap)
    assert key == choice_key(parts_of(drawn_case(0)), gap)
    if change == "part":
        parts = (replace(parts[0], key="other"), *parts[1:])
    elif change == "order":
        parts = parts[::-1]
    elif change == "limit":
        limits = (replace(parts[0].limits[0], most=1.0), *parts[0].limits[1:])
        parts = (replace(parts[0], limits=limits), *parts[1:])
    else:
        gap = 1e-4
    assert choice_key(parts, gap) != key
