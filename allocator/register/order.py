"""What a run asks of a register: frozen data, no files."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Placement:
    """An accepted placement.

    Parameters
    ----------
    site_id, service
        What is placed where; the service by its id.
    action
        ``build``, ``upgrade``, ``keep`` or ``close``.
    year
        The year of its phase; empty where the run states none.
    clauses
        Ids of the rules that ask for it.
    count
        How many of a counted service.
    date
        Of the decision, as written; empty where there is none.
    """

    site_id: str
    service: str
    action: str
    year: str = ""
    clauses: tuple[str, ...] = ()
    count: int = 1
    date: str = ""


@dataclass(frozen=True)
class Amount:
    """A resource that comes with accepted placements of a site, in its own unit."""

    site_id: str
    resource: str
    amount: float


@dataclass(frozen=True)
class SiteFacts:
    """What the run knows of a site.

    Parameters
    ----------
    name
        Its name.
    lon, lat
        Degrees of CGCS2000.
    zone, county
        Names of where it lies.
    zone_id, county_id, facility_class
        Codes; empty where the run folder does not say.
    """

    name: str
    lon: float
    lat: float
    zone: str = ""
    county: str = ""
    zone_id: str = ""
    county_id: str = ""
    facility_class: str = ""


@dataclass(frozen=True)
class Order:
    """Everything that is to be written, and what it is from.

    Parameters
    ----------
    run
        SHA-256 of the run's ``run.json``.
    placements
        Accepted, sorted by site and service.
    amounts
        Sorted by site and resource.
    sites
        Every site that the run places anything at, by id.
    remaining
        Sites at which the run keeps, builds or upgrades anything, accepted or not.
    services
        Names of services by id.
    crs
        The coordinate system that the run's brief states for its tables; may be empty.
    """

    run: str
    placements: tuple[Placement, ...]
    amounts: tuple[Amount, ...] = ()
    sites: Mapping[str, SiteFacts] = field(default_factory=dict)
    remaining: frozenset[str] = frozenset()
    services: Mapping[str, str] = field(default_factory=dict)
    crs: str = ""

    @property
    def site_ids(self) -> tuple[str, ...]:
        """Sites that anything is accepted at, sorted."""
        return tuple(sorted({placement.site_id for placement in self.placements}))

    def at(self, site_id: str) -> tuple[Placement, ...]:
        """Return what is accepted at a site."""
        return tuple(p for p in self.placements if p.site_id == site_id)

    def date_of(self, site_id: str) -> str:
        """Return the latest date of the decisions on a site; empty without any."""
        return max((p.date for p in self.at(site_id)), default="")
