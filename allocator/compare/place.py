"""What is compared: the place that both plans are for, and each plan."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from allocator.errors import Finding, Language, Severity, Text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import geopandas as gpd
    import pandas as pd

    from allocator.area import PlanningArea
    from allocator.plan import Plan

_SAME_DEGREES = 1e-5  # about a metre: csv files hold six decimals
_SAME_PEOPLE = 0.5


@dataclass(frozen=True)
class Place:
    """The area that both plans are for.

    Parameters
    ----------
    name
        Of the area.
    zones
        Index ``zone_id``, sorted. Columns ``name``, ``county_id``, ``lon``, ``lat``
        (degrees) and ``geometry`` (`area.GEOGRAPHIC_CRS`; may be missing).
    counties
        Index ``county_id``, sorted. Columns ``name`` and ``geometry``.
    demand
        Index ``demand_id``, sorted. Columns ``zone_id``, ``people``, ``lon``, ``lat``.
    services
        Shown name by id, of services and resources, in the order in which they are
        shown.
    language
        Of everything written.
    notes
        Assumptions that must stand wherever results are shown.
    map_approval
        The 审图号; empty: maps say 示意图.
    """

    name: str
    zones: gpd.GeoDataFrame
    counties: gpd.GeoDataFrame
    demand: pd.DataFrame
    services: Mapping[str, str]
    language: Language = "zh"
    notes: tuple[Text, ...] = ()
    map_approval: str = ""


@dataclass(frozen=True)
class Side:
    """One of the two plans.

    Parameters
    ----------
    label
        What it is called in tables and maps.
    plan
        The plan.
    sites
        Index ``site_id``, sorted: every site that the plan names. Columns ``name``,
        ``county``, ``zone`` (names) and ``lon``, ``lat`` (degrees, NaN where unknown).
    audit
        One mapping per rule and unit with ``rule_id``, ``unit_id``, ``unit``,
        ``clause``, ``quote``, ``verdict`` (``met``, ``not_met``, ``undecidable``,
        ``tracked``), ``required`` and ``found``, as in ``audit.json``.
    certificate
        ``status``, ``totals``, ``objectives`` and ``terms`` as in ``run.json``; empty
        where nothing was solved.
    """

    label: str
    plan: Plan
    sites: pd.DataFrame
    audit: Sequence[Mapping[str, Any]] = ()
    certificate: Mapping[str, Any] = field(default_factory=dict)


def place_of(
    area: PlanningArea,
    services: Mapping[str, str],
    *,
    language: Language,
    map_approval: str = "",
) -> Place:
    """Return the place of a planning area, for plans that were made in memory."""
    return Place(
        name=area.name,
        zones=area.zones,
        counties=area.counties,
        demand=area.demand,
        services=services,
        language=language,
        notes=area.notes,
        map_approval=map_approval,
    )


def sites_of(area: PlanningArea) -> pd.DataFrame:
    """Return the sites of a planning area as `Side` holds them."""
    sites = area.sites[["name", "lon", "lat"]].copy()
    sites["county"] = area.counties["name"].loc[area.sites["county_id"]].to_numpy()
    sites["zone"] = area.zones["name"].loc[area.sites["zone_id"]].to_numpy()
    return sites[["name", "county", "zone", "lon", "lat"]]


def strangers(before: Place, after: Place) -> list[Finding]:
    """Return what keeps two plans from being of one area; warnings where they may be.

    Parameters
    ----------
    before, after
        The place as each plan knows it.

    Returns
    -------
    findings
        An error when zones or demand points differ. A warning when only people do:
        gains and losses then mix the plan's effect with that of the people.
    """
    findings = [
        _differs(
            "compare-other-zones",
            Text("两个方案的乡镇(街道)不同", "the plans are of different zones"),
            before.zones,
            after.zones,
        )
        or _differs(
            "compare-other-demand",
            Text("两个方案的需求点不同", "the plans have different demand points"),
            before.demand,
            after.demand,
        )
        or _moved_demand(before.demand, after.demand)
        or _other_people(before.demand, after.demand)
    ]
    return [finding for finding in findings if finding is not None]


_ONE_AREA = Text(
    "请比较同一地区、同一需求点设置([demand])的两个方案",
    "compare two plans of one area, made with the same [demand] settings",
)


def _differs(
    code: str, message: Text, before: pd.DataFrame, after: pd.DataFrame
) -> Finding | None:
    odd = before.index.symmetric_difference(after.index)
    if odd.empty:
        return None
    return Finding(code, message, keys=tuple(map(str, odd)), remedy=_ONE_AREA)


def _moved_demand(before: pd.DataFrame, after: pd.DataFrame) -> Finding | None:
    """Return a finding when points of one id lie in different places."""
    away = np.abs(before[["lon", "lat"]].to_numpy() - after[["lon", "lat"]].to_numpy())
    odd = (away > _SAME_DEGREES).any(axis=1)
    odd |= before["zone_id"].to_numpy() != after["zone_id"].to_numpy()
    if not odd.any():
        return None
    return Finding(
        "compare-other-demand",
        Text(
            "同一编号的需求点在两个方案中位置或乡镇不同",
            "demand points of one id lie elsewhere in the other plan",
        ),
        keys=tuple(map(str, before.index[odd])),
        remedy=_ONE_AREA,
    )


def _other_people(before: pd.DataFrame, after: pd.DataFrame) -> Finding | None:
    away = np.abs(before["people"].to_numpy() - after["people"].to_numpy())
    odd = away > _SAME_PEOPLE
    if not odd.any():
        return None
    first, second = before["people"].sum(), after["people"].sum()
    return Finding(
        "compare-other-people",
        Text(
            "两个方案的人口不同: 新获得与不再获得服务的人数中含人口变化",
            "the plans have different people: newly and no longer served people "
            "contain that difference",
        ),
        Severity.WARNING,
        table="demand.csv",
        column="people",
        value=f"{first:,.0f} / {second:,.0f}",
        remedy=Text(
            "要只看方案的作用, 请用同一年人口重新求解",
            "plan both with people of one year to see the plan's effect alone",
        ),
    )
