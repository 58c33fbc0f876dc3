from __future__ import annotations

import math

import pytest

from allocator.maps.change_style import (
    CHANGE_COLOURS,
    change_breaks,
    change_class,
    change_heading,
    change_subtitle,
    change_symbols,
    class_words,
    drawn_changes,
    zone_changes,
)
from tests.comparisons import make_comparison


def luminance(colour: str) -> float:
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return 0.299 * red + 0.587 * green + 0.114 * blue


@pytest.mark.parametrize(
    ("change", "level"),
    [
        (-3.0, 0),
        (-2.0, 0),
        (-1.0, 1),
        (-0.2, 2),
        (-0.05, 3),
        (0.0, 3),
        (0.06, 4),
        (0.5, 5),
        (9.0, 6),
    ],
)
def test_gains_come_before_losses(change: float, level: int) -> None:
    assert change_class(change, (0.5, 2.0)) == level


def test_where_nobody_is_compared_there_is_no_class() -> None:
    assert change_class(math.nan, (0.5, 2.0)) is None


def test_breaks_are_easy_to_read_and_part_the_zones_in_thirds() -> None:
    assert change_breaks([0.1, -0.4, 1.1, -2.2, 5.0, 0.0, math.nan]) == (0.5, 2)
    assert change_breaks([3.0, 3.0]) == (2, 5)
    assert change_breaks([]) == (1, 2)
    low, high = change_breaks([10_000.0])
    assert low < high


def test_each_class_has_its_words() -> None:
    assert class_words((0.5, 2.0)) == [
        "≥ 2",
        "0.5 – 2",
        "< 0.5",
        "0",
        "< 0.5",
        "0.5 – 2",
        "≥ 2",
    ]


def test_in_grey_a_larger_change_is_darker_on_both_sides() -> None:
    greys = [luminance(colour) for colour in CHANGE_COLOURS]
    assert greys[:4] == sorted(greys[:4])
    assert greys[3:] == sorted(greys[3:], reverse=True)


def test_every_zone_has_a_row_even_where_nobody_is_served() -> None:
    comparison = make_comparison()
    rows = zone_changes(comparison, "clinic")
    assert list(rows.index) == list(comparison.place.zones.index)
    assert rows.loc["360101001", "minutes_change"] == pytest.approx(7.496 * 0.4)


def test_services_that_only_changed_are_not_drawn() -> None:
    comparison = make_comparison()
    assert list(change_symbols(comparison)) == [
        "clinic",
        "emergency_station",
        "pavilion",
    ]
    assert set(drawn_changes(comparison)) == set(change_symbols(comparison))


def test_the_heading_says_how_much_differs() -> None:
    comparison = make_comparison()
    assert change_heading(comparison) == "样例市: 方案比较"
    assert change_subtitle(comparison) == (
        "甲案 → 乙案 · 新增 1 项 · 取消 1 项 · 移位 1 项 · 变更 1 项 · "
        "投资 -2,000 万元 · 变近 12,000 人次 · 变远 20,000 人次"
    )
