"""Tables in workbooks: which sheet is meant, and its merged cells."""

from __future__ import annotations

from typing import TYPE_CHECKING

from python_calamine import CalamineError, CalamineWorkbook, SheetVisibleEnum

from allocator.errors import Text
from allocator.load.extents import check_extent
from allocator.load.grids import Grid, Merge, cell_text, remark_empty, remark_unreadable
from allocator.load.heading_rows import HEADING_ROWS, MOST_LEVELS, heading_score

if TYPE_CHECKING:
    from pathlib import Path

    from python_calamine import CalamineSheet

    from allocator.load.remarks import Remarks
    from allocator.tables import Table

WORKBOOKS = frozenset({".xlsx", ".xlsm", ".xls", ".xlsb", ".ods"})
PANIC = "PanicException"  # what pyo3 raises where code in Rust gives up


def read_workbook_grid(path: Path, table: Table, remarks: Remarks) -> Grid | None:
    """Read the sheet whose headings are understood best; None with a finding."""
    if not check_extent(path, remarks):
        return None
    try:
        with CalamineWorkbook.from_path(path) as book:
            return _read_sheet(book, table, remarks)
    except (CalamineError, OSError, IndexError, ValueError, OverflowError) as error:
        remark_unreadable(str(error), remarks)
    except BaseException as error:
        # The reader is written in Rust: where it gives up on a damaged file, it raises
        # what is no Exception. Anything else, Ctrl-C say, goes on its way.
        if type(error).__name__ != PANIC:
            raise
        remark_unreadable(str(error), remarks)
    return None


def _read_sheet(book: CalamineWorkbook, table: Table, remarks: Remarks) -> Grid | None:
    sheets = {
        meta.name: meta.visible == SheetVisibleEnum.Visible
        for meta in book.sheets_metadata
    }
    scores: dict[str, float] = {}
    for name in sheets:
        sheet = book.get_sheet_by_name(name)
        top = _grid(sheet, HEADING_ROWS + MOST_LEVELS)
        if top.rows:
            scores[name] = heading_score(top, table)
    if not scores:
        remark_empty(Text("表中没有数据行", "the table has no rows"), remarks)
        return None
    shown = [name for name in scores if sheets[name]]
    # A hidden sheet is taken only where no sheet that can be seen is understood.
    seen = max((scores[name] for name in shown), default=0.0)
    none = not any(scores.values())
    eligible = shown if seen or (none and shown) else list(scores)
    best = max(eligible, key=lambda name: scores[name])
    remarks.account.sheet = best
    _remark_choice(best, eligible, scores, sheets, remarks)
    return _grid(book.get_sheet_by_name(best), None)


def _remark_choice(
    best: str,
    eligible: list[str],
    scores: dict[str, float],
    sheets: dict[str, bool],
    remarks: Remarks,
) -> None:
    if len(sheets) > 1:
        others = "、".join(name for name in sheets if name != best)
        remarks.note(
            "sheet-chosen",
            Text(
                f"读取工作表“{best}”; 其余未读: {others}",
                f"the sheet {best} is read; not read: {others}",
            ),
        )
    if not sheets[best]:
        remarks.warning(
            "sheet-hidden",
            Text(f"工作表“{best}”是隐藏的", f"the sheet {best} is hidden"),
            remedy=Text("取消隐藏并核对内容", "show it and look at its content"),
        )
    rivals = [n for n in eligible if n != best and scores[n] == scores[best] > 0]
    if rivals:
        names = "、".join(rivals)
        remarks.warning(
            "sheet-several",
            Text(
                f"工作表 {names} 的表头同样可读, 但只读取了“{best}”",
                f"sheets {names} have these headings too; only {best} is read",
            ),
            remedy=Text(
                "分在几个工作表的数据请并为一个", "put data of several sheets into one"
            ),
        )


def _grid(sheet: CalamineSheet, count: int | None) -> Grid:
    rows = sheet.to_python(skip_empty_area=False, nrows=count)
    merges = tuple(
        Merge(top, left, bottom, right)
        for (top, left), (bottom, right) in sheet.merged_cell_ranges or ()
    )
    return Grid([[cell_text(cell).strip() for cell in row] for row in rows], merges)
