"""``allocator check``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from allocator.cli.console import Console, TerminalProgress
from allocator.errors import Text
from allocator.pipeline import check_task

if TYPE_CHECKING:
    from pathlib import Path


def check(brief: Path, console: Console) -> None:
    """Read everything and say what was understood.

    Raises
    ------
    AllocatorError
        Of the kind of what is wrong, with every finding.
    """
    task = check_task(brief, progress=TerminalProgress(console))
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
                "findings": [f.as_dict(console.language) for f in task.findings],
            }
        )
        return
    console.findings(task.findings)
    for name, value in facts.items():
        label = _LABELS[name].say(console.language)
        console.result(f"{label}: {_shown(value)}")
    count = len(task.findings)
    console.say(
        Text(
            f"数据可读, 未见必然无解的条款; 另有 {count} 条提示 (-v 查看)",
            f"readable, and no rule is impossible by itself; {count} remarks (see -v)",
        )
    )


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
