"""Coordinates for new rows, in the register's own coordinate system."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd
import pyproj

from allocator.area import GEOGRAPHIC_CRS
from allocator.errors import Text
from allocator.load.cells import parse_numbers
from allocator.load.conversion import look_like_degrees
from allocator.load.offsets import gcj02_to_bd09, wgs84_to_gcj02
from allocator.load.statement import Stated, read_crs

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from allocator.load.remarks import Remarks
    from allocator.register.order import Order
    from allocator.register.reading import Register

type Numbers = NDArray[np.float64]

DEGREE_DECIMALS, METRE_DECIMALS = 6, 2  # 0.1 m and 1 cm
# Places of one facility in the run and in the register agree within this when the
# system is right: the run keeps six decimals, registers often five.
SAME_M = 20.0
# GCJ-02 lies 300 to 700 m off in China; BD-09 farther.
OFF_M = 100.0
METRES_OF_A_DEGREE = 111_000.0


@dataclass(frozen=True)
class System:
    """The coordinate system of the register's own columns.

    Parameters
    ----------
    crs
        None for degrees of CGCS2000.
    offset
        Set when it is a web map's system instead.
    """

    crs: pyproj.CRS | None = None
    offset: Literal["", "GCJ-02", "BD-09"] = ""

    def place(self, lon: float, lat: float) -> tuple[float, float]:
        """Return degrees of CGCS2000 in this system, rounded as registers are."""
        x, y = self.convert(np.array([lon]), np.array([lat]))
        projected = self.crs is not None and self.crs.is_projected
        decimals = METRE_DECIMALS if projected else DEGREE_DECIMALS
        return round(float(x[0]), decimals), round(float(y[0]), decimals)

    def convert(self, lon: Numbers, lat: Numbers) -> tuple[Numbers, Numbers]:
        """Return degrees of CGCS2000 in this system."""
        if self.offset:
            lon, lat = wgs84_to_gcj02(lon, lat)
            return (lon, lat) if self.offset == "GCJ-02" else gcj02_to_bd09(lon, lat)
        if self.crs is None:
            return lon, lat
        transformer = pyproj.Transformer.from_crs(
            GEOGRAPHIC_CRS, self.crs, always_xy=True
        )
        x, y = transformer.transform(lon, lat)
        return np.asarray(x, dtype=float), np.asarray(y, dtype=float)


OURS = System()
WEB_MAPS = (OURS, System(offset="GCJ-02"), System(offset="BD-09"))


def find_system(
    register: Register, order: Order, asked: str | None, remarks: Remarks
) -> System:
    """Return the coordinate system of the register's columns.

    In this order: ``asked`` (an option), what the run's brief states, what the places
    of facilities that run and register share tell, degrees of CGCS2000. A statement
    that these places contradict is an error.

    Parameters
    ----------
    register
        As it was read.
    order
        Has the places of the run.
    asked
        EPSG:4527, GCJ-02, ... or None.
    remarks
        Receives the findings.
    """
    x, y, lon, lat = _shared(register, order)
    stated = _stated(asked or order.crs or None, remarks)
    in_degrees = look_like_degrees(*_columns(register))
    if stated is not None and not _fits_kind(stated, in_degrees=in_degrees):
        # A brief's metres are not meant for a register in degrees, nor the reverse.
        stated = None
    if stated is None and not in_degrees:
        remarks.error(
            "crs-missing",
            Text(
                "坐标以米为单位, 不知道是哪个坐标系",
                "coordinates in metres, of an unknown system",
            ),
            remedy=Text("加 --crs, 如 EPSG:4527", "add --crs, EPSG:4527 say"),
        )
        return OURS
    distances = {s: _distance_m(s, x, y, lon, lat) for s in WEB_MAPS}
    told = min(WEB_MAPS, key=lambda system: distances[system])
    clear = len(x) > 0 and in_degrees and distances[told] <= SAME_M
    if stated is None:
        return _told(told if clear else OURS, remarks, clear=clear)
    if clear and _distance_m(stated, x, y, lon, lat) > OFF_M:
        remarks.error(
            "crs-differs",
            Text(
                "登记表坐标与说明的坐标系不符, 共有的机构相差 100 米以上",
                "not the coordinate system stated: shared facilities lie over 100 m "
                "apart",
            ),
            values=[asked or order.crs],
            remedy=Text(
                f"加 --crs {told.offset or 'EPSG:4490'}",
                f"add --crs {told.offset or 'EPSG:4490'}",
            ),
        )
    return stated


def _stated(text: str | None, remarks: Remarks) -> System | None:
    stated: Stated = read_crs(text, remarks, column="crs")
    if stated.offset:
        return System(offset=stated.offset)
    return None if stated.crs is None else System(stated.crs)


def _fits_kind(system: System, *, in_degrees: bool) -> bool:
    projected = system.crs is not None and system.crs.is_projected
    return projected != in_degrees


def _told(system: System, remarks: Remarks, *, clear: bool) -> System:
    name = system.offset or "CGCS2000"
    remarks.note(
        "crs-told" if clear else "crs-assumed",
        Text(
            f"按共有机构的位置, 坐标系是 {name}",
            f"told by the places of shared facilities: {name}",
        )
        if clear
        else Text(f"坐标系按 {name} 处理", f"{name} is assumed"),
    )
    return system


def _columns(register: Register) -> tuple[Numbers, Numbers]:
    found = []
    for name in ("lon", "lat"):
        field = register.find(name)
        texts = register.texts(field) if field else []
        found.append(_numbers(texts))
    return found[0], found[1]


def _numbers(texts: list[str]) -> Numbers:
    numbers, _ = parse_numbers(pd.Series(texts, dtype=str))
    return numbers.to_numpy(dtype=float)


def _shared(
    register: Register, order: Order
) -> tuple[Numbers, Numbers, Numbers, Numbers]:
    """Return x, y of the register and lon, lat of the run, of sites that both have."""
    x, y = _columns(register)
    rows = []
    for site_id, facts in sorted(order.sites.items()):
        at = register.rows.get(site_id)
        if at is not None and at < min(len(x), len(y)):
            rows.append((x[at], y[at], facts.lon, facts.lat))
    table = np.array(rows, dtype=float).reshape(-1, 4)
    table = table[np.isfinite(table).all(axis=1)]
    return table[:, 0], table[:, 1], table[:, 2], table[:, 3]


def _distance_m(
    system: System, x: Numbers, y: Numbers, lon: Numbers, lat: Numbers
) -> float:
    """Return the median distance between given and converted places, metres."""
    if not len(x):
        return float("inf")
    there_x, there_y = system.convert(lon, lat)
    scale_x = scale_y = np.ones(len(x))
    if system.crs is None or system.crs.is_geographic:
        scale_y = np.full(len(x), METRES_OF_A_DEGREE)
        scale_x = METRES_OF_A_DEGREE * np.cos(np.radians(lat))
    apart = np.hypot((x - there_x) * scale_x, (y - there_y) * scale_y)
    return float(np.median(apart))
