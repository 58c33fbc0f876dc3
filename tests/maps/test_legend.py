from __future__ import annotations

from allocator.maps.labels import Box
from allocator.maps.legend import Counted, draw_legend
from allocator.maps.page import new_page
from allocator.maps.style import symbols
from tests.outcomes import make_outcome, with_tiers

ROOM = Box(10, 10, 240, 300)


def words_of(rows: int, *, tiers: bool = False) -> list[tuple[str, float]]:
    """Draw a legend with many services; return its texts and how high they stand."""
    page = new_page(5.0, 5.0)
    outcome = with_tiers(make_outcome()) if tiers else make_outcome()
    symbol = next(iter(symbols(outcome).values()))
    counted = [Counted(symbol, (1, 20, 0), drawn=i % 2 == 0) for i in range(rows)]
    draw_legend(page, ROOM, outcome, counted, [12000, 50000])
    return [(text.get_text(), text.get_position()[1]) for text in page.axes.texts]


def test_the_legend_counts_every_service() -> None:
    words = [text for text, _ in words_of(2)]
    assert words.count("门诊部") == 2
    assert words.count("20") == 2
    assert "以下服务数量多,未在图上标出" in words
    assert "≤ 1.2" in words
    assert "1.2 – 5" in words


def test_a_long_legend_stays_in_its_room() -> None:
    assert all(ROOM.bottom < y < ROOM.top for _, y in words_of(25))


def test_borders_of_tiers_go_on_a_second_line_and_stay_in_the_room() -> None:
    words = words_of(25, tiers=True)
    assert all(ROOM.bottom < y < ROOM.top for _, y in words)
    height = dict(words)
    assert height["第1级编组界"] == height["县区界"]
    assert height["第2级编组界"] < height["县区界"]
