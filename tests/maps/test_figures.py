from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from pypdf import PdfReader
from shapely.geometry import MultiPolygon, box

from allocator.audit import REACH_COLUMNS
from allocator.maps import FIGURES, draw_figure, figures_of
from allocator.maps.canvas import open_canvas
from allocator.maps.page import Page, printable
from allocator.plan import ASSIGNMENT_COLUMNS, PLACEMENT_COLUMNS, empty_frame
from tests.outcomes import make_outcome, with_tiers
from tests.report.reports import reported

if TYPE_CHECKING:
    from allocator.outcome import Outcome


GOLDEN = Path(__file__).parents[1] / "golden" / "maps"
SMALL = (702, 496)  # a fifth of a sheet


def words(path: Path) -> str:
    return "".join(PdfReader(path).pages[0].extract_text().split())


def drawn(outcome: Outcome, name: str, folder: Path) -> str:
    draw_figure(outcome, name, folder / f"{name}.png")
    return words(folder / f"{name}.pdf")


def test_there_is_a_map_only_for_what_there_is() -> None:
    assert figures_of(reported()) == tuple(FIGURES)
    bare = make_outcome()
    assert figures_of(bare) == (
        "present",
        "proposed",
        "emergency",
        "catchments",
        "phases",
    )


def differing(one: Image.Image, other: Image.Image) -> float:
    """Return the share of pixels that differ by more than a trace of an edge."""
    levels = [np.asarray(p.convert("L"), dtype=np.int16) for p in (one, other)]
    return float((np.abs(levels[0] - levels[1]) > 24).mean())


MOST_DIFFERING = 0.003  # edges of letters move with versions of what draws them


@pytest.mark.parametrize("name", FIGURES)
def test_every_map_is_an_a4_sheet_at_300_dpi_that_names_itself(
    tmp_path: Path, name: str, request: pytest.FixtureRequest
) -> None:
    shown = drawn(reported(), name, tmp_path)
    golden = GOLDEN / f"{name}.png"
    with Image.open(tmp_path / f"{name}.png") as picture:
        assert picture.size == (3507, 2481)
        small = picture.convert("L").resize(SMALL, Image.Resampling.BOX)
    if request.config.getoption("--update-golden"):
        small.quantize(32, dither=Image.Dither.NONE).save(golden, optimize=True)
    with Image.open(golden) as before:
        assert differing(small, before) <= MOST_DIFFERING
    assert FIGURES[name].title.zh in shown or name in ("proposed", "changes")
    assert "样例市" in shown
    assert "示意图" in shown
    assert "样例数据,不得用于审批。" in shown
    assert "北" in shown
    assert "图例" in shown


def test_other_maps_differ_by_more_than_is_let_pass() -> None:
    pictures = {}
    for name in FIGURES:
        with Image.open(GOLDEN / f"{name}.png") as picture:
            pictures[name] = picture.convert("L")
    for one, other in combinations(pictures.values(), 2):
        assert differing(one, other) > 2 * MOST_DIFFERING


@pytest.mark.parametrize("name", FIGURES)
def test_maps_speak_english(tmp_path: Path, name: str) -> None:
    shown = drawn(reported("en"), name, tmp_path)
    assert "Legend" in shown
    assert "Sketchmap" in shown


def test_an_approval_number_stands_on_every_map(tmp_path: Path) -> None:
    outcome = replace(reported(), map_approval="赣S(2024)001号")
    assert "审图号:赣S(2024)001号" in drawn(outcome, "coverage_after", tmp_path)


def test_the_present_counts_facilities_by_class(tmp_path: Path) -> None:
    shown = drawn(reported(), "present", tmp_path)
    assert "现有机构4所·床位154张" in shown
    assert "乡卫生院2" in shown
    assert "拟建东郊诊所" not in shown


def test_coverage_states_the_share_of_people_today_and_then(tmp_path: Path) -> None:
    assert "覆盖76.1%" in drawn(reported(), "coverage_before", tmp_path)
    assert "覆盖87.0%" in drawn(reported(), "coverage_after", tmp_path)


def pixels(path: Path) -> np.ndarray:
    with Image.open(path) as picture:
        return np.asarray(picture.convert("RGB"))


