"""Printing: results to stdout, progress and problems to stderr."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
import unicodedata
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from allocator.errors import Severity, Text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import FrameType

    from allocator.errors import Finding, Language

_COLOURS = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.NOTE: "cyan"}
_LABELS = {
    Severity.ERROR: Text("错误", "error"),
    Severity.WARNING: Text("警告", "warning"),
    Severity.NOTE: Text("提示", "note"),
}
_UPDATE_EVERY_S = 0.2


class Console:
    """Where a command writes.

    Parameters
    ----------
    language
        Of everything said.
    quiet
        Say nothing on stderr but errors.
    verbose
        Say notes too.
    as_json
        Print one JSON document on stdout instead of text.
    """

    def __init__(
        self,
        language: Language,
        *,
        quiet: bool = False,
        verbose: bool = False,
        as_json: bool = False,
    ) -> None:
        self.language: Language = language
        self.quiet = quiet
        self.verbose = verbose
        self.as_json = as_json

    def result(self, line: str = "") -> None:
        """Print a line of the result."""
        click.echo(line)

    def data(self, content: Any) -> None:  # noqa: ANN401 (any JSON value)
        """Print the result as JSON."""
        click.echo(json.dumps(content, ensure_ascii=False, indent=2))

    def say(self, text: Text) -> None:
        """Say something about the work, on stderr."""
        if not self.quiet:
            click.echo(text.say(self.language), err=True)

    def findings(self, findings: Sequence[Finding]) -> None:
        """Print findings on stderr, errors first; notes only when verbose."""
        order = (Severity.ERROR, Severity.WARNING, Severity.NOTE)
        for severity in order:
            if severity is not Severity.ERROR and self.quiet:
                continue
            if severity is Severity.NOTE and not self.verbose:
                continue
            for finding in findings:
                if finding.severity is severity:
                    label = _LABELS[severity].say(self.language)
                    styled = click.style(f"{label}", fg=_COLOURS[severity], bold=True)
                    click.echo(
                        f"{styled} {finding.say(self.language)}",
                        err=True,
                        color=_coloured(),
                    )


def _coloured() -> bool | None:
    """Follow NO_COLOR; otherwise let click look at the terminal."""
    return False if os.environ.get("NO_COLOR") else None


class TerminalProgress:
    """Progress on stderr: a line a stage, and one changing line on a terminal."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._stopped = False
        self._started = time.monotonic()
        self._updated = 0.0
        self._line_open = False

    def step(self, text: Text) -> None:
        """Begin a line for a new stage, with the seconds since the start."""
        if self._console.quiet:
            return
        self._end_line()
        elapsed = time.monotonic() - self._started
        words = text.say(self._console.language)
        click.echo(f"[{elapsed:6.1f}s] {words}", err=True)

    def update(self, text: Text) -> None:
        """Rewrite the changing line; on no terminal, say nothing."""
        now = time.monotonic()
        if (
            self._console.quiet
            or not sys.stderr.isatty()
            or now - self._updated < _UPDATE_EVERY_S
        ):
            return
        self._updated = now
        words = text.say(self._console.language)
        click.echo(f"\r\x1b[K          {words}", err=True, nl=False)
        self._line_open = True

    def cancelled(self) -> bool:
        """Return whether Ctrl-C was pressed."""
        return self._stopped

    def stop(self) -> None:
        """Ask the work to stop and keep the best found."""
        self._stopped = True

    def _end_line(self) -> None:
        if self._line_open:
            click.echo("\r\x1b[K", err=True, nl=False)
            self._line_open = False


@contextmanager
def stopping_on_interrupt(
    progress: TerminalProgress, console: Console
) -> Iterator[None]:
    """Make the first Ctrl-C keep the best plan; a second one ends the program."""

    def on_interrupt(signum: int, frame: FrameType | None) -> None:
        if progress.cancelled():
            raise KeyboardInterrupt
        progress.stop()
        console.say(
            Text(
                "正在停止, 将保留已找到的最好方案; 再按一次 Ctrl-C 立即退出",
                "stopping with the best plan found; Ctrl-C again to quit at once",
            )
        )

    before = signal.signal(signal.SIGINT, on_interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def width(text: str) -> int:
    """Return the columns that a text takes in a terminal; Chinese takes two each."""
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def pad(text: str, columns: int) -> str:
    """Cut or fill a text to a number of terminal columns."""
    if width(text) > columns:
        kept = ""
        for character in text:
            if width(kept + character) > columns - 1:
                break
            kept += character
        text = kept + "…"
    return text + " " * (columns - width(text))


def print_table(
    console: Console, headings: Sequence[str], rows: Sequence[Sequence[str]], most: int
) -> None:
    """Print rows in aligned columns, none wider than ``most`` terminal columns."""
    columns = [
        min(most, max([width(h), *(width(row[i]) for row in rows)]))
        for i, h in enumerate(headings)
    ]
    for row in (headings, *rows):
        cells = [pad(cell, columns[i]) for i, cell in enumerate(row)]
        console.result("  ".join(cells).rstrip())
