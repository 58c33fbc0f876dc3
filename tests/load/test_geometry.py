"""Shapes as they come: what is repaired, by how much, and what is refused."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import pytest
import shapely

from allocator.errors import Severity
from allocator.load.remarks import Remarks
from allocator.load.repairs import Limits, Repairs
from allocator.load.settling import settle_zones
from allocator.load.shapes import mended
from tests.load.small_area import (
    SIDE,
    SOUTH,
    WEST,
    area_of,
    brief_with,
    codes,
    counties_frame,
    only,
    read_all,
    square,
    write_area,
    zones_frame,
)

GEOD = pyproj.Geod(ellps="GRS80")
M = 1e-5  # degrees, about a metre: 0.98 m of longitude, 1.11 m of latitude


def m2(shape):
    """Return the area between lines that are straight in degrees, square metres."""
    return abs(GEOD.geometry_area_perimeter(shapely.segmentize(shape, 0.001))[0])


def same(one, other):
    """Whether two shapes differ by less than half a square metre."""
    return m2(one.symmetric_difference(other)) < 0.5


def zones_with(**shapes):
    """Return the small area's zones with other shapes: ``z0`` is the first zone."""
    frame = zones_frame()
    new = [shapes.get(f"z{i}", shape) for i, shape in enumerate(frame.geometry)]
    return frame.set_geometry(gpd.GeoSeries(new, crs="EPSG:4490"))


def read(tmp_path, zones, **area):
    brief = brief_with(**area)
    return read_all(write_area(tmp_path, zones__geojson=zones, brief__toml=brief))


def box(west, south, east, north):
    """Return a box in hundredths of the side of a zone, from its corner."""
    unit = SIDE / 100
    return shapely.box(
        WEST + west * unit,
        SOUTH + south * unit,
        WEST + east * unit,
        SOUTH + north * unit,
    )


def with_limits(tmp_path, zones, *lines):
    text = brief_with(counties="").replace(
        "\n[policy]", "\n" + "\n".join(lines) + "\n[policy]", 1
    )
    return read_all(write_area(tmp_path, zones__geojson=zones, brief__toml=text))


def errors(findings):
    return {f.code for f in findings if f.severity is Severity.ERROR}


def test_clean_zones_keep_their_shapes_to_the_last_digit(tmp_path):
    area, findings = read(tmp_path, zones_frame())
    assert area is not None
    assert area.repairs is not None
    assert area.repairs.empty
    written = gpd.read_file(tmp_path / "zones.geojson").geometry.to_numpy()
    assert shapely.equals_identical(area.zones.geometry.to_numpy(), written).all()
    assert "geometry" not in {f.column for f in findings}


def test_heights_are_dropped(tmp_path):
    zones = zones_frame()
    zones = zones.set_geometry(shapely.force_3d(zones.geometry.to_numpy(), 55.0))
    area, _ = read(tmp_path, zones.set_crs("EPSG:4490", allow_override=True))
    assert area is not None
    assert not shapely.has_z(area.zones.geometry.to_numpy()).any()


def test_a_spike_is_removed_without_a_change_of_area(tmp_path):
    corners = list(square(3).exterior.coords)
    corners[1:1] = [(corners[0][0] + 0.2, corners[0][1]), corners[0]]
    spike = shapely.Polygon(corners)
    assert not spike.is_valid
    area, findings = read(tmp_path, zones_with(z3=spike))
    assert area is not None
    finding = only(findings, "geometry-repaired")
    assert finding.severity is Severity.NOTE
    assert same(area.zones.geometry.iloc[3], square(3))


def test_repeated_points_need_no_word(tmp_path):
    corners = list(square(3).exterior.coords)
    corners[2:2] = [corners[2]] * 3
    area, findings = read(tmp_path, zones_with(z3=shapely.Polygon(corners)))
    assert area is not None
    assert "geometry-repaired" not in codes(findings)


def test_a_crossed_ring_is_reported_in_square_metres_and_people(tmp_path):
    # At its upper left corner two points of the fourth zone are swapped.
    west, south = WEST + 3 * SIDE, SOUTH
    e, n = west + SIDE, south + SIDE
    ring = [
        (west, south),
        (e, south),
        (e, n),
        (west + 0.06, n),
        (west + 0.01, n + 0.04),
    ]
    ring += [(west + 0.06, n + 0.04), (west + 0.01, n), (west, n)]
    bow = shapely.Polygon(ring)
    assert not bow.is_valid
    area, findings = read(tmp_path, zones_with(z3=bow), counties="")
    assert area is not None
    finding = only(findings, "geometry-repaired")
    repaired = area.zones.geometry.iloc[3]
    change = m2(repaired) - m2(bow)
    people = round(200 * change / m2(repaired))
    assert change > 1000
    assert people > 2
    assert finding.value.startswith(f"≈{people} 人, ")
    row = area.repairs.iloc[0]
    assert (row["code"], row["zone_id"]) == ("geometry-repaired", "360121201")
    assert row["m2"] == pytest.approx(change, rel=1e-5)
    assert row["people"] == people


