"""Cleaned copies of a planner's tables, with every change that was made to them.

The copies hold what the program understood, in the columns and units of the contract,
so that reading them gives the same area without any guess. The originals are only read.
"""

from __future__ import annotations

import csv
import os
import shutil
from dataclasses import dataclass
from io import StringIO
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd

from allocator.area import GEOGRAPHIC_CRS
from allocator.errors import Finding, InputError, Text
from allocator.export import finish_run, gdal_option, refuse_existing
from allocator.load import Certainty, cell_text, read_travel_table
from allocator.pipeline.changes import Cleaned, changes_of
from allocator.schema import read_toml, write_toml

if TYPE_CHECKING:
    from pathlib import Path

    from allocator.load import Account, Brief
    from allocator.pipeline.task import Task

MARKER = "mapping.csv"  # every folder of cleaned tables has it
CHANGE_COLUMNS = ("file", "row", "column", "before", "after", "why")
MAPPING_COLUMNS = (
    "file",
    "sheet",
    "position",
    "heading",
    "column",
    "meaning",
    "unit",
    "factor",
    "certainty",
)
# A spreadsheet takes a cell that starts with one of these for a formula.
FORMULA_STARTS = ("=", "+", "-", "@")
GPKG_DATE = "2000-01-01T00:00:00Z"  # two copies of one table are the same bytes
GPKG_OWN_NAMES = frozenset({"fid", "geom", "geometry", "ogc_fid"})
# Where the brief names the file of a table.
PLACES = {
    "zones": ("area", "zones"),
    "counties": ("area", "counties"),
    "sites": ("area", "sites"),
    "costs": ("area", "costs"),
    "demand": ("demand", "file"),
    "travel": ("travel", "file"),
}
LAYERS_WITH_PLACES = ("zones", "counties", "sites", "demand")
DEMAND_COLUMNS = ["demand_id", "zone_id", "people", "lon", "lat"]


@dataclass(frozen=True)
class _Folder:
    """Where cleaned tables go."""

    path: Path
    names: dict[str, str]


def refuse_cleaned(target: Path, brief: Path, *, force: bool) -> None:
    """Check, before any work is done, that cleaned copies may be written to a folder.

    Raises
    ------
    InputError
        When the folder exists and may not be replaced, or holds the brief itself.
    """
    if brief.resolve().is_relative_to(target.resolve()):
        raise InputError(
            [
                Finding(
                    "clean-into-originals",
                    Text(
                        "任务文件就在这个目录里, 原文件从不改动",
                        "the brief lies in this folder: originals are never changed",
                    ),
                    table=str(target),
                    remedy=Text("换一个新目录", "choose a new folder"),
                )
            ]
        )
    refuse_existing(target, force=force, marker=MARKER)


def write_cleaned(task: Task, target: Path, *, force: bool = False) -> int:
    """Write cleaned copies of all tables of a task, and return how many changes.

    Writes one csv (UTF-8 with its mark) or GeoPackage for each table, ``mapping.csv``,
    ``changes.csv`` and a ``brief.toml`` that names them. The folder is there whole or
    not at all.

    Parameters
    ----------
    task
        Read without errors.
    target
        A new folder.
    force
        Whether an existing folder of cleaned copies is replaced.

    Raises
    ------
    InputError
        When the folder may not be written.
    """
    refuse_cleaned(target, task.brief.path, force=force)
    tables = _cleaned(task)
    changes = [row for table in tables for row in changes_of(table, task.findings)]
    with finish_run(target, force=force, marker=MARKER) as folder:
        names: dict[str, str] = {}
        for table in tables:
            names[table.name] = _write_table(table, folder)
        _write_rows(folder / "changes.csv", CHANGE_COLUMNS, changes)
        mapping = [row for table in tables for row in _mapping(table.account)]
        _write_rows(folder / MARKER, MAPPING_COLUMNS, mapping)
        _write_brief(task.brief, target, _Folder(folder, names))
    return len(changes)


def _cleaned(task: Task) -> list[Cleaned]:
    """Return the tables as they were understood, in the order of reading."""
    base = task.base
    tables = []
    for account in task.accounts:
        name = account.table.name if account.table else ""
        frame: pd.DataFrame | None = None
        shapes = None
        if name == "zones":
            frame = base.zones.drop(columns="geometry").reset_index()
            shapes = base.zones.geometry.to_numpy()
        elif name == "counties":
            frame = base.counties.drop(columns="geometry").reset_index()
            shapes = base.counties.geometry.to_numpy()
        elif name == "sites":
            frame = base.sites.drop(columns="county_id").reset_index()
            shapes = gpd.points_from_xy(frame["lon"], frame["lat"])
        elif name == "demand":
            frame = base.demand.reset_index()[DEMAND_COLUMNS]
            shapes = gpd.points_from_xy(frame["lon"], frame["lat"])
        elif name == "costs":
            frame = base.costs
        elif name == "travel":
            frame, _ = read_travel_table(task.brief, base)
        if frame is not None:
            layer = shapes if account.layer else None
            tables.append(Cleaned(account, _without_blanks(frame, account), layer))
    return tables


