"""Objectives about fairness: the worst-served county first, Kolm-Pollak, worst tail.

Lexicographic max-min over counties. The sum of the k worst outcomes y of counties is a
linear program, exact in integer programs too: for outcomes to be small,
S_k = min k r + sum d[c], d[c] >= y[c] - r, d >= 0; for outcomes to be large the mirror
image. Stage k minimises S_k - S_(k-1) while S_(k-1) is held: the outcome of the k-th
worst county. Source: Ogryczak and Śliwiński 2006, On direct methods for lexicographic
min-max optimization, ICCSA 2006, LNCS 3982.

Kolm-Pollak equally-distributed equivalent of minutes z travelled by P people:
K = -1/kappa ln(1/P sum people exp(-kappa z)), kappa < 0. It grows with
sum people x exp(-kappa z), which is linear in the shares x: each share of a demand
point is people who travel z. Sources: Sheriff and Maguire 2020, Risk Analysis 40;
Horton, Murrell, Skipper, Speakman and Logan 2024, arXiv:2401.15452.

Mean minutes of the worst-served share t (conditional value at risk): the least over
theta of theta + 1/(t P) sum people s[i], s[i] >= m[i] - theta, s >= 0, m[i] being the
mean minutes of demand point i. Source: Rockafellar and Uryasev 2000, Journal of Risk 2.

People served nowhere travel ``unserved_minutes`` in the three that are about minutes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from allocator.errors import Finding, InputError, Text
from allocator.formulation.coverage import county_by_zone, cover_terms
from allocator.formulation.objective import (
    Objective,
    Parts,
    nothing_to_measure,
    total,
)
from allocator.formulation.program import Program, RowTag, Term
from allocator.policy.equity import (
    COUNTY_COVERAGE,
    COUNTY_MINUTES,
    KOLM_POLLAK,
    WORST_TAIL,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    import pulp

    from allocator.formulation.serving import ServiceServing
    from allocator.policy.equity import Equity

# The longest journey may weigh this many times the shortest. Double precision and a
# solver's tolerance of 1e-6 leave no digits for more.
_WIDEST_RANGE = 1e8


def _county_coverage(phases: Sequence[Parts]) -> list[Objective]:
    """Maximise covered shares, the worst county first.

    A county's share is the smallest under any coverage rule and in any phase.
    """
    shares: dict[str, pulp.LpVariable] = {}
    program = phases[0].program
    for parts in phases:
        for rule, _ in parts.covers.values():
            homes = county_by_zone(parts.program, rule)
            cover = cover_terms(parts.program, rule, homes)
            for county_id, people in cover.people.items():
                if people <= 0:
                    continue
                if county_id not in shares:
                    name = f"share_c{len(shares)}"
                    shares[county_id] = program.new_variable(name, 0, 1)
                terms = [*cover.terms[county_id], (shares[county_id], -people)]
                tag = RowTag(rule.id, county_id, "share_of_county")
                bound = -cover.certain[county_id]
                parts.program.add_row(tag, terms, ">=", bound)
    if not shares:
        raise nothing_to_measure(COUNTY_COVERAGE, "coverage")
    return _worst_first(program, COUNTY_COVERAGE, shares, longest=1.0, sign=-1.0)


def _county_minutes(phases: Sequence[Parts]) -> list[Objective]:
    """Minimise mean minutes, the worst county first.

    A county's minutes are those of its people's journeys over all services, the
    longest mean of any phase.
    """
    means: dict[str, pulp.LpVariable] = {}
    program, longest = phases[0].program, _longest(phases)
    for parts in phases:
        by_county: dict[str, list[_Point]] = {}
        for point in _points(parts, COUNTY_MINUTES):
            by_county.setdefault(point.county_id, []).append(point)
        for county_id, points in sorted(by_county.items()):
            if county_id not in means:
                name = f"mean_c{len(means)}"
                means[county_id] = program.new_variable(name, 0, longest)
            people = sum(point.people for point in points)
            # Divided by the people of a mean point, so that coefficients are minutes.
            scale = len(points) / people
            terms: list[Term] = [(means[county_id], people * scale)]
            constant = 0.0
            for point in points:
                weight = point.people * scale
                terms += [(x, -weight * m) for x, m in point.terms if m]
                constant += weight * point.constant
            tag = RowTag(COUNTY_MINUTES, county_id, "mean_of_county")
            parts.program.add_row(tag, terms, ">=", constant)
    if not means:
        raise nothing_to_measure(COUNTY_MINUTES, "serves")
    return _worst_first(program, COUNTY_MINUTES, means, longest=longest, sign=1.0)


def _worst_first(
    program: Program,
    name: str,
    outcomes: Mapping[str, pulp.LpVariable],
    *,
    longest: float,
    sign: float,
) -> list[Objective]:
    """Return one stage a county: the k-th worst outcome for k = 1, 2, ...

    Parameters
    ----------
    program
        Variables and rows are added to it.
    name
        The objective's.
    outcomes
        The outcome of every county, each at its best when it is pushed there.
    longest
        No outcome lies above it, nor below 0.
    sign
        1 where outcomes should be small, -1 where they should be large.
    """
    stages = []
    before = total([])
    for k in range(1, len(outcomes) + 1):
        terms = _sum_of_worst(
            program, f"{name}_{k}", outcomes, k, longest=longest, sign=sign
        )
        now = total(terms)
        stages.append(Objective(f"{name}_{k}", now - before, sign=sign))
        before = now
    return stages


def _sum_of_worst(
    program: Program,
    stage: str,
    outcomes: Mapping[str, pulp.LpVariable],
    k: int,
    *,
    longest: float,
    sign: float,
) -> list[Term]:
    """Return the sum of the k worst outcomes, times ``sign``, as terms to minimise."""
    if k == len(outcomes):
        return [(outcome, sign) for outcome in outcomes.values()]
    level = program.new_variable(f"level_{stage}", 0, longest)
    terms: list[Term] = [(level, sign * k)]
    for number, (county_id, outcome) in enumerate(outcomes.items()):
        row: list[Term] = [(level, sign), (outcome, -sign)]
        if k > 1:
            beyond = program.new_variable(f"beyond_{stage}_c{number}", 0, longest)
            row.append((beyond, 1.0))
            terms.append((beyond, 1.0))
        program.add_row(RowTag(stage, county_id, "beyond"), row, ">=", 0.0)
    return terms


@dataclass(frozen=True)
class _Point:
    """One demand point for one service: its mean minutes, as terms and a constant."""

    county_id: str
    people: float
    terms: list[Term]
    constant: float


def _points(parts: Parts, name: str) -> Iterator[_Point]:
    """Yield every demand point that a service addresses, in the order of services.

    Raises
    ------
    InputError
        When no service has people.
    """
    if not parts.serving.services:
        raise nothing_to_measure(name, "serves")
    lost = parts.program.terms.equity.unserved_minutes
    for serving in parts.serving.services.values():
        by_demand: dict[str, list[Term]] = {}
        for share, demand_id, minutes in _trips(serving):
            by_demand.setdefault(demand_id, []).append((share, minutes))
        for demand_id, out in serving.unserved.items():
            by_demand[demand_id].append((out, lost))
        counties = serving.demand["county_id"]
        for demand_id, people, county_id in zip(
            serving.demand.index, serving.demand["people"], counties, strict=True
        ):
            terms = by_demand.get(demand_id, [])
            constant = 0.0 if terms else lost
            yield _Point(str(county_id), float(people), terms, constant)


def _trips(serving: ServiceServing) -> Iterator[tuple[pulp.LpVariable, str, float]]:
    pairs = serving.pairs
    yield from zip(
        serving.shares,
        pairs["demand_id"].tolist(),
        pairs["minutes"].astype(float).tolist(),
        strict=True,
    )


def _longest(phases: Sequence[Parts]) -> float:
    """Return the most minutes that anyone can be taken to travel."""
    found = [_equity(phases).unserved_minutes]
    found += [
        float(serving.pairs["minutes"].max())
        for parts in phases
        for serving in parts.serving.services.values()
        if len(serving.pairs)
    ]
    return max(found)


def _equity(phases: Sequence[Parts]) -> Equity:
    return phases[0].program.terms.equity


def _kolm_pollak(phases: Sequence[Parts]) -> list[Objective]:
    """Minimise the minutes that, travelled by all alike, would weigh the same.

    What is minimised is the sum of people x exp(-kappa (minutes - floor)). The floor
    is the equivalent when each travels to the nearest site that may hold the service:
    no plan goes below it, so the sum is at least the number of people, and
    coefficients are of the size of people.
    """
    rate = -_equity(phases).kappa
    points = [point for parts in phases for point in _points(parts, KOLM_POLLAK)]
    if not points:
        raise nothing_to_measure(KOLM_POLLAK, "serves")
    shortest = [min((m for _, m in p.terms), default=p.constant) for p in points]
    longest = [max((m for _, m in p.terms), default=p.constant) for p in points]
    if rate * (max(longest) - min(shortest)) > math.log(_WIDEST_RANGE):
        raise _ill_scaled(rate, max(longest) - min(shortest))
    people = np.array([point.people for point in points])
    everyone = float(people.sum())
    top = max(shortest)
    weighed = float((people * np.exp(rate * (np.array(shortest) - top))).sum())
    floor = top + math.log(weighed / everyone) / rate
    terms: list[Term] = []
    constant = 0.0
    for point in points:
        for variable, minutes in point.terms:
            weight = point.people * math.exp(rate * (minutes - floor))
            terms.append((variable, weight))
        if not point.terms:
            constant += point.people * math.exp(rate * (point.constant - floor))

    def equivalent(weight: float) -> float:
        # Below the number of people lie only rounding and bounds weaker than the floor.
        return floor + math.log(max(weight, everyone) / everyone) / rate

    return [
        Objective(
            KOLM_POLLAK,
            total(terms, constant),
            shown=equivalent,
            # A relative gap of g is at most about g / rate minutes.
            finer=min(1.0, 0.99 * rate * max(1.0, floor)),
        )
    ]


def _ill_scaled(rate: float, minutes: float) -> InputError:
    message = Text(
        f"不平等厌恶过强: 相差 {minutes:.0f} 分钟的出行权重相差 "
        f"{math.exp(min(700.0, rate * minutes)):.1g} 倍, 求解器无法准确计算",
        f"the aversion is too strong: trips {minutes:.0f} minutes apart weigh "
        f"{math.exp(min(700.0, rate * minutes)):.1g} times one another, beyond what a "
        "solver computes exactly",
    )
    remedy = Text(
        "把 [objective] aversion 改得接近 0 (如 -1), 或用 worst_tail_minutes",
        "bring [objective] aversion nearer to 0 (-1, say), or order worst_tail_minutes",
    )
    return InputError(
        [Finding("objective-ill-scaled", message, column="aversion", remedy=remedy)]
    )


def _worst_tail(phases: Sequence[Parts]) -> list[Objective]:
    """Minimise the mean minutes of the worst-served share of people.

    A demand point whose people are split counts with its mean minutes. What is
    minimised is in person-minutes: the mean times the people of the tail.
    """
    program, longest = phases[0].program, _longest(phases)
    threshold = program.new_variable("tail_from", 0, longest)
    terms: list[Term] = []
    everyone = alike = 0.0
    for parts in phases:
        for point in _points(parts, WORST_TAIL):
            everyone += point.people
            if not point.terms:
                alike += point.people  # all of these travel the same: one row below
                continue
            number = len(terms)
            beyond = parts.program.new_variable(f"tail_{number}", 0, longest)
            row: list[Term] = [(beyond, 1.0), (threshold, 1.0)]
            row += [(x, -minutes) for x, minutes in point.terms if minutes]
            tag = RowTag(WORST_TAIL, point.county_id, f"beyond_{number}")
            parts.program.add_row(tag, row, ">=", 0.0)
            terms.append((beyond, point.people))
    if not everyone:
        raise nothing_to_measure(WORST_TAIL, "serves")
    equity = _equity(phases)
    if alike:
        beyond = program.new_variable("tail_lost", 0, longest)
        row = [(beyond, 1.0), (threshold, 1.0)]
        tag = RowTag(WORST_TAIL, "", "beyond_lost")
        program.add_row(tag, row, ">=", equity.unserved_minutes)
        terms.append((beyond, alike))
    tail = equity.tail_share * everyone
    terms.append((threshold, tail))
    return [Objective(WORST_TAIL, total(terms), shown=lambda minutes: minutes / tail)]


EQUITY_MAKERS: Mapping[str, Callable[[Sequence[Parts]], list[Objective]]] = {
    COUNTY_COVERAGE: _county_coverage,
    COUNTY_MINUTES: _county_minutes,
    KOLM_POLLAK: _kolm_pollak,
    WORST_TAIL: _worst_tail,
}
