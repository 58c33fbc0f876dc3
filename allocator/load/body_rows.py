"""Rows between the headings and the end of a file that are no data.

Every row that is left out stands in a finding with its number, and in the account of
the file. Totals are compared with the rows that they are the totals of.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from allocator.errors import Text
from allocator.load.account import NOTHING
from allocator.load.cells import parse_numbers
from allocator.load.codes import short_code
from allocator.load.heading_rows import repeats
from allocator.load.row_marks import (
    first_text,
    is_note,
    is_subtotal,
    is_total,
    is_whole,
)
from allocator.tables import Kind

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from allocator.load.headings import Claim
    from allocator.load.raw import Raw
    from allocator.load.remarks import Remarks
    from allocator.tables import Table

# Only what can be added up: not minutes, levels or degrees.
ADDITIVE_UNITS = frozenset({"人", "张", "人次"})
LABELS = ("name", "service", "resource", "demand_id", "zone_id", "site_id", "county_id")
COUNTY_DIGITS = 6

WHY_NOTE = Text("表下的注释或签名", "a note or signature below the table")
WHY_HEADINGS = Text("重复的表头", "the headings again")
WHY_TOTAL = Text("合计行", "a row of totals")
WHY_PARENT = Text(
    "上级单元, 其下级单元已在表中", "a unit whose parts are in the table too"
)


@dataclass(frozen=True)
class _Rows:
    """The rows of a table with what is needed to judge them."""

    cells: pd.DataFrame
    claimed: dict[str, Claim]
    table: Table

    def text(self, name: str) -> pd.Series:
        """Return the text of a column that a heading claims."""
        return self.cells.iloc[:, self.claimed[name].position]


def leave_out(
    raw: Raw, claimed: dict[str, Claim], table: Table, remarks: Remarks
) -> Raw:
    """Return the rows that are data; the others are findings.

    Parameters
    ----------
    raw
        The file.
    claimed
        What its headings mean.
    table
        The kind of table.
    remarks
        Receives the findings, and in its account every row that is left out.
    """
    if raw.grid is not None and raw.head is not None:
        again = np.array(
            [repeats(raw.grid.rows[row], raw.grid, raw.head) for row in raw.rows],
            dtype=bool,
        )
        raw = _drop(raw, again, "heading-repeated", WHY_HEADINGS, remarks)
        raw = _drop(raw, _notes(raw), "note-row-skipped", WHY_NOTE, remarks)
    raw = _drop_totals(raw, claimed, table, remarks)
    if table.name == "zones" and "zone_id" in claimed:
        raw = _drop_parents(raw, claimed, table, remarks)
    return raw


def _drop(
    raw: Raw,
    wrong: NDArray[np.bool_],
    code: str,
    why: Text,
    remarks: Remarks,
    *,
    more: Text = NOTHING,
) -> Raw:
    """Leave rows out, with a note that names them."""
    if not wrong.any():
        return raw
    texts = [
        " ".join(dict.fromkeys(cell for cell in row if cell))
        for row in raw.cells[wrong].to_numpy().tolist()
    ]
    for row, text in zip(raw.cells.index[wrong], texts, strict=True):
        remarks.account.skip(str(row), text, why)
    remarks.note(
        code,
        Text(
            f"{why.zh}, 不作为数据{more.zh}",
            f"{why.en}: left out{more.en}",
        ),
        keys=raw.cells.index[wrong],
        values=texts,
    )
    return _keep(raw, ~wrong)


def _keep(raw: Raw, keep: NDArray[np.bool_]) -> Raw:
    shapes = None if raw.shapes is None else raw.shapes[keep]
    rows = tuple(np.asarray(raw.rows, dtype=int)[keep]) if raw.rows else ()
    return replace(raw, cells=raw.cells[keep], shapes=shapes, rows=rows)


def _notes(raw: Raw) -> NDArray[np.bool_]:
    """Return which rows are notes; what follows a note in one cell belongs to it."""
    rows = raw.cells.to_numpy().tolist()
    notes = np.zeros(len(rows), dtype=bool)
    for position, row in enumerate(rows):
        filled = {cell for cell in row if cell}
        follows = position > 0 and notes[position - 1] and len(filled) == 1
        notes[position] = is_note(row) or follows
    return notes


def _drop_totals(
    raw: Raw, claimed: dict[str, Claim], table: Table, remarks: Remarks
) -> Raw:
    rows = _Rows(raw.cells, claimed, table)
    total, part = _find_totals(rows)
    if not total.any():
        return raw
    equal, compared = _compare_totals(rows, total, part, remarks)
    more = NOTHING
    if compared and equal:
        more = Text("; 与各行之和一致", "; equal to the sum of the rows")
    return _drop(raw, total, "total-row-skipped", WHY_TOTAL, remarks, more=more)


def _find_totals(rows: _Rows) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return which rows are totals, and which of these are totals of some rows only."""
    cells = rows.cells
    labels = [first_text(row) for row in cells.to_numpy().tolist()]
    columns = [labels]
    columns += [rows.text(n).tolist() for n in LABELS if n in rows.claimed]
    table = list(zip(*columns, strict=True))
    keyless = np.ones(len(cells), dtype=bool)
    if rows.table.key in rows.claimed:
        keyless = (rows.text(rows.table.key) == "").to_numpy(dtype=bool)
    total = np.array([any(map(is_total, row)) for row in table], dtype=bool)
    total |= keyless & np.array([any(map(is_whole, row)) for row in table], dtype=bool)
    part = np.array([any(map(is_subtotal, row)) for row in table], dtype=bool)
    return total, part & total


