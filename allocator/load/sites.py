"""Sites: existing facilities and candidates."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

from allocator.errors import Text
from allocator.load.classes import read_classes
from allocator.load.coordinates import Around, locate_points, to_metres
from allocator.load.joining import Joining, name_units, place_sites, read_words
from allocator.load.offset_evidence import check_sites_offset
from allocator.load.references import follow

if TYPE_CHECKING:
    import geopandas as gpd

    from allocator.load.coordinates import Stated
    from allocator.load.frames import Sheet
    from allocator.load.places import Ground
    from allocator.load.remarks import Remarks

SITE_COLUMNS = [
    "name",
    "lon",
    "lat",
    "status",
    "zone_id",
    "county_id",
    "class",
    "services",
    "branch",
    "locked",
    "capacity_people",
]
FAR_OUTSIDE_KM = 5.0
METRES_OF_ONE_KM = 1000.0


def build_sites(
    sheet: Sheet,
    stated: Stated,
    zones: gpd.GeoDataFrame | None,
    counties: gpd.GeoDataFrame | None,
    ground: Ground | None,
    *,
    joining: Joining | None = None,
) -> tuple[pd.DataFrame, pd.DataFrame] | None:
    """Return the sites of a planning area; None when they cannot be used.

    Parameters
    ----------
    sheet
        The sites file.
    stated
        What the brief says of files that state no coordinate system.
    zones, counties, ground
        None when they could not be read: everything else is then still checked.
    joining
        What rows without coordinates are joined to; None: to their zones only.

    Returns
    -------
    sites, joins
        As in `allocator.area.PlanningArea`.
    """
    remarks = sheet.remarks
    sheet = _with_coordinates(sheet)
    _check_half(sheet)
    frame = sheet.frame.drop(columns="geometry", errors="ignore")
    frame["class"] = read_classes(_text(frame, "class"), remarks)
    frame["services"] = _column(frame, "services", ())
    frame["branch"] = _column(frame, "branch", fill=False).isin([True])
    frame["locked"] = _text(frame, "locked")
    frame["capacity_people"] = _column(frame, "capacity_people", np.nan).astype(float)
    _check_levels(frame, remarks)
    if zones is None or counties is None or ground is None:
        locate_points(sheet, stated)
        return None
    joining = joining or Joining()
    words = read_words(frame, name_units(zones, counties), joining, remarks)
    words = words.with_zones(_follow_zones(frame, words.zone_ids, zones, remarks))
    places = locate_points(sheet, stated, Around(ground, words.zone_ids))
    placed = place_sites(
        frame,
        places,
        words,
        zones,
        blank=_blank(sheet),
        joining=joining,
        remarks=remarks,
    )
    own_place = places.notna().all(axis=1)
    check_sites_offset(
        places[own_place], placed.evident[own_place], ground, stated, remarks
    )
    frame["zone_id"] = placed.zone_ids
    frame[["lon", "lat"]] = placed.places[["lon", "lat"]]
    _add_basis(frame, placed.places["location_basis"])
    frame["zone_id"] = place_in_zones(
        frame, zones, ground, remarks, code="site-in-no-zone", what=Text("机构", "site")
    )
    if remarks.failed():
        return None
    frame["county_id"] = frame["zone_id"].map(zones["county_id"])
    stated_zone = _text(sheet.frame, "zone_id") != ""
    _check_counties(frame[stated_zone], counties, ground, remarks)
    if remarks.failed():
        return None
    rest = [c for c in frame.columns if c not in (*SITE_COLUMNS, "site_id")]
    frame = frame[["site_id", *SITE_COLUMNS, *rest]].set_index("site_id").sort_index()
    return frame, placed.joins


def _with_coordinates(sheet: Sheet) -> Sheet:
    """Return the sheet with columns ``lon`` and ``lat``, blank where it has none."""
    if sheet.is_layer or sheet.has("lon", "lat"):
        return sheet
    for name, other in (("lon", "lat"), ("lat", "lon")):
        if sheet.has(name):
            sheet.remarks.error(
                "column-missing",
                Text(f"有 {name} 而没有 {other}", f"there is {name} and no {other}"),
                column=other,
                remedy=Text(f"补上 {other} 列", f"add the column {other}"),
            )
    frame = sheet.frame.copy()
    for name in ("lon", "lat"):
        if name not in frame:
            frame[name] = np.nan
    return replace(sheet, frame=frame)


def _blank(sheet: Sheet) -> pd.Series:
    """Tell which rows give no coordinates; every row of a layer has its shape."""
    if sheet.is_layer:
        return pd.Series(data=False, index=sheet.frame.index)
    return sheet.frame[["lon", "lat"]].isna().all(axis=1)


def _check_half(sheet: Sheet) -> None:
    """Report rows that have one coordinate of two, unless a finding says why."""
    if sheet.is_layer or any(
        f.code == "column-missing" for f in sheet.remarks.findings
    ):
        return
    blank = sheet.frame[["lon", "lat"]].isna()
    half = blank.any(axis=1) & ~blank.all(axis=1)
    _remark_blank(sheet, half)


def _add_basis(frame: pd.DataFrame, basis: pd.Series) -> None:
    """Say what each place rests on, once any rests on more than the register.

    A register's own words stay where its own coordinates do.
    """
    joined = basis != "given"
    if not joined.any():
        return
    own = frame.get("location_basis", pd.Series("", index=frame.index)).astype(str)
    frame["location_basis"] = basis.mask(~joined & (own != ""), own)


def _text(frame: pd.DataFrame, name: str) -> pd.Series:
    """Return a text column; blank where the planner's table has none."""
    return frame[name] if name in frame else pd.Series("", index=frame.index, dtype=str)


