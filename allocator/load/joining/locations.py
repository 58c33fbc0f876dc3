"""Tables of locations and of second names, which a register is joined to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from allocator.errors import Text
from allocator.load.coordinates import Around, locate_points
from allocator.load.joining.names import plain_name
from allocator.load.joining.units import codes_of

if TYPE_CHECKING:
    import geopandas as gpd

    from allocator.load.coordinates import Stated
    from allocator.load.frames import Sheet
    from allocator.load.places import Ground

# Columns that hold codes of institutions, in registers and in tables of locations.
CODE_HEADINGS = (
    "site_id",
    "code",
    "机构ID",
    "机构编号",
    "机构代码",
    "机构编码",
    "组织机构代码",
    "统一社会信用代码",
    "org_code",
)


@dataclass(frozen=True)
class Locations:
    """Named places to look sites up in.

    Parameters
    ----------
    table
        Name of the file.
    frame
        In the order of the file: ``key`` (the row as the planner knows it), ``codes``
        (tuple of text), ``name``, ``lon``, ``lat`` (degrees of CGCS2000), ``x``, ``y``
        (metres), ``zone_id`` and ``county_id`` (empty outside every zone).
    """

    table: str
    frame: pd.DataFrame


def read_locations(
    sheet: Sheet, stated: Stated, zones: gpd.GeoDataFrame, ground: Ground
) -> Locations | None:
    """Return the locations of a file; None when they cannot be used.

    Rows without coordinates are left out with a warning.
    """
    remarks = sheet.remarks
    if not sheet.has("name") and not any(codes_of(sheet.frame, CODE_HEADINGS)):
        remarks.error(
            "locations-nameless",
            Text(
                "没有名称列, 也没有机构代码列, 无法关联",
                "there is neither a name nor a code to join by",
            ),
            remedy=Text(
                "增加 name(名称)或 code(机构编号)列", "add a column name or code"
            ),
        )
        return None
    places = locate_points(sheet, stated, Around(ground))
    if remarks.failed():
        return None
    blank = places.isna().any(axis=1)
    if blank.any():
        remarks.warning(
            "location-blank",
            Text("没有坐标的行不能用于关联", "rows without coordinates cannot be used"),
            keys=places.index[blank],
            column="lon, lat",
        )
    frame = sheet.frame[~blank]
    places = places[~blank]
    lon, lat = (places[name].to_numpy(dtype=float) for name in ("lon", "lat"))
    found = ground.find(lon, lat)
    xy = ground.points(lon, lat)
    names = frame["name"] if "name" in frame else pd.Series("", index=frame.index)
    zone_ids = pd.Series(found.zone_ids, dtype=object)
    table = pd.DataFrame(
        {
            "key": frame.index.to_numpy(dtype=object),
            "codes": pd.Series(codes_of(frame, CODE_HEADINGS), dtype=object),
            "name": names.to_numpy(dtype=object),
            "lon": lon,
            "lat": lat,
            "x": [point.x for point in xy],
            "y": [point.y for point in xy],
            "zone_id": zone_ids,
            "county_id": zone_ids.map(zones["county_id"]).fillna(""),
        }
    )
    return Locations(remarks.table, table)


def read_aliases(sheet: Sheet) -> dict[str, tuple[str, ...]]:
    """Return the other names of every plain name, in both directions, sorted.

    A row that gives one name for itself is a finding.
    """
    frame = sheet.frame
    names = [plain_name(name) for name in frame["name"]]
    others = [plain_name(name) for name in frame["alias"]]
    same = np.array([a == b for a, b in zip(names, others, strict=True)], dtype=bool)
    if same.any():
        sheet.remarks.warning(
            "alias-same",
            Text("名称与别名相同", "name and alias are the same"),
            keys=frame.index[same],
            column="alias",
        )
    found: dict[str, set[str]] = {}
    for one, other in zip(names, others, strict=True):
        if one and other and one != other:
            found.setdefault(one, set()).add(other)
            found.setdefault(other, set()).add(one)
    return {name: tuple(sorted(words)) for name, words in sorted(found.items())}
