"""Writing ``compare.xlsx``: two plans side by side.

The totals, what opened, was dropped, moved or changed, who gains and who loses minutes
by service and by zone, the clauses with another verdict, and how to read it all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from allocator.compare import (
    ALL_SERVICES_WORDS,
    CHANGE_WORDS,
    SAME_MINUTES,
    VERDICT_CHANGE_WORDS,
    changes_table,
    plan_standing,
    services_table,
    verdict_words,
    verdicts_table,
    zones_table,
)
from allocator.errors import Text
from allocator.workbook.cells import (
    ACTION_WORDS,
    Column,
    Pages,
    new_file,
    set_widths,
    styles,
    write_table,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import pandas as pd

    from allocator.compare import Comparison

COMPARISON_SHEETS = {
    "figures": Text("总量对比", "Totals"),
    "changes": Text("设置变化", "Changes"),
    "services": Text("分服务得失", "By service"),
    "zones": Text("分乡镇得失", "By zone"),
    "verdicts": Text("条款判定变化", "Clauses"),
    "notes": Text("说明", "Notes"),
}
_MEASURES = (
    ("people_before", Text("{} 服务人数", "people served, {}"), "whole"),
    ("people_after", Text("{} 服务人数", "people served, {}"), "whole"),
    ("people_compared", Text("两案均服务人数", "people served in both"), "whole"),
    ("minutes_before", Text("{} 平均分钟", "mean minutes, {}"), "tenth"),
    ("minutes_after", Text("{} 平均分钟", "mean minutes, {}"), "tenth"),
    ("minutes_change", Text("平均分钟变化", "change of mean minutes"), "hundredth"),
    ("people_gain", Text("变近人数", "people nearer"), "whole"),
    ("people_lose", Text("变远人数", "people farther"), "whole"),
    ("largest_gain", Text("最多变近(分钟)", "largest gain, minutes"), "tenth"),
    ("largest_loss", Text("最多变远(分钟)", "largest loss, minutes"), "tenth"),
    ("newly_served", Text("新获得服务人数", "people newly served"), "whole"),
    (
        "no_longer_served",
        Text("不再获得服务人数", "people no longer served"),
        "whole",
    ),
    ("person_minutes", Text("人·分钟变化", "change of person-minutes"), "whole"),
)


def write_comparison_workbook(comparison: Comparison, path: Path) -> None:
    """Write the workbook of a comparison.

    Parameters
    ----------
    comparison
        The plans side by side; headings are in the place's language.
    path
        The file to write; one that exists is replaced.
    """
    place = comparison.place
    with new_file(path, place.name) as file:
        book = Pages(file, place.language, styles(file))
        _write(book, "figures", _figures(book, comparison), frozen=1)
        _write(book, "changes", _changes(book, comparison), frozen=4)
        _write(book, "services", _services(comparison), frozen=1)
        _write(book, "zones", _zones(comparison), frozen=4)
        _write(book, "verdicts", _verdicts(book, comparison), frozen=3)
        _write_notes(book, comparison)


def _write(book: Pages, name: str, columns: Sequence[Column], *, frozen: int) -> None:
    sheet = book.add_sheet(COMPARISON_SHEETS[name])
    rows = write_table(book, sheet, columns)
    set_widths(book, sheet, columns)
    sheet.set_row(0, 34)
    sheet.freeze_panes(1, frozen)
    sheet.repeat_rows(0)
    sheet.autofilter(0, 0, max(rows - 1, 1), len(columns) - 1)


def _figures(book: Pages, comparison: Comparison) -> list[Column]:
    rows = comparison.figures
    before, after = comparison.before.label, comparison.after.label
    return [
        Column(Text("指标", "Figure"), [book.say(f.heading) for f in rows]),
        Column(Text(before, before), [_blank(f.before) for f in rows], "figure"),
        Column(Text(after, after), [_blank(f.after) for f in rows], "figure"),
        Column(
            Text("差值", "Difference"),
            [_blank(f.difference) for f in rows],
            "figure",
        ),
    ]


def _blank(value: float | None) -> object:
    return "" if value is None else round(value, 4)


def _changes(book: Pages, comparison: Comparison) -> list[Column]:
    table = changes_table(comparison)

    def both(name: str, words: Text, style: str = "text") -> list[Column]:
        return [
            Column(_of(words, side.label), _cells(table, f"{name}_{when}"), style)
            for when, side in (
                ("before", comparison.before),
                ("after", comparison.after),
            )
        ]

    actions = both("action", Text("{} 建设性质", "action, {}"), "centre")
    actions = [
        Column(c.heading, [_action(book, a) for a in c.cells], c.style) for c in actions
    ]
    kinds = [book.say(CHANGE_WORDS[c]) for c in table["change"]]
    return [
        Column(Text("变化", "Change"), kinds, "centre"),
        Column(Text("服务(资源)", "Service (resource)"), _cells(table, "service_name")),
        Column(Text("县区", "County"), _cells(table, "county")),
        Column(Text("机构(点位)", "Site"), _cells(table, "name")),
        Column(Text("乡镇(街道)", "Zone"), _cells(table, "zone")),
        Column(Text("移至", "Moved to"), _cells(table, "to_name")),
        Column(Text("移动距离(千米)", "Moved, km"), _cells(table, "km"), "tenth"),
        *actions,
        *both("phase", Text("{} 时序", "phase, {}"), "centre"),
        *both("count", Text("{} 数量", "number, {}"), "whole"),
        *both("capital_wan", Text("{} 投资(万元)", "capital (万元), {}"), "money"),
        *both("yearly_wan", Text("{} 年运行费(万元)", "yearly (万元), {}"), "money"),
        *both("people", Text("{} 服务人口", "people served, {}"), "whole"),
        Column(Text("机构编号", "Site id"), _cells(table, "site_id"), "id"),
        Column(Text("移至编号", "Moved to, id"), _cells(table, "to_site_id"), "id"),
    ]


def _action(book: Pages, action: object) -> str:
    words = ACTION_WORDS.get(str(action))
    return book.say(words) if words else "—"


def _of(words: Text, label: str) -> Text:
    return Text(words.zh.replace("{}", label), words.en.replace("{}", label))


def _cells(table: pd.DataFrame, name: str) -> list[object]:
    """Return a column's values, empty text where there is none."""
    return table[name].astype(object).where(table[name].notna(), "").tolist()


