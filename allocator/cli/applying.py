"""``allocator apply``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from allocator.cli.console import print_table
from allocator.errors import Text
from allocator.pipeline import apply_run
from allocator.register.changes import WHAT_WORDS

if TYPE_CHECKING:
    from pathlib import Path

    from allocator.cli.console import Console
    from allocator.pipeline import Writing
    from allocator.register import Applied, Order

_WIDEST = 30  # terminal columns of one cell; longer text is cut with an ellipsis
_SHORT = 20  # rows shown, unless everything is asked for
_HEADINGS = (
    Text("机构", "site"),
    Text("事项", "what"),
    Text("列", "column"),
    Text("改前", "before"),
    Text("改后", "after"),
)


def apply(run: Path, writing: Writing, console: Console) -> None:
    """Write a changed copy of a register; print every cell that changed.

    Parameters
    ----------
    run
        The run folder.
    writing
        The register, and how it is written.
    console
        Where to print; all changes are listed when it is verbose.

    Raises
    ------
    InputError
        When nothing is accepted, or the register cannot be written; nothing is written
        then.
    """
    order, applied = apply_run(run, writing)
    if console.as_json:
        console.data(_record(order, applied, writing, console))
        return
    console.findings(applied.findings)
    _print(order, applied, console)
    console.result(str(writing.target))


def _print(order: Order, applied: Applied, console: Console) -> None:
    edits = applied.edits
    accepted, sites = len(order.placements), len(order.site_ids)
    lines = [
        Text(
            f"采纳 {accepted} 项设置, 涉及 {sites} 个机构",
            f"{accepted} accepted placements at {sites} sites",
        )
    ]
    if applied.before:
        lines.append(
            Text(
                f"此前已写入过这次运行 (run-{order.run[:12]})",
                f"this run was applied before (run-{order.run[:12]})",
            )
        )
    if not edits.cells:
        lines.append(Text("没有需要更改的内容", "nothing was left to change"))
    else:
        lines.append(
            Text(
                f"新增 {len(edits.new)} 行, 新增 {len(edits.appended)} 列, "
                f"写入 {len(edits.cells)} 个单元格; 记录见 {applied.log}",
                f"{len(edits.new)} rows and {len(edits.appended)} columns added, "
                f"{len(edits.cells)} cells written; logged in {applied.log}",
            )
        )
    for line in lines:
        console.result(line.say(console.language))
    if edits.changes:
        _print_changes(applied, console)


def _print_changes(applied: Applied, console: Console) -> None:
    changes = applied.edits.changes
    shown = changes if console.verbose else changes[:_SHORT]
    console.result()
    print_table(
        console,
        [heading.say(console.language) for heading in _HEADINGS],
        [
            [
                change.site_id,
                WHAT_WORDS[change.what].say(console.language),
                change.column,
                change.before or "—",
                change.after or "—",
            ]
            for change in shown
        ],
        _WIDEST,
    )
    more = len(changes) - len(shown)
    if more:
        console.result(
            Text(
                f"另有 {more} 处, 加 -v 全部列出", f"{more} more; -v lists them all"
            ).say(console.language)
        )
    console.result()


def _record(
    order: Order, applied: Applied, writing: Writing, console: Console
) -> dict[str, object]:
    return {
        "exit_code": 0,
        "register": str(writing.register),
        "output": str(writing.target),
        "run_sha256": order.run,
        "applied_before": applied.before,
        "placements": len(order.placements),
        "rows_added": list(applied.edits.new),
        "columns_added": [field.heading for field in applied.edits.appended],
        "log": applied.log,
        "changes": [
            {
                "site_id": change.site_id,
                "item": change.item,
                "what": change.what,
                "column": change.column,
                "before": change.before,
                "after": change.after,
                "date": change.date,
            }
            for change in applied.edits.changes
        ],
        "findings": [f.as_dict(console.language) for f in applied.findings],
    }
