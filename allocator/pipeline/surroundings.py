"""The ground that a plan serves and reaches: catchments and isochrones."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from allocator.area import GEOGRAPHIC_CRS
from allocator.catchments import find_catchments
from allocator.errors import errors_in
from allocator.load import read_friction, read_roads
from allocator.load.coordinates import metric_crs
from allocator.outcome import Surroundings
from allocator.pipeline.travelling import road_settings
from allocator.policy import Coverage
from allocator.travel.isochrones import (
    along_roads_within,
    cells_within,
    discs,
    km_within,
)
from allocator.travel.lines import make_roads
from allocator.travel.network import build_network, snap

if TYPE_CHECKING:
    from collections.abc import Mapping

    from allocator.load import Way
    from allocator.pipeline.task import Task
    from allocator.plan import Plan
    from allocator.travel.network import Network

BREADTH_M = 300.0  # beside a road that is reached: a walk of four minutes
_COLUMNS = ("service", "minutes", "rules", "holders", "method", "estimate")


def surroundings_of(task: Task, plan: Plan) -> Surroundings:
    """Return the catchments and isochrones of a plan.

    Isochrones are of each service held that a coverage rule limits in minutes. Where
    travel is the planner's own table there are none: it says nothing of other places.
    """
    lon, lat = task.area.demand[["lon", "lat"]].mean()
    crs = metric_crs(float(lon), float(lat)).to_string()
    return Surroundings(
        find_catchments(task.area, plan.assignments, crs), _isochrones(task, plan, crs)
    )


def _isochrones(task: Task, plan: Plan, crs: str) -> gpd.GeoDataFrame:
    rows, shapes = [], []
    reach = _Reach(task, crs)
    for (service, minutes), rules in sorted(_limits(task).items()):
        holders = sorted({s for s, name in plan.held if name == service})
        way = task.brief.travel.way(service)
        shape = reach.within(way, holders, minutes - way.dispatch_minutes)
        if shape is None or shapely.is_empty(shape):
            continue
        rows.append(
            {
                "service": service,
                "minutes": minutes,
                "rules": ";".join(sorted(rules)),
                "holders": len(holders),
                "method": way.method,
                "estimate": way.method != "straight_line",
            }
        )
        shapes.append(shape)
    frame = pd.DataFrame(rows, columns=list(_COLUMNS))
    return gpd.GeoDataFrame(frame, geometry=shapes, crs=GEOGRAPHIC_CRS)


def _limits(task: Task) -> Mapping[tuple[str, float], set[str]]:
    """Return the rules that limit each service to so many minutes."""
    found: dict[tuple[str, float], set[str]] = {}
    for rule in task.policy.rules:
        for reading in rule.readings:
            if not isinstance(reading, Coverage):
                continue
            limits = (
                reading.within_minutes,
                reading.urban_minutes,
                reading.rural_minutes,
            )
            for minutes in limits:
                if minutes is not None:
                    key = (reading.service, float(minutes))
                    found.setdefault(key, set()).add(rule.id)
    return found


@dataclass
class _Reach:
    """Finds areas within a time; reads the roads of each mode once."""

    task: Task
    crs: str
    networks: dict[tuple[str | None, str, float], Network | None] = field(
        default_factory=dict
    )

    def within(
        self, way: Way, holders: list[str], minutes: float
    ) -> shapely.Geometry | None:
        """Return the area within a time of any holder; None where there is none."""
        if not holders or minutes <= 0 or way.method == "table":
            return None
        task = self.task
        sites = task.area.sites.loc[holders]
        lon, lat = (sites[c].to_numpy(dtype=float) for c in ("lon", "lat"))
        if way.method == "straight_line":
            km = km_within(minutes, speed_kmh=way.speed_kmh, detour=way.detour)
            return discs(lon, lat, km)
        if way.method == "network":
            return self._along_roads(way, (lon, lat), minutes)
        surface, found = read_friction(task.brief, task.area, way.file or "")
        if surface is None or errors_in(found):
            return None
        at = task.area.sites.index.get_indexer(pd.Index(holders))
        return cells_within(surface, surface.site_cell[at], minutes)

    def _along_roads(
        self, way: Way, places: tuple[np.ndarray, np.ndarray], minutes: float
    ) -> shapely.Geometry | None:
        key = (way.file, way.mode, way.speed_kmh)
        if key not in self.networks:
            self.networks[key] = _network(self.task, way, self.crs)
        network = self.networks[key]
        if network is None:
            return None
        settings = road_settings(self.task.brief, way, minutes, self.crs)
        placed = snap(
            network,
            *places,
            most_m=settings.snap_m,
            access_kmh=settings.walk_to_road_kmh,
        )
        if not np.any(placed.found):
            return None
        return along_roads_within(
            network,
            placed,
            minutes=minutes,
            to_people=way.to_people,
            breadth_m=BREADTH_M,
        )


def _network(task: Task, way: Way, crs: str) -> Network | None:
    frame, _ = read_roads(task.brief, way.file or "")
    if frame is None:
        return None
    settings = road_settings(task.brief, way, 0.0, crs)
    roads, _ = make_roads(frame, settings.roads, table=settings.table, crs=crs)
    return None if roads is None else build_network(roads, crs)
