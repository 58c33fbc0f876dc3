from __future__ import annotations

import io
import json

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from allocator.errors import Severity
from tests.load.small_area import (
    SITES_CSV,
    area_of,
    brief_with,
    codes,
    counties_frame,
    only,
    read_all,
    square,
    write_area,
    zones_csv,
    zones_frame,
)

TABLE_ZONES = brief_with(zones="zones.csv", counties="")


def errors(findings):
    return {f.code for f in findings if f.severity is Severity.ERROR}


def read_zones(folder, text):
    return read_all(write_area(folder, zones__csv=text, brief__toml=TABLE_ZONES))


def read_sites(folder, text, **area):
    return read_all(write_area(folder, sites__csv=text, brief__toml=brief_with(**area)))


def test_zones_of_a_table_with_centres(tmp_path):
    area, findings = read_zones(tmp_path, zones_csv())
    assert area is not None
    assert area.zones.geometry.isna().all()
    assert area.counties["name"].to_dict() == {"360102": "360102", "360121": "360121"}
    assert area.counties["kind"].tolist() == ["other", "other"]
    assert area.counties.geometry.isna().all()
    assert only(findings, "zone-by-centre").keys == ("第3行 S2", "第4行 S3")


@pytest.mark.parametrize(
    ("changes", "code", "column"),
    [
        ({"population": -5}, "number-negative", "population"),
        ({"population": ""}, "value-missing", "population"),
        ({"population": "nan"}, "value-missing", "population"),
        ({"population": "inf"}, "not-a-number", "population"),
        ({"population": "很多"}, "not-a-number", "population"),
        ({"population": 9e9}, "number-too-large", "population"),
        ({"zone_id": ""}, "value-missing", "zone_id"),
        ({"zone_id": "3.60102E+11"}, "id-scientific", "zone_id"),
        ({"zone_id": "360102101"}, "id-twice", "zone_id"),
        ({"county_id": ""}, "value-missing", "county_id"),
        ({"kind": "园区"}, "choice-unknown", "kind"),
        ({"lon": 28.65, "lat": 115.85}, "axes-swapped", "lon, lat"),
        ({"lon": 1158.5}, "degrees-range", "lon, lat"),
        ({"lon": ""}, "value-missing", "lon, lat"),
    ],
)
def test_a_bad_cell_of_zones_is_an_error_with_its_row(tmp_path, changes, code, column):
    area, findings = read_zones(tmp_path, zones_csv(**changes))
    assert area is None
    finding = only(findings, code)
    assert finding.severity is Severity.ERROR
    assert (finding.table, finding.column) == ("zones.csv", column)
    assert finding.keys[0].startswith("第2行")
    assert finding.remedy is not None
    assert errors(findings) == {code}


def test_an_unknown_kind_offers_other(tmp_path):
    _, findings = read_zones(tmp_path, zones_csv(kind="管理处"))
    remedy = only(findings, "choice-unknown").remedy
    assert remedy is not None
    assert "other" in remedy.en


def test_one_problem_on_many_rows_is_one_finding(tmp_path):
    text = zones_csv().replace("镇,", "村,")
    _, findings = read_zones(
        tmp_path, text.replace("乙村", "乙镇").replace("丙村", "丙镇")
    )
    assert only(findings, "choice-unknown").keys == (
        "第3行 360102101",
        "第4行 360121101",
    )


@pytest.mark.parametrize(
    ("heading", "cell", "people", "code"),
    [
        ("常住人口(万人)", "1.25", 12500, "unit-understood"),
        ("常住人口（万人）", "１.２５", 12500, "unit-understood"),
        ("人口 (千人)", "1.25", 1250, "unit-understood"),
        ("年末服务(常住)人口数", "1,250", 1250, None),
        ("Population", "1250.4", 1250, "number-rounded"),
        ("常住人口（人）", "1250", 1250, None),
        ("人口(2023年)", "1250", 1250, "unit-assumed"),
    ],
)
def test_headings_of_people_in_any_unit(tmp_path, heading, cell, people, code):
    text = zones_csv(population=f'"{cell}"').replace("population", heading)
    area, findings = read_zones(tmp_path, text)
    assert area is not None, [f.say("en") for f in findings]
    assert area.zones["population"].iloc[0] == people
    assert area.zones["population"].dtype == "int64"
    notes = codes(findings) & {"unit-understood", "number-rounded", "unit-assumed"}
    assert notes == ({code} if code else set())


