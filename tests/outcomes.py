"""A small outcome made by hand, for everything that is written from one.

Two counties, three zones, five sites, four demand points and four rules; no solver
and no files. The figures are chosen so that sums can be checked in the head.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import geopandas as gpd
import pandas as pd
from shapely.geometry import box

from allocator.area import GEOGRAPHIC_CRS, PlanningArea
from allocator.audit.verdict import AuditRow, Verdict
from allocator.errors import Finding, Language, Severity, Text
from allocator.outcome import Outcome
from allocator.plan import (
    ALLOCATION_COLUMNS,
    ASSIGNMENT_COLUMNS,
    GROUP_COLUMNS,
    PLACEMENT_COLUMNS,
    Plan,
)
from allocator.policy import (
    CountInUnit,
    Coverage,
    Indicator,
    Members,
    Network,
    Resource,
    Scope,
    Service,
    ShareOfClass,
    Unit,
)
from allocator.policy.packs import PackHead, Policy

if TYPE_CHECKING:
    from allocator.travel import Travel


def make_outcome(
    *,
    language: Language = "zh",
    map_approval: str = "",
    site_name: str = "新城乡卫生院",
    polygons: bool = True,
) -> Outcome:
    """Return the small outcome.

    Parameters
    ----------
    language
        The language of everything written from it.
    map_approval
        The 审图号, if any.
    site_name
        Name of site ``S2``, to try hostile names.
    polygons
        Whether zones and counties have polygons.
    """
    return Outcome(
        area=_area(site_name, polygons=polygons),
        travel=cast("Travel", None),
        policy=_policy(),
        plan=_plan(),
        audit=_audit(planned=True),
        audit_today=_audit(planned=False),
        certificate=_certificate(),
        clauses={
            ("S2", "emergency_station"): ("T-1", "T-3"),
            ("S5", "clinic"): ("T-2",),
        },
        findings=(
            Finding(
                "sample-finding",
                Text("人口取自普查", "population is from the census"),
                Severity.WARNING,
                table="zones.csv",
            ),
        ),
        language=language,
        map_approval=map_approval,
    )


def _area(site_name: str, *, polygons: bool) -> PlanningArea:
    shapes = [
        box(115.0, 28.0, 115.2, 28.2),
        box(115.2, 28.0, 115.4, 28.2),
        box(115.0, 28.2, 115.4, 28.4),
    ]
    zones = gpd.GeoDataFrame(
        {
            "name": ["东风街道", "新城乡", "白马镇"],
            "county_id": ["360101", "360101", "360102"],
            "kind": ["街道", "乡", "镇"],
            "population": [50000, 12000, 30000],
            "urban": [True, False, False],
            "lon": [115.1, 115.3, 115.2],
            "lat": [28.1, 28.1, 28.3],
            "population_basis": ["census", "estimated", "estimated"],
        },
        geometry=shapes if polygons else [None, None, None],
        index=pd.Index(["360101001", "360101200", "360102100"], name="zone_id"),
        crs=GEOGRAPHIC_CRS,
    )
    counties = gpd.GeoDataFrame(
        {"name": ["甲区", "乙县"], "kind": ["区", "县"]},
        geometry=[box(115.0, 28.0, 115.4, 28.2), shapes[2]]
        if polygons
        else [None, None],
        index=pd.Index(["360101", "360102"], name="county_id"),
        crs=GEOGRAPHIC_CRS,
    )
    sites = pd.DataFrame(
        {
            "name": [
                "东风社区卫生服务中心",
                site_name,
                "白马中心卫生院",
                "白马卫生院分院",
                "拟建东郊诊所",
            ],
            "lon": [115.08, 115.31, 115.22, 115.12, 115.15],
            "lat": [28.12, 28.09, 28.31, 28.35, 28.05],
            "status": ["existing"] * 4 + ["candidate"],
            "zone_id": [
                "360101001",
                "360101200",
                "360102100",
                "360102100",
                "360101001",
            ],
            "county_id": ["360101", "360101", "360102", "360102", "360101"],
            "class": ["B100", "C220", "C210", "C220", ""],
            "services": [("clinic",), (), ("clinic",), (), ()],
            "branch": [False, False, False, True, False],
            "locked": [""] * 5,
            "capacity_people": [float("nan")] * 5,
            "level": [1.0, 1.0, 2.0, float("nan"), float("nan")],
            "beds": [20.0, 30.0, 99.0, 5.0, float("nan")],
            "location_basis": ["surveyed", "schematic", "surveyed", "schematic", ""],
        },
        index=pd.Index(["S1", "S2", "S3", "S4", "S5"], name="site_id"),
    )
    demand = pd.DataFrame(
        {
            "zone_id": ["360101001", "360101001", "360101200", "360102100"],
            "county_id": ["360101", "360101", "360101", "360102"],
            "people": [30000, 20000, 12000, 30000],
            "urban": [True, True, False, False],
            "lon": [115.08, 115.15, 115.3, 115.2],
            "lat": [28.12, 28.06, 28.1, 28.3],
        },
        index=pd.Index(["D1", "D2", "D3", "D4"], name="demand_id"),
    )
    return PlanningArea(
        name="样例市",
        zones=zones,
        counties=counties,
        sites=sites,
        demand=demand,
        costs=None,
        notes=(Text("样例数据,不得用于审批。", "Sample data; not for approval."),),
    )


def _of_class(*codes: str) -> Members:
    return Members(**{"class": codes})  # type: ignore[arg-type]


def _policy() -> Policy:
    services = (
        Service(id="clinic", name="门诊部", serves=Scope()),
        Service(
            id="emergency_station",
            name="急救站",
            hosts=_of_class("C210", "C220"),
        ),
        Service(id="pavilion", name="中医馆"),
    )
    rules = (
        ShareOfClass(
            id="T-1",
            clause="二(一)",
            quote="在卫生院设立急救站",
            of=_of_class("C210", "C220"),
            service="emergency_station",
            share=1.0,
            pack="test",
        ),
        CountInUnit(
            id="T-2",
            clause="二(二)",
            quote="每个街道办好一所门诊部",
            service="clinic",
            lo=1,
            unit=Unit.ZONE,
            pack="test",
        ),
        Coverage(
            id="T-3",
            clause="二(三)",
            quote="15分钟可达",
            service="clinic",
            within_minutes=15,
            share=0.8,
            unit=Unit.COUNTY,
            due=2025,
            pack="test",
        ),
        Indicator(id="T-4", clause="三", quote="人均预期寿命提高", pack="test"),
    )
    head = PackHead(id="test", title="测试方案", document="测发〔2024〕1号")
    resource = Resource(id="beds", name="床位", unit="张")
    return Policy((head,), {s.id: s for s in services}, {"beds": resource}, rules)


def _plan() -> Plan:
    placements = pd.DataFrame(
        [
            ("S1", "clinic", "keep", 2025, 0.0, 0.0),
            ("S2", "emergency_station", "upgrade", 2025, 80.5, 12.0),
            ("S3", "clinic", "keep", 2025, 0.0, 0.0),
            ("S3", "emergency_station", "upgrade", 2026, 80.5, 12.0),
            ("S4", "pavilion", "close", 2025, 3.0, -2.0),
            ("S5", "clinic", "build", 2025, 2000.0, 150.25),
        ],
        columns=list(PLACEMENT_COLUMNS),
    )
    assignments = pd.DataFrame(
        [
            ("D1", "S1", "clinic", 30000.0, 4.0),
            ("D2", "S5", "clinic", 20000.0, 1.504),
            ("D3", "S1", "clinic", 4000.5, 33.0),
            ("D3", "S5", "clinic", 7999.5, 23.0),
            ("D4", "S3", "clinic", 30000.0, 3.333333),
        ],
        columns=list(ASSIGNMENT_COLUMNS),
    )
    allocations = pd.DataFrame(
        [("S3", "beds", 10.0, 50.0, 5.0, 2025)], columns=list(ALLOCATION_COLUMNS)
    )
    return Plan(placements, assignments, allocations)


def _audit(*, planned: bool) -> tuple[AuditRow, ...]:
    none = Text("", "")
    share = Text("至少 80 %", "at least 80 %")
    two, no_site = Text("2 所", "2 sites"), Text("0 所", "0 sites")
    one = Text("至少 1 所", "at least 1 site")
    reached = Text("80.6 %", "80.6 %")
    blank = Text("缺少列 lon", "column lon is missing")
    now = {
        True: _judged(Verdict.MET, two, two),
        False: _judged(
            Verdict.NOT_MET, two, no_site, Text("缺 2 所", "2 missing"), missing=2.0
        ),
    }
    lacks = _judged(
        Verdict.NOT_MET, one, no_site, Text("缺 1 所", "1 missing"), missing=1.0
    )
    rows = (
        ("T-1", ("", "样例市"), now[planned]),
        ("T-2", ("360101200", "新城乡"), lacks),
        ("T-3", ("360101", "甲区"), _judged(Verdict.MET, share, reached)),
        ("T-3", ("360102", "乙县"), _judged(Verdict.UNDECIDABLE, share, blank)),
        ("T-4", ("", "样例市"), _judged(Verdict.TRACKED, none, none)),
    )
    rules = {rule.id: rule for rule in _policy().rules}
    return tuple(
        AuditRow(
            rule_id=rule_id,
            pack="test",
            clause=rules[rule_id].clause,
            quote=rules[rule_id].quote,
            priority="must",
            due=rules[rule_id].due,
            unit_id=unit_id,
            unit=unit,
            source="test",
            **judged,
        )
        for rule_id, (unit_id, unit), judged in rows
    )


def _judged(
    verdict: Verdict,
    required: Text,
    found: Text,
    gap: Text | None = None,
    *,
    missing: float = 0.0,
) -> dict[str, Any]:
    return {
        "verdict": verdict,
        "required": required,
        "found": found,
        "gap": gap or Text("", ""),
        "missing": missing,
    }


def _certificate() -> dict[str, Any]:
    return {
        "status": "optimal",
        "objectives": [
            {
                "name": "uncovered_people",
                "value": 12000.0,
                "bound": 12000.0,
                "gap": 0.0,
            },
            {"name": "capital_wan", "value": 2214.0, "bound": 2214.0, "gap": 0.0},
        ],
        "seconds": 1.25,
        "solver": {"name": "HiGHS", "version": "1.9.0"},
        "versions": {"allocator": "0.1.0"},
        "inputs": [{"file": "zones.csv", "sha256": "0" * 64}],
        "totals": {
            "capital_wan": 2214.0,
            "yearly_wan": 177.25,
            "people": 92000,
            "covered_people": 80000,
            "person_minutes": 565956.49,
            "placements": 6,
        },
    }


# Who leads each zone: S1, S2 and S3 their own, and above them S1 the west, S3 itself.
_NEAR = {"360101001": "S1", "360101200": "S2", "360102100": "S3"}
_FAR = {"360101001": "S1", "360101200": "S1", "360102100": "S3"}


def with_groups(outcome: Outcome) -> Outcome:
    """Return the outcome with one network, ``near``: a group for every zone."""
    return _grouped(outcome, {"near": _NEAR}, {"near": ("S1", "S2", "S3", "S4")})


def with_tiers(outcome: Outcome) -> Outcome:
    """Return the outcome with a second network, ``far``, above ``near``."""
    groups = {"near": _NEAR, "far": _FAR}
    sites = {"near": ("S1", "S2", "S3", "S4"), "far": ("S1", "S2", "S3")}
    return _grouped(outcome, groups, sites)


def _grouped(
    outcome: Outcome,
    groups: dict[str, dict[str, str]],
    sites: dict[str, tuple[str, ...]],
) -> Outcome:
    anyone = _of_class("C220")
    far = {"above": "near", "within_county": False}
    networks = {
        name: Network(
            id=name,
            name={"near": "片区", "far": "集团"}[name],
            leads=anyone,
            members=anyone,
            **(far if name == "far" else {}),  # type: ignore[arg-type]
        )
        for name in groups
    }
    rows = [
        (name, zone, lead)
        for name, leads in sorted(groups.items())
        for zone, lead in leads.items()
    ]
    zone_of = outcome.area.sites["zone_id"]
    members = [
        (name, site, groups[name][str(zone_of[site])])
        for name, ids in sorted(sites.items())
        for site in ids
    ]
    return replace(
        outcome,
        policy=replace(outcome.policy, networks=networks),
        plan=replace(
            outcome.plan, groups=pd.DataFrame(rows, columns=list(GROUP_COLUMNS))
        ),
        members=pd.DataFrame(members, columns=["network", "site_id", "lead_id"]),
    )
