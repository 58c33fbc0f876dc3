"""What a network divides: zones, or the groups of the network that it stands above.

Where each institution belongs follows from there, tier by tier: it stands in a zone,
the zone is in a group, and that group is in a group of the network above. A lead is in
the group that it leads, wherever it stands.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from allocator.networks.division import zones_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from allocator.area import PlanningArea
    from allocator.policy import Network

type Items = dict[str, tuple[str, ...]]


@dataclass
class Tier:
    """One network of an area, and who belongs where once it is divided.

    Parameters
    ----------
    network, area
        What is divided.
    below
        The network that this one stands above, already divided; None: zones are
        divided.
    owners
        The lead of each item, as far as they are divided.
    """

    network: Network
    area: PlanningArea
    below: Tier | None = None
    owners: dict[str, str] = field(default_factory=dict)

    @cached_property
    def divisions(self) -> dict[str, Items]:
        """What is divided by itself: the zones of each item, by county.

        The key is the county's id, or ``""`` where groups may cross county borders.
        """
        if self.below is None:
            zones = zones_of(self.network, self.area)
            return {unit: {z: (z,) for z in held} for unit, held in zones.items()}
        groups = self.below.groups
        if not self.network.within_county:
            return {"": groups} if groups else {}
        county = self.area.zones["county_id"]
        result: dict[str, Items] = {}
        for lead, held in groups.items():
            result.setdefault(str(county[held[0]]), {})[lead] = held
        return dict(sorted(result.items()))

    @cached_property
    def items(self) -> Items:
        """The zones of every item."""
        return {i: z for items in self.divisions.values() for i, z in items.items()}

    @property
    def groups(self) -> Items:
        """The zones of every group, by its lead."""
        found: dict[str, list[str]] = {}
        for item, lead in self.owners.items():
            found.setdefault(lead, []).extend(self.items[item])
        return {lead: tuple(sorted(found[lead])) for lead in sorted(found)}

    def item_of(self, site_id: str) -> str | None:
        """Return the item in which a site stands; None outside of what is divided."""
        if self.below is not None:
            return self.below.lead_of(site_id)
        zone = str(self.area.sites["zone_id"][site_id])
        return zone if zone in self.items else None

    def lead_of(self, site_id: str) -> str | None:
        """Return the lead of the group to which a site belongs; None without one."""
        if site_id in self.owners.values():
            return site_id
        return self.owners.get(self.item_of(site_id) or "")

    def homes(self, leads: list[str]) -> Mapping[str, str]:
        """Return the item of each lead that stands in one."""
        found = {lead: self.item_of(lead) for lead in leads}
        return {lead: item for lead, item in found.items() if item is not None}
