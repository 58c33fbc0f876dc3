from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np
import pytest
from matplotlib.image import imread

from allocator.maps import draw_map
from allocator.plan import (
    ALLOCATION_COLUMNS,
    ASSIGNMENT_COLUMNS,
    PLACEMENT_COLUMNS,
    Plan,
    empty_frame,
)
from tests.outcomes import make_outcome

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from allocator.outcome import Outcome


def draw(outcome: Outcome, folder: Path) -> NDArray[np.int64]:
    """Draw a map and return its pixels as 0xRRGGBB."""
    draw_map(outcome, folder / "map.png")
    levels = (imread(folder / "map.png")[:, :, :3] * 255).round().astype(np.int64)
    pixels: NDArray[np.int64] = levels @ np.array([1 << 16, 1 << 8, 1])
    return pixels


def has_colour(pixels: NDArray[np.int64], colour: str) -> bool:
    return int((pixels == int(colour[1:], 16)).sum()) > 50


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("map")


@pytest.fixture(scope="module")
def pixels(folder: Path) -> NDArray[np.int64]:
    return draw(make_outcome(), folder)


def test_the_map_is_an_a4_sheet_at_300_dpi(pixels: NDArray[np.int64]) -> None:
    assert pixels.shape == (2481, 3507)


@pytest.mark.parametrize("colour", ["#f6f9fc", "#79afd4", "#D1450F", "#00735C"])
def test_zones_and_new_services_are_on_the_map(
    pixels: NDArray[np.int64], colour: str
) -> None:
    assert has_colour(pixels, colour)


@pytest.mark.usefixtures("pixels")
def test_the_same_sheet_is_written_as_pdf(folder: Path) -> None:
    content = (folder / "map.pdf").read_bytes()
    assert content.startswith(b"%PDF")
    assert b"CIDFontType" in content  # text stays text, in an embedded font
    assert len(content) < 1_000_000  # not the whole font


@pytest.mark.usefixtures("pixels")
def test_two_maps_have_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    draw_map(make_outcome(), tmp_path / "map.png")
    for name in ("map.png", "map.pdf"):
        assert (tmp_path / name).read_bytes() == (folder / name).read_bytes(), name


def test_an_area_without_polygons_is_drawn_with_discs(tmp_path: Path) -> None:
    outcome = make_outcome(polygons=False, language="en")
    assert has_colour(draw(outcome, tmp_path), "#79afd4")


def test_a_plan_that_places_nothing_is_drawn(tmp_path: Path) -> None:
    nothing = Plan(
        empty_frame(PLACEMENT_COLUMNS),
        empty_frame(ASSIGNMENT_COLUMNS),
        empty_frame(ALLOCATION_COLUMNS),
    )
    picture = draw(dataclasses.replace(make_outcome(), plan=nothing), tmp_path)
    assert has_colour(picture, "#79afd4")
    assert not has_colour(picture, "#D1450F")


def test_names_that_are_formulas_or_lack_a_glyph_are_drawn(tmp_path: Path) -> None:
    # Any warning of matplotlib fails the test: the suite turns warnings into errors.
    draw(make_outcome(site_name="$\\frac{ \U0001f3e5 卫生院"), tmp_path)
