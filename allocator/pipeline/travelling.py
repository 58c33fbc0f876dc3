"""From the brief's ``[travel]`` to the journeys of every service."""

from __future__ import annotations

import hashlib
import math
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from allocator import __version__
from allocator.errors import Finding, InputError, Severity, Text, errors_in, nearest
from allocator.load import (
    read_friction,
    read_roads,
    read_travel_table,
    unheard,
)
from allocator.load.area import SIDECARS
from allocator.load.coordinates import metric_crs
from allocator.policy import Coverage
from allocator.progress import SILENT
from allocator.travel import (
    RoadSettings,
    Travel,
    check_travel,
    from_journeys,
    from_pairs,
    straight_line,
)
from allocator.travel.along_roads import RoadTravel, along_roads
from allocator.travel.cache import key_of, load_journeys, store_journeys
from allocator.travel.friction import over_friction
from allocator.travel.speeds import SPEEDS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from allocator.area import PlanningArea
    from allocator.load import Account, Brief, Way
    from allocator.policy import Policy
    from allocator.progress import Progress
    from allocator.travel.fastest import Journeys

_MINUTES_OF_ONE_HOUR = 60.0
_CACHED = ("network", "friction")


def read_travel(
    brief: Brief,
    area: PlanningArea,
    policy: Policy,
    findings: list[Finding],
    *,
    progress: Progress = SILENT,
    heard: Callable[[Account], None] = unheard,
) -> Travel:
    """Return the journeys of a brief, and those of services that have their own.

    Parameters
    ----------
    brief, area, policy
        What was read of the task.
    findings
        Those of before; what is found here is added.
    progress
        Told how far the work is.
    heard
        Called with the account of each table that is read.

    Raises
    ------
    InputError
        With every finding, when a file or a setting cannot be used.
    """
    findings += _check_names(brief, policy)
    if errors_in(findings):
        raise InputError(findings)
    maker = _Maker(brief, area, progress, heard)
    travel = maker.travel(brief.travel.way())
    services = {
        k: maker.travel(brief.travel.way(k)) for k in sorted(brief.travel.services)
    }
    # What two services find alike is said once.
    findings += list(dict.fromkeys(maker.findings))
    if travel is None or None in services.values():
        raise InputError(findings)
    whole = replace(
        travel, services={k: one for k, one in services.items() if one is not None}
    )
    findings += check_travel(area, whole)
    return whole


def _check_names(brief: Brief, policy: Policy) -> Iterable[Finding]:
    """Refuse services, and classes of road, that there are not."""
    travel = brief.travel
    wanted: list[tuple[str, str, Mapping[str, object]]]
    wanted = [("travel.services", name, policy.services) for name in travel.services]
    wanted += [("travel.speeds", name, SPEEDS) for name in travel.speeds]
    wanted += [("travel.classes", name, SPEEDS) for name in travel.classes.values()]
    for column, name, known in wanted:
        if name in known:
            continue
        close = nearest(name, known)
        is_service = known is policy.services
        yield Finding(
            "service-unknown" if is_service else "road-class-unknown",
            Text(f"没有服务 {name}", f"there is no service {name}")
            if is_service
            else Text(f"没有道路等级 {name}", f"there is no class of road {name}"),
            table=brief.path.name,
            column=column,
            value=name,
            remedy=Text(f"是否应为 {close}?", f"did you mean {close}?")
            if close
            else Text("可用: " + " ".join(known), "there are: " + " ".join(known)),
        )


