"""The review in a ``plan.xlsx`` that was sent round and came back.

Sheets are found by their names, else by their headings; columns by their headings;
rows are known by the ids in them. So a workbook may be sorted, filtered, and have
columns and sheets added or moved.
"""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING

import pandas as pd
from python_calamine import CalamineError, CalamineWorkbook

from allocator.decisions.headings import (
    ADDED_ONLY,
    EARLIER_HEADING,
    NEEDED,
    REVIEW_HEADINGS,
    REVIEW_SHEETS,
)
from allocator.errors import Finding, Severity, Text
from allocator.load.cells import plain_id, read_cells
from allocator.load.extents import check_extent
from allocator.load.remarks import Remarks
from allocator.tables import DECISIONS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path


WORKBOOKS = frozenset({".xlsx", ".xlsm", ".xls", ".xlsb", ".ods"})
EARLIER = "earlier"  # column of the frame: the row is of an earlier review
_HEADING_ROWS = 10  # a title and a note may be put above the headings
_PANIC = "PanicException"  # what the reader raises where its Rust gives up

type Grid = list[list[str]]


def read_returned(path: Path, remarks: Remarks) -> pd.DataFrame | None:
    """Read the review out of a workbook of a run.

    Parameters
    ----------
    path
        The workbook.
    remarks
        Receives the findings.

    Returns
    -------
    rows
        Columns of the `decisions` table and ``earlier``, one row for each row that
        says anything; the index names sheet, row and site. None when this is no
        workbook of a run, or one that cannot be read.
    """
    grids = _grids(path)
    if grids is None:
        return None
    found = _review_sheets(grids, remarks)
    if found is None:
        return None
    frames = [_rows(title, *found[title], remarks) for title in found]
    kept = [frame for frame in frames if frame is not None]
    if not kept:
        return pd.DataFrame(columns=[*(c.name for c in DECISIONS.columns), EARLIER])
    rows = pd.concat(kept)
    _warn_of_no_verdict(rows, remarks)
    return rows


def reviewed_rows(path: Path) -> list[tuple[str, str]] | None:
    """Return the (site_id, service) of each row of the list of facilities.

    Returns
    -------
    rows
        None where the workbook cannot be read or has no such list.
    """
    grids = _grids(path) or {}
    titles = _texts(REVIEW_SHEETS["facilities"])
    grid = next((grid for name, grid in grids.items() if name in titles), None)
    if grid is None:
        return None
    heading, columns = _headings(grid)
    if not {"site_id", "service"} <= set(columns):
        return None
    places = columns["site_id"], columns["service"]
    rows = [tuple(plain_id(row[at]) for at in places) for row in grid[heading + 1 :]]
    return [(site_id, service) for site_id, service in rows if site_id]


def _grids(path: Path) -> dict[str, Grid] | None:
    """Return the cells of every sheet as text; None where it cannot be read."""
    if not check_extent(path, Remarks(path.name)):
        return None  # the reader of tables says why
    try:
        with CalamineWorkbook.from_path(path) as book:
            return {
                name: [
                    [_text(cell) for cell in row]
                    for row in book.get_sheet_by_name(name).to_python(
                        skip_empty_area=False
                    )
                ]
                for name in book.sheet_names
            }
    except (CalamineError, OSError, IndexError, ValueError, OverflowError):
        return None
    except BaseException as error:
        # The reader is written in Rust: where it gives up on a damaged file, it raises
        # what is no Exception. Anything else, Ctrl-C say, goes on its way.
        if type(error).__name__ != _PANIC:
            raise
        return None


def _text(cell: object) -> str:
    """Return a cell as the text that a planner sees."""
    if isinstance(cell, datetime.datetime) and cell.time() == datetime.time():
        cell = cell.date()
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    return str(cell).strip()


def _review_sheets(
    grids: Mapping[str, Grid], remarks: Remarks
) -> dict[str, tuple[int, dict[str, int], Grid]] | None:
    """Return the sheets to read: by title the row of headings, columns and cells.

    By name; where the list of facilities was renamed, by its headings.
    """
    titles = {key: _texts(text) for key, text in REVIEW_SHEETS.items()}
    chosen = [name for name in grids if name in titles["facilities"]]
    if not chosen:
        chosen = [
            name
            for name, grid in grids.items()
            if name not in titles["additions"] and _is_review(grid)
        ]
    if len(chosen) > 1:
        remarks.error(
            "sheet-several",
            Text("几个工作表都是审核表", "several sheets are the form of the review"),
            values=chosen,
            remedy=Text("只保留填好的一个", "keep the one that was filled in"),
        )
        return {}
    if not chosen:
        return None
    chosen += [name for name in grids if name in titles["additions"]]
    return {name: (*_headings(grids[name]), grids[name]) for name in chosen}


