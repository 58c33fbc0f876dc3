"""Drawing one map of the series from a run folder, without its brief."""

from __future__ import annotations

from dataclasses import replace
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, Literal, cast

import pandas as pd
from pydantic import BaseModel, ConfigDict, ValidationError
from pyogrio.errors import DataLayerError, DataSourceError

from allocator import maps
from allocator.area import PlanningArea
from allocator.audit import REACH_COLUMNS
from allocator.errors import Finding, InputError, Text, nearest
from allocator.export import DEMAND_COLUMNS, RUN_MARKER, SITE_COLUMNS
from allocator.load.base_tables import read_own_layer
from allocator.outcome import Outcome
from allocator.pipeline.comparing import draw_changes
from allocator.pipeline.runs import read_columns, read_run
from allocator.policy import Coverage, Members, Network, Scope, Service
from allocator.policy.packs import Policy
from allocator.provenance import fingerprint

if TYPE_CHECKING:
    from pathlib import Path

    from allocator.plan import Plan
    from allocator.travel import Travel

_AGAIN = Text("用本版本的 allocator plan 重新写出方案", "plan again with this version")
_CHANGES = "changes"
_NUMBERS = ("level", "beds", "lon", "lat", "people", "today", "plan")


class _Model(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True)


class _Note(_Model):
    zh: str
    en: str


class _Network(_Model):
    id: str
    name: str
    above: str | None


class _Drawn(_Model):
    """What ``run.json`` keeps of the policy for the maps."""

    serving: list[str]
    coverage: list[dict[str, Any]]
    networks: list[_Network]


class _Parent(_Model):
    folder: str
    run_sha256: str


class _Certificate(_Model):
    name: str
    language: Literal["zh", "en"]
    notes: list[_Note]
    services: dict[str, str]
    map_approval: str
    drawn: _Drawn
    parent: _Parent | None = None


def draw_run(
    folder: Path, name: str, path: Path, *, previous: Path | None = None
) -> Outcome:
    """Draw one map of a run folder.

    Parameters
    ----------
    folder
        A folder that `write_outcome` wrote.
    name
        One of `maps.FIGURES`.
    path
        The PNG to write; a PDF of the same sheet is written beside it.
    previous
        The run that this one is compared with on the map of changes; None: the one that
        it followed, where that still lies beside it.

    Returns
    -------
    outcome
        What was read: enough to draw from, and no more.

    Raises
    ------
    InputError
        When there is no such map, the folder is no run, it has nothing to draw on this
        map, or the file cannot be written.
    """
    if name not in maps.FIGURES:
        raise InputError([unknown_figure(name)])
    outcome = read_drawn(folder)
    if name == _CHANGES:
        outcome = _with_changes(outcome, folder, previous)
    if not maps.FIGURES[name].applies(outcome):
        there = ", ".join(maps.figures_of(outcome))
        finding = Finding(
            "figure-empty",
            maps.FIGURES[name].lacks,
            table=str(folder),
            value=name,
            remedy=Text(f"可绘制: {there}", f"there are: {there}"),
        )
        raise InputError([finding])
    try:
        maps.draw_figure(outcome, name, path)
    except OSError as error:
        reason = str(error.strerror)
        message = Text(f"无法写入: {reason}", f"cannot write: {reason}")
        remedy = Text("换一个文件名", "choose another file")
        raise InputError(
            [Finding("file-not-writable", message, table=str(path), remedy=remedy)]
        ) from error
    return outcome


def _with_changes(outcome: Outcome, folder: Path, previous: Path | None) -> Outcome:
    """Return the outcome with what draws its changes from the previous run."""
    before = previous or _parent(outcome, folder)
    if before is None:
        finding = Finding(
            "figure-empty",
            maps.FIGURES[_CHANGES].lacks,
            table=str(folder),
            value=_CHANGES,
            remedy=Text("用 --previous 给出上一版", "give it with --previous"),
        )
        raise InputError([finding])
    return replace(outcome, changes=draw_changes(before, folder, outcome.language))


def _parent(outcome: Outcome, folder: Path) -> Path | None:
    """Return the run that this one followed; None where it no longer lies beside it."""
    parent = outcome.certificate["parent"]
    if parent is None:
        return None
    # Only a name that lies beside the run is looked at, whatever the file says.
    beside: Path = folder.resolve().parent / PurePath(parent["folder"]).name
    marker = beside / RUN_MARKER
    if not marker.is_file():
        return None
    same = fingerprint(marker)["sha256"] == parent["run_sha256"]
    return beside if same else None


def unknown_figure(name: str) -> Finding:
    """Return what is said of a map that there is not."""
    close = nearest(name, maps.FIGURES) or ", ".join(maps.FIGURES)
    return Finding(
        "figure-unknown",
        Text("没有这幅图", "there is no such map"),
        value=name,
        remedy=Text(f"是否应为 {close}?", f"did you mean {close}?"),
    )


