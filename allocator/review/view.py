"""A run as the screen shows it: plain data, from the run folder and its task."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd
from pyogrio.errors import DataLayerError, DataSourceError

from allocator.audit import Facts, coverage_readings
from allocator.audit.coverage import nearest_holder, out_of_reach
from allocator.errors import Finding, InputError, Text
from allocator.export import DEMAND_COLUMNS
from allocator.formulation import find_holdings
from allocator.formulation.sites import change_costs
from allocator.load.base_tables import read_own_layer
from allocator.maps.outlines import bounds, county_units, outlines, place, text
from allocator.maps.style import (
    POPULATION_COLOURS,
    population_breaks,
    population_class,
)
from allocator.outcome import PLACEMENT_TABLE_COLUMNS
from allocator.pipeline.runs import read_columns, read_run
from allocator.policy import classes_for
from allocator.provenance import parse_json
from allocator.tables import FACILITY_CLASSES

if TYPE_CHECKING:
    from pathlib import Path

    import geopandas as gpd

    from allocator.errors import Language
    from allocator.pipeline import Task
    from allocator.plan import Plan

ALL = ""  # reach of everything together
_NOBODY = 1e-6  # share of a demand point: less is rounding
_FIGURES = ("capital_wan", "yearly_wan", "people_served", "minutes_mean", "count")


@dataclass(frozen=True)
class Option:
    """One service at one site: placed by the plan, or possible there.

    Parameters
    ----------
    service
        Its id.
    action
        ``build``, ``upgrade``, ``keep`` or ``close``; empty: possible, not placed.
    phase
        The year, where it has one.
    capital_wan, yearly_wan
        What it costs, or would.
    people, minutes
        Whom it serves, and their mean minutes; None where nobody is assigned.
    clauses
        Ids of the rules that ask for it.
    today
        Whether it is held today.
    """

    service: str
    action: str
    phase: int | None
    capital_wan: float
    yearly_wan: float
    people: float | None
    minutes: float | None
    clauses: tuple[str, ...]
    today: bool


@dataclass(frozen=True)
class Place:
    """A site with all that stands or may stand there.

    Parameters
    ----------
    id, name, lon, lat, county, zone, kind
        Of the site; ``kind`` is its class in words.
    existing
        Whether it is a facility today.
    options
        Placed ones first.
    """

    id: str
    name: str
    lon: float
    lat: float
    county: str
    zone: str
    kind: str
    existing: bool
    options: tuple[Option, ...]

    @property
    def state(self) -> str:
        """``new``, ``keep``, ``close`` or ``candidate``: how the map draws it."""
        actions = {option.action for option in self.options}
        if actions & {"build", "upgrade"}:
            return "new"
        if "keep" in actions:
            return "keep"
        return "close" if "close" in actions else "candidate"


@dataclass(frozen=True)
class Clause:
    """A rule as it is quoted: its place in the text, its words, the document."""

    clause: str
    quote: str
    document: str


@dataclass(frozen=True)
class View:
    """Everything about a run that the screen shows.

    Parameters
    ----------
    folder, certificate, language
        The run; the language of its tables.
    places
        By id, sorted.
    services
        Name by id.
    clauses
        By rule id.
    audit
        Rows of ``audit.json``.
    drawing
        What the map needs, as JSON.
    served
        Services that people are assigned to.
    site_ids
        Of every site of the task, those too at which nothing may stand.
    classes
        By service: of which classes a new site must be one to hold it, see
        `allocator.policy.classes_for`; under an empty id, those of any service.
    """

    folder: Path
    certificate: dict[str, Any]
    language: Language
    places: dict[str, Place]
    services: dict[str, str]
    clauses: dict[str, Clause]
    audit: list[dict[str, Any]]
    drawing: str
    served: tuple[str, ...]
    site_ids: frozenset[str]
    classes: dict[str, tuple[str, ...]]


def read_view(
    run: Path, certificate: dict[str, Any], task: Task | None, language: Language
) -> View:
    """Read a run folder for the screen.

    Parameters
    ----------
    run, certificate
        The folder and its ``run.json``.
    task
        Its task, under what the run was told to obey; None where its files are not
        there: then candidates, reach and reasons are not shown.
    language
        Of classes and kinds.

    Raises
    ------
    InputError
        When a file of the run is missing or damaged.
    """
    plan = read_run(run)
    rows = _placement_rows(run)
    places = _places(rows, task, language)
    zones, counties = _units(run, "zones"), _units(run, "counties")
    audit = _audit(run)
    served = tuple(sorted(set(plan.assignments["service"])))
    reach = {} if task is None else _out_of_reach(task, plan)
    drawing = _drawing(
        plan,
        demand=_demand(run),
        zones=zones,
        counties=counties,
        places=places,
        reach=reach,
        served=served,
    )
    return View(
        folder=run,
        certificate=certificate,
        language=language,
        places=places,
        services={str(k): str(v) for k, v in certificate.get("services", {}).items()},
        clauses=_clauses(audit, task),
        audit=audit,
        drawing=drawing,
        served=served,
        site_ids=frozenset(places if task is None else task.area.sites.index),
        classes=_classes(task),
    )


def _classes(task: Task | None) -> dict[str, tuple[str, ...]]:
    """Return the classes that may hold each service; without the task, every one."""
    if task is None:
        return {ALL: tuple(FACILITY_CLASSES)}
    ids = (ALL, *task.policy.services)
    return {service: classes_for(task.policy, service) for service in ids}


# --- Places ---------------------------------------------------------------------------


def _placement_rows(run: Path) -> dict[str, list[dict[str, Any]]]:
    frame = read_columns(run / "placements.csv", PLACEMENT_TABLE_COLUMNS)
    for name in (*_FIGURES, "lon", "lat", "phase"):
        frame[name] = pd.to_numeric(frame[name], errors="coerce")
    rows: dict[str, list[dict[str, Any]]] = {}
    for row in frame.to_dict("records"):
        found = {str(key): value for key, value in row.items()}
        rows.setdefault(str(found["site_id"]), []).append(found)
    return rows


def _places(
    rows: dict[str, list[dict[str, Any]]], task: Task | None, language: Language
) -> dict[str, Place]:
    today, others = _possible(task)
    ids = sorted(set(rows) | ({s for s, _ in others} if task is not None else set()))
    found = {}
    for site_id in ids:
        placed = rows.get(site_id, [])
        options = [_placed(row, today) for row in placed]
        held = {option.service for option in options}
        options += [
            Option(service, "", None, *costs, None, None, (), (site, service) in today)
            for (site, service), costs in others.items()
            if site == site_id and service not in held
        ]
        found[site_id] = _place(site_id, placed, tuple(options), task, language)
    return found


type _Costs = dict[tuple[str, str], tuple[float, float]]


def _possible(task: Task | None) -> tuple[frozenset[tuple[str, str]], _Costs]:
    """Return the pairs held today, and what each pair that may be placed would cost."""
    if task is None:
        return frozenset(), {}
    holdings = find_holdings(task.area, task.policy)
    if task.area.costs is None:
        return holdings.today, dict.fromkeys(holdings.possible, (0.0, 0.0))
    return holdings.today, dict(change_costs(task.area, holdings))


def _placed(row: dict[str, Any], today: frozenset[tuple[str, str]]) -> Option:
    key = (str(row["site_id"]), str(row["service"]))
    return Option(
        service=key[1],
        action=str(row["action"]),
        phase=None if math.isnan(row["phase"]) else int(row["phase"]),
        capital_wan=float(row["capital_wan"]),
        yearly_wan=float(row["yearly_wan"]),
        people=_or_none(row["people_served"]),
        minutes=_or_none(row["minutes_mean"]),
        clauses=tuple(rule for rule in str(row["clauses"]).split(";") if rule),
        today=key in today or row["action"] in ("keep", "close"),
    )


def _or_none(value: float) -> float | None:
    return None if math.isnan(value) else float(value)


def _place(
    site_id: str,
    placed: list[dict[str, Any]],
    options: tuple[Option, ...],
    task: Task | None,
    language: Language,
) -> Place:
    if task is not None and site_id in task.area.sites.index:
        area = task.area
        site = area.sites.loc[site_id].to_dict()
        zone = area.zones.loc[str(site["zone_id"])]
        known = FACILITY_CLASSES.get(text(site.get("class")))
        return Place(
            id=site_id,
            name=str(site["name"]),
            lon=float(site["lon"]),
            lat=float(site["lat"]),
            county=str(area.counties.loc[str(site["county_id"]), "name"]),
            zone=str(zone["name"]),
            kind=known.say(language) if known else text(site.get("class")),
            existing=site["status"] == "existing",
            options=options,
        )
    first = placed[0]
    existing = any(row["action"] != "build" for row in placed)
    return Place(
        id=site_id,
        name=str(first["name"]),
        lon=float(first["lon"]),
        lat=float(first["lat"]),
        county=str(first["county"]),
        zone=str(first["zone"]),
        kind="",
        existing=existing,
        options=options,
    )


# --- Clauses --------------------------------------------------------------------------


def _audit(run: Path) -> list[dict[str, Any]]:
    path = run / "audit.json"
    try:
        rows = parse_json(path.read_text("utf-8"))
        return [dict(row) for row in rows]
    except (OSError, ValueError, TypeError) as error:
        raise _damaged(path) from error


def _clauses(audit: list[dict[str, Any]], task: Task | None) -> dict[str, Clause]:
    titles = {}
    if task is not None:
        titles = {head.id: head.document or head.title for head in task.policy.packs}
    return {
        str(row["rule_id"]): Clause(
            str(row["clause"]),
            str(row["quote"]),
            titles.get(str(row["pack"]), str(row["pack"])),
        )
        for row in audit
    }


def _damaged(path: Path) -> InputError:
    message = Text("文件缺失或损坏", "the file is missing or damaged")
    remedy = Text("用 allocator plan 重新求解", "plan again")
    return InputError(
        [Finding("run-unreadable", message, table=str(path), remedy=remedy)]
    )


# --- The map --------------------------------------------------------------------------


def _units(run: Path, layer: str) -> gpd.GeoDataFrame:
    path = run / "plan.gpkg"
    key = "zone_id" if layer == "zones" else "county_id"
    try:
        units = read_own_layer(path, layer=layer)
        indexed: gpd.GeoDataFrame = units.set_index(key).sort_index()
    except (OSError, ValueError, KeyError, DataSourceError, DataLayerError) as error:
        raise _damaged(path) from error
    return indexed


def _out_of_reach(task: Task, plan: Plan) -> dict[str, set[str]]:
    """Return the demand points out of reach, by service, and of any under `ALL`.

    Out of reach is who has no holder within the limit of a coverage rule, and who is
    served nowhere though a service addresses them.
    """
    facts = Facts(task.area, task.travel, task.policy, plan)
    found: dict[str, set[str]] = {ALL: set()}
    for rule in coverage_readings(facts):
        nearest = nearest_holder(rule, facts)
        own = found.setdefault(rule.service, set())
        for unit in facts.units(rule):
            own |= set(out_of_reach(rule, facts, unit.zones, nearest))
    for service in task.policy.services.values():
        for demand_id, people, _ in facts.demand_rows(facts.addressed(service.id)):
            left = people - facts.received.get((demand_id, service.id), 0.0)
            if left > _NOBODY * max(1.0, people):
                found.setdefault(service.id, set()).add(demand_id)
    for own in list(found.values()):
        found[ALL] |= own
    return found


def _demand(run: Path) -> pd.DataFrame:
    demand = read_columns(run / "demand.csv", DEMAND_COLUMNS).set_index("demand_id")
    for name in ("people", "lon", "lat"):
        demand[name] = pd.to_numeric(demand[name], errors="coerce")
    return demand.sort_index()


def _drawing(
    plan: Plan,
    *,
    demand: pd.DataFrame,
    zones: gpd.GeoDataFrame,
    counties: gpd.GeoDataFrame,
    places: dict[str, Place],
    reach: dict[str, set[str]],
    served: tuple[str, ...],
) -> str:
    """Return what the map draws, as JSON: numbers, texts and nulls only."""
    points = pd.DataFrame(
        [(place.lon, place.lat) for place in places.values()], columns=["lon", "lat"]
    )
    shapes = outlines(zones, counties)
    units = county_units(zones, counties, shapes["counties"])
    content = {
        "bounds": bounds(zones, counties, points),
        "colours": list(POPULATION_COLOURS),
        "counties": units,
        "zones": _zones(zones, shapes["zones"], demand, reach),
        "demand": {
            "place": [
                place(lat, lon)
                for lat, lon in zip(demand["lat"], demand["lon"], strict=True)
            ],
            "people": [round(float(people)) for people in demand["people"]],
            "out": {
                service: sorted(
                    int(i) for i in demand.index.get_indexer(pd.Index(sorted(ids)))
                )
                for service, ids in reach.items()
            },
        },
        "sites": [
            {
                "id": one.id,
                "name": one.name,
                "place": place(one.lat, one.lon),
                "state": one.state,
                "services": {o.service: o.action for o in one.options if o.action},
            }
            for one in places.values()
        ],
        "goes": {
            service: _goes(plan, service, demand, list(places)) for service in served
        },
    }
    return json.dumps(content, ensure_ascii=False, allow_nan=False)


def _zones(
    zones: gpd.GeoDataFrame,
    shapes: list[object],
    demand: pd.DataFrame,
    reach: dict[str, set[str]],
) -> list[dict[str, object]]:
    breaks = population_breaks([int(people) for people in zones["population"]])
    people = demand.groupby("zone_id")["people"].sum()
    missing = {
        service: demand[demand.index.isin(ids)].groupby("zone_id")["people"].sum()
        for service, ids in reach.items()
    }
    found: list[dict[str, object]] = []
    for zone_id, row, shape in zip(
        zones.index, zones.to_dict("records"), shapes, strict=True
    ):
        living = float(people.get(zone_id, 0.0))
        found.append(
            {
                "name": text(row["name"]),
                "people": int(row["population"]),
                "level": population_class(row["population"], breaks),
                "place": place(row["lat"], row["lon"]),
                "shape": shape,
                "reach": {
                    service: round(1.0 - float(out.get(zone_id, 0.0)) / living, 4)
                    for service, out in missing.items()
                    if living > 0
                },
            }
        )
    return found


def _goes(
    plan: Plan, service: str, demand: pd.DataFrame, site_ids: list[str]
) -> list[list[float]]:
    """Return who goes where: demand point, site, people and minutes."""
    rows = plan.assignments[plan.assignments["service"] == service]
    at = {site_id: number for number, site_id in enumerate(site_ids)}
    positions = demand.index.get_indexer(pd.Index(rows["demand_id"]))
    return [
        [int(point), at[str(site)], round(float(people)), round(float(minutes), 1)]
        for point, site, people, minutes in zip(
            positions, rows["site_id"], rows["people"], rows["minutes"], strict=True
        )
        if str(site) in at and people >= 1.0
    ]
