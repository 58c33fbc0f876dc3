from __future__ import annotations

from itertools import pairwise

import geopandas as gpd
import pytest
from shapely.geometry import box

from allocator.maps.fills import (
    GROUP_FILLS,
    NOBODY_COLOUR,
    SHARE_COLOURS,
    colours_of_groups,
    share_colour,
    share_labels,
)


@pytest.mark.parametrize(
    ("share", "at"), [(0.0, 0), (0.199, 0), (0.2, 1), (0.79, 3), (0.8, 4), (1.0, 4)]
)
def test_shares_fall_into_five_classes(share: float, at: int) -> None:
    assert share_colour(share) == SHARE_COLOURS[at]


def test_nobody_has_a_fill_of_its_own() -> None:
    assert share_colour(float("nan")) == NOBODY_COLOUR
    assert share_labels() == ["0–20%", "20–40%", "40–60%", "60–80%", "80–100%"]


def grey(colour: str) -> float:
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return 0.299 * red + 0.587 * green + 0.114 * blue


def test_shares_are_told_apart_in_grey() -> None:
    greys = [grey(colour) for colour in SHARE_COLOURS]
    steps = [a - b for a, b in pairwise(greys)]
    assert min(steps) > 15


def test_neighbouring_groups_have_different_fills() -> None:
    cells = [(x, y) for x in range(5) for y in range(5)]
    zones = gpd.GeoDataFrame(
        geometry=[box(x, y, x + 1, y + 1) for x, y in cells],
        index=[f"Z{x}{y}" for x, y in cells],
    )
    group_of = {f"Z{x}{y}": f"G{x // 2}{y}" for x, y in cells}
    colours = colours_of_groups(zones, group_of)
    assert set(colours.values()) <= set(GROUP_FILLS)
    for x, y in cells:
        for other in ((x + 1, y), (x, y + 1), (x + 1, y + 1)):
            if other not in cells:
                continue
            a, b = group_of[f"Z{x}{y}"], group_of[f"Z{other[0]}{other[1]}"]
            assert a == b or colours[a] != colours[b]
