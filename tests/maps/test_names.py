from __future__ import annotations

from allocator.maps.layers import new_drawing
from allocator.maps.names import sites_to_name
from tests.outcomes import make_outcome


def test_new_buildings_are_named_before_upgrades() -> None:
    drawing = new_drawing(make_outcome())
    window = drawing.ground.window
    named = sites_to_name(drawing, window, None)
    assert named == [("S5", "东郊诊所"), ("S2", "新城乡"), ("S3", "白马")]


def test_sites_that_the_inset_names_are_left_to_it() -> None:
    drawing = new_drawing(make_outcome())
    window = drawing.ground.window
    assert sites_to_name(drawing, window, window) == []
