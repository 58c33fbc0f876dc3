"""Writing a run: certificate, tables, audit, review form and GeoPackage.

A run is written beside its target and moved there when it is whole, so that a killed
run leaves no half folder. Files hold the same bytes for the same outcome.
"""

from __future__ import annotations

import contextlib
import csv
import json
import math
import os
import secrets
import shutil
import sys
import time
from io import StringIO
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import shapely

from allocator.accessibility import compare_access
from allocator.area import GEOGRAPHIC_CRS
from allocator.errors import AllocatorError, Finding, InputError, Text
from allocator.outcome import audit_table, placements_table, service_names

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from allocator.area import PlanningArea
    from allocator.audit import AuditRow
    from allocator.decisions import Decision
    from allocator.errors import Language
    from allocator.outcome import Outcome

DECISION_COLUMNS = (
    "site_id",
    "service",
    "phase",
    "verdict",
    "reviewer",
    "reason",
    "date",
    "lon",
    "lat",
    "name",
    "class",
)

RUN_MARKER = "run.json"  # every run folder has it

DEMAND_COLUMNS = ("demand_id", "zone_id", "people", "lon", "lat")

# Of the register, what maps and reports of a run read back need.
SITE_COLUMNS = (
    "name",
    "county_id",
    "zone_id",
    "class",
    "status",
    "branch",
    "level",
    "beds",
    "lon",
    "lat",
)

# Decimals that a figure is written with; others keep their shortest exact form.
_DECIMALS = {
    "people": 6,
    "people_served": 2,
    "minutes": 6,
    "minutes_mean": 2,
    "capital_wan": 4,
    "yearly_wan": 4,
    "lon": 6,
    "lat": 6,
    "source": 2,
    "factor": 6,
}

# A spreadsheet takes a cell that starts with one of these for a formula.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")

# A folder left by a killed run is cleared when it is older than this.
_STALE_S = 24 * 3600.0

# With less than this a disk is full: no table, picture or layer finds room.
_FULL_BYTES = 256 * 1024

# GeoPackage records when a layer was written; runs must not differ in it.
_GPKG_DATE = "2000-01-01T00:00:00Z"


def write_run(outcome: Outcome, folder: Path) -> None:
    """Write the tables of a run.

    Writes ``run.json``, ``placements.csv``, ``assignments.csv``, ``allocations.csv``,
    ``demand.csv``, ``sites.csv``, ``audit.csv``, ``audit.json``, ``decisions.csv`` and
    ``plan.gpkg``; ``access.csv``, ``reach.csv``, ``gaps.csv``, ``scores.csv``,
    ``bed_need.csv``, ``joins.csv``, ``groups.csv``, ``members.csv``, ``geometry.csv``,
    ``population.csv``, ``audit_<year>.csv`` and ``assignments_<year>.csv`` where there
    is anything to say in them. Assignments keep six
    decimals, so that a plan read back passes the same audit.

    Parameters
    ----------
    outcome
        What the run found.
    folder
        An existing folder, as `finish_run` gives it.
    """
    placements = placements_table(outcome)
    write_json(outcome.certificate, folder / "run.json")
    write_csv(placements, folder / "placements.csv")
    write_csv(outcome.plan.assignments, folder / "assignments.csv")
    write_csv(outcome.plan.allocations, folder / "allocations.csv")
    demand = outcome.area.demand.reset_index()[list(DEMAND_COLUMNS)]
    write_csv(demand, folder / "demand.csv")
    write_csv(sites_table(outcome), folder / "sites.csv")
    write_csv(audit_table(outcome.audit, outcome.language), folder / "audit.csv")
    write_json(audit_records(outcome.audit, outcome.language), folder / "audit.json")
    if outcome.gaps:
        write_csv(audit_table(outcome.gaps, outcome.language), folder / "gaps.csv")
    if outcome.access is not None:
        write_csv(compare_access(*outcome.access), folder / "access.csv")
    if outcome.reach is not None and not outcome.reach.empty:
        write_csv(outcome.reach, folder / "reach.csv")
    if outcome.scores is not None:
        write_csv(outcome.scores, folder / "scores.csv")
    if outcome.bed_need is not None:
        write_csv(outcome.bed_need, folder / "bed_need.csv")
    if not outcome.plan.groups.empty:
        write_csv(outcome.plan.groups, folder / "groups.csv")
    if outcome.members is not None and not outcome.members.empty:
        write_csv(outcome.members, folder / "members.csv")
    _write_ground(outcome.area, folder)
    _write_earlier(outcome, folder)
    write_csv(_decision_form(placements, outcome.decisions), folder / "decisions.csv")
    if outcome.decisions:
        write_csv(_decision_table(outcome.decisions), folder / "decided.csv")
    write_geopackage(outcome, folder / "plan.gpkg")