def test_a_ring_that_circles_a_third_twice_is_refused(tmp_path):
    outer = [(0, 0), (100, 0), (100, 100), (0, 100), (0, 0)]
    inner = [(20, 20), (80, 20), (80, 80), (20, 80), (20, 20), (0, 0)]
    ring = [(WEST + x * 1e-3, SOUTH + y * 1e-3) for x, y in outer + inner]
    zones = zones_with(z0=shapely.Polygon(ring))
    area, findings = read(tmp_path, zones)
    assert area is None
    assert only(findings, "geometry-unclear").keys == ("第1个要素 360102001",)
    area, findings = with_limits(tmp_path, zones, "most_repair_share = 1")
    assert area is not None


# --- Several rows ---------------------------------------------------------------------


def rows_of(*changes):
    """Return the four zones and copies of the last with other columns or shapes."""
    frame = zones_frame()
    extra = [frame.iloc[[3]].assign(**change) for change in changes]
    return gpd.GeoDataFrame(pd.concat([frame, *extra], ignore_index=True))


def test_rows_of_one_zone_are_joined_as_its_parts(tmp_path):
    island = box(420, 10, 440, 30)
    zones = rows_of({"geometry": [island]})
    area, findings = read(tmp_path, zones, counties="")
    assert area is not None
    assert only(findings, "parts-joined").keys == ("第4个要素 360121201",)
    assert same(area.zones.geometry.iloc[3], square(3).union(island))
    assert area.zones["population"].tolist() == [1000, 500, 300, 200]
    assert area.people == 2000


def test_the_same_row_twice_is_used_once(tmp_path):
    area, findings = read(tmp_path, rows_of({"name": ["丁乡"]}))
    assert area is not None
    assert only(findings, "row-repeated").severity is Severity.WARNING
    assert area.people == 2000


@pytest.mark.parametrize(
    ("column", "value"), [("population", 77), ("name", "戊乡"), ("county_id", "360102")]
)
def test_rows_of_one_zone_that_contradict_are_refused(tmp_path, column, value):
    zones = rows_of({"geometry": [box(420, 10, 440, 30)], column: [value]})
    area, findings = read(tmp_path, zones)
    assert area is None
    finding = only(findings, "id-twice")
    assert finding.column == column
    assert finding.keys == ("第4个要素 360121201", "第5个要素 360121201")


def test_rows_of_a_table_are_never_joined(tmp_path):
    lines = ["zone_id,name,county_id,kind,population,lon,lat"]
    lines += ["360102001,甲街道,360102,街道,1000,115.85,28.65"] * 2
    path = write_area(
        tmp_path,
        zones__csv="\n".join(lines),
        brief__toml=brief_with(zones="zones.csv", counties=""),
    )
    assert "id-twice" in errors(read_all(path)[1])


def test_rows_of_one_county_are_joined(tmp_path):
    parts = gpd.GeoDataFrame(
        {
            "county_id": ["360102", "360102", "360121"],
            "name": ["东湖区", "东湖区", "南昌县"],
            "kind": ["区", "区", "县"],
        },
        geometry=[square(0), square(1), square(2, columns=2)],
        crs="EPSG:4490",
    )
    area = area_of(write_area(tmp_path, counties__geojson=parts))
    assert same(area.counties.geometry.iloc[0], square(0, columns=2))


# --- Overlaps -------------------------------------------------------------------------


def test_a_small_overlap_goes_to_the_longer_border(tmp_path):
    # A tooth of the second zone reaches into the first: the first surrounds it.
    tooth = box(99, 40, 100, 50)
    zones = zones_with(z1=square(1).union(tooth))
    area, findings = read(tmp_path, zones)
    assert area is not None
    finding = only(findings, "overlap-given")
    assert finding.keys == ("360102001 甲街道 / 360102101 乙镇",)
    row = area.repairs.iloc[0]
    assert row["m2"] == pytest.approx(m2(tooth), rel=1e-3)
    assert row["people"] == round(500 * m2(tooth) / m2(square(1).union(tooth)))
    assert bool(row["changed"])
    first, second = area.zones.geometry.iloc[:2]
    assert m2(first) == pytest.approx(m2(square(0)), rel=1e-9)
    assert m2(second) == pytest.approx(m2(square(1)), rel=1e-6)
    assert area.people == 2000


