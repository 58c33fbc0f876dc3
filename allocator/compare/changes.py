"""What opened, was dropped, moved or changed between two plans, and what is bought.

A service dropped at one site and opened at another of the same county is read as
*moved* when the two lie near each other. Which is paired with which: as many pairs as
there can be, and among those the least total distance (an assignment problem, solved
exactly; Kuhn 1955, doi:10.1002/nav.3800020109).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyproj
from scipy.optimize import linear_sum_assignment

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from allocator.compare.place import Side
    from allocator.plan import Plan

# The widest distance that a moved service may lie from where it was, km, inclusive. An
# assumption: about ten minutes at 40 km/h with a detour of 1.4, so that the new site
# can be meant for the people of the old one.
MOVE_KM = 5.0

CHANGE_COLUMNS = (
    "change",
    "service",
    "site_id",
    "name",
    "county",
    "zone",
    "to_site_id",
    "to_name",
    "km",
    "action_before",
    "action_after",
    "phase_before",
    "phase_after",
    "count_before",
    "count_after",
    "capital_wan_before",
    "capital_wan_after",
    "yearly_wan_before",
    "yearly_wan_after",
    "people_before",
    "people_after",
    "lon",
    "lat",
    "to_lon",
    "to_lat",
)
MOVED, OPENED, DROPPED, CHANGED, AMOUNT = (
    "moved",
    "opened",
    "dropped",
    "changed",
    "amount",
)
_ORDER = (MOVED, OPENED, DROPPED, CHANGED, AMOUNT)
_STATE = (
    "held",
    "action",
    "phase",
    "count",
    "capital_wan",
    "yearly_wan",
    "people",
)
_SAME_DEGREES = 1e-5  # about a metre: csv files hold six decimals
_SAME_AMOUNT = 1e-6
_GEOID = pyproj.Geod(ellps="GRS80")


def placement_changes(
    before: Side, after: Side, *, services: Sequence[str], move_km: float = MOVE_KM
) -> pd.DataFrame:
    """Return every placement that differs between two plans.

    Parameters
    ----------
    before, after
        The plans.
    services
        The order in which services are shown.
    move_km
        The widest distance of a move, km, inclusive; 0: nothing is read as moved.

    Returns
    -------
    changes
        Columns `CHANGE_COLUMNS`. ``change`` is ``moved``, ``opened`` (held after and
        not before), ``dropped`` (held before and not after) or ``changed`` (another
        action, phase, count or place). ``action`` is empty where a plan has no such
        placement. ``people`` are those assigned to it; blank where nobody is. Sorted
        by change, service, county, site.
    """
    pairs = _states(before.plan).add_suffix("_before")
    pairs = pairs.join(_states(after.plan).add_suffix("_after"), how="outer")
    held = [pairs[f"held_{when}"].eq(other=True) for when in ("before", "after")]
    pairs["change"] = np.select(
        [~held[0] & held[1], held[0] & ~held[1], _differs(pairs)],
        [OPENED, DROPPED, CHANGED],
        default="",
    )
    pairs = pairs.reset_index()
    _add_places(pairs, before, after)
    _mark_shifted(pairs, after)
    pairs = pairs[pairs["change"] != ""]
    table = _paired(pairs, move_km)
    return _sorted(table, services)


def _states(plan: Plan) -> pd.DataFrame:
    """Return what a plan does with each (site_id, service), one row a pair.

    What is kept has no phase: it is there all along.
    """
    rows = plan.placements.copy()
    rows["held"] = rows["action"] != "close"
    rows["fixed"] = rows["action"].isin(["keep"])
    rows["phase"] = [
        "" if fixed or pd.isna(phase) else f"{phase:.0f}"
        for fixed, phase in zip(rows["fixed"], rows["phase"], strict=True)
    ]
    rows["count"] = rows["count"].where(rows["held"], 0)
    rows = rows.sort_values(["site_id", "service", "fixed", "phase"])
    grouped = rows.groupby(["site_id", "service"], sort=True)
    states = grouped.agg(
        held=("held", "any"),
        action=("action", "first"),
        phase=("phase", lambda years: ";".join(y for y in years if y)),
        count=("count", "sum"),
        capital_wan=("capital_wan", "sum"),
        yearly_wan=("yearly_wan", "sum"),
    )
    served = plan.assignments.groupby(["site_id", "service"])["people"].sum()
    states["people"] = served.reindex(states.index)
    return states[list(_STATE)]


def _differs(pairs: pd.DataFrame) -> pd.Series[bool]:
    different = pd.Series(data=False, index=pairs.index)
    for name in ("action", "phase", "count"):
        first, second = pairs[f"{name}_before"], pairs[f"{name}_after"]
        blank = 0 if name == "count" else ""
        different |= first.fillna(blank) != second.fillna(blank)
    return different


def _add_places(rows: pd.DataFrame, before: Side, after: Side) -> None:
    """Add name and place of each site, from the plan that knows it."""
    old = before.sites.reindex(rows["site_id"])
    new = after.sites.reindex(rows["site_id"])
    known = old.where(old["name"].notna(), new)
    for name in ("name", "county", "zone", "lon", "lat"):
        rows[name] = known[name].to_numpy()
    for name in ("name", "county", "zone"):
        rows[name] = rows[name].fillna(rows["site_id"] if name == "name" else "")
    for name in ("to_site_id", "to_name"):
        rows[name] = ""
    for name in ("km", "to_lon", "to_lat"):
        rows[name] = np.nan


def _mark_shifted(pairs: pd.DataFrame, after: Side) -> None:
    """Mark as moved what is held throughout at a site that lies elsewhere after."""
    new = after.sites.reindex(pairs["site_id"])
    away = [
        np.abs(pairs[name].to_numpy(dtype=float) - new[name].to_numpy(dtype=float))
        for name in ("lon", "lat")
    ]
    both = pairs["held_before"].eq(other=True) & pairs["held_after"].eq(other=True)
    shifted = (np.maximum(*away) > _SAME_DEGREES) & both.to_numpy()
    if not shifted.any():
        return
    pairs.loc[shifted, "change"] = MOVED
    pairs.loc[shifted, "to_site_id"] = pairs.loc[shifted, "site_id"]
    for target, source in (("to_name", "name"), ("to_lon", "lon"), ("to_lat", "lat")):
        pairs.loc[shifted, target] = new.loc[shifted, source].to_numpy()
    pairs.loc[shifted, "km"] = _km(pairs[shifted], "lon", "lat", "to_lon", "to_lat")


def _inverse(
    lon: NDArray[np.float64],
    lat: NDArray[np.float64],
    to_lon: NDArray[np.float64],
    to_lat: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return the distances along the ellipsoid, metres."""
    return np.asarray(_GEOID.inv(lon, lat, to_lon, to_lat)[2], np.float64)


