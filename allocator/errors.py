"""What can be wrong, said once: findings, and the errors that carry them.

A finding is one problem with its place and its remedy. Errors collect findings, so
that a planner sees every problem of all files at once. The class of the error decides
the exit code (`AllocatorError.exit_code`).
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, ClassVar, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable

type Language = Literal["zh", "en"]


@dataclass(frozen=True, slots=True)
class Text:
    """One message in the two languages that the program speaks.

    Parameters
    ----------
    zh
        The message in simplified Chinese.
    en
        The same message in English.
    """

    zh: str
    en: str

    def say(self, language: Language) -> str:
        """Return the message in ``language``."""
        return self.zh if language == "zh" else self.en

    def __str__(self) -> str:
        return f"{self.zh} / {self.en}"


class Severity(StrEnum):
    """How much a finding matters: an error stops the run, the others do not."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Finding:
    """One problem, where it is, and what to do about it.

    Parameters
    ----------
    code
        Stable kebab-case name of the kind of problem, for machines and tests.
    message
        What is wrong.
    severity
        Errors stop the run; warnings and notes are reported.
    table
        Name of the file (or file and layer) that holds the problem; empty when the
        problem is not in one file.
    keys
        The rows concerned, as the planner knows them: ids, or "row 12" / "第12行".
    column
        The column or key concerned; empty when not one column.
    value
        The value found, as text; empty when there is none to show.
    remedy
        What the planner can do.
    """

    code: str
    message: Text
    severity: Severity = Severity.ERROR
    table: str = ""
    keys: tuple[str, ...] = ()
    column: str = ""
    value: str = ""
    remedy: Text | None = None

    def say(self, language: Language, *, most_keys: int = 8) -> str:
        """Return the finding as one line of text: place, message, remedy.

        Parameters
        ----------
        language
            The language of the line.
        most_keys
            How many rows are named before the rest is only counted.
        """
        place = ", ".join(part for part in (self.table, self.column) if part)
        line = f"{place}: " if place else ""
        line += self.message.say(language)
        if self.keys:
            shown = ", ".join(self.keys[:most_keys])
            more = len(self.keys) - most_keys
            if more > 0:
                shown += f" 等另外{more}处" if language == "zh" else f" and {more} more"
            line += f" ({shown})"
        if self.value:
            found = "实际值" if language == "zh" else "found"
            line += f" [{found}: {self.value}]"
        if self.remedy is not None:
            line += " -> " + self.remedy.say(language)
        return line

    def as_dict(self, language: Language) -> dict[str, object]:
        """Return the finding as plain data for ``--json``."""
        return {
            "code": self.code,
            "severity": str(self.severity),
            "table": self.table,
            "column": self.column,
            "keys": list(self.keys),
            "value": self.value,
            "message": self.message.say(language),
            "remedy": self.remedy.say(language) if self.remedy else "",
        }


class AllocatorError(Exception):
    """Root of every error that the program raises on purpose.

    Parameters
    ----------
    findings
        At least one finding; all that are known at the time, not only the first.
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, findings: Iterable[Finding]) -> None:
        self.findings: tuple[Finding, ...] = tuple(findings)
        super().__init__("\n".join(finding.say("en") for finding in self.findings))


class InputError(AllocatorError):
    """A file, a table or a brief cannot be used as it is."""

    exit_code = 3


class PolicyError(AllocatorError):
    """A policy pack cannot be used as it is."""

    exit_code = 4


class InfeasibleError(AllocatorError):
    """No plan can keep every rule; the findings name the rules and what is missing."""

    exit_code = 5


class SolverError(AllocatorError):
    """The solver gave no usable answer."""

    exit_code = 6


class AuditError(AllocatorError):
    """A plan failed its audit, so it was not written."""

    exit_code = 7


def errors_in(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return the findings that stop a run, in their order."""
    return tuple(f for f in findings if f.severity is Severity.ERROR)


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Return the known word that is most like ``word``, or None where none is near."""
    close = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return close[0] if close else None
