"""Which cells of a register change: the same for every format."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from allocator.register.changes import Change
    from allocator.register.reading import Field


@dataclass(frozen=True)
class Edit:
    """One cell that changes.

    Parameters
    ----------
    site_id
        The row; a new one where the register lacks the site.
    field
        The column.
    value
        What the cell then holds.
    added
        Of an amount, how much is added, in the unit of the heading; else None.
    change
        The entry of the log.
    """

    site_id: str
    field: Field
    value: str | float
    change: Change
    added: float | None = None


@dataclass(frozen=True)
class Edits:
    """Everything that changes.

    Parameters
    ----------
    new
        Sites that get a row, in order.
    places
        Where these are, in degrees of CGCS2000.
    appended
        Columns that are added at the right, in order.
    cells
        Cells that change, those of new rows too.
    """

    new: tuple[str, ...] = ()
    places: dict[str, tuple[float, float]] = field(default_factory=dict)
    appended: tuple[Field, ...] = ()
    cells: tuple[Edit, ...] = ()

    @property
    def changes(self) -> tuple[Change, ...]:
        """The entries of the log."""
        return tuple(edit.change for edit in self.cells)


def shown(value: str | float) -> str:
    """Return a value as the text that a reader makes of its cell."""
    if isinstance(value, str):
        return value
    return str(int(value)) if float(value).is_integer() else repr(float(value))
