"""``allocator decisions price``: what each decision costs, and what is best instead."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from allocator.errors import Finding, InputError, Text
from allocator.export import plain_json, write_csv
from allocator.pipeline.price_table import price_table
from allocator.pipeline.price_words import say_price
from allocator.pipeline.pricing import Prices, price_decisions
from allocator.reasons.words import say_difference

if TYPE_CHECKING:
    from pathlib import Path

    from allocator.cli.console import Console, TerminalProgress
    from allocator.pipeline import Review


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
        lines.append(say_price(task, one))
        if verbose and one.found is not None:
            details = [say_difference(d) for d in one.found.differences]
            lines += [Text(f"  {d.zh}", f"  {d.en}") for d in details]
    if not found.complete:
        lines.append(Text("已中断, 其余未计算", "interrupted: the rest is not priced"))
    return lines


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
