"""Registers in GeoPackages: one layer changed in place, everything else untouched.

A GeoPackage is an SQLite file. It is copied byte by byte and the copy is changed by
SQL, so that other layers, styles, feature ids and triggers stay. The functions that
triggers of a spatial index call are given here, as GDAL and QGIS give them.
Source: OGC GeoPackage Encoding Standard 1.3 (12-128r17), clauses 2.1.3 and F.3.
"""

from __future__ import annotations

import math
import shutil
import sqlite3
import struct
import time
from contextlib import closing
from typing import TYPE_CHECKING

import pyproj
import shapely
from pyproj.exceptions import CRSError

from allocator.area import GEOGRAPHIC_CRS
from allocator.errors import Text
from allocator.load.cells import plain_id
from allocator.load.grids import cell_text
from allocator.register.changes import LOG_HEADINGS, LOG_TABLE, read_changes

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from allocator.load.remarks import Remarks
    from allocator.register.changes import Change
    from allocator.register.edits import Edit, Edits
    from allocator.register.reading import Register

# Bytes of the envelope by its code in the flags of a geometry, clause 2.1.3.1.1.
ENVELOPE_BYTES = {0: 0, 1: 32, 2: 48, 3: 48, 4: 64}
EMPTY_FLAG = 0b0001_0000
POINTS = ("POINT", "MULTIPOINT", "GEOMETRY", "GEOMETRYCOLLECTION")
# The log is registered so that QGIS lists it; when does not matter to anyone.
LOG_DATE = "2000-01-01T00:00:00.000Z"
# What a damaged file raises: text that is none, shapes that are none.
MOST_SECONDS = 60.0  # for all changes together; they take far less than one
_STEPS = 100_000  # of the database between two looks at the clock
DAMAGE = (
    sqlite3.Error,
    shapely.errors.ShapelyError,
    struct.error,
    ValueError,
    TypeError,
    IndexError,
)
SIDES = ("-wal", "-journal")


def remark_open_elsewhere(path: Path, remarks: Remarks) -> None:
    """Report a GeoPackage of which a part still lies in a journal beside it."""
    for side in SIDES:
        journal = path.with_name(path.name + side)
        if journal.is_file() and journal.stat().st_size:
            remarks.error(
                "register-open",
                Text(
                    f"正被其他程序打开 (旁边有 {journal.name})",
                    f"open in another program ({journal.name} is beside it)",
                ),
                remedy=Text(
                    "在 QGIS 里移除图层或关闭工程后重试",
                    "remove the layer in QGIS, or close the project, and try again",
                ),
            )


def quoted(name: str) -> str:
    """Return a name as SQL writes it."""
    return '"' + name.replace('"', '""') + '"'


def read_layer_log(path: Path) -> tuple[Change, ...]:
    """Read the table of changes; nothing where there is none."""
    # A read-only and immutable connection leaves no file beside the original.
    address = f"{path.resolve().as_uri()}?mode=ro&immutable=1"
    columns = ", ".join(quoted(words.en) for words in LOG_HEADINGS.values())
    try:
        with closing(sqlite3.connect(address, uri=True)) as base:
            rows = base.execute(
                f"SELECT {columns} FROM {quoted(LOG_TABLE)} ORDER BY fid"  # noqa: S608
            ).fetchall()
    except (sqlite3.Error, ValueError):
        return ()
    return read_changes([str(cell or "") for cell in row] for row in rows)


def write_layer(
    register: Register, edits: Edits, target: Path, remarks: Remarks
) -> None:
    """Write a changed copy of a GeoPackage, with its log as a table."""
    shutil.copyfile(register.path, target)
    if not edits.cells:
        return
    try:
        with closing(sqlite3.connect(target)) as base:
            _add_functions(base)
            _end_in_time(base)
            layer = _Layer(register, edits, base, remarks)
            if layer.change():
                _write_log(base, edits)
                base.commit()
    except DAMAGE as error:
        remarks.error(
            "layer-refused",
            Text(f"GeoPackage 拒绝了更改: {error}", f"the GeoPackage refuses: {error}"),
            remedy=Text(
                "检查图层的必填列、唯一约束和触发器",
                "look at required columns, unique ones and triggers of the layer",
            ),
        )


# --- Geometry -------------------------------------------------------------------------


