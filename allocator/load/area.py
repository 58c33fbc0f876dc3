"""A brief's files to a planning area."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from allocator.area import PlanningArea
from allocator.errors import Finding, errors_in
from allocator.load.coordinates import Stated, read_crs
from allocator.load.costs import build_costs
from allocator.load.demand import demand_of_points, demand_of_zones
from allocator.load.frames import read_sheet
from allocator.load.grid import demand_of_grid
from allocator.load.places import Ground, lay_ground
from allocator.load.remarks import Remarks
from allocator.load.sites import build_sites
from allocator.load.zones import (
    build_counties,
    build_zones,
    counties_of_zones,
    link_zones,
    with_outlines,
)
from allocator.tables import COSTS, COUNTIES, DEMAND, SITES, ZONES

if TYPE_CHECKING:
    from pathlib import Path

    import geopandas as gpd
    import pandas as pd

    from allocator.load.brief import Brief
    from allocator.load.frames import Sheet
    from allocator.tables import Table

SIDECARS = (".dbf", ".shx", ".prj", ".cpg")


@dataclass(frozen=True)
class _Units:
    """Zones, counties, and the zones in metres."""

    zones: gpd.GeoDataFrame
    counties: gpd.GeoDataFrame
    ground: Ground


class _Reader:
    """Reads the files of one brief and keeps the findings of all."""

    def __init__(self, brief: Brief) -> None:
        self.brief = brief
        self.findings: list[Finding] = []
        remarks = Remarks(brief.path.name)
        self.stated: Stated = read_crs(brief.area.crs, remarks)
        self.findings += remarks.findings

    def sheet(self, text: str, table: Table) -> tuple[Sheet | None, Remarks]:
        """Read one file; its remarks is kept whatever happens later."""
        path = self.brief.resolve(text)
        remarks = Remarks(path.name)
        return read_sheet(path, table, remarks), remarks

    def units(self) -> _Units | None:
        """Read zones and counties; None when either cannot be used."""
        area = self.brief.area
        sheet, remarks = self.sheet(area.zones, ZONES)
        zones = build_zones(sheet, self.stated) if sheet else None
        county_remarks = Remarks("")
        counties = None
        if area.counties is not None:
            county_sheet, county_remarks = self.sheet(area.counties, COUNTIES)
            if county_sheet is not None:
                counties = build_counties(county_sheet, self.stated)
        if zones is not None and counties is not None:
            zones = link_zones(zones, counties, remarks)
        self.findings += remarks.findings + county_remarks.findings
        if zones is None or remarks.failed() or county_remarks.failed():
            return None
        if counties is None:
            counties = counties_of_zones(zones)
        else:
            counties = with_outlines(counties, zones)
        return _Units(zones, counties, lay_ground(zones))

    def sites(self, units: _Units | None) -> pd.DataFrame | None:
        """Read the sites."""
        sheet, remarks = self.sheet(self.brief.area.sites, SITES)
        sites = None
        if sheet is not None:
            zones, counties, ground = (
                (units.zones, units.counties, units.ground) if units else (None,) * 3
            )
            sites = build_sites(sheet, self.stated, zones, counties, ground)
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

    def demand(self, units: _Units | None) -> pd.DataFrame | None:
        """Make or read the demand points."""
        section = self.brief.demand
        demand = None
        if section.source == "points" and section.file is not None:
            sheet, remarks = self.sheet(section.file, DEMAND)
            if sheet is not None:
                zones, ground = (units.zones, units.ground) if units else (None, None)
                demand = demand_of_points(sheet, self.stated, zones, ground)
            self.findings += remarks.findings
        elif units is not None and section.source == "grid":
            remarks = Remarks(self.brief.path.name)
            demand = demand_of_grid(units.zones, units.ground, section.cell_m, remarks)
            self.findings += remarks.findings
        elif units is not None:
            demand = demand_of_zones(units.zones)
        return demand


def read_area(brief: Brief) -> tuple[PlanningArea | None, list[Finding]]:
    """Read every file of the planning area.

    Parameters
    ----------
    brief
        From `allocator.load.read_brief`.

    Returns
    -------
    area, findings
        The area, or None when any finding is an error; the findings of all files.
    """
    reader = _Reader(brief)
    units = reader.units()
    sites = reader.sites(units)
    costs = reader.costs(sites)
    demand = reader.demand(units)
    findings = reader.findings
    if errors_in(findings) or units is None or sites is None or demand is None:
        return None, findings
    area = PlanningArea(
        name=brief.name,
        zones=units.zones,
        counties=units.counties,
        sites=sites,
        demand=demand,
        costs=costs,
        notes=brief.notes,
    )
    return area, findings


def inputs(brief: Brief) -> list[Path]:
    """Return the files of a run, for fingerprints: brief, area, demand and travel.

    A shapefile counts with its companions. Policy packs are not among them.
    """
    area = brief.area
    written = [area.zones, area.counties, area.sites, area.costs]
    if brief.demand.source == "points":
        written.append(brief.demand.file)
    if brief.travel.method == "table":
        written.append(brief.travel.file)
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
