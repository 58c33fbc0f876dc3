"""What planners call units, sites, services and rules."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from allocator.errors import Text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from allocator.area import PlanningArea
    from allocator.policy import Policy, Rule

# The shortfalls of budgets, by the name of the row.
BUDGETS = {
    "capital_wan": Text("投资", "capital"),
    "yearly_wan": Text("年运行费", "yearly cost"),
    "total_capital_wan": Text("各期投资合计", "capital of all phases"),
}


@dataclass(frozen=True)
class Names:
    """The names of a task: what rows of a program are about, as planners know it.

    Parameters
    ----------
    area
        Names counties, zones and sites.
    rules
        By id.
    services
        Name by id.
    """

    area: PlanningArea
    rules: Mapping[str, Rule]
    services: Mapping[str, str]

    @classmethod
    def of_task(cls, area: PlanningArea, policy: Policy) -> Names:
        """Return the names of an area under a policy."""
        rules = {rule.id: rule for rule in policy.rules}
        return cls(area, rules, {s.id: s.name for s in policy.services.values()})

    def unit(self, unit_id: str) -> str:
        """Return the name of a county, zone or site, of a service at a site.

        Of the area for an empty id; an id that nothing has is returned as it is.
        """
        for frame in (self.area.counties, self.area.zones, self.area.sites):
            if unit_id in frame.index:
                return str(frame.at[unit_id, "name"])
        site_id, _, service = unit_id.rpartition(" ")
        if site_id in self.area.sites.index:
            return f"{self.unit(site_id)} {self.service(service)}"
        return unit_id or self.area.name

    def service(self, service: str) -> str:
        """Return the name of a service."""
        return self.services.get(service, service)
