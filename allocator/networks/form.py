"""Forming the groups of every network of a policy."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pandas as pd

from allocator.errors import Text
from allocator.formulation.sites import UndecidableError
from allocator.networks import words
from allocator.networks.adjacency import find_adjacency
from allocator.networks.divide import divide
from allocator.networks.division import find_journeys, make_division, members_in
from allocator.networks.tiers import Tier
from allocator.progress import SILENT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from allocator.area import PlanningArea
    from allocator.errors import Finding
    from allocator.networks.adjacency import Adjacency
    from allocator.networks.divide import Balance, Divided, Status
    from allocator.networks.division import Journeys
    from allocator.networks.tiers import Items
    from allocator.plan import Plan
    from allocator.policy import Network, Policy
    from allocator.progress import Progress
    from allocator.travel import Travel

MEMBER_COLUMNS = ("network", "site_id", "lead_id")
ZONE_COLUMNS = ("network", "zone_id", "lead_id", "people", "minutes_mean")


@dataclass(frozen=True)
class Formed:
    """What was found and proved for one division: a network, or one county of it.

    Parameters
    ----------
    network
        Id of the network.
    county_id
        The county that was divided; ``""`` where groups may cross county borders.
    status
        ``optimal``: balance or least deviation, and then person-minutes, are proven.
        ``infeasible``: its zones have no group.
    value, bound, gap
        Person-minutes from people to their lead (unknown journeys at the penalty), the
        least possible as proved, and the relative gap; None without a division.
    asked, deviation
        Largest relative deviation of a group's people from the mean: as asked for
        (None: not), and as found.
    balance
        ``not asked``, ``kept``, ``impossible`` (proved), or ``not found`` in the time.
    groups
        How many groups there are.
    seconds
        Wall-clock seconds.
    """

    network: str
    county_id: str
    status: Status
    value: float | None
    bound: float | None
    gap: float | None
    asked: float | None
    deviation: float | None
    balance: Balance
    groups: int
    seconds: float


@dataclass(frozen=True)
class GroupResult:
    """The groups of all networks.

    Parameters
    ----------
    groups
        Columns ``network``, ``site_id``, ``lead_id``: every member in a group, leads
        included; sorted.
    zone_groups
        Columns ``network``, ``zone_id``, ``lead_id``, ``people`` (of the zone) and
        ``minutes_mean`` (of its people to the lead; NaN where no journey is known);
        sorted by network and zone.
    formed
        One per division, the lowest tier first, in the order of the networks, then by
        county.
    findings
        What could not be done, and what was assumed.
    """

    groups: pd.DataFrame
    zone_groups: pd.DataFrame
    formed: tuple[Formed, ...]
    findings: tuple[Finding, ...]

    def of(self, network: str) -> tuple[Formed, ...]:
        """Return the divisions of one network."""
        return tuple(formed for formed in self.formed if formed.network == network)

    def status(self, network: str) -> Status:
        """Return the status of a network: that of its worst division."""
        statuses = {formed.status for formed in self.of(network)}
        if not statuses or "infeasible" in statuses:
            return "infeasible"
        return "feasible" if "feasible" in statuses else "optimal"

    @property
    def plan_rows(self) -> pd.DataFrame:
        """The rows for `Plan.groups`: network, zone and lead."""
        return self.zone_groups[["network", "zone_id", "lead_id"]].copy()


@dataclass
class _Work:
    """What all networks share, and what has been gathered so far."""

    area: PlanningArea
    travel: Travel
    plan: Plan
    adjacency: Adjacency
    gap: float
    progress: Progress
    tiers: dict[str, Tier] = field(default_factory=dict)
    zone_rows: list[tuple[str, str, str, float, float]] = field(default_factory=list)
    member_rows: list[tuple[str, str, str]] = field(default_factory=list)
    formed: list[Formed] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)


@dataclass(frozen=True)
class _Job:
    """One division to be made: items with their zones, leads with their items."""

    network: Network
    county_id: str
    items: Items
    homes: Mapping[str, str]


def form_groups(
    area: PlanningArea,
    travel: Travel,
    policy: Policy,
    plan: Plan,
    *,
    time_limit_s: float,
    gap: float = 1e-4,
    progress: Progress = SILENT,
) -> GroupResult:
    """Form the groups of every network, those of the lowest tier first.

    A network that stands above another divides the groups of that one as they were
    found.

    Parameters
    ----------
    area, travel, policy
        What is planned.
    plan
        Its holders are leads and members where a network names services.
    time_limit_s
        Wall-clock seconds for all networks together.
    gap
        Relative gap at which person-minutes count as proven.
    progress
        Told of every division; when it is cancelled the best found is kept.

    Raises
    ------
    SolverError
        When the time runs out before some division has any solution.
    """
    deadline = time.monotonic() + time_limit_s
    work = _Work(area, travel, plan, find_adjacency(area), gap, progress)
    networks = sorted(policy.networks.values(), key=lambda n: policy.tier(n.id))
    for number, network in enumerate(networks):
        left = max(0.0, deadline - time.monotonic()) / (len(networks) - number)
        _form_network(network, work, seconds=left)
    return GroupResult(
        pd.DataFrame(sorted(work.member_rows), columns=list(MEMBER_COLUMNS)),
        pd.DataFrame(sorted(work.zone_rows), columns=list(ZONE_COLUMNS)),
        tuple(work.formed),
        tuple(work.findings),
    )


def _form_network(network: Network, work: _Work, *, seconds: float) -> None:
    """Divide what a network divides, county by county, and place its members."""
    deadline = time.monotonic() + seconds
    tier = Tier(network, work.area, work.tiers.get(network.above or ""))
    work.tiers[network.id] = tier
    jobs = _jobs(tier, work)
    leads = pd.Index(sorted({lead for job in jobs for lead in job.homes}))
    journeys = find_journeys(work.area, work.travel, leads)
    for number, job in enumerate(jobs):
        left = max(0.0, deadline - time.monotonic()) / (len(jobs) - number)
        _form(job, work, journeys, seconds=left)
    _find_unknown_journeys(network, work, journeys)
    _add_members(tier, work)


def _jobs(tier: Tier, work: _Work) -> list[_Job]:
    """Return the divisions of a network; find what stands in their way."""
    network = tier.network
    if not tier.divisions:
        work.findings.append(
            words.no_zones(network)
            if network.above is None
            else words.no_groups_below(network)
        )
        return []
    try:
        leads = members_in(network.leads, work.area, work.plan)
    except UndecidableError as missing:
        work.findings.append(words.column_missing(network, str(missing)))
        return []
    homes = tier.homes(leads)
    outside = [lead for lead in leads if lead not in homes]
    if outside and homes:
        work.findings.append(words.leads_outside(network, outside))
    if not homes:
        work.findings.append(words.no_lead(network, leads))
        return []
    result = []
    without = []
    for county_id, items in tier.divisions.items():
        here = {lead: item for lead, item in homes.items() if item in items}
        if here:
            result.append(_Job(network, county_id, items, here))
        else:
            without.append(str(work.area.counties.loc[county_id, "name"]))
    if without:
        work.findings.append(words.counties_without_lead(network, without))
    return result


def _form(job: _Job, work: _Work, journeys: Journeys, *, seconds: float) -> None:
    """Divide the items of one job and keep what was found."""
    network = job.network
    place = _place(job, work)
    work.progress.step(Text(f"编组: {place}", f"forming groups: {place}"))
    adjacency = work.adjacency
    if network.above is not None:
        adjacency = adjacency.merged(job.items)
    joined = adjacency.joined(job.items)
    work.findings += words.joins(network, place, joined, work.area)
    work.findings += words.by_centre(network, place, adjacency, list(job.items))
    division = make_division(
        work.area, journeys, job.items, job.homes, joined.neighbours
    )
    found = divide(
        division,
        network.balance,
        seconds=seconds,
        gap=work.gap,
        progress=work.progress,
    )
    work.formed.append(_formed(job, found))
    if found.owners is None:
        work.findings.append(words.no_division(network, place, division))
        return
    work.findings += words.balance_missed(network, place, division, found)
    leads = (division.leads[owner] for owner in found.owners)
    owners = dict(zip(division.items, leads, strict=True))
    work.tiers[network.id].owners |= owners
    _add_zones(job, owners, work, journeys)


def _place(job: _Job, work: _Work) -> str:
    if not job.county_id:
        return job.network.name
    return f"{job.network.name} {work.area.counties.loc[job.county_id, 'name']}"


def _formed(job: _Job, found: Divided) -> Formed:
    return Formed(
        network=job.network.id,
        county_id=job.county_id,
        status=found.status,
        value=found.value,
        bound=found.bound,
        gap=found.gap,
        asked=job.network.balance,
        deviation=found.deviation,
        balance=found.balance,
        groups=len(job.homes) if found.owners is not None else 0,
        seconds=found.seconds,
    )


def _add_zones(
    job: _Job, owners: Mapping[str, str], work: _Work, journeys: Journeys
) -> None:
    population = work.area.zones["population"]
    for item, lead in owners.items():
        for zone in job.items[item]:
            people = float(population[zone])
            minutes = journeys.mean_minutes(zone, lead)
            work.zone_rows.append((job.network.id, zone, lead, people, minutes))


def _find_unknown_journeys(network: Network, work: _Work, journeys: Journeys) -> None:
    """Find people without a known journey to the lead of their zone."""
    unknown = {
        zone: journeys.unknown_people(zone, lead)
        for name, zone, lead, *_ in work.zone_rows
        if name == network.id
    }
    zones = [zone for zone, people in unknown.items() if people > 0]
    if zones:
        people = sum(unknown[zone] for zone in zones)
        work.findings.append(
            words.journeys_unknown(network, zones, people, journeys.penalty_minutes)
        )


def _add_members(tier: Tier, work: _Work) -> None:
    """Put every member into its group; a lead is in its own."""
    network = tier.network
    if not tier.owners:
        return
    leads = set(tier.owners.values())
    try:
        members = members_in(network.members, work.area, work.plan)
    except UndecidableError as missing:
        work.findings.append(words.column_missing(network, str(missing)))
        return
    if not members:
        work.findings.append(words.no_member(network))
    outside = []
    for site in sorted({*members, *leads}):
        lead = tier.lead_of(site)
        if lead is None:
            outside.append(site)
        else:
            work.member_rows.append((network.id, site, lead))
    if outside:
        divided = {zone for zones in tier.items.values() for zone in zones}
        work.findings += words.members_outside(network, outside, divided, work.area)
