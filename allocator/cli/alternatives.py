"""``allocator alternatives``: which decisions are safe, and other plans to show."""

from __future__ import annotations

from typing import TYPE_CHECKING

from allocator.errors import Text
from allocator.export import plain_json, refuse_existing
from allocator.pipeline import find_alternatives, read_task, write_alternatives
from allocator.pipeline.alternatives import MARKER, as_data
from allocator.reasons.words import figure, objective_name

if TYPE_CHECKING:
    from pathlib import Path

    from allocator.cli.console import Console, TerminalProgress
    from allocator.pipeline import NearBest
    from allocator.pipeline.alternatives import Search


def alternatives(
    brief: Path,
    target: Path,
    run: Path | None,
    asked: Search,
    *,
    force: bool,
    console: Console,
    progress: TerminalProgress,
) -> None:
    """Search the near-best plans, write them, and say which decisions they share.

    Raises
    ------
    AllocatorError
        When brief, run or folder cannot be used, or the task has no plan.
    """
    refuse_existing(target, force=force, marker=MARKER)
    task = read_task(brief, progress=progress)
    found = find_alternatives(task, asked, run=run, progress=progress)
    write_alternatives(found, target, force=force, progress=progress)
    if console.as_json:
        content = {"exit_code": 0, "folder": str(target), **as_data(found)}
        console.data(plain_json(content))
        return
    console.findings(task.findings)
    for line in _lines(found):
        console.result(line.say(console.language))
    for name in ("sites.csv", "alternatives.csv"):
        console.result(str(target / name))


def _lines(found: NearBest) -> list[Text]:
    seen = found.seen
    placed = [pair for pair in seen.decisions if pair in found.planned.base.held]
    always, never = len(seen.always), len(seen.never)
    proven = len(seen.proven & set(seen.always)), len(seen.proven & set(seen.never))
    share = f"{found.asked.within:.3g}"
    lines = [
        Text(
            f"近优方案: 各目标与最好值相差不超过 {share} (相对值); 已找到 "
            f"{len(seen.pool)} 个",
            f"near-best plans: each objective within {share} of its best value; "
            f"{len(seen.pool)} found",
        ),
        Text(
            f"  必选: 每个已找到的方案都有 {always} 项 (方案共 {len(placed)} 项), "
            f"其中已证明 {proven[0]} 项",
            f"  no regret: {always} of {len(placed)} placements are in every plan "
            f"found, {proven[0]} of them proven",
        ),
        Text(
            f"  从不入选: {never} 项候选, 其中已证明 {proven[1]} 项",
            f"  never chosen: {never} candidates, {proven[1]} of them proven",
        ),
    ]
    for number, (one, _) in enumerate(found.alternatives, 1):
        most = "" if one.at_most is None else f" (<= {one.at_most})"
        lines.append(
            Text(
                f"备选方案 {number:02d}: 与已列方案至少相差 {one.apart} 项{most}",
                f"alternative {number:02d}: at least {one.apart} decisions from the "
                f"plans before it{most}",
            )
        )
        for stage, base in zip(
            one.solution.stages, found.planned.base.solution.stages, strict=True
        ):
            name = objective_name(stage.name)
            words = f"{figure(stage.value)} / {figure(base.value)}"
            lines.append(Text(f"  {name.zh}: {words}", f"  {name.en}: {words}"))
    if found.ended != "count":
        lines.append(_ENDED[found.ended])
    return lines


_ENDED = {
    "none": Text(
        "没有更多相差这么多的近优方案 (已证明)",
        "there is no other near-best plan so far apart (proven)",
    ),
    "stopped": Text(
        "时间内没有找到更多备选方案", "no further alternative was found in the time"
    ),
}
