from __future__ import annotations

from allocator.maps.layers import new_drawing, spots
from tests.outcomes import make_outcome


def test_one_symbol_lies_on_its_site() -> None:
    assert spots(1, 6.0) == [(0.0, 0.0)]


def test_symbols_lie_side_by_side_three_to_a_row() -> None:
    assert spots(4, 6.0) == [(-6.0, 0.0), (0.0, 0.0), (6.0, 0.0), (0.0, -6.0)]


def test_a_drawing_holds_only_services_that_are_drawn() -> None:
    drawing = new_drawing(make_outcome())
    assert set(drawing.placements["service"]) == set(drawing.drawn)
    assert drawing.breaks == [12000, 30000, 50000]