def _km(rows: pd.DataFrame, *columns: str) -> NDArray[np.float64]:
    lon, lat, to_lon, to_lat = (rows[n].to_numpy(dtype=float) for n in columns)
    return _inverse(lon, lat, to_lon, to_lat) / 1000.0


def _paired(pairs: pd.DataFrame, move_km: float) -> pd.DataFrame:
    """Join what was dropped and opened near each other to one row: moved."""
    joined: list[pd.DataFrame] = []
    used: list[object] = []
    loose = pairs[pairs["change"].isin([OPENED, DROPPED])]
    for _, rows in loose.groupby(["service", "county"], sort=True):
        old, new = rows[rows["change"] == DROPPED], rows[rows["change"] == OPENED]
        for first, second, km in _matched(old, new, move_km):
            joined.append(_moved_row(old.iloc[[first]], new.iloc[[second]], km))
            used += [old.index[first], new.index[second]]
    rest = pairs.drop(index=used)
    return pd.concat([rest, *joined], ignore_index=True) if joined else rest


def _matched(
    old: pd.DataFrame, new: pd.DataFrame, move_km: float
) -> list[tuple[int, int, float]]:
    """Return the pairs by position, with their distance, km."""
    if old.empty or new.empty:
        return []
    km = distances_km(old, new)
    allowed = km <= move_km  # NaN where a place is unknown: never a move
    # A pair that may not be costs more than all that may be: as many moves as can be.
    forbidden = (min(km.shape) + 1.0) * max(move_km, 1.0)
    firsts, seconds = linear_sum_assignment(np.where(allowed, km, forbidden))
    return [
        (int(i), int(j), float(km[i, j]))
        for i, j in zip(firsts, seconds, strict=True)
        if allowed[i, j]
    ]


