"""What a run found, and the tables that every output is made from.

Each figure is computed here once. Map, workbook, report and csv files take it from
here, so that they cannot disagree.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pandas as pd

from allocator.decisions import Verdict
from allocator.errors import Text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    import geopandas as gpd

    from allocator.accessibility import AccessReport
    from allocator.area import PlanningArea
    from allocator.audit import AuditRow
    from allocator.decisions import Decision
    from allocator.errors import Finding, Language
    from allocator.plan import Plan
    from allocator.policy import Policy
    from allocator.travel import Travel

# The totals of a certificate in words; those that are objectives are named there.
TOTAL_NAMES = {
    "people": Text("人口(人)", "people"),
    "covered_people": Text("覆盖人口(人)", "people in reach"),
    "placements": Text("设置数", "placements"),
    "new_placements": Text("新增设置数", "new placements"),
}

PLACEMENT_TABLE_COLUMNS = (
    "site_id",
    "name",
    "county",
    "zone",
    "service",
    "action",
    "phase",
    "lon",
    "lat",
    "capital_wan",
    "yearly_wan",
    "people_served",
    "minutes_mean",
    "clauses",
    "decision",
    "count",
)


@dataclass(frozen=True)
class Surroundings:
    """The ground that a plan serves and reaches.

    Parameters
    ----------
    catchments
        As `allocator.catchments.find_catchments` returns them.
    isochrones
        One row a service and limit: ``service``, ``minutes``, ``rules`` (ids with ``;``
        between), ``holders`` (how many sites), ``method`` of travel, ``estimate``
        (whether the area is one) and ``geometry``.
    """

    catchments: gpd.GeoDataFrame
    isochrones: gpd.GeoDataFrame


@dataclass(frozen=True)
class Outcome:
    """Everything that a run leaves, before it is written.

    Parameters
    ----------
    area, travel, policy, plan
        As solved.
    audit, audit_today
        One row per rule and unit, for the plan and for today's facilities; in the
        order of the packs.
    certificate
        The content of ``run.json``.
    clauses
        For each (site_id, service) placed: the ids of the rules that ask for it.
    findings
        Warnings and notes of the input, to be shown with the results.
    language
        The language of everything written.
    map_approval
        The 审图号 of the brief; empty: maps say 示意图.
    earlier
        The audit of each phase before the last, by year.
    earlier_journeys
        The assignments of each phase before the last, by year.
    access
        Access to services today and with the plan; None where it was not measured.
    scores
        The figures behind every score, and whether the site was chosen; None where
        the brief scores nothing.
    gaps
        What binds and is not kept by a plan of best effort; shown first everywhere.
    bed_need
        Beds that the admissions of each county need; None where the register has no
        admissions and stays.
    surroundings
        Gives catchments and isochrones, computed when they are first asked for; None
        where they are not wanted.
    members
        Columns ``network``, ``site_id``, ``lead_id``: every institution that belongs to
        a group, sorted; None where no pack declares networks.
    reach
        People of each zone, and how many are in reach today and with the plan, by
        coverage rule (`audit.reach_by_zone`); None where it was not measured.
    templates
        The folder whose templates replace those of the report; None: none do.
    changes
        Draws what differs from the previous plan to a PNG, with a PDF beside it; None
        where there is no previous plan.
    """

    area: PlanningArea
    travel: Travel
    policy: Policy
    plan: Plan
    audit: tuple[AuditRow, ...]
    audit_today: tuple[AuditRow, ...]
    certificate: dict[str, Any]
    clauses: dict[tuple[str, str], tuple[str, ...]]
    findings: tuple[Finding, ...]
    language: Language
    map_approval: str = ""
    earlier: Mapping[int, tuple[AuditRow, ...]] = field(default_factory=dict)
    earlier_journeys: Mapping[int, pd.DataFrame] = field(default_factory=dict)
    access: tuple[AccessReport, AccessReport] | None = None
    scores: pd.DataFrame | None = None
    bed_need: pd.DataFrame | None = None
    gaps: tuple[AuditRow, ...] = ()
    members: pd.DataFrame | None = None
    decisions: tuple[Decision, ...] = ()
    reach: pd.DataFrame | None = None
    templates: Path | None = None
    surroundings: Callable[[], Surroundings] | None = None
    changes: Callable[[Path], None] | None = None


def placements_table(outcome: Outcome) -> pd.DataFrame:
    """Return ``placements.csv``: one row per placement, in the contract's columns.

    ``people_served`` is the number of people assigned to the site for the service
    (blank where the service has no assignment), ``minutes_mean`` their mean one-way
    travel time. ``clauses`` are rule ids with ``;`` between. ``count`` is above 1 only
    for counted services. Sorted by site, service.
    """
    plan, area = outcome.plan, outcome.area
    table = plan.placements.copy()
    sites = area.sites.loc[table["site_id"]]
    zones = area.zones.loc[sites["zone_id"]]
    counties = area.counties.loc[sites["county_id"]]
    table["name"] = sites["name"].to_numpy()
    table["lon"] = sites["lon"].to_numpy()
    table["lat"] = sites["lat"].to_numpy()
    table["zone"] = zones["name"].to_numpy()
    table["county"] = counties["name"].to_numpy()
    served = _served(plan)
    table = table.join(served, on=["site_id", "service"])
    assigned = {s.id for s in outcome.policy.services.values() if s.serves is not None}
    nobody = table["service"].isin(assigned) & table["people_served"].isna()
    table.loc[nobody, "people_served"] = 0.0
    table["clauses"] = [
        ";".join(outcome.clauses.get((site, service), ()))
        for site, service in zip(table["site_id"], table["service"], strict=True)
    ]
    said = {(d.site_id, d.service): str(d.verdict) for d in outcome.decisions}
    said |= {
        (d.moved_id, d.service): str(d.verdict)
        for d in outcome.decisions
        if d.verdict is Verdict.MOVE
    }
    table["decision"] = [
        said.get(pair, said.get((pair[0], ""), ""))
        for pair in zip(table["site_id"], table["service"], strict=True)
    ]
    return table.loc[:, list(PLACEMENT_TABLE_COLUMNS)].reset_index(drop=True)


def _served(plan: Plan) -> pd.DataFrame:
    """Return people and mean minutes per (site_id, service) from the assignments."""
    rows = plan.assignments.assign(
        person_minutes=plan.assignments["people"] * plan.assignments["minutes"]
    )
    sums = rows.groupby(["site_id", "service"])[["people", "person_minutes"]].sum()
    return pd.DataFrame(
        {
            "people_served": sums["people"],
            "minutes_mean": sums["person_minutes"] / sums["people"],
        }
    )


def gap_note(gaps: Sequence[AuditRow]) -> Text:
    """Return what a plan by best effort does not keep, in one line."""
    said = [
        Text(
            f"{row.rule_id} {row.unit} {row.gap.zh}",
            f"{row.rule_id} {row.unit} {row.gap.en}",
        )
        for row in gaps[:_MOST_GAPS]
    ]
    zh, en = "; ".join(t.zh for t in said), "; ".join(t.en for t in said)
    count, more = len(gaps), len(gaps) - len(said)
    return Text(
        f"最大努力方案, 有 {count} 处必须条款未满足: {zh}" + (" 等" if more else ""),
        f"plan by best effort, {count} binding clauses are not kept: {en}"
        + (f" and {more} more" if more else ""),
    )


_MOST_GAPS = 4  # named in one line; all of them stand in gaps.csv


def audit_table(rows: tuple[AuditRow, ...], language: Language) -> pd.DataFrame:
    """Return ``audit.csv``: one row per rule and unit, verdicts in ``language``."""
    return pd.DataFrame(
        [
            {
                "rule_id": row.rule_id,
                "clause": row.clause,
                "quote": row.quote,
                "unit": row.unit,
                "required": row.required.say(language),
                "found": row.found.say(language),
                "verdict": row.verdict.text.say("zh"),
                "gap": row.gap.say(language),
                "source": row.source,
            }
            for row in rows
        ],
        columns=[
            "rule_id",
            "clause",
            "quote",
            "unit",
            "required",
            "found",
            "verdict",
            "gap",
            "source",
        ],
    )


def service_names(outcome: Outcome) -> dict[str, str]:
    """Return the shown name of every service by id."""
    return {s.id: s.name for s in outcome.policy.services.values()}


# --- Groups ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Chain:
    """Who leads whom, from the lowest network up: two tuples of one length."""

    networks: tuple[str, ...]
    leads: tuple[str, ...]


def zone_chains(outcome: Outcome) -> dict[str, list[Chain]]:
    """Return the leads of each zone, tier by tier: one chain per highest network."""
    lead_of = _lead_of_zone(outcome)
    zones = sorted({zone for _, zone in lead_of})
    result: dict[str, list[Chain]] = {}
    for tiers in _tiers(outcome):
        for zone in zones:
            steps = [(n, lead_of[n, zone]) for n in tiers if (n, zone) in lead_of]
            if steps:
                result.setdefault(zone, []).append(_chain(steps))
    return result


def site_chains(outcome: Outcome) -> dict[str, list[Chain]]:
    """Return the leads of each institution that is in a group, tier by tier.

    A chain begins at the lowest network of which it is a member; from there each lead
    belongs where its group belongs.
    """
    if outcome.members is None:
        return {}
    rows = outcome.members.itertuples(index=False, name=None)
    own = {(network, site): lead for network, site, lead in rows}
    over = leads_above(outcome)
    result: dict[str, list[Chain]] = {}
    for tiers in _tiers(outcome):
        for site in sorted({site for network, site in own if network in tiers}):
            steps: list[tuple[str, str]] = []
            for network in tiers:
                above = over.get((network, steps[-1][1])) if steps else None
                lead = own.get((network, site), above)
                if lead is not None:
                    steps.append((network, lead))
            result.setdefault(site, []).append(_chain(steps))
    return result


def leads_above(outcome: Outcome) -> dict[tuple[str, str], str]:
    """Return, by (network, lead in the network below it), the lead above."""
    lead_of = _lead_of_zone(outcome)
    networks = outcome.policy.networks
    return {
        (network, below): lead
        for (network, zone), lead in lead_of.items()
        if (below := lead_of.get((networks[network].above or "", zone))) is not None
    }


def _lead_of_zone(outcome: Outcome) -> dict[tuple[str, str], str]:
    rows = outcome.plan.groups.itertuples(index=False, name=None)
    return {(network, zone): lead for network, zone, lead in rows}


def _tiers(outcome: Outcome) -> list[tuple[str, ...]]:
    """Return the networks above one another, lowest first, of each highest network."""
    policy = outcome.policy
    covered = {network.above for network in policy.networks.values()}
    return [
        (*(below.id for below in policy.below(network)), network.id)
        for network in policy.networks.values()
        if network.id not in covered
    ]


def _chain(steps: list[tuple[str, str]]) -> Chain:
    return Chain(tuple(n for n, _ in steps), tuple(lead for _, lead in steps))
