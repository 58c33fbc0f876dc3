"""Age bands of the zones: parts of the population, checked against it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from allocator.errors import Text
from allocator.tables import AGE_COLUMNS, ZONES

if TYPE_CHECKING:
    import pandas as pd

    from allocator.load.remarks import Remarks

# Bands that do not share an age, so that they cannot exceed the population together;
# the first is also a part of the second.
INSIDE = (("population_0_6", "population_0_14"),)
APART = ("population_0_14", "population_65")


def check_ages(zones: pd.DataFrame, remarks: Remarks) -> None:
    """Report bands that hold more people than what they are part of.

    Parameters
    ----------
    zones
        Rows of the zone table, with ``population`` (NaN where not given) and any of
        `allocator.tables.AGE_COLUMNS`.
    remarks
        Receives an error for each band.
    """
    people = zones["population"].astype(float)
    for band in AGE_COLUMNS:
        if band in zones:
            _compare(zones[band], people, band, "population", remarks)
    for band, wider in INSIDE:
        if band in zones and wider in zones:
            _compare(zones[band], zones[wider], band, wider, remarks)
    if set(APART) <= set(zones.columns):
        both = zones[list(APART)].astype(float).sum(axis=1, min_count=len(APART))
        each = (zones[list(APART)].astype(float).le(people, axis=0)).all(axis=1)
        _compare(both.where(each), people, " + ".join(APART), "population", remarks)


def _compare(
    part: pd.Series, whole: pd.Series, name: str, of: str, remarks: Remarks
) -> None:
    more = part.astype(float) > whole.astype(float)
    if more.any():
        meaning = {column.name: column.meaning for column in ZONES.columns}
        words = meaning.get(of, Text(of, of))
        pairs = zip(part[more], whole[more], strict=True)
        remarks.error(
            "age-more-than-people",
            Text(f"多于{words.zh}", f"more than the {words.en}"),
            keys=part.index[more],
            column=name,
            values=[f"{found:,.0f} > {there:,.0f}" for found, there in pairs],
            remedy=Text(
                "核对两列的口径、年份与单位(人、万人)",
                "compare their definitions, years and units",
            ),
        )
