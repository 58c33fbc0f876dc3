from __future__ import annotations

import io

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import pytest

from allocator.errors import Severity
from allocator.load.offsets import gcj02_to_bd09, wgs84_to_bd09, wgs84_to_gcj02
from allocator.load.projected import candidates_of
from allocator.load.sexagesimal import parse_sexagesimal
from tests.load.small_area import (
    SITES_CSV,
    area_of,
    brief_with,
    codes,
    counties_frame,
    only,
    read_all,
    write_area,
    zones_frame,
)

TRUE_LON, TRUE_LAT = [115.85, 115.95, 116.05], [28.65, 28.65, 28.65]


def sites_with(x, y):
    """Return the sites as csv with other coordinates."""
    frame = pd.read_csv(io.StringIO(SITES_CSV), dtype=str, keep_default_na=False)
    frame["lon"], frame["lat"] = [str(v) for v in x], [str(v) for v in y]
    return frame.to_csv(index=False)


def moved(epsg, lon=None, lat=None):
    """Return easting and northing of the sites, to a tenth of a millimetre."""
    to = pyproj.Transformer.from_crs("EPSG:4490", f"EPSG:{epsg}", always_xy=True)
    x, y = to.transform(lon or TRUE_LON, lat or TRUE_LAT)
    return np.round(x, 4), np.round(y, 4)


def read_sites(folder, x, y, *, brief="", **area):
    path = write_area(
        folder, sites__csv=sites_with(x, y), brief__toml=brief_with(brief, **area)
    )
    return read_all(path)


def errors(findings):
    return {f.code for f in findings if f.severity is Severity.ERROR}


def assert_true_places(area):
    assert area is not None
    assert area.sites["lon"].to_numpy() == pytest.approx(TRUE_LON, abs=1e-8)
    assert area.sites["lat"].to_numpy() == pytest.approx(TRUE_LAT, abs=1e-8)


# --- What a projection says of itself -------------------------------------------------


@pytest.mark.parametrize(("epsg", "zone"), [*((4488 + z, z) for z in range(25, 46))])
def test_every_three_degree_zone_is_known_by_its_prefix(epsg, zone):
    lon, lat = [3.0 * zone - 0.7, 3.0 * zone + 0.7], [30.0, 45.0]
    (found,) = candidates_of(*moved(epsg, lon, lat))
    assert found.codes == (epsg,)
    assert found.lon == pytest.approx(lon, abs=1e-8)
    assert found.lat == pytest.approx(lat, abs=1e-8)


@pytest.mark.parametrize("zone", range(13, 24))
def test_every_six_degree_zone_is_known_by_its_prefix(zone):
    middle = 6.0 * zone - 3.0
    lon, lat = [middle - 2.9, middle + 2.9], [30.0, 45.0]
    found = candidates_of(*moved(4478 + zone, lon, lat))
    assert found[0].codes == (4478 + zone,)
    assert found[0].lon == pytest.approx(lon, abs=1e-8)
    # Web Mercator has eastings as large from 117 E on: such numbers are not certain.
    others = [one.codes for one in found[1:]]
    assert others == ([(3857,)] if zone <= 14 else [])


@pytest.mark.parametrize("meridian", range(75, 136, 3))
def test_every_central_meridian_is_a_candidate(meridian):
    epsg = 4509 + meridian // 3
    found = candidates_of(*moved(epsg, [meridian + 0.5], [33.0]))
    mine = next(one for one in found if one.codes == (epsg,))
    assert mine.lon == pytest.approx([meridian + 0.5], abs=1e-8)
    assert len(found) == 32  # 21 meridians, 11 UTM zones


def test_an_easting_with_its_zone_is_read_and_told(tmp_path):
    area, findings = read_sites(tmp_path, *moved(4527))
    assert_true_places(area)
    finding = only(findings, "crs-detected")
    assert finding.severity is Severity.WARNING
    assert finding.remedy is not None
    assert '[crs] sites = "EPSG:4527"' in finding.remedy.en
    area, findings = read_sites(
        tmp_path, *moved(4527), brief='[crs]\nsites = "EPSG:4527"'
    )
    assert_true_places(area)
    assert "crs-detected" not in codes(findings)


def test_rows_of_two_zones_are_each_read_by_their_own_prefix(tmp_path):
    x39, y39 = moved(4527)
    x38, y38 = moved(4526)
    area, findings = read_sites(
        tmp_path, [x38[0], x39[1], x39[2]], [y38[0], y39[1], y39[2]]
    )
    assert_true_places(area)
    assert "EPSG:4526" in only(findings, "crs-detected").message.en


def test_a_meridian_is_taken_where_only_one_puts_all_sites_into_their_zones(tmp_path):
    # Near the edge of its zone: the 1.3 km between Gauss-Krüger and UTM show.
    lat = [28.695, 28.695, 28.695]
    area, findings = read_sites(tmp_path, *moved(4548, TRUE_LON, lat))
    assert area is not None
    assert area.sites["lat"].to_numpy() == pytest.approx(lat, abs=1e-8)
    assert "EPSG:4548" in only(findings, "crs-detected").message.en


