"""Population rasters: every person of every zone, and the raster's own sums."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import pytest
import rasterio
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from allocator.errors import Severity
from allocator.load import raster_sums
from allocator.load.coordinates import Stated
from allocator.load.raster import Raster, open_raster
from allocator.load.remarks import Remarks
from tests.load.rasters import counted, people_cells, raster_brief, write_raster
from tests.load.small_area import (
    WEST,
    area_of,
    brief_with,
    codes,
    only,
    read_all,
    write_area,
    zones_frame,
)

PEOPLE = [1000, 500, 300, 200]


def sums(area):
    by_zone = area.demand.groupby("zone_id")["people"].sum()
    return by_zone.reindex(area.zones.index, fill_value=0).tolist()


def with_raster(tmp_path, keys="", *, cells=None, zones=None, raster=None, **area):
    write_raster(
        tmp_path / "ppp.tif",
        people_cells() if cells is None else cells,
        **(raster or {}),
    )
    files = {} if zones is None else {"zones__geojson": zones}
    return write_area(tmp_path, brief__toml=raster_brief(keys, **area), **files)


def blank(*rows):
    frame = zones_frame()
    frame["population"] = (
        frame["population"].astype("float").mask(frame.index.isin(rows))
    )
    return frame


def test_people_of_the_zones_are_kept_to_the_person(tmp_path):
    area = area_of(with_raster(tmp_path))
    assert sums(area) == PEOPLE
    assert area.people == 2000
    assert area.demand.index.is_monotonic_increasing
    assert (area.demand["people"] > 0).all()


def test_raster_sums_are_those_of_counting_fine_points(tmp_path):
    area = area_of(with_raster(tmp_path))
    table = area.people_by_zone
    assert table is not None
    for zone, shape in area.zones.geometry.items():
        other = counted(tmp_path / "ppp.tif", shape)
        assert table.loc[zone, "source"] == pytest.approx(other, rel=0.02)
        factor = table.loc[zone, "people"] / table.loc[zone, "source"]
        assert table.loc[zone, "factor"] == pytest.approx(factor)


def test_people_stand_where_the_raster_has_them(tmp_path):
    cells = np.zeros((28, 88), dtype="uint16")
    cells[14, 10] = 50  # a cell inside the first zone
    area, findings = read_all(with_raster(tmp_path, cells=cells))
    assert area is not None
    first = area.demand[area.demand["zone_id"] == "360102001"]
    west, north = WEST - 0.02 + 10 * 0.005, 28.72 - 14 * 0.005
    assert first["people"].sum() == 1000
    # Cells of 1 km are about 0.01 degree: points lie within one of the cell.
    assert first["lon"].between(west - 0.012, west + 0.017).all()
    assert first["lat"].between(north - 0.017, north + 0.012).all()
    empty = only(findings, "raster-empty-zone")
    assert empty.severity is Severity.WARNING
    assert empty.keys[0] == "360102101 乙镇"
    assert sums(area) == PEOPLE


def test_without_scale_zones_have_the_raster_s_people_rounded(tmp_path):
    area, findings = read_all(with_raster(tmp_path, "scale = false"))
    assert area is not None
    table = area.people_by_zone
    assert table is not None
    assert sums(area) == table["source"].round().astype(int).tolist()
    assert area.zones["population"].tolist() == PEOPLE
    assert only(findings, "demand-total").severity is Severity.WARNING


@pytest.mark.parametrize(
    ("crs", "west", "north", "size"),
    [
        ("EPSG:4548", 379_000.0, 3_181_000.0, 500.0),
        ("EPSG:32650", 377_000.0, 3_181_000.0, 500.0),
        ("EPSG:3857", 12_888_000.0, 3_338_000.0, 500.0),
    ],
)
def test_a_raster_may_be_projected(tmp_path, crs, west, north, size):
    raster = {"crs": crs, "west": west, "north": north, "size": size}
    cells = people_cells(rows=60, columns=110)
    area = area_of(with_raster(tmp_path, "scale = false", cells=cells, raster=raster))
    table = area.people_by_zone
    assert table is not None
    for zone, shape in area.zones.geometry.items():
        other = counted(tmp_path / "ppp.tif", shape)
        assert other > 100
        assert table.loc[zone, "source"] == pytest.approx(other, rel=0.03)


def test_what_the_brief_says_of_a_raster_wins_over_the_file(tmp_path):
    raster = {"west": 379_000.0, "north": 3_181_000.0, "size": 500.0}
    cells = people_cells(rows=60, columns=110)
    sources = []
    for name, said, brief in (
        ("right", "EPSG:4548", ""),
        ("wrong", "EPSG:32649", '\n[crs]\nraster = "EPSG:4548"'),
    ):
        folder = tmp_path / name
        folder.mkdir()
        options = raster | {"crs": said}
        area = area_of(
            with_raster(folder, f"scale = false{brief}", cells=cells, raster=options)
        )
        assert area.people_by_zone is not None
        sources.append(area.people_by_zone["source"].tolist())
    assert sources[0] == sources[1]
    options = raster | {"crs": "EPSG:4548"}
    _, findings = read_all(
        with_raster(tmp_path, '[crs]\nraster = "GCJ-02"', cells=cells, raster=options)
    )
    assert only(findings, "raster-offset").column == "crs.raster"


@pytest.mark.parametrize(
    ("crs", "west", "north", "size"),
    [
        ("EPSG:4326", WEST - 0.02, 28.72, 0.005),
        ("EPSG:3857", 12_888_000.0, 3_338_000.0, 500.0),
        ("EPSG:2264", 0, 0, 0),
    ],
    ids=["degrees", "web mercator", "feet"],
)
def test_density_counts_by_the_true_area_of_a_cell(tmp_path, crs, west, north, size):
    if crs == "EPSG:2264":  # North Carolina, US feet: far from here, so of its own
        path = write_raster(
            tmp_path / "f.tif",
            np.full((10, 10), 2.0),
            west=2_000_000,
            north=600_000,
            size=5280.0,
            crs=crs,
        )
        remarks = Remarks("f.tif")
        with open_raster(
            path, band=1, nodata=None, per_km2=True, stated=Stated(), remarks=remarks
        ) as raster:
            assert raster is not None
            found = raster_sums.people_in(raster, np.array([raster.box]))
        # A hundred square miles of two people a square kilometre.
        assert found[0] == pytest.approx(100 * 2.589988 * 2, rel=1e-3)
        return
    raster_options = {"crs": crs, "west": west, "north": north, "size": size}
    path = with_raster(
        tmp_path,
        'units = "per_km2"\nscale = false',
        cells=np.full((60, 110), 10.0),
        raster=raster_options,
    )
    area = area_of(path)
    geod = pyproj.Geod(ellps="GRS80")
    table = area.people_by_zone
    assert table is not None
    for zone, shape in area.zones.geometry.items():
        km2 = abs(geod.geometry_area_perimeter(shape)[0]) / 1e6
        assert table.loc[zone, "source"] == pytest.approx(10 * km2, rel=2e-4)


def test_a_band_and_whole_numbers_and_nodata_are_read(tmp_path):
    cells = np.stack(
        [np.zeros((28, 88), dtype="int32"), np.full((28, 88), 3, dtype="int32")]
    )
    cells[1, :, :24] = -9999  # no data over the first zone, which ends at column 24
    raster = {"nodata": -9999}
    path = with_raster(tmp_path, "band = 2\nscale = false", cells=cells, raster=raster)
    area, findings = read_all(path)
    assert area is not None
    assert sums(area) == [0, 1200, 1200, 1200]  # 20 x 20 cells of three people
    assert only(findings, "raster-band").severity is Severity.NOTE


def test_nodata_of_the_brief_counts_beside_that_of_the_file(tmp_path):
    cells = np.full((28, 88), 2.0, dtype="float32")
    cells[0] = -1
    cells[1] = np.nan
    path = with_raster(tmp_path, "nodata = -1\nscale = false", cells=cells)
    assert sums(area_of(path)) == [800] * 4


def test_a_scale_that_the_file_states_is_applied(tmp_path):
    path = with_raster(
        tmp_path, "scale = false", cells=np.full((28, 88), 5, dtype="uint16")
    )
    with rasterio.open(tmp_path / "ppp.tif", "r+") as target:
        target.scales = (0.1,)
    assert sums(area_of(path)) == [200] * 4


def test_blank_populations_are_taken_from_the_raster(tmp_path):
    area, findings = read_all(with_raster(tmp_path, zones=blank(1)))
    assert area is not None
    table = area.people_by_zone
    assert table is not None
    estimate = round(float(table["source"].iloc[1]))
    assert area.zones["population"].tolist() == [1000, estimate, 300, 200]
    assert sums(area) == area.zones["population"].tolist()
    assert area.zones.loc["360102101", "population_basis"] == "raster estimate"
    assert area.zones.loc["360102001", "population_basis"] == ""
    assert "1 个单元没有人口数" in area.notes[-1].zh
    assert table["stated"].isna().tolist() == [False, True, False, False]
    assert not {f.code for f in findings if f.severity is Severity.ERROR}


def test_the_population_column_may_be_left_out(tmp_path):
    zones = zones_frame().drop(columns="population")
    area = area_of(with_raster(tmp_path, zones=zones))
    assert (area.zones["population_basis"] == "raster estimate").all()
    assert sums(area) == area.zones["population"].tolist()
    assert area.people > 0


def test_zones_that_are_centres_keep_their_people_there(tmp_path):
    zones = zones_frame()
    zones.loc[3, "geometry"] = shapely.Point(116.15, 28.65)
    area, findings = read_all(with_raster(tmp_path, zones=zones))
    assert area is not None
    assert sums(area) == PEOPLE
    assert area.demand.loc["360121201", "people"] == 200
    assert only(findings, "grid-at-centre").keys == ("360121201 丁乡",)


def test_people_outside_every_zone_are_counted(tmp_path):
    cells = np.ones((28, 88), dtype="float32")
    zones = zones_frame().iloc[:3]
    area, findings = read_all(with_raster(tmp_path, cells=cells, zones=zones))
    assert area is not None
    # 20 x 20 cells of the zone that is missing in its county.
    assert "400 people" in only(findings, "raster-in-no-zone").message.en
    assert "in no zone" in only(findings, "raster-outside").message.en
    table = area.people_by_zone
    assert table is not None
    assert table["source"].sum() == pytest.approx(1200, rel=1e-3)


def test_only_windows_of_a_raster_are_read(tmp_path, monkeypatch):
    path = with_raster(tmp_path, "scale = false\ncell_m = 500")
    whole = area_of(path)
    monkeypatch.setattr(raster_sums, "MOST_WINDOW_CELLS", 50)
    read: list[int] = []
    values = Raster.values

    def spy(self, window):
        read.append(window.width * window.height)
        return values(self, window)

    monkeypatch.setattr(Raster, "values", spy)
    parts = area_of(path)
    pd.testing.assert_frame_equal(parts.demand, whole.demand)
    assert max(read) <= 88  # a strip is at least one row
    assert len(read) > 40


def test_a_raster_that_misses_part_of_a_zone_is_warned_of(tmp_path):
    _, findings = read_all(with_raster(tmp_path, cells=people_cells(columns=74)))
    finding = only(findings, "raster-too-small")
    assert finding.keys == ("360121201 丁乡",)
    assert finding.value == "50.0%"


def test_a_figure_far_from_the_raster_is_warned_of(tmp_path):
    cells = np.full((28, 88), 1.0, dtype="float32")  # 400 people a zone
    _, findings = read_all(with_raster(tmp_path, cells=cells))
    assert "raster-factor" not in codes(findings)
    zones = zones_frame().assign(population=[10_000, 500, 300, 200])
    _, findings = read_all(with_raster(tmp_path, cells=cells, zones=zones))
    finding = only(findings, "raster-factor")
    assert (finding.keys, finding.value) == (("360102001 甲街道",), "×25.00")


# --- Every person, whatever the shapes ------------------------------------------------


@st.composite
def broken_areas(draw):
    """Return four zones of which the borders overlap, gape or cross themselves."""
    frame = zones_frame()
    shift = draw(st.lists(st.integers(-9, 9), min_size=5, max_size=5))
    edges = [WEST + 0.1 * i + 0.0001 * s for i, s in enumerate(shift)]
    lean = draw(st.integers(-5, 5)) * 0.0001
    shapes = []
    for i in range(4):
        west, east = edges[i], edges[i + 1] + draw(st.integers(-5, 5)) * 0.0001
        corners = [(west, 28.6), (east, 28.6), (east + lean, 28.7), (west + lean, 28.7)]
        if draw(st.booleans()):  # a small loop at the last corner
            loop = (west + lean + 0.001, 28.7002), (west + lean - 0.001, 28.6998)
            corners[3:3] = [loop[1], loop[0]]
        shapes.append(shapely.Polygon(corners))
    people = draw(st.lists(st.integers(0, 10**6), min_size=4, max_size=4))
    people[0] += 1
    return frame.set_geometry(gpd.GeoSeries(shapes, crs="EPSG:4490")).assign(
        population=people
    )


@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(broken_areas(), st.integers(0, 1000), st.sampled_from([1000, 3500]))
@pytest.mark.parametrize("source", ["grid", "raster"])
def test_every_person_of_every_repaired_zone_is_kept(
    tmp_path, source, zones, seed, cell_m
):
    write_raster(tmp_path / "ppp.tif", people_cells(seed), dtype="float32")
    file = 'file = "ppp.tif"\n' if source == "raster" else ""
    brief = brief_with(
        f'[demand]\nsource = "{source}"\n{file}cell_m = {cell_m}',
        counties="",
    )
    brief = brief.replace("[policy]", "most_overlap_share = 0.05\n[policy]", 1)
    path = write_area(tmp_path, brief__toml=brief, zones__geojson=zones)
    area = area_of(path)
    assert sums(area) == zones["population"].tolist()
    by_county = area.demand.groupby("county_id")["people"].sum()
    stated = zones.groupby("county_id")["population"].sum()
    assert by_county.reindex(stated.index, fill_value=0).tolist() == stated.tolist()
    assert area.zones.geometry.is_valid.all()
