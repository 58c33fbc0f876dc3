"""Rules as data: what a clause of a policy asks for, in six kinds.

A rule is read twice: ``allocator.formulation`` turns it into rows of an integer
program, ``allocator.audit`` checks a plan against it. The two share this data and
nothing else. How each kind is read is in ``docs/rules.md``.
"""

from __future__ import annotations

from dataclasses import MISSING, fields, replace
from enum import StrEnum
from fractions import Fraction
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, model_validator
from pydantic.dataclasses import dataclass

from allocator.errors import Text, nearest
from allocator.schema import BilingualError
from allocator.tables import (
    COUNTY_KINDS,
    FACILITY_CLASS_FORM,
    FACILITY_CLASSES,
    ZONE_KINDS,
)

_CLOSED = ConfigDict(extra="forbid", arbitrary_types_allowed=False)


def _population_or_named(denominator: str) -> str:
    kind, _, name = denominator.partition(":")
    kinds = ("resource", "service", "zones")
    if denominator != "population" and not (kind in kinds and name):
        raise BilingualError(
            "应为 population、zones:<列名>、resource:<id> 或 service:<id>",
            "must be population, zones:<column>, resource:<id> or service:<id>",
        )
    return denominator


_LO_HI = Text("lo 是下限, hi 是上限: 对照条文改正", "lo is the least, hi the most")
Amount = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Share = Annotated[float, Field(gt=0, le=1, allow_inf_nan=False)]
Whole = Annotated[int, Field(ge=0)]
Name = Annotated[str, Field(min_length=1)]

EARLIEST_YEAR, LATEST_YEAR = 1900, 2200  # a due year outside is a slip of the pen


def _a_year(value: object) -> object:
    whole = isinstance(value, int) and not isinstance(value, bool)
    if not whole or not EARLIEST_YEAR <= int(str(value)) <= LATEST_YEAR:
        raise BilingualError(
            "应为年份", "must be a year", Text("写成四位年份, 如 2025", "write 2025")
        )
    return value


def _a_class(code: str) -> str:
    if code in FACILITY_CLASSES or FACILITY_CLASS_FORM.fullmatch(code):
        return code
    names = {words.zh: known for known, words in FACILITY_CLASSES.items()}
    close = nearest(code, [*FACILITY_CLASSES, *names])
    close = names.get(close or "", close)
    raise BilingualError(
        "不是 WS 218 机构类别代码",
        "not a class code of WS 218",
        Text(
            f"是否应为 {close} {FACILITY_CLASSES[close].zh}?",
            f"did you mean {close} ({FACILITY_CLASSES[close].en})?",
        )
        if close
        else Text("写代码, 如 C210 中心卫生院", "give a code such as C210"),
    )


Year = Annotated[int, BeforeValidator(_a_year)]
ClassCode = Annotated[str, AfterValidator(_a_class)]


class Priority(StrEnum):
    """How binding a clause is.

    ``must`` rules are hard. ``strive`` (力争) rules have a shortfall that is minimised
    before the objectives. ``may`` rules are reported and constrain nothing.
    """

    MUST = "must"
    STRIVE = "strive"
    MAY = "may"


class Unit(StrEnum):
    """The level at which a rule holds: once for the area, or for every unit."""

    AREA = "area"
    COUNTY = "county"
    ZONE = "zone"
    SITE = "site"  # every holder of the denominator's service; only for `Rate`


@dataclass(frozen=True, config=_CLOSED)
class Scope:
    """Which zones (and the people and sites in them) a rule is about.

    All conditions given must hold; an empty scope is the whole area.

    Parameters
    ----------
    county
        County ids or names.
    county_kind, zone_kind
        Kinds as in the tables (``tables.COUNTY_KINDS``, ``tables.ZONE_KINDS``).
    urban
        Only urban (true) or only rural (false) zones.
    people_below, people_from
        Population of the zone: below (exclusive), from (inclusive).
    """

    county: tuple[Name, ...] = ()
    county_kind: tuple[Literal[COUNTY_KINDS], ...] = ()  # type: ignore[valid-type]
    zone_kind: tuple[Literal[ZONE_KINDS], ...] = ()  # type: ignore[valid-type]
    urban: bool | None = None
    people_below: Amount | None = None
    people_from: Amount | None = None


