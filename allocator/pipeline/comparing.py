"""Reading two run folders, comparing their plans, writing the comparison."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Literal

import pandas as pd
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError
from pyogrio.errors import DataLayerError, DataSourceError

from allocator import export, maps, workbook
from allocator.compare import (
    MOVE_KM,
    Comparison,
    Place,
    Side,
    changes_table,
    compare,
    comparison_records,
    services_table,
    strangers,
    verdicts_table,
    zones_table,
)
from allocator.errors import Finding, InputError, Text, errors_in
from allocator.load.base_tables import read_own_layer
from allocator.pipeline.runs import read_columns, read_run
from allocator.progress import SILENT

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    import geopandas as gpd

    from allocator.errors import Language
    from allocator.progress import Progress

MARKER = "compare.json"  # what shows a folder to be a comparison
_PREVIOUS = Text("上一版方案", "previous plan")
_THIS = Text("本方案", "this plan")
_SITE_COLUMNS = ("site_id", "name", "county", "zone", "lon", "lat")
_UNIT_COLUMNS: dict[str, tuple[str, ...]] = {
    "zones": ("zone_id", "name", "county_id", "lon", "lat"),
    "counties": ("county_id", "name", "kind"),
}


class _Model(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True)


class _Goal(_Model):
    name: str
    value: float | None


class _Note(_Model):
    zh: str
    en: str


class _Certificate(_Model):
    """What a comparison reads of ``run.json``."""

    name: str
    status: str
    totals: dict[str, Any]
    objectives: list[_Goal]
    terms: dict[str, Any]
    language: Literal["zh", "en"]
    notes: list[_Note]
    services: dict[str, str]
    map_approval: str
    gaps: list[dict[str, Any]] = []  # binding clauses that a best effort breaks


class _Judged(_Model):
    """What a comparison reads of a row of ``audit.json``."""

    rule_id: str
    unit_id: str
    unit: str
    clause: str
    quote: str
    verdict: str
    required: str
    found: str


_JUDGED = TypeAdapter(list[_Judged])


def compare_runs(
    before: Path,
    after: Path,
    *,
    move_km: float = MOVE_KM,
    labels: tuple[str, str] | None = None,
    progress: Progress = SILENT,
) -> tuple[Comparison, tuple[Finding, ...]]:
    """Compare the plans of two run folders.

    Parameters
    ----------
    before, after
        The folders, in the order in which changes are read.
    move_km
        The widest distance at which a service dropped and opened is read as moved, km.
    labels
        What the plans are called; None: as their folders are.
    progress
        Told what is being done.

    Returns
    -------
    comparison, findings
        The findings are warnings.

    Raises
    ------
    InputError
        When a folder is no run, is damaged, or the runs are of different areas; with
        the findings of both folders.
    """
    progress.step(Text("读取两个方案", "reading the two plans"))
    labels = labels or _labels(before, after)
    read: list[tuple[Place, Side]] = []
    problems: list[Finding] = []
    for folder, label in zip((before, after), labels, strict=True):
        try:
            read.append(_read(folder, label))
        except InputError as error:
            problems += error.findings
    if problems:
        raise InputError(dict.fromkeys(problems))
    (first, old), (second, new) = read
    findings = strangers(first, second)
    if errors_in(findings):
        raise InputError(findings)
    progress.step(Text("比较方案", "comparing the plans"))
    comparison = compare(_one_place(first, second), old, new, move_km=move_km)
    return comparison, tuple(findings)


def draw_changes(
    before: Path, after: Path, language: Language
) -> Callable[[Path], None]:
    """Return what draws the changes from a previous run to one that follows it.

    Parameters
    ----------
    before, after
        The folders; ``after`` may still be without maps and report.
    language
        Of the names that the two plans are given.

    Raises
    ------
    InputError
        As `compare_runs`.
    """
    labels = (_PREVIOUS.say(language), _THIS.say(language))
    comparison, _ = compare_runs(before, after, labels=labels)
    return partial(maps.draw_comparison, comparison)


def write_comparison(
    comparison: Comparison, target: Path, *, force: bool, progress: Progress = SILENT
) -> None:
    """Write the folder of a comparison, whole or not at all.

    Raises
    ------
    InputError
        When the folder exists and ``force`` is not set, or cannot be written.
    """
    with export.finish_run(target, force=force, marker=MARKER) as folder:
        progress.step(Text("写出比较表", "writing tables"))
        export.write_csv(changes_table(comparison), folder / "changes.csv")
        export.write_csv(services_table(comparison), folder / "services.csv")
        export.write_csv(zones_table(comparison), folder / "zones.csv")
        export.write_csv(verdicts_table(comparison), folder / "verdicts.csv")
        export.write_json(comparison_records(comparison), folder / MARKER)
        workbook.write_comparison_workbook(comparison, folder / "compare.xlsx")
        progress.step(Text("绘制地图", "drawing maps"))
        maps.draw_comparison(comparison, folder / "compare.png")
        maps.write_comparison_html(comparison, folder / "compare.html")


def _labels(before: Path, after: Path) -> tuple[str, str]:
    """Return what the plans are called: as much of their paths as tells them apart."""
    first, second = before.resolve().parts, after.resolve().parts
    for depth in range(1, max(len(first), len(second))):
        labels = "/".join(first[-depth:]), "/".join(second[-depth:])
        if labels[0] != labels[1]:
            return labels
    return first[-1], second[-1]


def _one_place(first: Place, second: Place) -> Place:
    """Return the later plan's place with the assumptions and services of both."""
    return Place(
        name=second.name,
        zones=second.zones,
        counties=second.counties,
        demand=second.demand,
        services={**second.services, **first.services, **second.services},
        language=second.language,
        notes=tuple(dict.fromkeys([*second.notes, *first.notes])),
        map_approval=second.map_approval if first.map_approval else "",
    )


