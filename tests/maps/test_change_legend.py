from __future__ import annotations

from allocator.maps.change_legend import draw_change_legend
from allocator.maps.change_style import change_symbols
from allocator.maps.labels import Box
from allocator.maps.page import new_page
from tests.comparisons import make_comparison


def words_of(language):
    page = new_page(11.69, 8.27)
    comparison = make_comparison(language=language)
    room = Box(600, 40, 832, 560)
    draw_change_legend(page, room, comparison, change_symbols(comparison), (1, 2))
    return page, [text.get_text() for text in page.axes.texts]


def test_the_legend_counts_every_kind_of_change():
    _, words = words_of("zh")
    for name in ("门诊部", "急救站", "中医馆"):
        assert name in words
    # One moved, one dropped, one opened; six blanks.
    assert words.count("1") == 3
    assert words.count("–") == 6


def test_signs_and_classes_are_explained():
    _, words = words_of("en")
    assert {"people newly served", "people no longer served"} <= set(words)
    assert words.count("≥ 2") == 2


def test_nothing_of_the_legend_leaves_its_box():
    page, _ = words_of("en")
    for text in page.axes.texts:
        box = text.get_window_extent().transformed(page.axes.transData.inverted())
        assert box.x1 <= 832.5, text.get_text()
        assert box.y0 >= 40, text.get_text()