def test_an_even_overlap_goes_to_the_lower_id(tmp_path):
    wide = box(0, 0, 100.4, 100)
    area, findings = read(tmp_path, zones_with(z0=wide), counties="")
    assert area is not None
    assert only(findings, "overlap-given").severity is Severity.WARNING
    first, second = area.zones.geometry.iloc[:2]
    assert m2(first) == pytest.approx(m2(wide), rel=1e-6)
    assert m2(first.intersection(second)) < 1


@pytest.mark.parametrize(("limit", "refused"), [("0.01", True), ("0.03", False)])
def test_an_overlap_above_the_limit_is_refused(tmp_path, limit, refused):
    zones = zones_with(z0=box(0, 0, 102, 100))
    area, findings = with_limits(tmp_path, zones, f"most_overlap_share = {limit}")
    assert (area is None) is refused
    assert ("zones-overlap" in errors(findings)) is refused
    if refused:
        assert "2.0%" in only(findings, "zones-overlap").message.en


def test_one_shape_for_two_zones_is_refused_whatever_the_limit(tmp_path):
    zones = zones_with(z1=square(0))
    area, findings = with_limits(tmp_path, zones, "most_overlap_share = 1")
    assert area is None
    assert errors(findings) == {"zones-identical"}


def test_an_enclosed_zone_keeps_its_land_where_the_limit_allows_it(tmp_path):
    inner = box(120, 20, 140, 40)
    zones = zones_with(z0=inner)
    zones = zones.assign(population=[1000, 500, 300, 200])
    _, findings = read(tmp_path, zones, counties="")
    assert "zones-overlap" in errors(findings)
    area, findings = with_limits(tmp_path, zones, "most_overlap_share = 1")
    # The site of the first zone now lies far outside it, which is another finding.
    shapes = None if area is None else area.zones.geometry
    assert shapes is not None, [f.say("en") for f in findings]
    assert m2(shapes.iloc[0]) == pytest.approx(m2(inner), rel=1e-6)
    assert len(shapes.iloc[1].interiors) == 1


def test_three_zones_on_one_spot_leave_no_overlap(tmp_path):
    shared = box(99.5, 99.5, 100.5, 100)
    third = shapely.union(box(90, 100, 110, 120), shared)
    zones = zones_with(z0=square(0).union(shared), z1=square(1).union(shared), z3=third)
    area, findings = read(tmp_path, zones, counties="")
    assert area is not None, [f.say("en") for f in findings]
    shapes = area.zones.geometry.to_numpy()
    for i in range(4):
        for j in range(i):
            # A square degree is about 1.1e10 square metres here.
            assert shapes[i].intersection(shapes[j]).area * 1.1e10 < 1
    whole = shapely.union_all(zones.geometry.to_numpy())
    assert sum(map(m2, shapes)) == pytest.approx(m2(whole), rel=1e-7)


# --- Gaps and slivers -----------------------------------------------------------------


def test_a_slit_between_zones_is_filled(tmp_path):
    narrow = shapely.box(WEST, SOUTH, WEST + SIDE - 10 * M, SOUTH + SIDE)
    area, findings = read(tmp_path, zones_with(z0=narrow))
    assert area is not None
    assert only(findings, "gap-filled").keys == ("360102001 甲街道",)
    slit = m2(square(0)) - m2(narrow)
    assert area.repairs["m2"].iloc[0] == pytest.approx(slit, rel=0.01)
    assert m2(area.zones.geometry.iloc[0]) == pytest.approx(m2(square(0)), rel=1e-5)


def test_a_wide_slit_is_left(tmp_path):
    narrow = shapely.box(WEST, SOUTH, WEST + SIDE - 100 * M, SOUTH + SIDE)
    area, findings = read(tmp_path, zones_with(z0=narrow))
    assert area is not None
    assert "gap-filled" not in codes(findings)
    assert same(area.zones.geometry.iloc[0], narrow)


def hole(side):
    return shapely.box(
        WEST + SIDE - side * M, SOUTH + 0.05, WEST + SIDE, SOUTH + 0.05 + side * M
    )


def test_a_small_hole_goes_to_the_longest_border_and_a_lake_stays(tmp_path):
    area, findings = read(tmp_path, zones_with(z0=square(0).difference(hole(50))))
    assert area is not None
    finding = only(findings, "gap-filled")
    assert finding.keys == ("360102001 甲街道",)  # three sides of four
    assert area.repairs["m2"].iloc[0] == pytest.approx(m2(hole(50)), rel=1e-3)
    lake = zones_with(z0=square(0).difference(hole(500)))
    area, findings = read(tmp_path, lake)
    assert area is not None
    assert only(findings, "gap-left").severity is Severity.NOTE
    assert not area.repairs["changed"].any()
    assert same(area.zones.geometry.iloc[0], lake.geometry.iloc[0])