def test_metres_that_two_projections_fit_are_asked(tmp_path):
    area, findings = read_sites(tmp_path, *moved(4548))
    assert area is None
    finding = only(findings, "crs-missing")
    assert "EPSG:4548 (117°E): 3" in finding.message.en
    assert "EPSG:32650 (UTM 50N): 3" in finding.message.en
    assert "4549" not in finding.message.en
    assert finding.remedy is not None
    assert '[crs] sites = "EPSG:' in finding.remedy.zh


def test_zones_in_metres_without_prefix_are_asked(tmp_path):
    zones_frame().to_crs("EPSG:4548").to_file(tmp_path / "z.shp")
    (tmp_path / "z.prj").unlink()
    _, findings = read_all(write_area(tmp_path, brief__toml=brief_with(zones="z.shp")))
    finding = only(findings, "crs-missing")
    assert finding.remedy is not None
    assert "[crs] zones" in finding.remedy.en
    path = write_area(
        tmp_path,
        brief__toml=brief_with('[crs]\nzones = "EPSG:4548"', zones="z.shp"),
    )
    assert area_of(path).zones["lon"].iloc[0] == pytest.approx(115.85, abs=1e-6)


def test_web_metres_and_a_far_western_zone_are_told_apart_by_the_zones(tmp_path):
    lon, lat = [117.35, 117.45, 117.55], [33.65, 33.65, 33.65]
    zones = zones_frame().translate(1.5, 5.0)
    counties = counties_frame().translate(1.5, 5.0)
    path = write_area(
        tmp_path,
        zones__geojson=zones_frame().set_geometry(zones),
        counties__geojson=counties_frame().set_geometry(counties),
        sites__csv=sites_with(*moved(3857, lon, lat)),
    )
    area, findings = read_all(path)
    assert area is not None
    assert area.sites["lon"].to_numpy() == pytest.approx(lon, abs=1e-8)
    assert "EPSG:3857" in only(findings, "crs-detected").message.en


def test_an_old_datum_is_read_with_a_warning(tmp_path):
    x, y = moved(2415)  # Beijing 1954, zone 39
    area, findings = read_sites(tmp_path, x, y, brief='[crs]\nsites = "EPSG:2415"')
    assert area is not None
    finding = only(findings, "crs-datum")
    assert finding.severity is Severity.WARNING
    assert "Beijing 1954" in finding.message.zh
    # Not shifted at all: less than a hundred metres off, and said so.
    assert area.sites["lon"].to_numpy() == pytest.approx(TRUE_LON, abs=1e-3)


# --- Exchanged axes -------------------------------------------------------------------


@pytest.mark.parametrize("epsg", [4527, 4498])
def test_surveyors_axes_are_exchanged_back_with_a_warning(tmp_path, epsg):
    x, y = moved(epsg)
    area, findings = read_sites(tmp_path, y, x)
    assert_true_places(area)
    finding = only(findings, "axes-swapped")
    assert finding.severity is Severity.WARNING
    assert finding.value.startswith("317")


def test_surveyors_axes_of_a_stated_projection_are_exchanged_back(tmp_path):
    x, y = moved(4548)
    area, findings = read_sites(tmp_path, y, x, crs="EPSG:4548")
    assert_true_places(area)
    assert only(findings, "axes-swapped").severity is Severity.WARNING


def test_one_row_of_exchanged_metres_is_an_error_of_that_row(tmp_path):
    x, y = moved(4527)
    area, findings = read_sites(tmp_path, [x[0], y[1], x[2]], [y[0], x[1], y[2]])
    assert area is None
    finding = only(findings, "axes-swapped")
    assert (finding.severity, finding.keys) == (Severity.ERROR, ("第3行 S2",))
    assert errors(findings) == {"axes-swapped"}


def test_latitude_first_in_every_row_is_put_right(tmp_path):
    area, findings = read_sites(tmp_path, TRUE_LAT, TRUE_LON)
    assert_true_places(area)
    assert only(findings, "axes-swapped").severity is Severity.WARNING


def test_latitude_first_in_one_row_is_an_error_of_that_row(tmp_path):
    area, findings = read_sites(
        tmp_path, [115.85, 28.65, 116.05], [28.65, 115.95, 28.65]
    )
    assert area is None
    finding = only(findings, "axes-swapped")
    assert (finding.severity, finding.keys) == (Severity.ERROR, ("第3行 S2",))


