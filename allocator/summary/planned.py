"""What the plan does in sums: by service, resource, county, year and site."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from allocator.outcome import placements_table
from allocator.summary.present import beds_added

if TYPE_CHECKING:
    from allocator.outcome import Outcome

_ORDER = {"build": 0, "upgrade": 1, "close": 2, "keep": 3}


def service_table(outcome: Outcome) -> pd.DataFrame:
    """Return what the plan does, by service.

    Returns
    -------
    services
        Index ``service``, in the order of the packs, those placed anywhere; ``name``,
        ``today``, ``build``, ``upgrade``, ``close``, ``planned`` (holders, a counted
        service as often as it is held), ``built_rows``, ``upgraded_rows``,
        ``closed_rows`` (placements, a counted service once at a site), ``people`` (NaN
        where nobody is assigned), ``minutes`` (mean), ``capital_wan``, ``yearly_wan``.
    """
    table = placements_table(outcome)
    rows = []
    for service in outcome.policy.services.values():
        own = table[table["service"] == service.id]
        if own.empty:
            continue
        counts = own.groupby("action")["count"].sum().astype(int).to_dict()
        number = {action: int(counts.get(action, 0)) for action in _ORDER}
        people = own["people_served"].sum() if service.serves is not None else np.nan
        minutes = (own["people_served"] * own["minutes_mean"]).sum()
        rows.append(
            {
                "service": service.id,
                "name": service.name,
                "today": number["keep"] + number["close"],
                "build": number["build"],
                "upgrade": number["upgrade"],
                "close": number["close"],
                "planned": number["keep"] + number["build"] + number["upgrade"],
                "built_rows": int((own["action"] == "build").sum()),
                "upgraded_rows": int((own["action"] == "upgrade").sum()),
                "closed_rows": int((own["action"] == "close").sum()),
                "people": people,
                "minutes": minutes / people if people > 0 else np.nan,
                "capital_wan": float(own["capital_wan"].sum()),
                "yearly_wan": float(own["yearly_wan"].sum()),
            }
        )
    columns = ["service", *_SERVICE_COLUMNS]
    return pd.DataFrame(rows, columns=columns).set_index("service")


_SERVICE_COLUMNS = (
    "name",
    "today",
    "build",
    "upgrade",
    "close",
    "planned",
    "built_rows",
    "upgraded_rows",
    "closed_rows",
    "people",
    "minutes",
    "capital_wan",
    "yearly_wan",
)


def resource_table(outcome: Outcome) -> pd.DataFrame:
    """Return what is bought of each resource, by id: name, unit, amount and costs."""
    sums = outcome.plan.allocations.groupby("resource", sort=True)[
        ["amount", "capital_wan", "yearly_wan"]
    ].sum()
    known = [outcome.policy.resources.get(str(key)) for key in sums.index]
    sums.insert(
        0,
        "name",
        [r.name if r else str(k) for k, r in zip(sums.index, known, strict=True)],
    )
    sums.insert(1, "unit", [r.unit if r else "" for r in known])
    return sums


def costs_by_county(outcome: Outcome) -> pd.DataFrame:
    """Return what the plan costs in every county, services and resources together.

    Index ``county_id``; ``name``, ``new`` (placements built or upgraded),
    ``capital_wan``, ``yearly_wan``.
    """
    area = outcome.area
    table = _costs(outcome, area.sites["county_id"])
    table = table.reindex(area.counties.index, fill_value=0.0)
    table.insert(0, "name", area.counties["name"])
    return table


def costs_by_year(outcome: Outcome) -> pd.DataFrame:
    """Return what the plan costs in every year; no rows where it has no years."""
    return _costs(outcome, None)


def _costs(outcome: Outcome, county_of: pd.Series[Any] | None) -> pd.DataFrame:
    plan = outcome.plan
    new = plan.placements["action"].isin(["build", "upgrade"])
    placed = plan.placements.assign(new=new.astype(int))
    bought = plan.allocations.assign(new=0)
    columns = ["site_id", "phase", "new", "capital_wan", "yearly_wan"]
    frames = [f[columns] for f in (placed, bought) if not f.empty]
    if not frames:
        frames = [placed[columns]]
    rows = pd.concat(frames, ignore_index=True)
    if county_of is None:
        changed = (rows["new"] != 0) | (rows[["capital_wan", "yearly_wan"]] != 0).any(
            axis=1
        )
        rows = rows[changed & rows["phase"].notna()]
        key = rows["phase"].astype(int)
    else:
        key = rows["site_id"].map(county_of).rename("county_id")
    sums = rows.groupby(key)[["new", "capital_wan", "yearly_wan"]].sum()
    return sums.astype({"new": int})


def site_table(outcome: Outcome) -> pd.DataFrame:
    """Return the annex: one row per site that the plan places anything at.

    Returns
    -------
    sites
        Index ``site_id``, by county, zone and id; ``name``, ``class``, ``level``,
        ``county``, ``zone``, ``action`` (that which changes most: build, upgrade,
        close, keep), ``new``, ``kept``, ``closed`` (tuples of service ids), ``years``
        (of what changes), ``beds``, ``planned_beds``, ``people`` (served, by service:
        a tuple), ``minutes`` (the longest journey to it, NaN where nobody is
        assigned), ``capital_wan``, ``yearly_wan`` (with what is bought for it),
        ``clauses`` (tuple of rule ids).
    """
    table = placements_table(outcome)
    sites = outcome.area.sites
    longest = outcome.plan.assignments.groupby("site_id")["minutes"].max()
    bought = outcome.plan.allocations.groupby("site_id")[
        ["capital_wan", "yearly_wan"]
    ].sum()
    added = beds_added(outcome)
    ids = sorted(set(table["site_id"]) | set(bought.index))
    own = dict(iter(table.groupby("site_id", sort=True)))
    rows: list[dict[str, Any]] = [
        _site(outcome, site_id, own.get(site_id, table.iloc[:0]))
        | {
            "minutes": float(longest.get(site_id, math.nan)),
            "extra": bought.loc[site_id] if site_id in bought.index else None,
            "added": float(added[site_id]),
        }
        for site_id in ids
    ]
    for row in rows:
        extra = row.pop("extra")
        for name in ("capital_wan", "yearly_wan"):
            row[name] += 0.0 if extra is None else float(extra[name])
        more = row.pop("added")
        known = not math.isnan(row["beds"])
        row["planned_beds"] = row["beds"] + more if known else more or math.nan
    frame = pd.DataFrame(rows).set_index("site_id")
    order = sites.loc[frame.index, ["county_id", "zone_id"]].reset_index()
    order = order.sort_values(["county_id", "zone_id", "site_id"])
    return frame.loc[order["site_id"]]


def _site(outcome: Outcome, site_id: str, rows: pd.DataFrame) -> dict[str, Any]:
    area = outcome.area
    site: pd.Series[Any] = area.sites.loc[site_id]  # type: ignore[assignment]
    actions = sorted(set(rows["action"]), key=lambda action: _ORDER[action])
    new = rows[rows["action"].isin(["build", "upgrade"])]
    changed = rows[rows["action"] != "keep"]
    years = sorted({int(year) for year in changed["phase"].dropna()})
    clauses = [rule for cell in rows["clauses"] for rule in cell.split(";") if rule]
    served = rows[rows["people_served"] > 0]
    beds = site.get("beds", math.nan)
    return {
        "site_id": site_id,
        "name": site["name"],
        "class": site["class"],
        "level": site.get("level", math.nan),
        "county": area.counties["name"][site["county_id"]],
        "zone": area.zones["name"][site["zone_id"]],
        "action": actions[0] if actions else "keep",
        "new": tuple(new["service"]),
        "kept": tuple(rows.loc[rows["action"] == "keep", "service"]),
        "closed": tuple(rows.loc[rows["action"] == "close", "service"]),
        "years": tuple(years),
        "beds": float(beds),
        "people": tuple(float(p) for p in served["people_served"]),
        "capital_wan": float(rows["capital_wan"].sum()),
        "yearly_wan": float(rows["yearly_wan"].sum()),
        "clauses": tuple(dict.fromkeys(clauses)),
    }


def reach_table(outcome: Outcome) -> pd.DataFrame:
    """Return people in reach by coverage rule, today and with the plan.

    Index ``rule_id``, in the order of the packs; ``service``, ``people``, ``today``,
    ``plan``. Empty where nothing was measured.
    """
    reach = outcome.reach
    if reach is None or reach.empty:
        return pd.DataFrame(columns=["service", "people", "today", "plan"])
    groups = reach.groupby("rule_id", sort=False)
    table = groups[["people", "today", "plan"]].sum()
    table.insert(0, "service", groups["service"].first())
    return table