def test_limits_of_gaps_may_be_changed(tmp_path):
    lake = zones_with(z0=square(0).difference(hole(500)))
    area, findings = with_limits(tmp_path, lake, "gap_m2 = 300000")
    assert area is not None
    assert "gap-filled" in codes(findings)
    small = zones_with(z0=square(0).difference(hole(50)))
    _, findings = with_limits(tmp_path, small, "gap_m2 = 0", "gap_width_m = 0")
    assert "gap-left" in codes(findings)


def test_a_thin_detached_strip_goes_to_the_zone_beside_it(tmp_path):
    strip = shapely.box(WEST + SIDE - 5 * M, SOUTH + 0.02, WEST + SIDE, SOUTH + 0.021)
    zones = zones_with(z0=square(0).difference(strip), z2=square(2).union(strip))
    area, findings = read(tmp_path, zones, counties="")
    assert area is not None
    finding = only(findings, "sliver-moved")
    assert finding.keys[0].endswith("/ 360121101 丙镇")
    assert area.zones.geometry.iloc[2].geom_type == "Polygon"


def test_islands_stay(tmp_path):
    island = shapely.box(WEST, SOUTH + 0.2, WEST + 10 * M, SOUTH + 0.2 + 10 * M)
    both = square(0).union(island)
    area, findings = read(tmp_path, zones_with(z0=both), counties="")
    assert area is not None
    assert same(area.zones.geometry.iloc[0], both)
    assert "sliver-moved" not in codes(findings)


# --- Counties -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("out", "severity"),
    [
        (0.5, Severity.NOTE),
        (5.0, Severity.WARNING),
        (60.0, Severity.ERROR),
    ],
)
def test_a_zone_that_sticks_out_of_its_county_is_reported(tmp_path, out, severity):
    counties = counties_frame()
    outlines = [box(out, 0, 200, 100), square(2, columns=2)]
    counties = counties.set_geometry(gpd.GeoSeries(outlines, crs="EPSG:4490"))
    area, findings = read_all(write_area(tmp_path, counties__geojson=counties))
    finding = only(findings, "zone-outside-county")
    assert finding.severity is severity
    assert finding.keys == ("360102001 甲街道 / 360102 东湖区",)
    assert f"≈{round(10 * out)} 人" in finding.value
    assert (area is None) is (severity is Severity.ERROR)


def test_counties_that_overlap_are_warned_of(tmp_path):
    counties = counties_frame()
    outlines = [box(0, 0, 230, 100), square(2, columns=2)]
    counties = counties.set_geometry(gpd.GeoSeries(outlines, crs="EPSG:4490"))
    _, findings = read_all(write_area(tmp_path, counties__geojson=counties))
    assert only(findings, "counties-overlap").severity is Severity.WARNING


def test_a_centre_that_lost_its_land_moves_inside(tmp_path):
    zones = zones_with(z1=square(1).union(box(99, 40, 100, 50)))
    zones = zones.assign(lon=[115.85, 115.8995, 116.05, 116.15], lat=28.645)
    area, _ = read(tmp_path, zones)
    assert area is not None
    point = shapely.Point(area.zones["lon"].iloc[1], area.zones["lat"].iloc[1])
    assert area.zones.geometry.iloc[1].contains(point)


# --- Whatever is drawn ----------------------------------------------------------------


@pytest.mark.parametrize("seed", [20, 46, 505, 587, 602, 653, *range(10)])
def test_stars_thrown_on_one_spot_are_parted_cleanly(seed):
    source = np.random.default_rng(seed)
    stars = []
    for _ in range(5):
        points, corner = source.integers(3, 12), source.uniform(0, 0.03, 2)
        ring = source.uniform(-0.02, 0.02, (points, 2)).round(source.integers(2, 8))
        stars.append(shapely.Polygon(np.array([115.9, 28.6]) + corner + ring))
    shapes = [s for s in mended(np.array(stars, dtype=object)) if not s.is_empty]
    centres = [shape.representative_point() for shape in shapes]
    zones = gpd.GeoDataFrame(
        {
            "name": "",
            "population": 100,
            "lon": [point.x for point in centres],
            "lat": [point.y for point in centres],
        },
        geometry=shapes,
        index=[f"{n}" for n in range(len(shapes))],
        crs="EPSG:4490",
    )
    limits = Limits(1, 1, 1, 10_000, 20)
    parted = settle_zones(zones, limits, Remarks(""), Repairs()).geometry.to_numpy()
    assert shapely.is_valid(parted).all()
    assert not shapely.is_empty(parted).any()
    for i, one in enumerate(parted):
        for other in parted[:i]:
            assert one.intersection(other).area * 1.1e10 < 1
    lost = shapely.union_all(shapes).difference(shapely.union_all(parted))
    assert lost.area * 1.1e10 < 1
