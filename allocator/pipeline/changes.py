"""What differs between a planner's table and its cleaned copy, cell by cell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from allocator.errors import Text
from allocator.load import cell_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import pandas as pd

    from allocator.errors import Finding
    from allocator.load import Account, HeadingAccount

type Change = tuple[str, str, str, str, str, str]

EVERY = "*"  # every row, or every column
WORDING = Text("按契约的写法", "as the contract writes it")
FROM_PLACE = Text("由其他列或位置得到", "found from other columns or the location")
NEW_COLUMN = Text("增加的列", "a column that was not there")
DEGREES = Text("换算为 EPSG:4490 度", "converted to degrees of EPSG:4490")
GONE = Text("这一行没有用到", "this row is not used")


@dataclass(frozen=True)
class Cleaned:
    """A table as it was understood.

    Parameters
    ----------
    account
        How the planner's file was read.
    frame
        The cleaned table, the key among its columns.
    shapes
        The shapes of a layer; None for a table.
    """

    account: Account
    frame: pd.DataFrame
    shapes: Any = None

    @property
    def name(self) -> str:
        """The kind of table."""
        return self.account.table.name if self.account.table else ""

    @property
    def key(self) -> str:
        """The column of ids; empty where the table has none."""
        return self.account.table.key if self.account.table else ""


def changes_of(table: Cleaned, findings: Iterable[Finding]) -> list[Change]:
    """Return every change to a table: rows left out, columns added, cells rewritten.

    Parameters
    ----------
    table
        The cleaned table.
    findings
        Of reading it: they say why.

    Returns
    -------
    changes
        File, row as the planner knows it, column, before, after, and why. A cell that
        only shows the same number otherwise (1.50 for 1.5) is none.
    """
    own = [f for f in findings if f.table == table.account.file]
    changes = [
        (table.account.file, s.row, EVERY, s.text, "", str(s.why))
        for s in table.account.skipped
    ]
    changes += _columns_added(table, own)
    changes += _shapes(table, own)
    changes += _cells(table, own)
    return changes


def _columns_added(table: Cleaned, findings: list[Finding]) -> Iterator[Change]:
    given = {heading.column for heading in table.account.headings}
    for name in table.frame.columns:
        if name in given:
            continue
        values = sorted({cell_text(v) for v in table.frame[name]})
        shown = values[0] if len(values) == 1 else f"({len(values)})"
        why = next((f.message for f in findings if f.column == name), NEW_COLUMN)
        yield (table.account.file, EVERY, str(name), "", shown, str(why))


def _shapes(table: Cleaned, findings: list[Finding]) -> Iterator[Change]:
    for finding in findings:
        if finding.column != "geometry":
            continue
        for key in finding.keys:
            yield (
                table.account.file,
                key,
                "geometry",
                "",
                finding.value,
                str(finding.message),
            )


def _cells(table: Cleaned, findings: list[Finding]) -> Iterator[Change]:
    account = table.account
    reasons = {
        (key, finding.column): finding.message
        for finding in findings
        for key in finding.keys
    }
    after = {
        str(name): [cell_text(value) for value in table.frame[name]]
        for name in table.frame.columns
    }
    rows = _rows(table)
    headings = [h for h in account.headings if h.column in after]
    texts = {h.position: account.cells[h.position].tolist() for h in headings}
    for position, key in enumerate(account.keys):
        row = rows[position]
        if row is None:
            yield (account.file, key, EVERY, key, "", str(GONE))
            continue
        for heading in headings:
            before = texts[heading.position][position]
            if (account.cells.index[position], heading.position) in account.filled:
                before = ""
            now = after[heading.column][row]
            if not _same(before, now):
                why = _why(heading, before, reasons, _names(key))
                yield (account.file, key, heading.heading, before, now, str(why))


def _rows(table: Cleaned) -> list[int | None]:
    """Return the row of the cleaned table that each row of the file became."""
    if not table.key:
        return list(range(len(table.account.keys)))
    where = {str(k): i for i, k in enumerate(table.frame[table.key])}
    return [where.get(one) for one in table.account.ids]


def _same(before: str, after: str) -> bool:
    if before == after:
        return True
    try:
        return before.isascii() and float(before) == float(after)
    except ValueError:
        return False


def _names(key: str) -> tuple[str, ...]:
    """Return the names of a row in findings: ``第5行 360901001``, and its id alone."""
    return key, key.partition(" ")[2]


def _why(
    heading: HeadingAccount,
    before: str,
    reasons: dict[tuple[str, str], Text],
    names: tuple[str, ...],
) -> Text:
    for name in names:
        stated = reasons.get((name, heading.column))
        if stated is not None:
            return stated
    if heading.column in ("lon", "lat") and before:
        return DEGREES
    if heading.factor != 1:
        times = f"× {heading.factor:g}"
        return Text(f"单位换算 {times}", f"converted {times}")
    return WORDING if before else FROM_PLACE