def earlier_journeys(year: int) -> str:
    """Return the name of the file with the assignments of a phase before the last."""
    return f"assignments_{year}.csv"


def _write_earlier(outcome: Outcome, folder: Path) -> None:
    """Write the audit and the journeys of every phase before the last."""
    for year, rows in outcome.earlier.items():
        write_csv(audit_table(rows, outcome.language), folder / f"audit_{year}.csv")
    for year, journeys in outcome.earlier_journeys.items():
        write_csv(journeys, folder / earlier_journeys(year))


def _write_ground(area: PlanningArea, folder: Path) -> None:
    """Write what was changed in shapes, joined, and where people of a file went."""
    repairs, people = area.repairs, area.people_by_zone
    if area.joins is not None:
        write_csv(area.joins, folder / "joins.csv")
    if repairs is not None and repairs["changed"].any():
        write_csv(repairs, folder / "geometry.csv")
    if people is not None and people["source"].notna().any():
        write_csv(people.reset_index(), folder / "population.csv")


# --- Tables ---------------------------------------------------------------------------


def write_csv(table: pd.DataFrame, path: Path) -> None:
    """Write a table as csv that Excel opens with its Chinese intact.

    UTF-8 with a byte order mark, lines ended by a line feed. Text that a spreadsheet
    would run as a formula gets a leading apostrophe; numbers are left alone.
    """
    columns = [_cells(table[name], name) for name in table.columns]
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(table.columns)
    writer.writerows(zip(*columns, strict=True))
    path.write_bytes(text.getvalue().encode("utf-8-sig"))


def _cells(values: pd.Series[Any], name: str) -> list[str]:
    if pd.api.types.is_float_dtype(values.dtype):
        decimals = _DECIMALS.get(name)
        return [_number(value, decimals) for value in values.tolist()]
    return [_cell(value) for value in values.tolist()]


def _number(value: float, decimals: int | None) -> str:
    if not math.isfinite(value):
        return ""
    if decimals is None:
        return str(int(value)) if value.is_integer() else repr(value)
    text = f"{value:.{decimals}f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def _cell(value: object) -> str:
    if isinstance(value, float):
        return _number(value, None)
    if value is None or value is pd.NA:
        return ""
    if not isinstance(value, str):
        return str(value)
    return f"'{value}" if value.startswith(_FORMULA_STARTS) else value


def sites_table(outcome: Outcome) -> pd.DataFrame:
    """Return ``sites.csv``: the register as it was read, plain columns alone."""
    sites = outcome.area.sites
    shown = [name for name in SITE_COLUMNS if name in sites]
    return sites[shown].reset_index()


