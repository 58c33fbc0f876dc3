"""Opening the files that planners give, as rows of text and, for layers, shapes.

Everything is text at first, so that ids keep their leading zeros. Whatever is wrong
with a file becomes a finding.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pandas as pd

from allocator.errors import Text
from allocator.load.grids import (
    MOST_COLUMNS,
    remark_empty,
    remark_unreadable,
    remark_wide,
)
from allocator.load.heading_rows import find_head
from allocator.load.headings import LEVELS
from allocator.load.layers import LAYERS, read_layer
from allocator.load.raw import Raw
from allocator.load.row_marks import is_note
from allocator.load.texts import read_text_grid
from allocator.load.workbooks import WORKBOOKS, read_workbook_grid

if TYPE_CHECKING:
    from pathlib import Path

    from allocator.load.grids import Grid
    from allocator.load.heading_rows import Head
    from allocator.load.remarks import Remarks
    from allocator.tables import Table

# A spreadsheet takes such text for a formula; writers put an apostrophe before it.
FORMULA_GUARD = re.compile(r"^'(?=[=+\-@])")
MOST_EXCESS = 20  # rows of excess cells that are looked at one by one


def read_raw(path: Path, table: Table, remarks: Remarks) -> Raw | None:
    """Read a file of any accepted format; None when it cannot be read.

    Parameters
    ----------
    path
        The file; its ending decides how it is read.
    table
        The kind of table that is expected, to find the rows of headings.
    remarks
        Receives the findings, and the account of what was understood.
    """
    suffix = path.suffix.lower()
    remarks.account.path = path
    remarks.account.table = table
    if not check_file(path, remarks):
        return None
    if suffix in LAYERS:
        return read_layer(path, remarks)
    if suffix in {".csv", ".txt", ".tsv"}:
        grid = read_text_grid(path, table, remarks)
        return None if grid is None else _table_from(grid, table, remarks)
    if suffix in WORKBOOKS:
        grid = read_workbook_grid(path, table, remarks)
        return None if grid is None else _table_from(grid, table, remarks)
    known = "csv, xlsx, xls, geojson, gpkg, shp, fgb"
    remarks.error(
        "format-unknown",
        Text(f"不认识的文件格式 {suffix}", f"the file format {suffix} is not known"),
        remedy=Text(f"另存为 {known} 之一", f"save it as one of {known}"),
    )
    return None


def check_file(path: Path, remarks: Remarks) -> bool:
    """Return whether there is a file that is not empty; a finding otherwise."""
    try:
        if path.is_file():
            if path.stat().st_size:
                return True
            remarks.error(
                "file-empty",
                Text("文件是空的", "the file is empty"),
                remedy=Text(
                    "检查导出是否完整, 或换一个文件", "export it again, or another one"
                ),
            )
        elif path.exists():
            remarks.error(
                "file-unreadable",
                Text(
                    "不是普通文件 (可能是文件夹)", "this is no file but a folder, say"
                ),
                values=[path],
                remedy=Text("写数据文件的路径", "give the path of a file of data"),
            )
        else:
            remark_missing(path, remarks)
    except OSError as error:
        remark_unreadable(error.strerror or str(error), remarks)
    return False


def remark_missing(path: Path, remarks: Remarks) -> None:
    """Report a file that is not there."""
    remarks.error(
        "file-missing",
        Text(f"找不到文件 {path}", f"there is no file {path}"),
        remedy=Text(
            "检查路径; 相对路径从任务文件所在文件夹算起",
            "check the path; it is relative to the folder of the brief",
        ),
    )


def row_name(row: int) -> str:
    """Return how a spreadsheet counts a row, from its position."""
    return f"第{row + 1}行"


def _table_from(grid: Grid, table: Table, remarks: Remarks) -> Raw | None:
    """Make a table of a grid: headings found, blank rows left out."""
    head = find_head(grid, table)
    remarks.account.heading_rows = tuple(
        range(head.top + 1, head.top + head.levels + 1)
    )
    if head.top or head.levels > 1:
        _remark_head(grid, head, remarks)
    first = head.top + head.levels
    rows = [r for r in range(first, len(grid.rows)) if any(grid.rows[r])]
    width = max([len(head.parts), *(len(grid.rows[row]) for row in rows)], default=0)
    if width > MOST_COLUMNS:
        remark_wide(width, remarks)
        return None
    if not rows or not head.parts:
        remark_empty(Text("表中没有数据行", "the table has no rows"), remarks)
        return None
    parts = head.parts + [()] * (width - len(head.parts))
    _check_width(grid, head, rows, remarks)
    columns = [
        [FORMULA_GUARD.sub("", grid.cell(row, column)) for row in rows]
        for column in range(width)
    ]
    names = pd.Index([row_name(row) for row in rows])
    cells = pd.DataFrame(dict(enumerate(columns)), index=names, dtype=str)
    cells.columns = pd.Index([LEVELS.join(levels) for levels in parts])
    return Raw(cells, parts, grid=grid, head=head, rows=tuple(rows))


def _remark_head(grid: Grid, head: Head, remarks: Remarks) -> None:
    numbers = "、".join(str(head.top + 1 + level) for level in range(head.levels))
    remarks.note(
        "heading-row",
        Text(f"第{numbers}行作为表头", f"row {numbers} holds the headings")
        if head.levels == 1
        else Text(
            f"第{numbers}行合为表头", f"rows {numbers} together hold the headings"
        ),
    )
    above = [row for row in range(head.top) if any(grid.rows[row])]
    if not above:
        return
    why = Text("表头以上的标题或说明", "a title or note above the headings")
    for row in above:
        remarks.account.skip(row_name(row), _joined(grid.rows[row]), why)
    remarks.note(
        "title-row-skipped",
        Text("表头以上的标题、说明不作为数据", "titles and notes above are no data"),
        keys=[row_name(row) for row in above],
        values=[_joined(grid.rows[row]) for row in above],
    )


def _joined(row: list[str]) -> str:
    return " ".join(dict.fromkeys(cell.strip() for cell in row if cell.strip()))


def _check_width(grid: Grid, head: Head, rows: list[int], remarks: Remarks) -> None:
    """Report rows of a text file with more cells than there are headings.

    A comma too many shifts all cells behind it; a workbook's cells cannot shift.
    """
    if not remarks.account.separator:
        return
    expected = len(head.parts)
    excess = [
        row
        for row in rows
        if any(grid.rows[row][expected:]) and not is_note(grid.rows[row])
    ]
    # Cells below no heading in most rows are a column without a heading, not a slip.
    if not excess or len(excess) > len(rows) / 2 > 1:
        return
    found = len(grid.rows[excess[0]])
    remarks.error(
        "row-too-long",
        Text(
            f"表头有 {expected} 列, 这些行更多 (如 {found} 列)",
            f"{expected} headings, but these rows have more cells ({found} say)",
        ),
        keys=[row_name(row) for row in excess],
        remedy=Text(
            "检查多余的分隔符; 含逗号的文字要加双引号",
            "look for a stray comma; text with commas needs double quotes",
        ),
    )
