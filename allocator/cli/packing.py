"""``allocator packs``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from allocator.cli.console import Console, pad, print_table, width
from allocator.errors import PolicyError, Text
from allocator.policy import Pack, Priority, Rule, pack_path, read_pack
from allocator.policy.packs import declared_parameters
from allocator.resources import pack_ids

if TYPE_CHECKING:
    from collections.abc import Sequence


def packs(name: str | None, console: Console) -> None:
    """List the bundled packs, or print one of them (an id or a path).

    Raises
    ------
    PolicyError
        When the pack is unknown or cannot be read.
    """
    if name is None:
        _list(console)
        return
    pack = _read(name)
    if console.as_json:
        console.data(_as_data(pack))
        return
    _print(pack, console)


def _read(name: str) -> Pack:
    path, findings = pack_path(name, Path())
    if path is None:
        raise PolicyError(findings)
    # A number without default stands in the brief; any number lets the rules be shown.
    stand_ins = dict.fromkeys(declared_parameters(path, required=True), 1.0)
    pack, findings = read_pack(path, stand_ins)
    if pack is None:
        raise PolicyError(findings)
    return pack


def _list(console: Console) -> None:
    found = [_read(name) for name in pack_ids()]
    if console.as_json:
        console.data(
            [{**pack.head.model_dump(), "rules": len(pack.rules)} for pack in found]
        )
        return
    rows = [
        [p.head.id, p.head.title, p.head.document, p.head.territory, str(len(p.rules))]
        for p in found
    ]
    headings = ("id", "名称", "文号", "地区", "条款")
    if console.language == "en":
        headings = ("id", "title", "document", "territory", "rules")
    print_table(console, headings, rows, 44)


def _as_data(pack: Pack) -> dict[str, Any]:
    return {
        **pack.head.model_dump(),
        "services": [
            {"id": service.id, "name": service.name} for service in pack.services
        ],
        "rules": [
            {
                "id": rule.id,
                "clause": rule.clause,
                "quote": rule.quote,
                "kind": rule.kind,
                "priority": str(rule.priority),
                "due": rule.due,
                "service": getattr(rule, "service", None),
                "source": rule.source or pack.head.id,
                "note": rule.note,
            }
            for rule in pack.rules
        ],
    }


_PRIORITIES = {
    Priority.MUST: Text("必须", "must"),
    Priority.STRIVE: Text("力争", "strive"),
    Priority.MAY: Text("仅报告", "may"),
}


def _print(pack: Pack, console: Console) -> None:
    head = pack.head
    console.result(f"{head.title} {head.document} ({head.territory or '-'})")
    if head.note:
        console.result(head.note)
    columns = _columns(pack.rules)
    for rule in pack.rules:
        priority = _PRIORITIES[rule.priority].say(console.language)
        due = str(rule.due) if rule.due else "-"
        console.result(
            f"{pad(rule.id, columns[0])}  {pad(rule.clause, columns[1])}  "
            f"{pad(rule.kind, 15)}  {pad(priority, 6)}  {due:>4}  {rule.quote}"
        )
        indent = " " * (columns[0] + 2)
        if rule.source:
            console.result(f"{indent}[{rule.source}]")
        if rule.note:
            console.result(f"{indent}{rule.note}")


def _columns(rules: Sequence[Rule]) -> tuple[int, int]:
    return (
        max((width(rule.id) for rule in rules), default=2),
        max((width(rule.clause) for rule in rules), default=2),
    )
