"""``allocator frontier``."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING

import click

from allocator.charts import MARKER, certificate, summary
from allocator.cli.console import width
from allocator.errors import Finding, InfeasibleError, Text, nearest
from allocator.export import refuse_existing
from allocator.pipeline import (
    FrontierRequest,
    find_frontier,
    read_task,
    write_frontier,
)
from allocator.policy.terms import OBJECTIVES

if TYPE_CHECKING:
    from pathlib import Path

    from allocator.charts import FrontierReport
    from allocator.cli.console import Console, TerminalProgress
    from allocator.errors import Language

_MOST_BUDGETS = 200  # each is a solve: more is a slip of the pen
_PARTS_OF_RANGE = 3
_GROWING = ("capital_wan", "yearly_wan", "sites")  # more placements, more of it


def frontier(
    brief: Path,
    target: Path,
    *,
    objectives: str,
    budgets: str | None,
    points: int,
    nested: bool,
    plans: bool,
    force: bool,
    console: Console,
    progress: TerminalProgress,
) -> None:
    """Find the frontier and write it; then say what each point is and what is proven.

    Raises
    ------
    AllocatorError
        Of the kind of what stands in the way; nothing is written then.
    click.UsageError
        When budgets or objectives cannot be understood.
    """
    request = read_request(
        objectives, budgets, points, nested=nested, language=console.language
    )
    refuse_existing(target, force=force, marker=MARKER)
    task = read_task(brief, progress=progress)
    report = find_frontier(task, request, progress=progress)
    _refuse_without_points(report)
    write_frontier(report, target, force=force, plans=plans, progress=progress)
    if console.as_json:
        console.data({"exit_code": 0, "folder": str(target), **certificate(report)})
        return
    console.findings(report.findings)
    for line in _lines(report, console.language):
        console.result(line)
    for name in ("frontier.html", "frontier.png", "frontier.csv", "sites.csv"):
        console.result(str(target / name))


def _refuse_without_points(report: FrontierReport) -> None:
    if report.frontier.points:
        return
    if report.frontier.interrupted:
        raise KeyboardInterrupt
    least = report.signs[0] * report.frontier.least
    name = OBJECTIVES[report.objectives[0]]
    message = Text(
        f"所给限额下都没有方案: {name.zh} 至少需要 {least:,.2f}",
        f"no plan exists under any limit given: {name.en} must be at least "
        f"{least:,.2f}",
    )
    remedy = Text("提高 --budgets", "raise --budgets")
    raise InfeasibleError([Finding("budgets-too-small", message, remedy=remedy)])


# --- What was asked -------------------------------------------------------------------


def read_request(
    objectives: str,
    budgets: str | None,
    points: int,
    *,
    nested: bool,
    language: Language,
) -> FrontierRequest:
    """Return what the options ask for.

    Parameters
    ----------
    objectives
        Two names with a comma between.
    budgets
        Numbers with commas between, or ``first:last:step``; None: none.
    points
        How many points are looked for without budgets; 0: all.
    nested
        Whether plans nest.
    language
        Of what is said when something is wrong.

    Raises
    ------
    click.UsageError
        When an option cannot be understood.
    """
    names = _two_objectives(objectives, language)
    limits = () if budgets is None else read_budgets(budgets, language)
    if limits and names[0] not in _GROWING:
        words = Text(
            f"--budgets 是第一目标的限额: 第一目标应为 {', '.join(_GROWING)} 之一",
            f"--budgets limit the first objective, which must be one of "
            f"{', '.join(_GROWING)}",
        )
        raise click.UsageError(words.say(language))
    if nested and names[0] not in _GROWING:
        words = Text(
            f"--nested 要求第一目标为 {', '.join(_GROWING)} 之一",
            f"--nested needs one of {', '.join(_GROWING)} as the first objective",
        )
        raise click.UsageError(words.say(language))
    if points == 1 or points < 0:
        words = Text("--points 至少为 2 (0: 全部)", "--points is 2 or more (0: all)")
        raise click.UsageError(words.say(language))
    return FrontierRequest(names, limits, points or None, nested)


def _two_objectives(text: str, language: Language) -> tuple[str, str]:
    names = [name.strip() for name in text.replace("，", ",").split(",")]
    for name in names:
        if name not in OBJECTIVES:
            close = nearest(name, OBJECTIVES) or ", ".join(OBJECTIVES)
            words = Text(
                f"没有目标 {name}; 是否应为 {close}?",
                f"there is no objective {name}; did you mean {close}?",
            )
            raise click.UsageError(words.say(language))
    if len(names) != 2 or names[0] == names[1]:  # noqa: PLR2004 (a plane has two axes)
        words = Text(
            f"--objectives 需要两个不同的目标, 现为 {text}",
            f"--objectives needs two different objectives, got {text}",
        )
        raise click.UsageError(words.say(language))
    return names[0], names[1]


def read_budgets(text: str, language: Language) -> tuple[float, ...]:
    """Return budgets, ascending.

    Parameters
    ----------
    text
        ``60000,80000`` or ``60000:120000:10000`` (the last one inclusive).
    language
        Of what is said when something is wrong.

    Raises
    ------
    click.UsageError
        When they are no numbers, negative, or not ascending.
    """
    if ":" in text:
        return _range(text, language)
    limits = [_number(part, language) for part in text.replace("，", ",").split(",")]
    if any(b <= a for a, b in itertools.pairwise(limits)):
        words = Text(
            f"--budgets 须从小到大, 不重复: {text}",
            f"--budgets must ascend without repetition: {text}",
        )
        raise click.UsageError(words.say(language))
    return _not_too_many(limits, language)


def _range(text: str, language: Language) -> tuple[float, ...]:
    parts = [_number(part, language) for part in text.split(":")]
    if len(parts) != _PARTS_OF_RANGE or parts[1] < parts[0] or parts[2] <= 0:
        words = Text(
            f"--budgets 的区间写作 起:止:步长, 起不大于止, 步长大于 0: {text}",
            f"a range of --budgets is first:last:step, ascending, step above 0: {text}",
        )
        raise click.UsageError(words.say(language))
    first, last, step = parts
    count = math.floor((last - first) / step + 1e-9) + 1
    if count > _MOST_BUDGETS:
        return _not_too_many([first] * count, language)
    return tuple(first + step * position for position in range(count))


def _not_too_many(limits: list[float], language: Language) -> tuple[float, ...]:
    if len(limits) > _MOST_BUDGETS:
        words = Text(
            f"--budgets 有 {len(limits)} 个, 最多 {_MOST_BUDGETS} 个",
            f"--budgets gives {len(limits)}, at most {_MOST_BUDGETS} are taken",
        )
        raise click.UsageError(words.say(language))
    return tuple(limits)


def _number(text: str, language: Language) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value) or value < 0:
        words = Text(
            f"--budgets 中的 {text!r} 不是非负数 (万元)",
            f"{text!r} in --budgets is no number of 万元 from 0 on",
        )
        raise click.UsageError(words.say(language))
    return value


# --- What is said ---------------------------------------------------------------------


def _lines(report: FrontierReport, language: Language) -> list[str]:
    lines = [line.say(language) for line in summary(report)]
    return lines + _table(report, language)


def _table(report: FrontierReport, language: Language) -> list[str]:
    """Return the points as lines of a table."""
    heads = [
        Text("点", "point"),
        Text("限额", "limit"),
        *(OBJECTIVES[name] for name in report.objectives),
        Text("边际", "marginal"),
        *([Text("嵌套代价", "nesting")] if report.nested else []),
        Text("", ""),
    ]
    rows = [[head.say(language) for head in heads]]
    for row in report.rows:
        asked = row.answer.asked
        cells = [
            f"{row.number:02}",
            _shown(None if asked is None else report.signs[0] * asked),
            _shown(row.x),
            _shown(row.y),
            _shown(row.marginal),
            *([_shown(row.cost_of_nesting)] if report.nested else []),
            _remark(report, row.answer.status, is_knee=row.is_knee).say(language),
        ]
        rows.append(cells)
    widths = [max(width(row[n]) for row in rows) for n in range(len(heads))]
    return [
        "  ".join(
            " " * (wide - width(cell)) + cell
            for cell, wide in zip(row, widths, strict=True)
        ).rstrip()
        for row in rows
    ]


def _shown(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:,.4g}"  # noqa: PLR2004


def _remark(report: FrontierReport, status: str, *, is_knee: bool) -> Text:
    if status == "infeasible":
        least = f"{report.signs[0] * report.frontier.least:,.2f}"
        return Text(f"低于 {least} 无方案", f"infeasible below {least}")
    if status == "unknown":
        return Text("限时内未找到方案", "no plan found in time")
    if status == "feasible":
        return Text("未证明最优", "not proven")
    return Text("拐点", "knee") if is_knee else Text("", "")
