"""How a task weighs inequality of travel, from its brief and its data."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from allocator.audit import Facts, plan_of_today
from allocator.audit.equity import journeys
from allocator.policy.equity import DEFAULT_AVERSION, DEFAULT_TAIL_SHARE, Equity

if TYPE_CHECKING:
    from allocator.load import Brief
    from allocator.policy.terms import Phase
    from allocator.travel import Travel


def weigh_inequality(
    brief: Brief, phases: tuple[Phase, ...], travel: Travel
) -> tuple[Phase, ...]:
    """Give the terms of all phases the same settings of `equity_of`."""
    equity = equity_of(brief, phases[-1], travel)
    return tuple(
        replace(phase, terms=replace(phase.terms, equity=equity)) for phase in phases
    )


def equity_of(brief: Brief, phase: Phase, travel: Travel) -> Equity:
    """Return the settings of the objectives about fairness.

    kappa = alpha x aversion, alpha = sum people z / sum people z**2, 1/minute, which
    makes the aversion a number without unit. The z are how people travel today: to the
    nearest holder of today, and ``unserved_minutes`` where none can serve them. They
    depend on no plan, so that all plans are compared by one measure. Where everybody is
    at a holder's door today, alpha is 1 / ``unserved_minutes``.
    Source: Sheriff and Maguire 2020, Risk Analysis 40; Logan et al. 2021, Computers,
    Environment and Urban Systems 86, 101590.

    Parameters
    ----------
    brief
        Its aversion, share of the worst-served, and travel cut-off.
    phase
        The last one: its people and its services.
    travel
        The pairs that can be travelled.
    """
    asked = brief.objective
    tables = [one.pairs for one in (travel, *travel.services.values())]
    longest = [float(pairs["minutes"].max()) for pairs in tables if len(pairs)]
    unserved = max(brief.travel.max_minutes or 0.0, 1.0, *longest)
    today = plan_of_today(phase.area, travel, phase.policy, phase.terms)
    trips = journeys(Facts(phase.area, travel, phase.policy, today), unserved)
    squares = sum(trip.people * trip.minutes**2 for trip in trips)
    alpha = 1.0 / unserved
    if squares > 0:
        alpha = sum(trip.people * trip.minutes for trip in trips) / squares
    aversion = DEFAULT_AVERSION if asked.aversion is None else asked.aversion
    share = DEFAULT_TAIL_SHARE if asked.tail_share is None else asked.tail_share
    return Equity(
        kappa=alpha * aversion, unserved_minutes=unserved, tail_share=float(share)
    )
