from __future__ import annotations

import pytest

from allocator.errors import Severity
from allocator.load.joining.names import (
    core_of,
    plain_name,
    readings,
    shared_prefixes,
    tell_apart,
    unit_stem,
    without_prefixes,
)
from tests.load.small_area import (
    area_of,
    brief_with,
    codes,
    counties_frame,
    only,
    read_all,
    write_area,
    zones_csv,
    zones_frame,
)

HEAD = "机构编号,机构名称,现状,所属乡镇,类别\n"
POI = "名称,编号,经度,纬度\n"


def read(folder, sites, poi="", *, aliases="", brief="", **area):
    files = {"sites.csv": HEAD + sites}
    if poi:
        files["poi.csv"], area["locations"] = POI + poi, "poi.csv"
    if aliases:
        files["aliases.csv"], area["aliases"] = "name,alias\n" + aliases, "aliases.csv"
    path = write_area(folder, brief__toml=brief_with(brief, **area), **files)
    return read_all(path)


def joins_of(area):
    """Return by site: what it was placed by, how surely, on which basis."""
    assert area is not None
    rows = area.joins[area.joins["joined"] == "place"]
    columns = zip(
        rows["site_id"], rows["by"], rows["confidence"], rows["location_basis"],
        strict=True,
    )  # fmt: skip
    return {site: rest for site, *rest in columns}


# --- Names ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("南昌县向塘镇中心卫生院", "向塘中心卫生院"),
        ("向塘镇卫生院", "向塘乡镇卫生院"),
        ("向塘镇中心卫生院", "江西省南昌市南昌县向塘镇卫生院"),
        ("墩子塘街道办事处社区卫生服务中心", "墩子塘社区服务中心"),
        ("墩子塘街道社区卫生服务站", "墩子塘社区服务站"),
        ("向塘镇　卫生院", "向塘镇卫生院"),
        ("Ａ区医院", "a区医院"),
        ("南昌县中医院", "南昌县中医医院"),
        ("南昌县疾控中心", "南昌县疾病预防控制中心"),
        ("剑霞村卫生所", "剑霞村卫生室"),
        ("向塘镇卫生院（拟建）", "向塘镇卫生院"),
    ],
)
def test_two_ways_of_writing_one_name(one, other):
    prefixes = ("江西省", "南昌市", "南昌县")
    cores = [core_of(without_prefixes(readings(n)[0], prefixes)) for n in (one, other)]
    assert cores[0].text == cores[1].text


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("向塘镇卫生院", "三江镇卫生院"),
        ("向塘镇卫生院", "向塘社区卫生服务中心"),
        ("向塘镇卫生院剑霞分院", "向塘镇卫生院"),
        ("第一医院(东湖院区)", "第一医院"),
        ("南昌县人民医院", "南昌县中医院"),
    ],
)
def test_different_institutions_stay_different(one, other):
    cores = [core_of(readings(n)[0]) for n in (one, other)]
    assert cores[0].text != cores[1].text


def test_a_second_name_in_brackets_is_a_name_of_its_own():
    assert readings("向塘镇卫生院（向塘医院）") == ("向塘镇卫生院", "向塘医院")
    assert readings("第一医院【东湖院区】") == ("第一医院东湖院区",)
    assert readings("[]")


def test_names_are_plain_without_marks_and_width():
    assert plain_name("向塘镇 “中心”卫生院·（１）") == "向塘镇中心卫生院(1)"


def test_a_city_is_what_several_names_begin_with():
    names = ["南昌市第一医院", "南昌市第三医院", "东湖城市医院", "江西省南昌市中医院"]
    assert shared_prefixes(names) == ("南昌市",)
    assert without_prefixes("东湖城市医院", ("南昌市",)) == "东湖城市医院"
    assert without_prefixes("南昌市", ("南昌市",)) == "南昌市"


def test_stems_of_units():
    assert [unit_stem(n) for n in ("向塘镇", "墩子塘街道", "镇", "红旗管理处")] == [
        "向塘",
        "墩子塘",
        "镇",
        "红旗",
    ]


def test_numbers_and_directions_tell_names_apart():
    assert tell_apart("第一", "第二")
    assert tell_apart("塘南", "塘北")
    assert not tell_apart("向塘", "象塘")


# --- Places ---------------------------------------------------------------------------


def test_a_code_beats_every_name(tmp_path):
    area, findings = read(
        tmp_path,
        "G1,乙镇卫生院,现有,,C220\n",
        "丙镇卫生院,g1,115.951,28.651\n乙镇卫生院,G2,115.96,28.66\n",
    )
    assert joins_of(area) == {"G1": ["code", 1.0, "joined_code"]}
    assert area.sites.loc["G1", ["lon", "lat"]].tolist() == [115.951, 28.651]
    assert area.sites.loc["G1", "location_basis"] == "joined_code"
    assert only(findings, "joined").severity is Severity.NOTE


