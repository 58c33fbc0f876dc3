"""A brief's files to a planning area."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from allocator.area import PlanningArea
from allocator.errors import Finding, errors_in
from allocator.load.complete import (
    complete_counties,
    complete_sites,
    complete_zones,
)
from allocator.load.costs import build_costs
from allocator.load.demand import demand_of_points, demand_of_zones
from allocator.load.demand_keys import WITH_FILE
from allocator.load.frames import read_sheet
from allocator.load.grid import demand_of_grid
from allocator.load.joining import Joining, read_aliases, read_locations
from allocator.load.offset_evidence import check_layers_offset
from allocator.load.people import ESTIMATED, people_note, people_table
from allocator.load.places import Ground, lay_ground
from allocator.load.remarks import Remarks
from allocator.load.repairs import Repairs, limits_of
from allocator.load.settling import compare_with_counties, settle_zones
from allocator.load.sites import build_sites
from allocator.load.statement import read_statements
from allocator.load.zones import (
    build_counties,
    build_zones,
    counties_of_zones,
    link_zones,
    with_outlines,
)
from allocator.tables import (
    ALIASES,
    COSTS,
    COUNTIES,
    DEMAND,
    LOCATIONS,
    SITES,
    ZONES,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import geopandas as gpd
    import pandas as pd

    from allocator.load.account import Account
    from allocator.load.brief import Brief
    from allocator.load.coordinates import Numbers
    from allocator.load.frames import Sheet
    from allocator.tables import Table

SIDECARS = (".dbf", ".shx", ".prj", ".cpg")


@dataclass(frozen=True)
class _Units:
    """Zones, counties, and the zones in metres."""

    zones: gpd.GeoDataFrame
    counties: gpd.GeoDataFrame
    ground: Ground


@dataclass(frozen=True)
class _Demand:
    """Demand points, the zones with every population known, and the file's people."""

    points: pd.DataFrame
    zones: gpd.GeoDataFrame
    source: Numbers | None = None


class _Reader:
    """Reads the files of one brief and keeps the findings of all."""

    def __init__(self, brief: Brief, heard: Callable[[Account], None]) -> None:
        self.brief = brief
        self.heard = heard
        self.findings: list[Finding] = []
        self.limits = limits_of(brief.area)
        self.repairs = Repairs()
        remarks = Remarks(brief.path.name)
        self.stated = read_statements(brief, remarks)
        self.findings += remarks.findings

    def sheet(self, text: str, table: Table) -> tuple[Sheet | None, Remarks]:
        """Read one file; its remarks is kept whatever happens later."""
        path = self.brief.resolve(text)
        remarks = Remarks(path.name)
        sheet = read_sheet(path, table, remarks)
        self.heard(remarks.account)
        return sheet, remarks

    def _counties(self, zones: Sheet | None) -> tuple[gpd.GeoDataFrame | None, Remarks]:
        """Read the counties; None also when the brief names none."""
        text = self.brief.area.counties
        if text is None:
            return None, Remarks("")
        sheet, remarks = self.sheet(text, COUNTIES)
        if sheet is None:
            return None, remarks
        sheet = complete_counties(sheet, zones)
        return build_counties(
            sheet, self.stated["counties"], self.limits, self.repairs
        ), remarks

    def units(self) -> _Units | None:
        """Read zones and counties; None when either cannot be used."""
        area = self.brief.area
        table = ZONES
        if self.brief.demand.source in WITH_FILE:
            # The file of people can stand in for a population that is not given.
            table = _with_optional_population(ZONES)
        sheet, remarks = self.sheet(area.zones, table)
        zones = None
        if sheet is not None:
            sheet = complete_zones(sheet, alone=area.counties is None)
            zones = build_zones(sheet, self.stated["zones"], self.limits, self.repairs)
        counties, county_remarks = self._counties(sheet)
        if zones is not None and counties is not None:
            zones = link_zones(zones, counties, remarks)
            check_layers_offset(zones, counties, self.stated, remarks)
        if zones is not None and not remarks.failed():
            zones = settle_zones(zones, self.limits, remarks, self.repairs)
            if counties is not None and not county_remarks.failed():
                compare_with_counties(
                    zones, counties, self.limits, remarks, self.repairs
                )
        self.findings += remarks.findings + county_remarks.findings
        if zones is None or remarks.failed() or county_remarks.failed():
            return None
        if counties is None:
            counties = counties_of_zones(zones)
        else:
            counties = with_outlines(counties, zones)
        return _Units(zones, counties, lay_ground(zones))

    def joining(self, units: _Units | None) -> Joining | None:
        """Read what sites without coordinates are joined to."""
        area, locations, aliases = self.brief.area, None, {}
        for text, table in ((area.locations, LOCATIONS), (area.aliases, ALIASES)):
            if text is None:
                continue
            sheet, remarks = self.sheet(text, table)
            if sheet is not None and table is ALIASES:
                aliases = read_aliases(sheet)
            elif sheet is not None and units is not None:
                stated = self.stated["locations"]
                locations = read_locations(sheet, stated, units.zones, units.ground)
            self.findings += remarks.findings
        return Joining(locations, aliases, area.join_confidence)

    def sites(self, units: _Units | None) -> tuple[pd.DataFrame, pd.DataFrame] | None:
        """Read the sites, and how they were joined."""
        joining = self.joining(units)
        sheet, remarks = self.sheet(self.brief.area.sites, SITES)
        sites = None
        if sheet is not None:
            zones, counties, ground = (
                (units.zones, units.counties, units.ground) if units else (None,) * 3
            )
            sheet = complete_sites(sheet, zones_known=units is not None)
            stated = self.stated["sites"]
            sites = build_sites(sheet, stated, zones, counties, ground, joining=joining)
        self.findings += remarks.findings
        return sites

    def costs(self, sites: pd.DataFrame | None) -> pd.DataFrame | None:
        """Read the costs; None also when the brief names none."""
        if self.brief.area.costs is None:
            return None
        sheet, remarks = self.sheet(self.brief.area.costs, COSTS)
        costs = build_costs(sheet, sites) if sheet else None
        self.findings += remarks.findings
        return costs

    def demand(self, units: _Units | None) -> _Demand | None:
        """Make or read the demand points."""
        section = self.brief.demand
        if section.source == "points":
            return self._points(units)
        if units is None:
            return None
        if section.source == "raster":
            return self._raster(units)
        if section.source == "zones":
            return _Demand(demand_of_zones(units.zones), units.zones)
        remarks = Remarks(self.brief.path.name)
        points = demand_of_grid(units.zones, units.ground, section.cell_m, remarks)
        self.findings += remarks.findings
        return None if points is None else _Demand(points, units.zones)

    def _points(self, units: _Units | None) -> _Demand | None:
        section = self.brief.demand
        sheet, remarks = self.sheet(str(section.file), DEMAND)
        found = None
        if sheet is not None:
            zones, ground = (units.zones, units.ground) if units else (None, None)
            found = demand_of_points(
                sheet, self.stated["demand"], zones, ground, scale=bool(section.scale)
            )
        self.findings += remarks.findings
        return None if found is None else _Demand(*found)

    def _raster(self, units: _Units) -> _Demand | None:
        # Few briefs name a raster, and its readers take long to import.
        from allocator.load.raster_demand import demand_of_raster  # noqa: PLC0415

        section = self.brief.demand
        path = self.brief.resolve(str(section.file))
        remarks = Remarks(path.name)
        found = demand_of_raster(
            path,
            section,
            zones=units.zones,
            counties=units.counties,
            ground=units.ground,
            stated=self.stated["raster"],
            remarks=remarks,
        )
        self.findings += remarks.findings
        if found is None:
            return None
        return _Demand(found.demand, found.zones, found.source)


