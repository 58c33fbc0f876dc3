"""Auditing today's facilities, and the plan of a run folder read back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from allocator.audit import (
    AuditRow,
    Facts,
    audit,
    plan_of_today,
    refuse_unless_sound,
)
from allocator.errors import (
    Finding,
    InputError,
    Text,
)
from allocator.plan import (
    ALLOCATION_COLUMNS,
    ASSIGNMENT_COLUMNS,
    COUNTED_COLUMNS,
    Plan,
    empty_frame,
)

if TYPE_CHECKING:
    from pathlib import Path

    from allocator.pipeline.task import Task


def audit_today(task: Task) -> tuple[AuditRow, ...]:
    """Hold today's facilities against every clause."""
    plan = plan_of_today(task.area, task.travel, task.policy, task.terms)
    return audit(Facts(task.area, task.travel, task.policy, plan))


def audit_run(task: Task, folder: Path) -> tuple[AuditRow, ...]:
    """Hold the plan of a run folder against every clause of a task.

    Raises
    ------
    InputError
        When the folder holds no plan that can be read.
    AuditError
        When the plan breaks a binding rule, or its figures do not hold.
    """
    plan = read_run(folder)
    _refuse_strangers(task, plan, folder)
    facts = Facts(task.area, task.travel, task.policy, plan)
    rows = audit(facts)
    refuse_unless_sound(facts, task.terms, rows, {})
    return rows


def read_run(folder: Path) -> Plan:
    """Read the plan of a run folder back from its csv files.

    Raises
    ------
    InputError
        When a file is missing, damaged, or lacks a column.
    """
    frames = {}
    for name, columns in (
        ("placements", COUNTED_COLUMNS),
        ("assignments", ASSIGNMENT_COLUMNS),
        ("allocations", ALLOCATION_COLUMNS),
    ):
        path = folder / f"{name}.csv"
        try:
            frame = pd.read_csv(
                path, encoding="utf-8-sig", dtype=dict.fromkeys(_IDS, str)
            )
            frames[name] = _typed(frame[list(columns)], columns)
        except (OSError, ValueError, KeyError) as error:
            message = Text("不是可读的方案文件", "not a plan that can be read")
            raise InputError(
                [
                    Finding(
                        "run-unreadable",
                        message,
                        table=str(path),
                        value=str(error)[:80],
                        remedy=Text(
                            "给出 allocator plan 写出的文件夹",
                            "give a folder that allocator plan wrote",
                        ),
                    )
                ]
            ) from error
    groups = folder / "groups.csv"
    if groups.exists():
        frames["groups"] = pd.read_csv(groups, encoding="utf-8-sig", dtype=str)
    return Plan(**frames)


_IDS = ("site_id", "demand_id", "service", "action", "resource")


def _typed(frame: pd.DataFrame, columns: tuple[str, ...]) -> pd.DataFrame:
    if frame.empty:
        return empty_frame(columns)
    return frame


def _refuse_strangers(task: Task, plan: Plan, folder: Path) -> None:
    """Stop when a plan names sites or demand points that the task does not have."""
    findings = []
    for frame, column, known in (
        (plan.placements, "site_id", task.area.sites.index),
        (plan.assignments, "site_id", task.area.sites.index),
        (plan.assignments, "demand_id", task.area.demand.index),
        (plan.assignments, "service", list(task.policy.services)),
        (plan.allocations, "site_id", task.area.sites.index),
    ):
        strangers = tuple(dict.fromkeys(frame.loc[~frame[column].isin(known), column]))
        if strangers:
            findings.append(
                Finding(
                    "run-other-task",
                    Text(
                        "方案中的编号不在任务书里", "ids that the brief does not have"
                    ),
                    table=str(folder),
                    column=column,
                    keys=tuple(map(str, strangers)),
                    remedy=Text(
                        "方案与任务书应属同一地区", "use the brief of that plan"
                    ),
                )
            )
    if findings:
        raise InputError(findings)
