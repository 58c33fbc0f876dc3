"""The groups of one network as a plan states them: who belongs where.

A plan states the lead of each zone. Everything else follows: an institution belongs to
the group of the zone it stands in, a lead to the group that it leads. In a network
above another, zone and institution belong where the group belongs that they have there.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, override

from allocator.audit.borders import Borders
from allocator.audit.facts import MissingColumnError
from allocator.errors import Text

if TYPE_CHECKING:
    from allocator.audit.facts import Facts
    from allocator.policy import Members, Network, Policy

NOT_FORMED = Text("没有编组, 无从核对", "no groups were formed: nothing to check")


class NotFormedError(MissingColumnError):
    """A plan (that of today, say) has no groups of a network: undecidable."""

    def __init__(self, network: Network) -> None:
        super().__init__(network.id)
        self.network = network

    @override
    def text(self, policy: Policy) -> Text:
        """Return that no groups were formed, with the name of the network."""
        return Text(f"{self.network.name}: {NOT_FORMED.zh}", NOT_FORMED.en)


@dataclass
class Grouping:
    """The groups of one network in a plan, as they were found.

    What asks for a level or an ownership that is not in the register raises
    `MissingColumnError`.

    Parameters
    ----------
    network, facts
        What is checked.
    """

    network: Network
    facts: Facts
    leads_of: dict[str, list[str]] = field(init=False)

    def __post_init__(self) -> None:
        """Read the rows of the network."""
        self.leads_of = {}
        rows = self.facts.plan.groups
        for name, zone, lead in zip(
            rows["network"], rows["zone_id"], rows["lead_id"], strict=True
        ):
            if name == self.network.id:
                self.leads_of.setdefault(str(zone), []).append(str(lead))

    @cached_property
    def scope(self) -> set[str]:
        """The zones to be divided."""
        facts, scope = self.facts, self.tiers[0].network.scope
        return {z for z in facts.zones if facts.zone_in_scope(z, scope)}

    @cached_property
    def below(self) -> Grouping | None:
        """The groups of the network that this one stands above."""
        name = self.network.above
        if name is None:
            return None
        return Grouping(self.facts.policy.networks[name], self.facts)

    @property
    def tiers(self) -> list[Grouping]:
        """These groups and all below them, the lowest first."""
        return [*(self.below.tiers if self.below is not None else ()), self]

    @property
    def formed(self) -> bool:
        """Whether the plan states any group here and in every network below."""
        return all(tier.leads_of for tier in self.tiers)

    @cached_property
    def leads(self) -> set[str]:
        """The institutions that are to lead a group."""
        return {s for s in self.matching(self.network.leads) if self.in_scope(s)}

    @cached_property
    def borders(self) -> Borders:
        """Which zones touch."""
        return Borders(self.facts.area)

    def is_lead(self, site_id: str) -> bool:
        """Return whether a site is to lead a group."""
        if site_id not in self.facts.sites:
            return False
        zone, scope = self.zone_of(site_id), self.tiers[0].network.scope
        return self.facts.zone_in_scope(zone, scope) and self.facts.is_member(
            site_id, self.network.leads, existing_only=True
        )

    def matching(self, members: Members) -> list[str]:
        """Return the sites of a class; candidates of it are not institutions yet."""
        return [
            site_id
            for site_id in sorted(self.facts.sites)
            if self.facts.is_member(site_id, members, existing_only=True)
        ]

    def zone_of(self, site_id: str) -> str:
        """Return the zone in which a site stands; empty for an unknown site."""
        site = self.facts.sites.get(site_id)
        return "" if site is None else str(site["zone_id"])

    def county_of(self, zone_id: str) -> str:
        """Return the county of a zone; empty for an unknown zone."""
        zone = self.facts.zones.get(zone_id)
        return "" if zone is None else str(zone["county_id"])

    def in_scope(self, site_id: str) -> bool:
        """Return whether a site stands in a zone that is to be divided."""
        return self.zone_of(site_id) in self.scope

    def units(self) -> list[tuple[str, str, set[str]]]:
        """Return (id, name, zones) of what is divided: counties, or the whole scope."""
        if not self.network.within_county:
            return [("", self.facts.area.name, self.scope)]
        counties = sorted({self.county_of(z) for z in self.scope})
        return [
            (county, str(self.facts.counties[county]["name"]), self._zones_in(county))
            for county in counties
        ]

    def lead_of(self, zone: str) -> str | None:
        """Return the one lead of a zone; None without one, with two, or a false one.

        Above another network it is the lead over the zone's group there.
        """
        if self.below is not None:
            return self.lead_over(self.below.lead_of(zone))
        leads = self.leads_of.get(zone, [])
        return leads[0] if len(leads) == 1 and self.is_lead(leads[0]) else None

    def lead_over(self, lead_below: str | None) -> str | None:
        """Return the one lead of a group below; None when it is split, or has none."""
        if self.below is None or lead_below is None:
            return None
        stated = self.stated_over(lead_below)
        leads = next(iter(stated)) if len(stated) == 1 else ()
        return leads[0] if len(leads) == 1 and self.is_lead(leads[0]) else None

    def stated_over(self, lead_below: str) -> set[tuple[str, ...]]:
        """Return the leads that zones of a group below have here; () for none."""
        if self.below is None:
            return set()
        return {tuple(self.leads_of.get(z, ())) for z in self.below.led_by(lead_below)}

    def lead_of_site(self, site_id: str) -> str | None:
        """Return the lead to whose one group a site belongs; None without one."""
        if self.is_lead(site_id):
            led = any(site_id in leads for leads in self.leads_of.values())
            return site_id if led else None
        if self.below is not None:
            return self.lead_over(self.below.lead_of_site(site_id))
        return self.lead_of(self.zone_of(site_id))

    def has_group(self, site_id: str) -> bool:
        """Return whether a site belongs to exactly one group."""
        return self.lead_of_site(site_id) is not None

    def home(self, lead: str) -> set[str]:
        """Return the zone in which a lead stands, or all zones of its group below."""
        if self.below is None:
            return {self.zone_of(lead)}
        below = self.below.lead_of_site(lead)
        return set() if below is None else self.below.led_by(below)

    def owner_at_home(self, lead: str) -> str | None:
        """Return who leads the zone in which a lead stands, or its group below."""
        if self.below is None:
            return self.lead_of(self.zone_of(lead))
        return self.lead_over(self.below.lead_of_site(lead))

    def leads_below(self, zones: set[str]) -> list[str]:
        """Return the leads of the groups below that have any of some zones."""
        if self.below is None:
            return []
        stated = self.below.leads_of
        return sorted({lead for zone in zones for lead in stated.get(zone, [])})

    def led_by(self, lead: str) -> set[str]:
        """Return the zones that a lead is said to lead."""
        return self._zones_led.get(lead, set())

    @cached_property
    def _zones_led(self) -> dict[str, set[str]]:
        found: dict[str, set[str]] = {}
        for zone, leads in self.leads_of.items():
            for lead in leads:
                found.setdefault(lead, set()).add(zone)
        return found

    def group(self, lead: str, zones: set[str]) -> set[str]:
        """Return the zones among ``zones`` that a lead leads."""
        return zones & self.led_by(lead)

    def is_at_home(self, lead: str) -> bool:
        """Return whether a lead's own zone is its, or that of a lead beside it.

        Of several leads in one zone one leads it; the groups of the others touch it.
        Above another network the same holds for the group below in which a lead is.
        """
        owner, home = self.owner_at_home(lead), self.home(lead)
        if owner is None or owner == lead:
            return owner is not None
        if self.home(owner) != home:
            return False
        zones = self.divided_with(self.zone_of(lead))
        blocks = self.blocks(zones)
        return any(
            self.borders.meet(at_home, zone, blocks)
            for at_home in sorted(home & zones)
            for zone in sorted(self.group(lead, zones) - home)
        )

    def divided_with(self, zone: str) -> set[str]:
        """Return the zones among which a zone is divided."""
        if not self.network.within_county:
            return self.scope
        return self._zones_in(self.county_of(zone))

    def blocks(self, zones: set[str]) -> dict[str, str]:
        """Return what each of some zones goes with: itself, or its group below."""
        if self.below is None:
            return {zone: zone for zone in zones}
        below = {zone: self.below.lead_of(zone) for zone in zones}
        return {zone: lead for zone, lead in below.items() if lead is not None}

    def _zones_in(self, county: str) -> set[str]:
        return {z for z in self.scope if self.county_of(z) == county}

    def cut_off(self, lead: str, zones: set[str]) -> set[str]:
        """Return the zones of a group that do not hang together with the rest of it."""
        blocks = self.blocks(zones)
        group = self.group(lead, zones) & set(blocks)
        pieces = self.borders.pieces_of_group(group, blocks)
        home = self.home(lead)
        pieces.sort(key=lambda piece: not piece & home)
        return {zone for piece in pieces[1:] for zone in piece}