def distances_km(old: pd.DataFrame, new: pd.DataFrame) -> NDArray[np.float64]:
    """Return the distances between two tables of places along the ellipsoid, km."""
    first, second = np.meshgrid(np.arange(len(old)), np.arange(len(new)), indexing="ij")
    lon, lat, to_lon, to_lat = (
        table[name].to_numpy(dtype=float)[at]
        for table, at in ((old, first), (new, second))
        for name in ("lon", "lat")
    )
    known = np.isfinite(lon + lat + to_lon + to_lat)
    ends = (np.where(known, end, 0.0) for end in (lon, lat, to_lon, to_lat))
    metres = _inverse(*ends)
    return np.where(known, metres / 1000.0, np.nan)


def _moved_row(old: pd.DataFrame, new: pd.DataFrame, km: float) -> pd.DataFrame:
    row = old.copy()
    for name in _STATE:
        row[f"{name}_after"] = new[f"{name}_after"].to_numpy()
    for target, source in (
        ("to_site_id", "site_id"),
        ("to_name", "name"),
        ("to_lon", "lon"),
        ("to_lat", "lat"),
    ):
        row[target] = new[source].to_numpy()
    row["km"] = km
    row["change"] = MOVED
    return row


def _sorted(table: pd.DataFrame, services: Sequence[str]) -> pd.DataFrame:
    for name in ("action", "phase"):
        for when in ("before", "after"):
            table[f"{name}_{when}"] = table[f"{name}_{when}"].fillna("")
    for when in ("before", "after"):
        table[f"count_{when}"] = table[f"count_{when}"].astype(float).fillna(0.0)
    place = {service: at for at, service in enumerate(services)}
    table = table.assign(
        _change=table["change"].map(_ORDER.index),
        _service=table["service"].map(lambda s: place.get(s, len(place))),
    )
    order = ["_change", "_service", "service", "county", "site_id"]
    table = table.sort_values(order, kind="stable")
    return table[list(CHANGE_COLUMNS)].reset_index(drop=True)


def amount_changes(
    before: Side, after: Side, *, services: Sequence[str]
) -> pd.DataFrame:
    """Return every resource whose amount at a site differs between two plans.

    Returns
    -------
    changes
        Columns `CHANGE_COLUMNS`: ``change`` is ``amount``, ``service`` the resource,
        ``count`` the amount added, in the resource's unit.
    """
    amounts = _amounts(before.plan).add_suffix("_before")
    amounts = amounts.join(_amounts(after.plan).add_suffix("_after"), how="outer")
    for name in ("count", "capital_wan", "yearly_wan"):
        for when in ("before", "after"):
            amounts[f"{name}_{when}"] = amounts[f"{name}_{when}"].fillna(0.0)
    away = (amounts["count_before"] - amounts["count_after"]).abs() > _SAME_AMOUNT
    away |= amounts["phase_before"].fillna("") != amounts["phase_after"].fillna("")
    rows = amounts[away].reset_index()
    for when in ("before", "after"):
        rows[f"action_{when}"] = ""
        rows[f"people_{when}"] = np.nan
    _add_places(rows, before, after)
    rows["change"] = AMOUNT
    return _sorted(rows, services)


def _amounts(plan: Plan) -> pd.DataFrame:
    rows = plan.allocations.rename(columns={"resource": "service", "amount": "count"})
    rows["phase"] = ["" if pd.isna(year) else f"{year:.0f}" for year in rows["phase"]]
    grouped = rows.groupby(["site_id", "service"], sort=True)
    return grouped.agg(
        phase=("phase", lambda years: ";".join(sorted({y for y in years if y}))),
        count=("count", "sum"),
        capital_wan=("capital_wan", "sum"),
        yearly_wan=("yearly_wan", "sum"),
    )