def to_blob(x: float, y: float, srs_id: int, *, kind: str, z: bool) -> bytes:
    """Return a point as GeoPackage geometry: header without envelope, then WKB."""
    shape = shapely.Point(x, y, 0.0) if z else shapely.Point(x, y)
    made = shapely.MultiPoint([shape]) if kind == "MULTIPOINT" else shape
    head = struct.pack("<2sBBi", b"GP", 0, 1, srs_id)
    return head + bytes(
        shapely.to_wkb(made, byte_order=1, output_dimension=3 if z else 2)
    )


def from_blob(blob: bytes) -> shapely.Geometry | None:
    """Return the shape of a GeoPackage geometry; None for an empty one."""
    flags = blob[3]
    if flags & EMPTY_FLAG:
        return None
    size = ENVELOPE_BYTES.get((flags >> 1) & 0b111, 0)
    shape = shapely.from_wkb(blob[8 + size :])
    return None if shapely.is_empty(shape) else shape


def _end_in_time(base: sqlite3.Connection) -> None:
    """Have a trigger without end stopped, which `DAMAGE` then reports."""
    end = time.monotonic() + MOST_SECONDS
    base.set_progress_handler(lambda: int(time.monotonic() > end), _STEPS)


def _add_functions(base: sqlite3.Connection) -> None:
    def bound(position: int) -> Callable[[bytes | None], float | None]:
        def of(blob: bytes | None) -> float | None:
            shape = None if blob is None else from_blob(blob)
            return None if shape is None else float(shapely.bounds(shape)[position])

        return of

    def is_empty(blob: bytes | None) -> int | None:
        return None if blob is None else int(from_blob(blob) is None)

    for position, name in enumerate(("ST_MinX", "ST_MinY", "ST_MaxX", "ST_MaxY")):
        base.create_function(name, 1, bound(position), deterministic=True)
    base.create_function("ST_IsEmpty", 1, is_empty, deterministic=True)


# --- The layer ------------------------------------------------------------------------