@pytest.mark.parametrize(
    "heading", ["机构编号", "组织机构代码", "统一社会信用代码", "site_id", "org_code"]
)
def test_any_code_of_an_institution_joins(tmp_path, heading):
    own = heading in ("机构编号", "site_id")
    column, value = ("备注", "S1") if own else (heading, "4917A4917A")
    sites = f"site_id,name,status,zone_id,{column}\nS1,某院,现有,,4917A4917A\n"
    poi = f"title,{heading},lon,lat\n别名,{value},115.95,28.65\n"
    path = write_area(
        tmp_path,
        sites__csv=sites,
        poi__csv=poi,
        brief__toml=brief_with(locations="poi.csv"),
    )
    assert joins_of(area_of(path)) == {"S1": ["code", 1.0, "joined_code"]}


def test_codes_of_digits_join_although_they_were_read_as_numbers(tmp_path):
    sites = "site_id,name,status,统一社会信用代码\nS1,甲院,现有,491712345\n"
    poi = "name,统一社会信用代码,lon,lat\n乙院,491712345,115.95,28.65\n"
    path = write_area(
        tmp_path,
        sites__csv=sites,
        poi__csv=poi,
        brief__toml=brief_with(locations="poi.csv"),
    )
    assert joins_of(area_of(path)) == {"S1": ["code", 1.0, "joined_code"]}


@pytest.mark.parametrize(
    ("name", "poi", "by", "confidence"),
    [
        ("丙镇卫生院", "丙镇卫生院", "name", 0.98),
        ("丙镇卫生院", "丙镇 卫生院", "name", 0.98),
        ("丙镇卫生院", "丙镇卫生院(丙镇医院)", "name", 0.98),
        ("丙镇医院", "丙镇卫生院(丙镇医院)", "name", 0.98),
        ("南昌县丙镇中心卫生院", "丙中心卫生院", "short_name", 0.93),
        ("丙镇红旗林场第二卫生院", "丙镇红旗林场卫生院", "", 0.0),
        ("丙镇红旗渠林场卫生院", "丙镇红旗林场卫生院", "similar_name", 0.88),
    ],
)
def test_names_join_by_what_they_share(tmp_path, name, poi, by, confidence):
    area, _ = read(
        tmp_path, f"S1,{name},现有,360121101,C220\n", f"{poi},,116.04,28.66\n"
    )
    found_by, found, basis = joins_of(area)["S1"]
    if by:
        assert (found_by, found) == (by, pytest.approx(confidence, abs=0.01))
        assert basis == "joined_similar" if "similar" in by else "joined_name"
        assert area.sites.loc["S1", "lon"] == 116.04
    else:
        assert basis == "zone_centre"
        assert area.joins["open"].tolist() == ["refused"]


def test_a_name_is_looked_for_in_the_same_county(tmp_path):
    area, _ = read(
        tmp_path,
        "S1,红旗卫生院,现有,360121101,C220\nS2,红旗卫生院,现有,360102101,C220\n",
        "红旗卫生院,,116.04,28.66\n红旗卫生院,,115.96,28.64\n",
    )
    assert area.sites["lon"].to_dict() == {"S1": 116.04, "S2": 115.96}


def test_a_name_without_county_is_less_certain(tmp_path):
    area, _ = read(tmp_path, "S1,红旗卫生院,现有,,C220\n", "红旗卫生院,,116.04,28.66\n")
    assert joins_of(area) == {"S1": ["name", 0.9, "joined_name"]}


def test_the_county_of_a_column_or_of_the_name_counts(tmp_path):
    for column, value, name in (
        ("行政区划代码", "360121", "红旗卫生院"),
        ("县区", "南昌县", "红旗卫生院"),
        ("备注", "", "南昌县红旗卫生院"),
    ):
        sites = f"site_id,name,status,{column}\nS1,{name},现有,{value}\n"
        poi = POI + "红旗卫生院,,116.04,28.66\n红旗卫生院,,115.95,28.64\n"
        path = write_area(
            tmp_path,
            sites__csv=sites,
            poi__csv=poi,
            brief__toml=brief_with(locations="poi.csv"),
        )
        assert area_of(path).sites["lon"].tolist() == [116.04], column


def test_equally_good_candidates_are_listed_and_not_chosen(tmp_path):
    area, findings = read(
        tmp_path,
        "S1,红旗卫生院,现有,360121101,C220\n",
        "红旗卫生院,,116.04,28.66\n红旗卫生院,,116.15,28.64\n红旗卫生院,,116.16,28.6\n",
    )
    # The one in the site's own zone is meant.
    assert area.sites["lon"].tolist() == [116.04]
    area, findings = read(
        tmp_path,
        "S1,红旗卫生院,现有,360121101,C220\n",
        "红旗卫生院,,116.14,28.66\n红旗卫生院,,116.15,28.64\n",
    )
    assert joins_of(area)["S1"][2] == "zone_centre"
    finding = only(findings, "join-ambiguous")
    assert finding.severity is Severity.WARNING
    assert "红旗卫生院 (第2行); 红旗卫生院 (第3行)" in finding.value
    assert area.joins["open"].tolist() == ["ambiguous"]


