"""Which projection holds coordinates in metres that no file and no brief states.

A projection is taken only where nothing else is possible; else it is asked for, with
the ones that are possible and the line to write.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyproj

from allocator.area import GEOGRAPHIC_CRS
from allocator.errors import Text
from allocator.load.axes import (
    EASTINGS_M,
    NORTHINGS_M,
    SIX_DEGREE_ZONES,
    THREE_DEGREE_ZONES,
    within,
    zone_prefix,
)

if TYPE_CHECKING:
    import pandas as pd

    from allocator.load.axes import Numbers
    from allocator.load.places import Ground
    from allocator.load.remarks import Remarks

# CGCS2000 Gauss-Krüger with the zone's number in the easting (EPSG 4502 ... 4533):
# 3-degree zone 25 is EPSG 4513, 6-degree zone 13 is EPSG 4491. Without it, by central
# meridian: EPSG 4534 is 75 E, in steps of 3 degrees; those of 6-degree zones are the
# same projections and need no codes of their own.
THREE_DEGREE_EPSG, SIX_DEGREE_EPSG = 4488, 4478
MERIDIAN_EPSG = 4509
UTM_EPSG, UTM_ZONES = 32600, (43, 53)
WEB_MERCATOR_EPSG = 3857
# Web Mercator in China, metres.
MERCATOR_X_M, MERCATOR_Y_M = (8_100_000.0, 15_100_000.0), (2_000_000.0, 7_250_000.0)
MOST_SHOWN = 6


@dataclass(frozen=True)
class Candidate:
    """One projection that coordinates may be in.

    Parameters
    ----------
    codes
        EPSG code of each coordinate.
    name
        As it is shown.
    lon, lat
        Degrees of CGCS2000.
    """

    codes: tuple[int, ...]
    name: str
    lon: Numbers
    lat: Numbers

    @property
    def written(self) -> str:
        """How a brief states it; empty when it takes several."""
        return f"EPSG:{self.codes[0]}" if len(self.codes) == 1 else ""


def candidates_of(x: Numbers, y: Numbers) -> list[Candidate]:
    """Return the projections that all coordinates can be in, likely ones first.

    Parameters
    ----------
    x, y
        Easting and northing, metres; NaN where there are none.
    """
    known = np.isfinite(x) & np.isfinite(y)
    if not known.any():
        return []
    northing = within(y[known], NORTHINGS_M).all()
    zones = zone_prefix(x)
    found: list[Candidate] = []
    if northing and (zones[known] > 0).all():
        found.append(_of_zones(x, y, zones))
    if northing and within(x[known], EASTINGS_M).all():
        first, last = THREE_DEGREE_ZONES
        codes = [(MERIDIAN_EPSG + z, f"{3 * z}°E") for z in range(first, last + 1)]
        first, last = UTM_ZONES
        codes += [(UTM_EPSG + z, f"UTM {z}N") for z in range(first, last + 1)]
        found += [_of_one(x, y, code, name) for code, name in codes]
    mercator = within(x[known], MERCATOR_X_M) & within(y[known], MERCATOR_Y_M)
    if mercator.all():
        found.append(_of_one(x, y, WEB_MERCATOR_EPSG, "Web Mercator"))
    return found


def _of_one(x: Numbers, y: Numbers, code: int, name: str) -> Candidate:
    lon, lat = _degrees(x, y, code)
    return Candidate((code,), f"EPSG:{code} ({name})", lon, lat)


def _of_zones(x: Numbers, y: Numbers, zones: np.ndarray) -> Candidate:
    """Convert each coordinate by the zone that its easting begins with."""
    lon, lat = np.full_like(x, np.nan), np.full_like(y, np.nan)
    codes, names = [], []
    for zone in sorted(set(zones[zones > 0].tolist())):
        here = zones == zone
        six = zone <= SIX_DEGREE_ZONES[1]
        code = (SIX_DEGREE_EPSG if six else THREE_DEGREE_EPSG) + zone
        lon[here], lat[here] = _degrees(x[here], y[here], code)
        codes.append(code)
        width = "6°" if six else "3°"
        names.append(f"EPSG:{code} ({width} zone {zone})")
    return Candidate(tuple(codes), ", ".join(names), lon, lat)


def _degrees(x: Numbers, y: Numbers, code: int) -> tuple[Numbers, Numbers]:
    transformer = pyproj.Transformer.from_crs(
        f"EPSG:{code}", GEOGRAPHIC_CRS, always_xy=True
    )
    lon, lat = transformer.transform(x, y)
    good = np.isfinite(lon) & np.isfinite(lat)
    return np.where(good, lon, np.nan), np.where(good, lat, np.nan)


def detect(
    x: Numbers,
    y: Numbers,
    *,
    layer: str,
    ground: Ground | None,
    zone_ids: pd.Series | None,
    remarks: Remarks,
) -> tuple[Numbers, Numbers] | None:
    """Return degrees of coordinates in metres where one projection alone is possible.

    Parameters
    ----------
    x, y
        Easting and northing, metres; NaN where there are none.
    layer
        The key of the file under ``[crs]``, ``sites`` say.
    ground
        The zones, which tell projections apart; None where they are not known yet.
    zone_ids
        The zone that each row states, empty where none; None where no row does.
    remarks
        Receives a warning of what was taken, or an error that asks.

    Returns
    -------
    places
        Longitude and latitude; None where it must be asked.
    """
    found = candidates_of(x, y)
    if not found:
        return None
    certain = found if len(found) == 1 else []
    shown = [one.name for one in found]
    if not certain and ground is not None:
        known = np.isfinite(x) & np.isfinite(y)
        counts = [_inside(one, known, ground, zone_ids) for one in found]
        certain = [
            one
            for one, n in zip(found, counts, strict=True)
            if n == np.count_nonzero(known)
        ]
        ranked = sorted(range(len(found)), key=lambda at: -counts[at])
        shown = [f"{found[at].name}: {counts[at]}" for at in ranked if counts[at]]
        found = [found[at] for at in ranked]
    if len(certain) != 1:
        _ask(_first(x, y), certain or found, shown, layer, remarks)
        return None
    one = certain[0]
    line = f'[crs] {layer} = "{one.written}"' if one.written else ""
    remarks.warning(
        "crs-detected",
        Text(
            f"没有写明坐标系: 按坐标值判定为 {one.name}, 视为 CGCS2000",
            f"no system is stated: the coordinates are those of {one.name}, "
            "taken as CGCS2000",
        ),
        values=[_first(x, y)],
        remedy=Text(
            f"在任务文件写明 {line}; "
            "北京54、西安80坐标须写其 EPSG 代码, 否则偏差数十米以上",
            f"state {line}; Beijing 1954 or Xian 1980 need their own EPSG code, or all "
            "is tens of metres off",
        )
        if line
        else Text(
            "跨带数据请统一换算到一个带, 或改为经纬度",
            "bring rows of several zones to one, or to degrees",
        ),
    )
    return one.lon, one.lat


def _inside(
    one: Candidate, known: np.ndarray, ground: Ground, zone_ids: pd.Series | None
) -> int:
    """Return how many places fall into their own zone, or any where none is stated."""
    placed = known & np.isfinite(one.lon) & np.isfinite(one.lat)
    stated = None if zone_ids is None else zone_ids.to_numpy(dtype=object)[placed]
    return int(
        np.count_nonzero(ground.covers(one.lon[placed], one.lat[placed], stated))
    )


def _ask(
    value: str,
    found: list[Candidate],
    shown: list[str],
    layer: str,
    remarks: Remarks,
) -> None:
    listed = ", ".join(shown[:MOST_SHOWN]) + (" ..." if len(shown) > MOST_SHOWN else "")
    code = found[0].written
    remarks.error(
        "crs-missing",
        Text(
            f"坐标是投影坐标(米), 没有写明坐标系, 可能是: {listed or '均不落在单元内'}",
            "these are projected coordinates in metres and no system is stated; "
            f"possible are: {listed or 'none that falls into the zones'}",
        ),
        values=[value],
        remedy=Text(
            f'在任务文件写明, 如 [crs] {layer} = "{code}"; '
            "按中央子午线的 3 度带 EPSG = 4509 + 中央子午线/3",
            f'state it in the brief: [crs] {layer} = "{code}", say; by central '
            "meridian, the EPSG code of a 3-degree zone is 4509 + meridian/3",
        ),
    )


def _first(x: Numbers, y: Numbers) -> str:
    first = int(np.argmax(np.isfinite(x) & np.isfinite(y)))
    return f"{x[first]:.10g}, {y[first]:.10g}"
