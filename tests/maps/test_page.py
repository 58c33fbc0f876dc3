from __future__ import annotations

from allocator.maps.page import printable


def test_a_character_that_the_font_lacks_becomes_a_mark() -> None:
    assert printable("南昌\U0001f600\n市") == "南昌〓 市"
