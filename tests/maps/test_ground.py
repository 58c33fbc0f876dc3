from __future__ import annotations

import re
import shutil
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pytest
import shapely

from allocator.maps import ground as module
from allocator.maps.ground import ground
from allocator.outcome import Surroundings
from tests.maps.test_interactive import BROWSERS, page_of, shown
from tests.outcomes import make_outcome

if TYPE_CHECKING:
    from pathlib import Path

    from allocator.outcome import Outcome

SQUARE = shapely.box(115.0, 28.0, 115.2, 28.2)


def outcome_with(shape: shapely.Geometry = SQUARE, **options: Any) -> Outcome:
    catchments = gpd.GeoDataFrame(
        {"service": ["clinic"], "site_id": ["S5"], "people": [1234.5]},
        geometry=[shape],
        crs=4490,
    )
    isochrones = gpd.GeoDataFrame(
        {"service": ["clinic"] * 2, "minutes": [15.0, 7.5], "estimate": [True, False]},
        geometry=[shape, shape],
        crs=4490,
    )
    found = Surroundings(catchments, isochrones)
    return replace(make_outcome(**options), surroundings=lambda: found)


def test_layers_are_named_in_the_language_and_estimates_say_so() -> None:
    layers: Any = ground(outcome_with(language="en"))["layers"]
    assert [(layer["kind"], layer["name"].split(" ", 1)[-1]) for layer in layers][
        1:
    ] == [
        ("isochrones", "within 15 minutes (an estimate)"),
        ("isochrones", "within 7.5 minutes"),
    ]
    assert layers[0]["name"].startswith("Catchments: ")
    (shape,) = layers[0]["shapes"]
    assert (shape["name"], shape["people"]) == ("拟建东郊诊所", 1234)
    assert {tuple(p) for p in shape["shape"][0][0]} == {
        (28.0, 115.0),
        (28.0, 115.2),
        (28.2, 115.2),
        (28.2, 115.0),
    }


def test_a_plan_without_areas_has_no_layer() -> None:
    assert ground(make_outcome()) == {"layers": [], "tolerance": 0}


def test_outlines_get_coarser_until_the_page_is_small(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    turn = np.linspace(0, 2 * np.pi, 3000, endpoint=False)
    far = 0.5 + 0.01 * np.cos(200 * turn)
    ragged = shapely.Polygon(
        np.column_stack([115 + far * np.cos(turn), 28 + far * np.sin(turn)])
    )
    whole: Any = ground(outcome_with(ragged))
    assert whole["tolerance"] == 60
    monkeypatch.setattr(module, "_MOST_CHARACTERS", 8_000)
    small: Any = ground(outcome_with(ragged))
    assert small["tolerance"] > 1000
    assert len(str(small)) < 8_000 < len(str(whole))


@pytest.mark.slow
def test_a_browser_draws_an_area_when_it_is_asked_for(tmp_path: Path) -> None:
    browser = next((found for b in BROWSERS if (found := shutil.which(b))), None)
    if browser is None:
        pytest.skip("no Chromium on this machine")
    text = page_of(outcome_with(), tmp_path)
    act = (
        "<script>for (const i of document.querySelectorAll('#ground input')) i.click();"
        "</script></body>"
    )
    text = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", text)
    (tmp_path / "acted.html").write_text(text.replace("</body>", act), "utf-8")
    dom, console = shown(browser, tmp_path / "acted.html", tmp_path)
    assert console == ""
    pane = dom.split("leaflet-ground-pane")[1].split("</svg>")[0]
    assert pane.count("<path") == 3