def _column(frame: pd.DataFrame, name: str, fill: object) -> pd.Series:
    """Return a column; all ``fill`` where the planner's table has none."""
    if name in frame:
        return frame[name]
    return pd.Series([fill] * len(frame), index=frame.index)


def check_located(sheet: Sheet) -> None:
    """Report rows without a location, unless a finding already says why."""
    if not sheet.is_layer:
        _remark_blank(sheet, sheet.frame[["lon", "lat"]].isna().any(axis=1))


def _remark_blank(sheet: Sheet, blank: pd.Series) -> None:
    reported = {key for finding in sheet.remarks.findings for key in finding.keys}
    fresh = [key for key in sheet.frame.index[blank] if key not in reported]
    if fresh:
        sheet.remarks.error(
            "value-missing",
            Text("没有经纬度", "no longitude and latitude"),
            keys=fresh,
            column="lon, lat",
            remedy=Text("填写经纬度", "give them"),
        )


def _check_levels(frame: pd.DataFrame, remarks: Remarks) -> None:
    if "level" not in frame:
        return
    wrong = ~frame["level"].isin([1, 2, 3]) & frame["level"].notna()
    if wrong.any():
        remarks.error(
            "level-unknown",
            Text("医院等级应为 1、2 或 3", "a level must be 1, 2 or 3"),
            keys=frame.index[wrong],
            column="level",
            values=[f"{value:g}" for value in frame["level"][wrong]],
            remedy=Text("改正, 未定级则留空", "correct it; leave blank if it has none"),
        )


def place_in_zones(
    frame: pd.DataFrame,
    zones: gpd.GeoDataFrame,
    ground: Ground,
    remarks: Remarks,
    *,
    code: str,
    what: Text,
) -> pd.Series:
    """Return the zone of every row: as stated, else from its location.

    Parameters
    ----------
    frame
        Columns ``lon``, ``lat`` and perhaps ``zone_id``; the index names the rows.
    zones, ground
        The zones, and the same in metres.
    remarks
        Receives the findings.
    code
        Code of the finding for a place that lies in no zone.
    what
        What the rows are, in words.
    """
    stated = _follow_zones(frame, _text(frame, "zone_id"), zones, remarks)
    blank = (_text(frame, "zone_id") == "") & frame[["lon", "lat"]].notna().all(axis=1)
    if not blank.any():
        return stated
    rows = frame[blank]
    found = ground.find(rows["lon"].to_numpy(float), rows["lat"].to_numpy(float))
    ids = pd.Series(found.zone_ids, index=rows.index, dtype=str)
    lost = ids == ""
    near = (found.distance_m > 0) & ~found.by_centre & ~lost
    if lost.any():
        remarks.error(
            code,
            Text(f"{what.zh}不在任何乡镇级单元内", f"{what.en} in no zone"),
            keys=rows.index[lost],
            column="zone_id",
            remedy=Text(
                "检查坐标与坐标系, 或填写 zone_id",
                "check coordinates and their system, or give the zone_id",
            ),
        )
    if near.any():
        remarks.warning(
            "zone-nearest",
            Text(
                "在所有单元之外 2 公里以内, 归入最近的单元",
                "outside every zone by less than 2 km: the nearest is taken",
            ),
            keys=rows.index[near],
            column="zone_id",
            values=[f"{metres:.0f} m" for metres in found.distance_m[near]],
            remedy=Text("检查坐标, 或填写 zone_id", "check it, or give the zone_id"),
        )
    if found.by_centre.any():
        remarks.note(
            "zone-by-centre",
            Text(
                "单元没有图形, 归入中心最近的单元",
                "the zone with the nearest centre is taken",
            ),
            keys=rows.index[found.by_centre],
            column="zone_id",
        )
    return ids.reindex(frame.index).fillna(stated)


def _follow_zones(
    frame: pd.DataFrame,
    zone_ids: pd.Series,
    zones: gpd.GeoDataFrame,
    remarks: Remarks,
) -> pd.Series:
    return follow(
        zone_ids,
        zones["name"],
        column="zone_id",
        code="zone-unknown",
        unit=Text("乡镇级单元", "zone"),
        remarks=remarks,
        labels=frame.get("name"),
    )


def _check_counties(
    frame: pd.DataFrame, counties: gpd.GeoDataFrame, ground: Ground, remarks: Remarks
) -> None:
    """Report sites that lie outside the county of the zone they state."""
    if frame.empty:
        return
    shapes = to_metres(counties.geometry.to_numpy(), ground.crs)
    own = shapes[counties.index.get_indexer(frame["county_id"])]
    points = ground.points(frame["lon"].to_numpy(float), frame["lat"].to_numpy(float))
    shapely.prepare(shapes)
    with np.errstate(invalid="ignore"):
        distance_km = shapely.distance(points, own) / METRES_OF_ONE_KM
    # Half a world away there is no distance in metres of this projection.
    distance_km = np.where(
        shapely.is_missing(own), 0, np.nan_to_num(distance_km, nan=np.inf)
    )
    for wrong, add in (
        (distance_km > FAR_OUTSIDE_KM, remarks.error),
        ((distance_km > 0) & (distance_km <= FAR_OUTSIDE_KM), remarks.warning),
    ):
        if wrong.any():
            add(
                "site-outside-county",
                Text("位置在所属县区之外", "lies outside the county it belongs to"),
                keys=frame.index[wrong],
                column="lon, lat",
                values=[f"{km:.1f} km" for km in distance_km[wrong]],
                remedy=Text("检查坐标或 zone_id", "check the coordinates or zone_id"),
            )
