"""What reviewers fill in: columns of the list of facilities, and a sheet to add to it.

The headings are those that `allocator.decisions` reads back. Decisions of the review
before stand there already, so that they hold on until somebody changes them: beside
the placement that they are about, or, where the plan has no such placement, in the
sheet of additions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from allocator.decisions.headings import (
    EARLIER_HEADING,
    EARLIER_MARK,
    REVIEW_HEADINGS,
)
from allocator.decisions.verdicts import Verdict
from allocator.errors import Text
from allocator.workbook.cells import (
    VERDICT_WORDS,
    Book,
    Column,
    position,
    set_widths,
    write_table,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xlsxwriter.worksheet import Worksheet

    from allocator.decisions import Decision
    from allocator.errors import Language

_BLANK_ROWS = 20  # to add to; a table in a spreadsheet can be continued below


def earlier_decisions(
    decisions: Sequence[Decision], table: pd.DataFrame
) -> tuple[list[Decision | None], list[Decision]]:
    """Return the decision of each row of the list, and those without a row.

    A decision on another year than that of the row stands by itself: its year is part
    of what it says.

    Parameters
    ----------
    decisions
        That the run obeys.
    table
        Columns ``site_id``, ``service``, ``action`` and ``phase``, a row a placement.
    """
    beside: list[Decision | None] = [None] * len(table)
    alone: list[Decision] = []
    for decision in decisions:
        row = _row_of(decision, table)
        if row is None or beside[row] is not None:
            alone.append(decision)
        else:
            beside[row] = decision
    return beside, alone


def _row_of(decision: Decision, table: pd.DataFrame) -> int | None:
    if decision.verdict in (Verdict.MOVE, Verdict.ADD) or not decision.service:
        return None
    here = (table["site_id"] == decision.site_id) & (
        table["service"] == decision.service
    )
    rows = [int(at) for at in here.to_numpy().nonzero()[0]]
    # What is new is what a verdict is about, where something was held before.
    rows.sort(key=lambda at: table["action"].iloc[at] == "keep")
    for at in rows:
        year = table["phase"].iloc[at]
        if decision.phase is None or pd.isna(year) or decision.phase == year:
            return at
    return None


def review_columns(
    decisions: Sequence[Decision | None], language: Language
) -> list[Column]:
    """Return the columns that reviewers fill in, with what was said before."""
    headings = REVIEW_HEADINGS
    words = [
        "" if d is None else VERDICT_WORDS[str(d.verdict)].say(language)
        for d in decisions
    ]

    def of(name: str) -> list[object]:
        values = [None if d is None else getattr(d, name) for d in decisions]
        return ["" if value is None else value for value in values]

    return [
        Column(headings["verdict"], words, "input", "verdict"),
        Column(headings["reason"], of("reason"), "input"),
        Column(headings["reviewer"], of("reviewer"), "input"),
        Column(headings["date"], of("date"), "input"),
        Column(headings["lon"], of("lon"), "input_degrees"),
        Column(headings["lat"], of("lat"), "input_degrees"),
    ]


def offer_verdicts(
    book: Book, sheet: Worksheet, columns: Sequence[Column], last: int
) -> None:
    """Give the cells of verdicts their drop-down, down to row ``last`` (from 0)."""
    hint = Text(
        "不同意、缓建、调整请写理由; 调整须填新经纬度",
        "Give a reason; to move takes a new longitude and latitude",
    )
    choice = {
        "validate": "list",
        "source": [book.say(word) for word in VERDICT_WORDS.values()],
        "input_title": book.say(REVIEW_HEADINGS["verdict"]),
        "input_message": book.say(hint),
    }
    at = position(columns, "verdict")
    sheet.data_validation(1, at, last, at, choice)


def write_additions(book: Book, table: pd.DataFrame) -> None:
    """Write the sheet of what the list does not have: sites to add, other decisions.

    Parameters
    ----------
    book
        The workbook.
    table
        The list, as `allocator.workbook.facilities.facilities` gives it.
    """
    _, alone = earlier_decisions(book.outcome.decisions, table)
    rows: list[Decision | None] = [*alone, *([None] * _BLANK_ROWS)]
    headings = REVIEW_HEADINGS

    def of(name: str) -> list[object]:
        values = [None if d is None else d.cell(name) for d in rows]
        return ["" if value is None else value for value in values]

    mark = book.say(EARLIER_MARK)
    columns = [
        Column(headings["site_id"], of("site_id"), "input"),
        Column(headings["name"], of("name"), "input"),
        Column(headings["service"], of("service"), "input"),
        Column(headings["class"], of("class"), "input"),
        Column(headings["phase"], of("phase"), "input"),
        *review_columns(rows, book.language),
        Column(EARLIER_HEADING, ["" if d is None else mark for d in rows], "id"),
    ]
    sheet = book.sheet("additions")
    write_table(book, sheet, columns)
    set_widths(book, sheet, columns)
    sheet.freeze_panes(1, 0)
    sheet.repeat_rows(0)
    offer_verdicts(book, sheet, columns, len(rows))
