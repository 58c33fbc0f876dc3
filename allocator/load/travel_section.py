"""``[travel]``: how long journeys take, in general and to single services."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from allocator.errors import Text
from allocator.load.demand_keys import need_file

if TYPE_CHECKING:
    from allocator.load.remarks import Remarks

type Method = Literal["straight_line", "table", "network", "friction"]
type Mode = Literal["drive", "walk"]
type Direction = Literal["to_site", "to_people"]
type Units = Literal["minutes_per_metre", "minutes_per_km", "seconds_per_metre", "kmh"]
type Distance = Literal["road", "straight"]
type _Word = Annotated[str, Field(min_length=1)]
type _Positive = Annotated[float, Field(strict=True, gt=0, allow_inf_nan=False)]
type _Kmh = Annotated[float, Field(strict=True, gt=0, le=200, allow_inf_nan=False)]
type _NotNegative = Annotated[float, Field(strict=True, ge=0, allow_inf_nan=False)]
type _Detour = Annotated[float, Field(strict=True, ge=1, allow_inf_nan=False)]

# Travel without a cut-off would pair everyone with every site.
DEFAULT_MINUTES = 60.0


class ServiceTravelSection(BaseModel):
    """``[travel.services.<service>]``: what differs for one service."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    method: Method | None = None
    file: _Word | None = None
    mode: Mode | None = None
    speed_kmh: _Positive | None = None
    detour: _Detour | None = None
    max_minutes: _Positive | None = None
    dispatch_minutes: _NotNegative | None = None
    direction: Direction | None = None


class TravelSection(BaseModel):
    """``[travel]``: how long journeys take; ``max_minutes`` None is no cut-off."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    method: Method = "straight_line"
    file: _Word | None = None
    mode: Mode = "drive"
    speed_kmh: _Positive = 40.0
    walk_kmh: _Kmh = 5.0
    detour: _Detour = 1.4
    max_minutes: _Positive | None = None
    speeds: dict[_Word, _Kmh] = {}
    classes: dict[_Word, _Word] = {}
    snap_m: _NotNegative = 1000.0
    access_kmh: _Kmh = 5.0
    connect_m: Annotated[_NotNegative, Field(le=100)] = 0.0
    ferry_wait_minutes: _NotNegative = 10.0
    distance: Distance = "road"
    units: Units = "minutes_per_metre"
    cache: Annotated[bool, Field(strict=True)] = True
    services: dict[_Word, ServiceTravelSection] = {}

    def way(self, service: str | None = None) -> Way:
        """Return how people reach a service, or any that says nothing of its own."""
        own = self.services.get(service or "", ServiceTravelSection())
        method = own.method or self.method
        mode = own.mode or self.mode
        file = own.file or (self.file if method == self.method else None)
        limit = own.max_minutes or self.max_minutes
        if limit is None and method != "table":
            limit = DEFAULT_MINUTES
        sent = "to_people" if own.dispatch_minutes is not None else "to_site"
        return Way(
            method=method,
            file=None if method == "straight_line" else file,
            mode=mode,
            speed_kmh=own.speed_kmh or self._speed_kmh(mode),
            detour=own.detour or self.detour,
            max_minutes=limit,
            dispatch_minutes=own.dispatch_minutes or 0.0,
            to_people=(own.direction or sent) == "to_people",
        )

    def _speed_kmh(self, mode: Mode) -> float:
        """Return the speed in a mode: on foot that of walking unless one is stated."""
        stated = "speed_kmh" in self.model_fields_set and self.mode == mode
        return self.walk_kmh if mode == "walk" and not stated else self.speed_kmh


@dataclass(frozen=True)
class Way:
    """How one service is reached, with all defaults filled in.

    Parameters
    ----------
    method, file
        How times are found, and from what.
    mode
        By vehicle or on foot.
    speed_kmh
        Mean speed of straight lines, and speed on foot along roads; km/h.
    detour
        How much longer roads are than straight lines.
    max_minutes
        Longer journeys are left out, inclusive; None is no limit.
    dispatch_minutes
        What passes before anybody sets out; counts as part of the journey.
    to_people
        Whether the site sends somebody to people.
    """

    method: Method
    file: str | None
    mode: Mode
    speed_kmh: float
    detour: float
    max_minutes: float | None
    dispatch_minutes: float
    to_people: bool


def check_ways(travel: TravelSection, remarks: Remarks) -> None:
    """Report methods without their file, and limits that leave no time to travel."""
    for service in (None, *travel.services):
        way = travel.way(service)
        where = "travel" if service is None else f"travel.services.{service}"
        if way.method != "straight_line" and way.file is None:
            need_file(f"{where}.file", f"method = {way.method}", remarks)
        if way.max_minutes is not None and way.dispatch_minutes >= way.max_minutes:
            remarks.error(
                "dispatch-too-long",
                Text(
                    "派车时间不小于出行时间上限, 到不了任何人",
                    "dispatch takes as long as the longest journey: nobody is reached",
                ),
                column=f"{where}.dispatch_minutes",
                values=[f"{way.dispatch_minutes:g}"],
                remedy=Text(
                    "减小 dispatch_minutes, 或加大 max_minutes",
                    "lower dispatch_minutes, or raise max_minutes",
                ),
            )
