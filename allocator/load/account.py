"""What was understood of one file: headings, rows left out, cells that changed.

Findings say what is wrong; an account says how a file was read, heading by heading, so
that a planner can see it before anything is computed from it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

import pandas as pd

from allocator.errors import Text

if TYPE_CHECKING:
    from pathlib import Path

    from allocator.errors import Language
    from allocator.tables import Table


class Certainty(StrEnum):
    """How sure the meaning of a heading is; all but the first are shown as doubtful."""

    CERTAIN = "certain"
    WEAK = "weak"  # a word that tables use for other things too: 代码, x
    REWORDED = "reworded"  # understood after years, marks or numbers were taken off
    PARENT = "parent"  # the lower of two headings alone, the upper one not understood
    CUT = "cut"  # cut at 10 bytes by a shapefile
    UNIT = "unit"  # a unit that is not known; the column's own is assumed
    SUBSTITUTE = "substitute"  # the second best, since the proper column is not there
    EXTRA = "extra"  # not understood, kept under its own heading
    IGNORED = "ignored"  # not read at all

    @property
    def doubtful(self) -> bool:
        """Whether a planner should look at it."""
        return self not in (Certainty.CERTAIN, Certainty.EXTRA, Certainty.IGNORED)


CERTAINTY_WORDS = {
    Certainty.CERTAIN: Text("", ""),
    Certainty.WEAK: Text("存疑: 通用词", "doubtful: a common word"),
    Certainty.REWORDED: Text("存疑: 去掉修饰后认出", "doubtful: words were taken off"),
    Certainty.PARENT: Text(
        "存疑: 上级表头未用", "doubtful: the upper heading was not used"
    ),
    Certainty.CUT: Text("存疑: 列名被截断", "doubtful: the heading is cut"),
    Certainty.UNIT: Text("存疑: 单位是推定的", "doubtful: the unit is assumed"),
    Certainty.SUBSTITUTE: Text("存疑: 替代列", "doubtful: stands in for another"),
    Certainty.EXTRA: Text("未认出, 原样保留", "not understood, kept as it is"),
    Certainty.IGNORED: Text("未使用", "not used"),
}


NOTHING = Text("", "")


@dataclass(frozen=True, slots=True)
class HeadingAccount:
    """How one heading was understood.

    Parameters
    ----------
    position
        Position of the column in the file, from 0.
    heading
        As written; levels of a heading over several rows are joined by ``>``.
    column
        The column of the contract; for an extra column its own heading; else empty.
    meaning
        What the column means; empty for extra columns.
    unit
        The unit of the column.
    factor
        What the file's numbers are multiplied by.
    certainty
        How sure this is.
    remark
        Why a heading is not used, or what it gave way to.
    """

    position: int
    heading: str
    column: str
    meaning: Text = NOTHING
    unit: str = ""
    factor: float = 1.0
    certainty: Certainty = Certainty.CERTAIN
    remark: Text = NOTHING

    @property
    def letter(self) -> str:
        """The column's letter in a spreadsheet."""
        letters, rest = "", self.position + 1
        while rest:
            rest, digit = divmod(rest - 1, 26)
            letters = chr(ord("A") + digit) + letters
        return letters

    def as_dict(self, language: Language) -> dict[str, object]:
        """Return it as plain data for ``--json``."""
        return {
            "position": self.letter,
            "heading": self.heading,
            "column": self.column,
            "meaning": self.meaning.say(language),
            "unit": self.unit,
            "factor": self.factor,
            "certainty": str(self.certainty),
            "doubtful": self.certainty.doubtful,
            "remark": self.remark.say(language),
        }


@dataclass(frozen=True, slots=True)
class Skipped:
    """A row of the file that is no data, with its text and why it was left out."""

    row: str
    text: str
    why: Text

    @property
    def number(self) -> int:
        """The number in the row's name."""
        return int("".join(filter(str.isdigit, self.row)) or 0)


@dataclass
class Account:
    """What was understood of one file, filled in while it is read.

    Parameters
    ----------
    path
        The file; None before a file was opened.
    table
        The kind of table that it was read as.
    encoding, separator, sheet, layer
        How it was opened; empty where that does not apply.
    heading_rows
        Numbers of the rows that hold the headings, from 1; empty for a layer.
    headings
        How every heading was understood, in the order of the file.
    skipped
        Rows that are no data, in the order of the file.
    cells
        Text of the rows that are data, by the row's name and the column's position.
    filled
        Rows and positions of cells that were blank below a merged one.
    keys
        The name of each of these rows in findings.
    ids
        The id of each of these rows, as it was understood; empty without a key.
    """

    path: Path | None = None
    table: Table | None = None
    encoding: str = ""
    separator: str = ""
    sheet: str = ""
    layer: str = ""
    heading_rows: tuple[int, ...] = ()
    headings: list[HeadingAccount] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    cells: pd.DataFrame = field(default_factory=pd.DataFrame)
    filled: set[tuple[str, int]] = field(default_factory=set)
    keys: list[str] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)

    @property
    def file(self) -> str:
        """Name of the file; empty before one was opened."""
        return self.path.name if self.path else ""

    def skip(self, row: str, text: str, why: Text) -> None:
        """Add a row that is left out; the list stays in the order of the file."""
        self.skipped.append(Skipped(row, text, why))
        self.skipped.sort(key=lambda skipped: skipped.number)

    def as_dict(self, language: Language) -> dict[str, object]:
        """Return it as plain data for ``--json``."""
        return {
            "file": self.file,
            "table": self.table.name if self.table else "",
            "encoding": self.encoding,
            "separator": self.separator,
            "sheet": self.sheet,
            "layer": self.layer,
            "heading_rows": list(self.heading_rows),
            "rows": len(self.cells),
            "columns": [heading.as_dict(language) for heading in self.headings],
            "skipped": [
                {"row": s.row, "text": s.text, "why": s.why.say(language)}
                for s in self.skipped
            ],
        }