@dataclass
class _Maker:
    """Makes the journeys of each way of travelling once."""

    brief: Brief
    area: PlanningArea
    progress: Progress
    heard: Callable[[Account], None]
    findings: list[Finding] = field(default_factory=list)
    made: dict[Way, Travel | None] = field(default_factory=dict)

    def travel(self, way: Way) -> Travel | None:
        """Return the journeys of a way; None where an error was found."""
        if way not in self.made:
            # What passes before anybody sets out leaves less time to travel.
            left = way.max_minutes
            if left is not None:
                left -= way.dispatch_minutes
            travel = self._without_dispatch(way, left)
            if travel is not None and way.dispatch_minutes:
                travel = travel.delayed(way.dispatch_minutes)
            if travel is not None and way.max_minutes is not None:
                travel = replace(travel, max_minutes=way.max_minutes)
            self.made[way] = travel
        return self.made[way]

    def _without_dispatch(self, way: Way, left: float | None) -> Travel | None:
        if way.method == "table":
            pairs, problems = read_travel_table(
                self.brief, self.area, way.file, self.heard
            )
            self.findings += problems
            if pairs is None or errors_in(problems):
                return None
            return from_pairs(self.area, pairs, max_minutes=left)
        most = math.inf if left is None else left
        if way.method == "straight_line":
            return straight_line(
                self.area,
                speed_kmh=way.speed_kmh,
                detour=way.detour,
                max_minutes=most,
                progress=self.progress,
            )
        journeys = self._kept(way, most)
        if journeys is None:
            return None
        return from_journeys(
            self.area,
            journeys,
            "network" if way.method == "network" else "friction",
            self._note(way, most),
            straight=self.brief.travel.distance == "straight",
        )

    def _note(self, way: Way, most: float) -> Text:
        name = self.brief.resolve(way.file or "").name
        on_foot = way.mode == "walk" and way.method == "network"
        zh = f"沿路网 {name}" if way.method == "network" else f"按阻力面 {name}"
        en = f"along the roads of {name}" if way.method == "network" else f"over {name}"
        if on_foot:
            zh += f", 步行 {way.speed_kmh:g} 公里/小时"
            en += f", on foot at {way.speed_kmh:g} km/h"
        if way.to_people:
            zh += ", 由机构到居民"
            en += ", from site to people"
        return Text(
            f"{zh}, 单程不超过 {most:g} 分钟", f"{en}, up to {most:g} minutes one way"
        )

    def _kept(self, way: Way, most: float) -> Journeys | None:
        """Return the journeys from the cache, or compute and keep them."""
        compute = self._roads if way.method == "network" else self._friction
        path = self.brief.resolve(way.file or "")
        if not (self.brief.travel.cache and path.is_file()):
            journeys, found = compute(way, most)
            self.findings += found
            return journeys
        try:
            key = self._key(way, most, path)
        except OSError:  # reading it says what is wrong
            journeys, found = compute(way, most)
            self.findings += found
            return journeys
        journeys, found, damaged = load_journeys(key)
        if damaged:
            self.findings.append(
                Finding(
                    "cache-damaged",
                    Text(
                        "缓存的出行时间已损坏, 重新计算",
                        "kept travel times were damaged: computed again",
                    ),
                    Severity.NOTE,
                    path.name,
                )
            )
        if journeys is None:
            journeys, found = compute(way, most)
            if journeys is not None:
                store_journeys(key, journeys, found)
        else:
            self.findings.append(_from_cache(path.name))
        self.findings += found
        return journeys

    def _key(self, way: Way, most: float, path: Path) -> str:
        travel = self.brief.travel
        left_out = {"services", "cache", "max_minutes", "file", "method", "distance"}
        settings = {
            "program": __version__,
            "way": asdict(way) | {"max_minutes": most, "dispatch_minutes": 0.0},
            "travel": travel.model_dump(exclude=left_out),
            "crs": [self.brief.area.crs, self.brief.crs.model_dump()],
            "name": path.name,
        }
        companions = (path.with_suffix(suffix) for suffix in SIDECARS)
        files = [path, *(one for one in companions if one.is_file())]
        contents = [_digest(one) for one in files]
        for frame in (self.area.demand, self.area.sites):
            contents.append("\n".join(frame.index).encode())
            contents.append(np.ascontiguousarray(frame[["lon", "lat"]]).tobytes())
        contents.append(np.ascontiguousarray(self.area.demand["people"]).tobytes())
        return key_of(settings, contents)

    def _roads(self, way: Way, most: float) -> tuple[Journeys | None, list[Finding]]:
        roads, found = read_roads(self.brief, way.file or "")
        if roads is None:
            return None, found
        middle = self.area.demand[["lon", "lat"]].mean()
        crs = metric_crs(float(middle["lon"]), float(middle["lat"])).to_string()
        settings = road_settings(self.brief, way, most, crs)
        journeys, more = along_roads(self.area, roads, settings, self.progress)
        return journeys, [*found, *more]

    def _friction(self, way: Way, most: float) -> tuple[Journeys | None, list[Finding]]:
        surface, found = read_friction(self.brief, self.area, way.file or "")
        if surface is None:
            return None, found
        journeys, more = over_friction(
            self.area,
            surface,
            max_minutes=most,
            table=self.brief.resolve(way.file or "").name,
            progress=self.progress,
        )
        return journeys, [*found, *more]


