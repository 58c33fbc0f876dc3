"""What a plan by best effort leaves undone, measured from the plan alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from allocator.audit.finding import whole
from allocator.audit.measures import unserved_people
from allocator.audit.verdict import AuditRow, Verdict
from allocator.errors import Text
from allocator.policy import Priority
from allocator.policy.decided import DECIDED

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from allocator.audit.facts import Facts


def gap_rows(
    facts: Facts, rows: Sequence[AuditRow], gaps: Collection[tuple[str, str]]
) -> tuple[AuditRow, ...]:
    """Return what binds and is not kept: clauses, then people, locks and decisions.

    Parameters
    ----------
    facts, rows
        The plan and its audit.
    gaps
        (rule id, unit id) of what the plan is known to break.
    """
    clauses = [
        row
        for row in rows
        if row.verdict is Verdict.NOT_MET and (row.rule_id, row.unit_id) in gaps
    ]
    others = (_unserved(facts, gaps), _unlocked(facts, gaps), _undone(facts, gaps))
    return (*clauses, *(row for rows in others for row in rows))


def _unserved(facts: Facts, gaps: Collection[tuple[str, str]]) -> Iterator[AuditRow]:
    for service in facts.policy.services.values():
        rule_id = f"serves:{service.id}"
        if (rule_id, "") not in gaps:
            continue
        people = unserved_people(facts, service.id)
        yield _row(
            rule_id,
            ("", facts.area.name),
            Text(f"所有人都由{service.name}服务", f"everyone served by {service.name}"),
            Text(f"{whole(people)} 人未被服务", f"{whole(people)} people unserved"),
            people,
        )


def _unlocked(facts: Facts, gaps: Collection[tuple[str, str]]) -> Iterator[AuditRow]:
    for site_id, site in facts.sites.items():
        if ("locked", site_id) in gaps:
            yield _row(
                "locked",
                (site_id, str(site["name"])),
                Text("锁定为必选", "locked in"),
                Text("没有可设置的服务", "no service can be placed there"),
                1.0,
            )


def _undone(facts: Facts, gaps: Collection[tuple[str, str]]) -> Iterator[AuditRow]:
    """Yield the decisions of a review that are not carried out."""
    for rule_id, unit_id in sorted(gaps):
        if rule_id != DECIDED:
            continue
        site_id, _, service = unit_id.rpartition(" ")
        name = str(facts.sites[site_id]["name"]) if site_id in facts.sites else site_id
        yield _row(
            DECIDED,
            (unit_id, f"{name} {service}"),
            Text("评审决定", "decided in the review"),
            Text("未执行", "not carried out"),
            1.0,
        )


def _row(
    rule_id: str, unit: tuple[str, str], required: Text, gap: Text, missing: float
) -> AuditRow:
    return AuditRow(
        rule_id=rule_id,
        pack="",
        clause="",
        quote="",
        priority=str(Priority.MUST),
        due=None,
        unit_id=unit[0],
        unit=unit[1],
        required=required,
        found=gap,
        verdict=Verdict.NOT_MET,
        gap=gap,
        missing=missing,
        source="",
    )