@pytest.mark.slow
def test_a_zone_that_comes_into_reach_changes_its_fill(tmp_path: Path) -> None:
    outcome = reported()
    drawn(outcome, "coverage_before", tmp_path)
    drawn(outcome, "coverage_after", tmp_path)
    before, after = (
        pixels(tmp_path / f"coverage_{when}.png") for when in ("before", "after")
    )
    darkest = np.array([0x62, 0xA8, 0x62])
    counts = [int((p == darkest).all(axis=2).sum()) for p in (before, after)]
    # 80 % of the town are in the darkest class already: it begins at 80 %.
    assert counts[0] == pytest.approx(counts[1], rel=0.05)
    low = outcome.reach.assign(today=0.0) if outcome.reach is not None else None
    drawn(replace(outcome, reach=low), "coverage_before", tmp_path)
    nobody = pixels(tmp_path / "coverage_before.png")
    assert int((nobody == darkest).all(axis=2).sum()) < counts[1] / 10


def test_several_clauses_have_a_panel_each_and_more_are_counted(
    tmp_path: Path,
) -> None:
    outcome = reported()
    rule = next(r for r in outcome.policy.rules if r.id == "T-3")
    rules = [replace(rule, id=f"T-3{letter}") for letter in "abcdef"]
    rows = [(one.id, "clinic", "360101001", 50000.0, 40000.0, 50000.0) for one in rules]
    outcome = replace(
        outcome,
        policy=replace(outcome.policy, rules=(*outcome.policy.rules, *rules)),
        reach=pd.DataFrame(rows, columns=list(REACH_COLUMNS)),
    )
    shown = drawn(outcome, "coverage_after", tmp_path)
    assert [f"[T-3{letter}]" in shown for letter in "abcdef"] == [True] * 4 + [
        False
    ] * 2
    assert "另有2条覆盖条款未绘" in shown


def test_phases_have_a_panel_a_year(tmp_path: Path) -> None:
    shown = drawn(reported(), "phases", tmp_path)
    assert "2025年:新增2项,投资2,134万元,撤并1项" in shown
    assert "2026年:新增1项,投资80万元" in shown


def test_networks_have_a_panel_each(tmp_path: Path) -> None:
    shown = drawn(with_tiers(make_outcome()), "networks", tmp_path)
    assert "片区:3组" in shown
    assert "集团:2组" in shown


def test_changes_name_both_plans(tmp_path: Path) -> None:
    shown = drawn(reported(), "changes", tmp_path)
    assert "甲案" in shown
    assert "乙案" in shown


def test_catchments_say_how_many_are_served(tmp_path: Path) -> None:
    shown = drawn(reported(), "catchments", tmp_path)
    assert "门诊部:3所,服务92,000人" in shown


@pytest.mark.parametrize("name", FIGURES)
def test_zones_without_borders_are_drawn_too(tmp_path: Path, name: str) -> None:
    outcome = reported()
    area = make_outcome(polygons=False).area
    draw_figure(replace(outcome, area=area), name, tmp_path / f"{name}.png")


@pytest.mark.slow
def test_a_map_has_the_same_bytes_again(tmp_path: Path) -> None:
    for name in ("coverage_after", "catchments"):
        files = [tmp_path / f"{name}{n}.png" for n in (1, 2)]
        for file in files:
            draw_figure(reported(), name, file)
        one, two = files
        assert one.read_bytes() == two.read_bytes()
        assert (
            one.with_suffix(".pdf").read_bytes() == two.with_suffix(".pdf").read_bytes()
        )


def test_what_there_is_nothing_to_draw_of_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no groups"):
        draw_figure(make_outcome(), "networks", tmp_path / "x.png")


