"""What a changed choice does, in words that say no more than was proved."""

from __future__ import annotations

from typing import TYPE_CHECKING

from allocator.errors import Text
from allocator.policy.terms import OBJECTIVES, SHORTFALLS

if TYPE_CHECKING:
    from allocator.reasons.consequence import Consequence
    from allocator.reasons.difference import Difference

_NARROW = 1e-4  # relative: bounds nearer than this are said as one figure


def figure(value: float) -> str:
    """Return a figure as planners read it: thousands whole, small ones exact."""
    if abs(value) >= 1000:  # noqa: PLR2004 (thousands read better whole)
        return f"{value:,.0f}"
    return f"{value:.4g}"


def objective_name(name: str) -> Text:
    """Return an objective with its unit."""
    return OBJECTIVES.get(name) or SHORTFALLS[name]


def say_difference(difference: Difference) -> Text:
    """Return how one objective changes: what was found, and what was proved of it."""
    name = objective_name(difference.name)
    said = _AS_WORDS[difference.kind](difference)
    return Text(f"{name.zh}: {said.zh}", f"{name.en}: {said.en}")


def _none(difference: Difference) -> Text:
    return Text("没有差别 (已证明)", "no difference (proven)")


def _within_gap(difference: Difference) -> Text:
    if difference.at_most is None:
        return Text(
            "找到的方案没有差别 (没有求得界)",
            "no difference in the plan found (no bound was proven)",
        )
    most = figure(max(abs(difference.at_most), abs(difference.at_least or 0.0)))
    return Text(
        f"在已证明的误差内没有差别 (至多差 {most})",
        f"no difference within the proven gap (at most {most})",
    )


def _worse(difference: Difference) -> Text:
    found = _change(difference)
    return _bounded(difference, f"变差 {found}", f"worse by {found}")


def _perhaps_worse(difference: Difference) -> Text:
    found = _change(difference)
    return Text(
        f"找到的方案变差 {found}, 未证明必然变差",
        f"worse by {found} in the plan found, not proven to be worse at all",
    )


def _better(difference: Difference) -> Text:
    found = _change(difference)
    return _bounded(difference, f"改善 {found}", f"better by {found}")


def _perhaps_better(difference: Difference) -> Text:
    found = _change(difference)
    return Text(
        f"找到的方案改善 {found}, 未证明必然改善",
        f"better by {found} in the plan found, not proven to be better at all",
    )


def _unknown(difference: Difference) -> Text:
    return Text("未求解", "not solved")


def _bounded(difference: Difference, zh: str, en: str) -> Text:
    low, high = difference.at_least, difference.at_most
    if low is None or high is None:
        return Text(f"{zh} (没有求得界)", f"{en} (no bound was proven)")
    if high - low <= _NARROW * max(1.0, abs(high)):
        return Text(f"{zh} (已证明)", f"{en} (proven)")
    least, most = sorted((abs(low), abs(high)))
    least_, most_ = figure(least), figure(most)
    return Text(
        f"{zh} (至少 {least_}, 至多 {most_})",
        f"{en} (at least {least_}, at most {most_})",
    )


def _change(difference: Difference) -> str:
    return figure(abs(difference.change or 0.0))


_AS_WORDS = {
    "none": _none,
    "within_gap": _within_gap,
    "worse": _worse,
    "perhaps_worse": _perhaps_worse,
    "better": _better,
    "perhaps_better": _perhaps_better,
    "unknown": _unknown,
}


def say_verdict(found: Consequence) -> Text:
    """Return what a changed choice comes to."""
    return _VERDICTS[found.question, found.verdict]


_VERDICTS = {
    ("without", "as_good"): Text(
        "若不设: 有同样好的方案, 可以替代",
        "without it: another plan is as good; it can be replaced",
    ),
    ("without", "worse"): Text("若不设, 方案变差:", "without it the plan is worse:"),
    ("without", "impossible"): Text(
        "若不设: 没有满足全部条款的方案", "without it no plan keeps all clauses"
    ),
    ("without", "unknown"): Text(
        "若不设: 时间内没有定论", "without it: time ran out before this was decided"
    ),
    ("without", "fixed"): Text(
        "现有设置, 不作决策", "held today and kept: no decision"
    ),
    ("with", "as_good"): Text(
        "若必设: 有同样好的方案", "with it: another plan is as good"
    ),
    ("with", "worse"): Text("若必设, 方案变差:", "with it the plan is worse:"),
    ("with", "impossible"): Text(
        "若必设: 没有满足全部条款的方案", "with it no plan keeps all clauses"
    ),
    ("with", "unknown"): Text(
        "若必设: 时间内没有定论", "with it: time ran out before this was decided"
    ),
    ("with", "fixed"): Text("不可设置", "it cannot be placed"),
}
