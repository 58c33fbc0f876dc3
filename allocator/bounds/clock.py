"""When a search stops: time is over, or whoever asked wants no more."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


def never() -> bool:
    """Return False: nobody asks to stop."""
    return False


@dataclass(frozen=True)
class Clock:
    """A limit that every step of a search looks at.

    Parameters
    ----------
    until
        When to stop, on the monotonic clock.
    stopped
        Whether someone wants no more; cheap.
    """

    until: float
    stopped: Callable[[], bool] = never

    @property
    def is_over(self) -> bool:
        """Whether to stop now."""
        return time.monotonic() > self.until or self.stopped()
