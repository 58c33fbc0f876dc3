"""Points, age bands, growth, and the people of real boundaries."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import libpysal.examples
import numpy as np
import pytest

from allocator.errors import Severity
from allocator.load import area_in_year, growth_of, read_brief
from allocator.load.people import by_county
from tests.load.rasters import counted, write_raster
from tests.load.small_area import (
    area_of,
    brief_of,
    brief_with,
    codes,
    only,
    read_all,
    write_area,
    zones_csv,
    zones_frame,
)

POINTS = '[demand]\nsource = "points"\nfile = "d.csv"\n'
VILLAGES = """demand_id,zone_id,people,lon,lat
V1,360102001,600,115.84,28.65
V2,360102001,300,115.86,28.65
V3,360102101,1,115.95,28.65
V4,360121101,300,116.05,28.65
"""


def test_villages_scaled_keep_every_person(tmp_path):
    brief = brief_with(POINTS + "scale = true")
    area, findings = read_all(write_area(tmp_path, d__csv=VILLAGES, brief__toml=brief))
    assert area is not None
    assert area.demand["people"].to_dict() == {
        "360121201-centre": 200,
        "V1": 667,
        "V2": 333,
        "V3": 500,
        "V4": 300,
    }
    bare = only(findings, "zone-without-points")
    assert (bare.severity, bare.keys) == (Severity.WARNING, ("360121201 丁乡",))
    assert "缩放" in area.notes[-1].zh
    assert area.people_by_zone is not None
    sums = by_county(area.people_by_zone, area.counties)
    assert sums["people"].tolist() == sums["stated"].tolist() == [1500, 500]
    assert sums["source"].tolist() == [901, 300]


def test_villages_give_the_population_that_a_table_leaves_out(tmp_path):
    text = zones_csv(population="")
    brief = brief_with(POINTS, zones="zones.csv", counties="")
    area = area_of(
        write_area(tmp_path, zones__csv=text, d__csv=VILLAGES, brief__toml=brief)
    )
    assert area.zones["population"].tolist() == [900, 500, 300, 200]
    assert area.zones.loc["360102001", "population_basis"] == "sum of points"


def test_keys_that_say_nothing_are_warned_of(tmp_path):
    brief = brief_with('[demand]\nsource = "grid"\nband = 2\nscale = true')
    path = write_area(tmp_path, brief__toml=brief)
    read, findings = read_brief(path)
    assert read is not None
    assert only(findings, "key-unused").column == "demand.scale, demand.band"


# --- Age bands ------------------------------------------------------------------------


def test_age_bands_are_read_by_their_headings(tmp_path):
    frame = zones_frame()
    frame["0-6岁儿童数"] = [60, 30, 20, 10]
    frame["65岁及以上人口数(万人)"] = [0.02, 0.01, 0.006, 0.004]
    area = area_of(write_area(tmp_path, zones__geojson=frame))
    assert area.zones["population_0_6"].tolist() == [60, 30, 20, 10]
    assert area.zones["population_65"].tolist() == [200, 100, 60, 40]
    assert "population_0_14" not in area.zones


def test_a_band_may_be_blank_in_a_zone(tmp_path):
    frame = zones_frame().assign(population_65=[200, None, 60, 40])
    area = area_of(write_area(tmp_path, zones__geojson=frame))
    assert area.zones["population_65"].isna().tolist() == [False, True, False, False]


# --- Growth ---------------------------------------------------------------------------


def grown(tmp_path, keys, year, **columns):
    brief = brief_with(f"[demand]\n{keys}")
    frame = zones_frame().assign(**columns)
    path = write_area(tmp_path, brief__toml=brief, zones__geojson=frame)
    demand = brief_of(path).demand
    growth = growth_of(demand.growth_yearly_percent, demand.population_year)
    return area_in_year(area_of(path), year, growth)


def test_people_grow_by_a_yearly_per_cent(tmp_path):
    keys = "growth_yearly_percent = 2\npopulation_year = 2020"
    area, findings = grown(tmp_path, keys, 2030, population_65=[100, 50, 30, 20])
    # 1500 and 500 people times 1.02^10 = 1.21899
    assert area.zones.groupby("county_id")["population"].sum().tolist() == [1828, 609]
    assert area.zones["population"].tolist() == [1219, 609, 365, 244]
    assert area.demand["people"].tolist() == [1219, 609, 365, 244]
    assert area.zones["population_65"].iloc[0] == pytest.approx(121.9)
    note = only(findings, "population-estimated")
    assert (note.severity, note.value) == (Severity.NOTE, "2,000 -> 2,437")
    assert "估计" in area.notes[-1].zh


def test_growth_may_differ_by_county(tmp_path):
    keys = 'growth_yearly_percent = { "360102" = 10, other = -10 }\n'
    area, _ = grown(tmp_path, keys + "population_year = 2020", 2021)
    assert area.zones["population"].tolist() == [1100, 550, 270, 180]
    by_name = 'growth_yearly_percent = { "东湖区" = 10 }\npopulation_year = 2020'
    area, _ = grown(tmp_path, by_name, 2021)
    assert area.zones["population"].tolist() == [1100, 550, 300, 200]


def test_a_column_of_the_year_comes_before_growth(tmp_path):
    keys = "growth_yearly_percent = 2\npopulation_year = 2020"
    area, findings = grown(tmp_path, keys, 2030, population_2030=[9, 8, 7, 6])
    assert area.zones["population"].tolist() == [9, 8, 7, 6]
    assert codes(findings) == {"population-of-year"}


def test_growth_of_a_county_that_is_not_there_is_an_error(tmp_path):
    keys = "growth_yearly_percent = { 360199 = 2 }\npopulation_year = 2020"
    _, findings = grown(tmp_path, keys, 2030)
    assert only(findings, "county-unknown").keys == ("360199",)


# --- Boundaries of a real place -------------------------------------------------------


@pytest.fixture(scope="module")
def georgia():
    """Return the 159 counties of Georgia as zones, people of 1990, in UTM."""
    folder = Path(libpysal.examples.__file__).parent / "georgia"
    frame = gpd.read_file(folder / "G_utm.shp")
    return gpd.GeoDataFrame(
        {
            "zone_id": [f"{key:09d}" for key in frame["AreaKey"]],
            "name": [f"zone {key}" for key in frame["AreaKey"]],
            "county_id": [f"{int(x // 150_000)}" for x in frame["X"]],
            "kind": "other",
            "population": frame["TotPop90"].astype(int),
        },
        geometry=frame.geometry,
        crs="EPSG:32616",
    )


@pytest.mark.parametrize("source", ["grid", "raster"])
def test_real_boundaries_keep_every_person(tmp_path, georgia, source):
    cells = np.random.default_rng(3).gamma(0.2, 400.0, (1100, 1000)).astype("float32")
    write_raster(
        tmp_path / "ppp.tif",
        cells,
        west=-85.8,
        north=35.1,
        size=0.005,
        compress="deflate",
    )
    file = 'file = "ppp.tif"\n' if source == "raster" else ""
    brief = brief_with(
        f'[demand]\nsource = "{source}"\n{file}cell_m = 5000',
        zones="zones.gpkg",
        counties="",
    )
    first = georgia.geometry.to_crs("EPSG:4326").iloc[0].representative_point()
    sites = f"site_id,name,lon,lat,status\nS,S,{first.x},{first.y},existing\n"
    path = write_area(
        tmp_path, zones__gpkg=georgia, brief__toml=brief, sites__csv=sites
    )
    area, findings = read_all(path)
    assert area is not None, [f.say("en") for f in findings]
    people = area.demand.groupby("zone_id")["people"].sum()
    stated = georgia.set_index("zone_id")["population"].sort_index()
    assert people.reindex(stated.index, fill_value=0).tolist() == stated.tolist()
    assert area.people == 6_478_216
    if source == "raster":
        table = area.people_by_zone
        assert table is not None
        for zone in table.index[::40]:
            other = counted(tmp_path / "ppp.tif", area.zones.geometry[zone])
            assert table.loc[zone, "source"] == pytest.approx(other, rel=0.005)
