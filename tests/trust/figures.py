"""What a part of the trust checks tried, and what of it went wrong."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """One line of the table in docs/trust.md.

    Parameters
    ----------
    what
        What was tried, in words.
    tried
        How many times.
    wrong
        How often it went otherwise than it must; 0 is good.
    note
        What else is worth knowing; empty for nothing.
    """

    what: str
    tried: int
    wrong: int
    note: str = ""
