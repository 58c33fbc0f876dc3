"""Make the Xinjian sample area: one district of the Nanchang sample, and more sites.

Reads the generated files and the source tables of ``../nanchang`` and writes
``zones.geojson``, ``counties.geojson``, ``sites.csv`` and ``costs.csv`` beside this
file. Every draw is seeded: two runs give the same bytes. What is real and what is
assumed is told in ``README.md`` and in the columns that end in ``basis``.
"""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from pyproj import Transformer
from shapely.geometry import shape

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from shapely.geometry.base import BaseGeometry

HERE = Path(__file__).resolve().parent
NANCHANG = HERE.parent / "nanchang"
SEED = 20230401
DECIMALS = 5  # about one metre
DISTRICT = "360112"

# CGCS2000, 3-degree Gauss-Krueger, central meridian 117 E: metres.
TO_METRES = Transformer.from_crs("EPSG:4490", "EPSG:4548", always_xy=True)

ASSUMED = "假设(样例)"
NAMED = "名称据新建区2023年卫生健康工作要点,位置和其余各项为假设"

# Sites of the Nanchang sample that no clause of this district is about.
LEFT_OUT = ("A100-360112003-K9", "J-360112004-K1")
# Names that the text gives, by id in the Nanchang sample.
NAMES_OF_THE_TEXT = {
    "A100-360112004-1": "新建区人民医院",
    "A210-360112004-1": "新建区中医医院",
    "C220-360112101-1": "望城镇卫生院",
}
SERVICES_KEPT = ("public_health_station", "emergency_station")

# Assumed of today (see README.md).
WITHOUT_TCM_HALL = ("C220-360112101-1",)  # the text: 建设望城镇卫生院中医馆
TCM_PHYSICIANS = (0, 0, 0, 1, 1, 1, 1, 2)  # drawn from, for each township centre
VILLAGE_TCM_SHARE = 0.58
VILLAGE_STAFF_SHARE = 0.66
CLINICS_APART = 25  # points tried for each village clinic
NURSERIES_PRIVATE = 24
NURSERIES_PUBLIC = {"360112003": 120, "360112004": 110, "360112101": 90}  # places
# Candidates for public nurseries: zone and whether idle school rooms are fitted out.
NURSERY_CANDIDATES = {
    "360112001": False,
    "360112002": True,
    "360112003": False,
    "360112004": False,
    "360112005": True,
    "360112104": True,
    "360112106": False,
    "360112109": False,
    "360112115": True,
    "360112404": False,
    "360112481": True,
    "360112482": False,
}
# Other sites: id, name, zone, class, status, level, basis.
OTHER_SITES = (
    (
        "G100-360112004-1",
        "新建区妇幼保健计划生育服务中心",
        "360112004",
        "G100",
        "existing",
        2,
        NAMED,
    ),
    ("H-360112004-1", "新建区血防站", "360112004", "H", "existing", "", NAMED),
    # Not built yet: of no class, so that they host nothing but their project.
    ("X-360112004-K1", "南昌市第二妇保院", "360112004", "", "candidate", "", NAMED),
    (
        "X-360112104-K1",
        "新建区专科医院(石岗)",
        "360112104",
        "",
        "candidate",
        "",
        NAMED,
    ),
    (
        "A100-360112004-K1",
        "新建区三级甲等医院备选点1(样例)",
        "360112004",
        "A100",
        "candidate",
        3,
        ASSUMED,
    ),
    (
        "A100-360112101-K1",
        "新建区三级甲等医院备选点2(样例)",
        "360112101",
        "A100",
        "candidate",
        3,
        ASSUMED,
    ),
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
    "tcm_physicians",
    "tcm_village_staff",
    "nursery_places",
    "has_tcm_hall",
    "essential_drugs",
    "geriatric_department",
    "basis",
)

