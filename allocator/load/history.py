"""Codes and names that counties had before: a bundled table, with its sources."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache

from allocator.errors import Text
from allocator.resources import codes_folder


@dataclass(frozen=True, slots=True)
class Change:
    """What became of a county.

    Parameters
    ----------
    code, name
        The code and name that it had.
    year
        The first year in which they no longer held.
    event
        What happened, in Chinese.
    successors
        Codes of the counties that its land belongs to now.
    """

    code: str
    name: str
    year: int
    event: str
    successors: tuple[str, ...]

    @property
    def words(self) -> Text:
        """What happened, in one line."""
        now = "、".join(self.successors)
        return Text(
            f"{self.code} {self.name}: {self.year} 年{self.event}, 现为 {now}",
            f"{self.code} {self.name} ended in {self.year}; its land is in {now} now",
        )


@cache
def county_changes() -> tuple[Change, ...]:
    """Return all changes that are known; the table is not complete."""
    path = codes_folder() / "county_changes.csv"
    with path.open(encoding="utf-8", newline="") as file:
        return tuple(
            Change(
                row["code"],
                row["name"],
                int(row["year"]),
                row["event"],
                tuple(row["successors"].split(";")),
            )
            for row in csv.DictReader(file)
        )


def find_change(text: str) -> Change | None:
    """Return what became of a county with this code or name, or None.

    A name that several changes know is not looked up: it would be a guess.
    """
    found = [c for c in county_changes() if text in (c.code, c.name)]
    return found[0] if len(found) == 1 else None
