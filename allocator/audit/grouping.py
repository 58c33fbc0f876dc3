"""The groups of one network as a plan states them: who belongs where.

A plan states the lead of each zone. Everything else follows: an institution belongs to
the group of the zone it stands in, a lead to the group that it leads.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from allocator.audit.borders import Borders
from allocator.audit.facts import MissingColumnError
from allocator.errors import Text

if TYPE_CHECKING:
    from allocator.audit.facts import Facts
    from allocator.policy import Members, Network

NOT_FORMED = Text("没有编组, 无从核对", "no groups were formed: nothing to check")


class NotFormedError(MissingColumnError):
    """A plan (that of today, say) has no groups of a network: undecidable."""

    def __init__(self, network: Network) -> None:
        super().__init__(network.id)
        self.text = Text(f"{network.name}: {NOT_FORMED.zh}", NOT_FORMED.en)


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
        facts = self.facts
        return {z for z in facts.zones if facts.zone_in_scope(z, self.network.scope)}

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
        zone = self.zone_of(site_id)
        return self.facts.zone_in_scope(
            zone, self.network.scope
        ) and self.facts.is_member(site_id, self.network.leads, existing_only=True)

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
        """Return the one lead of a zone; None without one, with two, or a false one."""
        leads = self.leads_of.get(zone, [])
        return leads[0] if len(leads) == 1 and self.is_lead(leads[0]) else None

    def has_group(self, site_id: str) -> bool:
        """Return whether a site belongs to exactly one group."""
        if self.is_lead(site_id):
            return any(site_id in leads for leads in self.leads_of.values())
        return self.lead_of(self.zone_of(site_id)) is not None

    def group(self, lead: str, zones: set[str]) -> set[str]:
        """Return the zones among ``zones`` that a lead leads."""
        return {zone for zone in zones if lead in self.leads_of.get(zone, [])}

    def is_at_home(self, lead: str) -> bool:
        """Return whether a lead's own zone is its, or that of a lead beside it.

        Of several leads in one zone one leads it; the groups of the others touch it.
        """
        home = self.zone_of(lead)
        if self.lead_of(home) == lead:
            return True
        owner = self.lead_of(home)
        if owner is None or self.zone_of(owner) != home:
            return False
        zones = self.divided_with(home)
        return any(
            self.borders.meet(home, zone, zones) for zone in self.group(lead, zones)
        )

    def divided_with(self, zone: str) -> set[str]:
        """Return the zones among which a zone is divided."""
        if not self.network.within_county:
            return self.scope
        return self._zones_in(self.county_of(zone))

    def _zones_in(self, county: str) -> set[str]:
        return {z for z in self.scope if self.county_of(z) == county}

    def cut_off(self, lead: str, zones: set[str]) -> set[str]:
        """Return the zones of a group that do not hang together with the rest of it."""
        pieces = self.borders.pieces_of_group(self.group(lead, zones), zones)
        home = self.zone_of(lead)
        pieces.sort(key=lambda piece: home not in piece)
        return {zone for piece in pieces[1:] for zone in piece}