def _digest(path: Path) -> bytes:
    """Return the SHA-256 of a file that may not fit into memory."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()


def road_settings(brief: Brief, way: Way, most: float, crs: str) -> RoadTravel:
    """Return how one way travels along roads, up to so many minutes."""
    travel = brief.travel
    return RoadTravel(
        roads=RoadSettings(
            mode=way.mode,
            walk_kmh=way.speed_kmh,
            speeds=travel.speeds,
            classes=travel.classes,
            ferry_wait_minutes=travel.ferry_wait_minutes,
            connect_m=travel.connect_m,
        ),
        snap_m=travel.snap_m,
        access_kmh=travel.access_kmh,
        max_minutes=most,
        to_people=way.to_people,
        crs=crs,
        table=brief.resolve(way.file or "").name,
    )


def _from_cache(name: str) -> Finding:
    return Finding(
        "cache-used",
        Text(
            "出行时间取自缓存(输入与设置都未变)",
            "travel times were kept from before: neither input nor settings changed",
        ),
        Severity.NOTE,
        name,
        remedy=Text(
            "要重新计算时写 cache = false", "cache = false computes them again"
        ),
    )


def reach_findings(brief: Brief, policy: Policy) -> list[Finding]:
    """Find coverage rules that reach farther than their service's travel cut-off."""
    findings = []
    for rule in policy.rules:
        for reading in rule.readings:
            if not isinstance(reading, Coverage):
                continue
            way = brief.travel.way(reading.service)
            reach = _reach_minutes(reading, way)
            if way.max_minutes is None or reach <= way.max_minutes + 1e-9:
                continue
            own = reading.service in brief.travel.services
            where = f"travel.services.{reading.service}" if own else "travel"
            findings.append(
                Finding(
                    "reach-beyond-cut-off",
                    Text(
                        f"该条款的范围约 {reach:.0f} 分钟, 超过出行时间上限",
                        f"the rule reaches about {reach:.0f} minutes, "
                        "beyond the travel cut-off",
                    ),
                    table=brief.path.name,
                    keys=(rule.id,),
                    column=f"{where}.max_minutes",
                    value=f"{way.max_minutes:g}",
                    remedy=Text("加大 max_minutes", "raise max_minutes"),
                )
            )
    return findings


def _reach_minutes(rule: Coverage, way: Way) -> float:
    minutes = (rule.within_minutes, rule.urban_minutes, rule.rural_minutes)
    reach = [m for m in minutes if m is not None]
    if way.method == "straight_line":
        minutes_of_km = way.detour / way.speed_kmh * _MINUTES_OF_ONE_HOUR
        km = (rule.within_km, rule.urban_km, rule.rural_km)
        reach += [d * minutes_of_km + way.dispatch_minutes for d in km if d is not None]
    return max(reach, default=0.0)