def _compare_totals(
    rows: _Rows,
    total: NDArray[np.bool_],
    part: NDArray[np.bool_],
    remarks: Remarks,
) -> tuple[bool, bool]:
    """Compare totals with their rows; return whether all agree, and if any could."""
    equal, compared = True, False
    for name, claim in rows.claimed.items():
        additive = claim.column.unit in ADDITIVE_UNITS and claim.column.kind in (
            Kind.NUMBER,
            Kind.COUNT,
        )
        if not additive:
            continue
        text = rows.text(name)
        numbers, _ = parse_numbers(text)
        figures = numbers.to_numpy(dtype=float)
        for at in np.flatnonzero(total & ~np.isnan(figures)).tolist():
            sums = _sums(figures, at, total, part)
            if not sums:
                continue
            compared = True
            tolerance = _tolerance(text, len(figures))
            if any(abs(figures[at] - s) <= tolerance for s in sums):
                continue
            equal = False
            remarks.warning(
                "total-differs",
                Text("合计与各行之和不一致", "the total differs from its rows' sum"),
                keys=[text.index[at]],
                column=name,
                values=[f"{figures[at]:.10g} / {sums[0]:.10g}"],
                remedy=Text(
                    "核对有无漏行或错数; 程序用各行的数",
                    "look for missing rows or wrong figures; the rows are used",
                ),
            )
    return equal, compared


def _sums(
    figures: NDArray[np.float64],
    at: int,
    total: NDArray[np.bool_],
    part: NDArray[np.bool_],
) -> list[float]:
    """Return the sums that a total may be: of all rows, or of those beside it."""
    plain = np.where(total, np.nan, figures)
    if not part[at]:
        return [] if np.isnan(plain).all() else [float(np.nansum(plain))]
    others = np.flatnonzero(total)
    before = others[others < at]
    after = others[others > at]
    above = plain[before[-1] + 1 if len(before) else 0 : at]
    below = plain[at + 1 : after[0] if len(after) else len(plain)]
    return [float(np.nansum(run)) for run in (above, below) if not np.isnan(run).all()]


def _tolerance(text: pd.Series, count: int) -> float:
    """Return how far rounded figures and their rounded total may lie apart."""
    decimals = text.str.extract(r"\.(\d+)$")[0].str.len().max()
    if np.isnan(decimals):
        return 0.0
    return float(0.5 * 10.0**-decimals * (count + 1))


def _drop_parents(
    raw: Raw, claimed: dict[str, Claim], table: Table, remarks: Remarks
) -> Raw:
    """Leave out counties and cities that a table of zones lists beside its zones."""
    ids = raw.cells.iloc[:, claimed["zone_id"].position]
    short = [short_code(text) for text in ids]
    lower = [code for code in short if len(code) > COUNTY_DIGITS]
    parent = np.array(
        [
            code.isdigit()
            and len(code) <= COUNTY_DIGITS
            and any(other.startswith(_stem(code)) for other in lower)
            for code in short
        ],
        dtype=bool,
    )
    if 2 * parent.sum() >= len(parent):
        return raw
    rows = _Rows(raw.cells, claimed, table)
    _compare_parents(rows, short, parent, remarks)
    return _drop(raw, parent, "parent-row-skipped", WHY_PARENT, remarks)


def _stem(code: str) -> str:
    """Return what the codes of a unit's parts begin with: 3601 for 360100."""
    return code[:4] if code.endswith("00") else code


def _compare_parents(
    rows: _Rows, codes: list[str], parent: NDArray[np.bool_], remarks: Remarks
) -> None:
    if "population" not in rows.claimed:
        return
    text = rows.text("population")
    figures = parse_numbers(text)[0].to_numpy(dtype=float)
    tolerance = _tolerance(text, len(text))
    for at in np.flatnonzero(parent & ~np.isnan(figures)).tolist():
        stem = _stem(codes[at])
        inside = np.array([c.startswith(stem) for c in codes], dtype=bool) & ~parent
        people = float(np.nansum(figures[inside]))
        if abs(people - figures[at]) > tolerance:
            remarks.warning(
                "total-differs",
                Text(
                    "上级单元的人口与下级之和不一致",
                    "a unit's people differ from the sum of its parts",
                ),
                keys=[text.index[at]],
                column="population",
                values=[f"{figures[at]:.10g} / {people:.10g}"],
                remedy=Text(
                    "核对有无漏行或错数; 程序用各行的数",
                    "look for missing rows or wrong figures; the rows are used",
                ),
            )
