"""Writing ``plan.xlsx``: the facility plan in the planners' own annex.

What a plan by best effort does not keep, the list of facilities with drop-downs for the
review, what the review adds, the annex with one row per facility, the indicators, the
clauses with their verdicts, the investment, the counties, beds, people in reach of
every zone, access, amounts, groups and who belongs to them where there are any, and how
to read it all. Totals are formulas over the list, so that a figure changed in a meeting
carries through; each is stored with the value that the plan has.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from allocator.workbook.access import write_access, write_allocations
from allocator.workbook.annex import write_annex
from allocator.workbook.cells import (
    ACTION_WORDS,
    SHEETS,
    VERDICT_WORDS,
    Book,
    new_file,
    styles,
)
from allocator.workbook.clauses import write_clauses, write_gaps
from allocator.workbook.comparison import write_comparison_workbook
from allocator.workbook.counties import write_counties
from allocator.workbook.facilities import facilities, write_facilities
from allocator.workbook.groups import write_groups, write_members
from allocator.workbook.indicators import write_beds, write_indicators, write_reach
from allocator.workbook.investment import write_investment
from allocator.workbook.notes import write_notes
from allocator.workbook.review import write_additions

if TYPE_CHECKING:
    from pathlib import Path

    from allocator.outcome import Outcome

__all__ = [
    "ACTION_WORDS",
    "SHEETS",
    "VERDICT_WORDS",
    "write_comparison_workbook",
    "write_workbook",
]


def write_workbook(outcome: Outcome, path: Path) -> None:
    """Write the workbook of a plan.

    Parameters
    ----------
    outcome
        What the run found; headings are in its language.
    path
        The file to write; one that exists is replaced.
    """
    with new_file(path, outcome.area.name) as file:
        book = Book(file, outcome.language, styles(file), outcome)
        table = facilities(outcome)
        write_gaps(book)
        write_facilities(book, table)
        write_additions(book, table)
        write_annex(book)
        write_indicators(book)
        write_clauses(book)
        write_investment(book, table)
        write_counties(book)
        write_beds(book)
        write_reach(book)
        write_access(book)
        write_allocations(book)
        write_groups(book)
        write_members(book)
        write_notes(book)