def audit_records(
    rows: tuple[AuditRow, ...], language: Language
) -> list[dict[str, object]]:
    """Return the audit as plain data, verdicts as machines read them.

    Parameters
    ----------
    rows
        The audit.
    language
        The language of ``required``, ``found`` and ``gap``.
    """
    return [
        {
            "rule_id": row.rule_id,
            "pack": row.pack,
            "clause": row.clause,
            "quote": row.quote,
            "priority": str(row.priority),
            "due": row.due,
            "unit_id": row.unit_id,
            "unit": row.unit,
            "required": row.required.say(language),
            "found": row.found.say(language),
            "verdict": row.verdict.value,
            "gap": row.gap.say(language),
            "missing": row.missing if math.isfinite(row.missing) else None,
            "source": row.source,
        }
        for row in rows
    ]


def write_json(content: object, path: Path) -> None:
    """Write plain data as JSON; a number without a value becomes null."""
    text = json.dumps(plain_json(content), ensure_ascii=False, indent=2)
    path.write_bytes(f"{text}\n".encode())


def plain_json(content: object) -> object:
    """Return the content in JSON's own types; a number without a value is null."""
    if isinstance(content, dict):
        return {str(key): plain_json(value) for key, value in content.items()}
    if isinstance(content, list | tuple):
        return [plain_json(value) for value in content]
    if isinstance(content, np.generic):
        content = content.item()
    if isinstance(content, float) and not math.isfinite(content):
        return None
    return content


def _decision_form(
    placements: pd.DataFrame, decisions: Sequence[Decision]
) -> pd.DataFrame:
    """Return the form of the next review: what was decided, then what was not yet.

    Earlier decisions stand in it, so that they hold on unless somebody changes them. A
    place that was moved is reviewed at its new point, and the old one stays rejected.
    """
    known = _decision_table(decisions)
    said = set(zip(known["site_id"], known["service"], strict=True))
    form = placements.loc[:, ["site_id", "service", "phase"]].copy()
    pairs = zip(form["site_id"], form["service"], strict=True)
    form = form[[pair not in said for pair in pairs]]
    for name in DECISION_COLUMNS[3:]:
        form[name] = ""
    return pd.concat([known, form], ignore_index=True)


def _decision_table(decisions: Sequence[Decision]) -> pd.DataFrame:
    rows = [
        {name: decision.cell(name) for name in DECISION_COLUMNS}
        for decision in decisions
    ]
    table = pd.DataFrame(rows, columns=list(DECISION_COLUMNS), dtype=object)
    table["verdict"] = table["verdict"].map(str)
    return table


# --- GeoPackage -----------------------------------------------------------------------


def write_geopackage(outcome: Outcome, path: Path) -> None:
    """Write the layers ``placements``, ``assignments``, ``zones`` and ``counties``.

    Coordinates are in `GEOGRAPHIC_CRS`. An assignment is the straight line from the
    demand point to the site: a picture of who goes where, not a route. Where the
    outcome knows them, ``catchments`` and ``isochrones`` follow.
    """
    layers = [
        ("placements", _placement_points(outcome), "Point", False),
        ("assignments", _assignment_lines(outcome), "LineString", False),
        ("zones", _unit_layer(outcome.area.zones), "MultiPolygon", True),
        ("counties", _unit_layer(outcome.area.counties), "MultiPolygon", True),
        *_surroundings(outcome),
    ]
    with gdal_option("OGR_CURRENT_DATE", _GPKG_DATE):
        for name, frame, geometry, multi in layers:
            pyogrio.write_dataframe(
                frame,
                path,
                layer=name,
                driver="GPKG",
                geometry_type=geometry,
                promote_to_multi=multi,
                append=path.exists(),
            )


def _surroundings(
    outcome: Outcome,
) -> Iterator[tuple[str, gpd.GeoDataFrame, str, bool]]:
    """Yield the ground that the plan serves and reaches, as layers."""
    if outcome.surroundings is None:
        return
    ground = outcome.surroundings()
    names = service_names(outcome)
    for name in ("catchments", "isochrones"):
        layer: gpd.GeoDataFrame = getattr(ground, name).copy()
        shown = [names.get(service, service) for service in layer["service"]]
        layer.insert(1, "service_name", pd.Series(shown, layer.index, dtype=object))
        if name == "catchments":
            sites = outcome.area.sites["name"].reindex(layer["site_id"])
            layer.insert(3, "site_name", sites.to_numpy())
        yield name, layer, "MultiPolygon", True


