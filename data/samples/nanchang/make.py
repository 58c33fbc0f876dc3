"""Make the Nanchang sample area from the tables in ``source/``.

Reads only ``source/`` beside this file and writes ``zones.geojson``,
``counties.geojson``, ``sites.csv`` and ``costs.csv`` beside it. Every draw is seeded:
two runs give the same bytes. What is real and what is assumed is told in
``README.md`` and in the columns that end in ``basis``.
"""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely
from pyproj import Transformer
from shapely.geometry import MultiPoint, Point, mapping, shape
from shapely.geometry.polygon import orient
from shapely.ops import unary_union

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from shapely.geometry.base import BaseGeometry

HERE = Path(__file__).resolve().parent
SOURCE = HERE / "source"
SEED = 20241119
DECIMALS = 5  # about one metre

# CGCS2000, 3-degree Gauss-Krueger, central meridian 117 E: metres.
TO_METRES = Transformer.from_crs("EPSG:4490", "EPSG:4548", always_xy=True)

ASSUMED = "假设(样例)"
NAMED = "名称据洪府办发〔2024〕19号,位置为示意"

ZONE_KINDS = {"街道": "街道", "镇": "镇", "乡": "乡"}  # all else is "other"
LOCATION_BASIS = {
    "geonames_place": "geonames",
    "wikipedia": "wikipedia",
    "county_seat_centre": "county_centre",
}

# 街道 are urban; so are other units of at least this many people where neighbourhood
# committees are not fewer than village committees.
URBAN_PEOPLE = 20_000
# Schematic seats: metres kept from the county's edge, and the area (km2) around the
# county's town that each urban unit without a known seat is placed in.
EDGE_M = 300.0
URBAN_KM2 = 10.0
POOL = 3000
# Where the urban units of a county lie, when not about the city's centre (滕王阁街道).
CITY_CENTRE = "360102002"
TOWN = {"360112": "360112004", "360121": "360121100"}

# Assumed facilities of today (see README.md).
CENTRES_MISSING = {
    "360102": 2,
    "360103": 2,
    "360104": 1,
    "360111": 1,
    "360112": 1,
    "360113": 2,
}
CANDIDATES_ABOVE = {50_000: 2, 100_000: 3}  # people of a 街道: candidates for centres
SMALL_TOWNSHIP = 30_000  # people; only smaller ones are drawn to have no 卫生院 today
TOWNSHIPS_WITHOUT = {"360112": 2, "360121": 1, "360123": 1, "360124": 2}
CENTRAL = {"360111": 2, "360112": 6, "360113": 1, "360121": 6, "360123": 3, "360124": 6}
STATIONS_SHARE = 0.55
PAVILIONS = 40
SPECIALTIES = 45
EMERGENCY_HOSPITALS = ("360102", "360111", "360112", "360121", "360123", "360124")
EMERGENCY_CENTRAL = 4
# General practitioners by class, ambulances at stations of today: from, to.
GPS = {"A100": (20, 36), "B100": (12, 24), "C210": (10, 18), "C220": (4, 10)}
AMBULANCES = {"A100": (9, 15), "C210": (2, 3)}
CDC_TO_BUILD = ("360102", "360103", "360112", "360113", "360124")
TCM_COUNTIES = ("360111", "360112", "360121", "360123", "360124")
REHABILITATION_ZONES = ("360104006", "360111003", "360113006")
# Hospitals that the text names: name, class, zone it is drawn in, status, beds.
NAMED_HOSPITALS = (
    ("南昌市第一医院", "A100", "360102004", "existing", 1500),
    ("南昌市人民医院", "A100", "360103002", "existing", 1500),
    ("南昌市中心医院", "A300", "360104002", "existing", 1200),
    ("南昌市洪都中医院", "A210", "360102008", "existing", 900),
    ("南昌市人民医院经开院区", "A100", "360112003", "candidate", None),
    ("南昌市中心医院瑶湖院区", "A100", "360121192", "candidate", None),
    ("南昌市立医院", "A100", "360113005", "candidate", None),
)
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
    "branch",
    "beds",
    "gps",
    "ambulances",
    "locked",
    "basis",
)

