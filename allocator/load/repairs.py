"""What was changed in shapes, what was only seen, and from which size it matters."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from allocator.errors import Severity, Text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from allocator.load.brief import AreaSection
    from allocator.load.remarks import Remarks

# Borders are often kept to 1e-7 degree, a centimetre: along a border of 100 m that is
# 1 m2, and nobody lives on less. What is smaller is left as it is and not spoken of.
NOISE_M2 = 1.0
# A thousandth of a zone is the width of the pen that its border was drawn with.
PEN_SHARE = 0.001
COLUMNS = ("code", "zone_id", "name", "other_id", "what", "m2", "people", "changed")


@dataclass(frozen=True)
class Limits:
    """From which size on shapes are refused, or left alone; from ``[area]``.

    Parameters
    ----------
    most_overlap_share
        Two zones that share more than this part of the smaller one are an error.
    most_repair_share
        A shape of which more than this part depends on how it is read is an error.
    most_outside_share
        A zone with more than this part outside its county is an error.
    gap_m2, gap_width_m
        A gap between zones smaller, or narrower, than this is a slip of the pen and
        filled; larger ones may be lakes and stay.
    """

    most_overlap_share: float
    most_repair_share: float
    most_outside_share: float
    gap_m2: float
    gap_width_m: float


def limits_of(section: AreaSection) -> Limits:
    """Return the limits that ``[area]`` states, or their defaults."""
    return Limits(
        most_overlap_share=section.most_overlap_share,
        most_repair_share=section.most_repair_share,
        most_outside_share=section.most_outside_share,
        gap_m2=section.gap_m2,
        gap_width_m=section.gap_width_m,
    )


@dataclass(frozen=True)
class Repair:
    """One thing seen in a shape.

    Parameters
    ----------
    code
        As in the finding.
    zone_id, name
        The zone (or county) concerned; of an overlap, the one that keeps the land.
    m2
        Area concerned, square metres.
    people
        People on it by area share, an estimate; None where nobody can say.
    other_id
        The other zone concerned, empty where there is none.
    changed
        Whether a shape was changed.
    share
        The largest part of a zone that this is; below `PEN_SHARE` a change is a note.
    """

    code: str
    zone_id: str
    name: str
    m2: float
    people: int | None = None
    other_id: str = ""
    changed: bool = True
    share: float = 1.0

    @property
    def value(self) -> str:
        """The numbers, for a finding."""
        people = "" if self.people is None else f"≈{self.people:,} 人, "
        return f"{people}{self.m2:,.0f} m²"

    @property
    def key(self) -> str:
        """The zone, as a planner knows it."""
        other = f" / {self.other_id}" if self.other_id else ""
        return f"{self.zone_id} {self.name}{other}".strip()


@dataclass
class Repairs:
    """All that was seen in the shapes of one area, in order."""

    rows: list[tuple[Repair, Text]] = field(default_factory=list)

    def table(self) -> pd.DataFrame:
        """Return the rows as a table; ``people`` is an estimate by area share."""
        records = [
            (
                r.code,
                r.zone_id,
                r.name,
                r.other_id,
                str(what),
                round(r.m2, 1),
                pd.NA if r.people is None else r.people,
                r.changed,
            )
            for r, what in self.rows
        ]
        table = pd.DataFrame(records, columns=list(COLUMNS))
        return table.astype({"m2": "float64", "people": "Int64", "changed": "bool"})

    def tell_changes(
        self,
        found: Sequence[Repair],
        what: Text,
        remarks: Remarks,
        *,
        remedy: Text | None = None,
    ) -> None:
        """Tell of changes: a warning of those that matter, a note of the others.

        Parameters are those of `tell`.
        """
        large = [repair for repair in found if repair.share > PEN_SHARE]
        small = [repair for repair in found if repair.share <= PEN_SHARE]
        self.tell(large, what, Severity.WARNING, remarks, remedy=remedy)
        self.tell(small, what, Severity.NOTE, remarks, remedy=remedy)

    def tell(
        self,
        found: Sequence[Repair],
        what: Text,
        severity: Severity,
        remarks: Remarks,
        *,
        remedy: Text | None = None,
        keys: Sequence[str] | None = None,
    ) -> None:
        """Keep these and make one finding of them; nothing where there are none.

        Parameters
        ----------
        found
            All of one code.
        what
            What was seen or done.
        severity
            How much it matters.
        remarks
            Receives the finding: sums first, then each place.
        remedy
            What the planner can do.
        keys
            The rows of the file, where these are known better than by zone.
        """
        if not found:
            return
        self.rows += [(repair, what) for repair in found]
        m2 = sum(repair.m2 for repair in found)
        known = [repair.people for repair in found if repair.people is not None]
        zh = f"共 {m2:,.0f} m²"
        en = f"{m2:,.0f} m² in all"
        if known:
            zh += f", 约 {sum(known):,} 人(按面积估计)"
            en += f", about {sum(known):,} people (an estimate by area)"
        remarks.add(
            found[0].code,
            Text(f"{what.zh}; {zh}", f"{what.en}; {en}"),
            severity=severity,
            keys=keys or [repair.key for repair in found],
            column="geometry",
            values=[repair.value for repair in found],
            remedy=remedy,
        )


def people_on(m2: float, *, of_m2: float, people: float) -> int | None:
    """Return the people on a part of a zone, by area share; None where unknown.

    Parameters
    ----------
    m2
        Area of the part.
    of_m2
        Area of the zone.
    people
        People of the zone; NaN where not given.
    """
    if not np.isfinite(people) or of_m2 <= 0:
        return None
    return round(float(people) * min(1.0, m2 / of_m2))