# Rows of the Nanchang sample's cost table that are used as they are.
COSTS_KEPT = (
    "community_health_center",
    "township_health_center",
    "county_subcenter",
    "emergency_station",
    "public_health_station",
)
_SHARE = "假设(样例):区级配套按南大二附院新建医院130000万元(costs_published.csv)的"
_FITTED = f"{ASSUMED}:利用闲置校舍改造"
# Service or resource, action, capital and yearly cost in 万元, site, source.
COSTS = (
    ("maternal_center", "", "upgrade", 200, 50, "", ASSUMED),
    ("maternal_center", "", "build", 400, 50, "", ASSUMED),
    ("newborn_center", "", "upgrade", 200, 50, "", ASSUMED),
    ("newborn_center", "", "build", 400, 50, "", ASSUMED),
    ("critical_care_pair", "", "upgrade", 0, 0, "", f"{ASSUMED}:已含在两个中心内"),
    ("critical_care_pair", "", "build", 0, 0, "", f"{ASSUMED}:已含在两个中心内"),
    ("village_clinic", "", "build", 15, 3, "", ASSUMED),
    ("village_tcm", "", "upgrade", 2, 0.5, "", ASSUMED),
    ("tcm_master_studio", "", "upgrade", 20, 5, "", ASSUMED),
    ("tcm_master_studio", "", "build", 40, 5, "", ASSUMED),
    ("tcm_hall", "", "upgrade", 30, 5, "", ASSUMED),
    ("tcm_hall", "", "build", 30, 5, "", ASSUMED),
    ("tcm_training_base", "", "upgrade", 100, 20, "", ASSUMED),
    (
        "xinjian_hospital_project",
        "",
        "build",
        6000,
        0,
        "",
        f"{ASSUMED}:当年开工投资",
    ),
    (
        "xinjian_tertiary_hospital",
        "",
        "build",
        13000,
        0,
        "A100-360112101-K1",
        f"{_SHARE}10%",
    ),
    (
        "xinjian_tertiary_hospital",
        "",
        "build",
        15600,
        0,
        "A100-360112004-K1",
        f"{_SHARE}12%",
    ),
    ("public_nursery", "", "build", 400, 80, "", ASSUMED),
    ("public_nursery", "", "upgrade", 150, 60, "", ASSUMED),
    ("", "nursery_places", "add", 1, 0.3, "", ASSUMED),
    ("", "tcm_physicians", "add", 0, 12, "", f"{ASSUMED}:每人年薪酬"),
    ("", "tcm_village_staff", "add", 0, 4, "", f"{ASSUMED}:每人年补助"),
)
COST_COLUMNS = (
    "service",
    "resource",
    "action",
    "capital_wan",
    "yearly_wan",
    "class",
    "site_id",
    "source",
    "year",
)


def read_table(path: Path) -> list[dict[str, str]]:
    """Read a csv table as text."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def features_of(layer: str) -> list[dict[str, Any]]:
    """Return the district's features of a layer of the Nanchang sample."""
    content = json.loads((NANCHANG / layer).read_text(encoding="utf-8"))
    found: list[dict[str, Any]] = content["features"]
    return [f for f in found if f["properties"]["county_id"] == DISTRICT]


def in_metres(feature: dict[str, Any]) -> BaseGeometry:
    """Return the outline of a feature in metres."""
    outline = shape(feature["geometry"])
    return shapely.transform(outline, TO_METRES.transform, interleaved=False)


def degrees(x: float, y: float) -> tuple[float, float]:
    """Return longitude and latitude of a point in metres, rounded."""
    lon, lat = TO_METRES.transform(x, y, direction="INVERSE")
    return round(float(lon), DECIMALS), round(float(lat), DECIMALS)


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


