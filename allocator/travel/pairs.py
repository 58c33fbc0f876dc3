"""How long journeys take: a sparse table of the pairs that can be travelled."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from allocator.errors import Finding, Severity, Text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    import pandas as pd

    from allocator.area import PlanningArea

type Method = Literal["straight_line", "table", "network", "friction"]

COLUMNS = ("demand_id", "site_id", "minutes", "km")
ROUNDING_MINUTES = 1e-9  # what arithmetic may add to a journey of exactly the limit


@dataclass(frozen=True)
class Travel:
    """The pairs of demand point and site that can be travelled.

    Parameters
    ----------
    pairs
        Columns ``demand_id``, ``site_id`` (text), ``minutes`` (one way) and ``km``
        (NaN where unknown); sorted by (demand_id, site_id), index 0, 1, ... A pair
        that is not here cannot be travelled.
    method
        How the times were found.
    note
        The same in words, for reports.
    services
        The journeys of services that people reach in another way: on foot, or by an
        ambulance that comes to them. Others take the pairs.
    max_minutes
        The longest journey, where a service has a limit of its own.
    """

    pairs: pd.DataFrame
    method: Method
    note: Text
    services: Mapping[str, Travel] = field(default_factory=dict)
    max_minutes: float | None = None

    def of(self, service: str) -> Travel:
        """Return how people reach a service, or how it reaches them."""
        return self.services.get(service, self)

    def only(self, sites: Iterable[str]) -> Travel:
        """Return the journeys of some sites alone."""
        kept = set(sites)
        return self.with_pairs(lambda one: one.pairs[one.pairs["site_id"].isin(kept)])

    def slower(self, factor: float, max_minutes: float | None) -> Travel:
        """Return all journeys with their minutes multiplied.

        Parameters
        ----------
        factor
            What minutes are multiplied by, > 0.
        max_minutes
            What takes longer then cannot be travelled, inclusive; None: no limit. A
            service with a limit of its own keeps that.
        """

        def change(one: Travel) -> pd.DataFrame:
            pairs = one.pairs.assign(minutes=one.pairs["minutes"] * factor)
            limit = max_minutes if one.max_minutes is None else one.max_minutes
            if limit is None:
                return pairs
            return pairs[pairs["minutes"] <= limit + ROUNDING_MINUTES]

        return self.with_pairs(change)

    def with_pairs(self, change: Callable[[Travel], pd.DataFrame]) -> Travel:
        """Return other pairs, of every service that has its own too."""
        others = {name: one.with_pairs(change) for name, one in self.services.items()}
        pairs = change(self).reset_index(drop=True)
        return replace(self, pairs=pairs, services=others)

    def delayed(self, minutes: float) -> Travel:
        """Return the same journeys that begin so many minutes later."""
        return self.with_pairs(
            lambda one: one.pairs.assign(minutes=one.pairs["minutes"] + minutes)
        )

    @property
    def knows_km(self) -> bool:
        """Whether every pair has its distance; if not, rules in km are undecidable."""
        return bool(self.pairs["km"].notna().all())

    def within(
        self, *, minutes: float | None = None, km: float | None = None
    ) -> pd.DataFrame:
        """Return the pairs within a time, a distance, or both.

        Parameters
        ----------
        minutes
            Longest one-way journey, minutes, inclusive; None is no limit.
        km
            Longest distance, km, inclusive; None is no limit. Pairs of which the
            distance is not known are then left out.

        Returns
        -------
        pairs
            Rows of `pairs`, in the same order and with their index.

        Raises
        ------
        ValueError
            When a limit is negative or NaN.
        """
        keep = np.ones(len(self.pairs), dtype=bool)
        for column, limit in (("minutes", minutes), ("km", km)):
            if limit is None:
                continue
            if not limit >= 0:
                message = f"{column} must be 0 or more, not {limit}"
                raise ValueError(message)
            keep &= self.pairs[column].to_numpy() <= limit + ROUNDING_MINUTES
        return self.pairs[keep]


def from_pairs(
    area: PlanningArea, pairs: pd.DataFrame, *, max_minutes: float | None = None
) -> Travel:
    """Make travel from a planner's own table of minutes.

    Parameters
    ----------
    area
        Its demand points and sites.
    pairs
        ``demand_id``, ``site_id``, ``minutes`` and perhaps ``km``, checked already.
    max_minutes
        Longer journeys are left out, inclusive; None keeps all.

    Returns
    -------
    travel
        Where the table has no distances, km is NaN: none are made up.

    Raises
    ------
    ValueError
        When a pair names a demand point or site that is not in the area, stands twice,
        or takes a negative or unknown time: readers report such input as findings.
    """
    for column, target in (("demand_id", area.demand), ("site_id", area.sites)):
        if not pairs[column].isin(target.index).all():
            message = f"{column} must be in the area"
            raise ValueError(message)
    if pairs.duplicated(["demand_id", "site_id"]).any():
        message = "pairs must not be repeated"
        raise ValueError(message)
    if not (pairs["minutes"] >= 0).all():
        message = "minutes must be 0 or more"
        raise ValueError(message)
    frame = pairs.assign(km=pairs["km"].astype(float) if "km" in pairs else np.nan)
    if max_minutes is not None:
        frame = frame[frame["minutes"] <= max_minutes + ROUNDING_MINUTES]
    frame = frame.sort_values(["demand_id", "site_id"], ignore_index=True)
    limit_zh = "" if max_minutes is None else f", 单程不超过 {max_minutes:g} 分钟"
    limit_en = "" if max_minutes is None else f", up to {max_minutes:g} minutes one way"
    note = Text(
        f"用户提供的出行时间表{limit_zh}", f"the planner's travel table{limit_en}"
    )
    return Travel(frame[list(COLUMNS)], "table", note)


def check_travel(area: PlanningArea, travel: Travel) -> list[Finding]:
    """Return warnings when demand points can reach no site at all, by any way."""
    ways: dict[int, tuple[Travel, list[str]]] = {id(travel.pairs): (travel, [])}
    for service, one in travel.services.items():
        ways.setdefault(id(one.pairs), (one, []))[1].append(service)
    return [
        finding
        for one, services in ways.values()
        for finding in _unreachable(area, one, services)
    ]


def _unreachable(
    area: PlanningArea, travel: Travel, services: list[str]
) -> list[Finding]:
    alone = ~area.demand.index.isin(travel.pairs["demand_id"])
    if not alone.any():
        return []
    people = int(area.demand["people"][alone].sum())
    count = int(alone.sum())
    names = ", ".join(services)
    return [
        Finding(
            "demand-unreachable",
            Text(
                f"{count} 个需求点(共 {people} 人)到不了任何机构或备选点",
                f"{count} demand points ({people} people) can reach no site",
            ),
            Severity.WARNING,
            keys=tuple(area.demand.index[alone]),
            column=f"travel.services: {names}" if names else "",
            remedy=Text(
                "增加备选点, 或放宽 [travel] max_minutes",
                "add candidates, or raise [travel] max_minutes",
            ),
        )
    ]
