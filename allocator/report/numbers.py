"""Numbers as a reader of plans expects them: thousands, 万元, one decimal, %."""

from __future__ import annotations

import math

from allocator.summary import PEOPLE_OF_ONE_WAN

NONE = "—"  # stands where there is no value
_WHOLE = 1e-6


def _known(value: float | None) -> bool:
    return value is not None and math.isfinite(value)


def whole(value: float | None) -> str:
    """Return a number of people or things: ``6,255,007``."""
    return f"{value:,.0f}" if _known(value) else NONE


def people_wan(people: float | None) -> str:
    """Return people in 万: ``625.50``."""
    if people is None or not math.isfinite(people):
        return NONE
    return f"{people / PEOPLE_OF_ONE_WAN:,.2f}"


def money(wan: float | None) -> str:
    """Return an amount in 万元: whole where it is, else with one decimal or two."""
    if wan is None or not math.isfinite(wan):
        return NONE
    for decimals in (0, 1):
        if abs(wan - round(wan, decimals)) < _WHOLE:
            return f"{wan:,.{decimals}f}"
    return f"{wan:,.2f}"


def percent(share: float | None) -> str:
    """Return a share of 0..1 as ``85.3%``."""
    return f"{share:.1%}" if _known(share) else NONE


def tenth(value: float | None) -> str:
    """Return minutes and the like with one decimal."""
    return f"{value:,.1f}" if _known(value) else NONE


def hundredth(value: float | None) -> str:
    """Return a rate with two decimals."""
    return f"{value:,.2f}" if _known(value) else NONE


def general(value: float | None) -> str:
    """Return any figure of a certificate: whole from a thousand on, else exact."""
    if value is None or not math.isfinite(value):
        return NONE
    if abs(value) >= 1000 or value == round(value):  # noqa: PLR2004
        return f"{value:,.0f}"
    return f"{value:,.4g}"


def share_of(part: float, total: float) -> float | None:
    """Return ``part`` of ``total``; None where the total is 0."""
    return part / total if total else None