@dataclass(frozen=True, config=_CLOSED)
class Members:
    """A set of sites: any of the classes, or holders of any of the services.

    Parameters
    ----------
    facility_class
        WS 218 codes (key ``class`` in a pack). In `Service.hosts`, and where holders
        of a service are counted, candidates of the class count too; everywhere else
        only existing facilities do.
    service
        Holders of any of these services in the plan itself: the class is decided.
    name
        Only sites with one of these names; narrows the classes or services.
    county
        Only sites in these counties (ids or names); narrows the same.
    level_from
        Only facilities of at least this level (1 to 3). Needs the column ``level``.
    public
        Only public (true) or private (false) facilities. Needs ``public``.
    """

    facility_class: Annotated[tuple[ClassCode, ...], Field(alias="class")] = ()
    service: tuple[Name, ...] = ()
    name: tuple[Name, ...] = ()
    county: tuple[Name, ...] = ()
    level_from: Annotated[int, Field(ge=1, le=3)] | None = None
    public: bool | None = None

    @model_validator(mode="after")
    def _narrows_classes_only(self) -> Members:
        if self.service and (self.level_from is not None or self.public is not None):
            raise BilingualError(
                "level_from 与 public 只能限定 class, 不能与 service 同写",
                "level_from and public narrow classes, not holders of a service",
            )
        return self


@dataclass(frozen=True, config=_CLOSED)
class Service:
    """What a site can be given.

    Parameters
    ----------
    id, name
        Stable id, and the name shown.
    hosts
        Who may hold it: by class, **or** by another service held in the plan. None:
        any site. Branches never receive a service. A candidate hosts by its class once
        it holds a service that is ``held_by`` the class, where there is one.
    requires
        Services that a holder must also hold, all of them.
    most_per_site
        How many of it one site may hold: 1, or more for a counted service such as
        departments. Each costs the same, and `CountInUnit` counts every one.
    held_by
        Existing facilities that hold it today whether or not the register lists it:
        a 乡镇卫生院 is a township health centre.
    serves
        The people who are assigned to its holders, as a scope; None: nobody is.
    assign_within
        People are assigned to holders in their own zone, their own county, or the
        whole area.
    """

    id: Name
    name: Name
    hosts: Members | None = None
    requires: tuple[Name, ...] = ()
    held_by: Members | None = None
    serves: Scope | None = None
    assign_within: Unit = Unit.COUNTY
    most_per_site: Annotated[int, Field(ge=1)] = 1
    note: str = ""

    @model_validator(mode="after")
    def _within_a_unit_of_people(self) -> Service:
        if self.assign_within is Unit.SITE:
            raise BilingualError(
                "assign_within 应为 zone、county 或 area",
                "assign_within must be zone, county or area",
                Text('写成 assign_within = "county"', 'write assign_within = "county"'),
            )
        return self

    @model_validator(mode="after")
    def _counts_or_serves(self) -> Service:
        if self.most_per_site > 1 and self.serves is not None:
            raise BilingualError(
                "可设多个的服务(most_per_site)不能分配人口(serves)",
                "a service with most_per_site above 1 cannot have `serves`",
            )
        return self


@dataclass(frozen=True, config=_CLOSED)
class Resource:
    """A quantity that can be put at a site.

    Parameters
    ----------
    id, name, unit
        The column of the register that holds today's amount, its name and unit.
    at
        Sites that may receive it; None: none may, the resource is only audited.
    most_per_site
        Largest amount that one site may be given.
    whole
        Whether only whole units can be given.
    """

    id: Name
    name: Name
    unit: str = ""
    at: Members | None = None
    most_per_site: Amount | None = None
    whole: bool = True

    @model_validator(mode="after")
    def _says_how_much(self) -> Resource:
        if self.at is not None and self.most_per_site is None:
            raise BilingualError(
                "写了 at 就要写 most_per_site", "with `at`, give most_per_site too"
            )
        return self


