"""What there is today in sums: people, facilities and beds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from allocator.outcome import Outcome

PEOPLE_OF_ONE_WAN = 10_000
_PER = 1000  # beds are rated per thousand people


def county_table(outcome: Outcome) -> pd.DataFrame:
    """Return people, facilities and beds of every county.

    Returns
    -------
    counties
        Index ``county_id``; ``name``, ``zones``, ``population``, ``share`` (0..1 of
        all people), ``sites`` (existing), ``beds`` (today; NaN where the register has
        none), ``beds_per_1000``, ``planned_beds``, ``planned_beds_per_1000``.
    """
    area = outcome.area
    zones = area.zones.groupby("county_id")["population"].agg(["size", "sum"])
    zones = zones.reindex(area.counties.index).fillna(0)
    there = area.sites[area.sites["status"] == "existing"]
    sites = there.groupby("county_id").size().reindex(zones.index, fill_value=0)
    table = pd.DataFrame(
        {
            "name": area.counties["name"],
            "zones": zones["size"].astype(int),
            "population": zones["sum"].astype(float),
            "sites": sites.astype(int),
        }
    )
    total = float(table["population"].sum())
    table["share"] = table["population"] / total if total else 0.0
    beds = pd.Series(np.nan, index=table.index)
    if "beds" in area.sites:
        beds = there.groupby("county_id")["beds"].sum().reindex(table.index).fillna(0.0)
    added = beds_added(outcome).groupby(area.sites["county_id"]).sum()
    table["beds"] = beds
    table["planned_beds"] = beds + added.reindex(table.index).fillna(0.0)
    for name in ("beds", "planned_beds"):
        people = table["population"].where(table["population"] > 0)
        table[f"{name}_per_1000"] = table[name] / people * _PER
    return table


def beds_added(outcome: Outcome) -> pd.Series[float]:
    """Return the beds that the plan adds at every site."""
    rows = outcome.plan.allocations
    rows = rows[rows["resource"] == "beds"]
    added = rows.groupby("site_id")["amount"].sum()
    return added.reindex(outcome.area.sites.index, fill_value=0.0).astype(float)


def class_table(outcome: Outcome) -> pd.DataFrame:
    """Return today's facilities by class.

    Returns
    -------
    classes
        Index ``class`` (empty where unknown), sorted; ``sites``, ``branches`` (of
        them), ``beds`` and ``without_beds`` (facilities whose cell is blank); the last
        two are NaN where the register has no beds.
    """
    sites = outcome.area.sites
    there = sites[sites["status"] == "existing"]
    groups = there.groupby("class", sort=True)
    table = pd.DataFrame(
        {
            "sites": groups.size(),
            "branches": groups["branch"].sum().astype(int),
        }
    )
    has = "beds" in there
    table["beds"] = groups["beds"].sum() if has else np.nan
    table["without_beds"] = (
        there["beds"].isna().groupby(there["class"]).sum() if has else np.nan
    )
    return table