def test_an_unknown_multiple_is_refused(tmp_path):
    text = zones_csv().replace("population", "人口(十万人)")
    _, findings = read_zones(tmp_path, text)
    assert errors(findings) == {"unit-unknown"}


def test_people_in_tens_of_thousands_without_a_unit_are_suspect(tmp_path):
    rows = zones_csv()
    for whole, part in (
        ("1000", "1.2"),
        ("500", "3.5"),
        ("300", "2.25"),
        (",200,", ",1.5,"),
    ):
        rows = rows.replace(whole, part)
    _, findings = read_zones(tmp_path, rows.replace("36010200.2", "360102001"))
    assert only(findings, "unit-suspect").severity is Severity.WARNING


def test_a_misspelt_column_is_offered(tmp_path):
    _, findings = read_zones(tmp_path, zones_csv().replace("population", "populaton"))
    finding = only(findings, "column-missing")
    assert finding.column == "population"
    assert finding.remedy is not None
    assert finding.remedy.zh == "列 populaton 是否应为 population?"


def test_cells_are_checked_although_a_column_is_missing(tmp_path):
    text = zones_csv(kind="园区").replace("population", "populaton")
    _, findings = read_zones(tmp_path, text)
    assert errors(findings) == {"column-missing", "choice-unknown"}


def test_two_headings_for_one_column_are_refused(tmp_path):
    lines = zones_csv().splitlines()
    text = "\n".join([lines[0] + ",常住人口", *(line + ",7" for line in lines[1:])])
    _, findings = read_zones(tmp_path, text)
    assert only(findings, "column-twice").column == "population"


def test_weak_headings_do_not_compete(tmp_path):
    lines = zones_csv().splitlines()
    text = "\n".join([lines[0] + ",x,code", *(line + ",7,007" for line in lines[1:])])
    area, _ = read_zones(tmp_path, text)
    assert area is not None
    assert area.zones["x"].tolist() == [7.0] * 4
    assert area.zones["code"].tolist() == ["007"] * 4


def test_population_of_a_year_is_read_as_people(tmp_path):
    lines = zones_csv().splitlines()
    text = "\n".join(
        [lines[0] + ",population_2030", *(line + ',"1,007"' for line in lines[1:])]
    )
    area, _ = read_zones(tmp_path, text)
    assert area is not None
    assert area.zones["population_2030"].tolist() == [1007] * 4
    _, findings = read_zones(tmp_path, text.replace('"1,007"', "-1"))
    assert only(findings, "number-negative").column == "population_2030"


def test_own_ids_are_only_warned_of(tmp_path):
    area, findings = read_zones(tmp_path, zones_csv(zone_id="Z1"))
    assert only(findings, "zone-id-form").severity is Severity.WARNING
    assert area is None  # S1 names the zone that is now called otherwise
    assert errors(findings) == {"zone-unknown"}


def test_urban_words_and_codes(tmp_path):
    lines = zones_csv().splitlines()
    cells = ("城镇", "乡村", "220", "")
    text = "\n".join(
        [
            lines[0] + ",城乡",
            *(f"{a},{b}" for a, b in zip(lines[1:], cells, strict=True)),
        ]
    )
    area, findings = read_zones(tmp_path, text)
    assert area is not None
    assert area.zones["urban"].tolist() == [True, False, False, False]
    assert only(findings, "urban-from-kind").keys == ("第5行 360121201",)


def test_unknown_county_offers_the_nearest(tmp_path):
    zones = zones_frame()
    zones.loc[0, "county_id"] = "360103"
    area, findings = read_all(write_area(tmp_path, zones__geojson=zones))
    assert area is None
    finding = only(findings, "county-unknown")
    assert (finding.keys, finding.value) == (("360102001",), "360103")