def test_entries_of_one_name_at_one_place_are_one(tmp_path):
    area, _ = read(
        tmp_path,
        "S1,红旗卫生院,现有,360121101,C220\n",
        "红旗卫生院,,116.04,28.66\n红旗卫生院,,116.0405,28.6605\n",
    )
    assert area.sites["lon"].tolist() == [116.04]


def test_two_sites_for_one_place_are_not_chosen_between(tmp_path):
    area, findings = read(
        tmp_path,
        "S1,红旗卫生院,现有,丙镇,C220\nS2,红旗卫生院,现有,丙镇,C220\n",
        "红旗卫生院,,116.04,28.66\n",
    )
    assert area.sites["location_basis"].tolist() == ["zone_centre"] * 2
    rows = area.joins[area.joins["joined"] == "place"]
    assert rows["open"].tolist() == ["shared", "shared"]
    assert only(findings, "join-ambiguous").keys == ("第2行 S1", "第3行 S2")


def test_an_exact_name_takes_a_place_before_a_shorter_one(tmp_path):
    area, _ = read(
        tmp_path,
        "S1,丙中心卫生院,现有,丙镇,C210\nS2,丙镇卫生院,现有,丙镇,C220\n",
        "丙镇卫生院,,116.04,28.66\n",
    )
    assert joins_of(area)["S2"] == ["name", 0.98, "joined_name"]
    assert joins_of(area)["S1"][2] == "zone_centre"


def test_a_town_is_not_taken_for_a_township_of_the_same_name(tmp_path):
    area, findings = read(
        tmp_path,
        "S1,三江乡卫生院,现有,360121101,C220\n",
        "三江镇卫生院,,116.04,28.66\n",
    )
    assert joins_of(area)["S1"][2] == "zone_centre"
    assert "三江镇卫生院 (第2行) 0.80" in only(findings, "join-refused").value
    area, _ = read(
        tmp_path,
        "S1,三江乡卫生院,现有,360121101,C220\n",
        "三江镇卫生院,,116.04,28.66\n",
        aliases="三江乡卫生院,三江镇卫生院\n",
    )
    assert joins_of(area) == {"S1": ["alias", 0.97, "joined_name"]}


def test_the_confidence_that_a_join_must_have_is_the_planners(tmp_path):
    site, poi = "S1,红旗卫生院,现有,,C220\n", "红旗卫生院,,116.04,28.66\n"
    path = write_area(
        tmp_path,
        sites__csv=HEAD + site,
        poi__csv=POI + poi,
        brief__toml=brief_with(locations="poi.csv").replace(
            'locations = "poi.csv"', 'locations = "poi.csv"\njoin_confidence = 0.95'
        ),
    )
    area, findings = read_all(path)
    assert area is None
    assert only(findings, "site-without-place").keys == ("第2行 S1",)
    assert "红旗卫生院 (第2行) 0.90" in only(findings, "join-refused").value


def test_places_outside_the_area_are_no_candidates_by_name(tmp_path):
    area, _ = read(
        tmp_path, "S1,红旗卫生院,现有,丙镇,C220\n", "红旗卫生院,,120.1,30.2\n"
    )
    assert joins_of(area)["S1"][2] == "zone_centre"


def test_a_web_maps_places_are_shifted_back(tmp_path):
    area, findings = read(
        tmp_path,
        "S1,丙镇卫生院,现有,,C220\n",
        "丙镇卫生院,,116.0450,28.6560\n",
        brief='[crs]\nlocations = "GCJ-02"',
    )
    assert 116.039 < area.sites.loc["S1", "lon"] < 116.041
    assert only(findings, "crs-offset").table == "poi.csv"


def test_a_layer_of_points_is_a_table_of_places(tmp_path):
    import geopandas as gpd  # noqa: PLC0415

    points = gpd.points_from_xy([116.04], [28.66], crs="EPSG:4490")
    gpd.GeoDataFrame({"名称": ["丙镇卫生院"]}, geometry=points).to_file(
        tmp_path / "p.gpkg"
    )
    area, _ = read(tmp_path, "S1,丙镇卫生院,现有,,C220\n", locations="p.gpkg")
    assert area.sites["lon"].tolist() == [116.04]


