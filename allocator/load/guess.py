"""What a planner's file is: a table of zones, of sites, roads, a grid of people ...

A guess rests on what can be seen: the headings that are understood, and the kind of
shapes. It says so, and how sure it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import shapely

from allocator.load.files import read_raw
from allocator.load.headings import understand
from allocator.load.layers import LAYERS
from allocator.load.remarks import Remarks
from allocator.load.workbooks import WORKBOOKS
from allocator.tables import ALL_TABLES, LOCATIONS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from allocator.errors import Finding
    from allocator.load.headings import Claim
    from allocator.load.raw import Raw
    from allocator.tables import Table

type Use = Literal[
    "zones",
    "counties",
    "sites",
    "locations",
    "demand",
    "costs",
    "travel",
    "roads",
    "raster",
    "",
]

TABLES = frozenset({".csv", ".txt", ".tsv"}) | WORKBOOKS | frozenset(LAYERS)
RASTERS = frozenset({".tif", ".tiff"})
ROAD_FILES = (".osm.pbf", ".pbf")
# Columns that say most of what a table is for, beside those it must have.
_TELLING: dict[str, tuple[str, ...]] = {
    "zones": ("population", "kind", "county_id"),
    "counties": ("county_id",),
    "demand": ("people",),
    "sites": ("status", "class", "beds", "services", "gps", "physicians"),
    "costs": ("capital_wan", "action"),
    "travel": ("minutes", "demand_id"),
}
_LINE, _MULTILINE, _POLYGON, _MULTIPOLYGON = 1, 5, 3, 6
_MOST_NAMES = 200
_SURE, _LIKELY = 0.75, 0.4


@dataclass(frozen=True)
class Guess:
    """What a file seems to be.

    Parameters
    ----------
    path
        The file.
    use
        What it seems to be for; empty where that is not seen.
    score
        0 to 1: the share of what such a table must have and tells by, that is there.
    rows
        How many rows or shapes; 0 for a raster and for what cannot be read.
    mapping
        Heading as written, and the column that it means.
    shapes
        ``polygons``, ``lines``, ``points`` or empty.
    findings
        What stood in the way of reading it.
    names
        Some of the names in it.
    """

    path: Path
    use: Use
    score: float
    rows: int = 0
    mapping: tuple[tuple[str, str], ...] = ()
    shapes: str = ""
    findings: tuple[Finding, ...] = ()
    names: frozenset[str] = frozenset()

    @property
    def is_sure(self) -> bool:
        """Whether nothing speaks against the use."""
        return self.score >= _SURE


def guess_use(path: Path) -> Guess:
    """Return what a file seems to be."""
    name = path.name.lower()
    if path.suffix.lower() in RASTERS:
        return Guess(path, "raster", 1.0)
    if name.endswith(ROAD_FILES):
        return Guess(path, "roads", 1.0)
    if path.suffix.lower() not in TABLES:
        return Guess(path, "", 0.0)
    best = Guess(path, "", 0.0)
    for table in ALL_TABLES:
        if table.name not in _TELLING:
            continue
        remarks = Remarks(path.name)
        raw = read_raw(path, table, remarks)
        if raw is None:
            return Guess(path, "", 0.0, findings=tuple(remarks.findings))
        shapes = _shapes(raw)
        if shapes == "lines":
            return Guess(path, "roads", 1.0, len(raw.cells), shapes=shapes)
        found = _guess(path, table, raw, shapes)
        if found.score > best.score:
            best = found
    return best


def guess_locations(path: Path) -> Guess | None:
    """Return a file as a table of places to look sites up in; None if it is not one.

    That is what has coordinates or points, and a name or code for each.
    """
    if path.suffix.lower() not in TABLES:
        return None
    raw = read_raw(path, LOCATIONS, Remarks(path.name))
    if raw is None or (shapes := _shapes(raw)) not in ("", "points"):
        return None
    claims, _ = understand(raw.parts, LOCATIONS, truncated=raw.truncated)
    there = _columns_there(claims, shapes)
    if not there >= {"lon", "lat"} or not there & {"name", "code"}:
        return None
    return Guess(path, "locations", 1.0, len(raw.cells), _mapping(claims), shapes)


def _shapes(raw: Raw) -> str:
    if raw.shapes is None:
        return ""
    kinds = shapely.get_type_id(raw.shapes)
    if np.isin(kinds, (_LINE, _MULTILINE)).any():
        return "lines"
    if np.isin(kinds, (_POLYGON, _MULTIPOLYGON)).any():
        return "polygons"
    return "points"


def _guess(path: Path, table: Table, raw: Raw, shapes: str) -> Guess:
    headings = [str(heading) for heading in raw.cells.columns]
    claims, _ = understand(raw.parts, table, truncated=raw.truncated)
    use = table.name
    score = _score(table, claims, headings, shapes)
    return Guess(
        path,
        use,  # type: ignore[arg-type]  # the names of `_TELLING` are uses
        score if score >= _LIKELY else 0.0,
        len(raw.cells),
        _mapping(claims),
        shapes,
        names=_names(claims, raw),
    )


def _mapping(claims: Sequence[Claim]) -> tuple[tuple[str, str], ...]:
    return tuple((claim.heading, claim.column.name) for claim in claims)


def _columns_there(claims: Sequence[Claim], shapes: str) -> set[str]:
    """Return the columns that a file has; shapes stand for coordinates."""
    there = {claim.column.name for claim in claims}
    return there | {"lon", "lat"} if shapes else there


def _names(claims: Sequence[Claim], raw: Raw) -> frozenset[str]:
    found: set[str] = set()
    for claim in claims:
        if claim.column.name == "name":
            found |= set(raw.cells.iloc[:_MOST_NAMES, claim.position])
    return frozenset(found - {""})


def _score(
    table: Table, claims: Sequence[Claim], headings: Sequence[str], shapes: str
) -> float:
    """Return the share of what tells a table that a file has.

    Shapes stand for coordinates. Polygons are no sites and no villages, places without
    people are no villages; a list of counties has no column that only zones have.
    """
    there = _columns_there(claims, shapes)
    if table.name in ("sites", "demand") and shapes == "polygons":
        return 0.0
    if table.name == "demand" and "people" not in there:
        return 0.0
    needed = [c.name for c in table.columns if c.required]
    telling = [*needed, *_TELLING[table.name]]
    if table.name == "counties":
        if there >= {"name"} and len(headings) > 1 and _has_zones(headings):
            return 0.0
        # Few columns: a table of zones has these too, and says more by its others.
        return 0.9 * sum(c in there for c in telling) / len(telling)
    return sum(c in there for c in telling) / len(telling)


def _has_zones(headings: Sequence[str]) -> bool:
    zones = next(table for table in ALL_TABLES if table.name == "zones")
    parts = [(heading,) for heading in headings]
    claims, _ = understand(parts, zones, truncated=False)
    there = {c.column.name for c in claims}
    return {"population", "zone_id"} <= there and bool(there & {"kind", "county_id"})
