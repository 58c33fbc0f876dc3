"""One file of the planner as a frame with the columns of the contract."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pandas as pd

from allocator.errors import Text
from allocator.load.cells import plain_id, read_cells, read_extra
from allocator.load.files import Raw, read_raw
from allocator.load.headings import check_claims, check_missing, understand

if TYPE_CHECKING:
    from pathlib import Path

    import pyproj

    from allocator.load.headings import Claim
    from allocator.load.remarks import Remarks
    from allocator.tables import Table

TOTAL_WORDS = frozenset({"合计", "总计", "小计", "total"})


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
        Receives the findings, also when None is returned.

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
    claims = understand(headings, table, truncated=raw.truncated)
    claimed = check_claims(claims, remarks)
    wanted = table
    if raw.shapes is not None:
        # A layer has its locations in its shapes.
        optional = tuple(
            replace(c, required=c.required and c.name not in ("lon", "lat"))
            for c in table.columns
        )
        wanted = replace(table, columns=optional)
    check_missing(wanted, claimed, headings, remarks)
    frame = _read_columns(
        _drop_totals(raw, claimed, wanted, remarks), claimed, wanted, remarks
    )
    if table.key in frame:
        _check_keys(frame, table, remarks)
    if any(c.required and c.name not in claimed for c in wanted.columns):
        return None
    return Sheet(remarks, frame, raw.crs, raw.by_standard, raw.shapes is not None)


def _drop_totals(
    raw: Raw, claimed: dict[str, Claim], table: Table, remarks: Remarks
) -> Raw:
    """Leave out rows of totals, which stand in many planners' tables."""
    cells = raw.cells
    names = [n for n in (table.key, "name") if n in claimed]
    total = pd.Series(data=False, index=cells.index)
    for name in names:
        text = cells.iloc[:, claimed[name].position]
        total |= text.str.replace(r"\s", "", regex=True).str.lower().isin(TOTAL_WORDS)
    if not total.any():
        return raw
    remarks.note(
        "total-row-skipped",
        Text("合计行不作为数据", "rows of totals are left out"),
        keys=cells.index[total],
    )
    keep = ~total.to_numpy()
    shapes = None if raw.shapes is None else raw.shapes[keep]
    return replace(raw, cells=cells[keep], shapes=shapes)


def _read_columns(
    raw: Raw, claimed: dict[str, Claim], table: Table, remarks: Remarks
) -> pd.DataFrame:
    cells = raw.cells
    index = cells.index
    if table.key in claimed:
        ids = cells.iloc[:, claimed[table.key].position].map(plain_id)
        index = pd.Index([f"{r} {i}".strip() for r, i in zip(index, ids, strict=True)])
    columns: dict[str, pd.Series] = {}
    for name, claim in claimed.items():
        text = cells.iloc[:, claim.position].set_axis(index)
        columns[name] = read_cells(text, claim.column, claim.factor, remarks)
    used = {claim.position for claim in claimed.values()}
    for position, heading in enumerate(map(str, cells.columns)):
        if position in used or not heading:
            continue
        if heading in columns or heading == "geometry":
            remarks.note(
                "column-ignored",
                Text("同名的列, 只用第一列", "a repeated heading: the first is used"),
                column=heading,
            )
            continue
        columns[heading] = read_extra(cells.iloc[:, position].set_axis(index))
    if raw.shapes is not None:
        columns["geometry"] = pd.Series(raw.shapes, index=index, dtype=object)
    return pd.DataFrame(columns, index=index)


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