def spread(
    rng: np.random.Generator, area: BaseGeometry, count: int
) -> Iterator[tuple[float, float]]:
    """Yield places in an area, each as far as can be from those before it."""
    inner = area.buffer(-0.05 * float(np.sqrt(area.area)))
    pool = points_inside(rng, inner, CLINICS_APART * count)
    gap = np.full(len(pool), np.inf)
    chosen = 0
    for _ in range(count):
        x, y = pool[chosen]
        yield degrees(x, y)
        gap = np.minimum(gap, np.hypot(pool[:, 0] - x, pool[:, 1] - y))
        chosen = int(np.argmax(gap))


class Register:
    """The sample's facilities and candidates."""

    def __init__(
        self, rng: np.random.Generator, zones: Sequence[dict[str, Any]]
    ) -> None:
        self.rng = rng
        self.zones = {zone["properties"]["zone_id"]: zone for zone in zones}
        self.rows: list[dict[str, Any]] = []

    def name_of(self, zone_id: str) -> str:
        """Return the name of a zone."""
        return str(self.zones[zone_id]["properties"]["name"])

    def add(
        self,
        site_id: str,
        name: str,
        zone_id: str,
        place: tuple[float, float] | None = None,
        **values: Any,  # noqa: ANN401 (cells of any kind)
    ) -> None:
        """Add one site, somewhere in its zone where no place is given."""
        if place is None:
            place = next(spread(self.rng, in_metres(self.zones[zone_id]), 1))
        blank = dict.fromkeys(SITE_COLUMNS, "")
        own = {
            "site_id": site_id,
            "name": name,
            "lon": place[0],
            "lat": place[1],
            "zone_id": zone_id,
            "public": "true",
            "branch": "false",
            "basis": ASSUMED,
        }
        self.rows.append(blank | own | values)

    def some(self, count: int, share: float) -> frozenset[int]:
        """Draw a share of the first ``count`` whole numbers."""
        drawn = self.rng.choice(count, size=round(share * count), replace=False)
        return frozenset(int(number) for number in drawn)


def add_sites_of_nanchang(register: Register) -> None:
    """Take the district's facilities and candidates over from the Nanchang sample."""
    for row in read_table(NANCHANG / "sites.csv"):
        site_id = row["site_id"]
        if row["zone_id"] not in register.zones or site_id in LEFT_OUT:
            continue
        held = [name for name in row["services"].split(";") if name in SERVICES_KEPT]
        values: dict[str, Any] = {}
        township = row["class"] in ("C210", "C220") and row["status"] == "existing"
        if township and row["branch"] == "false":
            hall = site_id not in WITHOUT_TCM_HALL
            held += ["tcm_hall"] if hall else []
            values["tcm_physicians"] = int(register.rng.choice(TCM_PHYSICIANS))
            values["has_tcm_hall"] = str(hall).lower()
            values["essential_drugs"] = "true"
        if row["class"] == "A100":
            values["geriatric_department"] = "true"
        if site_id in NAMES_OF_THE_TEXT:
            values |= {"name": NAMES_OF_THE_TEXT[site_id], "basis": NAMED}
        values["services"] = ";".join(held)
        register.rows.append(dict.fromkeys(SITE_COLUMNS, "") | row | values)


def add_other_sites(register: Register) -> None:
    """Add what the district's text names, and places for the tertiary hospital."""
    for site_id, name, zone_id, facility_class, status, level, basis in OTHER_SITES:
        values = {"class": facility_class, "status": status, "level": level}
        register.add(site_id, name, zone_id, basis=basis, **values)


def add_village_clinics(register: Register) -> None:
    """Give every village committee of a 镇 or 乡 one clinic."""
    committees = {
        row["code"]: int(row["n_village_committees"])
        for row in read_table(NANCHANG / "source" / "townships.csv")
    }
    for zone_id, zone in register.zones.items():
        if zone["properties"]["kind"] not in ("镇", "乡"):
            continue
        count = committees[zone_id]
        places = spread(register.rng, in_metres(zone), count)
        with_tcm = register.some(count, VILLAGE_TCM_SHARE)
        with_staff = register.some(count, VILLAGE_STAFF_SHARE)
        for number, place in enumerate(places):
            register.add(
                f"D600-{zone_id}-{number + 1:02}",
                f"{register.name_of(zone_id)}村卫生室{number + 1:02}(样例)",
                zone_id,
                place,
                status="existing",
                services="village_tcm" if number in with_tcm else "",
                tcm_village_staff=1 if number in with_staff else 0,
                **{"class": "D600"},
            )


