"""What there is: beds and staff at sites, and per thousand people."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from pandas.api.types import is_bool_dtype, is_numeric_dtype

from allocator.accessibility.grouping import ratio
from allocator.accessibility.inequality import gini
from allocator.errors import Finding, InputError, Text, nearest
from allocator.tables import SITES, Kind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from allocator.accessibility.grouping import Level
    from allocator.area import PlanningArea
    from allocator.plan import Plan
    from allocator.policy import Policy

PER_PEOPLE = 1000.0
# Numbers of the register that are no amount of anything.
_NO_AMOUNTS = {
    "level",
    "capacity_people",
    "served_people",
    "approved_beds",
    "admissions",
    "stay_days",
}


def supply_columns(area: PlanningArea, policy: Policy) -> tuple[str, ...]:
    """Return the columns of the register that count beds, staff and the like.

    The known ones first (``tables.SITES``), then those that the policy declares; only
    those that the register has, as numbers.
    """
    return tuple(name for name in _expected(policy) if _is_amount(area.sites, name))


def missing_supply(area: PlanningArea, policy: Policy) -> tuple[str, ...]:
    """Return what an audit would count and the register does not tell.

    Of the same columns as `supply_columns` those that the register lacks, and those
    that are blank at every existing facility: nothing is known of either.
    """
    existing = area.sites["status"] == "existing"
    return tuple(
        name
        for name in _expected(policy)
        if not _is_amount(area.sites, name)
        or area.sites.loc[existing, name].isna().all()
    )


def _expected(policy: Policy) -> tuple[str, ...]:
    known = [
        column.name
        for column in SITES.columns
        if column.kind is Kind.NUMBER and column.name not in _NO_AMOUNTS
    ]
    return tuple(dict.fromkeys([*known, *policy.resources]))


def _is_amount(sites: pd.DataFrame, name: str) -> bool:
    return (
        name in sites.columns
        and is_numeric_dtype(sites[name])
        and not is_bool_dtype(sites[name])
    )


def check_supply(area: PlanningArea, policy: Policy, supply: str) -> None:
    """Refuse a supply that the register does not have.

    Raises
    ------
    InputError
        When it has no such column of numbers.
    """
    known = supply_columns(area, policy)
    if supply in known:
        return
    words = ", ".join(known)
    close = nearest(supply, known)
    remedy = (
        Text(f"是否应为 {close}?", f"did you mean {close}?")
        if close
        else Text(f"可用的列: {words or '无'}", f"columns there are: {words or 'none'}")
    )
    finding = Finding(
        "supply-unknown",
        Text("机构表没有这一数值列", "the register has no such column of numbers"),
        table="sites",
        column=supply,
        remedy=remedy,
    )
    raise InputError([finding])


def title_of(column: str, policy: Policy) -> Text:
    """Return the name of a resource."""
    if column in SITES.names:
        return SITES.column(column).meaning
    name = policy.resources[column].name
    return Text(name, name)


def amounts(
    area: PlanningArea, plan: Plan, column: str
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return the amount at every site once the plan is carried out.

    What the register has at existing facilities, plus what the plan adds: the reading
    of the rules of kind ``rate``. Candidates have nothing today.

    Returns
    -------
    amount, blank
        In the order of the sites. A blank cell of an existing facility counts 0 and
        is told by ``blank``.
    """
    existing = (area.sites["status"] == "existing").to_numpy(dtype=bool)
    today = area.sites[column].to_numpy(dtype=float, na_value=np.nan)
    blank = existing & np.isnan(today)
    amount = np.where(existing & ~blank, today, 0.0)
    rows = plan.allocations[plan.allocations["resource"] == column]
    site = area.sites.index.get_indexer(pd.Index(rows["site_id"]))
    added = np.bincount(site, rows["amount"].to_numpy(dtype=float), len(amount))
    return amount + added, blank


def measure_stock(
    area: PlanningArea,
    policy: Policy,
    plan: Plan,
    columns: Sequence[str],
    levels: tuple[Level, Level, Level],
) -> tuple[list[pd.DataFrame], dict[str, Text]]:
    """Return what there is per thousand people at every level, and the headings.

    Every site of the unit counts, whatever it holds. Where every facility of a unit
    has a blank cell the amount is unknown: NaN. The Gini coefficients are those of the
    rate per thousand among the people of the smaller units; unknown where one of these
    is.
    """
    people = area.zones["population"].to_numpy(dtype=float)
    existing = (area.sites["status"] == "existing").to_numpy(dtype=bool)
    tables = [{"population": level.sums(level.of_zone, people)} for level in levels]
    titles = {"population": Text("常住人口(人)", "resident population")}
    for column in columns:
        amount, blank = amounts(area, plan, column)
        for level, table in zip(levels, tables, strict=True):
            total = level.sums(level.of_site, amount)
            blanks = level.sums(level.of_site, blank)
            known = level.sums(level.of_site, existing & ~blank)
            total[(blanks > 0) & (known == 0)] = np.nan
            table[column] = total
            table[f"{column}_per_1000"] = PER_PEOPLE * ratio(total, table["population"])
            table[f"{column}_blank_sites"] = blanks
        _add_ginis(column, tables, levels)
        titles |= _titles(column, title_of(column, policy))
    return [
        pd.DataFrame(table, index=level.ids)
        for level, table in zip(levels, tables, strict=True)
    ], titles


def _add_ginis(
    column: str,
    tables: list[dict[str, NDArray[np.float64]]],
    levels: tuple[Level, Level, Level],
) -> None:
    rate = f"{column}_per_1000"
    whole, counties, zones = tables
    whole[f"{rate}_gini_counties"] = np.array(
        [gini(counties[rate], counties["population"])]
    )
    for level, table in zip(levels[:2], tables[:2], strict=True):
        table[f"{rate}_gini_zones"] = level.each(
            level.of_zone,
            lambda members: gini(zones[rate][members], zones["population"][members]),
        )


def _titles(column: str, name: Text) -> dict[str, Text]:
    rate = f"{column}_per_1000"
    return {
        column: name,
        rate: Text(f"每千人{name.zh}", f"{name.en} per 1000 people"),
        f"{column}_blank_sites": Text(
            f"{name.zh}空白的机构数", f"facilities with {name.en} blank"
        ),
        f"{rate}_gini_counties": Text(
            f"每千人{name.zh} 县区间基尼系数", f"{name.en} per 1000, Gini of counties"
        ),
        f"{rate}_gini_zones": Text(
            f"每千人{name.zh} 乡镇间基尼系数", f"{name.en} per 1000, Gini of zones"
        ),
    }
