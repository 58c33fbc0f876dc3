"""Access measured for a plan, and two plans compared."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from allocator.accessibility.grouping import levels_of
from allocator.accessibility.reach import (
    AccessSettings,
    Journeys,
    by_demand,
    by_unit,
    reach_of,
    titles,
)
from allocator.accessibility.scope import scopes_by_service, zones_addressed
from allocator.accessibility.stock import (
    amounts,
    check_supply,
    measure_stock,
    supply_columns,
    title_of,
)
from allocator.errors import Text
from allocator.progress import SILENT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from allocator.area import PlanningArea
    from allocator.plan import Plan
    from allocator.policy import Policy
    from allocator.progress import Progress
    from allocator.travel import Travel

LEVELS = ("area", "county", "zone")


@dataclass(frozen=True)
class AccessReport:
    """Access for one plan, wide: a measure a column, with its unit in its name.

    Parameters
    ----------
    by_area, by_county, by_zone
        Index (``service``, ``unit_id``), sorted; every unit for every service. The
        area is one unit with an empty id.
    by_demand
        Index (``service``, ``demand_id``), sorted: the demand points whom the service
        is for. ``people``, ``minutes_nearest``, ``nearest_site_id`` (empty where none
        can be reached) and the supply per thousand people by method.
    stock_by_area, stock_by_county, stock_by_zone
        Index ``unit_id``, sorted: population, and for every resource the amount, the
        rate per thousand people, the facilities with a blank cell and Gini
        coefficients of the rate.
    settings
        What was measured with.
    titles
        The heading of every column of these frames, in both languages.
    """

    by_area: pd.DataFrame
    by_county: pd.DataFrame
    by_zone: pd.DataFrame
    by_demand: pd.DataFrame
    stock_by_area: pd.DataFrame
    stock_by_county: pd.DataFrame
    stock_by_zone: pd.DataFrame
    settings: AccessSettings
    titles: Mapping[str, Text]

    def long(self) -> pd.DataFrame:
        """Return every measure of every unit as a row.

        Returns
        -------
        measures
            Columns ``level``, ``service`` (empty for stock), ``unit_id``, ``measure``,
            ``value`` (NaN where not defined); sorted by level (area, county, zone),
            service and unit, measures in the order of their columns.
        """
        frames = []
        for level in LEVELS:
            stock = getattr(self, f"stock_by_{level}")
            keyed = pd.concat({"": stock}, names=["service", "unit_id"])
            frames += [
                _melted(keyed, level),
                _melted(getattr(self, f"by_{level}"), level),
            ]
        return pd.concat(frames, ignore_index=True)


def _melted(wide: pd.DataFrame, level: str) -> pd.DataFrame:
    rows, columns = len(wide), len(wide.columns)
    place = np.repeat(np.arange(rows), columns)
    return pd.DataFrame(
        {
            "level": np.repeat(np.array([level], dtype=object), rows * columns),
            "service": wide.index.get_level_values(0).to_numpy(dtype=object)[place],
            "unit_id": wide.index.get_level_values(1).to_numpy(dtype=object)[place],
            "measure": np.tile(wide.columns.to_numpy(dtype=object), rows),
            "value": wide.to_numpy(dtype=float).ravel(),
        }
    )


def measure_access(
    area: PlanningArea,
    travel: Travel,
    policy: Policy,
    plan: Plan,
    *,
    supply: str | None = None,
    minutes: Sequence[float] = (5, 10, 15, 30),
    catchment_minutes: float = 30.0,
    sigma_minutes: float | None = None,
    progress: Progress = SILENT,
) -> AccessReport:
    """Measure how well people reach services, for a plan or for today.

    Every service is measured that people are assigned to or that a coverage rule is
    about. All figures are by people. Holders anywhere in the area count, branches too,
    as in coverage rules. Definitions: ``docs/accessibility.md``.

    Parameters
    ----------
    area, travel, policy, plan
        What is measured; today's state is a plan too.
    supply
        Column of the register to share out in floating catchments (``beds``, say; see
        `supply_columns`); None: only times and rates per thousand.
    minutes
        Limits of the shares of people in reach, minutes, inclusive, ascending.
    catchment_minutes
        Longest journey of the floating catchments, minutes, > 0, inclusive.
    sigma_minutes
        None: the Gaussian of Dai (2010); a number: that of PySAL's ``access``.
    progress
        Told which service is measured.

    Returns
    -------
    report
        Frames by area, county, zone and demand point.

    Raises
    ------
    InputError
        When the register has no such supply.
    ValueError
        When a limit is out of its range.
    """
    settings = AccessSettings(
        supply=supply,
        minutes=tuple(float(m) for m in minutes),
        catchment_minutes=catchment_minutes,
        sigma_minutes=sigma_minutes,
    )
    amount = np.zeros(len(area.sites))
    supply_title = None
    if supply is not None:
        check_supply(area, policy, supply)
        amount, _ = amounts(area, plan, supply)
        supply_title = title_of(supply, policy)
    progress.step(Text("计算可达性", "measuring access"))
    levels = levels_of(area)
    people = area.demand["people"].to_numpy(dtype=float)
    units: dict[str, dict[str, pd.DataFrame]] = {name: {} for name in LEVELS}
    points: dict[str, pd.DataFrame] = {}
    for service, scopes in scopes_by_service(policy).items():
        name = policy.services[service].name
        progress.update(Text(name, name))
        addressed = zones_addressed(area, scopes)[levels[2].of_demand]
        reach = reach_of(
            _journeys(area, travel.of(service)),
            np.where(addressed, people, 0.0),
            addressed=addressed,
            holders=_holders(area, plan, service),
            supply=amount,
            settings=settings,
        )
        for level in levels:
            units[level.name][service] = by_unit(reach, level, levels[1], settings)
        points[service] = by_demand(
            reach, area.demand.index, area.sites.index, settings
        )
    columns = supply_columns(area, policy)
    stock, stock_titles = measure_stock(area, policy, plan, columns, levels)
    return AccessReport(
        by_area=_stacked(units["area"], "unit_id"),
        by_county=_stacked(units["county"], "unit_id"),
        by_zone=_stacked(units["zone"], "unit_id"),
        by_demand=_stacked(points, "demand_id"),
        stock_by_area=stock[0],
        stock_by_county=stock[1],
        stock_by_zone=stock[2],
        settings=settings,
        titles=titles(settings, supply_title) | stock_titles,
    )


def _journeys(area: PlanningArea, travel: Travel) -> Journeys:
    """Return the pairs by position.

    Raises
    ------
    ValueError
        When travel was computed for another area: a bug of the caller.
    """
    demand = area.demand.index.get_indexer(pd.Index(travel.pairs["demand_id"]))
    site = area.sites.index.get_indexer(pd.Index(travel.pairs["site_id"]))
    if (demand < 0).any() or (site < 0).any():
        message = "travel names demand points or sites that are not in the area"
        raise ValueError(message)
    return Journeys(demand, site, travel.pairs["minutes"].to_numpy(dtype=float))


def _holders(area: PlanningArea, plan: Plan, service: str) -> NDArray[np.bool_]:
    """Return which sites hold a service once the plan is carried out."""
    sites = [site_id for site_id, name in plan.held if name == service]
    return np.asarray(area.sites.index.isin(sites), dtype=bool)


def _stacked(frames: Mapping[str, pd.DataFrame], unit: str) -> pd.DataFrame:
    """Return the frames of all services as one."""
    names = ["service", unit]
    if not frames:
        return pd.DataFrame(index=pd.MultiIndex.from_arrays([[], []], names=names))
    return pd.concat(frames, names=names).rename_axis(names)


def compare_access(before: AccessReport, after: AccessReport) -> pd.DataFrame:
    """Return every measure of every unit before and after.

    Parameters
    ----------
    before, after
        Two reports on the same area and policy with the same settings: today and a
        plan, say.

    Returns
    -------
    table
        As `AccessReport.long` with ``before``, ``after`` and ``change`` (after minus
        before) for ``value``. The change is NaN where either is not defined.

    Raises
    ------
    ValueError
        When the reports measure different things.
    """
    keys = ["level", "service", "unit_id", "measure"]
    old, new = before.long(), after.long()
    if before.settings != after.settings or not old[keys].equals(new[keys]):
        message = "reports of different settings, units or services cannot be compared"
        raise ValueError(message)
    table = old.rename(columns={"value": "before"})
    table["after"] = new["value"]
    table["change"] = table["after"] - table["before"]
    return table