def test_a_county_may_be_named(tmp_path):
    zones = zones_frame()
    zones["county_id"] = ["东湖区", "东湖区", "南昌县", "南昌县"]
    area, findings = read_all(write_area(tmp_path, zones__geojson=zones))
    assert area is not None
    assert area.zones["county_id"].tolist() == ["360102", "360102", "360121", "360121"]
    assert only(findings, "reference-by-name").severity is Severity.NOTE


def test_counties_are_outlined_by_their_zones(tmp_path):
    zones = zones_frame().assign(county_name=["东湖区", "东湖区", "南昌县", "南昌县"])
    path = write_area(
        tmp_path, zones__geojson=zones, brief__toml=brief_with(counties="")
    )
    area = area_of(path)
    assert area.counties["name"].tolist() == ["东湖区", "南昌县"]
    outline = area.counties.geometry.iloc[0]
    assert outline.symmetric_difference(square(0, columns=2)).area < 1e-12


def test_a_layer_in_metres_is_brought_to_degrees(tmp_path):
    expected = area_of(write_area(tmp_path))
    zones = zones_frame().to_crs("EPSG:4527")
    area = area_of(write_area(tmp_path, zones__geojson=zones))
    assert shapely.equals_exact(
        area.zones.geometry.to_numpy(), expected.zones.geometry.to_numpy(), 1e-9
    ).all()


@pytest.mark.parametrize("crs", ["EPSG:4527", ""])
def test_a_layer_that_states_no_system(tmp_path, crs):
    zones_frame().to_crs("EPSG:4527").to_file(tmp_path / "z.shp")
    (tmp_path / "z.prj").unlink()
    path = write_area(tmp_path, brief__toml=brief_with(zones="z.shp", crs=crs))
    area, findings = read_all(path)
    if crs:
        assert area is not None
        difference = area.zones.geometry.iloc[0].symmetric_difference(square(0))
        assert difference.area < 1e-12
        assert only(findings, "crs-not-used").table in ("sites.csv", "counties.geojson")
    else:
        # The eastings begin with 39, so that there is only one system they can be in.
        assert area is not None
        assert "EPSG:4527" in only(findings, "crs-detected").message.en


def test_degrees_without_a_system_are_assumed_and_noted(tmp_path):
    zones_frame().to_file(tmp_path / "z.shp")
    (tmp_path / "z.prj").unlink()
    area, findings = read_all(
        write_area(tmp_path, brief__toml=brief_with(zones="z.shp"))
    )
    assert area is not None
    assert only(findings, "crs-assumed").severity is Severity.NOTE


def test_an_unknown_system_is_an_error(tmp_path):
    _, findings = read_all(write_area(tmp_path, brief__toml=brief_with(crs="EPSG:99")))
    assert only(findings, "crs-unknown").value == "EPSG:99"


def in_metres(text):
    frame = pd.read_csv(io.StringIO(text), dtype=str, keep_default_na=False)
    points = gpd.points_from_xy(frame["lon"].astype(float), frame["lat"].astype(float))
    moved = gpd.GeoSeries(points, crs="EPSG:4490").to_crs("EPSG:4527")
    frame["lon"], frame["lat"] = moved.x.astype(str), moved.y.astype(str)
    return frame


def test_sites_in_metres_of_a_stated_system(tmp_path):
    frame = in_metres(SITES_CSV)
    area, _ = read_sites(tmp_path, frame.to_csv(index=False), crs="EPSG:4527")
    assert area is not None
    assert area.sites["lon"].round(9).tolist() == [115.85, 115.95, 116.05]


def test_sites_from_a_web_map_are_shifted(tmp_path):
    area, findings = read_sites(tmp_path, SITES_CSV, crs="GCJ02")
    assert area is not None
    assert "crs-offset" in codes(findings)
    # About 500 m in Nanchang, to the south-east on the web map.
    shift = 115.85 - area.sites["lon"].iloc[0]
    assert 0.003 < shift < 0.007


def test_crossed_rings_are_repaired_and_reported(tmp_path):
    zones = zones_frame()
    w, s = 115.8, 28.6
    bow = [(w, s), (w + 0.1, s + 0.1), (w + 0.1, s), (w, s + 0.1), (w, s)]
    zones.loc[0, "geometry"] = shapely.Polygon(bow)
    area, findings = read_all(write_area(tmp_path, zones__geojson=zones))
    assert area is not None
    assert area.zones.geometry.is_valid.all()
    finding = only(findings, "geometry-repaired")
    assert finding.keys == ("第1个要素 360102001",)
    assert finding.value.endswith("m²")


