"""How long work reports where it is, and how it is told to stop."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from allocator.errors import Text


class Progress(Protocol):
    """What a caller passes in to be told about long work.

    Implementations must be cheap: they are called from inside loops and from solver
    callbacks.
    """

    def step(self, text: Text) -> None:
        """Say that a new stage of the work begins."""

    def update(self, text: Text) -> None:
        """Say how the present stage stands; may be called many times a second."""

    def cancelled(self) -> bool:
        """Return True when the work should stop and keep the best found so far."""


class _Silent:
    """A progress that says nothing and never cancels."""

    def step(self, text: Text) -> None:
        """Say nothing."""

    def update(self, text: Text) -> None:
        """Say nothing."""

    def cancelled(self) -> bool:
        """Return False."""
        return False


SILENT: Progress = _Silent()
