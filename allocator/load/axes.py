"""Coordinates whose two axes were exchanged: longitude and latitude, X and Y.

Surveyors call the northing X and the easting Y, and many files hold latitude first. In
China the ranges do not meet, so that an exchange shows by itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from allocator.errors import Text

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from allocator.load.remarks import Remarks

    type Numbers = NDArray[np.float64]
    type Flags = NDArray[np.bool_]

# China and a margin: within it a longitude cannot be a latitude, so a swap shows.
CHINA_LON = (73.0, 135.5)
CHINA_LAT = (18.0, 54.0)
# Northings of Gauss-Krüger and UTM there, metres: 111 km a degree, rounded outwards.
NORTHINGS_M = (1_900_000.0, 6_050_000.0)
# Eastings about their false origin of 500 km: 6 degrees are at most 333 km to a side.
EASTINGS_M = (100_000.0, 900_000.0)
ZONE_STEP_M = 1_000_000.0  # an easting may begin with its zone's number
# 3-degree zones are numbered 25 to 45 in China, 6-degree zones 13 to 23.
THREE_DEGREE_ZONES = (25, 45)
SIX_DEGREE_ZONES = (13, 23)


def within(values: Numbers, limits: tuple[float, float]) -> Flags:
    """Return which values lie within limits, both inclusive; NaN does not."""
    return np.asarray((values >= limits[0]) & (values <= limits[1]))


def zone_prefix(easting: Numbers) -> NDArray[np.int64]:
    """Return the zone number that each easting begins with; 0 where it has none.

    39412345 m is 412345 m in zone 39. Numbers of 3-degree and of 6-degree zones in
    China do not overlap, so that the number also says which they are.
    """
    known = np.nan_to_num(easting, nan=0.0)
    zone = np.floor(known / ZONE_STEP_M)
    good = within(known - zone * ZONE_STEP_M, EASTINGS_M)
    good &= within(zone, THREE_DEGREE_ZONES) | within(zone, SIX_DEGREE_ZONES)
    return np.where(good, zone, 0).astype(np.int64)


def is_easting(values: Numbers) -> Flags:
    """Return which values can be eastings, with or without a zone's number."""
    return within(values, EASTINGS_M) | (zone_prefix(values) > 0)


def exchanged_degrees(x: Numbers, y: Numbers) -> Flags:
    """Return where ``x`` can only be a latitude in China and ``y`` a longitude."""
    return within(x, CHINA_LAT) & within(y, CHINA_LON)


def exchanged_metres(x: Numbers, y: Numbers) -> Flags:
    """Return where ``x`` can only be a northing in China and ``y`` an easting."""
    return within(x, NORTHINGS_M) & is_easting(y)


def straighten(
    x: Numbers, y: Numbers, keys: pd.Index, remarks: Remarks, *, metres: bool
) -> tuple[Numbers, Numbers]:
    """Exchange the axes back where every row has them exchanged, with a warning.

    Where only some rows have, each of these is an error: who wrote the others right
    is asked rather than guessed. Their coordinates become NaN.

    Parameters
    ----------
    x, y
        Coordinates as given, NaN where there are none.
    keys
        The row of each.
    remarks
        Receives the finding.
    metres
        Whether these are metres of a Gauss-Krüger or UTM projection; else degrees.
    """
    swapped = (exchanged_metres if metres else exchanged_degrees)(x, y)
    known = np.isfinite(x) & np.isfinite(y)
    if not swapped.any():
        return x, y
    first = int(np.argmax(swapped))
    if swapped[known].all():
        remarks.warning(
            "axes-swapped",
            Text(
                "每一行的 X 都是北坐标、Y 都是东坐标(测量习惯), 已对调"
                if metres
                else "每一行的经纬度都颠倒, 已对调",
                "every row has the northing as x and the easting as y: exchanged"
                if metres
                else "every row has latitude and longitude exchanged: put right",
            ),
            column="lon, lat",
            values=[_pair(x[first], y[first])],
            remedy=Text("对调两列, 消除本提示", "exchange the two columns"),
        )
        return y, x
    remarks.error(
        "axes-swapped",
        Text(
            "只有这些行的东坐标与北坐标颠倒"
            if metres
            else "经纬度可能颠倒(只有这些行)",
            "easting and northing may be swapped, in these rows only"
            if metres
            else "longitude and latitude may be swapped, in these rows only",
        ),
        keys=dict.fromkeys(keys[swapped]),
        column="lon, lat",
        values=[_pair(a, b) for a, b in zip(x[swapped], y[swapped], strict=True)],
        remedy=Text("对调这些行的两列", "exchange the two columns of these rows"),
    )
    return np.where(swapped, np.nan, x), np.where(swapped, np.nan, y)


def _pair(x: float, y: float) -> str:
    return f"{x:.10g} {y:.10g}"