@contextlib.contextmanager
def gdal_option(name: str, value: str) -> Iterator[None]:
    """Set an option of GDAL for as long as the block runs."""
    before = pyogrio.get_gdal_config_option(name)
    pyogrio.set_gdal_config_options({name: value})
    try:
        yield
    finally:
        pyogrio.set_gdal_config_options({name: before})


def _placement_points(outcome: Outcome) -> gpd.GeoDataFrame:
    table = placements_table(outcome)
    names = service_names(outcome)
    place = table.columns.get_loc("service")
    shown = table["service"].map(lambda service: names.get(service, service))
    table.insert(int(place) + 1, "service_name", shown)  # type: ignore[arg-type]
    points = gpd.points_from_xy(table["lon"], table["lat"])
    return gpd.GeoDataFrame(table, geometry=points, crs=GEOGRAPHIC_CRS)


def _assignment_lines(outcome: Outcome) -> gpd.GeoDataFrame:
    rows, area = outcome.plan.assignments, outcome.area
    start = area.demand.loc[rows["demand_id"], ["lon", "lat"]].to_numpy(dtype=float)
    end = area.sites.loc[rows["site_id"], ["lon", "lat"]].to_numpy(dtype=float)
    lines = shapely.linestrings(np.stack([start, end], axis=1))
    return gpd.GeoDataFrame(
        rows.round({"people": 2, "minutes": 2}), geometry=lines, crs=GEOGRAPHIC_CRS
    )


