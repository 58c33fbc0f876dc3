"""Two small plans of the area of ``tests/outcomes.py``, side by side.

After: the clinic at S5 is dropped and one at S2 opened (16 km away, same county), the
pavilion at S4 stays instead of closing, the station at S3 is dropped, that at S2 comes
a year later, S3 gets 4 beds more. D2 goes farther, D3 nearer, and of D4 only 18,000 of
30,000 people are served.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import pandas as pd

from allocator.compare import Comparison, Place, Side, compare, place_of, sites_of
from allocator.export import audit_records
from allocator.outcome import service_names
from allocator.plan import (
    ALLOCATION_COLUMNS,
    ASSIGNMENT_COLUMNS,
    PLACEMENT_COLUMNS,
    Plan,
)
from tests.outcomes import make_outcome

if TYPE_CHECKING:
    from allocator.errors import Language

MOVE_KM = 20.0


def make_place(
    *,
    language: Language = "zh",
    site_name: str = "新城乡卫生院",
    polygons: bool = True,
) -> Place:
    """Return the place of both plans."""
    outcome = make_outcome(site_name=site_name, polygons=polygons)
    names = {**service_names(outcome), "beds": "床位"}
    return place_of(outcome.area, names, language=language)


def make_sides(*, site_name: str = "新城乡卫生院") -> tuple[Side, Side]:
    """Return the plans, before and after."""
    outcome = make_outcome(site_name=site_name)
    sites = sites_of(outcome.area)
    before = Side(
        "甲案",
        outcome.plan,
        sites,
        audit_records(outcome.audit_today, "zh"),
        outcome.certificate | {"terms": {"capital_wan": 3000.0}},
    )
    certificate = {
        "status": "feasible",
        "totals": {"capital_wan": 214.0, "person_minutes": 400000.0},
        "objectives": [{"name": "capital_wan", "value": 214.0}],
        "terms": {"capital_wan": 1000.0},
    }
    after = Side(
        "乙案", _plan(), sites, audit_records(outcome.audit, "zh"), certificate
    )
    return before, after


def make_comparison(
    *,
    language: Language = "zh",
    site_name: str = "新城乡卫生院",
    polygons: bool = True,
    swapped: bool = False,
    move_km: float = MOVE_KM,
) -> Comparison:
    """Return the two plans side by side; ``swapped``: after, then before."""
    place = make_place(language=language, site_name=site_name, polygons=polygons)
    before, after = make_sides(site_name=site_name)
    if swapped:
        before, after = after, before
    return compare(place, before, after, move_km=move_km)


def with_sites(side: Side, **places: tuple[float, float]) -> Side:
    """Return the side with sites at other places (lon, lat)."""
    sites = side.sites.copy()
    for site_id, (lon, lat) in places.items():
        sites.loc[site_id, ["lon", "lat"]] = (lon, lat)
    return dataclasses.replace(side, sites=sites)


def _plan() -> Plan:
    placements = pd.DataFrame(
        [
            ("S1", "clinic", "keep", 2026, 0.0, 0.0),
            ("S2", "clinic", "upgrade", 2026, 130.0, 20.0),
            ("S2", "emergency_station", "upgrade", 2026, 80.5, 12.0),
            ("S3", "clinic", "keep", 2026, 0.0, 0.0),
            ("S4", "pavilion", "keep", 2026, 0.0, 0.0),
        ],
        columns=list(PLACEMENT_COLUMNS),
    )
    assignments = pd.DataFrame(
        [
            ("D1", "S1", "clinic", 30000.0, 4.0),
            ("D2", "S1", "clinic", 20000.0, 9.0),
            ("D3", "S2", "clinic", 12000.0, 3.0),
            ("D4", "S3", "clinic", 18000.0, 3.333333),
        ],
        columns=list(ASSIGNMENT_COLUMNS),
    )
    allocations = pd.DataFrame(
        [("S3", "beds", 14.0, 70.0, 7.0, 2025)], columns=list(ALLOCATION_COLUMNS)
    )
    return Plan(placements, assignments, allocations)
