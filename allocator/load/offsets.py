"""The offsets of Chinese web maps: GCJ-02 and BD-09 to CGCS2000, in numpy.

The forward formula of GCJ-02 is the public one, as in eviltransform
(https://github.com/googollee/eviltransform); BD-09 likewise. It has no
closed inverse, so the inverse repeats ``x = target - offset(x)`` until it stands still:
the offset changes by less than 1e-4 per degree, so each round gains four digits.
CGCS2000 and WGS 84 are the same here: they differ by less than a metre.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

type Degrees = NDArray[np.float64]

ROUNDS = 6
BOX_LON, BOX_LAT = (72.004, 137.8347), (0.8293, 55.8271)
# Krasovsky 1940, which the formula uses whatever the ellipsoid of the coordinates.
SEMI_MAJOR_M = 6378245.0
ECCENTRICITY_SQUARED = 0.00669342162296594323
BAIDU_TURN = np.pi * 3000.0 / 180.0


def _inside_china(lon: Degrees, lat: Degrees) -> NDArray[np.bool_]:
    """Tell where the offset applies: the box that the public formula uses."""
    west, east = BOX_LON
    south, north = BOX_LAT
    return (lon >= west) & (lon <= east) & (lat >= south) & (lat <= north)


def _waves(x: Degrees, y: Degrees) -> tuple[Degrees, Degrees]:
    """Return the raw offsets of the formula; ``x``, ``y`` count from 105 E, 35 N."""
    root = np.sqrt(np.abs(x))
    common = (
        (20.0 * np.sin(6.0 * x * np.pi) + 20.0 * np.sin(2.0 * x * np.pi)) * 2.0 / 3.0
    )
    d_lat = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root + common
    d_lat += (20.0 * np.sin(y * np.pi) + 40.0 * np.sin(y / 3.0 * np.pi)) * 2.0 / 3.0
    d_lat += (
        (160.0 * np.sin(y / 12.0 * np.pi) + 320.0 * np.sin(y * np.pi / 30.0)) * 2 / 3
    )
    d_lon = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root + common
    d_lon += (20.0 * np.sin(x * np.pi) + 40.0 * np.sin(x / 3.0 * np.pi)) * 2.0 / 3.0
    d_lon += (
        (150.0 * np.sin(x / 12.0 * np.pi) + 300.0 * np.sin(x / 30.0 * np.pi)) * 2 / 3
    )
    return d_lon, d_lat


def wgs84_to_gcj02(lon: Degrees, lat: Degrees) -> tuple[Degrees, Degrees]:
    """Shift WGS 84 or CGCS2000 degrees to GCJ-02; unchanged outside China."""
    d_lon, d_lat = _waves(lon - 105.0, lat - 35.0)
    radians = np.radians(lat)
    magic = 1.0 - ECCENTRICITY_SQUARED * np.sin(radians) ** 2
    root = np.sqrt(magic)
    meridian_m = SEMI_MAJOR_M * (1.0 - ECCENTRICITY_SQUARED) / (magic * root)
    parallel_m = SEMI_MAJOR_M / root * np.cos(radians)
    inside = _inside_china(lon, lat)
    new_lon = lon + np.where(inside, np.degrees(d_lon / parallel_m), 0.0)
    new_lat = lat + np.where(inside, np.degrees(d_lat / meridian_m), 0.0)
    return new_lon, new_lat


def gcj02_to_wgs84(lon: Degrees, lat: Degrees) -> tuple[Degrees, Degrees]:
    """Shift GCJ-02 degrees (Amap, Tencent) back to CGCS2000.

    Parameters
    ----------
    lon, lat
        Degrees, same shape.

    Returns
    -------
    lon, lat
        Degrees; the error is under 1e-9 degrees inside China.
    """
    found_lon, found_lat = lon.copy(), lat.copy()
    for _ in range(ROUNDS):
        there_lon, there_lat = wgs84_to_gcj02(found_lon, found_lat)
        found_lon += lon - there_lon
        found_lat += lat - there_lat
    return found_lon, found_lat


def gcj02_to_bd09(lon: Degrees, lat: Degrees) -> tuple[Degrees, Degrees]:
    """Shift GCJ-02 degrees to BD-09 (Baidu)."""
    radius = np.hypot(lon, lat) + 0.00002 * np.sin(lat * BAIDU_TURN)
    angle = np.arctan2(lat, lon) + 0.000003 * np.cos(lon * BAIDU_TURN)
    return radius * np.cos(angle) + 0.0065, radius * np.sin(angle) + 0.006


def wgs84_to_bd09(lon: Degrees, lat: Degrees) -> tuple[Degrees, Degrees]:
    """Shift WGS 84 or CGCS2000 degrees to BD-09 (Baidu)."""
    return gcj02_to_bd09(*wgs84_to_gcj02(lon, lat))


def bd09_to_wgs84(lon: Degrees, lat: Degrees) -> tuple[Degrees, Degrees]:
    """Shift BD-09 degrees (Baidu) back to CGCS2000; as `gcj02_to_wgs84`."""
    found_lon, found_lat = lon - 0.0065, lat - 0.006
    for _ in range(ROUNDS):
        there_lon, there_lat = gcj02_to_bd09(found_lon, found_lat)
        found_lon += lon - there_lon
        found_lat += lat - there_lat
    return gcj02_to_wgs84(found_lon, found_lat)
