"""Quantiles and inequality among people, not among rows.

A value x[i] stands for w[i] people, so that splitting a row in two changes nothing.
Rows of nobody do not count. Without people, or where the mean is 0, inequality is not
defined: NaN.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from allocator.accessibility.grouping import ratio

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

ROUNDING = 1e-12  # relative: what adding up people may lose


class Theil(NamedTuple):
    """Theil's T: in all, and its parts within and between groups, which add up."""

    total: float
    within: float
    between: float


def people_quantile(values: ArrayLike, people: ArrayLike, *, share: float) -> float:
    """Return the smallest value that at least ``share`` of the people do not exceed.

    Parameters
    ----------
    values
        One value a row; infinite where there is none.
    people
        People of each row, >= 0.
    share
        From 0 (exclusive) to 1 (inclusive).

    Returns
    -------
    quantile
        One of the values, never interpolated; NaN without people.
    """
    x, w = _rows(values, people)
    if not len(x):
        return np.nan
    order = np.argsort(x, kind="stable")
    below = np.cumsum(w[order])
    needed = share * below[-1] * (1 - ROUNDING)
    return float(x[order][np.searchsorted(below, needed, side="left")])


def gini(values: ArrayLike, people: ArrayLike) -> float:
    """Return the Gini coefficient among people, 0 (equal) to below 1.

    ``sum over i, j of w[i] w[j] |x[i] - x[j]| / (2 W**2 mean)``, computed as one minus
    twice the area under the Lorenz curve.

    Source: Gini (1912); Brown (1994), Social Science & Medicine 38:1243-1256 for the
    trapezoid form in health.
    """
    x, w = _rows(values, people)
    if not (len(x) and x.max() > 0):
        return np.nan
    order = np.argsort(x, kind="stable")
    x, w = x[order], w[order]
    held = np.cumsum(w * x)
    before = np.concatenate([[0.0], held[:-1]])
    area = (w * (held + before)).sum() / (w.sum() * held[-1])
    return float(max(0.0, 1.0 - area))


def theil(values: ArrayLike, people: ArrayLike, groups: ArrayLike) -> Theil:
    """Return Theil's T among people, and its parts within and between groups.

    ``T = sum of w x / (W m) ln(x / m)`` with ``0 ln 0 = 0``, m the mean. With s[g] the
    share of all access that group g has, and m[g] its mean, within is the sum of
    ``s[g] T[g]`` and between the sum of ``s[g] ln(m[g] / m)``.

    Parameters
    ----------
    values, people
        One value a row, >= 0, and its people.
    groups
        The group of each row, as whole numbers from 0.

    Source: Theil (1967), Economics and Information Theory, ch. 4.
    """
    keep = np.asarray(people, dtype=float) > 0
    x, w = _rows(values, people)
    if not (len(x) and x.max() > 0):
        return Theil(np.nan, np.nan, np.nan)
    g = np.asarray(groups, dtype=np.intp)[keep]
    held = np.bincount(g, w * x)
    mean = ratio(held, np.bincount(g, w), empty=0.0)
    everyone = held.sum() / w.sum()
    part = w * x / held.sum()
    within = float((part * _log(x, mean[g])).sum())
    between = float((held / held.sum() * _log(mean, everyone)).sum())
    total = float((part * _log(x, everyone)).sum())
    return Theil(*(max(0.0, t) for t in (total, within, between)))


def _log(
    above: NDArray[np.float64], below: NDArray[np.float64] | float
) -> NDArray[np.float64]:
    """Return ``ln(above / below)``, and 0 where ``above`` is 0 (its share is too)."""
    some = above > 0
    quotient = np.divide(above, below, out=np.ones(len(above)), where=some)
    return np.log(quotient)


def _rows(
    values: ArrayLike, people: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the rows that stand for anybody."""
    x, w = np.asarray(values, dtype=float), np.asarray(people, dtype=float)
    return x[w > 0], w[w > 0]