_GUIXI = "按江西贵溪工业园社区卫生服务中心0.67万元/m2(costs_published.csv)"
_XINJIAN = "按新建区人民医院二部及疾控中心0.55万元/m2(costs_published.csv)"
_TONGCHENG = "按湖北通城3新建+8改造共20000万元(costs_published.csv)估算"
# service, action, capital, yearly (万元), source, year of prices
COSTS = (
    ("community_health_center", "build", 2000, 300, f"{_GUIXI},3000 m2", "2015"),
    (
        "township_health_center",
        "build",
        1290,
        200,
        "按浙江永康花街中心卫生院0.43万元/m2(costs_published.csv),假设3000 m2",
        "2017",
    ),
    ("county_subcenter", "upgrade", 1500, 150, f"{_TONGCHENG},每处改造约1500", "2023"),
    (
        "emergency_station",
        "upgrade",
        130,
        60,
        "云南江川急救站130万元(costs_published.csv)",
        "2012",
    ),
    (
        "emergency_station",
        "build",
        130,
        60,
        "云南江川急救站130万元,不含救护车(costs_published.csv)",
        "2012",
    ),
    ("public_health_station", "upgrade", 25, 5, ASSUMED, ""),
    ("public_health_station", "build", 25, 5, ASSUMED, ""),
    ("tcm_pavilion", "upgrade", 15, 3, ASSUMED, ""),
    ("tcm_pavilion", "build", 15, 3, ASSUMED, ""),
    ("clinical_specialty", "upgrade", 60, 10, ASSUMED, ""),
    ("clinical_specialty", "build", 60, 10, ASSUMED, ""),
    ("cdc_building", "build", 3300, 200, f"{_XINJIAN},假设6000 m2", ""),
    (
        "rehabilitation_hospital",
        "build",
        5500,
        600,
        f"{_XINJIAN},假设10000 m2、100张床",
        "",
    ),
    ("hospital_project", "build", 6000, 0, f"{ASSUMED}:在建项目本期尚需投资", ""),
    ("city_maternal_center", "upgrade", 500, 100, ASSUMED, ""),
    ("city_newborn_center", "upgrade", 500, 100, ASSUMED, ""),
    ("maternal_center", "upgrade", 200, 50, ASSUMED, ""),
    ("maternal_center", "build", 200, 50, ASSUMED, ""),
    ("newborn_center", "upgrade", 200, 50, ASSUMED, ""),
    ("newborn_center", "build", 200, 50, ASSUMED, ""),
    ("tcm_key_hospital", "upgrade", 2000, 200, ASSUMED, ""),
    ("flagship_hospital", "upgrade", 2000, 200, ASSUMED, ""),
)
# resource, capital, yearly (万元) for one more, source, year of prices
RESOURCE_COSTS = (
    ("gps", 0, 15, f"{ASSUMED}:每人年薪酬", ""),
    ("beds", 15, 3, ASSUMED, ""),
    ("ambulances", 24, 20, "云南江川救护车每辆24万元(costs_published.csv)", "2012"),
)
COST_COLUMNS = (
    "service",
    "resource",
    "action",
    "capital_wan",
    "yearly_wan",
    "class",
    "source",
    "year",
)


def read_counties() -> dict[str, tuple[str, dict[str, Any], BaseGeometry]]:
    """Return name, outline in degrees as published, and outline in metres, by id."""
    content = json.loads((SOURCE / "counties.geojson").read_text(encoding="utf-8"))
    counties = {}
    for feature in content["features"]:
        outline = shape(feature["geometry"])
        counties[feature["properties"]["code"]] = (
            feature["properties"]["name"],
            feature["geometry"],
            shapely.transform(outline, TO_METRES.transform, interleaved=False),
        )
    return dict(sorted(counties.items()))


def read_zones() -> pd.DataFrame:
    """Return the township-level units, by id, with seats in metres where known."""
    zones = pd.read_csv(
        SOURCE / "townships.csv", dtype={"code": "str", "county_code": "str"}
    )
    zones = zones.rename(columns={"code": "zone_id", "county_code": "county_id"})
    zones = zones.set_index("zone_id").sort_index()
    zones["kind"] = zones["unit_kind"].map(ZONE_KINDS).fillna("other")
    zones["population"] = zones["population_est_2020"].astype(int)
    neighbourhoods = zones["n_neighbourhood_committees"]
    mostly_urban = neighbourhoods >= zones["n_village_committees"]
    large = zones["population"] >= URBAN_PEOPLE
    zones["urban"] = (zones["kind"] == "街道") | (mostly_urban & large)
    zones["location_basis"] = zones["seat_kind"].map(LOCATION_BASIS)
    x, y = TO_METRES.transform(zones["lon"].to_numpy(), zones["lat"].to_numpy())
    zones["x"] = np.where(zones["lon"].notna(), x, np.nan)
    zones["y"] = np.where(zones["lon"].notna(), y, np.nan)
    return zones


