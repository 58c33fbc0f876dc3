"""Whether part of a task can be kept, found by trying every subset; for small tasks.

Shares no code with the package: what counts as part of a task is a clause in a unit,
named by (rule id, what, unit id) as the package names it.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from tests.oracle import EPSILON, World, _value, _ways

if TYPE_CHECKING:
    from collections.abc import Collection

    from tests.factories import Case
    from tests.oracle import Band, Gap, Held

type Part = tuple[str, str, str]  # rule id, which budget, unit


@dataclass
class PartWorld(World):
    """A world in which only some parts of the task are asked for."""

    kept: Collection[Part] = field(default_factory=frozenset)

    def within_budget(self, held: Held, earlier: Held | None = None) -> bool:
        return all(
            ("budget", column, "") not in self.kept
            or self.spent(held, column) <= limit + EPSILON * max(1.0, limit)
            for column, limit in (
                ("capital_wan", self.case.terms.capital_wan or 0.0),
                ("yearly_wan", self.case.terms.yearly_wan or 0.0),
            )
        )

    def stands(self, held: Held) -> bool:
        locks = {s: site["locked"] for s, site in self.sites.items()}
        for s, site in self.sites.items():
            if ("locked", "", s) not in self.kept:
                site["locked"] = ""
        found = super().stands(held)
        for s, lock in locks.items():
            self.sites[s]["locked"] = lock
        return found

    def choices(self, rule: Any, held: Held) -> list[list[list[Gap | Band]]]:
        by_unit: dict[str, list[list[Gap | Band]]] = {}
        for reading in (rule, *rule.any_of):
            for unit, zones in self.units(reading).items():
                if (rule.id, "", unit) in self.kept:
                    figures = self.gaps(reading, zones, held)
                    by_unit.setdefault(unit, []).append(figures)
        return list(by_unit.values())


def parts_of(case: Case) -> list[Part]:
    """Return every part of a task that binds: clauses by unit, budgets, locks, people.

    People of one service at most may be addressed.
    """
    world = World(case)
    parts: list[Part] = [
        ("budget", column, "")
        for column in ("capital_wan", "yearly_wan")
        if getattr(case.terms, column) is not None
    ]
    parts += [
        ("locked", "", s) for s, site in world.sites.items() if site["locked"] == "in"
    ]
    if "uncovered_people" not in case.terms.objective:
        parts += [
            (f"serves:{k}", "", "")
            for k, service in case.policy.services.items()
            if service.serves is not None
        ]
    for rule in world.rules():
        if rule.priority == "must":
            units = {u for r in (rule, *rule.any_of) for u in world.units(r)}
            parts += [(rule.id, "", unit) for unit in sorted(units)]
    return parts


def can_keep(case: Case, kept: Collection[Part]) -> bool:
    """Return whether any plan keeps the given parts of a task."""
    everyone = any(rule_id.startswith("serves:") for rule_id, _, _ in kept)
    order = ("capital_wan",) if everyone else ("uncovered_people",)
    task = replace(case, terms=replace(case.terms, objective=order))
    world = PartWorld(task, kept=frozenset(kept))
    rules = [r for r in world.rules() if r.priority == "must"]
    return any(
        _value(world, [], held, way) is not None
        for held in world.states()
        if world.within_budget(held)
        for way in _ways(world, rules, held)
    )
