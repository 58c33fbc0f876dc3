"""Budget, totals and objectives of two plans side by side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from allocator.errors import Text
from allocator.outcome import TOTAL_NAMES
from allocator.policy.terms import OBJECTIVES, SHORTFALLS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from allocator.compare.place import Side

_TOTALS = (
    "capital_wan",
    "yearly_wan",
    "people",
    "covered_people",
    "person_minutes",
    "placements",
    "new_placements",
)
_TERMS = {
    "capital_wan": Text("预算: 投资(万元)", "budget: capital, 万元"),
    "yearly_wan": Text("预算: 年运行费(万元)", "budget: yearly cost, 万元"),
    "total_capital_wan": Text("预算: 投资总额(万元)", "budget: capital in all, 万元"),
}


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure of both plans.

    Parameters
    ----------
    kind
        ``term`` (set by the brief), ``total`` (measured from the plan) or
        ``objective`` (what was minimised).
    name
        As in ``run.json``.
    text
        The name in words, with its unit.
    before, after
        The values; None where a plan has none.
    """

    kind: str
    name: str
    text: Text
    before: float | None
    after: float | None

    @property
    def heading(self) -> Text:
        """The name in words, with what kind of figure it is where that is unclear."""
        if self.kind != "objective":
            return self.text
        return Text(f"目标: {self.text.zh}", f"objective: {self.text.en}")

    @property
    def difference(self) -> float | None:
        """After less before; None where either is missing."""
        if self.before is None or self.after is None:
            return None
        return self.after - self.before


def figures(before: Side, after: Side) -> tuple[Figure, ...]:
    """Return what the certificates of two plans say, in one order.

    Figures that neither has are left out. A plan without a certificate has the totals
    that can be read from the plan itself.
    """
    sides = (before, after)
    terms = [side.certificate.get("terms", {}) for side in sides]
    totals = [_totals(side) for side in sides]
    goals = [_goals(side.certificate) for side in sides]
    names = {**TOTAL_NAMES, **OBJECTIVES, **SHORTFALLS}
    rows = [("term", name, text, terms) for name, text in _TERMS.items()]
    rows += [("total", name, names[name], totals) for name in _TOTALS]
    rows += [
        ("objective", name, names.get(name, Text(name, name)), goals)
        for name in dict.fromkeys([*goals[0], *goals[1]])
    ]
    found = (
        Figure(kind, name, text, *(_number(values.get(name)) for values in both))
        for kind, name, text, both in rows
    )
    return tuple(f for f in found if (f.before, f.after) != (None, None))


def _goals(certificate: Mapping[str, Any]) -> dict[str, Any]:
    return {goal["name"]: goal["value"] for goal in certificate.get("objectives", ())}


def _totals(side: Side) -> Mapping[str, Any]:
    stated: Mapping[str, Any] | None = side.certificate.get("totals")
    if stated is not None:
        return stated
    rows, bought = side.plan.placements, side.plan.allocations
    trips = side.plan.assignments
    return {
        "capital_wan": rows["capital_wan"].sum() + bought["capital_wan"].sum(),
        "yearly_wan": rows["yearly_wan"].sum() + bought["yearly_wan"].sum(),
        "person_minutes": (trips["people"] * trips["minutes"]).sum(),
    }


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value)