# --- Zones ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "written",
    ["丙镇", "丙", "南昌县丙镇", "丙 镇", "360121101"],
)
def test_a_zone_may_be_written_in_many_ways(tmp_path, written):
    area, _ = read(tmp_path, f"S1,某院,现有,{written},C220\n")
    assert area.sites.loc["S1", "zone_id"] == "360121101"
    by, _, basis = joins_of(area)["S1"]
    assert basis == "zone_centre"
    assert (by == "zone_code") == written.isdecimal()
    assert area.sites.loc["S1", ["lon", "lat"]].tolist() == pytest.approx(
        [116.05, 28.65]
    )


def test_an_office_means_its_street(tmp_path):
    area, _ = read(tmp_path, "S1,某中心,现有,东湖区甲街道办事处,B100\n")
    assert area.sites.loc["S1", "zone_id"] == "360102001"
    rows = area.joins[area.joins["joined"] == "zone"]
    assert rows[["value", "matched_to", "by", "confidence"]].to_numpy().tolist() == [
        ["东湖区甲街道办事处", "360102001", "zone_name", 0.95]
    ]


def test_the_name_of_a_site_tells_its_zone(tmp_path):
    area, findings = read(tmp_path, "S1,丁乡卫生院,现有,,C220\n")
    assert area.sites.loc["S1", "zone_id"] == "360121201"
    assert joins_of(area) == {"S1": ["name_of_site", 0.9, "zone_centre"]}
    finding = only(findings, "placed-at-zone-centre")
    assert finding.severity is Severity.WARNING
    assert finding.value == "丁乡卫生院 -> 丁乡"


def test_zones_of_one_name_are_told_apart_by_the_county(tmp_path):
    zones = zones_frame()
    zones["name"] = ["甲街道", "丙镇", "丙镇", "丁乡"]
    sites = "site_id,name,status,所属乡镇,县区\nS1,某院,现有,丙镇,南昌县\n"
    path = write_area(tmp_path, zones__geojson=zones, sites__csv=sites)
    assert area_of(path).sites.loc["S1", "zone_id"] == "360121101"
    path = write_area(
        tmp_path, zones__geojson=zones, sites__csv=sites.replace("南昌县", "")
    )
    area, findings = read_all(path)
    assert area is None
    finding = only(findings, "zone-ambiguous")
    assert "360102101, 360121101" in finding.message.en


def test_zones_without_shapes_have_centres_too(tmp_path):
    sites = HEAD + "S1,丙镇卫生院,现有,,C220\n"
    path = write_area(
        tmp_path,
        zones__csv=zones_csv(),
        sites__csv=sites,
        brief__toml=brief_with(zones="zones.csv", counties=""),
    )
    assert area_of(path).sites["lon"].tolist() == pytest.approx([116.05])


def test_zones_by_name_are_known_without_any_missing_place(tmp_path):
    text = (
        "site_id,name,lon,lat,status,所属乡镇\nS1,甲院,116.05,28.65,现有,南昌县丙镇\n"
    )
    area = area_of(write_area(tmp_path, sites__csv=text))
    assert area.sites.loc["S1", "zone_id"] == "360121101"
    assert "location_basis" not in area.sites
    assert area.joins is not None
    assert area.joins["joined"].tolist() == ["zone"]


def test_a_register_with_all_its_places_has_no_joins(tmp_path):
    area = area_of(write_area(tmp_path))
    assert area.joins is None
    assert "location_basis" not in area.sites


def test_own_words_for_a_basis_stay_beside_joined_ones(tmp_path):
    text = (
        "site_id,name,lon,lat,status,zone_id,location_basis\n"
        "S1,甲院,116.05,28.65,existing,,surveyed\n"
        "S2,乙院,116.06,28.65,existing,,\n"
        "S3,丁乡卫生院,,,existing,,\n"
    )
    area = area_of(write_area(tmp_path, sites__csv=text))
    assert area.sites["location_basis"].tolist() == ["surveyed", "given", "zone_centre"]


def test_the_order_of_the_register_does_not_change_what_is_joined(tmp_path):
    rows = [f"S{i},{n}卫生院,现有,丙镇,C220\n" for i, n in enumerate("甲乙丙丁")]
    poi = "".join(f"{n}卫生院,,116.0{i},28.66\n" for i, n in enumerate("丁丙乙甲"))
    one, _ = read(tmp_path, "".join(rows), poi)
    other, _ = read(tmp_path, "".join(reversed(rows)), poi)
    assert one.sites["lon"].to_dict() == other.sites["lon"].to_dict()
    assert joins_of(one) == joins_of(other)


def test_counties_without_names_do_not_hide_zones(tmp_path):
    counties = counties_frame()
    counties["name"] = ["360102", "360121"]
    path = write_area(
        tmp_path,
        counties__geojson=counties,
        sites__csv=HEAD + "S1,丁乡卫生院,现有,,C220\n",
    )
    area, findings = read_all(path)
    assert area is not None
    assert "placed-at-zone-centre" in codes(findings)
