"""Check of `allocator.policy.CountInUnit`: count the holders of every unit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from allocator.audit.finding import Found, judged
from allocator.errors import Text

if TYPE_CHECKING:
    from allocator.audit.facts import Facts, UnitFacts
    from allocator.policy import CountInUnit


def check(rule: CountInUnit, facts: Facts) -> list[Found]:
    """Return one found per unit.

    Raises
    ------
    MissingColumnError
        When the register does not say who is among ``of``.
    """
    return [
        _judge(rule, facts.how_many(rule.service, rule.of, unit.zones), unit)
        for unit in facts.units(rule)
    ]


def _judge(rule: CountInUnit, number: int, unit: UnitFacts) -> Found:
    lacking = max(0, (rule.lo or 0) - number)
    excess = max(0, number - rule.hi) if rule.hi is not None else 0
    gap = Text("", "")
    if lacking:
        gap = Text(f"缺 {lacking} 所", f"{lacking} missing")
    elif excess:
        gap = Text(f"多 {excess} 所", f"{excess} too many")
    return judged(
        unit.id,
        unit.name,
        _required(rule),
        Text(f"{number} 所", f"{number}"),
        missing=float(lacking or excess),
        gap=gap,
    )


def _required(rule: CountInUnit) -> Text:
    if rule.lo is not None and rule.hi is not None:
        figure = f"{rule.lo}" if rule.lo == rule.hi else f"{rule.lo}–{rule.hi}"
        return Text(f"{figure} 所", figure)
    if rule.lo is not None:
        return Text(f"不少于 {rule.lo} 所", f"at least {rule.lo}")
    return Text(f"不多于 {rule.hi} 所", f"at most {rule.hi}")
