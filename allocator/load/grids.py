"""Rows of text cells, as a spreadsheet shows them, before anything is understood."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from allocator.errors import Text

if TYPE_CHECKING:
    from allocator.load.remarks import Remarks

MOST_COLUMNS = 2000  # the widest statistical return has some hundreds


@dataclass(frozen=True, slots=True)
class Merge:
    """A merged block of cells; positions from 0, the ends belong to it."""

    top: int
    left: int
    bottom: int
    right: int


@dataclass(frozen=True)
class Grid:
    """The cells of one table.

    Parameters
    ----------
    rows
        Text without spaces around it, blank cells empty; rows may differ in length.
    merges
        Merged blocks of a workbook; only their first cell holds text.
    """

    rows: list[list[str]]
    merges: tuple[Merge, ...] = ()

    def cell(self, row: int, column: int) -> str:
        """Return one cell; beyond the end of its row it is empty."""
        cells = self.rows[row]
        return cells[column].strip() if column < len(cells) else ""


def cell_text(cell: object) -> str:
    """Return a cell as the text that a planner sees: 360102.0 is ``360102``."""
    if cell is None or cell is pd.NaT:
        return ""
    if isinstance(cell, (float, np.floating)):
        if np.isnan(cell):
            return ""
        return str(int(cell)) if float(cell).is_integer() else repr(float(cell))
    if isinstance(cell, (bool, np.bool_)):
        return "true" if cell else "false"
    if isinstance(cell, (list, tuple, np.ndarray)):
        return ";".join(cell_text(part) for part in cell)
    return str(cell)


def remark_empty(what: Text, remarks: Remarks) -> None:
    """Report a table or layer that holds nothing."""
    remarks.error(
        "table-empty",
        what,
        remedy=Text(
            "检查导出是否完整, 或换一个文件", "export it again, or choose another"
        ),
    )


def remark_wide(width: int, remarks: Remarks) -> None:
    """Report a table of more columns than any table of a planner has."""
    remarks.error(
        "table-too-wide",
        Text(
            f"表有 {width:,} 列, 最多 {MOST_COLUMNS:,} 列",
            f"the table has {width:,} columns; at most {MOST_COLUMNS:,} are read",
        ),
        remedy=Text(
            "检查分隔符和多余的空列", "look at the separator, and for blank columns"
        ),
    )


def remark_unreadable(reason: str, remarks: Remarks) -> None:
    """Report a file that cannot be opened as what its ending says."""
    reason = " ".join(reason.split())[:200]
    remarks.error(
        "file-unreadable",
        Text(f"文件无法读取: {reason}", f"the file cannot be read: {reason}"),
        remedy=Text(
            "文件可能损坏或格式与后缀不符, 请重新导出",
            "it may be damaged or not what its ending says; export it again",
        ),
    )
