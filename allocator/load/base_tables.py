"""Whether a GeoPackage holds tables, and nothing that computes or fetches.

A GeoPackage is a database. A view in it may run without end, a generated column may
come to gigabytes in each row, and a virtual table may stand for another file.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

import geopandas as gpd
from pyogrio.errors import DataSourceError

from allocator.errors import Text
from allocator.load.grids import remark_unreadable

if TYPE_CHECKING:
    from pathlib import Path

    from allocator.load.remarks import Remarks

# Views that the first edition of the standard asked for; they are never a layer.
_OF_STANDARD = frozenset({"st_spatial_ref_sys", "st_geometry_columns"})
_GENERATED = (2, 3)  # `hidden` of PRAGMA table_xinfo: virtual, stored
_INDEX = "using rtree"


def check_tables(path: Path, remarks: Remarks) -> bool:
    """Return whether a GeoPackage holds plain tables only; else with a finding.

    Parameters
    ----------
    path
        The file; it is not changed.
    remarks
        Receives the finding.
    """
    try:
        computing = _computing(path)
    except (sqlite3.Error, ValueError, OSError) as error:
        remark_unreadable(str(error), remarks)
        return False
    if not computing:
        return True
    remarks.error(
        "layer-computed",
        Text(
            "含有会计算或引用别处的对象 (视图、虚拟表、生成列), 不读取",
            "it holds what computes or refers elsewhere (views, virtual tables, "
            "generated columns): not read",
        ),
        keys=computing,
        remedy=Text(
            "在 GIS 中把图层另存为新的 GeoPackage",
            "export the layer to a new GeoPackage in a GIS",
        ),
    )
    return False


def read_own_layer(path: Path, layer: str, **options: Any) -> gpd.GeoDataFrame:  # noqa: ANN401
    """Read a layer of a GeoPackage of a run folder, which others may have changed.

    Raises
    ------
    DataSourceError, DataLayerError
        When it cannot be read, or holds what computes.
    """
    try:
        computing = _computing(path)
    except (sqlite3.Error, ValueError, OSError) as error:
        raise DataSourceError(str(error)) from error
    if computing:
        raise DataSourceError(f"computed: {', '.join(computing)}")
    return gpd.read_file(path, layer=layer, **options)


def _computing(path: Path) -> list[str]:
    """Return the names of views, virtual tables and tables with generated columns."""
    # Immutable, no file is left beside it; with a log of changes, that counts too.
    has_log = path.with_name(f"{path.name}-wal").exists()
    address = path.resolve().as_uri() + "?mode=ro"
    address += "" if has_log else "&immutable=1"
    with closing(sqlite3.connect(address, uri=True)) as base:
        base.execute("PRAGMA trusted_schema = OFF")
        held = base.execute("SELECT type, name, sql FROM sqlite_master").fetchall()
        layers = {
            str(name)
            for (name,) in base.execute("SELECT table_name FROM gpkg_contents")
        }
        found = []
        for kind, name, sql in held:
            words = " ".join(str(sql or "").lower().split())
            if kind == "view":
                wrong = name in layers or name not in _OF_STANDARD
            elif words.startswith("create virtual"):
                wrong = _INDEX not in words
            else:
                wrong = kind == "table" and _is_generated(base, str(name))
            if wrong:
                found.append(str(name))
    return sorted(found)


def _is_generated(base: sqlite3.Connection, name: str) -> bool:
    quoted = '"' + name.replace('"', '""') + '"'
    rows = base.execute(f"PRAGMA table_xinfo({quoted})").fetchall()
    return any(row[-1] in _GENERATED for row in rows)
