"""Dividing zones among leads: balanced and near; what gives way when not both can be.

In this order: the balance asked for, or where no division keeps it the least deviation
there is; then the person-minutes.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Literal

from allocator.errors import Finding, SolverError, Text
from allocator.networks.program import Answer, DivisionProgram
from allocator.networks.repair import grown
from allocator.solve import Limits

if TYPE_CHECKING:
    from allocator.networks.division import Division
    from allocator.networks.program import Owners
    from allocator.progress import Progress

type Status = Literal["optimal", "feasible", "infeasible"]
type Balance = Literal["not asked", "kept", "impossible", "not found"]


@dataclass(frozen=True)
class Divided:
    """A division that was found, and what was proved of it.

    Parameters
    ----------
    owners
        The lead of each zone, as a position; None when there is no division at all.
    status
        ``optimal`` when balance (or least deviation) and minutes are proven within the
        gap asked for; ``infeasible`` when no division into contiguous groups exists.
    value, bound, gap
        Person-minutes, the least that could exist as proved (among divisions that
        deviate no more), and abs(value - bound) / max(1, abs(value)).
    deviation
        Largest relative deviation of a group's people from the mean; 0 for one group.
    balance
        ``kept``, ``impossible`` (proved) or ``not found`` (in the time given).
    seconds
        Wall-clock seconds.
    """

    owners: tuple[int, ...] | None
    status: Status
    value: float | None
    bound: float | None
    gap: float | None
    deviation: float | None
    balance: Balance
    seconds: float


@dataclass
class _Clock:
    """Seconds left of a limit."""

    seconds: float
    gap: float
    progress: Progress

    def __post_init__(self) -> None:
        self.started = time.monotonic()

    @property
    def spent(self) -> float:
        return time.monotonic() - self.started

    def part(self, share: float) -> Limits:
        """Return limits with a share of what is left."""
        left = max(0.0, self.seconds - self.spent)
        return Limits(left * share, self.gap, progress=self.progress)


def divide(
    division: Division,
    balance: float | None,
    *,
    seconds: float,
    gap: float,
    progress: Progress,
) -> Divided:
    """Divide the zones.

    Parameters
    ----------
    division
        Zones, leads and costs.
    balance
        Largest relative deviation of a group's people from the mean; None: any.
    seconds
        Wall-clock limit.
    gap
        Relative gap at which the minutes count as proven.
    progress
        When it is cancelled the best division found is kept.

    Raises
    ------
    SolverError
        When the time runs out before any division is found.
    """
    clock = _Clock(seconds, gap, progress)
    if len(division.leads) == 1:
        return _only_one(division, balance)
    asked = None if balance is None else division.window(Fraction(str(balance)))
    # Some time is kept for the case that the balance cannot be kept.
    first = DivisionProgram(division, asked).least_minutes(
        clock.part(1.0 if asked is None else 0.7)
    )
    if first.owners is not None:
        return _told(division, first, "not asked" if asked is None else "kept", clock)
    if asked is None or balance is None:
        return _without_answer(division, "not asked", clock, first)
    return _least_deviation(division, balance, first, clock)


def _least_deviation(
    division: Division, balance: float, first: Answer, clock: _Clock
) -> Divided:
    """Divide with the least deviation, since the balance was not met."""
    at_least = balance if first.infeasible else 0.0
    second = DivisionProgram(division).least_deviation(
        clock.part(0.5), at_least=at_least
    )
    missed: Balance = "impossible" if first.infeasible else "not found"
    if second.owners is None:
        return _without_answer(division, missed, clock, second, near=first.near)
    asked, widest = Fraction(str(balance)), division.widest(second.owners)
    if widest <= asked:
        missed, widest = "kept", asked
    elif second.optimal:
        missed = "impossible"
    third = DivisionProgram(division, division.window(widest)).least_minutes(
        clock.part(1.0)
    )
    owners = third.owners if third.owners is not None else second.owners
    proven = third.optimal and (missed == "kept" or second.optimal)
    best = Answer(owners, infeasible=False, bound=third.bound, optimal=proven)
    return _told(division, best, missed, clock)


def _only_one(division: Division, balance: float | None) -> Divided:
    owners = (0,) * len(division.items)
    value = division.value(owners)
    kept: Balance = "not asked" if balance is None else "kept"
    return Divided(owners, "optimal", value, value, 0.0, 0.0, kept, 0.0)


def _told(
    division: Division, answer: Answer, balance: Balance, clock: _Clock
) -> Divided:
    """Return an answer that has owners, with its value and what it proves."""
    owners = answer.owners or ()
    value = division.value(owners)
    # Nobody travels less than when every zone is in the group it is nearest to.
    least = float(division.minutes.min(axis=1).sum())
    bound = min(value, max(least, answer.bound if answer.bound is not None else least))
    gap = (value - bound) / max(1.0, abs(value))
    return Divided(
        owners,
        "optimal" if answer.optimal and gap <= clock.gap + 1e-9 else "feasible",
        value,
        bound,
        gap,
        float(division.widest(owners)),
        balance,
        clock.spent,
    )


def _without_answer(
    division: Division,
    balance: Balance,
    clock: _Clock,
    last: Answer,
    *,
    near: Owners | None = None,
) -> Divided:
    """Say that no division exists; or, when only time ran out, return a plain one.

    Raises
    ------
    SolverError
        When not even that gives one.
    """
    if last.infeasible:
        return Divided(None, "infeasible", None, None, None, None, balance, clock.spent)
    owners = near if near is not None else grown(division)
    if owners is not None:
        plain = Answer(owners, infeasible=False, bound=None, optimal=False)
        return _told(division, plain, balance, clock)
    message = Text(
        "在时限内没有找到任何分组", "no division into groups was found in the time"
    )
    remedy = Text("加大 [solver] time_limit_s", "raise [solver] time_limit_s")
    raise SolverError([Finding("network-no-time", message, remedy=remedy)])