def degrees(x: float, y: float) -> tuple[float, float]:
    """Return longitude and latitude of a point in metres, rounded."""
    lon, lat = TO_METRES.transform(x, y, direction="INVERSE")
    return round(float(lon), DECIMALS), round(float(lat), DECIMALS)


def points_inside(
    rng: np.random.Generator, area: BaseGeometry, count: int
) -> np.ndarray:
    """Return ``count`` points spread evenly at random over an area, metres."""
    west, south, east, north = area.bounds
    found: list[np.ndarray] = []
    total = 0
    while total < count:
        drawn = rng.uniform((west, south), (east, north), (4 * count, 2))
        drawn = drawn[shapely.contains_xy(area, drawn[:, 0], drawn[:, 1])]
        found.append(drawn)
        total += len(drawn)
    return np.concatenate(found)[:count]


def farthest(pool: np.ndarray, taken: Sequence[tuple[float, float]]) -> np.ndarray:
    """Return metres from each point of the pool to the nearest taken one."""
    others = np.asarray(taken)
    gaps = pool[:, None, :] - others[None, :, :]
    return np.sqrt((gaps**2).sum(axis=2)).min(axis=1)


def place_missing_seats(
    rng: np.random.Generator, zones: pd.DataFrame, counties: Mapping[str, Any]
) -> None:
    """Place seats that are not known: urban units about the town, the rest in gaps.

    Each goes to the point of a random pool that is farthest from every seat placed
    before it and from the county's edge.
    """
    for county_id, (_, _, outline) in counties.items():
        inner = outline.buffer(-EDGE_M)
        pool = points_inside(rng, inner, POOL)
        edge = shapely.distance(shapely.points(pool), outline.boundary)
        here = zones[zones["county_id"] == county_id]
        town = zones.loc[TOWN.get(county_id, CITY_CENTRE), ["x", "y"]].astype(float)
        away = np.hypot(*(pool - town.to_numpy()).T)
        share = min(1.0, URBAN_KM2 * int(here["urban"].sum()) / (outline.area / 1e6))
        near = away <= np.quantile(away, share)
        missing = here[here["x"].isna()]
        first = (~missing["urban"]).to_numpy(dtype=int)
        for zone_id in missing.index[np.argsort(first, kind="stable")]:
            known = zones[zones["x"].notna()]
            room = farthest(pool, list(zip(known["x"], known["y"], strict=True)))
            room = np.minimum(room, 1.5 * edge)
            if zones.loc[zone_id, "urban"]:
                room = np.where(near, room, -1.0)
            x, y = pool[int(np.argmax(room))]
            lon, lat = degrees(x, y)
            x, y = TO_METRES.transform(lon, lat)
            zones.loc[zone_id, ["x", "y", "lon", "lat"]] = [x, y, lon, lat]
            zones.loc[zone_id, "location_basis"] = "schematic"


def voronoi_cells(
    outline: BaseGeometry, seats: Mapping[str, tuple[float, float]]
) -> dict[str, BaseGeometry]:
    """Cut a county into the places nearest to each seat, metres.

    A piece cut off from its seat by a bend of the border goes to the neighbour that
    it shares the longest edge with, so that every cell is one polygon.
    """
    points = MultiPoint(list(seats.values()))
    cells = list(shapely.voronoi_polygons(points, extend_to=outline).geoms)
    held: dict[str, list[BaseGeometry]] = {}
    loose: list[BaseGeometry] = []
    for zone_id, seat in seats.items():
        cell = next(c for c in cells if c.contains(Point(seat)))
        clipped = cell.intersection(outline)
        for part in getattr(clipped, "geoms", [clipped]):
            if part.contains(Point(seat)):
                held[zone_id] = [part]
            elif part.area > 1:
                loose.append(part)
    for part in loose:
        shared = {
            zone_id: part.intersection(own[0]).length for zone_id, own in held.items()
        }
        held[max(shared, key=lambda zone_id: shared[zone_id])].append(part)
    return {zone_id: unary_union(parts) for zone_id, parts in held.items()}


