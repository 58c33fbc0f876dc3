"""Formulas of a workbook when rows are put into a sheet, and copied to new rows."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from openpyxl.formula.tokenizer import Token, Tokenizer, TokenizerError
from openpyxl.formula.translate import Translator

if TYPE_CHECKING:
    from collections.abc import Iterator

# Sheet1!$E$5:$E$20, 'Sheet 1'!E5, 5:20, E5
REFERENCE = re.compile(
    r"^(?P<sheet>(?:'(?:[^']|'')+'|[^'!]+)!)?"
    r"(?P<c1>\$?[A-Z]{1,3})?(?P<f1>\$?)(?P<r1>\d{1,7})"
    r"(?P<colon>:(?P<c2>\$?[A-Z]{1,3})?(?P<f2>\$?)(?P<r2>\d{1,7}))?$",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Insertion:
    """Rows put into a sheet.

    Parameters
    ----------
    sheet
        Title of the sheet.
    first
        The first row of data.
    after
        The last row of data before; the new rows follow it.
    count
        How many.
    """

    sheet: str
    first: int
    after: int
    count: int

    def holds(self, row: int) -> bool:
        """Return whether a row is one of data."""
        return self.first <= row <= self.after

    def row(self, row: int) -> int:
        """Return where a row is afterwards."""
        return row + self.count if row > self.after else row

    def rows(self, first: int, last: int) -> tuple[int, int]:
        """Return where a range of rows is afterwards; one of data takes the new in."""
        if first <= self.after == last:
            return first, last + self.count
        return self.row(first), self.row(last)


def _references(formula: str) -> Iterator[tuple[Token, re.Match[str] | None]]:
    for token in Tokenizer(formula).items:
        is_range = token.type == Token.OPERAND and token.subtype == Token.RANGE
        yield token, REFERENCE.match(token.value) if is_range else None


def _sheet(match: re.Match[str]) -> str | None:
    """Return the title of the sheet that a reference names, if it names one."""
    if not match["sheet"]:
        return None
    title = match["sheet"][:-1]
    return title[1:-1].replace("''", "'") if title.startswith("'") else title


def shifted(formula: str, own: str, insertion: Insertion, *, extend: bool) -> str:
    """Return a formula as it is after rows were put in.

    Parameters
    ----------
    formula
        With its equals sign; what cannot be read is returned as it is.
    own
        Title of the sheet that it stands in.
    insertion
        The rows put in.
    extend
        Whether ranges that end with the last row of data take the new rows in.
    """
    try:
        parts = list(_references(formula))
    except TokenizerError:
        return formula
    words = []
    for token, match in parts:
        if match is None or (_sheet(match) or own) != insertion.sheet:
            words.append(token.value)
        else:
            words.append(_moved(match, insertion, extend=extend))
    return "=" + "".join(words)


def _moved(match: re.Match[str], insertion: Insertion, *, extend: bool) -> str:
    sheet, c1, f1 = match["sheet"] or "", match["c1"] or "", match["f1"]
    first = int(match["r1"])
    if not match["colon"]:
        return f"{sheet}{c1}{f1}{insertion.row(first)}"
    last = int(match["r2"])
    if extend:
        first, last = insertion.rows(first, last)
    else:
        first, last = insertion.row(first), insertion.row(last)
    return f"{sheet}{c1}{f1}{first}:{match['c2'] or ''}{match['f2']}{last}"


def copied(formula: str, own: str, origin: str, target: str) -> str | None:
    """Return a formula for a new row; None where it looks at other rows.

    Parameters
    ----------
    formula
        Of the last row of data.
    own
        Title of its sheet.
    origin, target
        Its cell and the new one, ``E20`` say.
    """
    row = int(re.sub(r"\D", "", origin))
    try:
        matches = list(_references(formula))
    except TokenizerError:
        return None
    for token, match in matches:
        if token.type != Token.OPERAND or token.subtype != Token.RANGE:
            continue
        if match is None or not _is_simple(match, own, row):
            return None
    return str(Translator(formula, origin=origin).translate_formula(target))


def _is_simple(match: re.Match[str], own: str, row: int) -> bool:
    """Whether a reference is fixed, or to the same row of the same sheet."""
    fixed = bool(match["f1"]) and (not match["colon"] or bool(match["f2"]))
    if fixed:
        return True
    if match["f1"] or match["f2"] or (_sheet(match) or own) != own:
        return False
    return int(match["r1"]) == row and int(match["r2"] or row) == row
