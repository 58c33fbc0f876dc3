"""What the words of a register tell of its units, before any place is looked at."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import pandas as pd

from allocator.errors import Text
from allocator.load.joining.names import plain_name, shared_prefixes
from allocator.load.joining.units import (
    ZONE_CODE,
    Named,
    UnitNames,
    counties_of,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from allocator.load.joining.locations import Locations
    from allocator.load.remarks import Remarks


@dataclass(frozen=True)
class Joining:
    """What a register may be joined to, and what a join must reach.

    Parameters
    ----------
    locations
        None where the brief names none.
    aliases
        Other names of a plain name.
    least
        The confidence that a join must have, 0 to 1.
    """

    locations: Locations | None = None
    aliases: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    least: float = 0.85


@dataclass(frozen=True)
class Words:
    """What the words of a register tell: its units, before any place is looked at.

    Parameters
    ----------
    prefixes
        What names of institutions begin with.
    county_ids, zone_ids
        As stated, by id; a zone that is not understood stays as written.
    stated, named
        The zone by row, from its ``zone_id`` and from its name.
    """

    prefixes: tuple[str, ...]
    county_ids: pd.Series
    zone_ids: pd.Series
    stated: dict[str, Named]
    named: dict[str, Named]

    def with_zones(self, zone_ids: pd.Series) -> Words:
        """Return the same once codes were followed too; empty where one led nowhere."""
        stated = {}
        for key, zone_id in zip(map(str, zone_ids.index), zone_ids, strict=True):
            known = self.stated[key]
            if zone_id and zone_id != known.zone_id:
                known = Named(str(zone_id), "zone_code", ZONE_CODE)
            stated[key] = known
        return replace(self, zone_ids=zone_ids, stated=stated)

    @property
    def evident(self) -> pd.Series:
        """The zone that the words tell for certain; empty where none."""
        ids = [
            self.stated[key].zone_id or self.named[key].zone_id
            for key in map(str, self.zone_ids.index)
        ]
        return pd.Series(ids, index=self.zone_ids.index, dtype=object)


def read_words(
    frame: pd.DataFrame, units: UnitNames, joining: Joining, remarks: Remarks
) -> Words:
    """Understand what a register says of counties and zones, by code or by name."""
    names = [plain_name(str(name)) for name in frame["name"]]
    if joining.locations is not None:
        names += [plain_name(str(n)) for n in joining.locations.frame["name"]]
    prefixes = (*shared_prefixes(names), *units.prefixes)
    county_ids = counties_of(frame, units, prefixes)
    written = (
        frame["zone_id"].astype(str)
        if "zone_id" in frame
        else pd.Series("", index=frame.index, dtype=str)
    )
    stated, named = {}, {}
    for key, text, name, county in zip(
        map(str, frame.index), written, frame["name"], county_ids, strict=True
    ):
        stated[key] = units.zone(text, county) if text else Named()
        named[key] = Named() if text else units.zone_in(str(name), county, prefixes)
    ids = [
        # What several zones are called is reported below, and not once more as unknown.
        "" if stated[str(k)].several else stated[str(k)].zone_id or text
        for k, text in written.items()
    ]
    zone_ids = pd.Series(ids, index=frame.index, dtype=str)
    by_name = (zone_ids != written) & (zone_ids != "")
    if by_name.any():
        remarks.note(
            "reference-by-name",
            Text("按名称找到乡镇级单元", "zone found by its name"),
            keys=frame.index[by_name],
            column="zone_id",
            values=written[by_name],
        )
    _remark_several_zones(written, stated, remarks)
    # A zone that is known tells its county.
    known = [stated[k].zone_id or named[k].zone_id for k in map(str, frame.index)]
    of_zone = [units.county_of.get(zone_id, "") for zone_id in known]
    county_ids = county_ids.mask(
        county_ids == "", pd.Series(of_zone, index=frame.index, dtype=str)
    )
    return Words(prefixes, county_ids, zone_ids, stated, named)


def _remark_several_zones(
    written: pd.Series, stated: Mapping[str, Named], remarks: Remarks
) -> None:
    several = pd.Series(
        [bool(stated[str(key)].several) for key in written.index], index=written.index
    )
    if several.any():
        zones = sorted(
            {z for key in written.index[several] for z in stated[key].several}
        )
        remarks.error(
            "zone-ambiguous",
            Text(
                f"同名的乡镇级单元不止一个: {', '.join(zones)}",
                f"more than one zone has this name: {', '.join(zones)}",
            ),
            keys=written.index[several],
            column="zone_id",
            values=written[several],
            remedy=Text(
                "改填 zone_id 代码, 或增加县区列",
                "give the code, or a column of counties",
            ),
        )
