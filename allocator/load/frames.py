"""One file of the planner as a frame with the columns of the contract."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pandas as pd

from allocator.errors import Text
from allocator.load.account import Certainty, HeadingAccount
from allocator.load.body_rows import leave_out
from allocator.load.cells import plain_id, read_cells, read_extra
from allocator.load.claims import check_claims, check_missing
from allocator.load.files import read_raw, row_name
from allocator.load.grids import remark_empty
from allocator.load.headings import understand, with_unit_lines
from allocator.tables import Kind

if TYPE_CHECKING:
    from pathlib import Path

    import pyproj

    from allocator.load.headings import Claim
    from allocator.load.raw import Raw
    from allocator.load.remarks import Remarks
    from allocator.tables import Table

NUMBERS = (Kind.NUMBER, Kind.COUNT, Kind.DEGREES)


@dataclass(frozen=True)
class Sheet:
    """A planner's table, read and checked cell by cell.

    Parameters
    ----------
    remarks
        The findings on this file.
    frame
        Columns of the contract that the file has, under their names; then the
        planner's other columns under their own headings; ``geometry`` (shapely, None
        where there is none) for a layer. The index names each row as the planner
        knows it: ``第12行 360102002``.
    crs
        The coordinate system that the file states, or None.
    by_standard
        Whether a file of this format that states none holds WGS 84 degrees (GeoJSON).
    is_layer
        Whether the file has shapes.
    """

    remarks: Remarks
    frame: pd.DataFrame
    crs: pyproj.CRS | None = None
    by_standard: bool = False
    is_layer: bool = False

    def has(self, *names: str) -> bool:
        """Whether the file has all these columns."""
        return set(names) <= set(self.frame.columns)


def read_sheet(path: Path, table: Table, remarks: Remarks) -> Sheet | None:
    """Read one table file, and check its columns and cells.

    Parameters
    ----------
    path
        csv, workbook or GDAL layer.
    table
        The kind of table that is expected.
    remarks
        Receives the findings, also when None is returned, and the account of how the
        file was understood.

    Returns
    -------
    sheet
        None when the file cannot be read or lacks a required column. Locations are
        not checked here, since that needs the coordinate system.
    """
    raw = read_raw(path, table, remarks)
    if raw is None:
        return None
    headings = [str(heading) for heading in raw.cells.columns]
    claims, losers = understand(raw.parts, table, truncated=raw.truncated)
    claims = _apply_unit_lines(raw, claims, remarks)
    claimed = check_claims(claims, remarks)
    _remark_losers(losers, claimed, remarks)
    wanted = table
    if raw.shapes is not None:
        # A layer has its locations in its shapes.
        optional = tuple(
            replace(c, required=c.required and c.name not in ("lon", "lat"))
            for c in table.columns
        )
        wanted = replace(table, columns=optional)
    check_missing(wanted, claimed, headings, remarks)
    raw = _fill_merges(raw, claimed, table, remarks)
    raw = leave_out(raw, claimed, wanted, remarks)
    if raw.cells.empty:
        remark_empty(Text("表中没有数据行", "the table has no rows"), remarks)
        return None
    frame = _read_columns(raw, claimed, wanted, remarks)
    _add_headings(headings, claimed, losers, frame, remarks)
    if table.key in frame:
        remarks.account.ids = frame[table.key].tolist()
        _check_keys(frame, table, remarks)
    if any(c.required and c.name not in claimed for c in wanted.columns):
        return None
    return Sheet(remarks, frame, raw.crs, raw.by_standard, raw.shapes is not None)


def _apply_unit_lines(raw: Raw, claims: list[Claim], remarks: Remarks) -> list[Claim]:
    """Apply what lines above the headings say of units, and report it."""
    for line in raw.head.unit_lines if raw.head else ():
        if line.unknown:
            remarks.error(
                "unit-unknown",
                Text(
                    f"不认识单位“{'、'.join(line.unknown)}”",
                    f"the unit {', '.join(line.unknown)} is not known",
                ),
                keys=[row_name(line.row)],
                remedy=Text(
                    "改用 人、万人、张、万元 等单位",
                    "use a unit such as 人, 万人, 张 or 万元",
                ),
            )
        claims, changed = with_unit_lines(claims, line.units)
        for claim in changed:
            remarks.note(
                "unit-line",
                Text(
                    f"{row_name(line.row)}写明单位“{claim.unit}”, "
                    f"乘以 {claim.factor:g}",
                    f"the line above states {claim.unit}: times {claim.factor:g}",
                ),
                keys=[row_name(line.row)],
                column=claim.heading,
            )
    return claims


def _remark_losers(
    losers: list[Claim], claimed: dict[str, Claim], remarks: Remarks
) -> None:
    for claim in losers:
        better = claimed.get(claim.column.name)
        if better is None or better.exact:
            # The contract's own name leaves no doubt.
            continue
        remarks.note(
            "column-chosen",
            Text(
                f"{claim.column.name} 取“{better.heading}”, 此列原样保留",
                f"{better.heading} is taken for {claim.column.name}; this one is kept",
            ),
            column=claim.heading,
        )


def _fill_merges(
    raw: Raw, claimed: dict[str, Claim], table: Table, remarks: Remarks
) -> Raw:
    """Give text that is merged over several rows of data to each of them.

    Figures are not filled down: one figure of two units is not the figure of each.
    """
    if raw.grid is None or not raw.grid.merges:
        return raw
    kinds = {c.position: c.column.kind for c in claimed.values()}
    key = claimed[table.key].position if table.key in claimed else -1
    at = {row: position for position, row in enumerate(raw.rows)}
    cells = raw.cells.copy()
    filled: list[str] = []
    numbers: list[str] = []
    for merge in raw.grid.merges:
        column = merge.left
        one_column = merge.left == merge.right and merge.bottom > merge.top
        if not one_column or merge.top not in at or column == key:
            continue
        rows = [at[r] for r in range(merge.top + 1, merge.bottom + 1) if r in at]
        names = [str(cells.index[row]) for row in rows]
        if kinds.get(column) in NUMBERS:
            numbers += names
            continue
        column_cells = cells.iloc[:, column].tolist()
        for row in rows:
            column_cells[row] = column_cells[at[merge.top]]
        cells.isetitem(column, column_cells)
        filled += names
        remarks.account.filled |= {(name, column) for name in names}
    if filled:
        remarks.note(
            "merged-filled",
            Text(
                "合并单元格的文字填到每一行", "text merged over rows is given to each"
            ),
            keys=dict.fromkeys(filled),
        )
    if numbers:
        remarks.warning(
            "merged-number",
            Text(
                "几行合用一个数字, 只归第一行, 其余按未填",
                "one figure over several rows: the first has it, the others are blank",
            ),
            keys=dict.fromkeys(numbers),
            remedy=Text(
                "拆开合并单元格, 逐行填写", "unmerge and give each row its own"
            ),
        )
    return replace(raw, cells=cells)


def _read_columns(
    raw: Raw, claimed: dict[str, Claim], table: Table, remarks: Remarks
) -> pd.DataFrame:
    cells = raw.cells
    index = cells.index
    if table.key in claimed:
        ids = cells.iloc[:, claimed[table.key].position].map(plain_id)
        index = pd.Index([f"{r} {i}".strip() for r, i in zip(index, ids, strict=True)])
    remarks.account.cells = cells.set_axis(range(cells.shape[1]), axis=1)
    remarks.account.keys = [str(name) for name in index]
    columns: dict[str, pd.Series] = {}
    for name, claim in claimed.items():
        text = cells.iloc[:, claim.position].set_axis(index)
        columns[name] = read_cells(text, claim.column, claim.factor, remarks)
    used = {claim.position for claim in claimed.values()}
    unnamed = []
    for position, heading in enumerate(map(str, cells.columns)):
        if position in used:
            continue
        if not heading:
            if (cells.iloc[:, position] != "").any():
                unnamed.append(HeadingAccount(position, "", "").letter)
            continue
        if heading in columns or heading == "geometry":
            remarks.note(
                "column-ignored",
                Text("同名的列, 只用第一列", "a repeated heading: the first is used"),
                column=heading,
            )
            continue
        columns[heading] = read_extra(cells.iloc[:, position].set_axis(index))
    if unnamed:
        remarks.warning(
            "column-unnamed",
            Text("没有表头的列不读取", "columns without a heading are not read"),
            values=unnamed,
            remedy=Text("补上表头, 或删去该列", "give a heading, or remove the column"),
        )
    if raw.shapes is not None:
        columns["geometry"] = pd.Series(raw.shapes, index=index, dtype=object)
    return pd.DataFrame(columns, index=index)


def _add_headings(
    headings: list[str],
    claimed: dict[str, Claim],
    losers: list[Claim],
    frame: pd.DataFrame,
    remarks: Remarks,
) -> None:
    """Put into the account how every heading was understood."""
    by_position = {claim.position: claim for claim in claimed.values()}
    gave_way = {claim.position: claim for claim in losers}
    for position, heading in enumerate(headings):
        claim = by_position.get(position)
        if claim is not None:
            column = claim.column
            entry = HeadingAccount(
                position,
                heading,
                column.name,
                column.meaning,
                column.unit,
                claim.factor,
                claim.certainty,
            )
        elif heading and heading in frame:
            remark = Text("", "")
            if position in gave_way:
                name = gave_way[position].column.name
                remark = Text(f"{name} 已有更合适的列", f"{name} has a better column")
            entry = HeadingAccount(
                position,
                heading,
                heading,
                certainty=Certainty.EXTRA,
                remark=remark,
            )
        else:
            entry = HeadingAccount(position, heading, "", certainty=Certainty.IGNORED)
        remarks.account.headings.append(entry)


def _check_keys(frame: pd.DataFrame, table: Table, remarks: Remarks) -> None:
    key = frame[table.key]
    twice = key.duplicated(keep=False) & (key != "")
    if table.in_parts and "geometry" in frame:
        # Several rows may be parts of one unit: looked at with their shapes.
        return
    if twice.any():
        remarks.error(
            "id-twice",
            Text("编号重复", "the same id more than once"),
            keys=frame.index[twice],
            column=table.key,
            remedy=Text("每个编号只保留一行", "keep one row of each id"),
        )
