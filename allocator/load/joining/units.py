"""Zones and counties by their names, as registers write them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from allocator.load.cells import cell_id
from allocator.load.headings import plain
from allocator.load.joining.names import (
    core_of,
    plain_unit,
    readings,
    unit_stem,
    without_prefixes,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    import geopandas as gpd

# Headings of a register that tell the county, codes first; they tell zones of one name
# apart, and are read from the columns that the program does not know otherwise.
COUNTY_HEADINGS = (
    "county_id",
    "region_code",
    "county_code",
    "县区代码",
    "区县代码",
    "行政区划代码",
    "county",
    "county_name",
    "县区",
    "区县",
    "所属县区",
    "所属区县",
    "县区名称",
    "区县名称",
    "行政区划",
    "adname",
)
COUNTY_CODE_DIGITS = 6  # GB/T 2260; longer codes of units below begin with it


@dataclass(frozen=True)
class Named:
    """A zone found by a name.

    Parameters
    ----------
    zone_id
        Empty where none or several were found.
    by
        ``zone_code``, ``zone_name`` or ``name_of_site``.
    confidence
        0 to 1.
    several
        The zones that fit equally well; empty unless ambiguous.
    """

    zone_id: str = ""
    by: str = ""
    confidence: float = 0.0
    several: tuple[str, ...] = ()


# How sure a zone is: its code; its name; its name inside the institution's; the same
# without the ending of the unit (向塘卫生院 in 向塘镇), in a known county or in any.
ZONE_CODE, ZONE_NAME, ZONE_STEM = 1.0, 0.95, 0.9
NAME_OF_SITE, STEM_OF_SITE, STEM_OF_SITE_ANYWHERE = 0.9, 0.85, 0.8


@dataclass(frozen=True)
class UnitNames:
    """The names of zones and counties, to find them by.

    Parameters
    ----------
    zone_names
        Plain name by zone id, sorted by id.
    county_of
        County id by zone id.
    county_names
        Plain name by county id, sorted by id.
    """

    zone_names: Mapping[str, str]
    county_of: Mapping[str, str]
    county_names: Mapping[str, str]

    @property
    def prefixes(self) -> tuple[str, ...]:
        """County names that names of institutions begin with, longest first."""
        names = {name for name in self.county_names.values() if not name.isdecimal()}
        return tuple(sorted(names, key=lambda name: (-len(name), name)))

    def county(self, text: str) -> str:
        """Return the county that a code or a name means; empty where none."""
        text = plain_unit(text)
        if text in self.county_names:
            return text
        if text[:COUNTY_CODE_DIGITS] in self.county_names and text.isdecimal():
            return text[:COUNTY_CODE_DIGITS]
        named = [i for i, name in self.county_names.items() if text.endswith(name)]
        return named[0] if len(named) == 1 and text else ""

    def county_in(self, name: str, prefixes: tuple[str, ...]) -> str:
        """Return the county that an institution's name begins with; empty if none."""
        counties = set(self.county_names.values())
        upper = [word for word in prefixes if word not in counties]
        rest = without_prefixes(readings(name)[0], upper)
        found = [i for i, word in self.county_names.items() if rest.startswith(word)]
        longest = max((len(self.county_names[i]) for i in found), default=0)
        found = [i for i in found if len(self.county_names[i]) == longest]
        return found[0] if len(found) == 1 else ""

    def zone(self, text: str, county_id: str) -> Named:
        """Return the zone that a code or a name means.

        Parameters
        ----------
        text
            As written in the register: 360121101, 向塘镇, 南昌县向塘镇, 向塘.
        county_id
            The county it must be in; empty where not known.
        """
        if text in self.zone_names:
            return Named(text, "zone_code", ZONE_CODE)
        name = without_prefixes(plain_unit(text), self.prefixes)
        here = self._zones_in(county_id)
        exact = [z for z in here if self.zone_names[z] == name]
        if exact:
            return _one(exact, "zone_name", ZONE_NAME)
        stem = [z for z in here if unit_stem(self.zone_names[z]) == unit_stem(name)]
        # 城关镇 and 城关乡 are two zones: a stem is enough where no ending is given.
        stem = stem if unit_stem(name) == name else []
        return _one(stem, "zone_name", ZONE_STEM)

    def zone_in(
        self, site_name: str, county_id: str, prefixes: tuple[str, ...]
    ) -> Named:
        """Return the zone that an institution's name holds.

        Parameters
        ----------
        site_name
            As written in the register.
        county_id
            The county it must be in; empty where not known.
        prefixes
            Provinces, cities and counties that names begin with.
        """
        name = without_prefixes(readings(site_name)[0], prefixes)
        here = self._zones_in(county_id)
        inside = [z for z in here if self.zone_names[z] in name]
        longest = max((len(self.zone_names[z]) for z in inside), default=0)
        inside = [z for z in inside if len(self.zone_names[z]) == longest]
        if inside:
            return _one(inside, "name_of_site", NAME_OF_SITE)
        core = core_of(name)
        if not core.kind or not core.stem:
            return Named()
        stem = [z for z in here if unit_stem(self.zone_names[z]) == core.stem]
        sure = STEM_OF_SITE if county_id else STEM_OF_SITE_ANYWHERE
        return _one(stem, "name_of_site", sure)

    def _zones_in(self, county_id: str) -> list[str]:
        return [
            zone_id
            for zone_id in self.zone_names
            if not county_id or self.county_of[zone_id] == county_id
        ]


def _one(found: list[str], by: str, confidence: float) -> Named:
    if len(found) == 1:
        return Named(found[0], by, confidence)
    return Named(several=tuple(found))


def name_units(zones: gpd.GeoDataFrame, counties: gpd.GeoDataFrame) -> UnitNames:
    """Return the names of an area's units."""
    return UnitNames(
        {str(i): plain_unit(str(name)) for i, name in zones["name"].items()},
        {str(i): str(county) for i, county in zones["county_id"].items()},
        {str(i): plain_unit(str(name)) for i, name in counties["name"].items()},
    )


def counties_of(
    frame: pd.DataFrame, units: UnitNames, prefixes: tuple[str, ...]
) -> pd.Series:
    """Return the county that each row of a register states; empty where none.

    A column of codes or names, else the beginning of the institution's name.
    """
    found = pd.Series("", index=frame.index, dtype=object)
    headings = {plain(str(heading)): heading for heading in frame.columns}
    for word in COUNTY_HEADINGS:
        heading = headings.get(plain(word))
        if heading is None:
            continue
        written = [units.county(cell_id(value)) for value in frame[heading]]
        found = found.mask(found == "", pd.Series(written, index=frame.index))
    if "name" in frame:
        begun = [units.county_in(str(name), prefixes) for name in frame["name"]]
        found = found.mask(found == "", pd.Series(begun, index=frame.index))
    return found.astype(str)


def codes_of(frame: pd.DataFrame, columns: tuple[str, ...]) -> list[tuple[str, ...]]:
    """Return the codes that each row is known by, in the order of the columns."""
    headings = {plain(str(heading)): heading for heading in frame.columns}
    wanted = [headings[c] for c in map(plain, columns) if c in headings]
    table = [[cell_id(value).casefold() for value in frame[c]] for c in wanted]
    rows = np.array(table, dtype=object).T if table else [()] * len(frame)
    return [tuple(dict.fromkeys(code for code in row if code)) for row in rows]
