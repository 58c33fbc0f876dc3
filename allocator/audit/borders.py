"""Which zones touch, for the audit: plain loops over pairs of shapes.

What "touch" means is stated in ``docs/networks.md``; `allocator.networks` reads the
same page and shares no code with this one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import geopandas as gpd
from shapely.geometry import Point

from allocator.area import GEOGRAPHIC_CRS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from allocator.area import PlanningArea

NEAR_M = 10.0  # a border this near to another zone is common with it
LEAST_COMMON_M = 50.0  # less common border than this is a corner
# Two gaps that differ by less are equally short: maps are projected differently here.
SAME_GAP_SHARE, SAME_GAP_M = 0.01, 1.0
_ON_CIRCLE = 1e-6


@dataclass
class Borders:
    """The borders of an area's zones; answers are kept once found.

    Parameters
    ----------
    area
        Zones with polygons, or centres where there are none.
    """

    area: PlanningArea
    shapes: dict[str, Any] = field(init=False)
    grown: dict[str, Any] = field(init=False)
    centres: dict[str, tuple[float, float]] = field(init=False)
    without_polygon: set[str] = field(init=False)
    touching: dict[tuple[str, str], bool] = field(default_factory=dict)
    metres: dict[tuple[str, str], float] = field(default_factory=dict)
    leaping: dict[frozenset[tuple[str, str]], set[tuple[str, str]]] = field(
        default_factory=dict
    )

    def __post_init__(self) -> None:
        """Lay the zones out in metres, in a transverse Mercator of their own."""
        zones = self.area.zones
        ids = [str(z) for z in zones.index]
        lon = [float(v) for v in zones["lon"]]
        lat = [float(v) for v in zones["lat"]]
        middle = sum(lon) / len(lon), sum(lat) / len(lat)
        shapes = []
        self.without_polygon = set()
        for zone, shape, x, y in zip(ids, zones.geometry, lon, lat, strict=True):
            bare = shape is None or shape.is_empty
            if bare:
                self.without_polygon.add(zone)
            shapes.append(Point(x, y) if bare else shape)
        flat = gpd.GeoSeries(shapes, crs=zones.crs or GEOGRAPHIC_CRS).to_crs(
            f"+proj=tmerc +lon_0={middle[0]:.5f} +lat_0={middle[1]:.5f} "
            "+ellps=GRS80 +units=m"
        )
        self.shapes = dict(zip(ids, flat, strict=True))
        self.grown = {}
        narrowed = math.cos(math.radians(middle[1]))
        self.centres = {
            zone: (x * narrowed, y) for zone, x, y in zip(ids, lon, lat, strict=True)
        }

    def touch(self, one: str, other: str) -> bool:
        """Return whether two zones touch."""
        key = (one, other) if one < other else (other, one)
        if key not in self.touching:
            if self.without_polygon & {one, other}:
                self.touching[key] = self._no_centre_between(*key)
            else:
                self.touching[key] = self._common_m(*key) >= LEAST_COMMON_M
        return self.touching[key]

    def _common_m(self, one: str, other: str) -> float:
        """Return the metres of border that two polygons have in common."""
        if not self._boxes_meet(one, other):
            return 0.0
        return max(self._along(one, other), self._along(other, one))

    def _boxes_meet(self, one: str, other: str) -> bool:
        west, south, east, north = self.shapes[one].bounds
        box = self.shapes[other].bounds
        return bool(
            west <= box[2] + NEAR_M
            and box[0] <= east + NEAR_M
            and south <= box[3] + NEAR_M
            and box[1] <= north + NEAR_M
        )

    def _along(self, one: str, other: str) -> float:
        """Return the metres of the border of ``one`` that are near ``other``."""
        if other not in self.grown:
            self.grown[other] = self.shapes[other].buffer(NEAR_M)
        return float(self.shapes[one].boundary.intersection(self.grown[other]).length)

    def _no_centre_between(self, one: str, other: str) -> bool:
        """Return whether no third centre is in or on the circle over two centres."""
        a, b = self.centres[one], self.centres[other]
        across = _square(a, b)
        for third, c in self.centres.items():
            if third in {one, other}:
                continue
            to_a, to_b = _square(a, c), _square(c, b)
            if to_a > 0 and to_b > 0 and to_a + to_b <= across * (1 + _ON_CIRCLE):
                return False
        return True

    def pieces(self, zones: Iterable[str]) -> list[set[str]]:
        """Return the connected pieces of a set of zones, the largest first."""
        return self._pieces(zones, set())

    def pieces_of_group(
        self, group: Iterable[str], divided: Mapping[str, str]
    ) -> list[set[str]]:
        """Return the pieces of a group, parts of the divided zones being joined.

        Where the zones that were divided do not hang together themselves, groups may
        leap the shortest gaps that join their parts.

        Parameters
        ----------
        group
            Zones of the group, all of them divided.
        divided
            Every zone that is divided, and the block with which it goes: zones of one
            block hang together, however far apart they lie.
        """
        return self._pieces(group, self.leaps(divided), divided)

    def _pieces(
        self,
        zones: Iterable[str],
        leaps: set[tuple[str, str]],
        blocks: Mapping[str, str] | None = None,
    ) -> list[set[str]]:
        block = blocks or {}
        left = sorted(set(zones))
        pieces = []
        while left:
            piece, waiting = {left[0]}, [left[0]]
            while waiting:
                here = waiting.pop()
                for there in left:
                    if there in piece:
                        continue
                    together = block.get(here, here) == block.get(there, there)
                    leapt = together or (here, there) in leaps
                    if leapt or self.touch(here, there):
                        piece.add(there)
                        waiting.append(there)
            pieces.append(piece)
            left = [zone for zone in left if zone not in piece]
        return sorted(pieces, key=lambda piece: (-len(piece), min(piece)))

    def meet(self, one: str, other: str, divided: Mapping[str, str]) -> bool:
        """Return whether two zones touch, or are where parts were joined."""
        return self.touch(one, other) or (one, other) in self.leaps(divided)

    def leaps(self, divided: Mapping[str, str]) -> set[tuple[str, str]]:
        """Return the pairs of zones, both ways, that join parts that do not touch.

        The two nearest parts are joined, and so on until there is one. All pairs that
        are as near as the nearest, within what projections differ by, count.
        """
        key = frozenset(divided.items())
        if key not in self.leaping:
            parts = self._pieces(divided, set(), divided)
            self.leaping[key] = self._find_leaps(parts)
        return self.leaping[key]

    def _find_leaps(self, parts: list[set[str]]) -> set[tuple[str, str]]:
        result: set[tuple[str, str]] = set()
        while len(parts) > 1:
            least, i, j = min(
                (self._gap_m(parts[i], parts[j]), i, j)
                for i in range(len(parts))
                for j in range(i + 1, len(parts))
            )
            limit = least * (1 + SAME_GAP_SHARE) + SAME_GAP_M
            for one in parts[i]:
                for other in parts[j]:
                    if self._apart_m(one, other) <= limit:
                        result |= {(one, other), (other, one)}
            parts[i] |= parts[j]
            del parts[j]
        return result

    def _gap_m(self, part: set[str], another: set[str]) -> float:
        return min(self._apart_m(one, other) for one in part for other in another)

    def _apart_m(self, one: str, other: str) -> float:
        key = (one, other) if one < other else (other, one)
        if key not in self.metres:
            self.metres[key] = float(self.shapes[one].distance(self.shapes[other]))
        return self.metres[key]


def _square(a: tuple[float, float], b: tuple[float, float]) -> float:
    return (a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2
