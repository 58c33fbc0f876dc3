"""What a planner's heading means: which column, and in which unit."""

from __future__ import annotations

import functools
import re
import unicodedata
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from allocator.load.account import Certainty
from allocator.load.units import UNITS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from allocator.tables import Column, Table

# These headings are common in tables that also have the proper column: they then stay
# extra columns instead of being a second claim to it.
WEAK_ALIASES = frozenset({"x", "y", "code", "代码", "编号", "名称"})
SHAPEFILE_NAME_BYTES = 10
POPULATION_OF_YEAR = re.compile(r"population_(\d{4})")
LEVELS = ">"  # between the levels of a heading over several rows, as it is shown
# What planners put around a heading: marks of required columns, numbers, years.
DECORATIONS = re.compile(
    r"^(?:[*#]+|\(?\d{1,2}\)?[.、)]|\(必填\)|(?:19|20)\d{2}(?:年末|年底|年度|年)?(?=.{2}))"
    r"|(?:[*#:]+|\(必填\)|\(选填\)|\((?:19|20)\d{2}(?:年末|年底|年度|年)?\))$"
)
# A unit may also follow a heading without brackets: 常住人口/万人.
LOOSE_UNIT = re.compile(r"(.+?)[/:,_\-](?:单位:?)?([^/:,_\-()]+)")
# An upper heading with such a word says that the figures below are not of today.
NOT_TODAY = re.compile("规划|目标|户籍|流动|上年|去年|预测|拟|缺|增长|占比|比例|其中")
# Every heading of a table is held against every alias of every column.
_MOST_HEADINGS = 4096


@dataclass(frozen=True, slots=True)
class Claim:
    """One heading that means one column.

    Parameters
    ----------
    position
        Position of the heading in the table.
    heading
        The heading as the planner wrote it.
    column
        What it means.
    factor
        What its numbers are multiplied by to get the column's unit.
    exact
        Whether the heading is the column's own name.
    certainty
        How sure this is.
    unit
        The unit that the heading states, as written; empty where it states none.
    """

    position: int
    heading: str
    column: Column
    factor: float = 1.0
    exact: bool = False
    certainty: Certainty = Certainty.CERTAIN
    unit: str = ""


@functools.lru_cache(maxsize=_MOST_HEADINGS)
def plain(heading: str) -> str:
    """Return a heading without spaces, case, and full-width or square brackets."""
    text = unicodedata.normalize("NFKC", heading)
    text = text.translate(str.maketrans("【】[]{}", "()()()"))
    return re.sub(r"\s+", "", text).casefold()


def split_unit(heading: str) -> tuple[str, str]:
    """Split ``常住人口(万人)`` into the heading and the unit; no unit is empty."""
    match = re.fullmatch(r"(.+?)\(([^()]*)\)", heading)
    return (match[1], match[2]) if match else (heading, "")


def understand(
    headings: Sequence[tuple[str, ...]], table: Table, *, truncated: bool
) -> tuple[list[Claim], list[Claim]]:
    """Return what the headings mean, in their order, and claims that gave way.

    Parameters
    ----------
    headings
        As the planner wrote them, each from its uppermost level down.
    table
        The kind of table that is expected.
    truncated
        Whether headings may be cut at 10 bytes, as in a shapefile.

    Returns
    -------
    claims, losers
        Several claims may be for one column, which is a problem of the planner's.
        ``losers`` could mean a column that has a better heading.
    """
    made = [
        _claim_of_levels(position, parts, table, truncated=truncated)
        for position, parts in enumerate(headings)
    ]
    claims = [claim for claim in made if claim is not None]
    claims += _second_best(headings, claims, table)
    claims.sort(key=lambda claim: claim.position)
    kept: list[Claim] = []
    losers: list[Claim] = []
    for claim in claims:
        rivals = [c for c in claims if c.column.name == claim.column.name]
        (losers if _gives_way(claim, rivals) else kept).append(claim)
    return kept, losers


def _gives_way(claim: Claim, rivals: Sequence[Claim]) -> bool:
    """Whether another heading is the better one for the claim's column."""
    rank = _rank(claim)
    return any(_rank(other) < rank for other in rivals)


def _rank(claim: Claim) -> int:
    """Return the place of a heading among those for its column; 0 does not give way."""
    text = plain(claim.heading)
    stems = (text, split_unit(text)[0])
    yields = [plain(word) for word in claim.column.yields]
    for place, word in enumerate(yields):
        if word in stems:
            return place + 1
    weak = text in WEAK_ALIASES and not claim.exact
    return len(yields) + 1 if weak else 0


def _second_best(
    headings: Sequence[tuple[str, ...]], claims: list[Claim], table: Table
) -> list[Claim]:
    """Return claims of free headings to columns that have no heading of their own.

    Claims of a column's ``substitute`` are moved to it, in place.
    """
    have = {claim.column.name for claim in claims}
    free = dict(enumerate(headings)) | {c.position: () for c in claims}
    found = []
    for column in table.columns:
        if column.name in have:
            continue
        spare = [c for c in claims if c.column.name == column.substitute]
        if spare and column.substitute:
            claims.remove(spare[0])
            found.append(
                replace(spare[0], column=column, certainty=Certainty.SUBSTITUTE)
            )
            continue
        words = [plain(word) for word in column.fallbacks]
        for position, parts in free.items():
            if len(parts) == 1 and split_unit(plain(parts[0]))[0] in words:
                found.append(
                    Claim(position, parts[0], column, certainty=Certainty.SUBSTITUTE)
                )
                free[position] = ()
                break
    return found