def test_empty_and_wrong_shapes_are_errors(tmp_path):
    zones = zones_frame()
    zones.loc[0, "geometry"] = None
    _, findings = read_all(write_area(tmp_path, zones__geojson=zones))
    assert only(findings, "geometry-empty").keys == ("第1个要素 360102001",)
    zones.loc[0, "geometry"] = shapely.LineString([(115.8, 28.6), (115.9, 28.7)])
    _, findings = read_all(write_area(tmp_path, zones__geojson=zones))
    assert "geometry-kind" in codes(findings)


def test_a_ring_that_is_not_closed_is_an_error_of_its_row(tmp_path):
    path = write_area(tmp_path)
    layer = json.loads((tmp_path / "zones.geojson").read_text(encoding="utf-8"))
    layer["features"][1]["geometry"]["coordinates"][0].pop()
    (tmp_path / "zones.geojson").write_text(json.dumps(layer), encoding="utf-8")
    area, findings = read_all(path)
    assert area is None
    assert only(findings, "geometry-empty").keys == ("第2个要素 360102101",)


def test_a_centre_outside_its_zone_is_warned_of(tmp_path):
    zones = zones_frame().assign(lon=[115.95, 115.95, 116.05, 116.15], lat=28.65)
    area, findings = read_all(write_area(tmp_path, zones__geojson=zones))
    assert area is not None
    assert only(findings, "centre-outside-zone").keys == ("第1个要素 360102001",)
    assert area.zones["lon"].tolist() == [115.95, 115.95, 116.05, 116.15]


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("S2,", "S1,", "id-twice"),
        ("existing,360102001", "existing,360102009", "zone-unknown"),
        ("C210", "X99", "class-unknown"),
        ("candidate", "planned", "choice-unknown"),
        ("116.05", "118.05", "site-in-no-zone"),
        ("115.85,28.65", "116.15,28.65", "site-outside-county"),
        ("115.85,28.65", ",28.65", "value-missing"),
        ("115.85,28.65", "0,0", "site-outside-county"),
        ("116.05,28.65", "0,0", "site-in-no-zone"),
        ("116.05,28.65", "-64,-28", "site-in-no-zone"),
    ],
)
def test_a_bad_site_is_an_error(tmp_path, old, new, code):
    area, findings = read_sites(tmp_path, SITES_CSV.replace(old, new, 1))
    assert area is None
    assert errors(findings) == {code}


def test_a_site_just_outside_its_county_is_a_warning(tmp_path):
    area, findings = read_sites(tmp_path, SITES_CSV.replace("115.85,", "116.02,", 1))
    assert area is not None
    finding = only(findings, "site-outside-county")
    assert finding.severity is Severity.WARNING
    assert finding.value == "2.0 km"


def test_a_site_just_outside_every_zone_takes_the_nearest(tmp_path):
    area, findings = read_sites(
        tmp_path, SITES_CSV.replace("116.05,28.65", "116.05,28.59")
    )
    assert area is not None
    assert area.sites.loc["S3", "zone_id"] == "360121101"
    assert only(findings, "zone-nearest").value == "1109 m"


def test_classes_by_name_and_unlisted(tmp_path):
    text = SITES_CSV.replace("C210", "中心卫生院").replace("B100", "d211")
    area, findings = read_sites(tmp_path, text)
    assert area is not None
    assert area.sites["class"].tolist() == ["D211", "C210", ""]
    assert only(findings, "class-unlisted").severity is Severity.WARNING
    assert only(findings, "class-by-name").severity is Severity.NOTE


