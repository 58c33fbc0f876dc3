"""The figures of a plan in sums: by county, class, service, year, clause and site.

Report and workbook take them from here, so that a figure is added up once. Frames are
plain: one row per thing, a figure a column, units in the names.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from allocator.audit import Verdict
from allocator.outcome import placements_table

if TYPE_CHECKING:
    from collections.abc import Iterable

    from allocator.audit import AuditRow
    from allocator.outcome import Outcome

PEOPLE_OF_ONE_WAN = 10_000
_PER = 1000  # beds are rated per thousand people
_ORDER = {"build": 0, "upgrade": 1, "close": 2, "keep": 3}


# --- Today ----------------------------------------------------------------------------


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
    added = _beds_added(outcome).groupby(area.sites["county_id"]).sum()
    table["beds"] = beds
    table["planned_beds"] = beds + added.reindex(table.index).fillna(0.0)
    for name in ("beds", "planned_beds"):
        people = table["population"].where(table["population"] > 0)
        table[f"{name}_per_1000"] = table[name] / people * _PER
    return table


def _beds_added(outcome: Outcome) -> pd.Series[float]:
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


# --- The plan -------------------------------------------------------------------------


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
    added = _beds_added(outcome)
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


# --- Reach ----------------------------------------------------------------------------


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


# --- Clauses --------------------------------------------------------------------------


@dataclass(frozen=True)
class ClauseFigures:
    """One rule over all its units.

    Parameters
    ----------
    rows, today
        Its rows of the audit of the plan, and those of today's facilities; one of
        today may be missing.
    """

    rows: tuple[AuditRow, ...]
    today: tuple[AuditRow | None, ...]

    @property
    def first(self) -> AuditRow:
        """The first of its rows: id, words and force are those of the rule."""
        return self.rows[0]

    @property
    def verdict(self) -> Verdict:
        """The worst verdict of its units, undecidable after not met."""
        return _worst(row.verdict for row in self.rows)

    @property
    def verdict_today(self) -> Verdict | None:
        """The same of today; None where today was not judged."""
        judged = [row.verdict for row in self.today if row is not None]
        return _worst(judged) if judged else None

    def counted(self, verdict: Verdict) -> tuple[int, int]:
        """Return in how many units it has a verdict: today, and with the plan."""
        today = sum(row is not None and row.verdict is verdict for row in self.today)
        return today, sum(row.verdict is verdict for row in self.rows)

    @property
    def missed(self) -> tuple[AuditRow, ...]:
        """The rows of units where the plan does not keep it."""
        return tuple(row for row in self.rows if row.verdict is Verdict.NOT_MET)


_WORST = (Verdict.NOT_MET, Verdict.UNDECIDABLE, Verdict.TRACKED, Verdict.MET)


def _worst(verdicts: Iterable[Verdict]) -> Verdict:
    return min(verdicts, key=_WORST.index)


def clauses_of(outcome: Outcome) -> list[ClauseFigures]:
    """Return every rule with its units, in the order of the packs."""
    today = {(row.rule_id, row.unit_id): row for row in outcome.audit_today}
    groups: dict[str, list[AuditRow]] = {}
    for row in outcome.audit:
        groups.setdefault(row.rule_id, []).append(row)
    order = {rule.id: at for at, rule in enumerate(outcome.policy.rules)}
    ids = sorted(groups, key=lambda rule: order.get(rule, len(order)))
    return [
        ClauseFigures(
            tuple(groups[rule]),
            tuple(today.get((row.rule_id, row.unit_id)) for row in groups[rule]),
        )
        for rule in ids
    ]


def verdict_counts(rows: Iterable[AuditRow]) -> dict[str, int]:
    """Return how many rows have each verdict, by its value."""
    verdicts = [row.verdict for row in rows]
    return {verdict.value: verdicts.count(verdict) for verdict in Verdict}
