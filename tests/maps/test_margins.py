from __future__ import annotations

from allocator.errors import Text
from allocator.maps.frame import Window
from allocator.maps.labels import Box
from allocator.maps.margins import draw_foot, draw_head, draw_scale, new_sheet
from allocator.maps.page import new_page


def drawn(page):
    return [text.get_text() for text in page.axes.texts]


def test_a_long_title_is_made_smaller_to_fit():
    page = new_page(8, 6)
    draw_head(page, "很长的题目" * 20, "一行")
    title = page.axes.texts[0]
    assert title.get_window_extent().width <= page.figure.bbox.width


def test_notes_are_cut_after_six_lines_and_say_so():
    page = new_page(8, 6)
    many, few = [Text("假设", "note")] * 600, [Text("假设", "note")]
    assert draw_foot(page, "示意图", many, "zh") > draw_foot(page, "x", few, "zh")
    assert any(line.endswith("……") for line in drawn(page))
    assert "示意图" in drawn(page)


def test_the_scale_bar_has_a_round_length():
    page = new_page(8, 6)
    sheet = new_sheet(page, Box(0, 0, 400, 400), Window(0, 0, 40_000, 40_000))
    draw_scale(page, sheet, "en")
    assert drawn(page) == ["0", "5", "10", "km"]
