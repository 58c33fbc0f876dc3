"""Auditing today's facilities, and the plan of a run folder read back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from allocator import export
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
from allocator.pipeline.access import measure_task
from allocator.plan import (
    ALLOCATION_COLUMNS,
    ASSIGNMENT_COLUMNS,
    COUNTED_COLUMNS,
    GROUP_COLUMNS,
    Plan,
    empty_frame,
)
from allocator.provenance import parse_json

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from allocator.accessibility import AccessReport
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
        When the plan breaks a binding rule, or its figures do not hold. What a plan by
        best effort says that it breaks is no reason.
    """
    plan = _plan_of(task, folder)
    facts = Facts(task.area, task.travel, task.policy, plan)
    rows = audit(facts)
    refuse_unless_sound(facts, task.terms, rows, {}, gaps=stated_gaps(folder))
    return rows


def stated_gaps(folder: Path) -> frozenset[tuple[str, str]]:
    """Return the (rule id, unit id) that the certificate of a run says it breaks."""
    try:
        content = parse_json((folder / "run.json").read_text("utf-8"))
        return frozenset(
            (str(gap["rule_id"]), str(gap["unit_id"])) for gap in content["gaps"]
        )
    except (OSError, ValueError, KeyError, TypeError):
        return frozenset()


def access_today(task: Task) -> AccessReport:
    """Measure how well people reach today's facilities."""
    return measure_task(
        task, plan_of_today(task.area, task.travel, task.policy, task.terms)
    )


def access_run(task: Task, folder: Path) -> AccessReport:
    """Measure how well people reach services in the plan of a run folder.

    Raises
    ------
    InputError
        When the folder holds no plan of this task that can be read.
    """
    return measure_task(task, _plan_of(task, folder))


def _plan_of(task: Task, folder: Path) -> Plan:
    plan = read_run(folder)
    refuse_strangers(task, plan, folder)
    return plan


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
        frames[name] = _typed(read_columns(path, columns), columns, path)
    groups = folder / "groups.csv"
    if groups.exists():
        frames["groups"] = read_columns(groups, GROUP_COLUMNS)
    return Plan(**frames)


def read_phases(folder: Path, plan: Plan, years: Sequence[int]) -> tuple[Plan, ...]:
    """Return the plan of every phase: what is placed up to and in it.

    Parameters
    ----------
    folder
        The run folder, in which the assignments of every phase stand.
    plan
        That of the last phase, from `read_run`.
    years
        Of the phases, in order.

    Raises
    ------
    InputError
        When the assignments of a phase are missing or damaged.
    """
    plans = []
    for year in years[:-1]:
        path = folder / export.earlier_journeys(year)
        frame = read_columns(path, ASSIGNMENT_COLUMNS)
        journeys = _typed(frame, ASSIGNMENT_COLUMNS, path)
        rows = plan.placements
        # What a later phase closes is still kept, what it builds is not there yet.
        later = rows["phase"] > year
        kept = later & (rows["action"] == "close")
        still = rows[kept].assign(
            action="keep", phase=years[0], capital_wan=0.0, yearly_wan=0.0
        )
        there = pd.concat([rows[~later], still]).sort_values(["site_id", "service"])
        bought = plan.allocations
        bought = bought[~(bought["phase"] > year)]
        plans.append(Plan(there.reset_index(drop=True), journeys, bought))
    return (*plans, plan)


def read_columns(path: Path, columns: tuple[str, ...]) -> pd.DataFrame:
    """Read columns of a run's csv as text.

    A file saved again by a spreadsheet may be GB18030.

    Raises
    ------
    InputError
        When the file is missing, damaged, or lacks a column.
    """
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            frame = pd.read_csv(
                path, encoding=encoding, dtype=str, keep_default_na=False
            )
            return frame[list(columns)].map(_without_apostrophe)
        except UnicodeDecodeError:
            continue
        except (OSError, ValueError, KeyError):
            break
    message = Text(
        "不是可读的方案文件, 或缺少列",
        "not a plan that can be read, or a column is missing",
    )
    remedy = Text(
        "给出 allocator plan 写出的文件夹, 其中的 csv 未改过列名",
        "give a folder that allocator plan wrote, its csv headings unchanged",
    )
    needed = ", ".join(columns)
    raise InputError(
        [
            Finding(
                "run-unreadable", message, table=str(path), value=needed, remedy=remedy
            )
        ]
    )


def _without_apostrophe(cell: str) -> str:
    """Undo what keeps a spreadsheet from running a text as a formula."""
    return cell[1:] if cell[:1] == "'" and cell[1:2] in tuple("=+-@") else cell


_NUMBERS = (
    "capital_wan",
    "yearly_wan",
    "count",
    "people",
    "minutes",
    "amount",
)


def _typed(frame: pd.DataFrame, columns: tuple[str, ...], path: Path) -> pd.DataFrame:
    """Return the columns with numbers as numbers.

    Raises
    ------
    InputError
        With one finding per column that holds anything else.
    """
    if frame.empty:
        return empty_frame(columns)
    findings = []
    for column in (c for c in _NUMBERS if c in columns):
        numbers = pd.to_numeric(frame[column], errors="coerce")
        wrong = numbers.isna()
        if wrong.any():
            rows = [f"第{position + 2}行" for position in wrong.to_numpy().nonzero()[0]]
            findings.append(
                Finding(
                    "run-not-a-number",
                    Text("应为数字", "must be a number"),
                    table=str(path),
                    keys=tuple(rows),
                    column=column,
                    value=str(frame.loc[wrong, column].iloc[0]),
                    remedy=Text("改回数字, 或重新求解", "correct it, or plan again"),
                )
            )
        frame[column] = numbers
    if findings:
        raise InputError(findings)
    if "phase" in columns:
        frame["phase"] = pd.to_numeric(frame["phase"], errors="coerce")
    return frame


def refuse_strangers(task: Task, plan: Plan, folder: Path) -> None:
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