def add_nurseries(register: Register) -> None:
    """Add nurseries of today and candidates for public ones."""
    zones = register.zones
    people = np.array([z["properties"]["population"] for z in zones.values()], float)
    homes = register.rng.choice(
        len(people), size=NURSERIES_PRIVATE, p=people / people.sum()
    )
    for number, home in enumerate(sorted(int(h) for h in homes), start=1):
        zone_id = list(zones)[home]
        register.add(
            f"P-{zone_id}-S{number:02}",
            f"{register.name_of(zone_id)}民办托育机构{number:02}(样例)",
            zone_id,
            status="existing",
            public="false",
            locked="out",  # its places count, but it is not made a public one
            nursery_places=10 * int(register.rng.integers(4, 12)),
            **{"class": "P"},
        )
    for zone_id, places in NURSERIES_PUBLIC.items():
        register.add(
            f"P-{zone_id}-1",
            f"{register.name_of(zone_id)}公办托育机构(样例)",
            zone_id,
            status="existing",
            services="public_nursery",
            nursery_places=places,
            **{"class": "P"},
        )
    for zone_id, fitted in NURSERY_CANDIDATES.items():
        how = "闲置校舍改造" if fitted else "新建"
        register.add(
            f"P-{zone_id}-K1",
            f"{register.name_of(zone_id)}公办托育机构备选点({how})(样例)",
            zone_id,
            status="candidate",
            **{"class": "P"},
        )


def cost_rows() -> list[dict[str, Any]]:
    """Return the cost table: some rows of the Nanchang sample, and the district's."""
    blank = dict.fromkeys(COST_COLUMNS, "")
    rows: list[dict[str, Any]] = [
        blank | row
        for row in read_table(NANCHANG / "costs.csv")
        if row["service"] in COSTS_KEPT or row["resource"] == "ambulances"
    ]
    names = (
        "service",
        "resource",
        "action",
        "capital_wan",
        "yearly_wan",
        "site_id",
        "source",
    )
    rows += [blank | dict(zip(names, row, strict=True)) for row in COSTS]
    rows += [
        blank
        | {
            "service": "public_nursery",
            "action": "build",
            "capital_wan": 180,
            "yearly_wan": 80,
            "site_id": f"P-{zone_id}-K1",
            "source": _FITTED,
        }
        for zone_id, fitted in NURSERY_CANDIDATES.items()
        if fitted
    ]
    return rows


def write_layer(
    path: Path, name: str, features: Sequence[Mapping[str, object]]
) -> None:
    """Write a GeoJSON layer, one feature a line."""
    lines = [
        json.dumps(feature, ensure_ascii=False, separators=(",", ":"))
        for feature in features
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
    zones = features_of("zones.geojson")
    register = Register(np.random.default_rng(SEED), zones)
    add_sites_of_nanchang(register)
    add_other_sites(register)
    add_village_clinics(register)
    add_nurseries(register)
    sites = sorted(register.rows, key=lambda row: row["site_id"])
    write_layer(folder / "zones.geojson", "zones", zones)
    write_layer(
        folder / "counties.geojson", "counties", features_of("counties.geojson")
    )
    write_table(folder / "sites.csv", SITE_COLUMNS, sites)
    write_table(folder / "costs.csv", COST_COLUMNS, cost_rows())
    print(f"{len(zones)} zones, {len(sites)} sites")


if __name__ == "__main__":
    main()
