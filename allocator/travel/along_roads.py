"""The journeys of an area along a planner's roads, and what is amiss with the roads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from allocator.errors import Finding, Severity, Text
from allocator.progress import SILENT
from allocator.travel.fastest import Journeys, fastest_journeys
from allocator.travel.lines import RoadSettings, make_roads
from allocator.travel.network import Network, Snapped, build_network, snap

if TYPE_CHECKING:
    import pandas as pd

    from allocator.area import PlanningArea
    from allocator.progress import Progress


@dataclass(frozen=True)
class RoadTravel:
    """How an area travels along roads.

    Parameters
    ----------
    roads
        How lines are travelled.
    snap_m
        Places farther from any road are not on the network, metres.
    access_kmh
        Speed of the way to the road, km/h.
    max_minutes
        Longer journeys are left out, inclusive.
    to_people
        Whether the site sends somebody to people.
    crs
        A coordinate system in metres that fits the area.
    table
        Name of the file, for findings.
    """

    roads: RoadSettings
    snap_m: float
    access_kmh: float
    max_minutes: float
    to_people: bool
    crs: str
    table: str

    @property
    def walk_to_road_kmh(self) -> float:
        """The speed beside the road: nobody who walks is faster there."""
        if self.roads.mode == "walk":
            return min(self.access_kmh, self.roads.walk_kmh)
        return self.access_kmh


def along_roads(
    area: PlanningArea,
    frame: pd.DataFrame,
    settings: RoadTravel,
    progress: Progress = SILENT,
) -> tuple[Journeys | None, list[Finding]]:
    """Return the journeys between demand points and sites.

    Parameters
    ----------
    area
        Its demand points and sites.
    frame
        Road lines as `allocator.load.roads.read_roads` returns them.
    settings
        How they are travelled.
    progress
        Told how far the work is.

    Returns
    -------
    journeys, findings
        None, with an error, when there is nothing to travel on.
    """
    roads, findings = make_roads(
        frame, settings.roads, table=settings.table, crs=settings.crs
    )
    if roads is None:
        return None, findings
    progress.step(Text("建立路网", "building the road network"))
    network = build_network(roads, settings.crs)
    placed = {}
    for name, places in (("demand", area.demand), ("sites", area.sites)):
        lon, lat = (places[c].to_numpy(dtype=float) for c in ("lon", "lat"))
        placed[name] = snap(
            network,
            lon,
            lat,
            most_m=settings.snap_m,
            access_kmh=settings.walk_to_road_kmh,
        )
        findings += _beyond(places, placed[name], name, settings)
    findings += _parts(area, network, placed["demand"], settings.table)
    journeys = fastest_journeys(
        network,
        placed["demand"],
        placed["sites"],
        max_minutes=settings.max_minutes,
        to_people=settings.to_people,
        progress=progress,
    )
    return journeys, findings


def _beyond(
    places: pd.DataFrame, snapped: Snapped, name: str, settings: RoadTravel
) -> list[Finding]:
    """Name the places that are too far from any road."""
    lost = ~snapped.found
    if not lost.any():
        return []
    count = int(lost.sum())
    zh, en = (
        ("需求点", "demand points") if name == "demand" else ("机构或备选点", "sites")
    )
    people = ""
    if name == "demand":
        number = int(places["people"].to_numpy()[lost].sum())
        zh, people = f"{zh}(共 {number} 人)", f" ({number} people)"
    return [
        Finding(
            f"{'demand' if name == 'demand' else 'site'}-off-road",
            Text(
                f"{count} 个{zh}离道路超过 {settings.snap_m:g} 米, 不在路网上",
                f"{count} {en}{people} lie more than {settings.snap_m:g} m from any "
                "road and are not on the network",
            ),
            Severity.WARNING,
            settings.table,
            tuple(places.index[lost]),
            "travel.snap_m",
            remedy=Text(
                "补全路网, 或加大 [travel] snap_m",
                "complete the roads, or raise snap_m",
            ),
        )
    ]


def _parts(
    area: PlanningArea, network: Network, people: Snapped, table: str
) -> list[Finding]:
    """Say when the roads fall into parts, and who lives beside the smaller ones."""
    parts = int(network.component.max()) + 1
    if parts == 1:
        return []
    edge = np.where(people.found, people.edge, 0)
    apart = people.found & (network.component[network.start[edge]] > 0)
    count = int(apart.sum())
    number = int(area.demand["people"].to_numpy()[apart].sum())
    return [
        Finding(
            "road-parts",
            Text(
                f"路网分成互不相连的 {parts} 部分; {count} 个需求点(共 {number} 人)"
                "不在最大的部分上",
                f"the roads fall into {parts} parts that do not meet; {count} demand "
                f"points ({number} people) are not on the largest",
            ),
            Severity.WARNING if count else Severity.NOTE,
            table,
            tuple(area.demand.index[apart]),
            remedy=Text(
                "检查断头路; 端点有缝时写 connect_m, 交叉处没有公共顶点时打断线",
                "look for gaps: connect_m joins near ends; lines that cross without a "
                "shared vertex must be split there",
            ),
        )
    ]