def test_optional_columns_and_extra_ones(tmp_path):
    lines = [
        "机构ID,机构名称,经度,纬度,现状,所属乡镇（街道）,services,是否分支机构,备注",
        "S1,甲,115.85,28.65,现有,甲街道,a； b、c;a,是,0791",
        "S2,乙,115.95,28.65,备选,,,,x",
    ]
    more = [
        "等级,公立,实有床位（张）,锁定,救护车,有停车场",
        '三级甲等,是,"1,200",必选,2,是',
        ",,—,,,否",
    ]
    text = "\n".join(f"{a},{b}" for a, b in zip(lines, more, strict=True))
    area, findings = read_sites(tmp_path, text)
    assert area is not None, [f.say("en") for f in findings]
    sites = area.sites
    assert sites["zone_id"].tolist() == ["360102001", "360102101"]
    assert sites["services"].tolist() == [("a", "b", "c", "a"), ()]
    assert sites["branch"].tolist() == [True, False]
    assert sites["locked"].tolist() == ["in", ""]
    assert sites["level"].iloc[0] == 3
    assert sites["public"].tolist() == [True, None]
    assert sites["beds"].iloc[0] == 1200
    assert sites["beds"].isna().tolist() == [False, True]
    assert sites["救护车"].iloc[0] == 2
    assert sites["有停车场"].tolist() == [True, False]
    assert sites["备注"].tolist() == ["0791", "x"]


def test_sites_of_a_layer_lie_where_their_shapes_are(tmp_path):
    points = gpd.points_from_xy([115.85], [28.65], crs="EPSG:4490")
    frame = {"site_id": ["S1"], "name": ["甲"], "status": ["existing"]}
    layer = gpd.GeoDataFrame(frame | {"services": ["a;b"]}, geometry=points)
    layer.to_crs("EPSG:4548").to_file(tmp_path / "s.gpkg")
    area = area_of(write_area(tmp_path, brief__toml=brief_with(sites="s.gpkg")))
    assert area.sites["lon"].round(9).tolist() == [115.85]
    assert area.sites["services"].tolist() == [("a", "b")]


COSTS = "service,resource,action,capital_wan,yearly_wan,class,site_id\n"


def read_costs(folder, rows):
    brief = brief_with(costs="costs.csv")
    return read_all(write_area(folder, costs__csv=COSTS + rows, brief__toml=brief))


def test_costs_keep_their_order_and_fill_blanks(tmp_path):
    area, _ = read_costs(
        tmp_path, "b,,build,100,,,\na,,build,90,3,C210,S2\n,beds,add,5,,,"
    )
    assert area is not None
    assert area.costs is not None
    assert area.costs["service"].tolist() == ["b", "a", ""]
    assert area.costs["resource"].tolist() == ["", "", "beds"]
    assert area.costs["yearly_wan"].tolist() == [0, 3, 0]
    assert area.costs["source"].tolist() == ["", "", ""]


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        ("a,beds,build,1,,,", "cost-of-what"),
        (",,build,1,,,", "cost-of-what"),
        ("a,,build,-1,,,", "number-negative"),
        ("a,,build,1,-1,,", "number-negative"),
        ("a,,build,,,,", "value-missing"),
        ("a,,rent,1,,,", "choice-unknown"),
        ("a,,build,1,,,S9", "site-unknown"),
        ("a,,build,1,,,\na,,build,2,,,", "cost-twice"),
    ],
)
def test_a_bad_cost_is_an_error(tmp_path, rows, code):
    area, findings = read_costs(tmp_path, rows)
    assert area is None
    assert errors(findings) == {code}


def test_costs_in_yuan_are_converted(tmp_path):
    brief = brief_with(costs="c.csv")
    text = "服务,动作,总投资（元）\na,新建,2500000\n"
    area = area_of(write_area(tmp_path, c__csv=text, brief__toml=brief))
    assert area.costs is not None
    assert area.costs[["action", "capital_wan"]].to_numpy().tolist() == [
        ["build", 250.0]
    ]


def test_a_kind_of_county_that_is_not_known_is_an_error(tmp_path):
    counties = counties_frame().assign(kind=["区", "地级市"])
    _, findings = read_all(write_area(tmp_path, counties__geojson=counties))
    assert only(findings, "choice-unknown").table == "counties.geojson"


def test_nobody_anywhere_is_an_error(tmp_path):
    zones = zones_frame().assign(population=0)
    _, findings = read_all(write_area(tmp_path, zones__geojson=zones))
    assert errors(findings) == {"no-people"}
