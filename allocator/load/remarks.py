"""Collecting the findings of one file."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from allocator.errors import Finding, Severity, Text, errors_in
from allocator.load.account import Account

if TYPE_CHECKING:
    from collections.abc import Iterable

MOST_VALUES = 3  # that many different values are shown of one kind of problem


@dataclass
class Remarks:
    """The findings of one file, in the order in which they were met.

    Parameters
    ----------
    table
        Name of the file, as the planner knows it.
    findings
        Where findings are put; several may share one list.
    account
        What was understood of the file.
    """

    table: str
    findings: list[Finding] = field(default_factory=list)
    account: Account = field(default_factory=Account)

    def add(
        self,
        code: str,
        message: Text,
        *,
        severity: Severity = Severity.ERROR,
        keys: Iterable[object] = (),
        column: str = "",
        values: Iterable[object] = (),
        remedy: Text | None = None,
    ) -> None:
        """Add one finding.

        Parameters
        ----------
        code, message, severity, column, remedy
            As in `allocator.errors.Finding`.
        keys
            The rows concerned, as the planner knows them.
        values
            The values found there; the first few different ones are shown.
        """
        shown = list(dict.fromkeys(str(value) for value in values))
        text = ", ".join(shown[:MOST_VALUES])
        if len(shown) > MOST_VALUES:
            text += " ..."
        self.findings.append(
            Finding(
                code,
                message,
                severity,
                self.table,
                tuple(str(key) for key in keys),
                column,
                text[:120],
                remedy,
            )
        )

    def error(
        self,
        code: str,
        message: Text,
        *,
        keys: Iterable[object] = (),
        column: str = "",
        values: Iterable[object] = (),
        remedy: Text | None = None,
    ) -> None:
        """Add a finding that stops the run; parameters as in `add`."""
        self.add(code, message, keys=keys, column=column, values=values, remedy=remedy)

    def warning(
        self,
        code: str,
        message: Text,
        *,
        keys: Iterable[object] = (),
        column: str = "",
        values: Iterable[object] = (),
        remedy: Text | None = None,
    ) -> None:
        """Add a finding that the planner should look at; parameters as in `add`."""
        self.add(
            code,
            message,
            severity=Severity.WARNING,
            keys=keys,
            column=column,
            values=values,
            remedy=remedy,
        )

    def note(
        self,
        code: str,
        message: Text,
        *,
        keys: Iterable[object] = (),
        column: str = "",
        values: Iterable[object] = (),
        remedy: Text | None = None,
    ) -> None:
        """Add a finding that only says what was understood; parameters as in `add`."""
        self.add(
            code,
            message,
            severity=Severity.NOTE,
            keys=keys,
            column=column,
            values=values,
            remedy=remedy,
        )

    def failed(self) -> bool:
        """Whether any finding of this remarks stops the run."""
        return bool(errors_in(self.findings))
