"""``allocator check``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click
import pandas as pd

from allocator.cli.console import Console, TerminalProgress, print_table
from allocator.cli.joins import joins_data, show_joins
from allocator.cli.mapping import show_mapping
from allocator.errors import AllocatorError, Text
from allocator.load.people import by_county
from allocator.pipeline import check_task, refuse_cleaned, write_cleaned

if TYPE_CHECKING:
    from pathlib import Path

    from allocator.area import PlanningArea
    from allocator.load import Account
    from allocator.pipeline import Task


def check(
    brief: Path, console: Console, *, target: Path | None = None, force: bool = False
) -> None:
    """Read everything and say what was understood, file by file.

    Parameters
    ----------
    brief
        The task.
    console
        Where to say it.
    target
        A new folder for cleaned copies of the tables; None for none.
    force
        Whether an existing folder of cleaned copies is replaced.

    Raises
    ------
    AllocatorError
        Of the kind of what is wrong, with every finding.
    """
    accounts: list[Account] = []

    def heard(account: Account) -> None:
        if account.path is not None:
            accounts.append(account)
        if not console.as_json:
            show_mapping(account, console)

    try:
        if target is not None:
            refuse_cleaned(target, brief, force=force)
        task = check_task(brief, progress=TerminalProgress(console), heard=heard)
        changes = (
            write_cleaned(task, target, force=force) if target is not None else None
        )
    except AllocatorError as error:
        if not console.as_json:
            raise
        console.findings(error.findings)
        console.data(
            {
                "exit_code": error.exit_code,
                "error": type(error).__name__,
                "findings": [f.as_dict(console.language) for f in error.findings],
                "files": [a.as_dict(console.language) for a in accounts],
            }
        )
        raise click.exceptions.Exit(error.exit_code) from error
    _show(task, accounts, console)
    if changes is not None:
        console.say(
            Text(
                f"已写出清理后的表: {target} (改动 {changes} 处, 见 changes.csv)",
                f"cleaned tables are in {target} ({changes} changes: changes.csv)",
            )
        )


def _show(task: Task, accounts: list[Account], console: Console) -> None:
    area, policy = task.area, task.policy
    by_status = area.sites["status"].value_counts()
    facts: dict[str, object] = {
        "name": area.name,
        "people": area.people,
        "counties": len(area.counties),
        "zones": len(area.zones),
        "demand_points": len(area.demand),
        "existing": int(by_status.get("existing", 0)),
        "candidates": int(by_status.get("candidate", 0)),
        "pairs": len(task.travel.pairs),
        "packs": [head.id for head in policy.packs],
        "rules": len(policy.rules),
        "services": len(policy.services),
        "objective": list(task.terms.objective),
        "capital_wan": task.terms.capital_wan,
    }
    if console.as_json:
        console.data(
            {
                "exit_code": 0,
                "understood": facts,
                "people_by_county": _by_county(area),
                "repairs": _repairs(area),
                "joins": joins_data(area.joins),
                "findings": [f.as_dict(console.language) for f in task.findings],
                "files": [a.as_dict(console.language) for a in accounts],
            }
        )
        return
    console.findings(task.findings)
    for name, value in facts.items():
        label = _LABELS[name].say(console.language)
        console.result(f"{label}: {_shown(value)}")
    _print_repairs(area, console)
    _print_people(area, console)
    show_joins(area.joins, console)
    count = len(task.findings)
    console.say(
        Text(
            f"数据可读, 未见必然无解的条款; 另有 {count} 条提示 (-v 查看)",
            f"readable, and no rule is impossible by itself; {count} remarks (see -v)",
        )
    )


def _by_county(area: PlanningArea) -> list[dict[str, object]]:
    """Return the people of each county before and after; None where not known."""
    if area.people_by_zone is None:
        return []
    sums = by_county(area.people_by_zone, area.counties)
    return [
        {
            "county_id": str(county),
            "name": row["name"],
            "stated": _whole(row["stated"]),
            "source": _whole(row["source"]),
            "people": _whole(row["people"]),
        }
        for county, row in sums.iterrows()
    ]


def _whole(value: Any) -> int | None:  # noqa: ANN401 (a cell of a table)
    return None if pd.isna(value) else round(value)


def _repairs(area: PlanningArea) -> list[dict[str, object]]:
    """Return what was changed in shapes, summed by kind."""
    if area.repairs is None:
        return []
    changed = area.repairs[area.repairs["changed"]]
    return [
        {
            "code": str(code),
            "places": len(rows),
            "m2": round(float(rows["m2"].abs().sum()), 1),
            "people": int(rows["people"].fillna(0).sum()),
        }
        for code, rows in changed.groupby("code")
    ]


def _print_repairs(area: PlanningArea, console: Console) -> None:
    for kind in _repairs(area):
        line = Text(
            "图形修复 {code}: {places} 处, {m2:,.0f} m², 约 {people:,} 人(按面积估计)",
            "shapes repaired, {code}: {places} places, {m2:,.0f} m², "
            "about {people:,} people (an estimate by area)",
        )
        console.result(line.say(console.language).format(**kind))


def _print_people(area: PlanningArea, console: Console) -> None:
    """Print people by county before and after, where a file places them."""
    counties = _by_county(area)
    if all(county["source"] is None for county in counties):
        return
    headings = [
        Text("县区", "county"),
        Text("单元人口", "zones"),
        Text("来源人口", "source"),
        Text("需求点人口", "demand points"),
    ]
    names = ("stated", "source", "people")
    rows = [
        [str(county["name"]), *(_shown(county[name]) for name in names)]
        for county in counties
    ]
    known = [[c[name] for c in counties if c[name] is not None] for name in names]
    total = [_shown(sum(map(int, map(str, column)))) for column in known]
    rows.append([Text("合计", "total").say(console.language), *total])
    print_table(console, [h.say(console.language) for h in headings], rows, 24)


def _shown(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    if isinstance(value, (int, float)):
        return f"{value:,.0f}"
    return "-" if value is None else str(value)


_LABELS = {
    "name": Text("名称", "name"),
    "people": Text("人口", "people"),
    "counties": Text("县区", "counties"),
    "zones": Text("乡镇级单元", "zones"),
    "demand_points": Text("需求点", "demand points"),
    "existing": Text("现有机构", "existing facilities"),
    "candidates": Text("备选点", "candidates"),
    "pairs": Text("可到达的点对", "pairs that can be travelled"),
    "packs": Text("政策包", "packs"),
    "rules": Text("条款", "rules"),
    "services": Text("服务", "services"),
    "objective": Text("目标", "objectives"),
    "capital_wan": Text("投资预算(万元)", "capital budget (万元)"),
}