def _measures(comparison: Comparison, table: pd.DataFrame) -> list[Column]:
    columns = []
    for name, words, style in _MEASURES:
        first = name.endswith("_before")
        label = comparison.before.label if first else comparison.after.label
        columns.append(Column(_of(words, label), _cells(table, name), style))
    return columns


def _services(comparison: Comparison) -> list[Column]:
    table = services_table(comparison)
    return [
        Column(Text("服务", "Service"), _cells(table, "service_name")),
        *_measures(comparison, table),
    ]


def _zones(comparison: Comparison) -> list[Column]:
    table = zones_table(comparison)
    return [
        Column(Text("服务", "Service"), _cells(table, "service_name")),
        Column(Text("位次", "Rank"), _cells(table, "rank"), "whole"),
        Column(Text("县区", "County"), _cells(table, "county")),
        Column(Text("乡镇(街道)", "Zone"), _cells(table, "zone")),
        *_measures(comparison, table),
        Column(Text("乡镇编号", "Zone id"), _cells(table, "zone_id"), "id"),
    ]


def _verdicts(book: Pages, comparison: Comparison) -> list[Column]:
    table = verdicts_table(comparison)
    sides = (("before", comparison.before.label), ("after", comparison.after.label))
    columns = [
        Column(
            Text("变化", "Change"),
            [book.say(VERDICT_CHANGE_WORDS[c]) for c in table["change"]],
        ),
        Column(Text("条款编号", "Rule"), _cells(table, "rule_id")),
        Column(Text("单元", "Unit"), _cells(table, "unit")),
        Column(Text("条款", "Clause"), _cells(table, "clause")),
        Column(Text("原文", "Words"), _cells(table, "quote")),
    ]
    for when, label in sides:
        said = [verdict_words(v, book.language) for v in table[f"verdict_{when}"]]
        heading = _of(Text("{} 判定", "verdict, {}"), label)
        columns.append(Column(heading, said, "centre"))
    for name, words in (
        ("required", Text("{} 要求", "required, {}")),
        ("found", Text("{} 实际", "found, {}")),
    ):
        columns += [
            Column(_of(words, label), _cells(table, f"{name}_{when}"))
            for when, label in sides
        ]
    return columns


# --- Notes ----------------------------------------------------------------------------


def _write_notes(book: Pages, comparison: Comparison) -> None:
    sheet = book.add_sheet(COMPARISON_SHEETS["notes"])
    sheet.set_column(0, 0, 26)
    sheet.set_column(1, 1, 100)
    plain = book.styles["plain"]
    sheet.write_string(0, 0, comparison.place.name, book.styles["title"])
    for row, (label, words) in enumerate(_notes(book, comparison), start=2):
        sheet.write_string(row, 0, label, plain)
        sheet.write_string(row, 1, words, plain)


def _notes(book: Pages, comparison: Comparison) -> list[tuple[str, str]]:
    lines = []
    for words, side in (
        (Text("原方案", "first plan"), comparison.before),
        (Text("新方案", "second plan"), comparison.after),
    ):
        said = [side.label, *(book.say(text) for text in plan_standing(side))]
        lines.append((book.say(words), "; ".join(said)))
    lines += [
        (book.say(label), book.say(words)) for label, words in _reading(comparison)
    ]
    notes = comparison.place.notes
    heading = book.say(Text("数据假设", "Assumptions"))
    return lines + [(heading, book.say(note)) for note in notes]


def _reading(comparison: Comparison) -> list[tuple[Text, Text]]:
    km = f"{comparison.move_km:g}"
    everything = ALL_SERVICES_WORDS
    return [
        (
            Text("移位", "Moved"),
            Text(
                f"同一县区内同一服务, 在一处取消、在 {km} 千米以内另一处新增; "
                "按配对最多、总距离最短配对。",
                "The same service dropped at one site and opened at another of one "
                f"county within {km} km: as many pairs as there can be, of the least "
                "total distance.",
            ),
        ),
        (
            Text("变近、变远", "Nearer, farther"),
            Text(
                "只比较两个方案都服务的人, 用到所分配机构的单程时间; "
                "同一需求点的人取平均; "
                f"变化不超过 {SAME_MINUTES:g} 分钟视为不变。",
                "Only people whom both plans serve, by one-way minutes to the site "
                "they are assigned to; people of a demand point are taken together; "
                f"up to {SAME_MINUTES:g} minutes counts as unchanged.",
            ),
        ),
        (
            Text("新获得、不再获得服务", "Newly, no longer served"),
            Text(
                "只在一个方案中分配到机构的人。他们没有可比的时间, 不计入变近或变远。",
                "People whom only one plan assigns to a site. They have no minutes to "
                "compare, so they are neither nearer nor farther.",
            ),
        ),
        (
            everything,
            Text(
                "各服务人数相加: 一个人使用两项服务计两次。",
                "People add up over services: one with two services counts twice.",
            ),
        ),
        (
            Text("位次", "Rank"),
            Text(
                "第 1 位是人·分钟损失最多的乡镇(街道)。",
                "Rank 1 is the zone that loses most person-minutes.",
            ),
        ),
    ]
