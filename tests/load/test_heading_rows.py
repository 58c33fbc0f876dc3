from __future__ import annotations

import pytest

from allocator.load.account import Certainty
from allocator.load.grids import Grid, Merge
from allocator.load.heading_rows import find_head
from allocator.load.headings import understand
from allocator.tables import SITES, ZONES
from tests.cli.small_task import write_task
from tests.load.bad_tables import CASES, MERGED_HEAD
from tests.load.small_area import only, read_all, write_area, zones_csv

PEOPLE = [40000, 20000, 30000, 10000]


def case(name):
    return next(one for one in CASES if one.name == name)


@pytest.mark.parametrize(
    "name",
    [
        "headings over two merged rows",
        "headings over two rows in csv, where merges are lost",
        "title above",
        "unit of people above the headings",
        "unit in the heading",
        "year before the heading",
        "total that agrees",
        "subtotals of counties",
        "counties among the zones",
        "headings again after a page break",
        "notes and signatures below",
        "text merged over rows",
        "first sheet is a cover",
        "title with commas above semicolons",
        "full-width commas",
        "unit in the cell",
        "no column of kinds",
    ],
)
def test_every_dirty_table_gives_the_same_people(name, tmp_path):

    dirty = case(name)
    path = write_task(tmp_path)
    for file, content in dirty.files.items():
        assert isinstance(content, bytes)
        (tmp_path / file).write_bytes(content)
    path.write_text(dirty.brief_text(), encoding="utf-8")
    area, findings = read_all(path)
    assert area is not None, [f.say("en") for f in findings]
    assert area.zones["population"].tolist() == PEOPLE
    assert area.zones["kind"].tolist() == ["街道", "镇", "镇", "乡"]
    assert area.zones["county_id"].tolist() == ["360901"] * 2 + ["360902"] * 2


def test_beds_in_place_win_and_approved_beds_stay(tmp_path):

    dirty = case("approved and present beds under one heading")
    path = write_task(tmp_path)
    content = dirty.files["sites.xlsx"]
    assert isinstance(content, bytes)
    (tmp_path / "sites.xlsx").write_bytes(content)
    path.write_text(dirty.brief_text(), encoding="utf-8")
    area, _ = read_all(path)
    assert area is not None
    assert set(area.sites["beds"]) == {12}
    assert set(area.sites["approved_beds"]) == {10}


def test_approved_beds_alone_stand_in_and_are_doubtful():
    claims, _ = understand([("机构名称",), ("编制床位(张)",)], SITES, truncated=False)
    assert [c.column.name for c in claims] == ["name", "beds"]
    assert claims[1].certainty is Certainty.SUBSTITUTE


def grid_of(rows, *merges):
    return Grid([[str(cell) for cell in row] for row in rows], tuple(merges))


def test_rows_and_levels_of_headings_are_found():
    head = find_head(
        grid_of([*MERGED_HEAD, ["360901001", "东街道", "甲", "镇"]]), ZONES
    )
    assert (head.top, head.levels) == (1, 2)
    assert head.parts[4] == ("人口(万人)", "户籍")


def test_a_merged_title_is_no_level():
    rows = [["一览表", "", ""], ["代码", "名称", "常住人口"], ["360901001", "甲", "5"]]
    head = find_head(grid_of(rows, Merge(0, 0, 0, 2)), ZONES)
    assert (head.top, head.levels) == (1, 1)


def test_a_planned_figure_is_not_taken_for_todays():
    parts = [("机构名称",), ("2035年规划", "床位")]
    claims, _ = understand(parts, SITES, truncated=False)
    assert [c.column.name for c in claims] == ["name"]


def test_an_upper_heading_that_is_not_used_makes_the_lower_doubtful():
    claims, _ = understand([("机构", "机构名称")], SITES, truncated=False)
    assert claims[0].certainty is Certainty.PARENT


def test_the_total_that_differs_names_both_figures(tmp_path):
    text = zones_csv() + "合计,,,,2001,,\n"
    path = write_area(tmp_path, zones__csv=text)
    brief = path.read_text("utf-8").replace("zones.geojson", "zones.csv")
    path.write_text(brief, "utf-8")
    _, findings = read_all(path)
    finding = only(findings, "total-differs")
    assert finding.value == "2001 / 2000"
    assert finding.keys == ("第6行",)
    assert only(findings, "total-row-skipped").keys == ("第6行",)