class _Layer:
    """The layer of the register while it is changed."""

    def __init__(
        self,
        register: Register,
        edits: Edits,
        base: sqlite3.Connection,
        remarks: Remarks,
    ) -> None:
        self.register, self.edits, self.base = register, edits, base
        self.remarks = remarks
        self.name = register.account.layer
        self.table = quoted(self.name)
        info = base.execute(f"PRAGMA table_info({self.table})").fetchall()
        self.types = {str(row[1]): str(row[2]).upper() for row in info}
        self.key = next((str(row[1]) for row in info if row[5]), "rowid")
        row = base.execute(
            "SELECT column_name, geometry_type_name, srs_id, z"
            " FROM gpkg_geometry_columns WHERE table_name = ?",
            (self.name,),
        ).fetchone()
        self.geometry, self.kind = str(row[0]), str(row[1]).upper()
        self.srs_id, self.z = int(row[2]), int(row[3]) == 1

    def change(self) -> bool:
        """Change the layer; False with a finding where it cannot be."""
        if self.edits.new and not self._takes_points():
            return False
        for field in self.edits.appended:
            kind = "REAL" if self._is_number(field.position) else "TEXT"
            self.base.execute(
                f"ALTER TABLE {self.table} ADD COLUMN {quoted(field.heading)} {kind}"
            )
            self.types[field.heading] = kind
        rows = self._rows()
        for site_id in self.edits.new:
            rows[site_id] = self._insert(site_id)
        for edit in self.edits.cells:
            if edit.site_id not in self.edits.new:
                self._update(rows[edit.site_id], edit)
        self._update_contents()
        return True

    def _is_number(self, position: int) -> bool:
        values = [e.value for e in self.edits.cells if e.field.position == position]
        return all(not isinstance(value, str) for value in values)

    def _takes_points(self) -> bool:
        if self.kind in POINTS:
            return True
        self.remarks.error(
            "layer-not-points",
            Text(
                f"图层“{self.name}”的图形是 {self.kind}, 不能加入点",
                f"the layer {self.name} holds {self.kind}: no points can be added",
            ),
            remedy=Text("给出点图层", "give a layer of points"),
        )
        return False

    def _rows(self) -> dict[str, int]:
        """Return the feature id of every site."""
        key = self.register.find("site_id")
        column = quoted(key.heading) if key else self.key
        found = self.base.execute(
            f"SELECT {quoted(self.key)}, {column} FROM {self.table}"  # noqa: S608
        )
        return {plain_id(cell_text(cell).strip()): int(fid) for fid, cell in found}

    def _value(self, edit: Edit) -> str | float | int:
        value = edit.value
        kind = self.types.get(edit.field.heading, "TEXT")
        if isinstance(value, str):
            numeric = "INT" in kind or kind in ("REAL", "DOUBLE", "FLOAT")
            return int(value) if numeric and value.isdigit() else value
        if kind.startswith("TEXT"):
            return str(int(value)) if float(value).is_integer() else repr(float(value))
        return int(value) if float(value).is_integer() and "INT" in kind else value

    def _update(self, fid: int, edit: Edit) -> None:
        self.base.execute(
            f"UPDATE {self.table} SET {quoted(edit.field.heading)} = ?"  # noqa: S608
            f" WHERE {quoted(self.key)} = ?",
            (self._value(edit), fid),
        )

    def _insert(self, site_id: str) -> int:
        x, y = self._place(*self.edits.places[site_id])
        cells: dict[str, object] = {
            self.geometry: to_blob(x, y, self.srs_id, kind=self.kind, z=self.z)
        }
        for edit in self.edits.cells:
            if edit.site_id == site_id:
                cells[edit.field.heading] = self._value(edit)
        names = ", ".join(quoted(name) for name in cells)
        marks = ", ".join("?" for _ in cells)
        done = self.base.execute(
            f"INSERT INTO {self.table} ({names}) VALUES ({marks})",  # noqa: S608
            tuple(cells.values()),
        )
        return int(done.lastrowid or 0)

    def _place(self, lon: float, lat: float) -> tuple[float, float]:
        """Return degrees of CGCS2000 in the system of the layer."""
        row = self.base.execute(
            "SELECT organization, organization_coordsys_id, definition"
            " FROM gpkg_spatial_ref_sys WHERE srs_id = ?",
            (self.srs_id,),
        ).fetchone()
        if row is None or self.srs_id <= 0:
            return lon, lat
        try:
            crs = pyproj.CRS.from_user_input(f"{row[0]}:{row[1]}")
        except CRSError:
            crs = pyproj.CRS.from_wkt(str(row[2]))
        transformer = pyproj.Transformer.from_crs(GEOGRAPHIC_CRS, crs, always_xy=True)
        x, y = transformer.transform(lon, lat)
        return float(x), float(y)

    def _update_contents(self) -> None:
        """Widen the extent of the layer, and count its features again."""
        if not self.edits.new:
            return
        blobs = self.base.execute(
            f"SELECT {quoted(self.geometry)} FROM {self.table}"  # noqa: S608
        )
        shapes = [from_blob(row[0]) for row in blobs if row[0] is not None]
        bounds = shapely.total_bounds([shape for shape in shapes if shape is not None])
        if all(map(math.isfinite, bounds)):
            self.base.execute(
                "UPDATE gpkg_contents SET min_x = ?, min_y = ?, max_x = ?, max_y = ?"
                " WHERE table_name = ?",
                (*map(float, bounds), self.name),
            )
        counted = self.base.execute(
            "SELECT 1 FROM sqlite_master WHERE name = 'gpkg_ogr_contents'"
        ).fetchone()
        if counted:
            self.base.execute(
                "UPDATE gpkg_ogr_contents SET feature_count ="  # noqa: S608
                f" (SELECT count(*) FROM {self.table}) WHERE table_name = ?",
                (self.name,),
            )


def _write_log(base: sqlite3.Connection, edits: Edits) -> None:
    table = quoted(LOG_TABLE)
    names = [words.en for words in LOG_HEADINGS.values()]
    columns = ", ".join(f"{quoted(name)} TEXT" for name in names)
    base.execute(
        f"CREATE TABLE IF NOT EXISTS {table}"
        f" (fid INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, {columns})"
    )
    known = base.execute(
        "SELECT 1 FROM gpkg_contents WHERE table_name = ?", (LOG_TABLE,)
    ).fetchone()
    if not known:
        base.execute(
            "INSERT INTO gpkg_contents (table_name, data_type, identifier, description,"
            " last_change, srs_id) VALUES (?, 'attributes', ?, '', ?, 0)",
            (LOG_TABLE, LOG_TABLE, LOG_DATE),
        )
    marks = ", ".join("?" for _ in names)
    listed = ", ".join(quoted(name) for name in names)
    base.executemany(
        f"INSERT INTO {table} ({listed}) VALUES ({marks})",  # noqa: S608
        [change.cells for change in edits.changes],
    )
