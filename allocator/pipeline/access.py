"""Measuring access with the settings of every run: beds are what is shared out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from allocator.accessibility import AccessReport, measure_access, missing_supply

if TYPE_CHECKING:
    from allocator.pipeline.task import Task
    from allocator.plan import Plan

SUPPLY = "beds"


def measure_task(task: Task, plan: Plan) -> AccessReport:
    """Measure access to services once a plan is carried out; today is a plan too.

    Catchment scores are left out where the register tells no beds of any facility:
    they would read as zero.
    """
    unknown = SUPPLY in missing_supply(task.area, task.policy)
    return measure_access(
        task.area,
        task.travel,
        task.policy,
        plan,
        supply=None if unknown else SUPPLY,
    )
