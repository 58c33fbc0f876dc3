"""What a brief adds to the policy: budget, year, objectives, and what may be closed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from allocator.errors import Text
from allocator.policy.decided import Decided
from allocator.policy.equity import EQUITY_OBJECTIVES, Equity, equity_words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from allocator.area import PlanningArea
    from allocator.policy.decided import Pair
    from allocator.policy.packs import Policy
    from allocator.policy.tilt import Tilt

# The objectives a brief may order, in words with units. Each is minimised but for
# worst_county_coverage, scores and county_coverage_leximin. Uncovered people are added
# up over all coverage rules, so one person may count under several.
OBJECTIVES = {
    "uncovered_people": Text(
        "未覆盖人次(各条款累计)", "people uncovered, over all rules"
    ),
    "person_minutes": Text("出行人·分钟", "person-minutes of travel"),
    "worst_county_coverage": Text("最差县区覆盖率", "coverage of the worst county"),
    "max_minutes": Text("最远出行(分钟)", "longest trip, minutes"),
    "capital_wan": Text("投资(万元)", "capital, 万元"),
    "yearly_wan": Text("年运行费(万元)", "yearly cost, 万元"),
    "sites": Text("使用的点数", "sites in use"),
    "scores": Text("入选点评分之和", "scores of the chosen sites"),
    "amounts_elsewhere": Text(
        "倾斜对象以外的新增资源(加权)", "resources added elsewhere than favoured"
    ),
    "changes": Text("与上一版方案不同的设置", "placements unlike the previous plan"),
    **EQUITY_OBJECTIVES,
}
# The stages before the objectives: what must hold (only by best effort), what is
# striven for.
SHORTFALLS = {
    "must_shortfall": Text(
        "必须条款缺口(相对值之和)", "shortfall of binding rules, relative"
    ),
    "shortfall": Text(
        "力争条款缺口(相对值之和)", "shortfall of strive rules, relative"
    ),
}
DEFAULT_ORDER = ("uncovered_people", "person_minutes", "capital_wan")


@dataclass(frozen=True, kw_only=True)
class Terms:
    """The terms of one planning task.

    Parameters
    ----------
    capital_wan, yearly_wan
        Most that the phase may cost, 万元, inclusive; None: no limit. The yearly cost
        is that of everything added up to and in the phase.
    total_capital_wan
        Most that all phases up to and with this one may cost; None: no limit.
    year
        The year of the phase; None where the brief states none.
    split
        Whether the people of one demand point may go to several sites.
    closing
        Services whose holders of today may be given up.
    objective
        Names of `OBJECTIVES`, most important first.
    scores
        The score of (site_id, service) pairs; the objective ``scores`` adds up those
        of the pairs that are newly placed.
    tilts
        Where resources are to go first; the objective ``amounts_elsewhere`` adds up
        what goes elsewhere. At most one a resource.
    decided
        What the decisions of a review fix in the phase.
    previous
        How many of each (site_id, service) pair the previous plan holds, phase by
        phase in the order of years; the objective ``changes`` counts where a plan
        differs. None: no previous plan.
    equity
        How the objectives about fairness weigh inequality.
    """

    capital_wan: float | None = None
    yearly_wan: float | None = None
    total_capital_wan: float | None = None
    year: int | None = None
    split: bool = True
    closing: frozenset[str] = frozenset()
    objective: tuple[str, ...] = DEFAULT_ORDER
    scores: Mapping[tuple[str, str], float] = field(default_factory=dict)
    tilts: tuple[Tilt, ...] = ()
    decided: Decided = field(default_factory=Decided)
    previous: tuple[Mapping[Pair, int], ...] | None = None
    equity: Equity = field(default_factory=Equity)


@dataclass(frozen=True)
class Phase:
    """One phase of a task: people and rules as they are in its year, and its terms."""

    area: PlanningArea
    policy: Policy
    terms: Terms


def objective_words(stage: str) -> Text:
    """Return the name of a stage of the certificate in words, with its unit."""
    return equity_words(stage) or OBJECTIVES.get(stage) or SHORTFALLS[stage]