# --- Reading a folder -----------------------------------------------------------------


def _read(folder: Path, label: str) -> tuple[Place, Side]:
    """Read what a comparison needs of one run.

    Raises
    ------
    InputError
        When the folder holds no run that can be read.
    """
    if not (folder / export.RUN_MARKER).is_file():
        raise InputError([_no_run(folder)])
    certificate = _read_certificate(folder / export.RUN_MARKER)
    audit = _read_audit(folder / "audit.json")
    plan = read_run(folder)
    demand = _read_demand(folder / "demand.csv")
    assigned = (folder / "assignments.csv", "demand_id")
    _refuse_unknown(plan.assignments["demand_id"], demand.index, assigned, "demand.csv")
    zones = _read_units(folder / "plan.gpkg", "zones")
    living = (folder / "demand.csv", "zone_id")
    _refuse_unknown(demand["zone_id"], zones.index, living, "plan.gpkg")
    place = Place(
        name=certificate.name,
        zones=zones,
        counties=_read_units(folder / "plan.gpkg", "counties"),
        demand=demand,
        services=certificate.services,
        language=certificate.language,
        notes=tuple(Text(note.zh, note.en) for note in certificate.notes),
        map_approval=certificate.map_approval,
    )
    sites = read_sites(folder / "placements.csv")
    return place, Side(label, plan, sites, audit, certificate.model_dump())


def _no_run(folder: Path) -> Finding:
    missing = not folder.exists()
    return Finding(
        "run-missing",
        Text("没有这个文件夹", "there is no such folder")
        if missing
        else Text(
            f"不是方案文件夹 (没有 {export.RUN_MARKER})",
            f"it is no run folder (no {export.RUN_MARKER})",
        ),
        table=str(folder),
        remedy=Text(
            "给出 allocator plan 写出的文件夹",
            "give a folder that allocator plan wrote",
        ),
    )


_AGAIN = Text(
    "用本版本 allocator plan 重新写出该方案",
    "write the run again with allocator plan of this version",
)


def _unreadable(path: Path, needed: Sequence[str]) -> InputError:
    return InputError(
        [
            Finding(
                "run-unreadable",
                Text(
                    "文件缺失、损坏或缺少内容",
                    "the file is missing, damaged or lacks something",
                ),
                table=str(path),
                value=", ".join(needed),
                remedy=_AGAIN,
            )
        ]
    )


def _read_certificate(path: Path) -> _Certificate:
    try:
        return _Certificate.model_validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        raise _unreadable(path, tuple(_Certificate.model_fields)) from error


def _read_audit(path: Path) -> list[dict[str, Any]]:
    try:
        rows = _JUDGED.validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        raise _unreadable(path, tuple(_Judged.model_fields)) from error
    return [row.model_dump() for row in rows]


def _read_demand(path: Path) -> pd.DataFrame:
    frame = read_columns(path, export.DEMAND_COLUMNS)
    for name in ("people", "lon", "lat"):
        frame[name] = pd.to_numeric(frame[name], errors="coerce")
    if frame[["people", "lon", "lat"]].isna().any(axis=None):
        raise _unreadable(path, export.DEMAND_COLUMNS)
    demand = frame.set_index("demand_id").sort_index()
    if not demand.index.is_unique:
        raise _unreadable(path, export.DEMAND_COLUMNS)
    return demand


def _refuse_unknown(
    used: pd.Series[str], known: pd.Index[str], place: tuple[Path, str], other: str
) -> None:
    """Stop when a file of a run names ids that another of its files does not have.

    Parameters
    ----------
    used, known
        The ids named, and those that are there.
    place
        The file and the column that names them.
    other
        The file that should have them.
    """
    odd = tuple(sorted(set(used) - set(known)))
    if not odd:
        return
    path, column = place
    message = Text(f"这些编号不在 {other} 里", f"ids that {other} does not have")
    raise InputError(
        [
            Finding(
                "run-damaged",
                message,
                table=str(path),
                keys=odd,
                column=column,
                remedy=_AGAIN,
            )
        ]
    )


def read_sites(path: Path) -> pd.DataFrame:
    """Return name and place of every site that the plan places anything at."""
    frame = read_columns(path, _SITE_COLUMNS)
    for name in ("lon", "lat"):
        frame[name] = pd.to_numeric(frame[name], errors="coerce")
    sites = frame.drop_duplicates("site_id").set_index("site_id")
    return sites.sort_index()


def _read_units(path: Path, layer: str) -> gpd.GeoDataFrame:
    columns = _UNIT_COLUMNS[layer]
    try:
        units = read_own_layer(path, layer=layer)
    except (OSError, ValueError, DataSourceError, DataLayerError) as error:
        raise _unreadable(path, (layer,)) from error
    if not set(columns) <= set(units.columns) or units[columns[0]].duplicated().any():
        raise _unreadable(path, columns)
    indexed: gpd.GeoDataFrame = units.set_index(columns[0]).sort_index()
    return indexed