def _with_optional_population(table: Table) -> Table:
    return replace(
        table,
        columns=tuple(
            replace(column, required=False, may_be_blank=True)
            if column.name == "population"
            else column
            for column in table.columns
        ),
    )


def unheard(account: Account) -> None:
    """Take no notice of how a file was understood."""
    del account


def read_area(
    brief: Brief, heard: Callable[[Account], None] = unheard
) -> tuple[PlanningArea | None, list[Finding]]:
    """Read every file of the planning area.

    Parameters
    ----------
    brief
        From `allocator.load.read_brief`.
    heard
        Called with the account of each file as soon as it is read.

    Returns
    -------
    area, findings
        The area, or None when any finding is an error; the findings of all files.
    """
    reader = _Reader(brief, heard)
    units = reader.units()
    register = reader.sites(units)
    sites, joins = (None, None) if register is None else register
    costs = reader.costs(sites)
    demand = reader.demand(units)
    findings = reader.findings
    if errors_in(findings) or units is None or sites is None or demand is None:
        return None, findings
    stated = units.zones["population"]
    table = people_table(stated, demand.zones, demand.points, demand.source)
    source = brief.demand.source
    notes = brief.notes
    told = brief.demand.scale or source == "raster" or stated.isna().any()
    if source in WITH_FILE and told:
        scaled = bool(brief.demand.scale) or (
            source == "raster" and brief.demand.scale is None
        )
        notes = (
            *notes,
            people_note(table, source, str(brief.demand.file), scaled=scaled),
        )
    area = PlanningArea(
        name=brief.name,
        zones=_with_basis(demand.zones, stated, source),
        counties=units.counties,
        sites=sites,
        demand=demand.points,
        costs=costs,
        notes=notes,
        repairs=reader.repairs.table(),
        people_by_zone=table,
        joins=joins if joins is not None and len(joins) else None,
    )
    return area, findings


def _with_basis(
    zones: gpd.GeoDataFrame, stated: pd.Series, source: str
) -> gpd.GeoDataFrame:
    """Say of which zones the population is not the planner's own figure."""
    unknown = stated.isna()
    if not unknown.any():
        return zones
    written = zones.get("population_basis", stated.astype(object).map(lambda _: ""))
    basis = written.astype(object).mask(unknown, ESTIMATED[source])
    return zones.assign(population_basis=basis)


def inputs(brief: Brief) -> list[Path]:
    """Return the files of a run, for fingerprints: brief, area, demand and travel.

    A shapefile counts with its companions. Policy packs are not among them.
    """
    area = brief.area
    written = [area.zones, area.counties, area.sites, area.costs]
    written += [area.locations, area.aliases]
    if brief.demand.source in WITH_FILE:
        written.append(brief.demand.file)
    ways = [brief.travel.way(k) for k in (None, *sorted(brief.travel.services))]
    written += [way.file for way in ways]
    paths = [brief.path]
    for text in written:
        if text is None:
            continue
        path = brief.resolve(text)
        paths.append(path)
        if path.suffix.lower() == ".shp":
            companions = (path.with_suffix(suffix) for suffix in SIDECARS)
            paths += [companion for companion in companions if companion.exists()]
    return list(dict.fromkeys(paths))