def test_three_hundred_sites_are_drawn_with_an_inset(tmp_path: Path) -> None:
    outcome = make_outcome()
    near = [f"N{i:03d}" for i in range(300)]
    rows = outcome.area.sites.loc[["S1"] * 300].copy()
    rows.index = pd.Index(near, name="site_id")
    rows["lon"] = 115.05 + 0.003 * (np.arange(300) % 18)
    rows["lat"] = 28.05 + 0.003 * (np.arange(300) // 18)
    rows["name"] = [f"特别长的名称第{i}社区卫生服务中心分中心" for i in range(300)]
    sites = pd.concat([outcome.area.sites, rows]).sort_index()
    placed = pd.DataFrame(
        [(site, "clinic", "build", 2025, 1.0, 0.0) for site in near],
        columns=list(PLACEMENT_COLUMNS),
    ).assign(count=1)
    placements = pd.concat([outcome.plan.placements, placed]).sort_values(
        ["site_id", "service"], ignore_index=True
    )
    outcome = replace(
        outcome,
        area=replace(outcome.area, sites=sites),
        plan=replace(outcome.plan, placements=placements),
    )
    canvas = open_canvas(outcome, "", "")
    assert canvas.inset_window is not None
    held = canvas.inset_window.holds(canvas.drawing.ground.sites(near))
    assert held.mean() > 0.9
    for name in ("present", "proposed"):
        drawn(outcome, name, tmp_path)


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Record every line that is written: names with a halo are outlines in a PDF."""
    lines: list[str] = []
    write = Page.text

    def record(page: Page, x: float, y: float, words: str, *rest: Any, **more: Any):
        lines.append(printable(words))
        write(page, x, y, words, *rest, **more)

    monkeypatch.setattr(Page, "text", record)
    return lines


def test_three_sites_are_drawn_without_an_inset(
    tmp_path: Path, written: list[str]
) -> None:
    outcome = with_three_sites()
    assert open_canvas(outcome, "", "").inset_window is None
    assert "现有机构3所" in drawn(outcome, "present", tmp_path)
    assert "新城乡" in written


def with_three_sites() -> Outcome:
    """Return the outcome with the first three sites and what stands at them."""
    outcome, held = make_outcome(), ["S1", "S2", "S3"]
    plan = outcome.plan
    return replace(
        outcome,
        area=replace(outcome.area, sites=outcome.area.sites.loc[held]),
        plan=replace(
            plan,
            placements=plan.placements[plan.placements["site_id"].isin(held)],
            assignments=plan.assignments[plan.assignments["site_id"].isin(held)],
            allocations=plan.allocations[plan.allocations["site_id"].isin(held)],
        ),
    )


def test_rare_characters_stand_on_the_map(tmp_path: Path, written: list[str]) -> None:
    drawn(make_outcome(site_name="大塘坪塆垱沄卫生院"), "proposed", tmp_path)
    assert "大塘坪塆垱沄" in written
    assert not any("〓" in line for line in written)


def test_a_name_longer_than_the_map_is_left_out(
    tmp_path: Path, written: list[str]
) -> None:
    name = "南昌市新建区大塘坪乡塆里村与垱下村联合" * 6
    drawn(make_outcome(site_name=name), "proposed", tmp_path)
    assert name not in written
    assert "白马" in written


@pytest.mark.parametrize("name", ["present", "coverage_after", "networks"])
def test_a_county_of_several_islands_is_drawn_with_one_name(
    tmp_path: Path, name: str, written: list[str]
) -> None:
    drawn(of_islands(), name, tmp_path)
    assert written.count("甲区") == (2 if name == "networks" else 1)  # one a panel


def of_islands() -> Outcome:
    """Return the outcome with its first county and zone torn into three islands."""
    outcome = with_tiers(reported())
    islands = MultiPolygon(
        [
            box(115.0, 28.0, 115.15, 28.15),
            box(115.18, 28.02, 115.19, 28.03),
            box(114.9, 27.9, 114.93, 27.94),
        ]
    )
    zones, counties = outcome.area.zones.copy(), outcome.area.counties.copy()
    zones.loc["360101001", "geometry"] = islands
    counties.loc["360101", "geometry"] = MultiPolygon(
        [*islands.geoms, box(115.2, 28.0, 115.4, 28.2)]
    )
    return replace(outcome, area=replace(outcome.area, zones=zones, counties=counties))


def test_a_plan_that_places_nothing_has_the_maps_that_are_left(tmp_path: Path) -> None:
    empty = replace(
        make_outcome().plan,
        placements=empty_frame(PLACEMENT_COLUMNS),
        assignments=empty_frame(ASSIGNMENT_COLUMNS),
    )
    outcome = replace(make_outcome(), plan=empty)
    assert figures_of(outcome) == ("present", "proposed")
    assert "图例" in drawn(outcome, "proposed", tmp_path)


def test_every_map_of_the_series_shows_the_same_ground() -> None:
    outcome = reported()
    one = open_canvas(outcome, "一", "甲")
    two = open_canvas(outcome, "一个更长的标题", "")
    assert one.main.window == two.main.window
    assert one.main.frame == two.main.frame


def test_a_panel_about_a_small_part_shows_that_part() -> None:
    outcome = reported()
    zones = list(outcome.area.zones.index)
    canvas = open_canvas(outcome, "", "", ["甲", "乙"], [zones, zones[:1]])
    whole, part = (sheet.window for sheet in canvas.sheets)
    assert part.width < 0.7 * whole.width
