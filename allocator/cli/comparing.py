"""``allocator compare``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from allocator.cli.console import TerminalProgress, print_table
from allocator.compare import (
    ALL_SERVICES,
    CHANGE_WORDS,
    MOVE_KM,
    SAME_MINUTES,
    VERDICT_CHANGE_WORDS,
    changes_table,
    comparison_records,
    plan_standing,
    services_table,
    verdict_words,
    zones_table,
)
from allocator.errors import Text
from allocator.export import plain_json, refuse_existing
from allocator.pipeline import compare_runs, write_comparison
from allocator.pipeline.comparing import MARKER
from allocator.workbook import ACTION_WORDS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from allocator.cli.console import Console
    from allocator.compare import Comparison

_WIDEST = 40  # terminal columns of one cell; longer text is cut with an ellipsis
_SHORT = 12  # rows of a list, unless everything is asked for
_THOUSAND = 1000.0


def compare(
    before: Path,
    after: Path,
    target: Path | None,
    *,
    force: bool,
    move_km: float | None,
    console: Console,
) -> None:
    """Compare two run folders; print what differs and, when asked, write it.

    Parameters
    ----------
    before, after
        The folders, in the order in which changes are read.
    target
        The folder to write; None: nothing is written.
    force
        Whether an existing comparison may be replaced.
    move_km
        The widest distance at which a service dropped and opened is read as moved, km;
        None: `MOVE_KM`.
    console
        Where to print; everything is listed when it is verbose.

    Raises
    ------
    InputError
        When a folder is no run, is damaged, or the runs are of different areas.
    """
    progress = TerminalProgress(console)
    if target is not None:
        refuse_existing(target, force=force, marker=MARKER)
    comparison, findings = compare_runs(
        before,
        after,
        move_km=MOVE_KM if move_km is None else move_km,
        progress=progress,
    )
    if target is not None:
        write_comparison(comparison, target, force=force, progress=progress)
    console.findings(findings)
    if console.as_json:
        folder = {"folder": str(target)} if target is not None else {}
        records = comparison_records(comparison)
        console.data(plain_json({"exit_code": 0, **folder, **records}))
        return
    _print(comparison, console)
    if target is not None:
        console.result()
        for name in ("compare.html", "compare.png", "compare.xlsx", "changes.csv"):
            console.result(str(target / name))


def _print(comparison: Comparison, console: Console) -> None:
    for words, side in (
        (Text("原方案", "before"), comparison.before),
        (Text("新方案", "after"), comparison.after),
    ):
        said = "; ".join(text.say(console.language) for text in plan_standing(side))
        end = f" ({said})" if said else ""
        console.result(f"{words.say(console.language)}: {side.label}{end}")
    _print_figures(comparison, console)
    _print_changes(comparison, console)
    _print_verdicts(comparison, console)
    _print_services(comparison, console)
    _print_zones(comparison, console)


def _title(console: Console, words: Text) -> None:
    console.result()
    console.result(words.say(console.language))


def _table(
    console: Console, headings: Sequence[Text | str], rows: Sequence[Sequence[str]]
) -> None:
    said = [h if isinstance(h, str) else h.say(console.language) for h in headings]
    print_table(console, said, rows, _WIDEST)


def _shown(console: Console, rows: Sequence[Sequence[str]]) -> Sequence[Sequence[str]]:
    return rows if console.verbose else rows[:_SHORT]


def _say_rest(console: Console, count: int) -> None:
    rest = count - _SHORT
    if rest > 0 and not console.verbose:
        words = Text(f"… 另有 {rest} 行, 加 -v 全部列出", f"… {rest} more: add -v")
        console.result(words.say(console.language))


def _number(value: float | None, *, signed: bool = False) -> str:
    """Return a figure: whole where it is large, with its sign where asked for."""
    if value is None or value != value:  # noqa: PLR0124 (NaN)
        return "—"
    decimals = 0 if abs(value) >= _THOUSAND or float(value).is_integer() else 2
    text = f"{value:+,.{decimals}f}" if signed else f"{value:,.{decimals}f}"
    return text if value else "0"


def _print_figures(comparison: Comparison, console: Console) -> None:
    _title(console, Text("总量", "totals"))
    rows = [
        [
            figure.heading.say(console.language),
            _number(figure.before),
            _number(figure.after),
            _number(figure.difference, signed=True),
        ]
        for figure in comparison.figures
    ]
    labels = (comparison.before.label, comparison.after.label)
    headings = (Text("指标", "figure"), *labels, Text("差值", "difference"))
    _table(console, headings, rows)


def _print_changes(comparison: Comparison, console: Console) -> None:
    table = changes_table(comparison)
    headings = (
        Text("服务(资源)", "service (resource)"),
        Text("县区", "county"),
        Text("机构(点位)", "site"),
        Text("原方案", "before"),
        Text("新方案", "after"),
    )
    for change, words in CHANGE_WORDS.items():
        held = table[table["change"] == change]
        if held.empty:
            continue
        name, count = words.say(console.language), len(held)
        _title(console, Text(f"{name}: {count} 项", f"{name}: {count}"))
        moved = change == "moved"
        rows = [
            _change_row(row, console, moved=moved) for row in held.to_dict("records")
        ]
        more = (Text("移至", "moved to"), Text("千米", "km")) if moved else ()
        _table(console, (*headings, *more), _shown(console, rows))
        _say_rest(console, count)
    if table.empty:
        _title(console, Text("设置没有变化", "no placement differs"))


def _change_row(row: Mapping[Any, Any], console: Console, *, moved: bool) -> list[str]:
    states = [_state(row, when, console) for when in ("before", "after")]
    words = [str(row[name]) for name in ("service_name", "county", "name")]
    more = [str(row["to_name"]), f"{row['km']:.1f}"] if moved else []
    return [*words, *states, *more]


def _state(row: Mapping[Any, Any], when: str, console: Console) -> str:
    """Return what a plan does there in a few words; a dash for nothing."""
    count, action = row[f"count_{when}"], ACTION_WORDS.get(row[f"action_{when}"])
    parts = [action.say(console.language) if action else "", row[f"phase_{when}"]]
    if count > 1 or row["change"] == "amount":
        parts.append(f"×{count:g}")
    return " ".join(part for part in parts if part) or "—"


def _print_verdicts(comparison: Comparison, console: Console) -> None:
    table = comparison.verdicts
    if table.empty:
        _title(console, Text("条款判定没有变化", "no clause is judged differently"))
        return
    for change, words in VERDICT_CHANGE_WORDS.items():
        held = table[table["change"] == change]
        if held.empty:
            continue
        name, count = words.say(console.language), len(held)
        _title(console, Text(f"条款{name}: {count}", f"clauses {name}: {count}"))
        rows = [
            [
                str(row["rule_id"]),
                str(row["unit"]),
                str(row["quote"]),
                " → ".join(
                    verdict_words(row[f"verdict_{when}"], console.language)
                    for when in ("before", "after")
                ),
                f"{row['found_before'] or '—'} → {row['found_after'] or '—'}",
            ]
            for row in held.to_dict("records")
        ]
        headings = (
            Text("条款", "rule"),
            Text("单元", "unit"),
            Text("原文", "words"),
            Text("判定", "verdict"),
            Text("实际", "found"),
        )
        _table(console, headings, _shown(console, rows))
        _say_rest(console, count)


_MEASURES = (
    ("minutes_before", Text("原平均分钟", "min before"), False),
    ("minutes_after", Text("新平均分钟", "min after"), False),
    ("minutes_change", Text("变化", "change"), True),
    ("people_gain", Text("变近人数", "nearer"), False),
    ("people_lose", Text("变远人数", "farther"), False),
    ("largest_loss", Text("最多变远", "largest loss"), False),
    ("newly_served", Text("新获得服务", "newly served"), False),
    ("no_longer_served", Text("不再获得服务", "no longer"), False),
)


def _measured(row: Mapping[Any, Any]) -> list[str]:
    return [_number(row[name], signed=signed) for name, _, signed in _MEASURES]


def _print_services(comparison: Comparison, console: Console) -> None:
    _title(
        console,
        Text(
            f"谁变近、谁变远 (两案均服务的人; 变化超过 {SAME_MINUTES:g} 分钟)",
            f"who gains and loses (people served in both; more than {SAME_MINUTES:g} "
            "minutes)",
        ),
    )
    rows = [
        [str(row["service_name"]), *_measured(row)]
        for row in services_table(comparison).to_dict("records")
    ]
    _table(console, (Text("服务", "service"), *(m[1] for m in _MEASURES)), rows)


def _print_zones(comparison: Comparison, console: Console) -> None:
    table = zones_table(comparison)
    table = table[table["service"] == ALL_SERVICES]
    worse = table[table["person_minutes"] > 0]
    better = table[table["person_minutes"] < 0].iloc[::-1]
    headings = (
        Text("乡镇(街道)", "zone"),
        Text("县区", "county"),
        *(m[1] for m in _MEASURES),
    )
    for held, words in (
        (worse, Text("变远的乡镇(街道)", "zones that lose")),
        (better, Text("变近的乡镇(街道)", "zones that gain")),
    ):
        count = len(held)
        _title(console, Text(f"{words.zh}: {count} 个", f"{words.en}: {count}"))
        rows = [
            [str(row["zone"]), str(row["county"]), *_measured(row)]
            for row in held.to_dict("records")
        ]
        if rows:
            _table(console, headings, _shown(console, rows))
            _say_rest(console, count)