def rounded(cell: BaseGeometry) -> BaseGeometry:
    """Return a cell in degrees, rounded, its ring oriented and begun the same way."""

    def back(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        lon, lat = TO_METRES.transform(x, y, direction="INVERSE")
        return lon.round(DECIMALS), lat.round(DECIMALS)

    turned = shapely.transform(cell, back, interleaved=False)
    return orient(shapely.normalize(turned))


def draw_zones(
    zones: pd.DataFrame, counties: Mapping[str, Any]
) -> dict[str, BaseGeometry]:
    """Return the polygon of every zone in metres."""
    cells: dict[str, BaseGeometry] = {}
    for county_id, (_, _, outline) in counties.items():
        here = zones[zones["county_id"] == county_id]
        seats = {
            str(zone_id): (float(x), float(y))
            for zone_id, x, y in zip(here.index, here["x"], here["y"], strict=True)
        }
        cells |= voronoi_cells(outline, seats)
    return cells


class Register:
    """The sample's facilities and candidates, filled zone by zone."""

    def __init__(
        self,
        rng: np.random.Generator,
        zones: pd.DataFrame,
        cells: Mapping[str, BaseGeometry],
    ) -> None:
        self.rng = rng
        self.zones = zones
        self.cells = cells
        self.rows: list[dict[str, Any]] = []
        self.places: dict[str, list[tuple[float, float]]] = {}

    def place(self, zone_id: str, *, close: bool) -> tuple[float, float]:
        """Find a place in a zone: close to the seat, or apart from its other sites."""
        seat = Point(self.zones.loc[zone_id, ["x", "y"]].astype(float))
        cell = self.cells[zone_id]
        inner = cell.buffer(-0.12 * float(np.sqrt(cell.area)))
        near = inner.intersection(seat.buffer(500.0 if close else 3000.0))
        if near.is_empty:
            near = cell.intersection(seat.buffer(500.0)).buffer(-30.0)
        pool = points_inside(self.rng, near, 40)
        taken = [(seat.x, seat.y), *self.places.get(zone_id, [])]
        room = farthest(pool, taken)
        chosen = int(self.rng.integers(40)) if close else int(np.argmax(room))
        x, y = float(pool[chosen, 0]), float(pool[chosen, 1])
        self.places.setdefault(zone_id, []).append((x, y))
        return degrees(x, y)

    def add(
        self,
        zone_id: str,
        facility_class: str,
        name: str,
        *,
        status: str = "existing",
        number: int = 1,
        **values: Any,  # noqa: ANN401 (cells of any kind)
    ) -> dict[str, Any]:
        """Add one site and return its row."""
        candidate = status == "candidate"
        lon, lat = self.place(zone_id, close=not candidate)
        suffix = f"-K{number}" if candidate else f"-{number}"
        row = {
            "site_id": f"{facility_class}-{zone_id}{suffix}",
            "name": name,
            "lon": lon,
            "lat": lat,
            "status": status,
            "zone_id": zone_id,
            "class": facility_class,
            "services": "",
            "level": "",
            "public": "true",
            "branch": "false",
            "beds": "",
            "gps": "",
            "ambulances": "",
            "locked": "",
            "basis": ASSUMED,
        } | values
        self.rows.append(row)
        return row

    def holds(self, row: dict[str, Any], service: str) -> None:
        """Note that a facility holds a service today."""
        held = [name for name in row["services"].split(";") if name]
        row["services"] = ";".join([*held, service])

    def of_class(self, *classes: str) -> list[dict[str, Any]]:
        """Return the facilities of today of some classes, branches left out."""
        return [
            row
            for row in self.rows
            if row["class"] in classes
            and row["status"] == "existing"
            and row["branch"] == "false"
        ]

    def some(self, rows: Sequence[dict[str, Any]], count: int) -> list[dict[str, Any]]:
        """Draw ``count`` of the rows, in their order."""
        drawn = self.rng.choice(len(rows), size=count, replace=False)
        return [rows[i] for i in sorted(drawn)]

    def beds(self, low: int, high: int) -> int:
        """Draw a number of beds, a multiple of five."""
        return 5 * int(self.rng.integers(low // 5, high // 5 + 1))


def county_town(zones: pd.DataFrame, county_id: str) -> str:
    """Return the zone where the county's own institutions are drawn."""
    here = zones[zones["county_id"] == county_id]
    centre = here[here["location_basis"] == "county_centre"]
    if len(centre):
        return str(centre.index[0])
    return str(here[here["kind"] == "街道"]["population"].idxmax())


def add_community_centres(register: Register) -> None:
    """Give most 街道 a centre today, and candidates where more may be needed."""
    zones = register.zones
    streets = zones[zones["kind"] == "街道"]
    for county_id, here in streets.groupby("county_id"):
        drawn = register.rng.choice(
            len(here), size=CENTRES_MISSING.get(str(county_id), 0), replace=False
        )
        without = set(here.index[drawn])
        for zone_id, zone in here.iterrows():
            name = f"{zone['name']}社区卫生服务中心"
            if zone_id not in without:
                register.add(
                    str(zone_id), "B100", f"{name}(样例)", beds=register.beds(0, 30)
                )
            wanted = 1 if zone_id in without else 0
            for people, candidates in CANDIDATES_ABOVE.items():
                if zone["population"] > people:
                    wanted = candidates
            for number in range(1, wanted + 1):
                register.add(
                    str(zone_id),
                    "B100",
                    f"{name}备选点{number}(样例)",
                    status="candidate",
                    number=number,
                )


def central_zones(zones: pd.DataFrame, county_id: str, able: Sequence[str]) -> set[str]:
    """Choose the zones of 中心卫生院: far from the county town and from each other."""
    town = zones.loc[county_town(zones, county_id)]
    taken = [(float(town["x"]), float(town["y"]))]
    chosen: list[str] = []
    places = zones.loc[list(able), ["x", "y"]].to_numpy(dtype=float)
    for _ in range(CENTRAL.get(county_id, 0)):
        best = int(np.argmax(farthest(places, taken)))
        chosen.append(able[best])
        taken.append((float(places[best, 0]), float(places[best, 1])))
    return set(chosen)


def add_township_centres(register: Register) -> None:
    """Give most 镇 and 乡 a 卫生院, a third of them central, and candidates."""
    zones = register.zones
    townships = zones[zones["kind"].isin(["镇", "乡"])]
    branch_given = False
    for county_id, here in townships.groupby("county_id"):
        small = here[here["population"] < SMALL_TOWNSHIP]
        count = TOWNSHIPS_WITHOUT.get(str(county_id), 0)
        drawn = register.rng.choice(len(small), size=count, replace=False)
        without = set(small.index[drawn])
        able = [str(zone_id) for zone_id in here.index if zone_id not in without]
        central = central_zones(zones, str(county_id), able)
        for zone_id, zone in here.iterrows():
            code, name = str(zone_id), f"{zone['name']}卫生院"
            if zone_id not in without:
                if code in central:
                    register.add(
                        code,
                        "C210",
                        f"{zone['name']}中心卫生院(样例)",
                        beds=register.beds(50, 95),
                    )
                else:
                    register.add(
                        code, "C220", f"{name}(样例)", beds=register.beds(15, 45)
                    )
                continue
            if not branch_given:
                register.add(
                    code, "C220", f"{zone['name']}卫生分院(样例)", branch="true", beds=5
                )
                branch_given = True
            for number in (1, 2):
                register.add(
                    code,
                    "C220",
                    f"{name}备选点{number}(样例)",
                    status="candidate",
                    number=number,
                )


def add_hospitals(register: Register, counties: Mapping[str, Any]) -> None:
    """Add county and city hospitals, disease control centres and the candidates."""
    zones = register.zones
    for county_id, (county, _, _) in counties.items():
        town = county_town(zones, county_id)
        level = 3 if zones.loc[town, "location_basis"] == "county_centre" else 2
        row = register.add(
            town,
            "A100",
            f"{county}人民医院(样例)",
            level=level,
            beds=register.beds(300, 800),
        )
        if county_id in EMERGENCY_HOSPITALS:
            register.holds(row, "emergency_station")
        status = "candidate" if county_id in CDC_TO_BUILD else "existing"
        place = "大楼选址" if status == "candidate" else ""
        name = f"{county}疾病预防控制中心{place}(样例)"
        register.add(town, "J", name, status=status)
        if county_id in TCM_COUNTIES:
            name = f"{county}中医院(样例)"
            register.add(town, "A210", name, level=2, beds=register.beds(100, 300))
    for name, facility_class, zone_id, status, beds in NAMED_HOSPITALS:
        register.add(
            zone_id,
            facility_class,
            name,
            status=status,
            number=9,
            level=3,
            beds="" if beds is None else beds,
            basis=NAMED,
            # Not built yet: of no class, so that it hosts nothing but its project.
            **({"class": ""} if status == "candidate" else {}),
        )
    for zone_id in REHABILITATION_ZONES:
        name = f"{zones.loc[zone_id, 'name']}康复医院备选点(样例)"
        register.add(zone_id, "A600", name, status="candidate", level=2)


def add_services_of_today(register: Register) -> None:
    """Draw which primary-care facilities hold which services today."""
    primary = register.of_class("B100", "C210", "C220")
    drawn = {
        "public_health_station": round(STATIONS_SHARE * len(primary)),
        "tcm_pavilion": PAVILIONS,
        "clinical_specialty": SPECIALTIES,
    }
    for service, count in drawn.items():
        for row in register.some(primary, count):
            register.holds(row, service)
    for row in register.some(register.of_class("C210"), EMERGENCY_CENTRAL):
        register.holds(row, "emergency_station")


def add_staff_and_vehicles(register: Register) -> None:
    """Draw general practitioners, and ambulances where a station stands today.

    Draws of their own, so that they change nothing else of the sample.
    """
    rng = np.random.default_rng(SEED + 1)
    for row in register.of_class(*GPS):
        low, high = GPS[row["class"]]
        row["gps"] = int(rng.integers(low, high + 1))
        if "emergency_station" in row["services"].split(";"):
            low, high = AMBULANCES[row["class"]]
            row["ambulances"] = int(rng.integers(low, high + 1))


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


def zone_features(
    zones: pd.DataFrame, cells: Mapping[str, BaseGeometry]
) -> list[tuple[dict[str, Any], Any]]:
    """Return the zones layer."""
    features = []
    for zone_id, zone in zones.iterrows():
        properties = {
            "zone_id": str(zone_id),
            "name": zone["name"],
            "county_id": zone["county_id"],
            "kind": zone["kind"],
            "population": int(zone["population"]),
            "urban": bool(zone["urban"]),
            "lon": float(zone["lon"]),
            "lat": float(zone["lat"]),
            "population_basis": "estimated",
            "location_basis": zone["location_basis"],
            "boundary_basis": "voronoi",
        }
        features.append((properties, mapping(rounded(cells[str(zone_id)]))))
    return features


def county_features(counties: Mapping[str, Any]) -> list[tuple[dict[str, Any], Any]]:
    """Return the counties layer, with the outlines as published."""
    return [
        ({"county_id": county_id, "name": name, "kind": name[-1]}, geometry)
        for county_id, (name, geometry, _) in counties.items()
    ]


def main(folder: Path = HERE) -> None:
    """Write the four files of the sample into ``folder``."""
    rng = np.random.default_rng(SEED)
    counties = read_counties()
    zones = read_zones()
    place_missing_seats(rng, zones, counties)
    cells = draw_zones(zones, counties)
    register = Register(rng, zones, cells)
    add_community_centres(register)
    add_township_centres(register)
    add_hospitals(register, counties)
    add_services_of_today(register)
    add_staff_and_vehicles(register)
    sites = sorted(register.rows, key=lambda row: row["site_id"])
    costs = [
        dict(zip(COST_COLUMNS, (service, "", *row, "", *basis), strict=True))
        for service, *row, basis in ((*row[:4], row[4:]) for row in COSTS)
    ] + [
        dict(zip(COST_COLUMNS, ("", name, "add", *row, "", *basis), strict=True))
        for name, *row, basis in ((*row[:3], row[3:]) for row in RESOURCE_COSTS)
    ]
    write_layer(folder / "zones.geojson", "zones", zone_features(zones, cells))
    write_layer(folder / "counties.geojson", "counties", county_features(counties))
    write_table(folder / "sites.csv", SITE_COLUMNS, sites)
    write_table(folder / "costs.csv", COST_COLUMNS, costs)
    print(f"{len(zones)} zones, {len(sites)} sites")


if __name__ == "__main__":
    main()
