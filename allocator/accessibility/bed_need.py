"""How many beds the admissions of a county need.

beds = admissions x mean stay in days / (365 x occupancy): the usual formula of bed
planning, whose two parameters the texts set as targets (stay of at most 8 days,
occupancy of at least 90 %: S0-27 and S0-28 of nanchang-2024).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from allocator.area import PlanningArea

DAYS_OF_A_YEAR = 365.0
BED_NEED_COLUMNS = (
    "county_id",
    "facilities",
    "facilities_without_figures",
    "admissions",
    "stay_days",
    "occupancy_share",
    "beds_needed",
    "beds",
    "beds_missing",
)


def bed_need(
    area: PlanningArea, *, occupancy_share: float = 0.9
) -> pd.DataFrame | None:
    """Return the beds that each county needs for the admissions of its facilities.

    Parameters
    ----------
    area
        Its existing facilities' ``admissions`` (a year) and ``stay_days`` (mean).
    occupancy_share
        The share of days that a bed is to be in use, above 0 and at most 1.

    Returns
    -------
    table
        One row per county with any figure, in `BED_NEED_COLUMNS`; ``stay_days`` is
        weighed by admissions, ``beds_missing`` is 0 where there are enough. A facility
        without both figures needs no bed here and is counted as such. None where the
        register has not both columns.

    Raises
    ------
    ValueError
        When the occupancy is not above 0 and at most 1.
    """
    if not 0.0 < occupancy_share <= 1.0:
        message = "occupancy_share must be above 0 and at most 1"
        raise ValueError(message)
    sites = area.sites
    if "admissions" not in sites or "stay_days" not in sites:
        return None
    existing = sites[sites["status"] == "existing"]
    beds = existing["beds"] if "beds" in existing else pd.Series(0.0, existing.index)
    frame = pd.DataFrame(
        {
            "county_id": existing["county_id"],
            "admissions": pd.to_numeric(existing["admissions"]),
            "stay_days": pd.to_numeric(existing["stay_days"]),
            "beds": pd.to_numeric(beds).fillna(0.0),
        }
    )
    known = frame["admissions"].notna() & frame["stay_days"].notna()
    frame["unknown"] = ~known
    frame["bed_days"] = (frame["admissions"] * frame["stay_days"]).where(known, 0.0)
    frame["admissions"] = frame["admissions"].where(known, 0.0)
    by_county = frame.groupby("county_id")
    sums = by_county[["admissions", "bed_days", "beds", "unknown"]].sum()
    sums["facilities"] = by_county.size()
    sums = sums[sums["admissions"] > 0]
    needed = sums["bed_days"] / (DAYS_OF_A_YEAR * occupancy_share)
    table = pd.DataFrame(
        {
            "facilities": sums["facilities"],
            "facilities_without_figures": sums["unknown"].astype(int),
            "admissions": sums["admissions"],
            "stay_days": sums["bed_days"] / sums["admissions"],
            "occupancy_share": occupancy_share,
            "beds_needed": needed,
            "beds": sums["beds"],
            "beds_missing": (needed - sums["beds"]).clip(lower=0.0),
        }
    ).reset_index()
    return table[list(BED_NEED_COLUMNS)]
