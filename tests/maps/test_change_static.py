from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from matplotlib.image import imread

from allocator.compare import compare
from allocator.maps import draw_comparison
from tests.comparisons import make_comparison, make_place, make_sides

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from allocator.compare import Comparison


def draw(comparison: Comparison, folder: Path) -> NDArray[np.int64]:
    """Draw a map and return its pixels as 0xRRGGBB."""
    draw_comparison(comparison, folder / "compare.png")
    levels = (imread(folder / "compare.png")[:, :, :3] * 255).round().astype(np.int64)
    pixels: NDArray[np.int64] = levels @ np.array([1 << 16, 1 << 8, 1])
    return pixels


def area_of(pixels: NDArray[np.int64], colour: str) -> int:
    return int((pixels == int(colour[1:], 16)).sum())


LEGEND = 20_000  # pixels that a class of the legend may have
DEEPEST_GAIN, DEEPEST_LOSS = "#4393c3", "#d6604d"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("map")


@pytest.fixture(scope="module")
def pixels(folder: Path) -> NDArray[np.int64]:
    return draw(make_comparison(), folder)


def test_the_map_is_an_a4_sheet_at_300_dpi(pixels: NDArray[np.int64]) -> None:
    assert pixels.shape == (2481, 3507)


def test_zones_that_gain_and_lose_are_coloured(pixels: NDArray[np.int64]) -> None:
    assert area_of(pixels, DEEPEST_GAIN) > LEGEND  # D3's zone gains 23 minutes
    turned = area_of(pixels, "#fddbc7") + area_of(pixels, "#f4a582")
    assert turned > LEGEND  # D1 and D2's zone loses 3


def test_losses_are_hatched(pixels: NDArray[np.int64]) -> None:
    assert area_of(pixels, "#7f2a1d") > LEGEND


@pytest.mark.usefixtures("pixels")
def test_the_same_sheet_is_written_as_pdf(folder: Path) -> None:
    content = (folder / "compare.pdf").read_bytes()
    assert content.startswith(b"%PDF")
    assert len(content) < 1_000_000


@pytest.mark.usefixtures("pixels")
def test_two_maps_have_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    draw_comparison(make_comparison(), tmp_path / "compare.png")
    for name in ("compare.png", "compare.pdf"):
        assert (tmp_path / name).read_bytes() == (folder / name).read_bytes(), name


def test_an_area_without_polygons_is_drawn_with_discs(tmp_path: Path) -> None:
    picture = draw(make_comparison(polygons=False, language="en"), tmp_path)
    assert area_of(picture, DEEPEST_GAIN) > 50


def test_plans_without_a_difference_are_drawn_without_change(tmp_path: Path) -> None:
    before, _ = make_sides()
    picture = draw(compare(make_place(), before, before), tmp_path)
    assert area_of(picture, "#f7f7f7") > 50 * LEGEND
    assert area_of(picture, DEEPEST_GAIN) < LEGEND


def test_names_that_are_formulas_or_lack_a_glyph_are_drawn(tmp_path: Path) -> None:
    # Any warning of matplotlib fails the test: the suite turns warnings into errors.
    draw(make_comparison(site_name="$\\frac{ \U0001f3e5 卫生院"), tmp_path)