def _claim_of_levels(
    position: int, parts: tuple[str, ...], table: Table, *, truncated: bool
) -> Claim | None:
    """Understand a heading over several rows: its levels together, or the lowest."""
    if len(parts) < 2:  # noqa: PLR2004 (a heading of one level)
        return _claim(position, "".join(parts), table, truncated=truncated)
    shown = LEVELS.join(parts)
    stems, units = zip(*(split_unit(plain(part)) for part in parts), strict=True)
    unit = next((u for u in reversed(units) if u), "")
    if not unit and any(stems[-1] in known for known in UNITS.values()):
        stems, unit = stems[:-1], stems[-1]
    tail = f"({unit})" if unit else ""
    tries = [
        ("".join(stems) + tail, Certainty.CERTAIN),
        ("".join(reversed(stems)) + tail, Certainty.CERTAIN),
        ("".join(stems[-2:]) + tail, Certainty.CERTAIN),
        ("".join(reversed(stems[-2:])) + tail, Certainty.CERTAIN),
    ]
    if not NOT_TODAY.search("".join(stems[:-1])):
        tries.append((stems[-1] + tail, Certainty.PARENT))
    for text, certainty in tries:
        claim = _claim(position, text, table, truncated=False)
        if claim is not None:
            doubt = claim.certainty if certainty is Certainty.CERTAIN else certainty
            return replace(claim, heading=shown, exact=False, certainty=doubt)
    return None


def _claim(
    position: int, heading: str, table: Table, *, truncated: bool
) -> Claim | None:
    text = plain(heading)
    if not text:
        return None
    claim = _plain_claim(position, heading, text, table)
    bare = DECORATIONS.sub("", text)
    if claim is None and bare and bare != text:
        bare = DECORATIONS.sub("", bare) or bare
        claim = _plain_claim(position, heading, bare, table)
        if claim is not None:
            claim = replace(claim, exact=False, certainty=Certainty.REWORDED)
    if claim is None and truncated:
        claim = _cut_claim(position, heading, table)
    return claim


def _plain_claim(position: int, heading: str, text: str, table: Table) -> Claim | None:
    for column in table.columns:
        if text == column.name:
            return Claim(position, heading, column, exact=True)
    for column in table.columns:
        if text in map(plain, column.aliases):
            doubt = Certainty.WEAK if text in WEAK_ALIASES else Certainty.CERTAIN
            return Claim(position, heading, column, certainty=doubt)
    if table.name == "zones" and POPULATION_OF_YEAR.fullmatch(text):
        column = replace(table.column("population"), name=text, required=False)
        return Claim(position, heading, replace(column, may_be_blank=True), exact=True)
    stem, unit = split_unit(text)
    loose = LOOSE_UNIT.fullmatch(text)
    if not unit and loose and any(loose[2] in known for known in UNITS.values()):
        stem, unit = loose[1], loose[2]
    for column in table.columns:
        if unit and stem in (column.name, *map(plain, column.aliases)):
            known = UNITS.get(column.unit, {})
            doubt = Certainty.CERTAIN
            if column.unit and unit not in known:
                doubt = Certainty.UNIT
            return Claim(
                position,
                heading,
                column,
                known.get(unit, 1.0),
                certainty=doubt,
                unit=unit,
            )
    return None


def _cut_claim(position: int, heading: str, table: Table) -> Claim | None:
    """Recognise a heading of which a shapefile kept only the first 10 bytes."""
    text = plain(heading)
    # Two bytes less than the limit can remain when a whole character is cut off.
    if (
        max(len(text.encode(e)) for e in ("utf-8", "gb18030"))
        < SHAPEFILE_NAME_BYTES - 2
    ):
        return None
    meant = [
        column
        for column in table.columns
        if any(plain(word).startswith(text) for word in (column.name, *column.aliases))
    ]
    if len(meant) != 1:
        return None
    return Claim(position, heading, meant[0], certainty=Certainty.CUT)


def with_unit_lines(
    claims: Iterable[Claim], units: Mapping[str, str]
) -> tuple[list[Claim], list[Claim]]:
    """Apply units stated above the table to claims that state none themselves.

    Parameters
    ----------
    claims
        What the headings mean.
    units
        The unit stated, by the unit of the columns that it is for.

    Returns
    -------
    claims, changed
        All claims; and those of them to which a stated unit was applied.
    """
    result, changed = [], []
    for claim in claims:
        unit = units.get(claim.column.unit, "")
        if unit and not claim.unit:
            claim = replace(  # noqa: PLW2901 (the claim with its unit)
                claim, unit=unit, factor=UNITS[claim.column.unit][unit]
            )
            changed.append(claim)
        result.append(claim)
    return result, changed
