"""Whether the plans of several phases are one plan: each keeps what the last one did.

Every phase is audited by itself; what binds between two phases is checked here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from allocator.errors import Finding, Text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from allocator.plan import Plan

type Row = tuple[object, ...]


def check_phases(plans: Sequence[tuple[int | None, Plan]]) -> list[Finding]:
    """Return a finding for each thing that one phase does and a later one undoes.

    What is built, added or closed in a phase stands in all later ones, and what is new
    in a phase carries its own year, so that its own budget pays for it.

    Parameters
    ----------
    plans
        (year, plan) of every phase, in the order of years.
    """
    findings = []
    earlier: set[Row] = set()
    for year, plan in plans:
        done = _done(plan)
        for row in sorted(earlier - done, key=str):
            text = Text("后一阶段没有保留", "a later phase does not keep it")
            findings.append(_breach("phase-lost", text, row))
        for row in sorted(done - earlier, key=str):
            if row[-1] != year:
                text = Text(
                    f"不是 {year} 年的项目", f"not dated {year}, when it is new"
                )
                findings.append(_breach("phase-year", text, row))
        earlier = done
    return findings


def _done(plan: Plan) -> set[Row]:
    """Return what a plan changes, with the year as the last item of each row."""
    rows = plan.placements
    rows = rows[rows["action"] != "keep"]
    placed = zip(
        rows["site_id"],
        rows["service"],
        rows["action"],
        rows["count"],
        rows["phase"],
        strict=True,
    )
    bought = plan.allocations
    added = zip(
        bought["site_id"],
        bought["resource"],
        ["add"] * len(bought),
        bought["amount"],
        bought["phase"],
        strict=True,
    )
    return {*placed, *added}


def _breach(code: str, message: Text, row: Row) -> Finding:
    key = f"{row[0]} {row[1]}"
    return Finding(f"plan-{code}", message, table="placements", keys=(key,))