@dataclass(frozen=True, config=_CLOSED)
class Network:
    """Groups to be formed: every member belongs to exactly one lead institution.

    Parameters
    ----------
    id, name
        Stable id, and the name shown: 县域医共体, 城市医疗集团.
    leads
        The institutions that lead a group, one group each.
    members
        The institutions that must belong to a group.
    scope
        The zones that are divided among the groups; not given with ``above``.
    balance
        Largest relative deviation of a group's people from the mean of all groups;
        None: not asked for.
    within_county
        Whether a group stays inside the county of its lead.
    above
        The id of the network that this one stands above: its groups are divided, each
        as a whole, instead of zones. None: zones are divided.
    """

    id: Name
    name: Name
    leads: Members
    members: Members
    scope: Scope = Scope()
    balance: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None
    within_county: bool = True
    above: Name | None = None
    note: str = ""

    @model_validator(mode="after")
    def _scope_of_the_lowest(self) -> Network:
        if self.above is not None and self.scope != Scope():
            raise BilingualError(
                "写了 above 就不写 scope: 范围就是下级网络的范围",
                "with `above`, leave out scope: it is that of the network below",
            )
        return self


@dataclass(frozen=True, kw_only=True, config=_CLOSED)
class Rule:
    """What every rule has, whatever its kind.

    Parameters
    ----------
    id
        The clause's id in the inventory; unique in all packs of a brief.
    clause
        Its number in the text.
    quote
        Its words, verbatim.
    priority
        How binding it is.
    due
        The year by which it must hold; None where the text states none.
    unit
        The level at which it holds.
    scope
        The zones it is about.
    source
        Where the figure is from when it is not the text itself: ``national``, say.
    note
        How an ambiguous clause is read; printed in audit and report.
    any_of
        Other readings: the rule is met in a unit where it, or any of them, is. A
        reading applies only in units inside its own scope, so that
        ``scope = {people_below = 30000}`` opens it for small units alone. Readings
        have no readings of their own, and share the rule's unit and priority.
    path
        A target path by year, (key, year, figure) in the order of years; set by the
        reader from ``share = {2023 = 0.7, 2025 = 0.9}``. The figure of the last year
        stands in the key itself. A reading may have a path of its own.
    pack, file
        Id of the pack and name of its file; set by the reader.
    """

    id: Name
    clause: str = ""
    quote: Name
    priority: Priority = Priority.MUST
    due: Year | None = None
    unit: Unit = Unit.AREA
    scope: Scope = Scope()
    source: str = ""
    note: str = ""
    any_of: tuple[Rule, ...] = ()
    path: tuple[tuple[str, int, float], ...] = ()
    pack: str = ""
    file: str = ""

    @model_validator(mode="after")
    def _site_is_for_rates(self) -> Rule:
        if self.unit is Unit.SITE and not isinstance(self, Rate):
            raise BilingualError(
                'unit = "site" 只用于 rate', 'unit = "site" is for rate only'
            )
        return self

    def at_year(self, year: int | None) -> Rule | None:
        """Return the rule with the figures that a path asks for in a year.

        The latest step up to the year holds; before the first step nothing is asked
        (None, also where a reading asks for nothing yet: it is then met). A bound whose
        own steps begin later is open till then. Without a year, or without a path, the
        rule is returned as it is.
        """
        if year is None or not self.has_path:
            return self
        found = [reading.at_year(year) for reading in self.any_of]
        readings = tuple(reading for reading in found if reading is not None)
        if len(readings) < len(found):
            return None
        if not self.path:
            return replace(self, any_of=readings)
        # Later steps overwrite earlier ones: the path is in the order of years.
        begun = {key: figure for key, since, figure in self.path if since <= year}
        figures: dict[str, Any] = {}
        for key in dict.fromkeys(step[0] for step in self.path):
            if key not in begun and key in self._without_default():
                return None
            figures[key] = begun.get(key, getattr(type(self), key, None))
        if not begun:
            return None
        return replace(self, path=(), any_of=readings, **figures)

    @property
    def has_path(self) -> bool:
        """Whether any reading has a target path."""
        return any(reading.path for reading in self.readings)

    def _without_default(self) -> set[str]:
        return {
            f.name
            for f in fields(self)
            if f.default is MISSING and f.default_factory is MISSING
        }

    @property
    def readings(self) -> tuple[Rule, ...]:
        """The rule itself and its other readings."""
        return (self, *self.any_of)

    @property
    def kind(self) -> str:
        """The kind's name in packs."""
        return KIND_NAMES[type(self)]