def test_a_layer_with_latitude_first_is_put_right(tmp_path):
    shapes = zones_frame().geometry.map(
        lambda s: type(s)([(y, x) for x, y in s.exterior.coords])
    )
    zones = zones_frame().set_geometry(gpd.GeoSeries(shapes, crs="EPSG:4490"))
    area, findings = read_all(write_area(tmp_path, zones__geojson=zones))
    assert area is not None
    assert area.zones["lon"].iloc[0] == pytest.approx(115.85, abs=1e-6)
    assert only(findings, "axes-swapped").table == "zones.geojson"


# --- Web maps -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "shift"), [("GCJ-02", wgs84_to_gcj02), ("BD-09", wgs84_to_bd09)]
)
@pytest.mark.parametrize("layer", ["sites", "zones"])
def test_what_the_brief_states_wins_over_the_file(tmp_path, name, shift, layer):
    x, y = shift(np.array(TRUE_LON), np.array(TRUE_LAT))
    points = gpd.points_from_xy(x, y, crs="EPSG:4326")
    table = pd.read_csv(io.StringIO(SITES_CSV), dtype=str, keep_default_na=False)
    gpd.GeoDataFrame(table.drop(columns=["lon", "lat"]), geometry=points).to_file(
        tmp_path / "s.gpkg"
    )
    shifted = zones_frame().geometry.map(
        lambda s: type(s)(np.column_stack(shift(*np.array(s.exterior.coords).T)))
    )
    zones = zones_frame().set_geometry(shifted)
    zones = zones.set_crs("EPSG:4326", allow_override=True)
    zones.to_file(tmp_path / "z.gpkg")
    files = {"sites": "s.gpkg"} if layer == "sites" else {"zones": "z.gpkg"}
    path = write_area(
        tmp_path,
        brief__toml=brief_with(f'[crs]\n{layer} = "{name}"', counties="", **files),
    )
    area, findings = read_all(path)
    assert area is not None
    if layer == "sites":
        assert_true_places(area)
    else:
        assert area.zones.geometry.iloc[0].bounds == pytest.approx(
            (115.8, 28.6, 115.9, 28.7), abs=1e-8
        )
    assert "WGS 84" in only(findings, "crs-overridden").message.zh


def test_web_metres_of_a_web_map_go_back_through_its_degrees(tmp_path):
    x, y = wgs84_to_gcj02(np.array(TRUE_LON), np.array(TRUE_LAT))
    points = gpd.points_from_xy(x, y, crs="EPSG:4326")
    table = pd.read_csv(io.StringIO(SITES_CSV), dtype=str, keep_default_na=False)
    layer = gpd.GeoDataFrame(table.drop(columns=["lon", "lat"]), geometry=points)
    layer.to_crs("EPSG:3857").to_file(tmp_path / "s.gpkg")
    path = write_area(
        tmp_path, brief__toml=brief_with('[crs]\nsites = "高德"', sites="s.gpkg")
    )
    assert_true_places(area_of(path))


def test_layers_of_different_systems_are_each_read_by_their_own(tmp_path):
    # Area.crs stays what holds for files that are not named.
    x, y = gcj02_to_bd09(*wgs84_to_gcj02(np.array(TRUE_LON), np.array(TRUE_LAT)))
    area, findings = read_sites(
        tmp_path,
        x,
        y,
        brief='[crs]\nsites = "BD-09"\nzones = "CGCS2000"\ncounties = "WGS84"',
        crs="EPSG:4548",
    )
    assert_true_places(area)
    assert only(findings, "crs-offset").table == "sites.csv"


# --- Degrees as people write them -----------------------------------------------------


@pytest.mark.parametrize(
    ("text", "degrees"),
    [
        ("115°52′30″", 115.875),
        ("115°52'30\"", 115.875),
        ("115°52'30''", 115.875),
        ("115度52分30秒", 115.875),
        ("１１５°５２′３０″", 115.875),
        ("东经115°52.5′", 115.875),
        ("E115°52′30″", 115.875),
        ("115° 52′ 30″ E", 115.875),
        ("28°N", 28.0),
        ("28.5°", 28.5),
        ("南纬12°30′", -12.5),
        ("-12°30′", -12.5),
        ("115.5230", None),
        ("115 52 30", None),
        ("115°60′", None),
        ("115°52′60″", None),
        ("115.5°52′", None),
        ("115°30″", None),
        ("N115°E", None),
        ("西经-12°", None),
        ("30′", None),
    ],
)
def test_degrees_minutes_and_seconds(text, degrees):
    found = parse_sexagesimal(text)
    assert found == (None if degrees is None else pytest.approx(degrees, abs=1e-12))


def test_degrees_minutes_and_seconds_in_a_table(tmp_path):
    x = ["115°51′00″", "东经115°57′", "116.05"]
    area, findings = read_sites(tmp_path, x, TRUE_LAT)
    assert_true_places(area)
    finding = only(findings, "degrees-sexagesimal")
    assert finding.severity is Severity.NOTE
    assert finding.keys == ("第2行 S1", "第3行 S2")
