"""``allocator decisions price``: what each decision costs, and what is best instead."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from allocator.errors import Finding, InputError, Text
from allocator.export import plain_json, write_csv
from allocator.pipeline.price_table import price_table
from allocator.pipeline.pricing import (
    Price,
    Prices,
    price_decisions,
    service_name,
    site_name,
)
from allocator.policy import Coverage
from allocator.reasons.words import figure, say_difference
from allocator.workbook import VERDICT_WORDS

if TYPE_CHECKING:
    from pathlib import Path

    from allocator.cli.console import Console, TerminalProgress
    from allocator.pipeline import Review, Task

_SOMEBODY = 0.5  # people: less is the rounding of shares
_CENT = 1e-4  # 万元: tables hold as many decimals
_MOST_NAMED = 3


def price(
    brief: Path,
    review: Review,
    target: Path | None,
    console: Console,
    progress: TerminalProgress,
    *,
    each_s: float,
    force: bool,
) -> None:
    """Print what each decision costs, then what all together do.

    Raises
    ------
    AllocatorError
        When brief, decisions or run cannot be used.
    """
    if review.decisions is None or review.run is None:
        raise InputError([_no_run(review)])
    if target is not None and target.exists() and not force:
        text = Text("文件已存在, 不会覆盖", "the file exists and is not overwritten")
        raise InputError([Finding("file-exists", text, table=str(target))])
    found = price_decisions(
        brief, review.decisions, review.run, each_s=each_s, progress=progress
    )
    if target is not None:
        _write(found, target)
    if console.as_json:
        console.data(_data(found, console))
        return
    console.findings(found.planned.task.findings)
    for line in _lines(found, verbose=console.verbose):
        console.result(line.say(console.language))
    if target is not None:
        console.result(str(target))


def _no_run(review: Review) -> Finding:
    return Finding(
        "run-missing",
        Text("不知道评审的是哪个方案", "nobody knows which run was reviewed"),
        table=str(review.decisions),
        remedy=Text("用 --previous 指明方案文件夹", "give its folder with --previous"),
    )


def _write(found: Prices, target: Path) -> None:
    try:
        write_csv(price_table(found), target)
    except OSError as error:
        text = Text("无法写出文件", "the file cannot be written")
        problem = Finding("file-unwritable", text, table=str(target))
        raise InputError([problem]) from error


def _lines(found: Prices, *, verbose: bool) -> list[Text]:
    task = found.planned.task
    lines = []
    if found.obeyed:
        lines.append(
            Text(
                f"方案已执行 {found.obeyed} 条意见, 不再计价",
                f"{found.obeyed} decisions are obeyed already and not priced again",
            )
        )
    if not found.prices and found.complete:
        lines.append(Text("没有新的意见", "there is no new decision"))
    for one in found.prices:
        head, said = _head(task, one), say_price(task, one)
        lines.append(Text(f"{head.zh}: {said.zh}", f"{head.en}: {said.en}"))
        if verbose and one.found is not None:
            details = [say_difference(d) for d in one.found.differences]
            lines += [Text(f"  {d.zh}", f"  {d.en}") for d in details]
    if not found.complete:
        lines.append(Text("已中断, 其余未计算", "interrupted: the rest is not priced"))
    return lines


def _head(task: Task, one: Price) -> Text:
    decision = one.decision
    if decision is None:
        return Text("全部意见一起", "all decisions together")
    place = f"{site_name(task, decision)} {service_name(task, decision.service)}"
    who = f" ({decision.reviewer})" if decision.reviewer else ""
    word = VERDICT_WORDS[str(decision.verdict)]
    return Text(f"{word.zh} {place.strip()}{who}", f"{word.en} {place.strip()}{who}")


_RESULTS = {
    "as_is": Text("方案本来如此, 没有代价", "the plan is like this: it costs nothing"),
    "impossible": Text(
        "没有满足全部条款和预算的方案", "no plan keeps all clauses and the budget"
    ),
    "unknown": Text("时间内没有定论", "time ran out before this was decided"),
    "as_good": Text("有同样好的方案", "another plan is as good"),
}


def say_price(task: Task, one: Price) -> Text:
    """Return what a decision costs in people and money, and what is best instead.

    Parameters
    ----------
    task
        Names sites, services and how far people may go.
    one
        The price.
    """
    parts: list[Text] = []
    if one.result in _RESULTS:
        parts.append(_RESULTS[one.result])
    if one.more is not None:
        parts += _people(task, one, one.more["covered_people"])
        for name, words in _MONEY.items():
            change = one.more[name]
            if abs(change) > _CENT:
                sign = "+" if change > 0 else "−"
                amount = f"{sign}{figure(abs(change))}"
                parts.append(
                    Text(f"{words.zh} {amount} 万元", f"{words.en} {amount} 万元")
                )
    first = None if one.found is None else one.found.first
    if first is not None and first.name not in ("uncovered_people", "capital_wan"):
        parts.append(say_difference(first))
    if first is None and one.found is not None:
        better = [d for d in one.found.differences if d.kind in _BETTER]
        parts += [say_difference(d) for d in better]
    if one.reason is not None and one.reason.substitutes:
        parts.append(_substitutes(task, one.reason.substitutes))
    return Text("; ".join(p.zh for p in parts), "; ".join(p.en for p in parts))


_BETTER = ("better", "perhaps_better")
_MONEY = {
    "capital_wan": Text("投资", "capital"),
    "yearly_wan": Text("年运行费", "yearly cost"),
}


def _people(task: Task, one: Price, change: float) -> list[Text]:
    if abs(change) <= _SOMEBODY:
        return []
    people = f"{abs(change):,.0f}"
    minutes = _limit(task, one)
    if change > 0:
        return [Text(f"多 {people} 人可达", f"{people} more people in reach")]
    if minutes is None:
        return [Text(f"少 {people} 人可达", f"leaves {people} people out of reach")]
    return [
        Text(
            f"{people} 人超出 {minutes:g} 分钟",
            f"leaves {people} people beyond {minutes:g} minutes",
        )
    ]


def _limit(task: Task, one: Price) -> float | None:
    """Return the minutes within which a service must be; None where not one figure."""
    if one.decision is None:
        return None
    limits = {
        reading.within_minutes
        for rule in task.policy.rules
        for reading in rule.readings
        if isinstance(reading, Coverage)
        and reading.service == one.decision.service
        and reading.urban_minutes is reading.rural_minutes is None
    }
    return limits.pop() if len(limits) == 1 else None


def _substitutes(task: Task, found: tuple[tuple[str, float], ...]) -> Text:
    names = task.area.sites["name"]
    said = [f"{names[site_id]} ({km:.1f} km)" for site_id, km in found[:_MOST_NAMED]]
    return Text(f"最好的替代: {'、'.join(said)}", f"best substitute: {', '.join(said)}")


def _data(found: Prices, console: Console) -> Any:  # noqa: ANN401 (any JSON value)
    rows = price_table(found).to_dict("records")
    task = found.planned.task
    return plain_json(
        {
            "exit_code": 0,
            "complete": found.complete,
            "obeyed": found.obeyed,
            "prices": [
                {
                    **row,
                    "words": say_price(task, one).say(console.language),
                    "differences": [
                        {**asdict(d), "kind": d.kind}
                        for d in (one.found.differences if one.found else ())
                    ],
                }
                for row, one in zip(rows, found.prices, strict=True)
            ],
        }
    )