@dataclass(frozen=True, kw_only=True, config=_CLOSED)
class CountInUnit(Rule):
    """In every unit in scope, from ``lo`` to ``hi`` sites hold the service.

    Holders of today count. Branches do not. With ``of``, only holders among those
    sites count.
    """

    service: Name
    of: Members | None = None
    lo: Whole | None = None
    hi: Whole | None = None

    @model_validator(mode="after")
    def _bounds_in_order(self) -> CountInUnit:
        if self.lo is None and self.hi is None:
            raise BilingualError("至少要写 lo 或 hi", "give lo or hi, or both")
        if self.lo is not None and self.hi is not None and self.lo > self.hi:
            raise BilingualError(
                f"lo={self.lo} 大于 hi={self.hi}",
                f"lo={self.lo} is above hi={self.hi}",
                _LO_HI,
            )
        return self


@dataclass(frozen=True, kw_only=True, config=_CLOSED)
class ShareOfClass(Rule):
    """At least ``share`` of the members of a class hold the service.

    The number needed is rounded up. The class may be decided by the plan itself
    (``of = {service = [...]}``). With ``attribute`` instead of ``service`` the rule is
    a checklist over a yes/no column of the register: audited, never decided. With
    ``network`` members must belong to a group of that network.
    """

    of: Members
    service: Name | None = None
    attribute: Name | None = None
    network: Name | None = None
    share: Share

    @model_validator(mode="after")
    def _one_numerator(self) -> ShareOfClass:
        given = (self.service, self.attribute, self.network)
        if sum(one is not None for one in given) != 1:
            raise BilingualError(
                "service、attribute、network 必须且只能写一个",
                "give one of service, attribute and network, and no more",
            )
        return self

    @property
    def exact_share(self) -> Fraction:
        """The share as the fraction that was meant: 0.9 is 9/10, 0.3333333 is 1/3.

        Denominators go up to 10000, so that rows have coefficients a solver can take.
        """
        return Fraction(str(self.share)).limit_denominator(10_000)


@dataclass(frozen=True, kw_only=True, config=_CLOSED)
class PopulationBand(Rule):
    """Every holder in scope serves from ``lo`` to ``hi`` people.

    Everyone whom the service addresses in the scope is served. The band binds every
    open holder in scope, by the people assigned to it.
    """

    service: Name
    lo: Amount = 0.0
    hi: Annotated[float, Field(gt=0, allow_inf_nan=False)]

    @model_validator(mode="after")
    def _bounds_in_order(self) -> PopulationBand:
        if self.lo > self.hi:
            raise BilingualError(
                f"lo={self.lo:g} 大于 hi={self.hi:g}",
                f"lo={self.lo:g} is above hi={self.hi:g}",
                _LO_HI,
            )
        return self


