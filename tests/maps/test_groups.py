from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np
import shapely

from allocator.maps.groups import (
    border_lines,
    border_words,
    borders_of,
    line_of,
    site_words,
    zone_words,
)
from tests.outcomes import make_outcome, with_groups, with_tiers

if TYPE_CHECKING:
    from allocator.maps.groups import Border
    from allocator.outcome import Outcome


def borders(outcome: Outcome) -> dict[str, Border]:
    zones = outcome.area.zones.geometry
    shapes = dict(zip(zones.index, zones, strict=True))
    return {border.network: border for border in borders_of(outcome, shapes)}


def length(border: Border) -> float:
    return sum(shapely.LineString(line).length for line in border.lines)


def test_a_border_between_two_groups_is_drawn_once() -> None:
    # Around 0.4 by 0.4 degrees, and 0.2 between S1 and S2, 0.4 between them and S3.
    found = borders(with_tiers(make_outcome()))
    assert round(length(found["near"]), 3) == round(1.6 + 0.2 + 0.4, 3)
    assert round(length(found["far"]), 3) == round(1.6 + 0.4, 3)


def test_slivers_inside_a_group_are_no_borders() -> None:
    outcome = with_tiers(make_outcome())
    zones = outcome.area.zones.copy()
    parted = shapely.box(115.2000005, 28.0, 115.4, 28.2)  # five centimetres away
    zones.geometry = [
        parted if z == "360101200" else g for z, g in zones.geometry.items()
    ]
    area = dataclasses.replace(outcome.area, zones=zones)
    found = borders(dataclasses.replace(outcome, area=area))
    assert round(length(found["far"]), 3) == 2.0


def test_zones_without_polygons_have_no_borders() -> None:
    assert borders(with_tiers(make_outcome(polygons=False))) == {}


def test_higher_tiers_are_wider_and_drawn_through() -> None:
    outcome = with_tiers(make_outcome())
    assert [b.tier for b in borders(outcome).values()] == [1, 2]
    (narrow, dashed), (wide, through) = line_of(1), line_of(2)
    assert narrow < wide
    assert (dashed, through) == ("--", "-")
    assert {t: w.zh for t, w in border_words(outcome).items()} == {
        1: "第1级编组界",
        2: "第2级编组界",
    }


def test_one_tier_needs_no_number() -> None:
    words = border_words(with_groups(make_outcome()))
    assert [text.zh for text in words.values()] == ["编组界"]
    assert border_words(make_outcome()) == {}


def test_chains_name_every_tier_from_the_institution_up() -> None:
    outcome = with_tiers(make_outcome())
    assert zone_words(outcome)["360101200"] == ["新城乡卫生院 → 东风社区卫生服务中心"]
    assert site_words(outcome)["S4"] == ["白马卫生院分院 → 白马中心卫生院"]
    # S2 leads its own zone, and belongs to S1 above.
    assert site_words(outcome)["S2"] == ["新城乡卫生院 → 东风社区卫生服务中心"]
    assert "S5" not in site_words(outcome)


def test_lines_are_rows_of_points() -> None:
    for border in borders(with_tiers(make_outcome())).values():
        for line in border.lines:
            assert line.shape[1] == 2
            assert np.isfinite(line).all()


def test_no_groups_have_no_borders() -> None:
    assert border_lines([]) == ()
