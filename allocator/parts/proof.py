"""What is stated of a shared plan: objectives with bounds, or why there is none."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from allocator.errors import Finding, InfeasibleError, SolverError, Text
from allocator.parts.known import Option, OwnStage, Weights, total_of
from allocator.solve import Solution, Stage, solver_version

if TYPE_CHECKING:
    from collections.abc import Sequence

    from allocator.parts.ledger import Ledger
    from allocator.parts.shared import Limit
    from allocator.solve.lexicographic import Status

MAXIMISED = frozenset({"scores"})
FINEST = 1e-9  # relative: what sums of measures cannot tell apart


@dataclass(frozen=True)
class Shared:
    """What the parts come to together.

    Parameters
    ----------
    options
        The plan chosen for each part, in the order of the parts.
    solution
        What was proven of the whole, objective by objective.
    prices
        By limit, what one unit more of it is worth; empty where no limit binds.
    priced
        In which objective: the first after shortfalls that any limit binds.
    method
        ``separate`` where the limits bind nothing, else ``prices``.
    rounds
        How often prices were put to the parts.
    """

    options: tuple[Option, ...]
    solution: Solution
    prices: dict[str, float]
    priced: str
    method: str
    rounds: int


@dataclass
class Search:
    """One objective while it is solved.

    Parameters
    ----------
    place, name
        Which measure, and the objective's name.
    value, least
        Of the best choice, and of the best bound, as minimised.
    started
        On the monotonic clock.
    stopped_by
        Why it was not solved further.
    weights
        Those of the best bound.
    """

    place: int
    name: str
    value: float = math.inf
    least: float = -math.inf
    started: float = field(default_factory=time.monotonic)
    stopped_by: str = "Optimal"
    weights: Weights = ()

    @property
    def gap(self) -> float:
        """The relative gap between value and bound; inf without a bound."""
        if not math.isfinite(self.value) or not math.isfinite(self.least):
            return math.inf
        return max(0.0, self.value - self.least) / max(1.0, abs(self.value))

    def record(self, gap: float) -> Stage:
        """Return what is stated of it, proven within a gap."""
        sign = sign_of(self.name)
        least = self.least if math.isfinite(self.least) else None
        return Stage(
            self.name,
            sign * self.value,
            None if least is None else sign * least,
            gap_of(self.value, least),
            "optimal" if self.gap <= max(gap, FINEST) else "feasible",
            time.monotonic() - self.started,
            self.stopped_by,
        )


def sign_of(name: str) -> float:
    """Return -1 for an objective that is maximised."""
    return -1.0 if name in MAXIMISED else 1.0


def gap_of(value: float, least: float | None) -> float | None:
    """Return the relative gap between a value and a bound, both as minimised."""
    if least is None or not math.isfinite(least):
        return None
    return max(0.0, value - least) / max(1.0, abs(value))


def solution_of(stages: Sequence[Stage], started: float) -> Solution:
    """Return all stages as one solution."""
    proven = all(stage.status == "optimal" for stage in stages)
    return Solution(
        "optimal" if proven else "feasible",
        tuple(stages),
        time.monotonic() - started,
        solver_version(),
    )


def apart(ledger: Ledger, gap: float) -> tuple[tuple[Option, ...], list[Stage]] | None:
    """Return the parts' own plans where they keep every limit, and what they come to.

    The bounds of the parts add up: each is of the part's own earlier objectives.
    """
    options = tuple(ledger.known[part.id].options[0] for part in ledger.parts)
    sums = total_of(options)
    count = len(ledger.stages)
    for number, limit in enumerate(ledger.limits):
        if sums[count + number] > limit.most + FINEST * max(1.0, abs(limit.most)):
            return None
    own = [{s.name: s for s in ledger.known[part.id].own} for part in ledger.parts]
    present = ledger.present()
    stages = []
    for place, name in enumerate(ledger.stages):
        if name in present:
            there = [of_part[name] for of_part in own if name in of_part]
            stages.append(_added(name, float(sums[place]), there, gap))
    return options, stages


def _added(name: str, value: float, there: Sequence[OwnStage], gap: float) -> Stage:
    """Return one objective of parts that share nothing; ``value`` as minimised."""
    sign = sign_of(name)
    bounds = [stage.bound for stage in there if stage.bound is not None]
    bound = float(sum(bounds)) if len(bounds) == len(there) else None
    between = gap_of(value, None if bound is None else sign * bound)
    proven = all(stage.status == "optimal" for stage in there)
    proven = proven and between is not None and between <= gap + FINEST
    status: Status = "optimal" if proven else "feasible"
    stopped = "Optimal" if proven else "TimeLimit"
    return Stage(name, sign * value, bound, between, status, 0.0, stopped)


def with_final_values(
    ledger: Ledger, found: Sequence[Stage], options: Sequence[Option], short: float
) -> list[Stage]:
    """Return the stages with the values of the plan that was chosen last.

    ``short`` is what it falls short of the clauses about all parts.
    """
    sums = total_of(options)
    stages = []
    for stage in found:
        sign = sign_of(stage.name)
        value = float(sums[ledger.stages.index(stage.name)])
        value += short if stage.name == "shortfall" else 0.0
        least = None if stage.bound is None else sign * stage.bound
        stages.append(replace(stage, value=sign * value, gap=gap_of(value, least)))
    return stages


def too_little(
    limits: Sequence[Limit], prices: Sequence[float], least: float
) -> InfeasibleError:
    """Return the error that names what is shared and does not go round.

    Parameters
    ----------
    limits, prices
        Those with a price are in the proof.
    least
        By how much the limits are missed at least, relative to them, added up.
    """
    head = Text(
        "各县单独都有方案, 但合起来守不住共有的限额",
        "every county has a plan, but not within what they share",
    )
    missed = [limit for limit, price in zip(limits, prices, strict=True) if price > 0]
    alone = len(missed) == 1
    return InfeasibleError(
        [
            Finding("infeasible", head),
            *(_short_of(limit, least if alone else None) for limit in missed),
        ]
    )


def _short_of(limit: Limit, least: float | None) -> Finding:
    if not limit.is_money:
        return Finding(
            "infeasible-shared",
            Text(
                "按各县合计的条款与其他限额不能同时满足",
                "the clause about all counties cannot hold with the other limits",
            ),
            keys=(limit.name,),
        )
    missing = Text("", "")
    if least is not None:
        amount = f"{least * max(1.0, abs(limit.most)):,.6g}"
        missing = Text(
            f", 合计至少缺 {amount} 万元", f": at least {amount} 万元 are missing"
        )
    return Finding(
        "infeasible-shared",
        Text(
            f"预算 {limit.most:,.6g} 万元不够{missing.zh}",
            f"a budget of {limit.most:,.6g} 万元 is not enough{missing.en}",
        ),
        keys=(f"budget {limit.year or ''}".strip(),),
        column=limit.name,
        remedy=Text("增加预算, 或放宽条款", "raise the budget or relax clauses"),
    )


def no_choice() -> SolverError:
    """Return the error for limits that no known plans keep together."""
    message = Text(
        "没有找到守住全部共有限额的组合, 也没有证明不存在",
        "no choice of plans was found that keeps what is shared, nor proven absent",
    )
    remedy = Text(
        "加大 [solver] time_limit_s, 或不写 [split]",
        "raise [solver] time_limit_s, or leave out [split]",
    )
    return SolverError([Finding("split-no-choice", message, remedy=remedy)])
