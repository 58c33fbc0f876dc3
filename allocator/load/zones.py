"""Zones and counties: tables and layers to frames of the planning area."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from allocator.area import GEOGRAPHIC_CRS
from allocator.errors import Text
from allocator.load.ages import check_ages
from allocator.load.coordinates import locate_points
from allocator.load.parts import join_parts
from allocator.load.references import follow
from allocator.load.shapes import POINT, read_polygons

if TYPE_CHECKING:
    from allocator.load.coordinates import Shapes, Stated
    from allocator.load.frames import Sheet
    from allocator.load.remarks import Remarks
    from allocator.load.repairs import Limits, Repairs

COUNTY_NAME_HEADINGS = ("county_name", "county", "县区名称", "区县名称", "县区", "区县")
ZONE_COLUMNS = ["name", "county_id", "kind", "population", "urban", "lon", "lat"]


def build_zones(
    sheet: Sheet, stated: Stated, limits: Limits, repairs: Repairs
) -> gpd.GeoDataFrame | None:
    """Return the zones of a planning area; None when they cannot be used.

    See `allocator.area.PlanningArea` for the columns. The county ids are not yet
    checked. Where the table may leave out the population, ``population`` is float and
    NaN where it is not given; else it is int.
    """
    remarks = sheet.remarks
    polygons = read_polygons(sheet, stated, limits, repairs)
    sheet, polygons = join_parts(sheet, "zone_id", polygons)
    frame = sheet.frame.drop(columns="geometry", errors="ignore")
    places = _centres(sheet, polygons, stated)
    if places is None:
        return None
    frame[["lon", "lat"]] = places
    _check_ids(frame["zone_id"], remarks)
    if "population" not in frame:
        frame["population"] = np.nan
    _check_people(frame["population"], remarks)
    check_ages(frame, remarks)
    frame["urban"] = _urban(frame, remarks)
    if remarks.failed():
        return None
    if frame["population"].notna().all():
        frame["population"] = frame["population"].astype("int64")
    rest = [c for c in frame.columns if c not in (*ZONE_COLUMNS, "zone_id")]
    frame = frame[["zone_id", *ZONE_COLUMNS, *rest]]
    zones = gpd.GeoDataFrame(frame, geometry=polygons, crs=GEOGRAPHIC_CRS)
    return zones.set_index("zone_id").sort_index()


def _centres(sheet: Sheet, polygons: Shapes, stated: Stated) -> pd.DataFrame | None:
    """Return a point inside every zone: as given, else of its shape."""
    remarks, index = sheet.remarks, sheet.frame.index
    given = sheet.has("lon", "lat")
    if not sheet.is_layer:
        if not given:
            remarks.error(
                "location-missing",
                Text("表格没有经纬度列, 也没有图形", "no lon and lat, and no shapes"),
                remedy=Text(
                    "增加 lon、lat 列, 或改用面图层", "add lon and lat, or give a layer"
                ),
            )
            return None
        places = locate_points(sheet, stated)
        _check_blank(places, sheet)
        return places
    points = shapely.point_on_surface(polygons)
    lon, lat = shapely.get_x(points), shapely.get_y(points)
    places = pd.DataFrame({"lon": lon, "lat": lat}, index=index)
    places = places.fillna(_point_places(sheet, stated, np.isnan(lon)))
    if given:
        table = type(sheet)(remarks, sheet.frame, sheet.crs)
        written = locate_points(table, stated)
        _check_inside(written, polygons, remarks)
        places = written.fillna(places)
    empty = places["lon"].isna()
    if empty.any() and not remarks.failed():
        remarks.error(
            "geometry-empty",
            Text(
                "图形为空, 也没有经纬度", "the shape is empty and there is no lon, lat"
            ),
            keys=index[empty],
            column="geometry",
            remedy=Text("补上图形或 lon、lat", "draw the shape, or give lon and lat"),
        )
    return places


def _point_places(sheet: Sheet, stated: Stated, wanted: np.ndarray) -> pd.DataFrame:
    """Return the location of the shapes that are points, NaN for all others."""
    index = sheet.frame.index
    places = pd.DataFrame({"lon": np.nan, "lat": np.nan}, index=index)
    shapes = np.asarray(sheet.frame["geometry"], dtype=object)
    points = wanted & (shapely.get_type_id(shapes) == POINT) & ~shapely.is_empty(shapes)
    if points.any():
        # Findings on these shapes were made when the polygons were read.
        quiet = type(sheet.remarks)(sheet.remarks.table)
        part = type(sheet)(
            quiet, sheet.frame[points], sheet.crs, sheet.by_standard, is_layer=True
        )
        places.loc[points] = locate_points(part, stated)
    return places


def _check_blank(places: pd.DataFrame, sheet: Sheet) -> None:
    blank = sheet.frame[["lon", "lat"]].isna().any(axis=1)
    if blank.any():
        sheet.remarks.error(
            "value-missing",
            Text("没有经纬度", "no longitude and latitude"),
            keys=places.index[blank],
            column="lon, lat",
            remedy=Text("填写经纬度", "give them"),
        )


def _check_inside(written: pd.DataFrame, polygons: Shapes, remarks: Remarks) -> None:
    points = shapely.points(written["lon"].fillna(0), written["lat"].fillna(0))
    outside = ~shapely.intersects(polygons, points) & ~shapely.is_missing(polygons)
    outside &= written["lon"].notna().to_numpy()
    if outside.any():
        remarks.warning(
            "centre-outside-zone",
            Text(
                "lon、lat 不在本单元的图形内", "lon, lat lie outside the zone's shape"
            ),
            keys=written.index[outside],
            column="lon, lat",
            remedy=Text("检查坐标", "check the coordinates"),
        )


def _check_ids(ids: pd.Series, remarks: Remarks) -> None:
    odd = ~ids.str.fullmatch(r"\d{9}|\d{12}") & (ids != "")
    if odd.any():
        remarks.warning(
            "zone-id-form",
            Text("代码不是 9 位或 12 位数字", "not a code of 9 or 12 digits"),
            keys=ids.index[odd],
            column="zone_id",
            remedy=Text(
                "自编代码可忽略本提示", "ignore this if the codes are your own"
            ),
        )


def _check_people(people: pd.Series, remarks: Remarks) -> None:
    if people.notna().all() and not people.sum():
        remarks.error(
            "no-people",
            Text("所有单元的人口都是 0", "no zone has any people"),
            column="population",
            remedy=Text("检查人口列", "check the population column"),
        )


def _urban(frame: pd.DataFrame, remarks: Remarks) -> pd.Series:
    derived = frame["kind"] == "街道"
    given = frame.get("urban")
    if given is not None and not given.isna().any():
        return given.astype(bool)
    blank = frame.index if given is None else frame.index[given.isna()]
    remarks.note(
        "urban-from-kind",
        Text(
            "城乡未填: 街道按城镇, 其余按乡村",
            "urban not given: 街道 are taken as urban",
        ),
        keys=() if given is None else blank,
        column="urban",
    )
    if given is None:
        return derived
    return given.isin([True]) | (given.isna() & derived)


def build_counties(
    sheet: Sheet, stated: Stated, limits: Limits, repairs: Repairs
) -> gpd.GeoDataFrame | None:
    """Return the counties of a counties file; None when they cannot be used."""
    polygons = read_polygons(sheet, stated, limits, repairs)
    sheet, polygons = join_parts(sheet, "county_id", polygons)
    if sheet.remarks.failed():
        return None
    frame = sheet.frame.drop(columns="geometry", errors="ignore")
    kind = frame.get("kind", pd.Series("", index=frame.index))
    unknown = kind == ""
    if unknown.any():
        sheet.remarks.note(
            "county-kind-assumed",
            Text("类型未填, 按 other 读取", "kind not given: taken as other"),
            keys=frame.index[unknown],
            column="kind",
        )
    frame["kind"] = kind.mask(unknown, "other")
    rest = [c for c in frame.columns if c not in ("county_id", "name", "kind")]
    frame = frame[["county_id", "name", "kind", *rest]]
    counties = gpd.GeoDataFrame(frame, geometry=polygons, crs=GEOGRAPHIC_CRS)
    return counties.set_index("county_id").sort_index()


def counties_of_zones(zones: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the counties that the zones name, where there is no counties file."""
    ids = pd.Index(sorted(zones["county_id"].unique()), name="county_id")
    names = pd.Series(ids, index=ids)
    heading = next((h for h in COUNTY_NAME_HEADINGS if h in zones.columns), None)
    if heading is not None:
        written = zones.groupby("county_id")[heading].first().astype(str)
        names = written.where(written != "", names)
    counties = gpd.GeoDataFrame(
        {"name": names, "kind": "other"},
        geometry=np.full(len(ids), None, dtype=object),
        index=ids,
        crs=GEOGRAPHIC_CRS,
    )
    return with_outlines(counties, zones)