def _without_blanks(frame: pd.DataFrame, account: Account) -> pd.DataFrame:
    """Leave out columns that the planner did not give and that say nothing."""
    given = {heading.column for heading in account.headings}
    kept = []
    for name in frame.columns:
        values = frame[name].map(cell_text)
        silent = values.isin(["", "false"]).all()
        if name in given or not silent:
            kept.append(name)
    return frame[kept]


def _write_table(table: Cleaned, folder: Path) -> str:
    """Write one table and return its file name."""
    if table.shapes is None:
        name = f"{table.name}.csv"
        rows = [
            [_guarded(cell) for cell in row]
            for row in zip(
                *(_texts(table.frame[c]) for c in table.frame.columns), strict=True
            )
        ]
        _write_rows(folder / name, tuple(map(str, table.frame.columns)), rows)
        return name
    name = f"{table.name}.gpkg"
    columns: dict[str, Any] = {}
    for column in table.frame.columns:
        values = table.frame[column]
        plain = pd.api.types.is_numeric_dtype(values) and values.dtype != bool
        content = values.to_numpy() if plain else _texts(values)
        columns[_field_name(str(column), columns)] = content
    layer = gpd.GeoDataFrame(columns, geometry=table.shapes, crs=GEOGRAPHIC_CRS)
    with gdal_option("OGR_CURRENT_DATE", GPKG_DATE):
        layer.to_file(folder / name, layer=table.name, driver="GPKG")
    return name


def _field_name(name: str, taken: dict[str, Any]) -> str:
    """Return a name that a GeoPackage takes: its own names and doubles get a mark."""
    used = {word.casefold() for word in taken} | GPKG_OWN_NAMES
    while name.casefold() in used:
        name += "_"
    return name


def _texts(values: pd.Series) -> list[str]:
    return [cell_text(value) for value in values.to_numpy(dtype=object)]


def _guarded(cell: str) -> str:
    """Keep a spreadsheet from running text as a formula; numbers are left alone."""
    if not cell.startswith(FORMULA_STARTS):
        return cell
    try:
        float(cell)
    except ValueError:
        return f"'{cell}"
    return cell


def _write_rows(path: Path, columns: tuple[str, ...], rows: list[Any]) -> None:
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    path.write_bytes(text.getvalue().encode("utf-8-sig"))


def _mapping(account: Account) -> list[tuple[str, ...]]:
    return [
        (
            account.file,
            account.sheet or account.layer,
            heading.letter,
            heading.heading,
            heading.column,
            str(heading.meaning) if heading.meaning.zh else "",
            heading.unit,
            f"{heading.factor:g}" if heading.certainty is not Certainty.IGNORED else "",
            str(heading.certainty),
        )
        for heading in account.headings
    ]


def _write_brief(brief: Brief, target: Path, folder: _Folder) -> None:
    """Write the brief again, with the cleaned files in place of the planner's."""
    content, _ = read_toml(brief.path)
    content = content or {}
    # Files that are not written again (roads, rasters) stay in what they were.
    content.setdefault("crs", {}).update(
        {name: GEOGRAPHIC_CRS for name in folder.names if name in LAYERS_WITH_PLACES}
    )
    if "sites" in folder.names:
        # The copy holds what was joined to the sites, and what it rests on.
        for key in ("locations", "aliases"):
            content.get("area", {}).pop(key, None)
        content["crs"].pop("locations", None)
    for section in ("area", "demand", "travel", "report"):
        for key, value in content.get(section, {}).items():
            if isinstance(value, str) and brief.resolve(value).exists():
                content[section][key] = _from(target, brief.resolve(value))
    for name, file in folder.names.items():
        section, key = PLACES[name]
        content.setdefault(section, {})[key] = file
    packs = content.get("policy", {}).get("packs", [])
    content["policy"]["packs"] = [_pack(brief, pack, folder.path) for pack in packs]
    (folder.path / "brief.toml").write_text(write_toml(content), encoding="utf-8")


def _from(target: Path, file: Path) -> str:
    """Return the path of what stays where it is, as seen from the new folder."""
    try:
        return os.path.relpath(file.resolve(), target.resolve()).replace(os.sep, "/")
    except ValueError:  # on another drive
        return str(file.resolve())


def _pack(brief: Brief, pack: str, folder: Path) -> str:
    """Copy a planner's own pack beside the brief; bundled ones keep their id."""
    file = brief.resolve(pack)
    if not file.is_file():
        return pack
    copies = folder / "packs"
    copies.mkdir(exist_ok=True)
    name = file.name
    while (copies / name).exists():
        name = f"_{name}"
    shutil.copyfile(file, copies / name)
    return f"packs/{name}"
