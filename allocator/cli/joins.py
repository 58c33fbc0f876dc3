"""Showing how a register was joined to places and zones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from allocator.errors import Text
from allocator.tables import LOCATION_BASES

if TYPE_CHECKING:
    import pandas as pd

    from allocator.cli.console import Console

MOST_SHOWN = 12  # lines on a terminal; --json and joins.csv hold all

_BY = {
    "code": Text("代码", "code"),
    "name": Text("名称", "name"),
    "alias": Text("别名", "alias"),
    "short_name": Text("简称", "short name"),
    "similar_name": Text("相近名称", "similar name"),
    "zone_code": Text("单元代码", "zone code"),
    "zone_name": Text("单元名称", "zone name"),
    "name_of_site": Text("机构名称中的单元", "zone in the site's name"),
}
_OPEN = {
    "ambiguous": Text("同样合适, 未选", "equally good, not chosen"),
    "shared": Text("与其他机构争同一位置, 未选", "wanted by several, not chosen"),
    "refused": Text("最相近, 未采用", "nearest, refused"),
}


def joins_data(joins: pd.DataFrame | None) -> list[dict[str, Any]]:
    """Return every join as plain data, in the register's order."""
    if joins is None:
        return []
    return [
        {str(name): value for name, value in row.items()}
        for row in joins.to_dict("records")
    ]


def show_joins(joins: pd.DataFrame | None, console: Console) -> None:
    """Print how many rows were joined by what, and the least certain of them."""
    if joins is None:
        return
    language = console.language
    counts = joins.groupby(["joined", "by", "location_basis"], sort=True).size()
    parts = []
    for key, count in counts.items():
        _, by, basis = key if isinstance(key, tuple) else ("", "", "")
        word = _BY[str(by)].say(language)
        if basis:
            word = f"{LOCATION_BASES[str(basis)].say(language)} ({word})"
        parts.append(f"{word} {count}")
    label = Text("关联", "joined").say(language)
    console.result(f"{label}: " + ", ".join(parts))
    ranked = joins.sort_values("confidence", kind="stable").head(MOST_SHOWN)
    for row in ranked.to_dict("records"):
        question = _OPEN.get(str(row["open"]))
        note = f" [{question.say(language)}: {row['candidates']}]" if question else ""
        console.result(
            f"  {row['site_id']} {row['name']} -> {row['matched_name']} "
            f"({_BY[str(row['by'])].say(language)}, {row['confidence']:.2f}){note}"
        )
    more = len(joins) - len(ranked)
    if more > 0:
        console.result(
            Text(
                f"  另有 {more} 条, 见 --json 或运行结果中的 joins.csv",
                f"  {more} more: see --json, or joins.csv of a run",
            ).say(language)
        )
