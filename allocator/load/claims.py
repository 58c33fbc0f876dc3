"""Checking what headings claim: double claims, units, and columns that are missing."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from allocator.errors import Text, nearest
from allocator.load.headings import plain
from allocator.load.units import UNITS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from allocator.load.headings import Claim
    from allocator.load.remarks import Remarks
    from allocator.tables import Column, Table

MULTIPLE = re.compile("[十百千万亿]")


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
    column, unit = claim.column, claim.unit
    if not column.unit or not unit or unit == plain(column.unit):
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
