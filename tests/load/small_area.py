"""A tiny area in files, for tests: two counties, four square zones, three sites.

    county 360102 : zones 360102001 (街道, 1000 people), 360102101 (镇, 500)
    county 360121 : zones 360121101 (镇, 300), 360121201 (乡, 200)

Zones are squares of 0.1 degree in a row from 115.8 E, 28.6 N.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import geopandas as gpd
import shapely

from allocator.load import Brief, read_area, read_brief

if TYPE_CHECKING:
    from pathlib import Path

    from allocator.area import PlanningArea
    from allocator.errors import Finding

WEST, SOUTH, SIDE = 115.8, 28.6, 0.1
ZONES = (
    ("360102001", "甲街道", "360102", "街道", 1000),
    ("360102101", "乙镇", "360102", "镇", 500),
    ("360121101", "丙镇", "360121", "镇", 300),
    ("360121201", "丁乡", "360121", "乡", 200),
)
SITES_CSV = """site_id,name,lon,lat,status,zone_id,class
S1,甲中心,115.85,28.65,existing,360102001,B100
S2,乙卫生院,115.95,28.65,existing,,C210
S3,丙备选,116.05,28.65,candidate,,
"""
BRIEF = """
[brief]
name = "试验"
[area]
zones = "zones.geojson"
counties = "counties.geojson"
sites = "sites.csv"
[policy]
packs = ["nanchang-2024"]
"""


def square(column: int, *, columns: int = 1) -> shapely.Polygon:
    """Return the square of the zone in a column, or of several together."""
    west = WEST + column * SIDE
    return shapely.box(west, SOUTH, west + columns * SIDE, SOUTH + SIDE)


def zones_frame() -> gpd.GeoDataFrame:
    """Return the four zones as a planner's layer."""
    names = ("zone_id", "name", "county_id", "kind", "population")
    rows = [dict(zip(names, zone, strict=True)) for zone in ZONES]
    shapes = [square(column) for column in range(len(ZONES))]
    return gpd.GeoDataFrame(rows, geometry=shapes, crs="EPSG:4490")


def counties_frame() -> gpd.GeoDataFrame:
    """Return the two counties as a planner's layer."""
    return gpd.GeoDataFrame(
        {
            "county_id": ["360102", "360121"],
            "name": ["东湖区", "南昌县"],
            "kind": ["区", "县"],
        },
        geometry=[square(0, columns=2), square(2, columns=2)],
        crs="EPSG:4490",
    )


def zones_csv(**changes: Any) -> str:
    """Return the zones as csv with centres; ``changes`` replace cells of zone 1."""
    lines = ["zone_id,name,county_id,kind,population,lon,lat"]
    for column, zone in enumerate(ZONES):
        lon, lat = WEST + (column + 0.5) * SIDE, SOUTH + SIDE / 2
        cells = dict(zip(lines[0].split(","), (*zone, lon, lat), strict=True))
        if column == 0:
            cells |= changes
        lines.append(",".join(str(cell) for cell in cells.values()))
    return "\n".join(lines) + "\n"


def write_area(folder: Path, **files: str | bytes | gpd.GeoDataFrame) -> Path:
    """Write the area and return its brief.

    ``files`` replace or add files; of a name, ``__`` means the dot.
    """
    content: dict[str, str | bytes | gpd.GeoDataFrame] = {
        "zones.geojson": zones_frame(),
        "counties.geojson": counties_frame(),
        "sites.csv": SITES_CSV,
        "brief.toml": BRIEF,
    }
    content |= {name.replace("__", "."): data for name, data in files.items()}
    for name, data in content.items():
        if isinstance(data, gpd.GeoDataFrame):
            data.to_file(folder / name)
        elif isinstance(data, bytes):
            (folder / name).write_bytes(data)
        else:
            (folder / name).write_text(data, encoding="utf-8")
    return folder / "brief.toml"


def brief_with(text: str = "", **area: str) -> str:
    """Return a brief with other ``[area]`` keys, and further sections at its end."""
    keys = {"zones": "zones.geojson", "counties": "counties.geojson"} | area
    keys = {"sites": "sites.csv"} | keys
    written = "\n".join(f'{key} = "{value}"' for key, value in keys.items() if value)
    head, _, rest = BRIEF.partition("[area]")
    return f"{head}[area]\n{written}\n[policy]{rest.partition('[policy]')[2]}\n{text}"


def brief_of(path: Path) -> Brief:
    """Read a brief that must be good."""
    brief, findings = read_brief(path)
    assert brief is not None, findings
    return brief


def read_all(path: Path) -> tuple[PlanningArea | None, list[Finding]]:
    """Read a good brief and then its area."""
    return read_area(brief_of(path))


def area_of(path: Path) -> PlanningArea:
    """Read an area that must be good."""
    area, findings = read_all(path)
    assert area is not None, [finding.say("en") for finding in findings]
    return area


def codes(findings: list[Finding]) -> set[str]:
    """Return the codes of findings."""
    return {finding.code for finding in findings}


def only(findings: list[Finding], code: str) -> Finding:
    """Return the single finding with a code."""
    found = [finding for finding in findings if finding.code == code]
    assert len(found) == 1, [finding.say("en") for finding in findings]
    return found[0]
