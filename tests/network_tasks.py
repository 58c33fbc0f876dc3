"""Small maps with networks, for tests of groups and of tiers of groups."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pandas as pd
from shapely.geometry import Polygon, box

from allocator.audit import Facts
from allocator.networks import GroupResult, form_groups
from allocator.plan import GROUP_COLUMNS
from allocator.policy import Network
from tests.factories import (
    everywhere,
    facility,
    make_area,
    make_plan,
    make_policy,
    make_travel,
    members,
    zone,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from allocator.area import PlanningArea
    from allocator.plan import Plan
    from allocator.policy import Policy
    from allocator.travel import Travel

SIDE = 0.01  # degrees, about 1 km


def cell(x: float, y: float, side: float = SIDE) -> Polygon:
    west, south = 115 + x * SIDE, 28 + y * SIDE
    return box(west, south, west + side, south + side)


def mapped(area: PlanningArea, shapes: Mapping[str, Any]) -> PlanningArea:
    """Give zones their polygons (or, for a pair of numbers, only a centre)."""
    zones = area.zones.copy()
    for zone_id, shape in shapes.items():
        centre = shape if isinstance(shape, tuple) else shape.centroid.coords[0]
        zones.loc[zone_id, ["lon", "lat"]] = centre
    polygons = [
        None if isinstance(shapes[z], tuple) else shapes[z] for z in zones.index
    ]
    return replace(area, zones=zones.set_geometry(polygons, crs=area.zones.crs))


def network(**given: Any) -> Network:
    settings: dict[str, Any] = {
        "id": "net",
        "name": "医共体",
        "leads": members("A100"),
        "members": members("C220"),
    }
    return Network(**{**settings, **given})


@dataclass(frozen=True)
class Task:
    """An area with one network, those above it, and a plan without placements."""

    area: PlanningArea
    travel: Travel
    network: Network
    above: tuple[Network, ...] = ()

    @property
    def policy(self) -> Policy:
        networks = {n.id: n for n in (*self.above, self.network)}
        return replace(make_policy(services=[]), networks=networks)

    def form(self, plan: Plan | None = None) -> GroupResult:
        return form_groups(
            self.area,
            self.travel,
            self.policy,
            make_plan() if plan is None else plan,
            time_limit_s=60,
            gap=0.0,
        )

    def facts(self, groups: pd.DataFrame) -> Facts:
        plan = replace(make_plan(), groups=groups)
        return Facts(self.area, self.travel, self.policy, plan)

    def facts_of(
        self,
        rows: Iterable[tuple[str, str]],
        above: Iterable[tuple[str, str]] = (),
    ) -> Facts:
        """Return facts of a plan whose zones have these leads, here and above."""
        stated = [("net", zone_id, lead) for zone_id, lead in rows]
        stated += [("top", zone_id, lead) for zone_id, lead in above]
        return self.facts(pd.DataFrame(stated, columns=list(GROUP_COLUMNS)))


def grid(
    rows: int,
    columns: int,
    leads: Iterable[str],
    *,
    people: Mapping[str, int] | None = None,
    minutes: Mapping[tuple[str, str], float] | None = None,
    counties: Mapping[str, str] | None = None,
    **of_network: Any,
) -> Task:
    """Make a grid of zones ``z<row><column>``, a township centre in each.

    Leads are named ``A-<zone>``, then ``A-<zone>-2``.
    """
    shapes = {
        f"z{y}{x}": cell(x, y)
        for y, x in itertools.product(range(rows), range(columns))
    }
    sites = [facility(f"C-{z}", z, "C220") for z in shapes]
    seen: set[str] = set()
    for home in leads:
        sites.append(facility(f"A-{home}" + "-2" * (home in seen), home, "A100"))
        seen.add(home)
    area = make_area(
        zones=[
            zone(z, (counties or {}).get(z, "c1"), (people or {}).get(z, 100))
            for z in shapes
        ],
        sites=sites,
    )
    area = mapped(area, shapes)
    travel = everywhere(area) if minutes is None else make_travel(minutes)
    return Task(area, travel, network(**of_network))


def touching_cells(zones: Iterable[str]) -> dict[str, set[str]]:
    """Return the cells of a grid, named ``z<row><column>``, that touch each cell."""
    cells = set(zones)
    result = {}
    for zone_id in cells:
        y, x = int(zone_id[1]), int(zone_id[2])
        near = {f"z{y + 1}{x}", f"z{y - 1}{x}", f"z{y}{x + 1}", f"z{y}{x - 1}"}
        result[zone_id] = near & cells
    return result