def _unit_layer(units: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the units with their ids as a column and every cell of a plain type."""
    layer = units.reset_index()
    for name in layer.columns.drop(layer.geometry.name):
        if layer[name].dtype == object:
            layer[name] = [_plain(value) for value in layer[name]]
    return layer.to_crs(GEOGRAPHIC_CRS)


def _plain(value: object) -> object:
    if isinstance(value, tuple | list):
        return ";".join(str(part) for part in value)
    return value


# --- The folder -----------------------------------------------------------------------


def refuse_existing(target: Path, *, force: bool, marker: str = RUN_MARKER) -> None:
    """Check, before any work is done, that a run may be written to ``target``.

    Parameters
    ----------
    target
        The folder of the run.
    force
        Whether an existing run may be replaced. Only a run ever is: a folder that
        holds other things is refused all the same.
    marker
        The file that shows a folder to be of the kind that may be replaced.

    Raises
    ------
    InputError
        When the target exists and may not be replaced.
    """
    with _alone(target.parent):
        _bring_back(target)
        _refuse_what_stands(target, force=force, marker=marker)


def _refuse_what_stands(target: Path, *, force: bool, marker: str) -> None:
    if not (target.exists() or target.is_symlink()):
        return
    if not force:
        raise _refusal(
            "run-exists",
            target,
            Text("运行结果目录已存在,不会覆盖", "it exists and is not overwritten"),
            Text("换一个目录,或加 --force", "choose another folder, or add --force"),
        )
    if not target.is_dir() or target.is_symlink() or not _is_ours(target, marker):
        raise _refusal(
            "run-not-replaceable",
            target,
            Text(
                f"它不是这类结果目录 (没有 {marker}), 加 --force 也不会替换",
                f"it is no such result (no {marker}): not even --force replaces it",
            ),
            Text("换一个目录", "choose another folder"),
        )


def _is_ours(folder: Path, marker: str) -> bool:
    return (folder / marker).is_file() or not any(folder.iterdir())


def _refusal(code: str, target: Path, message: Text, remedy: Text) -> InputError:
    return InputError([Finding(code, message, table=str(target), remedy=remedy)])


@contextlib.contextmanager
def finish_run(
    target: Path, *, force: bool = False, marker: str = RUN_MARKER
) -> Iterator[Path]:
    """Give a folder to write a run into, and move it to ``target`` when all went well.

    The folder lies beside the target. When the block raises, it is removed and the
    target is left as it was. A run that is replaced is moved away first and deleted
    last, so that the old or the new one is there at any moment; should the program be
    killed between the two moves, the next call brings the old one back.

    Parameters
    ----------
    target
        The folder of the run; folders above it are made.
    force
        Whether an existing run is replaced.
    marker
        As for `refuse_existing`.

    Yields
    ------
    folder
        An empty folder.

    Raises
    ------
    InputError
        When the target exists and may not be replaced, when a file of it is in use,
        or when nothing can be written there.
    """
    refuse_existing(target, force=force, marker=marker)
    _clear_stale(target)
    folder = _sibling(target, "new")
    try:
        folder.mkdir(parents=True)
    except OSError as error:
        raise _refusal(
            "run-not-writable",
            target,
            Text(f"无法写入: {error.strerror}", f"cannot write: {error.strerror}"),
            Text("换一个目录", "choose another folder"),
        ) from error
    try:
        yield folder
        with _alone(target.parent):
            _bring_back(target)
            _refuse_what_stands(target, force=force, marker=marker)
            _swap(folder, target)
    except AllocatorError:
        raise
    except Exception as error:
        # Each library tells of a full disk in its own way, some of a broken file.
        if shutil.disk_usage(folder).free > _FULL_BYTES:
            raise
        raise _refusal(
            "disk-full",
            target,
            Text("磁盘已满, 没有写出任何文件", "the disk is full: nothing was written"),
            Text("腾出空间, 或换一个目录", "make room, or choose another folder"),
        ) from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _sibling(target: Path, role: str) -> Path:
    return target.parent / f".{target.name}.{role}-{secrets.token_hex(6)}"


def _siblings(target: Path, role: str) -> list[Path]:
    start = f".{target.name}.{role}-"
    if not target.parent.is_dir():
        return []
    return sorted(p for p in target.parent.iterdir() if p.name.startswith(start))


def _swap(folder: Path, target: Path) -> None:
    if not target.exists():
        folder.rename(target)
        return
    old = _sibling(target, "old")
    try:
        target.rename(old)
    except OSError as error:
        raise _refusal(
            "run-in-use",
            target,
            Text(
                "无法替换:目录中有文件正被打开",
                "cannot be replaced: a file of it is open",
            ),
            Text("关闭后重试", "close it and try again"),
        ) from error
    try:
        folder.rename(target)
    except BaseException:
        old.rename(target)
        raise
    shutil.rmtree(old, ignore_errors=True)


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Let one process at a time move folders within ``folder``.

    Between the two moves of a replacement another run would take the first for killed,
    and undo it. The lock is one of the folder itself: it leaves no file, and ends with
    the process. Where folders cannot be locked (Windows, some network drives) there is
    none.
    """
    if sys.platform == "win32" or not folder.is_dir():
        yield
        return
    import fcntl  # noqa: PLC0415 (not on Windows)

    held = os.open(folder, os.O_RDONLY)
    try:
        with contextlib.suppress(OSError):
            fcntl.flock(held, fcntl.LOCK_EX)
        yield
    finally:
        os.close(held)


def _bring_back(target: Path) -> None:
    """Undo a replacement that was killed between its two moves."""
    old = _siblings(target, "old")
    if old and not target.exists():
        max(old, key=lambda path: path.stat().st_mtime).rename(target)


def _clear_stale(target: Path) -> None:
    """Remove what killed runs left, but nothing that may still be written."""
    oldest = time.time() - _STALE_S
    leftovers = [*_siblings(target, "new"), *_siblings(target, "old")]
    for path in leftovers:
        with contextlib.suppress(OSError):
            if path.stat().st_mtime < oldest:
                shutil.rmtree(path, ignore_errors=True)
