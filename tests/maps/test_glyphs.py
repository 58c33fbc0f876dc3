"""The page carries the glyphs it shows, so that it needs no font of the system."""

from __future__ import annotations

import base64
import re
from io import BytesIO

from fontTools.ttLib import TTFont

from allocator.maps.glyphs import font_face


def glyphs_of(rule: str) -> set[int]:
    found = re.search(r"base64,([^)]+)\)", rule)
    assert found is not None
    with TTFont(BytesIO(base64.b64decode(found.group(1)))) as font:
        return set(font.getBestCmap())


def test_the_glyphs_of_all_texts_are_in_the_font():
    glyphs = glyphs_of(font_face(["滕王阁街道", "社区"], family="X"))
    assert {ord(character) for character in "滕王阁街道社区"} <= glyphs
    assert {ord(character) for character in "Az09%"} <= glyphs


def test_other_glyphs_are_left_out():
    assert ord("龙") not in glyphs_of(font_face(["滕王阁"], family="X"))


def test_the_same_texts_give_the_same_bytes():
    assert font_face(["甲", "乙"], family="X") == font_face(["乙", "甲"], family="X")
