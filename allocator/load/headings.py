"""What a planner's heading means: which column, and in which unit."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from allocator.errors import Text, nearest

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from allocator.load.remarks import Remarks
    from allocator.tables import Column, Table

# How many of a column's unit one of the planner's unit is.
UNITS: dict[str, dict[str, float]] = {
    "人": {"人": 1, "百人": 100, "千人": 1e3, "万人": 1e4, "亿人": 1e8, "人次": 1},
    "万元": {"万元": 1, "元": 1e-4, "千元": 0.1, "百万元": 100, "亿元": 1e4},
    "张": {"张": 1, "床": 1, "百张": 100, "千张": 1e3, "万张": 1e4},
    "分钟": {
        "分钟": 1,
        "分": 1,
        "min": 1,
        "秒": 1 / 60,
        "s": 1 / 60,
        "小时": 60,
        "h": 60,
    },
    "km": {"km": 1, "公里": 1, "千米": 1, "m": 1e-3, "米": 1e-3},
    "°": {"°": 1, "度": 1, "十进制度": 1, "m": 1, "米": 1},
}
# These headings are common in tables that also have the proper column: they then stay
# extra columns instead of being a second claim to it.
WEAK_ALIASES = frozenset({"x", "y", "code", "代码", "编号", "名称"})
MULTIPLE = re.compile("[十百千万亿]")
SHAPEFILE_NAME_BYTES = 10
POPULATION_OF_YEAR = re.compile(r"population_(\d{4})")


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
    """

    position: int
    heading: str
    column: Column
    factor: float = 1.0
    exact: bool = False


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
    headings: Sequence[str], table: Table, *, truncated: bool
) -> list[Claim]:
    """Return what the headings mean, in the order of the headings.

    Parameters
    ----------
    headings
        As the planner wrote them.
    table
        The kind of table that is expected.
    truncated
        Whether headings may be cut at 10 bytes, as in a shapefile.
    """
    claims = []
    for position, heading in enumerate(headings):
        claim = _claim(position, heading, table, truncated=truncated)
        if claim is not None:
            claims.append(claim)
    exact = {claim.column.name for claim in claims if claim.exact}
    return [
        claim
        for claim in claims
        if claim.exact
        or claim.column.name not in exact
        or plain(claim.heading) not in WEAK_ALIASES
    ]


def _claim(
    position: int, heading: str, table: Table, *, truncated: bool
) -> Claim | None:
    text = plain(heading)
    if not text:
        return None
    for column in table.columns:
        if text == column.name:
            return Claim(position, heading, column, exact=True)
    for column in table.columns:
        if text in map(plain, column.aliases):
            return Claim(position, heading, column)
    if table.name == "zones" and POPULATION_OF_YEAR.fullmatch(text):
        column = replace(table.column("population"), name=text, required=False)
        return Claim(position, heading, replace(column, may_be_blank=True), exact=True)
    stem, unit = split_unit(text)
    for column in table.columns:
        if unit and stem in (column.name, *map(plain, column.aliases)):
            factor = UNITS.get(column.unit, {}).get(unit, 1.0)
            return Claim(position, heading, column, factor)
    return _cut_claim(position, heading, table) if truncated else None


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
    return Claim(position, heading, meant[0]) if len(meant) == 1 else None


def check_claims(claims: Iterable[Claim], remarks: Remarks) -> dict[str, Claim]:
    """Return the claim of each column; report double claims and units."""
    by_column: dict[str, list[Claim]] = {}
    for claim in claims:
        by_column.setdefault(claim.column.name, []).append(claim)
    for name, several in by_column.items():
        if len(several) > 1:
            written = [claim.heading for claim in several]
            remarks.error(
                "column-twice",
                Text(
                    f"{'、'.join(written)} 都表示 {name}",
                    f"{', '.join(written)} all mean {name}",
                ),
                column=name,
                remedy=Text(
                    "只保留一列, 或给其余列改名", "keep one, rename the others"
                ),
            )
        for claim in several:
            _check_unit(claim, remarks)
    return {name: several[0] for name, several in by_column.items()}


def _check_unit(claim: Claim, remarks: Remarks) -> None:
    """Say how the unit in a heading was understood."""
    column = claim.column
    text = plain(claim.heading)
    if not column.unit or text in (column.name, *map(plain, column.aliases)):
        return
    _, unit = split_unit(text)
    if not unit or unit == plain(column.unit):
        return
    if unit in UNITS.get(column.unit, {}):
        if claim.factor != 1:
            remarks.note(
                "unit-understood",
                Text(
                    f"按“{unit}”理解, 乘以 {claim.factor:g} 换算为{column.unit}",
                    f"understood as {unit}: multiplied by {claim.factor:g}",
                ),
                column=claim.heading,
            )
    elif MULTIPLE.search(unit):
        # A unit of thousands that is not known would be wrong by that factor.
        remarks.error(
            "unit-unknown",
            Text(f"不认识单位“{unit}”", f"the unit {unit} is not known"),
            column=claim.heading,
            remedy=Text(f"改用{column.unit}", f"use {column.unit}"),
        )
    else:
        remarks.note(
            "unit-assumed",
            Text(f"按单位“{column.unit}”读取", f"read in the unit {column.unit}"),
            column=claim.heading,
        )


def check_missing(
    table: Table, claimed: dict[str, Claim], headings: Sequence[str], remarks: Remarks
) -> None:
    """Report required columns that no heading means, with the nearest heading."""
    used = {claim.heading for claim in claimed.values()}
    free = [heading for heading in headings if heading and heading not in used]
    for column in table.columns:
        if not column.required or column.name in claimed:
            continue
        remarks.error(
            "column-missing",
            Text(
                f"缺少列 {column.name}({column.meaning.zh})",
                f"the column {column.name} ({column.meaning.en}) is missing",
            ),
            column=column.name,
            remedy=_remedy(column, free),
        )


def _remedy(column: Column, free: Sequence[str]) -> Text:
    for word in (column.name, *column.aliases):
        close = nearest(plain(word), [plain(heading) for heading in free])
        if close is not None:
            written = next(heading for heading in free if plain(heading) == close)
            return Text(
                f"列 {written} 是否应为 {word}?", f"should column {written} be {word}?"
            )
    accepted = "、".join((column.name, *column.aliases[:4]))
    return Text(
        f"增加该列, 列名可用 {accepted}", f"add it; accepted headings: {accepted}"
    )