def _is_review(grid: Grid) -> bool:
    _, columns = _headings(grid)
    needed = set(NEEDED) <= set(columns)
    # Tables of decisions of people's own have these columns too; those that only a
    # workbook of a run has tell them apart.
    own = {REVIEW_HEADINGS["verdict"].zh} | _texts(REVIEW_HEADINGS["lon"])
    return needed and any(own & set(row) for row in grid[:_HEADING_ROWS])


def _headings(grid: Grid) -> tuple[int, dict[str, int]]:
    """Return the row of the headings, and where each column stands."""
    meant = {name: _texts(text) for name, text in REVIEW_HEADINGS.items()}
    meant[EARLIER] = _texts(EARLIER_HEADING)
    best: tuple[int, dict[str, int]] = (0, {})
    for number, row in enumerate(grid[:_HEADING_ROWS]):
        columns = {
            name: next(i for i, cell in enumerate(row) if cell in words)
            for name, words in meant.items()
            if words & set(row)
        }
        if len(columns) > len(best[1]):
            best = number, columns
    return best


def _rows(
    title: str, heading: int, columns: dict[str, int], grid: Grid, remarks: Remarks
) -> pd.DataFrame | None:
    missing = [name for name in NEEDED if name not in columns]
    if missing:
        _refuse_without(title, missing, remarks)
        return None
    gone = [n for n in REVIEW_HEADINGS if n not in (*columns, *ADDED_ONLY)]
    if gone:
        words = [REVIEW_HEADINGS[name] for name in gone]
        remarks.warning(
            "column-removed",
            Text(
                f"工作表“{title}”中已删去的列按未填",
                f"columns removed from the sheet {title} count as blank",
            ),
            values=[f"{word.zh} {word.en}" for word in words],
            remedy=Text(
                "如有移位或理由, 请补回该列",
                "put them back where a place or a reason was given",
            ),
        )
    texts = {
        name: [row[at] if at < len(row) else "" for row in grid[heading + 1 :]]
        for name, at in columns.items()
    }
    if title in _texts(REVIEW_SHEETS["facilities"]):
        texts.pop("name", None)  # what stands there is called so already
    frame = pd.DataFrame(texts, dtype=str)
    frame.index = pd.Index(
        [
            f"{title} 第{number + heading + 2}行 {plain_id(site_id)}".strip()
            for number, site_id in enumerate(frame["site_id"])
        ],
        dtype=object,
    )
    for name in (*REVIEW_HEADINGS, EARLIER):
        if name not in frame:
            frame[name] = ""
    says = (frame[["verdict", "reason", "lon", "lat"]] != "").any(axis=1)
    frame = frame[says]
    typed = {
        column.name: read_cells(frame[column.name], column, 1.0, remarks)
        for column in DECISIONS.columns
    }
    typed[EARLIER] = frame[EARLIER].ne("")
    return pd.DataFrame(typed, index=frame.index)


def _texts(text: Text) -> set[str]:
    return {text.zh, text.en}


def _refuse_without(title: str, missing: Sequence[str], remarks: Remarks) -> None:
    words = [REVIEW_HEADINGS[name] for name in missing]
    remarks.findings.append(
        Finding(
            "column-missing",
            Text(
                f"工作表“{title}”缺少列, 不知道意见说的是哪一项",
                f"the sheet {title} lacks columns: nobody knows what is meant",
            ),
            Severity.ERROR,
            remarks.table,
            column=", ".join(f"{word.zh} {word.en}" for word in words),
            remedy=Text(
                "从方案文件夹的 plan.xlsx 重新填写, 不要删去编号列和意见列",
                "fill in the plan.xlsx of the run again and keep the columns of ids "
                "and verdicts",
            ),
        )
    )


def _warn_of_no_verdict(rows: pd.DataFrame, remarks: Remarks) -> None:
    silent = rows["verdict"] == ""
    if silent.any():
        remarks.warning(
            "decision-without-verdict",
            Text(
                "写了理由或位置, 但没有选审核意见, 不读取",
                "a reason or a place, but no verdict: not read",
            ),
            keys=rows.index[silent],
            column="verdict",
            remedy=Text("在审核意见栏选一项", "choose a verdict"),
        )