@dataclass(frozen=True, kw_only=True, config=_CLOSED)
class Rate(Rule):
    """A quantity per denominator is at least (at most) a figure, in every unit.

    The quantity is a resource (today's column plus what the plan adds) or the number
    of holders of a service. The denominator is the population, a part of it that the
    zones count (``zones:population_65``), another resource or the holders of a service.

    Parameters
    ----------
    resource, service
        What is counted; exactly one. With ``of``, only at those sites.
    denominator
        ``population``, ``zones:<column>``, ``resource:<id>`` or ``service:<id>``.
    per
        Size of the denominator that the figures are stated for (1000, 10000).
    lo, hi
        Bounds of quantity / denominator x per.
    not_below_today
        Bound below by the quantity's rate of today instead of a figure.
    """

    resource: Name | None = None
    service: Name | None = None
    of: Members | None = None
    denominator: Annotated[str, AfterValidator(_population_or_named)] = "population"
    per: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 1.0
    lo: Amount | None = None
    hi: Amount | None = None
    not_below_today: bool = False

    @model_validator(mode="after")
    def _something_to_hold(self) -> Rate:
        if (self.resource is None) == (self.service is None):
            raise BilingualError(
                "resource 与 service 必须且只能写一个",
                "give either resource or service, not both",
            )
        if self.lo is None and self.hi is None and not self.not_below_today:
            raise BilingualError(
                "要写 lo、hi 或 not_below_today", "give lo, hi or not_below_today"
            )
        if self.lo is not None and self.hi is not None and self.lo > self.hi:
            raise BilingualError(
                f"lo={self.lo:g} 大于 hi={self.hi:g}",
                f"lo={self.lo:g} is above hi={self.hi:g}",
                _LO_HI,
            )
        return self

    @model_validator(mode="after")
    def _every_holder(self) -> Rate:
        if self.unit is not Unit.SITE:
            return self
        by_service = self.denominator.startswith("service:")
        bounded = self.lo is not None and self.hi is None and not self.not_below_today
        if self.resource is None or not by_service or not bounded:
            raise BilingualError(
                'unit = "site" 只用于: resource 对 "service:..." 的下限 lo',
                'unit = "site" needs a resource, a denominator "service:..." and lo',
            )
        return self

    @model_validator(mode="after")
    def _amounts_of_a_known_class(self) -> Rate:
        amounts = self.resource or self.denominator.startswith("resource:")
        if amounts and self.of is not None and self.of.service:
            raise BilingualError(
                "资源只能按机构类别(class)统计, 不能按规划中的服务(service)统计",
                "a resource is summed over classes, not over holders of a service",
            )
        return self


@dataclass(frozen=True, kw_only=True, config=_CLOSED)
class Coverage(Rule):
    """At least ``share`` of the people in every unit are in reach of a holder.

    In reach: within ``within_minutes`` of travel, or within ``within_km``. A limit for
    urban or rural people (``urban_km`` ...) replaces the common one for them. Bounds
    are inclusive. Holders anywhere in the area count, branches too. Without ``share``
    nothing is required: the people out of reach still count in the objective
    ``uncovered_people``.
    """

    service: Name
    share: Share | None = None
    within_minutes: Amount | None = None
    within_km: Amount | None = None
    urban_minutes: Amount | None = None
    rural_minutes: Amount | None = None
    urban_km: Amount | None = None
    rural_km: Amount | None = None

    @model_validator(mode="after")
    def _one_measure(self) -> Coverage:
        minutes = (self.within_minutes, self.urban_minutes, self.rural_minutes)
        km = (self.within_km, self.urban_km, self.rural_km)
        by_minutes = any(limit is not None for limit in minutes)
        by_km = any(limit is not None for limit in km)
        if by_minutes == by_km:
            raise BilingualError(
                "时间(minutes)与距离(km)必须且只能用一种",
                "state the reach in minutes or in km, not both",
            )
        common, urban, rural = minutes if by_minutes else km
        if common is None and (urban is None or rural is None):
            raise BilingualError(
                "没有通用限值时,城镇和乡村限值都要写",
                "without a common limit give both the urban and the rural one",
            )
        return self

    @property
    def measure(self) -> Literal["minutes", "km"]:
        """Whether reach is stated in minutes or in km."""
        given = (self.within_minutes, self.urban_minutes, self.rural_minutes)
        return "minutes" if any(limit is not None for limit in given) else "km"


@dataclass(frozen=True, kw_only=True, config=_CLOSED)
class Indicator(Rule):
    """An outcome or process target: recorded and reported, never optimised.

    ``target`` is shown as required; nothing is checked.
    """

    target: str = ""


KINDS: dict[str, type[Rule]] = {
    "count_in_unit": CountInUnit,
    "share_of_class": ShareOfClass,
    "population_band": PopulationBand,
    "rate": Rate,
    "coverage": Coverage,
    "indicator": Indicator,
}
KIND_NAMES: dict[type[Rule], str] = {kind: name for name, kind in KINDS.items()}