def read_drawn(folder: Path) -> Outcome:
    """Read back what maps are drawn from: area, plan, services, reach.

    Travel, audit and rules other than coverage are not in a run folder; the outcome has
    none of them.

    Raises
    ------
    InputError
        When the folder is no run, or is damaged.
    """
    certificate = _read_certificate(folder / RUN_MARKER)
    plan = read_run(folder)
    area = _read_area(folder, certificate)
    reach_file = folder / "reach.csv"
    reach = None
    if reach_file.exists():
        reach = _numbered(read_columns(reach_file, REACH_COLUMNS))
    members_file = folder / "members.csv"
    columns = ("network", "site_id", "lead_id")
    members = read_columns(members_file, columns) if members_file.exists() else None
    _refuse_strangers(plan, area, folder)
    return Outcome(
        area=area,
        travel=cast("Travel", None),
        policy=_policy(certificate),
        plan=plan,
        audit=(),
        audit_today=(),
        certificate=certificate.model_dump(),
        clauses={},
        findings=(),
        language=certificate.language,
        map_approval=certificate.map_approval,
        members=members,
        reach=reach,
    )


def _read_certificate(path: Path) -> _Certificate:
    if not path.is_file():
        finding = Finding(
            "run-missing",
            Text("不是方案文件夹 (没有 run.json)", "it is no run folder: no run.json"),
            table=str(path.parent),
            remedy=Text("给出 allocator plan 写出的文件夹", "give a run folder"),
        )
        raise InputError([finding])
    try:
        return _Certificate.model_validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        raise _unreadable(path) from error


def _unreadable(path: Path) -> InputError:
    message = Text("无法从中绘图", "maps cannot be drawn from it")
    return InputError(
        [Finding("run-unreadable", message, table=str(path), remedy=_AGAIN)]
    )


def _read_area(folder: Path, certificate: _Certificate) -> PlanningArea:
    path = folder / "plan.gpkg"
    try:
        zones = read_own_layer(path, layer="zones").set_index("zone_id").sort_index()
        counties = read_own_layer(path, layer="counties")
        counties = counties.set_index("county_id").sort_index()
        demand = _numbered(read_columns(folder / "demand.csv", DEMAND_COLUMNS))
        demand = demand.set_index("demand_id").sort_index()
        demand["county_id"] = zones["county_id"].reindex(demand["zone_id"]).to_numpy()
        demand["urban"] = zones["urban"].reindex(demand["zone_id"]).to_numpy()
        return PlanningArea(
            name=certificate.name,
            zones=zones,
            counties=counties,
            sites=_read_sites(folder / "sites.csv"),
            demand=demand,
            costs=None,
            notes=tuple(Text(note.zh, note.en) for note in certificate.notes),
        )
    except (
        OSError,
        ValueError,
        KeyError,
        DataSourceError,
        DataLayerError,
    ) as error:
        raise _unreadable(path) from error


def _read_sites(path: Path) -> pd.DataFrame:
    needed = ("site_id", *SITE_COLUMNS[:6], "lon", "lat")
    optional = [name for name in ("level", "beds") if name in _header(path)]
    sites = _numbered(read_columns(path, (*needed, *optional)))
    sites["branch"] = sites["branch"] == "True"
    sites["services"] = [()] * len(sites)
    return sites.set_index("site_id").sort_index()


def _header(path: Path) -> list[str]:
    return list(pd.read_csv(path, encoding="utf-8-sig", nrows=0, dtype=str).columns)


def _numbered(frame: pd.DataFrame) -> pd.DataFrame:
    for name in set(_NUMBERS) & set(frame.columns):
        frame[name] = pd.to_numeric(frame[name], errors="coerce")
    return frame


def _policy(certificate: _Certificate) -> Policy:
    """Return services, networks and coverage clauses as far as maps need them."""
    drawn = certificate.drawn
    services = {
        name: Service(
            id=name, name=words, serves=Scope() if name in drawn.serving else None
        )
        for name, words in certificate.services.items()
    }
    anyone = Members(**{"class": ("A100",)})  # type: ignore[arg-type]
    networks = {
        one.id: Network(
            id=one.id,
            name=one.name,
            leads=anyone,
            members=anyone,
            within_county=one.above is None,
            above=one.above,
        )
        for one in drawn.networks
    }
    try:
        rules = tuple(Coverage(**rule) for rule in drawn.coverage)
    except (TypeError, ValidationError) as error:
        raise _unreadable_rules() from error
    return Policy((), services, {}, rules, networks)


def _unreadable_rules() -> InputError:
    message = Text("覆盖条款无法读取", "its coverage clauses cannot be read")
    return InputError(
        [Finding("run-unreadable", message, table=RUN_MARKER, remedy=_AGAIN)]
    )


def _refuse_strangers(plan: Plan, area: PlanningArea, folder: Path) -> None:
    known = plan.placements["site_id"].isin(area.sites.index).all()
    known &= plan.assignments["site_id"].isin(area.sites.index).all()
    known &= plan.assignments["demand_id"].isin(area.demand.index).all()
    known &= plan.groups["zone_id"].isin(area.zones.index).all()
    if not known:
        raise _unreadable(folder)
