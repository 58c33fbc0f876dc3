"""How a register is laid out, as the readers of the program understand it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from allocator.errors import Text
from allocator.load.account import Certainty
from allocator.load.body_rows import WHY_TOTAL
from allocator.load.frames import read_sheet
from allocator.load.headings import plain
from allocator.load.remarks import Remarks
from allocator.tables import SITES

if TYPE_CHECKING:
    from pathlib import Path

    import pyproj

    from allocator.load.account import Account

FORMATS = (".xlsx", ".xlsm", ".csv", ".txt", ".tsv", ".gpkg")
NUMBER_IN_NAME = re.compile(r"第(\d+)")


@dataclass(frozen=True)
class Field:
    """A column of the register.

    Parameters
    ----------
    position
        From 0; of a column that is added, behind all others.
    heading
        As written; of several levels joined by ``>``.
    column
        What it means: a column of the contract, else its own heading.
    factor
        What its numbers are multiplied by to get the column's unit.
    """

    position: int
    heading: str
    column: str
    factor: float = 1.0


@dataclass(frozen=True)
class Register:
    """A register that was read.

    Parameters
    ----------
    path
        The file.
    account
        How it was understood: sheet, encoding, heading rows, cells as text.
    fields
        Its columns in their order; those without a heading too.
    rows
        The position in ``account.cells`` of each site.
    is_layer, crs
        Whether it has shapes, and in which coordinate system.
    """

    path: Path
    account: Account
    fields: tuple[Field, ...]
    rows: dict[str, int]
    is_layer: bool = False
    crs: pyproj.CRS | None = None

    def find(self, *words: str) -> Field | None:
        """Return the first column that means one of ``words``, or is headed so."""
        for word in words:
            found = self._by_word.get(word) or self._by_heading.get(plain(word))
            if found is not None:
                return found
        return None

    @cached_property
    def _by_word(self) -> dict[str, Field]:
        return {f.column: f for f in reversed(self.fields) if f.column}

    @cached_property
    def _by_heading(self) -> dict[str, Field]:
        return {plain(f.heading): f for f in reversed(self.fields) if f.heading}

    def texts(self, field: Field) -> list[str]:
        """Return a column as text, row by row."""
        cells = self.account.cells
        if field.position >= cells.shape[1]:
            return [""] * len(cells)
        if field.position not in self._texts:
            column = cells.iloc[:, field.position].tolist()
            self._texts[field.position] = [str(cell) for cell in column]
        return self._texts[field.position]

    @cached_property
    def _texts(self) -> dict[int, list[str]]:
        return {}

    def text(self, site_id: str, field: Field) -> str:
        """Return one cell as text; empty for a site that the register lacks."""
        at, cells = self.rows.get(site_id), self.account.cells
        if at is None or field.position >= cells.shape[1]:
            return ""
        return str(cells.iat[at, field.position])

    def number(self, site_id: str) -> int:
        """Return the number of a site's row as a spreadsheet counts, from 1."""
        return self.numbers[self.rows[site_id]]

    @cached_property
    def numbers(self) -> list[int]:
        """Numbers of the rows that are data."""
        found = [NUMBER_IN_NAME.match(str(name)) for name in self.account.cells.index]
        return [int(match[1]) for match in found if match]

    @property
    def totals(self) -> list[int]:
        """Numbers of the rows of totals."""
        return [s.number for s in self.account.skipped if s.why == WHY_TOTAL]

    @property
    def is_chinese(self) -> bool:
        """Whether its headings are Chinese."""
        key = self.find("site_id")
        return key is not None and not key.heading.isascii()


def read_register(path: Path, remarks: Remarks) -> Register | None:
    """Read a register; None with findings when it cannot be written to.

    Duplicate ids are errors, as everywhere.
    """
    if path.suffix.lower() not in FORMATS:
        remarks.error(
            "register-format",
            Text(
                f"不能在 {path.suffix} 文件里原样更新",
                f"a {path.suffix} file cannot be updated in place",
            ),
            remedy=Text("另存为 xlsx、csv 或 gpkg", "save it as xlsx, csv or gpkg"),
        )
        return None
    sheet = read_sheet(path, SITES, remarks)
    if sheet is None or remarks.failed():
        return None
    account = remarks.account
    named = {heading.position: heading for heading in account.headings}
    fields = []
    for position in range(account.cells.shape[1]):
        heading = named.get(position)
        known = heading is not None and heading.certainty is not Certainty.IGNORED
        fields.append(
            Field(
                position,
                heading.heading if heading else "",
                heading.column if heading and known else "",
                heading.factor if heading else 1.0,
            )
        )
    rows = {site_id: at for at, site_id in enumerate(account.ids)}
    return Register(path, account, tuple(fields), rows, sheet.is_layer, sheet.crs)


def read_again(path: Path) -> Register | None:
    """Read a register that was just written, without saying anything."""
    return read_register(path, Remarks(path.name))
