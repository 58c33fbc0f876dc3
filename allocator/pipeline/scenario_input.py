"""The brief's ``[[scenario]]``: read as scenarios, held against area and packs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from allocator.errors import Finding, Severity, Text, nearest
from allocator.load.scenario import ANY, OTHER
from allocator.policy.equity import EQUITY_OBJECTIVES
from allocator.scenarios import Factors, Scenario, default_scenarios

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from allocator.area import PlanningArea
    from allocator.load.scenario import ScenarioSection
    from allocator.pipeline.task import Task


def scenarios_of(task: Task) -> tuple[Scenario, ...]:
    """Return the scenarios of a brief, or those used where it states none."""
    sections = task.brief.scenarios
    if not sections:
        return default_scenarios(task.brief.language)
    return tuple(_scenario(section) for section in sections)


def _scenario(section: ScenarioSection) -> Scenario:
    out = section.out_of_service
    return Scenario(
        name=section.name,
        population=_factors(section.population),
        travel=section.travel,
        costs=_factors(section.costs),
        out_of_service=() if ANY in out else tuple(out),
        any_out=ANY in out,
        service=section.service,
        must_hold=section.must_hold,
    )


def _factors(table: Mapping[str, float]) -> Factors:
    named = tuple((k, f) for k, f in sorted(table.items()) if k != OTHER)
    return Factors(table.get(OTHER, 1.0), named)


def check_scenarios(task: Task) -> list[Finding]:
    """Find scenarios about counties, sites, services or prices that are not there."""
    area, policy, table = task.area, task.policy, task.brief.path.name
    findings = list(_unweighable(task))
    priced = {*policy.services, *policy.resources}
    for section in task.brief.scenarios:
        for column, names, known in (
            ("population", set(section.population) - {OTHER}, area.counties.index),
            ("costs", set(section.costs) - {OTHER}, priced),
            ("out_of_service", set(section.out_of_service) - {ANY}, area.sites.index),
            ("service", {section.service} - {None}, policy.services),
        ):
            findings += _strangers(section.name, table, column, names, known)
        findings += _without_effect(section, area, table, task.brief.travel.max_minutes)
    return findings


def _unweighable(task: Task) -> Iterator[Finding]:
    """Refuse objectives that cannot be compared from scenario to scenario."""
    for name in task.terms.objective:
        if name in EQUITY_OBJECTIVES:
            yield Finding(
                "scenario-objective",
                Text(
                    "公平类目标不能用于情景比较",
                    "objectives about fairness are not weighed over scenarios",
                ),
                table=task.brief.path.name,
                column="objective.order",
                value=name,
                remedy=Text("从 order 中去掉它", "remove it from the order"),
            )


def _strangers(
    scenario: str, table: str, column: str, names: Iterable[str | None], known: object
) -> Iterator[Finding]:
    there = [str(name) for name in known]  # type: ignore[attr-defined]
    for name in sorted(str(n) for n in names if str(n) not in set(there)):
        close = nearest(name, there)
        yield Finding(
            f"scenario-{column.replace('_', '-')}-unknown",
            Text(
                f"情景“{scenario}”: 任务中没有 {name}",
                f"scenario {scenario}: the task has no {name}",
            ),
            table=table,
            column=f"scenario.{column}",
            value=name,
            remedy=Text(f"是否应为 {close}?", f"did you mean {close}?")
            if close
            else None,
        )


def _without_effect(
    section: ScenarioSection, area: PlanningArea, table: str, limit: float | None
) -> Iterator[Finding]:
    """Say what a scenario cannot show."""
    if section.costs and area.costs is None:
        yield Finding(
            "scenario-without-costs",
            Text(
                f"情景“{section.name}”: 没有造价表, 造价系数不起作用",
                f"scenario {section.name}: without a cost table costs change nothing",
            ),
            Severity.WARNING,
            table,
            column="scenario.costs",
            remedy=Text("在 [area] 写 costs = ...", "give costs = ... in [area]"),
        )
    if section.travel < 1 and limit is not None:
        yield Finding(
            "scenario-faster",
            Text(
                f"情景“{section.name}”: 超过 {limit:g} 分钟的出行不在表内, "
                "出行变快也不会再出现",
                f"scenario {section.name}: journeys above {limit:g} minutes were left "
                "out and do not come back when travel is faster",
            ),
            Severity.WARNING,
            table,
            column="scenario.travel",
            value=f"{section.travel:g}",
            remedy=Text("加大 [travel] max_minutes", "raise [travel] max_minutes"),
        )