def with_outlines(
    counties: gpd.GeoDataFrame, zones: gpd.GeoDataFrame
) -> gpd.GeoDataFrame:
    """Return the counties, those without a shape outlined by their zones' shapes.

    A county of which any zone has no shape stays without: part of it would mislead.
    """
    shapes = np.asarray(counties.geometry.to_numpy(), dtype=object).copy()
    own = zones.groupby("county_id").indices
    polygons = np.asarray(zones.geometry.to_numpy(), dtype=object)
    for position, county in enumerate(counties.index):
        if shapes[position] is not None or county not in own:
            continue
        parts = polygons[own[county]]
        if not shapely.is_missing(parts).any():
            shapes[position] = shapely.union_all(parts)
    return counties.set_geometry(gpd.GeoSeries(shapes, counties.index, GEOGRAPHIC_CRS))


def link_zones(
    zones: gpd.GeoDataFrame, counties: gpd.GeoDataFrame, remarks: Remarks
) -> gpd.GeoDataFrame:
    """Return the zones with every county id checked against the counties file."""
    linked = follow(
        zones["county_id"],
        counties["name"],
        column="county_id",
        code="county-unknown",
        unit=Text("县区", "county"),
        remarks=remarks,
        counties=True,
    )
    empty = ~counties.index.isin(linked)
    if empty.any():
        remarks.warning(
            "county-empty",
            Text("这些县区没有乡镇级单元", "these counties have no zones"),
            keys=counties.index[empty],
        )
    return zones.assign(county_id=linked)
