"""What a brief says of the coordinate system of a file."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import pyproj
from pyproj.exceptions import CRSError

from allocator.errors import Text

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from allocator.load.brief import Brief
    from allocator.load.places import Ground
    from allocator.load.remarks import Remarks

# Names that planners write, beside EPSG codes and what PROJ knows.
OFFSET_NAMES: dict[str, Literal["GCJ-02", "BD-09"]] = {
    "GCJ02": "GCJ-02",
    "GCJ": "GCJ-02",
    "火星坐标": "GCJ-02",
    "火星坐标系": "GCJ-02",
    "高德": "GCJ-02",
    "腾讯": "GCJ-02",
    "BD09": "BD-09",
    "BD09LL": "BD-09",
    "百度": "BD-09",
}
CRS_NAMES = {
    "CGCS2000": "EPSG:4490",
    "国家2000": "EPSG:4490",
    "天地图": "EPSG:4490",
    "WGS84": "EPSG:4326",
}


@dataclass(frozen=True)
class Stated:
    """What the brief says of a file's coordinate system.

    Parameters
    ----------
    crs
        The coordinate system; None where the brief states none.
    offset
        Set when it is a web map's system instead.
    text
        As written in the brief.
    layer
        The key of the file under ``[crs]``, ``sites`` say.
    explicit
        Whether ``[crs]`` states it for this very file: it then wins over what the
        file itself says. ``[area] crs`` is only for files that say nothing.
    """

    crs: pyproj.CRS | None = None
    offset: Literal["", "GCJ-02", "BD-09"] = ""
    text: str = ""
    layer: str = ""
    explicit: bool = False

    @property
    def is_projected(self) -> bool:
        """Whether coordinates are in metres."""
        return self.crs is not None and self.crs.is_projected


@dataclass(frozen=True)
class Around:
    """What is known of the area that places should lie in.

    Parameters
    ----------
    ground
        The zones; None where they could not be read, or are being read.
    zone_ids
        The zone that each row states, empty where it states none.
    """

    ground: Ground | None = None
    zone_ids: pd.Series | None = None

    def of(self, owner: NDArray[np.int64]) -> Around:
        """Return the same for coordinates, given the row of each."""
        if self.zone_ids is None:
            return self
        return replace(self, zone_ids=self.zone_ids.iloc[owner])


NOWHERE = Around()


def read_crs(text: str | None, remarks: Remarks, *, column: str = "area.crs") -> Stated:
    """Understand a coordinate system of the brief; an unknown one is a finding."""
    if text is None:
        return Stated()
    plain = re.sub(r"[\s_-]", "", text).upper()
    if plain in OFFSET_NAMES:
        return Stated(offset=OFFSET_NAMES[plain], text=text)
    try:
        crs = pyproj.CRS.from_user_input(CRS_NAMES.get(plain, text))
        if crs.is_projected or crs.is_geographic:
            return Stated(crs, text=text)
    except CRSError:
        pass
    remarks.error(
        "crs-unknown",
        Text("不认识的坐标系", "the coordinate system is not known"),
        column=column,
        values=[text],
        remedy=Text(
            "写 EPSG:4490、EPSG:4527 一类代码, 或 GCJ-02、BD-09",
            "write a code such as EPSG:4490 or EPSG:4527, or GCJ-02, BD-09",
        ),
    )
    return Stated()


def read_statements(brief: Brief, remarks: Remarks) -> dict[str, Stated]:
    """Return what a brief says of each file's coordinate system, by key of ``[crs]``.

    What ``[crs]`` does not name follows ``[area] crs``. Unknown systems are findings.
    """
    default = read_crs(brief.area.crs, remarks)
    stated = {}
    for layer, text in dict(brief.crs).items():
        if text is None:
            stated[layer] = replace(default, layer=layer)
        else:
            own = read_crs(text, remarks, column=f"crs.{layer}")
            stated[layer] = replace(own, layer=layer, explicit=bool(own.text))
    return stated
